//! Every fix of every rule, on every fixture and example: it can be read, the finding is gone, the rest is as it was.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use tidegate_check::{Guardrails, Metadata, Selection, check, rules};
use tidegate_graph::{Edit, Finding, Piece, Plain, System, World};
use tidegate_iam::inclusion::{Inclusion, includes};
use tidegate_iam::policy::Reader;

#[test]
fn every_fix_mends_its_finding_and_nothing_else() {
    let mut offered: BTreeSet<&str> = BTreeSet::new();
    let mut applied: BTreeMap<&str, usize> = BTreeMap::new();
    for rule in rules() {
        for (name, files) in inputs(rule) {
            let folder = Scratch::new(&format!("{}-{name}", rule.id));
            lay_out(&folder.0, &files);
            let (system, findings) = run(rule, &folder.0);
            for finding in &findings {
                let Some(fix) = &finding.fix else { continue };
                offered.insert(rule.id);
                let Some(edits) = tidegate_read::edits(&system, fix) else { continue };
                let what = format!("{} in {name}: {}", rule.id, finding.message);
                mends(rule, &folder.0, &files, &system, finding, &edits, &what);
                *applied.entry(rule.id).or_default() += 1;
            }
        }
    }
    // A rule that offers a fix nobody can apply has one in name only.
    let unused: Vec<&&str> = offered.iter().filter(|rule| !applied.contains_key(**rule)).collect();
    assert!(unused.is_empty(), "no fixture or example in which the fix can be written: {unused:?}");
    assert!(applied.values().sum::<usize>() >= 20, "{applied:?}");
}

#[test]
fn fixes_can_be_written_in_services_and_heredocs() {
    const WRITTEN: &[&str] = &[
        "finding-service.yml",
        "finding-service-list.yml",
        "finding-heredoc.tf",
        "finding-attachment.tf",
        "finding-apart.tf",
        "finding-apart-encoded.tf",
        "finding-apart-heredoc.tf",
        "finding-document-sam.yaml",
    ];
    let mut written = 0;
    for rule in rules() {
        for (name, files) in inputs(rule).into_iter().filter(|(name, _)| WRITTEN.contains(&&**name)) {
            let folder = Scratch::new(&format!("service-{}-{name}", rule.id));
            lay_out(&folder.0, &files);
            let (system, findings) = run(rule, &folder.0);
            for finding in findings {
                let edits = finding.fix.and_then(|fix| tidegate_read::edits(&system, &fix));
                assert!(edits.is_some(), "{}: {}", rule.id, finding.message);
                written += 1;
            }
        }
    }
    assert!(written >= 9, "{written}");
}

/// Whatever language a policy is written in, what it allows afterwards it allowed before.
#[test]
fn a_value_asked_for_lets_nothing_new_in() {
    let rule = rules().iter().find(|rule| rule.id == "set-that-may-be-empty").unwrap();
    let mut proven = 0;
    for (name, files) in inputs(rule) {
        let folder = Scratch::new(&format!("narrower-{name}"));
        lay_out(&folder.0, &files);
        let (system, findings) = run(rule, &folder.0);
        for finding in findings {
            let Some(fix) = &finding.fix else { continue };
            let Some(edits) = tidegate_read::edits(&system, fix) else { continue };
            let source = system.sources.source(edits[0].span.file).unwrap();
            let mut mended = source.text().to_string();
            for edit in edits.iter().rev() {
                mended.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.replacement);
            }
            fs::write(folder.0.join(source.path().as_str()), &mended).unwrap();
            let (after, _) = run(rule, &folder.0);
            let change = &fix.changes[0];
            let document = |system: &System| {
                let mut path = change.path.iter().take_while(|key| *key != "Statement");
                let resource = system.resource(&change.resource).unwrap();
                let first = resource.properties.get(path.next().unwrap()).unwrap();
                let document = path.fold(first, |value, key| match value.as_list() {
                    Some(items) => &items[key.parse::<usize>().unwrap()],
                    None => value.get(key).unwrap(),
                });
                Reader::new(World::default(), &|_: &Piece| None).policy("p", document)
            };
            let (old, new) = (document(&system), document(&after));
            assert_eq!(includes(&old, &new, &|_| Vec::new()), Inclusion::Proven, "{name}\n{mended}");
            assert_ne!(includes(&new, &old, &|_| Vec::new()), Inclusion::Proven, "{name}\n{mended}");
            proven += 1;
            lay_out(&folder.0, &files);
        }
    }
    assert!(proven >= 7, "{proven}");
}

