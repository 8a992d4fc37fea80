//! Policies of resources that only guardrails look into, and what lets an account in without a document.

use crate::Context;
use crate::context::Placed;
use tidegate_graph::{Data, Resource, Value};

/// Types with a policy of their own that are in no other list, and where it stands; lists are looked through.
pub(crate) const FURTHER: &[(&str, &[&str])] = &[
    ("AWS::ApiGateway::DomainName", &["Policy"]),
    ("AWS::ApiGateway::DomainNameV2", &["Policy"]),
    ("AWS::Backup::BackupVault", &["AccessPolicy"]),
    ("AWS::CloudTrail::ResourcePolicy", &["ResourcePolicy"]),
    ("AWS::CodeArtifact::Domain", &["PermissionsPolicyDocument"]),
    ("AWS::CodeArtifact::Repository", &["PermissionsPolicyDocument"]),
    (
        "AWS::DynamoDB::GlobalTable",
        &["Replicas", "ReplicaStreamSpecification", "ResourcePolicy", "PolicyDocument"],
    ),
    ("AWS::DynamoDB::GlobalTable", &["Replicas", "ResourcePolicy", "PolicyDocument"]),
    ("AWS::DynamoDB::Table", &["StreamSpecification", "ResourcePolicy", "PolicyDocument"]),
    ("AWS::ECR::PublicRepository", &["RepositoryPolicyText"]),
    ("AWS::ECR::RegistryPolicy", &["PolicyText"]),
    ("AWS::ECR::RepositoryPolicy", &["PolicyText"]),
    ("AWS::Elasticsearch::Domain", &["AccessPolicies"]),
    ("AWS::Events::EventBus", &["Policy"]),
    ("AWS::EventSchemas::RegistryPolicy", &["Policy"]),
    ("AWS::KMS::ReplicaKey", &["KeyPolicy"]),
    ("AWS::Logs::Destination", &["DestinationPolicy"]),
    ("AWS::Logs::ResourcePolicy", &["PolicyDocument"]),
    ("AWS::MediaStore::Container", &["Policy"]),
    ("AWS::MSK::ClusterPolicy", &["Policy"]),
    ("AWS::Oam::Sink", &["Policy"]),
    ("AWS::Organizations::ResourcePolicy", &["Content"]),
    ("AWS::Redshift::Cluster", &["NamespaceResourcePolicy"]),
    ("AWS::RedshiftServerless::Namespace", &["NamespaceResourcePolicy"]),
    ("AWS::S3::AccessPoint", &["Policy"]),
    ("AWS::S3::Bucket", &["Policy"]),
    ("AWS::S3::MultiRegionAccessPointPolicy", &["Policy"]),
    ("AWS::S3Express::BucketPolicy", &["PolicyDocument"]),
    ("AWS::S3ObjectLambda::AccessPointPolicy", &["PolicyDocument"]),
    ("AWS::S3Outposts::BucketPolicy", &["PolicyDocument"]),
    ("AWS::S3Tables::TableBucketPolicy", &["ResourcePolicy"]),
    ("AWS::S3Tables::TablePolicy", &["ResourcePolicy"]),
    ("AWS::SageMaker::ModelPackageGroup", &["ModelPackageGroupPolicy"]),
    ("AWS::SNS::TopicInlinePolicy", &["PolicyDocument"]),
    ("AWS::SQS::QueueInlinePolicy", &["PolicyDocument"]),
    ("AWS::SSM::ResourcePolicy", &["Policy"]),
    ("AWS::VpcLattice::AuthPolicy", &["Policy"]),
    ("AWS::VpcLattice::ResourcePolicy", &["Policy"]),
    ("AWS::XRay::ResourcePolicy", &["PolicyDocument"]),
];

/// Types that name who is let in without a document.
pub(crate) const NAMING: &[&str] =
    &["AWS::Events::EventBusPolicy", "AWS::Lambda::LayerVersionPermission", "AWS::Lambda::Permission"];

/// Asks about every statement that lets somebody in to a resource of [`FURTHER`] or [`NAMING`].
pub(crate) fn further(cx: &Context<'_>, resource: &Resource, visit: &mut dyn FnMut(&Placed<'_>)) {
    let mut ask = |document: &Value, key: &str| {
        for placed in cx.statements_of(document, key) {
            if placed.statement.allows() {
                visit(&placed);
            }
        }
    };
    for (_, path) in FURTHER.iter().filter(|(ty, _)| *ty == resource.ty) {
        let Some((first, rest)) = path.split_first() else { continue };
        let mut found: Vec<&Value> = cx.get(resource, &[first]).into_iter().collect();
        for key in rest {
            let items = found.iter().flat_map(|value| cx.world.items(value));
            found = items.filter_map(|value| cx.child(value, key)).collect();
        }
        for value in found {
            // Some documents are texts.
            let parsed =
                value.as_str().and_then(|text| tidegate_iam::json::parse(value.span.file, text).ok());
            match parsed {
                Some(mut document) => {
                    place_at(&mut document, value);
                    ask(&document, &path.join("/"));
                }
                None => ask(value, &path.join("/")),
            }
        }
    }
    if !NAMING.contains(&resource.ty.as_str()) {
        return;
    }
    if let Some(statement) = cx.get(resource, &["Statement"]) {
        let document = Value::object([("Statement", statement.clone())], statement.span);
        ask(&document, "Statement");
    } else if let Some(principal) = cx.get(resource, &["Principal"]) {
        let span = principal.span;
        let who = Value::object([("AWS", principal.clone())], span);
        let statement = Value::object([("Effect", Value::text("Allow", span)), ("Principal", who)], span);
        ask(&Value::object([("Statement", statement)], span), "Principal");
    }
}

/// Puts everything in a document where the text stands that holds it: places within a text are no places in a file.
fn place_at(document: &mut Value, text: &Value) {
    document.span = text.span;
    match &mut document.data {
        Data::List(items) => items.iter_mut().for_each(|item| place_at(item, text)),
        Data::Map(map) => {
            let keys: Vec<_> = map.keys().cloned().collect();
            for key in keys {
                if let Some(value) = map.get_mut(&key) {
                    place_at(value, text);
                }
            }
        }
        _ => {}
    }
}
