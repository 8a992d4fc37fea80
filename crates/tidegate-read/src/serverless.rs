//! Serverless Framework services.
//!
//! The framework makes a CloudFormation template of a service; so does this reader, with the framework's own logical ids,
//! since the service's own `resources` refer to them.

mod containers;
mod events;
mod functions;
mod http;
mod http_api;
mod machines;
mod names;
mod proxies;
mod raw;
mod roles;
mod service;
mod variables;

use crate::Files;
use crate::cloudformation::{self, Template};
use crate::reading::{Options, Reading};
use service::Service;
use tidegate_graph::{Data, Field, FileId, Map, Piece, Problem, Span, Str, Symbol, Value, Why};
use variables::Resolver;

/// Reads a service.
pub(crate) fn read(files: &Files, file: FileId, root: Value, options: &Options) -> Vec<Reading> {
    let mut resolver = Resolver::new(files, file, root, options);
    let stage = resolver.settle_stage();
    let config = pseudo_parameters(resolver.service(), 0);
    let mut template = Template {
        file,
        stack: cloudformation::stack_name(files, file),
        format: "serverless",
        problems: resolver.problems,
        ..Template::default()
    };
    let provider = config.get("provider").and_then(|p| p.as_text().or_else(|| p.get("name")?.as_text()));
    match provider.as_deref() {
        None | Some("aws") => compile(config, stage, &mut template),
        Some(other) => {
            let span = config.get("provider").map_or(config.span, |p| p.span);
            let problem = Problem::at(span, format!("services on `{other}` can't be read"));
            template.problems.push(problem.help("only the provider `aws` is known"));
        }
    }
    cloudformation::lower(files, template, options)
}

/// What the ids of everything begin with that belongs to a function.
pub(crate) fn prefix(key: &str) -> String {
    names::function(key)
}

fn compile(config: Value, stage: Str, template: &mut Template) {
    let mut service = Service::new(config, stage);
    deployment_bucket(&mut service);
    functions::compile(&mut service);
    http::for_functions_elsewhere(&mut service);
    roles::shared(&mut service);
    machines::compile(&mut service);
    proxies::compile(&mut service);
    containers::compile(&mut service);
    merge_resources(service, template);
}

/// The bucket that the framework keeps its packages in, unless the service names one.
fn deployment_bucket(service: &mut Service) {
    let given = service.provider(&["deploymentBucket"]);
    if given.is_some_and(|b| b.get("name").is_some() || b.as_map().is_none() || raw::is_intrinsic(b)) {
        return;
    }
    let span = service.span;
    let text = |t: &'static str| Value::text(t, span);
    let rule = Value::object([("SSEAlgorithm", text("AES256"))], span);
    let rule = Value::object([("ServerSideEncryptionByDefault", rule)], span);
    let encryption =
        Value::object([("ServerSideEncryptionConfiguration", Value::list(vec![rule], span))], span);
    service.add(
        "ServerlessDeploymentBucket",
        "AWS::S3::Bucket",
        None,
        [("BucketEncryption", encryption)],
        span,
    );
    let resources = ["", "/*"].map(|tail| {
        raw::sub(format!("arn:${{AWS::Partition}}:s3:::${{ServerlessDeploymentBucket}}{tail}"), span)
    });
    let insecure = Value::object([("aws:SecureTransport", Value::bool(false, span))], span);
    let statement = Value::object(
        [
            ("Action", text("s3:*")),
            ("Effect", text("Deny")),
            ("Principal", text("*")),
            ("Resource", Value::list(resources.to_vec(), span)),
            ("Condition", Value::object([("Bool", insecure)], span)),
        ],
        span,
    );
    let properties = [
        ("Bucket", raw::refer("ServerlessDeploymentBucket", span)),
        ("PolicyDocument", raw::policy(vec![statement], span)),
    ];
    service.add("ServerlessDeploymentBucketPolicy", "AWS::S3::BucketPolicy", None, properties, span);
    service.helper("ServerlessDeploymentBucket");
    service.helper("ServerlessDeploymentBucketPolicy");
}

