use crate::Options;
use crate::terraform::tests::{cond, read, read_with};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The value of `x` in a resource, after the lines before it.
fn shows(before: &str, expression: &str) -> String {
    let text = format!("{before}\nresource \"t\" \"r\" {{\n  x = {expression}\n}}\n");
    let read = read(&[("main.tf", &text)]);
    assert!(read.problems().is_empty(), "{expression}: {:?}", read.problems());
    if read.instance("t.r").attributes.contains_key("x") { read.show("t.r", "x") } else { "absent".into() }
}

#[track_caller]
fn check(expression: &str, expected: &str) {
    assert_eq!(shows("", expression), expected, "{expression}");
}

#[test]
fn operators_and_conditionals() {
    check("1 + 2 * 3 - 10 / 4", "4.5");
    check("7 % 3 == 1 && !(2 > 3)", "true");
    check("\"a\" == \"b\" ? 1 : 2", "2");
    check("-(1 + 1)", "-2");
    check("null", "absent");
    check("\"1\" == 1", "true");
    check("[1, {a = 2}] == [1, {a = 2}]", "true");
}

#[test]
fn templates() {
    check("\"a${1 + 1}b\"", "'a2b'");
    check("\"${[1]}\"", "[1]");
    check("\"%{ if true }x%{ else }y%{ endif }z\"", "'xz'");
    check("\"%{ for i, s in [\"a\", \"b\"] }${i}${s};%{ endfor }\"", "'0a;1b;'");
    check("\"$${x} %%{y} \\\"q\\\" \\u00e4\"", "'${x} %{y} \"q\" ä'");
    check("<<-EOT\n    a\n      b ${1}\n    EOT\n", "'a\n  b 1\n'");
    check("<<EOT\n%{ for x in [1, 2] ~}\n${x}\n%{ endfor ~}\nEOT\n", "'1\n2\n'");
}

#[test]
fn collections() {
    check("[for i, s in [\"a\", \"b\"] : \"${i}${s}\" if s != \"a\"]", "['1b']");
    check("{for k, v in {b = 1, a = 2} : upper(k) => v}", "{A: 2, B: 1}");
    check("{for s in [\"ab\", \"ac\", \"b\"] : substr(s, 0, 1) => s...}", "{a: ['ab', 'ac'], b: ['b']}");
    check("[{a = 1}, {a = 2}][*].a", "[1, 2]");
    check("[{a = 1}, {a = 2}].*.a", "[1, 2]");
    check("null[*]", "[]");
    check("{a = {b = [1, 2]}}.a.b[1]", "2");
    check("{a = 1}[\"a\"]", "1");
}

#[test]
fn variables_locals_and_their_files() {
    let main = "variable \"a\" { default = \"one\" }\nvariable \"b\" {}\nvariable \"c\" { default = 1 }\nvariable \"d\" {}\n\
        locals { e = \"${var.a}-${var.b}\" }\nresource \"t\" \"r\" {\n x = local.e\n y = var.c\n z = var.d\n w = \"p-${var.d}\"\n}\n";
    let options =
        Options { parameters: BTreeMap::from([("c".into(), "[2, 3]".into())]), ..Options::default() };
    let files =
        [("main.tf", main), ("terraform.tfvars", "b = \"two\"\na = \"1\""), ("x.auto.tfvars", "a = \"2\"\n")];
    let read = read_with(&files, &options);
    assert_eq!(read.show("t.r", "x"), "'2-two'");
    assert_eq!(read.show("t.r", "y"), "[2, 3]");
    assert_eq!(read.show("t.r", "z"), "?Parameter var.d");
    assert_eq!(read.show("t.r", "w"), "'p-${var.d}'");
}

#[test]
fn optional_attributes_take_their_defaults() {
    let before = "variable \"v\" {\n  type = list(object({ a = string, b = optional(number, 5), c = optional(object({ d = optional(bool, true) }), {}), e = optional(string) }))\n  default = [{ a = 1 }]\n}";
    assert_eq!(shows(before, "var.v[0]"), "{a: '1', b: 5, c: {d: true}, e: null}");
}

