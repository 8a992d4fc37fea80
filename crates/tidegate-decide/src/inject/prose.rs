//! Does somebody write *about* code, or is the text code and nothing else?

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
}
