//! What a rule may ask, and how it answers.

use crate::index::{Index, Referrer};
use crate::{Guardrails, Metadata, fingerprint};
use std::cell::RefCell;
use std::collections::HashSet;
use tidegate_graph::finding::Related;
use tidegate_graph::policy::{self, Statement};
use tidegate_graph::{
    Confidence, Data, Edge, EdgeKind, Field, Fix, Graph, Map, Node, Resource, Severity, Span, Str, System,
    Value, World,
};

/// One call of a rule: the system, its graph, and the world in which the free parameters are decided.
pub(crate) struct Context<'a> {
    /// Everything that was read.
    pub(crate) system: &'a System,
    /// The event graph.
    pub(crate) graph: &'a Graph,
    /// The world; every look-up goes through it.
    pub(crate) world: &'a World,
    index: &'a Index<'a>,
    metadata: &'static Metadata,
    reported: RefCell<Reported>,
}

/// What a rule reported in one world.
#[derive(Debug, Default)]
pub(crate) struct Reported {
    pub(crate) drafts: Vec<Draft>,
    pub(crate) unknown: Vec<Unknown>,
}

/// A finding before the worlds are joined.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) resource: Str,
    /// Where in the resource, as keys joined by `/`: what makes the fingerprint stable across moved lines.
    pub(crate) key: String,
    pub(crate) span: Span,
    pub(crate) severity: Severity,
    pub(crate) confidence: Confidence,
    pub(crate) message: String,
    pub(crate) help: String,
    pub(crate) related: Vec<Related>,
    pub(crate) path: Vec<Str>,
    pub(crate) fix: Option<Fix>,
    /// Aliases of the rule that mean something else than this finding.
    pub(crate) unlike: Vec<&'static str>,
}

