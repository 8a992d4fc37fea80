//! Code that reaches more than its team allows.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A function, task, state machine, build or instance that reaches more identities and resources with its role than
    /// `max-blast-radius` of the table `[iam]` in `tidegate.toml` allows, steps over other roles and over events included.
    /// The finding says how many, and which of them weigh most: everything, roles and users, secrets and keys, stores.
    ///
    /// Without that key it finds nothing. The examples are judged under this one:
    ///
    /// ```toml
    /// [iam]
    /// max-blast-radius = 2
    /// ```
    ///
    /// ## Why it matters
    /// Whoever takes over a function has all that it reaches. A number per function keeps that small while roles grow.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders: {Type: AWS::DynamoDB::Table}
    ///   Invoices: {Type: AWS::S3::Bucket}
    ///   Mail: {Type: AWS::SQS::Queue}
    ///   Worker:
    ///     Type: AWS::Lambda::Function
    ///     Properties: {Role: !GetAtt Role.Arn}
    ///   Role:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Version: '2012-10-17'
    ///         Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: 'sts:AssumeRole'}]
    ///       Policies:
    ///         - PolicyName: all
    ///           PolicyDocument:
    ///             Version: '2012-10-17'
    ///             Statement:
    ///               - {Effect: Allow, Action: ['dynamodb:PutItem', 'dynamodb:GetItem', 's3:GetObject', 's3:PutObject', 'sqs:SendMessage'], Resource: '*'}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders: {Type: AWS::DynamoDB::Table}
    ///   Invoices: {Type: AWS::S3::Bucket}
    ///   Mail: {Type: AWS::SQS::Queue}
    ///   Worker:
    ///     Type: AWS::Lambda::Function
    ///     Properties: {Role: !GetAtt Role.Arn}
    ///   Role:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Version: '2012-10-17'
    ///         Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: 'sts:AssumeRole'}]
    ///       Policies:
    ///         - PolicyName: orders
    ///           PolicyDocument:
    ///             Version: '2012-10-17'
    ///             Statement: [{Effect: Allow, Action: 'dynamodb:PutItem', Resource: !GetAtt Orders.Arn}]
    /// ```
    ///
    /// ## Limits
    /// Only what is certainly reached counts, in what the same code declares; what hangs on a condition or an unknown value
    /// does not (`tidegate iam reach --from` lists it). Conditions of a template are taken as their defaults. In Google Cloud
    /// and Azure what bindings and assignments say counts, as far as `tidegate iam reach` follows them.
    LargeBlastRadius {
        id: "large-blast-radius",
        title: "code reaches more than allowed",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-IAM-033"],
        threats: ["T22"],
        profiles: [Baseline],
        why: "whoever takes the code over has all that it reaches",
    }
}

impl Rule for LargeBlastRadius {
    const ON: &'static [&'static str] = &[
        "azurerm_container_app",
        "azurerm_function_app",
        "azurerm_linux_function_app",
        "azurerm_linux_web_app",
        "azurerm_windows_function_app",
        "azurerm_windows_web_app",
        "google_app_engine_flexible_app_version",
        "google_app_engine_standard_app_version",
        "google_cloud_run_service",
        "google_cloud_run_v2_job",
        "google_cloud_run_v2_service",
        "google_cloudfunctions2_function",
        "google_cloudfunctions_function",
        "AWS::AppRunner::Service",
        "AWS::Batch::JobDefinition",
        "AWS::BedrockAgentCore::Runtime",
        "AWS::CodeBuild::Project",
        "AWS::EC2::Instance",
        "AWS::ECS::TaskDefinition",
        "AWS::EMRServerless::Application",
        "AWS::Glue::Job",
        "AWS::Lambda::Function",
        "AWS::SageMaker::NotebookInstance",
        "AWS::StepFunctions::StateMachine",
        "AWS::Synthetics::Canary",
    ];

    fn check(resource: &Resource, cx: &Context<'_>) {
        let Some(most) = cx.guardrails().max_blast_radius else { return };
        let Some(radius) = cx.radius(resource).filter(|radius| radius.size > most) else { return };
        let rest = radius.size.saturating_sub(radius.heaviest.len());
        let more = if rest > 0 && radius.heaviest.first().is_some_and(|first| first != "everything") {
            format!(" and {rest} more")
        } else {
            String::new()
        };
        let message = format!(
            "`{}` reaches {} identities and resources, {most} are allowed: {}{more}",
            resource.logical_id,
            radius.size,
            radius.heaviest.join(", ")
        );
        cx.finding(resource, message)
            .help("narrow its role; `tidegate iam reach --from` shows each way and the smallest cut")
            .report();
    }
}
