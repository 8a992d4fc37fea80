//! Who gives keys, and how each is asked.

use super::{Error, Keys};
use crate::client::{Address, Client};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, StatusCode};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tidegate_decide::sigv4::encoded;

/// Who gives keys.
pub(super) enum Place {
    /// Read each time: whoever renews them sets them anew.
    Environment,
    WebIdentity {
        base: String,
        role: String,
        session: String,
        token: PathBuf,
    },
    Container {
        base: String,
        path: String,
        token: Option<Token>,
    },
    Instance {
        base: String,
    },
}

/// What proves to the endpoint of a container who asks.
pub(super) enum Token {
    File(PathBuf),
    Text(String),
}

/// Where a task of ECS finds its keys.
const ECS: &str = "http://169.254.170.2";
/// Addresses at which a container's keys may be asked for without TLS, besides its own loopback: ECS, and EKS.
const PLAIN: [&str; 3] = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"];
/// Where an instance does.
const IMDS: &str = "http://169.254.169.254";
const ROLES: &str = "/latest/meta-data/iam/security-credentials/";
/// Longest file with a token.
const FILE: u64 = 64 << 10;

type Get<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Place {
    pub(super) fn find(get: Get<'_>) -> Result<Self, Error> {
        if get("AWS_ACCESS_KEY_ID").is_some() || get("AWS_SECRET_ACCESS_KEY").is_some() {
            return Ok(Self::Environment);
        }
        if let Some(token) = get("AWS_WEB_IDENTITY_TOKEN_FILE") {
            let role = get("AWS_ROLE_ARN");
            let role = role.ok_or_else(|| setting("`AWS_WEB_IDENTITY_TOKEN_FILE` needs `AWS_ROLE_ARN`"))?;
            let region = get("AWS_REGION").or_else(|| get("AWS_DEFAULT_REGION"));
            let base = get("AWS_ENDPOINT_URL_STS").or_else(|| get("AWS_ENDPOINT_URL"));
            let base = base.unwrap_or_else(|| match region {
                Some(region) => format!("https://sts.{region}.amazonaws.com"),
                None => "https://sts.amazonaws.com".into(),
            });
            let session = get("AWS_ROLE_SESSION_NAME").unwrap_or_else(|| "tidegate".into());
            return Ok(Self::WebIdentity { base, role, session, token: token.into() });
        }
        let file = get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").map(|path| Token::File(path.into()));
        let token = file.or_else(|| get("AWS_CONTAINER_AUTHORIZATION_TOKEN").map(Token::Text));
        if let Some(path) = get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            if !path.starts_with('/') {
                return Err(setting("`AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` doesn't begin with `/`"));
            }
            return Ok(Self::Container { base: ECS.into(), path, token });
        }
        if let Some(url) = get("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
            let (base, path) = full(&url)
                .ok_or_else(|| setting("`AWS_CONTAINER_CREDENTIALS_FULL_URI` is neither https nor local"))?;
            return Ok(Self::Container { base, path, token });
        }
        if get("AWS_EC2_METADATA_DISABLED").is_some_and(|v| v.eq_ignore_ascii_case("true")) {
            return Err(setting("`AWS_ACCESS_KEY_ID` isn't set, and neither is a role"));
        }
        let base = get("AWS_EC2_METADATA_SERVICE_ENDPOINT").unwrap_or_else(|| IMDS.into());
        Ok(Self::Instance { base })
    }

    pub(super) async fn ask(&self) -> Result<Keys, Error> {
        match self {
            Self::Environment => {
                let key = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
                let need = |name: &str| key(name).ok_or_else(|| setting(&format!("`{name}` isn't set")));
                let (id, secret) = (need("AWS_ACCESS_KEY_ID")?, need("AWS_SECRET_ACCESS_KEY")?);
                Ok(Keys { id, secret, token: key("AWS_SESSION_TOKEN"), ends: None })
            }
            Self::WebIdentity { base, role, session, token } => {
                web_identity(base, role, session, &read(token)?).await
            }
            Self::Container { base, path, token } => {
                let token = match token {
                    Some(Token::File(path)) => Some(read(path)?),
                    Some(Token::Text(text)) => Some(text.clone()),
                    None => None,
                };
                let mut request = Request::get(path.as_str()).header("accept", "application/json");
                if let Some(token) = token {
                    request = request.header("authorization", token);
                }
                document(&send("the endpoint of the container", base, request, String::new()).await?)
            }
            Self::Instance { base } => instance(base).await,
        }
    }
}

/// A token is asked for first: without one, any page that makes a server fetch something could ask too.
async fn instance(base: &str) -> Result<Keys, Error> {
    const FROM: &str = "the instance";
    let ask = Request::put("/latest/api/token").header("x-aws-ec2-metadata-token-ttl-seconds", "300");
    let token = text(send(FROM, base, ask, String::new()).await?)?;
    let with = |path: String| Request::get(path).header("x-aws-ec2-metadata-token", token.as_str());
    let roles = text(send(FROM, base, with(ROLES.into()), String::new()).await?)?;
    let role = roles.lines().next().unwrap_or_default().trim();
    let fits = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c);
    if role.is_empty() || !role.chars().all(fits) {
        return Err(Error::Refused { from: FROM, why: "it has no role".into() });
    }
    document(&send(FROM, base, with(format!("{ROLES}{role}")), String::new()).await?)
}

