//! Access tokens of Google: by a service account's file, or from the metadata server of the machine.

use super::super::Error;
use crate::client::{Address, Client};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_body_util::Full;
use hyper::Request;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::Mutex;

const SCOPE: &str = "https://www.googleapis.com/auth/pubsub";
/// Before its end a token is asked for anew.
const AHEAD: Duration = Duration::from_secs(120);
/// Longest file of an account.
const FILE: u64 = 64 << 10;
const ASKING: &str = "asking Google for a token";

/// Where tokens come from, and the last that came with its end.
pub(super) struct Tokens {
    from: From,
    last: Mutex<Option<(String, Instant)>>,
}

enum From {
    Account(Box<Account>),
    Metadata(String),
}

struct Account {
    email: String,
    key: RsaKeyPair,
    key_id: Option<String>,
    /// Audience of what is signed, and where it goes: base and path.
    uri: String,
    base: String,
    path: String,
}

impl Tokens {
    /// `GOOGLE_APPLICATION_CREDENTIALS` if that is set, or else the metadata server.
    pub(super) fn find() -> Result<Self, Error> {
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let from = match set("GOOGLE_APPLICATION_CREDENTIALS") {
            Some(path) => From::Account(Box::new(Account::read(&path)?)),
            None => {
                let host = set("GCE_METADATA_HOST").unwrap_or_else(|| "metadata.google.internal".into());
                From::Metadata(format!("http://{host}"))
            }
        };
        Ok(Self { from, last: Mutex::default() })
    }

    /// One that holds for a while.
    pub(super) async fn token(&self) -> Result<String, Error> {
        let mut last = self.last.lock().await;
        if let Some((token, _)) = last.as_ref().filter(|(_, end)| Instant::now() + AHEAD < *end) {
            return Ok(token.clone());
        }
        let answer = match &self.from {
            From::Account(account) => account.ask().await,
            From::Metadata(base) => {
                let request = Request::get("/computeMetadata/v1/instance/service-accounts/default/token")
                    .header("metadata-flavor", "Google");
                send(base, request, String::new()).await
            }
        };
        let asked = answer.and_then(|answer| {
            let token = answer.get("access_token").and_then(Value::as_str).map(str::to_string);
            let seconds = answer.get("expires_in").and_then(Value::as_u64).unwrap_or_default().min(86_400);
            let token = token.ok_or_else(|| Error::bus(ASKING, "the answer has none"))?;
            Ok((token, Instant::now() + Duration::from_secs(seconds)))
        });
        match asked {
            Ok((token, end)) => {
                *last = Some((token.clone(), end));
                Ok(token)
            }
            // What is about to end still holds.
            Err(error) => {
                let old = last.as_ref().filter(|(_, end)| Instant::now() < *end);
                old.map(|(token, _)| token.clone()).ok_or(error)
            }
        }
    }
}

impl Account {
    fn read(path: &str) -> Result<Self, Error> {
        use std::io::Read as _;
        let mut text = String::new();
        let read = std::fs::File::open(path).and_then(|file| file.take(FILE).read_to_string(&mut text));
        read.map_err(|e| Error::Address(format!("reading the account in `{path}`: {e}")))?;
        // What is in the file is in no error: it is a key.
        Self::of(&text).map_err(|why| Error::Address(format!("the account in `{path}` {why}")))
    }

    fn of(text: &str) -> Result<Self, &'static str> {
        let file: Value = serde_json::from_str(text).map_err(|_| "is no JSON")?;
        let field = |name: &str| file.get(name).and_then(Value::as_str).map(str::to_string);
        if field("type").as_deref() != Some("service_account") {
            return Err("is no service account");
        }
        let uri = field("token_uri").unwrap_or_else(|| "https://oauth2.googleapis.com/token".into());
        let address = Address::of(&uri).ok_or("has no URL as `token_uri`")?;
        if !address.secure && !address.is_local() {
            return Err("has a `token_uri` without TLS");
        }
        let (base, path) = (address.base.to_string(), address.path.to_string());
        let pem = field("private_key").ok_or("has no `private_key`")?;
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| "has no key in PKCS 8")?;
        let key = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| "has no key of RSA")?;
        let email = field("client_email").ok_or("has no `client_email`")?;
        Ok(Self { email, key, key_id: field("private_key_id"), uri, base, path })
    }

    async fn ask(&self) -> Result<Value, Error> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let signed = self.assertion(since).ok_or_else(|| Error::bus(ASKING, "the key doesn't sign"))?;
        // Nothing in it needs to be escaped but the colons.
        let body =
            format!("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={signed}");
        let request =
            Request::post(self.path.as_str()).header("content-type", "application/x-www-form-urlencoded");
        send(&self.base, request, body).await
    }

    fn assertion(&self, now: u64) -> Option<String> {
        let head = json!({"alg": "RS256", "typ": "JWT", "kid": self.key_id});
        let claims =
            json!({"iss": self.email, "scope": SCOPE, "aud": self.uri, "iat": now, "exp": now + 3600});
        let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", encoded(&head), encoded(&claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).ok()?;
        Some(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

async fn send(base: &str, request: hyper::http::request::Builder, body: String) -> Result<Value, Error> {
    let client = Client::new(base).map_err(|e| Error::bus(ASKING, e))?;
    let request = request.header("host", client.authority()).body(Full::from(body));
    let request = request.map_err(|e| Error::bus(ASKING, e))?;
    let (status, answer) = client.send(request).await.map_err(|e| Error::bus(ASKING, e))?;
    if !status.is_success() {
        return Err(Error::bus(ASKING, status));
    }
    serde_json::from_slice(&answer).map_err(|_| Error::bus(ASKING, "the answer is no JSON"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::encoding::AsDer as _;
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
    use base64::engine::general_purpose::STANDARD;

    fn account(uri: &str) -> String {
        let pair = aws_lc_rs::rsa::KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let pem = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            STANDARD.encode(der.as_ref())
        );
        json!({"type": "service_account", "client_email": "relay@p.iam.gserviceaccount.com", "private_key": pem,
            "private_key_id": "k1", "token_uri": uri})
        .to_string()
    }

    #[test]
    fn an_account_signs_for_its_tokens() {
        let account = Account::of(&account("https://oauth2.googleapis.com/token")).unwrap();
        assert_eq!(
            (account.base.as_str(), account.path.as_str()),
            ("https://oauth2.googleapis.com", "/token")
        );
        let signed = account.assertion(1_800_000_000).unwrap();
        let (text, signature) = signed.rsplit_once('.').unwrap();
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, account.key.public_key().as_ref());
        public.verify(text.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
        let claims = URL_SAFE_NO_PAD.decode(text.split_once('.').unwrap().1).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(
            (&claims["iss"], &claims["exp"]),
            (&account.email.as_str().into(), &1_800_003_600_u64.into())
        );
    }

    #[test]
    fn what_cant_be_used_says_nothing_of_the_key() {
        for (text, why) in [
            ("{", "is no JSON"),
            (r#"{"type":"authorized_user"}"#, "is no service account"),
            (
                r#"{"type":"service_account","private_key":"secret","client_email":"x"}"#,
                "has no key in PKCS 8",
            ),
            (&account("http://keys.example/token"), "has a `token_uri` without TLS"),
        ] {
            assert_eq!(Account::of(text).err(), Some(why));
        }
    }
}
