//! What every rule of one's own has, whatever its form.

use crate::config::Complaint;
use std::ops::Range;
use tidegate_check::{Metadata, Profile};
use tidegate_graph::{Confidence, Severity};

/// What is known of a rule without running it.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) id: String,
    /// Where the id stands in the file.
    pub(super) at: Range<usize>,
    pub(super) wording: Wording,
    pub(super) severity: Severity,
    pub(super) confidence: Confidence,
    pub(super) profiles: Vec<Profile>,
}

/// What people read of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Wording {
    pub(super) title: String,
    pub(super) why: String,
    pub(super) docs: String,
    pub(super) aliases: Vec<String>,
    pub(super) threats: Vec<String>,
}

/// Why a text is no id, if it is none.
pub(super) fn check_id(id: &str) -> Result<(), &'static str> {
    const MOST: usize = 80;
    let word = |w: &str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if id.len() <= MOST && id.split('-').all(word) && id.starts_with(|c: char| c.is_ascii_lowercase()) {
        Ok(())
    } else {
        Err("expected small letters, digits and single hyphens, such as `queue-without-owner`")
    }
}

impl Default for Head {
    fn default() -> Self {
        Self {
            id: String::new(),
            at: 0..0,
            wording: Wording::default(),
            severity: Severity::Medium,
            confidence: Confidence::High,
            profiles: vec![Profile::Baseline],
        }
    }
}

impl Head {
    /// Makes it known for the rest of the process, as the rules that come with Tidegate are.
    pub(super) fn into_metadata(self, since: &str) -> &'static Metadata {
        let text = |text: String| -> &'static str { text.leak() };
        let texts = |texts: Vec<String>| -> &'static [&'static str] {
            texts.into_iter().map(text).collect::<Vec<_>>().leak()
        };
        // `all` is no set of its own: it holds every rule.
        let profiles: Vec<Profile> = self.profiles.into_iter().filter(|p| *p != Profile::All).collect();
        Box::leak(Box::new(Metadata {
            id: text(self.id),
            title: text(self.wording.title),
            severity: self.severity,
            confidence: self.confidence,
            since: text(since.to_string()),
            aliases: texts(self.wording.aliases),
            threats: texts(self.wording.threats),
            profiles: profiles.leak(),
            why: text(self.wording.why),
            docs: text(self.wording.docs),
        }))
    }

    /// Complains when another rule has the id, or one of the aliases is the id of another rule.
    pub(super) fn clash(
        &self,
        taken: &mut std::collections::HashMap<String, String>,
        here: &str,
    ) -> Option<Complaint> {
        let names = std::iter::once(&self.id).chain(&self.wording.aliases);
        let clash = names
            .clone()
            .find_map(|name| taken.get(&name.to_ascii_lowercase()).map(|by| (name.clone(), by.clone())));
        if let Some((name, by)) = clash {
            let complaint = Complaint::new(self.at.clone(), format!("there is a rule `{name}` already"));
            return Some(complaint.label(by));
        }
        for name in names {
            taken.insert(name.to_ascii_lowercase(), format!("in {here}"));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::check_id;

    #[test]
    fn ids() {
        for good in ["queue-without-owner", "a1-b2", "x"] {
            assert_eq!(check_id(good), Ok(()), "{good}");
        }
        for bad in ["", "Queue", "a--b", "-a", "a_b", "1-a", "a b", &"x".repeat(81)] {
            assert!(check_id(bad).is_err(), "{bad}");
        }
    }
}
