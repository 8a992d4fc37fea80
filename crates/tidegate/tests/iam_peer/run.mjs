// Decides lines of JSON with another engine: node run.mjs <folder of its package> < cases
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const root = `${process.argv[2]}/node_modules/@cloud-copilot`
const load = (path) => import(pathToFileURL(`${root}/${path}`).href)
const { authorize } = await load('iam-simulate/dist/esm/core_engine/CoreSimulatorEngine.js')
const { AwsRequestImpl } = await load('iam-simulate/dist/esm/request/request.js')
const { RequestContextImpl } = await load('iam-simulate/dist/esm/requestContext.js')
const { DiscoveryContextKeyConstraints } = await load(
  'iam-simulate/dist/esm/context_keys/discoveryContextKeyConstraints.js'
)
const { loadPolicy } = await load('iam-policy/dist/esm/index.js')

const full = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' }] }
const list = (policies) => (policies ?? []).map((policy, i) => loadPolicy(policy, { name: `p${i}` }))
const levels = (given, always) =>
  given.map((level) => ({ orgIdentifier: level.level, policies: list([...always, ...level.policies]) }))
const words = { Allowed: 'allowed', ImplicitlyDenied: 'implicitly_denied', ExplicitlyDenied: 'explicitly_denied' }

for await (const line of createInterface({ input: process.stdin })) {
  const { id, request, policies } = JSON.parse(line)
  const principal = request.principal === 'anonymous' ? { type: 'Anonymous' } : request.principal
  const [session] = list(policies.session)
  const result = authorize({
    request: new AwsRequestImpl(
      principal,
      { resource: request.resource, accountId: request.resource_account },
      request.action,
      new RequestContextImpl(request.context),
      false
    ),
    sessionPolicy: session,
    identityPolicies: list(policies.identity),
    serviceControlPolicies: levels(policies.scps, []),
    // Every level always has the policy that allows everything.
    resourceControlPolicies: levels(policies.rcps.length ? policies.rcps : [{ level: 'root', policies: [] }], [full]),
    resourcePolicy: policies.resource ? loadPolicy(policies.resource, { name: 'resource' }) : undefined,
    permissionBoundaries: policies.boundary ? list(policies.boundary) : undefined,
    vpcEndpointPolicies: undefined,
    simulationParameters: {
      simulationMode: 'Strict',
      discoveryContextKeyConstraints: new DiscoveryContextKeyConstraints([])
    },
    serviceSettings: { s3: {} }
  })
  console.log(JSON.stringify({ id, decision: words[result.result] }))
}
