//! Names of commands.

/// Names that mean nothing but a command.
pub(super) fn is_strong(name: &[u8]) -> bool {
    matches!(
        name,
        b"wget"
            | b"curl"
            | b"whoami"
            | b"uname"
            | b"ifconfig"
            | b"ipconfig"
            | b"netstat"
            | b"nslookup"
            | b"traceroute"
            | b"tracert"
            | b"chmod"
            | b"chown"
            | b"bash"
            | b"sh"
            | b"zsh"
            | b"ksh"
            | b"csh"
            | b"dash"
            | b"powershell"
            | b"pwsh"
            | b"cmd"
            | b"nc"
            | b"ncat"
            | b"netcat"
            | b"socat"
            | b"telnet"
            | b"ssh"
            | b"scp"
            | b"python"
            | b"python3"
            | b"perl"
            | b"ruby"
            | b"php"
            | b"node"
            | b"lua"
            | b"awk"
            | b"gawk"
            | b"sed"
            | b"xargs"
            | b"printenv"
            | b"mkfifo"
            | b"busybox"
            | b"tftp"
            | b"ftp"
            | b"certutil"
            | b"bitsadmin"
            | b"mshta"
            | b"rundll32"
            | b"regsvr32"
            | b"wmic"
            | b"systeminfo"
            | b"tasklist"
            | b"taskkill"
            | b"crontab"
            | b"sudo"
            | b"su"
            | b"useradd"
            | b"adduser"
            | b"passwd"
            | b"mysqldump"
            | b"base64"
            | b"xxd"
            | b"gcc"
            | b"ls"
            | b"rm"
            | b"mv"
            | b"cp"
            | b"dd"
            | b"ps"
            | b"df"
            | b"du"
            | b"id"
            | b"nohup"
            | b"reboot"
            | b"poweroff"
            | b"iptables"
            | b"docker"
            | b"kubectl"
            | b"aws"
            | b"wscript"
            | b"cscript"
            | b"msiexec"
            | b"openssl"
            | b"uniq"
            | b"lsof"
            | b"tcpdump"
            | b"getent"
            | b"lscpu"
            | b"nproc"
            | b"journalctl"
            | b"nmap"
            | b"dmesg"
            | b"rsync"
            | b"setsid"
            | b"stdbuf"
            | b"strace"
            | b"schtasks"
            | b"findstr"
            | b"logname"
            | b"ssh-keygen"
            | b"mkfs.ext4"
            | b"systemctl"
            | b"rev"
    )
}

/// Names that are English words, or whose letters turn up in other places.
pub(super) fn is_english(name: &[u8]) -> bool {
    matches!(
        name,
        b"cat"
            | b"tac"
            | b"more"
            | b"less"
            | b"head"
            | b"tail"
            | b"sort"
            | b"find"
            | b"grep"
            | b"echo"
            | b"printf"
            | b"touch"
            | b"kill"
            | b"sleep"
            | b"ping"
            | b"type"
            | b"dir"
            | b"copy"
            | b"del"
            | b"move"
            | b"date"
            | b"time"
            | b"env"
            | b"set"
            | b"export"
            | b"eval"
            | b"exec"
            | b"source"
            | b"true"
            | b"false"
            | b"test"
            | b"who"
            | b"host"
            | b"dig"
            | b"net"
            | b"at"
            | b"cut"
            | b"nl"
            | b"od"
            | b"strings"
            | b"tee"
            | b"ln"
            | b"mount"
            | b"file"
            | b"which"
            | b"whereis"
            | b"locate"
            | b"hostname"
            | b"history"
            | b"halt"
            | b"shutdown"
            | b"service"
            | b"make"
            | b"tar"
            | b"zip"
            | b"unzip"
            | b"gzip"
            | b"arp"
            | b"route"
            | b"mail"
            | b"finger"
            | b"start"
            | b"call"
            | b"ver"
            | b"timeout"
            | b"command"
            | b"cd"
            | b"ip"
            | b"diff"
            | b"paste"
            | b"fold"
    )
}

