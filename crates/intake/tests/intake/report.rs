//! The rejection report that people download.

use domain::{Channel, ReasonCode, Recipient, RecipientKind, Status, Timestamp};
use intake::{
    CellChange, CorrectionProblem, Corrections, Field, Privacy, RegistryRefusal, Rejection,
    RowFinder, SameChange, reported_by_line, write_corrected_csv, write_report_csv,
    write_report_xlsx,
};

use crate::desk::{Outcome, judged, push};

const HEADER: &str = "Telefon;SMS İzni;İzin Tarihi;Kaynak;TC No;Not";

fn report(outcome: &Outcome, privacy: Privacy) -> String {
    let mut bytes = Vec::new();
    let rejections = outcome.rejections.iter().cloned().map(Ok);
    let count = write_report_csv(&mut bytes, &outcome.summary, rejections, privacy).unwrap();
    assert_eq!(count, outcome.rejections.len() as u64);
    String::from_utf8(bytes).unwrap()
}

fn dirty() -> Outcome {
    let file = format!(
        "{HEADER}\nO532 123 45 67;ONAY;20.06.2025 14:05;HS_WEB;10000000146;=HYPERLINK(1)\n\
         05331234567;ONAY;20.06.2025 14:05;HS_WEB;10000000146;\n\
         05341234567;belki;20.06.2025 14:05;HS_WEB;10000000146;\"a;b\"\n"
    );
    judged(file, &push())
}

#[test]
fn the_report_opens_in_turkish_excel_and_runs_nothing_there() {
    let text = report(&dirty(), Privacy::Open);
    let mut lines = text.strip_prefix('\u{feff}').unwrap().split("\r\n");
    assert_eq!(
        lines.next().unwrap(),
        "satir_no;kanal;alan;deger;kod;aciklama_tr;aciklama_en;oneri;iys_kodu;iys_mesaji;ham_satir;\
         Telefon;SMS İzni;İzin Tarihi;Kaynak;TC No;Not"
    );
    let first = lines.next().unwrap();
    assert!(
        first.starts_with("2;MESAJ;telefon;O532 123 45 67;R202;"),
        "{first}"
    );
    assert!(
        first.ends_with("O532 123 45 67;ONAY;20.06.2025 14:05;HS_WEB;;'=HYPERLINK(1)"),
        "{first}"
    );
    assert!(!text.contains("10000000146"), "national ids never leave");
}

#[test]
fn a_corrected_report_can_be_uploaded_as_it_is() {
    let text = report(&dirty(), Privacy::Open);
    let corrected = text
        .replace("O532 123 45 67;ONAY", "0532 123 45 67;ONAY")
        .replace("belki;20.06", "ONAY;20.06");
    let again = judged(corrected, &push());
    assert_eq!(again.rejected(), Vec::<String>::new());
    assert_eq!(
        again.accepted(),
        [
            "2 +905321234567 MESAJ ONAY 2025-06-20 14:05:00 HS_WEB",
            "3 +905341234567 MESAJ ONAY 2025-06-20 14:05:00 HS_WEB",
        ]
    );
}

fn cell(line: u64, column: usize, value: &str) -> CellChange {
    let value = value.to_owned();
    CellChange {
        line,
        column,
        value,
    }
}

fn word(code: ReasonCode, column: usize, from: &str, to: &str) -> SameChange {
    let (from, to) = (from.to_owned(), to.to_owned());
    SameChange {
        code,
        column,
        from,
        to,
    }
}

fn corrected(outcome: &Outcome, cells: Vec<CellChange>, same: Vec<SameChange>) -> (u64, String) {
    let corrections = Corrections::new(&outcome.summary, cells, same).unwrap();
    let mut bytes = Vec::new();
    let rejections = outcome.rejections.iter().cloned().map(Ok);
    let rows = write_corrected_csv(&mut bytes, &outcome.summary, rejections, &corrections);
    (rows.unwrap(), String::from_utf8(bytes).unwrap())
}

