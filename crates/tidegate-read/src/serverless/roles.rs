//! Execution roles: the one that all functions share, and those that plugins split off.

use super::raw;
use super::service::{Function, Service};
use tidegate_graph::{Data, Span, Value};

const PLUGIN: &str = "serverless-iam-roles-per-function";
const SHARED: &str = "IamRoleLambdaExecution";

/// The role of a function: its own, or the shared one, which gets what the function's events need.
pub(super) fn of(service: &mut Service, function: &Function, statements: Vec<Value>, vpc: bool) -> Value {
    if let Some(role) = function.get("role") {
        return given(role);
    }
    if let Some(role) = own(service, function, &statements, vpc) {
        return role;
    }
    if let Some(role) = provided(service) {
        return role;
    }
    service.shared.extend(statements);
    service.shares = true;
    service.in_vpc |= vpc;
    raw::attribute(SHARED, "Arn", function.span)
}

/// What [`of`] will give, before the role is made.
pub(super) fn expected(service: &Service, function: &Function) -> Value {
    let native = raw::at(&function.config, &["iam", "role"]).filter(|r| r.as_map().is_some());
    match (function.get("role"), native) {
        (Some(role), _) => given(role),
        (None, Some(role)) if raw::is_intrinsic(role) => role.clone(),
        (None, Some(_)) => raw::attribute(&format!("{}{SHARED}", function.prefix), "Arn", function.span),
        (None, None) if function.get("iamRoleStatements").is_some() && service.has_plugin(PLUGIN) => {
            raw::attribute(&format!("{}{SHARED}", function.prefix), "Arn", function.span)
        }
        (None, None) => provided(service).unwrap_or_else(|| raw::attribute(SHARED, "Arn", function.span)),
    }
}

/// The role that the provider names for all functions.
fn provided(service: &Service) -> Option<Value> {
    service
        .provider(&["iam", "role"])
        .filter(|r| raw::is_intrinsic(r) || r.as_str().is_some())
        .or_else(|| service.provider(&["role"]))
        .map(given)
}

/// A role named by ARN, by an intrinsic, or by the logical id of a resource of the service.
fn given(role: &Value) -> Value {
    match role.as_str() {
        Some(text) if !text.contains(':') && !text.is_empty() => raw::attribute(text, "Arn", role.span),
        _ => role.clone(),
    }
}

/// The role of its own that a function asks for: by the plugin, or by `iam` from version 4 on.
fn own(service: &mut Service, function: &Function, statements: &[Value], vpc: bool) -> Option<Value> {
    let native = raw::at(&function.config, &["iam", "role"]).filter(|r| r.as_map().is_some());
    let inherit = |value: Option<&Value>| value.and_then(Value::as_bool) == Some(true);
    let (own, inherits, span) = if let Some(role) = native {
        if raw::is_intrinsic(role) {
            return Some(role.clone());
        }
        (
            role.get("statements").cloned(),
            inherit(function.config.get("iam")?.get("inheritStatements")),
            role.span,
        )
    } else {
        // Without the plugin the framework doesn't look at them.
        let own = function.get("iamRoleStatements").filter(|_| service.has_plugin(PLUGIN))?;
        let all =
            raw::at(&service.config, &["custom", "serverless-iam-roles-per-function", "defaultInherit"]);
        let inherits = function.get("iamRoleStatementsInherit").or(all);
        (Some(own.clone()), inherit(inherits), own.span)
    };
    let mut all = statements.to_vec();
    if inherits {
        all.extend(provider_statements(service));
    }
    all.extend(own.iter().flat_map(Value::items).cloned());
    let managed =
        native.and_then(|r| r.get("managedPolicies")).map(Value::items).unwrap_or_default().to_vec();
    let name = native.and_then(|r| r.get("name")).or_else(|| function.get("iamRoleStatementsName")).cloned();
    let boundary = native
        .and_then(|r| r.get("permissionsBoundary"))
        .or_else(|| function.get("iamPermissionsBoundary"))
        .or_else(|| service.provider(&["iam", "role", "permissionsBoundary"]))
        .or_else(|| service.provider(&["rolePermissionsBoundary"]))
        .cloned();
    let id = format!("{}{SHARED}", function.prefix);
    let group = format!("/aws/lambda/{}-{}-{}", service.name, service.stage, function.key);
    let parts = Role { statements: all, managed, name, boundary, path: None, vpc, group };
    let properties = parts.properties(service, span);
    service.add(id.clone(), "AWS::IAM::Role", Some(&function.id), properties, span);
    Some(raw::attribute(&id, "Arn", span))
}

