//! Addresses of buses, and what opens them.

use super::event::Shape;
use super::file::Folder;
use super::s3::Bucket;
use super::sqs::Queue;
use super::tls::Files;
use super::{Error, Sink, Source, Transaction};
use std::path::PathBuf;
use std::str::FromStr;

/// Where messages come from or go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// `nats://host:port/STREAM/consumer`, or `nats://host:port/subject` to send; `tls` is over TLS.
    Nats {
        /// With scheme, user and port, without a path.
        server: String,
        /// What stands behind it.
        path: String,
        /// Certificates.
        files: Files,
    },
    /// `amqp://host:port/queue`, or `amqp://host:port/exchange/key` to send; `amqps` is over TLS.
    Amqp {
        /// With scheme, user, port and virtual host.
        server: String,
        /// What stands behind it.
        path: String,
        /// Certificates.
        files: Files,
    },
    /// `kafka://host:port,host:port/topic/group`, or without a group to send; `kafkas` is over TLS.
    Kafka {
        /// With scheme and ports.
        servers: String,
        /// What stands behind it.
        path: String,
        /// What stands behind `?`.
        options: KafkaOptions,
        /// Certificates, which stand there too.
        files: Files,
    },
    /// `sqs://REGION/ACCOUNT/NAME`.
    Sqs {
        /// Region of the queue.
        region: String,
        /// Account and name.
        path: String,
    },
    /// `pubsub://PROJECT/SUBSCRIPTION`, or `pubsub://PROJECT/TOPIC` to send.
    PubSub {
        /// Project and name.
        path: String,
    },
    /// `s3://BUCKET/PREFIX`, for quarantine.
    S3 {
        /// Its name.
        bucket: String,
        /// What keys begin with; may be empty.
        prefix: String,
    },
    /// `file:FOLDER`, for quarantine.
    File(PathBuf),
}

/// What may stand behind an address of Kafka.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KafkaOptions {
    /// `instance=NAME`: a member that comes back under its name takes up its partitions again.
    pub instance: Option<String>,
    /// `session=MILLISECONDS`: then the group gives the partitions of a member that is gone to others.
    pub session: Option<u32>,
    /// `transaction=ID`, of the output: it and the offset of its input are written together.
    pub transaction: Option<String>,
}

