//! From a value to the nodes that it names: by reference, ARN, URL or physical name.

use super::catalogue::{Kind, kind_of, owner_property};
use super::walk;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tidegate_graph::{Graph, Map, Piece, Resource, Str, System, Value, policy};

/// What a value names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Targets {
    /// Nodes, in order of first mention.
    pub(super) nodes: Vec<usize>,
    /// Service of which everything is meant (`arn:aws:sqs:*:*:*`); `*` for all services.
    pub(super) everything: Option<Str>,
    /// Something that was not read: service and name.
    pub(super) elsewhere: Vec<(Str, Str)>,
}

/// Resolves values to nodes.
#[derive(Debug, Default)]
pub(super) struct Resolver {
    /// (stack, physical name as displayed) -> nodes. Ordered, so that a pattern looks only at names with its prefix.
    by_name: BTreeMap<(usize, Str), Vec<usize>>,
    /// Physical name without holes -> nodes of any stack.
    by_text: HashMap<Str, Vec<usize>>,
    /// Names with holes, as wildcard patterns: (stack, service) -> (pattern, node).
    patterns: HashMap<(usize, Str), Vec<(String, usize)>>,
    /// What wildcard patterns were found to match: policies repeat themselves.
    matched: RefCell<HashMap<(usize, Str, String), Vec<usize>>>,
    /// Owned resources (aliases, stages, task definitions) -> node.
    owners: HashMap<Str, usize>,
    services: Vec<Str>,
}

/// ARN services that mean the same resources as another prefix.
fn same_service(arn: &str, node: &str) -> bool {
    arn == node
        || matches!(
            (arn, node),
            ("execute-api", "apigateway")
                | ("kinesis", "kinesis")
                | ("rds-data" | "rds-db" | "rds", "rds" | "dsql")
                | ("aoss" | "es", "es" | "aoss")
                | ("kafka-cluster" | "kafka", "kafka")
                | ("s3express", "s3" | "s3express")
                | ("neptune-db", "rds" | "neptune-db")
                | ("elasticfilesystem", "elasticfilesystem")
        )
}

impl Resolver {
    pub(super) fn new(system: &System, graph: &Graph) -> Self {
        let mut resolver =
            Self { services: graph.nodes().iter().map(|n| n.service.clone()).collect(), ..Self::default() };
        for resource in system.resources() {
            let Some(index) = graph.index(&resource.id) else { continue };
            let Some(Kind { name, service, .. }) = kind_of(&resource.ty) else { continue };
            for value in walk::all(&resource.properties, name) {
                resolver.name(resource.stack, service, value, index);
            }
        }
        for resource in system.resources() {
            if let Some(index) = resolver.owner(system, graph, resource, 0) {
                resolver.owners.insert(resource.id.clone(), index);
            }
        }
        resolver
    }

    fn name(&mut self, stack: usize, service: &str, value: &Value, index: usize) {
        let shown: Str = spelled(value).into();
        if shown.is_empty() {
            return;
        }
        self.by_name.entry((stack, shown.clone())).or_default().push(index);
        if value.as_text().is_some() {
            self.by_text.entry(shown).or_default().push(index);
        } else {
            let pattern = policy::pattern_of(&value.pieces());
            // A pattern of holes alone says nothing.
            if pattern.chars().filter(|c| *c != '*').count() >= 3 {
                self.patterns.entry((stack, service.into())).or_default().push((pattern, index));
            }
        }
    }

    /// Remembers that a resource stands for a node.
    pub(super) fn own(&mut self, resource: &str, node: usize) {
        self.owners.entry(resource.into()).or_insert(node);
    }

    fn owner(&self, system: &System, graph: &Graph, resource: &Resource, depth: usize) -> Option<usize> {
        const MAX_CHAIN: usize = 6;
        if let Some(index) = graph.index(&resource.id) {
            return Some(index);
        }
        let value = walk::one(&resource.properties, owner_property(&resource.ty)?)?;
        for piece in value.pieces() {
            let Piece::Reference(reference) = piece else { continue };
            let owner = system.resource(&reference.target).filter(|_| depth < MAX_CHAIN)?;
            return self.owner(system, graph, owner, depth + 1);
        }
        self.by_text(resource.stack, &spelled(value), None).first().copied()
    }

    /// The node that a resource is or belongs to.
    pub(super) fn node(&self, graph: &Graph, resource: &str) -> Option<usize> {
        graph.index(resource).or_else(|| self.owners.get(resource).copied())
    }

