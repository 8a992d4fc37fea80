use super::*;
use proptest::prelude::*;

const MOST: usize = 400;

/// What becomes of bytes that come in these pieces, and how many of them go on.
fn verdict<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (&'static str, usize) {
    let mut reader = Reader::new(MOST);
    let mut before = 0;
    for piece in pieces {
        match reader.read(piece) {
            Take::All => before += piece.len(),
            Take::Long(kept) => return ("long", before + kept),
            Take::Broken(kept) => return ("broken", before + kept),
        }
    }
    (if reader.waits_for_head() { "waits" } else { "whole" }, before)
}

fn whole(text: &str) -> &'static str {
    verdict([text.as_bytes()]).0
}

#[test]
fn plain_requests_follow_each_other() {
    for (text, expected) in [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "whole"),
        ("GET / HTTP/1.0\r\n\r\n", "whole"),
        ("GET / HTTP/1.1\r\nHost: a\r\n", "waits"),
        ("GET http://A.example/x?y HTTP/1.1\r\nHost: a.Example\r\n\r\n", "whole"),
        ("GET http://a.example:80/x HTTP/1.1\r\nHost: a.example\r\n\r\n", "whole"),
        ("GET https://a.example HTTP/1.1\r\nHost: a.example:443\r\n\r\n", "whole"),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "whole"),
        ("POST / HTTP/1.1\r\nhost:\ta \r\nCONTENT-LENGTH: 5\r\n\r\na\nb\rcGET / HTTP/1.0\r\n\r\n", "whole"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n\r\nGET / HTTP/1.0\r\n\r\n", "whole"),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n3;x=\"y\"\r\n\n\r\n\r\n0a  \r\n0123456789\r\n0\r\nA: b\r\n\r\nGET / HTTP/1.0\r\n\r\n",
            "whole",
        ),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\n\n\n", "whole"),
    ] {
        assert_eq!(whole(text), expected, "{text:?}");
    }
}

#[test]
fn what_has_two_readings_is_broken() {
    let head = "POST / HTTP/1.1\r\nHost: a\r\n";
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n");
    for text in [
        format!("{head}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n"),
        format!("{head}Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n"),
        format!("{head}Content-Length: 3\r\nContent-Length: 3\r\n\r\n"),
        format!("{head}Content-Length: 3, 3\r\n\r\n"),
        format!("{head}Content-Length: +3\r\n\r\n"),
        format!("{head}Content-Length:\r\n\r\n"),
        format!("{head}Content-Length: 18446744073709551616\r\n\r\n"),
        format!("{head}Transfer-Encoding: gzip, chunked\r\n\r\n"),
        format!("{head}Transfer-Encoding: \x0bchunked\r\n\r\n"),
        format!("{head}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
        format!("{head}Transfer-Encoding : chunked\r\n\r\n"),
        format!("{head}X: a\r\n b\r\n\r\n"),
        format!("{head} X: a\r\n\r\n"),
        format!("{head}X: a\nY: b\r\n\r\n"),
        format!("{head}X: a\rY: b\r\n\r\n"),
        format!("{head}X: a\r\r\n\r\n"),
        format!("{head}X\r\n\r\n"),
        format!("{head}\n"),
        format!("{head}Host: a\r\n\r\n"),
        "GET / HTTP/1.1\r\n\r\n".into(),
        "GET / HTTP/1.1\nHost: a\n\n".into(),
        "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n".into(),
        "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n".into(),
        "GET http://a/ HTTP/1.1\r\nHost: a:443\r\n\r\n".into(),
        "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n".into(),
        "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n".into(),
        "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n".into(),
        "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n".into(),
        "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n".into(),
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n".into(),
        "GET / HTTP/3.0\r\nHost: a\r\n\r\n".into(),
        "GET /\r\n".into(),
        "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n".into(),
        "GET / HTTP/1.0\r\nHost: u@a\r\n\r\n".into(),
        "GET http://a:b/ HTTP/1.0\r\n\r\n".into(),
        "\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".into(),
        "PRI * HTTP/2.0\r\nX: a\r\n\r\n".into(),
        format!("{chunked}0x3\r\nabc\r\n0\r\n\r\n"),
        format!("{chunked}3\nabc\r\n0\r\n\r\n"),
        format!("{chunked}3;a\nabc\r\n0\r\n\r\n"),
        format!("{chunked}3\r\nabcd\r\n0\r\n\r\n"),
        format!("{chunked}10000000000000000\r\n"),
        format!("{chunked}\r\n"),
        format!("{chunked}0\r\nA: b\n\r\n"),
        format!("{chunked}1;{}", "a".repeat(MOST)),
    ] {
        assert_eq!(whole(&text), "broken", "{text:?}");
    }
}

#[test]
fn a_host_is_a_name_or_an_address() {
    for host in
        ["a", "A-1.example.com.", "a_b:8080", "127.0.0.1:1", "[::1]", "[2001:db8::1.2.3.4]:443", "a:0"]
    {
        assert!(is_host(host.as_bytes()), "{host}");
    }
    for host in [
        "",
        ":80",
        "u@a",
        "u:p@a",
        "a/b",
        "a\\b",
        "a?b",
        "a#b",
        "a b",
        "a\tb",
        "a\0",
        "a\x7f",
        "a,b",
        "a%2eb",
        "ä",
        "a:",
        "a:b",
        "a:80:80",
        "a:+1",
        "a:65536",
        "::1",
        "[::1",
        "[]",
        "[a]",
        "[::1]a",
        "[::1]:",
        "[fe80::1%25eth0]",
    ] {
        assert!(!is_host(host.as_bytes()), "{host:?}");
    }
    assert!(!is_host(b"a\xff"));
}

#[test]
fn heads_have_a_bound_and_bodies_have_none_here() {
    let long = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "a".repeat(MOST));
    assert_eq!(verdict([long.as_bytes()]), ("long", MOST));
    assert_eq!(verdict(long.as_bytes().chunks(1)), ("long", MOST));
    let body = format!("POST / HTTP/1.0\r\nContent-Length: 9999\r\n\r\n{}", "\n".repeat(9999));
    assert_eq!(verdict([body.as_bytes()]), ("whole", body.len()));
}

#[test]
fn other_protocols_are_left_alone() {
    let mut reader = Reader::new(MOST);
    assert_eq!(reader.read(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), Take::All);
    reader.step_aside();
    assert_eq!(reader.read(b"\x81\n\n\r\0"), Take::All);
    assert!(!reader.waits_for_head());
}

/// Parts of requests, of which most fit together.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let part = prop::sample::select(vec![
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\n",
        "POST http://a/ HTTP/1.1\r\n",
        "Host: a\r\n",
        "Content-Length: 4\r\n",
        "Content-Length: 4\r\n\r\nab\n\n",
        "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
        "X: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n",
        "5;e\r\n\r\n\r\nb\r\n",
        "0\r\n",
        "\r\n",
        "\n",
        "\r",
        " ",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ]);
    prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn the_verdict_is_the_same_wherever_reads_end(text in text(), cuts in prop::collection::vec(1_usize..40, 1..20)) {
        let uncut = verdict([&*text]);
        prop_assert_eq!(verdict(text.chunks(1)), uncut);
        let mut rest = &*text;
        let mut pieces = Vec::new();
        for cut in cuts.iter().cycle() {
            let (piece, more) = rest.split_at((*cut).min(rest.len()));
            pieces.push(piece);
            rest = more;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(verdict(pieces), uncut);
    }
}
