//! Data sources of GraphQL APIs: tables and functions, with roles to reach them.

use super::super::connector::{self, End};
use super::super::make::{attribute, map_of, present, reference, set_opt, sub_with, trust, truthy, value};
use super::super::shape::Type::{Any, ListOf, Map as AMap, Str as AStr};
use super::super::shape::{self, Property, opt, req};
use super::super::{Made, Res, Source, Transform};
use super::{beside, connecting};
use std::collections::HashMap;
use tidegate_graph::{Map, Problem, Span, Str, Value};

const TABLE: &[Property] = &[
    req("TableName", Any),
    opt("ServiceRoleArn", Any),
    opt("TableArn", Any),
    opt("Permissions", ListOf(&AStr)),
    opt("Name", Any),
    opt("Description", Any),
    opt("Region", Any),
    opt("DeltaSync", AMap),
    opt("UseCallerCredentials", Any),
    opt("Versioned", Any),
];
const FUNCTION: &[Property] =
    &[req("FunctionArn", Any), opt("ServiceRoleArn", Any), opt("Name", Any), opt("Description", Any)];

const DELTA_SYNC: &[Property] =
    &[req("BaseTableTTL", Any), req("DeltaSyncTableName", Any), req("DeltaSyncTableTTL", Any)];

/// Makes all data sources, and notes their names.
pub(super) fn make(
    run: &mut Transform<'_>,
    source: &Source,
    names: &mut HashMap<Str, Value>,
    made: &mut Vec<Made>,
) {
    let Some(kinds) = source.get("DataSources").and_then(map_of).cloned() else { return };
    for (kind, entries) in kinds.iter() {
        let tables: &[Property] = match kind.as_str() {
            "DynamoDb" => TABLE,
            "Lambda" => FUNCTION,
            _ => {
                let said =
                    format!("`DataSources` of `{}` takes `DynamoDb` and `Lambda`, not `{kind}`", source.id);
                run.problems.push(Problem::at(entries.span, said));
                continue;
            }
        };
        let Some(entries) = map_of(entries) else {
            let said = format!("`DataSources.{kind}` of `{}` should be a map", source.id);
            run.problems.push(Problem::at(entries.span, said));
            continue;
        };
        for (name, entry) in entries.iter() {
            let what = format!("data source `{name}` of `{}`", source.id);
            let Some(map) = map_of(entry) else {
                run.problems.push(Problem::at(entry.span, format!("{what} should be a map")));
                continue;
            };
            if let Some(sync) = map.get("DeltaSync").and_then(map_of) {
                let what = format!("`DeltaSync` of {what}");
                shape::check(&what, entry.span, sync, &[DELTA_SYNC], &mut run.problems);
            }
            if shape::check(&what, entry.span, map, &[tables], &mut run.problems) {
                let result = data_source(run, source, name, map, entry.span, kind == "Lambda", names, made);
                run.tried(result);
            }
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "one call, and the parts belong to no common thing")]
fn data_source(
    run: &mut Transform<'_>,
    source: &Source,
    name: &str,
    given: &Map,
    at: Span,
    lambda: bool,
    names: &mut HashMap<Str, Value>,
    made: &mut Vec<Made>,
) -> Res {
    let of = |key: &str| present(given.get(key)).filter(|v| truthy(Some(v)));
    let suffix = format!("{name}{}DataSource", if lambda { "Lambda" } else { "DynamoDB" });
    let mut out = beside(source, &suffix, "AWS::AppSync::DataSource", at);
    let id = out.id.clone();
    out.set("ApiId", attribute(&source.id, "ApiId", source.span));
    match of("Name") {
        Some(own) => out.set("Name", own),
        None => out.set("Name", name),
    }
    out.set("Type", if lambda { "AWS_LAMBDA" } else { "AMAZON_DYNAMODB" });
    out.set_opt("Description", given.get("Description"));
    names.insert(name.into(), attribute(&id, "Name", at));
    let (to, permissions) = if lambda {
        let arn = given.get("FunctionArn").cloned();
        if let Some(arn) = &arn {
            out.set("LambdaConfig", value!(at, { "LambdaFunctionArn": (arn) }));
        }
        (End { kind: "AWS::Lambda::Function".into(), arn, ..End::default() }, vec![Str::from("Write")])
    } else {
        out.set("DynamoDBConfig", table_config(given, at));
        let arn = of("TableArn").cloned().unwrap_or_else(|| table_arn(given, at));
        let own: Vec<Str> = of("Permissions")
            .map(Value::items)
            .unwrap_or_default()
            .iter()
            .filter_map(|p| p.as_str().map(Str::from))
            .collect();
        let own = if own.is_empty() { vec!["Read".into(), "Write".into()] } else { own };
        (End { kind: "AWS::DynamoDB::Table".into(), arn: Some(arn), ..End::default() }, own)
    };
    if let Some(role) = of("ServiceRoleArn") {
        out.set("ServiceRoleArn", role);
        made.push(out);
        return Ok(());
    }
    let mut role = beside(source, &format!("{suffix}Role"), "AWS::IAM::Role", at);
    role.set("AssumeRolePolicyDocument", trust("appsync.amazonaws.com", at));
    out.set("ServiceRoleArn", attribute(&role.id, "Arn", at));
    let from = End {
        kind: "AWS::AppSync::DataSource".into(),
        arn: Some(attribute(&id, "DataSourceArn", at)),
        role: Some(reference(&role.id, at)),
        ..End::default()
    };
    made.extend([out, role]);
    let connector = format!("{id}To{}Connector", if lambda { "Lambda" } else { "Table" });
    made.extend(connector::connect(run, &connecting(source, connector), (&from, &to), &permissions, "")?);
    Ok(())
}

fn region(given: &Map, at: Span) -> Value {
    let own = given.get("Region").filter(|v| truthy(Some(v))).cloned();
    own.unwrap_or_else(|| reference("AWS::Region", at))
}

fn table_config(given: &Map, at: Span) -> Value {
    let mut out = Map::new();
    out.insert("AwsRegion", region(given, at));
    for (from, to) in [
        ("TableName", "TableName"),
        ("UseCallerCredentials", "UseCallerCredentials"),
        ("Versioned", "Versioned"),
        ("DeltaSync", "DeltaSyncConfig"),
    ] {
        set_opt(&mut out, to, given.get(from).filter(|v| truthy(Some(v))));
    }
    Value::map(out, at)
}

fn table_arn(given: &Map, at: Span) -> Value {
    let name = given.get("TableName").cloned().unwrap_or_else(|| Value::text("", at));
    let arn = "arn:${AWS::Partition}:dynamodb:${__Region__}:${AWS::AccountId}:table/${__TableName__}";
    sub_with(arn, &[("__TableName__", name), ("__Region__", region(given, at))], at)
}
