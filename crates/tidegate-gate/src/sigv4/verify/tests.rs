use super::*;
use crate::sigv4;
use proptest::prelude::*;

const KEYS: &str = r#"{"AKIDEXAMPLE":{"secret":"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY","principal":"arn:aws:iam::123456789012:user/bob"},
  "ASIAEXAMPLE":{"secret":"s","principal":"arn:aws:sts::123456789012:assumed-role/r/s","token":"T+/="}}"#;
/// 2015-08-30 12:36:00.
const NOW: u64 = 1_440_938_160;

fn map(headers: &[(&str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name = hyper::header::HeaderName::from_bytes(name.as_bytes()).unwrap();
        map.append(name, value.parse().unwrap());
    }
    map
}

fn ask(
    method: &str,
    address: &str,
    headers: &HeaderMap,
    body: &[u8],
    now: u64,
) -> Result<String, &'static str> {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let keys = Keys::parse(KEYS).unwrap();
    let services = ["iam", "service", "execute-api"].map(String::from);
    let rules = Rules { services: &services, regions: &["us-east-1".into()], tolerance: 300 };
    let request = Request { method, path, query, headers, body };
    verify(&request, &keys, &rules, now).map(str::to_string)
}

/// The example of AWS's documentation, and those of its suite for signers.
#[test]
fn documented_signatures_are_good() {
    let iam = map(&[
        ("host", "iam.amazonaws.com"),
        ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
        ("x-amz-date", "20150830T123600Z"),
        (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
        ),
    ]);
    let address = "/?Action=ListUsers&Version=2010-05-08";
    let bob = Ok("arn:aws:iam::123456789012:user/bob".to_string());
    assert_eq!(ask("GET", address, &iam, b"", NOW), bob);
    assert_eq!(ask("GET", address, &iam, b"", NOW + 300), bob);
    assert_eq!(ask("GET", "/?Version=2010-05-08&Action=%4cistUsers", &iam, b"", NOW - 300), bob);
    let late = Err("it is older, or newer, than it may be");
    assert_eq!(ask("GET", address, &iam, b"", NOW + 301), late);
    assert_eq!(ask("GET", address, &iam, b"", NOW - 301), late);
    let wrong = Err("the signature is wrong");
    assert_eq!(ask("POST", address, &iam, b"", NOW), wrong);
    assert_eq!(ask("GET", "/?Action=ListUsers", &iam, b"", NOW), wrong);
    assert_eq!(ask("GET", "/x?Action=ListUsers&Version=2010-05-08", &iam, b"", NOW), wrong);
    assert_eq!(ask("GET", address, &iam, b"x", NOW), wrong, "the body is signed");

    let vanilla = |signature: &str| {
        let value = format!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request,SignedHeaders=host;x-amz-date,Signature={signature}"
        );
        map(&[
            ("host", "example.amazonaws.com"),
            ("x-amz-date", "20150830T123600Z"),
            ("authorization", &value),
        ])
    };
    let good = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
    assert_eq!(ask("GET", "/", &vanilla(good), b"", NOW), bob);
    assert_eq!(ask("GET", "//", &vanilla(good), b"", NOW), bob, "as the suite resolves it");
    assert_eq!(ask("GET", "/", &vanilla(&good.replace('5', "6")), b"", NOW), wrong);
    let ordered = "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500";
    assert_eq!(ask("GET", "/?Param2=value2&Param1=value1", &vanilla(ordered), b"", NOW), bob);
}

fn signed(headers: &[(&str, &str)], key: (&str, &str), service: &str) -> String {
    let scope =
        sigv4::Scope { key: key.0, secret: key.1, region: "us-east-1", service, time: "20150830T123600Z" };
    sigv4::authorization(&scope, "POST", "/orders", "", headers, b"{}")
}

