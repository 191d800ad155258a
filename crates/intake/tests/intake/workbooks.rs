//! Workbooks: what a spreadsheet holds is read as it is stored, with the row
//! numbers that it shows.

use std::io::Write;

use domain::ReasonCode;
use intake::{FileFormat, FileVerdict, Options, Packing, Question};
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use crate::desk::{judged, push};

const HEADER: [&str; 5] = [
    "Telefon",
    "SMS İzni",
    "İzin Tarihi",
    "İzin Kaynağı",
    "Ad Soyad",
];

fn header(sheet: &mut Worksheet, row: u32) -> Result<(), XlsxError> {
    for (column, name) in (0..).zip(HEADER) {
        sheet.write_string(row, column, name)?;
    }
    Ok(())
}

fn person(sheet: &mut Worksheet, row: u32, phone: f64, name: &str) -> Result<(), XlsxError> {
    let when = Format::new().set_num_format("dd.mm.yyyy hh:mm");
    sheet.write_number(row, 0, phone)?;
    sheet.write_string(row, 1, "ONAY")?;
    sheet.write_number_with_format(row, 2, 45_828.586_805_555_555, &when)?;
    sheet.write_string(row, 3, "HS_WEB")?;
    sheet.write_string(row, 4, name)?;
    Ok(())
}

fn book(fill: impl FnOnce(&mut Workbook) -> Result<(), XlsxError>) -> Vec<u8> {
    let mut workbook = Workbook::new();
    fill(&mut workbook).unwrap();
    workbook.save_to_buffer().unwrap()
}

/// A workbook of one sheet.
fn sheet(fill: impl FnOnce(&mut Worksheet) -> Result<(), XlsxError>) -> Vec<u8> {
    book(|book| fill(book.add_worksheet().set_name("Müşteriler")?))
}

