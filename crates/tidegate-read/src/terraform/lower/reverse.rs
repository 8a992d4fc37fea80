//! From a canonical property back to what Terraform calls it.

use super::table::How;
use super::{shape, table_of};
use tidegate_graph::{Plain, Str};

/// A step from a block to what stands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A block that stands there at most once.
    Block(Str),
    /// An attribute.
    Attribute(Str),
}

/// True if this attribute, in CloudFormation's words, is what Terraform calls `arn` in a resource of this type.
pub(crate) fn has_arn(terraform: &str, attribute: &str) -> bool {
    let own = table_of(terraform).and_then(|table| table.attributes.iter().find(|(name, _)| *name == "arn"));
    attribute == own.map_or("Arn", |(_, canonical)| canonical)
}

/// The blocks and the attribute that a canonical path stands for in a resource of this Terraform type, and the value in
/// Terraform's words; `None` where the table leaves it open.
pub(crate) fn written(
    terraform: &str,
    canonical: &str,
    path: &[Str],
    value: &Plain,
) -> Option<(Vec<Step>, Plain)> {
    let Some(table) = table_of(terraform) else {
        // Without a table names are Terraform's own.
        let (last, blocks) = path.split_last().filter(|_| terraform == canonical)?;
        let steps = blocks.iter().cloned().map(Step::Block).chain([Step::Attribute(last.clone())]).collect();
        return Some((steps, value.clone()));
    };
    if table.cloudformation != canonical {
        return None;
    }
    let mut steps = Vec::new();
    let mut prefix = String::new();
    let mut rest = path;
    loop {
        // What can stand in this block, the longest match first: `A.B` takes two keys at once.
        let inner = |from: &'static str| -> Option<&'static str> {
            let name = if prefix.is_empty() {
                from
            } else {
                from.strip_prefix(prefix.as_str())?.strip_prefix('.')?
            };
            (!name.contains(['.', '*'])).then_some(name)
        };
        let mut found: Option<(&str, usize, How)> = None;
        for field in table.fields {
            let Some(name) = inner(field.from) else { continue };
            let keys: Vec<&str> = field.to.split('.').collect();
            let fits = keys.len() <= rest.len() && keys.iter().zip(rest).all(|(a, b)| *a == b.as_str());
            if !fits {
                continue;
            }
            // Two names for one property: which of them counts the table doesn't say.
            if found.is_some_and(|(_, n, _)| n == keys.len()) {
                return None;
            }
            if found.is_none_or(|(_, n, _)| n < keys.len()) {
                found = Some((name, keys.len(), field.how));
            }
        }
        let (name, taken, how) = match found {
            Some((name, taken, how)) => (Str::from(name), taken, how),
            None => {
                let key = rest.first()?;
                let name = snake(key);
                let ruled = table.fields.iter().any(|field| {
                    inner(field.from) == Some(&*name) || field.from.ends_with(&format!("*.{name}"))
                });
                if ruled || shape::pascal(&name) != key.as_str() {
                    return None;
                }
                (name.into(), 1, How::Auto)
            }
        };
        rest = rest.get(taken..)?;
        if rest.is_empty() {
            let value = match how {
                How::Auto | How::Keep | How::Unless(_) => value.clone(),
                How::Words(words) => match value {
                    Plain::Text(text) => {
                        let word = words.iter().find(|(_, canonical)| canonical == text);
                        word.map_or_else(|| value.clone(), |(own, _)| Plain::Text((*own).into()))
                    }
                    _ => return None,
                },
                _ => return None,
            };
            steps.push(Step::Attribute(name));
            return Some((steps, value));
        }
        if !matches!(how, How::One) {
            return None;
        }
        if !prefix.is_empty() {
            prefix.push('.');
        }
        prefix.push_str(&name);
        steps.push(Step::Block(name));
    }
}

fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for (n, c) in name.chars().enumerate() {
        if c.is_ascii_uppercase() && n > 0 {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(terraform: &str, canonical: &str, path: &[&str]) -> Option<String> {
        let path: Vec<Str> = path.iter().map(|key| Str::from(*key)).collect();
        let (steps, _) = written(terraform, canonical, &path, &Plain::Bool(true))?;
        let step = |step: &Step| match step {
            Step::Block(name) => format!("{name} {{"),
            Step::Attribute(name) => name.to_string(),
        };
        Some(steps.iter().map(step).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn tables_are_read_backwards() {
        let queue = |path: &[&str]| shown("aws_sqs_queue", "AWS::SQS::Queue", path);
        assert_eq!(queue(&["VisibilityTimeout"]).as_deref(), Some("visibility_timeout_seconds"));
        assert_eq!(queue(&["Policy"]), None, "a document in a string");
        assert_eq!(shown("aws_sqs_queue", "AWS::SQS::QueuePolicy", &["Queues"]), None);
        let mapping =
            |path: &[&str]| shown("aws_lambda_event_source_mapping", "AWS::Lambda::EventSourceMapping", path);
        assert_eq!(
            mapping(&["ScalingConfig", "MaximumConcurrency"]).as_deref(),
            Some("scaling_config { maximum_concurrency")
        );
        assert_eq!(mapping(&["FunctionResponseTypes"]).as_deref(), Some("function_response_types"));
        assert_eq!(
            shown("azurerm_storage_account", "azurerm_storage_account", &["site_config", "x"]).as_deref(),
            Some("site_config { x")
        );
    }
}
