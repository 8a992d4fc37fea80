//! Texts that count instead of those on disk.

use crate::scratch::Scratch;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tidegate_graph::System;
use tidegate_read::Options;

fn template(name: &str) -> String {
    format!("Resources:\n  {name}:\n    Type: AWS::SQS::Queue\n")
}

fn read(scratch: &Scratch, unsaved: &[(&str, &str)]) -> System {
    let folder = scratch.path().canonicalize().unwrap();
    let unsaved = unsaved.iter().map(|(path, text)| (folder.join(path), Arc::from(*text))).collect();
    tidegate_read::read(&folder, &Options { unsaved: Arc::new(unsaved), ..Options::default() })
}

fn names(system: &System) -> Vec<&str> {
    system.resources().iter().map(|r| r.logical_id.as_str()).collect()
}

#[test]
fn a_text_counts_instead_of_the_file() {
    let scratch = Scratch::new(&[("a.yaml", &template("Old")), ("b.yaml", &template("Same"))]);
    assert_eq!(names(&read(&scratch, &[("a.yaml", &template("New"))])), ["New", "Same"]);
}

#[test]
fn a_file_that_is_not_there_yet_counts() {
    let scratch = Scratch::new(&[("main.tf", "resource \"aws_sqs_queue\" \"one\" {}\n")]);
    let two = "resource \"aws_sqs_queue\" \"two\" {}\n";
    let system = read(&scratch, &[("b.yaml", &template("Made")), ("two.tf", two), (".git/c.yaml", "x: 1")]);
    let mut names = names(&system);
    names.sort_unstable();
    assert_eq!(names, ["Made", "aws_sqs_queue.one", "aws_sqs_queue.two"]);
}

#[test]
fn nothing_is_read_outside_of_the_folder() {
    let scratch = Scratch::new(&[("a.yaml", &template("A"))]);
    assert_eq!(names(&read(&scratch, &[("../z.yaml", &template("Outside"))])), ["A"]);
}

#[test]
fn whoever_stops_it_gets_nothing() {
    let scratch = Scratch::new(&[("a.yaml", &template("A"))]);
    let options = Options { stop: Arc::new(AtomicBool::new(true)), ..Options::default() };
    assert!(tidegate_read::read(scratch.path(), &options).stacks.is_empty());
}