/// A resource that a rule could neither pass nor fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// Kebab-case id of the rule.
    pub rule: &'static str,
    /// [`Resource::id`].
    pub resource: Str,
    /// What isn't known.
    pub why: String,
    /// Where it is written.
    pub span: Span,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        system: &'a System,
        graph: &'a Graph,
        index: &'a Index<'a>,
        world: &'a World,
        metadata: &'static Metadata,
    ) -> Self {
        Self { system, graph, world, index, metadata, reported: RefCell::default() }
    }

    pub(crate) fn into_reported(self) -> Reported {
        self.reported.into_inner()
    }

    /// What the code of a resource reaches with its permissions.
    pub(crate) fn radius(&self, resource: &Resource) -> Option<&crate::radius::Radius> {
        self.index.radius(&resource.id)
    }

    /// What the team has decided that no policy may say.
    pub(crate) fn guardrails(&self) -> &Guardrails {
        &self.index.guardrails
    }

    /// True if the resource exists in this world.
    pub(crate) fn exists(&self, resource: &Resource) -> bool {
        resource.condition.as_ref().is_none_or(|c| c.holds(self.world))
    }

    /// The value at a path of keys in this world; `None` is absent, and so is an explicit null. A key that is a number
    /// picks from a list.
    pub(crate) fn get<'r>(&self, resource: &'r Resource, path: &[&str]) -> Option<&'r Value> {
        let (first, rest) = path.split_first()?;
        let value = self.world.resolve(resource.properties.get(first)?)?;
        let found = rest.iter().try_fold(value, |value, key| self.child(value, key))?;
        (found.data != Data::Null).then_some(found)
    }

    /// The first value on the way to a path that isn't known, so that what stands at its end can't be said.
    pub(crate) fn unknown_above<'r>(&self, resource: &'r Resource, path: &[&str]) -> Option<&'r Value> {
        let above = (1..path.len()).filter_map(|n| self.get(resource, path.get(..n)?));
        above.into_iter().find(|value| value.is_unknown())
    }

    /// The value of a key of a map in this world; `None` is absent, and so is an explicit null.
    pub(crate) fn child<'r>(&self, value: &'r Value, key: &str) -> Option<&'r Value> {
        let found = match (&value.data, key.parse::<usize>()) {
            (Data::List(items), Ok(n)) => self.world.resolve(items.get(n)?)?,
            _ => self.world.get(value, key)?,
        };
        (found.data != Data::Null).then_some(found)
    }

    /// The items at a path in this world: of a list, or the one value that stands there.
    pub(crate) fn items<'r>(&self, resource: &'r Resource, path: &[&str]) -> Vec<&'r Value> {
        self.get(resource, path).map(|v| self.world.items(v)).unwrap_or_default()
    }

    /// The statements of the policy document at a path, each with its place. Reports unknown when there is something
    /// that can't be read as a document.
    pub(crate) fn statements<'r>(&self, resource: &'r Resource, path: &[&str]) -> Vec<Placed<'r>> {
        let Some(document) = self.get(resource, path) else { return Vec::new() };
        if document.as_map().is_none() {
            self.unknown(resource, document, "the policy document");
            return Vec::new();
        }
        self.statements_of(document, &path.join("/"))
    }

    /// The statements of a document that stands at `key`.
    pub(crate) fn statements_of<'r>(&self, document: &'r Value, key: &str) -> Vec<Placed<'r>> {
        let statements = policy::statements(self.world, document);
        let place = |(n, statement): (usize, Statement<'r>)| {
            let name =
                statement.sid.clone().filter(|s| !s.is_empty()).unwrap_or_else(|| n.to_string().into());
            Placed { key: format!("{key}/Statement/{name}"), statement }
        };
        statements.into_iter().enumerate().map(place).collect()
    }

    /// All existing resources of a canonical type.
    pub(crate) fn of_type(&self, ty: &str) -> impl Iterator<Item = &'a Resource> {
        self.index.of_type(ty).iter().copied().filter(|r| self.exists(r))
    }

    /// The existing resource that a value of `from` names, by reference (whatever the attribute) or by its literal
    /// name, ARN or URL. `ty` is the type it must have.
    pub(crate) fn target(&self, from: &Resource, value: &Value, ty: &str) -> Option<&'a Resource> {
        self.index.target(from, value, ty).filter(|r| self.exists(r))
    }

    /// Existing resources of type `ty` whose property at `path` (keys joined by `.`, lists looked through) names this
    /// resource: the queue policies of a queue are `referrers(queue, "AWS::SQS::QueuePolicy", "Queues")`.
    pub(crate) fn referrers(&self, target: &Resource, ty: &str, path: &str) -> Vec<&'a Resource> {
        let mut out: Vec<&Resource> = Vec::new();
        for Referrer { resource, path: at, .. } in self.index.referrers(&target.id) {
            // One that names it twice stands in the list once, and one after the other.
            let seen = out.last().is_some_and(|last| last.id == resource.id);
            if resource.ty == ty && at == path && !seen && self.exists(resource) {
                out.push(resource);
            }
        }
        out
    }

    /// True if an existing resource of type `ty` names this one anywhere in its properties.
    pub(crate) fn named_by(&self, target: &Resource, ty: &str) -> bool {
        self.index.referrers(&target.id).iter().any(|r| r.resource.ty == ty && self.exists(r.resource))
    }

    /// True if an existing resource of whatever type names this one at this path.
    pub(crate) fn is_named_at(&self, target: &Resource, path: &str) -> bool {
        self.index.referrers(&target.id).iter().any(|r| r.path == path && self.exists(r.resource))
    }

    /// True if something else than functions runs with this role.
    pub(crate) fn is_taken_by_others(&self, role: &Resource) -> bool {
        self.index.referrers(&role.id).iter().any(|r| {
            let key = r.path.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
            let takes = key.ends_with("role") || key.ends_with("rolearn") || key == "credentials";
            let function = matches!(r.resource.ty.as_str(), "AWS::Lambda::Function");
            takes && !function && self.exists(r.resource)
        })
    }

    /// How many policies have the statement that is written at this place: more than one has it where a document is
    /// written once for several.
    pub(crate) fn with_statement(&self, place: Span) -> usize {
        self.index.with_statement(place)
    }

    /// True if deploying `from` waits for `to`; also when there is too much to look at.
    pub(crate) fn depends_on(&self, from: &Resource, to: &Resource) -> bool {
        const MOST: usize = 4_000;
        let mut seen: HashSet<&str> = HashSet::new();
        let mut todo: Vec<&Resource> = vec![from];
        while let Some(resource) = todo.pop() {
            if resource.id == to.id || seen.len() > MOST {
                return true;
            }
            if !seen.insert(&resource.id) {
                continue;
            }
            for value in resource.properties.values() {
                let targets = value.references().into_iter().map(|(r, _)| &r.target);
                todo.extend(targets.filter_map(|target| self.system.resource(target)));
            }
            let own = resource.attributes.get("DependsOn").map(Value::items).unwrap_or_default();
            let named = own.iter().filter_map(Value::as_str);
            let stack = resource.id.strip_suffix(resource.logical_id.as_str()).unwrap_or_default();
            todo.extend(named.filter_map(|name| self.system.resource(&format!("{stack}{name}"))));
        }
        false
    }

    /// True if something puts here what failed elsewhere: a dead-letter queue or failure destination.
    pub(crate) fn takes_failed(&self, queue: &Resource) -> bool {
        const PLACES: &[&str] = &["deadletter", "dead_letter", "onfailure", "redrive"];
        self.index.referrers(&queue.id).iter().any(|r| {
            let path = r.path.to_ascii_lowercase();
            PLACES.iter().any(|place| path.contains(place)) && self.exists(r.resource)
        })
    }

    /// Existing functions that run with this role of a function, itself among them, in the order of the files.
    pub(crate) fn with_role(&self, function: &Resource, role: &Value) -> impl Iterator<Item = &'a Resource> {
        self.index.with_role(function, role).iter().copied().filter(|r| self.exists(r))
    }

    /// Nodes from an entry of the system to this resource along the edges that start code, both included; `None` when
    /// no stranger's request gets there.
    pub(crate) fn way_from_entry(&self, resource: &Resource) -> Option<Vec<&'a Node>> {
        let way = self.index.entries(self.graph).way_to(self.graph.index(&resource.id)?)?;
        let way: Vec<&Node> = way.into_iter().filter_map(|n| self.graph.node(n)).collect();
        way.iter().all(|n| self.node_exists(n)).then_some(way)
    }

    /// True for a managed policy that is a permissions boundary and attached to nothing: it grants nothing.
    pub(crate) fn only_boundary(&self, policy: &Resource) -> bool {
        let mut paths = self.index.referrers(&policy.id).iter().map(|r| r.path.as_str()).peekable();
        policy.ty == "AWS::IAM::ManagedPolicy"
            && ["Roles", "Users", "Groups"].iter().all(|key| self.items(policy, &[key]).is_empty())
            && paths.peek().is_some()
            && paths.all(|path| path == "PermissionsBoundary")
    }

    /// Existing functions that have the environment variable that is written at this place, in the order of the files.
    pub(crate) fn with_variable(&self, place: Span) -> impl Iterator<Item = &'a Resource> {
        self.index.with_variable(place).iter().copied().filter(|r| self.exists(r))
    }

    /// Edges of a kind into a resource's node, with the node they come from.
    pub(crate) fn incoming(&self, resource: &Resource, kind: EdgeKind) -> Vec<(&'a Edge, &'a Node)> {
        let Some(node) = self.graph.index(&resource.id) else { return Vec::new() };
        let edges = self.graph.incoming(node).filter(|e| e.kind == kind);
        edges
            .filter_map(|e| Some((e, self.graph.node(e.from)?)))
            .filter(|(_, n)| self.node_exists(n))
            .collect()
    }

    /// Edges of a kind out of a resource's node, with the node they lead to.
    pub(crate) fn outgoing(&self, resource: &Resource, kind: EdgeKind) -> Vec<(&'a Edge, &'a Node)> {
        let Some(node) = self.graph.index(&resource.id) else { return Vec::new() };
        let edges = self.graph.outgoing(node).filter(|e| e.kind == kind);
        edges.filter_map(|e| Some((e, self.graph.node(e.to)?))).filter(|(_, n)| self.node_exists(n)).collect()
    }

    fn node_exists(&self, node: &Node) -> bool {
        self.system.resource(&node.id).is_none_or(|r| self.exists(r))
    }

    /// Starts a finding on a resource: one sentence, lowercase, no full stop. [`Report::report`] ends it.
    pub(crate) fn finding<'c>(
        &'c self,
        resource: &'c Resource,
        message: impl Into<String>,
    ) -> Report<'c, 'a> {
        let draft = Draft {
            resource: resource.id.clone(),
            key: String::new(),
            span: resource.span,
            severity: self.metadata.severity,
            confidence: self.metadata.confidence,
            message: message.into(),
            help: String::new(),
            related: Vec::new(),
            path: Vec::new(),
            fix: None,
            unlike: Vec::new(),
        };
        Report { cx: self, resource, draft }
    }

    /// Reports that the rule can't decide on this resource, because `value` isn't known: "the auth type".
    pub(crate) fn unknown(&self, resource: &Resource, value: &Value, what: &str) {
        let why = match &value.data {
            Data::Unknown(symbol) => format!("{what} is unknown: {}, {}", symbol.name, symbol.why.phrase()),
            _ => format!("{what} can't be decided from `{}`", shorten(&value.display())),
        };
        let unknown =
            Unknown { rule: self.metadata.id, resource: resource.id.clone(), why, span: value.span };
        self.reported.borrow_mut().unknown.push(unknown);
    }
}

