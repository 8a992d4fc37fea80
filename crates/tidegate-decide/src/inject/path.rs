//! Path traversal: does the text lead out of the folder that it belongs to?
//!
//! One step up is how pages name their pictures. Several in a row, a step up after a folder that a service put in front, a
//! known file of an operating system at the end, or dots written so that only a broken decoder sees them: these act.

use super::command::is_terse;
use super::marks::{self, Group};
use super::{ByteSet, Hit, Text, prose};
use crate::decision::Class;
use crate::trigger::Place;

pub(super) fn detect(text: &Text<'_>) -> Option<Hit> {
    const NEEDED: ByteSet = ByteSet::from_list(b"/\\.:%");
    if !text.bytes.intersects(NEEDED) {
        return None;
    }
    padded(text.lower).or_else(|| steps(text)).or_else(|| target(text)).or_else(|| scheme(text))
}

fn hit(at: usize, why: &'static str) -> Hit {
    Hit { class: Class::PathTraversal, at, why: why.into() }
}

/// `..` between separators, as often as it takes.
fn steps(text: &Text<'_>) -> Option<Hit> {
    let lower = text.lower;
    let (mut count, mut first, mut last_end) = (0, 0, usize::MAX);
    let first_space = memchr::memchr(b' ', lower).unwrap_or(usize::MAX);
    let rooted = matches!(lower.first(), Some(b'/' | b'\\'));
    let mut urls = Urls::default();
    let mut talk = None;
    let mut told =
        || *talk.get_or_insert_with(|| first_space < 512 && lower.len() <= 2048 && prose::is_told(text.raw));
    for at in memchr::memmem::find_iter(lower, b"..") {
        let Some(end) = step(lower, at) else { continue };
        // Dots of a sentence, of a range, of a version stand at no separator.
        let parted = || lower.get(last_end..at).is_some_and(|between| between.contains(&b' '));
        if last_end == usize::MAX || at > last_end + 8 || parted() {
            count = 0;
            first = at;
        }
        count += 1;
        last_end = end;
        // `require('../../x')`, `url(../../x)`: an argument of a call.
        let called = matches!(lower.get(..first), Some([.., b'(', b'\'' | b'"'] | [.., b'a'..=b'z', b'(']));
        let spaced = first_space < first || called;
        let absolute = rooted && first > 0 && !spaced;
        let addressed = first == 0
            && end == 2
            && (matches!(text.place, Place::Path | Place::ObjectKey) || text.place.is_parameter());
        // Four dots and two separators serve only a filter that takes out two and one.
        let stuffed = end - at >= 4 && matches!(lower.get(end..end + 2), Some(b"//" | b"\\\\"));
        let absolute = absolute && (lower.len() > 512 || is_terse(lower));
        // Something that only broken decoders leave out stands before the separator.
        let hidden = end > at + 2 && lower.get(at + 2) != Some(&b'.');
        // Programs and their talk name what lies beside them by a few steps.
        // `../../src/a.c as a fallback`: whoever opens a file writes no sentence behind its name.
        let spaced = spaced || told();
        let enough = if spaced { OF_PROGRAMS } else { 2 };
        if count >= enough && !urls.ends_in_one(lower, first)
            || count == 1 && (absolute || addressed || stuffed || hidden)
        {
            return Some(hit(first, "steps up, out of the folder it belongs to"));
        }
        if is_known_file(lower.get(end..).unwrap_or_default()) {
            return Some(hit(first, "a step up to a file of the system"));
        }
    }
    if last_end != usize::MAX {
        text.suspect(Class::PathTraversal, first, "a step up");
    }
    // `..0x2f`, `0x2e0x2e0x5c`, `..%255c`: written for a decoder that is broken.
    let odd =
        text.marks.has(Group::OddSteps).then(|| marks::find(lower, 0, Group::OddSteps).next()).flatten();
    odd.map(|(at, _)| at)
        .or_else(|| unread(lower))
        .map(|at| hit(at, "a step up, written so that a filter does not see it"))
}

