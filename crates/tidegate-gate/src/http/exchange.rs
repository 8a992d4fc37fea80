//! One request: read, decided on, handed on or refused.

use super::access::{Line, Log};
use super::body::{self, Answer, Missing, Room, Share};
use super::event::Known;
use super::metrics::Refused;
use super::policy::{self, Outcome, Shared};
use super::quarantine::{Denied, Quarantine};
use super::upstream::Pool;
use super::{Bounds, cors, headers, heads, upgrade};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Uri};
use std::cell::Cell;
use std::net::IpAddr;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// What the requests of one worker share.
pub(super) struct Desk {
    pub(super) shared: std::sync::Arc<Shared>,
    pub(super) log: std::sync::Arc<Log>,
    pub(super) pool: Pool,
    pub(super) bounds: Bounds,
    /// For the bodies of all workers.
    pub(super) room: std::sync::Arc<Room>,
    /// Where denied requests are kept.
    pub(super) quarantine: Option<Quarantine>,
    /// What `Host` becomes.
    pub(super) host: Option<HeaderValue>,
}

/// Who is at the other end of a connection.
#[derive(Debug)]
pub(super) struct Client {
    /// Its address, as text.
    pub(super) peer: HeaderValue,
    pub(super) https: bool,
    pub(super) certificate: Option<String>,
}

impl Client {
    pub(super) fn of(peer: IpAddr, https: bool, certificate: Option<String>) -> Self {
        let peer = HeaderValue::from_str(&peer.to_string());
        // No address holds what a header can't.
        let peer = peer.unwrap_or_else(|_| HeaderValue::from_static("unknown"));
        Self { peer, https, certificate }
    }

    pub(super) fn peer(&self) -> &str {
        self.peer.to_str().unwrap_or_default()
    }
}

thread_local! {
    static RANDOM: Cell<u64> = Cell::new(seed());
}

/// Differs from thread to thread and from start to start.
fn seed() -> u64 {
    use std::hash::{BuildHasher as _, Hasher as _};
    let mut hasher = std::collections::hash_map::RandomState::new().build_hasher();
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    hasher.write_u128(since.as_nanos());
    hasher.finish()
}

/// Why a request isn't decided on, and what it is answered.
struct Refusal(Refused, StatusCode, &'static str);

/// Answers one request.
pub(super) async fn answer(desk: &Desk, client: &Client, request: Request<Incoming>) -> Response<Answer> {
    let started = Instant::now();
    let _flying = desk.shared.metrics.flight();
    let asked = desk.log.is_on().then(|| (request.method().to_string(), request.uri().path().to_string()));
    match exchange(desk, client, request, started).await {
        Ok(response) => response,
        Err(Refusal(why, status, message)) => {
            if let Some((method, path)) = asked {
                let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
                let line = Line::refused(client.peer(), why, Some(status.as_u16()));
                desk.log.write(Line { method: Some(method), path: Some(path), micros, ..line });
            }
            refuse(desk, why, status, message)
        }
    }
}

async fn exchange(
    desk: &Desk,
    client: &Client,
    mut request: Request<Incoming>,
    started: Instant,
) -> Result<Response<Answer>, Refusal> {
    if request.method() == Method::CONNECT {
        // It would be a way past us.
        return Err(Refusal(Refused::Broken, StatusCode::BAD_REQUEST, "the gate joins nobody with others"));
    }
    let upgrades = upgrade::is_wanted(&request);
    let on_upgrade = upgrades.then(|| hyper::upgrade::on(&mut request));
    let (mut parts, incoming) = request.into_parts();
    if headers::refuse_folded(&parts.headers).is_err() {
        let message = "a header's name has an underscore and stands for another header";
        return Err(Refusal(Refused::Broken, StatusCode::BAD_REQUEST, message));
    }
    if headers::drop_named(&mut parts.headers).is_err() {
        let message = "`Connection` names a header that is not of the connection";
        return Err(Refusal(Refused::Broken, StatusCode::BAD_REQUEST, message));
    }
    // Held until the upstream has answered.
    let mut share = Share::of(&desk.room);
    let collected = body::collect(incoming, desk.bounds.body, &mut share);
    let whole = tokio::time::timeout(desk.bounds.body_time, collected).await;
    let body = match whole {
        Ok(Ok(body)) => body,
        Ok(Err(Missing::TooLong)) => {
            return Err(Refusal(
                Refused::TooLong,
                StatusCode::PAYLOAD_TOO_LARGE,
                "the body is longer than the gate looks at",
            ));
        }
        Ok(Err(Missing::Full)) => {
            return Err(Refusal(
                Refused::Full,
                StatusCode::SERVICE_UNAVAILABLE,
                "the gate has too many bodies to look at",
            ));
        }
        Ok(Err(Missing::Broken)) => {
            return Err(Refusal(
                Refused::Broken,
                StatusCode::BAD_REQUEST,
                "the body is not what it was said to be",
            ));
        }
        Err(_) => {
            return Err(Refusal(Refused::TooSlow, StatusCode::REQUEST_TIMEOUT, "the body took too long"));
        }
    };
    // HTTP/2 has the name in the address.
    if let Some(authority) = parts.uri.authority() {
        match HeaderValue::from_str(authority.as_str()) {
            Ok(host) => drop(parts.headers.insert(header::HOST, host)),
            Err(_) => return Err(Refusal(Refused::Broken, StatusCode::BAD_REQUEST, "the address is broken")),
        }
    }
    let mut hosts = parts.headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return Err(Refusal(Refused::Broken, StatusCode::BAD_REQUEST, "the request names no single host"));
    };
    // Of HTTP/1 that is known by now.
    if !heads::is_host(host.as_bytes()) {
        return Err(Refusal(
            Refused::Broken,
            StatusCode::BAD_REQUEST,
            "the host is neither a name nor an address",
        ));
    }
    let trace = RANDOM.with(|random| {
        let mut state = random.get();
        let trace = headers::Trace::of(&parts.headers, &mut state);
        random.set(state);
        trace
    });
    let id = trace.id;
    let mut outcome = policy::decide(
        &desk.shared,
        &Known {
            method: parts.method.as_str(),
            path: parts.uri.path(),
            query: parts.uri.query().unwrap_or_default(),
            headers: &parts.headers,
            body: &body,
            peer: client.peer(),
            certificate: client.certificate.as_deref(),
            claims: None,
            principal: None,
            topic: None,
        },
    );
    let redacted = outcome.redacted.is_some();
    let about = desk.log.is_on().then(|| About {
        method: parts.method.to_string(),
        path: parts.uri.path().to_string(),
        bytes: body.len(),
        redacted,
    });
    let mut response = if outcome.passes {
        if outcome.preflight {
            cors::leave_preflight(&mut parts.headers);
        }
        headers::end_of_hop(&mut parts.headers);
        trace.hand_on(&mut parts.headers);
        headers::forwarded(&mut parts.headers, &client.peer, client.https);
        if let Some(host) = &desk.host {
            parts.headers.insert(header::HOST, host.clone());
        }
        if upgrades {
            upgrade::ask(&mut parts.headers);
        }
        let body = outcome.redacted.take().map_or(body, Bytes::from);
        hand_on(desk, parts, body, on_upgrade).await
    } else {
        let mut refusal = forbid(&id, outcome.retry_after);
        if let Some(readers) = outcome.readers.take() {
            cors::write(&readers, refusal.headers_mut());
        }
        // Who came too early comes again.
        if let (Some(quarantine), None) = (&desk.quarantine, outcome.retry_after) {
            let (classes, peer) = (outcome.classes.clone(), client.peer().to_string());
            quarantine.keep(Denied { parts, body, classes, trace: id, peer });
        }
        refusal
    };
    if let Some(charge) = outcome.charge.take() {
        charge.settle();
    }
    // The client's own request id is in neither answer; this one finds the line in the log.
    if let Ok(id) = HeaderValue::from_bytes(&id) {
        response.headers_mut().insert(HeaderName::from_static("x-tidegate-trace"), id);
    }
    let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    desk.shared.metrics.answered(micros);
    if let Some(about) = about {
        desk.log.write(about.line(client, &response, outcome, id, micros));
    }
    Ok(response)
}

