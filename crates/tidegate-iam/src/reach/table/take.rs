//! Techniques that take over what runs as a role.

use super::{Needs, Take};

const fn row(
    id: &'static str,
    types: &'static [&'static str],
    services: &'static [&'static str],
    needs: Needs,
    does: &'static str,
) -> Take {
    Take { id, types, services, needs, beside: &[], role: &[], does, before: &[] }
}

const fn but(row: Take, before: &'static [&'static str]) -> Take {
    Take { before, ..row }
}

const FUNCTION: &[&str] = &["AWS::Lambda::Function", "AWS::Serverless::Function"];
const LAMBDA: &[&str] = &["lambda.amazonaws.com", "edgelambda.amazonaws.com"];
const MACHINE: &[&str] = &["AWS::StepFunctions::StateMachine"];
const PROJECT: &[&str] = &["AWS::CodeBuild::Project"];
const BUILD: &[&str] = &["codebuild.amazonaws.com"];
const INSTANCE: &[&str] = &["AWS::EC2::Instance"];
const EC2: &[&str] = &["ec2.amazonaws.com"];
const STACK: &[&str] = &["cloudformation.amazonaws.com"];
const GLUE: &[&str] = &["glue.amazonaws.com"];
const NOTEBOOK: &[&str] = &["AWS::SageMaker::NotebookInstance"];
const SAGEMAKER: &[&str] = &["sagemaker.amazonaws.com"];
const AGENTCORE: &[&str] = &["bedrock-agentcore.amazonaws.com"];
const RUNS: &[&str] = &["something starts it"];
const MANAGED: &[&str] = &["the agent of Systems Manager runs there"];

