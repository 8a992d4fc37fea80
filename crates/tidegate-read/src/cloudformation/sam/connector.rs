//! Connectors: permissions from one resource to others, as resources or as an attribute of their source.

use super::make::{attribute, logical_id, map_of, present, reference, respan, same, truthy, value};
use super::shape::expect_map;
use super::{Made, Res, Source, Transform, distinct, tables};
use crate::yaml;
use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;
use tidegate_graph::{Data, FileId, Map, Problem, Span, Str, Value};

/// Connections by `source destination`: what is made, on which side, and the statements of each access category.
const CONNECTIONS: &str = include_str!("../../../data/sam-connectors.json");

/// One end of a connector.
#[derive(Clone, Debug, Default)]
pub(super) struct End {
    pub(super) id: Option<Str>,
    pub(super) kind: Str,
    pub(super) arn: Option<Value>,
    pub(super) role: Option<Value>,
    pub(super) queue_url: Option<Value>,
    pub(super) resource_id: Option<Value>,
    pub(super) name: Option<Value>,
    pub(super) qualifier: Option<Value>,
}

/// What is noted until all connectors are made.
#[derive(Debug, Default)]
pub(super) struct Noted {
    /// Mappings by queue or stream and function.
    mappings: Option<HashMap<(Str, Str), Vec<Str>>>,
    /// What connectors have become, for those that depend on them.
    made: HashMap<Str, Vec<Str>>,
}

/// Turns the attribute `Connectors` of resources into resources of their own.
pub(super) fn embedded(run: &mut Transform<'_>) {
    for id in run.source.keys().cloned().collect::<Vec<_>>() {
        let resource = run.source.get_mut(&id).and_then(Value::as_map_mut);
        let Some(connectors) = resource.and_then(|resource| resource.remove("Connectors")) else { continue };
        let Data::Map(connectors) = connectors.data else {
            run.problems
                .push(Problem::at(connectors.span, format!("`Connectors` of `{id}` should be a map")));
            continue;
        };
        for (name, field) in connectors.into_fields() {
            let result = lifted(run, &id, &name, field.value);
            run.tried(result);
        }
    }
}

fn lifted(run: &mut Transform<'_>, id: &Str, name: &str, connector: Value) -> Res {
    let span = connector.span;
    let mut connector = expect_map(&connector, &format!("Connectors.{name}"))?.clone();
    let path = format!("Connectors.{name}.Properties");
    let properties = connector
        .get("Properties")
        .ok_or_else(|| Problem::at(span, format!("connector `{name}` of `{id}` lacks `Properties`")))?;
    let mut properties = expect_map(properties, &path)?.clone();
    let mut source = Map::new();
    source.insert("Id", Value::text(id.clone(), span));
    if let Some(more) = properties.remove("SourceReference") {
        let more = expect_map(&more, &format!("{path}.SourceReference"))?.clone();
        if let Some(own) = more.get("Id") {
            return Err(Problem::at(
                own.span,
                format!("`SourceReference` of connector `{name}` of `{id}` doesn't take `Id`"),
            ));
        }
        more.into_fields().for_each(|(key, field)| {
            source.insert_field(key, field);
        });
    }
    properties.insert("Source", Value::map(source, span));
    connector.insert("Properties", Value::map(properties, span));
    connector.insert("Type", Value::text("AWS::Serverless::Connector", span));
    let full = format!("{id}{name}");
    if run.source.contains_key(&full) {
        return Err(Problem::at(
            span,
            format!("connector `{name}` of `{id}` makes `{full}`, an id that is taken"),
        ));
    }
    run.made_from.insert(full.as_str().into(), id.clone());
    run.source.insert(full, Value::map(connector, span));
    Ok(())
}

/// `AWS::Serverless::Connector`
pub(super) fn transform(run: &mut Transform<'_>, source: &Source) -> Vec<Made> {
    if !run.check(source, tables::CONNECTOR) {
        return Vec::new();
    }
    let (Some(from), Some(to), Some(permissions)) =
        (source.get("Source"), source.get("Destination"), source.get("Permissions"))
    else {
        return Vec::new();
    };
    let many = to.as_list().is_some();
    if to.as_list().is_some_and(<[Value]>::is_empty) {
        run.problems.push(source.fault("Destination", "`Destination` should not be empty"));
    }
    let permissions: Vec<Str> =
        permissions.items().iter().filter_map(|p| p.as_str().map(Str::from)).collect();
    let mut out = Vec::new();
    for (index, destination) in to.items().iter().enumerate() {
        let suffix = if many { format!("Destination{index}") } else { String::new() };
        let result = end(run, from, destination)
            .and_then(|a| Ok((a, end(run, destination, from)?)))
            .and_then(|(a, b)| connect(run, source, (&a, &b), &permissions, &suffix));
        out.extend(run.tried(result).into_iter().flatten());
    }
    let ids = out.iter().map(|made| made.id.clone()).collect();
    run.connectors.made.insert(source.id.clone(), ids);
    out
}

