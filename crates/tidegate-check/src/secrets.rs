//! Tells secrets from other texts, by the formats of those who issue them, and by name and entropy. Never by length
//! alone: a long text is a long text.

use tidegate_graph::{Confidence, Piece, Value};

/// What a text looks like. Never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Secret {
    /// In words that follow "what looks like": `a GitHub token`.
    pub(crate) kind: &'static str,
    /// How sure.
    pub(crate) confidence: Confidence,
    /// True for a key that the issuer's documentation shows: worth nothing, but it stands where a real one will.
    pub(crate) example: bool,
}

const fn secret(kind: &'static str, confidence: Confidence) -> Secret {
    Secret { kind, confidence, example: false }
}

/// What the value of a variable looks like, if it looks like a secret.
pub(crate) fn detect(name: &str, value: &Value) -> Option<Secret> {
    // A hole is never part of the secret, but it may be the host of the URL around it.
    let text: String = value
        .pieces()
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.as_str(),
            _ => "\u{fffd}",
        })
        .collect();
    // Nobody writes a secret larger than a key file, and the work stays small.
    const LONGEST: usize = 16 * 1024;
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST || text.starts_with("{{resolve:") {
        return None;
    }
    issued(text).or_else(|| in_url(text)).or_else(|| named(name, text))
}

/// A prefix of an issuer, what may follow it, and how many characters of that at least.
struct Format {
    prefix: &'static str,
    least: usize,
    also: &'static str,
    kind: &'static str,
}

const fn format(prefix: &'static str, least: usize, also: &'static str, kind: &'static str) -> Format {
    Format { prefix, least, also, kind }
}

/// Letters and digits may follow everywhere; `also` says what else.
const FORMATS: &[Format] = &[
    format("github_pat_", 40, "_", "a GitHub token"),
    format("ghp_", 36, "", "a GitHub token"),
    format("gho_", 36, "", "a GitHub token"),
    format("ghu_", 36, "", "a GitHub token"),
    format("ghs_", 36, "", "a GitHub token"),
    format("ghr_", 36, "", "a GitHub token"),
    format("glpat-", 20, "_-.", "a GitLab token"),
    format("xoxb-", 20, "-", "a Slack token"),
    format("xoxp-", 20, "-", "a Slack token"),
    format("xoxa-", 20, "-", "a Slack token"),
    format("xapp-", 20, "-", "a Slack token"),
    format("sk_live_", 20, "", "a Stripe key"),
    format("rk_live_", 20, "", "a Stripe key"),
    format("whsec_", 24, "+/=", "a webhook signing secret"),
    format("SG.", 50, "_-.", "a SendGrid key"),
    format("AIza", 35, "_-", "a Google API key"),
    format("GOCSPX-", 24, "_-", "a Google OAuth secret"),
    format("ya29.", 30, "_-", "a Google access token"),
    format("sk-ant-", 40, "_-", "an Anthropic key"),
    format("sk-proj-", 40, "_-", "an OpenAI key"),
    format("hf_", 30, "", "a Hugging Face token"),
    format("npm_", 36, "", "an npm token"),
    format("pypi-AgEI", 40, "_-", "a PyPI token"),
    format("dop_v1_", 60, "", "a DigitalOcean token"),
    format("shpat_", 32, "", "a Shopify token"),
    format("shpss_", 32, "", "a Shopify secret"),
    format("sq0csp-", 40, "_-", "a Square secret"),
    format("EAAA", 56, "_-", "a Square token"),
    format("hvs.", 24, "_-", "a Vault token"),
    format("dapi", 32, "-", "a Databricks token"),
    format("NRAK-", 27, "", "a New Relic key"),
    format("lin_api_", 32, "", "a Linear key"),
    format("key-", 32, "", "a Mailgun key"),
    format("PMAK-", 50, "-", "a Postman key"),
    format("AGE-SECRET-KEY-1", 50, "", "an age key"),
];

