use crate::terraform::tests::read;

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    let lines: String =
        cases.iter().enumerate().map(|(i, (e, _))| format!("  x{i} = {{v = {e}}}\n")).collect();
    let text = format!(
        "variable \"u\" {{}}\nresource \"q\" \"q\" {{\n  name = \"N\"\n}}\ndata \"aws_region\" \"r\" {{}}\nresource \"t\" \"r\" {{\n{lines}}}\n"
    );
    let read = read(&[("main.tf", &text)]);
    assert!(read.problems().is_empty(), "{:?}", read.problems());
    for (i, (expression, expected)) in cases.iter().enumerate() {
        assert_eq!(read.show("t.r", &format!("x{i}")), format!("{{v: {expected}}}"), "{expression}");
    }
}

#[test]
fn numbers() {
    check(&[
        ("abs(-3)", "3"),
        ("ceil(1.2)", "2"),
        ("floor(-1.2)", "-2"),
        ("max(1, 3, 2)", "3"),
        ("min([4, 2]...)", "2"),
        ("pow(2, 10)", "1024"),
        ("log(8, 2)", "3"),
        ("signum(-9)", "-1"),
        ("parseint(\"ff\", 16)", "255"),
        ("sum([1, 2.5])", "3.5"),
        ("range(3)", "[0, 1, 2]"),
        ("range(4, 0, -2)", "[4, 2]"),
    ]);
}

#[test]
fn strings() {
    check(&[
        ("lower(\"AB\")", "'ab'"),
        ("title(\"ab cd\")", "'Ab Cd'"),
        ("trimspace(\" a \")", "'a'"),
        ("trim(\"?!a?\", \"!?\")", "'a'"),
        ("trimprefix(\"abc\", \"a\")", "'bc'"),
        ("trimsuffix(\"abc\", \"c\")", "'ab'"),
        ("chomp(\"a\\n\")", "'a'"),
        ("strrev(\"abc\")", "'cba'"),
        ("startswith(\"abc\", \"ab\")", "true"),
        ("endswith(\"abc\", \"ab\")", "false"),
        ("strcontains(\"abc\", \"b\")", "true"),
        ("split(\",\", \"a,b\")", "['a', 'b']"),
        ("join(\"-\", [\"a\", 1])", "'a-1'"),
        ("substr(\"hello\", 1, 3)", "'ell'"),
        ("substr(\"hello\", -2, -1)", "'lo'"),
        ("indent(2, \"a\\nb\")", "'a\n  b'"),
        ("replace(\"a.b\", \".\", \"-\")", "'a-b'"),
        ("replace(\"a1b22\", \"/[0-9]+/\", \"<$0>\")", "'a<1>b<22>'"),
        ("regex(\"[a-z]+\", \"12ab3\")", "'ab'"),
        ("regex(\"(\\\\d)(\\\\d)\", \"12ab3\")", "['1', '2']"),
        ("regex(\"(?P<x>\\\\d)\", \"12ab3\")", "{x: '1'}"),
        ("regexall(\"\\\\d\", \"1a2\")", "['1', '2']"),
        ("can(regex(\"^x\", \"y\"))", "false"),
        ("format(\"%s-%03d-%.1f-%q-%v%%\", \"a\", 7, 1.25, \"b\", true)", "'a-007-1.2-\"b\"-true%'"),
        ("format(\"%[2]s%[1]s\", \"a\", \"b\")", "'ba'"),
        ("formatlist(\"%s/%s\", [\"a\", \"b\"], \"c\")", "['a/c', 'b/c']"),
    ]);
}