#[test]
fn a_signature_covers_what_it_has_to_and_is_for_us() {
    let bob = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    let with = |signed_headers: &[(&str, &str)], more: &[(&str, &str)], key, service| {
        let authorization = signed(signed_headers, key, service);
        let all = [signed_headers, more, &[("authorization", authorization.as_str())]].concat();
        ask("POST", "/orders", &map(&all), b"{}", NOW)
    };
    let (host, date) = (("host", "a"), ("x-amz-date", "20150830T123600Z"));
    assert!(with(&[host, date], &[], bob, "execute-api").is_ok());
    let uncovered = Err("a header that has to be signed is not");
    assert_eq!(with(&[date], &[host], bob, "execute-api"), uncovered);
    assert_eq!(with(&[host], &[date], bob, "execute-api"), uncovered);
    assert_eq!(with(&[host, date], &[("x-amz-target", "x")], bob, "execute-api"), uncovered);
    assert_eq!(with(&[host, date], &[], bob, "s3"), Err("it is signed for another service"));
    assert_eq!(with(&[host, date], &[], ("AKIAOTHER", bob.1), "execute-api"), Err("the signature is wrong"));
    // A session's key is good with its token alone, and no other key has one.
    let session = ("ASIAEXAMPLE", "s");
    let token = |t| [host, date, ("x-amz-security-token", t)];
    assert!(with(&token("T+/="), &[], session, "execute-api").is_ok());
    for (headers, key) in [(&token("T")[..], session), (&[host, date], session), (&token("T+/="), bob)] {
        assert_eq!(with(headers, &[], key, "execute-api"), Err("the session token is wrong"));
    }
    let hash = |h| [host, ("x-amz-content-sha256", h), date];
    let (right, empty) = (sha256(b"{}"), sha256(b""));
    assert!(with(&hash(&right), &[], bob, "execute-api").is_ok());
    for other in ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", &empty] {
        let found = with(&hash(other), &[], bob, "execute-api");
        assert_eq!(found, Err("the body isn't the one that was signed"));
    }
    assert_eq!(ask("GET", "/", &map(&[host]), b"", NOW), Err("it isn't signed"));
    assert!(ask("GET", "/", &map(&[host, ("authorization", "Bearer x")]), b"", NOW).is_err());
}

#[test]
fn a_secret_is_in_no_message() {
    let wrong = Keys::parse(r#"{"a":{"secret":"geheim","principal":7}}"#).unwrap_err();
    assert!(!wrong.contains("geheim") && !format!("{:?}", Keys::parse(KEYS)).contains("wJal"), "{wrong}");
    assert!(Keys::parse(r#"{"a":{"secret":"","principal":"x"}}"#).is_err());
    assert!(Keys::parse(r#"{"a":"geheim"}"#).is_err_and(|e| !e.contains("geheim")));
}

proptest! {
    /// Nothing panics, and nothing that wasn't signed is good.
    #[test]
    fn anything_else_is_refused(
        value in "(AWS4-HMAC-SHA256 )?(Credential=[^\r\n]{0,30}(/20150830/us-east-1/iam/aws4_request)?)?(, ?SignedHeaders=[a-z;]{0,20})?(, ?Signature=[0-9a-f]{0,64})?[ -~]{0,8}",
        query in "(X-Amz-(Signature|Credential|Date|Expires|SignedHeaders|Algorithm)=[ -~]{0,20}&?){0,7}",
        path in "[ -~]{0,20}",
        body in proptest::collection::vec(any::<u8>(), 0..20),
    ) {
        let mut headers = map(&[("host", "a"), ("x-amz-date", "20150830T123600Z")]);
        if let Ok(value) = value.parse() {
            headers.insert("authorization", value);
        }
        let address = format!("/{path}?{query}");
        prop_assert!(ask("GET", &address, &headers, &body, NOW).is_err());
        headers.remove("authorization");
        prop_assert!(ask("GET", &address, &headers, &body, NOW).is_err());
    }
}
