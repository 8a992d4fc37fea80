//! Against a fake server that counts connections, and closes them when nobody expects it.

use super::*;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream as Blocking};
use std::sync::Arc;

/// What a server does with the second request of a connection, or before it.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    Keeps,
    /// It says that it closes, and does.
    Says,
    /// It closes after the first answer, without a word.
    Closes,
    /// It reads the second request, and closes.
    Drops,
}

/// Every connection's requests, by their method.
#[derive(Clone, Default)]
struct FakeServer(Arc<Mutex<Vec<Vec<String>>>>);

impl FakeServer {
    fn start(&self, manner: Manner) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let all = self.clone();
        std::thread::spawn(move || {
            for (at, stream) in listener.incoming().enumerate() {
                all.0.lock().unwrap().push(Vec::new());
                let all = all.clone();
                std::thread::spawn(move || all.serve(at, stream.unwrap(), manner));
            }
        });
        base
    }

    fn serve(&self, at: usize, mut stream: Blocking, manner: Manner) {
        let mut chunk = [0; 4096];
        for turn in 0.. {
            let mut request = String::new();
            // No request of these tests has a body.
            while !request.contains("\r\n\r\n") {
                match stream.read(&mut chunk) {
                    Ok(n) if n > 0 => request.push_str(std::str::from_utf8(&chunk[..n]).unwrap()),
                    _ => return,
                }
            }
            self.0.lock().unwrap()[at].push(request.split(' ').next().unwrap().to_string());
            if manner == Manner::Drops && turn == 1 {
                return;
            }
            let close = if manner == Manner::Says { "connection: close\r\n" } else { "" };
            let answer = format!("HTTP/1.1 200 OK\r\n{close}content-length: 2\r\n\r\nok");
            stream.write_all(answer.as_bytes()).unwrap();
            if matches!(manner, Manner::Says | Manner::Closes) {
                return;
            }
        }
    }

    fn connections(&self) -> Vec<Vec<String>> {
        self.0.lock().unwrap().clone()
    }
}

async fn ask(client: &Client, method: &str) -> Result<(StatusCode, Bytes), String> {
    let request = Request::builder().method(method).uri("/").header("host", client.authority());
    client.send(request.body(Full::default()).unwrap()).await
}

fn fine(answer: Result<(StatusCode, Bytes), String>) {
    assert_eq!(answer, Ok((StatusCode::OK, Bytes::from_static(b"ok"))));
}

#[tokio::test]
async fn requests_share_a_connection() {
    let server = FakeServer::default();
    let client = Client::new(&server.start(Manner::Keeps)).unwrap();
    for _ in 0..50 {
        fine(ask(&client, "POST").await);
    }
    assert_eq!(server.connections(), [vec!["POST"; 50]]);
}

#[tokio::test]
async fn requests_at_once_have_one_each_and_the_next_ones_none_of_their_own() {
    let server = FakeServer::default();
    let client = Client::new(&server.start(Manner::Keeps)).unwrap();
    for _ in 0..5 {
        let four = tokio::join!(
            ask(&client, "POST"),
            ask(&client, "POST"),
            ask(&client, "PUT"),
            ask(&client, "GET")
        );
        [four.0, four.1, four.2, four.3].into_iter().for_each(fine);
    }
    let connections = server.connections();
    assert_eq!((connections.len(), connections.iter().map(Vec::len).sum()), (4, 20), "{connections:?}");
}

#[tokio::test]
async fn what_the_server_closes_is_not_used_again() {
    for manner in [Manner::Says, Manner::Closes] {
        let server = FakeServer::default();
        let client = Client::new(&server.start(manner)).unwrap();
        for _ in 0..20 {
            // Whether its end came before the next request or after it: one that may be repeated is answered.
            fine(ask(&client, "GET").await);
        }
        let connections = server.connections();
        assert_eq!((connections.len(), connections.concat().len()), (20, 20), "{connections:?}");
    }
}

#[tokio::test]
async fn what_may_have_been_done_is_not_done_again() {
    let server = FakeServer::default();
    let client = Client::new(&server.start(Manner::Drops)).unwrap();
    fine(ask(&client, "POST").await);
    // It was read, so nobody knows whether it was carried out.
    assert!(ask(&client, "POST").await.is_err());
    fine(ask(&client, "POST").await);
    fine(ask(&client, "PUT").await);
    let connections = server.connections();
    assert_eq!(connections, [vec!["POST", "POST"], vec!["POST", "PUT"], vec!["PUT"]]);
}

#[tokio::test]
async fn a_connection_that_was_idle_for_long_is_not_used_again() {
    let server = FakeServer::default();
    let client = Client::new(&server.start(Manner::Keeps)).unwrap();
    fine(ask(&client, "POST").await);
    for (_, since) in client.kept().iter_mut() {
        *since = since.checked_sub(IDLE).unwrap();
    }
    fine(ask(&client, "POST").await);
    assert_eq!(server.connections().len(), 2);
}