/// Texts in the format of an issuer.
fn issued(text: &str) -> Option<Secret> {
    let sure = |kind| Some(secret(kind, Confidence::High));
    if text.contains("-----BEGIN ") && text.contains("PRIVATE KEY-----") {
        return sure("a private key");
    }
    if matches!(text, "AKIAIOSFODNN7EXAMPLE" | "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY") {
        return Some(Secret {
            kind: "the example key of AWS's documentation",
            confidence: Confidence::Low,
            example: true,
        });
    }
    if aws_key_id(text) {
        return sure("an AWS access key id");
    }
    for format in FORMATS {
        let rest = text.strip_prefix(format.prefix).unwrap_or_default();
        let fits = rest.len() >= format.least
            && rest.chars().all(|c| c.is_ascii_alphanumeric() || format.also.contains(c));
        if fits && !placeholder(rest) && entropy(rest) > 2.5 {
            return sure(format.kind);
        }
    }
    let webhook = text.starts_with("https://hooks.slack.com/services/T")
        || text.starts_with("https://discord.com/api/webhooks/")
        || text.contains(".webhook.office.com/webhookb2/");
    let last = text.rsplit('/').next().unwrap_or_default();
    if webhook && last.len() >= 20 && !placeholder(last) {
        return sure("a webhook address that works as a secret");
    }
    let account_key = text.split("AccountKey=").nth(1).and_then(|rest| rest.split(';').next());
    if account_key.is_some_and(|key| key.len() >= 40 && entropy(key) > 4.0) {
        return sure("an Azure storage key");
    }
    json_web_token(text).then_some(secret("a JSON web token", Confidence::Medium))
}

fn aws_key_id(text: &str) -> bool {
    let id = text.strip_prefix("AKIA").or_else(|| text.strip_prefix("ASIA"));
    id.is_some_and(|id| {
        id.len() == 16
            && id.chars().all(|c| c.is_ascii_uppercase() || matches!(c, '2'..='7'))
            && !id.ends_with("EXAMPLE")
    })
}

fn json_web_token(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let [header, claims, signature] = parts[..] else { return false };
    header.starts_with("eyJ") && claims.starts_with("eyJ") && signature.len() >= 20
}

/// `scheme://user:password@host`.
fn in_url(text: &str) -> Option<Secret> {
    let (_, rest) = text.split_once("://")?;
    let (user, _) = rest.split(['/', '?']).next()?.rsplit_once('@')?;
    let (_, password) = user.split_once(':')?;
    let literal = password.len() >= 4 && !password.contains('\u{fffd}') && !placeholder(password);
    literal.then_some(secret("a password within a URL", Confidence::High))
}

/// Texts that a name calls secret and that look random enough, or like a password.
fn named(name: &str, text: &str) -> Option<Secret> {
    let words = words(name);
    let has = |word: &str| words.iter().any(|w| w == word);
    let last = words.last().map(String::as_str).unwrap_or_default();
    // The name or place of a secret is none: SECRET_ARN, DB_PASSWORD_PARAMETER, TOKEN_URL, KEY_ID.
    const ABOUT: &[&str] = &[
        "arn",
        "name",
        "id",
        "path",
        "parameter",
        "param",
        "url",
        "uri",
        "endpoint",
        "key",
        "ttl",
        "expiry",
        "expires",
        "expiration",
        "timeout",
        "length",
        "file",
        "prefix",
        "suffix",
        "type",
        "version",
        "region",
        "policy",
        "table",
        "header",
        "field",
        "enabled",
        "algorithm",
        "issuer",
        "audience",
        "limit",
        "limits",
        "tokens",
        "count",
        "index",
        "store",
        "manager",
        "ref",
        "location",
        "rotation",
        "days",
        "label",
        "required",
    ];
    let key_of_kind = last == "key"
        && words.iter().any(|w| {
            matches!(w.as_str(), "api" | "secret" | "private" | "signing" | "access" | "encryption")
        });
    if ABOUT.contains(&last) && !key_of_kind {
        return None;
    }
    let password = has("password") || has("passwd") || has("pwd") || has("passphrase") || last == "pass";
    let called_secret = password
        || has("secret")
        || has("token")
        || has("credential")
        || has("credentials")
        || has("apikey")
        || key_of_kind;
    let holes = text.contains('\u{fffd}') || text.contains(char::is_whitespace);
    // ARNs, addresses, paths and names of parameters are places, not secrets.
    let place = text.starts_with("arn:")
        || text.starts_with('/')
        || text.contains("://")
        || text.contains("amazonaws.com");
    if !called_secret || holes || place || placeholder(text) {
        return None;
    }
    let classes = [
        text.contains(|c: char| c.is_ascii_lowercase()),
        text.contains(|c: char| c.is_ascii_uppercase()),
        text.contains(|c: char| c.is_ascii_digit()),
        text.contains(|c: char| c.is_ascii_punctuation()),
    ]
    .into_iter()
    .filter(|class| *class)
    .count();
    // Words joined by separators, such as `prod-db01-password` or `orders/token`, are names.
    let parts: Vec<&str> = text.split(['-', '_', '.', '/', ':']).collect();
    let name_like = parts.len() > 1 && parts.iter().all(|part| part.len() < 16 && is_word(part));
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let mixed = classes >= 3 || classes >= 2 && digits * 6 >= text.len();
    let hex = text.len() >= 32 && text.chars().all(|c| c.is_ascii_hexdigit()) && entropy(text) > 3.0;
    let random = text.len() >= 16 && mixed && entropy(text) > 3.5;
    let is_password = matches!(last, "password" | "passwd" | "pwd" | "pass" | "passphrase");
    let chosen =
        text.len() >= 6 && (is_password && classes >= 2 || password && classes >= 3) && entropy(text) > 2.0;
    // `DatabasePassword` is what a template calls its secret; `Tr0ub4dor&3` is what people call theirs.
    let called = text.chars().all(|c| c.is_ascii_alphabetic())
        && ["password", "secret", "credential"].iter().any(|word| text.to_ascii_lowercase().contains(word))
        && text.chars().any(|c| c.is_ascii_uppercase());
    // One word without capitals is no name of a resource: `postgres`, `letmein`.
    let plain =
        is_password && text.len() >= 4 && text.chars().all(|c| c.is_ascii_lowercase()) && !is_setting(text);
    if name_like || called || !(hex || random || chosen || plain) {
        return None;
    }
    let kind = if password { "a password" } else { "a secret" };
    let confidence = if hex || random { Confidence::High } else { Confidence::Medium };
    Some(secret(kind, confidence))
}