/// With statements and policies that conditions take away, a number may mean another one: then nothing is written.
#[test]
fn a_statement_that_is_not_certain_stays() {
    let rule = rules().iter().find(|rule| rule.id == "set-that-may-be-empty").unwrap();
    let (_, mut files) =
        inputs(rule).into_iter().find(|(name, _)| name == "finding-document-sam.yaml").unwrap();
    let whole = files[0].1.clone();
    let make = whole.find("  Keep:").unwrap();
    let conditions =
        "Parameters: { Stage: { Type: String } }\nConditions: { Prod: !Equals [!Ref Stage, prod] }\n";
    let listed = "            - Effect: Allow\n              Action: sqs:ListQueues\n";
    let mut written = |text: String| {
        files[0].1 = text;
        let folder = Scratch::new("uncertain");
        lay_out(&folder.0, &files);
        let (system, findings) = run(rule, &folder.0);
        let fixes: Vec<_> = findings.iter().filter_map(|finding| finding.fix.as_ref()).collect();
        assert!(!fixes.is_empty(), "{findings:?}");
        fixes.iter().any(|fix| tidegate_read::edits(&system, fix).is_some())
    };
    let whole = format!("{}{conditions}", &whole[..make]);
    assert!(written(whole.clone()));
    let maybe = "            - !If [Prod, { Effect: Allow, Action: 'sqs:GetQueueUrl', Resource: '*' }, !Ref AWS::NoValue]\n";
    assert!(!written(whole.replace(listed, &format!("{maybe}{listed}"))));
    let maybe = "        - !If [Prod, { Statement: [{ Effect: Allow, Action: 'sqs:ListQueues', Resource: '*' }] }, !Ref AWS::NoValue]\n";
    let version = "        - Version:";
    assert!(!written(whole.replace(version, &format!("{maybe}{version}"))));
}

/// One function keeps the role, so that none is left over.
#[test]
fn all_but_one_get_a_role_of_their_own() {
    let rule = rules().iter().find(|rule| rule.id == "shared-role").unwrap();
    for (name, files) in inputs(rule).into_iter().filter(|(name, _)| name.starts_with("finding-split.")) {
        let folder = Scratch::new(&format!("split-{name}"));
        lay_out(&folder.0, &files);
        let (system, findings) = run(rule, &folder.0);
        let written = |finding: &Finding| {
            finding.fix.as_ref().and_then(|fix| tidegate_read::edits(&system, fix)).is_some()
        };
        let written = findings.iter().filter(|finding| written(finding)).count();
        assert_eq!(written + 1, findings.len(), "{name}");
    }
}

#[test]
fn an_attachment_that_others_wait_for_stays() {
    let rule = rules().iter().find(|rule| rule.id == "over-privileged-function").unwrap();
    let (_, mut files) = inputs(rule).into_iter().find(|(name, _)| name == "finding-attachment.tf").unwrap();
    let wait = "\n  depends_on    = [aws_iam_role_policy_attachment.tables]\n  filename";
    files[0].1 = files[0].1.replace("\n  filename", wait);
    let folder = Scratch::new("waits");
    lay_out(&folder.0, &files);
    let (system, findings) = run(rule, &folder.0);
    let fix = findings[0].fix.as_ref().unwrap();
    assert_eq!(tidegate_read::edits(&system, fix), None);
}

