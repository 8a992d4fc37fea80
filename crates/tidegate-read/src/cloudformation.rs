//! CloudFormation templates, and what becomes one: SAM, CDK assemblies, Serverless Framework services.

mod cdk;
mod conditions;
mod evaluate;
mod include;
mod language_extensions;
mod sam;

use crate::reading::{Options, Reading};
use crate::{Files, yaml};
use evaluate::Evaluator;
use std::collections::HashMap;
use std::path::Path;
use tidegate_graph::{Data, FileId, Map, Problem, Resource, Stack, Str, Value};

/// Nested stacks within nested stacks.
const MAX_NESTING: usize = 8;

/// What a transform says of a resource that it made or changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Logical id of the resource it was made from; `None` when it stands for itself.
    pub(crate) made_from: Option<Str>,
    /// Type as it was written.
    pub(crate) declared_type: Str,
}

/// A template in CloudFormation's own words, ready to be evaluated.
#[derive(Debug, Default)]
pub(crate) struct Template {
    /// The file it was written in.
    pub(crate) file: FileId,
    /// Name of the stack, and first part of the ids of its resources.
    pub(crate) stack: Str,
    /// `cloudformation`, `sam`, `cdk`, `serverless`.
    pub(crate) format: &'static str,
    /// The root mapping, intrinsics in long form (`{"Fn::GetAtt": [..]}`, `{"Ref": ..}`).
    pub(crate) root: Map,
    /// Parameter values that are fixed from outside (parameter file, parent stack).
    pub(crate) bound: HashMap<Str, Value>,
    /// Where resources come from, by logical id; missing for those that were written as they are.
    pub(crate) origins: HashMap<Str, Origin>,
    /// Problems met so far.
    pub(crate) problems: Vec<Problem>,
}

/// Reads a template file: language extensions, includes, SAM transform, intrinsics, nested stacks.
pub(crate) fn read(
    files: &Files,
    file: FileId,
    root: Value,
    parameters: Option<Value>,
    options: &Options,
) -> Vec<Reading> {
    let mut bound = parameters.map(bindings).unwrap_or_default();
    let given =
        options.parameters.iter().map(|(name, value)| (Str::from(name), Value::text(value, root.span)));
    bound.extend(given);
    read_stack(
        files,
        Template { file, stack: stack_name(files, file), bound, ..Template::default() },
        root,
        options,
        0,
    )
}

/// Reads a CDK assembly.
pub(crate) fn read_assembly(
    files: &Files,
    manifest: FileId,
    root: &Value,
    options: &Options,
) -> Vec<Reading> {
    cdk::read(files, manifest, root, options)
}

/// Reads a state machine definition that no template draws in.
pub(crate) fn read_state_machine(files: &Files, file: FileId, root: Value) -> Vec<Reading> {
    let span = root.span;
    let stack = stack_name(files, file);
    let resource = Value::object(
        [
            ("Type", Value::text("AWS::StepFunctions::StateMachine", span)),
            ("Properties", Value::object([("Definition", root)], span)),
        ],
        span,
    );
    let root = Value::object([("Resources", Value::object([("StateMachine", resource)], span))], span);
    let root = root.as_map().cloned().unwrap_or_default();
    lower(files, Template { file, stack, format: "asl", root, ..Template::default() }, &Options::default())
}

/// Evaluates a template that is in CloudFormation's own words: its reading first, then those of its nested stacks.
pub(crate) fn lower(files: &Files, template: Template, options: &Options) -> Vec<Reading> {
    evaluate_stack(files, template, options, 0)
}

fn read_stack(
    files: &Files,
    mut template: Template,
    root: Value,
    options: &Options,
    depth: usize,
) -> Vec<Reading> {
    let Data::Map(map) = root.data else { return Vec::new() };
    template.root = map;
    template.format = "cloudformation";
    cdk::prepare(&mut template.root);
    include::expand(files, &mut template);
    language_extensions::expand(&mut template);
    if is_sam(&template.root) {
        template.format = "sam";
        sam::transform(files, &mut template);
    }
    evaluate_stack(files, template, options, depth)
}

fn evaluate_stack(files: &Files, mut template: Template, options: &Options, depth: usize) -> Vec<Reading> {
    let path = files.source(template.file).map(|s| s.path().clone()).unwrap_or_default();
    let stack = Stack { name: template.stack.clone(), format: template.format, path };
    let mut problems = std::mem::take(&mut template.problems);
    let declared = match template.root.remove("Resources").map(|v| v.data) {
        Some(Data::Map(map)) => map,
        None | Some(Data::Null) => Map::new(),
        Some(_) => {
            problems.push(
                Problem::file(stack.path.clone(), "`Resources` is not a map")
                    .help("write one entry for each resource"),
            );
            Map::new()
        }
    };
    let outputs = template.root.remove("Outputs");
    let metadata = template.root.remove("Metadata");
    let types = declared
        .iter()
        .map(|(id, r)| (id.clone(), r.get("Type").and_then(Value::as_text).unwrap_or_default()));
    let mut evaluator = Evaluator::new(&template, types.collect(), problems);

    let mut resources = Vec::with_capacity(declared.len());
    for (logical_id, field) in declared.into_fields() {
        resources.extend(resource(&mut evaluator, &template, logical_id, field.key, field.value));
    }
    let exports = outputs.map(|o| exports(&mut evaluator, &template.stack, &o)).unwrap_or_default();
    let (variables, problems) = evaluator.finish();

    let mut nested = Vec::new();
    if depth < MAX_NESTING {
        for child in resources.iter().filter(|r| r.ty == "AWS::CloudFormation::Stack") {
            nested.extend(nested_stack(files, &template, child, options, depth));
        }
    }
    let mut readings =
        vec![Reading { stack, resources, variables, problems, metadata, exports, ..Reading::default() }];
    readings.extend(nested);
    readings
}

