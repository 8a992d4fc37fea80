//! Lets pages that may read an answer read a refusal.

use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use tidegate_decide::Readers;
use tidegate_graph::contract::Cors;

/// What the entry declares for the origin that a request names.
pub(super) fn readers(declared: &Cors, request: &HeaderMap) -> Readers {
    let origins = request.get_all(header::ORIGIN).iter();
    Readers::of(declared, origins.map(|origin| origin.to_str().unwrap_or_default()))
}

/// Writes it into a response.
pub(super) fn write(readers: &Readers, response: &mut HeaderMap) {
    for (name, value) in readers.headers() {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.insert(HeaderName::from_static(name), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_declared_origin_alone_reads_a_refusal() {
        let shop = "https://shop.example";
        let cors = Cors { origins: vec![shop.to_string()], credentials: true };
        let told = |origins: &[&[u8]]| {
            let mut request = HeaderMap::new();
            for origin in origins {
                request.append(header::ORIGIN, HeaderValue::from_bytes(origin).unwrap());
            }
            let mut response = HeaderMap::new();
            write(&readers(&cors, &request), &mut response);
            response.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect()
        };
        let all: Vec<String> = told(&[shop.as_bytes()]);
        let own = format!("access-control-allow-origin: {shop}");
        assert_eq!(all, [own.as_str(), "access-control-allow-credentials: true", "vary: origin"]);
        // One that can't be read is one, too.
        let others: [&[&[u8]]; 4] =
            [&[], &[b"https://evil.example"], &[shop.as_bytes(), b"\xff"], &[b"\xff"]];
        for other in others {
            assert_eq!(told(other), ["vary: origin"], "{other:?}");
        }
    }
}
