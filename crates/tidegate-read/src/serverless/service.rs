//! A service on its way to a template: its resolved text, and the resources made so far.

use super::{names, raw};
use crate::cloudformation::Origin;
use std::collections::{HashMap, HashSet};
use tidegate_graph::{Data, Field, Map, Span, Str, Value};

/// Resources of one service; CloudFormation takes 500 a stack.
const MAX_RESOURCES: usize = 50_000;

/// The service.
pub(super) struct Service {
    pub(super) name: Str,
    pub(super) stage: Str,
    /// The whole text, variables resolved.
    pub(super) config: Value,
    pub(super) span: Span,
    pub(super) resources: Map,
    pub(super) origins: HashMap<Str, Origin>,
    /// Statements for the role that functions share, and whether any needs it.
    pub(super) shared: Vec<Value>,
    pub(super) shares: bool,
    pub(super) in_vpc: bool,
    /// Keys of the functions.
    keys: HashSet<Str>,
    /// Numbers for ids that the framework counts.
    counters: HashMap<String, usize>,
}

/// A function of the service.
#[derive(Clone)]
pub(super) struct Function {
    pub(super) key: Str,
    /// Start of the ids of everything that belongs to it.
    pub(super) prefix: String,
    pub(super) id: Str,
    pub(super) config: Value,
    pub(super) span: Span,
    /// What events are sent to: the function, or its alias with provisioned concurrency.
    pub(super) target: Value,
}

impl Function {
    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.config.get(key).filter(|v| !matches!(v.data, Data::Null))
    }
}

impl Service {
    pub(super) fn new(config: Value, stage: Str) -> Self {
        let name = config.get("service").and_then(|s| s.as_text().or_else(|| s.get("name")?.as_text()));
        Self {
            name: name.unwrap_or(Str::new_static("service")),
            stage,
            span: config.span,
            config,
            resources: Map::new(),
            origins: HashMap::new(),
            shared: Vec::new(),
            shares: false,
            in_vpc: false,
            keys: HashSet::new(),
            counters: HashMap::new(),
        }
    }

    /// A value of the `provider` section.
    pub(super) fn provider(&self, path: &[&str]) -> Option<&Value> {
        raw::at(raw::at(&self.config, &["provider"])?, path)
    }

    /// Where a section stands; where the innermost one does that is written.
    pub(super) fn place(&self, path: &[&str]) -> Span {
        let (mut span, mut value) = (self.span, Some(&self.config));
        for key in path {
            let Some(field) = value.and_then(Value::as_map).and_then(|map| map.field(key)) else { break };
            (span, value) = (field.key, Some(&field.value));
        }
        span
    }

    /// True if a plugin is listed.
    pub(super) fn has_plugin(&self, name: &str) -> bool {
        let plugins = self.config.get("plugins");
        let plugins = plugins.and_then(|p| p.get("modules")).or(plugins);
        plugins.is_some_and(|p| p.items().iter().any(|p| p.as_str().is_some_and(|p| p == name)))
    }

    /// Notes the keys of the functions, so that others can be told apart from names of resources.
    pub(super) fn declare(&mut self, functions: &Map) {
        self.keys = functions.keys().cloned().collect();
    }

    /// True for the key of a function of this service.
    pub(super) fn function_key(&self, key: &str) -> bool {
        self.keys.contains(key)
    }

    /// Adds a resource, unless there is one with this id already.
    pub(super) fn add<'k>(
        &mut self,
        id: impl Into<Str>,
        ty: &str,
        made_from: Option<&Str>,
        properties: impl IntoIterator<Item = (&'k str, Value)>,
        span: Span,
    ) {
        let id = id.into();
        if self.resources.contains_key(&id) || self.resources.len() >= MAX_RESOURCES {
            return;
        }
        let properties = properties.into_iter().filter(|(_, v)| !matches!(v.data, Data::Null));
        let resource = Value::object(
            [("Type", Value::text(ty, span)), ("Properties", Value::object(properties, span))],
            span,
        );
        self.origins.insert(id.clone(), Origin { made_from: made_from.cloned(), declared_type: ty.into() });
        self.resources.insert_field(id, Field { key: span, value: resource });
    }

    /// A property of a resource that was made, to change it.
    pub(super) fn property_mut(&mut self, id: &str, name: &str) -> Option<&mut Value> {
        self.resources.get_mut(id)?.as_map_mut()?.get_mut("Properties")?.as_map_mut()?.get_mut(name)
    }

    /// Tags a resource that the framework needs for itself.
    pub(super) fn helper(&mut self, id: &str) {
        if let Some(resource) = self.resources.get_mut(id).and_then(Value::as_map_mut) {
            let span = self.span;
            resource.insert("Tidegate", Value::object([("helper", Value::bool(true, span))], span));
        }
    }

    /// Lets a service invoke a function.
    pub(super) fn permission(
        &mut self,
        function: &Function,
        suffix: &str,
        principal: &str,
        source: Option<Value>,
        span: Span,
    ) {
        let principal = match principal.split_once('.') {
            Some(_) => Value::text(principal, span),
            None => raw::sub(format!("{principal}.${{AWS::URLSuffix}}"), span),
        };
        let mut properties = vec![
            ("FunctionName", function.target.clone()),
            ("Action", Value::text("lambda:InvokeFunction", span)),
            ("Principal", principal),
        ];
        properties.extend(source.map(|source| ("SourceArn", source)));
        let id = format!("{}LambdaPermission{suffix}", function.prefix);
        self.add(id, "AWS::Lambda::Permission", Some(&function.id), properties, span);
    }

    /// The next number of a series, from 1.
    pub(super) fn count(&mut self, series: impl Into<String>) -> usize {
        let counter = self.counters.entry(series.into()).or_default();
        *counter += 1;
        *counter
    }

    /// A function named by its key in this service, or an ARN as it is.
    pub(super) fn arn_of_function(&self, value: &Value) -> Value {
        match value.as_str() {
            Some(key) if self.function_key(key) => {
                raw::attribute(&format!("{}LambdaFunction", names::function(key)), "Arn", value.span)
            }
            _ => value.clone(),
        }
    }
}
