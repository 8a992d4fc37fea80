//! Places of values in documents that are written within a heredoc.
//!
//! A document within a text has the place of the whole text at first. What is written there is read again as it stands,
//! and where both say the same, each value gets the place of its own. Only policies of identities are taken apart: they
//! are long, and fixes narrow them statement by statement. What is said of a resource's own policy stays with the
//! attribute, since no comment that accepts it can stand within a text.

use crate::yaml;
use tidegate_graph::{Data, FileId, Resource, Sources, Span, Value};

/// Deeper values keep the place of the whole.
const MAX_DEPTH: usize = 128;

/// Finds the places of values in the policies of an identity that are written within a text.
pub(crate) fn place(sources: &Sources, resource: &mut Resource) {
    if resource.ty.starts_with("AWS::IAM::") {
        resource.properties.iter_mut().for_each(|(_, value)| walk(sources, value, 0));
    }
}

fn walk(sources: &Sources, value: &mut Value, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    let span = value.span;
    match &mut value.data {
        Data::Json(inner) => {
            if inner.span == span
                && let Some(written) = written(sources, span)
                && same(inner, &written.value, written.filler, span, 0)
            {
                assign(inner, written.value, written.offset, span.file);
            } else {
                walk(sources, inner, depth + 1);
            }
        }
        Data::List(items) => items.iter_mut().for_each(|item| walk(sources, item, depth + 1)),
        Data::Map(map) => map.iter_mut().for_each(|(_, value)| walk(sources, value, depth + 1)),
        Data::Choice(choice) => {
            choice.then.iter_mut().chain(&mut choice.otherwise).for_each(|v| walk(sources, v, depth + 1));
        }
        _ => {}
    }
}

/// A document as it is written.
struct Written {
    value: Value,
    /// Where its text begins in the file.
    offset: usize,
    /// What stands in it for a byte of an interpolation.
    filler: char,
}

/// The document of a heredoc.
fn written(sources: &Sources, span: Span) -> Option<Written> {
    let text = sources.source(span.file)?.text();
    let heredoc = text.get(span.start as usize..span.end as usize).filter(|t| t.starts_with("<<"))?;
    let start = heredoc.find('\n')? + 1;
    let end = heredoc.rfind('\n').filter(|end| *end >= start)?;
    let content = heredoc.get(start..end)?;
    // What a directive leaves out stands nowhere else.
    if content.contains("%{") {
        return None;
    }
    let filler = ['~', '^', ';'].into_iter().find(|c| !content.contains(*c))?;
    let plain = filled(content, filler)?;
    let (value, problems) = yaml::parse_one(span.file, &plain);
    let value = value.filter(|_| problems.is_empty())?;
    Some(Written { value, offset: span.start as usize + start, filler })
}

/// The text with a filler for each byte of an interpolation, so that all else stands where it stood.
fn filled(text: &str, filler: char) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, hole) = rest.split_at_checked(at)?;
        out.push_str(before);
        if before.ends_with('$') {
            let (dollar, behind) = hole.split_at_checked(2)?;
            out.push_str(dollar);
            rest = behind;
            continue;
        }
        let end = closing(hole)?;
        out.extend(std::iter::repeat_n(filler, end));
        rest = hole.get(end..)?;
    }
    out.push_str(rest);
    Some(out)
}

/// Behind the brace that closes an interpolation.
fn closing(hole: &str) -> Option<usize> {
    // Longer ones are whole programs; the bound keeps a text full of `${` linear.
    const MAX_LENGTH: usize = 2_048;
    let mut depth = 0_usize;
    for (at, c) in hole.char_indices().take(MAX_LENGTH) {
        match c {
            '\n' => return None,
            '{' => depth += 1,
            '}' if depth <= 1 => return Some(at + 1),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// True if both say the same, but for what is filled in.
fn same(known: &Value, written: &Value, filler: char, span: Span, depth: usize) -> bool {
    if depth > MAX_DEPTH || known.span != span {
        return false;
    }
    match (&known.data, &written.data) {
        (_, Data::Text(text)) if text.contains(filler) => true,
        (Data::List(a), Data::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b, filler, span, depth + 1))
        }
        (Data::Map(a), Data::Map(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b, filler, span, depth + 1)))
        }
        (Data::Text(a), Data::Text(b)) => a == b || a.as_str() == b.replace("$${", "${"),
        (a, b) => a == b,
    }
}

