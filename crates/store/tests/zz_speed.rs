mod support;
use std::time::Instant;
use domain::Status;
use store::consent::IncomingRecord;
use support::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "speed"]
async fn speed() {
    tracing_subscriber::fmt().with_env_filter(std::env::var("LOGF").unwrap_or_default()).without_time().with_ansi(false).init();
    let rows: u32 = std::env::var("ROWS").ok().and_then(|r| r.parse().ok()).unwrap_or(100_000);
    for db in store::testing::each().await {
        let records: Vec<IncomingRecord> = (0..rows)
            .map(|n| {
                let mixed = n.wrapping_mul(2_654_435_761) % 10_000_000;
                IncomingRecord {
                    external_id: Some(format!("M{mixed:08}")),
                    name: Some(format!("Kişi {mixed}")),
                    ..declared(i64::from(n), phone(mixed), if n % 20 == 0 { Status::Ret } else { Status::Onay }, june(20))
                }
            })
            .collect();
        for round in ["first", "again"] {
            let start = Instant::now();
            for slice in records.chunks(5_000) {
                apply(&db, slice).await;
            }
            let took = start.elapsed();
            println!("{} {round}: {:.0} rows/s, {:.1} ms/slice", db.name, f64::from(rows) / took.as_secs_f64(), took.as_secs_f64() * 1000.0 / f64::from(rows / 5_000));
        }
        let start = Instant::now();
        let found = db.store.verify_ledger(BRAND, |_| std::ops::ControlFlow::Continue(())).await.unwrap();
        println!("{} verify {:?} {:.0} events/s", db.name, found, found.events as f64 / start.elapsed().as_secs_f64());
    }
}
