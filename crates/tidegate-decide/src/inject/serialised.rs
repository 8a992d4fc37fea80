//! Serialised objects: would reading the text build objects of the sender's choice, and run what they do when built?

use super::marks::{self, Group};
use super::{Hit, Text, prose};
use crate::decision::Class;
use crate::decode::base64;

pub(super) fn detect(text: &Text<'_>) -> Option<Hit> {
    let hit = |at: usize, why: &'static str| Some(Hit { class: Class::Deserialisation, at, why: why.into() });
    let raw = text.raw.trim_ascii();
    for (prefix, why) in STARTS {
        if raw.starts_with(prefix) && raw.len() >= prefix.len() + 4 && !raw.contains(&b' ') {
            return hit(0, why);
        }
    }
    if raw.starts_with(b"gAN") || raw.starts_with(b"gAJ") {
        let mut object = Vec::new();
        // A pickle ends with a full stop.
        if base64::decode(raw, &mut object) && object.ends_with(b".") {
            return hit(0, "a pickle");
        }
    }
    if raw.starts_with(b"/wE") && !raw.contains(&b' ') && is_view_state(raw) {
        return hit(0, "an object of .NET's BinaryFormatter in the state of a page");
    }
    if let Some(at) = Some(raw).filter(|_| text.bytes.has(b'"') && text.bytes.has(b':')).and_then(php) {
        return hit(at, "an object as PHP serialises it");
    }
    if text.bytes.has(b'\n') && text.bytes.has(b'c') && is_pickle(raw) {
        return hit(0, "a pickle that calls something when it is read");
    }
    if !text.marks.has(Group::Objects64) {
        return None;
    }
    // In a sentence a class is spoken of; what stands there by itself, or as the value of something, is built.
    let talk = text.bytes.has(b' ') && text.lower.len() <= 2048 && prose::is_told(text.raw);
    let (at, word) = marks::find(text.lower, 0, Group::Objects64).find(|(at, word)| {
        let plain = word.first().is_some_and(u8::is_ascii_alphabetic);
        let before = at.checked_sub(1).and_then(|at| text.lower.get(at));
        !(talk && plain && before.is_none_or(|b| matches!(b, b' ' | b'\n' | b'`' | b'(')))
    })?;
    let why = match word {
        b"_$$nd_func$$_" => "a function as node-serialize has it",
        [b'!', ..] => "a YAML tag that builds an object",
        [b'"' | b'<', ..] => "an object that a reader builds as it was told",
        _ => "a class that acts when it is built",
    };
    hit(at, why)
}

/// A state that holds what BinaryFormatter begins with, at any of the three places that Base64 may give it.
fn is_view_state(raw: &[u8]) -> bool {
    [&b"AAEAAAD/////"[..], b"AAQAAAP////8", b"ABAAAA/////w"]
        .iter()
        .any(|head| memchr::memmem::find(raw, head).is_some())
}

/// The same beginnings as bytes, in what a carrier held.
pub(super) fn binary(bytes: &[u8]) -> Option<Hit> {
    let why = match bytes {
        [0xac, 0xed, 0, 5, ..] => "an object as Java serialises it",
        [0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, ..] => "an object as .NET's BinaryFormatter serialises it",
        // An object, or one within a list: its class is a symbol.
        [4, 8, b'o' | b'U' | b'e', b':', ..] => "an object as Ruby marshals it",
        [4, 8, b'[' | b'{' | b'I' | b'c', rest @ ..]
            if [&b"o:"[..], b"U:", b"e:", b"c\x08Gem", b"c\x15Gem"]
                .iter()
                .any(|mark| memchr::memmem::find(rest, mark).is_some()) =>
        {
            "an object as Ruby marshals it"
        }
        // Opcodes: a protocol first, a stop last, and a global or a call between.
        [0x80, 2..=5, rest @ .., b'.'] if rest.iter().any(|b| matches!(b, b'R' | b'c' | 0x93 | 0x81)) => {
            "a pickle that calls something"
        }
        _ => return None,
    };
    Some(Hit { class: Class::Deserialisation, at: 0, why: why.into() })
}

/// Beginnings in Base64 or hexadecimal, where the object's own bytes can't be seen.
const STARTS: &[(&[u8], &str)] = &[
    (b"rO0AB", "an object as Java serialises it"),
    (b"aced0005", "an object as Java serialises it"),
    (b"ACED0005", "an object as Java serialises it"),
    (b"AAEAAAD/////", "an object as .NET's BinaryFormatter serialises it"),
    (b"gASV", "a pickle"),
    (b"BAhvO", "an object as Ruby marshals it"),
];

