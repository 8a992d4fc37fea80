//! A folder of its own for each test, and runs of the binary in it.

use serde_json::Value;
use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A function URL that anyone may call: one finding, high.
pub(super) const OPEN_URL: &str = "\
Resources:
  Handler:
    Type: AWS::Lambda::Function
    Properties:
      Handler: index.handler
      Runtime: nodejs22.x
      Role: arn:aws:iam::123456789012:role/handler
      Code: {S3Bucket: code, S3Key: handler.zip}
  HandlerUrl:
    Type: AWS::Lambda::Url
    Properties:
      TargetFunctionArn: !GetAtt Handler.Arn
      AuthType: NONE
";

/// The same with authorization.
pub(super) const CLOSED_URL: &str = "\
Resources:
  HandlerUrl:
    Type: AWS::Lambda::Url
    Properties:
      TargetFunctionArn: arn:aws:lambda:eu-west-1:123456789012:function:handler
      AuthType: AWS_IAM
";

/// A folder that is gone when the test is over.
pub(super) struct Project {
    root: PathBuf,
}

/// How a run ended, with paths scrubbed.
pub(super) struct Ran {
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Project {
    pub(super) fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("tidegate-cli-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let root = std::env::temp_dir().join(name);
        // A work tree of its own, so that nothing above it counts.
        std::fs::create_dir_all(root.join(".git")).unwrap();
        Self { root: root.canonicalize().unwrap() }
    }

    pub(super) fn with(path: &str, text: &str) -> Self {
        Self::new().file(path, text)
    }

    pub(super) fn file(self, path: impl AsRef<Path>, text: &str) -> Self {
        let path = self.root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    pub(super) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join(path)
    }

    pub(super) fn read(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.root.join(path)).ok()
    }

    /// Names in the folder, hidden ones too, `.git` aside.
    pub(super) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.root).unwrap();
        let mut names: Vec<String> =
            entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.retain(|n| n != ".git");
        names.sort();
        names
    }

    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
        command
            .current_dir(&self.root)
            .env_remove("NO_COLOR")
            .env_remove("RUST_BACKTRACE")
            .env("COLUMNS", "100");
        command
    }

    pub(super) fn run<S: AsRef<OsStr>>(&self, args: &[S]) -> Ran {
        self.scrub(self.command().args(args).output().unwrap())
    }

    /// Writes the contract, and has the guard decide on these lines under it.
    pub(super) fn decide(&self, lines: &[Value]) -> Vec<Value> {
        self.decide_with(lines, &[])
    }

    /// The same, explained.
    pub(super) fn explain(&self, lines: &[Value]) -> Vec<Value> {
        self.decide_with(lines, &["--explain"])
    }

    /// The same with more arguments.
    pub(super) fn decide_with(&self, lines: &[Value], more: &[&str]) -> Vec<Value> {
        let made = self.run(&["contract", "--out", "c.json"]);
        assert_eq!(made.code, Some(0), "{}", made.all());
        let mut child = self
            .command()
            .args(["guard", "decide", "--contract", "c.json"])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let ran = self.scrub(child.wait_with_output().unwrap());
        assert_eq!(ran.code, Some(0), "{}", ran.all());
        ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub(super) fn scrub(&self, output: Output) -> Ran {
        let text = |bytes: Vec<u8>| {
            String::from_utf8(bytes).unwrap().replace(&*self.root.to_string_lossy(), "[PROJECT]")
        };
        Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

impl Ran {
    /// Everything in one text, for a snapshot.
    pub(super) fn all(&self) -> String {
        let code = self.code.map_or("signal".to_string(), |c| c.to_string());
        format!("exit {code}\n--- stdout\n{}--- stderr\n{}", self.stdout, self.stderr)
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {}", self.all()))
    }
}
