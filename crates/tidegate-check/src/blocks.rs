//! Values within blocks of Terraform, for resources that keep Terraform's names: a block is a list of one.

use crate::Context;
use tidegate_graph::{Resource, Value};

/// What stands at a path through blocks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Found<'r> {
    /// Nothing, in any of the blocks.
    Absent,
    /// The first value there.
    Value(&'r Value),
    /// A block on the way isn't known.
    Unknown(&'r Value),
}

/// The first value at a path of keys, each of which but the last names a block or a map.
pub(crate) fn at<'r>(cx: &Context<'_>, resource: &'r Resource, path: &[&str]) -> Found<'r> {
    let Some((first, rest)) = path.split_first() else { return Found::Absent };
    let mut values = match rest {
        [] => cx.get(resource, &[first]).into_iter().collect(),
        _ => cx.items(resource, &[first]),
    };
    for (n, key) in rest.iter().enumerate() {
        if let Some(unknown) = values.iter().find(|v| v.is_unknown()) {
            return Found::Unknown(unknown);
        }
        let last = n + 1 == rest.len();
        let found = values.iter().filter_map(|value| cx.child(value, key));
        values = match last {
            true => found.collect(),
            false => found.flat_map(|value| cx.world.items(value)).collect(),
        };
    }
    values.first().map_or(Found::Absent, |value| Found::Value(value))
}

/// True if there is such a block. One that may or may not be there is reported as unknown, and nothing more can be said.
pub(crate) fn has(cx: &Context<'_>, resource: &Resource, block: &str) -> bool {
    let blocks = cx.items(resource, &[block]);
    if let Some(first) = blocks.first().filter(|_| blocks.iter().all(|b| b.is_unknown())) {
        cx.unknown(resource, first, &format!("whether there is `{block}`"));
    }
    !blocks.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{Rule, declare_rule};
    use crate::testing::Build;

    declare_rule! {
        /// For tests.
        Probe {
            id: "probe",
            title: "t",
            severity: Info,
            confidence: High,
            since: "0",
            aliases: [],
            threats: [],
            profiles: [],
            why: "w",
        }
    }

    impl Rule for Probe {
        const ON: &'static [&'static str] = &["x"];

        fn check(resource: &Resource, cx: &Context<'_>) {
            let message = match at(cx, resource, &["a", "b", "c"]) {
                Found::Absent => "absent".into(),
                Found::Value(value) => value.display(),
                Found::Unknown(_) => "unknown".into(),
            };
            cx.finding(resource, message).report();
        }
    }

    #[test]
    fn blocks_and_maps() {
        let found = |properties: &str| {
            let build = Build::new().json("It", "x", properties);
            build.findings::<Probe>().first().cloned().unwrap_or_default()
        };
        assert_eq!(found(r#"{"a": [{"b": [{"c": 1}]}]}"#), "It: 1");
        assert_eq!(found(r#"{"a": {"b": {"c": "x"}}}"#), "It: x");
        assert_eq!(found(r#"{"a": [{"b": [{}]}]}"#), "It: absent");
        assert_eq!(found("{}"), "It: absent");
    }
}
