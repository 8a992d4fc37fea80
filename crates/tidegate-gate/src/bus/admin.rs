//! Health and metrics of a relay, on an address of their own.

use super::Counts;
use crate::http::admin;
use hyper::{Method, StatusCode};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;

/// Serves `/healthz` and `/metrics` until the runtime ends, and says where.
///
/// # Errors
/// When the address can't be listened on.
pub async fn serve_admin(address: SocketAddr, counts: Arc<Counts>) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    tokio::spawn(admin::pages(listener, move |method, path| page(&counts, method, path)));
    Ok(address)
}

fn page(counts: &Counts, method: &Method, path: &str) -> (StatusCode, String) {
    match (method, path) {
        (&Method::GET, "/healthz") => match counts.trouble() {
            None => (StatusCode::OK, "ok\n".into()),
            Some(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
        },
        (&Method::GET, "/metrics") => (StatusCode::OK, counts.prometheus()),
        (_, "/healthz" | "/metrics") => (StatusCode::METHOD_NOT_ALLOWED, "not so\n".into()),
        _ => (StatusCode::NOT_FOUND, "/healthz, /metrics\n".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Client;
    use http_body_util::Full;
    use hyper::Request;

    #[test]
    fn health_says_why_no_messages_pass() {
        let counts = Counts::of("nats");
        let health = || {
            let (status, text) = page(&counts, &Method::GET, "/healthz");
            (status.as_u16(), text.trim_end().to_string())
        };
        let ill = |why: &str| (503, why.to_string());
        let well = (200, "ok".to_string());
        assert_eq!(health(), ill("the source has not answered yet"));
        counts.failed("source", "there is no such queue");
        assert_eq!(health(), ill("the source has not answered yet: there is no such queue"));
        counts.answered();
        assert_eq!(health(), well);
        for _ in 0..4 {
            counts.failed("source", "gone");
            counts.failed("sink", "full");
        }
        assert_eq!(health(), well);
        counts.failed("sink", "full");
        assert_eq!(health(), ill("the sink failed 5 times: full"));
        counts.failed("source", "gone");
        assert_eq!(health(), ill("the source failed 5 times: gone"));
        counts.answered();
        assert_eq!(health(), ill("the sink failed 5 times: full"), "that it is read heals no sink");
        counts.sent();
        assert_eq!(health(), well);
        (0..9).for_each(|_| counts.failed("acknowledge", "late"));
        assert_eq!(health(), well);
    }

    #[tokio::test]
    async fn health_and_counters_are_served() {
        let any = "127.0.0.1:0".parse().unwrap();
        let counts = Arc::new(Counts::of("nats"));
        counts.answered();
        let address = serve_admin(any, counts).await.unwrap();
        let client = Client::new(&format!("http://{address}")).unwrap();
        for (method, path, status, body) in [
            ("GET", "/healthz", 200, "ok\n"),
            ("GET", "/metrics", 200, "tidegate_relay_received_total{bus=\"nats\"} 0\n"),
            ("GET", "/metrics", 200, "tidegate_relay_failures_total{bus=\"nats\",at=\"sink\"} 0\n"),
            ("POST", "/metrics", 405, "not so"),
            ("GET", "/reload", 404, "/healthz"),
        ] {
            let request = Request::builder().method(method).uri(path).header("host", "h");
            let (got, text) = client.send(request.body(Full::default()).unwrap()).await.unwrap();
            assert_eq!(got.as_u16(), status, "{method} {path}");
            let text = String::from_utf8(text.to_vec()).unwrap();
            assert!(text.contains(body), "{text}");
        }
    }
}
