//! Whole files: what is no table is refused with its code, and never as an error.

use std::ops::ControlFlow;
use std::path::Path;

use domain::ReasonCode;
use intake::{
    Action, Directory, DirectoryError, Encoding, FileVerdict, Identifier, JudgeError, NoDirectory,
    Options, Repair, Stored, judge,
};

use crate::desk::{judged, now, push};

const ROW: &str = "05321234567;ONAY;20.06.2025 14:05;HS_WEB";
const HEADER: &str = "Telefon;SMS İzni;İzin Tarihi;İzin Kaynağı";

fn file_code(bytes: impl AsRef<[u8]>) -> String {
    judged(bytes, &push()).file()
}

fn windows_1254(text: &str) -> Vec<u8> {
    encoding_rs::WINDOWS_1254.encode(text).0.into_owned()
}

fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    format!("\u{feff}{text}")
        .encode_utf16()
        .flat_map(to_bytes)
        .collect()
}

#[test]
fn files_without_records_are_empty_whatever_else_they_hold() {
    for empty in [
        "",
        "\n\n",
        "\u{feff}",
        "\u{1a}",
        "  \r\n",
        "Telefon;SMS İzni;İzin Tarihi;Kaynak\n",
    ] {
        assert_eq!(file_code(empty), "F101", "{empty:?}");
    }
}

#[test]
fn files_that_are_no_text_are_named_for_what_they_are() {
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    let workbook = b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0[Content_Types].xml";
    for (bytes, word) in [
        (&png[..], "PNG"),
        (workbook, "hasarlı"),
        (b"%PDF-1.7\n1 0 obj", "PDF"),
    ] {
        let outcome = judged(bytes, &push());
        let FileVerdict::Refused(refusal) = outcome.verdict else {
            panic!()
        };
        assert_eq!(refusal.code, ReasonCode::F107);
        assert!(refusal.text_tr().contains(word), "{}", refusal.text_tr());
    }
    assert_eq!(file_code(format!("{HEADER}\n{ROW}\n\0\0\0\n")), "F107");
}

#[test]
fn a_zero_byte_far_down_is_found_too() {
    let mut bytes = format!("{HEADER}\n").into_bytes();
    bytes.extend(format!("{ROW}\n").repeat(20_000).bytes());
    bytes.extend(b"\0\n");
    assert_eq!(file_code(bytes), "F107");
}

#[test]
fn a_file_beyond_the_limit_is_refused_before_it_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("large.csv");
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(3 << 30).unwrap(); // a hole: nothing to read, and nothing must be
    let mut calls = 0;
    let mut watch = |_| {
        calls += 1;
        ControlFlow::Continue(())
    };
    let judged = judge(&path, &push(), &mut NoDirectory, dir.path(), &mut watch).unwrap();
    let FileVerdict::Refused(refusal) = judged.verdict else {
        panic!()
    };
    assert_eq!(refusal.code, ReasonCode::F102);
    assert!(
        refusal.text_en().contains("2048 MB"),
        "{}",
        refusal.text_en()
    );
    assert_eq!(calls, 0);
}

#[test]
fn an_unclosed_quote_is_reported_with_the_line_it_opened_on() {
    let outcome = judged(
        format!("{HEADER}\r\n{ROW}\r\n05331234567;\"ONAY;x;y\r\n{ROW}\r\n"),
        &push(),
    );
    let FileVerdict::Refused(refusal) = outcome.verdict else {
        panic!()
    };
    assert_eq!((refusal.code, refusal.line), (ReasonCode::F105, Some(3)));
}

#[test]
fn mixed_and_foreign_encodings_stop_the_file_and_known_ones_do_not() {
    let mut mixed = format!("{HEADER}\n{ROW}\n").into_bytes();
    mixed.extend(windows_1254("05331234567;çıktı;20.06.2025 14:05;HS_WEB\n"));
    assert_eq!(file_code(mixed), "F103");
    assert_eq!(file_code(b"Telefon;\xffzin;\x9e\x8d\xff\n1;2;3\n"), "F104");
}

