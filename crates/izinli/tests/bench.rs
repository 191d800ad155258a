//! `izinli bench` over the real binary, small and on SQLite.

use std::process::Command;

use serde_json::Value;

#[test]
fn a_small_bench_measures_every_row_it_was_asked_for_beside_a_baseline() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = folder.path().join("page.md");
    std::fs::write(
        &page,
        "before\n<!-- bench:begin -->\n<!-- bench:end -->\nafter\n",
    )
    .expect("a page");
    let done = Command::new(env!("CARGO_BIN_EXE_izinli"))
        .args([
            "--json", "bench", "import", "dispatch", "receipts", "--size", "2000", "--write",
        ])
        .arg(&page)
        .current_dir(folder.path())
        .output()
        .expect("the bench runs");
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&done.stderr)
    );

    let rows: Vec<Value> = serde_json::from_str(&said).expect("rows as JSON");
    let page = std::fs::read_to_string(&page).expect("the page");
    for work in [
        "import",
        "import, peak memory",
        "second import, 1 % changed",
        "dispatch in batches of 500",
        "dispatch, peak memory",
        "dispatch, one request per message",
        "a provider that answers after 20 ms",
        "receipts one by one",
        "receipts in 1,000s, until mapped",
    ] {
        let row = rows
            .iter()
            .find(|row| row["work"] == work)
            .unwrap_or_else(|| panic!("no row {work} in {said}"));
        let ratio = row["ratio"].as_f64().unwrap_or(0.0);
        assert!(ratio.is_finite() && ratio > 0.0, "{row}");
        assert!(page.contains(&format!("| {work} | SQLite |")), "{page}");
    }
    assert_eq!(rows.len(), 9, "{said}");
    assert!(
        page.starts_with("before\n") && page.ends_with("\nafter\n"),
        "{page}"
    );
}

#[test]
fn a_row_that_does_not_exist_is_refused_by_name() {
    let done = Command::new(env!("CARGO_BIN_EXE_izinli"))
        .args(["bench", "imprt"])
        .output()
        .expect("it runs");
    assert_eq!(done.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&done.stderr).contains("imprt"));
}
