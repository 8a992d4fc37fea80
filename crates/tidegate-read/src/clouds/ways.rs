//! Ways over steps of Google Cloud and Azure: what is reached from somewhere, and what breaks every way.

use super::{CloudStep, RUNS};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use tidegate_graph::Str;
use tidegate_iam::reach::hitting;

/// Ways that are looked at for a cut.
const MOST_WAYS: usize = 48;

/// Steps by where they start.
pub struct CloudWays<'a>(HashMap<&'a str, Vec<&'a CloudStep>>);

impl<'a> CloudWays<'a> {
    /// Ways over the steps that are certain, or over all of them.
    pub fn new(steps: &'a [CloudStep], certain: bool) -> Self {
        Self::of(steps.iter().filter(|step| step.certain || !certain))
    }

    fn of(steps: impl Iterator<Item = &'a CloudStep>) -> Self {
        let mut out: HashMap<&str, Vec<&CloudStep>> = HashMap::new();
        for step in steps {
            out.entry(&step.from).or_default().push(step);
        }
        Self(out)
    }

    fn from(&self, id: &str) -> impl Iterator<Item = &'a CloudStep> {
        self.0.get(id).into_iter().flatten().copied()
    }

    /// The shortest way to everything that is reached, in at most so many steps.
    pub fn shortest(&self, start: &str, most: usize) -> BTreeMap<Str, Vec<&'a CloudStep>> {
        let mut out: BTreeMap<Str, Vec<&CloudStep>> = BTreeMap::new();
        let mut open = VecDeque::from([(start, Vec::new())]);
        while let Some((id, way)) = open.pop_front() {
            if way.len() >= most {
                continue;
            }
            for step in self.from(id) {
                if step.to == *start || out.contains_key(&step.to) {
                    continue;
                }
                let mut way = way.clone();
                way.push(step);
                out.insert(step.to.clone(), way.clone());
                open.push_back((&step.to, way));
            }
        }
        out
    }

    /// What is reached from what runs code, beside what it runs as.
    pub fn radius(&self, start: &str) -> BTreeSet<&'a Str> {
        let mut seen = BTreeSet::from([start]);
        let mut open = vec![(start, 0_usize)];
        let mut out = BTreeSet::new();
        while let Some((at, depth)) = open.pop() {
            for step in self.from(at) {
                if !seen.insert(&step.to) {
                    continue;
                }
                if depth > 0 || step.does != RUNS {
                    out.insert(&step.to);
                }
                open.push((&step.to, depth + 1));
            }
        }
        out
    }
}

/// The fewest bindings and assignments without which nothing that is wanted is certainly reached any more, each with the
/// steps that it allows on the ways there. Found by taking them away and looking again, so that it is known to suffice;
/// `None` where a way stands on nothing that could be taken away.
pub fn cloud_cut<'a>(
    steps: &'a [CloudStep],
    start: &str,
    most: usize,
    wanted: &dyn Fn(&str) -> bool,
) -> Option<Vec<Vec<&'a CloudStep>>> {
    let mut paths: Vec<Vec<&Str>> = Vec::new();
    let mut about: BTreeMap<&Str, Vec<&CloudStep>> = BTreeMap::new();
    for _ in 0..MOST_WAYS {
        let chosen = hitting(&paths);
        let left = steps.iter().filter(|step| step.certain && !chosen.contains(&step.by));
        let found = CloudWays::of(left).shortest(start, most);
        let Some((_, way)) = found.into_iter().find(|(id, _)| wanted(id)) else {
            return Some(chosen.into_iter().filter_map(|by| about.remove(by)).collect());
        };
        let mut path = Vec::new();
        for step in way.into_iter().filter(|step| step.does != RUNS) {
            path.push(&step.by);
            let known = about.entry(&step.by).or_default();
            if !known.contains(&step) {
                known.push(step);
            }
        }
        if path.is_empty() {
            return None;
        }
        paths.push(path);
    }
    None
}
