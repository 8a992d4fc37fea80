//! A function URL that anyone may call.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A Lambda function URL with `AuthType: NONE`, also when it comes from `FunctionUrlConfig` of a SAM function.
    ///
    /// ## Why it matters
    /// The address is public, and Lambda checks no signature: whoever finds it starts the function, with any event and
    /// as often as they like. No API gateway stands before it to validate, throttle or log.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Url:
    ///     Type: AWS::Lambda::Url
    ///     Properties:
    ///       TargetFunctionArn: arn:aws:lambda:eu-west-1:123456789012:function:orders
    ///       AuthType: NONE
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Url:
    ///     Type: AWS::Lambda::Url
    ///     Properties:
    ///       TargetFunctionArn: arn:aws:lambda:eu-west-1:123456789012:function:orders
    ///       AuthType: AWS_IAM
    /// ```
    ///
    /// ## Limits
    /// A function that checks a signature of its own (a webhook) is reported too: the code isn't read.
    FunctionUrlWithoutAuth {
        id: "function-url-without-auth",
        title: "function URL without authorization",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-FN-009", "CKV_AWS_258", "cdk-nag:LambdaFunctionUrlAuth"],
        threats: ["T13", "T40"],
        profiles: [Baseline],
        why: "whoever finds the address starts the function with any event",
    }
}

impl Rule for FunctionUrlWithoutAuth {
    const ON: &'static [&'static str] = &["AWS::Lambda::Url"];

    fn check(url: &Resource, cx: &Context<'_>) {
        let Some(auth) = cx.get(url, &["AuthType"]) else { return };
        match auth.as_str() {
            Some("NONE") => {}
            Some(_) => return,
            None => return cx.unknown(url, auth, "`AuthType`"),
        }
        let function = cx
            .get(url, &["TargetFunctionArn"])
            .map_or_else(|| "the function".into(), |v| name_of(url, v, cx));
        cx.finding(url, format!("anyone can call {function} through its URL"))
            .at(&["AuthType"])
            .help("set `AuthType` to `AWS_IAM`, or put an API with an authorizer before the function")
            .fix(Fix::risky("let signed requests alone through").set(&url.id, &["AuthType"], "AWS_IAM"))
            .report();
    }
}

fn name_of(url: &Resource, value: &Value, cx: &Context<'_>) -> String {
    match cx.target(url, value, "AWS::Lambda::Function") {
        Some(function) => format!("`{}`", function.logical_id),
        None => "the function".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::FunctionUrlWithoutAuth;
    use crate::testing::{Build, reference, text};
    use tidegate_graph::{Choice, Cond, Data, Span, Value, Why};

    fn url(auth: Value) -> Build {
        Build::new().add("Orders", "AWS::Lambda::Function", &[]).add(
            "Url",
            "AWS::Lambda::Url",
            &[("TargetFunctionArn", reference("Orders", "Arn")), ("AuthType", auth)],
        )
    }

    #[test]
    fn none_is_open() {
        assert_eq!(
            url(text("NONE")).findings::<FunctionUrlWithoutAuth>(),
            ["Url: anyone can call `Orders` through its URL"]
        );
        assert!(url(text("AWS_IAM")).findings::<FunctionUrlWithoutAuth>().is_empty());
    }

    #[test]
    fn a_parameter_without_default_is_unknown() {
        let outcome =
            url(Value::unknown("Auth", Why::Parameter, Span::default())).run::<FunctionUrlWithoutAuth>();
        assert!(outcome.findings.is_empty());
        assert_eq!(outcome.unknown.len(), 1);
    }

    #[test]
    fn says_in_which_world_it_fails() {
        let side = |t: &str| Some(text(t));
        let choice =
            Choice { cond: Cond::Free("IsDev".into()), then: side("NONE"), otherwise: side("AWS_IAM") };
        let build = url(Value::new(Data::Choice(Box::new(choice)), Span::default()));
        assert_eq!(
            build.findings::<FunctionUrlWithoutAuth>(),
            ["Url: anyone can call `Orders` through its URL; fails when IsDev holds"]
        );
    }
}