/// Letters, digits behind them or alone: `eu`, `db01`, `2024`.
fn is_word(text: &str) -> bool {
    text.trim_end_matches(|c: char| c.is_ascii_digit()).chars().all(|c| c.is_ascii_alphabetic())
}

/// Words that say something about a password rather than being one.
fn is_setting(text: &str) -> bool {
    matches!(
        text,
        "none"
            | "null"
            | "true"
            | "false"
            | "required"
            | "optional"
            | "enabled"
            | "disabled"
            | "default"
            | "empty"
    )
}

/// Words of a name: `dbPassword`, `DB_PASSWORD`, `db-password`.
fn words(name: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut before_lower = false;
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() {
            out.push(String::new());
            before_lower = false;
            continue;
        }
        if c.is_ascii_uppercase() && before_lower || out.is_empty() {
            out.push(String::new());
        }
        before_lower = c.is_ascii_lowercase();
        if let Some(word) = out.last_mut() {
            word.push(c.to_ascii_lowercase());
        }
    }
    out.retain(|word| !word.is_empty());
    out
}

/// Texts that stand where a secret will be.
fn placeholder(text: &str) -> bool {
    const MARKS: &[&str] = &[
        "example",
        "changeme",
        "change-me",
        "change_me",
        "replace",
        "placeholder",
        "your-",
        "your_",
        "yourp",
        "yours",
        "yourk",
        "yourt",
        "dummy",
        "todo",
        "fixme",
        "insert",
        "redacted",
        "xxxx",
        "****",
        "....",
        "<",
        ">",
        "${",
        "{{",
        "not-set",
        "notset",
        "undefined",
    ];
    let lower = text.to_ascii_lowercase();
    let same = |c: char| lower.chars().all(|other| other == c);
    MARKS.iter().any(|mark| lower.contains(mark)) || lower.chars().next().is_some_and(same)
}

