//! Decisions on access policies, ours and those of another engine on the same lines.

use crate::process;
use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Lines in one run.
const LINES: usize = 5_000;

/// A role with ten policies of four statements, asked for what the last of them allows.
pub(super) fn run(binary: &Path) -> Result<bool> {
    let line = line();
    let feed: String = (0..LINES).map(|_| format!("{line}\n")).collect();
    let start = Instant::now();
    let out = feed_to(Command::new(binary).args(["iam", "decide"]), &feed)?;
    let whole = start.elapsed().as_secs_f64() * 1e6 / LINES as f64;
    if out.lines().count() != LINES || !out.contains("\"allowed\"") {
        bail!("`tidegate iam decide` did not answer every line");
    }
    println!("{:<60} {whole:>9.1} us", "tidegate iam decide, a line with its policies and back");
    println!("`cargo bench -p tidegate-iam` measures the decision alone");
    let peer = process::target()?.join("peers/npm/@cloud-copilot/iam-simulate");
    if !peer.join("node_modules").is_dir() {
        println!("iam-simulate is not installed; `cargo xtask test` does it");
        return Ok(true);
    }
    let script = process::root().join("crates/tidegate/tests/iam_peer/run.mjs");
    let out = feed_to(Command::new("node").arg(script).arg(peer).arg("--time"), &feed)?;
    let theirs: f64 = out.trim().parse().context("the peer prints its time")?;
    println!("{:<60} {theirs:>9.1} us", "iam-simulate, the decision alone, warm, policies loaded");
    println!("{:<60} {:>9.1}", "ratio", theirs / whole);
    Ok(theirs > whole)
}

fn feed_to(command: &mut Command, feed: &str) -> Result<String> {
    let shown = format!("{command:?}");
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("failed to start {shown}"))?;
    let mut input = child.stdin.take().context("no input")?;
    let feed = feed.to_string();
    let writer = std::thread::spawn(move || input.write_all(feed.as_bytes()));
    let output = child.wait_with_output().with_context(|| format!("failed to wait for {shown}"))?;
    if writer.join().is_err() || !output.status.success() {
        bail!("{shown} failed");
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn line() -> Value {
    let policy = |i: usize| {
        json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:BatchGetItem"], "Resource": [
                format!("arn:aws:dynamodb:eu-central-1:111122223333:table/orders-{i}"),
                format!("arn:aws:dynamodb:eu-central-1:111122223333:table/orders-{i}/index/*") ] },
            { "Effect": "Allow", "Action": "sqs:Send*", "Resource": format!("arn:aws:sqs:*:111122223333:orders-{i}-*"),
              "Condition": { "StringEquals": { "aws:PrincipalTag/team": ["blue", "red"] }, "Bool": { "aws:SecureTransport": "true" } } },
            { "Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*" },
            { "Effect": "Deny", "NotAction": ["dynamodb:*", "sqs:*", "logs:*", "s3:*"], "Resource": "*",
              "Condition": { "StringNotEquals": { "aws:RequestedRegion": ["eu-central-1"] } } },
        ] })
    };
    json!({
        "id": 0,
        "request": {
            "principal": "arn:aws:iam::111122223333:role/orders",
            "action": "sqs:SendMessage",
            "resource": "arn:aws:sqs:eu-central-1:111122223333:orders-9-in",
            "resource_account": "111122223333",
            "context": { "aws:PrincipalTag/team": "red", "aws:SecureTransport": "true", "aws:RequestedRegion": "eu-central-1" },
        },
        "policies": {
            "identity": (0..10).map(policy).collect::<Vec<_>>(),
            "boundary": null, "session": null, "resource": null, "scps": [], "rcps": [],
        },
    })
}