/// `..%c0%qf..%c0%qf`, `..%uf025..%uf025`: steps with the same between them, whatever a decoder makes of it.
fn unread(lower: &[u8]) -> Option<usize> {
    let mut last = None;
    for at in memchr::memmem::find_iter(lower, b"..") {
        if let Some(gap) = last.and_then(|last| lower.get(last + 2..at))
            && is_escape(gap)
            && lower.get(at + 2..).is_some_and(|rest| rest.starts_with(gap))
        {
            return last;
        }
        last = Some(at);
    }
    None
}

/// `%c0%qf`, `%u2215`, `0x2f`, or bytes that are no character.
fn is_escape(gap: &[u8]) -> bool {
    let pair = |a: &u8, b: &u8| a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric();
    match gap {
        [b'%', b'u', code @ ..] => (2..=4).contains(&code.len()) && code.iter().all(u8::is_ascii_hexdigit),
        [b'%', a, b, b'%', c, d] => pair(a, b) && pair(c, d),
        [0x80..=0xff, ..] => gap.len() <= 6 && std::str::from_utf8(gap).is_err(),
        _ => false,
    }
}

/// So many steps in a row no program takes to what lies beside it.
const OF_PROGRAMS: usize = 5;

pub(super) const ODD: &[&[u8]] = &[
    b"0x2e0x2e",
    b"..0x2f",
    b"..0x5c",
    b"%2e%2e",
    b"..%2f",
    b"..%5c",
    b"%252e",
    b"..%c0%af",
    b"..%u2215",
    b"..%u2216",
    b"%uff0e",
    b"%c0%ae",
    b"%c0%2e",
    b"%e0%80%ae",
    b"%f0%80%80%ae",
    b"%f8%80%80%80",
    b"%fc%80%80%80",
    b"%f0%80%80%af",
    b".\0./",
    b".\0.\\",
    b"\xe2\x80\xa5/",
    b"\xe2\x80\xa5\\",
    b"::$data",
];

/// One letter, or `./`, hundreds of times: a path so long that the system cuts off what was appended.
fn padded(lower: &[u8]) -> Option<Hit> {
    if lower.len() < 256 || lower.contains(&b' ') || !matches!(lower.first(), Some(b'/' | b'\\' | b'.')) {
        return None;
    }
    let same =
        |step: usize| lower.iter().zip(lower.iter().skip(step)).take(320).filter(|(a, b)| a == b).count();
    let long = same(1) >= 240 || same(2) >= 240;
    (long && memchr::memmem::find(lower, b"..").is_some() || same(2) >= 240 && lower.starts_with(b"/./"))
        .then(|| hit(0, "a path padded until the system cuts off its end"))
}

/// Where the step at `at` ends, if it is one: dots, then a separator, after a separator or a start.
fn step(lower: &[u8], at: usize) -> Option<usize> {
    let separator = |b: Option<&u8>| matches!(b, Some(b'/' | b'\\'));
    let before = at.checked_sub(1).and_then(|i| lower.get(i));
    let starts = match before {
        None => true,
        Some(b) => {
            matches!(b, b'/' | b'\\' | b'=' | b'"' | b'\'' | b'(' | b':' | b',' | b'&' | b'|' | b'`' | b';')
        }
    };
    if !starts {
        return None;
    }
    let dots = lower.get(at..)?.iter().take(256).take_while(|b| **b == b'.').count();
    // Some servers cut a segment at a semicolon, others leave out characters that nobody sees.
    let hidden = dots == 2
        && matches!(lower.get(at + 2), Some(b';' | b'\t' | b'\r' | 0..=8 | 0x0b | 0x0c | 0x0e..=0x1f))
        && separator(lower.get(at + 3));
    if hidden {
        return Some(at + 3);
    }
    let ends =
        separator(lower.get(at + dots)) || dots == 2 && lower.get(at + 2).is_none() && separator(before);
    ends.then(|| at + dots)
}

/// Whether a place lies within an address: browsers shorten `https://host/a/../b` themselves. Places go forward.
#[derive(Default)]
struct Urls {
    read: usize,
    /// In an address, as far as was read.
    open: bool,
}

