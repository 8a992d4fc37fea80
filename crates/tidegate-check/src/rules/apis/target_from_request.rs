//! A service call whose target the caller chooses.

use crate::Context;
use crate::identity::{all_statements, any_name, aws_managed};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::policy::Statement;
use tidegate_graph::{Resource, Severity, Span, Value};

declare_rule! {
    /// ## What it finds
    /// An integration that calls an AWS service directly (no function between) and takes the action, or the queue, topic,
    /// table, bucket, stream, bus, function or state machine, from the request: in a request parameter or template. High
    /// where the API's role is allowed its actions on everything of a kind, low where it names single resources, medium
    /// where the role wasn't read.
    ///
    /// ## Why it matters
    /// API Gateway calls with the rights of its role. A caller who chooses the target gets all that the role is allowed,
    /// not only what the API was built for.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Start:
    ///     Type: AWS::ApiGateway::Method
    ///     Properties:
    ///       RestApiId: abcdef1234
    ///       ResourceId: abc123
    ///       HttpMethod: POST
    ///       AuthorizationType: AWS_IAM
    ///       Integration:
    ///         Type: AWS
    ///         IntegrationHttpMethod: POST
    ///         Uri: !Sub arn:aws:apigateway:${AWS::Region}:states:action/StartExecution
    ///         RequestTemplates:
    ///           application/json: >-
    ///             {"input": "{}", "stateMachineArn": "$input.path('$.machine')"}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Start:
    ///     Type: AWS::ApiGateway::Method
    ///     Properties:
    ///       RestApiId: abcdef1234
    ///       ResourceId: abc123
    ///       HttpMethod: POST
    ///       AuthorizationType: AWS_IAM
    ///       Integration:
    ///         Type: AWS
    ///         IntegrationHttpMethod: POST
    ///         Uri: !Sub arn:aws:apigateway:${AWS::Region}:states:action/StartExecution
    ///         RequestTemplates:
    ///           application/json: >-
    ///             {"input": "$util.escapeJavaScript($input.body)",
    ///              "stateMachineArn": "arn:aws:states:eu-west-1:123456789012:stateMachine:fulfil"}
    /// ```
    ///
    /// ## Limits
    /// Templates are searched for `$input` and `$method.request` in the value of a target, not run: a variable that was set
    /// before isn't followed. A bucket proxy that is meant to serve all buckets of its role is reported too. Only methods
    /// and integrations are looked at, not API definitions in a body.
    TargetFromRequest {
        id: "target-from-request",
        title: "service call whose target the caller chooses",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-API-025"],
        threats: ["T01", "T12"],
        profiles: [Baseline],
        why: "the caller gets all that the API's role is allowed",
    }
}

/// What names a target in the calls of the services.
const TARGETS: &[&str] = &[
    "Action",
    "Bucket",
    "DeliveryStreamName",
    "EventBusName",
    "FunctionName",
    "QueueUrl",
    "StateMachineArn",
    "StreamARN",
    "StreamName",
    "TableName",
    "TargetArn",
    "TopicArn",
];

impl Rule for TargetFromRequest {
    const ON: &'static [&'static str] = &["AWS::ApiGateway::Method", "AWS::ApiGatewayV2::Integration"];

    fn check(resource: &Resource, cx: &Context<'_>) {
        let found = match resource.ty.as_str() {
            "AWS::ApiGateway::Method" => of_method(resource, cx),
            _ => of_integration(resource, cx),
        };
        let Some((target, key, span)) = found else { return };
        cx.finding(resource, format!("the caller chooses `{target}` of the service that is called"))
            .at_place(key, span)
            .severity(severity(resource, cx))
            .help("write the target out; let the request fill in data alone")
            .report();
    }
}

