//! Line numbers are those an editor shows, and the rejected row is kept as it stood.

use crate::desk::{judged, push};

const HEADER: &str = "Telefon;SMS İzni;İzin Tarihi;Kaynak;Not";

fn with_line_ends(line_end: &str) -> String {
    [
        HEADER,
        "05321234567;ONAY;20.06.2025 14:05;HS_WEB;",
        "",
        "05331234567;ONAY;20.06.2025 14:05;HS_WEB;\"iki",
        "satırlı not\"",
        "abc;ONAY;20.06.2025 14:05;HS_WEB;hata",
        "05341234567;ONAY;20.06.2025 14:05;HS_WEB;",
        "",
        "def;ONAY;20.06.2025 14:05;HS_WEB;\"son \"\"hata\"\"\"",
    ]
    .join(line_end)
}

#[test]
fn rejections_name_the_line_that_an_editor_shows() {
    for line_end in ["\n", "\r\n", "\r"] {
        for tail in ["", line_end] {
            let outcome = judged(format!("{}{tail}", with_line_ends(line_end)), &push());
            assert_eq!(outcome.rejected(), ["6 R202", "9 R202"], "{line_end:?}");
            let accepted: Vec<u64> = {
                let mut lines: Vec<u64> =
                    outcome.records.iter().map(|record| record.line).collect();
                lines.sort_unstable();
                lines
            };
            assert_eq!(accepted, [2, 4, 7]);
        }
    }
}

#[test]
fn the_rejected_row_is_kept_byte_for_byte_with_its_decoded_cell() {
    let text = format!(
        "{HEADER}\r\nşğı;ONAY;20.06.2025 14:05;HS_WEB;İ\r\n05321234567;ONAY;20.06.2025 14:05;HS_WEB;\r\n"
    );
    let (bytes, _, _) = encoding_rs::WINDOWS_1254.encode(&text);
    let outcome = judged(&bytes, &push());
    let rejection = &outcome.rejections[0];
    assert_eq!(rejection.value, "şğı");
    assert_eq!(
        rejection.raw,
        b"\xfe\xf0\xfd;ONAY;20.06.2025 14:05;HS_WEB;\xdd"
    );
}

#[test]
fn a_row_of_sixteen_bit_text_is_kept_as_utf8() {
    let text = format!("\u{feff}{HEADER}\r\nşğı;ONAY;20.06.2025 14:05;HS_WEB;\r\n");
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let outcome = judged(bytes, &push());
    assert_eq!(
        outcome.rejections[0].raw,
        "şğı;ONAY;20.06.2025 14:05;HS_WEB;".as_bytes()
    );
}

#[test]
fn several_faults_of_one_row_all_carry_the_row() {
    let file = "Telefon;E-posta;SMS İzni;E-posta İzni;İzin Tarihi;Kaynak\n\
                abc;ali@firma;ONAY;ONAY;20.06.2025 14:05;HS_WEB\n05321234567;;ONAY;;20.06.2025 14:05;HS_WEB\n";
    let outcome = judged(file, &push());
    assert_eq!(outcome.rejected(), ["2 R202", "2 R301"]);
    assert!(
        outcome
            .rejections
            .iter()
            .all(|r| r.raw.starts_with(b"abc;ali@firma") && r.raw.ends_with(b"HS_WEB"))
    );
}
