//! The rejection report that people download.

use intake::{Privacy, write_report_csv, write_report_xlsx};

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
