//! Gradual deployments of functions with CodeDeploy.

use super::implicit::combine;
use super::make::{
    argument, attribute, if_parts, is_intrinsic, is_no_value, map_of, present, reference, sub_with, tag_list,
    truthy, value,
};
use super::role::managed;
use super::{Made, Res, Source, Transform};
use tidegate_graph::{Data, Map, Problem, Span, Str, Value};

const APPLICATION: &str = "ServerlessDeploymentApplication";
const ROLE: &str = "CodeDeployServiceRole";
const CONFIGURATIONS: [&str; 9] = [
    "Canary10Percent5Minutes",
    "Canary10Percent10Minutes",
    "Canary10Percent15Minutes",
    "Canary10Percent30Minutes",
    "Linear10PercentEvery1Minute",
    "Linear10PercentEvery2Minutes",
    "Linear10PercentEvery3Minutes",
    "Linear10PercentEvery10Minutes",
    "AllAtOnce",
];

/// How a function is to be deployed.
#[derive(Debug)]
pub(super) struct Preference {
    function: Source,
    kind: Value,
    alarms: Option<Value>,
    role: Option<Value>,
    triggers: Option<Value>,
    condition: Option<Str>,
    tags: Option<Value>,
}

/// Notes the preference of a function, and sets the update policy of its alias.
pub(super) fn add(run: &mut Transform<'_>, source: &Source, alias: Option<&mut Made>) -> Res {
    let Some(given) = source.some("DeploymentPreference").and_then(map_of) else { return Ok(()) };
    let span = source.at("DeploymentPreference");
    let resolved = |name: &str| present(given.get(name)).map(|v| run.known.resolve_maps(v));
    if let Some(enabled) = resolved("Enabled")
        && (!truthy(Some(&enabled)) || matches!(enabled.as_str(), Some("false" | "False")))
    {
        return Ok(());
    }
    let pass = match given.get("PassthroughCondition").map(|v| run.known.resolve_maps(v)) {
        None => false,
        Some(v) => match v.as_bool() {
            Some(flag) => flag,
            None => {
                let said = "`PassthroughCondition` should be a boolean, or a reference to one that is known";
                return Err(Problem::at(v.span, format!("`{}`: {said}", source.id)));
            }
        },
    };
    let Some(kind) = resolved("Type") else {
        let said = format!("`DeploymentPreference` of `{}` lacks the required property `Type`", source.id);
        return Err(Problem::at(span, said));
    };
    let hooks = match given.get("Hooks") {
        None => Map::new(),
        Some(hooks) => map_of(hooks).cloned().ok_or_else(|| {
            Problem::at(
                hooks.span,
                format!("`Hooks` of `DeploymentPreference` of `{}` should be a map", source.id),
            )
        })?,
    };
    let tags = source.some("Tags").filter(|_| truthy(source.get("PropagateTags"))).cloned();
    run.deployments.push(Preference {
        function: source.clone(),
        kind,
        alarms: present(given.get("Alarms")).cloned(),
        role: present(given.get("Role")).cloned(),
        triggers: present(given.get("TriggerConfigurations")).cloned(),
        condition: source.condition().filter(|_| pass).map(Str::from),
        tags,
    });
    let Some(alias) = alias else {
        let said = format!("`DeploymentPreference` of `{}` needs `AutoPublishAlias`", source.id);
        return Err(Problem::at(span, said));
    };
    let mut update = Map::new();
    update.insert("ApplicationName", reference(APPLICATION, span));
    update.insert("DeploymentGroupName", reference(&format!("{}DeploymentGroup", source.id), span));
    for (name, hook) in [("BeforeAllowTrafficHook", "PreTraffic"), ("AfterAllowTrafficHook", "PostTraffic")] {
        super::make::set_opt(&mut update, name, hooks.get(hook));
    }
    let update = Value::map(update, span);
    alias.attributes.insert("UpdatePolicy", value!(span, { "CodeDeployLambdaAliasUpdate": (update) }));
    Ok(())
}

