//! Paths to values of a resource: `Environment.Variables.*`, `Tags[*].Value`.

use tidegate_graph::{Data, Map, Value, World};

/// Values that one path finds in one resource.
const MAX_FOUND: usize = 10_000;

/// Keys from the properties on; `*` is every key of a map and every item of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path(Vec<String>);

impl Path {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        for part in text.trim_start_matches("properties.").split('.') {
            let mut rest = part;
            let mut found = Vec::new();
            while let Some((before, index)) = rest.strip_suffix(']').and_then(|r| r.rsplit_once('[')) {
                if index != "*" && index.parse::<usize>().is_err() {
                    return Err(format!("`[{index}]` is neither a number nor `*`"));
                }
                found.push(index.to_string());
                rest = before;
            }
            if rest.is_empty() || rest.contains(['[', ']']) {
                return Err("expected keys with dots between them, such as `Tags[*].Value`".to_string());
            }
            parts.push(rest.to_string());
            parts.extend(found.into_iter().rev());
        }
        Ok(Self(parts))
    }

    /// Everything at the path with the keys that lead there. Where a key is absent there is one place without a value;
    /// where `*` has nothing to go through there is none.
    pub(super) fn find<'v>(
        &self,
        properties: &'v Map,
        world: &World,
    ) -> Vec<(Vec<String>, Option<&'v Value>)> {
        let Some((first, rest)) = self.0.split_first() else { return Vec::new() };
        let mut found: Vec<(Vec<String>, Option<&'v Value>)> = Vec::new();
        if first == "*" {
            found.extend(
                properties.iter().filter_map(|(k, v)| Some((vec![k.to_string()], Some(world.resolve(v)?)))),
            );
        } else {
            found.push((vec![first.clone()], properties.get(first).and_then(|v| world.resolve(v))));
        }
        for part in rest {
            let mut next = Vec::new();
            for (keys, value) in found {
                step(part, keys, value, world, &mut next);
            }
            next.truncate(MAX_FOUND);
            found = next;
        }
        found
    }
}

type Found<'v> = (Vec<String>, Option<&'v Value>);

fn step<'v>(
    part: &str,
    keys: Vec<String>,
    value: Option<&'v Value>,
    world: &World,
    out: &mut Vec<Found<'v>>,
) {
    let with = |key: &str| keys.iter().cloned().chain([key.to_string()]).collect::<Vec<_>>();
    let inner = value.map(|v| match &v.data {
        Data::Json(inner) => &**inner,
        _ => v,
    });
    match (inner.map(|v| &v.data), part) {
        // What lies within something unknown isn't known either.
        (Some(Data::Unknown(_) | Data::Template(_)), _) => out.push((with(part), value)),
        (Some(Data::List(items)), "*") => {
            for (n, item) in items.iter().enumerate() {
                out.extend(world.resolve(item).map(|item| (with(&n.to_string()), Some(item))));
            }
        }
        (Some(Data::Map(map)), "*") => {
            for (key, item) in map.iter() {
                out.extend(world.resolve(item).map(|item| (with(key), Some(item))));
            }
        }
        (_, "*") => {}
        (Some(Data::List(items)), part) => {
            let item = part.parse::<usize>().ok().and_then(|n| items.get(n)).and_then(|v| world.resolve(v));
            out.push((with(part), item));
        }
        (Some(Data::Map(map)), part) => out.push((with(part), map.get(part).and_then(|v| world.resolve(v)))),
        (_, part) => out.push((with(part), None)),
    }
}
