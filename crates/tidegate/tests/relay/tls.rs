//! Buses over TLS, with an authority of their own.

use super::rig::{Folder, Relay};
use super::{ATTACK, nats, output, streams, wait_until_idle};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::net::TcpStream;
use std::sync::Arc;

/// Files of an authority, of one that nobody knows, and of a server at 127.0.0.1 that clients may use as theirs.
pub(crate) struct Certificates {
    folder: Folder,
    ca: String,
    other: String,
    cert: String,
    key: String,
}

impl Certificates {
    fn new(test: &str) -> Self {
        let folder = Folder::new(&format!("relay-tls-{test}"));
        let ((issuer, ca), (_, other)) = (authority(), authority());
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        // One whose names are its issuer's would seem to have signed itself.
        params.distinguished_name.push(DnType::CommonName, "bus");
        params.subject_alt_names = vec![SanType::IpAddress([127, 0, 0, 1].into())];
        let key = KeyPair::generate().unwrap();
        let cert = params.signed_by(&key, &issuer).unwrap().pem();
        let [ca, other, cert, key] =
            [("ca.pem", ca), ("other.pem", other), ("cert.pem", cert), ("key.pem", key.serialize_pem())]
                .map(|(name, text)| folder.write(name, &text));
        Self { folder, ca, other, cert, key }
    }

    /// What stands behind `?` of an address.
    fn shown(&self) -> String {
        format!("?ca={}&cert={}&key={}", self.ca, self.cert, self.key)
    }

    /// A relay that can't begin says why.
    fn refused(&self, from: &str, to: &str, why: &str) {
        let quarantine = format!("file:{}", self.folder.join("aside").display());
        let (code, said) = Relay::between(from, to, &quarantine).ended();
        // The command line is wrong where it names a file that isn't there.
        assert_eq!(code, Some(if why.ends_with(".pem") { 2 } else { 1 }), "{from}: {said}");
        assert!(said.to_lowercase().contains(why), "{from}: {said}");
    }

    /// A client's side of a connection, with its certificate.
    pub(crate) fn client(&self, stream: TcpStream) -> StreamOwned<ClientConnection, TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&self.ca).unwrap()).unwrap();
        let chain = vec![CertificateDer::from_pem_file(&self.cert).unwrap()];
        let key = PrivateKeyDer::from_pem_file(&self.key).unwrap();
        let config =
            ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_root_certificates(roots)
                .with_client_auth_cert(chain, key)
                .unwrap();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), stream)
    }
}

fn authority() -> (Issuer<'static, KeyPair>, String) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    (Issuer::new(params, key), pem)
}

#[test]
fn nats_is_believed_by_its_authority_alone() {
    let files = Certificates::new("nats");
    let more =
        ["--tls", "--tlscert", &files.cert, "--tlskey", &files.key, "--tlsverify", "--tlscacert", &files.ca];
    let Some(server) = nats::Server::with("tls", &more) else { return };
    let mut client = server.client_over(Some(&files));
    streams(&mut client);
    let url = |host: &str, path: &str, options: &str| format!("tls://{host}:{}/{path}{options}", server.port);
    let shown = files.shown();
    let aside = server.folder.join("aside");
    let quarantine = format!("file:{}", aside.display());
    let mut relay = Relay::between(
        &url("127.0.0.1", "IN/relay", &shown),
        &url("127.0.0.1", "out.orders", &shown),
        &quarantine,
    );
    relay.says("running");
    for text in ["one", ATTACK, "two"] {
        client.publish("in.orders", &[], text);
    }
    wait_until_idle(&mut client);
    relay.end();
    assert_eq!(output(&mut client).into_keys().collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(super::aside_payloads(&aside).into_iter().collect::<Vec<_>>(), [ATTACK]);
    let to = url("127.0.0.1", "out.orders", &shown);
    let other = shown.replace(&files.ca, &files.other);
    files.refused(&url("127.0.0.1", "IN/relay", &other), &to, "invalid peer certificate");
    files.refused(&url("localhost", "IN/relay", &shown), &to, "invalid peer certificate");
    files.refused(&url("127.0.0.1", "IN/relay", "?ca=missing.pem"), &to, "missing.pem");
    // The server wants to see a certificate.
    let anonymous = format!("?ca={}", files.ca);
    files.refused(&url("127.0.0.1", "IN/relay", &anonymous), &to, "nats");
}

#[cfg(feature = "rabbitmq")]
#[test]
fn rabbitmq_is_believed_by_its_authority_alone() {
    let files = Certificates::new("rabbitmq");
    let listener = format!(
        "listeners.tcp = none\nssl_options.cacertfile = {}\nssl_options.certfile = {}\nssl_options.keyfile = {}\n\
         ssl_options.verify = verify_peer\nssl_options.fail_if_no_peer_cert = true\nlisteners.ssl.1",
        files.ca, files.cert, files.key
    );
    let Some(server) = super::rabbitmq::Server::with("tls", &listener) else { return };
    server.queue("in");
    server.queue("out");
    let url =
        |host: &str, path: &str, options: &str| format!("amqps://{host}:{}/{path}{options}", server.port);
    let shown = files.shown();
    let aside = server.folder.join("aside");
    let (from, to) = (url("127.0.0.1", "in", &shown), url("127.0.0.1", "out", &shown));
    let mut relay = Relay::between(&from, &to, &format!("file:{}", aside.display()));
    relay.says("running");
    for text in ["one", ATTACK, "two"] {
        server.publish(text, &serde_json::json!({}));
    }
    server.wait_until_idle();
    relay.end();
    let mut out: Vec<_> =
        server.take("out").into_iter().map(|m| m["payload"].as_str().unwrap().to_string()).collect();
    out.sort();
    assert_eq!(out, ["one", "two"]);
    assert_eq!(super::aside_payloads(&aside).into_iter().collect::<Vec<_>>(), [ATTACK]);
    let other = shown.replace(&files.ca, &files.other);
    files.refused(&url("127.0.0.1", "in", &other), &to, "invalid peer certificate");
    files.refused(&url("localhost", "in", &shown), &to, "invalid peer certificate");
    let anonymous = format!("?ca={}", files.ca);
    files.refused(&url("127.0.0.1", "in", &anonymous), &to, "rabbitmq");
}