impl KafkaOptions {
    /// Takes an option, if it is one of these.
    fn take(&mut self, name: &str, value: &str) -> Result<bool, String> {
        // What Kafka takes as a name.
        let named = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let fits = (1..=249).contains(&value.len()) && value.chars().all(named);
        let text = fits
            .then(|| value.to_string())
            .ok_or_else(|| format!("expected {name}=NAME, of letters, digits, `.`, `_` and `-`"));
        match name {
            "instance" => self.instance = Some(text?),
            "transaction" => self.transaction = Some(text?),
            "session" => {
                let within = value.parse().ok().filter(|ms| (100..=300_000).contains(ms));
                self.session = Some(within.ok_or("expected session=MILLISECONDS, 100 to 300000")?);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("file:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return if path.is_empty() {
                Err("expected file:FOLDER".into())
            } else {
                Ok(Self::File(path.into()))
            };
        }
        let (scheme, rest) =
            text.split_once("://").ok_or("expected a URL, like nats://127.0.0.1:4222/subject")?;
        let (plain, options) = rest.split_once('?').map_or((rest, None), |(rest, o)| (rest, Some(o)));
        let (server, path) = plain.split_once('/').unwrap_or((plain, ""));
        match scheme {
            "nats" | "tls" => {
                if server.is_empty() || path.is_empty() {
                    return Err(
                        "expected nats://HOST:PORT/STREAM/CONSUMER or nats://HOST:PORT/SUBJECT".into()
                    );
                }
                let files = Files::parse(options, scheme == "tls", |_, _| Ok(false))?;
                Ok(Self::Nats { server: format!("{scheme}://{server}"), path: path.to_string(), files })
            }
            "amqp" | "amqps" => {
                let mut vhost = "%2f".to_string();
                let files = Files::parse(options, scheme == "amqps", |name, value| {
                    let host = name == "vhost";
                    if host {
                        vhost = value.to_string();
                    }
                    Ok(host)
                })?;
                if server.is_empty() || path.is_empty() || path.starts_with('/') || vhost.contains(['/', '?'])
                {
                    return Err("expected amqp://HOST:PORT/QUEUE or amqp://HOST:PORT/EXCHANGE/KEY, and ?vhost=NAME if it isn't `/`".into());
                }
                let server = format!("{scheme}://{server}/{vhost}");
                Ok(Self::Amqp { server, path: path.to_string(), files })
            }
            "kafka" | "kafkas" => {
                if server.is_empty() || path.is_empty() {
                    return Err("expected kafka://HOST:PORT/TOPIC/GROUP or kafka://HOST:PORT/TOPIC".into());
                }
                if server.contains('@') {
                    return Err("users of Kafka stand in KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD".into());
                }
                let mut own = KafkaOptions::default();
                let files = Files::parse(options, scheme == "kafkas", |name, value| own.take(name, value))?;
                let servers = format!("{scheme}://{server}");
                Ok(Self::Kafka { servers, path: path.to_string(), options: own, files })
            }
            "sqs" => {
                let (region, path) = rest.split_once('/').unwrap_or((rest, ""));
                if region.is_empty() || path.split('/').filter(|p| !p.is_empty()).count() != 2 {
                    return Err("expected sqs://REGION/ACCOUNT/NAME".into());
                }
                Ok(Self::Sqs { region: region.to_string(), path: path.to_string() })
            }
            "pubsub" => {
                let part = |part: &str| {
                    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.~:".contains(c);
                    part.starts_with(|c: char| c.is_ascii_alphabetic()) && part.chars().all(fits)
                };
                match rest.split_once('/') {
                    Some((project, name)) if part(project) && part(name) => {
                        Ok(Self::PubSub { path: rest.to_string() })
                    }
                    _ => Err("expected pubsub://PROJECT/SUBSCRIPTION or pubsub://PROJECT/TOPIC".into()),
                }
            }
            "s3" => {
                let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
                let prefix = prefix.trim_end_matches('/');
                let name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
                let bad = |part: &str| matches!(part, "" | "." | "..");
                let long = prefix.len() > 900 || !(3..=63).contains(&bucket.len());
                if long || !bucket.chars().all(name) || !prefix.is_empty() && prefix.split('/').any(bad) {
                    return Err("expected s3://BUCKET/PREFIX".into());
                }
                Ok(Self::S3 { bucket: bucket.to_string(), prefix: prefix.to_string() })
            }
            // The rest of the URL may hold a password.
            _ => Err(format!(
                "there is no bus for `{scheme}://`; known are nats, tls (NATS over TLS), amqp, amqps, kafka, kafkas, sqs, pubsub, s3 and file"
            )),
        }
    }
}

impl Address {
    /// Which event its messages are read as.
    pub fn shape(&self) -> Shape {
        match self {
            Self::Sqs { region, path } => {
                Shape::Sqs { arn: format!("arn:aws:sqs:{region}:{}", path.replace('/', ":")) }
            }
            Self::Kafka { .. } => Shape::Kafka,
            Self::PubSub { .. } => Shape::PubSub,
            Self::Nats { .. } | Self::Amqp { .. } | Self::S3 { .. } | Self::File(_) => Shape::Mq,
        }
    }

    /// What metrics call its bus.
    pub fn bus(&self) -> &'static str {
        match self {
            Self::Nats { .. } => "nats",
            Self::Amqp { .. } => "rabbitmq",
            Self::Kafka { .. } => "kafka",
            Self::Sqs { .. } => "sqs",
            Self::PubSub { .. } => "pubsub",
            Self::S3 { .. } => "s3",
            Self::File(_) => "file",
        }
    }

    /// Whether it is a place to keep things, whatever the bus they came from.
    pub fn is_store(&self) -> bool {
        matches!(self, Self::S3 { .. } | Self::File(_))
    }

    /// Whether what comes from here can go there: each bus has bounds of its own on what it carries.
    pub fn fits(&self, to: &Self) -> bool {
        matches!(
            (self, to),
            (Self::Nats { .. }, Self::Nats { .. })
                | (Self::Amqp { .. }, Self::Amqp { .. })
                | (Self::Kafka { .. }, Self::Kafka { .. })
                | (Self::Sqs { .. }, Self::Sqs { .. })
                | (Self::PubSub { .. }, Self::PubSub { .. })
        )
    }
}

