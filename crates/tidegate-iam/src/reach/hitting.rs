//! The smallest set that hits every path: how few things have to go so that no path stands.

use std::collections::{BTreeMap, BTreeSet};

/// Attempts at a smallest set before the greedy one has to do.
const MOST_TRIES: usize = 20_000;
/// The largest set that is looked for in every way.
const LARGEST: usize = 8;

/// The smallest set that hits every path; a small one where looking for it takes too long. A path without anything on it
/// can't be hit.
pub fn hitting<T: Ord + Clone>(paths: &[Vec<T>]) -> BTreeSet<T> {
    let mut tries = 0;
    for size in 0..=paths.len().min(LARGEST) {
        let mut chosen = BTreeSet::new();
        if within(paths, size, &mut chosen, &mut tries) {
            return chosen;
        }
    }
    greedy(paths)
}

fn within<T: Ord + Clone>(
    paths: &[Vec<T>],
    left: usize,
    chosen: &mut BTreeSet<T>,
    tries: &mut usize,
) -> bool {
    let Some(open) = paths.iter().find(|path| !path.iter().any(|atom| chosen.contains(atom))) else {
        return true;
    };
    *tries += 1;
    if left == 0 || *tries > MOST_TRIES {
        return false;
    }
    for atom in open {
        chosen.insert(atom.clone());
        if within(paths, left - 1, chosen, tries) {
            return true;
        }
        chosen.remove(atom);
    }
    false
}

fn greedy<T: Ord + Clone>(paths: &[Vec<T>]) -> BTreeSet<T> {
    let mut chosen = BTreeSet::new();
    loop {
        let mut counts: BTreeMap<&T, usize> = BTreeMap::new();
        for path in paths.iter().filter(|path| !path.iter().any(|atom| chosen.contains(atom))) {
            path.iter().for_each(|atom| *counts.entry(atom).or_default() += 1);
        }
        let Some((atom, _)) = counts.into_iter().max_by_key(|(_, count)| *count) else { return chosen };
        chosen.insert(atom.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_on_every_path_is_enough() {
        let paths = [vec![1, 2], vec![2, 3], vec![4, 2]];
        assert_eq!(hitting(&paths), BTreeSet::from([2]));
        assert_eq!(hitting(&[vec![1, 2], vec![3], vec![2, 4]]).len(), 2);
        assert!(hitting::<u8>(&[]).is_empty());
    }

    #[test]
    fn many_paths_apart_are_hit_all_the_same() {
        let paths: Vec<Vec<usize>> = (0..40).map(|n| vec![2 * n, 2 * n + 1]).collect();
        let chosen = hitting(&paths);
        assert!(paths.iter().all(|path| path.iter().any(|atom| chosen.contains(atom))));
    }
}
