//! Buses over TLS, with an authority of their own.

use super::rig::{Folder, Relay};
use super::{ATTACK, nats, output, streams, wait_until_idle};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::net::TcpStream;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Less than anybody waits for an answer that may still come.
const SOON: Duration = Duration::from_secs(12);

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

    /// The program with what is denied in a folder of the test.
    fn relay(&self, from: &str, to: &str) -> Command {
        Relay::command(from, to, &format!("file:{}", self.folder.join("aside").display()))
    }

    /// A relay that can't begin says why.
    fn refused(&self, from: &str, to: &str, why: &str) {
        ends(self.relay(from, to), why);
    }

    /// A server that wants to see certificates of its authority.
    #[cfg(feature = "kafka-tls")]
    fn server(&self) -> rustls::ServerConfig {
        use rustls::server::WebPkiClientVerifier;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let roots = Arc::new(self.believed());
        let clients = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&provider)).build();
        let (chain, key) = self.own();
        rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(clients.unwrap())
            .with_single_cert(chain, key)
            .unwrap()
    }

    fn believed(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&self.ca).unwrap()).unwrap();
        roots
    }

    fn own(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let chain = vec![CertificateDer::from_pem_file(&self.cert).unwrap()];
        (chain, PrivateKeyDer::from_pem_file(&self.key).unwrap())
    }

    /// A client's side of a connection, with its certificate.
    pub(crate) fn client(&self, stream: TcpStream) -> StreamOwned<ClientConnection, TcpStream> {
        let (chain, key) = self.own();
        let config =
            ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_root_certificates(self.believed())
                .with_client_auth_cert(chain, key)
                .unwrap();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), stream)
    }
}

/// The program ends by itself, says why, and doesn't try again what stays as it is.
fn ends(command: Command, why: &str) {
    let (shown, begun) = (format!("{command:?}"), Instant::now());
    let (code, said) = Relay::spawn(command).ended();
    // The command line is wrong where it names a file that isn't there.
    assert_eq!(code, Some(if why.ends_with(".pem") { 2 } else { 1 }), "{shown}: {said}");
    assert!(said.to_lowercase().contains(why), "{shown}: {said}");
    assert!(begun.elapsed() < SOON, "{shown}: {:?}", begun.elapsed());
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

/// A server of Kafka's protocol behind TLS, which may know a user; what stands in front of it ends with the test.
#[cfg(feature = "kafka-tls")]
fn behind_tls(
    test: &str,
    files: &Certificates,
    login: Option<(&'static str, &'static str)>,
) -> Option<(super::kafka::Server, super::terminator::Terminator)> {
    let own = super::rig::free();
    let front = super::terminator::Terminator::before(own, files.server(), login);
    let mut settings = serde_json::json!({
        "security.protocol": "SSL", "ssl.ca.location": files.ca,
        "ssl.certificate.location": files.cert, "ssl.key.location": files.key,
    });
    if let Some((user, password)) = login {
        settings["security.protocol"] = "SASL_SSL".into();
        settings["sasl.mechanism"] = "PLAIN".into();
        settings["sasl.username"] = user.into();
        settings["sasl.password"] = password.into();
    }
    let server = super::kafka::Server::shown(test, own, front.port, settings)?;
    server.call(&["create", "in", "out"], "");
    Some((server, front))
}

/// Runs a relay between topics until it has passed on what passes, and put aside what doesn't.
#[cfg(feature = "kafka-tls")]
fn passes(server: &super::kafka::Server, files: &Certificates, relay: Command) {
    let mut relay = Relay::spawn(relay);
    relay.says("running");
    server.produce(&["one", ATTACK, "two"].map(|text| serde_json::json!({"value": text, "partition": 0})));
    server.wait_until_idle();
    relay.end();
    let out: Vec<_> =
        server.dump("out").into_iter().map(|m| m["value"].as_str().unwrap().to_string()).collect();
    assert_eq!(out, ["one", "two"]);
    let aside = files.folder.join("aside");
    assert_eq!(super::aside_payloads(&aside).into_iter().collect::<Vec<_>>(), [ATTACK]);
}

#[cfg(feature = "kafka-tls")]
#[test]
fn kafka_is_believed_by_its_authority_alone() {
    let files = Certificates::new("kafka");
    let Some((server, _front)) = behind_tls("tls", &files, None) else { return };
    let url =
        |host: &str, path: &str, options: &str| format!("kafkas://{host}:{}/{path}{options}", server.port);
    let shown = files.shown();
    let (from, to) = (url("127.0.0.1", "in/relay", &shown), url("127.0.0.1", "out", &shown));
    passes(&server, &files, files.relay(&from, &to));
    let other = shown.replace(&files.ca, &files.other);
    let (from_other, to_other) = (url("127.0.0.1", "in/relay", &other), url("127.0.0.1", "out", &other));
    let unbelieved = "certificate verify failed";
    files.refused(&from_other, &to, unbelieved);
    files.refused(&from, &to_other, unbelieved);
    files.refused(&from_other, &format!("{to_other}&transaction=relay-1"), unbelieved);
    files.refused(&url("localhost", "in/relay", &shown), &to, unbelieved);
    files.refused(&url("127.0.0.1", "in/relay", "?ca=missing.pem"), &to, "missing.pem");
    files.refused(&from, &url("127.0.0.1", "out", &shown.replace(&files.key, "missing.pem")), "missing.pem");
    // The server wants to see a certificate.
    let anonymous = format!("?ca={}", files.ca);
    let (from_nobody, to_nobody) =
        (url("127.0.0.1", "in/relay", &anonymous), url("127.0.0.1", "out", &anonymous));
    files.refused(&from_nobody, &to, "certificate required");
    files.refused(&from, &to_nobody, "certificate required");
    files.refused(&from_nobody, &format!("{to_nobody}&transaction=relay-1"), "certificate required");
}

#[cfg(feature = "kafka-tls")]
#[test]
fn users_of_kafka_show_their_password_over_tls() {
    let files = Certificates::new("kafka-user");
    let Some((server, _front)) = behind_tls("user", &files, Some(("relay", "hunter2"))) else { return };
    let shown = files.shown();
    let url = |path: &str| format!("kafkas://127.0.0.1:{}/{path}{shown}", server.port);
    let relay = |user: &str, password: &str, transaction: &str| {
        let mut relay = files.relay(&url("in/relay"), &format!("{}{transaction}", url("out")));
        relay.env("KAFKA_SASL_USERNAME", user).env("KAFKA_SASL_PASSWORD", password);
        relay
    };
    passes(&server, &files, relay("relay", "hunter2", ""));
    ends(relay("relay", "hunter3", ""), "authentication");
    ends(relay("nobody", "hunter2", "&transaction=relay-1"), "authentication");
}