impl Urls {
    fn ends_in_one(&mut self, lower: &[u8], place: usize) -> bool {
        let new = lower.get(self.read..place).unwrap_or_default();
        for at in memchr::memchr2_iter(b':', b' ', new) {
            let at = self.read + at;
            self.open = match lower.get(at) {
                Some(b' ') => false,
                _ => self.open || lower.get(at..place).is_some_and(|rest| rest.starts_with(b"://")),
            };
        }
        self.read = self.read.max(place);
        self.open
    }
}

/// A file of an operating system or a server, addressed from the root.
fn target(text: &Text<'_>) -> Option<Hit> {
    // A zero before a path ends what a program puts before it.
    let lower = text.lower.trim_ascii();
    let lower = lower.strip_prefix(b"\0").unwrap_or(lower);
    // In a sentence, such a name is talked about; folders of Windows have blanks of their own.
    let of_windows = |blank: usize| {
        let file = lower.get(blank..).unwrap_or_default();
        matches!(lower, [b'a'..=b'z', b':', b'\\' | b'/', ..]) && file.contains(&b'\\') && is_terse(lower)
    };
    if lower.len() > 512 || memchr::memrchr(b' ', lower).is_some_and(|blank| !of_windows(blank)) {
        return None;
    }
    if let Some(why) = is_filler(lower) {
        return Some(hit(0, why));
    }
    // What stands before a path in a query, a quote or an upload.
    let bare = match lower {
        [b'/' | b'?', rest @ ..] if rest.contains(&b'=') && lower.contains(&b'?') => {
            memchr::memchr(b'=', rest).and_then(|at| rest.get(at + 1..)).unwrap_or(lower)
        }
        [b'@' | b'\'' | b'"' | b'(' | b'[' | b'<', rest @ ..] => rest,
        _ => lower,
    };
    let path = bare.strip_prefix(b"file:").unwrap_or(bare);
    let path = path.strip_prefix(b"/").filter(|p| p.get(1) == Some(&b':')).unwrap_or(path);
    if (is_known_file(path) && !path.starts_with(b".")) && memchr::memmem::find(path, b"-inf/").is_some() {
        return Some(hit(0, "a file of the server that is not for the web"));
    }
    let rooted = matches!(path.first(), Some(b'/' | b'\\')) || matches!(path, [b'a'..=b'z', b':', ..]);
    let at = |found: usize| hit(found, "a file of the system or the server, addressed from its root");
    // Nothing but steps, and the first word that anybody tries.
    let only_steps = path.len() >= 3 && path.chunks(3).all(|step| matches!(step, [b'.', b'.', b'/' | b'\\']));
    if only_steps || path == b"etc/passwd" || path == b"etc/shadow" {
        return Some(at(0));
    }
    if let [b'\\', b'\\', share @ ..] = path
        && (is_own_share(share) || text.place.is_parameter() && is_foreign_share(share))
    {
        return Some(hit(0, "a share that only the machine's administrator has, or the machine itself"));
    }
    if matches!(path, [b'\\' | b'/', b'\\' | b'/', b'?' | b'.', b'\\' | b'/', b'a'..=b'z', b':', ..])
        || matches!(path, [b'\\', b'\\', b'?' | b'.', b'\\', ..])
    {
        return Some(hit(0, "a device or a file, addressed past the checks of Windows"));
    }
    // What only its owner reads, in whoever's home.
    let home = rooted || path.starts_with(b"~/");
    let setup = [&b"/.bashrc"[..], b"/.bash_profile", b"/.profile", b"/.zshrc"];
    let of_somebody =
        path.strip_prefix(b"/").is_some_and(|p| p.starts_with(b"home/") || p.starts_with(b"root/"));
    if of_somebody && setup.iter().any(|n| path.ends_with(n)) {
        return Some(at(0));
    }
    if home
        && [
            &b"/.ssh/id_"[..],
            b"/.ssh/authorized_keys",
            b"/.aws/credentials",
            b"/.bash_history",
            b"/.kube/config",
            b"/.docker/config.json",
            b"/.git-credentials",
            b"/.netrc",
            b"/.pgpass",
        ]
        .iter()
        .any(|n| memchr::memmem::find(path, n).is_some())
    {
        return Some(at(0));
    }
    if rooted && matches!(path.get(1), Some(b'.')) && is_known_file(path) {
        return Some(at(0));
    }
    if rooted
        && is_known_file(
            path.get(path.iter().take_while(|b| matches!(b, b'/' | b'\\' | b'.' | b';')).count()..)?,
        )
    {
        return Some(at(0));
    }
    if matches!(path, [b'a'..=b'z', b':', ..])
        && [
            &b"boot.ini"[..],
            b"win.ini",
            b"global.asa",
            b"system32",
            b"inetpub",
            b"windows\\repair",
            b"windows/repair",
            b"xampp\\apache",
            b"xampp\\php",
            b"xampp/apache",
            b"xampp/php",
            b"ntuser.dat",
            b"\\panther\\",
            b"/panther/",
            b"sysprep",
            b"unattend.xml",
            b"\\apache\\conf",
            b"/apache/conf",
            b"\\config\\sam",
        ]
        .iter()
        .any(|n| memchr::memmem::find(path, n).is_some())
    {
        return Some(at(0));
    }
    // A well-known name, with the separators lost on the way, and dots alone before it.
    let dots = path.iter().take_while(|b| matches!(b, b'.' | b'/' | b'\\')).count();
    let name = path.get(dots..)?;
    let known = KNOWN
        .iter()
        .any(|k| name.iter().filter(|b| !matches!(b, b'/' | b'\\')).eq(k.iter().filter(|b| **b != b'/')));
    let whole = dots == 0 && known && path.len() >= 9;
    // Whatever a program serves its files from: nobody else ends so.
    let last = [&b"/etc/passwd"[..], b"/etc/shadow", b"\\win.ini", b"/win.ini", b"\\boot.ini", b"/boot.ini"];
    if (rooted || path.starts_with(b"%")) && last.iter().any(|end| path.ends_with(end)) {
        return Some(at(0));
    }
    // `................oot.ini`: steps that lost their separators, and a file.
    let named = name.contains(&b'.') && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'.');
    if dots >= 8 && named && path.iter().take(dots).all(|b| *b == b'.') && !name.ends_with(b".") {
        return Some(at(0));
    }
    (whole || (dots >= 4 || dots >= 3 && !path.starts_with(b"...")) && (known || name.starts_with(b"{")))
        .then(|| at(0))
}

