//! A small HTTP client for the interfaces of clouds: one request, one bounded answer, over connections that are kept.

use crate::http::tls;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// The longest answer that is read.
const ANSWER: usize = 32 << 20;
/// Longer than any service waits for messages.
const TIME: Duration = Duration::from_secs(30);
/// Connections that are kept for the next requests.
const KEPT: usize = 16;
/// One that was idle for longer may be about to be closed by its server.
const IDLE: Duration = Duration::from_secs(10);
/// How long a connection may take to see that its answer is over.
const READY: Duration = Duration::from_millis(100);

/// An address over http or https, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address<'a> {
    /// Scheme, host and port.
    pub(crate) base: &'a str,
    /// Name or address, without brackets.
    pub(crate) host: &'a str,
    /// Path and query, at least `/`.
    pub(crate) path: &'a str,
    /// Over TLS.
    pub(crate) secure: bool,
}

impl<'a> Address<'a> {
    /// `None` for anything else, and for one that names a user: who reads it in haste takes him for the host.
    pub(crate) fn of(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let secure = match scheme {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let (authority, path) = rest.split_at_checked(rest.find(['/', '?']).unwrap_or(rest.len()))?;
        let (base, _) = text.split_at_checked(scheme.len() + 3 + authority.len())?;
        let host = match authority.strip_prefix('[') {
            Some(rest) => rest.split_once(']')?.0,
            None => authority.split(':').next()?,
        };
        let plain = !host.is_empty() && !authority.contains('@') && !path.starts_with('?');
        plain.then_some(Self { base, host, path: if path.is_empty() { "/" } else { path }, secure })
    }

    /// True for this machine.
    pub(crate) fn is_local(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

type Sender = SendRequest<Full<Bytes>>;

/// A client of one server.
pub(crate) struct Client {
    host: String,
    port: u16,
    tls: Option<TlsConnector>,
    /// Connections between two requests, and since when.
    kept: Mutex<Vec<(Sender, Instant)>>,
}

impl Client {
    /// For a base of scheme, host and port.
    pub(crate) fn new(base: &str) -> Result<Self, String> {
        Self::trusting(base, None)
    }

    /// The same with a file of certificate authorities instead of the system's.
    pub(crate) fn trusting(base: &str, ca: Option<&Path>) -> Result<Self, String> {
        let (scheme, host) = base.trim_end_matches('/').split_once("://").ok_or("expected a URL")?;
        let secure = match scheme {
            "https" => true,
            "http" => false,
            _ => return Err("expected http:// or https://".into()),
        };
        // The colons of an IPv6 address stand in brackets.
        let (host, port) = match host.rsplit_once(':').filter(|(_, port)| !port.contains(']')) {
            Some((host, port)) => (host, port.parse().map_err(|_| "the port is no number")?),
            None => (host, if secure { 443 } else { 80 }),
        };
        let tls = if secure { Some(tls::client(ca).map_err(|e| e.to_string())?) } else { None };
        Ok(Self { host: host.to_string(), port, tls, kept: Mutex::default() })
    }

    /// What stands in `Host`.
    pub(crate) fn authority(&self) -> String {
        let usual = if self.tls.is_some() { 443 } else { 80 };
        if self.port == usual { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }

    /// Sends, and reads the whole answer.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), String> {
        timeout(TIME, self.exchange(request)).await.map_err(|_| "no answer in time".to_string())?
    }

    async fn exchange(&self, mut request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), String> {
        if let Some(mut kept) = self.take() {
            // The server may close a connection while a request is on its way, and nobody knows whether it was read.
            let again = request.method().is_idempotent().then(|| request.clone());
            match kept.try_send_request(request).await {
                Ok(answer) => return self.read(kept, answer).await,
                // What comes back was never sent.
                Err(mut error) => match error.take_message().or(again) {
                    Some(unanswered) => request = unanswered,
                    None => return Err(error.into_error().to_string()),
                },
            }
        }
        let mut fresh = self.connect().await?;
        let answer = fresh.send_request(request).await.map_err(|e| e.to_string())?;
        self.read(fresh, answer).await
    }

    async fn read(
        &self,
        mut sender: Sender,
        answer: Response<Incoming>,
    ) -> Result<(StatusCode, Bytes), String> {
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER).collect().await.map_err(|e| e.to_string())?;
        // One that the server closes never gets ready.
        if let Ok(Ok(())) = timeout(READY, sender.ready()).await {
            let mut kept = self.kept();
            kept.retain(|(sender, since)| !sender.is_closed() && since.elapsed() < IDLE);
            if kept.len() < KEPT {
                kept.push((sender, Instant::now()));
            }
        }
        Ok((status, body.to_bytes()))
    }

    /// The connection that was used last: it is the likeliest to be open still.
    fn take(&self) -> Option<Sender> {
        let mut kept = self.kept();
        kept.retain(|(sender, since)| sender.is_ready() && since.elapsed() < IDLE);
        kept.pop().map(|(sender, _)| sender)
    }

    fn kept(&self) -> MutexGuard<'_, Vec<(Sender, Instant)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connect(&self) -> Result<Sender, String> {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        let stream = TcpStream::connect((host, self.port)).await.map_err(|e| e.to_string())?;
        let _ = stream.set_nodelay(true);
        match &self.tls {
            None => shake(stream).await,
            Some(tls) => {
                let name = ServerName::try_from(host.to_string()).map_err(|e| e.to_string())?;
                shake(tls.connect(name, stream).await.map_err(|e| e.to_string())?).await
            }
        }
    }
}

async fn shake(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Result<Sender, String> {
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|e| e.to_string())?;
    // It ends with its sender; whoever waits for an answer learns why there is none.
    tokio::spawn(connection);
    Ok(sender)
}

#[cfg(test)]
mod tests;
