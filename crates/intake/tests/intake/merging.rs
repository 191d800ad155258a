//! Rows against each other.

use domain::{ReasonCode, Status};
use intake::{Action, Options};

use crate::desk::{judged, push};

const HEADER: &str = "Müşteri No;Telefon;E-posta;İzin Türü;İzin Durumu;İzin Tarihi;İzin Kaynağı";

fn file(rows: &[&str]) -> String {
    format!("{HEADER}\n{}\n", rows.join("\n"))
}

#[test]
fn a_later_refusal_stands_for_an_earlier_consent() {
    let outcome = judged(
        file(&[
            ";05321234567;;MESAJ;ONAY;20.06.2025 10:00;HS_WEB",
            ";05321234567;;MESAJ;RET;20.06.2025 11:00;HS_WEB",
        ]),
        &push(),
    );
    assert_eq!(
        outcome.accepted(),
        ["3 +905321234567 MESAJ RET 2025-06-20 11:00:00 HS_WEB"],
        "vector 54"
    );
    assert_eq!(
        (outcome.count(ReasonCode::W802), outcome.summary.merged),
        (1, 1)
    );
    assert!(!outcome.record().consent.as_ref().unwrap().local_only);
}

#[test]
fn a_consent_after_a_refusal_in_the_same_file_is_held_and_the_refusal_counts_meanwhile() {
    for second in ["20.06.2025 11:00", "20.06.2025 10:00"] {
        let consent = format!(";05321234567;;MESAJ;ONAY;{second};HS_WEB");
        let outcome = judged(
            file(&[";05321234567;;MESAJ;RET;20.06.2025 10:00;HS_WEB", &consent]),
            &push(),
        );
        assert_eq!(outcome.rejected(), ["3 R802"], "vector 55");
        let kept = outcome.record().consent.as_ref().unwrap();
        assert_eq!(kept.status, Status::Ret);
        assert!(kept.local_only, "İYS is told nothing");
    }
}

#[test]
fn refusals_and_consents_of_other_channels_and_kinds_do_not_meet() {
    let outcome = judged(
        file(&[
            ";05321234567;ali@firma.com.tr;MESAJ;RET;20.06.2025 10:00;HS_WEB",
            ";05321234567;ali@firma.com.tr;ARAMA;ONAY;20.06.2025 11:00;HS_WEB",
            ";05321234567;ali@firma.com.tr;EPOSTA;ONAY;20.06.2025 11:00;HS_WEB",
        ]),
        &push(),
    );
    assert_eq!(outcome.records.len(), 3);
}

#[test]
fn a_repeated_row_is_kept_once_and_an_older_one_gives_way() {
    let outcome = judged(
        file(&[
            "1;0532 123 45 67;;MESAJ;ONAY;20.06.2025 10:00;HS_WEB",
            "1;+905321234567;;SMS;Onay;2025-06-20 10:00:00;HS_WEB",
            "1;5321234567;;MESAJ;ONAY;19.06.2025 10:00;HS_WEB",
        ]),
        &push(),
    );
    assert_eq!(
        outcome.accepted(),
        ["2 +905321234567 MESAJ ONAY 2025-06-20 10:00:00 HS_WEB"]
    );
    assert_eq!(
        (
            outcome.count(ReasonCode::W801),
            outcome.count(ReasonCode::W802)
        ),
        (1, 1)
    );
    assert_eq!(outcome.summary.judged, 3);
}

#[test]
fn a_phone_shared_by_a_family_is_accepted_for_each_and_by_a_crowd_for_none() {
    let row = |id: usize| format!("{id};05321234567;;MESAJ;ONAY;20.06.2025 10:00;HS_WEB");
    let family: Vec<String> = (1..=20).map(row).collect();
    let rows: Vec<&str> = family.iter().map(String::as_str).collect();
    let outcome = judged(file(&rows), &push());
    assert_eq!(
        (outcome.records.len(), outcome.count(ReasonCode::W803)),
        (20, 20)
    );

    let crowd: Vec<String> = (1..=21).map(row).collect();
    let mut rows: Vec<&str> = crowd.iter().map(String::as_str).collect();
    rows.push("22;05321234567;;ARAMA;RET;20.06.2025 10:00;HS_WEB");
    let outcome = judged(file(&rows), &push());
    assert_eq!(outcome.count(ReasonCode::R803), 21);
    assert!(outcome.rejections[0].text_tr().contains("22"));
    let refusal = outcome.record();
    assert_eq!(
        refusal.consent.as_ref().unwrap().status,
        Status::Ret,
        "a refusal is about the phone"
    );
    assert_eq!(refusal.external_id, None);
}

