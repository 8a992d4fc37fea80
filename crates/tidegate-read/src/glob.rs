//! Patterns of paths: `*` within a part, `**` across parts, `?` for one character.

/// A pattern; one without a wildcard is a file or everything below a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    parts: Vec<String>,
}

impl Glob {
    /// Takes a pattern; every text is one.
    pub fn new(pattern: &str) -> Self {
        let trimmed = pattern.trim_start_matches("./").trim_end_matches('/');
        let mut parts: Vec<String> =
            trimmed.split('/').filter(|p| !p.is_empty()).map(str::to_string).collect();
        // Two `**` in a row say what one says.
        parts.dedup_by(|a, b| a == "**" && b == "**");
        Self { parts }
    }

    /// True if the path or a folder above it fits.
    pub fn fits(&self, path: &str) -> bool {
        let path: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
        // Row by row as in an edit distance: `reached[i]` says that the first `i` parts of the path are taken.
        let mut reached = vec![false; path.len() + 1];
        if let Some(first) = reached.first_mut() {
            *first = true;
        }
        for part in &self.parts {
            let mut next = vec![false; path.len() + 1];
            let mut any = false;
            for (i, was) in reached.iter().enumerate() {
                any |= was;
                if part == "**" {
                    set(&mut next, i, any);
                } else if *was && path.get(i).is_some_and(|name| part_fits(part, name)) {
                    set(&mut next, i + 1, true);
                }
            }
            reached = next;
        }
        !self.parts.is_empty() && reached.contains(&true)
    }
}

fn set(row: &mut [bool], index: usize, value: bool) {
    if let Some(cell) = row.get_mut(index) {
        *cell |= value;
    }
}

/// `*` and `?` within one part, in the product of the lengths at most.
fn part_fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while let Some(c) = name.get(n) {
        match pattern.get(p) {
            Some('*') => {
                retry = Some((p + 1, n));
                p += 1;
            }
            Some(wanted) if *wanted == '?' || wanted == c => {
                p += 1;
                n += 1;
            }
            _ => match retry {
                Some((after, from)) => {
                    retry = Some((after, from + 1));
                    p = after;
                    n = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).unwrap_or_default().iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_paths() {
        let fits = |pattern: &str, path: &str| Glob::new(pattern).fits(path);
        assert!(fits("vendor", "vendor/a/b.yaml"));
        assert!(fits("./vendor/", "vendor/b.yaml"));
        assert!(!fits("vendor", "src/vendor/b.yaml"));
        assert!(fits("**/vendor", "src/vendor/b.yaml"));
        assert!(fits("**/vendor", "vendor/b.yaml"));
        assert!(fits("**/*.test.yaml", "a/b/c.test.yaml"));
        assert!(!fits("*.yaml", "a/b.yaml"));
        assert!(fits("a/**/z.yaml", "a/z.yaml"));
        assert!(fits("a/**/z.yaml", "a/b/c/z.yaml"));
        assert!(fits("fo?/b*r", "foo/bar"));
        assert!(!fits("fo?/b*r", "foo/baz"));
        assert!(!fits("", "foo"));
    }

    #[test]
    fn hostile_patterns_end() {
        assert!(!Glob::new(&("a*".repeat(2000) + "c")).fits(&"ab".repeat(2500)));
        assert!(!Glob::new(&"**/x/".repeat(500)).fits(&"y/".repeat(500)));
    }
}
