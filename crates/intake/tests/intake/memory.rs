//! Memory does not grow with the file.

use std::io::Write;
use std::ops::ControlFlow;

use intake::generate::{Generate, contacts};
use intake::{FileVerdict, Limits, NoDirectory, Options, judge};

use crate::desk::{judged, now, push};

/// Greatest resident size of this process so far, in KiB.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_person_named_a_hundred_thousand_times_fits_into_a_small_partition() {
    let tight = Options {
        limits: Limits {
            partition_bytes_max: 64 << 10,
            ..Limits::default()
        },
        ..push()
    };
    let row = "7;05321234567;MESAJ;ONAY;20.06.2025 14:05;HS_WEB\n";
    let file = format!(
        "Müşteri No;Telefon;İzin Türü;İzin Durumu;İzin Tarihi;Kaynak\n{}",
        row.repeat(50_000)
    );
    let outcome = judged(file, &tight);
    assert_eq!((outcome.records.len(), outcome.summary.merged), (1, 49_999));
}

#[test]
fn a_phone_with_a_hundred_thousand_owners_is_refused_without_holding_them_all() {
    let tight = Options {
        limits: Limits {
            partition_bytes_max: 64 << 10,
            ..Limits::default()
        },
        ..push()
    };
    let rows: String = (0..30_000)
        .map(|i| format!("{i};05321234567;MESAJ;ONAY;20.06.2025 14:05;HS_WEB\n"))
        .collect();
    let file = format!("Müşteri No;Telefon;İzin Türü;İzin Durumu;İzin Tarihi;Kaynak\n{rows}");
    let outcome = judged(file, &tight);
    assert_eq!(
        (
            outcome.records.len(),
            outcome.count(domain::ReasonCode::R803)
        ),
        (0, 30_000)
    );
}

/// Run it alone: it measures the whole process.
#[test]
#[ignore = "takes a minute or more; run with --ignored --exact memory::judging_a_large_file_stays_within_64_mib"]
fn judging_a_large_file_stays_within_64_mib() {
    let rows = std::env::var("INTAKE_ROWS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(1_000_000);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("large.csv");
    let spec = Generate::new(rows, 8, 42, now());
    let report = contacts(std::fs::File::create(&path).unwrap(), &spec).unwrap();
    let before = peak_kib();
    let started = std::time::Instant::now();
    let judged = judge(&path, &push(), &mut NoDirectory, dir.path(), &mut |_| {
        ControlFlow::Continue(())
    })
    .unwrap();
    let took = started.elapsed();
    let peak = peak_kib();
    writeln!(
        std::io::stderr(),
        "{rows} rows, {} MB: {took:.1?}, peak {peak} KiB (before {before} KiB)",
        report.bytes >> 20
    )
    .unwrap();
    assert_eq!(judged.verdict, FileVerdict::Accepted);
    assert_eq!(
        (
            judged.summary.accepted,
            judged.summary.rejected,
            judged.summary.merged
        ),
        (report.accepted, report.rejected, report.merged)
    );
    assert!(peak < 64 << 10, "{peak} KiB");
}
