//! What the targets share: a desk that judges bytes and checks the account.

use std::io::{Cursor, Write};
use std::ops::ControlFlow;

use domain::attribute::{Attribute, AttributeKind};
use domain::{Channel, RecipientKind, Timestamp};
use intake::{Action, Limits, NoDirectory, Options, RecordReader, RejectionReader, judge};

/// Monday 23 June 2025, 10:00 in Turkey.
const NOW_US: i64 = 1_750_662_000_000_000;

/// Options chosen by one byte: the action, and answers that open further ways.
pub fn options(choice: u8) -> Options {
    let action = match choice & 3 {
        0 => Action::Push,
        1 => Action::Pull,
        _ => Action::Local,
    };
    let mut options = Options::new(Timestamp::from_micros(NOW_US), action);
    options.default_kind = (choice & 4 == 0).then_some(RecipientKind::Bireysel);
    options.trace = choice & 8 != 0;
    options.mapping.update_people = choice & 16 != 0;
    if choice & 32 != 0 {
        options.mapping.status_channels = vec![Channel::Mesaj, Channel::Arama];
    }
    let kinds = AttributeKind::ALL
        .iter()
        .zip(["semt", "puan", "son", "kart", "seviye"]);
    options.attributes = kinds
        .map(|(&kind, code)| Attribute {
            code: code.to_owned(),
            label_tr: code.to_owned(),
            label_en: code.to_owned(),
            kind,
            is_array: choice & 64 != 0,
            is_personal: false,
            is_health: false,
            choices: match kind {
                AttributeKind::Choice => vec!["Altın".to_owned(), "Gümüş".to_owned()],
                _ => Vec::new(),
            },
            position: 0,
        })
        .collect();
    // Small bounds, so that they are met.
    options.limits = Limits {
        unpacked_bytes_max: 8 << 20,
        partition_bytes_max: 4 << 10,
        rejections_buffer_bytes: 4 << 10,
        directory_batch: 3,
        ..Limits::default()
    };
    options
}

/// Judges a file; whatever it is, its account must add up.
pub fn judged(file: &[u8], options: &Options) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("upload");
    std::fs::write(&path, file).expect("a written file");
    let mut watch = |_| ControlFlow::Continue(());
    let judged = judge(&path, options, &mut NoDirectory, folder.path(), &mut watch)
        .expect("a verdict, whatever the bytes");
    let records = RecordReader::open(&judged.records, 0).expect("records");
    let accepted = records.map(|item| item.expect("a whole record")).count() as u64;
    let rejections = RejectionReader::open(&judged.rejections).expect("rejections");
    let rejected = rejections
        .map(|item| item.expect("a whole rejection"))
        .count() as u64;
    if judged.verdict.code().is_some() {
        assert_eq!(
            (accepted, rejected),
            (0, 0),
            "nothing of a refused file is left"
        );
        return;
    }
    let summary = &judged.summary;
    assert_eq!(summary.discrepancy, 0);
    assert_eq!((summary.accepted, summary.rejected), (accepted, rejected));
    assert_eq!(summary.judged, accepted + rejected + summary.merged);
}

/// A workbook of one sheet with this XML.
pub fn workbook(sheet: &[u8]) -> Vec<u8> {
    const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let relation = |id: &str, kind: &str, target: &str| {
        format!("<Relationship Id=\"{id}\" Target=\"{target}\" Type=\"{RELATIONS}/{kind}\"/>")
    };
    let relations = |inside: String| format!("<Relationships>{inside}</Relationships>");
    let texts = [
        ("[Content_Types].xml", "<Types/>".to_owned()),
        (
            "_rels/.rels",
            relations(relation("r1", "officeDocument", "xl/workbook.xml")),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            relations(
                relation("r1", "worksheet", "worksheets/sheet1.xml")
                    + &relation("r2", "styles", "styles.xml"),
            ),
        ),
        (
            "xl/workbook.xml",
            "<workbook><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
                .to_owned(),
        ),
        (
            "xl/styles.xml",
            "<styleSheet><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>"
                .to_owned(),
        ),
    ];
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let parts = texts.iter().map(|(name, text)| (*name, text.as_bytes()));
    for (name, bytes) in parts.chain([("xl/worksheets/sheet1.xml", sheet)]) {
        zip.start_file(name, zip::write::SimpleFileOptions::default())
            .expect("a part");
        zip.write_all(bytes).expect("a written part");
    }
    zip.finish().expect("a zip").into_inner()
}
