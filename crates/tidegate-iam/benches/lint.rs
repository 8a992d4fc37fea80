//! Opening the catalogue, and every check on 1,000 policies of one to six statements: `cargo bench -p tidegate-iam`.
#![allow(clippy::indexing_slicing)]

use criterion::{Criterion, criterion_group, criterion_main};
use std::fmt::Write as _;
use std::hint::black_box;
use tidegate_graph::{FileId, World};
use tidegate_iam::Catalogue;
use tidegate_iam::lint::{self, Kind};

fn policies() -> Vec<String> {
    const ACTIONS: [&str; 8] = [
        "\"sqs:SendMessage\", \"sqs:GetQueueUrl\"",
        "\"s3:GetObject\", \"s3:PutObject\", \"s3:ListBucket\"",
        "\"dynamodb:*\"",
        "\"lambda:InvokeFunction\"",
        "\"iam:PassRole\"",
        "\"kms:Decrypt\", \"kms:GenerateDataKey*\"",
        "\"logs:CreateLogStream\", \"logs:PutLogEvents\"",
        "\"sqs:SendMesage\"",
    ];
    const RESOURCES: [&str; 8] = [
        "\"arn:aws:sqs:eu-west-1:111122223333:orders\"",
        "[\"arn:aws:s3:::orders\", \"arn:aws:s3:::orders/*\"]",
        "\"arn:aws:dynamodb:*:111122223333:table/orders\"",
        "\"arn:aws:lambda:eu-west-1:111122223333:function:orders-*\"",
        "\"arn:aws:iam::111122223333:role/app/*\"",
        "\"*\"",
        "\"arn:aws:logs:*:*:log-group:/aws/lambda/orders:*\"",
        "\"arn:aws:sqs:eu-west-1:111122223333:payments\"",
    ];
    (0..1_000)
        .map(|n: usize| {
            let mut text = String::from("{\"Version\": \"2012-10-17\", \"Statement\": [");
            for i in 0..=n % 6 {
                let (action, resource) = (ACTIONS[(n + i) % 8], RESOURCES[(n + i) % 8]);
                let comma = if i == 0 { "" } else { ", " };
                let _ = write!(
                    text,
                    "{comma}{{\"Sid\": \"Statement{i}\", \"Effect\": \"Allow\", \"Action\": [{action}], \"Resource\": {resource}, \
                     \"Condition\": {{\"StringEquals\": {{\"aws:PrincipalTag/team\": [\"orders\", \"payments\"], \"aws:SourceAccount\": \"111122223333\"}}}}}}"
                );
            }
            text.push_str("]}");
            text
        })
        .collect()
}

fn lint_one(world: &World, catalogue: &Catalogue, text: &str) -> usize {
    let Ok(document) = tidegate_iam::json::parse(FileId(0), text) else { return 0 };
    let reading = lint::Reading::new(world, &document);
    lint::refused(world, &document, Kind::Identity).len()
        + lint::unknown_actions(&reading, catalogue).len()
        + lint::dead_actions(&reading, Kind::Identity, catalogue).len()
        + lint::absent_keys(&reading, catalogue).len()
        + lint::mistyped_conditions(&reading, catalogue).len()
        + lint::empty_sets(&reading, Kind::Identity).len()
        + lint::literal_variables(world, &document).len()
        + lint::shadowed(&reading).len()
        + lint::short_wildcards(&reading, catalogue).len()
        + lint::size(world, &document)
}

fn benches(criterion: &mut Criterion) {
    criterion.bench_function("catalogue, opened and one action found", |bencher| {
        bencher.iter(|| {
            let catalogue = Catalogue::read(Catalogue::built_in()).ok();
            catalogue.is_some_and(|c| c.action(black_box("sqs:SendMessage")).is_some())
        });
    });
    let (texts, world, catalogue) = (policies(), World::default(), Catalogue::current());
    let name = format!(
        "1,000 policies, {} kB, read and linted",
        texts.iter().map(String::len).sum::<usize>() / 1_000
    );
    criterion.bench_function(&name, |bencher| {
        bencher.iter(|| texts.iter().map(|text| lint_one(&world, catalogue, black_box(text))).sum::<usize>());
    });
}

criterion_group!(all, benches);
criterion_main!(all);
