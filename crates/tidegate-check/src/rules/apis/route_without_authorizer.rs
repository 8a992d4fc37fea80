//! Routes of an HTTP or WebSocket API that anyone may call.

use crate::Context;
use crate::rest::{listed, protocol};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A route of an HTTP API without authorization (`AuthorizationType` absent or `NONE`), the `$connect` route of a
    /// WebSocket API without one, and an API that makes its only route itself (`Target`). `OPTIONS` routes are exempt, and
    /// the other routes of a WebSocket API: who isn't connected can't send.
    ///
    /// Up to three open routes of an API are told one by one, more in one finding that lists them.
    ///
    /// ## Why it matters
    /// Whoever finds the address starts what lies behind, with any input and as often as they like. HTTP APIs have no
    /// resource policy that could keep strangers out.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Api:
    ///     Type: AWS::ApiGatewayV2::Api
    ///     Properties:
    ///       Name: orders
    ///       ProtocolType: HTTP
    ///   Create:
    ///     Type: AWS::ApiGatewayV2::Route
    ///     Properties:
    ///       ApiId: !Ref Api
    ///       RouteKey: POST /orders
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Api:
    ///     Type: AWS::ApiGatewayV2::Api
    ///     Properties:
    ///       Name: orders
    ///       ProtocolType: HTTP
    ///   Create:
    ///     Type: AWS::ApiGatewayV2::Route
    ///     Properties:
    ///       ApiId: !Ref Api
    ///       RouteKey: POST /orders
    ///       AuthorizationType: AWS_IAM
    /// ```
    ///
    /// ## Limits
    /// Routes that are meant for everyone (health checks, logins, webhooks that check a signature of their own) are
    /// reported too: the code isn't read.
    RouteWithoutAuthorizer {
        id: "route-without-authorizer",
        title: "HTTP or WebSocket API route without authorization",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-API-002", "CKV_AWS_309", "cdk-nag:AwsSolutions-APIG4"],
        threats: ["T13", "T14"],
        profiles: [Baseline],
        why: "whoever finds the address starts what lies behind",
    }
}

impl Rule for RouteWithoutAuthorizer {
    const ON: &'static [&'static str] = &["AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::Route"];

    fn check(resource: &Resource, cx: &Context<'_>) {
        if resource.ty == "AWS::ApiGatewayV2::Api" {
            return of_api(resource, cx);
        }
        // Routes of an API that was read are told with it.
        let api = cx.get(resource, &["ApiId"]).and_then(|v| cx.target(resource, v, "AWS::ApiGatewayV2::Api"));
        if api.is_none() && is_open(resource, None, cx) {
            report(resource, cx);
        }
    }
}

fn of_api(api: &Resource, cx: &Context<'_>) {
    const ONE_BY_ONE: usize = 3;
    if cx.get(api, &["Target"]).is_some() {
        cx.finding(api, "anyone may call the route that the API makes for its target")
            .at(&["Target"])
            .help("declare the route yourself, with an `AuthorizationType`")
            .report();
    }
    let protocol = protocol(cx, api);
    let routes = cx.referrers(api, "AWS::ApiGatewayV2::Route", "ApiId");
    let open: Vec<&Resource> = routes.into_iter().filter(|route| is_open(route, protocol, cx)).collect();
    if open.len() <= ONE_BY_ONE {
        return open.iter().for_each(|route| report(route, cx));
    }
    let names: Vec<String> = open.iter().map(|route| name(route, cx)).collect();
    cx.finding(api, format!("anyone may call {} routes: {}", open.len(), listed(&names)))
        .at_place("routes", api.span)
        .related(open.first().map(|route| route.key_span("AuthorizationType")), "one of them")
        .help("set `AuthorizationType` to `JWT`, `CUSTOM` or `AWS_IAM` on each route")
        .report();
}

fn report(route: &Resource, cx: &Context<'_>) {
    let name = name(route, cx);
    let message = if name == "$connect" {
        "anyone may connect to the WebSocket API".into()
    } else {
        format!("anyone may call `{name}`")
    };
    cx.finding(route, message)
        .at(&["AuthorizationType"])
        .help("set `AuthorizationType` to `JWT`, `CUSTOM` or `AWS_IAM`")
        .report();
}