/// All of them.
pub(in crate::reach) const TAKE: &[Take] = &[
    but(
        row(
            "lambda-code",
            FUNCTION,
            LAMBDA,
            &[&["lambda:UpdateFunctionCode"]],
            "replaces the code of the function",
        ),
        RUNS,
    ),
    but(
        row(
            "lambda-configuration",
            FUNCTION,
            LAMBDA,
            &[&["lambda:UpdateFunctionConfiguration"]],
            "puts a layer of its own into the function",
        ),
        RUNS,
    ),
    Take {
        role: &["sqs:ReceiveMessage", "kinesis:GetRecords", "dynamodb:GetRecords", "kafka-cluster:ReadData"],
        ..row(
            "lambda-mapping",
            FUNCTION,
            LAMBDA,
            &[&["lambda:CreateEventSourceMapping"]],
            "feeds the function from a source of its own",
        )
    },
    but(
        row(
            "lambda-alias",
            &["AWS::Lambda::Alias"],
            LAMBDA,
            &[&["lambda:UpdateAlias"]],
            "redirects the alias to another version of the function",
        ),
        &["another version exists"],
    ),
    row(
        "synthetics-canary",
        &["AWS::Synthetics::Canary"],
        &["lambda.amazonaws.com"],
        &[&["synthetics:UpdateCanary"]],
        "replaces the code of the canary",
    ),
    but(
        row(
            "states-update",
            MACHINE,
            &["states.amazonaws.com"],
            &[&["states:UpdateStateMachine"]],
            "replaces the steps of the state machine",
        ),
        RUNS,
    ),
    row(
        "codebuild-build",
        PROJECT,
        BUILD,
        &[&["codebuild:StartBuild", "codebuild:StartBuildBatch"]],
        "builds with commands of its own",
    ),
    row(
        "codebuild-sandbox",
        PROJECT,
        BUILD,
        &[
            &["codebuild:StartSandbox"],
            &["codebuild:StartCommandExecution", "codebuild:StartSandboxConnection"],
        ],
        "opens a sandbox of the project",
    ),
    row(
        "cloudformation-update",
        &["AWS::CloudFormation::Stack"],
        STACK,
        &[&["cloudformation:UpdateStack"]],
        "gives the stack a template of its own",
    ),
    row(
        "cloudformation-change",
        &["AWS::CloudFormation::Stack"],
        STACK,
        &[&["cloudformation:CreateChangeSet"], &["cloudformation:ExecuteChangeSet"]],
        "gives the stack a template of its own by a change set",
    ),
    row(
        "cloudformation-set",
        &["AWS::CloudFormation::StackSet"],
        STACK,
        &[&["cloudformation:UpdateStackSet"]],
        "gives the stack set a template of its own",
    ),
    row(
        "glue-endpoint",
        &["AWS::Glue::DevEndpoint"],
        GLUE,
        &[&["glue:UpdateDevEndpoint"]],
        "adds its key to the development endpoint",
    ),
    row(
        "glue-statement",
        &["AWS::Glue::Session"],
        GLUE,
        &[&["glue:RunStatement"]],
        "runs own code in the session",
    ),
    row(
        "sagemaker-url",
        NOTEBOOK,
        SAGEMAKER,
        &[&["sagemaker:CreatePresignedNotebookInstanceUrl"]],
        "opens the notebook",
    ),
    Take {
        beside: &[&["sagemaker:CreateNotebookInstanceLifecycleConfig"]],
        ..row(
            "sagemaker-lifecycle",
            NOTEBOOK,
            SAGEMAKER,
            &[
                &["sagemaker:UpdateNotebookInstance"],
                &["sagemaker:StopNotebookInstance"],
                &["sagemaker:StartNotebookInstance"],
            ],
            "starts the notebook with a script of its own",
        )
    },
    row(
        "sagemaker-domain",
        &["AWS::SageMaker::Domain", "AWS::SageMaker::UserProfile"],
        SAGEMAKER,
        &[&["sagemaker:CreatePresignedDomainUrl"]],
        "opens the studio",
    ),
    row(
        "sagemaker-space",
        &["AWS::SageMaker::Space", "AWS::SageMaker::App"],
        SAGEMAKER,
        &[&["sagemaker:StartSession"]],
        "opens a session in the space",
    ),
    row(
        "apprunner-service",
        &["AWS::AppRunner::Service"],
        &["tasks.apprunner.amazonaws.com"],
        &[&["apprunner:UpdateService"]],
        "replaces the code of the service",
    ),
    row(
        "agentcore-session",
        &["AWS::BedrockAgentCore::CodeInterpreterCustom", "AWS::BedrockAgentCore::CodeInterpreter"],
        AGENTCORE,
        &[&["bedrock-agentcore:StartCodeInterpreterSession"], &["bedrock-agentcore:InvokeCodeInterpreter"]],
        "runs own code in the code interpreter",
    ),
    row(
        "agentcore-command",
        &["AWS::BedrockAgentCore::Runtime"],
        AGENTCORE,
        &[&["bedrock-agentcore:InvokeAgentRuntimeCommand"]],
        "runs own commands in the agent runtime",
    ),
    row(
        "bedrock-tools",
        &["AWS::Bedrock::Agent"],
        &["bedrock.amazonaws.com"],
        &[
            &["bedrock:CreateAgentActionGroup", "bedrock:UpdateAgentActionGroup"],
            &["bedrock:PrepareAgent"],
            &["bedrock:InvokeAgent"],
        ],
        "gives the agent tools of its own",
    ),
    Take {
        role: &["ssm:UpdateInstanceInformation"],
        ..but(
            row(
                "ssm-command",
                INSTANCE,
                EC2,
                &[&["ssm:StartSession", "ssm:SendCommand", "ssm:CreateAssociation"]],
                "runs own commands on the instance",
            ),
            MANAGED,
        )
    },
    but(
        row(
            "ec2-connect",
            INSTANCE,
            EC2,
            &[&[
                "ec2-instance-connect:SendSSHPublicKey",
                "ec2-instance-connect:SendSerialConsoleSSHPublicKey",
            ]],
            "logs in on the instance",
        ),
        &["it reaches the instance's port 22"],
    ),
    row(
        "ec2-user-data",
        INSTANCE,
        EC2,
        &[&["ec2:ModifyInstanceAttribute"], &["ec2:StopInstances"], &["ec2:StartInstances"]],
        "starts the instance with a script of its own",
    ),
    row(
        "ec2-root-volume",
        INSTANCE,
        EC2,
        &[&["ec2:CreateReplaceRootVolumeTask"]],
        "starts the instance from an image of its own",
    ),
    but(
        row(
            "ec2-launch-template",
            &["AWS::EC2::LaunchTemplate"],
            EC2,
            &[&["ec2:CreateLaunchTemplateVersion"], &["ec2:ModifyLaunchTemplate"]],
            "gives the launch template a script of its own",
        ),
        RUNS,
    ),
    row(
        "ecs-exec",
        &[
            "AWS::ECS::Task",
            "AWS::ECS::Service",
            "AWS::ECS::TaskDefinition",
            "AWS::ECS::TaskSet",
            "AWS::ECS::Cluster",
        ],
        &["ecs-tasks.amazonaws.com"],
        &[&["ecs:ExecuteCommand"]],
        "runs own commands in the task",
    ),
    row(
        "emr-steps",
        &["AWS::EMR::Cluster", "AWS::ElasticMapReduce::Cluster"],
        &["ec2.amazonaws.com", "elasticmapreduce.amazonaws.com"],
        &[&["elasticmapreduce:AddJobFlowSteps", "elasticmapreduce:GetClusterSessionCredentials"]],
        "runs own steps on the cluster",
    ),
    row(
        "beanstalk-environment",
        &["AWS::ElasticBeanstalk::Environment"],
        &[],
        &[&["elasticbeanstalk:UpdateEnvironment"]],
        "replaces the code of the environment",
    ),
    row(
        "airflow-token",
        &["AWS::MWAA::Environment"],
        &[],
        &[&["airflow:CreateCliToken", "airflow:CreateWebLoginToken"]],
        "starts workflows of the environment",
    ),
    row(
        "flink-application",
        &["AWS::KinesisAnalyticsV2::Application", "AWS::KinesisAnalytics::Application"],
        &["kinesisanalytics.amazonaws.com"],
        &[&["kinesisanalytics:UpdateApplication"]],
        "replaces the code of the application",
    ),
    row(
        "athena-session",
        &["AWS::Athena::WorkGroup"],
        &["athena.amazonaws.com"],
        &[&["athena:StartSession"], &["athena:StartCalculationExecution"]],
        "runs own code in a session of the workgroup",
    ),
    row(
        "transfer-key",
        &["AWS::Transfer::User"],
        &["transfer.amazonaws.com"],
        &[&["transfer:ImportSshPublicKey"]],
        "logs in as the user of file transfer",
    ),
];
