//! Wildcards that stand for so few actions that a list says more.

use super::Remark;
use super::reading::Reading;
use crate::Catalogue;

/// A pattern for this many actions is better written out.
const FEW: usize = 3;

/// A wildcard, and the actions that it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expansion {
    /// What there is to say.
    pub remark: Remark,
    /// The number of the statement.
    pub statement: usize,
    /// The number among its actions.
    pub action: usize,
    /// What it stands for today.
    pub actions: Vec<String>,
}

/// Patterns of statements that allow, each with the few actions that it covers.
pub fn short_wildcards(reading: &Reading<'_>, catalogue: &Catalogue) -> Vec<Expansion> {
    let mut out = Vec::new();
    for (n, statement) in reading.statements.iter().enumerate().filter(|(_, s)| s.allows) {
        for (i, action) in statement.actions.iter().enumerate() {
            let Some(text) = action.as_str() else { continue };
            let Some((_, name)) = text.split_once(':').filter(|(_, name)| name.contains(['*', '?'])) else {
                continue;
            };
            // A whole service is another rule's matter.
            if name.chars().all(|c| c == '*') {
                continue;
            }
            let found: Vec<String> = catalogue
                .expand(text)
                .take(FEW + 1)
                .map(|(service, action)| format!("{}:{}", service.prefix, action.name))
                .collect();
            if found.is_empty() || found.len() > FEW {
                continue;
            }
            let shown: Vec<String> = found.iter().map(|a| format!("`{a}`")).collect();
            let message = format!("`{text}` stands for {} today, and for whatever comes", shown.join(", "));
            let remark =
                Remark::new(action, format!("{}/Action/{i}", statement.key()), message).help("list them");
            out.push(Expansion { remark, statement: n, action: i, actions: found });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_graph::{FileId, World};

    #[test]
    fn few_and_many() {
        let text = r#"{"Statement": [{"Effect": "Allow", "Action": ["sqs:Send*", "sqs:*", "s3:Get*", "sqs:No*", "sqs:SendMessage"], "Resource": "*"},
            {"Effect": "Deny", "Action": "sqs:Send*", "Resource": "*"}]}"#;
        let document = crate::json::parse(FileId(0), text).unwrap();
        let found = short_wildcards(&Reading::new(&World::default(), &document), Catalogue::current());
        assert_eq!(found.len(), 1);
        assert_eq!(
            found.first().map(|e| (e.statement, e.action, e.actions.clone())),
            Some((0, 0, vec!["sqs:SendMessage".to_string()]))
        );
    }
}
