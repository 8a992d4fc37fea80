use super::*;

fn blocks(text: &str) -> (Vec<String>, Vec<String>) {
    let (body, problems) = parse(FileId(0), text);
    let names = body.blocks.iter().map(|b| format!("{} {}", b.kind, b.labels.join("."))).collect();
    (names, problems.into_iter().map(|p| p.message).collect())
}

fn well_formed(text: &str) -> Body {
    let (body, problems) = parse(FileId(0), text);
    assert!(problems.is_empty(), "{text}: {problems:?}");
    body
}

#[test]
fn a_broken_block_loses_itself_alone() {
    let text = "resource \"a\" \"b\" {\n  x = \n}\nresource \"a\" \"c\" {\n  y = [1, 2\n}\nresource \"a\" \"d\" {\n  z = 1\n}\n";
    let (names, problems) = blocks(text);
    assert_eq!(names, ["resource a.d"]);
    assert_eq!(problems.len(), 2, "{problems:?}");
}

#[test]
fn an_open_block_ends_where_the_next_begins() {
    let (names, problems) =
        blocks("resource \"a\" \"b\" {\n  x = 1\n\nresource \"a\" \"c\" {\n}\nlocals {\n}\n");
    assert_eq!(names, ["resource a.c", "locals "]);
    assert_eq!(problems, ["not well-formed: a block is not closed before the next one begins"]);
}

#[test]
fn problems_say_where() {
    let text = "locals {\n  a = 1\n  b = \"x\n}\n";
    let (_, problems) = parse(FileId(0), text);
    let span = problems[0].span.unwrap();
    assert_eq!(text.get(..span.start as usize).unwrap().lines().count(), 3);
}

#[test]
fn headers_end_with_their_labels() {
    let text = "\u{feff}resource \"aws_sqs_queue\" \"q\" {\n  name = \"x\"\n}\n";
    let body = well_formed(text);
    let block = &body.blocks[0];
    let at = |span: Span| text.get(span.start as usize..span.end as usize).unwrap();
    assert_eq!(at(block.header), "resource \"aws_sqs_queue\" \"q\"");
    assert_eq!(at(block.body.attributes[0].value.span), "\"x\"");
    assert_eq!(at(block.body.attributes[0].key), "name");
    assert!(at(block.span).ends_with('}'));
}

#[test]
fn what_people_write_is_read() {
    for text in [
        "a = { for k, v in var.x : k => v == 1 ?\n  true :\n  false }",
        "a = {\n  a = 1, b : 2\n  \"c\" = 3 # x\n  (d) = 4 // y\n  e.f = 5 /* z */\n  a = 6\n}",
        "a = [\n  1,\n  # two\n  2,\n]",
        "a = f(\n  x,\n  y...\n)",
        "a = x.*.y[0].z[*].w.0.v",
        "a = !b && -c > 1.5e3 || d % 2 != 0",
        "a = <<EOF\n\"${x}\" \\d $${y} %%{z}\nEOF\nb = 1",
        "a = <<-EOF\n    x\n    EOF\n",
        "a = \"${\"${b}\"}%{ if c ~}x%{ else }y%{ endif }\"",
        "a = provider::aws::arn_parse(b)",
        "b { c = 1 }\nb {}\n",
        "a = b ? c : d ? e : f\r\n",
        "a = (\n  b\n  + c\n)",
        "a = [for x in y : x if x != null]",
        "a = {for x in y : x.k => x...}",
        "a = format(\"%s\", x)[0]",
    ] {
        well_formed(text);
    }
}

#[test]
fn what_is_broken_is_told() {
    for text in [
        "a = ",
        "a = [1 2]",
        "a = {b 1}",
        "a = \"${b\"",
        "a = \"%{ if b }x\"",
        "a b",
        "a = <<EOF\nx",
        "= 1",
        "a = \"\\d\"",
        "a { b = 1",
        "a = 1 b = 2",
    ] {
        let (_, problems) = parse(FileId(0), text);
        assert_eq!(problems.len(), 1, "{text}");
    }
}

#[test]
fn slips_are_told_and_read_over() {
    for text in [
        "a { b = 1\n}\n",
        "a {\n  b = 1 }\n",
        "a {\n  b {\n  c = 1\n  }}\n",
        "a { b { c = 1 } }",
        "a {} b {}\n",
        "a {}\n/* b {}\n",
    ] {
        let (body, problems) = parse(FileId(0), text);
        assert!(!problems.is_empty(), "{text}");
        assert_eq!(body.blocks[0].kind, "a", "{text}");
    }
}

#[test]
fn depth_and_length_are_bounded() {
    for text in [
        format!("a = {}", "[".repeat(100_000)),
        format!("a = {}", "(".repeat(100_000)),
        format!("a = {}", "\"${".repeat(50_000)),
        format!("a = {}x", "!".repeat(100_000)),
        format!("a = x{}", " + x".repeat(100_000)),
        format!("a = {}x", "x ? ".repeat(100_000)),
        "b {\n".repeat(100_000),
        "%{ if x }".repeat(10),
        format!("a = \"{}\"", "%{ if x }".repeat(10_000)),
    ] {
        let (_, problems) = parse(FileId(0), &text);
        assert!(!problems.is_empty());
    }
    // One unclosed block after the other costs no more than one pass each, and not for ever.
    let (_, problems) = parse(FileId(0), &"locals {\n a = [\n".repeat(20_000));
    assert_eq!(problems.len(), 50);
}

/// One of everything, to be broken in every place.
const EVERYTHING: &str = r#"
# comment
resource "aws_sqs_queue" "q" {
  name  = "x-${var.env == "prod" ? "p" : upper("d")}"
  count = length([1, 2.5, -3]) // more
  tags  = { a = 1, "b" = [true, null], (c) = "d" }
  list  = [for k, v in var.m : "${k}=${v}" if v != null && !k]
  map   = { for s in x[0].y.*.z : s => s... }
  text  = <<-EOT
    a ${b[*].c} %{ if d }e%{ else }f%{ endif }
    EOT
  inner {
    deep { z = f(1, g...) }
  }
}

locals { w = (1 + 2) * 3 % 4 <= 5 || "\"\n$${x}" == "y" }
"#;

#[test]
fn the_parser_refuses_what_a_library_refuses() {
    assert!(parse(FileId(0), EVERYTHING).1.is_empty());
    let chars: Vec<char> = EVERYTHING.chars().collect();
    let edits = ["", "{", "}", "\"", "\n", "=", ",", "(", "]", "%{", "x"];
    let mut different = Vec::new();
    let mut count = 0;
    for at in 0..chars.len() {
        for edit in edits {
            let (before, after) = (&chars[..at], &chars[at + usize::from(edit.is_empty())..]);
            let text: String =
                before.iter().copied().chain(edit.chars()).chain(after.iter().copied()).collect();
            let theirs = hcl_edit::parser::parse_body(&text).is_ok();
            let (_, problems) = parse(FileId(0), &text);
            count += 1;
            // Terraform refuses newlines within quotes; the library lets them pass.
            let quoted = problems
                .iter()
                .any(|p| p.message.contains("not closed on its line") || p.message.contains("label"));
            if theirs != problems.is_empty() && !(theirs && quoted) {
                let near: String = text.chars().skip(at.saturating_sub(20)).take(40).collect();
                different.push(format!("{edit:?}: {near:?} theirs {theirs} {problems:?}"));
            }
        }
    }
    // Where a template or a newline in an expression goes on, we are more lenient than it; that is seldom.
    assert!(different.len() * 100 < count, "{} of {count}: {different:#?}", different.len());
}