/// A policy statement and where it stands in its resource.
#[derive(Clone, Debug)]
pub(crate) struct Placed<'r> {
    /// Keys joined by `/`, the statement by its `Sid` or number.
    pub(crate) key: String,
    /// The statement.
    pub(crate) statement: Statement<'r>,
}

/// A finding in the making.
#[must_use = "a finding counts only when it is reported"]
pub(crate) struct Report<'c, 'a> {
    cx: &'c Context<'a>,
    resource: &'c Resource,
    draft: Draft,
}

impl Report<'_, '_> {
    /// Where: a path of keys. The deepest key that is there is shown, the resource's header when none is.
    pub(crate) fn at(mut self, path: &[&str]) -> Self {
        self.draft.key = path.join("/");
        self.draft.span =
            locate(self.cx.world, &self.resource.properties, path).unwrap_or(self.resource.span);
        self
    }

    /// Where: like [`Report::at`], but for a key that is absent the first line of the properties is shown: the header may
    /// stand far above them, with what the resource depends on in between.
    pub(crate) fn within(mut self, path: &[&str]) -> Self {
        self = self.at(path);
        if path.first().is_some_and(|first| !self.resource.properties.contains_key(first)) {
            let header = self.resource.span;
            let below = |key: &&Span| key.file == header.file && key.start >= header.start;
            let first = self.resource.properties.fields().map(|(_, field)| field.key);
            self.draft.span = first.filter(|key| below(&key)).min_by_key(|key| key.start).unwrap_or(header);
        }
        self
    }