#[test]
fn references_stay_references() {
    let before =
        "resource \"aws_sqs_queue\" \"q\" { name = \"orders\" }\ndata \"aws_vpc\" \"v\" { default = true }";
    assert_eq!(shows(before, "aws_sqs_queue.q.arn"), "'${aws_sqs_queue.q.arn}'");
    assert_eq!(shows(before, "\"x-${aws_sqs_queue.q.name}\""), "'x-${aws_sqs_queue.q.name}'");
    assert_eq!(shows(before, "data.aws_vpc.v.cidr_block"), "'${data.aws_vpc.v.cidr_block}'");
    assert_eq!(shows(before, "aws_sqs_queue.none.arn"), "?Undeclared aws_sqs_queue.none");
    assert_eq!(shows(before, "[aws_sqs_queue.q.redrive[0].arn]"), "['${aws_sqs_queue.q.redrive.0.arn}']");
}

#[test]
fn literally_configured_attributes_are_known_where_text_is_needed() {
    let before = "resource \"aws_sqs_queue\" \"q\" {\n name = \"orders\"\n on = true\n tags = { A = \"b\" }\n}\nresource \"aws_s3_bucket\" \"b\" { bucket = \"files\" }";
    assert_eq!(shows(before, "upper(aws_sqs_queue.q.name)"), "'ORDERS'");
    assert_eq!(shows(before, "aws_sqs_queue.q.name == \"orders\" ? 1 : 2"), "1");
    assert_eq!(shows(before, "aws_sqs_queue.q.on ? 1 : 2"), "1");
    assert_eq!(shows(before, "aws_sqs_queue.q.tags.A"), "'b'");
    assert_eq!(shows(before, "replace(aws_s3_bucket.b.id, \"f\", \"v\")"), "'viles'");
    assert_eq!(shows(before, "{\"${aws_sqs_queue.q.name}\" = 1}"), "{orders: 1}");
}

#[test]
fn both_sides_of_an_open_condition_count() {
    let before = "variable \"env\" {}\nlocals { prod = var.env == \"prod\" }";
    assert_eq!(shows(before, "local.prod ? \"a\" : \"b\""), "(var.env == \"prod\" ? 'a' : 'b')");
    assert_eq!(shows(before, "!local.prod ? \"a\" : null"), "(!(var.env == \"prod\") ? 'a' : absent)");
    assert_eq!(shows(before, "\"x-${local.prod ? \"a\" : \"b\"}\""), "(var.env == \"prod\" ? 'x-a' : 'x-b')");
    assert_eq!(shows(before, "upper(local.prod ? \"a\" : \"b\")"), "(var.env == \"prod\" ? 'A' : 'B')");
    assert_eq!(shows(before, "local.prod ? \"a\" : \"a\""), "'a'");
    // The same condition twice falls the same way twice.
    assert_eq!(
        shows(before, "\"${local.prod ? 1 : 2}${local.prod ? 3 : 4}\""),
        "(var.env == \"prod\" ? '13' : '24')"
    );
    assert_eq!(
        shows(before, "join(\",\", compact([\"a\", local.prod ? \"b\" : \"\"]))"),
        "(var.env == \"prod\" ? 'a,b' : 'a')"
    );
}

#[test]
fn counts_and_keys() {
    let text = "resource \"a\" \"n\" {\n count = 2\n name = \"q${count.index}\"\n}\nresource \"a\" \"zero\" { count = 0 }\n\
        resource \"a\" \"k\" {\n for_each = toset([\"x\", \"y\"])\n name = each.key\n}\nresource \"a\" \"m\" {\n for_each = { x = 1 }\n name = each.value\n}\n\
        resource \"a\" \"r\" {\n all = a.n[*].arn\n one = a.n[1].arn\n key = a.k[\"y\"].arn\n vals = values(a.k)[*].arn\n keys = { for k, v in a.k : k => v.arn }\n chain = try(a.zero[0].arn, \"none\")\n first = one(a.zero[*].arn)\n}\n\
        resource \"a\" \"chained\" {\n for_each = a.k\n src = each.value.arn\n}\n";
    let read = read(&[("main.tf", text)]);
    let expected = [
        "a.n[0]",
        "a.n[1]",
        "a.k[\"x\"]",
        "a.k[\"y\"]",
        "a.m[\"x\"]",
        "a.r",
        "a.chained[\"x\"]",
        "a.chained[\"y\"]",
    ];
    assert_eq!(read.addresses(), expected);
    assert_eq!(read.show("a.n[1]", "name"), "'q1'");
    assert_eq!(read.show("a.r", "all"), "['${a.n[0].arn}', '${a.n[1].arn}']");
    assert_eq!(read.show("a.r", "one"), "'${a.n[1].arn}'");
    assert_eq!(read.show("a.r", "key"), "'${a.k[\"y\"].arn}'");
    assert_eq!(read.show("a.r", "vals"), "['${a.k[\"x\"].arn}', '${a.k[\"y\"].arn}']");
    assert_eq!(read.show("a.r", "keys"), "{x: '${a.k[\"x\"].arn}', y: '${a.k[\"y\"].arn}'}");
    assert_eq!(read.show("a.r", "chain"), "'none'");
    assert!(!read.instance("a.r").attributes.contains_key("first"));
    assert_eq!(read.show("a.chained[\"y\"]", "src"), "'${a.k[\"y\"].arn}'");
}