/// How much there is to choose from: all that the role of the integration is allowed.
fn severity(resource: &Resource, cx: &Context<'_>) -> Severity {
    let role = cx
        .get(resource, &["Integration", "Credentials"])
        .or_else(|| cx.get(resource, &["CredentialsArn"]))
        .and_then(|role| cx.target(resource, role, "AWS::IAM::Role"));
    let Some(role) = role else { return Severity::Medium };
    let wide = |statement: &Statement<'_>| {
        let any = |arn: &&Value| any_name(arn).is_some();
        statement.allows() && (statement.on_everything() || statement.resources.iter().any(any))
    };
    let statements = all_statements(cx, role);
    if !aws_managed(cx, role).is_empty() || statements.iter().any(|owned| wide(&owned.placed.statement)) {
        Severity::High
    } else {
        Severity::Low
    }
}

type Found = Option<(String, String, Span)>;

fn of_method(method: &Resource, cx: &Context<'_>) -> Found {
    let kind = cx.get(method, &["Integration", "Type"])?;
    if !kind.as_str()?.eq_ignore_ascii_case("AWS") {
        return None;
    }
    // The address of a function is no action of a service.
    let uri = cx.get(method, &["Integration", "Uri"])?;
    let uri = uri.display();
    if uri.contains(":lambda:path/") {
        return None;
    }
    let parameters = cx.get(method, &["Integration", "RequestParameters"]).and_then(Value::as_map);
    for (key, value) in parameters.into_iter().flat_map(tidegate_graph::Map::iter) {
        let Some(text) = cx.world.resolve(value).and_then(Value::as_str) else { continue };
        let Some(name) = key.rsplit('.').next() else { continue };
        // `{bucket}` of the address is only a target where it stands in it.
        let in_place = !key.contains(".request.path.") || uri.contains(&format!("{{{name}}}"));
        if text.starts_with("method.request.") && is_target(name) && in_place {
            return Some((name.into(), format!("Integration/RequestParameters/{key}"), value.span));
        }
    }
    let templates = cx.get(method, &["Integration", "RequestTemplates"]).and_then(Value::as_map);
    for (key, value) in templates.into_iter().flat_map(tidegate_graph::Map::iter) {
        let Some(value) = cx.world.resolve(value) else { continue };
        let text: String = value.pieces().iter().map(tidegate_graph::Piece::display).collect();
        if let Some(target) = chosen_in(&text) {
            return Some((target, format!("Integration/RequestTemplates/{key}"), value.span));
        }
    }
    None
}

fn of_integration(integration: &Resource, cx: &Context<'_>) -> Found {
    cx.get(integration, &["IntegrationSubtype"])?;
    let parameters = cx.get(integration, &["RequestParameters"]).and_then(Value::as_map)?;
    parameters.iter().find_map(|(key, value)| {
        let text = cx.world.resolve(value)?.as_str()?;
        let chosen = is_target(key) && text.contains("$request.");
        chosen.then(|| (key.to_string(), format!("RequestParameters/{key}"), value.span))
    })
}

fn is_target(name: &str) -> bool {
    TARGETS.iter().any(|target| target.eq_ignore_ascii_case(name))
}

