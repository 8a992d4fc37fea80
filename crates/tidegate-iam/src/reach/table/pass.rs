//! Techniques that hand a role to a service.

mod single;

use super::{Needs, On, Pass};
use On::{Existing, New, One};

/// A row with nothing else that must be so.
const fn row(
    id: &'static str,
    services: &'static [&'static str],
    on: On,
    needs: Needs,
    does: &'static str,
) -> Pass {
    Pass { id, services, needs, on, does, before: &[] }
}

const fn but(row: Pass, before: &'static [&'static str]) -> Pass {
    Pass { before, ..row }
}

const EC2: &[&str] = &["ec2.amazonaws.com"];
const LAMBDA: &[&str] = &["lambda.amazonaws.com"];
const STATES: &[&str] = &["states.amazonaws.com"];
const GLUE: &[&str] = &["glue.amazonaws.com"];
const BUILD: &[&str] = &["codebuild.amazonaws.com"];
const STACK: &[&str] = &["cloudformation.amazonaws.com"];
const TASKS: &[&str] = &["ecs-tasks.amazonaws.com"];
const SAGEMAKER: &[&str] = &["sagemaker.amazonaws.com"];
const AGENTCORE: &[&str] = &["bedrock-agentcore.amazonaws.com"];
const BEDROCK: &[&str] = &["bedrock.amazonaws.com"];
const SSM: &[&str] = &["ssm.amazonaws.com"];
const PROFILE: &[&str] = &["the role is in an instance profile"];
const HELD: &[&str] = &["it controls what runs there"];

/// All of them.
pub(in crate::reach) fn pass() -> impl Iterator<Item = &'static Pass> {
    SEVERAL.iter().chain(single::ROWS)
}

