use super::*;
use crate::inject::{sample, sample_for};

/// Too little by itself; enough where a schema has an address that will be fetched.
#[test]
fn addresses_that_websites_do_not_have() {
    for text in [
        "http://redis:6379/",
        "http://shop.example.com@evil.example/",
        "ftp://files.example.org/a",
        "http://224.0.0.1/",
    ] {
        assert!(!sample(detect, text) && sample_for(detect, text, Class::Ssrf), "{text}");
    }
    for text in ["https://www.example.com/catalog?id=17", "http://shop.example.com:8080/", "a // b"] {
        assert!(!sample_for(detect, text, Class::Ssrf), "{text}");
    }
}

#[test]
fn addresses_inside() {
    for text in [
        "http://169.254.169.254/latest/",
        "http://2852039166/x",
        "http://0xa9fea9fe/",
        "http://0251.0376.0251.0376/",
        "http://[::ffff:169.254.169.254]/x",
        "http://127.1:8080/",
        "http://localhost:9001/x",
        "gopher://a:6379/_x",
        "http://shop.example.com@169.254.169.254/",
        "https://kubernetes.default.svc/api",
        "http://169.254.169.254.nip.io/",
        "jar:http://127.0.0.1!/x.class",
        "image=http://10.0.0.1/l",
        "file:///var/task/app.py",
        "http://[::1]:9200/",
        "http://168.63.129.16/machine",
        "http://192.0.0.192/latest/",
        "http:\\\\169.254.169.254\\latest",
        "http:///127.0.0.1/",
        "///127.0.0.1/",
        "////localhost/x",
        "///169.254.169.254/latest",
        "sftp://a.example.com:11111/",
        "sftp://127.0.0.1/x",
        "sftp://10.0.0.1/x/y",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[2002:a9fe:a9fe::]/",
        "http://100.64.0.1/",
        "http://make-127.0.0.1-rebind.rbndr.us/",
        "http://consul.service.consul:8500/",
        "169.254.169.254/latest/meta-data",
        "http://evil.example\\@169.254.169.254/",
        "http://evil.example#@169.254.169.254/",
        "http://sandbox.localdomain:9001/",
        "http://425.510.425.510/",
        "unix:///var/run/docker.sock",
        "<img src=\"http://10.0.0.1/a\" alt=\"two words\">",
        "What is http://169.254.169.254/latest for?",
    ] {
        assert!(sample(detect, text), "{text}");
    }
}

#[test]
fn addresses_outside() {
    for text in [
        "https://www.example.com/catalog?id=17",
        "http://shop.example.com:8080/status",
        "https://203.0.113.80/x",
        "the printer has 198.51.100.20",
        "//TODO: ask",
        "https://example.com/meta-data-of-photos",
        "https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html",
        "a // b",
        "sftp://deploy@files.example.com/incoming/a.csv",
        "sftp://files.example.com:22/a",
        "/// 127.0.0.1 is the machine",
        "///www.example.com/",
        "////",
        "http://1/",
        "https://user.example.com/latest/news",
        "http://localhost:3000 doesn't load for me",
        "http://192.168.1.1 is my router's address",
        "My dev server runs at http://127.0.0.1:8080/",
        "file:///C:/Users/ann/a.pdf doesn't open",
        "unix:///var/run/docker.sock is refused, why?",
        "http:\\\\www.example.com",
        "http://[64:ff9b::cb00:7150]/",
    ] {
        assert_eq!(sample(detect, text), text == "http://1/", "{text}");
    }
}