/// What a relay is between.
pub struct Ends {
    /// Where messages come from.
    pub source: Box<dyn Source>,
    /// Where they go.
    pub sink: Box<dyn Sink>,
    /// Where those go that are denied.
    pub quarantine: Option<Box<dyn Sink>>,
    /// What makes them one, if that was asked for.
    pub transaction: Option<Box<dyn Transaction>>,
}

/// Opens all that a relay is between.
///
/// # Errors
/// When one of them can't be opened, or isn't there.
pub async fn open(from: &Address, to: &Address, aside: Option<&Address>) -> Result<Ends, Error> {
    #[cfg(feature = "kafka")]
    if let Address::Kafka { options: KafkaOptions { transaction: Some(id), .. }, .. } = to {
        return together(id, from, to, aside).await;
    }
    let quarantine = match aside {
        Some(address) => Some(open_sink(address).await?),
        None => None,
    };
    Ok(Ends { sink: open_sink(to).await?, source: open_source(from).await?, quarantine, transaction: None })
}

#[cfg(feature = "kafka")]
async fn together(id: &str, from: &Address, to: &Address, aside: Option<&Address>) -> Result<Ends, Error> {
    use super::kafka::{Member, Produce, Whole};
    let apart = || Error::Address("a transaction has all its topics on the same servers".into());
    let Address::Kafka { servers, path, options, files } = from else { return Err(apart()) };
    let Address::Kafka { servers: there, path: topic, files: shown, .. } = to else { return Err(apart()) };
    if servers != there {
        return Err(apart());
    }
    if options.transaction.is_some() {
        return Err(Error::Address("`transaction` is for --to".into()));
    }
    let writer = Produce::transactional(servers, shown, id).await?;
    let quarantine: Option<Box<dyn Sink>> = match aside {
        Some(Address::Kafka { servers: there, path, .. }) if servers == there => {
            Some(Box::new(Produce::over(writer.clone(), path).await?))
        }
        Some(Address::Kafka { .. }) => return Err(apart()),
        Some(store) => Some(open_sink(store).await?),
        None => None,
    };
    let sink = Produce::over(writer.clone(), topic).await?;
    let member = Member::open((servers, files), path, options, true).await?;
    let transaction = Some(Box::new(Whole::of(writer, &member)) as Box<dyn Transaction>);
    Ok(Ends { source: Box::new(member), sink: Box::new(sink), quarantine, transaction })
}

/// Opens a bus to read from.
async fn open_source(address: &Address) -> Result<Box<dyn Source>, Error> {
    match address {
        #[cfg(feature = "nats")]
        Address::Nats { server, path, files } => {
            Ok(Box::new(super::nats::Pull::open(server, files, path).await?))
        }
        #[cfg(not(feature = "nats"))]
        Address::Nats { .. } => Err(unbuilt("nats")),
        #[cfg(feature = "rabbitmq")]
        Address::Amqp { server, path, files } => {
            Ok(Box::new(super::rabbitmq::Consume::open(server, files, path).await?))
        }
        #[cfg(not(feature = "rabbitmq"))]
        Address::Amqp { .. } => Err(unbuilt("rabbitmq")),
        Address::Kafka { options, .. } if options.transaction.is_some() => {
            Err(Error::Address("`transaction` is for --to".into()))
        }
        #[cfg(feature = "kafka")]
        Address::Kafka { servers, path, options, files } => {
            Ok(Box::new(super::kafka::Member::open((servers, files), path, options, false).await?))
        }
        #[cfg(not(feature = "kafka"))]
        Address::Kafka { .. } => Err(unbuilt("kafka")),
        Address::Sqs { region, path } => Ok(Box::new(Queue::open(region, path).await?)),
        Address::PubSub { path } => Ok(Box::new(super::pubsub::Place::open("subscriptions", path).await?)),
        Address::S3 { .. } => Err(Error::Address("a bucket is only for quarantine".into())),
        Address::File(_) => Err(Error::Address("a folder is only for quarantine".into())),
    }
}

