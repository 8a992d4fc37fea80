//! The `configuration` of a plan: what the expressions of resources refer to.

use std::collections::{HashMap, HashSet};
use tidegate_graph::{Map, Piece, Reference, Span, Str, Symbol, Value, Why};

/// References through variables and outputs of modules, one after the other.
const MAX_HOPS: usize = 32;

pub(super) struct Configuration<'v> {
    stack: Str,
    root: Option<&'v Value>,
    /// Addresses of instances, by their address without keys.
    instances: HashMap<String, Vec<Str>>,
    /// Configured resources, by their address without keys.
    resources: HashMap<String, &'v Value>,
}

impl<'v> Configuration<'v> {
    pub(super) fn new(stack: &Str, plan: &'v Value, addresses: impl Iterator<Item = Str>) -> Self {
        let mut instances: HashMap<String, Vec<Str>> = HashMap::new();
        for address in addresses {
            instances.entry(without_keys(&address)).or_default().push(address);
        }
        let root = plan.get("configuration").and_then(|c| c.get("root_module"));
        let mut resources = HashMap::new();
        if let Some(root) = root {
            index(root, "", &mut resources, 0);
        }
        Self { stack: stack.clone(), root, instances, resources }
    }

    /// The value at a path of an instance that is known only after the deployment.
    ///
    /// `None` for what nobody has written: the provider computes it.
    pub(super) fn value(&self, address: &str, path: &[Str], span: Span) -> Option<Value> {
        let plain = without_keys(address);
        let unknown = || Value::unknown(format!("{address}.{}", path.join(".")), Why::Attribute, span);
        let modules = module_path(&plain);
        let Some(resource) = self.resources.get(&plain) else { return Some(unknown()) };
        // The longest part of the path that the configuration has an expression for.
        let mut expression = resource.get("expressions");
        expression?.get(path.first()?)?;
        for key in path {
            let Some(here) = expression else { break };
            if here.get("references").is_some() {
                break;
            }
            expression = match key.parse::<usize>() {
                Ok(index) if here.as_list().is_some() => {
                    here.as_list().and_then(|items| items.get(index).or_else(|| items.first()))
                }
                _ => here.get(key),
            };
        }
        let mut found = Vec::new();
        if let Some(expression) = expression {
            let mut seen = HashSet::new();
            self.follow(expression, &modules, address, &mut found, &mut seen, 0);
        }
        Some(match found.len() {
            0 => unknown(),
            1 => Value::template(found, span),
            _ => {
                // A text of several parts, of which only these are known.
                let hole =
                    Piece::Symbol(Symbol::new(format!("{address}.{}", path.join(".")), Why::Attribute));
                Value::template(
                    found.into_iter().flat_map(|piece| [hole.clone(), piece]).collect::<Vec<_>>(),
                    span,
                )
            }
        })
    }

    /// The resources that an expression refers to.
    fn follow(
        &self,
        expression: &Value,
        modules: &[String],
        from: &str,
        out: &mut Vec<Piece>,
        seen: &mut HashSet<(Vec<String>, Str)>,
        hops: usize,
    ) {
        if hops > MAX_HOPS {
            return;
        }
        let references = expression.get("references").map(Value::items).unwrap_or_default();
        let mut before: Option<&str> = None;
        for reference in references.iter().filter_map(Value::as_str) {
            // `a.b.arn` is followed by `a.b`, which says the same once more.
            if before
                .is_some_and(|b| b.strip_prefix(reference).is_some_and(|rest| rest.starts_with(['.', '['])))
            {
                continue;
            }
            before = Some(reference);
            if !seen.insert((modules.to_vec(), reference.into())) {
                continue;
            }
            let plain = without_keys(reference);
            let parts: Vec<&str> = plain.split('.').collect();
            match parts.as_slice() {
                ["var", name, ..] => {
                    let Some((last, parent)) = modules.split_last() else { continue };
                    let argument = self
                        .module(parent)
                        .and_then(|m| m.get("module_calls")?.get(last)?.get("expressions")?.get(name));
                    if let Some(argument) = argument {
                        self.follow(argument, parent, from, out, seen, hops + 1);
                    }
                }
                ["module", name, output, ..] => {
                    let mut inner = modules.to_vec();
                    inner.push((*name).into());
                    let expression =
                        self.module(&inner).and_then(|m| m.get("outputs")?.get(output)?.get("expression"));
                    if let Some(expression) = expression {
                        self.follow(expression, &inner, from, out, seen, hops + 1);
                    }
                }
                ["local" | "each" | "count" | "path" | "terraform" | "self" | "module", ..] => {}
                ["data", ty, name, rest @ ..] => {
                    self.piece(&format!("data.{ty}.{name}"), rest, reference, modules, from, out);
                }
                [ty, name, rest @ ..] => {
                    self.piece(&format!("{ty}.{name}"), rest, reference, modules, from, out);
                }
                _ => {}
            }
        }
    }

    fn piece(
        &self,
        block: &str,
        attribute: &[&str],
        reference: &str,
        modules: &[String],
        from: &str,
        out: &mut Vec<Piece>,
    ) {
        let prefix: String = modules.iter().map(|m| format!("module.{m}.")).collect();
        let Some(instances) = self.instances.get(&format!("{prefix}{block}")) else { return };
        // The instance with the key that is written, else the one with our own key, else the first.
        let written =
            reference.find('[').and_then(|start| reference.get(start..)).and_then(|r| r.get(..=r.find(']')?));
        let own = from.find('[').and_then(|start| from.get(start..)).and_then(|r| r.get(..=r.find(']')?));
        let with = |key: Option<&str>| key.and_then(|key| instances.iter().find(|a| a.contains(key)));
        let Some(address) = with(written).or_else(|| with(own)).or_else(|| instances.first()) else { return };
        let target = format!("{}/{address}", self.stack);
        let piece = Piece::Reference(Reference::attribute(target, attribute.join(".")));
        if !out.contains(&piece) {
            out.push(piece);
        }
    }

    fn module(&self, path: &[String]) -> Option<&'v Value> {
        path.iter().try_fold(self.root?, |module, name| module.get("module_calls")?.get(name)?.get("module"))
    }
}

fn index<'v>(module: &'v Value, prefix: &str, out: &mut HashMap<String, &'v Value>, depth: usize) {
    for resource in module.get("resources").map(Value::items).unwrap_or_default() {
        if let Some(address) = resource.get("address").and_then(Value::as_str) {
            out.insert(format!("{prefix}{address}"), resource);
        }
    }
    let calls = module.get("module_calls").and_then(Value::as_map).filter(|_| depth < MAX_HOPS);
    for (name, call) in calls.into_iter().flat_map(Map::iter) {
        if let Some(inner) = call.get("module") {
            index(inner, &format!("{prefix}module.{name}."), out, depth + 1);
        }
    }
}

/// `module.a["x"].b.c[0]` as `module.a.b.c`.
fn without_keys(address: &str) -> String {
    let mut out = String::with_capacity(address.len());
    let (mut depth, mut quoted) = (0usize, false);
    for c in address.chars() {
        match c {
            '"' if depth > 0 => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth = depth.saturating_sub(1),
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

/// The names of the modules in an address without keys.
fn module_path(address: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = address;
    while let Some((name, behind)) = rest.strip_prefix("module.").and_then(|r| r.split_once('.')) {
        out.push(name.to_string());
        rest = behind;
    }
    out
}