struct About {
    method: String,
    path: String,
    bytes: usize,
    redacted: bool,
}

impl About {
    fn line(
        self,
        client: &Client,
        response: &Response<Answer>,
        outcome: Outcome,
        trace: [u8; 32],
        micros: u64,
    ) -> Line {
        let decision = match &outcome {
            _ if self.redacted => "redact",
            Outcome { watched: true, .. } => "monitor",
            Outcome { passes: true, .. } => "allow",
            _ => "deny",
        };
        Line {
            method: Some(self.method),
            path: Some(self.path),
            status: Some(response.status().as_u16()),
            decision,
            classes: outcome.classes,
            trace: Some(trace),
            peer: client.peer().to_string(),
            bytes: self.bytes,
            decide_micros: outcome.micros,
            micros,
        }
    }
}

async fn hand_on(
    desk: &Desk,
    mut parts: hyper::http::request::Parts,
    body: Bytes,
    client: Option<hyper::upgrade::OnUpgrade>,
) -> Response<Answer> {
    // To an upstream, the address is the path alone. The body has a length now, however it came.
    if parts.uri.authority().is_some() {
        let path = parts.uri.path_and_query().cloned();
        parts.uri = path.map_or_else(Uri::default, Uri::from);
    }
    parts.version = hyper::Version::HTTP_11;
    parts.headers.remove(header::EXPECT);
    if !body.is_empty() || parts.headers.contains_key(header::CONTENT_LENGTH) {
        parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    match desk.pool.send(Request::from_parts(parts, Full::new(body))).await {
        Ok(mut response) => {
            let switches = response.status() == StatusCode::SWITCHING_PROTOCOLS;
            match client {
                Some(client) => upgrade::join(client, &mut response),
                // Nobody asked for that.
                None if switches => {
                    desk.shared.metrics.upstream_failed();
                    return plain(StatusCode::BAD_GATEWAY, "the upstream switched protocols by itself");
                }
                None => {}
            }
            if !switches {
                headers::end_of_hop(response.headers_mut());
            }
            response.map(Answer::Stream)
        }
        Err(failure) => {
            desk.shared.metrics.upstream_failed();
            plain(failure.status(), "the upstream doesn't answer")
        }
    }
}

fn refuse(desk: &Desk, why: Refused, status: StatusCode, message: &str) -> Response<Answer> {
    desk.shared.metrics.refused(why);
    let mut response = plain(status, message);
    // What is left of the request is on the way still.
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Says no more than that: why helps whoever tries the next variant.
fn forbid(trace: &[u8; 32], retry_after: Option<u64>) -> Response<Answer> {
    let (status, message) = match retry_after {
        Some(_) => (StatusCode::TOO_MANY_REQUESTS, "Too Many Requests"),
        None => (StatusCode::FORBIDDEN, "Forbidden"),
    };
    let mut response = plain(status, message);
    let trace = String::from_utf8_lossy(trace);
    *response.body_mut() = Answer::of(format!("{{\"message\":\"{message}\",\"trace\":\"{trace}\"}}"));
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn plain(status: StatusCode, message: &str) -> Response<Answer> {
    let body = format!("{{\"message\":\"{message}\"}}");
    let mut response = Response::new(Answer::of(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
