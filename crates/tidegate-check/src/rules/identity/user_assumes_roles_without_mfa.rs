//! A user who assumes roles with a key alone.

use crate::Context;
use crate::context::Placed;
use crate::identity;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::policy::Statement;
use tidegate_graph::{Resource, Severity, Value, World};

declare_rule! {
    /// ## What it finds
    /// A user's policy that allows `sts:AssumeRole` without a condition that asks for multi-factor authentication:
    /// `aws:MultiFactorAuthPresent` that is true, or a largest `aws:MultiFactorAuthAge`.
    ///
    /// `BoolIfExists` in an `Allow` asks for nothing (info): a request with a key has no such value, and passes. It belongs into a
    /// `Deny` with `false`, which counts where it stands in the same policy.
    ///
    /// ## Why it matters
    /// A leaked key of the user is enough to become every role that trusts it.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Assume:
    ///     Type: AWS::IAM::UserPolicy
    ///     Properties:
    ///       UserName: someone
    ///       PolicyName: assume
    ///       PolicyDocument:
    ///         Statement:
    ///           - {Effect: Allow, Action: "sts:AssumeRole", Resource: "arn:aws:iam::123456789012:role/admin"}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Assume:
    ///     Type: AWS::IAM::UserPolicy
    ///     Properties:
    ///       UserName: someone
    ///       PolicyName: assume
    ///       PolicyDocument:
    ///         Statement:
    ///           - Effect: Allow
    ///             Action: sts:AssumeRole
    ///             Resource: arn:aws:iam::123456789012:role/admin
    ///             Condition: {Bool: {"aws:MultiFactorAuthPresent": "true"}}
    /// ```
    ///
    /// ## Limits
    /// A condition in the role's trust policy isn't weighed. Users of machines have no second factor: give them roles.
    UserAssumesRolesWithoutMfa {
        id: "user-assumes-roles-without-mfa",
        title: "user who assumes roles without second factor",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-IAM-027",
            "kics:b5681959-6c09-4f55-b42b-c40fa12d03ec",
        ],
        threats: ["T27"],
        profiles: [],
        why: "a leaked key is enough to become every role that trusts the user",
    }
}

impl Rule for UserAssumesRolesWithoutMfa {
    const ON: &'static [&'static str] = &["AWS::IAM::User", "AWS::IAM::UserPolicy"];

    fn check(resource: &Resource, cx: &Context<'_>) {
        let statements = identity::statements(cx, resource);
        if statements.iter().any(|placed| turns_away(cx.world, &placed.statement)) {
            return;
        }
        let mut worst: Option<(&Placed<'_>, Asked)> = None;
        for placed in &statements {
            let statement = &placed.statement;
            // Who may everything is an administrator, and other rules say so.
            let all = statement.actions.iter().any(|a| a.as_str() == Some("*"));
            if !statement.allows() || all || !statement.covers_action(ASSUME) {
                continue;
            }
            let asked = asked(cx.world, statement);
            if asked != Asked::Yes
                && worst.is_none_or(|(_, before)| asked == Asked::No && before != Asked::No)
            {
                worst = Some((placed, asked));
            }
        }
        let Some((placed, asked)) = worst else { return };
        let (message, severity) = match asked {
            Asked::IfThere => (
                "the condition on the second factor lets requests with a key pass: they hold no such value",
                Severity::Info,
            ),
            _ => ("the user may assume roles without a second factor", Severity::Low),
        };
        let key = placed.key.split("/Statement/").next().unwrap_or_default().to_string();
        let path: Vec<&str> = key.split('/').collect();
        cx.finding(resource, message)
            .at(&path)
            .severity(severity)
            .related(Some(placed.statement.span), "this statement")
            .help("add the condition `Bool: {aws:MultiFactorAuthPresent: true}`")
            .report();
    }
}

const ASSUME: &str = "sts:AssumeRole";
const PRESENT: &str = "aws:MultiFactorAuthPresent";

/// Whether a statement asks for a second factor.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Yes,
    /// Of those alone whose request says something of it.
    IfThere,
    No,
}

fn asked(world: &World, statement: &Statement<'_>) -> Asked {
    let mut asked = Asked::No;
    for (operator, key, value) in statement.condition_keys(world) {
        let operator = operator.to_ascii_lowercase();
        let values = world.items(value);
        // A value that isn't known is somebody's switch.
        let on = !values.is_empty() && values.iter().all(|v| v.as_bool() != Some(false));
        if key.eq_ignore_ascii_case(PRESENT) && on {
            match operator.as_str() {
                "bool" => return Asked::Yes,
                "boolifexists" => asked = Asked::IfThere,
                _ => {}
            }
        }
        if key.eq_ignore_ascii_case("aws:MultiFactorAuthAge") && operator.starts_with("numericlessthan") {
            if !operator.ends_with("ifexists") {
                return Asked::Yes;
            }
            asked = Asked::IfThere;
        }
    }
    asked
}

/// `Deny` for whoever has no second factor.
fn turns_away(world: &World, statement: &Statement<'_>) -> bool {
    let without = |operator: &str, key: &str, value: &Value| {
        key.eq_ignore_ascii_case(PRESENT)
            && operator.eq_ignore_ascii_case("BoolIfExists")
            && world.items(value).iter().any(|v| v.as_bool() == Some(false))
    };
    !statement.allows()
        && statement.covers_action(ASSUME)
        && statement.condition_keys(world).iter().any(|(operator, key, value)| without(operator, key, value))
}

#[cfg(test)]
mod tests {
    use super::UserAssumesRolesWithoutMfa;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new()
            .json("It", "AWS::IAM::UserPolicy", properties)
            .findings::<UserAssumesRolesWithoutMfa>()
            .len()
    }

    #[test]
    fn found() {
        assert_eq!(
            findings(
                r#"{"PolicyDocument": {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}}}"#
            ),
            1
        );
    }

    fn assume(rest: &str, more: &str) -> usize {
        findings(&format!(
            r#"{{"PolicyDocument": {{"Statement": [{{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"{rest}}}{more}]}}}}"#
        ))
    }

    #[test]
    fn conditions_that_ask_and_that_do_not() {
        let condition = |text: &str| assume(&format!(r#", "Condition": {text}"#), "");
        assert_eq!(condition(r#"{"Bool": {"aws:MultiFactorAuthPresent": "false"}}"#), 1);
        assert_eq!(condition(r#"{"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}"#), 1);
        assert_eq!(condition(r#"{"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}}"#), 0);
        let deny = r#", {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}}"#;
        assert_eq!(assume("", deny), 0);
        // A device's ARN among the principals says nothing.
        assert_eq!(assume(r#", "Principal": {"AWS": "arn:aws:iam::123456789012:mfa/someone"}"#, ""), 1);
    }

    #[test]
    fn a_user_with_an_inline_policy() {
        let policies = r#"{"Policies": [{"PolicyName": "assume", "PolicyDocument": {"Statement": {"Effect": "Allow", "Action": "sts:*", "Resource": "*"}}}]}"#;
        let build = Build::new().json("It", "AWS::IAM::User", policies);
        assert_eq!(build.findings::<UserAssumesRolesWithoutMfa>().len(), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(
            findings(
                r#"{"PolicyDocument": {"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}}"#
            ),
            0
        );
        assert_eq!(
            findings(
                r#"{"PolicyDocument": {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}}}"#
            ),
            0
        );
    }
}