    /// Where: a statement of a policy of this resource.
    pub(crate) fn at_statement(self, placed: &Placed<'_>) -> Self {
        let span = placed.statement.span;
        self.at_place(placed.key.clone(), span)
    }

    /// Where: a place that keys alone don't find, with a key that stays the same when lines move.
    pub(crate) fn at_place(mut self, key: impl Into<String>, span: Span) -> Self {
        self.draft.key = key.into();
        self.draft.span = span;
        self
    }

    /// What to do.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.draft.help = help.into();
        self
    }

    /// What would mend it. Say it only where it does in every world in which the finding is reported.
    pub(crate) fn fix(mut self, fix: impl Into<Option<Fix>>) -> Self {
        self.draft.fix = fix.into();
        self
    }

    /// Another place that helps to understand it, with a few words why.
    pub(crate) fn related(mut self, span: Option<Span>, label: impl Into<String>) -> Self {
        self.draft.related.extend(span.map(|span| Related { span, label: label.into() }));
        self
    }

    /// Node ids along which it hurts.
    pub(crate) fn path(mut self, path: impl IntoIterator<Item = Str>) -> Self {
        self.draft.path.extend(path);
        self
    }

    /// Aliases of the rule that mean another part of it than what was found.
    pub(crate) fn unlike(mut self, aliases: &[&'static str]) -> Self {
        self.draft.unlike.extend(aliases);
        self
    }

    /// Another severity than the rule's.
    pub(crate) fn severity(mut self, severity: Severity) -> Self {
        self.draft.severity = severity;
        self
    }

    /// Another confidence than the rule's.
    pub(crate) fn confidence(mut self, confidence: Confidence) -> Self {
        self.draft.confidence = confidence;
        self
    }

    /// Ends the finding.
    pub(crate) fn report(self) {
        self.cx.reported.borrow_mut().drafts.push(self.draft);
    }
}

impl Draft {
    pub(crate) fn fingerprint(&self, rule: &str, ordinal: usize) -> String {
        let ordinal = if ordinal == 0 { String::new() } else { ordinal.to_string() };
        fingerprint::of(&[rule, &self.resource, &self.key, &ordinal])
    }
}

/// Span of the deepest key of a path that is there.
pub(crate) fn locate(world: &World, properties: &Map, path: &[&str]) -> Option<Span> {
    let (first, rest) = path.split_first()?;
    let field = properties.field(first)?;
    let (mut span, mut value) = (field_span(field), &field.value);
    for key in rest {
        let Some(inner) = world.resolve(value) else { break };
        let item = key.parse::<usize>().ok().and_then(|n| inner.as_list()?.get(n));
        let (next_span, next) = match (item, inner.as_map().and_then(|map| map.field(key))) {
            (Some(item), _) => (item.span, item),
            (None, Some(field)) => (field_span(field), &field.value),
            (None, None) => break,
        };
        (span, value) = (next_span, next);
    }
    Some(span)
}

fn field_span(field: &Field) -> Span {
    // A value that was taken from elsewhere (a parameter's default, another file) doesn't belong to its key's lines.
    if field.value.span.start < field.key.start { field.key } else { field.key.to(field.value.span) }
}

fn shorten(text: &str) -> String {
    const MAX: usize = 80;
    if text.chars().count() <= MAX {
        text.to_string()
    } else {
        text.chars().take(MAX).chain(['…']).collect()
    }
}