#[test]
fn every_encoding_that_excel_writes_gives_the_same_people() {
    let text = format!("{HEADER};Ad\r\n{ROW};Şükrü Çağ\r\n");
    let tabbed = text.replace(';', "\t");
    let with_mark = format!("\u{feff}{text}");
    for (bytes, encoding, delimiter) in [
        (text.clone().into_bytes(), Encoding::Utf8, ';'),
        (with_mark.into_bytes(), Encoding::Utf8, ';'),
        (windows_1254(&text), Encoding::Windows1254, ';'),
        (utf16(&tabbed, u16::to_le_bytes), Encoding::Utf16Le, '\t'),
        (utf16(&tabbed, u16::to_be_bytes), Encoding::Utf16Be, '\t'),
        (text.replace(';', "|").into_bytes(), Encoding::Utf8, '|'),
        (
            format!("sep=,\r\n{}", text.replace(';', ",")).into_bytes(),
            Encoding::Utf8,
            ',',
        ),
        (text.replace("\r\n", "\r").into_bytes(), Encoding::Utf8, ';'),
    ] {
        let outcome = judged(bytes, &push());
        assert_eq!(outcome.summary.encoding, Some(encoding));
        assert_eq!(outcome.summary.delimiter, Some(delimiter));
        assert_eq!(outcome.record().name.as_deref(), Some("Şükrü Çağ"));
        assert_eq!(outcome.summary.columns[0].header, "Telefon", "vector 50");
        assert_eq!(outcome.summary.columns[1].header, "SMS İzni", "vector 49");
    }
}

