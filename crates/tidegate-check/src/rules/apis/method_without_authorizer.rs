//! Methods of a REST API that anyone may call.

use crate::Context;
use crate::rest::{self, listed};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A method of a REST API with `AuthorizationType: NONE` that asks for no API key either. `OPTIONS` is exempt: browsers
    /// ask it before they log in. So are APIs that are private, or whose resource policy lets only chosen callers in.
    ///
    /// Up to three open methods of an API are told one by one, more in one finding that lists them.
    ///
    /// ## Why it matters
    /// Whoever finds the address starts what lies behind, with any input and as often as they like.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Api:
    ///     Type: AWS::ApiGateway::RestApi
    ///     Properties:
    ///       Name: orders
    ///   Create:
    ///     Type: AWS::ApiGateway::Method
    ///     Properties:
    ///       RestApiId: !Ref Api
    ///       ResourceId: !GetAtt Api.RootResourceId
    ///       HttpMethod: POST
    ///       AuthorizationType: NONE
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Api:
    ///     Type: AWS::ApiGateway::RestApi
    ///     Properties:
    ///       Name: orders
    ///   Create:
    ///     Type: AWS::ApiGateway::Method
    ///     Properties:
    ///       RestApiId: !Ref Api
    ///       ResourceId: !GetAtt Api.RootResourceId
    ///       HttpMethod: POST
    ///       AuthorizationType: AWS_IAM
    /// ```
    ///
    /// ## Limits
    /// Methods that are meant for everyone (health checks, logins, webhooks that check a signature of their own) are
    /// reported too: the code isn't read. An API key is weak, but a matter of its own.
    MethodWithoutAuthorizer {
        id: "method-without-authorizer",
        title: "REST API method without authorization",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-API-001",
            "CKV_AWS_59",
            "CKV2_AWS_70",
            "trivy:AVD-AWS-0004",
            "kics:1056dfbb-5802-4762-bf2b-8b9b9684b1b0",
            "kics:15ccec05-5476-4890-ad19-53991eba1db8",
            "cdk-nag:AwsSolutions-APIG4",
        ],
        threats: ["T13", "T14"],
        profiles: [Baseline],
        why: "whoever finds the address starts what lies behind",
    }
}

impl Rule for MethodWithoutAuthorizer {
    const ON: &'static [&'static str] = &["AWS::ApiGateway::Method", "AWS::ApiGateway::RestApi"];

    fn check(resource: &Resource, cx: &Context<'_>) {
        if resource.ty == "AWS::ApiGateway::RestApi" {
            return of_api(resource, cx);
        }
        // Methods of an API that was read are told with it.
        let api =
            cx.get(resource, &["RestApiId"]).and_then(|v| cx.target(resource, v, "AWS::ApiGateway::RestApi"));
        if api.is_none() && is_open(resource, cx) {
            report(resource, cx);
        }
    }
}

fn of_api(api: &Resource, cx: &Context<'_>) {
    const ONE_BY_ONE: usize = 3;
    let methods = cx.referrers(api, "AWS::ApiGateway::Method", "RestApiId");
    if methods.is_empty() || rest::lets_only_chosen_callers_in(cx, api) {
        return;
    }
    let open: Vec<&Resource> = methods.into_iter().filter(|method| is_open(method, cx)).collect();
    if open.len() <= ONE_BY_ONE {
        return open.iter().for_each(|method| report(method, cx));
    }
    let names: Vec<String> = open.iter().map(|method| name(method, cx)).collect();
    cx.finding(api, format!("anyone may call {} methods: {}", open.len(), listed(&names)))
        .at_place("methods", api.span)
        .related(open.first().map(|m| m.key_span("AuthorizationType")), "one of them")
        .help("set `AuthorizationType` and, unless it is `AWS_IAM`, `AuthorizerId` on each method")
        .report();
}

fn report(method: &Resource, cx: &Context<'_>) {
    cx.finding(method, format!("anyone may call `{}`", name(method, cx)))
        .at(&["AuthorizationType"])
        .help("set `AuthorizationType` and, unless it is `AWS_IAM`, `AuthorizerId`")
        .report();
}

