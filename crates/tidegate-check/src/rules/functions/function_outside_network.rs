//! A function on the wrong side of its database's network.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A function that is given the address of a database, cache or search domain which lives in a VPC, and isn't in a VPC
    /// itself. All other functions are left alone: a VPC by itself protects nothing.
    ///
    /// ## Why it matters
    /// Either the function can't connect, or the store has to be open to the internet so that it can.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Database:
    ///     Type: AWS::RDS::DBCluster
    ///     Properties: {Engine: aurora-postgresql, ManageMasterUserPassword: true, MasterUsername: owner}
    ///   Worker:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/worker
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    ///       Environment: {Variables: {HOST: !GetAtt Database.Endpoint.Address}}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Database:
    ///     Type: AWS::RDS::DBCluster
    ///     Properties: {Engine: aurora-postgresql, ManageMasterUserPassword: true, MasterUsername: owner}
    ///   Worker:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/worker
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    ///       Environment: {Variables: {HOST: !GetAtt Database.Endpoint.Address}}
    ///       VpcConfig: {SubnetIds: [subnet-1], SecurityGroupIds: [sg-1]}
    /// ```
    ///
    /// ## Limits
    /// Only addresses in the environment are seen. A function that hands the address on, or uses the data API, is reported
    /// too. Other tools report every function without a VPC.
    FunctionOutsideNetwork {
        id: "function-outside-network",
        title: "function outside of its database's network",
        severity: Low,
        confidence: Medium,
        since: "0.1.0",
        aliases: ["TG-FN-025", "CKV_AWS_117", "guard:LAMBDA_INSIDE_VPC"],
        threats: ["T37"],
        profiles: [],
        why: "either it can't connect, or the store is open to the internet",
    }
}

/// Stores that live in a VPC.
const STORES: &[&str] = &[
    "AWS::DAX::Cluster",
    "AWS::DocDB::DBCluster",
    "AWS::ElastiCache::CacheCluster",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::ElastiCache::ServerlessCache",
    "AWS::MemoryDB::Cluster",
    "AWS::Neptune::DBCluster",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBProxy",
    "AWS::Redshift::Cluster",
];

impl Rule for FunctionOutsideNetwork {
    const ON: &'static [&'static str] = &["AWS::Lambda::Function"];

    fn check(function: &Resource, cx: &Context<'_>) {
        let Some((store, name, span)) = addressed(function, cx) else { return };
        match cx.get(function, &["VpcConfig"]) {
            Some(config) if config.as_map().is_none() => {
                return cx.unknown(function, config, "`VpcConfig`");
            }
            // What isn't known, or is known to be there, is a list of subnets.
            Some(config) if cx.child(config, "SubnetIds").is_some_and(|s| !cx.world.items(s).is_empty()) => {
                return;
            }
            _ => {}
        }
        let message = format!(
            "`{}` is given the address of `{}` but is in no VPC",
            function.logical_id, store.logical_id
        );
        cx.finding(function, message)
            .at_place(format!("Environment/Variables/{name}"), span)
            .help("set `VpcConfig` with subnets from which the store can be reached")
            .report();
    }
}

fn addressed<'a>(
    function: &'a Resource,
    cx: &Context<'a>,
) -> Option<(&'a Resource, &'a str, tidegate_graph::Span)> {
    let variables = cx.get(function, &["Environment", "Variables"]).and_then(Value::as_map)?;
    variables.iter().find_map(|(name, value)| {
        let value = cx.world.resolve(value)?;
        value.references().into_iter().find_map(|(reference, _)| {
            let is_address = ["ndpoint", "Address"].iter().any(|word| reference.attribute.contains(word));
            let store = cx.system.resource(&reference.target).filter(|r| is_address && cx.exists(r))?;
            STORES.contains(&store.ty.as_str()).then_some((store, name.as_str(), value.span))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::FunctionOutsideNetwork;
    use crate::testing::Build;

    fn findings(attribute: &str, more: &str) -> Vec<String> {
        let function = format!(
            r#"{{"Environment": {{"Variables": {{"HOST": {{"Fn::GetAtt": ["Cache", "{attribute}"]}}}}}}{more}}}"#
        );
        Build::new()
            .json("Cache", "AWS::ElastiCache::ReplicationGroup", "{}")
            .json("Worker", "AWS::Lambda::Function", &function)
            .findings::<FunctionOutsideNetwork>()
    }

    #[test]
    fn an_address_and_no_network() {
        let expected = ["Worker: `Worker` is given the address of `Cache` but is in no VPC"];
        assert_eq!(findings("PrimaryEndPoint.Address", ""), expected);
        assert_eq!(findings("PrimaryEndPoint.Address", r#", "VpcConfig": {"SubnetIds": []}"#), expected);
    }

    #[test]
    fn a_network_or_no_address() {
        assert!(
            findings("PrimaryEndPoint.Address", r#", "VpcConfig": {"SubnetIds": ["subnet-1"]}"#).is_empty()
        );
        assert!(findings("Arn", "").is_empty());
    }
}
