//! `tidegate guard http`: what keeps a gate from starting.

use super::project::{Project, Ran};

/// A gate that can't start.
fn refused(args: &[&str]) -> Ran {
    let ran = Project::new().run(&[&["guard", "http"], args].concat());
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{args:?}: {}", ran.stderr);
    ran
}

#[test]
fn a_gate_is_not_its_own_upstream() {
    let refused = refused(&["--listen", "0.0.0.0:18080", "--upstream", "http://localhost:18080"]);
    assert!(
        refused.stderr.starts_with("error: the upstream is the address `0.0.0.0:18080`"),
        "{}",
        refused.stderr
    );
}

#[test]
fn bounds_that_let_nothing_through_are_refused() {
    for flag in [
        "--max-body",
        "--max-bodies",
        "--max-connections",
        "--idle-timeout",
        "--upstream-timeout",
        "--workers",
    ] {
        let refused = refused(&["--listen", "127.0.0.1:0", "--upstream", "http://127.0.0.1:9", flag, "0"]);
        assert!(
            refused.stderr.contains(flag) && refused.stderr.contains("expected a number from 1 on"),
            "{}",
            refused.stderr
        );
    }
    let relay =
        ["guard", "relay", "--from", "sqs://r/1/a", "--to", "sqs://r/1/b", "--quarantine", "file:kept"];
    let relay = Project::new().run(&[&relay[..], &["--max-bytes", "0"]].concat());
    assert_eq!(relay.code, Some(2));
    assert!(relay.stderr.contains("expected a number from 1 on"), "{}", relay.stderr);
}

#[test]
fn a_place_that_keeps_nothing_is_refused_at_the_start() {
    let start = ["--listen", "127.0.0.1:0", "--upstream", "http://127.0.0.1:9", "--quarantine"];
    for (place, why) in [
        ("ftp://a/b", "there is no bus for `ftp://`"),
        ("file:/proc", "writing to the folder of the quarantine"),
    ] {
        let refused = refused(&[&start[..], &[place]].concat());
        assert!(refused.stderr.contains(why), "{}", refused.stderr);
    }
}

#[test]
fn an_access_log_that_cannot_be_opened_is_told_once() {
    let start = ["guard", "http", "--listen", "127.0.0.1:0", "--upstream", "http://127.0.0.1:9"];
    let ran = Project::new().run(&[&start[..], &["--access-log", "missing/access.jsonl"]].concat());
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(
        ran.stderr.starts_with("error: could not open the access log `missing/access.jsonl`: "),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.stderr.matches("No such file").count(), 1, "{}", ran.stderr);
}

#[test]
fn a_file_that_is_not_there_ends_every_command_alike() {
    let contract = ["--contract", "missing.json"];
    let relay = [
        "guard",
        "relay",
        "--from",
        "sqs://r/1/a",
        "--to",
        "sqs://r/1/b",
        "--quarantine",
        "file:kept",
        "--function",
        "f",
    ];
    let cases: [(&[&str], &[&str]); 5] = [
        (&["guard", "decide"], &contract),
        (&["guard", "http", "--listen", "127.0.0.1:0", "--upstream", "http://127.0.0.1:9"], &contract),
        (&relay, &contract),
        (&["contract", "--diff"], &["missing.json"]),
        (&["contract"], &["missing.json"]),
    ];
    for (command, file) in cases {
        let ran = Project::new().run(&[command, file].concat());
        assert_eq!(ran.code, Some(2), "{command:?}: {}", ran.stderr);
        assert!(ran.stderr.starts_with("error: there is no `missing.json`\n"), "{command:?}: {}", ran.stderr);
    }
}

#[test]
fn a_relay_that_would_go_round_is_refused_at_the_start() {
    let start = ["guard", "relay", "--from", "sqs://r/1/a", "--to"];
    for (more, why) in [
        (&["sqs://r/1/a", "--on-deny", "drop"][..], "--from and --to name one place"),
        (&["sqs://r/1/b"], "messages that are denied go to --quarantine, and there is none"),
        (&["sqs://r/1/b", "--on-deny", "quarantine"], "--quarantine"),
    ] {
        let ran = Project::new().run(&[&start[..], more].concat());
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        assert!(ran.stderr.contains(why), "{}", ran.stderr);
    }
}
