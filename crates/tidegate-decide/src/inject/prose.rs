//! What only sentences have. A query, a command, an address or a piece of code that somebody writes *about* does nothing.

/// Code is judged by itself on one line of this length; what is longer is a file, which people send to each other.
const LONGEST: usize = 256;

/// One line of code: outside of quotes no word follows upon a word, as in a sentence, words of languages aside.
pub(super) fn is_code(lower: &[u8]) -> bool {
    let lower = lower.trim_ascii();
    if lower.len() > LONGEST || memchr::memchr(b'\n', lower).is_some() {
        return false;
    }
    // A question, other than the end of a page in PHP.
    if lower.ends_with(b"?") {
        return false;
    }
    let (mut at, mut blank, mut last) = (0, false, Token::Mark(0));
    while let Some(byte) = lower.get(at) {
        let rest = lower.get(at..).unwrap_or_default();
        match byte {
            b' ' | b'\t' => {
                blank = true;
                at += 1;
                continue;
            }
            b'\'' | b'"' | b'`' => {
                let ends_word = !blank && matches!(last, Token::Word(_));
                let inside = rest.get(1..).unwrap_or_default();
                let end = if ends_word { None } else { memchr::memchr(*byte, inside) };
                if end.is_some() {
                    last = Token::Closed;
                }
                // `don't`, and a quote that breaks out of another.
                at += end.map_or(1, |end| end + 2);
            }
            b'/' if rest.starts_with(b"//") && matches!(last, Token::Mark(b';') | Token::Closed) => break,
            _ if is_part(*byte) => {
                let length = rest.iter().take_while(|b| is_part(**b)).count();
                let word = rest.get(..length).unwrap_or_default();
                let joined = match last {
                    Token::Word(before) => KEYWORDS.contains(&before) || KEYWORDS.contains(&word),
                    Token::Closed => KEYWORDS.contains(&word),
                    // A sentence ends, or an option of a command begins.
                    Token::Mark(mark) => !matches!(mark, b'.' | b'!' | b'\\'),
                };
                if blank && !joined {
                    return false;
                }
                // `<?php` opens a page.
                let opens = word == b"php" && matches!(last, Token::Mark(b'?'));
                last = if opens { Token::Mark(b'?') } else { Token::Word(word) };
                at += length;
            }
            b'-' if blank && rest.get(1).is_some_and(|b| b.is_ascii_alphabetic() || *b == b'-') => {
                return false;
            }
            b')' | b']' => {
                last = Token::Closed;
                at += 1;
            }
            b'>' if matches!(last, Token::Mark(b'?')) => {
                last = Token::Closed;
                at += 1;
            }
            mark => {
                last = Token::Mark(*mark);
                at += 1;
            }
        }
        blank = false;
    }
    true
}

enum Token<'a> {
    Word(&'a [u8]),
    Closed,
    Mark(u8),
}

fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..)
}

/// Words of languages that others stand beside.
const KEYWORDS: &[&[u8]] = &[
    b"import",
    b"from",
    b"as",
    b"new",
    b"return",
    b"function",
    b"echo",
    b"print",
    b"require",
    b"for",
    b"in",
    b"if",
    b"else",
    b"not",
    b"or",
    b"and",
    b"unless",
    b"var",
    b"const",
    b"let",
    b"lambda",
    b"def",
    b"async",
    b"await",
    b"throw",
    b"raise",
    b"yield",
    b"typeof",
    b"delete",
    b"void",
    b"static",
    b"global",
];

/// A password, a key, a number that was made at random: letters of both cases and digits, and hardly two of a kind side by
/// side.
pub(super) fn is_noise(raw: &[u8]) -> bool {
    if !(6..=256).contains(&raw.len()) {
        return false;
    }
    let kind = |b: u8| match b {
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        b'0'..=b'9' => 4,
        _ => 8_u8,
    };
    let all = raw.iter().fold(0, |all, b| all | kind(*b));
    let changes = raw.iter().zip(raw.iter().skip(1)).filter(|(a, b)| kind(**a) != kind(**b)).count();
    all & 7 == 7 && changes * 2 >= raw.len() - 1
}

/// Somebody tells something: two words or more, each by itself between blanks.
pub(super) fn is_told(raw: &[u8]) -> bool {
    let word = |token: &&[u8]| {
        let token = token.strip_suffix(b",").or_else(|| token.strip_suffix(b".")).unwrap_or(token);
        let token = token.strip_suffix(b"?").or_else(|| token.strip_suffix(b"!")).unwrap_or(token);
        let letter = |b: &u8| b.is_ascii_alphabetic() || matches!(b, b'\'' | 0x80..);
        // Verbs of protocols and keywords are shouted.
        token.len() > 1 && token.iter().all(letter) && token.iter().skip(1).any(u8::is_ascii_lowercase)
    };
    raw.split(u8::is_ascii_whitespace).filter(word).nth(1).is_some()
}

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
    fn code_and_talk_about_it() {
        for code in [
            "import os; os.system('id')",
            "');process.exit();//",
            "[x for x in f() if x.name=='a b c']",
            "<?php include('a b c'); ?>",
            "<?php phpinfo(); ?>",
            "(function(){return process.env})()",
            "'+f('a')+'",
            "x = a > b ? c : d",
        ] {
            assert!(is_code(code.to_ascii_lowercase().as_bytes()), "{code}");
        }
        for talk in [
            "os.system('id') fails on Windows",
            "what does os.system('id') do",
            "Why os.system('id')?",
            "I put <?php phpinfo(); ?> here",
            "<?php phpinfo(); ?> shows nothing",
            "node -e \"process.exit()\"",
            "don't call os.system('id')",
            "It broke. os.system('id')",
            "a()\nb()",
        ] {
            assert!(!is_code(talk.to_ascii_lowercase().as_bytes()), "{talk}");
        }
    }

    #[test]
    fn telling() {
        for text in ["http://localhost gives 502, why?", "my server is http://10.0.0.1", "it doesn't load"] {
            assert!(is_told(text.as_bytes()), "{text}");
        }
        for text in ["http://10.0.0.1/", "GET http://10.0.0.1/ HTTP/1.1", "url: http://10.0.0.1", "a b c"] {
            assert!(!is_told(text.as_bytes()), "{text}");
        }
    }

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
