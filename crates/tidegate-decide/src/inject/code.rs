//! Code of a general language (Python, JavaScript, PHP, Ruby): would an evaluator that got the text run a program, read
//! a file or reach into the machine?
//!
//! People write about calls, and send files of code. What acts is one line that is code and nothing else
//! ([`prose::is_code`]) and in it a way to a dangerous object: a chain of inner names, a call that starts a program, a
//! program's name handed to something that calls, a quote that is left for a statement.

use super::marks::{self, Group};
use super::{ByteSet, Hit, Text, prose};
use crate::decision::Class;

pub(super) fn detect(text: &Text<'_>) -> Option<Hit> {
    if text.lower.len() > 512 {
        return None;
    }
    const CALLS: ByteSet = ByteSet::from_list(b"{<#@(");
    if text.bytes.intersects(CALLS)
        && let Some(hit) = program(text)
    {
        return Some(hit);
    }
    let lower = text.lower.trim_ascii();
    let starts = lower.starts_with(b"%x") || lower.first() == Some(&b'\'') || lower.first() == Some(&b'"');
    if !starts && !text.marks.has(Group::Reach) || !text.spend(100) {
        return None;
    }
    if text.bytes.has(b'\n') && memchr::memchr(b'\n', lower).is_some() {
        return lines(text);
    }
    if !prose::is_code(lower) {
        return None;
    }
    let (at, why) = whole(lower).map(|why| (0, why)).or_else(|| left(lower)).or_else(|| {
        marks::find(lower, 0, Group::Reach).find_map(|(at, word)| Some((at, reach(lower, at, word)?)))
    })?;
    let blank = text.lower.len() - text.lower.trim_ascii_start().len();
    Some(Hit { class: Class::Code, at: blank + at, why: why.into() })
}

/// A few lines that are code and nothing else, and one that runs a program: `import os`, and what it is imported for.
fn lines(text: &Text<'_>) -> Option<Hit> {
    let lower = text.lower;
    if lower.len() > 256 || !text.spend(4 * lower.len()) {
        return None;
    }
    let (mut found, mut at, mut count) = (None, 0, 0);
    for line in lower.split_inclusive(|b| *b == b'\n') {
        let bare = line.trim_ascii();
        // Whoever defines or explains something sends a file.
        let file =
            [&b"def "[..], b"class ", b"#", b"//", b"function "].iter().any(|word| bare.starts_with(word));
        if file || !prose::is_code(bare) {
            return None;
        }
        count += u8::from(!bare.is_empty());
        if found.is_none() {
            let own = lower.get(at..at + line.len()).unwrap_or_default();
            found = whole(bare).filter(|why| *why == RUNS).map(|why| (at, why)).or_else(|| {
                marks::find(own, 0, Group::Reach)
                    .find_map(|(inside, word)| Some((at + inside, reach(own, inside, word)?)))
            });
        }
        at += line.len();
    }
    let (at, why) = found.filter(|_| count <= 6)?;
    Some(Hit { class: Class::Code, at, why: why.into() })
}

const RUNS: &str = "a call that runs a program";
const INNER: &str = "a way through the inside of the language to its machine";
const READS: &str = "a call that reads or loads from outside of the program";
const NAMED: &str = "a call of whatever is named, and a name that runs a program";
const LEFT: &str = "the string is left for code of one's own";

/// A call that runs a program, in the language of whoever might evaluate it, and nothing around it that people write.
fn program(text: &Text<'_>) -> Option<Hit> {
    let lower = text.lower;
    if !text.marks.has(Group::Programs) {
        return None;
    }
    // What a request brings is run, wherever the page stands: nobody writes so but to leave a way in.
    if let Some(at) = shell(lower) {
        return Some(Hit { class: Class::Code, at, why: RUNS.into() });
    }
    let (at, word) = marks::find(lower, 0, Group::Programs).next()?;
    let before = lower.get(..at)?;
    let after = lower.get(at + word.len()..)?;
    // What it is called with stands there; a variable would be somebody's own.
    let page = word.starts_with(b"<?");
    let called = after.get(..48).unwrap_or(after).iter().any(|b| matches!(b, b'\'' | b'"' | b'`'));
    // At the start, or as a statement behind others.
    let near = before.get(..128).unwrap_or(before);
    let own = memchr::memrchr(b';', near).and_then(|end| before.get(end + 1..)).unwrap_or(before);
    let starts = own.len() <= 24 && !own.trim_ascii().contains(&b' ');
    let calls = !page || memchr::memchr2(b'(', b'`', after).is_some();
    let acts = called && starts && calls && super::command::is_terse(lower);
    acts.then(|| Hit { class: Class::Code, at, why: RUNS.into() })
}

