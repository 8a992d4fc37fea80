//! Look-ups that take every branch: lists are flattened and both sides of a choice are followed.

use tidegate_graph::{Data, Map, Value};

/// All values at a dotted path: `LambdaConfigurations.Function` gives the function of each configuration.
pub(crate) fn all<'a>(map: &'a Map, path: &str) -> Vec<&'a Value> {
    let mut parts = path.split('.');
    let Some(first) = parts.next().and_then(|key| map.get(key)) else { return Vec::new() };
    let mut values = flat(first);
    for part in parts {
        values = values.into_iter().filter_map(|v| v.get(part)).flat_map(flat).collect();
    }
    values
}

/// The first value at a path.
pub(super) fn one<'a>(map: &'a Map, path: &str) -> Option<&'a Value> {
    all(map, path).into_iter().next()
}

/// The value's branches and items, without choices and lists around them.
pub(super) fn flat(value: &Value) -> Vec<&Value> {
    let mut out = Vec::new();
    let mut todo = vec![value];
    while let Some(value) = todo.pop() {
        match &value.data {
            Data::Choice(choice) => {
                todo.extend(choice.otherwise.as_ref());
                todo.extend(choice.then.as_ref());
            }
            Data::List(items) => todo.extend(items.iter().rev()),
            Data::Null => {}
            _ => out.push(value),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_graph::FileId;

    #[test]
    fn paths_go_through_lists() {
        let (value, _) = crate::yaml::parse_one(FileId(0), "a: [{b: 1}, {b: [2, 3]}, {c: 4}]");
        let value = value.unwrap();
        let found: Vec<_> = all(value.as_map().unwrap(), "a.b").iter().map(|v| v.display()).collect();
        assert_eq!(found, ["1", "2", "3"]);
    }
}