fn assign(known: &mut Value, written: Value, offset: usize, file: FileId) {
    let moved = |span: Span| Span::new(file, span.start as usize + offset, span.end as usize + offset);
    known.span = moved(written.span);
    match (&mut known.data, written.data) {
        (Data::List(known), Data::List(written)) => {
            known.iter_mut().zip(written).for_each(|(a, b)| assign(a, b, offset, file));
        }
        (Data::Map(known), Data::Map(written)) => {
            let fields = std::mem::take(known).into_fields();
            let mut written = written;
            *known = fields
                .map(|(key, mut field)| {
                    let place = written.field(&key).map(|own| own.key);
                    if let (Some(place), Some(own)) = (place, written.remove(&key)) {
                        field.key = moved(place);
                        assign(&mut field.value, own, offset, file);
                    }
                    (key, field)
                })
                .collect();
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::reading::Options;
    use std::fs;

    /// The text at the place of a value of the policy of a queue.
    fn at(text: &str, path: &[&str]) -> String {
        let folder =
            std::env::temp_dir().join(format!("tidegate-within-{}-{}", std::process::id(), text.len()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("main.tf"), text).unwrap();
        let system = crate::read(&folder, &Options::default());
        fs::remove_dir_all(&folder).unwrap();
        let policy = system.of_type("AWS::IAM::ManagedPolicy").next().unwrap();
        let mut value = policy.property("PolicyDocument").unwrap();
        for key in path {
            value = match (value.as_list(), key.parse::<usize>()) {
                (Some(items), Ok(n)) => &items[n],
                _ => value.get(key).unwrap(),
            };
        }
        let text = system.sources.source(value.span.file).unwrap().text().clone();
        text.get(value.span.start as usize..value.span.end as usize).unwrap().to_string()
    }

    fn policy(body: &str) -> String {
        let table = "resource \"aws_dynamodb_table\" \"orders\" { name = \"orders\" }";
        format!("{table}\nresource \"aws_iam_policy\" \"p\" {{\n  policy = {body}\n}}\n")
    }

    #[test]
    fn values_of_a_heredoc_have_places_of_their_own() {
        let text = policy(
            "<<-EOF\n    {\n      \"Statement\": [{\n        \"Effect\": \"Allow\",\n        \"Action\": [\"a:B\", \"dynamodb:*\"],\n        \"Resource\": \"${aws_dynamodb_table.orders.arn}/*\"\n      }]\n    }\n  EOF",
        );
        assert_eq!(at(&text, &["Statement", "0", "Action", "1"]), "\"dynamodb:*\"");
        assert_eq!(at(&text, &["Statement", "0", "Resource"]), "\"${aws_dynamodb_table.orders.arn}/*\"");
    }

    #[test]
    fn what_isnt_certain_keeps_the_place_of_the_whole() {
        let text = policy(
            "<<EOF\n{\"Statement\": [%{ if true }{\"Effect\": \"Allow\", \"Action\": \"*\"}%{ endif }]}\nEOF",
        );
        assert!(at(&text, &["Statement", "0", "Action"]).starts_with("<<EOF"));
    }

    #[test]
    fn variables_of_policies_are_no_holes() {
        let text = policy(
            "<<EOF\n{\"Statement\": [{\"Action\": \"s3:*\", \"Resource\": \"arn:aws:s3:::x/$${aws:username}/*\"}]}\nEOF",
        );
        assert_eq!(at(&text, &["Statement", "0", "Action"]), "\"s3:*\"");
    }
}
