//! SAM resources that become one resource each: tables, layers, applications.

use super::make::{digest, is_intrinsic, is_null, map_of, tag_list, truthy, value};
use super::role::sam_tags;
use super::{Made, Res, Source, Transform, s3_location, tables};
use tidegate_graph::{Map, Problem, Value};

/// `AWS::Serverless::SimpleTable`
pub(super) fn table(run: &mut Transform<'_>, source: &Source) -> Vec<Made> {
    run.check(source, tables::SIMPLE_TABLE);
    let span = source.span;
    let mut table = source.main("AWS::DynamoDB::Table");
    let result = key(source);
    let (name, kind) = run.tried(result).unwrap_or_else(|| (Value::text("id", span), "S"));
    table.set(
        "AttributeDefinitions",
        value!(name.span, [{ "AttributeName": (&name), "AttributeType": (kind) }]),
    );
    table.set("KeySchema", value!(name.span, [{ "AttributeName": (&name), "KeyType": "HASH" }]));
    match source.some("ProvisionedThroughput") {
        Some(throughput) => table.set("ProvisionedThroughput", throughput),
        None => table.set("BillingMode", "PAY_PER_REQUEST"),
    }
    for name in ["PointInTimeRecoverySpecification", "SSESpecification", "TableName"] {
        table.set_opt(name, source.some(name));
    }
    if let Some(tags) = source.some("Tags") {
        table.set("Tags", tag_list(Some(tags)));
    }
    vec![table]
}

fn key(source: &Source) -> Res<(Value, &'static str)> {
    let Some(key) = source.some("PrimaryKey").and_then(map_of) else {
        return Ok((Value::text("id", source.span), "S"));
    };
    let part = |name: &str| {
        key.get(name).filter(|v| !is_null(v)).ok_or_else(|| {
            source.fault("PrimaryKey", format!("`PrimaryKey` lacks the required property `{name}`"))
        })
    };
    let (name, kind) = (part("Name")?, part("Type")?);
    let letter = match kind.as_str() {
        Some("String") => "S",
        Some("Number") => "N",
        Some("Binary") => "B",
        _ => {
            let said = format!(
                "`Type` of the `PrimaryKey` of `{}` should be `String`, `Number` or `Binary`",
                source.id
            );
            return Err(Problem::at(kind.span, said));
        }
    };
    Ok((name.clone(), letter))
}

/// `AWS::Serverless::Application`
pub(super) fn application(run: &mut Transform<'_>, source: &Source) -> Vec<Made> {
    run.check(source, tables::APPLICATION);
    let span = source.span;
    let mut stack = source.beside(source.id.clone(), "AWS::CloudFormation::Stack", span);
    stack.depends_on = source.depends_on.clone();
    stack.copy(source, &["Parameters", "NotificationARNs", "TimeoutInMinutes"]);
    let mut tags = Map::new();
    match source.get("Location") {
        Some(location) if map_of(location).is_some() => {
            for (name, tag) in [
                ("ApplicationId", "serverlessrepo:applicationId"),
                ("SemanticVersion", "serverlessrepo:semanticVersion"),
            ] {
                let given = location.get(name).filter(|v| truthy(Some(v))).map(|v| run.known.resolve_maps(v));
                let Some(given) = given else {
                    let said = format!("`Location` of `{}` lacks the required property `{name}`", source.id);
                    run.problems.push(Problem::at(location.span, said));
                    continue;
                };
                let later = map_of(&given)
                    .and_then(Map::only)
                    .is_some_and(|(key, _)| key != "Ref" && key != "Fn::FindInMap");
                if later {
                    let said = format!("`{name}` of `{}` takes `Ref` and `Fn::FindInMap` alone", source.id);
                    run.problems.push(Problem::at(given.span, said));
                }
                tags.insert(tag, given);
            }
        }
        Some(location) => stack.set("TemplateURL", location),
        None => {}
    }
    let mut all = sam_tags("lambda:createdBy", None, span);
    all.extend(tag_list(Some(&Value::map(tags, span))));
    all.extend(tag_list(source.get("Tags")));
    stack.set("Tags", all);
    vec![stack]
}

/// `AWS::Serverless::LayerVersion`
pub(super) fn layer(run: &mut Transform<'_>, source: &Source) -> Vec<Made> {
    let mut source = source.clone();
    run.check(&source, tables::LAYER_VERSION);
    for name in ["LayerName", "LicenseInfo", "Description", "RetentionPolicy"] {
        let Some(value) = source.some(name).map(|v| run.known.resolve(v)) else { continue };
        if value.as_str().is_none() && !is_intrinsic(&value) && source.get(name).is_some_and(is_intrinsic) {
            run.problems
                .push(source.fault(name, format!("`{name}` refers to a parameter that is no string")));
        }
        source.properties.insert(name, value);
    }
    let span = source.span;
    let content = Value::map(source.properties.clone(), span);
    let id = format!("{}{}", source.id, digest(&[&content]));
    let mut layer = source.beside(id.as_str(), "AWS::Lambda::LayerVersion", span);
    layer.depends_on = source.depends_on.clone();
    match retention(&source) {
        Ok(Some(policy)) => {
            layer.attributes.insert("DeletionPolicy", Value::text(policy, source.at("RetentionPolicy")));
        }
        Ok(None) if layer.attributes.contains_key("DeletionPolicy") => {}
        Ok(None) => {
            layer.attributes.insert("DeletionPolicy", Value::text("Retain", span));
        }
        Err(problem) => run.problems.push(problem),
    }
    match source.some("LayerName") {
        Some(name) => layer.set("LayerName", name),
        None => layer.set("LayerName", &source.id),
    }
    match s3_location(&source, "ContentUri", ["S3Bucket", "S3Key", "S3ObjectVersion"]) {
        Ok(Some(content)) => layer.set("Content", content),
        Ok(None) => layer.set_opt("Content", source.get("ContentUri")),
        Err(problem) => run.problems.push(problem),
    }
    layer.copy(&source, &["Description", "CompatibleArchitectures", "CompatibleRuntimes", "LicenseInfo"]);
    let result = architectures(&source);
    run.tried(result);
    run.renamed.ids.insert(source.id.clone(), id.into());
    vec![layer]
}

fn retention(source: &Source) -> Res<Option<&'static str>> {
    let Some(policy) = source.get("RetentionPolicy") else { return Ok(None) };
    match policy.as_str().map(str::to_ascii_lowercase).as_deref() {
        Some("retain") => Ok(Some("Retain")),
        Some("delete") => Ok(Some("Delete")),
        // Told of already.
        None if map_of(policy).is_none() => Ok(None),
        _ => Err(source.fault("RetentionPolicy", "`RetentionPolicy` should be `Retain` or `Delete`")),
    }
}

fn architectures(source: &Source) -> Res {
    let Some(list) = source.some("CompatibleArchitectures").filter(|v| !is_intrinsic(v)) else {
        return Ok(());
    };
    let known = |v: &Value| is_intrinsic(v) || matches!(v.as_str(), Some("x86_64" | "arm64"));
    match list.as_list().unwrap_or_default().iter().find(|v| !known(v)) {
        Some(other) => {
            let said = format!("`CompatibleArchitectures` of `{}` takes `x86_64` and `arm64`", source.id);
            Err(Problem::at(other.span, said))
        }
        None => Ok(()),
    }
}
