//! Tables as files: what stands in them, whatever their form.

mod parquet;

use domain::Timestamp;
use reports::{Cell, Form, Heading, Kind, TableWriter};

const HEADINGS: &[Heading] = &[
    Heading {
        name: "alici",
        kind: Kind::Text,
    },
    Heading {
        name: "adet",
        kind: Kind::Number,
    },
    Heading {
        name: "zaman",
        kind: Kind::Time,
    },
];

pub(crate) fn rows() -> Vec<Vec<Cell>> {
    let at: Timestamp = "2026-07-14T12:00:00+03:00".parse().expect("an instant");
    vec![
        vec!["+905321234567".into(), Cell::Number(-3), Cell::Time(at)],
        vec!["=1+1".into(), Cell::Empty, Cell::Empty],
        vec![
            "İYS'de RET; \"gönderilmez\"".into(),
            Cell::Number(7),
            Cell::Empty,
        ],
    ]
}

pub(crate) fn written(form: Form, chunks: &[&[Vec<Cell>]]) -> Vec<u8> {
    let spool = std::env::temp_dir();
    let notes = [("kampanya".to_owned(), "Yaz".to_owned())];
    let mut bytes = Vec::new();
    let mut table = TableWriter::begin(form, &mut bytes, &spool, HEADINGS, &notes).expect("begins");
    for chunk in chunks {
        table.write(chunk).expect("writes");
    }
    table.finish().expect("ends");
    bytes
}

#[test]
fn a_text_opens_in_turkish_excel_and_never_runs_a_formula() {
    let rows = rows();
    let bytes = written(Form::Csv, &[&rows[..1], &rows[1..]]);
    let text = String::from_utf8(bytes).expect("UTF-8");
    assert_eq!(
        text,
        "\u{feff}alici;adet;zaman\r\n\
         '+905321234567;-3;14.07.2026 12:00\r\n\
         '=1+1;;\r\n\
         \"İYS'de RET; \"\"gönderilmez\"\"\";7;\r\n"
    );
}

#[test]
fn an_export_of_nobody_still_has_its_headings() {
    assert_eq!(
        String::from_utf8(written(Form::Csv, &[])).expect("UTF-8"),
        "\u{feff}alici;adet;zaman\r\n"
    );
    for form in [Form::Xlsx, Form::Parquet] {
        assert!(written(form, &[]).len() > 100, "{form:?}");
    }
}

#[test]
fn a_form_is_known_by_its_ending() {
    for form in [Form::Csv, Form::Xlsx, Form::Parquet] {
        assert_eq!(Form::parse(form.ending()), Some(form));
    }
    assert_eq!(Form::parse("xls"), None);
}

#[test]
fn a_workbook_is_a_zip_with_one_sheet_of_rows_and_one_of_notes() {
    let bytes = written(Form::Xlsx, &[&rows()]);
    assert!(bytes.starts_with(b"PK"));
    let names = |name: &str| {
        bytes
            .windows(name.len())
            .any(|window| window == name.as_bytes())
    };
    assert!(names("xl/worksheets/sheet1.xml") && names("xl/worksheets/sheet2.xml"));
    assert!(!names("xl/worksheets/sheet3.xml"));
    let long = vec![vec![
        Cell::from("ğ".repeat(40_000)),
        Cell::Empty,
        Cell::Empty,
    ]];
    assert!(written(Form::Xlsx, &[&long]).len() > 1_000);
}