#[test]
fn unknown_collections_make_one_marked_instance() {
    let text = "variable \"on\" {}\nvariable \"n\" {}\nvariable \"m\" {}\nresource \"a\" \"on\" {\n count = var.on ? 1 : 0\n}\n\
        resource \"a\" \"n\" {\n count = var.n\n}\nresource \"a\" \"m\" {\n for_each = var.m\n v = each.value.x\n}\nresource \"a\" \"r\" {\n on = a.on[0].arn\n n = a.n[0].arn\n m = a.m[\"x\"].arn\n}\n\
        resource \"a\" \"e\" {\n for_each = var.on ? { k = 1 } : {}\n}\n";
    let read = read(&[("main.tf", text)]);
    assert_eq!(read.addresses(), ["a.on[0]", "a.n[0]", "a.m[\"*\"]", "a.r", "a.e[\"k\"]"]);
    let condition = |address: &str| read.instance(address).condition.as_ref().map(cond).unwrap_or_default();
    assert_eq!(condition("a.on[0]"), "var.on");
    assert_eq!(condition("a.e[\"k\"]"), "var.on");
    assert_eq!(condition("a.n[0]"), "var.n is not 0");
    assert_eq!(condition("a.m[\"*\"]"), "var.m is not empty");
    assert_eq!(read.show("a.r", "on"), "'${a.on[0].arn}'");
    assert_eq!(read.show("a.r", "n"), "'${a.n[0].arn}'");
    assert_eq!(read.show("a.r", "m"), "'${a.m[\"*\"].arn}'");
}

#[test]
fn blocks_and_dynamic_blocks() {
    let text = "variable \"rules\" {}\nvariable \"on\" {}\nresource \"a\" \"r\" {\n  one {\n    x = 1\n    y = null\n    two {\n      z = 2\n    }\n  }\n  dynamic \"many\" {\n    for_each = { a = 1, b = 2 }\n    iterator = it\n    content {\n      k = it.key\n      v = it.value\n    }\n  }\n  dynamic \"none\" {\n    for_each = []\n    content {}\n  }\n  dynamic \"open\" {\n    for_each = var.rules\n    content {\n      v = open.value.port\n    }\n  }\n  dynamic \"maybe\" {\n    for_each = var.on ? [1] : []\n    content {\n      v = maybe.value\n    }\n  }\n  lifecycle {\n    prevent_destroy = true\n  }\n  provisioner \"local-exec\" {\n    command = self.x\n  }\n}\n";
    let read = read(&[("main.tf", text)]);
    assert_eq!(read.show("a.r", "one"), "[{x: 1, two: [{z: 2}]}]");
    assert_eq!(read.show("a.r", "many"), "[{k: 'a', v: 1}, {k: 'b', v: 2}]");
    assert_eq!(
        read.show("a.r", "open"),
        "[(var.rules is not empty ? {v: ?Parameter open.value of var.rules.port} : absent)]"
    );
    assert_eq!(read.show("a.r", "maybe"), "[(var.on ? {v: 1} : absent)]");
    let keys: Vec<_> = read.instance("a.r").attributes.keys().map(std::string::ToString::to_string).collect();
    assert_eq!(keys, ["one", "many", "open", "maybe"]);
}