#[test]
fn garbled_turkish_letters_are_repaired_and_said_so() {
    let text = format!("{HEADER};Ad\n{ROW};Şükrü Işık\n");
    let icelandic: String = text
        .chars()
        .map(|c| match c {
            'İ' => 'Ý',
            'ı' => 'ý',
            'Ş' => 'Þ',
            'ş' => 'þ',
            'ğ' => 'ð',
            other => other,
        })
        .collect();
    let outcome = judged(&icelandic, &push());
    assert_eq!(
        outcome.summary.repair,
        Repair::IcelandicLetters,
        "vector 52"
    );
    assert_eq!(outcome.record().name.as_deref(), Some("Şükrü Işık"));
    assert_eq!(
        outcome.count(ReasonCode::W104),
        4,
        "three headers and the row"
    );

    let (twice, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(text.as_bytes());
    let outcome = judged(&*twice, &push());
    assert_eq!(outcome.summary.repair, Repair::TwiceEncoded);
    assert_eq!(outcome.record().name.as_deref(), Some("Şükrü Işık"));
}

#[test]
fn a_word_or_date_that_was_repaired_is_remarked_on_in_every_row() {
    let header = "Telefon;İzin Türü;İzin Durumu;İzin Tarihi;İzin Kaynağı;Alıcı Tipi;Marka";
    let mut options = push();
    options.brand_names = vec!["Acme".to_owned()];
    let words = ["MESAJ", "ONAY", "20.06.2025 14:05", "HS_WEB", "BIREYSEL"];
    let words = [words.as_slice(), &["Acme"]].concat();
    for repaired in 0..words.len() {
        let mut cells = words.clone();
        let marked = format!("\u{a0}{}", cells[repaired]);
        cells[repaired] = &marked;
        let rows = [1, 2].map(|n| format!("+90532123456{n};{}", cells.join(";")));
        let outcome = judged(format!("{header}\n{}\n", rows.join("\n")), &options);
        assert_eq!(outcome.records.len(), 2, "{:?}", outcome.rejected());
        assert_eq!(outcome.remarks(), ["W103×2", "W501×1"], "{marked}");
    }
    let header = "Telefon;SMS Ýzni;Ýzin Tarihi;Kaynak";
    let rows = [1, 2].map(|n| format!("+90532123456{n};Onaylý;20 Haziran 2025 14:05;HS_WEB"));
    let outcome = judged(format!("{header}\n{}\n", rows.join("\n")), &push());
    assert_eq!(outcome.remarks(), ["W104×4", "W501×1"]);
}

#[test]
fn lost_letters_leave_the_name_empty_and_the_row_whole() {
    let outcome = judged(format!("{HEADER};Ad\n{ROW};?ükrü\n"), &push());
    assert_eq!(outcome.record().name, None);
    assert_eq!(outcome.count(ReasonCode::W105), 1);
}

#[test]
fn a_file_without_separator_identifier_or_consent_columns_is_refused() {
    assert_eq!(file_code("merhaba\ndünya\n"), "F106");
    assert_eq!(file_code("a17, b1\na18\na19, b3\na20\n"), "F112");
    assert_eq!(file_code("Ad;Soyad;Bakiye\nAli;Veli;5\n"), "F110");
    assert_eq!(
        file_code(format!(
            "Telefon;Cep Telefonu;SMS İzni;İzin Tarihi;Kaynak\n1;{ROW}\n"
        )),
        "F111"
    );
    assert_eq!(file_code("Telefon;Ad\n05321234567;Ali\n"), "F117");
}

#[test]
fn a_phone_column_that_excel_has_damaged_stops_the_file() {
    let rows = |damaged: usize| {
        let rows: String = (0..100)
            .map(|i| {
                let phone = if i < damaged {
                    "9,05321E+11".to_owned()
                } else {
                    format!("053212345{i:02}")
                };
                format!("{phone};ONAY;20.06.2025 14:05;HS_WEB\n")
            })
            .collect();
        judged(format!("{HEADER}\n{rows}"), &push())
    };
    let refused = rows(6);
    assert_eq!(refused.file(), "F113");
    assert!(matches!(&refused.verdict, FileVerdict::Refused(r) if r.text_tr().contains("%6")));
    assert_eq!(
        refused.summary.count(ReasonCode::R209),
        6,
        "the preview still tells how many"
    );
    let passed = rows(5);
    assert_eq!(
        (passed.file().as_str(), passed.count(ReasonCode::R209)),
        ("accepted", 5)
    );
}

#[test]
fn one_column_with_a_known_header_is_a_table() {
    let options = Options {
        action: Action::Pull,
        ..push()
    };
    let outcome = judged("Telefon\n05321234567\n\n05331234567\n", &options);
    assert_eq!(outcome.accepted(), ["2 +905321234567", "4 +905331234567"]);
    assert_eq!(outcome.summary.delimiter, None);
}

#[test]
fn judging_can_be_cancelled_at_any_report() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("upload.csv");
    let rows = format!("{ROW}\n").repeat(20_000);
    std::fs::write(&path, format!("{HEADER}\n{rows}")).unwrap();
    for at in 0..12 {
        let mut calls = 0;
        let mut last = 0;
        let mut watch = |progress: intake::Progress| {
            assert!(progress.read_bytes >= last && progress.read_bytes <= progress.total_bytes);
            last = progress.read_bytes;
            calls += 1;
            if calls > at {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let outcome = judge(&path, &push(), &mut NoDirectory, dir.path(), &mut watch);
        if calls > at {
            assert!(matches!(outcome, Err(JudgeError::Cancelled)), "call {at}");
        }
    }
}

#[test]
fn a_directory_that_fails_is_an_error_and_not_a_verdict() {
    struct Broken;
    impl Directory for Broken {
        fn addresses(
            &mut self,
            _: &[Identifier],
        ) -> Result<Vec<Vec<domain::Recipient>>, DirectoryError> {
            Err(DirectoryError::new("the database is away"))
        }
        fn states(
            &mut self,
            _: &[(domain::Recipient, domain::Channel, domain::RecipientKind)],
        ) -> Result<Vec<Stored>, DirectoryError> {
            Ok(Vec::new()) // fewer answers than questions
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("upload.csv");
    let run = |text: &str| {
        std::fs::write(&path, text).unwrap();
        judge(&path, &push(), &mut Broken, dir.path(), &mut |_| {
            ControlFlow::Continue(())
        })
    };
    let by_id = run(&format!(
        "Müşteri No;{HEADER}\n17;;ONAY;20.06.2025 14:05;HS_WEB\n"
    ));
    assert!(matches!(by_id, Err(JudgeError::Directory(_))));
    let by_phone = run(&format!("{HEADER}\n{ROW}\n"));
    assert!(matches!(by_phone, Err(JudgeError::Directory(_))));
}

#[test]
fn a_missing_file_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options::new(now(), Action::Local);
    let mut watch = |_| ControlFlow::Continue(());
    let judged = judge(
        Path::new("/nonexistent.csv"),
        &options,
        &mut NoDirectory,
        dir.path(),
        &mut watch,
    );
    assert!(matches!(judged, Err(JudgeError::Io(_))));
}

#[test]
fn an_error_word_where_a_name_should_be_is_no_name_and_costs_nobody_the_consent() {
    let file = "Telefon;SMS İzni;İzin Tarihi;Kaynak;Ad;Soyad\n\
        05321234567;ONAY;20.06.2025 14:05;HS_WEB;#YOK;Veli\n\
        05331234567;ONAY;20.06.2025 14:05;HS_WEB;Ayşe;Şahin\n";
    let outcome = judged(file, &push());
    let names: Vec<_> = outcome.records.iter().map(|r| r.name.as_deref()).collect();
    assert!(
        names.contains(&None) && names.contains(&Some("Ayşe Şahin")),
        "{names:?}"
    );
    assert_eq!(outcome.count(ReasonCode::W105), 1);
}
