//! AWS's Signature Version 4: how requests are signed. Whoever verifies one signs it again.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// Whose signature it is, and for what.
pub struct Scope<'a> {
    /// Id of the key.
    pub key: &'a str,
    /// The key.
    pub secret: &'a str,
    /// Region of the service.
    pub region: &'a str,
    /// The service, as it is called in signatures.
    pub service: &'a str,
    /// The time, as [`timestamp`] writes it.
    pub time: &'a str,
}

/// The value of `Authorization`. The names of `headers` are lower case, in order, and signed all.
pub fn authorization(
    scope: &Scope<'_>,
    method: &str,
    path: &str,
    query: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> String {
    let date: String = scope.time.chars().take(8).collect();
    let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let mut canonical = format!("{method}\n{path}\n{query}\n");
    for (name, value) in headers {
        let _ = writeln!(canonical, "{name}:{}", value.trim());
    }
    let _ = write!(canonical, "\n{names}\n{}", sha256(body));
    let place = format!("{date}/{}/{}/aws4_request", scope.region, scope.service);
    let text = format!("AWS4-HMAC-SHA256\n{}\n{place}\n{}", scope.time, sha256(canonical.as_bytes()));
    let key = signing_key(scope.secret, [&date, scope.region, scope.service]);
    let signature = hex(&mac(&key, &text));
    format!("AWS4-HMAC-SHA256 Credential={}/{place}, SignedHeaders={names}, Signature={signature}", scope.key)
}

/// The key of a day, a region and a service.
pub fn signing_key(secret: &str, place: [&str; 3]) -> Vec<u8> {
    let first = format!("AWS4{secret}").into_bytes();
    place.into_iter().chain(["aws4_request"]).fold(first, |key, part| mac(&key, part))
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    // A key may have any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// The SHA-256 of some bytes in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// Percent-encoded, all but what a URL never reserves and the bytes in `kept`: as signatures, forms and paths of S3 have it.
pub fn encoded(bytes: &[u8], kept: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len()), |mut out, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push((*byte).into()),
            byte if kept.contains(byte) => out.push((*byte).into()),
            byte => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
        out
    })
}

/// Seconds since 1970 as signatures write a time: `20150830T123600Z`.
pub fn timestamp(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Years that begin in March, so that the leap day is the last one.
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let (month, year) = if month < 10 { (month + 3, year) } else { (month - 9, year + 1) };
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{:04}{month:02}{date:02}T{hour:02}{minute:02}{second:02}Z", year + era * 400)
}

/// Seconds since 1970 of a time as [`timestamp`] writes it.
pub fn seconds(text: &str) -> Option<u64> {
    let number = |range: std::ops::Range<usize>| {
        let digits = text.get(range).filter(|t| t.bytes().all(|b| b.is_ascii_digit()))?;
        digits.parse::<u64>().ok()
    };
    let form = text.len() == 16 && text.get(8..9) == Some("T") && text.get(15..) == Some("Z");
    let (year, month, day) = (number(0..4)?, number(4..6)?, number(6..8)?);
    let (hour, minute, second) = (number(9..11)?, number(11..13)?, number(13..15)?);
    // Nobody signed before 1970; a second of a minute may be the 61st.
    if !form || year < 1970 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    let clock = hour < 24 && minute < 60 && second <= 60;
    clock.then(|| days.checked_sub(719_468))?.map(|days| days * 86_400 + hour * 3_600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_reserved_is_encoded() {
        assert_eq!(encoded("/a dir/ü~.json".as_bytes(), b"/"), "/a%20dir/%C3%BC~.json");
        assert_eq!(encoded(b"a/b+c=d", b""), "a%2Fb%2Bc%3Dd");
    }

    /// The example of AWS's documentation: `ListUsers` of IAM.
    #[test]
    fn the_documented_example_is_signed_as_documented() {
        let scope = Scope {
            key: "AKIDEXAMPLE",
            secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            region: "us-east-1",
            service: "iam",
            time: "20150830T123600Z",
        };
        let headers = [
            ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
            ("host", "iam.amazonaws.com"),
            ("x-amz-date", "20150830T123600Z"),
        ];
        let header = authorization(&scope, "GET", "/", "Action=ListUsers&Version=2010-05-08", &headers, b"");
        let signature = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
        assert!(header.ends_with(signature), "{header}");
    }

    /// The example of S3's documentation: a part of an object.
    #[test]
    fn so_is_a_part_of_an_object() {
        let scope = Scope {
            key: "AKIAIOSFODNN7EXAMPLE",
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            region: "us-east-1",
            service: "s3",
            time: "20130524T000000Z",
        };
        let nothing = sha256(b"");
        let headers = [
            ("host", "examplebucket.s3.amazonaws.com"),
            ("range", "bytes=0-9"),
            ("x-amz-content-sha256", nothing.as_str()),
            ("x-amz-date", "20130524T000000Z"),
        ];
        let header = authorization(&scope, "GET", "/test.txt", "", &headers, b"");
        let signature = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41";
        assert!(header.ends_with(signature), "{header}");
    }

    #[test]
    fn times_are_written() {
        let at = timestamp;
        assert_eq!(at(1_440_938_160), "20150830T123600Z");
        assert_eq!(at(1_709_164_800), "20240229T000000Z");
        assert_eq!(at(0), "19700101T000000Z");
        for time in [0, 1, 951_782_399, 951_868_800, 1_440_938_160, 1_709_164_800, 4_107_542_399] {
            assert_eq!(seconds(&at(time)), Some(time));
        }
        for wrong in ["", "20150830T123600", "20151330T123600Z", "20150830 123600Z", "2015083+T123600Z"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
