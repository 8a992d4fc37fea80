//! Templates and expressions: would an engine compute something that the application did not write?
//!
//! `{{ name }}` is a placeholder, and people send plenty of them. Computing, calling, reaching for the inside of the
//! engine, assigning and importing are not placeholders. Look-ups (`${jndi:...}`) are judged with their nesting resolved.

use super::marks::{self, Ahead, Cursor, Group};
use super::{ByteSet, Hit, Text};
use crate::decision::Class;

pub(super) fn detect(text: &Text<'_>) -> Option<Hit> {
    const NEEDED: ByteSet = ByteSet::from_list(b"{<#@(");
    if !text.bytes.intersects(NEEDED) {
        return loader(text);
    }
    lookup(text)
        .or_else(|| inside(text))
        .or_else(|| words(text))
        .or_else(|| loader(text))
        .or_else(|| probe(text))
}

fn hit(class: Class, at: usize, why: &'static str) -> Option<Hit> {
    Some(Hit { class, at, why: why.into() })
}

/// `${jndi:...}` and its like, however it is pieced together.
fn lookup(text: &Text<'_>) -> Option<Hit> {
    if !text.bytes.has(b'$') {
        return None;
    }
    let lower = text.lower;
    // Whoever takes the escapes off has a look-up before him.
    if text.bytes.has(b'\\')
        && let Some(at) = memchr::memmem::find(lower, b"$\\{jndi:")
        && lower.get(at + 8).is_some_and(u8::is_ascii_alphabetic)
    {
        return hit(Class::ExpressionLanguage, at, "a look-up that connects, written with escapes");
    }
    for at in memchr::memmem::find_iter(lower, b"${") {
        let name = lower.get(at + 2..).unwrap_or_default();
        if matches!(name.first(), Some(b'j' | b's' | b'u' | b'd' | b'b' | b'e' | b'c' | b'f' | b'p' | b'x'))
            && looks_up(name)
        {
            return hit(Class::ExpressionLanguage, at, "a look-up that connects, runs or reads");
        }
        // Whatever stands further on can't change how the name begins.
        let nested = name.get(..LONGEST_LOOKUP).unwrap_or(name).windows(2).position(|pair| pair == b"${");
        let Some(nested) = nested else { continue };
        if !text.spend(200) {
            return None;
        }
        let near = lower.get(at..).unwrap_or_default();
        let near = near.get(..512).unwrap_or(near);
        if !near.contains(&b'}') {
            continue;
        }
        if !text.spend(2000) {
            return None;
        }
        let resolved = resolve(near);
        let resolved = resolved.strip_prefix(b"${").unwrap_or(&resolved);
        if looks_up(resolved) {
            return hit(Class::ExpressionLanguage, at, "a look-up that connects, runs or reads");
        }
        // A look-up within the name of a look-up serves only to hide it.
        if nested < 4
            && (memchr::memmem::find(near, b":-").is_some()
                || memchr::memmem::find(near, b"${lower:").is_some()
                || memchr::memmem::find(near, b"${upper:").is_some())
            && memchr::memmem::find(near, b"://").is_some()
        {
            return hit(Class::ExpressionLanguage, at, "a look-up pieced together from look-ups");
        }
    }
    None
}

/// A look-up that acts, with something to look up behind its name.
fn looks_up(name: &[u8]) -> bool {
    let Some(prefix) = LOOKUPS.iter().find(|prefix| name.starts_with(prefix)) else { return false };
    let key = name.get(prefix.len()..).unwrap_or_default();
    match *prefix {
        b"base64:" => {
            key.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/')).count() >= 8
        }
        b"ctx:" | b"docker:" | b"bundle:" => {
            let length = key
                .iter()
                .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b':' | b'_'))
                .count();
            length > 0 && key.get(length) == Some(&b'}')
        }
        // `${jndi:...}` is how people write about it.
        _ => !key.starts_with(b"..."),
    }
}

/// No other letters than those above begin one.
const LOOKUPS: &[&[u8]] = &[
    b"jndi:",
    b"base64:",
    b"ctx:",
    b"docker:",
    b"bundle:",
    b"script:j",
    b"file:utf",
    b"properties:/",
    b"xml:/",
    b"const:java",
    b"url:utf",
    b"dns:",
    b"base64decoder:",
    b"env:aws_",
    b"sys:java",
];

/// The longest of them, and half a mark behind it.
const LONGEST_LOOKUP: usize = 18;

