//! CDK assemblies: which templates there are, and what CDK puts into them beside the user's own resources.

use super::{Template, read_stack, stack_name};
use crate::reading::{Options, Reading};
use crate::{Files, yaml};
use tidegate_graph::{Data, FileId, Map, Problem, Span, Stack, Str, Value};

/// Assemblies within assemblies (stages of a pipeline).
const MAX_DEPTH: usize = 8;
/// Stacks of one run.
const MAX_STACKS: usize = 5_000;

/// Reads every stack of an assembly and of those nested in it.
pub(super) fn read(files: &Files, manifest: FileId, root: &Value, options: &Options) -> Vec<Reading> {
    let mut out = Vec::new();
    assembly(files, manifest, root, options, 0, &mut out);
    for reading in &mut out {
        reading.stack.format = "cdk";
    }
    out
}

fn assembly(
    files: &Files,
    manifest: FileId,
    root: &Value,
    options: &Options,
    depth: usize,
    out: &mut Vec<Reading>,
) {
    let artifacts = root.get("artifacts").and_then(Value::as_map);
    for artifact in artifacts.into_iter().flat_map(Map::values) {
        if out.len() >= MAX_STACKS {
            return;
        }
        let property = |key: &str| artifact.get("properties").and_then(|p| p.get(key)?.as_str());
        match artifact.get("type").and_then(Value::as_str) {
            Some("aws:cloudformation:stack") => {
                if let Some(path) = property("templateFile") {
                    out.extend(stack(files, manifest, path, artifact.span, options));
                }
            }
            Some("cdk:cloud-assembly") if depth < MAX_DEPTH => {
                let Some(folder) = property("directoryName") else { continue };
                let path = files.beside(manifest, &format!("{folder}/manifest.json"));
                let Some((file, root, _)) = parsed(files, &path).filter(|(file, ..)| *file != manifest)
                else {
                    out.push(missing(files, manifest, artifact.span, folder));
                    continue;
                };
                assembly(files, file, &root, options, depth + 1, out);
            }
            _ => {}
        }
    }
}

fn stack(files: &Files, manifest: FileId, path: &str, span: Span, options: &Options) -> Vec<Reading> {
    let Some((file, root, problems)) = parsed(files, &files.beside(manifest, path)) else {
        return vec![missing(files, manifest, span, path)];
    };
    let template = Template { file, stack: stack_name(files, file), problems, ..Template::default() };
    read_stack(files, template, root, options, 0)
}

fn parsed(files: &Files, path: &std::path::Path) -> Option<(FileId, Value, Vec<Problem>)> {
    let file = files.load(path).ok()?;
    let (root, problems) = yaml::parse_one(file, &files.text(file));
    Some((file, root?, problems))
}

/// A stack that the assembly names and doesn't hold must not look like a clean one.
fn missing(files: &Files, manifest: FileId, span: Span, path: &str) -> Reading {
    let problem = Problem::at(span, format!("`{path}` is named by the assembly and isn't there"));
    let problems = vec![problem.help("run `cdk synth` again")];
    let name = stack_name(files, manifest);
    let shown = files.source(manifest).map(|s| s.path().clone()).unwrap_or_default();
    let stack = Stack { name: format!("{name}/{path}").into(), format: "cdk", path: shown };
    Reading { stack, problems, ..Reading::default() }
}

/// Makes plain what CDK writes in its own way; does nothing to other templates.
///
/// Nested stacks get their local template, bucket notifications go where CloudFormation has them, and the functions that
/// CDK needs for itself are tagged `Tidegate: {helper: true}`.
pub(super) fn prepare(root: &mut Map) {
    let Some(resources) = root.get_mut("Resources").and_then(Value::as_map_mut) else { return };
    let mut notifications = Vec::new();
    for (_, resource) in resources.iter_mut() {
        let ty = resource.get("Type").and_then(Value::as_text).unwrap_or_default();
        let metadata = |key: &str| resource.get("Metadata").and_then(|m| m.get(key)?.as_text());
        let path = metadata("aws:cdk:path");
        if ty == "AWS::CloudFormation::Stack" {
            if let Some(asset) = metadata("aws:asset:path") {
                nested(resource, asset);
            }
        } else if ty == "Custom::S3BucketNotifications" {
            notifications.extend(notification(resource));
        }
        if is_helper(&ty, path.as_deref()) {
            let span = resource.span;
            if let Some(map) = resource.as_map_mut() {
                map.insert("Tidegate", Value::object([("helper", Value::bool(true, span))], span));
            }
        }
    }
    for (bucket, configuration) in notifications {
        let properties = resources.get_mut(&bucket).and_then(Value::as_map_mut).map(|bucket| {
            if !bucket.contains_key("Properties") {
                bucket.insert("Properties", Value::object::<&str>([], configuration.span));
            }
            bucket.get_mut("Properties").and_then(Value::as_map_mut)
        });
        if let Some(properties) = properties.flatten() {
            properties.insert("NotificationConfiguration", configuration);
        }
    }
}

