//! What only sentences have. A query, a command, an address that is talked about does nothing.

/// ` returns nothing`, `, isn't it?`: a blank, and two words of letters alone, where a language of machines would go on with
/// an operator or end.
pub(super) fn follows(rest: &[u8]) -> bool {
    let rest = rest.strip_prefix(b",").unwrap_or(rest);
    let Some(rest) = rest.strip_prefix(b" ") else { return false };
    let rest = rest.get(..64).unwrap_or(rest);
    let mut words = rest.split(|b| *b == b' ');
    let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    is_word(first) && !matches!(first, b"or" | b"and" | b"union" | b"mod" | b"div") && is_word(second)
}

/// It ends as a sentence does: two words of letters alone, and a full stop or its like behind them.
pub(super) fn ends(text: &[u8]) -> bool {
    let text = text.trim_ascii_end();
    let Some((b'.' | b'?' | b'!', before)) = text.split_last() else { return false };
    let last = before.get(before.len().saturating_sub(64)..).unwrap_or_default();
    let mut words = last.rsplit(|b| *b == b' ');
    let (last, but_one) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    last.len() > 1 && is_word(last) && is_word(but_one)
}

/// Letters, with an apostrophe within at most and a mark of punctuation behind: `doesn't`, `refused,`.
fn is_word(word: &[u8]) -> bool {
    let bare = word.strip_suffix(b",").or_else(|| word.strip_suffix(b"?")).unwrap_or(word);
    let bare = bare.strip_suffix(b".").or_else(|| bare.strip_suffix(b"!")).unwrap_or(bare);
    let letter = |b: &u8| b.is_ascii_alphabetic() || *b >= 0x80;
    bare.first().is_some_and(letter)
        && bare.last().is_some_and(letter)
        && bare.iter().all(|b| letter(b) || *b == b'\'')
        && bare.iter().filter(|b| **b == b'\'').count() <= 1
}

/// `isn't`, `users,`: a word as only sentences write it.
pub(super) fn is_wordy(word: &[u8]) -> bool {
    let listed =
        word.len() > 3 && word.strip_suffix(b",").is_some_and(|w| w.iter().all(u8::is_ascii_alphabetic));
    listed || {
        let word = word.strip_suffix(b".").or_else(|| word.strip_suffix(b"?")).unwrap_or(word);
        [&b"n't"[..], b"'s", b"'re", b"'ll", b"'ve"].iter().any(|end| {
            word.strip_suffix(*end)
                .is_some_and(|stem| !stem.is_empty() && stem.iter().all(u8::is_ascii_alphabetic))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_go_on_and_end_in_words() {
        for rest in [" returns nothing for me", " is refused, why?", ", isn't it?", " doesn't load"] {
            assert!(follows(rest.as_bytes()), "{rest}");
        }
        for rest in ["", " or 1=1", " union select", "x is y", " -c id", " a=b c", " 1 of", " or true"] {
            assert!(!follows(rest.as_bytes()), "{rest}");
        }
        for text in ["x > 1 lists duplicates.", "why does it take so long?"] {
            assert!(ends(text.as_bytes()), "{text}");
        }
        for text in ["select a from b", "select a from b;", "x -- a.", "id = 5.", "one.", "f(x) b."] {
            assert!(!ends(text.as_bytes()), "{text}");
        }
        assert!(is_wordy(b"users,") && is_wordy(b"doesn't") && !is_wordy(b"a,") && !is_wordy(b"'s"));
    }
}
