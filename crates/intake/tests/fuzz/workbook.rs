//! Workbooks around parts that no program ever wrote.

use std::io::{Cursor, Write};

const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// The parts whose content can be anything: the first is the sheet.
pub(crate) const PARTS: [&str; 5] = [
    "xl/worksheets/sheet1.xml",
    "xl/sharedStrings.xml",
    "xl/styles.xml",
    "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels",
];

const SHEET: &str = "<worksheet><cols><col min=\"1\" max=\"2\" hidden=\"1\"/></cols><sheetData>\
    <row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>Telefon</t></is></c><c t=\"str\"><v>Ad &amp; Soyad</v></c></row>\
    <row r=\"3\" hidden=\"1\"><c r=\"A3\"><v>5321234567</v></c><c r=\"B3\" s=\"1\"><f>A1</f><v>45828.5</v></c></row>\
    <row r=\"4\"><c r=\"A4\" t=\"s\"><v>0</v></c><c r=\"B4\" t=\"b\"><v>1</v></c></row></sheetData></worksheet>";

fn relation(id: &str, kind: &str, target: &str) -> String {
    format!("<Relationship Id=\"{id}\" Target=\"{target}\" Type=\"{RELATIONS}/{kind}\"/>")
}

fn usual(part: &str) -> String {
    match part {
        "xl/worksheets/sheet1.xml" => SHEET.to_owned(),
        "xl/sharedStrings.xml" => {
            "<sst><si><t>0532 123 45 67</t></si><si><r><t>a_x000D_b</t></r></si></sst>".to_owned()
        }
        "xl/styles.xml" => {
            "<styleSheet><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>"
                .to_owned()
        }
        "xl/workbook.xml" => {
            "<workbook><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
                .to_owned()
        }
        "xl/_rels/workbook.xml.rels" => format!(
            "<Relationships>{}{}{}</Relationships>",
            relation("r1", "worksheet", "worksheets/sheet1.xml"),
            relation("r2", "styles", "styles.xml"),
            relation("r3", "sharedStrings", "sharedStrings.xml")
        ),
        other => panic!("{other} is no part"),
    }
}

/// A workbook of which one of [`PARTS`] holds these bytes.
pub(crate) fn book_with(part: usize, bytes: &[u8]) -> Vec<u8> {
    let whole = relation("r1", "officeDocument", "xl/workbook.xml");
    let frame = [
        ("[Content_Types].xml", "<Types/>".to_owned()),
        (
            "_rels/.rels",
            format!("<Relationships>{whole}</Relationships>"),
        ),
    ];
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mut add = |name: &str, bytes: &[u8]| {
        zip.start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(bytes).unwrap();
    };
    for (name, text) in &frame {
        add(name, text.as_bytes());
    }
    for (number, name) in PARTS.iter().enumerate() {
        if number == part % PARTS.len() {
            add(name, bytes);
        } else {
            add(name, usual(name).as_bytes());
        }
    }
    zip.finish().unwrap().into_inner()
}