#[test]
fn rows_mended_in_place_are_judged_as_a_file_of_their_own_with_what_stood_there_beside() {
    let outcome = dirty();
    let (phone, status) = (0, 1);
    let channel = outcome.rejections[0].channel;
    let column = |field, code| outcome.summary.column_to_correct(field, channel, code);
    assert_eq!(column(Field::Phone, ReasonCode::R202), Some(phone));
    assert_eq!(column(Field::Status, ReasonCode::R502), Some(status));
    for (code, expected) in [
        (ReasonCode::R602, Some(2)),
        (ReasonCode::R601, Some(2)),
        (ReasonCode::R606, None),
        (ReasonCode::R805, None),
        (ReasonCode::R604, None),
    ] {
        assert_eq!(column(Field::Date, code), expected, "{code}");
    }
    let (rows, text) = corrected(
        &outcome,
        vec![cell(2, phone, "0532 123 45 67"), cell(3, phone, "0500")],
        vec![word(ReasonCode::R502, status, "belki", "ONAY")],
    );
    assert_eq!(rows, 2, "a row that was not refused is not written");
    assert!(text.contains("O532 123 45 67"), "as it stood: {text}");
    assert!(!text.contains("10000000146"), "national ids never leave");
    let again = judged(text, &push());
    assert_eq!(again.rejected(), Vec::<String>::new());
    assert_eq!(
        again.accepted(),
        [
            "2 +905321234567 MESAJ ONAY 2025-06-20 14:05:00 HS_WEB",
            "3 +905341234567 MESAJ ONAY 2025-06-20 14:05:00 HS_WEB",
        ]
    );
}

#[test]
fn many_rows_get_another_word_but_never_another_address_and_no_hidden_column_is_written() {
    let summary = dirty().summary;
    let one = |cells, same| Corrections::new(&summary, cells, same).unwrap_err();
    assert_eq!(
        one(vec![], vec![word(ReasonCode::R202, 0, "O532", "0532")]),
        CorrectionProblem::RowByRow { column: 0 }
    );
    assert_eq!(
        one(
            vec![],
            vec![word(ReasonCode::R606, 2, "01.01.2020", "20.06.2025")]
        ),
        CorrectionProblem::RowByRow { column: 2 }
    );
    for column in [4, 6] {
        assert_eq!(
            one(vec![cell(2, column, "x")], vec![]),
            CorrectionProblem::Column { column }
        );
    }
}

#[test]
fn the_date_of_a_consent_that_grew_too_old_cannot_be_written_anew() {
    let file = format!(
        "{HEADER}\n05321234567;ONAY;20.06.2019 14:05;HS_WEB;;\n\
         05331234567;ONAY;20/20/2025;HS_WEB;;\n"
    );
    let outcome = judged(file, &push());
    let codes: Vec<_> = outcome.rejections.iter().map(|row| row.code).collect();
    assert_eq!(codes, [ReasonCode::R606, ReasonCode::R602]);
    let today = "20.06.2025 14:05";
    let (rows, text) = corrected(&outcome, vec![cell(2, 2, today), cell(3, 2, today)], vec![]);
    assert_eq!(rows, 1, "only the one that could not be read: {text}");
    assert!(judged(text, &push()).accepted()[0].contains("+905331234567"));
}

#[test]
fn a_masked_report_shows_no_address_anywhere() {
    let text = report(&dirty(), Privacy::Masked);
    assert!(text.contains("O*** *** ** 67"));
    for address in ["532 123 45", "05341234567", "+905321234567"] {
        assert!(!text.contains(address), "{address} in {text}");
    }
    assert!(text.contains("20.06.2025 14:05"), "dates stay");
}

fn workbook(outcome: &Outcome, privacy: Privacy) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let mut bytes = Vec::new();
    let rejections = outcome.rejections.iter().cloned().map(Ok);
    let count = write_report_xlsx(
        &mut bytes,
        dir.path(),
        &outcome.summary,
        rejections,
        privacy,
    )
    .unwrap();
    assert_eq!(count, outcome.rejections.len() as u64);
    assert_eq!(
        std::fs::read_dir(dir.path()).unwrap().count(),
        0,
        "work files are removed"
    );
    bytes
}

/// A part of a workbook as text.
fn part(workbook: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(workbook)).unwrap();
    let mut part = archive.by_name(name).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut part, &mut text).unwrap();
    text
}