/// Those of them that tell an attacker something with no argument.
pub(super) const ALONE: &[&[u8]] =
    &[b"dir", b"env", b"set", b"hostname", b"true", b"false", b"ver", b"who", b"arp", b"history"];

pub(super) const NETWORK: &[&[u8]] = &[
    b"ping",
    b"nslookup",
    b"dig",
    b"host",
    b"curl",
    b"wget",
    b"nc",
    b"telnet",
    b"ssh",
    b"ftp",
    b"tftp",
    b"traceroute",
    b"tracert",
    b"ncat",
];
pub(super) const FILES: &[&[u8]] = &[
    b"cat", b"tac", b"more", b"less", b"head", b"tail", b"type", b"rm", b"cp", b"mv", b"chmod", b"touch",
    b"del", b"copy", b"bash", b"sh", b"python", b"perl", b"php", b"node", b"ls", b"find", b"grep", b"diff",
];

/// Names that people list and mention: by themselves they count only where no list would have them.
pub(super) const LISTED: &[&[u8]] = &[
    b"id", b"ls", b"ps", b"rm", b"mv", b"cp", b"dd", b"df", b"du", b"su", b"sh", b"rev", b"aws", b"php",
    b"lua", b"awk", b"sed", b"ssh", b"scp", b"ftp", b"gcc", b"bash", b"zsh", b"dash", b"perl", b"ruby",
    b"node", b"curl", b"wget", b"uniq", b"sudo", b"rsync", b"python", b"python3", b"docker", b"kubectl",
    b"openssl", b"base64", b"passwd",
];

/// What would wait for commands, and gets none between backticks.
pub(super) fn is_a_shell(inside: &[u8]) -> bool {
    let length = inside.iter().take(16).take_while(|b| b.is_ascii_alphanumeric()).count();
    matches!(inside.get(..length), Some(b"sh" | b"bash" | b"zsh" | b"dash" | b"su" | b"sudo"))
}

/// Interpreters and tools that do nothing before they are told what.
pub(super) fn is_idle(inside: &[u8]) -> bool {
    let length = inside.iter().take(16).take_while(|b| b.is_ascii_alphanumeric()).count();
    matches!(
        inside.get(..length),
        Some(
            b"node"
                | b"python"
                | b"python3"
                | b"perl"
                | b"php"
                | b"ruby"
                | b"lua"
                | b"awk"
                | b"sed"
                | b"gcc"
                | b"rsync"
                | b"docker"
                | b"kubectl"
                | b"aws"
                | b"openssl"
                | b"curl"
                | b"wget"
                | b"ssh"
                | b"scp"
                | b"ftp"
                | b"rm"
                | b"cp"
                | b"mv"
        )
    )
}

/// Names that only Windows has, and nobody else.
pub(super) fn is_of_windows(name: &[u8]) -> bool {
    matches!(
        name,
        b"netsh"
            | b"icacls"
            | b"takeown"
            | b"vssadmin"
            | b"wevtutil"
            | b"bcdedit"
            | b"cmdkey"
            | b"klist"
            | b"logoff"
            | b"forfiles"
            | b"robocopy"
            | b"xcopy"
            | b"fsutil"
            | b"diskpart"
            | b"nltest"
            | b"getmac"
            | b"nbtstat"
            | b"quser"
            | b"qwinsta"
            | b"gpresult"
            | b"driverquery"
    )
}

/// Names that are rarely meant as commands: they count only where nothing else can be meant.
pub(super) fn is_rare(name: &[u8]) -> bool {
    matches!(
        name,
        b"init"
            | b"last"
            | b"groups"
            | b"jobs"
            | b"ss"
            | b"expr"
            | b"seq"
            | b"yes"
            | b"exit"
            | b"tty"
            | b"pwd"
            | b"ash"
            | b"nice"
            | b"watch"
            | b"script"
            | b"xterm"
            | b"vim"
            | b"vi"
            | b"nano"
            | b"reg"
            | b"attrib"
            | b"rd"
            | b"md"
            | b"format"
            | b"for"
            | b"builtin"
            | b"case"
            | b"unset"
            | b"alias"
            | b"trap"
            | b"uptime"
            | b"w"
            | b"free"
            | b"top"
            | b"lsblk"
            | b"stat"
            | b"ld.so"
            | b"wall"
            | b"tree"
            | b"chroot"
            | b"mknod"
            | b"mkdir"
            | b"usleep"
            | b"whois"
            | b"killall"
            | b"pkill"
            | b"lsmod"
            | b"lspci"
            | b"lsb_release"
            | b"hostnamectl"
            | b"busctl"
            | b"apropos"
            | b"calc"
            | b"notepad"
    ) || is_of_windows(name)
}

