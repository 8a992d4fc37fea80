//! What the readers produce: everything that was declared, in one canonical shape.

use crate::{Cond, Data, Map, Piece, Problem, Sources, Span, Str, Symbol, Value, Variable, Why};
use std::collections::{BTreeMap, HashMap};

/// A unit of deployment: a template with its children, a Terraform root module, a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stack {
    /// Unique name, shown to people: the template's path without extension, or the folder.
    pub name: Str,
    /// `cloudformation`, `sam`, `cdk`, `terraform`, `serverless`, `openapi`, `asyncapi`.
    pub format: &'static str,
    /// Path of its main file.
    pub path: Str,
}

/// One declared resource in canonical shape.
///
/// For AWS the type and property names are CloudFormation's whatever the source format; GCP and Azure resources keep
/// their Terraform type with Terraform's attribute names.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// Unique in the system: `<stack>/<logical id or address>`.
    pub id: Str,
    /// Logical id or address within its stack.
    pub logical_id: Str,
    /// Canonical type.
    pub ty: Str,
    /// Type as it was written: `AWS::Serverless::Function`, `aws_lambda_function`.
    pub declared_type: Str,
    /// Index into [`System::stacks`].
    pub stack: usize,
    /// Properties; a missing key is absent.
    pub properties: Map,
    /// What stands beside the properties: `Metadata`, `DependsOn`, `DeletionPolicy`.
    pub attributes: Map,
    /// When it exists; `None` is always.
    pub condition: Option<Cond>,
    /// Where it is declared: its header.
    pub span: Span,
    /// Logical id of the resource that a transform made it from.
    pub made_from: Option<Str>,
}

impl Resource {
    /// A property, whatever the world. Choices are not resolved; see [`crate::World::get`].
    pub fn property(&self, name: &str) -> Option<&Value> {
        self.properties.get(name)
    }

    /// Property at a path of keys, without looking through choices.
    pub fn path(&self, path: &[&str]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.properties.get(first)?, |value, key| value.get(key))
    }

    /// Span of a property's key, or of the header when it isn't there.
    pub fn key_span(&self, name: &str) -> Span {
        self.properties.field(name).map_or(self.span, |f| f.key.to(f.value.span))
    }
}

/// Everything that was read.
#[derive(Debug, Default)]
pub struct System {
    /// The files.
    pub sources: Sources,
    /// The stacks.
    pub stacks: Vec<Stack>,
    /// Free parameters by key (`<stack>/<name>`).
    pub variables: BTreeMap<Str, Variable>,
    /// What couldn't be read.
    pub problems: Vec<Problem>,
    /// Declared resources that became properties of another one (Terraform's split buckets, policies, targets).
    pub merged: usize,
    /// What templates say about themselves, by the index of their stack.
    pub metadata: Vec<(usize, Value)>,
    resources: Vec<Resource>,
    by_id: HashMap<Str, usize>,
}

impl System {
    /// Adds a resource. A second one with the same id gets a number behind it, so that nothing is lost.
    pub fn add(&mut self, mut resource: Resource) -> usize {
        let mut n = 1;
        let base = resource.id.clone();
        while self.by_id.contains_key(&resource.id) {
            n += 1;
            resource.id = format!("{base}~{n}").into();
        }
        let index = self.resources.len();
        self.by_id.insert(resource.id.clone(), index);
        self.resources.push(resource);
        index
    }

    /// Number of resources that were declared, those that became properties of another one included.
    pub fn declared(&self) -> usize {
        self.resources.len() + self.merged
    }

    /// All resources.
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// The resource with this id.
    pub fn resource(&self, id: &str) -> Option<&Resource> {
        self.by_id.get(id).and_then(|i| self.resources.get(*i))
    }

    /// The resource with this id, to change it.
    pub fn resource_mut(&mut self, id: &str) -> Option<&mut Resource> {
        self.by_id.get(id).and_then(|i| self.resources.get_mut(*i))
    }

    /// Resources of a canonical type.
    pub fn of_type<'a>(&'a self, ty: &'a str) -> impl Iterator<Item = &'a Resource> + 'a {
        self.resources.iter().filter(move |r| r.ty == ty)
    }

    /// The stack of a resource.
    pub fn stack_of(&self, resource: &Resource) -> Option<&Stack> {
        self.stacks.get(resource.stack)
    }

    /// Every unknown value (pseudo parameters and attributes of read resources aside), with its place.
    pub fn unknown_values(&self) -> Vec<(Symbol, Span)> {
        let mut out = Vec::new();
        for resource in &self.resources {
            for value in resource.properties.values() {
                value.walk(&mut |v| match &v.data {
                    Data::Unknown(symbol) if symbol.why != Why::Pseudo => out.push((symbol.clone(), v.span)),
                    Data::Template(pieces) => out.extend(pieces.iter().find_map(|p| match p {
                        Piece::Symbol(symbol) if symbol.why != Why::Pseudo => Some((symbol.clone(), v.span)),
                        _ => None,
                    })),
                    _ => {}
                });
            }
        }
        out
    }
}
