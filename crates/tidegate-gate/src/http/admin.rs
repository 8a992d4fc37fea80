//! Health, metrics and reloading, on an address of their own.

use super::body::Answer;
use super::server::Running;
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::TcpListener;

/// Serves until the runtime ends.
pub(super) async fn serve(listener: TcpListener, running: Arc<Running>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of files, most likely: those of connections that end come back.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let running = Arc::clone(&running);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let running = Arc::clone(&running);
                async move { Ok::<_, Infallible>(answer(&running, &request)) }
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

fn answer(running: &Running, request: &Request<Incoming>) -> Response<Answer> {
    match (request.method(), request.uri().path()) {
        (&Method::GET, "/healthz") => text(StatusCode::OK, "ok\n"),
        (&Method::GET, "/readyz") if running.draining.load(Ordering::Relaxed) => {
            text(StatusCode::SERVICE_UNAVAILABLE, "draining\n")
        }
        (&Method::GET, "/readyz") => text(StatusCode::OK, "ready\n"),
        (&Method::GET, "/metrics") => {
            let mut out = running.shared.metrics.text();
            out.push_str(&running.shared.counting.text());
            let lost = running.log.lost();
            out.push_str("# HELP tidegate_access_log_lost_total Lines that were not written.\n# TYPE tidegate_access_log_lost_total counter\n");
            out.push_str(&format!("tidegate_access_log_lost_total {lost}\n"));
            text(StatusCode::OK, &out)
        }
        (&Method::POST, "/reload") => match running.reload() {
            Ok(()) => text(StatusCode::OK, "reloaded\n"),
            Err(message) => text(StatusCode::CONFLICT, &format!("{message}\n")),
        },
        (_, "/healthz" | "/readyz" | "/metrics" | "/reload") => {
            text(StatusCode::METHOD_NOT_ALLOWED, "not so\n")
        }
        _ => text(StatusCode::NOT_FOUND, "/healthz, /readyz, /metrics, POST /reload\n"),
    }
}

fn text(status: StatusCode, text: &str) -> Response<Answer> {
    let mut response = Response::new(Answer::of(text.to_string()));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