#[test]
fn modules() {
    let main = "module \"m\" {\n  for_each = { x = \"1\", y = \"2\" }\n  source = \"./sub\"\n  name = \"n-${each.key}\"\n}\nmodule \"off\" {\n  count = 0\n  source = \"./sub\"\n  name = \"off\"\n}\n\
        module \"far\" {\n  source = \"example/lambda/aws\"\n}\nmodule \"fetched\" {\n  source = \"git::https://example.com/x.git\"\n  name = \"f\"\n}\n\
        resource \"t\" \"r\" {\n  one = module.m[\"x\"].arn\n  all = values(module.m)[*].arn\n  map = { for k, m in module.m : k => m.name }\n  far = module.far.lambda_function_arn\n  fetched = module.fetched.name\n  bad = module.m[\"x\"].nothing\n}\n";
    let sub = "variable \"name\" {}\nvariable \"size\" { default = 3 }\nresource \"q\" \"a\" {\n  name = var.name\n  size = var.size\n  at = \"${path.module}/f\"\n}\n\
        output \"arn\" { value = q.a.arn }\noutput \"name\" { value = var.name }\n";
    let manifest =
        r#"{"Modules":[{"Key":"","Source":"","Dir":"."},{"Key":"fetched","Source":"git","Dir":"vendor"}]}"#;
    let files = [
        ("main.tf", main),
        ("sub/main.tf", sub),
        ("vendor/main.tf", sub),
        (".terraform/modules/modules.json", manifest),
    ];
    let read = read(&files);
    assert!(read.problems().is_empty(), "{:?}", read.problems());
    assert_eq!(read.addresses(), ["t.r", "module.fetched.q.a", "module.m[\"x\"].q.a", "module.m[\"y\"].q.a"]);
    assert_eq!(read.show("module.m[\"y\"].q.a", "name"), "'n-y'");
    assert_eq!(read.show("module.m[\"y\"].q.a", "at"), "'sub/f'");
    assert_eq!(read.show("t.r", "one"), "'${module.m[\"x\"].q.a.arn}'");
    assert_eq!(read.show("t.r", "all"), "['${module.m[\"x\"].q.a.arn}', '${module.m[\"y\"].q.a.arn}']");
    assert_eq!(read.show("t.r", "map"), "{x: 'n-x', y: 'n-y'}");
    assert_eq!(read.show("t.r", "far"), "?Import module.far.lambda_function_arn");
    assert_eq!(read.show("t.r", "fetched"), "'f'");
    assert_eq!(read.show("t.r", "bad"), "?Undeclared output.nothing");
    assert_eq!(read.instance("module.m[\"x\"].q.a").id, "terraform/module.m[\"x\"].q.a");
}

