//! Health, metrics and reloading, on an address of their own.

use super::body::Answer;
use super::server::Running;
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::TcpListener;

/// Serves until the runtime ends.
pub(super) async fn serve(listener: TcpListener, running: Arc<Running>) {
    pages(listener, move |method, path| answer(&running, method, path)).await;
}

/// Serves pages of plain text until the runtime ends.
pub(crate) fn pages(
    listener: TcpListener,
    page: impl Fn(&Method, &str) -> (StatusCode, String) + Send + Sync + 'static,
) -> impl Future<Output = ()> + Send {
    accept(listener, Arc::new(page))
}

async fn accept<P>(listener: TcpListener, page: Arc<P>)
where
    P: Fn(&Method, &str) -> (StatusCode, String) + Send + Sync + 'static,
{
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of files, most likely: those of connections that end come back.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let page = Arc::clone(&page);
        tokio::spawn(async move {
            let service = service_fn(move |request: Request<Incoming>| {
                let (status, body) = page(request.method(), request.uri().path());
                std::future::ready(Ok::<_, Infallible>(text(status, body)))
            });
            let _ = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(Duration::from_secs(5))
                .max_headers(32)
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

fn answer(running: &Running, method: &Method, path: &str) -> (StatusCode, String) {
    let say = |status, text: &str| (status, text.to_string());
    match (method, path) {
        (&Method::GET, "/healthz") => say(StatusCode::OK, "ok\n"),
        (&Method::GET, "/readyz") if running.draining.load(Ordering::Relaxed) => {
            say(StatusCode::SERVICE_UNAVAILABLE, "draining\n")
        }
        (&Method::GET, "/readyz") => say(StatusCode::OK, "ready\n"),
        (&Method::GET, "/metrics") => {
            let mut out = running.shared.metrics.text();
            out.push_str(&running.shared.counting.text());
            let lost = running.log.lost();
            out.push_str("# HELP tidegate_access_log_lost_total Lines that were not written.\n# TYPE tidegate_access_log_lost_total counter\n");
            out.push_str(&format!("tidegate_access_log_lost_total {lost}\n"));
            out.push_str(&running.quarantined.text());
            (StatusCode::OK, out)
        }
        (&Method::POST, "/reload") => match running.reload() {
            Ok(()) => say(StatusCode::OK, "reloaded\n"),
            Err(message) => (StatusCode::CONFLICT, format!("{message}\n")),
        },
        (_, "/healthz" | "/readyz" | "/metrics" | "/reload") => {
            say(StatusCode::METHOD_NOT_ALLOWED, "not so\n")
        }
        _ => say(StatusCode::NOT_FOUND, "/healthz, /readyz, /metrics, POST /reload\n"),
    }
}

fn text(status: StatusCode, text: String) -> Response<Answer> {
    let mut response = Response::new(Answer::of(text));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
