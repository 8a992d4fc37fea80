//! Where a system is deployed, and what things are called there.

use crate::config::Config;
use std::collections::{BTreeMap, BTreeSet};
use tidegate_graph::{Data, Piece, Resource, System, Value};

/// Account, region and partition, as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) account: Option<String>,
    pub(super) region: Option<String>,
    pub(super) partition: Option<String>,
}

impl Place {
    /// What the configuration says, or else the metadata of the templates where they agree.
    pub(super) fn of(system: &System, config: &Config) -> Self {
        let said = |key: &str| {
            let mut found = BTreeSet::new();
            for (_, metadata) in &system.metadata {
                let own = ["Tidegate", "tidegate"].iter().find_map(|name| metadata.get(name));
                found.extend(own.and_then(|own| own.get(key)).and_then(Value::as_text));
            }
            let only = found.pop_first();
            only.filter(|_| found.is_empty()).map(|text| text.to_string())
        };
        let account = config.contract.account.clone().or_else(|| said("Account"));
        let region = config.contract.region.clone().or_else(|| said("Region"));
        let partition = region.as_deref().and_then(partition).map(ToString::to_string);
        Self { account, region, partition }
    }

    /// `arn:<partition>:<service>:<region>:<account>:<resource>`, with `*` for what isn't known.
    pub(super) fn arn(&self, service: &str, resource: &str) -> String {
        let or_any = |known: &Option<String>| known.clone().unwrap_or_else(|| "*".to_string());
        let (partition, region, account) =
            (or_any(&self.partition), or_any(&self.region), or_any(&self.account));
        match service {
            "s3" => format!("arn:{partition}:s3:::{resource}"),
            _ => format!("arn:{partition}:{service}:{region}:{account}:{resource}"),
        }
    }

    /// Patterns of a name: one for each branch of a condition, `*` for holes.
    pub(super) fn patterns(&self, value: &Value) -> BTreeSet<String> {
        value.branches().into_iter().filter_map(|v| self.pattern(v)).collect()
    }

    fn pattern(&self, value: &Value) -> Option<String> {
        if matches!(value.data, Data::List(_) | Data::Map(_) | Data::Null) {
            return None;
        }
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.to_string(),
            Piece::Symbol(symbol) => {
                let known = match symbol.name.as_str() {
                    "AWS::AccountId" => &self.account,
                    "AWS::Region" => &self.region,
                    "AWS::Partition" => &self.partition,
                    _ => &None,
                };
                known.clone().unwrap_or_else(|| "*".to_string())
            }
            Piece::Reference(_) => "*".to_string(),
        };
        let pieces = value.pieces();
        // Whatever has no pieces has a value that says nothing.
        let text: String = if pieces.is_empty() { "*".into() } else { pieces.iter().map(piece).collect() };
        (!text.is_empty()).then_some(text)
    }

    /// A property that is known in full.
    pub(super) fn exact(&self, resource: &Resource, property: &str) -> Option<String> {
        let mut found = self.patterns(resource.property(property)?);
        let only = found.pop_first()?;
        (found.is_empty() && !only.contains('*')).then_some(only)
    }
}

/// The partition that a region lies in; none for a region whose family isn't known.
fn partition(region: &str) -> Option<&'static str> {
    let family = region.split('-').next().unwrap_or_default();
    Some(match family {
        "cn" => "aws-cn",
        "us" if region.starts_with("us-gov-") => "aws-us-gov",
        "us" if region.starts_with("us-iso") => return None,
        "eusc" => "aws-eusc",
        "us" | "eu" | "ap" | "sa" | "ca" | "me" | "af" | "il" | "mx" => "aws",
        _ => return None,
    })
}

/// Whether the pattern of an ARN names what is called so; a pattern that names nothing names nobody.
pub(super) fn is_of(arn: &str, service: &str, name: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", _, of, _, _, resource] = parts.as_slice() else { return false };
    let mut names = resource.split(['/', ':']);
    *of == service && names.any(|part| part != "*" && tidegate_decide::glob(part, name))
}

/// ARNs that stand in the code in so many words: of what nobody declared there, they say account and region.
#[derive(Debug, Default)]
pub(super) struct Literals(BTreeMap<(String, String), BTreeSet<String>>);

impl Literals {
    pub(super) fn of(system: &System, place: &Place) -> Self {
        const SOURCES: [(&str, &str); 2] =
            [("AWS::Lambda::EventSourceMapping", "EventSourceArn"), ("AWS::SNS::Subscription", "TopicArn")];
        let mut out = Self::default();
        for (ty, property) in SOURCES {
            for value in system.of_type(ty).filter_map(|r| r.property(property)) {
                for pattern in place.patterns(value) {
                    let parts: Vec<&str> = pattern.splitn(6, ':').collect();
                    let ["arn", _, service, _, _, resource] = parts.as_slice() else { continue };
                    for name in resource.split(['/', ':']) {
                        let key = ((*service).to_string(), name.to_string());
                        out.0.entry(key).or_default().insert(pattern.clone());
                    }
                }
            }
        }
        out
    }

    /// Patterns of ARNs of a service that name this.
    pub(super) fn find(&self, service: &str, name: &str) -> Vec<String> {
        let found = self.0.get(&(service.to_string(), name.to_string()));
        found.into_iter().flatten().cloned().collect()
    }
}