/// A workbook made of these parts, as some program might write them.
pub(crate) fn raw_book(sheet_xml: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let relation = |id: &str, kind: &str, target: &str| {
        format!(
            "<Relationship Id=\"{id}\" Target=\"{target}\" \
             Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}\"/>"
        )
    };
    let relations = |inside: String| format!("<Relationships>{inside}</Relationships>");
    let mut parts = vec![
        ("[Content_Types].xml", "<Types/>".to_owned()),
        ("_rels/.rels", relations(relation("r1", "officeDocument", "xl/workbook.xml"))),
        (
            "xl/_rels/workbook.xml.rels",
            relations(
                relation("r1", "worksheet", "worksheets/sheet1.xml")
                    + &relation("r2", "styles", "styles.xml"),
            ),
        ),
        (
            "xl/workbook.xml",
            "<workbook><sheets><sheet name=\"Sayfa1\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
                .to_owned(),
        ),
        (
            "xl/styles.xml",
            "<styleSheet><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>"
                .to_owned(),
        ),
        ("xl/worksheets/sheet1.xml", sheet_xml.to_owned()),
    ];
    for (name, text) in more {
        parts.retain(|(known, _)| known != name);
        parts.push((name, (*text).to_owned()));
    }
    for (name, text) in parts {
        zip.start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A sheet whose rows hold these cells, as XML.
fn rows_xml(rows: &[&str]) -> String {
    let rows: Vec<String> = rows
        .iter()
        .map(|cells| format!("<row>{cells}</row>"))
        .collect();
    format!(
        "<worksheet><sheetData>{}</sheetData></worksheet>",
        rows.concat()
    )
}

fn text(value: &str) -> String {
    format!("<c t=\"inlineStr\"><is><t>{value}</t></is></c>")
}

fn header_xml() -> String {
    HEADER.map(text).concat()
}

#[test]
fn numbers_and_dates_of_a_sheet_are_read_as_they_are_stored() {
    let file = sheet(|sheet| {
        header(sheet, 0)?;
        person(sheet, 1, 905_321_234_567.0, "Şükrü Çağ")?; // shown as 9,05321E+11: vector 10
        person(sheet, 3, 5_331_234_567.0, "Ayşe\nYılmaz")?;
        person(sheet, 4, 9.0, "")
    });
    let outcome = judged(file, &push());
    assert_eq!(outcome.summary.format, FileFormat::Workbook);
    assert_eq!(outcome.summary.sheet.as_deref(), Some("Müşteriler"));
    assert_eq!(
        outcome.accepted(),
        [
            "2 +905321234567 MESAJ ONAY 2025-06-20 14:05:00 HS_WEB",
            "4 +905331234567 MESAJ ONAY 2025-06-20 14:05:00 HS_WEB",
        ],
        "vectors 10 and 39"
    );
    assert_eq!(outcome.rejected(), ["5 R203"]);
    assert_eq!(outcome.count(ReasonCode::W201), 2);
    let names: Vec<_> = outcome
        .records
        .iter()
        .filter_map(|r| r.name.clone())
        .collect();
    assert!(names.contains(&"Şükrü Çağ".to_owned()), "{names:?}");
}

#[test]
fn rows_above_the_header_hidden_rows_and_hidden_columns_are_told() {
    let file = sheet(|sheet| {
        sheet.merge_range(0, 0, 0, 4, "HAZİRAN 2025 MÜŞTERİ LİSTESİ", &Format::new())?;
        header(sheet, 2)?;
        person(sheet, 3, 5_321_234_567.0, "Ali")?;
        person(sheet, 4, 5_331_234_567.0, "Veli")?;
        sheet.write_string(4, 6, "not: aranacak")?;
        sheet.set_row_hidden(4)?;
        sheet.set_column_hidden(4)?;
        Ok(())
    });
    let outcome = judged(file, &push());
    let lines: Vec<u64> = outcome.records.iter().map(|record| record.line).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(outcome.summary.header_line, 3);
    assert_eq!(outcome.count(ReasonCode::W107), 1);
    assert_eq!(outcome.count(ReasonCode::W106), 2, "a row and a column");
    assert_eq!(
        outcome.count(ReasonCode::W108),
        2,
        "two columns without a header"
    );
}

#[test]
fn a_sheet_is_chosen_by_a_person_where_several_hold_something() {
    let file = book(|book| {
        book.add_worksheet().set_name("Boş")?;
        for (name, phone) in [("Ocak", 5_321_234_567.0), ("Şubat", 5_331_234_567.0)] {
            let sheet = book.add_worksheet().set_name(name)?;
            header(sheet, 0)?;
            person(sheet, 1, phone, "Ali")?;
        }
        let hidden = book.add_worksheet().set_name("Gizli")?;
        header(hidden, 0)?;
        hidden.set_hidden(true);
        Ok(())
    });
    let asked = judged(&file, &push());
    assert_eq!(asked.file(), "F119");
    let sheets = vec!["Ocak".to_owned(), "Şubat".to_owned()];
    assert!(
        asked
            .summary
            .questions
            .contains(&Question::Sheet { sheets })
    );
    let FileVerdict::Refused(refusal) = &asked.verdict else {
        panic!()
    };
    assert!(
        refusal.text_tr().contains("Ocak, Şubat"),
        "{}",
        refusal.text_tr()
    );
    let mut options = push();
    options.mapping.sheet = Some("şubat".to_owned());
    let answered = judged(&file, &options);
    assert_eq!(answered.record().recipient.to_string(), "+905331234567");
    options.mapping.sheet = Some("Mart".to_owned());
    assert_eq!(judged(&file, &options).file(), "F119");
}

#[test]
fn formulas_give_their_last_result_and_without_one_the_cell_is_refused() {
    let when = "<c s=\"1\"><v>45828</v></c>";
    let rest = format!("{}{when}{}", text("ONAY"), text("HS_WEB"));
    let file = raw_book(
        &rows_xml(&[
            &header_xml(),
            &format!("<c t=\"str\"><f>A1</f><v>0532 123 45 67</v></c>{rest}"),
            &format!("<c><f>A1</f></c>{rest}"),
            &format!("<c t=\"e\"><f>A1</f><v>#N/A</v></c>{rest}"),
            &format!("<c><f>A1*1</f><v>5331234567</v></c>{rest}"),
            "",
        ]),
        &[],
    );
    let outcome = judged(file, &push());
    assert_eq!(outcome.rejected(), ["3 R104", "4 R104"]);
    assert_eq!(outcome.records.len(), 2);
    assert_eq!(outcome.count(ReasonCode::W602), 2, "a date without a time");
    assert!(outcome.rejections[0].text_tr().contains("HESAPLANMADI"));
}

#[test]
fn a_workbook_that_counts_from_1904_gives_the_same_days() {
    let file = raw_book(
        &rows_xml(&[
            &header_xml(),
            &format!(
                "<c><v>5321234567</v></c>{}<c s=\"1\"><v>44366.5</v></c>{}",
                text("ONAY"),
                text("HS_WEB")
            ),
        ]),
        &[(
            "xl/workbook.xml",
            "<workbook><workbookPr date1904=\"1\"/><sheets><sheet name=\"S\" r:id=\"r1\"/></sheets></workbook>",
        )],
    );
    let outcome = judged(file, &push());
    assert!(
        outcome.accepted()[0].contains("2025-06-20 12:00:00"),
        "{:?}",
        outcome.accepted()
    );
}

#[test]
fn booleans_answer_the_question_of_their_header_and_codes_damaged_by_excel_are_noticed() {
    let file = raw_book(
        &rows_xml(&[
            &["Müşteri No", "Telefon", "SMS İzni", "İzin Tarihi", "Kaynak"]
                .map(text)
                .concat(),
            &format!(
                "<c><v>17</v></c><c><v>5321234567</v></c><c t=\"b\"><v>1</v></c>{}{}",
                text("20.06.2025 14:05"),
                text("HS_WEB")
            ),
            &format!(
                "<c><v>12345678901234568</v></c><c><v>5331234567</v></c><c t=\"b\"><v>0</v></c>{}{}",
                text("20.06.2025 14:05"),
                text("HS_WEB")
            ),
        ]),
        &[],
    );
    let outcome = judged(file, &push());
    assert_eq!(outcome.rejected(), ["3 R402"]);
    let accepted = outcome.accepted();
    assert!(
        accepted[0].contains("ONAY") && accepted[1].contains("RET"),
        "{accepted:?}"
    );
}

#[test]
fn a_packed_workbook_is_read_like_an_unpacked_one() {
    let file = sheet(|sheet| {
        header(sheet, 0)?;
        person(sheet, 1, 5_321_234_567.0, "Ali")
    });
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("haziran.xlsx", zip::write::SimpleFileOptions::default())
        .unwrap();
    zip.write_all(&file).unwrap();
    let outcome = judged(zip.finish().unwrap().into_inner(), &push());
    assert_eq!(outcome.summary.packing, Some(Packing::Zip));
    assert_eq!(outcome.record().line, 2);
}

#[test]
fn workbooks_that_cannot_be_read_are_named_for_what_they_are() {
    let whole = sheet(|sheet| header(sheet, 0));
    assert_eq!(judged(&whole, &push()).file(), "F101");
    assert_eq!(judged(&whole[..whole.len() / 2], &push()).file(), "F107");
    assert_eq!(
        judged(raw_book("<worksheet><sheetData><row><c>", &[]), &push()).file(),
        "F107"
    );
    assert_eq!(
        judged(raw_book(&"<a>".repeat(100_000), &[]), &push()).file(),
        "F109"
    );
    let endless = format!(
        "<worksheet><sheetData><row><c t=\"str\"><v>{}",
        "x".repeat(1 << 20)
    );
    assert_eq!(judged(raw_book(&endless, &[]), &push()).file(), "F109");
    let backwards = "<worksheet><sheetData><row r=\"2\"><c><v>1</v></c></row>\
                     <row r=\"1\"><c><v>1</v></c></row></sheetData></worksheet>";
    assert_eq!(judged(raw_book(backwards, &[]), &push()).file(), "F107");
    let locked: Vec<u8> = {
        let mut bytes = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
        bytes.resize(512, 0);
        bytes[30] = 9;
        bytes.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
        bytes.resize(1_536, 0);
        bytes
    };
    assert_eq!(judged(&locked, &push()).file(), "F108");
    assert_eq!(judged(&locked[..512], &push()).file(), "F107");
}

#[test]
fn more_shared_texts_than_the_limit_stop_the_workbook() {
    let file = sheet(|sheet| {
        header(sheet, 0)?;
        person(sheet, 1, 5_321_234_567.0, "Ali")
    });
    let mut options: Options = push();
    options.limits.shared_strings_max = 5;
    assert_eq!(judged(&file, &options).file(), "F109");
    options.limits.shared_strings_max = 8;
    assert_eq!(judged(&file, &options).file(), "accepted");
}