/// A root that goes nowhere.
fn is_filler(path: &[u8]) -> Option<&'static str> {
    let rooted = matches!(path.first(), Some(b'/' | b'\\'));
    let dots = path.iter().all(|b| matches!(b, b'/' | b'\\' | b'.'));
    let idle = rooted && dots && path.windows(3).any(|w| matches!(w, b"/./" | b"\\.\\"));
    if idle { Some("steps that stay where they are") } else { None }
}

/// `\\x.example\share`: a machine by its domain or number, which Windows logs in to with the name it runs under.
fn is_foreign_share(share: &[u8]) -> bool {
    let mut parts = share.split(|b| matches!(b, b'\\' | b'/'));
    let (host, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    host.contains(&b'.')
        && host.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
        && !name.is_empty()
}

/// `\\127.0.0.1\`, `\\x\c$\`: the machine itself, or a whole drive of another.
fn is_own_share(share: &[u8]) -> bool {
    let mut parts = share.split(|b| matches!(b, b'\\' | b'/'));
    let (host, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let drive = matches!(name, [b'a'..=b'z', b'$'] | b"admin$" | b"ipc$");
    let own = matches!(host, b"localhost" | b"127.0.0.1" | b"::1" | b"[::1]");
    !host.is_empty() && (drive || own && !name.is_empty())
}

/// `file:///etc/passwd` and wrappers that read files.
fn scheme(text: &Text<'_>) -> Option<Hit> {
    let lower = text.lower;
    if lower.starts_with(b"file:/") && !lower.contains(&b' ') {
        return Some(hit(0, "an address that reads a file of the machine"));
    }
    if !text.marks.has(Group::Readers) {
        return None;
    }
    for (at, prefix) in marks::find(lower, 0, Group::Readers) {
        let starts = at == 0 || lower.get(at - 1).is_some_and(|b| !b.is_ascii_alphanumeric() && *b != b' ');
        let next = lower.get(at + prefix.len());
        // "File://share" is how somebody may write about it.
        let written = prefix == b"file://" && next != Some(&b'/') && lower.contains(&b' ');
        let blank = memchr::memchr(b' ', lower.get(at..).unwrap_or_default());
        let told = blank.and_then(|blank| lower.get(at + blank..)).is_some_and(prose::follows);
        if starts
            && !written
            && !(told && prefix == b"file://")
            && next.is_some_and(|b| !b.is_ascii_whitespace())
        {
            return Some(hit(at, "an address that reads a file of the machine"));
        }
    }
    None
}

pub(super) const READERS: &[&[u8]] = &[
    b"file://",
    b"php://",
    b"expect://",
    b"phar://",
    b"data://text/",
    b"compress.zlib://",
    b"compress.bzip2://",
    b"zip://",
    b"glob://",
    b"netdoc:",
    b"jar:file:",
    b"view-source:file:",
];

fn is_known_file(path: &[u8]) -> bool {
    let lead = path.iter().take_while(|b| matches!(b, b'/' | b'\\')).count();
    let path = path.get(lead..).unwrap_or_default();
    if !path.get(..3).is_some_and(|p| KNOWN.iter().any(|known| known.starts_with(p))) {
        return false;
    }
    let mut clean = [0_u8; 48];
    let mut length = 0;
    // Separators of either kind, doubled or followed by a dot, are one.
    let mut last = 0;
    for &byte in path.iter().take(64) {
        let byte = if byte == b'\\' { b'/' } else { byte };
        if byte == b'/' && last == b'/' || byte == b'.' && last == b'/' && length > 0 {
            continue;
        }
        let Some(slot) = clean.get_mut(length) else { break };
        *slot = byte;
        length += 1;
        last = byte;
    }
    let clean = clean.get(..length).unwrap_or_default();
    KNOWN.iter().any(|known| {
        clean.strip_prefix(*known).is_some_and(|rest| {
            rest.first().is_none_or(|b| !b.is_ascii_alphanumeric() && *b != b'-' && *b != b'_')
        })
    })
}

/// Without their leading separator.
const KNOWN: &[&[u8]] = &[
    b"etc/passwd",
    b"etc/shadow",
    b"etc/group",
    b"etc/hosts",
    b"etc/hostname",
    b"etc/issue",
    b"etc/sudoers",
    b"etc/ssh",
    b"etc/crontab",
    b"proc/self",
    b"proc/version",
    b"proc/cmdline",
    b"proc/cpuinfo",
    b"proc/meminfo",
    b"proc/sched_debug",
    b"proc/filesystems",
    b"proc/partitions",
    b"proc/1/cmdline",
    b"proc/1/status",
    b"proc/stat",
    b"proc/swaps",
    b"proc/modules",
    b"proc/devices",
    b"etc/gshadow",
    b"etc/master.passwd",
    b"etc/init.d",
    b"etc/rc.conf",
    b"etc/sysctl.conf",
    b"etc/syslog.conf",
    b"etc/network/interfaces",
    b"etc/debian_version",
    b"etc/redhat-release",
    b"etc/lsb-release",
    b"etc/ld.so.conf",
    b"etc/bashrc",
    b"etc/login.defs",
    b"etc/ftpusers",
    b"etc/aliases",
    b"etc/mtab",
    b"etc/squid",
    b"var/mail/root",
    b"var/spool/mail",
    b"var/log/lastlog",
    b"var/log/wtmp",
    b"var/run/utmp",
    b"proc/1/environ",
    b"proc/1/cwd",
    b"proc/sys/kernel",
    b"etc/kubernetes",
    b"etc/inittab",
    b"etc/profile",
    b"etc/motd",
    b"etc/exports",
    b"etc/pam.d",
    b"etc/cron",
    b"etc/php",
    b"etc/samba",
    b"etc/vsftpd",
    b"etc/proftpd",
    b"etc/redis",
    b"etc/postgresql",
    b"etc/lighttpd",
    b"etc/tomcat",
    b"usr/local/etc/php",
    b"usr/local/apache",
    b"usr/local/nginx",
    b"opt/tomcat/conf",
    b"var/run/docker.sock",
    b"run/docker.sock",
    b"var/lib/mlocate",
    b"var/lib/mysql",
    b"var/spool/cron",
    b"root/.bash",
    b".dockerenv",
    b"dev/stdin",
    b"dev/fd",
    b"windows/repair",
    b"etc/nginx",
    b"etc/apache2",
    b"etc/httpd",
    b"etc/mysql",
    b"etc/my.cnf",
    b"etc/fstab",
    b"etc/resolv.conf",
    b"etc/os-release",
    b"etc/environment",
    b"proc/net",
    b"proc/mounts",
    b"var/run/secrets",
    b"run/secrets",
    b"var/log/apache2",
    b"var/log/apache",
    b"var/log/httpd",
    b"var/log/nginx",
    b"var/log/auth",
    b"var/task",
    b"var/runtime",
    b"root/.ssh",
    b"root/.aws",
    b"home/.ssh",
    b".aws/credentials",
    b".ssh/id_rsa",
    b"boot.ini",
    b"windows/win.ini",
    b"winnt/win.ini",
    b"windows/system.ini",
    b"windows/system32",
    b"winnt/system32",
    b"web-inf/web.xml",
    b"web-inf/classes",
    b"web-inf/lib",
    b"web-inf/spring",
    b"meta-inf/manifest.mf",
    b"meta-inf/context.xml",
    b"meta-inf/maven",
    b"web.config",
    b"wp-config.php",
    b".git/head",
    b".git/index",
    b".git/logs",
    b".svn/entries",
    b".svn/wc.db",
    b".hg/store",
    b".ds_store",
    b".npmrc",
    b".dockercfg",
    b".docker/config",
    b"inetpub/wwwroot",
    b"autoexec.bat",
    b"usr/local/app",
    b"opt/aws",
    b"tmp/sess_",
    b".env",
    b".git/config",
    b".htaccess",
    b".htpasswd",
    b"localstart.asp",
    b"global.asa",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inject::sample;

    #[test]
    fn ways_out_of_a_folder() {
        for text in [
            "/static/img/../../etc/passwd",
            "../../secret",
            "..\\..\\windows\\win.ini",
            "../etc/passwd",
            "file:///etc/passwd",
            "/etc/shadow",
            "c:\\boot.ini",
            "..0x2f..0x2fetc",
            "/..//..//x",
            "a/../../b",
            "php://filter/read=x",
            "....//....//web-inf/web.xml",
            "/.././../etc/./passwd",
            "/....................{file}",
            "..;/..;/manager/html",
            "/..;/admin",
            "../",
            "..\\",
            "etc/passwd",
            "/var/run/docker.sock",
            "web.config::$DATA",
            "\\\\?\\C:\\x",
            "..\u{1}/..\u{1}/etc",
            "..%c0%qf..%c0%qfetc",
            "..%uf025..%uf025x",
            "..;/manager/html",
            "/;/WEB-INF/web.xml",
            "\0/etc/passwd\0",
            "/@fs/etc/passwd",
            "/download?f=/etc/passwd",
            "c:\\program files\\apache group\\apache\\conf\\httpd.conf",
            "%2e%2e",
            "............ab.ini",
            "see ../../../../../../x",
            "see ../../etc/passwd",
        ] {
            assert!(sample(detect, text), "{text}");
        }
    }

    #[test]
    fn dots_that_lead_nowhere() {
        for text in [
            "../images/logo.png is missing on the page",
            "notes... and more.txt",
            "v1.2..v1.3.diff",
            "https://example.org/a/../b is short",
            "/a/b/../c is normalised",
            "File://share is how she wrote it",
            "/files/{file}",
            "\\\\fileserver\\public\\a.xlsx",
            "etc/passwords-howto.md",
            "getting ../ I mean, the folder above",
            "sum(i=1..n)",
            "the file /etc/hosts needs a line",
            "a...b",
            "/srv/ann/x.txt",
            "..",
            "/var/log/messages",
            "/etcetera/a",
            "a;b/c;d",
            "\\\\server\\share\\plan.docx",
            "import { foo } from '../../lib/foo';",
            "require('../../config/db')",
            "rsync -av ../src/ ../dst/",
            "url(../../img/bg.png) is the path",
            "%d..%d..%d",
            "file:///srv/ann/x.html opens in my browser",
        ] {
            assert!(!sample(detect, text), "{text}");
        }
    }
}
