//! References: to parameters, before; to generated resources and renamed ones, after.

use super::make::{argument, map_of};
use std::collections::HashMap;
use tidegate_graph::{Data, Map, Problem, Str, Value};

/// Values of parameters and mappings, as far as the code tells.
#[derive(Debug, Default)]
pub(super) struct Known {
    parameters: HashMap<Str, Value>,
    mappings: Map,
}

impl Known {
    /// Takes defaults of parameters, and what is bound from outside.
    pub(super) fn read(root: &Map, bound: &HashMap<Str, Value>) -> Self {
        let mut parameters = HashMap::new();
        for (name, parameter) in root.get("Parameters").and_then(map_of).iter().flat_map(|map| map.iter()) {
            let looked_up =
                parameter.get("Type").and_then(Value::as_str).is_some_and(|t| t.contains("SSM::"));
            let default = parameter.get("Default").filter(|v| !looked_up || v.as_str().is_none());
            if let Some(value) = bound.get(name).or(default) {
                parameters.insert(name.clone(), value.clone());
            }
        }
        let mappings = root.get("Mappings").and_then(map_of).cloned().unwrap_or_default();
        Self { parameters, mappings }
    }

    /// The value with references to known parameters replaced.
    pub(super) fn resolve(&self, value: &Value) -> Value {
        self.resolved(value.clone())
    }

    /// The same for an optional value.
    pub(super) fn resolve_opt(&self, value: Option<&Value>) -> Option<Value> {
        value.map(|value| self.resolve(value))
    }

    /// With known parameters and what `Fn::FindInMap` finds by literal keys.
    pub(super) fn resolve_maps(&self, value: &Value) -> Value {
        self.found(self.resolve(value))
    }

    fn resolved(&self, value: Value) -> Value {
        let span = value.span;
        if let Some(known) =
            argument(&value, "Ref").and_then(Value::as_str).and_then(|n| self.parameters.get(n))
        {
            return known.clone().at(span);
        }
        match value.data {
            Data::List(items) => Value::list(items.into_iter().map(|v| self.resolved(v)).collect(), span),
            Data::Map(map) => {
                let sub = map.only().is_some_and(|(key, _)| key == "Fn::Sub");
                let fields = map.into_fields().map(|(key, mut field)| {
                    field.value =
                        if sub { self.substituted(field.value) } else { self.resolved(field.value) };
                    (key, field)
                });
                Value::map(fields.collect(), span)
            }
            data => Value::new(data, span),
        }
    }

    fn substituted(&self, value: Value) -> Value {
        let span = value.span;
        match value.data {
            Data::Text(text) => Value::text(self.fill(&text), span),
            Data::List(items) => {
                let mut items = items.into_iter();
                let first = items.next().map(|first| self.substituted(first));
                let rest = items.map(|v| self.resolved(v));
                Value::list(first.into_iter().chain(rest).collect(), span)
            }
            data => Value::new(data, span),
        }
    }

    fn fill(&self, text: &str) -> String {
        replace_names(text, |name| Some(self.parameters.get(name)?.as_text()?.to_string()))
    }

    fn found(&self, value: Value) -> Value {
        let keys = argument(&value, "Fn::FindInMap").and_then(Value::as_list);
        if let Some([map, first, second]) = keys {
            let found = || {
                let entries = self.mappings.get(map.as_str()?)?.get(first.as_str()?)?;
                entries.get(second.as_str()?).cloned()
            };
            return found().map_or(value.clone(), |v| v.at(value.span));
        }
        value
    }

    /// Faults in `Fn::Sub` over lists and in `Fn::FindInMap` that can be told from the code alone.
    pub(super) fn check(&self, value: &Value, problems: &mut Vec<Problem>) {
        value.walk(&mut |value| {
            let sub = argument(value, "Fn::Sub");
            let text = sub.and_then(|arg| arg.as_str().or_else(|| arg.as_list()?.first()?.as_str()));
            if let Some(text) = text {
                replace_names(text, |name| {
                    if self.parameters.get(name).is_some_and(|v| v.as_text().is_none()) {
                        let said = format!("`Fn::Sub` takes strings alone, and parameter `{name}` is none");
                        problems.push(Problem::at(value.span, said));
                    }
                    None
                });
            }
        });
    }
}

/// Faulty `Fn::FindInMap`: it takes three keys (and defaults, when the language extensions are on).
pub(super) fn check_maps(value: &Value, problems: &mut Vec<Problem>) {
    value.walk(&mut |value| {
        let Some(keys) = argument(value, "Fn::FindInMap") else { return };
        if !keys.as_list().is_some_and(|keys| keys.len() == 3 || keys.len() == 4) {
            problems.push(Problem::at(value.span, "`Fn::FindInMap` takes a list of three keys"));
        }
    });
}

/// Generated resources that templates may refer to (`!Ref Function.Alias`), and resources whose id has changed.
#[derive(Debug, Default)]
pub(super) struct Renamed {
    pub(super) ids: HashMap<Str, Str>,
    /// By `Resource.Property`.
    pub(super) parts: HashMap<Str, Str>,
}

impl Renamed {
    /// Points references and dependencies to what stands there now.
    pub(super) fn apply(&self, value: &mut Value) {
        if !self.ids.is_empty() || !self.parts.is_empty() {
            self.rewrite(value);
        }
    }

