//! `tidegate guard http --limits`: two gates as processes of their own, and a Redis that is killed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr
)]

use std::process::{Command, Stdio};

const CONTRACT: &str = r#"{"version":1,"graph_digest":"","compiled_by":"",
  "defaults":{"account":null,"region":null,"mode":"block","on_error":"closed","max_bytes":1000000,"max_depth":64},
  "functions":{"t/F":{"logical_id":"F","name":"f","type":"AWS::Lambda::Function","exposure":"anonymous","taint":0,"roles":[],
    "limits":{"concurrency":null,"timeout_seconds":null,"memory_mb":null,"rate":{"events":2,"seconds":1,"burst":16}},"egress":[],
    "edges":[{"id":"t/Api->t/F:apigw-v2","from":"t/Api","trigger":"apigw-v2","evidence":"","exposure":"anonymous","taint":0,
      "origin":{"arns":[],"accounts":[],"regions":[],"ids":[],"sources":[],"detail_types":[]},
      "mode":"block","inspect":"full","on_deny":{"answer":"respond"},"unknown":[]}]}}}"#;

/// A folder with the contract in it, for one test.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tidegate-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join("contract.json"), CONTRACT).unwrap();
        Self(path)
    }

    fn gate(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
        command.args(["guard", "http", "--listen", "127.0.0.1:0", "--upstream", "http://127.0.0.1:9"]);
        command.arg("--contract").arg(self.0.join("contract.json"));
        command.env_remove("TIDEGATE_LIMITS").stdin(Stdio::null());
        command
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(not(feature = "redis"))]
#[test]
fn without_the_feature_both_ways_of_asking_say_what_to_build_with() {
    let folder = Folder::new("no-redis");
    for from_env in [true, false] {
        let mut command = folder.gate();
        let url = "redis://:hunter2@127.0.0.1:6379";
        if from_env {
            command.env("TIDEGATE_LIMITS", url)
        } else {
            command.args(["--limits", url])
        };
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("--features redis") && !said.contains("hunter2"), "{said}");
    }
}

#[cfg(feature = "redis")]
mod with_redis {
    use super::{Command, Folder, Stdio};
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::process::Child;
    use std::time::{Duration, Instant};

    /// A process that doesn't outlive the test.
    struct Running(Child);

    impl Drop for Running {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    fn redis() -> Option<(Running, String)> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &port, "--save", "", "--requirepass", "hunter2"]);
        let child =
            command.current_dir(std::env::temp_dir()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let Ok(child) = child else {
            eprintln!("SKIPPED: redis-server is not installed; `cargo xtask test` installs it");
            return None;
        };
        let redis = Running(child);
        let address = format!("127.0.0.1:{port}");
        for _ in 0..200 {
            if TcpStream::connect(&address).is_ok() {
                return Some((redis, format!("redis://:hunter2@{address}/0")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("redis-server doesn't answer");
    }

    /// A gate, with the addresses for clients and for whoever watches over it.
    fn gate(mut command: Command) -> (Running, String, String) {
        command
            .args(["--workers", "1", "--admin", "127.0.0.1:0"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut gate = Running(command.spawn().unwrap());
        let mut lines = BufReader::new(gate.0.stderr.take().unwrap()).lines().map(Result::unwrap);
        let mut after = |start: &str| {
            let found = lines.by_ref().find_map(|line| line.strip_prefix(start).map(str::to_string));
            found.unwrap_or_else(|| panic!("the gate doesn't say `{start}`"))
        };
        let (clients, admin) = (after("listening on "), after("health and metrics on "));
        // Somebody has to read what it says further on.
        std::thread::spawn(move || lines.for_each(drop));
        (gate, clients, admin)
    }

    fn get(to: &str, path: &str) -> String {
        let mut stream = TcpStream::connect(to).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Nobody listens behind the gate: what passes is answered with 502.
    fn passes(gate: &str) -> bool {
        let answer = get(gate, "/orders");
        let passed = answer.starts_with("HTTP/1.1 502 ");
        assert!(passed || answer.starts_with("HTTP/1.1 429 "), "{answer}");
        passed
    }

    #[test]
    fn two_gates_keep_one_limit_and_hold_back_when_redis_is_killed() {
        let Some((redis, url)) = redis() else { return };
        let folder = Folder::new("redis");
        let mut first = folder.gate();
        first.args(["--limits", &url]);
        let mut second = folder.gate();
        second.env("TIDEGATE_LIMITS", &url);
        let gates = [gate(first), gate(second)];
        let started = Instant::now();
        let mut passed = 0_u64;
        while started.elapsed() < Duration::from_secs(3) {
            passed += gates.iter().map(|(_, clients, _)| u64::from(passes(clients))).sum::<u64>();
            std::thread::sleep(Duration::from_millis(5));
        }
        let limit = 16 + 2 * started.elapsed().as_secs_f64().ceil() as u64;
        assert!(passed <= limit + 2 * 2, "{passed} passed, the limit is {limit} and a block 2");
        assert!(passed >= limit * 7 / 10, "{passed} passed of {limit}: the limit is used");

        drop(redis);
        for (_, clients, admin) in &gates {
            let killed = Instant::now();
            while get(admin, "/metrics").contains("tidegate_limits_held_back_total 0\n") {
                assert!(killed.elapsed() < Duration::from_secs(20), "{}", get(admin, "/metrics"));
                passes(clients);
                std::thread::sleep(Duration::from_millis(20));
            }
            assert!(get(admin, "/metrics").contains("tidegate_limits_connected 0\n"));
            assert!((0..20).all(|_| !passes(clients)));
        }
    }
}
