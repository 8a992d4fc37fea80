//! Where the result goes: stdout and nothing else there, files whole or not at all, terminals left clean.

use super::project::{OPEN_URL, Project};
use std::process::Stdio;

#[test]
fn a_file_gets_the_result_and_stdout_nothing() {
    let project = Project::with("template.yaml", OPEN_URL);
    let ran = project.run(&["check", "--format", "json", "--output", "out.json"]);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (Some(10), "", ""));
    let written: serde_json::Value = serde_json::from_str(&project.read("out.json").unwrap()).unwrap();
    assert_eq!(written["version"], 1);
    assert_eq!(project.names(), ["out.json", "template.yaml"], "nothing else is left");
}

#[test]
fn a_file_is_replaced_whole() {
    let project = Project::with("template.yaml", OPEN_URL).file("out.json", &"old ".repeat(100_000));
    project.run(&["graph", "--format", "json", "-o", "out.json"]);
    assert!(project.read("out.json").unwrap().starts_with("{\n  \"version\": 1,"));
}

#[test]
fn a_failed_run_leaves_the_old_file() {
    let project = Project::new().file("out.json", "old");
    assert_eq!(project.run(&["check", "--output", "out.json"]).code, Some(3));
    assert_eq!(project.read("out.json").as_deref(), Some("old"));
    assert_eq!(project.names(), ["out.json"]);
}

#[test]
fn a_folder_is_no_file() {
    let project = Project::with("template.yaml", OPEN_URL).file("out/x", "");
    let ran = project.run(&["check", "--output", "out"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.starts_with("error: `out` is a folder"), "{}", ran.stderr);
}

#[test]
fn a_file_in_a_missing_folder_is_an_error_of_ours() {
    let project = Project::with("template.yaml", OPEN_URL);
    let ran = project.run(&["check", "--output", "missing/out"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.starts_with("error: could not write to `missing/out`: "), "{}", ran.stderr);
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    let project = Project::with("template.yaml", OPEN_URL).file("real.json", "old");
    std::os::unix::fs::symlink(project.path("real.json"), project.path("link.json")).unwrap();
    project.run(&["check", "--format", "json", "--output", "link.json"]);
    assert!(std::fs::symlink_metadata(project.path("link.json")).unwrap().is_symlink());
    assert!(project.read("real.json").unwrap().starts_with('{'));
}

#[cfg(target_os = "linux")]
#[test]
fn devices_are_written_to_and_a_full_one_is_an_error() {
    let project = Project::with("template.yaml", OPEN_URL);
    let ran = project.run(&["check", "--output", "/dev/stdout", "--rule", "function-url-without-auth"]);
    assert_eq!(ran.code, Some(10));
    assert!(ran.stdout.contains("high[function-url-without-auth]"), "{}", ran.stdout);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = project.command().arg("check").stdout(full).output().unwrap();
    let ran = project.scrub(output);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.starts_with("error: could not write to stdout: "), "{}", ran.stderr);
}

#[test]
fn colour_is_for_terminals_unless_asked_for() {
    let project = Project::with("template.yaml", OPEN_URL);
    assert!(!project.run(&["check"]).stdout.contains('\u{1b}'));
    assert!(project.run(&["check", "--color", "always"]).stdout.contains('\u{1b}'));
    let output = project.command().env("NO_COLOR", "1").args(["check"]).output().unwrap();
    assert!(!project.scrub(output).stdout.contains('\u{1b}'));
}

#[test]
fn quiet_says_the_findings_alone() {
    let project = Project::with("template.yaml", OPEN_URL);
    let ran = project.run(&["check", "--quiet", "--rule", "function-url-without-auth"]);
    assert!(!ran.stdout.contains("checked") && !ran.stdout.contains("--explain"), "{}", ran.stdout);
    assert!(ran.stdout.ends_with("1 finding: 1 high\n"), "{}", ran.stdout);
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let mut text = String::from("Resources:\n");
    for i in 0..3000 {
        text.push_str(&format!("  Queue{i}: {{Type: AWS::SQS::Queue}}\n"));
    }
    let project = Project::with("template.yaml", &text);
    let mut child = project
        .command()
        .args(["graph", "--format", "json", "--resources"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

/// The run waits for somebody to read the pipe it writes to, and is interrupted there.
#[cfg(unix)]
#[test]
fn ctrl_c_ends_with_130_and_leaves_nothing() {
    use std::process::Command;
    use std::time::{Duration, Instant};
    let project = Project::with("template.yaml", OPEN_URL);
    let made = Command::new("mkfifo").arg(project.path("pipe")).status().unwrap();
    assert!(made.success());
    // Opening a pipe for writing blocks until somebody reads, which is never.
    let mut child =
        project.command().args(["check", "--output", "pipe"]).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    let waits = |id: u32| {
        std::fs::read_to_string(format!("/proc/{id}/wchan"))
            .is_ok_and(|w| w.contains("fifo") || w.contains("pipe"))
    };
    while !waits(child.id()) && begun.elapsed() < Duration::from_secs(2) {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(child.try_wait().unwrap(), None, "it waits");
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(130), ""));
    assert_eq!(project.names(), ["pipe", "template.yaml"]);
}
