//! The SAM transform: `AWS::Serverless::*` resources become those of CloudFormation's own.
//!
//! The order is that of the service: Globals and implicit APIs first, then functions, state machines, APIs (which know
//! their routes by then), the rest, and connectors, which look at everything that was made. A fault is reported and
//! left out; the rest is still transformed.

mod api;
mod capacity;
mod connector;
mod deployment;
mod domain;
mod events;
mod function;
mod globals;
mod graphql;
mod http_api;
mod implicit;
mod make;
mod policies;
mod refs;
mod resource;
mod role;
mod shape;
mod simple;
mod state_machine;
mod swagger;
mod tables;
#[cfg(test)]
mod tests;
mod websocket;

use super::{Origin, Template};
use crate::{Files, LoadError, yaml};
use globals::Globals;
use make::{map_of, present, set_opt, tag_list, truthy};
use refs::{Known, Renamed};
use resource::{Made, Source, s3_location};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use tidegate_graph::{Data, Map, Problem, Str, Value, Why};

/// A step that can fail on broken input.
type Res<T = ()> = Result<T, Problem>;

/// Attributes that a generated resource takes over from the one it is made from.
const PASSED: [&str; 3] = ["Condition", "DeletionPolicy", "UpdateReplacePolicy"];
/// Attributes that the resource itself keeps.
const KEPT: [&str; 5] = ["DeletionPolicy", "UpdatePolicy", "Condition", "UpdateReplacePolicy", "Metadata"];

/// Rewrites a template with `Transform: AWS::Serverless-2016-10-31` into CloudFormation's own words.
pub(crate) fn transform(files: &Files, template: &mut Template) {
    let Some(resources) = template.root.get_mut("Resources") else { return };
    let span = resources.span;
    let Data::Map(source) = std::mem::take(&mut resources.data) else {
        template.problems.push(Problem::at(span, "`Resources` should be a map"));
        return;
    };
    let mut problems = Vec::new();
    let known = Known::read(&template.root, &template.bound);
    let globals = Globals::read(template.root.get("Globals"), &mut problems);
    let conditions = template.root.get("Conditions").and_then(map_of).cloned().unwrap_or_default();
    let mut run = Transform {
        files,
        folder: files.path(template.file).and_then(|path| path.parent().map(PathBuf::from)),
        known,
        globals,
        conditions,
        source,
        out: Map::new(),
        origins: HashMap::new(),
        problems,
        renamed: Renamed::default(),
        deployments: Vec::new(),
        usage: api::SharedPlan::default(),
        made: HashMap::new(),
        connectors: connector::Noted::default(),
        changed: HashMap::new(),
        broken: HashSet::new(),
        made_from: HashMap::new(),
    };
    run.run();
    template.root.remove("Globals");
    template.root.remove("Transform");
    template.origins.extend(run.origins);
    if !run.conditions.is_empty() {
        let at = template.root.get("Conditions").map_or(span, |v| v.span);
        template.root.insert("Conditions", Value::map(run.conditions, at));
    }
    if let Some(resources) = template.root.get_mut("Resources") {
        resources.data = Data::Map(run.out);
    }
    let whole = Value::map(std::mem::take(&mut template.root), span);
    run.known.check(&whole, &mut run.problems);
    refs::check_maps(&whole, &mut run.problems);
    let mut whole = whole;
    run.renamed.apply(&mut whole);
    if let Data::Map(root) = whole.data {
        template.root = root;
    }
    let mut said = HashSet::new();
    run.problems.retain(|problem| said.insert((problem.span, problem.message.clone())));
    template.problems.append(&mut run.problems);
}

/// When a type is transformed; `None` for what stays as it is.
fn stage(kind: &str) -> Option<usize> {
    Some(match kind.strip_prefix("AWS::Serverless::")? {
        "Function" => 0,
        "StateMachine" => 1,
        "Api" | "HttpApi" | "WebSocketApi" => 2,
        "SimpleTable" | "Application" | "LayerVersion" | "GraphQLApi" | "CapacityProvider" => 3,
        "Connector" => 4,
        _ => return None,
    })
}

struct Transform<'a> {
    files: &'a Files,
    /// Where paths in the template start from.
    folder: Option<PathBuf>,
    known: Known,
    globals: Globals,
    conditions: Map,
    /// Resources as written, with Globals and routes of events worked in.
    source: Map,
    /// Resources as they become.
    out: Map,
    origins: HashMap<Str, Origin>,
    problems: Vec<Problem>,
    renamed: Renamed,
    deployments: Vec<deployment::Preference>,
    usage: api::SharedPlan,
    /// Ids of generated resources that several may share, with their type.
    made: HashMap<Str, &'static str>,
    connectors: connector::Noted,
    /// Buckets and user pools that events have changed, with what they are known to hold.
    changed: HashMap<Str, HashSet<Str>>,
    /// Resources whose properties are no map.
    broken: HashSet<Str>,
    /// What resources stand for that nobody wrote: implicit APIs and embedded connectors.
    made_from: HashMap<Str, Str>,
}