fn resource(
    evaluator: &mut Evaluator,
    template: &Template,
    logical_id: Str,
    key: tidegate_graph::Span,
    value: Value,
) -> Option<Resource> {
    let Data::Map(mut map) = value.data else {
        evaluator.problem(
            Problem::at(key, format!("resource `{logical_id}` is not a map"))
                .help("write `Type` and `Properties` below it"),
        );
        return None;
    };
    let Some(ty) = map.get("Type").and_then(Value::as_text) else {
        evaluator.problem(
            Problem::at(key, format!("resource `{logical_id}` has no `Type`"))
                .help("add for example `Type: AWS::SQS::Queue`"),
        );
        return None;
    };
    let properties = match map.remove("Properties") {
        Some(properties) => match evaluator.value(&properties).map(|v| v.data) {
            Some(Data::Map(map)) => map,
            Some(Data::Null) | None => Map::new(),
            Some(_) => {
                evaluator.problem(Problem::at(
                    properties.span,
                    format!("`Properties` of `{logical_id}` is not a map"),
                ));
                Map::new()
            }
        },
        None => Map::new(),
    };
    let condition = map.get("Condition").and_then(Value::as_text).map(|name| evaluator.condition(&name));
    map.remove("Type");
    let mut attributes = Map::new();
    for (name, field) in map.into_fields() {
        if let Some(value) = evaluator.value(&field.value) {
            attributes.insert_field(name, tidegate_graph::Field { key: field.key, value });
        }
    }
    let origin = template.origins.get(&logical_id);
    Some(Resource {
        id: format!("{}/{logical_id}", template.stack).into(),
        declared_type: origin.map_or_else(|| ty.clone(), |o| o.declared_type.clone()),
        made_from: origin.and_then(|o| o.made_from.clone()),
        logical_id,
        ty,
        stack: 0,
        properties,
        attributes,
        condition,
        span: key,
    })
}

/// Outputs as other stacks may use them: by export name, and by the name of the nested stack.
fn exports(evaluator: &mut Evaluator, stack: &str, outputs: &Value) -> Vec<(Str, Value)> {
    let mut out = Vec::new();
    for (name, output) in outputs.as_map().into_iter().flat_map(Map::iter) {
        let Some(value) = output.get("Value").and_then(|v| evaluator.value(v)) else { continue };
        if let Some(export) =
            output.get("Export").and_then(|e| e.get("Name")).and_then(|n| evaluator.value(n))
        {
            out.push((format!("import:{}", export.display()).into(), value.clone()));
        }
        out.push((format!("output:{stack}.{name}").into(), value));
    }
    out
}

fn nested_stack(
    files: &Files,
    parent: &Template,
    child: &Resource,
    options: &Options,
    depth: usize,
) -> Vec<Reading> {
    let Some(url) = child.property("TemplateURL").and_then(Value::as_str).filter(|u| !u.contains("://"))
    else {
        return Vec::new();
    };
    let path = files.beside(parent.file, url);
    // A template that isn't here (packaged, or fetched at deployment) is unknown, not broken.
    let Ok(file) = files.load(&path) else { return Vec::new() };
    if file == parent.file {
        return Vec::new();
    }
    let (root, problems) = yaml::parse_one(file, &files.text(file));
    let Some(root) = root else { return Vec::new() };
    let bound = child.property("Parameters").and_then(Value::as_map);
    let bound = bound.into_iter().flat_map(Map::iter).map(|(k, v)| (k.clone(), v.clone())).collect();
    let template = Template { file, stack: child.id.clone(), bound, problems, ..Template::default() };
    read_stack(files, template, root, options, depth + 1)
}

/// Parameter files: `[{ParameterKey, ParameterValue}]` or `{Parameters: {Name: Value}}`.
fn bindings(file: Value) -> HashMap<Str, Value> {
    match file.data {
        Data::List(items) => items
            .into_iter()
            .filter_map(|item| {
                Some((item.get("ParameterKey")?.as_text()?, item.get("ParameterValue")?.clone()))
            })
            .collect(),
        Data::Map(mut map) => match map.remove("Parameters").map(|v| v.data) {
            Some(Data::Map(map)) => map.into_fields().map(|(k, f)| (k, f.value)).collect(),
            _ => HashMap::new(),
        },
        _ => HashMap::new(),
    }
}

/// `orders/template` for `orders/template.yaml`.
pub(crate) fn stack_name(files: &Files, file: FileId) -> Str {
    let path = files.source(file).map(|s| s.path().clone()).unwrap_or_default();
    let stem = Path::new(path.as_str()).with_extension("").to_string_lossy().into_owned();
    stem.strip_suffix(".template").unwrap_or(&stem).into()
}

/// A template with the transform, or with its resource types: fragments leave the header to the build.
fn is_sam(root: &Map) -> bool {
    let transform = |t: &Value| t.as_str() == Some("AWS::Serverless-2016-10-31");
    let serverless =
        |r: &Value| r.get("Type").and_then(Value::as_str).is_some_and(|t| t.starts_with("AWS::Serverless::"));
    root.get("Transform").is_some_and(|t| t.items().iter().any(transform))
        || root.get("Resources").and_then(Value::as_map).is_some_and(|r| r.values().any(serverless))
}
