//! Whether a request was signed with one of our keys.

use super::canonical;
use super::keys::{Key, Keys};
use super::{sha256, signing_key};
use aws_lc_rs::{constant_time, hmac};
use hyper::{HeaderMap, header};

/// What was signed.
#[derive(Debug)]
pub struct Request<'a> {
    /// The method.
    pub method: &'a str,
    /// The path as it came.
    pub path: &'a str,
    /// The query as it came.
    pub query: &'a str,
    /// All headers, `Host` among them.
    pub headers: &'a HeaderMap,
    /// The body, whole.
    pub body: &'a [u8],
}

/// What a signature has to be for.
#[derive(Debug)]
pub struct Rules<'a> {
    /// Services, as signatures call them.
    pub services: &'a [String],
    /// Regions; none are all.
    pub regions: &'a [String],
    /// Seconds that clocks may differ.
    pub tolerance: u64,
}

/// The only algorithm.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The longest that a signed address may be good for: seven days.
const LONGEST: u64 = 604_800;
/// Headers that one signature can cover.
const HEADERS: usize = 100;

/// Verifies at `now`, in seconds since 1970, and returns the ARN of the principal whose key it is.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify<'k>(
    request: &Request<'_>,
    keys: &'k Keys,
    rules: &Rules<'_>,
    now: u64,
) -> Result<&'k str, &'static str> {
    let parameters = canonical::parameters(request.query).ok_or("the query is broken")?;
    let claim = Claim::of(request, &parameters)?;
    let scope = Scope::of(&claim.credential)?;
    if !rules.services.iter().any(|s| s == scope.service) {
        return Err("it is signed for another service");
    }
    if !rules.regions.is_empty() && !rules.regions.iter().any(|r| r == scope.region) {
        return Err("it is signed for another region");
    }
    in_time(&claim, scope.date, rules.tolerance, now)?;
    let names = covered(&claim, request.headers)?;
    let hash = sha256(request.body);
    if let Some(said) = canonical::header(request.headers, "x-amz-content-sha256")
        && said != hash.as_bytes()
    {
        // `UNSIGNED-PAYLOAD` among others: nobody would stand for the body.
        return Err("the body isn't the one that was signed");
    }
    let known = keys.of(scope.key);
    // Whoever guesses ids learns nothing from the time.
    let nobody = Key { secret: "-".into(), principal: String::new(), token: None };
    let signing = scope.signing_key(&known.unwrap_or(&nobody).secret);
    let query = canonical::query(&parameters, claim.presigned.then_some(b"X-Amz-Signature"));
    let mut good = false;
    for path in canonical::paths(request.path, scope.service) {
        let mut text = format!("{}\n{path}\n{query}\n", request.method).into_bytes();
        for name in &names {
            text.extend_from_slice(name.as_bytes());
            text.push(b':');
            text.extend(canonical::header(request.headers, name).unwrap_or_default());
            text.push(b'\n');
        }
        text.extend_from_slice(format!("\n{}\n{hash}", claim.names).as_bytes());
        let signed = format!("{ALGORITHM}\n{}\n{}\n{}", claim.time, scope.place, sha256(&text));
        let key = hmac::Key::new(hmac::HMAC_SHA256, &signing);
        good |= hmac::verify(&key, signed.as_bytes(), &claim.signature).is_ok();
    }
    let Some(key) = known.filter(|_| good) else { return Err("the signature is wrong") };
    let token = |t: Option<&str>| t.unwrap_or_default().as_bytes().to_vec();
    let (given, ours) = (token(claim.token.as_deref()), token(key.token.as_deref()));
    constant_time::verify_slices_are_equal(&given, &ours).map_err(|_| "the session token is wrong")?;
    Ok(&key.principal)
}

/// What a request says of its signature.
struct Claim {
    credential: String,
    time: String,
    names: String,
    signature: Vec<u8>,
    token: Option<String>,
    /// Seconds that it is good for, where it stands in the address.
    expires: Option<u64>,
    presigned: bool,
}

impl Claim {
    fn of(request: &Request<'_>, parameters: &[(Vec<u8>, Vec<u8>)]) -> Result<Self, &'static str> {
        let presigned = parameters.iter().any(|(name, _)| name.eq_ignore_ascii_case(b"X-Amz-Signature"));
        let header = request.headers.contains_key(header::AUTHORIZATION);
        match (presigned, header) {
            (true, true) => Err("it is signed twice"),
            (false, false) => Err("it isn't signed"),
            (true, false) => Self::of_query(parameters),
            (false, true) => Self::of_header(request.headers),
        }
    }

    fn of_header(headers: &HeaderMap) -> Result<Self, &'static str> {
        let value = only(headers, header::AUTHORIZATION.as_str())?.ok_or("it isn't signed")?;
        let fields = value.strip_prefix(ALGORITHM).and_then(|v| v.strip_prefix(' '));
        let fields = fields.ok_or("it is signed by another algorithm")?;
        let (mut credential, mut names, mut signature) = (None, None, None);
        for field in fields.split(',') {
            let (name, value) = field.trim().split_once('=').ok_or(BROKEN)?;
            let place = match name {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut names,
                "Signature" => &mut signature,
                _ => return Err(BROKEN),
            };
            if place.replace(value.to_string()).is_some() {
                return Err(BROKEN);
            }
        }
        Ok(Self {
            credential: credential.ok_or(BROKEN)?,
            time: only(headers, "x-amz-date")?.ok_or("it has no `X-Amz-Date`")?,
            names: names.ok_or(BROKEN)?,
            signature: bytes(&signature.ok_or(BROKEN)?).ok_or(BROKEN)?,
            token: only(headers, "x-amz-security-token")?,
            expires: None,
            presigned: false,
        })
    }

