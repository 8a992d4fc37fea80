//! Limits of a contract between two buses: what is over them waits, and nothing is lost.

use super::nats::Server;
use super::rig::Relay;
use super::{output, streams, wait_until_idle};
use std::path::Path;
use std::time::{Duration, Instant};

/// A function behind a queue that may get so many events a second.
fn contract(folder: &Path, events: u64, burst: u64) -> String {
    let text = format!(
        r#"{{"version":1,"graph_digest":"","compiled_by":"",
        "defaults":{{"account":null,"region":null,"mode":"block","on_error":"closed","max_bytes":1000000,"max_depth":64}},
        "functions":{{"t/F":{{"logical_id":"F","name":"f","type":"AWS::Lambda::Function","exposure":"anonymous","taint":0,"roles":[],
          "limits":{{"concurrency":null,"timeout_seconds":null,"memory_mb":null}},"egress":[],
          "edges":[{{"id":"t/Q->t/F:mq","from":"t/Q","trigger":"mq","evidence":"","exposure":"anonymous","taint":0,
            "origin":{{"arns":[],"accounts":[],"regions":[],"ids":[],"sources":[],"detail_types":[]}},
            "mode":"block","inspect":"full","on_deny":{{"answer":"swallow"}},"unknown":[],
            "limits":{{"rate":{{"events":{events},"seconds":1,"burst":{burst}}}}}}}]}}}}}}"#
    );
    let path = folder.join("contract.json");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn relay(server: &Server, contract: &str, more: &[&str]) -> Relay {
    let aside = format!("file:{}", server.folder.join("aside").display());
    let mut command = Relay::command(&server.url("IN/relay"), &server.url("out.orders"), &aside);
    command.args(["--contract", contract, "--function", "f"]).args(more).env_remove("TIDEGATE_LIMITS");
    Relay::spawn(command)
}

fn counter(said: &str, name: &str) -> u64 {
    let name = format!("tidegate_relay_{name}_total{{bus=\"nats\"}} ");
    said.lines().find_map(|line| line.strip_prefix(&name)).unwrap().parse().unwrap()
}

#[test]
fn what_is_over_a_rate_waits_longer_than_its_source_would_and_comes_once() {
    let Some(server) = Server::start("limited") else { return };
    let mut client = server.client();
    // The consumer gives out again after a second what nobody speaks for.
    streams(&mut client);
    for n in 0..40 {
        client.publish("in.orders", &[], &format!("{n}"));
    }
    let start = Instant::now();
    let relay = relay(&server, &contract(&server.folder, 10, 5), &[]);
    wait_until_idle(&mut client);
    let took = start.elapsed();
    let said = relay.end();
    assert!(took >= Duration::from_millis(3400), "35 of them at ten a second took {took:?}");
    let out = output(&mut client);
    assert_eq!((out.len(), out.values().sum::<usize>()), (40, 40), "each of them once");
    assert_eq!((counter(&said, "passed"), counter(&said, "quarantined")), (40, 0), "{said}");
    assert!(counter(&said, "held") >= 15, "{said}");
}

#[test]
fn what_is_over_a_rate_goes_aside_where_that_is_asked_for() {
    let Some(server) = Server::start("limited-aside") else { return };
    let mut client = server.client();
    streams(&mut client);
    for n in 0..40 {
        client.publish("in.orders", &[], &format!("{n}"));
    }
    let contract = contract(&server.folder, 1, 5);
    let relay = relay(&server, &contract, &["--on-limit", "quarantine"]);
    wait_until_idle(&mut client);
    let said = relay.end();
    let (passed, kept) = (output(&mut client).len(), super::aside(&server.folder.join("aside")).len());
    assert!((5..20).contains(&passed) && passed + kept == 40, "{passed} and {kept}: {said}");
}

/// A Redis that doesn't outlive the test; `None`, loudly, where there is none.
#[cfg(feature = "redis")]
fn redis() -> Option<(super::rig::Ends, String)> {
    use std::process::{Command, Stdio};
    let port = super::rig::free();
    let child = Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", ""])
        .current_dir(std::env::temp_dir())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(child) = child else {
        eprintln!("SKIPPED: redis-server is not installed; `cargo xtask test` installs it");
        return None;
    };
    let redis = super::rig::Ends(child);
    super::rig::listens(port, "redis-server");
    Some((redis, format!("redis://127.0.0.1:{port}/0")))
}

#[cfg(feature = "redis")]
#[test]
fn two_relays_share_a_rate() {
    let Some(server) = Server::start("limited-shared") else { return };
    let Some((_redis, url)) = redis() else { return };
    let mut client = server.client();
    streams(&mut client);
    for n in 0..100 {
        client.publish("in.orders", &[], &format!("{n}"));
    }
    let contract = contract(&server.folder, 20, 16);
    let start = Instant::now();
    let relays = [(); 2].map(|()| relay(&server, &contract, &["--limits", &url, "--batch", "8"]));
    wait_until_idle(&mut client);
    let took = start.elapsed();
    let said = relays.map(Relay::end);
    // All but the burst and a block each come at twenty a second; by themselves, two would take half of that.
    assert!(took >= Duration::from_millis(3600), "{took:?}");
    assert_eq!(output(&mut client).len(), 100);
    let passed: Vec<u64> = said.iter().map(|said| counter(said, "passed")).collect();
    println!("100 messages at 20/s by two relays: {took:?}, passed by each {passed:?}");
    assert!(passed.iter().all(|n| *n > 0), "{passed:?}");
    assert!(said[0].contains("tidegate_limits_refills_total"), "{}", said[0]);
}
