//! Signatures of webhooks, over the bytes that came.
//!
//! Formats as their senders document them: GitHub, "Validating webhook deliveries"; Stripe, "Verify webhook signatures
//! manually"; Slack, "Verifying requests from Slack"; Standard Webhooks 1.0.

use super::{Refusal, View};
use crate::decode::base64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use tidegate_graph::contract::{Scheme, Webhook};

/// Signatures of one request that are tried; a sender that changes its secret sends two.
const MOST: usize = 8;

/// Verifies, and returns what tells this delivery from all others.
pub(super) fn verify(
    webhook: &Webhook,
    secrets: &[&[u8]],
    view: &dyn View,
    now: Option<u64>,
) -> Result<Vec<u8>, Refusal> {
    let parts = Parts::of(webhook.scheme, view)?;
    if let Some(time) = parts.time {
        let seconds: u64 = std::str::from_utf8(time).ok().and_then(|t| t.parse().ok()).ok_or(NO_TIME)?;
        let now = now.ok_or(NO_CLOCK)? / 1000;
        if now.abs_diff(seconds) > webhook.tolerance_seconds {
            return Err(TOO_OLD);
        }
    }
    if secrets.is_empty() {
        return Err(NO_SECRET);
    }
    let mut good = false;
    for secret in secrets {
        let mac = parts.mac(webhook.scheme, secret, view.body());
        for signature in parts.signatures.iter().take(MOST) {
            let mut bytes = Vec::with_capacity(32);
            let decoded = match webhook.scheme {
                Scheme::StandardWebhooks => base64::decode(signature, &mut bytes),
                _ => hex(signature, &mut bytes),
            };
            // In constant time, as the library compares.
            good |= decoded && mac.clone().verify_slice(&bytes).is_ok();
        }
    }
    if !good {
        return Err(WRONG);
    }
    Ok(parts.unique(webhook.scheme, view.body()))
}

const MISSING: Refusal = Refusal::Signature("the signature is missing");
const NO_TIME: Refusal = Refusal::Signature("the signature holds no time");
const NO_CLOCK: Refusal =
    Refusal::Signature("the signature holds a time, and there is none to compare it with");
const TOO_OLD: Refusal = Refusal::Signature("the signature is older, or newer, than it may be");
const NO_SECRET: Refusal = Refusal::Signature("the secret that signs it isn't set");
const WRONG: Refusal = Refusal::Signature("the signature is wrong");

/// What a signature is made of.
struct Parts<'a> {
    id: Option<&'a [u8]>,
    time: Option<&'a [u8]>,
    signatures: Vec<&'a [u8]>,
}

impl<'a> Parts<'a> {
    fn of(scheme: Scheme, view: &'a dyn View) -> Result<Self, Refusal> {
        let header = |name| view.header(name);
        let parts = match scheme {
            Scheme::Github => {
                let signature = header("x-hub-signature-256").and_then(|h| h.strip_prefix(b"sha256="));
                Self { id: None, time: None, signatures: signature.into_iter().collect() }
            }
            Scheme::Stripe => {
                let fields = || header("stripe-signature").unwrap_or_default().split(|b| *b == b',');
                let all =
                    |name: &'static [u8]| fields().filter_map(move |f| f.trim_ascii().strip_prefix(name));
                Self {
                    id: None,
                    time: Some(all(b"t=").next().ok_or(NO_TIME)?),
                    signatures: all(b"v1=").collect(),
                }
            }
            Scheme::Slack => {
                let signature = header("x-slack-signature").and_then(|h| h.strip_prefix(b"v0="));
                let time = header("x-slack-request-timestamp").ok_or(NO_TIME)?;
                Self { id: None, time: Some(time), signatures: signature.into_iter().collect() }
            }
            Scheme::StandardWebhooks => {
                let list = header("webhook-signature").unwrap_or_default().split(|b| *b == b' ');
                Self {
                    id: Some(header("webhook-id").ok_or(MISSING)?),
                    time: Some(header("webhook-timestamp").ok_or(NO_TIME)?),
                    signatures: list.filter_map(|s| s.strip_prefix(b"v1,")).collect(),
                }
            }
        };
        if parts.signatures.is_empty() { Err(MISSING) } else { Ok(parts) }
    }

    /// What nobody can change without another signature: neither how that is spelled, nor which of several it is, nor a
    /// header beside it.
    fn unique(&self, scheme: Scheme, body: &[u8]) -> Vec<u8> {
        match (scheme, self.id) {
            (Scheme::StandardWebhooks, Some(id)) => id.to_vec(),
            _ => {
                let time = self.time.unwrap_or_default();
                let mut hash = Sha256::new();
                hash.update((time.len() as u64).to_le_bytes());
                hash.update(time);
                hash.update(body);
                hash.finalize().to_vec()
            }
        }
    }