/// Makes what lets one end reach the other.
pub(super) fn connect(
    run: &mut Transform<'_>,
    source: &Source,
    (from, to): (&End, &End),
    permissions: &[Str],
    suffix: &str,
) -> Res<Vec<Made>> {
    let at = source.at("Permissions");
    let fault = |said: String| Problem::at(at, format!("`{}`: {said}", source.id));
    let key = format!("{} {}", from.kind, to.kind);
    let Some(connection) = connections().get(&key).and_then(map_of) else {
        return Err(fault(format!("there is no connector from `{}` to `{}`", from.kind, to.kind)));
    };
    let access = connection.get("access").and_then(map_of).cloned().unwrap_or_default();
    let known = || access.keys().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ");
    let permissions = distinct(permissions.iter().cloned());
    if permissions.is_empty() {
        return Err(fault(format!("`Permissions` should not be empty; it takes {}", known())));
    }
    if let Some(other) = permissions.iter().find(|p| !access.contains_key(p)) {
        return Err(fault(format!("`Permissions` doesn't take `{other}` here; it takes {}", known())));
    }
    if let Some(combinations) = connection.get("together").and_then(Value::as_list) {
        let given: HashSet<&str> = permissions.iter().map(Str::as_str).collect();
        let fits = combinations
            .iter()
            .any(|c| c.items().iter().filter_map(Value::as_str).collect::<HashSet<_>>() == given);
        if !fits {
            let all: Vec<_> = combinations.iter().map(Value::display).collect();
            return Err(fault(format!("`Permissions` should be one of {}", all.join(", "))));
        }
    }
    let own = if connection.get("of").and_then(Value::as_str) == Some("source") { from } else { to };
    let side = if std::ptr::eq(own, from) { "Source" } else { "Destination" };
    let needed = |value: &Option<Value>, what: &str| {
        value
            .clone()
            .filter(|v| truthy(Some(v)))
            .ok_or_else(|| fault(format!("the {what} of `{side}` is not known")))
    };
    let chosen: Vec<(&Str, &Value)> = access.iter().filter(|(name, _)| permissions.contains(name)).collect();
    let document = || -> Res<Value> {
        let mut statements = Vec::new();
        for (_, category) in &chosen {
            for statement in category.items() {
                statements.push(filled(respan(statement.clone(), at), from, to, &fault)?);
            }
        }
        Ok(value!(at, { "Version": "2012-10-17", "Statement": (statements) }))
    };
    let make = |part: &str, kind: &'static str| {
        let mut made =
            Made::new(format!("{}{part}{suffix}", source.id), kind, source.span).with(&source.attributes);
        made.depends_on = source.depends_on.clone();
        made
    };
    let mut out = Vec::new();
    match connection.get("kind").and_then(Value::as_str) {
        Some("role") => {
            let mut policy = make("Policy", "AWS::IAM::ManagedPolicy");
            policy.set("PolicyDocument", document()?);
            policy.set("Roles", vec![needed(&own.role, "role")?]);
            match connection.get("before").and_then(Value::as_str) {
                Some("mapping") => wait_in_mapping(run, from, to, &policy.id),
                Some(_) => from.id.iter().for_each(|id| wait(run, id, &policy.id)),
                None => {}
            }
            out.push(policy);
        }
        Some("queue") => {
            let mut policy = make("QueuePolicy", "AWS::SQS::QueuePolicy");
            policy.set("PolicyDocument", document()?);
            policy.set("Queues", vec![needed(&own.queue_url, "URL")?]);
            out.push(policy);
        }
        Some("topic") => {
            let mut policy = make("TopicPolicy", "AWS::SNS::TopicPolicy");
            policy.set("PolicyDocument", document()?);
            policy.set("Topics", vec![needed(&own.arn, "ARN")?]);
            out.push(policy);
        }
        _ => {
            for (name, category) in &chosen {
                let mut permission = make(&format!("{name}LambdaPermission"), "AWS::Lambda::Permission");
                permission.set("FunctionName", needed(&own.arn, "ARN")?);
                let settings = filled(respan((*category).clone(), at), from, to, &fault)?;
                for name in ["Action", "Principal", "SourceArn", "SourceAccount"] {
                    permission.set_opt(name, settings.get(name));
                }
                out.push(permission);
            }
        }
    }
    let written =
        |end: &End| end.id.as_ref().and_then(|id| run.kind_of(id)).unwrap_or_else(|| end.kind.clone());
    let ends = value!(at, {
        "Source": { "Type": (written(from).as_str()) }, "Destination": { "Type": (written(to).as_str()) }
    });
    for made in &mut out {
        let mut metadata = made.attributes.get("Metadata").and_then(map_of).cloned().unwrap_or_default();
        metadata.insert("aws:sam:connectors", Value::object([(source.id.clone(), ends.clone())], at));
        made.attributes.insert("Metadata", Value::map(metadata, at));
    }
    Ok(out)
}

