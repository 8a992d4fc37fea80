//! Load balancers.

use super::table::{Field, Join, Type, many, omit, one, to, words};
use tidegate_graph::{Field as Entry, Map, Str, Value};

pub(super) const TYPES: &[Type] = &[
    balancer("aws_lb"),
    balancer("aws_alb"),
    listener("aws_lb_listener"),
    listener("aws_alb_listener"),
    rule("aws_lb_listener_rule"),
    rule("aws_alb_listener_rule"),
    group("aws_lb_target_group"),
    group("aws_alb_target_group"),
    attachment("aws_lb_target_group_attachment"),
    attachment("aws_alb_target_group_attachment"),
    Type::new("aws_lb_listener_certificate", "AWS::ElasticLoadBalancingV2::ListenerCertificate")
        .fields(&[to("certificate_arn", "Certificates[].CertificateArn")]),
    Type::new("aws_elb", "AWS::ElasticLoadBalancing::LoadBalancer")
        .attributes(&[("id", ""), ("name", ""), ("dns_name", "DNSName")])
        .fields(&[
            to("name", "LoadBalancerName"),
            many("listener", "Listeners"),
            to("listener.lb_port", "LoadBalancerPort"),
            to("listener.lb_protocol", "Protocol"),
            to("listener.ssl_certificate_id", "SSLCertificateId"),
            one("access_logs", "AccessLoggingPolicy"),
            words("internal", "Scheme", SCHEME),
        ]),
];

const SCHEME: &[(&str, &str)] = &[("true", "internal"), ("false", "internet-facing")];

const fn balancer(terraform: &'static str) -> Type {
    Type::new(terraform, "AWS::ElasticLoadBalancingV2::LoadBalancer")
        .attributes(&[
            ("arn", ""),
            ("id", ""),
            ("dns_name", "DNSName"),
            ("zone_id", "CanonicalHostedZoneID"),
            ("arn_suffix", "LoadBalancerFullName"),
        ])
        .fields(BALANCER)
        .finish(attributes)
}

const fn listener(terraform: &'static str) -> Type {
    Type::new(terraform, "AWS::ElasticLoadBalancingV2::Listener")
        .attributes(&[("arn", ""), ("id", "")])
        .fields(LISTENER)
        .finish(headers)
}

const fn rule(terraform: &'static str) -> Type {
    Type::new(terraform, "AWS::ElasticLoadBalancingV2::ListenerRule")
        .attributes(&[("arn", ""), ("id", "")])
        .fields(LISTENER)
}

const fn group(terraform: &'static str) -> Type {
    Type::new(terraform, "AWS::ElasticLoadBalancingV2::TargetGroup")
        .names(&["arn"])
        .attributes(&[
            ("arn", ""),
            ("id", ""),
            ("name", "TargetGroupName"),
            ("arn_suffix", "TargetGroupFullName"),
        ])
        .fields(GROUP)
        .finish(health)
}

const fn attachment(terraform: &'static str) -> Type {
    Type::part(terraform, ATTACHMENT)
}

const BALANCER: &[Field] = &[
    to("load_balancer_type", "Type"),
    words("internal", "Scheme", SCHEME),
    many("subnet_mapping", "SubnetMappings"),
    one("access_logs", "AccessLogs"),
];

/// Of listeners and of their rules.
const LISTENER: &[Field] = &[
    many("default_action", "DefaultActions"),
    to("certificate_arn", "Certificates[].CertificateArn"),
    to("alpn_policy", "AlpnPolicy[]"),
    one("mutual_authentication", "MutualAuthentication"),
    many("action", "Actions"),
    many("condition", "Conditions"),
    one("condition.path_pattern", "PathPatternConfig"),
    one("condition.host_header", "HostHeaderConfig"),
    one("condition.http_header", "HttpHeaderConfig"),
    one("condition.http_request_method", "HttpRequestMethodConfig"),
    one("condition.source_ip", "SourceIpConfig"),
    one("condition.query_string", "QueryStringConfig"),
    one("*.forward", "ForwardConfig"),
    many("*.forward.target_group", "TargetGroups"),
    to("*.target_group.arn", "TargetGroupArn"),
    one("*.forward.stickiness", "TargetGroupStickinessConfig"),
    one("*.redirect", "RedirectConfig"),
    one("*.fixed_response", "FixedResponseConfig"),
    one("*.authenticate_cognito", "AuthenticateCognitoConfig"),
    one("*.authenticate_oidc", "AuthenticateOidcConfig"),
];