/// The target to which a template gives a value of the request: `"TopicArn": "$input..."` or `TopicArn=$input...`.
fn chosen_in(template: &str) -> Option<String> {
    // Longer ones are no templates that people write.
    const MOST: usize = 1 << 16;
    let lower = template.get(..MOST).unwrap_or(template).to_ascii_lowercase();
    TARGETS.iter().find_map(|target| {
        let key = target.to_ascii_lowercase();
        let chosen = lower.match_indices(&key).any(|(at, _)| {
            let mut before = lower.get(..at).unwrap_or_default().chars().rev();
            let rest = lower.get(at + target.len()..).unwrap_or_default();
            // The whole key, in JSON or in a form. No call in JSON names its action or a bucket within, and what is
            // escaped is data.
            let value = match before.next() {
                Some('"' | '\'') if before.next() != Some('\\') && !["Action", "Bucket"].contains(target) => {
                    rest.trim_start_matches(['"', '\'']).trim_start().strip_prefix(':').map(str::trim_start)
                }
                None | Some('&' | '\n' | ' ') => rest.strip_prefix('='),
                _ => None,
            };
            let value = value.map(|value| value.trim_start_matches(['"', '\'', '$', '{', '!']));
            let value = value.map(|value| value.strip_prefix("util.urlencode($").unwrap_or(value));
            value.is_some_and(|v| v.starts_with("input.") || v.starts_with("method.request."))
        });
        chosen.then(|| (*target).to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::{TargetFromRequest, chosen_in};
    use crate::testing::Build;
    use tidegate_graph::Severity;

    #[test]
    fn severity_is_what_the_role_gives() {
        let of = |resource: &str| {
            let role = format!(
                r#"{{"Policies": [{{"PolicyName": "p", "PolicyDocument": {{"Statement":
                    {{"Effect": "Allow", "Action": "kinesis:PutRecord", "Resource": "{resource}"}}}}}}]}}"#
            );
            let method = r#"{"Integration": {"Type": "AWS", "Credentials": {"Fn::GetAtt": ["Role", "Arn"]},
                "Uri": "arn:aws:apigateway:eu-west-1:kinesis:action/PutRecord",
                "RequestTemplates": {"application/json": "{\"StreamName\": \"$input.params('s')\"}"}}}"#;
            let build = Build::new().json("Role", "AWS::IAM::Role", &role).json(
                "M",
                "AWS::ApiGateway::Method",
                method,
            );
            build.run::<TargetFromRequest>().findings.iter().map(|f| f.severity).collect::<Vec<_>>()
        };
        assert_eq!(of("*"), [Severity::High]);
        assert_eq!(of("arn:aws:kinesis:eu-west-1:123456789012:stream/*"), [Severity::High]);
        assert_eq!(of("arn:aws:kinesis:eu-west-1:123456789012:stream/orders*"), [Severity::Low]);
    }

    fn method(integration: &str) -> Vec<String> {
        let properties = format!(r#"{{"Integration": {integration}}}"#);
        Build::new().json("M", "AWS::ApiGateway::Method", &properties).findings::<TargetFromRequest>()
    }

    #[test]
    fn parameters() {
        let expected = ["M: the caller chooses `bucket` of the service that is called"];
        let s3 = |uri: &str| {
            method(&format!(
                r#"{{"Type": "AWS", "Uri": "arn:aws:apigateway:eu-west-1:s3:path/{uri}",
                    "RequestParameters": {{"integration.request.path.bucket": "method.request.path.folder",
                        "integration.request.path.key": "method.request.path.item"}}}}"#
            ))
        };
        assert_eq!(s3("{bucket}/{key}"), expected);
        assert!(s3("orders/{key}").is_empty());
        let function = r#"{"Type": "AWS", "Uri": "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/f/invocations",
            "RequestTemplates": {"application/json": "{\"action\": \"$input.params('a')\"}"}}"#;
        assert!(method(function).is_empty());
    }

    #[test]
    fn http_apis() {
        let properties = r#"{"IntegrationSubtype": "SQS-SendMessage",
            "RequestParameters": {"QueueUrl": "$request.querystring.queue", "MessageBody": "$request.body"}}"#;
        let build = Build::new().json("I", "AWS::ApiGatewayV2::Integration", properties);
        let expected = ["I: the caller chooses `QueueUrl` of the service that is called"];
        assert_eq!(build.findings::<TargetFromRequest>(), expected);
    }

    #[test]
    fn templates() {
        assert_eq!(
            chosen_in("Action=Publish&TopicArn=$util.urlEncode($input.path('$.t'))").as_deref(),
            Some("TopicArn")
        );
        assert_eq!(chosen_in(r#"{"TableName" : "$input.params('t')"}"#).as_deref(), Some("TableName"));
        assert_eq!(
            chosen_in(r#"{"TableName": "orders", "Item": {"action": {"S": "$input.params('a')"}}}"#),
            None
        );
        assert_eq!(chosen_in("Action=SendMessage&MessageBody=$input.body"), None);
        assert_eq!(chosen_in(r#"{"input": "{\"tableName\": \"$input.params('t')\"}"}"#), None);
        assert_eq!(chosen_in(r#"{"action": "$input.params('a')"}"#), None);
    }
}