    fn mac(&self, scheme: Scheme, secret: &[u8], body: &[u8]) -> Hmac<Sha256> {
        let mut decoded = Vec::new();
        let secret = match (scheme, secret.strip_prefix(b"whsec_")) {
            (Scheme::StandardWebhooks, Some(text)) if base64::decode(text, &mut decoded) => &decoded,
            _ => secret,
        };
        // A key of any length is one for HMAC.
        let mut mac =
            Hmac::<Sha256>::new_from_slice(secret).unwrap_or_else(|_| Hmac::new(&Default::default()));
        let time = self.time.unwrap_or_default();
        let before: &[&[u8]] = match scheme {
            Scheme::Github => &[],
            Scheme::Stripe => &[time, b"."],
            Scheme::Slack => &[b"v0:", time, b":"],
            Scheme::StandardWebhooks => &[self.id.unwrap_or_default(), b".", time, b"."],
        };
        for part in before {
            mac.update(part);
        }
        mac.update(body);
        mac
    }
}

fn hex(text: &[u8], out: &mut Vec<u8>) -> bool {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let pairs = text.as_chunks::<2>();
    out.extend(pairs.0.iter().map_while(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)));
    pairs.1.is_empty() && out.len() == pairs.0.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Request {
        headers: Vec<(&'static str, String)>,
        body: &'static str,
    }

    impl View for Request {
        fn header(&self, name: &str) -> Option<&[u8]> {
            self.headers.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_bytes())
        }

        fn body(&self) -> &[u8] {
            self.body.as_bytes()
        }
    }

    fn webhook(scheme: Scheme) -> Webhook {
        Webhook { scheme, secrets: vec!["S".into()], tolerance_seconds: 300 }
    }

    fn check(scheme: Scheme, secret: &str, request: &Request, now: Option<u64>) -> Result<Vec<u8>, Refusal> {
        verify(&webhook(scheme), &[b"another", secret.as_bytes()], request, now)
    }

    /// The example of GitHub's documentation.
    #[test]
    fn github_signs_the_body() {
        let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let mut request = Request {
            headers: vec![("x-hub-signature-256", signature.into()), ("x-github-delivery", "d-1".into())],
            body: "Hello, World!",
        };
        let secret = "It's a Secret to Everybody";
        let first = check(Scheme::Github, secret, &request, None).unwrap();
        // The header that counts deliveries isn't signed.
        request.headers[1].1 = "d-2".into();
        assert_eq!(check(Scheme::Github, secret, &request, None), Ok(first));
        assert_eq!(check(Scheme::Github, "its no secret", &request, None), Err(WRONG));
        request.body = "Hello, World?";
        assert_eq!(check(Scheme::Github, secret, &request, None), Err(WRONG));
        request.headers.clear();
        assert_eq!(check(Scheme::Github, secret, &request, None), Err(MISSING));
    }

    /// The example of Slack's documentation.
    #[test]
    fn slack_signs_time_and_body() {
        let request = Request {
            headers: vec![
                ("x-slack-request-timestamp", "1531420618".into()),
                (
                    "x-slack-signature",
                    "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503".into(),
                ),
            ],
            body: "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
        };
        let secret = "8f742231b10e8888abcd99yyyzzz85a5";
        assert!(check(Scheme::Slack, secret, &request, Some(1_531_420_700_000)).is_ok());
        assert_eq!(check(Scheme::Slack, secret, &request, Some(1_531_421_000_000)), Err(TOO_OLD));
        assert_eq!(check(Scheme::Slack, secret, &request, None), Err(NO_CLOCK));
    }

    #[test]
    fn stripe_sends_a_signature_for_each_secret() {
        let parts = Parts { id: None, time: Some(b"1700000000"), signatures: Vec::new() };
        let body = r#"{"id":"evt_1"}"#;
        let mac = parts.mac(Scheme::Stripe, b"whsec_test", body.as_bytes()).finalize().into_bytes();
        let good: String = mac.iter().map(|b| format!("{b:02x}")).collect();
        let headers =
            vec![("stripe-signature", format!("t=1700000000,v1={},v1={good},v0=00", "0".repeat(64)))];
        let mut request = Request { headers, body };
        let first = check(Scheme::Stripe, "whsec_test", &request, Some(1_700_000_100_000)).unwrap();
        request.headers[0].1 = format!("t=1700000000,v1={}", good.to_uppercase());
        let again = check(Scheme::Stripe, "whsec_test", &request, Some(1_700_000_100_000));
        assert_eq!(again, Ok(first), "the same delivery, however its signature is spelled");
        assert_eq!(check(Scheme::Stripe, "whsec_other", &request, Some(1_700_000_100_000)), Err(WRONG));
    }

    /// The example of the specification's libraries.
    #[test]
    fn standard_webhooks_sign_id_time_and_body() {
        let request = Request {
            headers: vec![
                ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek".into()),
                ("webhook-timestamp", "1614265330".into()),
                ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=".into()),
            ],
            body: r#"{"test": 2432232314}"#,
        };
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let found = check(Scheme::StandardWebhooks, secret, &request, Some(1_614_265_330_000));
        assert_eq!(found, Ok(b"msg_p5jXN8AQM9LWM0D4loKWxJek".to_vec()));
        assert_eq!(
            check(Scheme::StandardWebhooks, "whsec_AAAA", &request, Some(1_614_265_330_000)),
            Err(WRONG)
        );
    }

    #[test]
    fn a_hexadecimal_text_has_pairs_of_digits() {
        let read = |text: &str| {
            let mut out = Vec::new();
            hex(text.as_bytes(), &mut out).then_some(out)
        };
        assert_eq!(read("00fF"), Some(vec![0, 255]));
        assert_eq!(read("00f"), None);
        assert_eq!(read("0g"), None);
    }
}
