//! Certificates of both sides, in PEM files that may change while the gate runs.

use super::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig, crypto};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// Where systems keep the authorities that they trust.
const SYSTEM: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
];

/// What clients are shown, and what they have to show.
pub(super) fn server(
    certificate: &Path,
    key: &Path,
    client_ca: Option<&Path>,
) -> Result<Arc<ServerConfig>, Error> {
    let (chain, private) = (certificates(certificate)?, private(key)?);
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::Tls(e.to_string()))?;
    let builder = match client_ca {
        None => builder.with_no_client_auth(),
        Some(ca) => {
            let roots = Arc::new(roots(ca)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build();
            builder.with_client_cert_verifier(verifier.map_err(|e| Error::Tls(e.to_string()))?)
        }
    };
    let mut config = builder
        .with_single_cert(chain, private)
        .map_err(|e| Error::Tls(format!("`{}` and `{}`: {e}", certificate.display(), key.display())))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// For connections to upstreams.
pub(crate) fn client(ca: Option<&Path>) -> Result<TlsConnector, Error> {
    Ok(TlsConnector::from(Arc::new(config(ca, None)?)))
}

/// Whom a client believes, and what it shows of itself: certificate and key.
pub(crate) fn config(ca: Option<&Path>, own: Option<(&Path, &Path)>) -> Result<ClientConfig, Error> {
    let named = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    let system = || SYSTEM.iter().map(PathBuf::from).find(|path| path.exists());
    let ca = ca.map(Path::to_path_buf).or(named).or_else(system);
    let ca =
        ca.ok_or_else(|| Error::Tls("this system has no file of certificate authorities; name one".into()))?;
    believing(roots(&ca)?, own)
}

/// Whether files hold what they are named for, where a client reads them that says less of what is wrong with them.
#[cfg(feature = "kafka")]
pub(crate) fn check(ca: Option<&Path>, own: Option<(&Path, &Path)>) -> Result<(), Error> {
    believing(ca.map_or_else(|| Ok(RootCertStore::empty()), roots)?, own).map(drop)
}

fn believing(roots: RootCertStore, own: Option<(&Path, &Path)>) -> Result<ClientConfig, Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::Tls(e.to_string()))?
        .with_root_certificates(roots);
    match own {
        None => Ok(builder.with_no_client_auth()),
        Some((certificate, key)) => builder
            .with_client_auth_cert(certificates(certificate)?, private(key)?)
            .map_err(|e| Error::Tls(format!("`{}` and `{}`: {e}", certificate.display(), key.display()))),
    }
}

/// Whom a verified certificate names: its SPIFFE id, or else its subject.
pub(super) fn name(certificate: &CertificateDer<'_>) -> Option<String> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let names = parsed.subject_alternative_name().ok().flatten();
    let spiffe = names.iter().flat_map(|n| &n.value.general_names).find_map(|name| match name {
        GeneralName::URI(uri) if uri.starts_with("spiffe://") => Some((*uri).to_string()),
        _ => None,
    });
    spiffe.or_else(|| Some(parsed.subject().to_string()))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let wrong = |e: String| Error::Tls(format!("`{}` holds no certificates in PEM: {e}", path.display()));
    let read = CertificateDer::pem_file_iter(path).map_err(|e| wrong(e.to_string()))?;
    let all = read.collect::<Result<Vec<_>, _>>().map_err(|e| wrong(e.to_string()))?;
    if all.is_empty() { Err(wrong("it is empty".into())) } else { Ok(all) }
}

fn private(path: &Path) -> Result<PrivateKeyDer<'static>, Error> {
    PrivateKeyDer::from_pem_file(path)
        .map_err(|e| Error::Tls(format!("`{}` holds no private key in PEM: {e}", path.display())))
}

fn roots(path: &Path) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(certificates(path)?);
    if added == 0 {
        return Err(Error::Tls(format!("`{}` holds no certificate of an authority", path.display())));
    }
    Ok(roots)
}
