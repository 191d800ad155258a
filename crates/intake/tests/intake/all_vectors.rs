//! The 68 test vectors of the format description in one table. What a file
//! shows is tried here; what only another room can show names the test that
//! shows it, and that test must exist.

use std::collections::BTreeMap;
use std::path::Path;

use domain::{Channel, RegistryMode, RegistryView, Status, Timestamp, Verdict};
use intake::{Action, Options, Stored};

use crate::desk::{Book, Outcome, judged, judged_with, local, push};
use crate::vectors::phone;

/// Where a vector is shown.
enum Shown {
    /// Here: what judging comes to, and what it must come to.
    Here(String, &'static str),
    /// By tests of this repository: file and name.
    By(&'static [(&'static str, &'static str)]),
}

use Shown::{By, Here};

const LONG: &str = "Alıcı;İzin Türü;İzin Durumu;İzin Tarihi;İzin Kaynağı;Alıcı Tipi";
const GOOD_DATE: &str = "20.06.2025 14:05";
const PHONE: &str = "+905321234567";

/// `accepted ONAY 2025-06-20 14:05:00 HS_WEB W201`, `R602`, `F114`, `? date_orders`.
fn told(outcome: &Outcome) -> String {
    if outcome.file() != "accepted" {
        return outcome.file();
    }
    if let Some(question) = outcome.summary.questions.first() {
        return format!("? {}", question.answer_field());
    }
    if let Some(rejection) = outcome.rejections.first() {
        return rejection.code.to_string();
    }
    let record = &outcome.records[0];
    let mut words = vec![record.recipient.to_string(), record.kind.to_string()];
    if let Some(consent) = &record.consent {
        words.push(consent.status.to_string());
        words.push(consent.date.to_registry_text());
        words.push(consent.source.to_string());
    }
    let remarks = outcome.remarks();
    words.extend(remarks.iter().map(|remark| remark[..4].to_owned()));
    words.join(" ")
}

fn long(cells: [&str; 6]) -> String {
    told(&judged(format!("{LONG}\n{}\n", cells.join(";")), &push()))
}

fn status(header: &str, value: &str) -> String {
    let file = format!("Telefon;{header};İzin Tarihi;Kaynak\n{PHONE};{value};{GOOD_DATE};HS_WEB\n");
    told(&judged(file, &push()))
}

fn email(cell: &str) -> String {
    long([cell, "EPOSTA", "ONAY", GOOD_DATE, "HS_WEB", "BIREYSEL"])
}

fn date(date: &str, source: &str) -> String {
    long([PHONE, "MESAJ", "ONAY", date, source, "BIREYSEL"])
}

fn source(source: &str) -> String {
    date(GOOD_DATE, source)
}

fn number(cell: &str) -> String {
    phone(cell, "MESAJ", &push())
}

fn azerbaijan() -> Options {
    Options {
        countries: vec!["TR".to_owned(), "AZ".to_owned()],
        ..push()
    }
}

/// Slashed dates below one another, each with the next phone; the first row's date.
fn slashed(dates: &[&str]) -> String {
    let rows: String = (1..)
        .zip(dates)
        .map(|(i, date)| format!("+90532123456{i};MESAJ;ONAY;{date};HS_WEB;BIREYSEL\n"))
        .collect();
    let outcome = judged(format!("{LONG}\n{rows}"), &local_only());
    if let Some(question) = outcome.summary.questions.first() {
        return format!("? {}", question.answer_field());
    }
    let first = outcome.records.iter().find(|record| record.line == 2);
    let consent = first.and_then(|record| record.consent.as_ref());
    consent.map_or("–".to_owned(), |c| c.date.to_registry_text())
}

/// Two consents of one person, against each other.
fn both(first: &str, second: &str) -> String {
    let row = |said: &str| format!("{PHONE};MESAJ;{said};HS_WEB;BIREYSEL\n");
    let outcome = judged(format!("{LONG}\n{}{}", row(first), row(second)), &push());
    let kept = outcome.record().consent.as_ref().unwrap();
    let held = if kept.local_only { " kept here" } else { "" };
    let refused = outcome.rejected().concat();
    let remarks = outcome.remarks().concat();
    format!("{}{held} {refused}{remarks}", kept.status)
}

/// A consent against what is on record.
fn against(said: &str, stored: Stored, mode: RegistryMode) -> String {
    let mut book = Book::default().holds(PHONE, Channel::Mesaj, stored);
    let file = format!("{LONG}\n{PHONE};MESAJ;{said};HS_WEB;BIREYSEL\n");
    let outcome = judged_with(file, &Options { mode, ..push() }, &mut book);
    let codes: Vec<String> = outcome
        .summary
        .codes
        .iter()
        .map(|c| c.code.to_string())
        .collect();
    format!("{} {}", outcome.records.len(), codes.join(" "))
}

fn ours(status: Status, date: &str) -> Stored {
    Stored {
        local: Some(local(status, date, false)),
        ..Stored::default()
    }
}

fn at_iys(verdict: Verdict, date: Option<&str>) -> Stored {
    Stored {
        registry: RegistryView {
            verdict,
            citizen: verdict == Verdict::Ret,
            consent_date: date.and_then(Timestamp::from_registry_text),
            ..RegistryView::UNASKED
        },
        ..Stored::default()
    }
}

fn headers_of_one_field() -> String {
    let column = |header: &str| {
        let file = format!("Telefon;SMS İzni;{header};Kaynak\n{PHONE};ONAY;{GOOD_DATE};HS_WEB\n");
        judged(file, &push()).summary.columns[2].field.to_string()
    };
    ["İZİN TARİHİ", "izin tarihi", "IZIN_TARIHI"]
        .map(column)
        .join(" ")
}

/// The headers of a file, its encoding and its remarks.
fn header(bytes: &[u8]) -> String {
    let outcome = judged(bytes, &push());
    let headers: Vec<&str> = outcome
        .summary
        .columns
        .iter()
        .map(|c| c.header.as_str())
        .collect();
    let encoding = serde_json::to_string(&outcome.summary.encoding).unwrap();
    format!(
        "{} {encoding} {}",
        headers.join(";"),
        outcome.remarks().concat()
    )
}

fn wide(text: &str) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

fn comma_file() -> String {
    let good = "05321234567,MESAJ,ONAY,20.06.2025 14:05,HS_WEB\n".repeat(30);
    let outcome = judged(
        format!(
            "Alıcı,İzin Türü,İzin Durumu,İzin Tarihi,İzin Kaynağı\n{good}9,05321E+11,MESAJ,ONAY,20.06.2025 14:05,HS_WEB\n"
        ),
        &push(),
    );
    let hint = outcome.rejections[0].next_tr().contains("virgül");
    format!("{} {hint}", outcome.rejected().concat())
}

fn local_only() -> Options {
    Options {
        action: Action::Local,
        ..push()
    }
}

/// A list of external ids whose seventh line is empty; nobody is known by them.
fn list_with_a_gap() -> String {
    let lines: Vec<String> = (1..=10_000)
        .map(|line| match line {
            7 => String::new(),
            _ => format!("user{line}"),
        })
        .collect();
    let outcome = judged(lines.join("\n"), &local_only());
    let of_row = |row: usize| outcome.rejections[row].line;
    let shown = [of_row(5), of_row(6), of_row(9_998)];
    let shown = shown.map(|line| line.to_string()).join(" ");
    format!("{} rows, lines {shown}", outcome.summary.rows)
}

/// So many lines of token and external id, of which the third lacks its comma.
fn pairs_without_comma(count: usize) -> String {
    let lines: Vec<String> = (1..=count)
        .map(|line| match line {
            3 => format!("dQw4w9WgXcQ:APA91b{line:0100}"),
            _ => format!("dQw4w9WgXcQ:APA91b{line:0100}, m{line}"),
        })
        .collect();
    let outcome = judged(lines.join("\n"), &local_only());
    if outcome.verdict.code().is_some() {
        return outcome.file();
    }
    let rejected = outcome.rejected().into_iter();
    let misshapen: Vec<String> = rejected.filter(|told| !told.ends_with("R406")).collect();
    misshapen.join(", ")
}

fn around_a_feast() -> String {
    let options = Options {
        now: "2025-06-10T10:00:00+03:00".parse().unwrap(),
        ..push()
    };
    let file = format!("{LONG}\n{PHONE};MESAJ;ONAY;04.06.2025 09:00;HS_WEB;BIREYSEL\n");
    told(&judged(file, &options))
}

fn phones() -> Vec<(u32, Shown)> {
    vec![
        (1, Here(number("+90 (532) 123 45 67"), "+905321234567")),
        (2, Here(number("0532 123 45 67"), "+905321234567 W201")),
        (3, Here(number("5321234567"), "+905321234567 W201")),
        (4, Here(number("905321234567"), "+905321234567 W201")),
        (5, Here(number("00905321234567"), "+905321234567 W201")),
        (6, Here(number("+90 0532 123 45 67"), "+905321234567 W203")),
        (7, Here(number("9,05321E+11"), "R209")),
        (8, Here(number("5,32123E+09"), "R209")),
        (9, Here(number("9,05321234567E+11"), "+905321234567 W205")),
        // A workbook hands on the number that is stored, not the one that is shown.
        (10, Here(number("905321234567"), "+905321234567 W201")),
        (
            11,
            Here(
                format!(
                    "{} {}",
                    number("0212 123 45 67"),
                    phone("0212 123 45 67", "ARAMA", &push())
                ),
                "R206 +902121234567 W201",
            ),
        ),
        (12, Here(number("444 1 234"), "R206")),
        (13, Here(number("O532 123 45 67"), "R202")),
        (14, Here(number("0532 123 45 67 / 0533 765 43 21"), "R205")),
        (15, Here(number("123 45 67"), "R203")),
        (
            16,
            Here(
                format!(
                    "{} {}",
                    number("+994 50 123 45 67"),
                    phone("+994 50 123 45 67", "MESAJ", &azerbaijan())
                ),
                "R207 +994501234567",
            ),
        ),
        (
            17,
            Here(number("0533 861 23 45"), "+905338612345 W201 W207"),
        ),
        (18, Here(number("5555555555"), "R208")),
        (
            19,
            Here(number("０５３２１２３４５６７"), "+905321234567 W201 W202"),
        ),
        (
            20,
            Here(
                format!("{} {}", number("'05321234567"), number("=\"05321234567\"")),
                "+905321234567 W103 W201 +905321234567 W103 W201",
            ),
        ),
        (
            21,
            Here(
                number("\u{202a}05321234567\u{202c}"),
                "+905321234567 W103 W201",
            ),
        ),
        (22, Here(number("#YOK"), "R104")),
        (23, Here(number("0512 123 45 67"), "R206")),
        (
            24,
            Here(number("0577 123 45 67"), "+905771234567 W201 W204"),
        ),
    ]
}

fn emails_and_words() -> Vec<(u32, Shown)> {
    const ONAY: &str = "+905321234567 BIREYSEL ONAY 2025-06-20 14:05:00 HS_WEB";
    vec![
        (25, Here(email("AYŞE@firma.com"), "R302")),
        (
            26,
            Here(
                email("ali@gmial.com"),
                "ali@gmial.com BIREYSEL ONAY 2025-06-20 14:05:00 HS_WEB W302",
            ),
        ),
        (
            27,
            Here(
                email("Ali@Firma.COM "),
                "ali@firma.com BIREYSEL ONAY 2025-06-20 14:05:00 HS_WEB W301",
            ),
        ),
        (28, Here(status("SMS İzni", "Evet"), ONAY)),
        (
            29,
            Here(
                told(&judged(
                    format!(
                        "Alıcı;İzin Türü;ONAY(1)-RET(0);İzin Tarihi;Kaynak\n{PHONE};MESAJ;1;{GOOD_DATE};HS_WEB\n"
                    ),
                    &push(),
                )),
                ONAY,
            ),
        ),
        (30, Here(status("SMS istemiyor", "1"), "F114")),
        (31, Here(status("SMS İzni", "X"), "R502")),
        (32, Here(status("SMS İzni", ""), "R501")),
    ]
}

fn dates_and_sources() -> Vec<(u32, Shown)> {
    const AT: &str = "+905321234567 BIREYSEL ONAY 2025-06-20 14:05:00 HS_WEB";
    vec![
        (33, Here(date("20.06.2025 14:05", "HS_WEB"), AT)),
        (34, Here(date("17.06.2025 09:00", "HS_WEB"), "R606")),
        (35, Here(date("24.06.2025 09:00", "HS_WEB"), "R604")),
        (36, Here(date("30.04.2015", "HS_WEB"), "R603")),
        (37, Here(date("02.05.2015", "HS_2015"), "R605")),
        (
            38,
            Here(
                date("01.05.2015 00:00:00", "HS_2015"),
                "+905321234567 BIREYSEL ONAY 2015-05-01 00:00:00 HS_2015",
            ),
        ),
        (
            39,
            Here(
                date("45828,586805555", "HS_WEB"),
                "+905321234567 BIREYSEL ONAY 2025-06-20 14:05:00 HS_WEB W603",
            ),
        ),
        (40, Here(date("2025-06-20T11:05:00Z", "HS_WEB"), AT)),
        (
            41,
            Here(
                slashed(&["05/06/2025", "20/06/2025"]),
                "2025-06-05 00:00:00",
            ),
        ),
        (
            42,
            Here(slashed(&["05/06/2025", "07/06/2025"]), "? date_orders"),
        ),
        (
            43,
            Here(
                format!("{}, {}", source("web sitesi"), confirmed_source()),
                "? sources, HS_WEB W701×1",
            ),
        ),
        (44, Here(source("IYS_WEB"), "R703")),
        (45, Here(source("HS_KARAR"), "R704")),
        (
            46,
            Here(
                long([PHONE, "EPOSTA", "ONAY", GOOD_DATE, "HS_WEB", "BIREYSEL"]),
                "R706",
            ),
        ),
        (
            47,
            Here(
                long([PHONE, "MESAJ", "ONAY", GOOD_DATE, "HS_WEB", "esnaf"]),
                "+905321234567 TACIR ONAY 2025-06-20 14:05:00 HS_WEB W703",
            ),
        ),
    ]
}

fn confirmed_source() -> String {
    let mut options = push();
    let answers = &mut options.mapping.sources;
    answers.insert("Web Sitesi".to_owned(), domain::Source::HS_WEB);
    let file = format!("{LONG}\n{PHONE};MESAJ;ONAY;{GOOD_DATE};web sitesi;BIREYSEL\n");
    let outcome = judged(file, &options);
    let source = &outcome.record().consent.as_ref().unwrap().source;
    format!("{source} {}", outcome.remarks().concat())
}

fn files() -> Vec<(u32, Shown)> {
    let table = "Telefon;İzin Durumu;İzin Türü;İzin Tarihi;Kaynak";
    vec![
        (48, Here(headers_of_one_field(), "date date date")),
        (49, Here(header(b"\xddzin;Telefon;\xddzin T\xfcr\xfc;\xddzin Tarihi;Kaynak\nONAY;+905321234567;SMS;20.06.2025 14:05;HS_WEB\n"), "İzin;Telefon;İzin Türü;İzin Tarihi;Kaynak \"windows-1254\" ")),
        (50, Here(header(format!("\u{feff}{table}\n").as_bytes())[..7].to_owned(), "Telefon")),
        (51, Here(header(&wide(&format!("{}\n", table.replace(';', "\t")))), "Telefon;İzin Durumu;İzin Türü;İzin Tarihi;Kaynak \"utf-16le\" ")),
        (52, Here(header("Telefon;Ýzin Durumu;Ýzin Türü;Ýzin Tarihi;Kaynak\n+905321234567;ONAY;SMS;20.06.2025 14:05;Maðaza\n".as_bytes()), "Telefon;İzin Durumu;İzin Türü;İzin Tarihi;Kaynak \"utf-8\" W104×4")),
        (53, Here(comma_file(), "32 R102 true")),
        (54, Here(both("ONAY;20.06.2025 10:00", "RET;20.06.2025 11:00"), "RET W802×1")),
        (55, Here(both("RET;20.06.2025 10:00", "ONAY;20.06.2025 11:00"), "RET kept here 3 R802")),
        (56, By(&[("crates/store/tests/conformance/uploads.rs", "the_same_bytes_go_the_same_way_once")])),
    ]
}

fn against_the_record() -> Vec<(u32, Shown)> {
    let onay = "ONAY;20.06.2025 14:05:01";
    let off = RegistryMode::Off;
    let stranger = || at_iys(Verdict::NoRecord, None);
    vec![
        (
            57,
            Here(
                against(
                    "RET;20.06.2025 14:05:01",
                    stranger(),
                    RegistryMode::Integrator,
                ),
                "1 I175",
            ),
        ),
        (
            58,
            Here(
                format!(
                    "{}, {}",
                    against(
                        "RET;20.06.2025 14:05:01",
                        ours(Status::Ret, "2025-06-19 10:00:00"),
                        off
                    ),
                    against(onay, ours(Status::Onay, "2025-06-20 14:05:01"), off),
                ),
                "1 W804, 1 W804",
            ),
        ),
        (
            59,
            Here(
                format!(
                    "{}, {}",
                    against(onay, ours(Status::Ret, "2025-06-21 10:00:00"), off),
                    against(onay, at_iys(Verdict::Ret, Some("2025-06-21 10:00:00")), off),
                ),
                "0 R805, 0 R806",
            ),
        ),
        (
            60,
            Here(
                told(&judged(
                    format!("{LONG}\n{PHONE};MESAJ;ONAY;;;TACIR\n"),
                    &push(),
                )),
                "+905321234567 TACIR ONAY 2025-06-23 10:00:00 HS_EORTAM",
            ),
        ),
        (61, Here(list_with_a_gap(), "9999 rows, lines 6 8 10000")),
        (
            62,
            Here(
                format!("{}, {}", pairs_without_comma(100), pairs_without_comma(10)),
                "3 R102, F112",
            ),
        ),
        (
            63,
            By(&[(
                "crates/api/tests/http/uploads.rs",
                "a_file_is_taken_in_judged_and_applied",
            )]),
        ),
        (
            64,
            By(&[(
                "tests/tests/main_job.rs",
                "of_the_six_contacts_only_the_first_gets_the_message_and_every_view_gives_the_same_reasons",
            )]),
        ),
        (
            65,
            Here(
                against(onay, at_iys(Verdict::Ret, Some("2025-06-20 14:05:00")), off),
                "0 R807",
            ),
        ),
        (
            66,
            By(&[
                (
                    "crates/intake/tests/intake/record.rs",
                    "what_the_ledger_would_refuse_is_refused_in_the_preview",
                ),
                (
                    "crates/registry/src/plan/step_tests.rs",
                    "a_renewal_is_sent_only_by_brands_that_ask_for_it",
                ),
            ]),
        ),
        (
            67,
            Here(
                around_a_feast(),
                "+905321234567 BIREYSEL ONAY 2025-06-04 09:00:00 HS_WEB W606",
            ),
        ),
        (
            68,
            By(&[(
                "crates/registry/src/plan/answers_tests.rs",
                "each_class_of_refusal_settles_a_record_in_its_own_way",
            )]),
        ),
    ]
}

#[test]
fn every_one_of_the_68_vectors_comes_out_as_it_is_written() {
    let mut seen = BTreeMap::new();
    let all = [
        phones(),
        emails_and_words(),
        dates_and_sources(),
        files(),
        against_the_record(),
    ];
    let mut wrong = Vec::new();
    for (number, shown) in all.into_iter().flatten() {
        assert!(
            seen.insert(number, ()).is_none(),
            "vector {number} stands twice"
        );
        match shown {
            Here(found, expected) if found == expected => {}
            Here(found, expected) => {
                wrong.push(format!("vector {number}: {found:?}, not {expected:?}"));
            }
            By(tests) => {
                for (file, test) in tests {
                    if !exists(file, test) {
                        wrong.push(format!("vector {number}: no test {test} in {file}"));
                    }
                }
            }
        }
    }
    assert!(
        seen.keys().copied().eq(1..=68),
        "absent: {:?}",
        (1..=68)
            .filter(|n| !seen.contains_key(n))
            .collect::<Vec<_>>()
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn exists(file: &str, test: &str) -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = std::fs::read_to_string(root.join(file)).unwrap_or_default();
    let name = format!("fn {test}(");
    text.lines().any(|line| line.contains(&name))
}