/// Opens a bus, or a folder, to write to.
pub(crate) async fn open_sink(address: &Address) -> Result<Box<dyn Sink>, Error> {
    match address {
        #[cfg(feature = "nats")]
        Address::Nats { server, path, files } => {
            Ok(Box::new(super::nats::Publish::open(server, files, path).await?))
        }
        #[cfg(not(feature = "nats"))]
        Address::Nats { .. } => Err(unbuilt("nats")),
        #[cfg(feature = "rabbitmq")]
        Address::Amqp { server, path, files } => {
            Ok(Box::new(super::rabbitmq::Publish::open(server, files, path).await?))
        }
        #[cfg(not(feature = "rabbitmq"))]
        Address::Amqp { .. } => Err(unbuilt("rabbitmq")),
        #[cfg(feature = "kafka")]
        Address::Kafka { options, .. } if *options != KafkaOptions::default() => Err(Error::Address(
            "`instance` and `session` are for --from, `transaction` for --to alone".into(),
        )),
        #[cfg(feature = "kafka")]
        Address::Kafka { servers, path, files, .. } => {
            Ok(Box::new(super::kafka::Produce::open(servers, files, path).await?))
        }
        #[cfg(not(feature = "kafka"))]
        Address::Kafka { .. } => Err(unbuilt("kafka")),
        Address::Sqs { region, path } => Ok(Box::new(Queue::open(region, path).await?)),
        Address::PubSub { path } => Ok(Box::new(super::pubsub::Place::open("topics", path).await?)),
        Address::S3 { bucket, prefix } => Ok(Box::new(Bucket::open(bucket, prefix).await?)),
        Address::File(path) => Ok(Box::new(Folder::open(path)?)),
    }
}

#[cfg(not(all(feature = "nats", feature = "rabbitmq", feature = "kafka")))]
fn unbuilt(feature: &str) -> Error {
    Error::Address(format!("this program was built without the feature `{feature}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        let nats: Address = "nats://a:b@h:4222/ORDERS/relay".parse().unwrap();
        let files = Files::default();
        let (server, path) = ("nats://a:b@h:4222".into(), "ORDERS/relay".into());
        assert_eq!(nats, Address::Nats { server, path, files });
        let amqp: Address = "amqps://a:b@h:5671/out/key?vhost=shop&ca=/etc/own.pem".parse().unwrap();
        let (server, path) = ("amqps://a:b@h:5671/shop".into(), "out/key".into());
        let files = Files { ca: Some("/etc/own.pem".into()), own: None };
        assert_eq!(amqp, Address::Amqp { server, path, files });
        let kafka: Address = "kafka://h:9092/in/relay?instance=r-1&session=6000".parse().unwrap();
        let options = KafkaOptions { instance: Some("r-1".into()), session: Some(6000), transaction: None };
        let (servers, path) = ("kafka://h:9092".into(), "in/relay".into());
        assert_eq!(kafka, Address::Kafka { servers, path, options, files: Files::default() });
        assert_eq!("file:./q".parse(), Ok(Address::File("./q".into())));
        let s3 = "s3://aside/relay/".parse();
        assert_eq!(s3, Ok(Address::S3 { bucket: "aside".into(), prefix: "relay".into() }));
        for bad in [
            "",
            "s3://a",
            "s3://Aside/x",
            "s3://aside/../x",
            "s3://aside//x",
            "nats://",
            "nats://h",
            "nats://h/",
            "nats://h/subject?ca=own.pem",
            "tls://h/subject?secret=x",
            "kafka://h:9092/in/relay?ca=own.pem",
            "file:",
            "amqp://secret@h",
            "amqp://secret@h/q?vhost=a/b",
            "kafka://h:9092/in/relay?session=soon",
            "kafka://h:9092/in/relay?session=1",
            "kafka://h:9092/in/relay?instance=",
            "kafka://h:9092/in/relay?instance=a/b",
            "kafka://h:9092/in/relay?password=secret",
            "sqs://r/q",
            "pubsub://p",
            "pubsub://p/../x",
            "pubsub://p/a:secret@b/c",
            "pubsub://p/a?b",
            "pigeon://secret@x/y",
            "x",
        ] {
            let problem = bad.parse::<Address>().unwrap_err();
            assert!(!problem.contains("secret"), "{problem}");
        }
    }
}
