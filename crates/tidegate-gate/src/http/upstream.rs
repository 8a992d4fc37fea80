//! Connections to whom requests are for.

use super::Bounds;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

/// Whom requests are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// Over TLS.
    pub https: bool,
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
}

impl FromStr for Upstream {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (https, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => return Err("an upstream begins with `http://` or `https://`".to_string()),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '?', '#', '@']) || authority.is_empty() {
            return Err(
                "an upstream is a scheme, a host and a port; paths are those of the requests".to_string()
            );
        }
        let default = if https { 443 } else { 80 };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => {
                (host, port.parse().map_err(|_| format!("`{port}` is no port"))?)
            }
            _ => (authority, default),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_string();
        Ok(Self { https, host, port })
    }
}

impl Upstream {
    /// Whether it is whoever listens on this address. Names but `localhost` aren't asked for: they may lead elsewhere tomorrow.
    pub(super) fn is_at(&self, listen: SocketAddr) -> bool {
        if self.port != listen.port() {
            return false;
        }
        let named = match self.host.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
            // Whoever connects there ends at this machine.
            Ok(IpAddr::V4(Ipv4Addr::UNSPECIFIED)) => vec![Ipv4Addr::LOCALHOST.into()],
            Ok(IpAddr::V6(Ipv6Addr::UNSPECIFIED)) => vec![Ipv6Addr::LOCALHOST.into()],
            Ok(ip) => vec![ip],
            Err(_) if self.host.eq_ignore_ascii_case("localhost") => {
                vec![IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()]
            }
            Err(_) => Vec::new(),
        };
        // All of IPv6 is all of IPv4 as well.
        let all = |ip: &IpAddr| listen.ip().is_unspecified() && (listen.is_ipv6() || ip.is_ipv4());
        // Only what is this machine's own can be listened on.
        let ours = |ip: &IpAddr| std::net::TcpListener::bind((*ip, 0)).is_ok();
        named.iter().any(|ip| *ip == listen.ip().to_canonical() || all(ip) && ours(ip))
    }
}

/// Why the upstream didn't answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// It can't be reached, or broke off.
    Gone,
    /// It took too long.
    Slow,
}

impl Failure {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::Gone => StatusCode::BAD_GATEWAY,
            Self::Slow => StatusCode::GATEWAY_TIMEOUT,
        }
    }
}

type Sender = SendRequest<Full<Bytes>>;

/// The connections of one worker.
pub(super) struct Pool {
    upstream: Upstream,
    tls: Option<TlsConnector>,
    /// Connections between requests, and those whose answer is being read.
    kept: Mutex<Vec<Sender>>,
    most: usize,
    patience: Duration,
}

/// Until a connection is there.
const CONNECT: Duration = Duration::from_secs(5);

impl Pool {
    pub(super) fn new(upstream: Upstream, tls: Option<TlsConnector>, bounds: &Bounds) -> Self {
        let kept = Mutex::new(Vec::with_capacity(bounds.idle));
        Self { upstream, tls, kept, most: bounds.idle, patience: bounds.upstream_time }
    }

    /// Sends a request and returns the answer once its head is there.
    pub(super) async fn send(
        &self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Failure> {
        loop {
            let kept = self.take();
            let reused = kept.is_some();
            let mut sender = match kept {
                Some(sender) => sender,
                None => tokio::time::timeout(CONNECT, self.connect()).await.map_err(|_| Failure::Slow)??,
            };
            let answer = tokio::time::timeout(self.patience, sender.try_send_request(request)).await;
            match answer {
                Err(_) => return Err(Failure::Slow),
                Ok(Ok(response)) => {
                    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
                        self.keep(sender);
                    }
                    return Ok(response);
                }
                // The upstream had closed a connection that we kept, before it saw anything of the request.
                Ok(Err(mut error)) => match error.take_message().filter(|_| reused) {
                    Some(unsent) => request = unsent,
                    None => return Err(Failure::Gone),
                },
            }
        }
    }

    fn take(&self) -> Option<Sender> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // The one that was used last is the likeliest to be open still.
        let ready = kept.iter().rposition(SendRequest::is_ready)?;
        Some(kept.swap_remove(ready))
    }

    /// Keeps a connection whose answer has begun: it is ready again once that has been read.
    fn keep(&self, sender: Sender) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= self.most {
            kept.retain(|sender| !sender.is_closed());
        }
        // What isn't kept ends with its answer.
        if kept.len() < self.most {
            kept.push(sender);
        }
    }

    async fn connect(&self) -> Result<Sender, Failure> {
        let Upstream { host, port, .. } = &self.upstream;
        let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(|_| Failure::Gone)?;
        let _ = stream.set_nodelay(true);
        match &self.tls {
            None => shake(stream).await,
            Some(tls) => {
                let name = ServerName::try_from(host.clone()).map_err(|_| Failure::Gone)?;
                shake(tls.connect(name, stream).await.map_err(|_| Failure::Gone)?).await
            }
        }
    }
}

async fn shake(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Result<Sender, Failure> {
    let (sender, connection) =
        http1::Builder::new().handshake(TokioIo::new(stream)).await.map_err(|_| Failure::Gone)?;
    tokio::spawn(connection.with_upgrades());
    Ok(sender)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upstream_is_scheme_host_and_port() {
        let read = |text: &str| text.parse::<Upstream>().map(|u| (u.https, u.host, u.port));
        assert_eq!(read("http://127.0.0.1:8080"), Ok((false, "127.0.0.1".into(), 8080)));
        assert_eq!(read("https://api.example.com/"), Ok((true, "api.example.com".into(), 443)));
        assert_eq!(read("http://[::1]:81"), Ok((false, "::1".into(), 81)));
        assert_eq!(read("http://[::1]"), Ok((false, "::1".into(), 80)));
        for wrong in
            ["ftp://a", "a:80", "http://", "http://a/b", "http://u@a", "http://a:b", "http://a:99999"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_gate_knows_itself() {
        let at = |upstream: &str, listen: &str| {
            upstream.parse::<Upstream>().unwrap().is_at(listen.parse().unwrap())
        };
        for (upstream, listen) in [
            ("http://127.0.0.1:8080", "127.0.0.1:8080"),
            ("http://localhost:8080", "127.0.0.1:8080"),
            ("https://LOCALHOST:8443", "0.0.0.0:8443"),
            ("http://127.0.0.1:8080", "0.0.0.0:8080"),
            ("http://127.0.0.1:8080", "[::]:8080"),
            ("http://0.0.0.0:8080", "127.0.0.1:8080"),
            ("http://[::ffff:127.0.0.1]:8080", "127.0.0.1:8080"),
            ("http://192.0.2.1", "192.0.2.1:80"),
        ] {
            assert!(at(upstream, listen), "{upstream} {listen}");
        }
        for (upstream, listen) in [
            ("http://127.0.0.1:8081", "127.0.0.1:8080"),
            ("http://127.0.0.2:8080", "127.0.0.1:8080"),
            ("http://[::1]:8080", "0.0.0.0:8080"),
            ("http://192.0.2.1:8080", "0.0.0.0:8080"),
            ("http://shop.example:8080", "0.0.0.0:8080"),
        ] {
            assert!(!at(upstream, listen), "{upstream} {listen}");
        }
    }
}
