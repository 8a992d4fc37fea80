//! Reading, linking and checking the example, without the start of a process: `cargo bench -p tidegate`.

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::path::Path;
use tidegate_check::{Selection, check};
use tidegate_read::{Options, link, read};

fn orders(criterion: &mut Criterion) {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    for name in ["orders", "orders-terraform"] {
        let folder = examples.join(name);
        let mut group = criterion.benchmark_group(name);
        group
            .bench_function("read", |bencher| bencher.iter(|| read(black_box(&folder), &Options::default())));
        let system = read(&folder, &Options::default());
        group.bench_function("link", |bencher| bencher.iter(|| link(black_box(&system))));
        let graph = link(&system);
        group.bench_function("check", |bencher| {
            bencher.iter(|| check(black_box(&system), &graph, &Selection::default()));
        });
        group.finish();
    }
}

criterion_group!(benches, orders);
criterion_main!(benches);