#[test]
fn policy_documents() {
    let text = r#"
data "aws_caller_identity" "me" {}
data "aws_region" "here" {}
data "aws_partition" "p" {}
data "aws_iam_policy_document" "base" {
  statement {
    sid       = "A"
    actions   = concat(["s3:GetObject"], ["*"])
    resources = ["arn:${data.aws_partition.p.partition}:s3:::x/&{aws:username}"]
  }
}
data "aws_iam_policy_document" "d" {
  source_policy_documents   = [data.aws_iam_policy_document.base.json]
  override_policy_documents = [jsonencode({ Statement = [{ Sid = "B", Effect = "Deny", Action = "x:y", Resource = "*" }] })]
  statement {
    sid     = "B"
    effect  = "Allow"
    actions = ["sqs:*"]
    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
    principals {
      type        = "Service"
      identifiers = ["a", "b"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.me.account_id]
    }
  }
  statement {
    not_actions = ["iam:*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }
}
data "aws_iam_policy_document" "far" {
  source_policy_documents = [data.aws_iam_policy.known.policy]
}
data "aws_iam_policy" "known" { name = "x" }
resource "t" "r" {
  base = data.aws_iam_policy_document.base.json
  d    = data.aws_iam_policy_document.d.json
  far  = data.aws_iam_policy_document.far.json
  arn  = "arn:aws:sqs:${data.aws_region.here.name}:${data.aws_caller_identity.me.account_id}:q"
}
"#;
    let read = read(&[("main.tf", text)]);
    assert_eq!(
        read.show("t.r", "base"),
        "json {Version: '2012-10-17', Statement: [{Sid: 'A', Effect: 'Allow', Action: ['s3:GetObject', '*'], Resource: 'arn:${AWS::Partition}:s3:::x/${aws:username}'}]}"
    );
    assert_eq!(
        read.show("t.r", "d"),
        "json {Version: '2012-10-17', Statement: [{Sid: 'A', Effect: 'Allow', Action: ['s3:GetObject', '*'], Resource: 'arn:${AWS::Partition}:s3:::x/${aws:username}'}, \
         {Sid: 'B', Effect: 'Deny', Action: 'x:y', Resource: '*'}, {Effect: 'Allow', NotAction: 'iam:*', Principal: '*'}]}"
    );
    assert_eq!(
        read.show("t.r", "far"),
        "json {Version: '2012-10-17', Statement: [?Attribute data.aws_iam_policy.known.policy]}"
    );
    assert_eq!(read.show("t.r", "arn"), "'arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:q'");
    assert_eq!(read.addresses(), ["data.aws_iam_policy.known", "t.r"]);
}

#[test]
fn files_and_templates() {
    let text = "data \"template_file\" \"t\" {\n template = file(\"${path.module}/t.tpl\")\n vars = { a = \"v\" }\n}\nresource \"t\" \"q\" {}\n\
        resource \"t\" \"r\" {\n a = file(\"${path.module}/a.txt\")\n b = templatefile(\"${path.module}/t.tpl\", { a = \"*\", q = t.q.arn })\n c = data.template_file.t.rendered\n d = file(\"missing\")\n e = fileset(path.module, \"**/*.txt\")\n f = file(\"/etc/hostname\")\n g = templatefile(\"bad.tpl\", {})\n}\n";
    let files =
        [("main.tf", text), ("a.txt", "hello"), ("t.tpl", "<${a}>"), ("d/b.txt", ""), ("bad.tpl", "${")];
    let read = read(&files);
    assert_eq!(read.show("t.r", "a"), "'hello'");
    assert_eq!(read.show("t.r", "b"), "'<*>'");
    assert_eq!(read.show("t.r", "c"), "'<v>'");
    assert_eq!(read.show("t.r", "d"), "?Function file(..)");
    assert_eq!(read.show("t.r", "e"), "['a.txt', 'd/b.txt']");
    assert_eq!(read.show("t.r", "f"), "?Function file(..)");
    assert_eq!(read.problems(), ["not well-formed: expected an expression"]);
}

#[test]
fn json_files() {
    let text = r#"{"variable": {"n": {"default": "x"}}, "resource": {"aws_sqs_queue": {"q": {"name": "${var.n}-y", "count": 1}, "r": [{"name": "z"}]}}, "locals": {"a": "%{ if true }b%{ endif }"}}"#;
    let read = read(&[("main.tf.json", text), ("more.tf", "resource \"t\" \"r\" { x = local.a }")]);
    assert_eq!(read.show("aws_sqs_queue.q[0]", "name"), "'x-y'");
    assert_eq!(read.show("aws_sqs_queue.r", "name"), "'z'");
    assert_eq!(read.show("t.r", "x"), "'b'");
}

#[test]
fn override_files_and_quiet_blocks() {
    let text = "terraform {\n required_version = \"1\"\n}\nprovider \"aws\" {\n default_tags {\n  tags = { a = 1 }\n }\n}\nmoved {\n from = a.b\n to = a.c\n}\nimport {\n to = a.c\n id = \"x\"\n}\n\
        removed {\n from = a.d\n}\ncheck \"c\" {\n assert {\n  condition = true\n  error_message = \"x\"\n }\n}\nresource \"a\" \"r\" {\n x = 1\n y = terraform.workspace\n z = path.root\n}\n";
    let read = read(&[("main.tf", text), ("override.tf", "resource \"a\" \"r\" {\n x = 2\n}\n")]);
    assert!(read.problems().is_empty());
    assert_eq!(read.show("a.r", "x"), "2");
    assert_eq!(read.show("a.r", "y"), "'default'");
}

#[test]
fn idioms_of_published_modules() {
    let main = "resource \"aws_sqs_queue\" \"dlq\" {\n  name = \"dlq\"\n}\nmodule \"fn\" {\n  source = \"./fn\"\n  name = \"worker\"\n  dead_letter_arn = aws_sqs_queue.dlq.arn\n  statements = { q = { actions = [\"sqs:SendMessage\"], resources = [aws_sqs_queue.dlq.arn] } }\n  triggers = [{ service = \"sns\" }]\n}\nresource \"t\" \"r\" {\n  arn = module.fn.arn\n  role = module.fn.role\n  missing = module.fn.missing\n}\n";
    let sub = r#"
variable "name" { type = string }
variable "create" { default = true }
variable "create_role" {
  type    = bool
  default = true
}
variable "role_arn" { default = "" }
variable "dead_letter_arn" { default = null }
variable "statements" { default = {} }
variable "triggers" {
  type    = list(object({ service = string, suffix = optional(string, "amazonaws.com") }))
  default = []
}
variable "env" { default = {} }
data "aws_partition" "current" {}
locals {
  create_role = var.create && var.create_role && var.role_arn == ""
  role        = local.create_role ? aws_iam_role.this[0].arn : var.role_arn
}
data "aws_iam_policy_document" "trust" {
  count = local.create_role ? 1 : 0
  statement {
    effect  = "Allow"
    actions = compact(["sts:AssumeRole", ""])
    dynamic "principals" {
      for_each = distinct(concat(["lambda"], var.triggers[*].service))
      content {
        type        = "Service"
        identifiers = ["${principals.value}.amazonaws.com"]
      }
    }
  }
}
data "aws_iam_policy_document" "inline" {
  dynamic "statement" {
    for_each = var.statements
    content {
      sid       = lookup(statement.value, "sid", replace(statement.key, "/[^0-9A-Za-z]*/", ""))
      effect    = lookup(statement.value, "effect", "Allow")
      actions   = lookup(statement.value, "actions", null)
      resources = lookup(statement.value, "resources", null)
      dynamic "condition" {
        for_each = lookup(statement.value, "condition", [])
        content {
          test = condition.value.test
        }
      }
    }
  }
}
resource "aws_iam_role" "this" {
  count              = local.create_role ? 1 : 0
  name               = substr("${var.name}-role", 0, 64)
  assume_role_policy = data.aws_iam_policy_document.trust[0].json
}
resource "aws_iam_role_policy" "inline" {
  count  = local.create_role && length(var.statements) > 0 ? 1 : 0
  role   = aws_iam_role.this[0].id
  policy = data.aws_iam_policy_document.inline.json
}
resource "aws_lambda_function" "this" {
  count         = var.create ? 1 : 0
  function_name = var.name
  role          = local.role
  layers        = null
  dynamic "dead_letter_config" {
    for_each = var.dead_letter_arn == null ? [] : [true]
    content {
      target_arn = var.dead_letter_arn
    }
  }
  dynamic "environment" {
    for_each = length(keys(var.env)) == 0 ? [] : [true]
    content {
      variables = var.env
    }
  }
}
resource "aws_lambda_permission" "this" {
  for_each      = { for k, v in var.triggers : k => v if var.create }
  function_name = aws_lambda_function.this[0].function_name
  principal     = try(each.value.principal, format("%s.%s", each.value.service, each.value.suffix))
}
output "arn" { value = try(aws_lambda_function.this[0].arn, "") }
output "role" { value = element(concat(aws_iam_role.this.*.name, [""]), 0) }
output "missing" { value = one(aws_lambda_function.this[*].layers) }
"#;
    let read = read(&[("main.tf", main), ("fn/main.tf", sub)]);
    assert!(read.problems().is_empty(), "{:?}", read.problems());
    let show = |name: &str, attribute: &str| read.show(&format!("module.fn.{name}"), attribute);
    assert_eq!(read.show("t.r", "arn"), "'${module.fn.aws_lambda_function.this[0].arn}'");
    assert_eq!(read.show("t.r", "role"), "'${module.fn.aws_iam_role.this[0].name}'");
    assert_eq!(show("aws_iam_role.this[0]", "name"), "'worker-role'");
    assert_eq!(
        show("aws_iam_role.this[0]", "assume_role_policy"),
        "json {Version: '2012-10-17', Statement: [{Effect: 'Allow', Action: 'sts:AssumeRole', Principal: {Service: ['lambda.amazonaws.com', 'sns.amazonaws.com']}}]}"
    );
    assert_eq!(
        show("aws_iam_role_policy.inline[0]", "policy"),
        "json {Version: '2012-10-17', Statement: [{Sid: 'q', Effect: 'Allow', Action: 'sqs:SendMessage', Resource: '${aws_sqs_queue.dlq.arn}'}]}"
    );
    assert_eq!(show("aws_lambda_function.this[0]", "role"), "'${module.fn.aws_iam_role.this[0].arn}'");
    assert_eq!(
        show("aws_lambda_function.this[0]", "dead_letter_config"),
        "[{target_arn: '${aws_sqs_queue.dlq.arn}'}]"
    );
    assert!(!read.instance("module.fn.aws_lambda_function.this[0]").attributes.contains_key("environment"));
    assert_eq!(show("aws_lambda_permission.this[\"0\"]", "principal"), "'sns.amazonaws.com'");
}

#[test]
fn circles_end_as_unknown() {
    let text = "locals {\n a = local.b\n b = \"${local.a}x\"\n c = [local.c]\n}\nresource \"t\" \"r\" {\n a = local.a\n c = local.c\n n = t.s.n\n}\nresource \"t\" \"s\" {\n n = upper(t.r.n)\n count = length(t.s)\n}\n\
        module \"m\" {\n source = \"./\"\n}\nmodule \"n\" {\n source = \"./n\"\n a = module.n.out\n}\n";
    let read =
        read(&[("main.tf", text), ("n/main.tf", "variable \"a\" {}\noutput \"out\" { value = var.a }")]);
    assert_eq!(read.show("t.r", "a"), "'${local.a}x'");
    assert_eq!(read.show("t.r", "c"), "[?Cycle local.c]");
}

/// Nothing that a file says may cost more than this, in an unoptimised build on a busy machine.
fn bounded(text: &str) {
    let start = Instant::now();
    let read = read(&[("main.tf", text)]);
    println!("{:?} {}", start.elapsed(), text.get(..70).unwrap_or(text).replace("\n", " "));
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{:?} for {}",
        start.elapsed(),
        text.get(..60).unwrap_or(text)
    );
    assert!(!read.addresses().is_empty());
}

#[test]
fn hostile_input_is_bounded() {
    let resource = "resource \"t\" \"r\" {\n x = local.z\n}\n";
    bounded(&format!("locals {{\n z = range(1e9)\n}}\n{resource}"));
    bounded(&format!(
        "locals {{\n a = range(1000)\n z = setproduct(local.a, local.a, local.a, local.a)\n}}\n{resource}"
    ));
    bounded(&format!(
        "locals {{\n a = range(1000)\n z = [for x in local.a : [for y in local.a : [for w in local.a : x]]]\n}}\n{resource}"
    ));
    bounded(&format!("locals {{\n z = format(\"%999999999d\", 1)\n}}\n{resource}"));
    bounded("resource \"t\" \"r\" {\n count = 1e12\n x = count.index\n}\n");
    // Each local doubles the one before.
    let double = |item: &str| {
        (1..60)
            .map(|i| format!(" a{i} = {}\n", item.replace('P', &format!("local.a{}", i - 1))))
            .collect::<String>()
    };
    for (first, item) in [
        ("\"x\"", "\"${P}${P}\""),
        ("[1]", "[P, P]"),
        ("[1]", "concat(P, P)"),
        ("{k = 1}", "{a = P, b = P}"),
        ("\"x\"", "replace(P, \"x\", P)"),
        ("\"ab\"", "join(P, [P, P])"),
    ] {
        bounded(&format!("locals {{\n a0 = {first}\n{} z = local.a59\n}}\n{resource}", double(item)));
    }
    // A long chain, from its end and from its start.
    let chain: String = (1..5_000).map(|i| format!(" a{i} = [local.a{}]\n", i - 1)).collect();
    bounded(&format!("locals {{\n a0 = 1\n{chain} z = local.a4999\n}}\n{resource}"));
    let uses: String =
        (0..5_000).map(|i| format!("resource \"t\" \"r{i}\" {{\n x = local.a{i}\n}}\n")).collect();
    bounded(&format!("locals {{\n a0 = 1\n{chain}}}\n{uses}"));
    // Conditions that multiply.
    let many: String = (0..40).map(|i| format!("${{var.v{i} ? \"a\" : \"b\"}}")).collect();
    let variables: String = (0..40).map(|i| format!("variable \"v{i}\" {{}}\n")).collect();
    bounded(&format!("{variables}locals {{\n z = \"{many}\"\n}}\n{resource}"));
    // Patterns that would backtrack, or are huge.
    bounded(&format!("locals {{\n z = regexall(\"(a*)*b\", \"{}\")\n}}\n{resource}", "a".repeat(50_000)));
    bounded(&format!(
        "locals {{\n z = [for i in range(1000) : regex(\"(\\\\w{{500}}){{500}}${{i}}\", \"x\")]\n}}\n{resource}"
    ));
    // Modules that call themselves twice.
    bounded(&format!(
        "module \"a\" {{\n source = \"./.\"\n}}\nmodule \"b\" {{\n source = \"../\"\n}}\nmodule \"c\" {{\n count = 1000\n source = \"./.\"\n}}\n{}",
        resource.replace("local.z", "1")
    ));
}
