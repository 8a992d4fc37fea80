//! A request as the event that API Gateway would make of it: the decision core reads that, and so do contracts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::HeaderMap;
use tidegate_decide::json;
use tidegate_graph::contract::Edge;

/// What the gate itself knows about a request.
pub(super) struct Known<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
    /// Address of the client.
    pub(super) peer: &'a str,
    /// Subject of the client's certificate, verified.
    pub(super) certificate: Option<&'a str>,
    /// Claims of its token, verified; a JSON object.
    pub(super) claims: Option<&'a str>,
    /// ARN of the principal that signed it, verified.
    pub(super) principal: Option<&'a str>,
    /// ARN of the topic of SNS that sent it, verified.
    pub(super) topic: Option<&'a str>,
}

/// Writes the event to `out`, in payload format 2.0, with the body in it or without. `edge` is what the gate stands for: it is the front door itself,
/// so what the contract says about the door is so.
pub(super) fn write(known: &Known<'_>, edge: Option<&Edge>, body: bool, out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(br#"{"version":"2.0","routeKey":"$default","rawPath":"#);
    string(known.path.as_bytes(), out);
    out.extend_from_slice(br#","rawQueryString":"#);
    string(known.query.as_bytes(), out);
    out.extend_from_slice(br#","headers":{"#);
    let mut last = None;
    for (name, value) in known.headers {
        // The values of one header follow each other.
        if last == Some(name) {
            out.pop();
            out.push(b',');
        } else {
            if last.is_some() {
                out.push(b',');
            }
            // Names of headers hold nothing that has to be escaped.
            out.push(b'"');
            out.extend_from_slice(name.as_str().as_bytes());
            out.extend_from_slice(b"\":\"");
        }
        json::escape(value.as_bytes(), out);
        out.push(b'"');
        last = Some(name);
    }
    out.extend_from_slice(br#"},"requestContext":{"http":{"method":"#);
    string(known.method.as_bytes(), out);
    out.extend_from_slice(br#","path":"#);
    string(known.path.as_bytes(), out);
    out.extend_from_slice(br#","sourceIp":""#);
    out.extend_from_slice(known.peer.as_bytes());
    out.extend_from_slice(b"\"}");
    if let Some(edge) = edge {
        let first = |list: &[String]| list.first().cloned();
        for (key, value) in [("apiId", first(&edge.origin.ids)), ("accountId", first(&edge.origin.accounts))]
        {
            if let Some(value) = value {
                let _ = std::io::Write::write_fmt(out, format_args!(",\"{key}\":"));
                string(value.as_bytes(), out);
            }
        }
        // A pattern fits itself.
        if let Some(arn) = first(&edge.origin.arns) {
            out.extend_from_slice(br#","elb":{"targetGroupArn":"#);
            string(arn.as_bytes(), out);
            out.push(b'}');
        }
    }
    if let Some(subject) = known.certificate {
        out.extend_from_slice(br#","authentication":{"clientCert":{"subjectDN":"#);
        string(subject.as_bytes(), out);
        out.extend_from_slice(b"}}");
    }
    if known.claims.is_some() || known.principal.is_some() || known.topic.is_some() {
        out.extend_from_slice(br#","authorizer":"#);
        let mut before = b'{';
        if let Some(claims) = known.claims {
            out.push(before);
            out.extend_from_slice(br#""jwt":{"claims":"#);
            out.extend_from_slice(claims.as_bytes());
            out.push(b'}');
            before = b',';
        }
        for (who, key) in [(known.principal, r#""iam":{"userArn":"#), (known.topic, r#""sns":{"topicArn":"#)]
        {
            let Some(who) = who else { continue };
            out.push(before);
            out.extend_from_slice(key.as_bytes());
            string(who.as_bytes(), out);
            out.push(b'}');
            before = b',';
        }
        out.push(b'}');
    }
    out.push(b'}');
    if body && !known.body.is_empty() {
        out.extend_from_slice(br#","body":"#);
        match std::str::from_utf8(known.body) {
            Ok(text) => {
                string(text.as_bytes(), out);
                out.extend_from_slice(br#","isBase64Encoded":false"#);
            }
            Err(_) => {
                out.push(b'"');
                out.extend_from_slice(STANDARD.encode(known.body).as_bytes());
                out.extend_from_slice(br#"","isBase64Encoded":true"#);
            }
        }
    }
    out.push(b'}');
}

/// Writes `text` as a JSON string. Bytes that are no UTF-8 stay what they are: the decision core says so.
fn string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    json::escape(text, out);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    #[test]
    fn the_event_says_what_the_request_says() {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        headers.append("x-two", HeaderValue::from_static("a\"b"));
        headers.append("x-two", HeaderValue::from_static("c"));
        let mut known = Known {
            method: "POST",
            path: "/a%20b",
            query: "q=1\\",
            headers: &headers,
            body: b"{\"note\":\"line\\nbreak\"}\r\n\x01",
            peer: "192.0.2.1",
            certificate: Some("CN=a"),
            principal: None,
            topic: Some("arn:aws:sns:eu-west-1:1:t"),
            claims: Some(r#"{"iss":"x"}"#),
        };
        let mut out = Vec::new();
        write(&known, None, true, &mut out);
        let event: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(event["rawPath"], "/a%20b");
        assert_eq!(event["rawQueryString"], "q=1\\");
        assert_eq!(event["headers"]["x-two"], "a\"b,c");
        assert_eq!(event["body"], "{\"note\":\"line\\nbreak\"}\r\n\u{1}");
        assert_eq!(event["requestContext"]["http"]["sourceIp"], "192.0.2.1");
        assert_eq!(event["requestContext"]["authentication"]["clientCert"]["subjectDN"], "CN=a");
        assert_eq!(event["requestContext"]["authorizer"]["jwt"]["claims"]["iss"], "x");
        assert_eq!(event["requestContext"]["authorizer"]["sns"]["topicArn"], "arn:aws:sns:eu-west-1:1:t");
        known.body = b"\xff\x00";
        write(&known, None, true, &mut out);
        let event: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&"/wA=".into(), &true.into()));
    }
}
