//! What tests of the relay start: nothing of it outlives its test, and nothing is waited for without a bound.

use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Longer than anything takes that is waited for here.
const PATIENCE: Duration = Duration::from_secs(60);

/// Ends with the test.
pub(crate) struct Ends(pub(crate) Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A folder that is gone with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tidegate-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }
}

impl std::ops::Deref for Folder {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let start = Instant::now();
        // A server that was killed may still be writing its last file.
        while std::fs::remove_dir_all(&self.0).is_err() && self.0.exists() {
            if start.elapsed() > Duration::from_secs(10) {
                eprintln!("{} is left behind", self.0.display());
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A port that nobody listens on.
pub(crate) fn free() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Waits until somebody listens.
pub(crate) fn listens(port: u16, who: &str) {
    let start = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(start.elapsed() < PATIENCE, "{who} doesn't start");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A connection on which nothing is waited for without a bound.
pub(crate) fn connect(port: u16) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// The program, and what it says on standard error.
pub(crate) struct Relay {
    child: Ends,
    lines: Receiver<String>,
    said: String,
}

impl Relay {
    pub(crate) fn between(from: &str, to: &str, quarantine: &str) -> Self {
        Self::spawn(Self::command(from, to, quarantine))
    }

    pub(crate) fn command(from: &str, to: &str, quarantine: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
        command.args(["guard", "relay", "--from", from, "--to", to, "--quarantine", quarantine]);
        command
    }

    pub(crate) fn spawn(mut command: Command) -> Self {
        let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = Ends(command.spawn().unwrap());
        let stderr = BufReader::new(child.0.stderr.take().unwrap());
        let (tell, lines) = channel();
        // It ends with the program.
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines, said: String::new() }
    }

    /// The next line with that text.
    pub(crate) fn says(&mut self, text: &str) -> String {
        let start = Instant::now();
        loop {
            match self.lines.recv_timeout(PATIENCE.saturating_sub(start.elapsed())) {
                Ok(line) => {
                    self.said.push_str(&line);
                    self.said.push('\n');
                    if line.contains(text) {
                        return line;
                    }
                }
                Err(why) => panic!("it doesn't say `{text}` ({why}), but: {}", self.said),
            }
        }
    }

    /// Lets it end by itself once it runs, and returns what it said.
    pub(crate) fn end(mut self) -> String {
        if !self.said.contains("running") {
            self.says("running");
        }
        let id = self.child.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let (code, said) = self.ended();
        assert_eq!(code, Some(0), "{said}");
        said
    }

    /// Waits until it has ended: its exit code, and all that it said.
    pub(crate) fn ended(mut self) -> (Option<i32>, String) {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.0.try_wait().unwrap() {
                break status;
            }
            assert!(start.elapsed() < PATIENCE, "it doesn't end: {}", self.said);
            std::thread::sleep(Duration::from_millis(5));
        };
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.said.push_str(&line);
            self.said.push('\n');
        }
        (status.code(), self.said)
    }

    pub(crate) fn runs(&mut self) -> bool {
        self.child.0.try_wait().unwrap().is_none()
    }

    /// Kills it in the middle of what it does.
    pub(crate) fn kill(mut self) {
        assert!(self.runs(), "the relay ended by itself");
        self.child.0.kill().unwrap();
        self.child.0.wait().unwrap();
    }
}

/// Numbers that look random, the same in each run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}