    /// Everything a value names. `service`: what the place speaks of, for bare names (`TableName` is DynamoDB's).
    pub(super) fn targets(
        &self,
        graph: &Graph,
        stack: usize,
        value: &Value,
        service: Option<&str>,
    ) -> Targets {
        let mut out = Targets::default();
        for value in walk::flat(value) {
            self.add(graph, stack, value, service, &mut out);
        }
        let mut seen = BTreeSet::new();
        out.nodes.retain(|n| seen.insert(*n));
        out
    }

    fn add(&self, graph: &Graph, stack: usize, value: &Value, service: Option<&str>, out: &mut Targets) {
        let pieces = value.pieces();
        let referenced: Vec<usize> = pieces
            .iter()
            .filter_map(|p| match p {
                Piece::Reference(reference) => self.node(graph, &reference.target),
                _ => None,
            })
            .collect();
        if !referenced.is_empty() {
            out.nodes.extend(self.of_service(referenced, arn_service(&pieces).as_deref().or(service)));
            return;
        }
        let shown = spelled(value);
        if shown.is_empty() || pieces.is_empty() {
            return;
        }
        if shown == "*" {
            out.everything = Some(Str::new_static("*"));
            return;
        }
        let parts: Vec<&str> = shown.splitn(6, ':').collect();
        match parts.as_slice() {
            ["arn", _, arn_service, _, _, resource] => {
                let names = arn_names(arn_service, resource);
                if names.iter().all(|name| name.chars().all(|c| c == '*')) {
                    out.everything = Some((*arn_service).into());
                    return;
                }
                let found: Vec<usize> =
                    names.iter().flat_map(|n| self.by_text(stack, n, Some(arn_service))).collect();
                if found.is_empty() {
                    let name = names.first().copied().unwrap_or(resource);
                    out.elsewhere.push(((*arn_service).into(), name.into()));
                }
                out.nodes.extend(found);
            }
            // `arn:aws:iot:*`: everything from there on.
            ["arn", _, arn_service, ..] if shown.contains('*') => {
                out.everything = Some((*arn_service).into());
            }
            _ => {
                // A queue URL, an S3 URL, or a bare name.
                let name = match shown.split_once("://") {
                    Some(("s3", rest)) => rest.split('/').next().unwrap_or(rest),
                    Some((_, rest)) if rest.contains("amazonaws.com") => {
                        rest.rsplit('/').next().unwrap_or(rest)
                    }
                    Some(_) => return,
                    None => &shown,
                };
                let found = self.by_text(stack, name, service);
                if found.is_empty()
                    && let Some(service) = service
                {
                    out.elsewhere.push((service.into(), name.into()));
                }
                out.nodes.extend(found);
            }
        }
    }

    /// Of several references in one string the ones that fit the ARN's service, if any does.
    fn of_service(&self, nodes: Vec<usize>, service: Option<&str>) -> Vec<usize> {
        let fits = |n: &usize| {
            service.is_some_and(|s| self.services.get(*n).is_some_and(|own| same_service(s, own)))
        };
        if nodes.len() > 1 && nodes.iter().any(fits) {
            return nodes.into_iter().filter(fits).collect();
        }
        nodes
    }

    /// Nodes by physical name; `name` may hold `*`.
    fn by_text(&self, stack: usize, name: &str, service: Option<&str>) -> Vec<usize> {
        let fits =
            |n: &usize| service.is_none_or(|s| self.services.get(*n).is_some_and(|own| same_service(s, own)));
        let known = self.by_name.get(&(stack, name.into())).or_else(|| self.by_text.get(name));
        let exact: Vec<usize> = known.into_iter().flatten().copied().filter(fits).collect();
        if !exact.is_empty() || name.contains("://") {
            return exact;
        }
        let Some(service) = service else { return exact };
        let pattern = holes_to_stars(name);
        if pattern.chars().filter(|c| *c != '*').count() < 3 {
            return exact;
        }
        let key = (stack, service.into(), pattern);
        if let Some(known) = self.matched.borrow().get(&key) {
            return known.clone();
        }
        let found = self.by_pattern(stack, &key.2, service);
        self.matched.borrow_mut().insert(key, found.clone());
        found
    }