/// Lets what depends on a connector depend on what it has become.
pub(super) fn finish(run: &mut Transform<'_>) {
    if run.connectors.made.is_empty() {
        return;
    }
    for (_, resource) in run.out.iter_mut() {
        let Some(resource) = resource.as_map_mut() else { continue };
        let Some(depends) = resource.get("DependsOn") else { continue };
        let ids: Vec<Str> = depends.items().iter().filter_map(|v| v.as_str().map(Str::from)).collect();
        if !ids.iter().any(|id| run.connectors.made.contains_key(id)) {
            continue;
        }
        let span = depends.span;
        let replaced =
            ids.into_iter().flat_map(|id| run.connectors.made.get(&id).cloned().unwrap_or_else(|| vec![id]));
        let ids = distinct(replaced).into_iter().map(|id| Value::text(id, span)).collect();
        resource.insert("DependsOn", Value::list(ids, span));
    }
}

fn wait(run: &mut Transform<'_>, id: &str, policy: &Str) {
    let Some(resource) = run.out.get_mut(id) else { return };
    let span = resource.span;
    let Some(resource) = resource.as_map_mut() else { return };
    let mut ids = present(resource.get("DependsOn")).map(|v| v.items().to_vec()).unwrap_or_default();
    let one = Value::text(policy.clone(), span);
    if !ids.iter().any(|id| same(id, &one)) {
        ids.push(one);
    }
    resource.insert("DependsOn", Value::list(ids, span));
}

fn wait_in_mapping(run: &mut Transform<'_>, from: &End, to: &End, policy: &Str) {
    let (Some(from), Some(to)) = (&from.id, &to.id) else { return };
    if run.connectors.mappings.is_none() {
        let mut index: HashMap<(Str, Str), Vec<Str>> = HashMap::new();
        for (id, resource) in run.out.iter() {
            if resource.get("Type").and_then(Value::as_str) != Some("AWS::Lambda::EventSourceMapping") {
                continue;
            }
            let of = |name: &str| resource.get("Properties").and_then(|p| p.get(name)).and_then(logical_id);
            if let (Some(source), Some(function)) = (of("EventSourceArn"), of("FunctionName")) {
                index.entry((source, function)).or_default().push(id.clone());
            }
        }
        run.connectors.mappings = Some(index);
    }
    let found = run.connectors.mappings.as_ref().and_then(|index| index.get(&(from.clone(), to.clone())));
    if let Some([id]) = found.map(Vec::as_slice) {
        let id = id.clone();
        wait(run, &id, policy);
    }
}

/// What a connector says of one of its ends.
fn end(run: &Transform<'_>, given: &Value, other: &Value) -> Res<End> {
    let span = given.span;
    let map = expect_map(given, "Source")?;
    let details = map.keys().any(|key| key != "Id" && key != "Qualifier");
    if map.contains_key("Id") == details {
        return Err(Problem::at(
            span,
            "an end of a connector takes either `Id` or `Type` with what is known of it",
        ));
    }
    let of = |name: &str| present(map.get(name)).cloned();
    let Some(id) = map.get("Id").filter(|v| truthy(Some(v))) else {
        let kind = map.get("Type").and_then(Value::as_str).filter(|kind| !kind.is_empty());
        let kind =
            kind.ok_or_else(|| Problem::at(span, "`Type` of an end of a connector should be a string"))?;
        return Ok(End {
            id: None,
            kind: canonical(kind).into(),
            arn: of("Arn"),
            role: of("RoleName"),
            queue_url: of("QueueUrl"),
            resource_id: of("ResourceId"),
            name: of("Name"),
            qualifier: of("Qualifier"),
        });
    };
    let id = id
        .as_str()
        .ok_or_else(|| Problem::at(id.span, "`Id` of an end of a connector should be a string"))?;
    let Some(resource) = run.out.get(id) else {
        return Err(Problem::at(span, format!("there is no resource `{id}`")));
    };
    let Some(kind) = resource.get("Type").and_then(Value::as_str) else {
        return Err(Problem::at(span, format!("`Type` of `{id}` should be a string")));
    };
    let mut end = known(id, kind, span);
    end.role = role(resource, kind, other);
    if map.contains_key("Qualifier") {
        end.qualifier = of("Qualifier");
    }
    Ok(end)
}