/// The role that functions share, if any does.
pub(super) fn shared(service: &mut Service) {
    if !service.shares {
        return;
    }
    let section =
        service.provider(&["iam", "role"]).or_else(|| service.provider(&["iamRoleStatements"])).cloned();
    let span = section.as_ref().map_or(service.span, |s| s.span);
    let role = service.provider(&["iam", "role"]).cloned();
    let part = |key: &str| role.as_ref().and_then(|r| r.get(key)).cloned();
    let mut statements = std::mem::take(&mut service.shared);
    dedupe(&mut statements);
    statements.extend(provider_statements(service));
    let managed = part("managedPolicies").or_else(|| service.provider(&["iamManagedPolicies"]).cloned());
    let boundary =
        part("permissionsBoundary").or_else(|| service.provider(&["rolePermissionsBoundary"]).cloned());
    let parts = Role {
        statements,
        managed: managed.as_ref().map(Value::items).unwrap_or_default().to_vec(),
        name: part("name"),
        boundary,
        path: part("path"),
        vpc: service.in_vpc,
        group: format!("/aws/lambda/{}-{}*", service.name, service.stage),
    };
    let properties = parts.properties(service, span);
    service.add(SHARED, "AWS::IAM::Role", None, properties, span);
}

/// Events of many functions ask for the same; a few hundred statements are compared, the rest stay.
fn dedupe(statements: &mut Vec<Value>) {
    const MAX_COMPARED: usize = 500;
    let mut kept: Vec<Value> = Vec::new();
    for statement in statements.drain(..) {
        let same = |other: &Value| {
            other
                .get("Action")
                .zip(other.get("Resource"))
                .zip(statement.get("Action").zip(statement.get("Resource")))
                .is_some_and(|((a, b), (c, d))| same_data(a, c) && same_data(b, d))
        };
        if kept.len() > MAX_COMPARED || !kept.iter().any(same) {
            kept.push(statement);
        }
    }
    *statements = kept;
}

/// Equal whatever the spans.
fn same_data(a: &Value, b: &Value) -> bool {
    match (&a.data, &b.data) {
        (Data::List(a), Data::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_data(a, b)),
        (Data::Map(a), Data::Map(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|((k, a), (l, b))| k == l && same_data(a, b))
        }
        (a, b) => a == b,
    }
}

fn provider_statements(service: &Service) -> Vec<Value> {
    let statements =
        service.provider(&["iam", "role", "statements"]).or_else(|| service.provider(&["iamRoleStatements"]));
    statements.map(Value::items).unwrap_or_default().to_vec()
}

struct Role {
    statements: Vec<Value>,
    managed: Vec<Value>,
    name: Option<Value>,
    boundary: Option<Value>,
    path: Option<Value>,
    vpc: bool,
    /// Names of the log groups it may write to.
    group: String,
}

impl Role {
    fn properties(self, service: &Service, span: Span) -> Vec<(&'static str, Value)> {
        let logs = |tail: &str| {
            let arn = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group";
            Value::list(vec![raw::sub(format!("{arn}:{}{tail}", self.group), span)], span)
        };
        let create = ["logs:CreateLogStream", "logs:CreateLogGroup", "logs:TagResource"];
        let mut statements = vec![
            raw::allow(&create, logs(":*"), span),
            raw::allow(&["logs:PutLogEvents"], logs(":*:*"), span),
        ];
        statements.extend(self.statements);
        let name = format!("{}-{}-lambda", service.stage, service.name);
        let policy = Value::object(
            [("PolicyName", Value::text(name, span)), ("PolicyDocument", raw::policy(statements, span))],
            span,
        );
        let mut managed = self.managed;
        if self.vpc {
            let arn = "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole";
            managed.push(raw::sub(arn, span));
        }
        let mut out = vec![
            ("AssumeRolePolicyDocument", raw::trust("lambda.amazonaws.com", span)),
            ("Policies", Value::list(vec![policy], span)),
            ("Path", self.path.unwrap_or_else(|| Value::text("/", span))),
        ];
        if !managed.is_empty() {
            out.push(("ManagedPolicyArns", Value::list(managed, span)));
        }
        out.extend(self.boundary.map(|boundary| ("PermissionsBoundary", boundary)));
        out.extend(self.name.map(|name| ("RoleName", name)));
        out
    }
}