#[test]
fn collections() {
    check(&[
        ("length([1, 2])", "2"),
        ("length(\"äb\")", "2"),
        ("concat([1], [2])", "[1, 2]"),
        ("flatten([1, [2, [3]]])", "[1, 2, 3]"),
        ("merge({a = 1, b = 2}, {b = 3})", "{a: 1, b: 3}"),
        ("merge([{a = 1}, {b = 2}]...)", "{a: 1, b: 2}"),
        ("lookup({a = 1}, \"b\", 9)", "9"),
        ("element([1, 2, 3], 4)", "2"),
        ("index([\"a\", \"b\"], \"b\")", "1"),
        ("contains([\"a\"], \"a\")", "true"),
        ("keys({b = 1, a = 2})", "['a', 'b']"),
        ("values({b = 1, a = 2})", "[2, 1]"),
        ("zipmap([\"a\"], [1])", "{a: 1}"),
        ("coalesce(null, \"\", \"x\")", "'x'"),
        ("coalescelist([], [1])", "[1]"),
        ("compact([\"a\", \"\", null])", "['a']"),
        ("distinct([1, 2, 1])", "[1, 2]"),
        ("toset([\"b\", \"a\", \"b\"])", "['a', 'b']"),
        ("one([])", "null"),
        ("one([5])", "5"),
        ("reverse([1, 2])", "[2, 1]"),
        ("sort([\"b\", \"a\"])", "['a', 'b']"),
        ("slice([1, 2, 3], 1, 3)", "[2, 3]"),
        ("chunklist([1, 2, 3], 2)", "[[1, 2], [3]]"),
        ("alltrue([true, false])", "false"),
        ("anytrue([true, false])", "true"),
        ("setunion([\"a\"], [\"b\"])", "['a', 'b']"),
        ("setintersection([\"a\", \"b\"], [\"b\"])", "['b']"),
        ("setsubtract([\"a\", \"b\"], [\"b\"])", "['a']"),
        ("setproduct([\"a\", \"b\"], [1])", "[['a', 1], ['b', 1]]"),
        ("transpose({a = [\"x\", \"y\"]})", "{x: ['a'], y: ['a']}"),
        ("matchkeys([1, 2], [\"a\", \"b\"], [\"b\"])", "[2]"),
        ("tonumber(\"5\") + 1", "6"),
        ("tobool(\"true\")", "true"),
        ("tostring(5)", "'5'"),
        ("try({}.a, null, 1)", "null"),
        ("try({}.a, [][0], \"d\")", "'d'"),
    ]);
}

#[test]
fn encodings() {
    check(&[
        ("jsonencode({a = [1, null]})", "json {a: [1, null]}"),
        ("jsondecode(\"{\\\"a\\\": 1}\").a", "1"),
        ("jsondecode(jsonencode({a = 1})).a", "1"),
        ("yamldecode(\"a: [b]\").a", "['b']"),
        ("\"x${jsonencode({a = \"q\\\"\"})}\"", r#"'x{"a":"q\""}'"#),
        ("base64encode(\"hi\")", "'aGk='"),
        ("base64decode(\"aGk=\")", "'hi'"),
        ("urlencode(\"a b/\")", "'a+b%2F'"),
        ("csvdecode(\"a,b\\n1,2\")[0].b", "'2'"),
        ("sha256(\"\")", "'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'"),
        ("cidrsubnet(\"10.0.0.0/16\", 8, 2)", "'10.0.2.0/24'"),
        ("cidrhost(\"10.0.0.0/24\", 5)", "'10.0.0.5'"),
        ("cidrhost(\"10.0.0.0/24\", -1)", "'10.0.0.255'"),
        ("cidrnetmask(\"10.0.0.0/12\")", "'255.240.0.0'"),
        ("cidrsubnets(\"10.0.0.0/16\", 8, 4)", "['10.0.0.0/24', '10.0.16.0/20']"),
        ("basename(\"a/b.zip\")", "'b.zip'"),
        ("dirname(\"a/b.zip\")", "'a'"),
        ("provider::aws::arn_parse(\"arn:aws:sqs:eu:1:q:x\").resource", "'q:x'"),
    ]);
}

#[test]
fn holes_are_kept() {
    check(&[
        ("format(\"a-%s\", var.u)", "'a-${var.u}'"),
        ("join(\",\", [\"a\", q.q.arn])", "'a,${q.q.arn}'"),
        ("lower(\"A-${data.aws_region.r.name}\")", "'a-${AWS::Region}'"),
        ("lower(var.u)", "?Parameter lower(var.u)"),
        ("split(\"-\", \"a-${data.aws_region.r.name}-b\")[1]", "'${AWS::Region}'"),
        ("concat([\"a\"], var.u)", "['a', ?Parameter var.u]"),
        ("jsonencode({a = q.q.arn})", "json {a: '${q.q.arn}'}"),
        ("\"[${jsonencode({a = q.q.arn})}]\"", r#"'[{"a":"${q.q.arn}"}]'"#),
        ("length(var.u)", "?Parameter length(var.u)"),
        ("lookup({a = q.q.arn}, \"a\")", "'${q.q.arn}'"),
        ("coalesce(null, q.q.arn)", "'${q.q.arn}'"),
        ("contains([\"x\"], var.u)", "?Parameter contains(var.u)"),
        ("merge(var.u, {a = q.q.arn})", "{${var.u}: ?Parameter var.u, a: '${q.q.arn}'}"),
        ("merge(var.u, {a = 1}).a", "1"),
        ("merge(var.u, {a = 1}).b", "?Parameter var.u.b"),
        ("lookup(merge(var.u, {a = 1}), \"b\", 2)", "?Parameter lookup(var.u)"),
        ("timestamp()", "?Function timestamp(..)"),
        ("nosuchfunction(1)", "?Function nosuchfunction(..)"),
        ("try(var.u.a.b, 1)", "?Parameter var.u.a.b"),
    ]);
}
