//! Services that take a role in one way.

use super::super::{On, Pass};
use super::row;
use On::New;

pub(super) const ROWS: &[Pass] = &[
    row(
        "datapipeline",
        &["datapipeline.amazonaws.com", "elasticmapreduce.amazonaws.com", "ec2.amazonaws.com"],
        New,
        &[
            &["datapipeline:CreatePipeline"],
            &["datapipeline:PutPipelineDefinition"],
            &["datapipeline:ActivatePipeline"],
        ],
        "runs own commands in a pipeline with the role",
    ),
    row(
        "emr-cluster",
        &["ec2.amazonaws.com", "elasticmapreduce.amazonaws.com"],
        New,
        &[&["elasticmapreduce:RunJobFlow"]],
        "runs own steps on a cluster with the role",
    ),
    row(
        "emr-serverless",
        &["emr-serverless.amazonaws.com"],
        New,
        &[&["emr-serverless:StartJobRun"]],
        "runs own code in a job with the role",
    ),
    row(
        "codepipeline",
        &["codepipeline.amazonaws.com"],
        New,
        &[&["codepipeline:CreatePipeline", "codepipeline:UpdatePipeline"]],
        "runs own stages in a pipeline with the role",
    ),
    row(
        "codestar",
        &["codestar.amazonaws.com"],
        New,
        &[&["codestar:CreateProject"]],
        "creates a project with the role",
    ),
    row(
        "amplify",
        &["amplify.amazonaws.com"],
        New,
        &[
            &["amplify:CreateApp", "amplify:UpdateApp"],
            &["amplify:StartJob", "amplify:CreateBranch", "amplify:UpdateBranch"],
        ],
        "runs own commands in a build with the role",
    ),
    row(
        "iot-alias",
        &["credentials.iot.amazonaws.com"],
        New,
        &[&["iot:CreateRoleAlias", "iot:UpdateRoleAlias"]],
        "lets a device have credentials of the role",
    ),
    row(
        "iot-rule",
        &["iot.amazonaws.com"],
        New,
        &[&["iot:CreateTopicRule", "iot:ReplaceTopicRule"]],
        "starts actions of a topic rule with the role",
    ),
    row(
        "greengrass",
        &["greengrass.amazonaws.com"],
        New,
        &[&["greengrass:AssociateServiceRoleToAccount", "greengrass:AssociateRoleToGroup"]],
        "lets devices act with the role",
    ),
    row(
        "gamelift",
        &["gamelift.amazonaws.com"],
        New,
        &[&["gamelift:CreateFleet"]],
        "runs own code in a fleet with the role",
    ),
    row(
        "braket",
        &["braket.amazonaws.com"],
        New,
        &[&["braket:CreateJob"]],
        "runs own code in a job with the role",
    ),
    row(
        "omics",
        &["omics.amazonaws.com"],
        New,
        &[&["omics:CreateWorkflow"], &["omics:StartRun"]],
        "runs own code in a workflow with the role",
    ),
    row(
        "airflow",
        &["airflow.amazonaws.com", "airflow-env.amazonaws.com"],
        New,
        &[&["airflow:CreateEnvironment", "airflow:UpdateEnvironment"]],
        "runs own code in an environment with the role",
    ),
    row(
        "flink",
        &["kinesisanalytics.amazonaws.com"],
        New,
        &[
            &["kinesisanalytics:CreateApplication", "kinesisanalytics:UpdateApplication"],
            &["kinesisanalytics:StartApplication"],
        ],
        "runs own code in an application with the role",
    ),
    row(
        "kafkaconnect",
        &["kafkaconnect.amazonaws.com"],
        New,
        &[&["kafkaconnect:CreateCustomPlugin"], &["kafkaconnect:CreateConnector"]],
        "runs own code in a connector with the role",
    ),
    row(
        "athena-spark",
        &["athena.amazonaws.com"],
        New,
        &[
            &["athena:CreateWorkGroup", "athena:UpdateWorkGroup"],
            &["athena:StartSession"],
            &["athena:StartCalculationExecution"],
        ],
        "runs own code in a session with the role",
    ),
    row(
        "appsync-source",
        &["appsync.amazonaws.com"],
        New,
        &[
            &["appsync:CreateDataSource", "appsync:UpdateDataSource"],
            &["appsync:CreateResolver", "appsync:UpdateResolver", "appsync:EvaluateCode"],
        ],
        "signs requests of an API with the role",
    ),
    row(
        "apigateway-integration",
        &["apigateway.amazonaws.com"],
        New,
        &[&["apigateway:PUT", "apigateway:PATCH"], &["apigateway:POST"]],
        "calls AWS through an API with the role",
    ),
    row(
        "servicecatalog",
        &["servicecatalog.amazonaws.com"],
        New,
        &[&["servicecatalog:CreateConstraint"], &["servicecatalog:ProvisionProduct"]],
        "creates anything in a product with the role",
    ),
    row(
        "fis",
        &["fis.amazonaws.com"],
        New,
        &[&["fis:CreateExperimentTemplate", "fis:UpdateExperimentTemplate"], &["fis:StartExperiment"]],
        "acts in an experiment with the role",
    ),
    row(
        "appstream",
        &["appstream.amazonaws.com"],
        New,
        &[
            &["appstream:CreateImageBuilder", "appstream:CreateFleet"],
            &["appstream:CreateImageBuilderStreamingURL", "appstream:CreateStreamingURL"],
        ],
        "opens a desktop with the role",
    ),
    row(
        "deadline",
        &["credentials.deadline.amazonaws.com"],
        New,
        &[
            &["deadline:CreateQueue", "deadline:UpdateQueue"],
            &["deadline:CreateJob", "deadline:AssumeQueueRoleForUser"],
        ],
        "runs own code in a queue with the role",
    ),
    row(
        "rolesanywhere",
        &["rolesanywhere.amazonaws.com"],
        New,
        &[
            &["rolesanywhere:CreateTrustAnchor", "rolesanywhere:UpdateTrustAnchor"],
            &["rolesanywhere:CreateProfile", "rolesanywhere:UpdateProfile"],
        ],
        "lets its own certificates have credentials of the role",
    ),
    row(
        "cognito-pool",
        &["cognito-identity.amazonaws.com"],
        New,
        &[&["cognito-identity:SetIdentityPoolRoles"]],
        "gives the role to an identity pool",
    ),
    row(
        "transfer",
        &["transfer.amazonaws.com"],
        New,
        &[&["transfer:CreateUser", "transfer:UpdateUser"]],
        "moves files with the role",
    ),
    row(
        "redshift",
        &["redshift.amazonaws.com"],
        New,
        &[
            &["redshift:ModifyClusterIamRoles", "redshift:CreateCluster"],
            &["redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement"],
        ],
        "loads and unloads with the role",
    ),
];
