//! ARNs of declared resources.

use crate::hole;
use std::collections::HashMap;
use tidegate_graph::{Piece, Str};

/// How the ARN of a resource type is put together.
struct Form {
    ty: &'static str,
    service: &'static str,
    /// Where it lives: region and account, account alone, or neither.
    place: Scope,
    /// What stands before its name.
    before: &'static str,
    /// Property that holds its name.
    name: &'static str,
    /// `Ref` gives the ARN, not the name.
    by_ref: bool,
}

#[derive(Clone, Copy)]
enum Scope {
    Regional,
    Account,
    Global,
}

const fn form(
    ty: &'static str,
    service: &'static str,
    place: Scope,
    before: &'static str,
    name: &'static str,
) -> Form {
    Form { ty, service, place, before, name, by_ref: false }
}

const fn by_ref(
    ty: &'static str,
    service: &'static str,
    place: Scope,
    before: &'static str,
    name: &'static str,
) -> Form {
    Form { ty, service, place, before, name, by_ref: true }
}

use Scope::{Account, Global, Regional};

/// Sorted by type; a test holds it.
const FORMS: &[Form] = &[
    form("AWS::ApiGateway::RestApi", "execute-api", Regional, "", ""),
    form("AWS::ApiGatewayV2::Api", "execute-api", Regional, "", ""),
    form("AWS::AppRunner::Service", "apprunner", Regional, "service/", "ServiceName"),
    form("AWS::Athena::WorkGroup", "athena", Regional, "workgroup/", "Name"),
    form("AWS::Bedrock::Agent", "bedrock", Regional, "agent/", ""),
    form(
        "AWS::BedrockAgentCore::CodeInterpreterCustom",
        "bedrock-agentcore",
        Regional,
        "code-interpreter-custom/",
        "Name",
    ),
    form("AWS::BedrockAgentCore::Runtime", "bedrock-agentcore", Regional, "runtime/", "AgentRuntimeName"),
    form("AWS::CloudFormation::Stack", "cloudformation", Regional, "stack/", ""),
    form("AWS::CloudFormation::StackSet", "cloudformation", Regional, "stackset/", "StackSetName"),
    form("AWS::CodeBuild::Project", "codebuild", Regional, "project/", "Name"),
    form("AWS::CodePipeline::Pipeline", "codepipeline", Regional, "", "Name"),
    form("AWS::Cognito::UserPool", "cognito-idp", Regional, "userpool/", ""),
    form("AWS::DynamoDB::GlobalTable", "dynamodb", Regional, "table/", "TableName"),
    form("AWS::DynamoDB::Table", "dynamodb", Regional, "table/", "TableName"),
    form("AWS::EC2::Instance", "ec2", Regional, "instance/", ""),
    form("AWS::EC2::LaunchTemplate", "ec2", Regional, "launch-template/", ""),
    form("AWS::ECR::Repository", "ecr", Regional, "repository/", "RepositoryName"),
    form("AWS::ECS::Cluster", "ecs", Regional, "cluster/", "ClusterName"),
    by_ref("AWS::ECS::Service", "ecs", Regional, "service/", "ServiceName"),
    by_ref("AWS::ECS::TaskDefinition", "ecs", Regional, "task-definition/", "Family"),
    form("AWS::EFS::FileSystem", "elasticfilesystem", Regional, "file-system/", ""),
    form("AWS::EMR::Cluster", "elasticmapreduce", Regional, "cluster/", ""),
    form(
        "AWS::ElasticBeanstalk::Environment",
        "elasticbeanstalk",
        Regional,
        "environment/",
        "EnvironmentName",
    ),
    form("AWS::Elasticsearch::Domain", "es", Regional, "domain/", "DomainName"),
    form("AWS::Events::EventBus", "events", Regional, "event-bus/", "Name"),
    form("AWS::Events::Rule", "events", Regional, "rule/", "Name"),
    form("AWS::Glue::DevEndpoint", "glue", Regional, "devEndpoint/", "EndpointName"),
    form("AWS::Glue::Job", "glue", Regional, "job/", "Name"),
    form("AWS::IAM::Group", "iam", Account, "group/", "GroupName"),
    form("AWS::IAM::InstanceProfile", "iam", Account, "instance-profile/", "InstanceProfileName"),
    by_ref("AWS::IAM::ManagedPolicy", "iam", Account, "policy/", "ManagedPolicyName"),
    by_ref("AWS::IAM::OIDCProvider", "iam", Account, "oidc-provider/", "Url"),
    form("AWS::IAM::Role", "iam", Account, "role/", "RoleName"),
    by_ref("AWS::IAM::SAMLProvider", "iam", Account, "saml-provider/", "Name"),
    form("AWS::IAM::User", "iam", Account, "user/", "UserName"),
    form("AWS::IoT::TopicRule", "iot", Regional, "rule/", "RuleName"),
    form("AWS::KMS::Key", "kms", Regional, "key/", ""),
    form("AWS::Kinesis::Stream", "kinesis", Regional, "stream/", "Name"),
    form(
        "AWS::KinesisAnalyticsV2::Application",
        "kinesisanalytics",
        Regional,
        "application/",
        "ApplicationName",
    ),
    form(
        "AWS::KinesisFirehose::DeliveryStream",
        "firehose",
        Regional,
        "deliverystream/",
        "DeliveryStreamName",
    ),
    form("AWS::Lambda::Function", "lambda", Regional, "function:", "FunctionName"),
    by_ref("AWS::Lambda::LayerVersion", "lambda", Regional, "layer:", "LayerName"),
    form("AWS::Logs::LogGroup", "logs", Regional, "log-group:", "LogGroupName"),
    form("AWS::MWAA::Environment", "airflow", Regional, "environment/", "Name"),
    form("AWS::OpenSearchService::Domain", "es", Regional, "domain/", "DomainName"),
    form("AWS::Pipes::Pipe", "pipes", Regional, "pipe/", "Name"),
    form("AWS::RDS::DBCluster", "rds", Regional, "cluster:", "DBClusterIdentifier"),
    form("AWS::RDS::DBInstance", "rds", Regional, "db:", "DBInstanceIdentifier"),
    form("AWS::S3::Bucket", "s3", Global, "", "BucketName"),
    by_ref("AWS::SNS::Topic", "sns", Regional, "", "TopicName"),
    form("AWS::SQS::Queue", "sqs", Regional, "", "QueueName"),
    form("AWS::SSM::Parameter", "ssm", Regional, "parameter", "Name"),
    form("AWS::SageMaker::Domain", "sagemaker", Regional, "domain/", ""),
    by_ref(
        "AWS::SageMaker::NotebookInstance",
        "sagemaker",
        Regional,
        "notebook-instance/",
        "NotebookInstanceName",
    ),
    form("AWS::SageMaker::UserProfile", "sagemaker", Regional, "user-profile/", "UserProfileName"),
    form("AWS::Scheduler::Schedule", "scheduler", Regional, "schedule/default/", "Name"),
    by_ref("AWS::SecretsManager::Secret", "secretsmanager", Regional, "secret:", "Name"),
    by_ref("AWS::StepFunctions::Activity", "states", Regional, "activity:", "Name"),
    by_ref("AWS::StepFunctions::StateMachine", "states", Regional, "stateMachine:", "StateMachineName"),
    form("AWS::Synthetics::Canary", "synthetics", Regional, "canary:", "Name"),
    form("AWS::Transfer::User", "transfer", Regional, "user/", "UserName"),
];