fn canonical(kind: &str) -> &str {
    match kind {
        "AWS::Serverless::Function" => "AWS::Lambda::Function",
        "AWS::Serverless::StateMachine" => "AWS::StepFunctions::StateMachine",
        "AWS::Serverless::Api" => "AWS::ApiGateway::RestApi",
        "AWS::Serverless::HttpApi" => "AWS::ApiGatewayV2::Api",
        "AWS::Serverless::SimpleTable" => "AWS::DynamoDB::Table",
        other => other,
    }
}

/// What is known of a resource by its type alone.
fn known(id: &str, kind: &str, span: Span) -> End {
    let mut end = End { id: Some(id.into()), kind: kind.into(), ..End::default() };
    let arn = Some(attribute(id, "Arn", span));
    let plain = Some(reference(id, span));
    match kind {
        "AWS::Lambda::Function"
        | "AWS::Events::Rule"
        | "AWS::DynamoDB::Table"
        | "AWS::S3::Bucket"
        | "AWS::Location::PlaceIndex"
        | "AWS::Events::EventBus" => end.arn = arn,
        "AWS::SQS::Queue" => {
            end.arn = arn;
            end.queue_url = plain;
        }
        "AWS::SNS::Topic" | "AWS::AppSync::DataSource" => end.arn = plain,
        "AWS::StepFunctions::StateMachine" => {
            end.arn = plain;
            end.name = Some(attribute(id, "Name", span));
        }
        "AWS::AppSync::GraphQLApi" => {
            end.arn = plain;
            end.resource_id = Some(attribute(id, "ApiId", span));
        }
        "AWS::ApiGateway::RestApi" | "AWS::ApiGatewayV2::Api" => {
            end.arn = arn;
            end.resource_id = plain;
            end.qualifier = Some(Value::text("*", span));
        }
        _ => {}
    }
    end
}

/// The role with which a resource acts.
fn role(resource: &Value, kind: &str, other: &Value) -> Option<Value> {
    let properties = resource.get("Properties")?;
    let role = match kind {
        "AWS::Lambda::Function" => properties.get("Role")?,
        "AWS::StepFunctions::StateMachine" => properties.get("RoleArn")?,
        "AWS::AppSync::DataSource" => properties.get("ServiceRoleArn")?,
        "AWS::Events::Rule" => properties.get("Targets")?.items().iter().find_map(|target| {
            let arn = target.get("Arn")?;
            let by_id = other
                .get("Id")
                .and_then(Value::as_str)
                .is_some_and(|id| logical_id(arn).is_some_and(|t| t == id));
            let by_arn = other.get("Arn").is_some_and(|wanted| same(wanted, arn));
            if by_id || by_arn { target.get("RoleArn") } else { None }
        })?,
        _ => return None,
    };
    logical_id(role).map(|id| reference(&id, role.span))
}

/// Puts ARNs and names in the place of `%{Source.Arn}` and its like.
fn filled(value: Value, from: &End, to: &End, fault: &dyn Fn(String) -> Problem) -> Res<Value> {
    let span = value.span;
    Ok(match value.data {
        Data::List(items) => {
            let items: Res<Vec<Value>> =
                items.into_iter().map(|item| filled(item, from, to, fault)).collect();
            Value::list(items?, span)
        }
        Data::Map(map) => {
            let mut out = Map::new();
            for (key, field) in map.into_fields() {
                out.insert(key, filled(field.value, from, to, fault)?);
            }
            Value::map(out, span)
        }
        Data::Text(text) if text.contains("%{") => text_filled(&text, from, to, span, fault)?,
        Data::Text(text) if text.contains("${") => value!(span, { "Fn::Sub": (&text) }),
        data => Value::new(data, span),
    })
}

fn text_filled(
    text: &str,
    from: &End,
    to: &End,
    span: Span,
    fault: &dyn Fn(String) -> Problem,
) -> Res<Value> {
    let mut out = text.to_owned();
    let mut variables = Map::new();
    for (side, end) in [("Source", from), ("Destination", to)] {
        let parts = [
            ("Arn", &end.arn),
            ("ResourceId", &end.resource_id),
            ("Name", &end.name),
            ("Qualifier", &end.qualifier),
        ];
        for (part, known) in parts {
            let pattern = format!("%{{{side}.{part}}}");
            if !out.contains(&pattern) {
                continue;
            }
            let Some(known) = known else { return Err(fault(format!("`{part}` of `{side}` is not known"))) };
            if out == pattern {
                return Ok(known.clone());
            }
            out = out.replace(&pattern, &format!("${{{side}{part}}}"));
            variables.insert(format!("{side}{part}"), known.clone());
        }
    }
    Ok(value!(span, { "Fn::Sub": [(out), (Value::map(variables, span))] }))
}

fn connections() -> &'static Map {
    static PARSED: OnceLock<Map> = OnceLock::new();
    PARSED.get_or_init(|| {
        let (value, _) = yaml::parse_one(FileId::default(), CONNECTIONS);
        value.as_ref().and_then(map_of).cloned().unwrap_or_default()
    })
}