/// Makes the application, its role, and a deployment group for each function.
pub(super) fn finish(run: &mut Transform<'_>) {
    let preferences = std::mem::take(&mut run.deployments);
    let Some(first) = preferences.first() else { return };
    let span = first.function.at("DeploymentPreference");
    let mut attributes = Map::new();
    if preferences.iter().all(|p| p.condition.is_some()) {
        let all: std::collections::BTreeSet<Str> =
            preferences.iter().filter_map(|p| p.condition.clone()).collect();
        let condition = combine(run, "ServerlessCodeDeployCondition", all.into_iter().collect());
        attributes.insert("Condition", Value::text(condition, span));
    }
    let mut tags = Map::new();
    for shared in preferences.iter().filter_map(|p| p.tags.as_ref().and_then(map_of)) {
        shared.fields().for_each(|(key, field)| {
            tags.insert_field(key.clone(), field.clone());
        });
    }
    let tags = tag_list(Some(&Value::map(tags, span)));
    let mut application = Made::new(APPLICATION, "AWS::CodeDeploy::Application", span).with(&attributes);
    application.set("ComputePlatform", "Lambda");
    let mut role = Made::new(ROLE, "AWS::IAM::Role", span).with(&attributes);
    role.set("AssumeRolePolicyDocument", super::make::trust("codedeploy.amazonaws.com", span));
    role.set("ManagedPolicyArns", vec![managed("service-role/AWSCodeDeployRoleForLambda", span)]);
    if !tags.is_empty() {
        application.set("Tags", tags.clone());
        role.set("Tags", tags);
    }
    run.emit(&first.function, application);
    if preferences.iter().any(|p| !truthy(p.role.as_ref())) {
        run.emit(&first.function, role);
    }
    for preference in &preferences {
        let group = group(preference);
        if let Some(group) = run.tried(group) {
            run.emit(&preference.function, group);
        }
    }
}

fn group(preference: &Preference) -> Res<Made> {
    let function = &preference.function;
    let span = function.at("DeploymentPreference");
    let mut group =
        Made::new(format!("{}DeploymentGroup", function.id), "AWS::CodeDeploy::DeploymentGroup", span);
    if let Some(alarms) = preference.alarms.as_ref().filter(|a| truthy(Some(a)) && !is_no_value(a)) {
        group.set("AlarmConfiguration", alarm_configuration(&function.id, alarms)?);
    }
    group.set("ApplicationName", reference(APPLICATION, span));
    group.set(
        "AutoRollbackConfiguration",
        value!(span, {
            "Enabled": true,
            "Events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
        }),
    );
    group.set("DeploymentConfigName", configuration(preference.kind.clone(), ""));
    group.set(
        "DeploymentStyle",
        value!(span, { "DeploymentType": "BLUE_GREEN", "DeploymentOption": "WITH_TRAFFIC_CONTROL" }),
    );
    let own = preference.role.clone().filter(|role| truthy(Some(role)));
    group.set("ServiceRoleArn", own.unwrap_or_else(|| attribute(ROLE, "Arn", span)));
    group.set_opt("TriggerConfigurations", preference.triggers.as_ref());
    if let Some(tags) = &preference.tags {
        group.set("Tags", tag_list(Some(tags)));
    }
    if let Some(condition) = &preference.condition {
        group.attributes.insert("Condition", Value::text(condition.clone(), span));
    }
    Ok(group)
}

fn alarm_configuration(id: &str, alarms: &Value) -> Res<Value> {
    let span = alarms.span;
    if argument(alarms, "Fn::If").is_some() {
        let Some((condition, then, otherwise)) = if_parts(alarms) else {
            return Err(Problem::at(span, "`Fn::If` takes three arguments"));
        };
        let (then, otherwise) = (alarm_configuration(id, then)?, alarm_configuration(id, otherwise)?);
        return Ok(value!(span, { "Fn::If": [(condition), (then), (otherwise)] }));
    }
    let Some(names) = alarms.as_list() else {
        return Err(Problem::at(
            span,
            format!("`Alarms` of `DeploymentPreference` of `{id}` should be a list"),
        ));
    };
    if names.first().is_none_or(is_no_value) {
        return Ok(value!(span, {}));
    }
    let names: Vec<Value> = names.iter().map(|name| value!(name.span, { "Name": (name) })).collect();
    Ok(value!(span, { "Enabled": true, "Alarms": (names) }))
}

/// Names of predefined configurations get their prefix, wherever they stand.
fn configuration(value: Value, within: &str) -> Value {
    let span = value.span;
    if let Some(name) = value.as_str().filter(|name| CONFIGURATIONS.contains(name)) {
        let named =
            sub_with("CodeDeployDefault.Lambda${ConfigName}", &[("ConfigName", text(name, span))], span);
        return match argument(&named, "Fn::Sub").filter(|_| within == "Fn::Sub") {
            Some(inner) => inner.clone(),
            None => named,
        };
    }
    let intrinsic = is_intrinsic(&value);
    let data = match value.data {
        Data::List(items) => Data::List(items.into_iter().map(|v| configuration(v, "")).collect()),
        Data::Map(map) if intrinsic => {
            let fields = map.into_fields().map(|(key, mut field)| {
                field.value = configuration(field.value, &key);
                (key, field)
            });
            Data::Map(fields.collect())
        }
        data => data,
    };
    Value::new(data, span)
}

fn text(text: &str, span: Span) -> Value {
    Value::text(text, span)
}