fn form_of(ty: &str) -> Option<&'static Form> {
    FORMS.binary_search_by(|form| form.ty.cmp(ty)).ok().and_then(|at| FORMS.get(at))
}

/// The property that holds the name of a type; empty when AWS makes the name.
pub fn name_property(ty: &str) -> Option<&'static str> {
    form_of(ty).map(|form| form.name)
}

/// True if `Ref` gives the ARN.
pub fn ref_is_arn(ty: &str) -> bool {
    form_of(ty).is_some_and(|form| form.by_ref)
}

/// The ARN of a resource of this type and name; its path for roles and users (`/` for none).
pub fn arn_of(ty: &str, path: &str, name: &str, region: &str, account: &str) -> Option<String> {
    let form = form_of(ty)?;
    let (region, account) = match form.place {
        Scope::Regional => (region, account),
        Scope::Account => ("", account),
        Scope::Global => ("", ""),
    };
    let path = if form.service == "iam" { path.trim_start_matches('/') } else { "" };
    let name = match ty {
        "AWS::SSM::Parameter" if !name.starts_with('/') => format!("/{name}"),
        // Six characters that AWS adds.
        "AWS::SecretsManager::Secret" => format!("{name}-{}", hole::text(&format!("{name} suffix"))),
        "AWS::IAM::OIDCProvider" => name.trim_start_matches("https://").to_string(),
        _ => name.to_string(),
    };
    Some(format!("arn:aws:{}:{region}:{account}:{}{path}{name}", form.service, form.before))
}

