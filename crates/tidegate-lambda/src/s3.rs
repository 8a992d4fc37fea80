//! Objects of S3, read and written with the function's own credentials.

use crate::http::{Head, Wire};
use crate::proxy::now;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tidegate_decide::sigv4::{self, Scope};

/// The longest that connecting, or one read, takes: at the start all of Lambda's patience is ten seconds.
const PATIENCE: Duration = Duration::from_secs(2);
/// Where systems keep the authorities that they trust; the first is that of Lambda's runtimes.
const SYSTEM: [&str; 4] = [
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
];

/// An object of a bucket.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    /// As it is written: `s3://bucket/key`.
    name: String,
    host: String,
    port: u16,
    secure: bool,
    region: String,
    /// Bucket and key as they stand in a request.
    path: String,
}

/// An object as it was read.
pub(crate) struct Version {
    pub(crate) etag: String,
    pub(crate) bytes: Vec<u8>,
}

impl Object {
    /// One of such a name, at `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL` if one is set.
    pub(crate) fn of(name: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        let place = name.strip_prefix("s3://").and_then(|rest| rest.split_once('/'));
        let (bucket, key) = place
            .filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty())
            .ok_or_else(|| format!("`{name}` doesn't name an object: s3://BUCKET/KEY"))?;
        let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
        let region = region.ok_or_else(|| format!("`{name}` can't be read: AWS_REGION is not set"))?;
        let base = variable("AWS_ENDPOINT_URL_S3").or_else(|| variable("AWS_ENDPOINT_URL"));
        let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
        let base = base.unwrap_or_else(|| format!("https://s3.{region}.amazonaws.com{suffix}"));
        let (secure, host) = match base.trim_end_matches('/').split_once("://") {
            Some(("https", host)) => (true, host),
            Some(("http", host)) => (false, host),
            _ => return Err(format!("the address of S3, `{base}`, is no URL")),
        };
        let (host, port) = match host.rsplit_once(':') {
            Some((host, port)) => {
                (host, port.parse().map_err(|_| format!("the port of `{base}` is no number"))?)
            }
            None => (host, if secure { 443 } else { 80 }),
        };
        // Credentials cross no network in the clear.
        if !secure && !matches!(host, "127.0.0.1" | "localhost") {
            return Err(format!("the address of S3, `{base}`, is neither https:// nor on this machine"));
        }
        let path = sigv4::encoded(format!("/{bucket}/{key}").as_bytes(), b"/");
        Ok(Self { name: name.to_string(), host: host.to_string(), port, secure, region, path })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The object of that name in the folder that this one names.
    pub(crate) fn below(&self, name: &str) -> Self {
        let (path, name) = (
            format!("{}/{}", self.path, sigv4::encoded(name.as_bytes(), b"/")),
            format!("{}/{name}", self.name),
        );
        Self { name, path, ..self.clone() }
    }

    /// Writes it.
    pub(crate) fn write(&self, body: &[u8]) -> Result<(), String> {
        self.ask("PUT", body, 64 << 10).map(drop)
    }

    /// The object beside it whose name ends in `.sig`.
    fn signature(&self) -> Self {
        Self { name: format!("{}.sig", self.name), path: format!("{}.sig", self.path), ..self.clone() }
    }

    /// Reads at most so many bytes of its signature.
    pub(crate) fn read_signature(&self, most: usize) -> Result<Version, String> {
        self.signature().read(most)
    }

    /// The versions of now: its own, and that of its signature where it has to be signed.
    pub(crate) fn etags(&self, signed: bool) -> Result<[String; 2], String> {
        let signature = if signed { etag(&self.signature().ask("HEAD", b"", 0)?.0) } else { String::new() };
        Ok([etag(&self.ask("HEAD", b"", 0)?.0), signature])
    }

    /// Reads at most so many bytes of it.
    pub(crate) fn read(&self, most: usize) -> Result<Version, String> {
        let (head, bytes) = self.ask("GET", b"", most)?;
        Ok(Version { etag: etag(&head), bytes })
    }

