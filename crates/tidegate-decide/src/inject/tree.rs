//! What only the keys of a document give away: operators of a query, ways to a prototype.

use super::Hit;
use crate::decision::Class;
use crate::json::{Item, Kind};

/// Operators that turn a value into a condition, and code. Names of JSON Schema (`$ref`, `$id` ...) are none.
const OPERATORS: &[&[u8]] = &[
    b"$ne",
    b"$eq",
    b"$gt",
    b"$gte",
    b"$lt",
    b"$lte",
    b"$in",
    b"$nin",
    b"$or",
    b"$and",
    b"$nor",
    b"$not",
    b"$exists",
    b"$regex",
    b"$where",
    b"$expr",
    b"$function",
    b"$accumulator",
    b"$elemmatch",
    b"$mod",
    b"$all",
    b"$lookup",
    b"$out",
    b"$merge",
    b"$jsonschema",
];

/// Classes of Java that nobody sends as data.
const BUILT: &[&[u8]] =
    &[b"java.net.InetAddress", b"java.net.Inet4Address", b"java.lang.AutoCloseable", b"java.lang.Class"];

/// Packages of Java whose classes act when they are built, and that no event is made of.
const GADGETS: &[&[u8]] = &[
    b"org.apache.xbean.",
    b"org.apache.commons.configuration.",
    b"org.springframework.beans.",
    b"org.springframework.context.support.",
    b"com.sun.rowset.",
    b"com.mchange.v2.",
    b"javax.naming.",
    b"javax.management.",
    b"ch.qos.logback.core.db.",
];

/// One pass over the nodes of a document.
pub(super) fn keys<'a>(root: Item<'a>, hits: &mut Vec<(Item<'a>, Hit)>) {
    for item in root.nodes() {
        if item.is_key() {
            if let Some(hit) = judge(item, item.at(item.index() + 1)) {
                hits.push((item, hit));
            }
        } else if item.kind() == Kind::Array {
            // A path that is walked key by key.
            let names = || item.items().map(|i| i.plain().unwrap_or_default());
            let walked =
                names().zip(names().skip(1)).any(|pair| pair == (&b"constructor"[..], &b"prototype"[..]));
            if walked {
                let why = "a path that reaches the prototype through the constructor";
                let hit = Hit { class: Class::PrototypePollution, at: item.offset(), why: why.into() };
                hits.push((item, hit));
            }
        }
    }
}

fn judge(key: Item<'_>, value: Item<'_>) -> Option<Hit> {
    // What the names below begin with; most keys end here.
    if !matches!(key.raw().first(), Some(b'_' | b'c' | b'p' | b'$' | b'^' | b'@')) && !key.is_escaped() {
        return None;
    }
    let hit = |class, why: &'static str| Some(Hit { class, at: key.offset(), why: why.into() });
    if key.is_text("__proto__") {
        return hit(Class::PrototypePollution, "a key that reaches the prototype of every object");
    }
    if key.is_text("constructor") && value.kind() == Kind::Object && value.field("prototype").is_some() {
        return hit(Class::PrototypePollution, "keys that reach the prototype through the constructor");
    }
    let name = key.raw();
    // As programs of Python merge a document into an object.
    if matches!(name, b"__class__" | b"__init__" | b"__globals__" | b"__base__")
        && value.kind() == Kind::Object
    {
        return hit(
            Class::PrototypePollution,
            "a key that reaches the class of an object and what belongs to it",
        );
    }
    let accessors = [&b"__defineGetter__"[..], b"__defineSetter__", b"__lookupGetter__", b"__lookupSetter__"];
    if accessors.contains(&name) {
        return hit(Class::PrototypePollution, "a key that replaces a method which every object has");
    }
    // Patterns of a schema begin so, too, and hold objects.
    if matches!(name, b"^o" | b"^c" | b"^O") && value.plain().is_some() {
        return hit(Class::Deserialisation, "a key by which Ruby's Oj builds an object of any class");
    }
    if name == b"$type"
        && value.plain().is_some_and(|class| class.starts_with(b"System.Diagnostics.Process,"))
    {
        return hit(Class::Deserialisation, "a class that starts a program when it is told to");
    }
    let built =
        |class: &[u8]| BUILT.contains(&class) || GADGETS.iter().any(|package| class.starts_with(package));
    if matches!(name, b"@type" | b"@class") && value.plain().is_some_and(built) {
        return hit(Class::Deserialisation, "a class that connects or hides another when it is built");
    }
    if [&b"py/object"[..], b"py/reduce", b"py/function", b"py/newargs"].contains(&name)
        || name == b"__class__" && value.plain().is_some_and(|v| v.contains(&b'.'))
    {
        return hit(Class::Deserialisation, "a key that has an object built when it is read");
    }
    if name.first() == Some(&b'$') || key.is_escaped() {
        let lower = name.to_ascii_lowercase();
        // Serialisers write `$type` too, with a name; a query compares with a number.
        if matches!(&lower[..], b"$type" | b"$size") && value.kind() == Kind::Number {
            return hit(Class::NoSql, "a query operator as a key, where a plain value belongs");
        }
        if OPERATORS.contains(&&lower[..])
            || OPERATORS.iter().any(|o| std::str::from_utf8(o).is_ok_and(|o| key.is_text(o)))
        {
            return hit(Class::NoSql, "a query operator as a key, where a plain value belongs");
        }
    }
    None
}
