//! Functions that run with one role.

use crate::Context;
use crate::intent::split;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A function whose execution role another function has as well.
    ///
    /// ## Why it matters
    /// A shared role holds the permissions of all its functions. Who breaks into the one that faces the internet has those
    /// of the one that reads the secrets.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/worker
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    ///   Bills:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/worker
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/orders
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    ///   Bills:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/bills
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    /// ```
    ///
    /// ## Limits
    /// Two parameters are taken for two roles although both may be given the same one.
    ///
    /// Where the role is declared in the same template, the fix writes a role beside the function and names it there. It
    /// allows what the function knows to use (see `over-privileged-function`) and what nobody can say whose it is, and is
    /// proven to allow nothing that the shared role doesn't. What only other functions know stays with them; notes say what
    /// that is. There is none for a role that allows everything or has a policy of AWS's own beyond what every
    /// function has. One of the functions keeps the shared role. In the Serverless Framework functions share the role of
    /// the provider by default, and a plugin gives each its own (`serverless-iam-roles-per-function`): there is no fix.
    SharedRole {
        id: "shared-role",
        title: "execution role shared by functions",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-FN-028",
            "kics:ae03f542-1423-402f-9cef-c834e7ee9583",
            "kics:4ba74f01-aba5-4be2-83bc-be79ff1a3b92",
            "kics:165aae3b-a56a-48f3-b76d-d2b5083f5b8f",
        ],
        threats: ["T23"],
        profiles: [],
        why: "who breaks into one function has the permissions of all",
    }
}

impl Rule for SharedRole {
    const ON: &'static [&'static str] = &["AWS::Lambda::Function"];

    fn check(function: &Resource, cx: &Context<'_>) {
        // The names of a few others are enough, and keep the work small when a thousand functions share a role.
        const NAMED: usize = 3;
        let Some(role) = cx.get(function, &["Role"]) else { return };
        let mut others = cx.with_role(function, role).filter(|other| other.id != function.id).take(NAMED + 1);
        let named: Vec<&Resource> = others.by_ref().take(NAMED).collect();
        let Some(first) = named.first() else { return };
        let mut names = named.iter().map(|f| format!("`{}`", f.logical_id)).collect::<Vec<_>>().join(", ");
        if others.next().is_some() {
            names.push_str(" and more");
        }
        let mut report = cx
            .finding(function, format!("`{}` runs with the role of {names}", function.logical_id))
            .at(&["Role"])
            .related(Some(first.key_span("Role")), "the same role")
            .help("give each function a role of its own with only what it needs");
        if let Some(split) = split(cx, function) {
            for (span, label) in split.notes {
                report = report.related(Some(span), label);
            }
            report = report.fix(split.fix);
        }
        report.report();
    }
}

#[cfg(test)]
mod tests {
    use super::SharedRole;
    use crate::testing::{Build, reference, text};
    use tidegate_graph::{Span, Value, Why};

    fn functions(roles: [Value; 2]) -> Vec<String> {
        let [one, two] = roles;
        Build::new()
            .json("Role", "AWS::IAM::Role", r#"{"RoleName": "worker"}"#)
            .add("One", "AWS::Lambda::Function", &[("Role", one)])
            .add("Two", "AWS::Lambda::Function", &[("Role", two)])
            .findings::<SharedRole>()
    }

    #[test]
    fn the_same_role_however_it_is_named() {
        let both = ["One: `One` runs with the role of `Two`", "Two: `Two` runs with the role of `One`"];
        let arn = || text("arn:aws:iam::123456789012:role/worker");
        assert_eq!(functions([reference("Role", "Arn"), reference("Role", "Arn")]), both);
        assert_eq!(functions([reference("Role", "Arn"), arn()]), both);
        assert_eq!(functions([arn(), arn()]), both);
        let parameter = || Value::unknown("RoleArn", Why::Parameter, Span::default());
        assert_eq!(functions([parameter(), parameter()]), both);
    }

    #[test]
    fn different_roles() {
        let other = text("arn:aws:iam::123456789012:role/other");
        assert!(functions([reference("Role", "Arn"), other]).is_empty());
    }
}
