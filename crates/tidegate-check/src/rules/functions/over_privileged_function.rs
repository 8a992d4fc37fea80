//! A role that gives its functions more than they know how to use.

use crate::Context;
use crate::intent::Group;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A function's role allows an action on every table, bucket, queue, topic, stream, bus, function, secret or key, but the
    /// function knows some of them only: those that its environment names, that start it, from which its events come,
    /// or to which it sends what fails. Or a wildcard allows to manage what the function only uses: `dynamodb:*` on a
    /// table includes `DeleteTable`. Policies of AWS's own count, too.
    ///
    /// Where several functions share a role, what all of them know counts; `shared-role` gives each its own.
    ///
    /// Notes say of each permission whether it is *kept* and what names the resource, *surplus*, or *unknown* and in need of
    /// evidence.
    ///
    /// ## Why it matters
    /// Whoever breaks into the function has its role. What goes beyond the function's work is what turns one broken
    /// function into a lost account.
    ///
    /// The severity follows from what may be done with the surplus, and is high for whole services on all resources
    /// where strangers' requests reach the function.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::DynamoDB::Table
    ///     Properties: {TableName: orders}
    ///   Role:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument: {}
    ///       Policies:
    ///         - PolicyName: orders
    ///           PolicyDocument:
    ///             Version: '2012-10-17'
    ///             Statement:
    ///               - {Effect: Allow, Action: ['dynamodb:PutItem', 'dynamodb:Query'], Resource: '*'}
    ///   Taker:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: !GetAtt Role.Arn
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    ///       Environment: {Variables: {TABLE: !Ref Orders}}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::DynamoDB::Table
    ///     Properties: {TableName: orders}
    ///   Role:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument: {}
    ///       Policies:
    ///         - PolicyName: orders
    ///           PolicyDocument:
    ///             Version: '2012-10-17'
    ///             Statement:
    ///               - {Effect: Allow, Action: ['dynamodb:PutItem', 'dynamodb:Query'], Resource: !GetAtt Orders.Arn}
    ///   Taker:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: !GetAtt Role.Arn
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    ///       Environment: {Variables: {TABLE: !Ref Orders}}
    /// ```
    ///
    /// ## Limits
    /// The fix names as resource the ARNs of what is known, and for a wildcard the list of the actions that use it. Actions that
    /// need every resource keep their statement, and the others get one of their own. Instead of AWS's own policy, and of a
    /// template of SAM's for every resource, it writes a policy of the role's own: what the functions know to use, of what
    /// that one allows. What else it allows is lost, such as what only the console needs.
    ///
    /// A fix is offered only where the whole role is proven to allow nothing that it didn't, and still what the functions
    /// may need of what it did; where the policy belongs to this one role; and where no circle of references comes of it.
    /// An ARN that names a region or account is not proven to be that of the stack, and stays. The code may use more than
    /// the template shows, so a fix is applied only when asked for (`--fix=unsafe`).
    ///
    /// Code isn't read. Where something may name further resources (a variable `TABLE_NAME` from a parameter, events of
    /// AWS's own, a custom resource) nothing is said; `tidegate iam surplus` lists such permissions as unknown.
    ///
    /// In Terraform a fix is written in `jsonencode`, in a heredoc of JSON and in `aws_iam_policy_document`, where each text
    /// stands as it is; an `aws_iam_role_policy_attachment` becomes an `aws_iam_role_policy` unless something refers to
    /// it. Statements of their own for a part of the actions are written in templates and services only.
    OverPrivilegedFunction {
        id: "over-privileged-function",
        title: "function may more than it knows how to use",
        severity: Medium,
        confidence: Medium,
        since: "0.1.0",
        aliases: ["TG-IAM-031"],
        threats: ["T22"],
        profiles: [Baseline],
        why: "whoever breaks into the function has what it never needed",
    }
}

impl Rule for OverPrivilegedFunction {
    const ON: &'static [&'static str] = &["AWS::Lambda::Function"];

    fn check(function: &Resource, cx: &Context<'_>) {
        if let Some(group) = Group::of(cx, function) {
            group.report(cx, function);
        }
    }
}