#[test]
fn the_workbook_of_a_report_holds_only_texts_and_counts_the_reasons_on_a_second_sheet() {
    let file = workbook(&dirty(), Privacy::Open);
    let rows = part(&file, "xl/worksheets/sheet1.xml");
    assert!(!rows.contains("<f>") && !rows.contains("<v>"), "{rows}");
    assert!(
        rows.contains("O532 123 45 67") && rows.contains("'=HYPERLINK(1)"),
        "{rows}"
    );
    assert!(!rows.contains("10000000146"), "national ids never leave");
    let counts = part(&file, "xl/worksheets/sheet2.xml");
    for text in ["R202", "R502", "%50,0"] {
        assert!(counts.contains(text), "{text} in {counts}");
    }
}

#[test]
fn the_workbook_of_a_report_is_recognised_when_it_is_uploaded_again() {
    let dirty = dirty();
    let again = judged(workbook(&dirty, Privacy::Open), &push());
    assert_eq!(again.summary.sheet.as_deref(), Some("Reddedilenler"));
    let codes = |outcome: &Outcome| -> Vec<String> {
        let rejections = outcome.rejections.iter();
        rejections
            .map(|rejection| rejection.code.to_string())
            .collect()
    };
    assert_eq!(
        codes(&again),
        codes(&dirty),
        "nothing was corrected, nothing changed"
    );
    let text = part(&workbook(&again, Privacy::Open), "xl/worksheets/sheet1.xml");
    assert_eq!(
        text.matches("satir_no").count(),
        1,
        "our columns are not repeated"
    );
}

#[test]
fn a_row_whose_cells_are_out_of_place_comes_back_without_them() {
    let file = format!("{HEADER}\n05321234567;ONAY;20.06.2025 14:05;HS_WEB;;not;fazla\n");
    let outcome = judged(file, &push());
    assert_eq!(outcome.rejected(), ["2 R102"]);
    let text = report(&outcome, Privacy::Open);
    assert!(
        text.contains("\"05321234567;ONAY;20.06.2025 14:05;HS_WEB;;not;fazla\";;;;;;"),
        "{text}"
    );
    assert_eq!(judged(text, &push()).rejected(), ["2 R105"]);
}

#[test]
fn rows_kept_as_text_give_the_same_report() {
    let (bytes, _, _) = encoding_rs::WINDOWS_1254
        .encode("Telefon;SMS İzni;İzin Tarihi;Kaynak;Ad\nşğı;ONAY;20.06.2025 14:05;HS_WEB;Işıl\n");
    let outcome = judged(&bytes, &push());
    let direct = report(&outcome, Privacy::Open);
    let kept = outcome.rejections.iter().cloned().map(|mut rejection| {
        rejection.raw = outcome.summary.row_text(&rejection.raw).into_bytes();
        Ok(rejection)
    });
    let mut bytes = Vec::new();
    write_report_csv(
        &mut bytes,
        &outcome.summary.of_decoded_rows(),
        kept,
        Privacy::Open,
    )
    .unwrap();
    assert_eq!(String::from_utf8(bytes).unwrap(), direct);
    assert!(direct.contains("Işıl"));
}

fn refused_at_registry(line: u64, address: &str) -> RegistryRefusal {
    RegistryRefusal {
        line,
        channel: Channel::Mesaj,
        kind: RecipientKind::Bireysel,
        recipient: Recipient::from_normalised(address).unwrap(),
        status: Status::Onay,
        said_at: Timestamp::from_registry_text("2025-06-20 14:05:00").unwrap(),
        source: "HS_WEB".to_owned(),
        code: ReasonCode::I120,
        iys_code: "H121".to_owned(),
        iys_text: format!("{address} geçersiz"),
        raw: Vec::new(),
    }
}

/// The report of the dirty file, in which İYS refused line 3 and a later one.
fn with_registry(privacy: Privacy) -> String {
    let outcome = dirty();
    let work = tempfile::tempdir().unwrap();
    let refusals = [
        refused_at_registry(9, "+905399999999"),
        refused_at_registry(3, "+905331234567"),
    ];
    let rejections = outcome.rejections.iter().cloned().map(Ok);
    let lines = reported_by_line(rejections, refusals.map(Ok), |_| Ok(None), work.path()).unwrap();
    let mut bytes = Vec::new();
    let count = write_report_csv(&mut bytes, &outcome.summary, lines, privacy).unwrap();
    assert_eq!(count, 4);
    String::from_utf8(bytes).unwrap()
}