impl Transform<'_> {
    fn run(&mut self) {
        self.check_resources();
        self.include_bodies();
        implicit::default_bodies(self);
        implicit::routes(self, &implicit::REST);
        implicit::routes(self, &implicit::HTTP);
        self.merge_globals();
        connector::embedded(self);
        let mut stages: [Vec<Str>; 5] = Default::default();
        for (id, field) in self.source.fields() {
            let kind = field.value.get("Type").and_then(Value::as_str).unwrap_or_default();
            match stage(kind).and_then(|stage| stages.get_mut(stage)) {
                Some(ids) => ids.push(id.clone()),
                None => {
                    self.out.insert_field(id.clone(), field.clone());
                }
            }
        }
        for (stage, ids) in stages.iter().enumerate() {
            ids.iter().for_each(|id| self.resource(id));
            if stage == 0 {
                self.take_changed();
            }
        }
        connector::finish(self);
        deployment::finish(self);
    }

    /// Reports a fault and goes on without the step.
    fn tried<T>(&mut self, result: Res<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(problem) => {
                self.problems.push(problem);
                None
            }
        }
    }

    fn check_resources(&mut self) {
        let mut kept = Map::new();
        for (id, mut field) in std::mem::take(&mut self.source).into_fields() {
            let at = field.value.span;
            let Some(resource) = field.value.as_map_mut() else {
                self.problems.push(Problem::at(at, format!("resource `{id}` should be a map")));
                continue;
            };
            if let Some(condition) =
                resource.get("Condition").filter(|v| truthy(Some(v)) && v.as_str().is_none())
            {
                let said = format!("`Condition` of `{id}` should be the name of a condition");
                self.problems.push(Problem::at(condition.span, said));
                resource.remove("Condition");
            }
            let kind = resource.get("Type").and_then(Value::as_str).map(Str::from);
            if kind.is_some_and(|kind| globals::is_sam(&kind) || kind == "AWS::Serverless::GraphQLApi") {
                match resource.get("Properties") {
                    Some(properties) if map_of(properties).is_none() => {
                        let said = format!("`Properties` of `{id}` should be a map");
                        self.problems.push(Problem::at(properties.span, said));
                        self.broken.insert(id.clone());
                        let at = properties.span;
                        resource.insert("Properties", Value::map(Map::new(), at));
                    }
                    Some(_) => {}
                    None => {
                        resource.insert("Properties", Value::map(Map::new(), at));
                    }
                }
            }
            kept.insert_field(id, field);
        }
        self.source = kept;
    }

    /// Local files that API definitions include.
    fn include_bodies(&mut self) {
        for id in self.source.keys().cloned().collect::<Vec<_>>() {
            if !matches!(
                self.kind_of(&id).as_deref(),
                Some("AWS::Serverless::Api" | "AWS::Serverless::HttpApi")
            ) {
                continue;
            }
            let body = self.properties_of(&id).and_then(|p| p.get("DefinitionBody"));
            let include = body.and_then(|body| make::argument(body, "Fn::Transform"));
            let Some(include) =
                include.filter(|t| t.get("Name").and_then(Value::as_str) == Some("AWS::Include"))
            else {
                continue;
            };
            let location = include.get("Parameters").and_then(|p| p.get("Location")).cloned();
            if let Some(Ok(document)) = location.and_then(|location| self.load(&location))
                && let Some(properties) = self.properties_mut(&id)
            {
                properties.insert("DefinitionBody", document);
            }
        }
    }

    fn merge_globals(&mut self) {
        let mut problems = Vec::new();
        for (id, resource) in self.source.iter_mut() {
            let Some(resource) = resource.as_map_mut() else { continue };
            let Some(kind) = resource.get("Type").and_then(Value::as_str).map(Str::from) else { continue };
            let ignored = resource.get("IgnoreGlobals").cloned();
            let Some(properties) = resource.get_mut("Properties").and_then(Value::as_map_mut) else {
                continue;
            };
            let merged =
                self.globals.merge(id, &kind, std::mem::take(properties), ignored.as_ref(), &mut problems);
            *properties = merged;
            if kind == "AWS::Serverless::Api" {
                implicit::set_version(properties);
            }
        }
        self.problems.append(&mut problems);
    }

    fn kind_of(&self, id: &str) -> Option<Str> {
        self.source.get(id)?.get("Type")?.as_str().map(Str::from)
    }

    fn properties_of(&self, id: &str) -> Option<&Map> {
        self.source.get(id)?.get("Properties").and_then(map_of)
    }

    fn properties_mut(&mut self, id: &str) -> Option<&mut Map> {
        self.source.get_mut(id)?.as_map_mut()?.get_mut("Properties")?.as_map_mut()
    }

    fn resource(&mut self, id: &str) {
        let Some(kind) = self.kind_of(id) else { return };
        let Some(source) = self.source_of(id, kind.clone()) else { return };
        if !make::is_alphanumeric(id) || !id.is_ascii() {
            let said = format!("id `{id}` should be made of letters and digits alone");
            self.problems.push(Problem::at(source.span, said));
        }
        let told = self.problems.len();
        let made = match kind.as_str() {
            "AWS::Serverless::Function" => function::transform(self, &source),
            "AWS::Serverless::StateMachine" => state_machine::transform(self, &source),
            "AWS::Serverless::Api" => api::transform(self, &source),
            "AWS::Serverless::HttpApi" => http_api::transform(self, &source),
            "AWS::Serverless::WebSocketApi" => websocket::transform(self, &source),
            "AWS::Serverless::SimpleTable" => simple::table(self, &source),
            "AWS::Serverless::Application" => simple::application(self, &source),
            "AWS::Serverless::LayerVersion" => simple::layer(self, &source),
            "AWS::Serverless::GraphQLApi" => graphql::transform(self, &source),
            "AWS::Serverless::CapacityProvider" => capacity::transform(self, &source),
            _ => connector::transform(self, &source),
        };
        if self.broken.contains(id) {
            // Its properties are no map, which was told; that they lack something needn't be.
            self.problems.truncate(told);
        }
        self.refer(&source, &made);
        for made in made {
            self.emit(&source, made);
        }
    }

    fn source_of(&self, id: &str, kind: Str) -> Option<Source> {
        let value = self.source.get(id)?;
        let resource = map_of(value)?;
        let mut attributes = Map::new();
        KEPT.iter().for_each(|name| set_opt(&mut attributes, name, resource.get(name)));
        Some(Source {
            id: id.into(),
            kind,
            span: value.span,
            properties: resource.get("Properties").and_then(map_of).cloned().unwrap_or_default(),
            depends_on: present(resource.get("DependsOn")).cloned(),
            attributes,
        })
    }

    /// Checks properties against a table.
    fn check(&mut self, source: &Source, table: &[shape::Property]) -> bool {
        let what = format!("`{}` ({})", source.id, source.kind);
        shape::check(&what, source.span, &source.properties, &[table], &mut self.problems)
    }

    /// Notes what `!Ref Resource.Part` stands for.
    fn refer(&mut self, source: &Source, made: &[Made]) {
        let parts: &[(&str, &str)] = match source.kind.as_str() {
            "AWS::Serverless::Function" => &[
                ("Alias", "AWS::Lambda::Alias"),
                ("Version", "AWS::Lambda::Version"),
                ("DestinationTopic", "AWS::SNS::Topic"),
                ("DestinationQueue", "AWS::SQS::Queue"),
            ],
            "AWS::Serverless::Api" => &[
                ("Stage", "AWS::ApiGateway::Stage"),
                ("Deployment", "AWS::ApiGateway::Deployment"),
                ("DomainName", "AWS::ApiGateway::DomainName"),
                ("DomainNameV2", "AWS::ApiGateway::DomainNameV2"),
                ("UsagePlan", "AWS::ApiGateway::UsagePlan"),
                ("UsagePlanKey", "AWS::ApiGateway::UsagePlanKey"),
                ("ApiKey", "AWS::ApiGateway::ApiKey"),
            ],
            "AWS::Serverless::HttpApi" | "AWS::Serverless::WebSocketApi" => {
                &[("Stage", "AWS::ApiGatewayV2::Stage"), ("DomainName", "AWS::ApiGatewayV2::DomainName")]
            }
            _ => &[],
        };
        for (part, kind) in parts {
            if let Some(made) = made.iter().rfind(|made| made.kind == *kind) {
                self.renamed.parts.insert(format!("{}.{part}", source.id).into(), made.id.clone());
            }
        }
    }

    /// Adds a resource to the result, unless something else of that id was written.
    fn emit(&mut self, source: &Source, made: Made) {
        if made.id != source.id && (!make::is_alphanumeric(&made.id) || !made.id.is_ascii()) {
            let said = format!(
                "`{}` makes a resource `{}`, an id with more than letters and digits",
                source.id, made.id
            );
            self.problems.push(Problem::at(made.span, said));
        }
        if made.id != source.id
            && let Some(kind) = self.kind_of(&made.id).filter(|kind| !stands_for(made.kind, kind))
        {
            let said =
                format!("`{}` makes a resource `{}`, an id that another has: `{kind}`", source.id, made.id);
            self.problems.push(Problem::at(made.span, said).help("give the other resource another id"));
            return;
        }
        let made_from = match self.made_from.get(&source.id) {
            Some(id) if made.id == source.id => Some(id.clone()),
            _ => (made.id != source.id).then(|| source.id.clone()),
        };
        self.origins.insert(made.id.clone(), Origin { made_from, declared_type: source.kind.clone() });
        self.out.insert(made.id.clone(), made.into_value());
    }

    /// Takes over resources of the template that events of functions have changed: buckets, user pools.
    fn take_changed(&mut self) {
        for id in std::mem::take(&mut self.changed).into_keys() {
            let Some(resource) = self.source.get(&id).cloned() else { continue };
            let declared_type = self.kind_of(&id).unwrap_or_default();
            self.origins.insert(id.clone(), Origin { made_from: None, declared_type });
            self.out.insert(id, resource);
        }
    }

    /// The document in a local file; `None` when the location is none.
    fn load(&mut self, location: &Value) -> Option<Res<Value>> {
        let path = location.as_str().filter(|text| !text.contains("://") && !text.contains("{{"))?;
        let folder = self.folder.as_ref()?;
        let file = match self.files.load(&folder.join(path)) {
            Ok(file) => file,
            // A document that the build makes, or that lies elsewhere, is unknown; a text that is no path is a slip.
            Err(LoadError::Missing | LoadError::Outside) if is_document(path) => {
                return Some(Ok(Value::unknown(path, Why::Import, location.span)));
            }
            Err(error) => {
                return Some(Err(Problem::at(location.span, format!("failed to read `{path}`: {error}"))));
            }
        };
        let (document, mut problems) = yaml::parse_one(file, &self.files.text(file));
        self.problems.append(&mut problems);
        let document = document.filter(|document| map_of(document).is_some());
        Some(document.ok_or_else(|| Problem::at(location.span, format!("`{path}` should hold a map"))))
    }
}

