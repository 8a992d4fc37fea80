// Decides lines of JSON with another engine: node run.mjs <folder of its package> [--time] < cases
// With --time it prints the microseconds of a decision alone, the first thousand left out.
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

const timed = process.argv.includes('--time')
let count = 0
let nanos = 0n
for await (const line of createInterface({ input: process.stdin })) {
  const { id, request, policies } = JSON.parse(line)
  const principal = request.principal === 'anonymous' ? { type: 'Anonymous' } : request.principal
  const [session] = list(policies.session)
  const given = {
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
  }
  const start = process.hrtime.bigint()
  const result = authorize(given)
  if (++count > 1000) nanos += process.hrtime.bigint() - start
  if (!timed) console.log(JSON.stringify({ id, decision: words[result.result] }))
}
if (timed) console.log(Number(nanos) / 1000 / (count - 1000))