/// `<?php system($_GET['c']); ?>` with anything around it.
fn shell(lower: &[u8]) -> Option<usize> {
    let at = memchr::memmem::find(lower, b"<?")?;
    let page = lower.get(at..)?;
    let page = page.get(..200).unwrap_or(page);
    let requested = [&b"$_get["[..], b"$_post[", b"$_request[", b"$_cookie["];
    let runs = [&b"system("[..], b"exec(", b"passthru(", b"popen(", b"eval(", b"assert("];
    let has = |list: &[&[u8]]| list.iter().any(|w| memchr::memmem::find(page, w).is_some());
    (has(&requested) && has(&runs)).then_some(at)
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
    b"bun.spawn",
    b"exec.command(\"sh",
    b"process.start(\"cmd",
    b"os.execute(",
    b"class.forname(",
    b"deno.run",
    b"new deno.command(",
];

/// The text as a whole: one call, one loop without an end.
fn whole(lower: &[u8]) -> Option<&'static str> {
    let bare = lower.strip_suffix(b";").unwrap_or(lower).trim_ascii_end();
    if let Some(inside) = bare.strip_prefix(b"%x") {
        let closed = matches!(
            (inside.first(), inside.last()),
            (Some(b'('), Some(b')')) | (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']'))
        );
        return (closed && inside.get(1..3).is_some_and(|w| w.iter().all(u8::is_ascii_alphabetic)))
            .then_some(RUNS);
    }
    if let Some(argument) = [&b"system("[..], b"exec("].iter().find_map(|call| bare.strip_prefix(*call))
        && is_string(argument)
        && bare.ends_with(b")")
    {
        return Some(RUNS);
    }
    // Programs end themselves, too, but don't go around by the global object for it.
    let ends = [&b"global.process."[..], b"globalthis.process."].iter().find_map(|g| bare.strip_prefix(*g));
    if ends.is_some_and(|call| [&b"exit("[..], b"kill(", b"abort("].iter().any(|name| call.starts_with(name)))
    {
        return Some("a call that ends the process");
    }
    if lower == b"phpinfo();" {
        return Some("a call that tells how the server is set up");
    }
    // `while(1){}`, also as the body of a function that is called at once.
    let body = [&b"=>{"[..], b"function(){"].iter().find_map(|opens| {
        memchr::memmem::find(bare.get(..24).unwrap_or(bare), opens).map(|at| at + opens.len())
    });
    let body = bare.get(body.unwrap_or_default()..).unwrap_or_default();
    let endless = [&b"while(true)"[..], b"while(1)", b"while (true)", b"while (1)", b"for(;;)", b"for (;;)"]
        .iter()
        .find_map(|head| body.strip_prefix(*head))?;
    let endless = endless.trim_ascii_start();
    let empty = endless.starts_with(b"{}") || body.len() < bare.len() && endless.starts_with(b";");
    let nothing = endless.iter().skip(1).all(|b| matches!(b, b'{' | b'}' | b'(' | b')' | b';' | b'/'));
    (empty && nothing).then_some("a loop that does not end")
}

/// `');process.exit();//`, `".system('id')."`: the quote is the text's first, so none has been opened before it.
fn left(lower: &[u8]) -> Option<(usize, &'static str)> {
    // What stands in quotes itself has lost them on the way.
    if let [joint @ (b'.' | b'+'), inside @ .., end] = lower
        && joint == end
        && JOINED.iter().any(|call| inside.starts_with(call))
    {
        return Some((0, LEFT));
    }
    let at = memchr::memchr2(b'\'', b'"', lower.get(..32).unwrap_or(lower))?;
    let quote = *lower.get(at)?;
    if lower.get(..at)?.contains(&b'(') {
        return None;
    }
    let after = lower.get(at + 1..)?;
    let closes = after.iter().take(4).take_while(|b| matches!(b, b')' | b']' | b'}')).count();
    if let Some(statement) = after.get(closes..)?.strip_prefix(b";") {
        let statement = statement.trim_ascii_start();
        return STATEMENTS.iter().any(|s| statement.starts_with(s)).then_some((at, LEFT));
    }
    // Joined on both sides: `'+...+'`, `".....".`
    let joint = after.first().filter(|b| matches!(b, b'.' | b'+'))?;
    let [inside @ .., end, last] = after.get(1..)? else { return None };
    let joins =
        end == joint && *last == quote && JOINED.iter().any(|call| inside.trim_ascii().starts_with(call));
    joins.then_some((at, LEFT))
}

/// What a statement begins with behind a string that was left.
const STATEMENTS: &[&[u8]] = &[
    b"process.",
    b"global.",
    b"globalthis.",
    b"require(",
    b"import(",
    b"this.constructor",
    b"new function(",
    b"console.log(process",
    b"os.",
    b"import os",
    b"import subprocess",
    b"subprocess.",
    b"__import__(",
    b"kernel.",
    b"phpinfo(",
    b"die(",
];

