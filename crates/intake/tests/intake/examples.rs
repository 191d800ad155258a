//! A remark says what was repaired or noticed, and where.

use domain::{ReasonCode, Source};
use intake::{CodeCount, Options};

use crate::desk::{Outcome, judged, push};

const HEADER: &str =
    "Müşteri No;Telefon;E-posta;İzin Türü;İzin Durumu;İzin Tarihi;İzin Kaynağı;Bölge";

fn options() -> Options {
    let mut options = push();
    let sources = &mut options.mapping.sources;
    sources.insert("web sitesi".to_owned(), Source::HS_WEB);
    options
}

fn counted(outcome: &Outcome, code: ReasonCode) -> &CodeCount {
    let mut codes = outcome.summary.codes.iter();
    codes.find(|counted| counted.code == code).unwrap()
}

/// `line: text` of every example.
fn told(outcome: &Outcome, code: ReasonCode) -> Vec<String> {
    let examples = counted(outcome, code).examples.iter();
    examples
        .map(|example| format!("{}: {}", example.line, example.text_tr(code)))
        .collect()
}

#[test]
fn every_remark_with_something_to_say_says_it_with_its_line() {
    let outcome = judged(
        format!(
            "{HEADER}\n\
             1;05771234567;;MESAJ;ONAY;20.06.25 14:05;web sitesi;\n\
             2;;ali@gmial.com;EPOSTA;ONAY;20.06.2025 14:05;HS_WEB;\n\
             3;05321234567;;MESAJ;ONAY;1750417500;HS_WEB;\n\
             4;05321234567;;MESAJ;ONAY;20.06.2025 14:05;HS_WEB;\n"
        ),
        &options(),
    );
    for (code, line, said) in [
        (ReasonCode::W108, 1, "Bölge"),
        (ReasonCode::W204, 2, "577"),
        (ReasonCode::W604, 2, "2025"),
        (ReasonCode::W701, 2, "\"web sitesi\" → HS_WEB"),
        (ReasonCode::W302, 3, "ali@gmail.com?"),
        (ReasonCode::W603, 4, "20.06.2025"),
        (ReasonCode::W803, 4, "(2)"),
    ] {
        let told = told(&outcome, code);
        let first = told.first().unwrap_or_else(|| panic!("{code}: {told:?}"));
        assert!(first.starts_with(&format!("{line}: ")), "{code}: {first}");
        assert!(first.contains(said), "{code}: {first}");
        assert!(!first.contains('…'), "{code}: {first}");
    }
    let shared = counted(&outcome, ReasonCode::W803);
    assert_eq!(
        (shared.count, shared.first_lines.as_slice()),
        (2, &[4, 5][..])
    );
    assert!(
        counted(&outcome, ReasonCode::W201).examples.is_empty(),
        "a remark that says nothing besides its code needs no example"
    );
}

#[test]
fn a_remark_is_told_of_a_few_lines_however_many_carry_it() {
    let rows: String = (0..200)
        .map(|i| format!("{i};;kisi{i}@gmial.com;EPOSTA;ONAY;20.06.2025 14:05;HS_WEB;\n"))
        .collect();
    let outcome = judged(format!("{HEADER}\n{rows}"), &options());
    let typos = counted(&outcome, ReasonCode::W302);
    assert_eq!(typos.count, 200);
    let lines: Vec<u64> = typos.examples.iter().map(|one| one.line).collect();
    assert_eq!(lines, [2, 3, 4, 5, 6]);
    assert!(
        typos.examples[1]
            .text_en(typos.code)
            .contains("kisi1@gmail.com?")
    );
}

#[test]
fn without_a_line_to_speak_of_a_remark_leaves_no_gap_in_its_sentence() {
    for &code in ReasonCode::all() {
        if code.to_string().starts_with('W') {
            for text in [code.render_tr(&[]), code.render_en(&[])] {
                assert!(!text.replace("+90…", "").contains('…'), "{code}: {text}");
            }
        }
    }
}
