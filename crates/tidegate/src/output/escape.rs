//! Text of the user's in other people's languages.

/// For HTML and XML, text and attributes alike. What XML can't hold at all becomes a replacement sign.
pub(super) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c if c.is_control() || is_bidi(c) => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// Signs that turn the direction of what follows, and so let text look like another.
fn is_bidi(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A message with its backticks as `<code>`, for HTML.
pub(super) fn html(text: &str) -> String {
    coded(text, xml, |code| format!("<code>{}</code>", xml(code)))
}

/// A message with its backticks as code, for a table of GitHub's or GitLab's Markdown: nothing of the user's becomes a
/// link, a mention, an image or a cell of its own.
pub(super) fn markdown(text: &str) -> String {
    coded(text, inert, |code| format!("<code>{}</code>", inert(code)))
}

fn inert(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        match c {
            c if c.is_control() || is_bidi(c) => out.push(' '),
            // A mention is found after entities were decoded; a sign without width parts it.
            '@' => out.push_str("&#64;&#8203;"),
            '#' => out.push_str("&#35;&#8203;"),
            ':' => out.push_str("&#58;"),
            c if c.is_ascii_punctuation() && !matches!(c, '.' | ',' | '-' | '/' | ';' | '%') => {
                out.push_str(&format!("&#{};", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    // Addresses become links wherever they stand.
    out.replace("www.", "www&#46;")
}

fn coded(text: &str, plain: impl Fn(&str) -> String, code: impl Fn(&str) -> String) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    // A backtick without its partner is just one.
    let pairs = parts.len() - usize::from(parts.len().is_multiple_of(2));
    let mut out = String::new();
    for (i, part) in parts.iter().enumerate() {
        match i {
            i if i >= pairs => out.push_str(&plain(&format!("`{part}"))),
            i if i % 2 == 1 => out.push_str(&code(part)),
            _ => out.push_str(&plain(part)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out() {
        assert_eq!(
            xml("<a href=\"x\">'&\u{0}\u{1b}\u{202e}"),
            "&lt;a href=&quot;x&quot;&gt;&#39;&amp;\u{fffd}\u{fffd}\u{fffd}"
        );
        assert_eq!(html("a `<b>` c"), "a <code>&lt;b&gt;</code> c");
        assert_eq!(html("a ` b"), "a ` b");
        assert_eq!(html("`a` ` b"), "<code>a</code> ` b");
        assert_eq!(markdown("a|b `c_d`"), "a&#124;b <code>c&#95;d</code>");
        for hostile in [
            "@team",
            "[x](javascript:y)",
            "<img src=x>",
            "![i](http://e)",
            "http://e.example",
            "www.e.example",
            "a\n\n# b",
            "| x |",
            "&lt;",
        ] {
            let safe = markdown(hostile);
            for sign in ["@", "[", "](", "<img", "![", "://", "www.", "\n", "|", "&lt;"] {
                assert!(!safe.contains(sign), "{hostile}: {safe}");
            }
        }
    }
}
