//! What the `Metadata` of a resource, or of a whole template, wants to be left alone.

use super::{Allow, Scope, Tool};
use crate::config::Glob;
use tidegate_graph::{Span, Str, System, Value};

/// Where a tool's requests stand, and how they are written.
struct Form {
    tool: Tool,
    table: &'static str,
    list: &'static str,
    id: &'static str,
    reason: &'static str,
    /// True if the tool looks at the template's own metadata, too.
    template: bool,
}

const FORMS: [Form; 4] = [
    Form {
        tool: Tool::Tidegate,
        table: "tidegate",
        list: "allow",
        id: "rule",
        reason: "reason",
        template: true,
    },
    Form {
        tool: Tool::Checkov,
        table: "checkov",
        list: "skip",
        id: "id",
        reason: "comment",
        template: false,
    },
    Form {
        tool: Tool::CfnNag,
        table: "cfn_nag",
        list: "rules_to_suppress",
        id: "id",
        reason: "reason",
        template: false,
    },
    Form {
        tool: Tool::CdkNag,
        table: "cdk_nag",
        list: "rules_to_suppress",
        id: "id",
        reason: "reason",
        template: true,
    },
];

/// All requests of all resources, and of the templates.
pub(super) fn allows(system: &System) -> Vec<Allow> {
    let mut out = Vec::new();
    for resource in system.resources() {
        let Some(metadata) = resource.attributes.get("Metadata") else { continue };
        let scope = Scope::Resource { stack: resource.stack, logical_id: resource.logical_id.clone() };
        for form in &FORMS {
            out.extend(entries(metadata, form).iter().map(|entry| one(form, entry, scope.clone())));
        }
        out.extend(cfn_lint(metadata, &scope));
    }
    for (stack, metadata) in &system.metadata {
        for form in FORMS.iter().filter(|form| form.template) {
            for entry in entries(metadata, form) {
                // Only our own words can say which resources of the template are meant.
                let named = entry.get("resource").filter(|_| form.tool == Tool::Tidegate);
                let resource = named.and_then(Value::as_text).map(|pattern| Glob::new(&pattern));
                out.push(one(form, entry, Scope::Stack { stack: *stack, resource }));
            }
        }
        out.extend(cfn_lint(metadata, &Scope::Stack { stack: *stack, resource: None }));
    }
    out
}

fn entries<'a>(metadata: &'a Value, form: &Form) -> &'a [Value] {
    let list = metadata.get(form.table).and_then(|table| table.get(form.list));
    list.map(Value::items).unwrap_or_default()
}

/// `{cfn-lint: {config: {ignore_checks: [W2531]}}}`, which has no place for a reason.
fn cfn_lint(metadata: &Value, scope: &Scope) -> Option<Allow> {
    let list = metadata.get("cfn-lint")?.get("config")?.get("ignore_checks")?;
    let names: Vec<String> = list.items().iter().filter_map(|id| Some(id.as_text()?.to_string())).collect();
    (!names.is_empty()).then(|| Allow { names, ..blank(Tool::CfnLint, list.span, scope.clone()) })
}

fn blank(tool: Tool, span: Span, scope: Scope) -> Allow {
    Allow {
        tool,
        names: Vec::new(),
        reason: None,
        until: None,
        span: Some(span),
        line: None,
        scope,
        rules: Vec::new(),
        broken: None,
    }
}

fn one(form: &Form, entry: &Value, scope: Scope) -> Allow {
    let Form { tool, id, reason, .. } = *form;
    let whole = matches!(scope, Scope::Stack { .. });
    let names = entry.get(id).or_else(|| entry.get("rules")).filter(|_| entry.as_map().is_some());
    let mut broken = None;
    let text = |value: &Value| Some(value.as_text()?.trim().to_string()).filter(|text| !text.is_empty());
    let mut allow = Allow {
        names: names.map(Value::items).unwrap_or_default().iter().filter_map(text).collect(),
        reason: entry.get(reason).and_then(text),
        ..blank(tool, entry.span, scope)
    };
    if tool == Tool::Tidegate {
        if let Some(day) = entry.get("until") {
            match day.as_text().unwrap_or_default().parse() {
                Ok(day) => allow.until = Some(day),
                Err(wrong) => broken = Some(format!("`{}` is no day: {wrong}", day.display())),
            }
        }
        let known = ["rule", "rules", "reason", "until"];
        let extra = |key: &&Str| !(known.contains(&key.as_str()) || whole && *key == "resource");
        if let Some(key) = entry.as_map().and_then(|m| m.keys().find(extra).cloned()) {
            broken = Some(format!("there is no key `{key}`: `rule`, `reason` and `until` are known"));
        }
        if whole && entry.get("resource").is_some_and(|name| name.as_text().is_none()) {
            broken = Some("`resource` is no text".to_string());
        }
        if allow.names.is_empty() {
            broken = Some("it names no rule".to_string());
        }
    }
    allow.broken = broken;
    allow
}
