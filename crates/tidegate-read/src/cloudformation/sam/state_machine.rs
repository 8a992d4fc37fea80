//! `AWS::Serverless::StateMachine`

use super::function::Target;
use super::make::{attribute, is_true, map_of, reference, trust, truthy, value};
use super::role::{self, sam_tags};
use super::{Made, Res, Source, Transform, events, propagate_tags, s3_location, tables};
use tidegate_graph::{Map, Problem, Value};

/// Makes the state machine, its role, version and alias, and what its events need.
pub(super) fn transform(run: &mut Transform<'_>, source: &Source) -> Vec<Made> {
    run.check(source, tables::STATE_MACHINE);
    let mut machine = source.main("AWS::StepFunctions::StateMachine");
    machine.set_opt("DefinitionSubstitutions", source.some("DefinitionSubstitutions"));
    let result = definition(run, source, &mut machine);
    run.tried(result);
    let tags = sam_tags("stateMachine:createdBy", source.get("Tags"), source.span);
    let mut made = Vec::new();
    match (source.some("Role"), source.some("Policies")) {
        (Some(role), policies) => {
            if policies.is_some() {
                run.problems.push(source.fault("Policies", "`Role` and `Policies` exclude each other"));
            }
            machine.set("RoleArn", role);
        }
        (None, policies) => {
            let parts = role::Parts {
                trust: Some(trust("states.amazonaws.com", source.span)),
                tags: tags.clone(),
                ..role::Parts::default()
            };
            let traced = source.get("Tracing").is_some_and(|tracing| is_true(tracing.get("Enabled")));
            let mut role = role::role(source, parts, policies, &mut run.problems);
            if traced {
                role::attach(&mut role, role::managed("AWSXrayWriteOnlyAccess", source.at("Tracing")));
            }
            machine.set("RoleArn", attribute(&role.id, "Arn", source.span));
            made.push(role);
        }
    }
    machine.set_opt("StateMachineName", source.get("Name"));
    machine.set_opt("StateMachineType", source.get("Type"));
    machine.set_opt("LoggingConfiguration", source.get("Logging"));
    machine.set_opt("TracingConfiguration", source.get("Tracing"));
    machine.set("Tags", tags);
    let result = published(run, source, &mut made);
    let alias = run.tried(result).flatten();
    let arn = match alias.filter(|_| truthy(source.get("UseAliasAsEventTarget"))) {
        Some(id) => Target {
            arn: reference(&id, source.span),
            name: reference(&id, source.span),
            id,
            passed: source.passed(),
        },
        None => {
            let arn = reference(&source.id, source.span);
            Target { id: source.id.to_string(), name: arn.clone(), arn, passed: source.passed() }
        }
    };
    events::of_machine(run, source, &arn, &mut made);
    made.push(machine);
    propagate_tags(&mut made, source.get("Tags"), truthy(source.get("PropagateTags")));
    made
}

/// The definition stays a document, inline or from its file, so that its values keep their places.
fn definition(run: &mut Transform<'_>, source: &Source, machine: &mut Made) -> Res {
    match (source.some("Definition"), source.some("DefinitionUri")) {
        (Some(_), Some(_)) => {
            Err(source.fault("Definition", "`Definition` and `DefinitionUri` exclude each other"))
        }
        (Some(definition), None) => {
            machine.set("Definition", definition);
            Ok(())
        }
        (None, Some(uri)) => {
            match s3_location(source, "DefinitionUri", ["Bucket", "Key", "Version"])? {
                Some(location) => machine.set("DefinitionS3Location", location),
                None => {
                    if let Some(document) = run.load(uri) {
                        machine.set("Definition", document?);
                    }
                }
            }
            Ok(())
        }
        (None, None) => {
            let said = format!("`{}` needs `Definition` or `DefinitionUri`", source.id);
            Err(Problem::at(source.span, said))
        }
    }
}

/// Makes version and alias; returns the id of the alias.
fn published(run: &Transform<'_>, source: &Source, made: &mut Vec<Made>) -> Res<Option<String>> {
    let Some(alias) = source.some("AutoPublishAlias") else {
        for name in ["UseAliasAsEventTarget", "DeploymentPreference"] {
            if source.some(name).is_some() {
                return Err(source.fault(name, format!("`{name}` needs `AutoPublishAlias`")));
            }
        }
        return Ok(None);
    };
    let span = alias.span;
    let mut version =
        source.beside(format!("{}Version", source.id), "AWS::StepFunctions::StateMachineVersion", span);
    for name in ["DeletionPolicy", "UpdateReplacePolicy"] {
        if !version.attributes.contains_key(name) {
            version.attributes.insert(name, Value::text("Retain", span));
        }
    }
    version.set("StateMachineArn", reference(&source.id, span));
    version.set("StateMachineRevisionId", attribute(&source.id, "StateMachineRevisionId", span));
    let name = run.known.resolve(alias).as_text().unwrap_or_default();
    let id = format!("{}Alias{name}", source.id);
    let mut named = source.beside(id.as_str(), "AWS::StepFunctions::StateMachineAlias", span);
    named.set("Name", alias);
    let mut preference = match source.some("DeploymentPreference") {
        Some(given) => map_of(given).cloned().unwrap_or_default(),
        None => Map::new(),
    };
    if preference.is_empty() {
        preference.insert("Type", Value::text("ALL_AT_ONCE", span));
    }
    preference.insert("StateMachineVersionArn", reference(&version.id, span));
    let preference = Value::map(preference, span);
    named.set("DeploymentPreference", value!(span, (preference)));
    made.push(version);
    made.push(named);
    Ok(Some(id))
}