fn is_open(method: &Resource, cx: &Context<'_>) -> bool {
    if cx
        .get(method, &["HttpMethod"])
        .and_then(Value::as_str)
        .is_some_and(|m| m.eq_ignore_ascii_case("OPTIONS"))
    {
        return false;
    }
    if let Some(kind) = cx.get(method, &["AuthorizationType"]) {
        match kind.as_str() {
            Some(kind) if kind.eq_ignore_ascii_case("NONE") => {}
            Some(_) => return false,
            None => {
                cx.unknown(method, kind, "`AuthorizationType`");
                return false;
            }
        }
    }
    let Some(key) = cx.get(method, &["ApiKeyRequired"]) else { return true };
    if key.as_bool().is_none() {
        cx.unknown(method, key, "`ApiKeyRequired`");
    }
    key.as_bool() == Some(false)
}

/// `POST /orders`, as far as the path is known.
fn name(method: &Resource, cx: &Context<'_>) -> String {
    let verb = cx.get(method, &["HttpMethod"]).and_then(Value::as_text).unwrap_or_else(|| "a method".into());
    let part = cx
        .get(method, &["ResourceId"])
        .and_then(|v| cx.target(method, v, "AWS::ApiGateway::Resource"))
        .and_then(|resource| cx.get(resource, &["PathPart"]))
        .and_then(Value::as_text);
    match part {
        Some(part) => format!("{verb} …/{part}"),
        None => format!("{verb} ({})", method.logical_id),
    }
}

#[cfg(test)]
mod tests {
    use super::MethodWithoutAuthorizer;
    use crate::testing::Build;

    fn method(build: Build, name: &str, properties: &str) -> Build {
        let properties = format!(r#"{{"RestApiId": {{"Ref": "Api"}}, {properties}}}"#);
        build.json(name, "AWS::ApiGateway::Method", &properties)
    }

    fn api(properties: &str) -> Build {
        Build::new().json("Api", "AWS::ApiGateway::RestApi", properties)
    }

    const OPEN: &str = r#""HttpMethod": "POST", "AuthorizationType": "NONE""#;

    #[test]
    fn open_methods() {
        let findings = method(api("{}"), "Create", OPEN).findings::<MethodWithoutAuthorizer>();
        assert_eq!(findings, ["Create: anyone may call `POST (Create)`"]);
        let alone = Build::new().json(
            "Create",
            "AWS::ApiGateway::Method",
            r#"{"RestApiId": "abc", "HttpMethod": "GET"}"#,
        );
        assert_eq!(alone.findings::<MethodWithoutAuthorizer>(), ["Create: anyone may call `GET (Create)`"]);
    }

    #[test]
    fn many_are_one_finding() {
        let build = ["A", "B", "C", "D"].iter().fold(api("{}"), |build, name| method(build, name, OPEN));
        assert_eq!(
            build.findings::<MethodWithoutAuthorizer>(),
            ["Api: anyone may call 4 methods: `POST (A)`, `POST (B)`, `POST (C)`, `POST (D)`"]
        );
    }

    #[test]
    fn guarded_methods() {
        for guarded in [
            r#""HttpMethod": "OPTIONS", "AuthorizationType": "NONE""#,
            r#""HttpMethod": "GET", "AuthorizationType": "AWS_IAM""#,
            r#""HttpMethod": "GET", "AuthorizationType": "NONE", "ApiKeyRequired": true"#,
        ] {
            assert!(
                method(api("{}"), "M", guarded).findings::<MethodWithoutAuthorizer>().is_empty(),
                "{guarded}"
            );
        }
    }

    #[test]
    fn private_apis_and_narrow_policies() {
        let private = api(r#"{"EndpointConfiguration": {"Types": ["PRIVATE"]}}"#);
        assert!(method(private, "Create", OPEN).findings::<MethodWithoutAuthorizer>().is_empty());
        let policy = |condition: &str| {
            api(&format!(
                r#"{{"Policy": {{"Statement": [{{"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke",
                    "Resource": "*"{condition}}}]}}}}"#
            ))
        };
        let network = r#", "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}"#;
        assert!(method(policy(network), "Create", OPEN).findings::<MethodWithoutAuthorizer>().is_empty());
        assert_eq!(method(policy(""), "Create", OPEN).findings::<MethodWithoutAuthorizer>().len(), 1);
    }
}
