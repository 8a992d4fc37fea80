//! Places of values in documents that are written within a text: a heredoc, a block scalar, a quoted string.
//!
//! A document within a text has the place of the whole text at first. What is written there is read again as it stands,
//! and where both say the same, each value gets the place of its own.

mod quoted;

use crate::document::document;
use crate::yaml;
use quoted::Positions;
use tidegate_graph::{Choice, Data, FileId, Map, Resource, Sources, Span, Value};

/// Deeper values keep the place of the whole.
const MAX_DEPTH: usize = 128;

/// Properties that hold a policy, which CloudFormation takes as a text, too.
const POLICIES: [&str; 11] = [
    "AccessPolicies",
    "AssumeRolePolicyDocument",
    "Content",
    "FileSystemPolicy",
    "InlinePolicy",
    "KeyPolicy",
    "Policy",
    "PolicyDocument",
    "PolicyText",
    "RepositoryPolicyText",
    "ResourcePolicy",
];

/// Takes the policies of a resource out of their texts, and finds the places of values in all that is written within
/// a text.
pub(crate) fn place(sources: &Sources, resource: &mut Resource) {
    if resource.ty.starts_with("AWS::") {
        unpack(&mut resource.properties, 0);
        // Whoever may use a queue is asked of the queue's policy as a whole: in HCL it stays with the attribute, where
        // other tools report it. What an identity may do is long, and narrowed statement by statement.
        let whole = !resource.ty.starts_with("AWS::IAM::") && is_hcl(sources, resource.span.file);
        let properties = resource.properties.iter_mut();
        let apart = properties.filter(|(key, _)| !(whole && POLICIES.contains(&key.as_str())));
        apart.for_each(|(_, value)| walk(sources, value, 0));
    }
}

fn is_hcl(sources: &Sources, file: FileId) -> bool {
    sources.source(file).is_some_and(|source| [".tf", ".tofu"].iter().any(|end| source.path().ends_with(end)))
}

/// Policies stand in a resource, in its own policy, or in a list of policies.
fn unpack(properties: &mut Map, depth: usize) {
    const DEEPEST: usize = 2;
    for (key, value) in properties.iter_mut() {
        if POLICIES.contains(&key.as_str()) {
            each(value, 0, &mut policy);
        }
        if depth < DEEPEST && matches!(key.as_str(), "Policies" | "ResourcePolicy") {
            each(value, 0, &mut |value| {
                if let Data::Map(map) = &mut value.data {
                    unpack(map, depth + 1);
                }
            });
        }
    }
}

/// Every item and branch of a value that is neither a list nor a choice.
fn each(value: &mut Value, depth: usize, act: &mut dyn FnMut(&mut Value)) {
    match &mut value.data {
        _ if depth > MAX_DEPTH => {}
        Data::List(items) => items.iter_mut().for_each(|item| each(item, depth + 1, act)),
        Data::Choice(choice) => {
            let Choice { then, otherwise, .. } = &mut **choice;
            then.iter_mut().chain(otherwise).for_each(|value| each(value, depth + 1, act));
        }
        _ => act(value),
    }
}

