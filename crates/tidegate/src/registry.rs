//! Schema registries with Confluent's interface (Confluent's own, Karapace, and Apicurio under `/apis/ccompat/v7`), or with
//! Apicurio's.

mod apicurio;
mod bundle;
mod revision;

pub(crate) use revision::Revision;

use apicurio::Core;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use tidegate_gate::fetch::fetch;
use tidegate_graph::contract::schema::SchemaKind;

/// The longest schema, in bytes.
const LONGEST: usize = 4 << 20;
/// Schemas that one refers to, in all.
const MOST: usize = 256;
const ACCEPT: &str = "application/vnd.schemaregistry.v1+json, application/json";

/// A registry.
pub(crate) struct Registry {
    base: String,
    /// The value of `Authorization`.
    authorization: Option<String>,
    ca: Option<PathBuf>,
}

/// One version of a subject.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub(crate) subject: String,
    pub(crate) version: Revision,
    pub(crate) id: u64,
    pub(crate) language: Language,
    pub(crate) text: String,
    references: Vec<Reference>,
}

/// Another schema that one refers to.
#[derive(Clone, Debug)]
struct Reference {
    /// What it is called there.
    name: String,
    subject: String,
    version: Revision,
}

/// What a schema is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    Avro,
    Json,
    Protobuf,
}

impl Language {
    /// What files of it end in.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Avro => "avsc",
            Self::Json => "json",
            Self::Protobuf => "proto",
        }
    }

    /// The same in contracts.
    pub(crate) fn kind(self) -> SchemaKind {
        match self {
            Self::Avro => SchemaKind::Avro,
            Self::Json => SchemaKind::JsonSchema,
            Self::Protobuf => SchemaKind::Protobuf,
        }
    }
}

impl Registry {
    /// At an address. Secrets go over TLS, or to this machine.
    pub(crate) fn new(
        address: &str,
        authorization: Option<String>,
        ca: Option<PathBuf>,
    ) -> Result<Self, String> {
        let (scheme, rest) = address.split_once("://").ok_or("expected http:// or https://")?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.is_empty() || !matches!(scheme, "http" | "https") {
            return Err("expected http:// or https:// and a host".into());
        }
        if authority.contains('@') {
            return Err(
                "an address with a password in it would end in files; give it in the environment".into()
            );
        }
        if address.contains(['?', '#', ' ']) {
            return Err("expected an address without a query".into());
        }
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        let near = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        if authorization.is_some() && scheme == "http" && !near {
            return Err("credentials are sent over https only".into());
        }
        Ok(Self { base: address.trim_end_matches('/').to_string(), authorization, ca })
    }

    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// A version of a subject; the newest when none is said.
    pub(crate) fn version(&self, subject: &str, version: Option<&Revision>) -> Result<Version, String> {
        if let Some(core) = Core::of(&self.base) {
            return apicurio::version(self, core, subject, version);
        }
        if let Some(Revision::Name(name)) = version {
            return Err(format!("versions of its subjects are numbers, not `{name}`"));
        }
        let version = version.map_or_else(|| "latest".to_string(), ToString::to_string);
        let path = format!("/subjects/{}/versions/{}", escaped(subject), escaped(&version));
        parsed(subject, &self.ask(&path, ACCEPT, subject, &version)?)
    }

    /// What it answers under a path, when asked for a version of a subject.
    fn ask(&self, path: &str, accept: &str, subject: &str, version: &str) -> Result<Vec<u8>, String> {
        let mut headers = vec![("accept", accept)];
        headers.extend(self.authorization.as_deref().map(|value| ("authorization", value)));
        let address = format!("{}{path}", self.base);
        let answer = fetch(&address, &headers, LONGEST, self.ca.as_deref()).map_err(|e| e.to_string())?;
        match answer.status {
            200 => Ok(answer.body),
            401 | 403 => Err(format!("it answers {}: who asks may not read `{subject}`", answer.status)),
            404 => Err(format!("it has no version {version} of `{subject}`")),
            status => Err(format!("it answers {status} when asked for `{subject}`")),
        }
    }