    fn rewrite(&self, value: &mut Value) {
        match &mut value.data {
            Data::List(items) => items.iter_mut().for_each(|item| self.rewrite(item)),
            Data::Map(map) => {
                match map.only().map(|(key, _)| key.as_str()) {
                    Some("Ref") => map.iter_mut().for_each(|(_, v)| self.rename(v)),
                    Some("Fn::GetAtt") => map.iter_mut().for_each(|(_, v)| self.attribute(v)),
                    Some("Fn::Sub") => map.iter_mut().for_each(|(_, v)| self.sub(v)),
                    _ => {}
                }
                if let Some(depends) = map.get_mut("DependsOn") {
                    match &mut depends.data {
                        Data::List(items) => items.iter_mut().for_each(|item| self.depend(item)),
                        _ => self.depend(depends),
                    }
                }
                map.iter_mut().for_each(|(_, v)| self.rewrite(v));
            }
            _ => {}
        }
    }

    fn depend(&self, value: &mut Value) {
        if let Some(id) = value.as_str().and_then(|id| self.ids.get(id)) {
            value.data = Data::Text(id.clone());
        }
    }

    fn rename(&self, value: &mut Value) {
        if let Some(id) = value.as_str().and_then(|name| self.parts.get(name).or_else(|| self.ids.get(name)))
        {
            value.data = Data::Text(id.clone());
        }
    }

    fn attribute(&self, value: &mut Value) {
        let Data::List(items) = &mut value.data else { return };
        let names: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
        let Some(joined) = names.filter(|n| n.len() >= 2).map(|n| n.join(".")) else { return };
        let mut parts = joined.splitn(3, '.');
        let (Some(id), Some(property)) = (parts.next(), parts.next()) else { return };
        let rest = parts.next();
        let span = value.span;
        let made = match self.parts.get(format!("{id}.{property}").as_str()) {
            Some(part) => rest.map(|rest| (part, rest.to_owned())),
            None => self.ids.get(id).map(|id| {
                (id, rest.map_or_else(|| property.to_owned(), |rest| format!("{property}.{rest}")))
            }),
        };
        if let Some((id, attribute)) = made {
            *items = vec![Value::text(id.clone(), span), Value::text(attribute, span)];
        }
    }

    fn sub(&self, value: &mut Value) {
        let text = match &mut value.data {
            Data::List(items) => items.first_mut(),
            Data::Text(_) => Some(value),
            _ => None,
        };
        let Some(text) = text else { return };
        let Some(old) = text.as_str() else { return };
        let new = replace_names(old, |name| {
            let mut parts = name.splitn(3, '.');
            let (id, property, rest) = (parts.next()?, parts.next(), parts.next());
            let part = property.and_then(|property| self.parts.get(format!("{id}.{property}").as_str()));
            match (part, rest) {
                (Some(part), Some(rest)) => Some(format!("${{{part}.{rest}}}")),
                (Some(part), None) => Some(format!("${{{part}}}")),
                (None, _) => {
                    let tail = name.strip_prefix(id)?;
                    self.ids.get(id).map(|id| format!("${{{id}{tail}}}"))
                }
            }
        });
        text.data = Data::Text(new.into());
    }
}

/// The text with each `${Name}` replaced for which there is something.
fn replace_names(text: &str, mut replacement: impl FnMut(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            out.push_str("${");
            rest = after;
            continue;
        };
        match replacement(name) {
            Some(new) => out.push_str(&new),
            None => {
                out.push_str("${");
                out.push_str(name);
                out.push('}');
            }
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::super::make::{attribute, reference, same, sub, value};
    use super::*;
    use tidegate_graph::Span;

    #[test]
    fn defaults_and_mappings_are_resolved() {
        let s = Span::default();
        let root = value!(s, {
            "Parameters": { "Env": { "Type": "String", "Default": "dev" }, "Free": { "Type": "String" } },
            "Mappings": { "M": { "dev": { "On": "yes" } } }
        });
        let known = Known::read(root.as_map().unwrap(), &HashMap::new());
        assert_eq!(known.resolve(&reference("Env", s)).as_str(), Some("dev"));
        assert!(same(&known.resolve(&reference("Free", s)), &reference("Free", s)));
        assert!(same(&known.resolve(&sub("a-${Env}-${Free}", s)), &sub("a-dev-${Free}", s)));
        let find = value!(s, { "Fn::FindInMap": ["M", (reference("Env", s)), "On"] });
        assert_eq!(known.resolve_maps(&find).as_str(), Some("yes"));
    }

    #[test]
    fn references_follow_what_was_made() {
        let s = Span::default();
        let mut renamed = Renamed::default();
        renamed.ids.insert("Layer".into(), "Layer0123456789".into());
        renamed.parts.insert("F.Alias".into(), "FAliaslive".into());
        let mut value = value!(s, {
            "A": (reference("F.Alias", s)), "B": (reference("Layer", s)),
            "C": (sub("${Layer}/${F.Alias}/${X}", s)), "D": (attribute("F.Alias", "Arn", s)),
            "DependsOn": ["Layer", "F"]
        });
        renamed.apply(&mut value);
        let want = value!(s, {
            "A": (reference("FAliaslive", s)), "B": (reference("Layer0123456789", s)),
            "C": (sub("${Layer0123456789}/${FAliaslive}/${X}", s)), "D": (attribute("FAliaslive", "Arn", s)),
            "DependsOn": ["Layer0123456789", "F"]
        });
        assert!(same(&value, &want), "{value:?}");
    }
}
