//! The tags of a resource, whatever the way in which its type writes them.

use tidegate_graph::{Data, Map, Resource, Value, World};

/// Tags by key, or the value that keeps them from being known. `Tags` is a list of keys and values for most types, and
/// a map for some; the other clouds have labels.
pub(super) fn of<'r>(resource: &'r Resource, world: &World) -> Result<Map, &'r Value> {
    let mut out = Map::new();
    let found = ["Tags", "tags", "labels"].iter().find_map(|key| resource.properties.get(key));
    let Some(tags) = found.and_then(|v| world.resolve(v)) else { return Ok(out) };
    match &tags.data {
        Data::Map(map) => {
            for (key, value) in map.iter() {
                if let Some(value) = world.resolve(value) {
                    out.insert(key.clone(), value.clone());
                }
            }
        }
        Data::List(items) => {
            for item in items.iter().filter_map(|item| world.resolve(item)) {
                let part = |name: &str| world.get(item, name);
                let Some(key) = part("Key").or_else(|| part("key")) else {
                    match &item.data {
                        Data::Map(_) => continue,
                        _ => return Err(item),
                    }
                };
                let Some(text) = key.as_text() else { return Err(key) };
                if let Some(value) = part("Value").or_else(|| part("value")) {
                    out.insert(text, value.clone());
                }
            }
        }
        Data::Unknown(_) | Data::Template(_) => return Err(tags),
        _ => {}
    }
    Ok(out)
}
