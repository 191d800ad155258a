//! The repository's fixtures, which someone else wrote and judged by hand:
//! `fixtures/expected.tsv` says what each of their lines must come to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use domain::RecipientKind;
use intake::{Options, Question};

use crate::desk::{judged, push};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// What the table says about one line and channel of a file.
struct Expected {
    line: Option<u64>,
    channel: String,
    codes: Vec<String>,
}

fn expected() -> BTreeMap<String, Vec<Expected>> {
    let table = std::fs::read_to_string(folder().join("expected.tsv")).unwrap();
    let mut files: BTreeMap<String, Vec<Expected>> = BTreeMap::new();
    let lines = table.lines().filter(|line| !line.starts_with('#')).skip(1);
    for line in lines {
        let cells: Vec<&str> = line.split('\t').collect();
        files
            .entry(cells[0].to_owned())
            .or_default()
            .push(Expected {
                line: cells[1].parse().ok(),
                channel: cells[2].trim_matches('-').to_owned(),
                codes: cells[3]
                    .split(' ')
                    .filter(|code| *code != "-")
                    .map(str::to_owned)
                    .collect(),
            });
    }
    files
}

/// The settings under which the table holds: a default kind for two files, and
/// every suggested source confirmed.
fn options(file: &str, bytes: &[u8]) -> Options {
    let has_default = matches!(file, "klinik-hasta.csv" | "iys-yukleme-araci.csv");
    let mut options = Options {
        default_kind: has_default.then_some(RecipientKind::Bireysel),
        ..push()
    };
    for question in judged(bytes, &options).summary.questions {
        if let Question::SourceWord {
            word,
            suggestion: Some(code),
            ..
        } = question
        {
            options.mapping.sources.insert(word, code);
        }
    }
    options
}

#[test]
fn every_line_of_every_fixture_comes_to_what_its_table_says() {
    let mut differences = Vec::new();
    for (file, lines) in expected() {
        let bytes = std::fs::read(folder().join(&file)).unwrap();
        let outcome = judged(&bytes, &options(&file, &bytes));
        if file.starts_with("bozuk/") {
            let wanted = &lines[0].codes[0];
            if outcome.file() != *wanted {
                differences.push(format!("{file}: {} instead of {wanted}", outcome.file()));
            }
            continue;
        }
        let refusals = lines.iter().filter_map(|one| {
            let code = one.codes.iter().find(|code| code.starts_with('R'))?;
            Some((one.line?, one.channel.clone(), code.clone()))
        });
        let wanted: BTreeSet<(u64, String, String)> = refusals.collect();
        let refused: BTreeSet<(u64, String, String)> = outcome
            .rejections
            .iter()
            .map(|one| {
                let channel = one.channel.map_or("", |channel| channel.as_str());
                (one.line, channel.to_owned(), one.code.to_string())
            })
            .collect();
        for one in refused.difference(&wanted) {
            differences.push(format!("{file}: {one:?} is refused"));
        }
        for one in wanted.difference(&refused) {
            differences.push(format!("{file}: {one:?} is not refused"));
        }
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for code in lines.iter().flat_map(|one| &one.codes) {
            *counts.entry(code).or_default() += 1;
        }
        for (code, count) in counts {
            let has = outcome.count(domain::ReasonCode::parse(code).unwrap());
            let agrees = if code.starts_with('R') {
                has == count
            } else {
                has >= 1
            };
            if !agrees {
                differences.push(format!("{file}: {code} {has} times instead of {count}"));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
