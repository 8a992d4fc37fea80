//! Messages of SNS over HTTP: whether SNS has signed them for the topic that they name.
//!
//! As documented by AWS: the string to sign is made of some fields of the message, by its type; the certificate is where
//! the message says, which must be a place of SNS in the region of the topic. It is fetched beside the requests: until it is
//! there, SNS is asked to come again.

use super::event::Known;
use super::jwks;
use super::policy::is_http;
use super::server::Running;
use crate::sigv4::seconds;
use arc_swap::ArcSwap;
use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tidegate_decide::{glob, readings};
use tidegate_graph::contract::{Contract, Edge, Proof, Topics};
use tokio::task::JoinSet;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// Seconds by which a message may come from the future.
const AHEAD: u64 = 300;
/// Certificates that are fetched at one time: who invents places makes little traffic.
const WANTED: usize = 16;
/// Certificates that are kept.
const KEPT: usize = 64;
/// Places without one that are remembered.
const EMPTY: usize = 256;
/// For how long a place without a certificate is left alone.
const PAUSE: Duration = Duration::from_secs(60);
/// How often it is looked whether a message asks for a certificate.
const LOOK: Duration = Duration::from_millis(100);
/// The longest that SNS may take to give one.
const TIME: Duration = Duration::from_secs(10);

/// What a message proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    /// SNS has signed it for this topic.
    Topic(String),
    /// That can't be said yet: the certificate is being fetched.
    Pending,
    /// Nothing.
    Nobody,
}

/// Whose signatures count.
#[derive(Clone, Debug)]
pub(super) struct Signer {
    /// `RSAPublicKey` in DER.
    key: Vec<u8>,
    /// Seconds since 1970.
    valid: std::ops::RangeInclusive<i64>,
}

/// Certificates from files that the contract names.
#[derive(Debug, Default)]
pub(super) struct Files(HashMap<String, Vec<Signer>>);

impl Files {
    pub(super) fn read(contract: &Contract) -> Result<Self, String> {
        let mut out = HashMap::new();
        for edge in contract.functions.values().flat_map(|f| &f.edges).filter(|e| is_http(e)) {
            for place in edge.authenticate.iter().filter_map(|a| topics(&a.proof)?.certificates.clone()) {
                let text = std::fs::read(&place).map_err(|e| format!("`{place}` can't be read: {e}"))?;
                let found = signers(&text).map_err(|message| format!("`{place}`: {message}"))?;
                out.insert(place, found);
            }
        }
        Ok(Self(out))
    }
}

/// What was fetched, and when.
type Kept = (Instant, Arc<Vec<Signer>>);

/// Certificates that SNS publishes.
#[derive(Default)]
pub(super) struct Published {
    known: ArcSwap<HashMap<String, Kept>>,
    wanted: Mutex<BTreeSet<String>>,
    /// Places that gave none, and when.
    empty: Mutex<HashMap<String, Instant>>,
}

impl Published {
    fn get(&self, place: &str) -> Option<Arc<Vec<Signer>>> {
        self.known.load().get(place).map(|(_, signers)| Arc::clone(signers))
    }

    /// False where there is none.
    fn want(&self, place: &str) -> bool {
        let empty = self.empty.lock().unwrap_or_else(PoisonError::into_inner);
        if empty.get(place).is_some_and(|at| at.elapsed() < PAUSE) {
            return false;
        }
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        if wanted.len() < WANTED {
            wanted.insert(place.to_string());
        }
        true
    }

    fn fetched(&self, place: String, found: Result<Vec<Signer>, String>) -> Option<String> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner).remove(&place);
        match found {
            Ok(signers) => {
                let mut known = HashMap::clone(&self.known.load());
                if known.len() >= KEPT {
                    let oldest = known.iter().min_by_key(|(_, (at, _))| *at).map(|(place, _)| place.clone());
                    oldest.map(|place| known.remove(&place));
                }
                known.insert(place, (Instant::now(), Arc::new(signers)));
                self.known.store(Arc::new(known));
                None
            }
            Err(message) => {
                let mut empty = self.empty.lock().unwrap_or_else(PoisonError::into_inner);
                empty.retain(|_, at| at.elapsed() < PAUSE);
                if empty.len() < EMPTY {
                    empty.insert(place.clone(), Instant::now());
                }
                Some(format!("warning: `{place}` gave no certificate: {message}"))
            }
        }
    }
}