/// What is joined to a string from within it.
const JOINED: &[&[u8]] = &[
    b"system(",
    b"exec(",
    b"shell_exec(",
    b"passthru(",
    b"popen(",
    b"phpinfo(",
    b"eval(",
    b"require(",
    b"__import__(",
    b"file_get_contents(",
    b"process.",
    b"global.",
    b"os.",
];

/// What a word of [`Group::Reach`] does where it stands.
fn reach(lower: &[u8], at: usize, word: &[u8]) -> Option<&'static str> {
    let part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$');
    if part(word.first()?) && at.checked_sub(1).and_then(|i| lower.get(i)).is_some_and(part) {
        return None;
    }
    let after = lower.get(at + word.len()..)?.trim_ascii_start();
    if CHAINS.contains(&word) {
        return Some(INNER);
    }
    // What it gives is kept: a line of somebody's program.
    let kept = memchr::memmem::find(lower.get(..at)?, b" = ").is_some();
    if CALLED.contains(&word) && !kept {
        return (is_string(after) || matches!(after, [b'[', b'\'' | b'"', ..] | [b':', b'a'..=b'z', ..]))
            .then_some(RUNS);
    }
    if READERS.contains(&word) {
        let loads = word.starts_with(b"include") || word.starts_with(b"require");
        let lists = if loads { &[MACHINE, REMOTE][..] } else { &[MACHINE][..] };
        let outside = |path: &[u8]| lists.iter().flat_map(|l| l.iter()).any(|o| path.starts_with(o));
        let reads = matches!(after, [b'\'' | b'"', path @ ..] if outside(path));
        return (reads || module(word, after)).then_some(READS);
    }
    if CALLERS.contains(&word) {
        let near = after.get(..128).unwrap_or(after);
        if comes_in(near) {
            return Some(NAMED);
        }
        return marks::find(near, 0, Group::Named)
            .any(|(at, name)| is_named(near, at, name))
            .then_some(NAMED);
    }
    if word == b"<?php" || word == b"<?= " {
        let near = after.get(..200).unwrap_or(after);
        return PAGE.iter().any(|call| memchr::memmem::find(near, call).is_some()).then_some(RUNS);
    }
    // `$_GET[0]($_GET[1])`: what comes in is called.
    let close = memchr::memchr(b']', after.get(..32).unwrap_or(after))?;
    (word.starts_with(b"$_") && after.get(close + 1) == Some(&b'(')).then_some(NAMED)
}

/// `$_GET[0])`: a field of the request, and nothing else.
fn comes_in(argument: &[u8]) -> bool {
    let field = [&b"$_get["[..], b"$_post[", b"$_request[", b"$_cookie["];
    let rest = field.iter().find_map(|field| argument.strip_prefix(*field));
    rest.is_some_and(|rest| {
        let close = memchr::memchr(b']', rest.get(..32).unwrap_or(rest));
        close.and_then(|close| rest.get(close + 1)).is_some_and(|next| matches!(next, b')' | b','))
    })
}

fn is_string(text: &[u8]) -> bool {
    matches!(text, [b'\'' | b'"' | b'`', _, ..])
}

/// `require('child_process').exec(`, `import_module('os').system(`: a module of the system, and a call in it.
fn module(word: &[u8], after: &[u8]) -> bool {
    let Some((quote @ (b'\'' | b'"'), name)) = after.split_first() else { return false };
    let Some(end) = memchr::memchr(*quote, name.get(..24).unwrap_or(name)) else { return false };
    let (name, rest) = (name.get(..end).unwrap_or_default(), name.get(end + 1..).unwrap_or_default());
    let name = name.strip_prefix(b"node:").unwrap_or(name);
    let Some(member) = rest.strip_prefix(b").") else { return false };
    let length = member.iter().take_while(|b| b.is_ascii_alphanumeric()).count();
    let (member, Some(argument)) = (
        member.get(..length).unwrap_or_default(),
        member.get(length..).and_then(|rest| rest.strip_prefix(b"(")),
    ) else {
        return false;
    };
    match name {
        b"os" | b"subprocess" | b"pty" => word == b"import_module(",
        b"child_process" | b"vm" => true,
        // Builds read what is beside them, too.
        b"fs" if word == b"require(" => {
            matches!(argument, [b'\'' | b'"', b'/' | b'.', ..])
                && [&b"read"[..], b"write", b"append", b"unlink", b"rm", b"open", b"create"]
                    .iter()
                    .any(|verb| member.starts_with(verb))
        }
        b"fs" => member == b"then",
        _ => false,
    }
}

