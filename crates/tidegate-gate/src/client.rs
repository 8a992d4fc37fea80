//! A small HTTP client for the interfaces of clouds: one request, one bounded answer.

use crate::http::tls;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// The longest answer that is read.
const ANSWER: usize = 32 << 20;
/// Longer than any service waits for messages.
const TIME: Duration = Duration::from_secs(30);

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

/// A client of one server.
pub(crate) struct Client {
    host: String,
    port: u16,
    tls: Option<TlsConnector>,
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
        Ok(Self { host: host.to_string(), port, tls })
    }

    /// What stands in `Host`.
    pub(crate) fn authority(&self) -> String {
        let usual = if self.tls.is_some() { 443 } else { 80 };
        if self.port == usual { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }

    /// Sends, and reads the whole answer.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), String> {
        tokio::time::timeout(TIME, self.exchange(request))
            .await
            .map_err(|_| "no answer in time".to_string())?
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), String> {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        let stream = TcpStream::connect((host, self.port)).await.map_err(|e| e.to_string())?;
        let _ = stream.set_nodelay(true);
        match &self.tls {
            None => talk(stream, request).await,
            Some(tls) => {
                let name = ServerName::try_from(host.to_string()).map_err(|e| e.to_string())?;
                talk(tls.connect(name, stream).await.map_err(|e| e.to_string())?, request).await
            }
        }
    }
}

async fn talk(
    stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
    request: Request<Full<Bytes>>,
) -> Result<(StatusCode, Bytes), String> {
    let shaken = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.map_err(|e| e.to_string())?;
    let answer = async {
        let answer = sender.send_request(request).await.map_err(|e| e.to_string())?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER).collect().await.map_err(|e| e.to_string())?;
        Ok((status, body.to_bytes()))
    };
    tokio::pin!(answer, connection);
    let mut open = true;
    loop {
        tokio::select! {
            biased;
            done = &mut answer => return done,
            // The answer says why.
            _ = &mut connection, if open => open = false,
        }
    }
}