async fn web_identity(base: &str, role: &str, session: &str, token: &str) -> Result<Keys, Error> {
    let mut form = String::from("Action=AssumeRoleWithWebIdentity&Version=2011-06-15");
    for (name, value) in [("RoleArn", role), ("RoleSessionName", session), ("WebIdentityToken", token)] {
        let _ = write!(form, "&{name}={}", encoded(value.as_bytes(), b""));
    }
    let request = Request::post("/").header("content-type", "application/x-www-form-urlencoded");
    let answer = text(send(STS, base, request, form).await?)?;
    let field = |name: &str| {
        let (_, rest) = answer.split_once(&format!("<{name}>"))?;
        // Keys have no character that XML would write in another way.
        Some(rest.split_once('<')?.0.trim().to_string())
    };
    let need = |name| {
        field(name).ok_or_else(|| Error::Refused { from: STS, why: format!("its answer has no {name}") })
    };
    Ok(Keys {
        id: need("AccessKeyId")?,
        secret: need("SecretAccessKey")?,
        token: Some(need("SessionToken")?),
        ends: Some(time(&need("Expiration")?).ok_or_else(|| no_time(STS))?),
    })
}

const STS: &str = "STS";

/// Keys as containers and instances get them.
fn document(body: &[u8]) -> Result<Keys, Error> {
    const FROM: &str = "the role";
    let why = |why: &str| Error::Refused { from: FROM, why: why.into() };
    let body: Value = serde_json::from_slice(body).map_err(|_| why("its answer is no JSON"))?;
    let field = |name: &str| body.get(name).and_then(Value::as_str).filter(|v| !v.is_empty());
    let need = |name: &str| field(name).map(str::to_string).ok_or_else(|| why("its answer has no keys"));
    Ok(Keys {
        id: need("AccessKeyId")?,
        secret: need("SecretAccessKey")?,
        token: field("Token").map(str::to_string),
        ends: match field("Expiration") {
            None => None,
            Some(text) => Some(time(text).ok_or_else(|| no_time(FROM))?),
        },
    })
}

fn no_time(from: &'static str) -> Error {
    Error::Refused { from, why: "the end of its keys can't be read".into() }
}

async fn send(
    from: &'static str,
    base: &str,
    request: hyper::http::request::Builder,
    body: String,
) -> Result<Bytes, Error> {
    let refused = |why: String| Error::Refused { from, why };
    let client = Client::new(base).map_err(refused)?;
    let request = request.header("host", client.authority()).body(Full::from(body));
    let request = request.map_err(|_| refused("what is set up makes no request".into()))?;
    let asked = tokio::time::timeout(Duration::from_secs(5), client.send(request)).await;
    let (status, answer) = asked.map_err(|_| refused("no answer in time".into()))?.map_err(refused)?;
    // What stands in a refusal may repeat the token.
    if status == StatusCode::OK { Ok(answer) } else { Err(refused(status.to_string())) }
}

fn text(bytes: Bytes) -> Result<String, Error> {
    String::from_utf8(bytes.to_vec()).map_err(|_| setting("an answer with keys is no text"))
}

fn read(path: &Path) -> Result<String, Error> {
    use std::io::Read as _;
    let mut out = String::new();
    // Read each time: whoever renews it writes it anew.
    let read = std::fs::File::open(path).and_then(|file| file.take(FILE).read_to_string(&mut out));
    match read {
        Ok(_) => Ok(out.trim().to_string()),
        Err(error) => Err(setting(&format!("reading the token in `{}`: {error}", path.display()))),
    }
}

/// Base and path of an address at which keys may be asked for.
fn full(url: &str) -> Option<(String, String)> {
    let address = Address::of(url)?;
    let fits = address.secure || address.is_local() || PLAIN.contains(&address.host);
    fits.then(|| (address.base.to_string(), address.path.to_string()))
}

fn setting(problem: &str) -> Error {
    Error::Setting(problem.to_string())
}

/// `2027-01-15T08:00:00Z`, with or without parts of a second.
pub(super) fn time(text: &str) -> Option<SystemTime> {
    let (date, clock) = text.strip_suffix('Z')?.split_once('T')?;
    let clock = clock.split('.').next()?;
    let three = |text: &str, by: char| -> Option<[u64; 3]> {
        let parts: Vec<u64> = text.split(by).map(|part| part.parse().ok()).collect::<Option<_>>()?;
        parts.try_into().ok()
    };
    let ([year, month, day], [hour, minute, second]) = (three(date, '-')?, three(clock, ':')?);
    if !(1970..10_000).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // Years that begin in March have their leap day at the end.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1;
    let seconds = (days.checked_sub(719_468)? * 24 + hour) * 3600 + minute * 60 + second;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}