/// The text with inner look-ups replaced by what they give: `${lower:j}` by `j`, `${env:x:-n}` by `n`.
fn resolve(text: &[u8]) -> Vec<u8> {
    let mut current = text.to_vec();
    for _ in 0..8 {
        let Some(open) = memchr::memmem::rfind(&current, b"${").filter(|at| *at > 0) else { break };
        let Some(close) = memchr::memchr(b'}', current.get(open..).unwrap_or_default()) else { break };
        let body = current.get(open + 2..open + close).unwrap_or_default();
        let value = match memchr::memmem::find(body, b":-") {
            Some(at) => body.get(at + 2..),
            None => memchr::memchr(b':', body).and_then(|at| body.get(at + 1..)),
        };
        let value: Vec<u8> =
            value.unwrap_or_default().iter().copied().filter(|b| !matches!(b, b'\'' | b'"')).collect();
        current.splice(open..=open + close, value);
    }
    current
}

/// What stands between the marks of an engine.
fn inside(text: &Text<'_>) -> Option<Hit> {
    let lower = text.lower;
    for (open, close, class) in MARKS {
        if !open.iter().chain(close.iter()).all(|b| text.bytes.has(*b)) {
            continue;
        }
        let mut ends = Ahead::new(close);
        let [mut inner, mut calls, mut names] =
            [Group::Inner, Group::Calls, Group::Named].map(|group| Cursor::new(group, text.marks));
        for at in memchr::memmem::find_iter(lower, open) {
            let start = at + open.len();
            let Some(end) = ends.from(lower, start) else { break };
            if end - start + close.len() > 2048 {
                continue;
            }
            let body = lower.get(start..end).unwrap_or_default();
            if let Some(why) = acts(text, body, open) {
                return hit(*class, at, why);
            }
            let braces = *open == b"{";
            // In braces alone a computation is a set in prose, and a probe when it is all there is.
            let computed = body.strip_prefix(b"#").unwrap_or(body);
            if braces && at <= 2 && end + 1 == lower.len() && computes(text, computed) {
                return hit(*class, at, "a template that computes");
            }
            if inner.within(lower, start, end)
                && text.spend(body.len())
                && (!braces || body.contains(&b'(') && !body.contains(&b'\n'))
            {
                return hit(*class, at, "a template that reaches into the engine or the system");
            }
            if !braces && calls.within(lower, start, end) {
                return hit(*class, at, "a template that calls");
            }
            if !braces
                && body.contains(&b'(')
                && names.within(lower, start, end)
                && names_a_program(text, body)
            {
                return hit(*class, at, "a template that hands on the name of a program");
            }
        }
    }
    None
}

/// `'system'`, `"exec"`: the name of a program as a string of its own, in a call.
fn names_a_program(text: &Text<'_>, body: &[u8]) -> bool {
    text.spend(body.len())
        && marks::find(body, 0, Group::Named).any(|(at, name)| {
            let opened = at.checked_sub(1).and_then(|i| body.get(i));
            matches!(opened, Some(b'\'' | b'"')) && body.get(at + name.len()) == opened
        })
}

/// A template and nothing else, by which somebody sees whether there is an engine: its own settings, a computation that
/// isn't closed, a constant that is set and shown.
fn probe(text: &Text<'_>) -> Option<Hit> {
    let whole = text.lower.trim_ascii();
    if whole.len() > 64 {
        return None;
    }
    if let Some(body) = whole.strip_prefix(b"{{") {
        let closed = body.strip_suffix(b"}}");
        let own =
            [&b"config"[..], b"self", b"_self", b"_context", b"request", b"url_for", b"get_flashed_messages"];
        if closed.is_some_and(|body| own.contains(&body.trim_ascii())) {
            return hit(Class::Template, 0, "a template that shows what belongs to the engine");
        }
        if closed.is_none() && computes(text, body.trim_ascii()) {
            return hit(Class::Template, 0, "a template that computes");
        }
    }
    if let Some(call) = whole.strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"}"))
        && RUNS.iter().any(|name| {
            matches!(call.strip_prefix(*name), Some([b'(', b'\'' | b'"', rest @ ..]) if rest.ends_with(b")") && !rest.contains(&b';'))
        })
    {
        return hit(Class::Template, 0, "a template that calls");
    }
    // `@{ var x = ...; }`, a block of Razor: what PowerShell writes so has no declarations.
    if let Some(block) = whole.strip_prefix(b"@{").and_then(|rest| rest.strip_suffix(b"}"))
        && [&b"var "[..], b"string ", b"int ", b"dynamic "]
            .iter()
            .any(|word| block.trim_ascii_start().starts_with(word))
        && block.contains(&b'=')
        && block.contains(&b';')
    {
        return hit(Class::Template, 0, "a template that declares");
    }
    let (set, shown) = whole.strip_prefix(b"{%").and_then(|rest| {
        let end = memchr::memmem::find(rest, b"%}")?;
        Some((rest.get(..end)?.trim_ascii().strip_prefix(b"set ")?, rest.get(end + 2..)?.trim_ascii()))
    })?;
    let name = set.split(|b| *b == b'=').next()?.trim_ascii();
    let shown = shown.strip_prefix(b"{{")?.strip_suffix(b"}}")?;
    let shows = !name.is_empty() && shown.trim_ascii() == name;
    shows.then(|| hit(Class::Template, 0, "a template that sets something and shows it"))?
}

