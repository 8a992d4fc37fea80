//! The language version of a document, and what depends on it.

use super::Remark;
use tidegate_graph::{Value, World};

/// The remark that a document is of the version of 2008, said or not.
pub fn old_version(world: &World, document: &Value) -> Option<Remark> {
    let document = world.resolve(document).filter(|d| d.as_map().is_some())?;
    // AWS speaks of what it can read only.
    world.get(document, "Statement")?;
    match world.get(document, "Version") {
        None => Some(
            Remark::new(document, "", "the policy says no version, so it is of 2008-10-17")
                .help("add `\"Version\": \"2012-10-17\"`"),
        ),
        Some(version) if version.as_str() == Some("2008-10-17") => Some(
            Remark::new(version, "Version", "the policy is of the version 2008-10-17")
                .help("write `2012-10-17`"),
        ),
        Some(_) => None,
    }
}

/// Variables in a document of the version of 2008, where they are plain text.
pub fn literal_variables(world: &World, document: &Value) -> Vec<Remark> {
    let mut out = Vec::new();
    if old_version(world, document).is_none() {
        return out;
    }
    let Some(statements) = world.get(document, "Statement") else { return out };
    statements.walk(&mut |value| {
        let Some(name) = value.as_str().and_then(variable) else { return };
        let message =
            format!("`${{{name}}}` is plain text here: only the version 2012-10-17 knows variables");
        out.push(Remark::new(value, "Version", message).help("add `\"Version\": \"2012-10-17\"`"));
    });
    out
}

/// The first variable of a text: `aws:username` of `home/${aws:username}/*`.
fn variable(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("${")?;
    let (name, _) = rest.split_once('}')?;
    name.contains(':').then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_graph::FileId;

    fn both(text: &str) -> (bool, usize) {
        let document = crate::json::parse(FileId(0), text).unwrap();
        let world = World::default();
        (old_version(&world, &document).is_some(), literal_variables(&world, &document).len())
    }

    #[test]
    fn versions_and_variables() {
        assert_eq!(
            both(r#"{"Version": "2012-10-17", "Statement": {"Resource": "${aws:username}"}}"#),
            (false, 0)
        );
        assert_eq!(
            both(r#"{"Version": "2008-10-17", "Statement": {"Resource": "a/${aws:username}"}}"#),
            (true, 1)
        );
        assert_eq!(both(r#"{"Statement": {"Resource": ["${aws:username}", "${*}", "$"]}}"#), (true, 1));
        assert_eq!(both(r#"{"Version": "2020-01-01", "Statement": {}}"#), (false, 0));
        assert_eq!(both("[]"), (false, 0));
    }
}