/// Bits per character.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let total = text.len() as f64;
    counts.iter().filter(|n| **n > 0).map(|n| f64::from(*n) / total).map(|p| -p * p.log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::text;
    use tidegate_graph::{Span, Symbol, Why};

    fn kind(name: &str, value: &str) -> Option<&'static str> {
        detect(name, &text(value)).map(|secret| secret.kind)
    }

    /// Put together at run time, so that no scanner takes this file for a leak.
    fn joined(parts: &[&str]) -> String {
        parts.concat()
    }

    #[test]
    fn formats_of_issuers_whatever_the_name() {
        assert_eq!(kind("A", &joined(&["AKIA", "Q3EG5XYZ2J7KLMNO"])), Some("an AWS access key id"));
        assert_eq!(
            kind("A", &joined(&["ghp_", "a8Fk2Lq9Zx7Wc5Vb3Nm1Qp4Rt6Yu8Io0Lk2J"])),
            Some("a GitHub token")
        );
        assert_eq!(kind("A", &joined(&["sk_live_", "4eC39HqLyjWDarjtT1zdp7dc"])), Some("a Stripe key"));
        assert_eq!(kind("A", &joined(&["-----BEGIN RSA ", "PRIVATE KEY-----\nMIIE"])), Some("a private key"));
        assert_eq!(kind("DB", "postgres://app:s3cr3t9@db:5432/orders"), Some("a password within a URL"));
    }

    #[test]
    fn keys_of_a_documentation_are_told_apart() {
        let example = detect("KEY", &text("AKIAIOSFODNN7EXAMPLE")).unwrap();
        assert!(example.example && example.confidence == Confidence::Low);
        assert!(!detect("KEY", &text(&joined(&["AKIA", "Q3EG5XYZ2J7KLMNO"]))).unwrap().example);
    }

    #[test]
    fn named_and_random_or_chosen() {
        assert_eq!(kind("DB_PASSWORD", "Tr0ub4dor&3"), Some("a password"));
        assert_eq!(kind("dbPassword", "hunter2"), Some("a password"));
        assert_eq!(kind("DB_PASSWORD", "postgres"), Some("a password"));
        assert_eq!(kind("CLIENT_SECRET", "1k7q9vb3m5x2t8c4z6n0s1d3f5g7h9j2"), Some("a secret"));
        assert_eq!(kind("JWT_SECRET", "9fJ2kLq8Zx7Wc5Vb3Nm1Qp4Rt6Yu8Io0"), Some("a secret"));
        assert_eq!(kind("API_KEY", "0f9c1d7e4b2a86530f9c1d7e4b2a8653"), Some("a secret"));
    }

    #[test]
    fn long_is_not_secret() {
        assert_eq!(kind("FOO", "1234567890123456789012345678901234567890$"), None);
        assert_eq!(kind("COMMIT", "0f9c1d7e4b2a86530f9c1d7e4b2a86530f9c1d7e"), None);
        assert_eq!(kind("HANDLER", "com.acme.orders.OrderHandler::handleRequest"), None);
        assert_eq!(kind("USER_POOL", "eu-west-1_aBcDeFgHi"), None);
    }

    #[test]
    fn names_and_places_of_secrets() {
        for (name, value) in [
            ("SECRET_ARN", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:Orders9xK2"),
            ("SECRET_NAME", "Orders9xK2-Production-Database1"),
            ("DB_PASSWORD", "/prod/db/password"),
            ("DB_PASSWORD", "prod-db-password"),
            ("DB_SECRET", "my-service-2024-database-eu1"),
            ("DB_PASSWORD", "DatabasePassword"),
            ("RESET_PASSWORD", "disabled"),
            ("PASSWORD_RESET_FLOW", "email"),
            ("DB_SECRET", "orders/Database"),
            ("TOKEN_URL", "https://login.acme.test/oauth2/token"),
            ("MAX_TOKENS", "4096"),
            ("TOKEN_TTL", "3600"),
            ("DB_PASSWORD", "changeme123"),
            ("DB_PASSWORD", "<your Password1>"),
            ("DB_PASSWORD", "********"),
            ("API_KEY", "YOUR_API_KEY_12345678"),
            ("PARTITION_KEY", "customerId9Z"),
            ("PASSWORD", "{{resolve:secretsmanager:Orders9x:SecretString:password}}"),
        ] {
            assert_eq!(kind(name, value), None, "{name}={value}");
        }
    }

    #[test]
    fn holes_are_no_secrets() {
        let hole = || Piece::Symbol(Symbol::new("Password", Why::Parameter));
        let url = |pieces: Vec<Piece>| detect("DB", &Value::template(pieces, Span::default()));
        let text = |t: &str| Piece::Text(t.into());
        assert_eq!(url(vec![text("postgres://app:"), hole(), text("@db/orders")]), None);
        assert!(url(vec![text("postgres://app:s3cr3t9@"), hole(), text("/orders")]).is_some());
        assert_eq!(detect("PASSWORD", &Value::unknown("P", Why::Parameter, Span::default())), None);
    }
}
