//! Which version of a module a constraint picks: the newest that it allows.

type Version = [u32; 3];

const NEWEST: Version = [u32::MAX; 3];

/// True if the newest version that a constraint allows is this one or later.
pub(super) fn reaches(constraint: &str, version: &str) -> bool {
    let least = numbers(version);
    newest(constraint) >= [0, 1, 2].map(|n| least.get(n).copied().unwrap_or_default())
}

/// The newest version that a constraint allows; no limit where it says none.
fn newest(constraint: &str) -> Version {
    constraint.split(',').map(limit).min().unwrap_or(NEWEST)
}

fn limit(clause: &str) -> Version {
    let clause = clause.trim();
    let split = clause.find(|c: char| c.is_ascii_digit()).unwrap_or(clause.len());
    let (operator, text) = clause.split_at_checked(split).unwrap_or((clause, ""));
    let numbers = numbers(text);
    let part = |n: usize| numbers.get(n).copied();
    let [Some(major), minor, patch] = [part(0), part(1), part(2)] else { return NEWEST };
    match operator.trim().trim_end_matches('v').trim() {
        "" | "=" | "<=" => [major, minor.unwrap_or_default(), patch.unwrap_or_default()],
        // All but the last number that is written stay as they are.
        "~>" => match (minor, patch) {
            (Some(minor), Some(_)) => [major, minor, u32::MAX],
            (Some(_), None) => [major, u32::MAX, u32::MAX],
            _ => NEWEST,
        },
        "<" => before([major, minor.unwrap_or_default(), patch.unwrap_or_default()]),
        _ => NEWEST,
    }
}

/// The last version before another one.
fn before([major, minor, patch]: Version) -> Version {
    match (minor, patch.checked_sub(1)) {
        (_, Some(patch)) => [major, minor, patch],
        (0, None) => [major.saturating_sub(1), u32::MAX, u32::MAX],
        (minor, None) => [major, minor.saturating_sub(1), u32::MAX],
    }
}

fn numbers(text: &str) -> Vec<u32> {
    let text = text.split(['-', '+', ' ']).next().unwrap_or_default();
    text.split('.').map_while(|n| n.trim().parse().ok()).take(3).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_allowed_version_decides() {
        for constraint in [
            "",
            "3.9.0",
            "v3.9.1",
            "= 4.0",
            "~> 3.0",
            "~> 3.9.0",
            ">= 3.0",
            ">= 3.0, < 5.0",
            "~> 3",
            "latest",
        ] {
            assert!(reaches(constraint, "3.9.0"), "{constraint}");
        }
        for constraint in ["3.7.0", "~> 2.0", "~> 3.8.0", "< 3.9", ">= 2.0, < 3.0.0", "<= 3.8.2", "< 3.9.0"] {
            assert!(!reaches(constraint, "3.9.0"), "{constraint}");
        }
    }
}