/// Puts the service's own resources over what was made, and everything into the template.
fn merge_resources(service: Service, template: &mut Template) {
    let Service { config, resources, origins, .. } = service;
    let mut root = Map::new();
    root.insert("Resources", Value::map(resources, config.span));
    let sections = config.get("resources").map(Value::items).unwrap_or_default();
    for (number, section) in sections.iter().enumerate() {
        unread(&mut root, number, section);
        let mut section = section.as_map().cloned().unwrap_or_default();
        // What isn't known must not wipe out what was made.
        if let Some(resources) = section.get("Resources").filter(|r| r.as_map().is_none()).cloned() {
            section.remove("Resources");
            unread(&mut root, number, &resources);
        }
        let extensions = section.remove("extensions");
        raw::merge_maps(&mut root, section);
        let extended = extensions.and_then(|e| e.as_map().cloned()).unwrap_or_default();
        if let Some(resources) = root.get_mut("Resources").and_then(Value::as_map_mut) {
            for (id, field) in extended.into_fields() {
                if let Some(resource) = resources.get_mut(&id) {
                    raw::merge(resource, field.value);
                }
            }
        }
    }
    if let Some(resources) = root.get_mut("Resources").and_then(Value::as_map_mut) {
        // Entries left empty (`Resources: {Queue: }` under a stage that has none) are absent.
        let empty: Vec<Str> =
            resources.iter().filter(|(_, v)| matches!(v.data, Data::Null)).map(|(k, _)| k.clone()).collect();
        empty.iter().for_each(|id| {
            resources.remove(id);
        });
        resources.iter_mut().for_each(|(_, resource)| known_shape(resource));
    }
    template.root = root;
    template.origins = origins;
}

/// Resources that can't be read (they are made by code, or lie elsewhere) stand as a stack that wasn't read.
fn unread(root: &mut Map, number: usize, section: &Value) {
    if !matches!(section.data, Data::Unknown(_)) {
        return;
    }
    let id = if number == 0 { "Resources".to_owned() } else { format!("Resources{number}") };
    if let Some(resources) = root.get_mut("Resources").and_then(Value::as_map_mut) {
        resources.insert_field(id, Field { key: section.span, value: unread_stack(section) });
    }
}

fn unread_stack(section: &Value) -> Value {
    let properties = Value::object([("TemplateURL", section.clone())], section.span);
    Value::object(
        [("Type", Value::text("AWS::CloudFormation::Stack", section.span)), ("Properties", properties)],
        section.span,
    )
}

/// A resource or its properties that are unknown altogether are unknown values, not malformed ones.
fn known_shape(resource: &mut Value) {
    if matches!(resource.data, Data::Unknown(_)) {
        *resource = unread_stack(resource);
        return;
    }
    let properties = resource.as_map_mut().and_then(|map| map.get_mut("Properties"));
    if let Some(properties) = properties.filter(|p| matches!(p.data, Data::Unknown(_))) {
        *properties = Value::object([("Unresolved", properties.clone())], properties.span);
    }
}

/// Strings outside of `Fn::Sub` that name pseudo parameters (`${AWS::Region}`, and `#{AWS::Region}` of a plugin).
fn pseudo_parameters(value: Value, depth: usize) -> Value {
    const MAX_DEPTH: usize = 200;
    if depth > MAX_DEPTH {
        return value;
    }
    let span = value.span;
    let data = match value.data {
        Data::Text(text) if text.contains("{AWS::") => return pieces([Piece::Text(text)], span),
        Data::Template(parts) => return pieces(parts, span),
        Data::List(items) => Data::List(items.into_iter().map(|v| pseudo_parameters(v, depth + 1)).collect()),
        Data::Map(map) if map.only().is_some_and(|(key, _)| key == "Fn::Sub") => Data::Map(map),
        Data::Map(map) => Data::Map(
            map.into_fields()
                .map(|(k, f)| (k, Field { key: f.key, value: pseudo_parameters(f.value, depth + 1) }))
                .collect(),
        ),
        other => other,
    };
    Value::new(data, span)
}

fn pieces(parts: impl IntoIterator<Item = Piece>, span: Span) -> Value {
    let mut out = Vec::new();
    for part in parts {
        let Piece::Text(text) = part else {
            out.push(part);
            continue;
        };
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once("{AWS::") {
            let opened = before.strip_suffix('$').or_else(|| before.strip_suffix('#'));
            let (Some(before), Some((name, tail))) = (opened, after.split_once('}')) else {
                out.push(Piece::Text(format!("{before}{{AWS::").into()));
                rest = after;
                continue;
            };
            out.push(Piece::Text(before.into()));
            out.push(Piece::Symbol(Symbol::new(format!("AWS::{name}"), Why::Pseudo)));
            rest = tail;
        }
        out.push(Piece::Text(rest.into()));
    }
    Value::template(out, span)
}
