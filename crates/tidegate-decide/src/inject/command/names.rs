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
            | b"w"
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