    /// The text of a version with all that it refers to in it.
    pub(crate) fn whole(&self, version: &Version) -> Result<String, String> {
        if version.references.is_empty() {
            return Ok(version.text.clone());
        }
        let mut all: BTreeMap<String, Value> = BTreeMap::new();
        let mut open = version.references.clone();
        while let Some(Reference { name, subject, version: wanted }) = open.pop() {
            if all.contains_key(&name) {
                continue;
            }
            if all.len() >= MOST {
                return Err(format!("`{}` refers to more than {MOST} others", version.subject));
            }
            let found = self.version(&subject, Some(&wanted))?;
            if found.language != version.language {
                return Err(format!(
                    "`{}` refers to `{subject}`, which is in another language",
                    version.subject
                ));
            }
            let value = serde_json::from_str(&found.text);
            let value = value.map_err(|e| format!("`{subject}` is no schema: {e}"))?;
            all.insert(name, value);
            open.extend(found.references);
        }
        let root = serde_json::from_str(&version.text);
        let root = root.map_err(|e| format!("`{}` is no schema: {e}", version.subject))?;
        let whole = match version.language {
            Language::Avro => bundle::avro(root, all)?,
            Language::Json => bundle::json(root, all)?,
            Language::Protobuf => {
                return Err(format!("`{}` imports others, which isn't put together", version.subject));
            }
        };
        Ok(format!("{whole:#}\n"))
    }
}

/// Reads an answer as the interface documents it: `schemaType` is left out for Avro.
fn parsed(subject: &str, body: &[u8]) -> Result<Version, String> {
    let wrong = |what: &str| format!("its answer for `{subject}` {what}");
    let answer: Value = serde_json::from_slice(body).map_err(|_| wrong("is no JSON"))?;
    let number = |value: &Value, key: &str| value.get(key).and_then(Value::as_u64);
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(ToString::to_string);
    let small = |n: u64| u32::try_from(n).ok();
    let language = match answer.get("schemaType").and_then(Value::as_str).unwrap_or("AVRO") {
        "AVRO" => Language::Avro,
        "JSON" => Language::Json,
        "PROTOBUF" => Language::Protobuf,
        other => return Err(wrong(&format!("has a schema in {other}"))),
    };
    let mut references = Vec::new();
    for reference in answer.get("references").and_then(Value::as_array).into_iter().flatten() {
        let of = (
            text(reference, "name"),
            text(reference, "subject"),
            number(reference, "version").and_then(small),
        );
        let (Some(name), Some(subject), Some(version)) = of else {
            return Err(wrong("has a reference that isn't whole"));
        };
        references.push(Reference { name, subject, version: Revision::Number(version) });
    }
    Ok(Version {
        subject: text(&answer, "subject")
            .filter(|s| s == subject)
            .ok_or_else(|| wrong("is of another subject"))?,
        version: number(&answer, "version")
            .and_then(small)
            .map(Revision::Number)
            .ok_or_else(|| wrong("has no version"))?,
        id: number(&answer, "id").ok_or_else(|| wrong("has no id"))?,
        language,
        text: text(&answer, "schema").ok_or_else(|| wrong("has no schema"))?,
        references,
    })
}

/// A name as one part of a path.
fn escaped(name: &str) -> String {
    let mut out = String::new();
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_over_tls_or_to_this_machine() {
        let of = |address: &str, secret: bool| {
            Registry::new(address, secret.then(|| "Bearer x".to_string()), None).map(|r| r.base)
        };
        assert_eq!(
            of("https://r.example.com/apis/ccompat/v7/", true).unwrap(),
            "https://r.example.com/apis/ccompat/v7"
        );
        assert!(of("http://127.0.0.1:8081", true).is_ok() && of("http://r.example.com", false).is_ok());
        for wrong in [
            "http://r.example.com",
            "https://a:b@r.example.com",
            "ftp://r",
            "r.example.com",
            "https://",
            "https://r/?a",
        ] {
            assert!(of(wrong, true).is_err(), "{wrong}");
        }
    }

    #[test]
    fn answers_are_read_as_documented() {
        let of = |text: &str| parsed("a", text.as_bytes());
        let avro = of(r#"{"subject": "a", "version": 2, "id": 7, "schema": "\"int\""}"#).unwrap();
        assert_eq!(
            (avro.language, avro.version, avro.id, avro.text.as_str()),
            (Language::Avro, Revision::Number(2), 7, "\"int\"")
        );
        for wrong in [
            "[]",
            "no",
            r#"{"subject": "b", "version": 2, "id": 7, "schema": ""}"#,
            r#"{"subject": "a", "version": 2, "id": 7}"#,
            r#"{"subject": "a", "version": 2, "id": 7, "schema": "", "schemaType": "XML"}"#,
            r#"{"subject": "a", "version": 2, "id": 7, "schema": "", "references": [{"name": "b"}]}"#,
        ] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
        assert_eq!(escaped("orders/v 1-value"), "orders%2Fv%201-value");
    }
}