fn is_document(path: &str) -> bool {
    [".yaml", ".yml", ".json"].iter().any(|extension| path.ends_with(extension))
}

/// True if a generated resource may take the place of one written with that type.
fn stands_for(made: &str, written: &str) -> bool {
    matches!(
        (made, written),
        ("AWS::Lambda::Function", "AWS::Serverless::Function")
            | ("AWS::Lambda::LayerVersion", "AWS::Serverless::LayerVersion")
            | ("AWS::Lambda::CapacityProvider", "AWS::Serverless::CapacityProvider")
            | ("AWS::ApiGateway::RestApi", "AWS::Serverless::Api")
            | ("AWS::ApiGatewayV2::Api", "AWS::Serverless::HttpApi" | "AWS::Serverless::WebSocketApi")
            | ("AWS::S3::Bucket", "AWS::S3::Bucket")
            | ("AWS::SNS::Topic", "AWS::SNS::Topic")
            | ("AWS::DynamoDB::Table", "AWS::Serverless::SimpleTable")
            | ("AWS::CloudFormation::Stack", "AWS::Serverless::Application")
            | ("AWS::Cognito::UserPool", "AWS::Cognito::UserPool")
            | ("AWS::ApiGateway::DomainName", "AWS::ApiGateway::DomainName")
            | ("AWS::ApiGateway::BasePathMapping", "AWS::ApiGateway::BasePathMapping")
            | ("AWS::ApiGateway::DomainNameV2", "AWS::ApiGateway::DomainNameV2")
            | ("AWS::ApiGateway::BasePathMappingV2", "AWS::ApiGateway::BasePathMappingV2")
            | ("AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine")
            | ("AWS::AppSync::GraphQLApi", "AWS::Serverless::GraphQLApi")
    )
}