fn mends(
    rule: &Metadata,
    folder: &Path,
    files: &[(PathBuf, String)],
    before: &System,
    finding: &Finding,
    edits: &[Edit],
    what: &str,
) {
    let source = before.sources.source(edits[0].span.file).unwrap();
    let text = source.text();
    let mut mended = text.to_string();
    let changes = &finding.fix.as_ref().unwrap().changes;
    let swaps = changes.iter().any(|change| matches!(change.value, Plain::Swap { .. }));
    for edit in edits.iter().rev() {
        let range = edit.span.start as usize..edit.span.end as usize;
        // What goes is no more than the one value, which may be several lines long where it is swapped as a whole.
        assert!(swaps || !text[range.clone()].trim().contains('\n'), "{what}: {:?}", &text[range]);
        mended.replace_range(range, &edit.replacement);
    }
    let path = folder.join(source.path().as_str());
    assert_eq!(fs::read_to_string(&path).unwrap(), **text, "{what}");
    fs::write(&path, &mended).unwrap();

    let (after, findings) = run(rule, folder);
    let problems = |system: &System| system.problems.iter().map(|p| p.message.clone()).collect::<Vec<_>>();
    assert_eq!(problems(&after), problems(before), "{what}\n{mended}");
    let beside = changes.iter().filter(|change| matches!(change.value, Plain::Beside { .. })).count();
    // What is one resource with parts in CloudFormation is several in Terraform.
    let more = after.declared() - before.declared();
    assert!(more >= beside && (beside > 0 || more == 0), "{what}\n{mended}");
    let there = findings.iter().find(|f| f.fingerprint == finding.fingerprint);
    assert!(there.is_none(), "{what}: still there after\n{mended}");
    // Once mended, there is nothing left to do.
    let again = finding.fix.as_ref().and_then(|fix| tidegate_read::edits(&after, fix));
    assert_eq!(again, None, "{what}\n{mended}");
    lay_out(folder, files);
}

/// Fixtures and examples that should be found, each as files.
fn inputs(rule: &Metadata) -> Vec<(String, Vec<(PathBuf, String)>)> {
    let mut out = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for family in entries(&root) {
        for path in entries(&family.join(rule.id)) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if !name.starts_with("finding-") || name.ends_with(".snap") || name.ends_with(".new") {
                continue;
            }
            let mut files = Vec::new();
            if path.is_dir() {
                gather(&path, &path, &mut files);
            } else {
                files.push((PathBuf::from(&name), fs::read_to_string(&path).unwrap()));
            }
            out.push((name, files));
        }
    }
    let page = rule.page();
    let mut open: Option<(String, String)> = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(""), Some(_)) => {
                let (extension, text) = open.take().unwrap();
                let name = format!("example-{}.{extension}", out.len());
                out.push((name.clone(), vec![(PathBuf::from(name), text)]));
            }
            (Some(info), None) => {
                if let Some((language, "finding")) = info.split_once(',') {
                    let extension = if language == "hcl" { "tf" } else { language };
                    open = Some((extension.to_string(), String::new()));
                }
            }
            (None, Some((_, text))) => {
                text.push_str(line);
                text.push('\n');
            }
            _ => {}
        }
    }
    out
}

fn gather(root: &Path, folder: &Path, files: &mut Vec<(PathBuf, String)>) {
    for path in entries(folder) {
        if path.is_dir() {
            gather(root, &path, files);
        } else if let Ok(text) = fs::read_to_string(&path) {
            files.push((path.strip_prefix(root).unwrap().to_path_buf(), text));
        }
    }
}

fn lay_out(folder: &Path, files: &[(PathBuf, String)]) {
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(read) = fs::read_dir(folder) else { return Vec::new() };
    let mut out: Vec<PathBuf> = read.map(|e| e.unwrap().path()).collect();
    out.sort();
    out
}

fn run(rule: &Metadata, path: &Path) -> (System, Vec<Finding>) {
    let system = tidegate_read::read(path, &tidegate_read::Options::default());
    let graph = tidegate_read::link(&system);
    // What the pages of their rules say; others don't look at it.
    let guardrails = Guardrails {
        forbidden_actions: vec!["iam:CreateUser".into()],
        required_conditions: vec![("iam:PassRole".into(), vec!["iam:PassedToService".into()])],
        allowed_external_accounts: Some(vec!["111122223333".into()]),
        max_blast_radius: Some(2),
        ..Guardrails::default()
    };
    let selection = Selection { only: vec![rule.id.into()], guardrails, ..Selection::default() };
    let findings = check(&system, &graph, &selection);
    (system, findings)
}

/// A folder that goes with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("tidegate-fix-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
