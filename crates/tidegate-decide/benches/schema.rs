//! What it costs to compare one payload with its schema, beside libraries that do the same.
//!
//! An order of forty lines in each language. Every run begins with the payload's own bytes, as the guard's does: for JSON
//! reading it is part of the figure on both sides.

#![allow(missing_docs, clippy::unwrap_used)]

use criterion::{
    BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use protox::prost_reflect::DynamicMessage;
use std::hint::black_box;
use tidegate_decide::schema::{Checker, avro, compile};

const JSON: &str = r#"{"type": "object", "required": ["id", "lines"], "additionalProperties": false, "properties": {
    "id": {"type": "string", "pattern": "^[A-Z]-[0-9]+$"},
    "lines": {"type": "array", "maxItems": 100, "items": {"type": "object", "required": ["sku"], "properties": {
        "sku": {"type": "string", "maxLength": 40}, "quantity": {"type": "integer", "minimum": 1},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]}}}}}}"#;

const AVRO: &str = r#"{"type": "record", "name": "Order", "fields": [{"name": "id", "type": "string"},
    {"name": "lines", "type": {"type": "array", "items": {"type": "record", "name": "Line", "fields": [
        {"name": "sku", "type": "string"}, {"name": "quantity", "type": "int"}, {"name": "note", "type": "string"}]}}}]}"#;

const PROTO: &str = r#"syntax = "proto3"; message Order { string id = 1; repeated Line lines = 2;
    message Line { string sku = 1; int32 quantity = 2; string note = 3; } }"#;

const LINES: usize = 40;
const SKU: &str = "SKU-1234";
const NOTE: &str = "leave it at the door";

fn json() -> String {
    let line = format!(r#"{{"sku": "{SKU}", "quantity": 3, "note": "{NOTE}"}}"#);
    format!(r#"{{"id": "A-7", "lines": [{}]}}"#, vec![line; LINES].join(", "))
}

/// A text with its length before it.
fn run(tag: &[u8], length: usize, text: &[u8]) -> Vec<u8> {
    [tag, &[u8::try_from(length).unwrap()], text].concat()
}

fn in_avro() -> Vec<u8> {
    let line = [run(&[], SKU.len() * 2, SKU.as_bytes()), vec![6], run(&[], NOTE.len() * 2, NOTE.as_bytes())]
        .concat();
    [run(&[], 6, b"A-7"), vec![u8::try_from(LINES * 2).unwrap()], line.repeat(LINES), vec![0]].concat()
}

fn in_protobuf() -> Vec<u8> {
    let line =
        [run(&[0x0a], SKU.len(), SKU.as_bytes()), vec![0x10, 3], run(&[0x1a], NOTE.len(), NOTE.as_bytes())]
            .concat();
    [run(&[0x0a], 3, b"A-7"), run(&[0x12], line.len(), &line).repeat(LINES)].concat()
}

fn group<'c>(criterion: &'c mut Criterion, name: &str, bytes: usize) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(format!("schema/{name}"));
    group.throughput(Throughput::Bytes(u64::try_from(bytes).unwrap()));
    group
}

fn benches(criterion: &mut Criterion) {
    let options = compile::Options { draft: compile::Draft::Draft202012, formats: false, request: true };
    let compiled = compile::json("bench:///order", options, &|_| Some(JSON.as_bytes().to_vec())).unwrap();
    let text = json();
    let mut of_json = group(criterion, "json-schema", text.len());
    let mut checker = Checker::default();
    of_json.bench_function("tidegate", |b| {
        b.iter(|| checker.json(&compiled.program, black_box(text.as_bytes())).unwrap());
    });
    let theirs = jsonschema::validator_for(&serde_json::from_str(JSON).unwrap()).unwrap();
    of_json.bench_function("jsonschema", |b| {
        b.iter(|| {
            let value: serde_json::Value = serde_json::from_str(black_box(&text)).unwrap();
            assert!(theirs.is_valid(&value));
        });
    });
    of_json.finish();

    let (program, bytes) = (compile::avro(AVRO.as_bytes()).unwrap(), in_avro());
    let mut of_avro = group(criterion, "avro", bytes.len());
    of_avro.bench_function("tidegate", |b| b.iter(|| avro(&program, black_box(&bytes)).unwrap()));
    of_avro.finish();

    let found = compile::protobuf("order.proto", None, &|_| Some(PROTO.as_bytes().to_vec())).unwrap();
    let bytes = in_protobuf();
    let mut of_protobuf = group(criterion, "protobuf", bytes.len());
    let mut checker = Checker::default();
    of_protobuf.bench_function("tidegate", |b| {
        b.iter(|| checker.protobuf(&found.program, true, black_box(&bytes), &mut |_, _| {}).unwrap());
    });
    let file = protox::file::File::from_source("order.proto", PROTO).unwrap();
    let pool = protox::prost_reflect::DescriptorPool::from_file_descriptor_set(
        protox::prost_reflect::prost_types::FileDescriptorSet {
            file: vec![file.file_descriptor_proto().clone()],
        },
    );
    let order = pool.unwrap().get_message_by_name("Order").unwrap();
    of_protobuf.bench_function("prost-reflect", |b| {
        b.iter(|| DynamicMessage::decode(order.clone(), black_box(bytes.as_slice())).unwrap());
    });
    of_protobuf.bench_function("tidegate, in JSON", |b| {
        b.iter(|| checker.protobuf_json(&found.program, black_box(text.as_bytes())).unwrap());
    });
    of_protobuf.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