/// Tags of a SAM resource on everything made from it, when they are to be passed on.
fn propagate_tags(made: &mut [Made], tags: Option<&Value>, wanted: bool) {
    let Some(tags) = tags.filter(|tags| wanted && truthy(Some(tags))) else { return };
    for made in made {
        match made.kind {
            "AWS::Lambda::Function"
            | "AWS::IAM::Role"
            | "AWS::SNS::Topic"
            | "AWS::SQS::Queue"
            | "AWS::ApiGateway::RestApi"
            | "AWS::ApiGateway::Stage"
            | "AWS::ApiGateway::DomainName"
            | "AWS::ApiGateway::DomainNameV2"
            | "AWS::ApiGateway::UsagePlan"
            | "AWS::ApiGateway::ApiKey"
            | "AWS::StepFunctions::StateMachine" => made.set("Tags", tag_list(Some(tags))),
            "AWS::ApiGatewayV2::Stage" | "AWS::ApiGatewayV2::DomainName" => made.set("Tags", tags),
            _ => {}
        }
    }
}

/// Ids, each once.
fn distinct(ids: impl IntoIterator<Item = Str>) -> Vec<Str> {
    let mut seen = HashSet::new();
    ids.into_iter().filter(|id| seen.insert(id.clone())).collect()
}