#[test]
fn what_iys_refused_stands_in_the_report_by_line_with_its_own_words() {
    let text = with_registry(Privacy::Open);
    let lines: Vec<&str> = text
        .split("\r\n")
        .skip(1)
        .filter(|l| !l.is_empty())
        .collect();
    let numbers: Vec<&str> = lines.iter().filter_map(|l| l.split(';').next()).collect();
    assert_eq!(numbers, ["2", "3", "4", "9"]);
    assert!(
        lines[1].starts_with("3;MESAJ;telefon;'+905331234567;I120;"),
        "{}",
        lines[1]
    );
    assert!(
        lines[1].contains(";H121;'+905331234567 geçersiz;"),
        "{}",
        lines[1]
    );
    assert!(
        lines[1].ends_with(";'+905331234567;ONAY;2025-06-20 14:05:00;HS_WEB;;"),
        "what was recorded can be corrected under the file's own headers: {}",
        lines[1]
    );
    let hidden = with_registry(Privacy::Masked);
    assert!(!hidden.contains("5331234567"), "{hidden}");
}

#[test]
fn a_report_with_answers_of_iys_comes_back_like_any_other() {
    let mended = with_registry(Privacy::Open)
        .replace("O532 123 45 67;ONAY", "0532 123 45 67;ONAY")
        .replace("belki;20.06", "ONAY;20.06");
    let again = judged(mended, &push());
    assert_eq!(again.rejected(), Vec::<String>::new());
    assert_eq!(again.accepted().len(), 4);
}

#[test]
fn the_workbook_counts_what_iys_refused_beside_the_rejections() {
    let outcome = dirty();
    let work = tempfile::tempdir().unwrap();
    let refusals = (0..20_u64).map(|n| Ok(refused_at_registry(100 - n, "+905331234567")));
    let rejections = outcome.rejections.iter().cloned().map(Ok);
    let lines = reported_by_line(rejections, refusals, |_| Ok(None), work.path()).unwrap();
    let mut bytes = std::io::Cursor::new(Vec::new());
    let count = write_report_xlsx(
        &mut bytes,
        work.path(),
        &outcome.summary,
        lines,
        Privacy::Open,
    );
    assert_eq!(count.unwrap(), 22);
}

#[test]
fn what_is_refused_later_stands_beside_its_row_of_the_file_and_comes_back_with_it() {
    let file = format!(
        "{HEADER}\n05331234567;ONAY;20.06.2025 14:05;HS_WEB;10000000146;eski müşteri\n\
         05341234567;RET;20.06.2025 14:05;HS_WEB;;\n"
    );
    let outcome = judged(&file, &push());
    let work = tempfile::tempdir().unwrap();
    let path = work.path().join("dosya.csv");
    std::fs::write(&path, &file).unwrap();
    let mut finder = RowFinder::open(&path, &push(), work.path())
        .unwrap()
        .unwrap();
    // Found out when the file was applied, and from İYS's answer.
    let late = Rejection {
        line: 3,
        channel: Some(Channel::Mesaj),
        field: Field::Date,
        code: ReasonCode::R805,
        args: Vec::new(),
        value: String::new(),
        raw: Vec::new(),
    };
    let refusals = [Ok(refused_at_registry(2, "+905331234567"))];
    let row_of = |line| finder.row(line);
    let lines = reported_by_line([Ok(late)], refusals, row_of, work.path()).unwrap();
    let mut bytes = Vec::new();
    write_report_csv(&mut bytes, &outcome.summary, lines, Privacy::Open).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let lines: Vec<&str> = text.split("\r\n").collect();
    let row = "05331234567;ONAY;20.06.2025 14:05;HS_WEB;;eski müşteri";
    assert!(
        lines[1].starts_with("2;MESAJ;telefon;") && lines[1].ends_with(row),
        "{}",
        lines[1]
    );
    let row = "05341234567;RET;20.06.2025 14:05;HS_WEB;;";
    assert!(
        lines[2].starts_with("3;MESAJ;") && lines[2].ends_with(row),
        "{}",
        lines[2]
    );
    let again = judged(
        text.replace("05331234567;ONAY", "05351234567;ONAY"),
        &push(),
    );
    assert_eq!(
        again.accepted(),
        [
            "2 +905351234567 MESAJ ONAY 2025-06-20 14:05:00 HS_WEB",
            "3 +905341234567 MESAJ RET 2025-06-20 14:05:00 HS_WEB",
        ]
    );
}
