//! Quarantine in a bucket of S3: one object a message, kept when `send` says so.

use super::{Error, Message, Sink, Soon, file};
use crate::aws::{Credentials, Keys};
use crate::client::Client;
use crate::sigv4::{self, Scope};
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::Full;
use hyper::Request;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tidegate_decide::sigv4::encoded;
use tokio::task::JoinSet;

/// Objects that are written at once.
const WRITERS: usize = 16;
/// After this no further object is begun: what is kept is acknowledged before the rest is tried.
const ROUND: Duration = Duration::from_secs(5);
const PUT: &str = "writing to the quarantine in S3";

pub(super) struct Bucket(Arc<Inner>);

struct Inner {
    client: Client,
    credentials: Credentials,
    region: String,
    bucket: String,
    prefix: String,
}

impl Bucket {
    /// At `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL` if one is set, in `AWS_REGION` or `AWS_DEFAULT_REGION`.
    pub(super) async fn open(bucket: &str, prefix: &str) -> Result<Self, Error> {
        let region = set("AWS_REGION").or_else(|| set("AWS_DEFAULT_REGION"));
        let region = region.ok_or_else(|| Error::Address("`AWS_REGION` isn't set".into()))?;
        let base = set("AWS_ENDPOINT_URL_S3").or_else(|| set("AWS_ENDPOINT_URL"));
        let base = base.unwrap_or_else(|| format!("https://s3.{region}.amazonaws.com"));
        let credentials = Credentials::find().map_err(Error::keys)?;
        // Better now than when the first message waits for it.
        credentials.keys().await.map_err(Error::keys)?;
        Self::at(&base, &region, bucket, prefix, credentials)
    }

    fn at(
        base: &str,
        region: &str,
        bucket: &str,
        prefix: &str,
        credentials: Credentials,
    ) -> Result<Self, Error> {
        let client = Client::new(base).map_err(|why| Error::Address(format!("the address of S3: {why}")))?;
        let [region, bucket, prefix] = [region, bucket, prefix].map(ToString::to_string);
        Ok(Self(Arc::new(Inner { client, credentials, region, bucket, prefix })))
    }
}

impl Inner {
    /// The same object for the same message on the same day, so that a redelivery replaces it.
    async fn put(&self, name: &str, record: String, keys: Keys) -> Result<(), Error> {
        let time = sigv4::timestamp(SystemTime::now());
        let path = self.path(&time, name);
        let (hash, host) = (sigv4::sha256(record.as_bytes()), self.client.authority());
        // A bucket with locked objects takes none without it.
        let sum = STANDARD.encode(digest::digest(&digest::SHA256, record.as_bytes()));
        let mut headers = vec![
            ("content-type", "application/json"),
            ("host", host.as_str()),
            ("x-amz-checksum-sha256", sum.as_str()),
            ("x-amz-content-sha256", hash.as_str()),
            ("x-amz-date", time.as_str()),
        ];
        headers.extend(keys.token.iter().map(|token| ("x-amz-security-token", token.as_str())));
        let scope =
            Scope { key: &keys.id, secret: &keys.secret, region: &self.region, service: "s3", time: &time };
        let signed = sigv4::authorization(&scope, "PUT", &path, "", &headers, record.as_bytes());
        let mut request = Request::put(path).header("authorization", signed);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::from(record)).map_err(|e| Error::bus(PUT, e))?;
        let (status, answer) = self.client.send(request).await.map_err(|e| Error::bus(PUT, e))?;
        if status.is_success() {
            return Ok(());
        }
        Err(Error::bus(PUT, format!("{status}: {}", code(&String::from_utf8_lossy(&answer)))))
    }

    fn path(&self, time: &str, name: &str) -> String {
        let part = |skip, take| time.chars().skip(skip).take(take).collect::<String>();
        let slash = if self.prefix.is_empty() { "" } else { "/" };
        let day = format!("{}/{}/{}", part(0, 4), part(4, 2), part(6, 2));
        encoded(format!("/{}/{}{slash}{day}/{name}.json", self.bucket, self.prefix).as_bytes(), b"/")
    }
}

/// Why S3 refuses, in its own word.
fn code(answer: &str) -> String {
    let code = answer.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    code.map_or("refused", |(code, _)| code).chars().filter(char::is_ascii_alphanumeric).take(64).collect()
}

fn set(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Bucket {
    async fn keep(&self, batch: &[Message], keys: Keys) -> Vec<Result<(), Error>> {
        let late = || Err(Error::bus(PUT, "not in time"));
        let mut out: Vec<Result<(), Error>> = batch.iter().map(|_| late()).collect();
        let (start, mut writers) = (Instant::now(), JoinSet::new());
        let mut rest = batch.iter().enumerate();
        loop {
            while writers.len() < WRITERS && start.elapsed() < ROUND {
                let Some((at, message)) = rest.next() else { break };
                let (inner, keys) = (Arc::clone(&self.0), keys.clone());
                let (name, record) = (file::name(message), file::record(message));
                writers.spawn(async move { (at, inner.put(&name, record, keys).await) });
            }
            match writers.join_next().await {
                None => return out,
                Some(Ok((at, kept))) => {
                    if let Some(place) = out.get_mut(at) {
                        *place = kept;
                    }
                }
                // Not kept, as it stands in the list.
                Some(Err(_)) => {}
            }
        }
    }
}

impl Sink for Bucket {
    fn send<'a>(&'a mut self, batch: &'a [Message]) -> Soon<'a, Vec<Result<(), Error>>> {
        Box::pin(async move {
            match self.0.credentials.keys().await.map_err(Error::keys) {
                Ok(keys) => self.keep(batch, keys).await,
                Err(error) => batch.iter().map(|_| Err(error.clone())).collect(),
            }
        })
    }
}

#[cfg(test)]
mod tests;
