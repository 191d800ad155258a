//! What holds for any rows in any order.

use domain::{ReasonCode, RecipientKind};
use intake::{Limits, Options};
use proptest::prelude::*;

use crate::desk::{judged, push};

const HEADER: &str =
    "Müşteri No;Telefon;E-posta;İzin Türü;İzin Durumu;İzin Tarihi;Kaynak;Alıcı Tipi";

/// Rows over few people, so that they meet.
fn any_row() -> impl Strategy<Value = String> {
    let id = prop_oneof![Just(""), Just("1"), Just("2"), Just("01")];
    let phone = prop_oneof![
        Just("05321234567"),
        Just("+905331234567"),
        Just("abc"),
        Just("")
    ];
    let email = prop_oneof![Just(""), Just("ali@firma.com.tr"), Just("x@y")];
    let channel = prop_oneof![
        Just("MESAJ"),
        Just("ARAMA"),
        Just("EPOSTA"),
        Just("hepsi"),
        Just("?")
    ];
    let status = prop_oneof![3 => Just("ONAY"), 3 => Just("RET"), 1 => Just("")];
    let date = prop_oneof![
        Just("20.06.2025 10:00"),
        Just("20.06.2025 11:00"),
        Just("19.06.2025 09:30"),
        Just("x")
    ];
    let source = prop_oneof![3 => Just("HS_WEB"), 1 => Just("HS_MOBIL")];
    let kind = prop_oneof![3 => Just("BIREYSEL"), 1 => Just("TACIR")];
    (id, phone, email, channel, status, date, source, kind)
        .prop_map(|(a, b, c, d, e, f, g, h)| [a, b, c, d, e, f, g, h].join(";"))
}

/// What came of the rows, without their lines.
fn told(rows: &[String], options: &Options) -> (Vec<String>, Vec<String>, u64) {
    let outcome = judged(format!("{HEADER}\n{}\n", rows.join("\n")), options);
    let mut accepted: Vec<String> = outcome
        .records
        .iter()
        .map(|record| {
            let mut record = record.clone();
            record.line = 0;
            format!("{record:?}")
        })
        .collect();
    accepted.sort();
    let mut rejected: Vec<String> = outcome
        .rejections
        .iter()
        .map(|rejection| {
            // Of rows that say the same about a pair the first stands for all; in
            // what they say about other pairs they may differ.
            let between_rows = matches!(
                rejection.code,
                ReasonCode::R802 | ReasonCode::R803 | ReasonCode::R804
            );
            let row = if between_rows {
                "".into()
            } else {
                String::from_utf8_lossy(&rejection.raw)
            };
            format!("{} {:?} {row}", rejection.code, rejection.channel)
        })
        .collect();
    rejected.sort();
    (accepted, rejected, outcome.summary.merged)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_order_of_rows_changes_nothing(
        rows in proptest::collection::vec(any_row(), 1..25),
        seed in any::<u64>(),
    ) {
        let mut shuffled = rows.clone();
        let mut state = seed | 1;
        for i in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(i, usize::try_from(state >> 33).unwrap() % (i + 1));
        }
        prop_assert_eq!(told(&rows, &push()), told(&shuffled, &push()));
    }

    #[test]
    fn a_file_uploaded_twice_over_says_nothing_new(rows in proptest::collection::vec(any_row(), 1..15)) {
        let once = told(&rows, &push()).0;
        let twice: Vec<String> = rows.iter().chain(&rows).cloned().collect();
        prop_assert_eq!(told(&twice, &push()).0, once);
    }

    #[test]
    fn the_outcome_does_not_depend_on_how_much_fits_in_memory(
        rows in proptest::collection::vec(any_row(), 1..60),
        partition_file_bytes in 50_u64..2_000,
        buffer in 1_usize..300,
        held in 300_usize..3_000,
    ) {
        let tight = Options {
            limits: Limits {
                partition_file_bytes,
                partition_buffers_bytes: buffer,
                rejections_buffer_bytes: held,
                directory_batch: 2,
                ..Limits::default()
            },
            ..push()
        };
        prop_assert_eq!(told(&rows, &tight), told(&rows, &push()));
    }

    #[test]
    fn early_merging_loses_no_pair_and_no_refusal(
        rows in proptest::collection::vec(any_row(), 1..60),
        partition_bytes_max in 1_usize..600,
    ) {
        let tight = Options {
            limits: Limits { partition_bytes_max, partition_buffers_bytes: 64, ..Limits::default() },
            ..push()
        };
        // Which of two equal rows is called older or repeated may differ; what is kept may not.
        prop_assert_eq!(told(&rows, &tight), told(&rows, &push()));
    }

    #[test]
    fn no_bytes_make_judging_fail(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        judged(bytes, &push());
    }

    #[test]
    fn no_text_below_a_good_header_makes_judging_fail(text in "[ -~çğışöüÇĞİŞÖÜ\t\r\n\";]{0,300}") {
        judged(format!("{HEADER}\n{text}"), &Options { default_kind: Some(RecipientKind::Tacir), ..push() });
    }
}
