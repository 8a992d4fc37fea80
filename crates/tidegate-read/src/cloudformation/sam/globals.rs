//! The `Globals` section: what it may hold, and how it is merged into resources.

use super::make::{is_intrinsic, map_of, truthy};
use super::shape::quoted;
use tidegate_graph::{Data, Field, Map, Problem, Value};

const PREFIX: &str = "AWS::Serverless::";

/// Sections and the properties that each takes.
const SECTIONS: &[(&str, &[&str])] = &[
    (
        "Function",
        &[
            "Handler",
            "Runtime",
            "CodeUri",
            "DeadLetterQueue",
            "Description",
            "MemorySize",
            "Timeout",
            "VpcConfig",
            "Environment",
            "Tags",
            "PropagateTags",
            "Tracing",
            "KmsKeyArn",
            "AutoPublishAlias",
            "AutoPublishAliasAllProperties",
            "Layers",
            "DeploymentPreference",
            "RolePath",
            "PermissionsBoundary",
            "ReservedConcurrentExecutions",
            "ProvisionedConcurrencyConfig",
            "AssumeRolePolicyDocument",
            "EventInvokeConfig",
            "FileSystemConfigs",
            "CodeSigningConfigArn",
            "Architectures",
            "SnapStart",
            "EphemeralStorage",
            "FunctionUrlConfig",
            "RuntimeManagementConfig",
            "LoggingConfig",
            "RecursiveLoop",
            "SourceKMSKeyArn",
            "TenancyConfig",
            "DurableConfig",
            "CapacityProviderConfig",
            "FunctionScalingConfig",
            "PublishToLatestPublished",
            "VersionDeletionPolicy",
        ],
    ),
    (
        "Api",
        &[
            "Auth",
            "Name",
            "DefinitionUri",
            "CacheClusterEnabled",
            "CacheClusterSize",
            "MergeDefinitions",
            "Variables",
            "EndpointConfiguration",
            "MethodSettings",
            "BinaryMediaTypes",
            "MinimumCompressionSize",
            "Cors",
            "GatewayResponses",
            "AccessLogSetting",
            "CanarySetting",
            "TracingEnabled",
            "OpenApiVersion",
            "Domain",
            "AlwaysDeploy",
            "PropagateTags",
            "SecurityPolicy",
            "EndpointAccessMode",
        ],
    ),
    (
        "HttpApi",
        &[
            "Auth",
            "AccessLogSettings",
            "StageVariables",
            "Tags",
            "CorsConfiguration",
            "DefaultRouteSettings",
            "Domain",
            "RouteSettings",
            "FailOnWarnings",
            "PropagateTags",
        ],
    ),
    ("SimpleTable", &["SSESpecification"]),
    ("StateMachine", &["PropagateTags"]),
    ("LayerVersion", &["PublishLambdaVersion"]),
    (
        "CapacityProvider",
        &[
            "VpcConfig",
            "OperatorRole",
            "Tags",
            "InstanceRequirements",
            "ScalingConfig",
            "KmsKeyArn",
            "PropagateTags",
            "LoggingConfig",
            "ManagedResourceTags",
        ],
    ),
    (
        "WebSocketApi",
        &[
            "AccessLogSettings",
            "ApiKeySelectionExpression",
            "DefaultRouteSettings",
            "DisableExecuteApiEndpoint",
            "DisableSchemaValidation",
            "Domain",
            "FailOnWarnings",
            "IpAddressType",
            "PropagateTags",
            "RouteSelectionExpression",
            "RouteSettings",
            "StageVariables",
            "Tags",
        ],
    ),
];

/// Global properties by type of resource.
#[derive(Debug, Default)]
pub(super) struct Globals(Map);

impl Globals {
    /// Reads the section; what is wrong with it is reported and left out.
    pub(super) fn read(section: Option<&Value>, problems: &mut Vec<Problem>) -> Self {
        let Some(section) = section else { return Self::default() };
        let Some(map) = map_of(section) else {
            problems.push(Problem::at(section.span, "`Globals` should be a map"));
            return Self::default();
        };
        let mut out = Map::new();
        for (name, field) in map.fields() {
            let Some((_, known)) = SECTIONS.iter().find(|(section, _)| name == section) else {
                let names: Vec<_> = SECTIONS.iter().map(|(section, _)| *section).collect();
                let said = format!("`Globals` doesn't take `{name}`");
                problems.push(Problem::at(field.key, said).help(format!("it takes {}", quoted(&names))));
                continue;
            };
            let Some(properties) = map_of(&field.value) else {
                problems.push(Problem::at(field.key, format!("`Globals.{name}` should be a map")));
                continue;
            };
            let mut kept = Map::new();
            for (key, property) in properties.fields() {
                if known.contains(&key.as_str()) {
                    kept.insert_field(key.clone(), property.clone());
                } else {
                    let said = format!("`Globals.{name}` doesn't take `{key}`");
                    problems
                        .push(Problem::at(property.key, said).help(format!("it takes {}", quoted(known))));
                }
            }
            out.insert(name.clone(), Value::map(kept, field.value.span));
        }
        Self(out)
    }