    fn ask(&self, method: &str, body: &[u8], most: usize) -> Result<(Head, Vec<u8>), String> {
        let mut request = self.request(method, body)?.into_bytes();
        request.extend_from_slice(body);
        let does = if method == "PUT" { "write" } else { "read" };
        let failed = |e: io::Error| format!("could not {does} `{}`: {e}", self.name);
        let stream = self.connect().map_err(failed)?;
        let (head, body) = if self.secure {
            let tls = self.shake(stream)?;
            exchange(&mut Wire::over(tls), &request, method, most).map_err(failed)?
        } else {
            exchange(&mut Wire::over(stream), &request, method, most).map_err(failed)?
        };
        match head.status() {
            200 => Ok((head, body)),
            status => Err(self.refused(does, status, &head, &body)),
        }
    }

    /// The request, signed with the credentials of now.
    fn request(&self, method: &str, body: &[u8]) -> Result<String, String> {
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let missing = |name: &str| format!("`{}` can't be read: {name} is not set", self.name);
        let credential = |name: &str| set(name).ok_or_else(|| missing(name));
        let (key, secret) = (credential("AWS_ACCESS_KEY_ID")?, credential("AWS_SECRET_ACCESS_KEY")?);
        let token = set("AWS_SESSION_TOKEN");
        let time = sigv4::timestamp(now() / 1000);
        let usual = if self.secure { 443 } else { 80 };
        let host =
            if self.port == usual { self.host.clone() } else { format!("{}:{}", self.host, self.port) };
        let digest = sigv4::sha256(body);
        let mut headers = vec![
            ("host", host.as_str()),
            ("x-amz-content-sha256", digest.as_str()),
            ("x-amz-date", time.as_str()),
        ];
        headers.extend(token.iter().map(|token| ("x-amz-security-token", token.as_str())));
        let scope = Scope { key: &key, secret: &secret, region: &self.region, service: "s3", time: &time };
        let signed = sigv4::authorization(&scope, method, &self.path, "", &headers, body);
        let mut request = format!("{method} {} HTTP/1.1\r\nauthorization: {signed}\r\n", self.path);
        for (name, value) in headers {
            let _ = write!(request, "{name}: {value}\r\n");
        }
        if method == "PUT" {
            let _ = write!(request, "content-length: {}\r\n", body.len());
        }
        request.push_str("connection: close\r\n\r\n");
        Ok(request)
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in (self.host.as_str(), self.port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(stream) => {
                    stream.set_read_timeout(Some(PATIENCE))?;
                    stream.set_write_timeout(Some(PATIENCE))?;
                    stream.set_nodelay(true)?;
                    return Ok(stream);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn shake(&self, stream: TcpStream) -> Result<StreamOwned<ClientConnection, TcpStream>, String> {
        let failed = |e: rustls::Error| format!("could not read `{}`: {e}", self.name);
        let config = ClientConfig::builder_with_provider(Arc::new(rustls_graviola::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(failed)?
            .with_root_certificates(authorities()?)
            .with_no_client_auth();
        let name = ServerName::try_from(self.host.clone())
            .map_err(|_| format!("`{}` is no name of a server", self.host))?;
        Ok(StreamOwned::new(ClientConnection::new(Arc::new(config), name).map_err(failed)?, stream))
    }

    /// Why S3 refuses, in its own word, which a `HEAD` leaves out.
    fn refused(&self, does: &str, status: u16, head: &Head, body: &[u8]) -> String {
        let text = String::from_utf8_lossy(body);
        let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
        let code: String =
            code.map_or("", |(code, _)| code).chars().filter(char::is_ascii_alphanumeric).take(64).collect();
        let region = head.get("x-amz-bucket-region").filter(|region| *region != self.region);
        let region = region.map(|region| format!("; the bucket is in {region}, not in {}", self.region));
        let space = if code.is_empty() { "" } else { " " };
        format!(
            "could not {does} `{}`: S3 answers {status}{space}{code}{}",
            self.name,
            region.unwrap_or_default()
        )
    }
}

fn exchange<S: Read + Write>(
    wire: &mut Wire<S>,
    request: &[u8],
    method: &str,
    most: usize,
) -> io::Result<(Head, Vec<u8>)> {
    wire.write(request)?;
    let head = wire.head()?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let body = if method == "HEAD" { Vec::new() } else { wire.body(head.answer_length()?, most)? };
    Ok((head, body))
}

fn etag(head: &Head) -> String {
    head.get("etag").unwrap_or_default().to_string()
}

/// The authorities of the file in `SSL_CERT_FILE`, or of the system.
fn authorities() -> Result<RootCertStore, String> {
    let named = std::env::var("SSL_CERT_FILE").ok().filter(|path| !path.is_empty());
    let system = || SYSTEM.iter().find(|path| Path::new(path).exists()).map(ToString::to_string);
    let path = named
        .or_else(system)
        .ok_or("this system has no file of certificate authorities; SSL_CERT_FILE names one".to_string())?;
    let wrong = |e: &dyn std::fmt::Display| format!("`{path}` holds no certificates in PEM: {e}");
    let all = CertificateDer::pem_file_iter(&path).map_err(|e| wrong(&e))?;
    let all = all.collect::<Result<Vec<_>, _>>().map_err(|e| wrong(&e))?;
    let mut roots = RootCertStore::empty();
    // Old authorities that can't be read any more don't stand in the way of the others.
    let (taken, _) = roots.add_parsable_certificates(all);
    if taken == 0 { Err(wrong(&"none that can be read")) } else { Ok(roots) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(name: &str, endpoint: Option<&str>) -> Result<Object, String> {
        Object::of(name, &|variable| match variable {
            "AWS_REGION" => Some("eu-west-1".into()),
            "AWS_ENDPOINT_URL" => endpoint.map(ToString::to_string),
            _ => None,
        })
    }

    #[test]
    fn an_object_is_found_where_it_is_named() {
        let plain = object("s3://b/a dir/c.json", None).unwrap();
        assert_eq!(
            (plain.host.as_str(), plain.port, plain.secure),
            ("s3.eu-west-1.amazonaws.com", 443, true)
        );
        assert_eq!(plain.path, "/b/a%20dir/c.json");
        assert_eq!(plain.signature().path, "/b/a%20dir/c.json.sig");
        let local = object("s3://b/c", Some("http://127.0.0.1:5000/")).unwrap();
        assert_eq!((local.host.as_str(), local.port, local.secure), ("127.0.0.1", 5000, false));
        for name in ["s3://", "s3://b", "s3://b/", "s3:///c"] {
            assert!(object(name, None).unwrap_err().contains("doesn't name an object"), "{name}");
        }
        assert!(object("s3://b/c", Some("http://s3.example.com")).unwrap_err().contains("neither https"));
        assert!(object("s3://b/c", Some("s3.example.com")).unwrap_err().contains("no URL"));
        assert!(Object::of("s3://b/c", &|_| None).unwrap_err().contains("AWS_REGION"));
    }

    #[test]
    fn a_refusal_says_why() {
        let object = object("s3://b/c", None).unwrap();
        let head = |more: &str| Head::parse(format!("HTTP/1.1 403 Forbidden{more}").as_bytes()).unwrap();
        let body = b"<Error><Code>AccessDenied</Code></Error>";
        assert_eq!(
            object.refused("read", 403, &head(""), body),
            "could not read `s3://b/c`: S3 answers 403 AccessDenied"
        );
        let elsewhere = object.refused("read", 301, &head("\r\nx-amz-bucket-region: us-east-2"), b"");
        assert!(elsewhere.ends_with("301; the bucket is in us-east-2, not in eu-west-1"), "{elsewhere}");
    }
}
