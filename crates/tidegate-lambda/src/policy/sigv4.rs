//! AWS's Signature Version 4 for a request without a body.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// The SHA-256 of nothing, which is what such a request carries.
pub(super) const NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Whose signature it is, and for what.
pub(super) struct Scope<'a> {
    pub(super) key: &'a str,
    pub(super) secret: &'a str,
    pub(super) region: &'a str,
    /// As [`timestamp`] writes it.
    pub(super) time: &'a str,
}

/// The value of `Authorization` for S3. The names of `headers` are lower case, in order, and signed all.
pub(super) fn authorization(
    scope: &Scope<'_>,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Option<String> {
    let date = scope.time.get(..8)?;
    let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let mut canonical = format!("{method}\n{path}\n\n");
    for (name, value) in headers {
        let _ = writeln!(canonical, "{name}:{}", value.trim());
    }
    let _ = write!(canonical, "\n{names}\n{NOTHING}");
    let place = format!("{date}/{}/s3/aws4_request", scope.region);
    let text = format!("AWS4-HMAC-SHA256\n{}\n{place}\n{}", scope.time, hex(&Sha256::digest(canonical)));
    let first = format!("AWS4{}", scope.secret).into_bytes();
    let parts = [date, scope.region, "s3", "aws4_request"];
    let key = parts.into_iter().try_fold(first, |key, part| mac(&key, part))?;
    let signature = hex(&mac(&key, &text)?);
    Some(format!(
        "AWS4-HMAC-SHA256 Credential={}/{place}, SignedHeaders={names}, Signature={signature}",
        scope.key
    ))
}

fn mac(key: &[u8], text: &str) -> Option<Vec<u8>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(text.as_bytes());
    Some(mac.finalize().into_bytes().to_vec())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// Seconds since 1970 as signatures write a time: `20150830T123600Z`.
pub(super) fn timestamp(seconds: u64) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of S3's documentation: a part of an object.
    #[test]
    fn the_documented_example_is_signed_as_documented() {
        let scope = Scope {
            key: "AKIAIOSFODNN7EXAMPLE",
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            region: "us-east-1",
            time: "20130524T000000Z",
        };
        let headers = [
            ("host", "examplebucket.s3.amazonaws.com"),
            ("range", "bytes=0-9"),
            ("x-amz-content-sha256", NOTHING),
            ("x-amz-date", "20130524T000000Z"),
        ];
        let header = authorization(&scope, "GET", "/test.txt", &headers).unwrap();
        let signature = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41";
        assert!(header.ends_with(signature), "{header}");
    }

    #[test]
    fn times_are_written() {
        assert_eq!(timestamp(1_440_938_160), "20150830T123600Z");
        assert_eq!(timestamp(1_709_164_800), "20240229T000000Z");
        assert_eq!(timestamp(0), "19700101T000000Z");
    }
}