/// Of services that take a role in several ways.
const SEVERAL: &[Pass] = &[
    row(
        "lambda-create-function",
        LAMBDA,
        One("function:"),
        &[
            &["lambda:CreateFunction"],
            &[
                "lambda:InvokeFunction",
                "lambda:AddPermission",
                "lambda:CreateEventSourceMapping",
                "lambda:CreateFunctionUrlConfig",
            ],
        ],
        "runs own code in a new function with the role",
    ),
    row(
        "lambda-change-role",
        LAMBDA,
        Existing(&["AWS::Lambda::Function", "AWS::Serverless::Function"]),
        &[&["lambda:UpdateFunctionConfiguration"]],
        "gives a function the role and a layer of its own",
    ),
    row(
        "synthetics-create-canary",
        LAMBDA,
        New,
        &[&["synthetics:CreateCanary"], &["synthetics:StartCanary"]],
        "runs own code in a canary with the role",
    ),
    row(
        "states-create",
        STATES,
        One("stateMachine:"),
        &[&["states:CreateStateMachine"], &["states:StartExecution", "states:StartSyncExecution"]],
        "calls any API in a new state machine with the role",
    ),
    row(
        "states-change-role",
        STATES,
        Existing(&["AWS::StepFunctions::StateMachine"]),
        &[&["states:UpdateStateMachine"]],
        "gives a state machine the role and steps of its own",
    ),
    row(
        "states-test",
        STATES,
        New,
        &[&["states:TestState"]],
        "tries a step out with the role, which is carried out",
    ),
    row(
        "scheduler-create",
        &["scheduler.amazonaws.com"],
        New,
        &[&["scheduler:CreateSchedule", "scheduler:UpdateSchedule"]],
        "calls any API from a schedule with the role",
    ),
    row(
        "pipes-create",
        &["pipes.amazonaws.com"],
        New,
        &[&["pipes:CreatePipe", "pipes:UpdatePipe"]],
        "reads and writes through a pipe with the role",
    ),
    row(
        "events-target",
        &["events.amazonaws.com"],
        New,
        &[&["events:PutRule"], &["events:PutTargets"]],
        "starts targets of a rule with the role",
    ),
    row(
        "glue-dev-endpoint",
        GLUE,
        New,
        &[&["glue:CreateDevEndpoint"]],
        "opens a shell in a new development endpoint with the role",
    ),
    row(
        "glue-create-job",
        GLUE,
        New,
        &[&["glue:CreateJob"], &["glue:StartJobRun", "glue:CreateTrigger"]],
        "runs own code in a new job with the role",
    ),
    row(
        "glue-update-job",
        GLUE,
        New,
        &[&["glue:UpdateJob"], &["glue:StartJobRun", "glue:CreateTrigger", "glue:UpdateTrigger"]],
        "gives a job the role and code of its own",
    ),
    row(
        "glue-session",
        GLUE,
        New,
        &[&["glue:CreateSession"], &["glue:RunStatement"]],
        "runs own code in an interactive session with the role",
    ),
    row(
        "codebuild-create-project",
        BUILD,
        One("project/"),
        &[
            &["codebuild:CreateProject"],
            &[
                "codebuild:StartBuild",
                "codebuild:StartBuildBatch",
                "codebuild:StartSandbox",
                "codebuild:CreateWebhook",
            ],
        ],
        "runs own commands in a new project with the role",
    ),
    row(
        "codebuild-update-project",
        BUILD,
        Existing(&["AWS::CodeBuild::Project"]),
        &[&["codebuild:UpdateProject"], &["codebuild:StartSandbox"]],
        "gives a project the role and commands of its own",
    ),
    row(
        "codebuild-override-role",
        BUILD,
        Existing(&["AWS::CodeBuild::Project"]),
        &[&["codebuild:StartBuild", "codebuild:StartBuildBatch"]],
        "starts a build with the role and commands of its own",
    ),
    row(
        "cloudformation-create-stack",
        STACK,
        New,
        &[&["cloudformation:CreateStack"]],
        "creates anything in a new stack with the role",
    ),
    row(
        "cloudformation-update-stack",
        STACK,
        Existing(&["AWS::CloudFormation::Stack"]),
        &[&["cloudformation:UpdateStack"]],
        "gives a stack the role and a template of its own",
    ),
    row(
        "cloudformation-change-set",
        STACK,
        New,
        &[&["cloudformation:CreateChangeSet"], &["cloudformation:ExecuteChangeSet"]],
        "creates anything in a change set with the role",
    ),
    row(
        "cloudformation-stack-set",
        STACK,
        New,
        &[&["cloudformation:CreateStackSet"], &["cloudformation:CreateStackInstances"]],
        "creates anything in a new stack set with the role",
    ),
    row(
        "cloudformation-update-stack-set",
        STACK,
        New,
        &[&["cloudformation:UpdateStackSet"]],
        "gives a stack set the role and a template of its own",
    ),
    row(
        "cloudcontrol",
        STACK,
        New,
        &[&["cloudformation:CreateResource", "cloudformation:UpdateResource"]],
        "creates anything by Cloud Control with the role",
    ),
    row(
        "ecs-task",
        TASKS,
        New,
        &[
            &["ecs:RegisterTaskDefinition"],
            &["ecs:RunTask", "ecs:StartTask", "ecs:CreateService", "ecs:UpdateService", "ecs:CreateTaskSet"],
        ],
        "runs own code in a task with the role",
    ),
    row(
        "ecs-override-role",
        TASKS,
        Existing(&["AWS::ECS::TaskDefinition"]),
        &[&["ecs:RunTask", "ecs:StartTask"]],
        "runs a task with the role and commands of its own",
    ),
    row(
        "ecs-express",
        TASKS,
        New,
        &[&["ecs:CreateExpressGatewayService", "ecs:UpdateExpressGatewayService"]],
        "runs own code in an express service with the role",
    ),
    row(
        "batch-job",
        TASKS,
        New,
        &[&["batch:RegisterJobDefinition"], &["batch:SubmitJob"]],
        "runs own code in a job with the role",
    ),
    but(
        row(
            "ec2-run-instances",
            EC2,
            New,
            &[&["ec2:RunInstances", "ec2:RequestSpotInstances", "ec2:RequestSpotFleet", "ec2:CreateFleet"]],
            "starts an instance with the role",
        ),
        PROFILE,
    ),
    but(
        row(
            "ec2-scaling",
            EC2,
            New,
            &[
                &["autoscaling:CreateLaunchConfiguration", "ec2:CreateLaunchTemplate"],
                &["autoscaling:CreateAutoScalingGroup", "autoscaling:UpdateAutoScalingGroup"],
            ],
            "starts instances of a group with the role",
        ),
        PROFILE,
    ),
    but(
        row(
            "ec2-template-role",
            EC2,
            Existing(&["AWS::EC2::LaunchTemplate"]),
            &[&["ec2:CreateLaunchTemplateVersion"], &["ec2:ModifyLaunchTemplate"]],
            "gives a launch template the role and a script of its own",
        ),
        PROFILE,
    ),
    but(
        row(
            "ec2-profile",
            EC2,
            Existing(&["AWS::EC2::Instance"]),
            &[&["ec2:AssociateIamInstanceProfile", "ec2:ReplaceIamInstanceProfileAssociation"]],
            "gives an instance the role",
        ),
        HELD,
    ),
    but(
        row(
            "imagebuilder",
            EC2,
            New,
            &[
                &[
                    "imagebuilder:CreateInfrastructureConfiguration",
                    "imagebuilder:UpdateInfrastructureConfiguration",
                ],
                &["imagebuilder:CreateImage", "imagebuilder:StartImagePipelineExecution"],
            ],
            "builds an image on an instance with the role",
        ),
        PROFILE,
    ),
    but(
        row(
            "beanstalk",
            &["ec2.amazonaws.com", "elasticbeanstalk.amazonaws.com"],
            New,
            &[&["elasticbeanstalk:CreateEnvironment", "elasticbeanstalk:UpdateEnvironment"]],
            "runs own code in an environment with the role",
        ),
        PROFILE,
    ),
    row(
        "opsworks",
        &["opsworks.amazonaws.com", "ec2.amazonaws.com"],
        New,
        &[&["opsworks:CreateStack"]],
        "runs own recipes in a stack with the role",
    ),
    but(
        row("eks-nodes", EC2, New, &[&["eks:CreateNodegroup"]], "starts nodes of a cluster with the role"),
        HELD,
    ),
    but(
        row(
            "eks-pods",
            &["pods.eks.amazonaws.com"],
            New,
            &[&["eks:CreatePodIdentityAssociation", "eks:UpdatePodIdentityAssociation"]],
            "gives pods of a cluster the role",
        ),
        HELD,
    ),
    row(
        "sagemaker-notebook",
        SAGEMAKER,
        One("notebook-instance/"),
        &[&["sagemaker:CreateNotebookInstance"]],
        "opens a new notebook with the role",
    ),
    row(
        "sagemaker-job",
        SAGEMAKER,
        New,
        &[&[
            "sagemaker:CreateTrainingJob",
            "sagemaker:CreateProcessingJob",
            "sagemaker:CreateHyperParameterTuningJob",
            "sagemaker:CreateCluster",
        ]],
        "runs own code in a job with the role",
    ),
    row(
        "sagemaker-model",
        SAGEMAKER,
        New,
        &[
            &["sagemaker:CreateModel"],
            &["sagemaker:CreateEndpoint", "sagemaker:UpdateEndpoint", "sagemaker:CreateTransformJob"],
        ],
        "runs own code in a model with the role",
    ),
    row(
        "sagemaker-pipeline",
        SAGEMAKER,
        New,
        &[&["sagemaker:CreatePipeline", "sagemaker:UpdatePipeline"], &["sagemaker:StartPipelineExecution"]],
        "runs own steps in a pipeline with the role",
    ),
    row(
        "sagemaker-studio",
        SAGEMAKER,
        New,
        &[
            &["sagemaker:CreateDomain", "sagemaker:CreateUserProfile", "sagemaker:UpdateUserProfile"],
            &["sagemaker:CreatePresignedDomainUrl"],
        ],
        "opens a studio with the role",
    ),
    row(
        "apprunner-create",
        &["tasks.apprunner.amazonaws.com"],
        New,
        &[&["apprunner:CreateService"]],
        "runs own code in a new service with the role",
    ),
    row(
        "apprunner-update",
        &["tasks.apprunner.amazonaws.com"],
        Existing(&["AWS::AppRunner::Service"]),
        &[&["apprunner:UpdateService"]],
        "gives a service the role and code of its own",
    ),
    row(
        "agentcore-code",
        AGENTCORE,
        New,
        &[
            &["bedrock-agentcore:CreateCodeInterpreter"],
            &["bedrock-agentcore:StartCodeInterpreterSession"],
            &["bedrock-agentcore:InvokeCodeInterpreter"],
        ],
        "runs own code in a new code interpreter with the role",
    ),
    row(
        "agentcore-runtime",
        AGENTCORE,
        New,
        &[
            &["bedrock-agentcore:CreateAgentRuntime", "bedrock-agentcore:UpdateAgentRuntime"],
            &["bedrock-agentcore:InvokeAgentRuntime"],
        ],
        "runs own code in an agent runtime with the role",
    ),
    row(
        "agentcore-gateway",
        AGENTCORE,
        New,
        &[
            &["bedrock-agentcore:CreateGateway", "bedrock-agentcore:UpdateGateway"],
            &["bedrock-agentcore:CreateGatewayTarget"],
        ],
        "calls targets through a gateway with the role",
    ),
    row(
        "bedrock-agent",
        BEDROCK,
        New,
        &[
            &["bedrock:CreateAgent", "bedrock:UpdateAgent"],
            &["bedrock:PrepareAgent"],
            &["bedrock:InvokeAgent"],
        ],
        "lets an agent act with the role",
    ),
    row(
        "bedrock-flow",
        BEDROCK,
        New,
        &[&["bedrock:CreateFlow", "bedrock:UpdateFlow"], &["bedrock:PrepareFlow"], &["bedrock:InvokeFlow"]],
        "lets a flow act with the role",
    ),
    row(
        "ssm-automation",
        SSM,
        New,
        &[&["ssm:StartAutomationExecution", "ssm:CreateAssociation", "ssm:StartChangeRequestExecution"]],
        "calls any API in an automation with the role",
    ),
    row(
        "ssm-maintenance",
        SSM,
        New,
        &[&["ssm:RegisterTaskWithMaintenanceWindow", "ssm:UpdateMaintenanceWindowTask"]],
        "runs a task of a maintenance window with the role",
    ),
    row("ssm-activation", SSM, New, &[&["ssm:CreateActivation"]], "registers its own machine with the role"),
    row(
        "config-remediation",
        SSM,
        New,
        &[&["config:PutRemediationConfigurations"], &["config:StartRemediationExecution"]],
        "calls any API in a remediation with the role",
    ),
];