const GROUP: &[Field] = &[
    one("health_check", "HealthCheck"),
    to("health_check.matcher", "Matcher.HttpCode"),
    one("stickiness", "Stickiness"),
    omit("deregistration_delay"),
    omit("lambda_multi_value_headers_enabled"),
];

const ATTACHMENT: &[Join] = &[
    Join::new("aws_lb_target_group", &["target_group_arn"]).fields(TARGET).under("Targets[]"),
    Join::new("aws_alb_target_group", &["target_group_arn"]).fields(TARGET).under("Targets[]"),
];

const TARGET: &[Field] = &[omit("target_group_arn"), to("target_id", "Id")];

/// Switches of their own are attributes in a list.
fn attributes(map: &mut Map) {
    let mut list = Vec::new();
    for (property, key) in [
        ("EnableDeletionProtection", "deletion_protection.enabled"),
        ("DropInvalidHeaderFields", "routing.http.drop_invalid_header_fields.enabled"),
        ("IdleTimeout", "idle_timeout.timeout_seconds"),
        ("DesyncMitigationMode", "routing.http.desync_mitigation_mode"),
    ] {
        if let Some(value) = map.remove(property) {
            list.push(attribute(key, value));
        }
    }
    if let Some(logs) = map.remove("AccessLogs").and_then(|v| v.as_map().cloned()) {
        for (property, key) in [
            ("Enabled", "access_logs.s3.enabled"),
            ("Bucket", "access_logs.s3.bucket"),
            ("Prefix", "access_logs.s3.prefix"),
        ] {
            list.extend(logs.get(property).map(|value| attribute(key, value.clone())));
        }
    }
    if let Some(span) = list.first().map(|v| v.span) {
        map.insert("LoadBalancerAttributes", Value::list(list, span));
    }
}

/// Headers that a listener renames or adds are attributes in a list, whose keys have the words of the arguments.
fn headers(map: &mut Map) {
    const KINDS: &[(&str, &str, &str, &str)] = &[
        ("RoutingHttpRequest", "HeaderName", "routing.http.request", "header_name"),
        ("RoutingHttpResponse", "HeaderValue", "routing.http.response", "header_value"),
        ("RoutingHttpResponse", "Enabled", "routing.http.response", "enabled"),
    ];
    let key = |property: &str| {
        KINDS.iter().find_map(|(start, end, prefix, suffix)| {
            let header = property.strip_prefix(start)?.strip_suffix(end)?;
            Some(format!("{prefix}.{}.{suffix}", snake(header)))
        })
    };
    let keys: Vec<(String, String)> =
        map.iter().filter_map(|(property, _)| Some((property.to_string(), key(property)?))).collect();
    let list: Vec<Value> = keys
        .into_iter()
        .filter_map(|(property, key)| map.remove(&property).map(|value| attribute(key, value)))
        .collect();
    if let Some(span) = list.first().map(|v| v.span) {
        map.insert("ListenerAttributes", Value::list(list, span));
    }
}

/// `AccessControlAllowOrigin` as `access_control_allow_origin`.
fn snake(pascal: &str) -> String {
    let mut out = String::new();
    for c in pascal.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

fn attribute(key: impl Into<Str>, value: Value) -> Value {
    let span = value.span;
    Value::object([("Key", Value::text(key, span)), ("Value", value)], span)
}

/// The health check is a dozen properties of the group.
fn health(map: &mut Map) {
    let Some(check) = map.remove("HealthCheck").and_then(|v| v.as_map().cloned()) else { return };
    for (key, Entry { key: span, value }) in check.into_fields() {
        let name = match key.as_str() {
            "Enabled" => "HealthCheckEnabled",
            "Interval" => "HealthCheckIntervalSeconds",
            "Path" => "HealthCheckPath",
            "Port" => "HealthCheckPort",
            "Protocol" => "HealthCheckProtocol",
            "Timeout" => "HealthCheckTimeoutSeconds",
            "HealthyThreshold" => "HealthyThresholdCount",
            "UnhealthyThreshold" => "UnhealthyThresholdCount",
            other => other,
        };
        map.insert_field(name, Entry { key: span, value });
    }
}