/// A program's name as a string or a symbol, or at the start of a string that is code: `'system'`, `:system`, `'system("`.
fn is_named(near: &[u8], at: usize, name: &[u8]) -> bool {
    let opened = at.checked_sub(1).and_then(|i| near.get(i));
    let next = near.get(at + name.len());
    match opened {
        Some(b':') => next.is_none_or(|b| !b.is_ascii_alphanumeric() && *b != b'_'),
        Some(b'\'' | b'"') => next == opened || next == Some(&b'('),
        _ => false,
    }
}

/// Names that lead inside wherever they stand in code.
pub(super) const CHAINS: &[&[u8]] = &[
    b".__class__.__base__",
    b".__class__.__bases__",
    b".__class__.__mro__",
    b".__class__.__subclasses__",
    b".__subclasses__()",
    b".__init__.__globals__",
    b"__builtins__.",
    b"__builtins__[",
    b"__builtins__,",
    b"__builtins__)",
    b"__builtins__'",
    b"__builtins__\"",
    b".constructor._load(",
    b"return process.mainmodule",
    b"return process}",
    b"(){return process.env}",
    b"=>{return process.env}",
    b"reflect.construct(function,",
    b"function('return",
    b"function(\"return",
    b".constructor('return",
    b".constructor(\"return",
    b"new java.io.file(",
];

/// Calls that run what they are handed as a string, a list or a symbol.
pub(super) const CALLED: &[&[u8]] = &[
    b"os.system(",
    b"os.popen(",
    b"os.execl(",
    b"os.execlp(",
    b"os.execv(",
    b"os.execvp(",
    b"os.spawnl(",
    b"pty.spawn(",
    b"subprocess.run(",
    b"subprocess.call(",
    b"subprocess.popen(",
    b"subprocess.check_output(",
    b"subprocess.check_call(",
    b"subprocess.getoutput(",
    b"kernel.system(",
    b"kernel.spawn(",
    b"kernel.open(",
    b"kernel.send(",
    b"process.spawn(",
    b"process.binding(",
    b"open3.capture2(",
    b"open3.capture2e(",
    b"open3.capture3(",
    b"open3.popen3(",
    b"tcpsocket.open(",
    b"instance_eval(",
    b"class_eval(",
    b"module_eval(",
];

/// Calls that read or load; what they are handed decides.
pub(super) const READERS: &[&[u8]] = &[
    b"open(",
    b"file.read(",
    b"io.read(",
    b"file_get_contents(",
    b"readfile(",
    b"readfilesync(",
    b"include(",
    b"include_once(",
    b"require(",
    b"require_once(",
    b"import(",
    b"fopen(",
    b"import_module(",
    b"deno.readtextfile(",
    b"deno.readtextfilesync(",
    b"bun.file(",
];

/// Files of the machine, and programs whose output is read.
const MACHINE: &[&[u8]] = &[b"/etc/", b"/proc/", b"/root", b"/var/task", b"/var/run/", b"|"];

/// Places from which code is loaded that isn't the program's.
const REMOTE: &[&[u8]] = &[b"php://", b"data:", b"phar:", b"expect:", b"http://", b"https://", b"ftp://"];

/// Calls that call what they are told by name.
pub(super) const CALLERS: &[&[u8]] = &[
    b"call_user_func(",
    b"call_user_func_array(",
    b"array_map(",
    b"array_filter(",
    b"array_walk(",
    b"usort(",
    b"register_shutdown_function(",
    b"create_function(",
    b"preg_replace(",
    b"assert(",
    b"send(",
    b"public_send(",
    b"__send__(",
    b"const_get(",
];

/// Programs, and what runs them, by name.
pub(super) const NAMES: &[&[u8]] = &[
    b"system",
    b"exec",
    b"passthru",
    b"shell_exec",
    b"popen",
    b"proc_open",
    b"eval",
    b"phpinfo",
    b"spawn",
    b"kernel",
    b"open3",
];

/// A page of PHP, and a variable of its request.
pub(super) const PAGES: &[&[u8]] = &[
    b"<?php",
    b"<?= ",
    b"$_get[",
    b"$_post[",
    b"$_request[",
    b"$_cookie[",
    b"process.exit(",
    b"process.kill(",
    b"process.abort(",
    b"system(",
    b"exec(",
    b"phpinfo()",
    b"while(",
    b"while (",
    b"for(;;)",
    b"for (;;)",
];

/// Calls for which somebody puts a page into a text.
const PAGE: &[&[u8]] = &[
    b"phpinfo(",
    b"eval(",
    b"system(",
    b"exec(",
    b"passthru(",
    b"popen(",
    b"file_put_contents(",
    b"file_get_contents(",
    b"$_get",
    b"$_post",
    b"$_request",
];

#[cfg(test)]
mod tests;