#[test]
fn one_id_with_several_phones_names_nobody_unless_the_last_row_is_said_to_win() {
    let rows = [
        "7;05321234567;;MESAJ;ONAY;20.06.2025 10:00;HS_WEB",
        "7;05331234567;;MESAJ;ONAY;20.06.2025 10:00;HS_WEB",
        "7;05341234567;;MESAJ;RET;20.06.2025 10:00;HS_WEB",
        "8;05351234567;;MESAJ;ONAY;20.06.2025 10:00;HS_WEB",
        "7;05331234567;a@firma.com.tr;EPOSTA;ONAY;20.06.2025 10:00;HS_WEB",
    ];
    let outcome = judged(file(&rows), &push());
    assert_eq!(outcome.rejected(), ["2 R804", "3 R804"]);
    assert_eq!(
        outcome.accepted(),
        [
            "4 +905341234567 MESAJ RET 2025-06-20 10:00:00 HS_WEB",
            "5 +905351234567 MESAJ ONAY 2025-06-20 10:00:00 HS_WEB",
            "6 a@firma.com.tr EPOSTA ONAY 2025-06-20 10:00:00 HS_WEB",
        ]
    );
    let mut options = push();
    options.mapping.update_people = true;
    let updated = judged(file(&rows), &options);
    assert_eq!(updated.rejected(), Vec::<String>::new());
    assert_eq!(
        updated.count(ReasonCode::W802),
        1,
        "the first phone gave way"
    );
    let newest = updated
        .records
        .iter()
        .find(|record| record.line == 3)
        .unwrap();
    assert_eq!(newest.external_id.as_deref(), Some("7"));
    let refusal = updated
        .records
        .iter()
        .find(|record| record.line == 4)
        .unwrap();
    assert_eq!(
        refusal.external_id, None,
        "the refusal stands, but for the phone alone"
    );
}

#[test]
fn two_addresses_of_one_row_stay_together_when_nothing_else_names_the_person() {
    let file = "Telefon;E-posta;Ad\n05321234567;ali@firma.com.tr;Ali\n05331234567;;Veli\n";
    let options = Options {
        action: Action::Local,
        ..push()
    };
    let outcome = judged(file, &options);
    let beside: Vec<Option<String>> = outcome
        .records
        .iter()
        .map(|record| record.beside.as_ref().map(ToString::to_string))
        .collect();
    assert!(beside.contains(&Some("ali@firma.com.tr".to_owned())));
    assert!(beside.contains(&Some("+905321234567".to_owned())));
    assert!(beside.contains(&None));
    assert!(
        outcome
            .records
            .iter()
            .all(|record| record.consent.is_none())
    );
}

#[test]
fn a_list_of_devices_keeps_every_device_of_a_person() {
    let (ios, android) = (
        "0a".repeat(32),
        format!("kayit:APA91b{}", "Az09".repeat(30)),
    );
    let text = format!(
        "Müşteri No;Telefon;Token\nM-1;05321234567;{ios}\nM-1;05321234567;{android}\n\
         M-1;05321234567;{ios}\n"
    );
    let local = Options {
        action: Action::Local,
        ..push()
    };
    let outcome = judged(text, &local);
    let mut tokens: Vec<_> = outcome.records.iter().map(|r| r.token.clone()).collect();
    tokens.sort();
    assert_eq!(tokens, [Some(ios), Some(android)]);
    assert_eq!(
        outcome.count(ReasonCode::W801),
        1,
        "one line stands there twice"
    );
}