/// Fetches certificates for as long as the gate runs.
pub(super) async fn keep(running: &Running) {
    let published = &running.shared.published;
    loop {
        let wanted = published.wanted.lock().map(|wanted| wanted.clone()).unwrap_or_default();
        let mut fetches = JoinSet::new();
        for place in wanted {
            fetches.spawn(async move {
                let text = tokio::time::timeout(TIME, jwks::read(&place)).await;
                let text = text.unwrap_or_else(|_| Err("no answer in time".into()));
                let found = text.and_then(|text| signers(&text));
                (place, found)
            });
        }
        while let Some(done) = fetches.join_next().await {
            let Ok((place, found)) = done else { continue };
            if let Some(warning) = published.fetched(place, found) {
                running.tell(&warning);
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// What SNS sends, in its own words.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message<'a> {
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    #[serde(borrow)]
    message_id: Cow<'a, str>,
    #[serde(borrow)]
    topic_arn: Cow<'a, str>,
    #[serde(borrow)]
    message: Cow<'a, str>,
    #[serde(borrow)]
    timestamp: Cow<'a, str>,
    #[serde(borrow)]
    signature_version: Cow<'a, str>,
    #[serde(borrow)]
    signature: Cow<'a, str>,
    #[serde(borrow, rename = "SigningCertURL")]
    place: Cow<'a, str>,
    #[serde(borrow, default)]
    subject: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    token: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "SubscribeURL")]
    subscribe: Option<Cow<'a, str>>,
}

impl Message<'_> {
    /// The string to sign; `None` for what isn't signed so.
    fn signed(&self) -> Option<String> {
        let (message, id) = (Some(&self.message), Some(&self.message_id));
        let (time, topic, ty) = (Some(&self.timestamp), Some(&self.topic_arn), Some(&self.r#type));
        let fields: &[(&str, Option<&Cow<'_, str>>)] = match self.r#type.as_ref() {
            "Notification" => &[
                ("Message", message),
                ("MessageId", id),
                ("Subject", self.subject.as_ref()),
                ("Timestamp", time),
                ("TopicArn", topic),
                ("Type", ty),
            ],
            "SubscriptionConfirmation" | "UnsubscribeConfirmation" => &[
                ("Message", message),
                ("MessageId", id),
                ("SubscribeURL", Some(self.subscribe.as_ref()?)),
                ("Timestamp", time),
                ("Token", Some(self.token.as_ref()?)),
                ("TopicArn", topic),
                ("Type", ty),
            ],
            _ => return None,
        };
        let lines = fields.iter().filter_map(|(name, value)| Some((name, (*value)?)));
        Some(lines.map(|(name, value)| format!("{name}\n{value}\n")).collect())
    }

    /// Whether one of these has signed it.
    fn is_signed_by(&self, signers: &[Signer], now: u64) -> bool {
        let algorithm = match self.signature_version.as_ref() {
            "1" => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            "2" => &RSA_PKCS1_2048_8192_SHA256,
            _ => return false,
        };
        let (Some(text), Ok(signature)) = (self.signed(), STANDARD.decode(self.signature.as_bytes())) else {
            return false;
        };
        signers.iter().filter(|s| s.valid.contains(&i64::try_from(now).unwrap_or(i64::MAX))).any(|signer| {
            UnparsedPublicKey::new(algorithm, &signer.key).verify(text.as_bytes(), &signature).is_ok()
        })
    }
}

/// Who sent a request, by every proof of SNS that the edge asks of it; `now` in seconds since 1970.
pub(super) fn sender(
    edge: &Edge,
    known: &Known<'_>,
    (files, published): (&Files, &Published),
    now: u64,
) -> Option<Sender> {
    let mut asked = edge
        .authenticate
        .iter()
        .filter(|a| a.paths.is_empty() || a.paths.iter().any(|p| readings::fits(p, known.path)))
        .filter_map(|a| topics(&a.proof))
        .peekable();
    asked.peek()?;
    let Ok(message) = serde_json::from_slice::<Message<'_>>(known.body) else {
        return Some(Sender::Nobody);
    };
    let all = asked.map(|topics| by(&message, topics, (files, published), now));
    Some(all.reduce(|one, other| if one == other { one } else { Sender::Nobody }).unwrap_or(Sender::Nobody))
}

fn by(message: &Message<'_>, topics: &Topics, (files, published): (&Files, &Published), now: u64) -> Sender {
    let young = time(&message.timestamp)
        .is_some_and(|sent| now.saturating_sub(sent) <= topics.tolerance_seconds && sent <= now + AHEAD);
    // Nobody else's topic makes us fetch anything.
    if !young || !topics.topics.iter().any(|pattern| glob(pattern, &message.topic_arn)) {
        return Sender::Nobody;
    }
    let signed = |signers: &[Signer]| match message.is_signed_by(signers, now) {
        true => Sender::Topic(message.topic_arn.to_string()),
        false => Sender::Nobody,
    };
    if let Some(place) = &topics.certificates {
        return files.0.get(place).map_or(Sender::Nobody, |signers| signed(signers));
    }
    if !is_place_of(&message.place, &message.topic_arn) {
        return Sender::Nobody;
    }
    match published.get(&message.place) {
        Some(signers) => signed(&signers),
        None if published.want(&message.place) => Sender::Pending,
        None => Sender::Nobody,
    }
}

fn topics(proof: &Proof) -> Option<&Topics> {
    match proof {
        Proof::Sns(topics) => Some(topics),
        _ => None,
    }
}

/// True for a certificate of SNS in the region of the topic.
fn is_place_of(place: &str, topic: &str) -> bool {
    let mut parts = topic.split(':');
    let ("arn", Some(partition), Some("sns"), Some(region)) =
        (parts.next().unwrap_or_default(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let domain = if partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
    let plain = !region.is_empty() && region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let name = place.strip_prefix(&format!("https://sns.{region}.{domain}/SimpleNotificationService-"));
    let name = name.and_then(|rest| rest.strip_suffix(".pem"));
    plain
        && name
            .is_some_and(|id| !id.is_empty() && id.len() <= 64 && id.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// `2026-11-26T12:00:00.000Z` in seconds since 1970.
fn time(text: &str) -> Option<u64> {
    let (clock, fraction) = text.strip_suffix('Z')?.split_once('.').unwrap_or((text.strip_suffix('Z')?, ""));
    let form = clock.len() == 19 && fraction.len() <= 9 && fraction.bytes().all(|b| b.is_ascii_digit());
    let plain: String = clock.chars().filter(|c| !matches!(c, '-' | ':')).collect();
    seconds(&format!("{plain}Z")).filter(|_| form)
}

/// The keys of certificates in PEM that name SNS.
fn signers(text: &[u8]) -> Result<Vec<Signer>, String> {
    let mut out = Vec::new();
    for der in CertificateDer::pem_slice_iter(text) {
        let der = der.map_err(|_| "it holds no certificate in PEM")?;
        let (_, certificate) = X509Certificate::from_der(&der).map_err(|_| "it holds no certificate")?;
        let names = certificate.subject().iter_common_name().filter_map(|name| name.as_str().ok());
        let is_sns = |name: &str| {
            let rest = name.strip_suffix(".cn").unwrap_or(name).strip_suffix(".amazonaws.com");
            rest.is_some_and(|rest| rest == "sns" || rest.starts_with("sns."))
        };
        // One of a chain is of an authority.
        if !names.into_iter().any(is_sns) {
            continue;
        }
        let validity = certificate.validity();
        out.push(Signer {
            key: certificate.public_key().subject_public_key.data.to_vec(),
            valid: validity.not_before.timestamp()..=validity.not_after.timestamp(),
        });
    }
    if out.is_empty() { Err("none of its certificates is one of SNS".into()) } else { Ok(out) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:orders";

    #[test]
    fn certificates_are_where_sns_has_them() {
        let at = |place: &str| is_place_of(place, TOPIC);
        let name = "SimpleNotificationService-ac565b8b1a6c5d002d285f9598aa1d9b.pem";
        assert!(at(&format!("https://sns.eu-west-1.amazonaws.com/{name}")));
        for wrong in [
            format!("http://sns.eu-west-1.amazonaws.com/{name}"),
            format!("https://sns.us-east-1.amazonaws.com/{name}"),
            format!("https://sns.eu-west-1.amazonaws.com.evil.example/{name}"),
            format!("https://evil.example/sns.eu-west-1.amazonaws.com/{name}"),
            format!("https://sns.eu-west-1.amazonaws.com@evil.example/{name}"),
            format!("https://sns.eu-west-1.amazonaws.com:444/{name}"),
            format!("https://sns.eu-west-1.amazonaws.com/{name}?a=b"),
            "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-../x.pem".to_string(),
            "https://s3.eu-west-1.amazonaws.com/bucket/x.pem".to_string(),
        ] {
            assert!(!at(&wrong), "{wrong}");
        }
        let china = "arn:aws-cn:sns:cn-north-1:111122223333:orders";
        assert!(is_place_of(&format!("https://sns.cn-north-1.amazonaws.com.cn/{name}"), china));
        assert!(!is_place_of(&format!("https://sns..amazonaws.com/{name}"), "arn:aws:sns::1:x"));
    }

    #[test]
    fn a_message_waits_for_its_certificate_and_no_other_topic_makes_us_fetch() {
        let edge: Edge = serde_json::from_value(serde_json::json!({
            "id": "e", "from": "a", "trigger": "apigw-v2", "evidence": "", "exposure": "anonymous", "taint": 0,
            "origin": {"arns": [], "accounts": [], "regions": [], "ids": [], "sources": [], "detail_types": []},
            "mode": "block", "inspect": "full", "on_deny": {"answer": "respond"}, "unknown": [],
            "authenticate": [{"paths": ["/sns"], "proof": {"sns": {"topics": [TOPIC], "tolerance_seconds": 60}}}],
        }))
        .unwrap();
        let published = Published::default();
        let ask = |path: &str, topic: &str, time: &str, place: &str| {
            let body = serde_json::json!({
                "Type": "Notification", "MessageId": "1", "TopicArn": topic, "Message": "m", "Timestamp": time,
                "SignatureVersion": "2", "Signature": "AAAA", "SigningCertURL": place,
            });
            let body = body.to_string().into_bytes();
            let known = Known {
                method: "POST",
                path,
                query: "",
                headers: &hyper::HeaderMap::new(),
                body: &body,
                peer: "192.0.2.1",
                certificate: None,
                claims: None,
                principal: None,
                topic: None,
            };
            sender(&edge, &known, (&Files::default(), &published), 1_795_694_430)
        };
        let now = "2026-11-26T12:00:00.000Z";
        let place = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-ab.pem";
        assert_eq!(ask("/other", TOPIC, now, place), None, "nothing is asked there");
        let other = "arn:aws:sns:eu-west-1:999988887777:orders";
        for (topic, time, place) in [
            (other, now, place),
            (TOPIC, "2026-11-26T11:59:00.000Z", place),
            (TOPIC, "2026-11-26T12:06:00.000Z", place),
            (TOPIC, now, "https://evil.example/x.pem"),
        ] {
            assert_eq!(ask("/sns", topic, time, place), Some(Sender::Nobody));
        }
        assert!(published.wanted.lock().unwrap().is_empty());
        assert_eq!(ask("/sns", TOPIC, now, place), Some(Sender::Pending));
        assert!(published.wanted.lock().unwrap().contains(place));
        published.fetched(place.into(), Ok(Vec::new()));
        assert_eq!(ask("/sns", TOPIC, now, place), Some(Sender::Nobody));
    }

    #[test]
    fn times_are_read() {
        assert_eq!(time("1970-01-02T00:00:01.000Z"), Some(86_401));
        assert_eq!(time("2026-11-26T12:00:00Z"), Some(1_795_694_400));
        for wrong in ["", "2026-11-26", "2026-11-26T12:00:00.0x0Z", "2026-13-26T12:00:00.000Z"] {
            assert_eq!(time(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn who_invents_places_fills_nothing() {
        let published = Published::default();
        for n in 0..10_000 {
            let place = format!("https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-{n:x}.pem");
            assert!(published.want(&place));
        }
        assert_eq!(published.wanted.lock().unwrap().len(), WANTED);
        for n in 0..1000 {
            published.fetched(format!("{n}"), Err("404".into()));
            published.fetched(format!("good {n}"), Ok(Vec::new()));
        }
        assert!(published.empty.lock().unwrap().len() <= EMPTY && published.known.load().len() <= KEPT);
        assert!(!published.want("0"), "it gave none a moment ago");
    }
}
