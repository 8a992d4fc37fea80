//! Limits over a Redis that speaks TLS alone.

use super::{Redis, connected, free, hammer, rate};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tidegate_decide::limit::Purses as _;
use tidegate_gate::limits::{Settings, Shared};

/// A folder that is gone when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn authority() -> (Issuer<'static, KeyPair>, String) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    (Issuer::new(params, key), pem)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_is_believed_by_its_authority_alone() {
    let folder = Folder(std::env::temp_dir().join(format!("tidegate-limits-{}", std::process::id())));
    std::fs::create_dir_all(&folder.0).unwrap();
    let ((issuer, own), (_, other)) = (authority(), authority());
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.subject_alt_names = vec![SanType::IpAddress([127, 0, 0, 1].into())];
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let certificate = folder.write("c.pem", &certificate.pem());
    let key = folder.write("k.pem", &key.serialize_pem());
    let (own, other) = (folder.write("own.pem", &own), folder.write("other.pem", &other));
    let port = free();
    let text = |path: &PathBuf| path.to_str().unwrap().to_string();
    let (certificate, key, ca) = (text(&certificate), text(&key), text(&own));
    let number = port.to_string();
    let arguments = ["--port", "0", "--tls-port", &number, "--tls-auth-clients", "no"];
    let files = ["--tls-cert-file", &certificate, "--tls-key-file", &key, "--tls-ca-cert-file", &ca];
    let Some(_redis) = Redis::with(port, &[&arguments[..], &files[..]].concat()) else { return };

    let secure = Settings::new(format!("rediss://127.0.0.1:{port}/0"));
    let gate = Shared::start(Settings { ca: Some(own.clone()), ..secure.clone() }).unwrap();
    let wrong = Shared::start(Settings { ca: Some(other), ..secure.clone() }).unwrap();
    let plain = Shared::start(Settings::new(format!("redis://127.0.0.1:{port}/0"))).unwrap();
    connected(&gate, true).await;
    let purse = gate.purse("r", rate(50, 16)).unwrap();
    let started = Instant::now();
    let taken = hammer(purse, started + Duration::from_secs(1)).await;
    let limit = 16 + (50.0 * started.elapsed().as_secs_f64()) as u64;
    assert!(taken > 20 && taken <= limit + 2, "{taken} of {limit}");
    for gate in [wrong, plain] {
        let began = Instant::now();
        while gate.metrics().failures == 0 && began.elapsed() < Duration::from_secs(20) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(gate.metrics().failures > 0 && gate.metrics().connects == 0, "{:?}", gate.metrics());
    }
    let gone = Settings { ca: Some(folder.0.join("none.pem")), ..secure };
    assert!(Shared::start(gone).is_err());
}
