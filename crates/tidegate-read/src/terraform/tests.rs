//! Whole folders, and the shared corpus where there is one.

use super::*;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A folder that is gone when the test is over.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(files: &[(&str, &str)]) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name =
            format!("tidegate-terraform-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        for (path, text) in files {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Self(folder.canonicalize().unwrap())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What the evaluator makes of a folder.
pub(super) struct Read(Evaluated);

pub(super) fn read_with(files: &[(&str, &str)], options: &Options) -> Read {
    let folder = Folder::new(files);
    let read = with_room(|| evaluate(&Files::new(&folder.0), &folder.0, options));
    Read(read.expect("a folder with files of Terraform's"))
}

pub(super) fn read(files: &[(&str, &str)]) -> Read {
    read_with(files, &Options::default())
}

impl Read {
    pub(super) fn addresses(&self) -> Vec<&str> {
        self.0.instances.iter().map(|i| i.address.as_str()).collect()
    }

    pub(super) fn instance(&self, address: &str) -> &Instance {
        let found = self.0.instances.iter().find(|i| i.address == address);
        found.unwrap_or_else(|| panic!("no {address} among {:?}", self.addresses()))
    }

    pub(super) fn value(&self, address: &str, attribute: &str) -> &Value {
        let instance = self.instance(address);
        instance
            .attributes
            .get(attribute)
            .unwrap_or_else(|| panic!("no {attribute} in {:?}", instance.attributes))
    }

    pub(super) fn show(&self, address: &str, attribute: &str) -> String {
        show(self.value(address, attribute))
    }

    pub(super) fn problems(&self) -> Vec<&str> {
        self.0.problems.iter().map(|p| p.message.as_str()).collect()
    }
}

/// A value in one line: texts in quotes, holes as `${..}`, choices as `cond ? a : b`.
pub(super) fn show(value: &Value) -> String {
    match &value.data {
        Data::Null => "null".into(),
        Data::Bool(_) | Data::Number(_) => value.as_text().unwrap().to_string(),
        Data::Text(text) => format!("'{text}'"),
        Data::Template(_) => format!("'{}'", value.display()),
        Data::Json(inner) => format!("json {}", show(inner)),
        Data::List(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(", ")),
        Data::Map(map) => {
            format!(
                "{{{}}}",
                map.iter().map(|(k, v)| format!("{k}: {}", show(v))).collect::<Vec<_>>().join(", ")
            )
        }
        Data::Choice(choice) => {
            let side = |v: &Option<Value>| v.as_ref().map_or("absent".into(), show);
            format!("({} ? {} : {})", cond(&choice.cond), side(&choice.then), side(&choice.otherwise))
        }
        Data::Unknown(symbol) => format!("?{:?} {}", symbol.why, symbol.name),
    }
}

pub(super) fn cond(cond_: &tidegate_graph::Cond) -> String {
    use tidegate_graph::Cond;
    match cond_ {
        Cond::Constant(value) => value.to_string(),
        Cond::Equals(name, value) => format!("{name}={value}"),
        Cond::Free(name) => name.to_string(),
        Cond::Not(inner) => format!("!({})", cond(inner)),
        Cond::All(all) => all.iter().map(cond).collect::<Vec<_>>().join(" & "),
        Cond::Any(any) => any.iter().map(cond).collect::<Vec<_>>().join(" | "),
    }
}

/// The shared corpus, if this machine has one.
fn shared() -> Option<PathBuf> {
    let given = std::env::var_os("TIDEGATE_SHARED").map(PathBuf::from);
    let found = given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"));
    if found.join("corpus").is_dir() {
        return Some(found.join("corpus"));
    }
    println!("SKIPPED: there is no shared corpus at {}", found.display());
    None
}

/// The root modules of a project.
fn roots(project: &Path, files: &Files) -> Vec<PathBuf> {
    let parts = crate::discover::find(project, files, &Options::default()).parts.into_iter();
    parts
        .filter_map(|part| {
            if let crate::discover::Part::TerraformFolder(folder) = part { Some(folder) } else { None }
        })
        .collect()
}

#[test]
fn the_corpus_reads_without_problems() {
    let Some(corpus) = shared() else { return };
    let mut failures = Vec::new();
    let (mut count, mut seen, mut declared_all) = (0, 0, 0);
    for set in ["templates", "patterns"] {
        for entry in std::fs::read_dir(corpus.join(set)).unwrap() {
            let project = entry.unwrap().path();
            let files = Files::new(&project);
            let found = roots(&project, &files);
            if found.is_empty() {
                continue;
            }
            let meta = std::fs::read_to_string(project.join("meta.json")).unwrap_or_default();
            let (meta, _) = crate::yaml::parse_one(FileId(0), &meta);
            let flag =
                |name: &str| meta.as_ref().and_then(|m| m.get(name)).and_then(Value::as_bool) == Some(true);
            let declared = meta.as_ref().and_then(|m| m.get("declared")).and_then(Value::as_i64);
            let mut instances = 0;
            let mut problems = Vec::new();
            for folder in found {
                let Some(read) = with_room(|| evaluate(&files, &folder, &Options::default())) else {
                    continue;
                };
                if std::env::var_os("TIDEGATE_SHOW").is_some() {
                    dump(&read);
                }
                instances += read.instances.iter().filter(|i| !i.data).count();
                problems.extend(read.problems);
            }
            count += 1;
            seen += instances;
            if !flag("invalid") && !problems.is_empty() {
                failures.push(format!("{}: {:?}", project.display(), problems));
            }
            if let Some(declared) = declared {
                declared_all += declared;
                let share = if flag("conditional") { 0.5 } else { 0.9 };
                if (instances as f64) < declared as f64 * share {
                    failures.push(format!("{}: {instances} of {declared}", project.display()));
                }
            }
        }
    }
    println!("{count} projects, {seen} instances of {declared_all} declared");
    assert!(failures.is_empty(), "{failures:#?}");
    assert!(count > 40, "{count}");
}

#[test]
fn the_probes_resolve() {
    let Some(corpus) = shared() else { return };
    let any = |policy: &str| {
        format!(
            "{{Version: '2012-10-17', Statement: [{{Effect: 'Allow', Action: {policy}, Resource: '*'}}]}}"
        )
    };
    let url = "authorization_type";
    for (probe, address, attribute, expected) in [
        ("t04_local_cond", "aws_lambda_function_url.u", url, "'NONE'".to_string()),
        ("t05_module", "module.m.aws_lambda_function_url.u", url, "'NONE'".into()),
        ("t07_module_foreach", "module.m[\"x\"].aws_lambda_function_url.u", url, "'NONE'".into()),
        ("t07_module_foreach", "module.m[\"y\"].aws_lambda_function_url.u", url, "'AWS_IAM'".into()),
        ("t10_doc_merge_star", "aws_iam_policy.p", "policy", any("['s3:GetObject', '*']")),
        ("t14_templatefile", "aws_iam_policy.p", "policy", any("'*'")),
    ] {
        let folder = corpus.join("probes").join(probe);
        let files = Files::new(&folder);
        let read = Read(with_room(|| evaluate(&files, &folder, &Options::default())).unwrap());
        let value = read.value(address, attribute);
        let value = crate::document::document(value).unwrap_or_else(|| value.clone());
        assert_eq!(show(&value), expected, "{probe}");
        assert!(read.problems().is_empty());
    }
}

fn dump(read: &Evaluated) {
    for instance in &read.instances {
        println!("{}", instance.id);
        for (name, value) in instance.attributes.iter() {
            println!("    {name} = {}", show(value));
        }
    }
}

#[test]
fn everything_in_the_corpus_is_read_within_bounds() {
    let Some(corpus) = shared() else { return };
    let shown = std::env::var("TIDEGATE_SHOW").unwrap_or_default();
    for set in ["probes", "kics", "goats", "diagrams"] {
        let files = Files::new(&corpus.join(set));
        for folder in roots(&corpus.join(set), &files) {
            let read = with_room(|| evaluate(&files, &folder, &Options::default())).unwrap();
            println!("{} {}", folder.display(), read.instances.len());
            read.problems
                .iter()
                .for_each(|p| println!("  {p:?} {:?}", p.span.map(|s| files.sources().location(s))));
            if shown == set {
                dump(&read);
            }
        }
    }
}
