//! The rejection report that people download.

use intake::{Privacy, write_report_csv};

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