/// What references to declared resources stand for.
#[derive(Clone, Debug, Default)]
pub struct Names {
    by_id: HashMap<Str, Named>,
}

#[derive(Clone, Debug)]
struct Named {
    arn: Option<Str>,
    name: Str,
    by_ref: bool,
}

impl Names {
    /// Notes a resource.
    pub fn add(&mut self, id: &str, ty: &str, arn: Option<Str>, name: Str) {
        self.by_id.insert(id.into(), Named { arn, name, by_ref: ref_is_arn(ty) });
    }

    /// The ARN of a resource.
    pub fn arn(&self, id: &str) -> Option<&Str> {
        self.by_id.get(id)?.arn.as_ref()
    }

    /// The name of a resource.
    pub fn name(&self, id: &str) -> Option<&Str> {
        self.by_id.get(id).map(|named| &named.name)
    }

    /// What a piece of a text stands for; `None` when nothing better than a hole is known.
    pub fn resolve(&self, piece: &Piece) -> Option<String> {
        match piece {
            Piece::Text(text) => Some(text.to_string()),
            Piece::Symbol(symbol) if symbol.name == "AWS::Partition" => Some("aws".to_string()),
            Piece::Symbol(symbol) if symbol.name == "AWS::URLSuffix" => Some("amazonaws.com".to_string()),
            Piece::Symbol(_) => None,
            Piece::Reference(reference) => {
                let named = self.by_id.get(&reference.target)?;
                let arn = || named.arn.as_ref().map(Str::to_string);
                match reference.attribute.as_str() {
                    "" if named.by_ref => arn(),
                    "" | "Name" | "QueueName" | "TopicName" | "TableName" | "RoleName" | "FunctionName" => {
                        Some(named.name.to_string())
                    }
                    "StreamArn" | "LatestStreamArn" => {
                        Some(format!("{}/stream/{}", named.arn.as_ref()?, hole::text("stream label")))
                    }
                    attribute if attribute.ends_with("Arn") || attribute.ends_with("ARN") => arn(),
                    _ => None,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_graph::Reference;

    #[test]
    fn the_table_is_sorted() {
        assert!(FORMS.iter().map(|f| f.ty).is_sorted());
    }

    #[test]
    fn arns_are_put_together() {
        let arn = |ty, name| arn_of(ty, "/app/", name, "eu-central-1", "111122223333").unwrap();
        assert_eq!(arn("AWS::SQS::Queue", "orders"), "arn:aws:sqs:eu-central-1:111122223333:orders");
        assert_eq!(arn("AWS::S3::Bucket", "orders"), "arn:aws:s3:::orders");
        assert_eq!(arn("AWS::IAM::Role", "orders"), "arn:aws:iam::111122223333:role/app/orders");
        let parameter = arn("AWS::SSM::Parameter", "orders");
        assert_eq!(parameter, "arn:aws:ssm:eu-central-1:111122223333:parameter/orders");
    }

    #[test]
    fn references_are_arns_or_names() {
        let mut names = Names::default();
        names.add("t/Topic", "AWS::SNS::Topic", Some("arn:topic".into()), "orders".into());
        let resolve = |attribute: &str| {
            let reference = Reference { target: "t/Topic".into(), attribute: attribute.into() };
            names.resolve(&Piece::Reference(reference))
        };
        assert_eq!(resolve("").as_deref(), Some("arn:topic"));
        assert_eq!(resolve("TopicName").as_deref(), Some("orders"));
        assert_eq!(resolve("Url"), None);
    }
}
