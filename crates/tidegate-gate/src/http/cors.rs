//! Lets the pages that may read an answer read a refusal, too: to all others a browser shows a failed connection.

use hyper::header::{self, HeaderMap, HeaderValue};
use tidegate_graph::contract::Cors;

/// What a refusal tells a browser.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Readers {
    /// Who may read it.
    allowed: Option<HeaderValue>,
    credentials: bool,
}

impl Readers {
    /// What the entry declares for the origin that a request names; `None` where it declares nothing.
    pub(super) fn of(declared: Option<&Cors>, request: &HeaderMap) -> Option<Self> {
        let declared = declared?;
        let mut origins = request.get_all(header::ORIGIN).iter();
        // Two origins are none: which one a browser meant would be a guess.
        let origin = match (origins.next(), origins.next()) {
            (Some(origin), None) => origin.to_str().ok(),
            _ => None,
        };
        let allowed = origin.and_then(|o| declared.allowed(o)).and_then(|o| HeaderValue::from_str(o).ok());
        let credentials = declared.credentials && allowed.as_ref().is_some_and(|o| o != "*");
        Some(Self { allowed, credentials })
    }

    /// Writes it into a response.
    pub(super) fn write(self, response: &mut HeaderMap) {
        if let Some(allowed) = self.allowed {
            response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        }
        if self.credentials {
            response.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        // A cache may not give one origin's answer to another.
        response.insert(header::VARY, HeaderValue::from_static("origin"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(origins: &[&str], credentials: bool, request: &[&str]) -> Vec<String> {
        let cors = Cors { origins: origins.iter().map(ToString::to_string).collect(), credentials };
        let mut headers = HeaderMap::new();
        for origin in request {
            headers.append(header::ORIGIN, HeaderValue::from_str(origin).unwrap());
        }
        let mut response = HeaderMap::new();
        Readers::of(Some(&cors), &headers).unwrap().write(&mut response);
        response.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect()
    }

    #[test]
    fn the_declared_origin_alone_reads_a_refusal() {
        let shop = "https://shop.example";
        let own = format!("access-control-allow-origin: {shop}");
        let with = "access-control-allow-credentials: true".to_string();
        let vary = "vary: origin".to_string();
        assert_eq!(told(&[shop], false, &[shop]), [own.clone(), vary.clone()]);
        assert_eq!(told(&[shop], true, &[shop]), [own, with, vary.clone()]);
        assert_eq!(told(&[shop], true, &["https://evil.example"]), [vary.as_str()]);
        assert_eq!(told(&[shop], true, &[shop, "https://evil.example"]), [vary.as_str()]);
        assert_eq!(told(&[shop], true, &[]), [vary.as_str()]);
        let star = "access-control-allow-origin: *".to_string();
        assert_eq!(told(&["*"], true, &["https://any.example"]), [star, vary]);
        assert_eq!(Readers::of(None, &HeaderMap::new()), None);
    }
}
