//! Reading, linking, checking and mending one long template: `cargo bench -p tidegate --bench chain`.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::fmt::Write as _;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use tidegate_check::{Profile, Selection, check};
use tidegate_read::{Editor, Options, link, read};

/// Queues that each call a function, which sends to the next queue.
const STEPS: u64 = 250;

/// Resources of a step.
const RESOURCES: u64 = 4;

fn chain(criterion: &mut Criterion) {
    for (name, file, text) in [("chain", "template.yaml", yaml()), ("chain-terraform", "main.tf", hcl())] {
        let Ok(folder) = lay_out(name, file, &text) else { continue };
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(STEPS * RESOURCES));
        group
            .bench_function("read", |bencher| bencher.iter(|| read(black_box(&folder), &Options::default())));
        let system = read(&folder, &Options::default());
        group.bench_function("link", |bencher| bencher.iter(|| link(black_box(&system))));
        let graph = link(&system);
        let all = Selection { profiles: vec![Profile::All], ..Selection::default() };
        group.bench_function("check", |bencher| bencher.iter(|| check(black_box(&system), &graph, &all)));
        let findings = check(&system, &graph, &all);
        group.bench_function("fix", |bencher| {
            bencher.iter(|| {
                let editor = Editor::new(black_box(&system));
                findings.iter().filter_map(|f| editor.edits(f.fix.as_ref()?)).count()
            });
        });
        group.finish();
    }
}

fn lay_out(name: &str, file: &str, text: &str) -> std::io::Result<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join(file), text)?;
    Ok(folder)
}

fn yaml() -> String {
    let mut out = String::from("Resources:\n");
    for step in 0..STEPS {
        let next = (step + 1) % STEPS;
        // Writing to a String can't fail.
        let _ = write!(
            out,
            "  Queue{step}:
    Type: AWS::SQS::Queue
    Properties: {{VisibilityTimeout: 10}}
  Role{step}:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{{Effect: Allow, Principal: {{Service: lambda.amazonaws.com}}, Action: sts:AssumeRole}}]
      Policies:
        - PolicyName: next
          PolicyDocument:
            Statement: [{{Effect: Allow, Action: sqs:SendMessage, Resource: !GetAtt Queue{next}.Arn}}]
  Function{step}:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Handler: index.handler
      Role: !GetAtt Role{step}.Arn
      Code: {{ZipFile: \"def handler(event, context): pass\"}}
  Mapping{step}:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: !GetAtt Queue{step}.Arn
      FunctionName: !Ref Function{step}
"
        );
    }
    out
}

fn hcl() -> String {
    let mut out = String::new();
    for step in 0..STEPS {
        let next = (step + 1) % STEPS;
        let _ = write!(
            out,
            "resource \"aws_sqs_queue\" \"q{step}\" {{
  visibility_timeout_seconds = 10
}}

resource \"aws_iam_role\" \"r{step}\" {{
  assume_role_policy = jsonencode({{
    Statement = [{{ Effect = \"Allow\", Principal = {{ Service = \"lambda.amazonaws.com\" }}, Action = \"sts:AssumeRole\" }}]
  }})

  inline_policy {{
    name = \"next\"
    policy = jsonencode({{
      Statement = [{{ Effect = \"Allow\", Action = \"sqs:SendMessage\", Resource = aws_sqs_queue.q{next}.arn }}]
    }})
  }}
}}

resource \"aws_lambda_function\" \"f{step}\" {{
  function_name = \"f{step}\"
  role          = aws_iam_role.r{step}.arn
  runtime       = \"python3.13\"
  handler       = \"index.handler\"
  filename      = \"f.zip\"
}}

resource \"aws_lambda_event_source_mapping\" \"m{step}\" {{
  event_source_arn = aws_sqs_queue.q{step}.arn
  function_name    = aws_lambda_function.f{step}.arn
}}

"
        );
    }
    out
}

criterion_group!(benches, chain);
criterion_main!(benches);