    fn of_query(parameters: &[(Vec<u8>, Vec<u8>)]) -> Result<Self, &'static str> {
        let one = |name: &str| {
            // In whatever case: two readings of one address are refused.
            let mut all = parameters.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes()));
            match (all.next(), all.next()) {
                (None, _) => Ok(None),
                (Some((n, value)), None) if n == name.as_bytes() => {
                    String::from_utf8(value.clone()).map(Some).map_err(|_| BROKEN)
                }
                _ => Err(BROKEN),
            }
        };
        let need = |name: &str| one(name)?.ok_or(BROKEN);
        if need("X-Amz-Algorithm")? != ALGORITHM {
            return Err("it is signed by another algorithm");
        }
        let expires = need("X-Amz-Expires")?;
        let digits = expires.len() <= 6 && expires.bytes().all(|b| b.is_ascii_digit());
        let expires = expires.parse().ok().filter(|e| digits && (1..=LONGEST).contains(e));
        Ok(Self {
            credential: need("X-Amz-Credential")?,
            time: need("X-Amz-Date")?,
            names: need("X-Amz-SignedHeaders")?,
            signature: bytes(&need("X-Amz-Signature")?).ok_or(BROKEN)?,
            token: one("X-Amz-Security-Token")?,
            expires: Some(expires.ok_or("it is good for longer than seven days, or for no time")?),
            presigned: true,
        })
    }
}

const BROKEN: &str = "what it says of its signature is broken";

/// `<key>/<date>/<region>/<service>/aws4_request`
struct Scope<'a> {
    key: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
    place: &'a str,
}

impl<'a> Scope<'a> {
    fn of(credential: &'a str) -> Result<Self, &'static str> {
        let (key, place) = credential.split_once('/').ok_or(BROKEN)?;
        let parts: Vec<&str> = place.splitn(5, '/').collect();
        match parts.as_slice() {
            [date, region, service, "aws4_request"] => Ok(Self { key, date, region, service, place }),
            _ => Err(BROKEN),
        }
    }

    fn signing_key(&self, secret: &str) -> Vec<u8> {
        signing_key(secret, [self.date, self.region, self.service])
    }
}

/// The names that were signed, which have to be enough.
fn covered<'c>(claim: &'c Claim, headers: &HeaderMap) -> Result<Vec<&'c str>, &'static str> {
    let names: Vec<&str> = claim.names.split(';').take(HEADERS + 1).collect();
    let good = |name: &&str| !name.is_empty() && !name.bytes().any(|b| b.is_ascii_uppercase());
    let ordered = names.iter().zip(names.iter().skip(1)).all(|(one, next)| one < next);
    if names.len() > HEADERS || !names.iter().all(good) || !ordered {
        return Err(BROKEN);
    }
    if names.iter().any(|name| !headers.contains_key(*name)) {
        return Err("a header that was signed is missing");
    }
    let needed = |name: &str| name == "host" || name.starts_with("x-amz-");
    let all = headers.keys().map(header::HeaderName::as_str).filter(|name| needed(name));
    let all = std::iter::once("host").chain(all).all(|name| names.binary_search(&name).is_ok());
    if all { Ok(names) } else { Err("a header that has to be signed is not") }
}

fn in_time(claim: &Claim, date: &str, tolerance: u64, now: u64) -> Result<(), &'static str> {
    let time = super::seconds(&claim.time).ok_or("its time is broken")?;
    if claim.time.get(..8) != Some(date) {
        return Err("it is signed for another day");
    }
    let good = match claim.expires {
        Some(expires) => time <= now.saturating_add(tolerance) && now <= time.saturating_add(expires),
        None => now.abs_diff(time) <= tolerance,
    };
    if good { Ok(()) } else { Err("it is older, or newer, than it may be") }
}

/// The value of a header that may be there once.
fn only(headers: &HeaderMap, name: &str) -> Result<Option<String>, &'static str> {
    let mut all = headers.get_all(name).iter();
    match (all.next(), all.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(|v| Some(v.trim().to_string())).map_err(|_| BROKEN),
        _ => Err(BROKEN),
    }
}

/// The 32 bytes of a signature.
fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f').then(|| char::from(b).to_digit(16))?;
    let (pairs, []) = hex.as_bytes().as_chunks::<2>() else { return None };
    let out = pairs.iter().map(|[high, low]| u8::try_from(digit(*high)? << 4 | digit(*low)?).ok());
    out.collect::<Option<Vec<u8>>>().filter(|out| out.len() == 32)
}

#[cfg(test)]
mod tests;