fn nested(resource: &mut Value, asset: Str) {
    let span = resource.span;
    let properties = resource.as_map_mut().and_then(|r| r.get_mut("Properties")?.as_map_mut());
    if let Some(properties) = properties {
        properties.insert("TemplateURL", Value::text(asset, span));
    }
}

/// The bucket's logical id and its `NotificationConfiguration`, from the custom resource that sets it.
fn notification(resource: &Value) -> Option<(Str, Value)> {
    const KINDS: &[(&str, &str, &str, &str)] = &[
        ("LambdaFunctionConfigurations", "LambdaFunctionArn", "LambdaConfigurations", "Function"),
        ("QueueConfigurations", "QueueArn", "QueueConfigurations", "Queue"),
        ("TopicConfigurations", "TopicArn", "TopicConfigurations", "Topic"),
    ];
    let properties = resource.get("Properties")?;
    let bucket = properties.get("BucketName")?.get("Ref")?.as_text()?;
    let written = properties.get("NotificationConfiguration")?;
    let mut out = Vec::new();
    for (from, arn, to, target) in KINDS {
        let mut entries = Vec::new();
        for entry in written.get(from).map(Value::items).unwrap_or_default() {
            for event in entry.get("Events").map(Value::items).unwrap_or_default() {
                let mut fields = vec![("Event", event.clone())];
                fields.extend(entry.get(arn).map(|arn| (*target, arn.clone())));
                if let Some(rules) = entry.get("Filter").and_then(|f| f.get("Key")?.get("FilterRules")) {
                    let key = Value::object([("Rules", rules.clone())], rules.span);
                    fields.push(("Filter", Value::object([("S3Key", key)], rules.span)));
                }
                entries.push(Value::object(fields, entry.span));
            }
        }
        if !entries.is_empty() {
            out.push((*to, Value::list(entries, written.span)));
        }
    }
    if written.get("EventBridgeConfiguration").is_some_and(|e| !matches!(e.data, Data::Null)) {
        let on = Value::object([("EventBridgeEnabled", Value::bool(true, written.span))], written.span);
        out.push(("EventBridgeConfiguration", on));
    }
    Some((bucket, Value::object(out, written.span)))
}

/// Resources that CDK adds for itself, by their type or by a part of their construct path.
fn is_helper(ty: &str, path: Option<&str>) -> bool {
    const TYPES: [&str; 7] = [
        "AWS::CDK::Metadata",
        "Custom::CDKBucketDeployment",
        "Custom::LogRetention",
        "Custom::S3AutoDeleteImages",
        "Custom::S3AutoDeleteObjects",
        "Custom::S3BucketNotifications",
        "Custom::VpcRestrictDefaultSG",
    ];
    /// Constructs that exist once a stack; most carry a hash behind their name.
    const CONSTRUCTS: [&str; 5] = [
        "Custom::",
        "LogRetention",
        "BucketNotificationsHandler",
        "AWS679f53fac002430cb0da5b7982bd2287",
        "CDKMetadata",
    ];
    const HASH: usize = 32;
    let construct = |part: &str| {
        CONSTRUCTS.iter().any(|name| {
            part.strip_prefix(name).is_some_and(|rest| {
                *name == "Custom::"
                    || rest.is_empty() && *name != "LogRetention"
                    || rest.len() == HASH && rest.bytes().all(|b| b.is_ascii_hexdigit())
            })
        })
    };
    TYPES.contains(&ty) || path.is_some_and(|path| path.split('/').skip(1).any(construct))
}
