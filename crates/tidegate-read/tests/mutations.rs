//! Real files, broken in every way, through the whole reader: it never panics and always ends.
//!
//! The files are those of `examples/`, and of a corpus of templates when there is one beside the repository.

#![allow(clippy::print_stderr, clippy::indexing_slicing, clippy::expect_used)]

use proptest::prelude::*;
use proptest::sample::Index;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use tidegate_read::{Options, link, read};

/// Names that some reader looks at.
const ENDINGS: [&str; 5] = ["yaml", "yml", "json", "tf", "tfvars"];
/// Files taken out of the corpus; more would only take longer.
const MOST: usize = 60;
/// One folder may take this long, even in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Path within its project and text of each file that is mutated.
static FILES: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = gather(&root.join("examples"), usize::MAX);
    assert!(!files.is_empty(), "the examples are gone");
    let corpus = root.join("../shared/corpus/templates");
    if corpus.is_dir() {
        files.extend(gather(&corpus, MOST));
    } else {
        eprintln!(
            "SKIPPED: there is no corpus of templates beside the repository; the examples alone are mutated"
        );
    }
    files
});

fn gather(folder: &Path, most: usize) -> Vec<(String, String)> {
    let mut paths: Vec<PathBuf> = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .and_then(|ending| ending.to_str())
                .is_some_and(|ending| ENDINGS.contains(&ending))
            {
                paths.push(path);
            }
        }
    }
    paths.sort();
    let step = (paths.len() / most).max(1);
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    paths
        .iter()
        .step_by(step)
        .filter_map(|path| Some((name(path)?, std::fs::read_to_string(path).ok()?)))
        .collect()
}

/// One way to break a text. Places are chosen as parts of it, so that they fit any file.
#[derive(Clone, Debug)]
enum Mutation {
    Cut(Index, Index),
    Copy(Index, Index, Index),
    SwapLines(Index, Index),
    Indent(Index, usize),
    Put(Index, String),
    End(Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let piece = prop_oneof![
        "\\PC{0,12}",
        prop::sample::select(vec![
            "${",
            "}",
            "!Ref ",
            "!Sub ",
            "{\"Fn::If\": [",
            "Fn::ForEach::A",
            "*a",
            "&a ",
            "<<: ",
            "- ",
            "[",
            "]",
            "{",
            "\"",
            "\t",
            "\0",
            "for_each = ",
            "count = 1000000\n",
            "dynamic \"a\" {\n",
            "<<-EOT\n",
            "%{ for a in b }",
            "\u{feff}",
            "null",
            "99999999999999999999",
        ])
        .prop_map(str::to_owned),
        (1_usize..400).prop_map(|times| "[".repeat(times)),
        (1_usize..400).prop_map(|times| "- ".repeat(times)),
    ];
    let index = any::<Index>;
    prop_oneof![
        (index(), index()).prop_map(|(a, b)| Mutation::Cut(a, b)),
        (index(), index(), index()).prop_map(|(a, b, to)| Mutation::Copy(a, b, to)),
        (index(), index()).prop_map(|(a, b)| Mutation::SwapLines(a, b)),
        (index(), 0_usize..9).prop_map(|(line, spaces)| Mutation::Indent(line, spaces)),
        (index(), piece).prop_map(|(at, piece)| Mutation::Put(at, piece)),
        index().prop_map(Mutation::End),
    ]
}

fn apply(text: &str, mutation: &Mutation) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let place = |index: &Index, length: usize| index.index(length + 1);
    // Ranges of a few lines: a cut of half the file leaves little to read.
    let range = |a: &Index, b: &Index, length: usize| {
        let start = place(a, length);
        (start, (start + b.index(200)).min(length))
    };
    match mutation {
        Mutation::Cut(a, b) => {
            let (start, end) = range(a, b, chars.len());
            chars.drain(start..end);
        }
        Mutation::Copy(a, b, to) => {
            let (start, end) = range(a, b, chars.len());
            let part = chars[start..end].to_vec();
            let to = place(to, chars.len());
            chars.splice(to..to, part);
        }
        Mutation::Put(at, piece) => {
            let at = place(at, chars.len());
            chars.splice(at..at, piece.chars());
        }
        Mutation::End(at) => chars.truncate(place(at, chars.len())),
        Mutation::SwapLines(a, b) => {
            let mut lines: Vec<&str> = text.lines().collect();
            if !lines.is_empty() {
                let (a, b) = (a.index(lines.len()), b.index(lines.len()));
                lines.swap(a, b);
            }
            return lines.join("\n");
        }
        Mutation::Indent(line, spaces) => {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            if !lines.is_empty() {
                let line = line.index(lines.len());
                lines[line] = format!("{}{}", " ".repeat(*spaces), lines[line].trim_start());
            }
            return lines.join("\n");
        }
    }
    chars.into_iter().collect()
}

/// A folder that is gone when the test has done with it, whatever comes.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("tidegate-mutations-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn readers_survive_mutated_files(file in any::<Index>(), mutations in prop::collection::vec(mutation(), 1..6)) {
        let (name, text) = &FILES[file.index(FILES.len())];
        let text = mutations.iter().fold(text.clone(), |text, mutation| apply(&text, mutation));
        let folder = Folder::new();
        std::fs::write(folder.0.join(name), text).expect("a file");
        let start = Instant::now();
        let system = read(&folder.0, &Options::default());
        let graph = link(&system);
        prop_assert!(start.elapsed() < PATIENCE, "{name} took {:?}", start.elapsed());
        // Every place that is told lies in a file that was read.
        for problem in &system.problems {
            if let Some(span) = problem.span {
                let source = system.sources.source(span.file);
                prop_assert!(source.is_some_and(|source| span.end as usize <= source.text().len()), "{problem:?}");
            }
        }
        prop_assert!(graph.edges().iter().all(|edge| edge.from < graph.nodes().len() && edge.to < graph.nodes().len()));
    }
}
