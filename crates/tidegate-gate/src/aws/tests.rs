//! Against a fake that answers as the documents of AWS say that those do who give keys.

use super::sources::{Place, time};
use super::*;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex as Blocking};
use std::time::UNIX_EPOCH;

/// Serves until the test ends; every request is kept.
struct FakeRoles {
    base: String,
    asked: Arc<Blocking<Vec<String>>>,
}

impl FakeRoles {
    fn start(answer: impl Fn(&str) -> (u16, String) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Blocking<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let (mut request, mut chunk) = (String::new(), [0; 4096]);
                let whole = |request: &str| {
                    let (head, body) = request.split_once("\r\n\r\n")?;
                    let length = head.to_lowercase().split_once("content-length: ").map_or(0, |(_, rest)| {
                        rest.lines().next().unwrap_or_default().parse::<usize>().unwrap()
                    });
                    (body.len() >= length).then_some(())
                };
                while whole(&request).is_none() {
                    let n = stream.read(&mut chunk).unwrap();
                    assert!(n > 0, "{request}");
                    request.push_str(std::str::from_utf8(&chunk[..n]).unwrap());
                }
                let (status, body) = answer(&request);
                kept.lock().unwrap().push(request);
                let head = format!(
                    "HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
            }
        });
        Self { base, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn found(set: &[(&str, &str)]) -> Result<Place, Error> {
    Place::find(&|name| set.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_string()))
}

fn document(n: usize) -> String {
    format!(
        r#"{{"RoleArn":"arn:x","AccessKeyId":"ASIA{n}","SecretAccessKey":"s{n}","Token":"t{n}","Expiration":"2027-01-15T09:00:00Z"}}"#
    )
}

fn at(text: &str) -> SystemTime {
    time(text).unwrap()
}

#[tokio::test]
async fn a_container_gets_keys_by_its_token_and_new_ones_before_they_end() {
    let folder = std::env::temp_dir().join(format!("tidegate-aws-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let token = folder.join("token");
    std::fs::write(&token, "eyJ.one\n").unwrap();
    let turn = Blocking::new(0);
    let fake = FakeRoles::start(move |request| {
        let mut turn = turn.lock().unwrap();
        *turn += 1;
        match *turn {
            1 => (200, document(1)),
            2 => (500, "no".into()),
            _ if request.contains("authorization: eyJ.two") => (200, document(*turn).replace("T09:", "T15:")),
            _ => (403, "no".into()),
        }
    });
    let url = format!("{}/v2/keys", fake.base);
    let place = found(&[
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &url),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &token.display().to_string()),
    ]);
    let credentials = Credentials::of(place.unwrap());
    let keys = credentials.at(at("2027-01-15T08:00:00Z")).await.unwrap();
    assert_eq!((keys.id.as_str(), keys.secret.as_str(), keys.token.as_deref()), ("ASIA1", "s1", Some("t1")));
    assert!(
        fake.asked()[0].starts_with("GET /v2/keys ")
            && fake.asked()[0].contains("authorization: eyJ.one\r\n")
    );
    // They last, and nobody is asked.
    assert_eq!(credentials.at(at("2027-01-15T08:54:59Z")).await, Ok(keys.clone()));
    assert_eq!(fake.asked().len(), 1);
    // Renewing fails: the old ones hold, and it isn't tried at once again.
    for clock in ["2027-01-15T08:56:00Z", "2027-01-15T08:56:09Z"] {
        assert_eq!(credentials.at(at(clock)).await, Ok(keys.clone()));
    }
    assert_eq!(fake.asked().len(), 2);
    std::fs::write(&token, "eyJ.two\n").unwrap();
    assert_eq!(credentials.at(at("2027-01-15T08:57:00Z")).await.unwrap().id, "ASIA3");
    // Ended, the old ones are no keys any more, whoever is to blame.
    std::fs::write(&token, "eyJ.three\n").unwrap();
    let error = credentials.at(at("2027-01-15T15:00:00Z")).await.unwrap_err();
    assert!(matches!(&error, Error::Refused { why, .. } if why.starts_with("403")), "{error}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn an_instance_is_asked_for_a_token_first() {
    let fake = FakeRoles::start(|request| {
        let with = request.contains("x-aws-ec2-metadata-token: AQAE");
        match request.split(' ').take(2).collect::<Vec<_>>().as_slice() {
            ["PUT", "/latest/api/token"] if request.contains("ttl-seconds: 300") => (200, "AQAE".into()),
            ["GET", "/latest/meta-data/iam/security-credentials/"] if with => (200, "web-role\n".into()),
            ["GET", "/latest/meta-data/iam/security-credentials/web-role"] if with => (200, document(7)),
            _ => (401, String::new()),
        }
    });
    let place = found(&[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &fake.base)]).unwrap();
    let keys = Credentials::of(place).at(at("2027-01-15T08:00:00Z")).await.unwrap();
    assert_eq!((keys.id.as_str(), fake.asked().len()), ("ASIA7", 3));
    let shown = format!("{keys:?}");
    assert!(!shown.contains("s7") && !shown.contains("t7"), "{shown}");
}

