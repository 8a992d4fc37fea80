//! What the library is told of servers, certificates, users and passwords.

use super::super::Error;
use super::super::tls::Files;
use rdkafka::ClientConfig;
use std::path::Path;

pub(super) fn config(servers: &str, files: &Files) -> Result<ClientConfig, Error> {
    let get = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let config = config_with(servers, files, &get)?;
    // The library names no file that it can't read.
    let file = |name| config.get(name).map(Path::new);
    let own = file("ssl.certificate.location").zip(file("ssl.key.location"));
    let checked = crate::http::tls::check(file("ssl.ca.location"), own);
    checked.map_err(|e| Error::Address(e.to_string()))?;
    Ok(config)
}

/// `KAFKA_SASL_MECHANISM`, `KAFKA_SASL_USERNAME`, `KAFKA_SASL_PASSWORD`, and `KAFKA_SSL_CA` for authorities of one's own
/// where the address names none.
fn config_with(
    servers: &str,
    files: &Files,
    get: &dyn Fn(&str) -> Option<String>,
) -> Result<ClientConfig, Error> {
    let mut config = ClientConfig::new();
    let (scheme, list) = servers.split_once("://").unwrap_or(("kafka", servers));
    config.set("bootstrap.servers", list).set("client.id", "tidegate-relay");
    let secure = scheme == "kafkas";
    if secure && !cfg!(feature = "kafka-tls") {
        return Err(Error::Address("this program was built without the feature `kafka-tls`".into()));
    }
    let ca = files.ca.as_ref().map(|file| file.display().to_string()).or_else(|| get("KAFKA_SSL_CA"));
    if let Some(file) = ca.filter(|_| secure) {
        config.set("ssl.ca.location", file);
    }
    if let Some((cert, key)) = &files.own {
        config.set("ssl.certificate.location", cert.display().to_string());
        config.set("ssl.key.location", key.display().to_string());
    }
    let Some(user) = get("KAFKA_SASL_USERNAME") else {
        config.set("security.protocol", if secure { "ssl" } else { "plaintext" });
        return Ok(config);
    };
    let missing = || Error::Address("`KAFKA_SASL_USERNAME` needs `KAFKA_SASL_PASSWORD`".into());
    let password = get("KAFKA_SASL_PASSWORD").ok_or_else(missing)?;
    let mechanism = get("KAFKA_SASL_MECHANISM").unwrap_or_else(|| "PLAIN".into());
    match mechanism.as_str() {
        // It shows the password to whoever sees the connection.
        "PLAIN" if !secure && !list.split(',').all(local) => {
            return Err(Error::Address("PLAIN needs TLS: expected kafkas://HOST:PORT/TOPIC".into()));
        }
        "PLAIN" => {}
        "SCRAM-SHA-256" | "SCRAM-SHA-512" if cfg!(feature = "kafka-tls") => {}
        "SCRAM-SHA-256" | "SCRAM-SHA-512" => {
            return Err(Error::Address("SCRAM needs a build with the feature `kafka-tls`".into()));
        }
        _ => {
            let known = "`KAFKA_SASL_MECHANISM` is none of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512";
            return Err(Error::Address(known.into()));
        }
    }
    config
        .set("security.protocol", if secure { "sasl_ssl" } else { "sasl_plaintext" })
        .set("sasl.mechanism", mechanism)
        .set("sasl.username", user)
        .set("sasl.password", password);
    Ok(config)
}

/// Whether a server is this machine.
fn local(server: &str) -> bool {
    let host = server.rsplit_once(':').map_or(server, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_go_where_nobody_sees_them() {
        let with = |servers: &str, set: &[(&str, &str)]| {
            let get =
                |name: &str| set.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_string());
            config_with(servers, &Files::default(), &get)
        };
        let (user, secret) = (("KAFKA_SASL_USERNAME", "relay"), ("KAFKA_SASL_PASSWORD", "hunter2"));
        let plain = with("kafka://127.0.0.1:9092,[::1]:9093", &[user, secret]).unwrap();
        let set = |name: &str| plain.get(name);
        assert_eq!(
            (set("security.protocol"), set("sasl.mechanism")),
            (Some("sasl_plaintext"), Some("PLAIN"))
        );
        assert_eq!((set("sasl.username"), set("sasl.password")), (Some("relay"), Some("hunter2")));
        assert_eq!(with("kafka://h:9092", &[]).unwrap().get("security.protocol"), Some("plaintext"));
        for (servers, more) in [
            ("kafka://h:9092", &[user, secret][..]),
            ("kafka://127.0.0.1:1,h:9092", &[user, secret]),
            ("kafka://127.0.0.1:1", &[user]),
            ("kafka://127.0.0.1:1", &[user, secret, ("KAFKA_SASL_MECHANISM", "GSSAPI")]),
        ] {
            let problem = with(servers, more).err().unwrap().to_string();
            assert!(!problem.contains("hunter2"), "{problem}");
        }
        let scram = with("kafka://h:9092", &[user, secret, ("KAFKA_SASL_MECHANISM", "SCRAM-SHA-512")]);
        assert_eq!(scram.is_ok(), cfg!(feature = "kafka-tls"));
    }

    #[cfg(feature = "kafka-tls")]
    #[test]
    fn the_address_names_certificates_before_the_environment() {
        let get = |name: &str| (name == "KAFKA_SSL_CA").then(|| "/env.pem".to_string());
        let own = Some(("/c.pem".into(), "/k.pem".into()));
        let files = Files { ca: Some("/own.pem".into()), own };
        let named = config_with("kafkas://h:9093", &files, &get).unwrap();
        let set = ["security.protocol", "ssl.ca.location", "ssl.certificate.location", "ssl.key.location"];
        let values = ["ssl", "/own.pem", "/c.pem", "/k.pem"].map(Some);
        assert_eq!(set.map(|name| named.get(name)), values);
        let env = config_with("kafkas://h:9093", &Files::default(), &get).unwrap();
        assert_eq!((env.get("ssl.ca.location"), env.get("ssl.key.location")), (Some("/env.pem"), None));
    }
    #[cfg(feature = "kafka-tls")]
    #[test]
    fn files_are_named_that_hold_no_certificates() {
        let (missing, other) = ("/no/such.pem", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
        let own = |cert: &str, key: &str| Files { ca: None, own: Some((cert.into(), key.into())) };
        for (files, named) in [
            (Files { ca: Some(missing.into()), own: None }, missing),
            (Files { ca: Some(other.into()), own: None }, other),
            (own(missing, other), missing),
        ] {
            let problem = config("kafkas://h:9093", &files).err().unwrap();
            assert!(matches!(&problem, Error::Address(text) if text.contains(named)), "{problem}");
        }
    }
}
