//! Apicurio's own interface, in the versions 2 and 3 of its core: artifacts in groups.

use super::{Language, Reference, Registry, Revision, Version, escaped};
use serde_json::Value;

/// The group of an artifact that is named without one.
const GROUP: &str = "default";

/// Which of its versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Core {
    V2,
    V3,
}

impl Core {
    /// By the address, which ends in it.
    pub(super) fn of(base: &str) -> Option<Self> {
        let path = base.rsplit_once("/apis/registry/").map(|(_, version)| version);
        match path {
            Some("v2") => Some(Self::V2),
            Some("v3") => Some(Self::V3),
            _ => None,
        }
    }
}

/// A version of an artifact, `group/artifact`; the newest when none is said.
pub(super) fn version(
    registry: &Registry,
    core: Core,
    subject: &str,
    revision: Option<&Revision>,
) -> Result<Version, String> {
    let (group, artifact) = subject.split_once('/').unwrap_or((GROUP, subject));
    let base = format!("/groups/{}/artifacts/{}", escaped(group), escaped(artifact));
    let shown = revision.map_or_else(|| "latest".to_string(), ToString::to_string);
    let about = match (core, revision) {
        (Core::V2, None) => format!("{base}/meta"),
        (Core::V2, Some(revision)) => format!("{base}/versions/{}/meta", escaped(&revision.to_string())),
        (Core::V3, None) => format!("{base}/versions/branch=latest"),
        (Core::V3, Some(revision)) => format!("{base}/versions/{}", escaped(&revision.to_string())),
    };
    let about = json(subject, &registry.ask(&about, "application/json", subject, &shown)?)?;
    let wrong = |what: &str| format!("its answer for `{subject}` {what}");
    let text = |key: &str| about.get(key).and_then(Value::as_str);
    let (ty, id, own) = match core {
        Core::V2 => ("type", "globalId", "id"),
        // Its serializers write this one since then.
        Core::V3 => ("artifactType", "contentId", "artifactId"),
    };
    if text(own).is_some_and(|own| own != artifact) {
        return Err(wrong("is of another artifact"));
    }
    let language = match text(ty) {
        Some("AVRO") => Language::Avro,
        Some("JSON") => Language::Json,
        Some("PROTOBUF") => Language::Protobuf,
        Some(other) => return Err(wrong(&format!("has a schema in {other}"))),
        None => return Err(wrong("doesn't say its language")),
    };
    let found = about.get("version").and_then(|v| match v {
        Value::Number(number) => Revision::of(&number.to_string()),
        v => Revision::of(v.as_str()?),
    });
    let found = found.ok_or_else(|| wrong("has no version"))?;
    if revision.is_some_and(|asked| *asked != found) {
        return Err(wrong("is of another version"));
    }
    // What was newest a moment ago is asked for by its name from here on.
    let at = format!("{base}/versions/{}", escaped(&found.to_string()));
    let shown = found.to_string();
    let content = if core == Core::V2 { at.clone() } else { format!("{at}/content") };
    let content = registry.ask(&content, "*/*", subject, &shown)?;
    let references = registry.ask(&format!("{at}/references"), "application/json", subject, &shown)?;
    let references = json(subject, &references)?;
    let references = references.as_array().ok_or_else(|| wrong("has references that are no list"))?;
    let references =
        references.iter().map(|one| reference(one).ok_or_else(|| wrong("has a reference that isn't whole")));
    Ok(Version {
        subject: subject.to_string(),
        version: found,
        id: about.get(id).and_then(Value::as_u64).ok_or_else(|| wrong("has no id"))?,
        language,
        text: String::from_utf8(content).map_err(|_| wrong("is no text"))?,
        references: references.collect::<Result<_, _>>()?,
    })
}

fn reference(of: &Value) -> Option<Reference> {
    let text = |key: &str| of.get(key).and_then(Value::as_str);
    let group = text("groupId").unwrap_or(GROUP);
    Some(Reference {
        name: text("name")?.to_string(),
        subject: format!("{group}/{}", text("artifactId")?),
        version: Revision::of(text("version")?)?,
    })
}

fn json(subject: &str, body: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(body).map_err(|_| format!("its answer for `{subject}` is no JSON"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_interface_is_known_by_its_address() {
        for (base, core) in [
            ("https://r.example.com/apis/registry/v2", Some(Core::V2)),
            ("https://r.example.com/sub/apis/registry/v3", Some(Core::V3)),
            ("https://r.example.com/apis/registry/v1", None),
            ("https://r.example.com/apis/ccompat/v7", None),
            ("https://r.example.com", None),
        ] {
            assert_eq!(Core::of(base), core, "{base}");
        }
    }

    #[test]
    fn references_name_group_artifact_and_version() {
        let of = |text: &str| reference(&serde_json::from_str(text).unwrap());
        let whole = of(r#"{"name": "qty.json", "groupId": "shop", "artifactId": "qty", "version": "1.0.2"}"#)
            .unwrap();
        assert_eq!((whole.name.as_str(), whole.subject.as_str()), ("qty.json", "shop/qty"));
        assert_eq!(whole.version, Revision::of("1.0.2").unwrap());
        let bare = of(r#"{"name": "a", "groupId": null, "artifactId": "b", "version": "1"}"#).unwrap();
        assert_eq!(bare.subject, "default/b");
        assert!(of(r#"{"name": "a", "artifactId": "b"}"#).is_none());
    }
}