pub(super) const WORDS: &[&[u8]] = &[
    b"_$$nd_func$$_",
    b"autodeserialize=true",
    b"init=runscript",
    b"clientrerouteserverlistjndiname",
    b"!!python/",
    b"!python/name:",
    b"!python/object",
    b"!python/module:",
    b"!!js/function",
    b"!!javax.",
    b"!!java.",
    b"!!com.",
    b"!!org.",
    b"!ruby/object",
    b"!ruby/hash",
    b"com.sun.rowset.",
    b"jdbcrowsetimpl",
    b"classpathxmlapplicationcontext",
    b"objectdataprovider",
    b"java.beans.xmldecoder",
    b"<dynamic-proxy>",
    b"java.beans.eventhandler",
    b"java.lang.processbuilder",
    b"\"py/object\"",
    b"\"py/reduce\"",
    b"templatesimpl",
    b"subprocess.popen",
    b"org.apache.commons.collections",
];

/// `O:8:"stdClass":1:{`, `C:11:"ArrayObject":37:{`, also with a sign and within an array.
fn php(raw: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(raw, b":\"").find_map(|colon| {
        let before = raw.get(..colon)?;
        let digits = before.iter().rev().take(8).take_while(|b| b.is_ascii_digit()).count();
        let head = before.get(..before.len() - digits)?;
        let head = head.strip_suffix(b"+").unwrap_or(head);
        let head = head.strip_suffix(b":")?;
        let kind = *head.last()?;
        let starts = head.len() == 1 || matches!(head.get(head.len() - 2), Some(b'{' | b';' | b'|' | b'}'));
        if !matches!(kind, b'O' | b'C') || digits == 0 || !starts {
            return None;
        }
        let name = raw.get(colon + 2..)?;
        let end = memchr::memchr(b'"', name.get(..256).unwrap_or(name))?;
        let opens = matches!(name.get(end + 1..), Some([b':', b'0'..=b'9', ..]));
        (opens && name.iter().take(end).all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'\\')))
            .then_some(head.len() - 1)
    })
}

/// Protocol 0: `cposix\nsystem\n`, and a call at the end.
fn is_pickle(raw: &[u8]) -> bool {
    let ends = raw.ends_with(b".")
        && (memchr::memmem::find(raw, b"tR").is_some()
            || memchr::memmem::find(raw, b"\nR").is_some()
            || memchr::memmem::find(raw, b"\ntp").is_some());
    let lines = || raw.split(|b| *b == b'\n');
    let imports = || {
        lines().any(|l| match l {
            b"csubprocess" | b"cos" | b"cposix" | b"cnt" | b"c__builtin__" | b"cbuiltins" => true,
            _ => {
                l.len() < 16 && (l.ends_with(b"csubprocess") || l.ends_with(b"cbuiltins"))
                    || l.ends_with(b"\x8c\x05posix")
            }
        })
    };
    if !ends && !imports() {
        return false;
    }
    let name = |line: &[u8]| {
        !line.is_empty()
            && line.len() < 64
            && line.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'))
    };
    lines().zip(lines().skip(1)).any(|(a, b)| {
        let module = a.strip_prefix(b"c").or_else(|| {
            memchr::memrchr(b'c', a).filter(|_| a.starts_with(b"(")).and_then(|at| a.get(at + 1..))
        });
        module.is_some_and(name) && name(b)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inject::sample;

    #[test]
    fn objects_of_many_languages() {
        for text in [
            "rO0ABXQABGNhbGM=",
            "O:8:\"stdClass\":1:{s:1:\"a\";i:1;}",
            "a:1:{i:0;O:10:\"LogHandler\":1:{}}",
            "O:+7:\"Session\":1:{}",
            "cos\nsystem\n(S'id'\ntR.",
            "{\"a\":\"_$$ND_FUNC$$_function(){}()\"}",
            "!!python/object/apply:os.system [\"id\"]",
            "(dp0\nS'a'\np1\ncnt\nsystem\n(S'dir'\ntRs.",
            "BAhvOhVHZW06OlJlcXVpcmVtZW50",
            "/wEyxBEAAQAAAP////8BAAAAAAAAAAwCAAAA",
            "!!js/function 'function(){return 1}'",
            "!python/name:os.system",
        ] {
            assert!(sample(detect, text), "{text}");
        }
    }

    #[test]
    fn data_and_prose() {
        for text in [
            "a:1, b:2, c:3",
            "O: 8 pieces; s: 4 pieces",
            "s:12 is the size code of \"Runner\"",
            "VGhlIG9yZGVyIGhhcw==",
            "Role: !GetAtt Role.Arn",
            "tags: !!set {red}",
            "pickle jars\ncos lettuce\nand more",
            "ROOABC-17",
            "price:\"5\"",
            "can you\ncome to us\nplease.",
            "/wEPDwUKMTIzNDU2Nzg5MGRk",
        ] {
            assert!(!sample(detect, text), "{text}");
        }
    }
}