/// The name as the shell reads it: its length, and what follows.
pub(super) fn name<'a>(text: &'a [u8], name: &mut [u8; 48]) -> (usize, &'a [u8]) {
    let mut length = 0;
    let mut rest = match text {
        // `'w'h'o'`: whoever quotes single letters hides a name.
        [a @ (b'\'' | b'"'), b'a'..=b'z', b, ..] if a == b => text.get(1..).unwrap_or_default(),
        _ => text,
    };
    // Quotes and variables that stand for nothing are no part of a name, and nobody needs many of them.
    for _ in 0..256 {
        match rest {
            [b'@', more @ ..] if length == 0 => rest = more,
            [b'\'' | b'"' | b'\\' | b'^', more @ ..]
                if length > 0 || matches!(rest.first(), Some(b'\\' | b'^')) =>
            {
                rest = more;
            }
            [b'$', b'@' | b'*', more @ ..] => rest = more,
            [b'$', b'{', inside @ ..] if length > 0 => {
                let Some(end) = inside.iter().take(16).position(|b| *b == b'}') else { break };
                rest = inside.get(end + 1..).unwrap_or_default();
            }
            [b'{', more @ ..] if length == 0 => rest = more,
            [b, more @ ..]
                if b.is_ascii_alphanumeric()
                    || matches!(b, b'/' | b'.' | b'_' | b'-' | b'?' | b'*' | b':') =>
            {
                let Some(slot) = name.get_mut(length) else { break };
                *slot = *b;
                length += 1;
                rest = more;
            }
            _ => break,
        }
    }
    (length, rest)
}

/// The first two letters of every name below; a test holds them together.
const STARTS: &[u8] =
    b"ad al ap ar as at aw ba bc bi bu ca cd ce ch cm co cp cr cs cu da dd de df di dm do dr du ec en \
    ev ex fa fi fo fr fs ft ga gc ge gp gr gz ha he hi ho ic id ie if im in ip ir iw jo ki kl ks ku la \
    ld le ln lo ls lu ma md mk mo ms mv my na nb nc ne ni nl nm no np ns od op ou pa pe ph pi pk po pr \
    ps pw py qu qw rd re rm ro rs ru sc se sh sl so ss st su sy ta tc te tf ti to tr tt ty un up us ve \
    vi vs wa we wg wh wm wr ws xa xc xt xx ye zi zs ";

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn starts(list: &[u8]) -> [u32; 26] {
    let mut table = [0; 26];
    let mut list = list;
    while let [a, b, b' ', rest @ ..] = list {
        table[(*a - b'a') as usize] |= 1 << (*b - b'a');
        list = rest;
    }
    table
}

/// Whether some name begins with these two letters, which tells most words from names at once.
pub(super) fn begins_a_name(a: u8, b: u8) -> bool {
    static TABLE: [u32; 26] = starts(STARTS);
    TABLE.get(usize::from(a - b'a')).is_some_and(|seconds| seconds & 1 << (b - b'a') != 0)
}

/// The last part of a path, without `.exe`; true if it was a path to a folder of programs.
pub(super) fn base(name: &[u8]) -> (&[u8], bool) {
    let (folder, last) = match memchr::memrchr(b'/', name) {
        Some(at) => (name.get(..at).unwrap_or_default(), name.get(at + 1..).unwrap_or_default()),
        None => (&b""[..], name),
    };
    let last = last.strip_suffix(b".exe").unwrap_or(last);
    let programs = folder.ends_with(b"bin") || folder.ends_with(b"/bin") || folder.contains(&b'?');
    (last, programs)
}