    /// A global property.
    pub(super) fn property(&self, kind: &str, name: &str) -> Option<&Value> {
        self.0.get(kind.strip_prefix(PREFIX)?)?.get(name)
    }

    /// Merges the global properties of a type into those of a resource, which win.
    pub(super) fn merge(
        &self,
        id: &str,
        kind: &str,
        properties: Map,
        ignored: Option<&Value>,
        problems: &mut Vec<Problem>,
    ) -> Map {
        let Some(section) = kind.strip_prefix(PREFIX) else { return properties };
        let Some(globals) = self.0.get(section).and_then(map_of) else { return properties };
        let mut globals = globals.clone();
        match ignored.filter(|v| truthy(Some(v))).map(|v| (&v.data, v.span)) {
            None => {}
            Some((Data::Text(text), _)) if text == "*" => return properties,
            Some((Data::List(names), _)) => {
                for name in names {
                    if name.as_str().and_then(|name| globals.remove(name)).is_none() {
                        let said = format!(
                            "`IgnoreGlobals` of `{id}` names `{}`, which `Globals` doesn't set",
                            name.display()
                        );
                        problems.push(Problem::at(name.span, said));
                    }
                }
            }
            Some((_, span)) => {
                problems
                    .push(Problem::at(span, format!("`IgnoreGlobals` of `{id}` should be `*` or a list")));
            }
        }
        merge_maps(globals, properties, section)
    }
}

/// Paths at which the local value replaces the global one.
fn replaces(path: &str) -> bool {
    matches!(path, "Function.Architectures" | "CapacityProvider.InstanceRequirements.Architectures")
}

fn merge_maps(globals: Map, locals: Map, path: &str) -> Map {
    let prune = path == "CapacityProvider.ManagedResourceTags" && !locals.is_empty();
    let mut out = if prune { Map::new() } else { globals.clone() };
    for (key, field) in locals.into_fields() {
        let value = match globals.get(&key) {
            Some(global) => merge(global.clone(), field.value, &format!("{path}.{key}")),
            None => field.value,
        };
        out.insert_field(key, Field { key: field.key, value });
    }
    out
}

fn merge(global: Value, local: Value, path: &str) -> Value {
    let span = local.span;
    if is_intrinsic(&global) || is_intrinsic(&local) || replaces(path) {
        return local;
    }
    match (global.data, local.data) {
        (Data::Map(globals), Data::Map(locals)) => Value::map(merge_maps(globals, locals, path), span),
        (Data::List(mut items), Data::List(more)) => {
            items.extend(more);
            Value::list(items, span)
        }
        (_, local) => Value::new(local, span),
    }
}

/// True for the types whose properties `Globals` and the parser look at.
pub(super) fn is_sam(kind: &str) -> bool {
    kind.strip_prefix(PREFIX)
        .is_some_and(|name| name == "Application" || SECTIONS.iter().any(|(section, _)| *section == name))
}

#[cfg(test)]
mod tests {
    use super::super::make::{same, value};
    use super::*;
    use tidegate_graph::Span;

    fn merged(globals: Value, local: Value, ignored: Option<Value>) -> (Value, Vec<Problem>) {
        let mut problems = Vec::new();
        let globals = Globals::read(Some(&globals), &mut problems);
        let local = local.as_map().unwrap().clone();
        let out = globals.merge("F", "AWS::Serverless::Function", local, ignored.as_ref(), &mut problems);
        (Value::map(out, Span::default()), problems)
    }

    #[test]
    fn maps_merge_lists_join_scalars_yield() {
        let s = Span::default();
        let globals = value!(s, { "Function": {
            "Timeout": 3, "Layers": ["a"], "Architectures": ["x86_64"],
            "Environment": { "Variables": { "A": "1", "B": "1" } }
        } });
        let local = value!(s, {
            "Timeout": 9, "Layers": ["b"], "Architectures": ["arm64"],
            "Environment": { "Variables": { "B": "2" } }
        });
        let want = value!(s, {
            "Timeout": 9, "Layers": ["a", "b"], "Architectures": ["arm64"],
            "Environment": { "Variables": { "A": "1", "B": "2" } }
        });
        let (got, problems) = merged(globals, local, None);
        assert!(same(&got, &want), "{got:?}");
        assert!(problems.is_empty());
    }

    #[test]
    fn unsupported_and_ignored_names_are_reported() {
        let s = Span::default();
        let globals = value!(s, { "Function": { "Timeout": 3, "FunctionName": "x" }, "Topic": {} });
        let (got, problems) = merged(globals, value!(s, {}), Some(value!(s, ["Timeout", "Nothing"])));
        assert!(got.as_map().unwrap().is_empty());
        assert_eq!(problems.len(), 3, "{problems:?}");
    }
}
