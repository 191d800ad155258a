//! The fixtures of the repository, judged: every line gives the codes that
//! `fixtures/expected.tsv` states.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use domain::RecipientKind;
use intake::{Action, Options, RowFinder};

use crate::desk::{Outcome, judged, now};

/// What one line must give: its number, its channel, its codes.
type Line<'t> = (Option<u64>, &'t str, Vec<&'t str>);

/// Lines with their refusal, as `line channel code`.
type Refused = BTreeSet<(u64, String, String)>;

/// The settings under which a file is judged (fixtures/README.md).
fn options_of(file: &str) -> Options {
    let is_list = file.starts_with("liste/");
    let action = if is_list { Action::Local } else { Action::Push };
    let mut options = Options::new(now(), action);
    let states_no_kind = ["klinik-hasta.csv", "iys-yukleme-araci.csv"];
    if is_list || states_no_kind.contains(&file) {
        options.default_kind = Some(RecipientKind::Bireysel);
    }
    let answers = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures")
        .join(file)
        .with_extension("json");
    if let Ok(answers) = std::fs::read(answers) {
        options.mapping = serde_json::from_slice(&answers).unwrap();
    }
    if file == "iys-hareket.csv" {
        options.action = Action::Local;
    }
    options
}

fn refused_by(outcome: &Outcome) -> Refused {
    let rejections = outcome.rejections.iter();
    rejections
        .map(|rejection| {
            let channel = rejection.channel.map_or("-", |channel| channel.as_str());
            (
                rejection.line,
                channel.to_owned(),
                rejection.code.to_string(),
            )
        })
        .collect()
}

fn wanted_refusals(lines: &[Line<'_>]) -> Refused {
    let refused = lines.iter().filter_map(|(line, channel, codes)| {
        let code = codes.iter().find(|code| code.starts_with('R'))?;
        Some(((*line)?, (*channel).to_owned(), (*code).to_owned()))
    });
    refused.collect()
}

/// Rejections whose rows are others when the file is read once more.
fn rows_not_found_again(file: &str, outcome: &Outcome) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures")
        .join(file);
    let work = tempfile::tempdir().unwrap();
    let finder = RowFinder::open(&path, &options_of(file), work.path()).unwrap();
    let mut finder = finder.expect("a table, as before");
    let rejections = outcome.rejections.iter();
    let other = rejections.filter(|one| finder.row(one.line).unwrap().as_ref() != Some(&one.raw));
    other
        .map(|one| format!("{file}: another row on line {}", one.line))
        .collect()
}

/// What of a file is not as the table says.
fn differences(file: &str, lines: &[Line<'_>]) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures")
        .join(file);
    let outcome = judged(std::fs::read(path).unwrap(), &options_of(file));
    if file.starts_with("bozuk/") {
        let wanted = lines[0].2.join(" ");
        let is_as_told = outcome.file() == wanted;
        return if is_as_told {
            Vec::new()
        } else {
            vec![format!("{file}: {} for {wanted}", outcome.file())]
        };
    }
    if outcome.file() != "accepted" {
        return vec![format!("{file}: {:?}", outcome.verdict)];
    }
    let lost = rows_not_found_again(file, &outcome);
    if !lost.is_empty() {
        return lost;
    }
    let (found, wanted) = (refused_by(&outcome), wanted_refusals(lines));
    let mut told: Vec<String> = found
        .difference(&wanted)
        .map(|r| format!("{file}: gave {r:?}"))
        .collect();
    told.extend(
        wanted
            .difference(&found)
            .map(|r| format!("{file}: lacks {r:?}")),
    );
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for code in lines.iter().flat_map(|(_, _, codes)| codes) {
        *counts.entry(code).or_default() += 1;
    }
    for (code, count) in counts {
        let has = outcome.count(domain::ReasonCode::parse(code).unwrap());
        // Remarks on refused rows are counted and not listed.
        if has < count || (code.starts_with('R') && has != count) {
            told.push(format!("{file}: {code} {has} times, {count} in the table"));
        }
    }
    let accepted = lines.iter().filter(|(line, channel, codes)| {
        // People without a consent speak for no channel.
        let speaks = *channel != "-" || file.starts_with("liste/");
        line.is_some() && speaks && !codes.iter().any(|code| code.starts_with('R'))
    });
    let (accepted, has) = (
        accepted.count() as u64,
        outcome.summary.accepted + outcome.summary.merged,
    );
    if accepted != has {
        told.push(format!("{file}: {has} accepted, {accepted} in the table"));
    }
    told
}

#[test]
fn every_fixture_gives_what_its_table_states() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let table = std::fs::read_to_string(root.join("expected.tsv")).unwrap();
    let mut files: BTreeMap<&str, Vec<Line<'_>>> = BTreeMap::new();
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let &[file, number, channel, codes] = cells.as_slice() else {
            panic!("{line}")
        };
        let codes = codes.split(' ').filter(|code| *code != "-").collect();
        files
            .entry(file)
            .or_default()
            .push((number.parse().ok(), channel, codes));
    }
    let told: Vec<String> = files
        .iter()
        .flat_map(|(file, lines)| differences(file, lines))
        .collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}
