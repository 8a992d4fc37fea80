//! Usage plans and their keys, of one API or shared by all.

use super::super::make::{map_of, present, reference, truthy, value};
use super::super::shape::quoted;
use super::super::{Made, Res, Source, Transform};
use std::collections::BTreeSet;
use tidegate_graph::{Map, Str, Value};

const KINDS: [&str; 3] = ["SHARED", "PER_API", "NONE"];
const KNOWN: [&str; 6] = ["CreateUsagePlan", "Description", "Quota", "Tags", "Throttle", "UsagePlanName"];

/// What the APIs of a shared plan have brought so far.
#[derive(Debug, Default)]
pub(in super::super) struct SharedPlan {
    stage_keys: Vec<Value>,
    stages: Vec<Value>,
    apis: Vec<Value>,
    conditions: BTreeSet<Str>,
    unconditional: bool,
    deletion: Option<Value>,
    replacement: Option<Value>,
}

impl SharedPlan {
    /// Attributes of the shared resources, now that this API is one of them.
    fn attributes(&mut self, source: &Source, conditions: &mut Map) -> Map {
        const NAME: &str = "SharedUsagePlanCondition";
        let strength = |v: &Value| match v.as_str() {
            Some("Retain") => 3,
            Some("Snapshot") => 2,
            _ => 1,
        };
        for (kept, name) in
            [(&mut self.deletion, "DeletionPolicy"), (&mut self.replacement, "UpdateReplacePolicy")]
        {
            let own = source.attributes.get(name);
            if own.is_some_and(|own| kept.as_ref().is_none_or(|kept| strength(own) > strength(kept))) {
                *kept = own.cloned();
            }
        }
        match source.condition() {
            Some(condition) => {
                self.conditions.insert(condition.into());
            }
            None => self.unconditional = true,
        }
        let span = source.span;
        let mut out = Map::new();
        super::set_opt(&mut out, "DeletionPolicy", self.deletion.as_ref());
        super::set_opt(&mut out, "UpdateReplacePolicy", self.replacement.as_ref());
        conditions.remove(NAME);
        if !self.unconditional {
            let any: Vec<Value> =
                self.conditions.iter().map(|c| value!(span, { "Condition": (c) })).collect();
            let condition = match any.as_slice() {
                [one] => one.clone(),
                _ => value!(span, { "Fn::Or": (any) }),
            };
            conditions.insert(NAME, condition);
            out.insert("Condition", Value::text(NAME, span));
        }
        out
    }
}

/// Makes plan, key, and what binds them.
pub(super) fn make(run: &mut Transform<'_>, source: &Source, stage: &str, made: &mut Vec<Made>) -> Res {
    let Some(given) = source.get("Auth").and_then(|auth| present(auth.get("UsagePlan"))) else {
        return Ok(());
    };
    let span = given.span;
    let fault = |said: &str| Err(source.fault("Auth", said));
    let Some(settings) = map_of(given) else { return fault("`UsagePlan` should be a map") };
    super::only(settings, &KNOWN, &format!("`UsagePlan` of `{}`", source.id))?;
    let Some(kind) = present(settings.get("CreateUsagePlan")) else {
        return fault("`UsagePlan` lacks the required property `CreateUsagePlan`");
    };
    let Some(kind) = kind.as_str().filter(|kind| KINDS.contains(kind)) else {
        return fault(&format!("`CreateUsagePlan` should be one of {}", quoted(&KINDS)));
    };
    if kind == "NONE" {
        return Ok(());
    }
    let api = reference(&source.id, span);
    let stage = reference(stage, span);
    let api_stage = value!(span, { "ApiId": (&api), "Stage": (&stage) });
    let stage_key = value!(span, { "RestApiId": (&api), "StageName": (&stage) });
    let shared = kind == "SHARED";
    let (prefix, attributes) = if shared {
        run.usage.stages.push(api_stage.clone());
        run.usage.stage_keys.push(stage_key.clone());
        run.usage.apis.push(Value::text(source.id.clone(), span));
        ("Serverless".into(), run.usage.attributes(source, &mut run.conditions))
    } else {
        (source.id.clone(), source.passed())
    };
    let of = |shared_ones: &[Value], own: Value| if shared { shared_ones.to_vec() } else { vec![own] };
    let mut plan =
        Made::new(format!("{prefix}UsagePlan"), "AWS::ApiGateway::UsagePlan", span).with(&attributes);
    let apis = of(&run.usage.apis, Value::text(source.id.clone(), span));
    plan.depends_on = Some(Value::list(apis, span));
    plan.set("ApiStages", of(&run.usage.stages, api_stage));
    for name in ["UsagePlanName", "Description", "Quota", "Tags", "Throttle"] {
        plan.set_opt(name, settings.get(name).filter(|v| truthy(Some(v))));
    }
    let mut key = Made::new(format!("{prefix}ApiKey"), "AWS::ApiGateway::ApiKey", span).with(&attributes);
    key.depends(&[&plan.id]);
    key.set("Enabled", true);
    key.set("StageKeys", of(&run.usage.stage_keys, stage_key));
    let mut bound =
        Made::new(format!("{prefix}UsagePlanKey"), "AWS::ApiGateway::UsagePlanKey", span).with(&attributes);
    bound.depends(&[&key.id]);
    bound.set("KeyId", reference(&key.id, span));
    bound.set("KeyType", "API_KEY");
    bound.set("UsagePlanId", reference(&plan.id, span));
    made.extend([plan, key, bound]);
    Ok(())
}
