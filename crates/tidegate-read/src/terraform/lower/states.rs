//! Step Functions.

use super::table::{Type, document, omit, one, to};

pub(super) const TYPES: &[Type] = &[
    Type::new("aws_sfn_state_machine", "AWS::StepFunctions::StateMachine")
        .names(&["name"])
        .attributes(&[("arn", ""), ("id", ""), ("name", "Name")])
        .fields(&[
            to("name", "StateMachineName"),
            to("type", "StateMachineType"),
            document("definition", "DefinitionString"),
            one("logging_configuration", "LoggingConfiguration"),
            to("logging_configuration.log_destination", "Destinations[].CloudWatchLogsLogGroup.LogGroupArn"),
            one("tracing_configuration", "TracingConfiguration"),
            one("encryption_configuration", "EncryptionConfiguration"),
            omit("publish"),
        ]),
    Type::new("aws_sfn_activity", "AWS::StepFunctions::Activity").attributes(&[("id", ""), ("arn", "")]),
    Type::new("aws_sfn_alias", "AWS::StepFunctions::StateMachineAlias")
        .attributes(&[("id", ""), ("arn", "")]),
];