#[tokio::test]
async fn a_role_named_by_the_instance_stays_in_its_folder() {
    let fake = FakeRoles::start(|request| match request.starts_with("PUT") {
        true => (200, "AQAE".into()),
        false => (200, "../../user-data".into()),
    });
    let place = found(&[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &fake.base)]).unwrap();
    assert!(Credentials::of(place).keys().await.is_err());
    assert_eq!(fake.asked().len(), 2);
}

#[tokio::test]
async fn a_web_identity_is_exchanged_for_keys() {
    let fake = FakeRoles::start(|_| {
        let body = "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>\
            <SessionToken>tok/en==</SessionToken><SecretAccessKey>sec</SecretAccessKey>\
            <Expiration>2027-01-15T09:00:00Z</Expiration><AccessKeyId>ASIA9</AccessKeyId></Credentials>\
            </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";
        (200, body.into())
    });
    let token = std::env::temp_dir().join(format!("tidegate-aws-web-{}", std::process::id()));
    std::fs::write(&token, "a+b&c").unwrap();
    let place = found(&[
        ("AWS_WEB_IDENTITY_TOKEN_FILE", &token.display().to_string()),
        ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/relay"),
        ("AWS_ENDPOINT_URL_STS", &fake.base),
        // It would be that of the instance's neighbour.
        ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x"),
    ]);
    let keys = Credentials::of(place.unwrap()).at(at("2027-01-15T08:00:00Z")).await.unwrap();
    assert_eq!((keys.id.as_str(), keys.token.as_deref()), ("ASIA9", Some("tok/en==")));
    assert_eq!(keys.ends, Some(at("2027-01-15T09:00:00Z")));
    let asked = &fake.asked()[0];
    assert!(asked.ends_with("&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Frelay&RoleSessionName=tidegate&WebIdentityToken=a%2Bb%26c"), "{asked}");
    std::fs::remove_file(&token).unwrap();
}

#[test]
fn keys_go_to_nobody_else() {
    assert!(matches!(found(&[("AWS_ACCESS_KEY_ID", "a")]), Ok(Place::Environment)));
    assert!(matches!(found(&[]), Ok(Place::Instance { .. })));
    assert!(found(&[("AWS_EC2_METADATA_DISABLED", "TRUE")]).is_err());
    assert!(found(&[("AWS_WEB_IDENTITY_TOKEN_FILE", "t")]).is_err());
    for (url, fits) in [
        ("https://keys.example/x", true),
        ("http://169.254.170.23/v1/credentials", true),
        ("http://[fd00:ec2::23]/v1/credentials", true),
        ("http://127.0.0.1:8080/x", true),
        ("http://keys.example/x", false),
        ("http://169.254.170.2.evil.example/x", false),
        ("ftp://127.0.0.1/x", false),
        ("x", false),
    ] {
        assert_eq!(found(&[("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)]).is_ok(), fits, "{url}");
    }
}

#[test]
fn times_are_read() {
    let seconds = |text: &str| time(text).map(|t| t.duration_since(UNIX_EPOCH).unwrap().as_secs());
    assert_eq!(seconds("1970-01-01T00:00:00Z"), Some(0));
    assert_eq!(seconds("2024-02-29T23:59:59Z"), Some(1_709_251_199));
    assert_eq!(seconds("2027-01-15T08:00:00.123Z"), Some(1_800_000_000));
    for bad in [
        "",
        "Z",
        "2027-01-15",
        "2027-13-01T00:00:00Z",
        "2027-01-15T24:00:00Z",
        "99999-01-01T00:00:00Z",
        "2027-01-15T08:00:00+01:00",
    ] {
        assert_eq!(seconds(bad), None, "{bad}");
    }
}