/// Functions of PHP that run or read, which Smarty lets a template call.
const RUNS: &[&[u8]] = &[
    b"exec",
    b"shell_exec",
    b"passthru",
    b"popen",
    b"proc_open",
    b"readfile",
    b"file_get_contents",
    b"show_source",
];

const MARKS: &[(&[u8], &[u8], Class)] = &[
    (b"{{", b"}}", Class::Template),
    (b"{%", b"%}", Class::Template),
    (b"<%", b"%>", Class::Template),
    (b"[[${", b"}]]", Class::Template),
    (b"${", b"}", Class::Template),
    (b"#{", b"}", Class::Template),
    (b"*{", b"}", Class::Template),
    (b"%{", b"}", Class::ExpressionLanguage),
    (b"@(", b")", Class::Template),
    (b"{", b"}", Class::Template),
];

/// True for what no placeholder holds.
fn acts(text: &Text<'_>, body: &[u8], open: &[u8]) -> Option<&'static str> {
    let body = body.strip_prefix(b"=").unwrap_or(body).trim_ascii_start();
    if open != b"{" && computes(text, body) {
        return Some("a template that computes");
    }
    if body.starts_with(b"import ")
        || body.starts_with(b"php")
        || body.starts_with(b"debug")
            && text.spend(body.len())
            && (body.trim_ascii_end() == b"debug" || body.starts_with(b"debug ") && open == b"{%")
    {
        return Some("a template that imports or dumps");
    }
    if open == b"{{" {
        // Everything that the template was given, and not a field of it.
        let dumps = body.strip_prefix(b"printf ").map(<[u8]>::trim_ascii_end);
        if dumps.is_some_and(|rest| {
            rest.starts_with(b"\"%") && (rest.ends_with(b"\" .") || rest.ends_with(b"\" $"))
        }) {
            return Some("a template that shows all it was given");
        }
        // A constant has nothing to open, but methods.
        if matches!(body.strip_prefix(b"#with "), Some([b'"' | b'\'', ..])) {
            return Some("a template that takes a constant for its methods");
        }
    }
    if open == b"{%" {
        if let Some(shown) = body.strip_prefix(b"print")
            && computes(text, shown.trim_ascii())
        {
            return Some("a template that computes");
        }
        // Parts of a page stand beside it, not in folders of the system.
        let part = [&b"include"[..], b"import", b"extends", b"source"]
            .iter()
            .find_map(|tag| body.strip_prefix(*tag));
        if let Some([b'\'' | b'"', path @ ..]) = part.map(<[u8]>::trim_ascii_start)
            && [&b"/etc/"[..], b"/proc/", b"/root", b"/var/", b"file:"]
                .iter()
                .any(|place| path.starts_with(place))
        {
            return Some("a template that includes a file of the machine");
        }
    }
    None
}

/// `7*7`, `7*'7'`, `1+1`: constants computed, which serves only to see whether somebody computes.
fn computes(text: &Text<'_>, body: &[u8]) -> bool {
    if !body.first().is_some_and(|b| b.is_ascii_digit() || matches!(b, b'\'' | b'"' | b'(')) {
        return false;
    }
    if !text.spend(body.len()) {
        return false;
    }
    let body = body.trim_ascii_end();
    let part = |b: &u8| {
        b.is_ascii_digit()
            || matches!(b, b'*' | b'+' | b'-' | b'/' | b'%' | b' ' | b'\'' | b'"' | b'(' | b')' | b'.')
    };
    let length = body.iter().take_while(|b| part(b)).count();
    if length < body.len() {
        return false;
    }
    let operator = body.iter().skip(1).any(|b| matches!(b, b'*' | b'+' | b'/' | b'%' | b'-'));
    operator && body.iter().filter(|b| b.is_ascii_digit()).count() >= 2
}

/// A call of something that tells: a helper's call with plain words is what templates have.
pub(super) const CALLS: &[&[u8]] = &[
    b"system(",
    b"exec(",
    b"popen(",
    b"eval(",
    b"passthru(",
    b"shell_exec(",
    b"open(",
    b"read(",
    b"items(",
    b"dump(",
    b"file(",
    b"getenv(",
    b"forname(",
    b"getruntime(",
    b"invoke(",
    b"start(",
    b"new(",
    b"require(",
    b"attr(",
    b"getclass(",
    b"include(",
    b"source(",
    b"constant(",
    b"registerundefined",
    b"getfilter(",
    b"setattribute(",
    b"getsession(",
    b"self.",
    b"_self",
    b".mro(",
    b"call .",
    b"printf \"%s\" .env",
    b"|join(",
    b"range.",
    b"lookup string",
    b".exec \"",
    b".command \"",
    b"phpinfo(",
    b"lookup('pipe'",
    b"lookup('file'",
    b"lookup('env'",
    b"query('pipe'",
    b"lookup(\"pipe\"",
    b"lookup(\"file\"",
];

/// Names inside of engines, languages and their machines.
pub(super) const INNER: &[&[u8]] = &[
    b"__class__",
    b"__mro__",
    b"__subclasses__",
    b"__globals__",
    b"__builtins__",
    b"__import__",
    b"__init__",
    b"__base__",
    b"_templatereference",
    b"secret_key",
    b"config.",
    b"settings.",
    b"request.application",
    b"request.environ",
    b"cycler",
    b"lipsum",
    b"joiner.",
    b"namespace.",
    b"java.lang",
    b"javax.script",
    b"java.io",
    b"getruntime",
    b"processbuilder",
    b"classloader",
    b"t(java",
    b"freemarker.template",
    b"objectconstructor",
    b"constructor.constructor",
    b"constructor(\"",
    b"constructor('",
    b"process.env",
    b"process.mainmodule",
    b"child_process",
    b"global.process",
    b"ognlcontext",
    b"_memberaccess",
    b"memberaccess",
    b"#context",
    b"@java",
    b"system.diagnostics",
    b"runtime@",
    b"pagecontext",
    b"app.request.server",
    b".class.forname",
    b"os.popen",
    b"os.system",
    b"subprocess",
    b"file.open",
    b"file.read",
    b"io.popen",
    b"system('",
    b"system(\"",
    b"`id`",
    b"#request",
    b"request.getclass",
    b"facescontext",
    b".data_model",
    b"smarty_internal_",
    b"self::getstreamvariable",
];

/// Directives and calls of engines that need no marks.
fn words(text: &Text<'_>) -> Option<Hit> {
    if !text.marks.has(Group::Directives) {
        return None;
    }
    for (at, word) in marks::find(text.lower, 0, Group::Directives) {
        let class = match word.first() {
            Some(b'(' | b't') => Class::ExpressionLanguage,
            _ if word == b"@ognl." => Class::ExpressionLanguage,
            _ => Class::Template,
        };
        // Markdown and style sheets have variables too.
        let computed = || {
            let rest = text.lower.get(at..).unwrap_or_default();
            let value = rest.get(..64).unwrap_or(rest).split(|b| *b == b'=').nth(1);
            let value = value.and_then(|v| v.split(|b| *b == b')').next()).unwrap_or_default();
            computes(text, value.trim_ascii())
        };
        if word != b"#set($" || memchr::memmem::find(text.lower, b"class").is_some() || computed() {
            return hit(class, at, "a directive or call of a template engine");
        }
    }
    None
}

pub(super) const DIRECTIVES: &[&[u8]] = &[
    b"<#assign",
    b"?new()",
    b"$class.inspect",
    b".getclass().forname",
    b"process.mainmodule.require",
    b"constructor.constructor(",
    b"_c.constructor(",
    b"(#_memberaccess",
    b"(#cmd=",
    b"@ognl.",
    b"t(java.lang.",
    b"@system.diagnostics",
    b"#set($",
    b"{$smarty.",
    b"<esi:include",
    b"#evaluate(\"",
    b"#evaluate('",
    b"#evaluate($",
    b"@java.lang.runtime@",
    b"@java.lang.system@",
    b"<#list .data_model",
    b"<#list .globals",
    b"<#list .main",
];

/// `class.module.classLoader...`: properties of the object behind a form.
fn loader(text: &Text<'_>) -> Option<Hit> {
    if !text.marks.has(Group::Loader) {
        return None;
    }
    let (at, _) = marks::find(text.lower, 0, Group::Loader).next()?;
    hit(Class::ExpressionLanguage, at, "a way from a form's field to the class loader")
}

pub(super) const LOADERS: &[&[u8]] = &[b"class.module.classloader", b"class.classloader."];

#[cfg(test)]
mod tests;
