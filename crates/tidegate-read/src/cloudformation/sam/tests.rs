use super::*;
use std::path::Path;
use tidegate_graph::Span;

mod apis;
mod events;
mod functions;
mod others;
mod reference;

/// A template after the transform, with short ways to look into it.
struct Got(Template);

/// Transforms resources that are written as YAML.
fn resources(text: &str) -> Got {
    let indented: String = text.lines().map(|line| format!("  {line}\n")).collect();
    template(&format!("Resources:\n{indented}"))
}

/// Transforms a template that is written as YAML.
fn template(text: &str) -> Got {
    let files = Files::new(Path::new("."));
    let file = files.add("template.yaml", text);
    let (root, problems) = yaml::parse_one(file, text);
    assert!(problems.is_empty(), "{problems:?}");
    let root = root.unwrap().as_map().unwrap().clone();
    let mut template = Template { file, root, ..Template::default() };
    transform(&files, &mut template);
    Got(template)
}

/// Transforms a template in a folder with other files.
fn folder(name: &str, texts: &[(&str, &str)]) -> Got {
    let folder = std::env::temp_dir().join(format!("tidegate-sam-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    texts.iter().for_each(|(path, text)| std::fs::write(folder.join(path), text).unwrap());
    let files = Files::new(&folder);
    let file = files.load(&files.root().join("template.yaml")).unwrap();
    let (root, _) = yaml::parse_one(file, &files.text(file));
    let mut template =
        Template { file, root: root.unwrap().as_map().unwrap().clone(), ..Template::default() };
    transform(&files, &mut template);
    std::fs::remove_dir_all(&folder).unwrap();
    Got(template)
}

impl Got {
    /// The value at keys and positions.
    fn at(&self, path: &[&str]) -> Option<&Value> {
        let mut value = self.0.root.get("Resources")?;
        for key in path {
            value = match key.parse::<usize>() {
                Ok(index) if value.as_list().is_some() => value.as_list()?.get(index)?,
                _ => value.get(key)?,
            };
        }
        Some(value)
    }

    /// The text at keys and positions.
    fn text(&self, path: &[&str]) -> &str {
        self.at(path).and_then(Value::as_str).unwrap_or_default()
    }

    /// A property of a resource.
    fn property(&self, id: &str, name: &str) -> Option<&Value> {
        self.at(&[id, "Properties", name])
    }

    /// Ids in order, ten-digit endings cut.
    fn ids(&self) -> Vec<String> {
        let resources = self.0.root.get("Resources").unwrap().as_map().unwrap();
        let mut ids: Vec<String> = resources.keys().map(|id| plain(id).to_owned()).collect();
        ids.sort();
        ids
    }

    /// The id that begins so.
    fn id(&self, prefix: &str) -> String {
        let resources = self.0.root.get("Resources").unwrap().as_map().unwrap();
        resources.keys().find(|id| plain(id) == prefix).unwrap().to_string()
    }

    fn said(&self) -> Vec<&str> {
        self.0.problems.iter().map(|p| p.message.as_str()).collect()
    }

    /// Asserts that there are no problems.
    fn clean(self) -> Self {
        assert!(self.0.problems.is_empty(), "{:?}", self.said());
        self
    }
}

/// An id without its ten-digit ending.
fn plain(id: &str) -> &str {
    match id.len().checked_sub(10).and_then(|at| id.split_at_checked(at)) {
        Some((plain, hash)) if hash.chars().all(|c| "0123456789abcdef".contains(c)) => plain,
        _ => id,
    }
}
