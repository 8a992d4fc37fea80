//! What stands in front of a server of Kafka's protocol that speaks no TLS and knows no users.

use std::io::Result;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio_rustls::TlsAcceptor;

/// Ends with the test, and all connections with it.
pub(crate) struct Terminator {
    pub(crate) port: u16,
    _runtime: Runtime,
}

impl Terminator {
    /// Takes TLS off in front of a port of this machine; with user and password, only of who knows them.
    pub(crate) fn before(
        server: u16,
        config: rustls::ServerConfig,
        login: Option<(&'static str, &'static str)>,
    ) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).unwrap();
        let port = listener.local_addr().unwrap().port();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, acceptor.clone(), server, login));
            }
        });
        Self { port, _runtime: runtime }
    }
}

async fn serve(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    server: u16,
    login: Option<(&str, &str)>,
) -> Result<()> {
    let mut client = match acceptor.accept(stream).into_fallible().await {
        Ok(client) => client,
        Err((_, mut stream)) => {
            // A connection that is closed before all of it was read is reset, and the client may never hear why.
            stream.shutdown().await?;
            return tokio::io::copy(&mut stream, &mut tokio::io::sink()).await.map(drop);
        }
    };
    let mut server = TcpStream::connect(("127.0.0.1", server)).await?;
    if let Some((user, password)) = login
        && !log_in(&mut client, &mut server, &format!("\0{user}\0{password}")).await?
    {
        return client.shutdown().await;
    }
    tokio::io::copy_bidirectional(&mut client, &mut server).await.map(drop)
}

/// The beginning of a connection of Kafka that has a user: what the server can, the mechanism, and its message.
async fn log_in(
    client: &mut (impl AsyncRead + AsyncWrite + Unpin),
    server: &mut TcpStream,
    expected: &str,
) -> Result<bool> {
    loop {
        let request = receive(client).await?;
        let number = |at: usize| i16::from_be_bytes([request[at], request[at + 1]]);
        let mut answer = request[4..8].to_vec();
        match number(0) {
            // ApiVersions
            18 => {
                send(server, &request).await?;
                send(client, &receive(server).await?).await?;
            }
            // SaslHandshake: no error, and a list of one
            17 => {
                answer.extend(b"\0\0\0\0\0\x01\0\x05PLAIN");
                send(client, &answer).await?;
            }
            // SaslAuthenticate: an error or none, no text, nothing to say, and from version 1 on no end of the session
            36 => {
                let good = request.ends_with(expected.as_bytes());
                answer.extend(if good { 0_i16 } else { 58 }.to_be_bytes());
                answer.extend(b"\xff\xff\0\0\0\0");
                answer.extend(&[0; 8][..if number(2) > 0 { 8 } else { 0 }]);
                send(client, &answer).await?;
                return Ok(good);
            }
            // Who asks for anything else has no user.
            _ => return Ok(false),
        }
    }
}

async fn receive(from: &mut (impl AsyncRead + Unpin)) -> Result<Vec<u8>> {
    let mut frame = vec![0; from.read_u32().await?.try_into().unwrap()];
    from.read_exact(&mut frame).await?;
    Ok(frame)
}

async fn send(to: &mut (impl AsyncWrite + Unpin), frame: &[u8]) -> Result<()> {
    to.write_u32(frame.len().try_into().unwrap()).await?;
    to.write_all(frame).await?;
    to.flush().await
}
