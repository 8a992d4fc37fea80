//! Did you mean.

/// The known word that a mistyped one most likely stands for.
pub(crate) fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Names are short; an endless one is no typing error, and the distance takes the product of the lengths.
    const MAX_WORD: usize = 100;
    const ENOUGH: f64 = 0.8;
    if word.len() > MAX_WORD {
        return None;
    }
    let word = word.to_ascii_lowercase();
    let score = |k: &&str| strsim::jaro_winkler(&word, &k.to_ascii_lowercase());
    known
        .into_iter()
        .map(|k| (score(&k), k))
        .filter(|(s, _)| *s >= ENOUGH)
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)))
        .map(|(_, k)| k)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors_find_their_word() {
        let known = ["public-function-url", "wildcard-trust", "no-dead-letter-queue"];
        assert_eq!(closest("public-funtcion-url", known), Some("public-function-url"));
        assert_eq!(closest("Wildcard-Trst", known), Some("wildcard-trust"));
        assert_eq!(closest("encryption", known), None);
        assert_eq!(closest(&"w".repeat(5000), known), None);
    }
}