fn policy(value: &mut Value) {
    let is_text = matches!(value.data, Data::Text(_) | Data::Template(_));
    let document = if is_text { document(value) } else { None };
    if let Some(document) = document.filter(|document| document.get("Statement").is_some()) {
        value.data = Data::Json(Box::new(document));
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
                assign(inner, written.value, &written.positions, span.file);
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
    /// Where its text stands in the file.
    positions: Positions,
    /// What stands in it for a byte of an interpolation.
    filler: char,
}

/// The document of a text.
fn written(sources: &Sources, span: Span) -> Option<Written> {
    let source = sources.source(span.file)?;
    let text = source.text().get(span.start as usize..span.end as usize)?;
    let (begins, ends) = match text.bytes().next()? {
        b'<' if text.starts_with("<<") => (text.find('\n')? + 1, text.rfind('\n')?),
        b'|' | b'>' => (text.find('\n')? + 1, text.len()),
        b'"' | b'\'' => (1, text.len().checked_sub(1)?),
        // A block scalar without its header.
        b'{' | b'[' => (0, text.len()),
        _ => return None,
    };
    let content = text.get(begins..ends)?;
    // What a directive leaves out stands nowhere else.
    if is_hcl(sources, span.file) && content.contains("%{") {
        return None;
    }
    let filler = ['~', '^', ';'].into_iter().find(|c| !content.contains(*c))?;
    let plain = filled(content, filler)?;
    let start = span.start as usize + begins;
    let (plain, positions) = match text.bytes().next()? {
        b'"' => quoted::double(&plain, start)?,
        b'\'' => quoted::single(&plain, start),
        _ => (plain, Positions::from(start)),
    };
    let (value, problems) = yaml::parse_one(span.file, &plain);
    let value = value.filter(|_| problems.is_empty())?;
    Some(Written { value, positions, filler })
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

fn assign(known: &mut Value, written: Value, positions: &Positions, file: FileId) {
    let moved =
        |span: Span| Span::new(file, positions.of(span.start as usize), positions.of(span.end as usize));
    known.span = moved(written.span);
    match (&mut known.data, written.data) {
        (Data::List(known), Data::List(written)) => {
            known.iter_mut().zip(written).for_each(|(a, b)| assign(a, b, positions, file));
        }
        (Data::Map(known), Data::Map(written)) => {
            let fields = std::mem::take(known).into_fields();
            let mut written = written;
            *known = fields
                .map(|(key, mut field)| {
                    let place = written.field(&key).map(|own| own.key);
                    if let (Some(place), Some(own)) = (place, written.remove(&key)) {
                        field.key = moved(place);
                        assign(&mut field.value, own, positions, file);
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

    /// The text at the place of a value of the one policy in a file.
    fn at(text: &str, path: &[&str]) -> String {
        in_file("main.tf", text, path)
    }

    fn in_file(file: &str, text: &str, path: &[&str]) -> String {
        let folder =
            std::env::temp_dir().join(format!("tidegate-within-{}-{}", std::process::id(), text.len()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(file), text).unwrap();
        let system = crate::read(&folder, &Options::default());
        fs::remove_dir_all(&folder).unwrap();
        assert!(system.problems.is_empty(), "{:?}", system.problems);
        let policy = system.resources().iter().find(|r| r.property("PolicyDocument").is_some()).unwrap();
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

    const ACTION: [&str; 3] = ["Statement", "0", "Action"];
    const RESOURCE: [&str; 3] = ["Statement", "0", "Resource"];

    /// A queue with a policy of CloudFormation's, whose document is written like that.
    fn template(document: &str) -> String {
        let queue =
            "Resources:\n  Orders:\n    Type: AWS::SQS::Queue\n  Policy:\n    Type: AWS::SQS::QueuePolicy";
        format!(
            "{queue}\n    Properties:\n      Queues: [!Ref Orders]\n      PolicyDocument: {document}\n    DependsOn: Orders\n"
        )
    }

    #[test]
    fn values_of_a_block_scalar_have_places_of_their_own() {
        let json = "\n        {\n          \"Statement\": [{\n            \"Action\": \"sqs:*\",\n            \"Resource\": \"arn:aws:sqs:${AWS::Region}:1:x\"\n          }]\n        }";
        for head in ["|", "!Sub |", ">-", "!Sub >", "|2-", "\n        Fn::Sub: |", "!Sub\n        - |"] {
            // A key of its own takes its text further in.
            let json =
                if head.starts_with(['|', '>', '!']) { json.to_string() } else { json.replace("\n", "\n  ") };
            let json = if head.contains('-') && head.contains("Sub\n") {
                format!("{}\n        - {{}}", json.replace("\n", "\n    "))
            } else {
                json
            };
            let text = template(&format!("{head}{json}"));
            assert_eq!(in_file("template.yaml", &text, &ACTION), "\"sqs:*\"", "{text}");
            let resource = in_file("template.yaml", &text, &RESOURCE);
            assert_eq!(resource, "\"arn:aws:sqs:${AWS::Region}:1:x\"", "{text}");
        }
    }

    #[test]
    fn values_of_a_quoted_string_have_places_of_their_own() {
        let json = "{\"Statement\": [{\"Action\": \"sqs:*\", \"Resource\": \"a''b\"}]}";
        let single = template(&format!("'{json}'"));
        assert_eq!(in_file("template.yaml", &single, &ACTION), "\"sqs:*\"");
        assert_eq!(in_file("template.yaml", &single, &RESOURCE), "\"a''b\"");
        let json = "{\\\"Statement\\\": [\n          {\\\"Action\\\": \\\"sqs:*\\\"}]}";
        let double = template(&format!("!Sub \"{json}\""));
        assert_eq!(in_file("template.yaml", &double, &ACTION), "\\\"sqs:*\\\"");
        let table = "${aws_dynamodb_table.orders.arn}";
        let json = "{\\\"Statement\\\": [{\\\"Resource\\\": \\\"T\\\", \\\"Action\\\": \\\"a:B\\\"}]}";
        let text = policy(&format!("\"{}\"", json.replace('T', table)));
        assert_eq!(at(&text, &ACTION), "\\\"a:B\\\"");
        assert_eq!(at(&text, &RESOURCE), format!("\\\"{table}\\\""));
    }

    #[test]
    fn texts_without_a_policy_stay_texts() {
        for document in ["\"{{}}\"", "'{\"Statements\": []}'", "'a: b'"] {
            let text = template(document);
            assert_eq!(in_file("template.yaml", &text, &[]), document);
        }
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
