//! What the address of a bus over TLS says of certificates.

use std::path::PathBuf;

/// Files in PEM behind `?`: `ca=FILE`, `cert=FILE` and `key=FILE`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// Authorities that are believed instead of the system's.
    pub ca: Option<PathBuf>,
    /// The relay's own certificate and its key, for servers that want to see one.
    pub own: Option<(PathBuf, PathBuf)>,
}

impl Files {
    /// Reads what stands behind `?`; `more` takes what the bus has besides, and says whether it knows it.
    pub(super) fn parse(
        options: Option<&str>,
        secure: bool,
        mut more: impl FnMut(&str, &str) -> Result<bool, String>,
    ) -> Result<Self, String> {
        let (mut ca, mut cert, mut key) = (None, None, None);
        for option in options.iter().flat_map(|options| options.split('&')) {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            let file = match name {
                "ca" => &mut ca,
                "cert" => &mut cert,
                "key" => &mut key,
                _ if more(name, value)? => continue,
                // It may be a password.
                _ => return Err("an address of this bus has no such option behind `?`".into()),
            };
            if !secure {
                return Err(format!(
                    "`{name}` is for TLS: expected tls:// (NATS), amqps:// (RabbitMQ) or kafkas://"
                ));
            }
            if value.is_empty() {
                return Err(format!("expected {name}=FILE"));
            }
            *file = Some(PathBuf::from(value));
        }
        let own = match (cert, key) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (None, None) => None,
            _ => return Err("`cert=FILE` and `key=FILE` go together".into()),
        };
        Ok(Self { ca, own })
    }

    /// For a client of the bus.
    #[cfg(any(feature = "nats", feature = "rabbitmq"))]
    pub(super) fn config(&self) -> Result<rustls::ClientConfig, super::Error> {
        let own = self.own.as_ref().map(|(cert, key)| (cert.as_path(), key.as_path()));
        crate::http::tls::config(self.ca.as_deref(), own).map_err(|e| super::Error::Address(e.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(options: &str, secure: bool) -> Result<Files, String> {
        Files::parse(Some(options), secure, |name, _| Ok(name == "vhost"))
    }

    #[test]
    fn files_stand_behind_the_address() {
        let files = parse("ca=/etc/own.pem&vhost=shop&cert=c.pem&key=k.pem", true).unwrap();
        let own = Some(("c.pem".into(), "k.pem".into()));
        assert_eq!(files, Files { ca: Some("/etc/own.pem".into()), own });
        assert_eq!(Files::parse(None, false, |_, _| Ok(false)), Ok(Files::default()));
        for (options, secure, why) in [
            ("ca=", true, "expected ca=FILE"),
            ("cert=c.pem", true, "go together"),
            ("key=k.pem", true, "go together"),
            ("ca=c.pem", false, "is for TLS"),
            ("vhost=shop&password=secret", true, "no such option"),
        ] {
            let problem = parse(options, secure).unwrap_err();
            assert!(problem.contains(why) && !problem.contains("secret"), "{problem}");
        }
    }
}