fn is_open(route: &Resource, protocol: Option<&str>, cx: &Context<'_>) -> bool {
    let key = cx.get(route, &["RouteKey"]).and_then(Value::as_text).unwrap_or_default();
    let relevant = match (key.as_str(), protocol) {
        ("$connect", _) => true,
        ("$disconnect", _) | (_, Some("WEBSOCKET")) => false,
        ("$default", _) => true,
        // Only keys of HTTP APIs have a path.
        (key, protocol) => !key.starts_with("OPTIONS ") && (key.contains(" /") || protocol == Some("HTTP")),
    };
    if !relevant {
        return false;
    }
    if let Some(kind) = cx.get(route, &["AuthorizationType"]) {
        match kind.as_str() {
            Some("NONE" | "") => {}
            Some(_) => return false,
            None => {
                cx.unknown(route, kind, "`AuthorizationType`");
                return false;
            }
        }
    }
    // Only WebSocket APIs know keys.
    !(key == "$connect" && cx.get(route, &["ApiKeyRequired"]).and_then(Value::as_bool) == Some(true))
}

fn name(route: &Resource, cx: &Context<'_>) -> String {
    cx.get(route, &["RouteKey"]).map_or_else(|| route.logical_id.to_string(), Value::display)
}

#[cfg(test)]
mod tests {
    use super::RouteWithoutAuthorizer;
    use crate::testing::Build;

    fn findings(api: &str, routes: &[&str]) -> Vec<String> {
        let build = Build::new().json("Api", "AWS::ApiGatewayV2::Api", api);
        let routes = routes.iter().enumerate();
        let build = routes.fold(build, |build, (n, route)| {
            let properties = format!(r#"{{"ApiId": {{"Ref": "Api"}}, {route}}}"#);
            build.json(&format!("R{n}"), "AWS::ApiGatewayV2::Route", &properties)
        });
        build.findings::<RouteWithoutAuthorizer>()
    }

    #[test]
    fn open_routes_of_http_apis() {
        let http = r#"{"ProtocolType": "HTTP"}"#;
        let open = [r#""RouteKey": "GET /a""#, r#""RouteKey": "$default", "AuthorizationType": "NONE""#];
        assert_eq!(findings(http, &open), ["R0: anyone may call `GET /a`", "R1: anyone may call `$default`"]);
        let many = [r#""RouteKey": "GET /a""#; 4];
        assert_eq!(findings(http, &many).len(), 1);
        assert!(
            findings(
                http,
                &[r#""RouteKey": "OPTIONS /a""#, r#""RouteKey": "GET /a", "AuthorizationType": "JWT""#]
            )
            .is_empty()
        );
    }

    #[test]
    fn only_connect_counts_for_websockets() {
        let socket = r#"{"ProtocolType": "WEBSOCKET"}"#;
        let routes = [r#""RouteKey": "$connect""#, r#""RouteKey": "$default""#, r#""RouteKey": "send""#];
        assert_eq!(findings(socket, &routes), ["R0: anyone may connect to the WebSocket API"]);
        assert!(findings(socket, &[r#""RouteKey": "$connect", "ApiKeyRequired": true"#]).is_empty());
    }

    #[test]
    fn the_route_an_api_makes_itself() {
        assert_eq!(
            findings(
                r#"{"ProtocolType": "HTTP", "Target": "arn:aws:lambda:eu-west-1:123456789012:function:f"}"#,
                &[]
            )
            .len(),
            1
        );
    }

    #[test]
    fn routes_of_an_api_elsewhere() {
        let route = |key: &str| {
            let properties = format!(r#"{{"ApiId": "abcdef1234", "RouteKey": "{key}"}}"#);
            Build::new()
                .json("R", "AWS::ApiGatewayV2::Route", &properties)
                .findings::<RouteWithoutAuthorizer>()
                .len()
        };
        assert_eq!((route("GET /a"), route("$connect"), route("send"), route("$disconnect")), (1, 1, 0, 0));
    }
}