    fn by_pattern(&self, stack: usize, pattern: &str, service: &str) -> Vec<usize> {
        let fits = |n: &usize| self.services.get(*n).is_some_and(|own| same_service(service, own));
        let mut out = Vec::new();
        if let Some((prefix, _)) = pattern.split_once('*') {
            let names = self.by_name.range((stack, Str::from(prefix))..);
            let names = names.take_while(|((s, name), _)| *s == stack && name.starts_with(prefix));
            let names = names.filter(|((_, name), _)| !name.contains("${") && policy::matches(pattern, name));
            out.extend(names.flat_map(|(_, nodes)| nodes.iter().copied()).filter(fits));
        }
        let with_holes: Vec<&(String, usize)> = self
            .patterns
            .iter()
            .filter(|((own_stack, own), _)| *own_stack == stack && same_service(service, own))
            .flat_map(|(_, list)| list)
            .collect();
        // The same holes at the same places are most likely the same name; only then anything that could match.
        let exact: Vec<usize> = with_holes.iter().filter(|(p, _)| p == pattern).map(|(_, n)| *n).collect();
        if exact.is_empty() {
            out.extend(with_holes.iter().filter(|(p, _)| policy::matches(p, pattern)).map(|(_, n)| *n));
        }
        out.extend(exact);
        out.sort_unstable();
        out.dedup();
        out
    }
}

/// The value as text whose colons are only those of an ARN: `arn:${AWS.Partition}:sqs:...`.
pub(super) fn spelled(value: &Value) -> String {
    spelled_pieces(&value.pieces())
}

fn spelled_pieces(pieces: &[Piece]) -> String {
    let text = |piece: &Piece| match piece {
        Piece::Text(text) => text.replace("${AWS::", "${AWS."),
        other => other.display().replace(':', "."),
    };
    pieces.iter().map(text).collect()
}

fn arn_service(pieces: &[Piece]) -> Option<Str> {
    let text = spelled_pieces(pieces);
    let mut parts = text.split(':');
    (parts.next()? == "arn").then_some(())?;
    parts.nth(1).map(Str::from)
}

fn holes_to_stars(name: &str) -> String {
    let mut out = String::new();
    let mut rest = name;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        out.push('*');
        rest = after.split_once('}').map_or("", |(_, tail)| tail);
    }
    out.push_str(rest);
    out
}

/// The names that an ARN's resource part can mean: `table/orders/index/*` is `orders`.
fn arn_names<'a>(service: &str, resource: &'a str) -> Vec<&'a str> {
    let segments: Vec<&str> = resource.split(['/', ':']).collect();
    let at = |i: usize| segments.get(i).copied();
    let name = match service {
        "s3" | "s3express" | "sns" | "sqs" | "execute-api" => at(0),
        "dynamodb" | "kinesis" | "firehose" | "lambda" | "states" | "kms" | "ecr" | "cognito-idp" | "es"
        | "kafka" | "dsql" | "elasticfilesystem" | "appsync" | "glue" | "codebuild" => at(1),
        "logs" | "ssm" | "secretsmanager" | "events" | "iam" => {
            // Names with slashes of their own.
            let rest = resource.split_once([':', '/']).map_or(resource, |(_, rest)| rest);
            let rest = rest.strip_suffix(":*").unwrap_or(rest);
            let last = rest.rsplit('/').next().unwrap_or(rest);
            let absolute = resource.find('/').and_then(|i| resource.get(i..)).unwrap_or(rest);
            return vec![rest, last, absolute];
        }
        _ => segments.last().copied(),
    };
    name.or(at(0)).into_iter().collect()
}

/// Physical name and type for people: the name property when it is known, otherwise the logical id.
pub(super) fn name_for_people(resource: &Resource, properties: &Map) -> Str {
    let known = kind_of(&resource.ty).and_then(|k| walk::one(properties, k.name)).and_then(Value::as_text);
    match known {
        Some(name) if !name.is_empty() && name.len() <= 64 => name,
        _ => resource.logical_id.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_name_resources() {
        assert_eq!(arn_names("dynamodb", "table/orders/index/*"), ["orders"]);
        assert_eq!(arn_names("lambda", "function:orders:live"), ["orders"]);
        assert_eq!(arn_names("s3", "bucket/key/*"), ["bucket"]);
        assert_eq!(arn_names("logs", "log-group:/aws/lambda/x:*")[0], "/aws/lambda/x");
        assert_eq!(arn_names("events", "event-bus/orders")[0], "orders");
        assert_eq!(arn_names("ssm", "parameter/app/key")[2], "/app/key");
    }

    #[test]
    fn holes_match_anything() {
        assert_eq!(holes_to_stars("${AWS::StackName}-orders-${Env}"), "*-orders-*");
    }
}
