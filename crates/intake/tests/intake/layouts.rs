//! The ways files lay people and consents out.

use domain::{Channel, ReasonCode, RecipientKind};
use intake::{Action, Assignment, Field, LayoutKind, Options, Question};

use crate::desk::{judged, push};

#[test]
fn the_registrys_own_export_is_read_as_it_comes() {
    let file = "creationDate,transactionId,recipient,recipientType,type,status,consentDate,source\n\
                2025-06-20 15:00:00,abc,+905321234567,BIREYSEL,MESAJ,ONAY,2025-06-20 14:05:00,HS_WEB\n\
                2025-06-20 15:00:00,abd,ali@firma.com.tr,TACIR,EPOSTA,RET,2025-06-20 14:05:00,IYS_WEB\n";
    let outcome = judged(
        file,
        &Options {
            action: Action::Local,
            ..push()
        },
    );
    assert_eq!(outcome.summary.layout, Some(LayoutKind::Long));
    assert_eq!(
        outcome.accepted(),
        [
            "2 +905321234567 MESAJ ONAY 2025-06-20 14:05:00 HS_WEB",
            "3 ali@firma.com.tr EPOSTA RET 2025-06-20 14:05:00 IYS_WEB",
        ]
    );
    let unmapped: Vec<&str> = outcome.summary.unmapped().collect();
    assert_eq!(unmapped, ["creationDate", "transactionId"]);
    assert_eq!(outcome.count(ReasonCode::W108), 2);
}

#[test]
fn the_upload_tools_form_is_read_as_it_comes() {
    let file = "IZIN TURU,ALICI,ONAY(1)-RET(0),IZIN KAYNAGI,IZIN TARIHI\n\
                MESAJ,+905321234567,1,HS_WEB,2025-06-20 14:05:00\nARAMA,+905321234567,0,HS_WEB,2025-06-20 14:05:00\n";
    assert_eq!(
        judged(file, &push()).accepted(),
        [
            "2 +905321234567 MESAJ ONAY 2025-06-20 14:05:00 HS_WEB",
            "3 +905321234567 ARAMA RET 2025-06-20 14:05:00 HS_WEB",
        ]
    );
}

#[test]
fn a_wide_row_states_one_consent_per_channel_and_each_is_judged_alone() {
    let file = "Email;IYS Email Status;IYS Email Consent Date;IYS Email Source;\
                Phone Number;IYS SMS Status;IYS SMS Consent Date;IYS SMS Source\n\
                ali@firma.com.tr;ONAY;20.06.2025 14:05;HS_WEB;0532 123 45 67;RET;20.06.2025 15:05;HS_MOBIL\n\
                veli@firma.com.tr;ONAY;20.06.2025 14:05;HS_WEB;123;ONAY;20.06.2025 15:05;HS_MOBIL\n\
                can@firma.com.tr;ONAY;20.06.2025 14:05;HS_WEB;;;;\n\
                ece@firma.com.tr;;;;05331234567;ONAY;20.06.2025 15:05;HS_MOBIL\n\
                gul@firma.com.tr;ONAY;20.06.2025 14:05;HS_WEB;;ONAY;20.06.2025 15:05;HS_MOBIL\n";
    let outcome = judged(file, &push());
    assert_eq!(outcome.summary.layout, Some(LayoutKind::Wide));
    assert_eq!(
        outcome.accepted(),
        [
            "2 +905321234567 MESAJ RET 2025-06-20 15:05:00 HS_MOBIL",
            "2 ali@firma.com.tr EPOSTA ONAY 2025-06-20 14:05:00 HS_WEB",
            "3 veli@firma.com.tr EPOSTA ONAY 2025-06-20 14:05:00 HS_WEB",
            "4 can@firma.com.tr EPOSTA ONAY 2025-06-20 14:05:00 HS_WEB",
            "5 +905331234567 MESAJ ONAY 2025-06-20 15:05:00 HS_MOBIL",
            "6 gul@firma.com.tr EPOSTA ONAY 2025-06-20 14:05:00 HS_WEB",
        ]
    );
    assert_eq!(outcome.rejected(), ["3 R203", "6 R201"]);
    assert_eq!(outcome.rejections[0].channel, Some(Channel::Mesaj));
}

#[test]
fn a_status_without_a_channel_is_refused_until_someone_says_what_it_covers() {
    let file = "Telefon;E-posta;İzin;İzin Tarihi;Kaynak\n\
                05321234567;ali@firma.com.tr;ONAY;20.06.2025 14:05;HS_WEB\n\
                05331234567;;ONAY;20.06.2025 14:05;HS_WEB\n";
    let asked = judged(file, &push());
    assert_eq!(asked.summary.layout, Some(LayoutKind::Plain));
    assert_eq!(asked.rejected(), ["2 R503", "2 R503", "3 R503"]);
    let question = Question::StatusChannels {
        header: "İzin".to_owned(),
    };
    assert!(asked.summary.questions.contains(&question));

    let mut options = push();
    options.mapping.status_channels = vec![Channel::Mesaj, Channel::Eposta];
    let answered = judged(file, &options);
    assert_eq!(
        answered.accepted(),
        [
            "2 +905321234567 MESAJ ONAY 2025-06-20 14:05:00 HS_WEB",
            "2 ali@firma.com.tr EPOSTA ONAY 2025-06-20 14:05:00 HS_WEB",
            "3 +905331234567 MESAJ ONAY 2025-06-20 14:05:00 HS_WEB",
        ]
    );
}

#[test]
fn a_status_beside_e_mails_alone_can_only_mean_e_mail() {
    let file = "E-posta;İzin;İzin Tarihi;Kaynak\nali@firma.com.tr;ONAY;20.06.2025 14:05;HS_WEB\n";
    assert_eq!(
        judged(file, &push()).accepted(),
        ["2 ali@firma.com.tr EPOSTA ONAY 2025-06-20 14:05:00 HS_WEB"]
    );
}

#[test]
fn all_channels_become_one_record_for_each_that_has_an_address() {
    let file = "Telefon;E-posta;İzin Türü;İzin Durumu;İzin Tarihi;Kaynak\n\
                05321234567;ali@firma.com.tr;Tümü;ONAY;20.06.2025 14:05;HS_WEB\n\
                05331234567;;hepsi;RET;20.06.2025 14:05;HS_WEB\n";
    let outcome = judged(file, &push());
    assert_eq!(outcome.records.len(), 5);
    assert_eq!(outcome.count(ReasonCode::W702), 5);
    assert_eq!(outcome.summary.judged, 5);
}

#[test]
fn people_without_consents_are_kept_locally_and_never_counted_as_consenting() {
    let file = "Ad;Soyad;Telefon;E-posta;Etiketler\nAli;Veli;0212 123 45 67;ali@firma.com.tr;vip, yaz\n;;abc;;\n";
    let outcome = judged(
        file,
        &Options {
            action: Action::Local,
            ..push()
        },
    );
    assert_eq!(outcome.summary.layout, Some(LayoutKind::ContactsOnly));
    assert_eq!(
        outcome.accepted(),
        ["2 +902121234567", "2 ali@firma.com.tr"]
    );
    assert_eq!(outcome.rejected(), ["3 R202"]);
    assert!(
        outcome
            .records
            .iter()
            .all(|r| r.consent.is_none() && r.tags == ["vip", "yaz"])
    );
    assert_eq!(outcome.records[0].name.as_deref(), Some("Ali Veli"));
}

#[test]
fn a_pull_asks_about_addresses_and_reads_no_consent() {
    let pull = Options {
        action: Action::Pull,
        ..push()
    };
    let long = "Telefon;İzin Türü;İzin Durumu\n05321234567;MESAJ;bozuk\n05331234567;ARAMA;\n";
    assert_eq!(
        judged(long, &pull).accepted(),
        ["2 +905321234567 ask MESAJ", "3 +905331234567 ask ARAMA"]
    );
    let plain = "Telefon;E-posta\n05321234567;ali@firma.com.tr\n05321234567;\n";
    let outcome = judged(plain, &pull);
    assert_eq!(
        outcome.accepted(),
        ["2 +905321234567", "2 ali@firma.com.tr"]
    );
    assert_eq!(outcome.count(ReasonCode::W801), 1);
}

#[test]
fn rows_of_the_wrong_shape_are_refused_and_the_rest_goes_on() {
    let good = "05321234567;ONAY;20.06.2025 14:05;HS_WEB";
    let long = "x".repeat(40_000);
    let file = format!(
        "Telefon;SMS İzni;İzin Tarihi;Kaynak\n;;;\n{good};fazla\n05331234567;ONAY\n{good};\n{long};ONAY;20.06.2025 14:05;HS_WEB\n{good}\n"
    );
    let outcome = judged(file, &push());
    assert_eq!(
        outcome.rejected(),
        ["2 R101", "3 R102", "4 R102", "5 R102", "6 R103"],
        "a cell too many shifts the others, whatever the last one holds"
    );
    assert_eq!(outcome.record().line, 7);
    assert_eq!(
        outcome.rejections[1].text_en(),
        "Wrong number of fields in the row: 5 instead of 4."
    );
}

#[test]
fn the_length_of_a_cell_is_counted_in_letters() {
    let file = |name: &str| {
        let row = format!("05321234567;{name};ONAY;20.06.2025 14:05;HS_WEB");
        format!("Telefon;Ad;SMS İzni;İzin Tarihi;Kaynak\n{row}\n")
    };
    let fitting = judged(file(&"ş".repeat(4_096)), &push());
    assert_eq!(fitting.records.len(), 1, "{:?}", fitting.rejected());
    let too_long = judged(file(&"ş".repeat(4_097)), &push());
    assert_eq!(too_long.rejected(), ["2 R103"]);
}

#[test]
fn an_unquoted_comma_is_never_hidden_by_an_empty_last_cell() {
    let file = "Telefon,SMS İzni,İzin Tarihi,Kaynak,Not\n\
                9,05321E+11,ONAY,20.06.2025 14:05,HS_WEB,\n\
                05331234567,ONAY,20.06.2025 14:05,HS_WEB,\n";
    let outcome = judged(file, &push());
    assert_eq!(outcome.rejected(), ["2 R102"], "vector 53");
    assert!(outcome.rejections[0].next_tr().contains("virgül"));
    assert!(outcome.rejections[0].next_en().contains("comma"));
    assert_eq!(outcome.record().line, 3);
}

#[test]
fn a_separator_behind_every_row_is_a_column_without_a_name() {
    let row = "05331234567;ONAY;20.06.2025 14:05;HS_WEB";
    let file = format!(
        "Telefon;SMS İzni;İzin Tarihi;Kaynak\n{}{row}\n{row};;\n",
        format!("{row};\n").repeat(60)
    );
    let outcome = judged(file, &push());
    assert_eq!(outcome.rejected(), ["62 R102", "63 R102"]);
}

#[test]
fn rows_that_name_nobody_are_refused() {
    let file = "Müşteri No;Telefon;SMS İzni;İzin Tarihi;Kaynak\n\
                ;;ONAY;20.06.2025 14:05;HS_WEB\nnull;;ONAY;20.06.2025 14:05;HS_WEB\n\
                1,23457E+15;;ONAY;20.06.2025 14:05;HS_WEB\n1,23457E+15;05321234567;ONAY;20.06.2025 14:05;HS_WEB\n";
    let outcome = judged(file, &push());
    assert_eq!(outcome.rejected(), ["2 R105", "3 R401", "4 R402", "5 R402"]);
    assert_eq!(
        outcome.record().external_id,
        None,
        "the phone is not to blame for the id"
    );
}

#[test]
fn national_ids_are_never_imported_not_even_as_customer_numbers() {
    let ids = [
        "10000000146",
        "10000000214",
        "10000000382",
        "10000000450",
        "10000000528",
    ];
    let rows: String = ids
        .iter()
        .enumerate()
        .map(|(i, id)| format!("{id};{id};053212345{i:02};ONAY;20.06.2025 14:05;HS_WEB\n"))
        .collect();
    let file = format!("TC Kimlik No;Müşteri No;Telefon;SMS İzni;İzin Tarihi;Kaynak\n{rows}");
    let outcome = judged(file, &push());
    assert_eq!(outcome.records.len(), 5);
    assert!(
        outcome
            .records
            .iter()
            .all(|record| record.external_id.is_none())
    );
    assert!(
        outcome
            .summary
            .sample
            .iter()
            .all(|row| row.cells[0].is_empty() && row.cells[1].is_empty())
    );
    assert_eq!(outcome.count(ReasonCode::W405), 2);
}

#[test]
fn a_national_id_is_shown_nowhere_whatever_cell_it_was_written_into() {
    const ID: &str = "10000000146";
    let rows: String = (0..6)
        .map(|i| format!("053212345{i:02};ONAY;20.06.2025 14:05;HS_WEB;10000000146\n"))
        .collect();
    let head = "Telefon;SMS İzni;İzin Tarihi;Kaynak;Numara\n";
    let unknown_header = judged(format!("{head}{rows}{ID};belki;x;y;{ID}\n"), &push());
    assert_eq!(unknown_header.summary.columns[4].field, Field::Sensitive);
    assert_eq!(
        unknown_header.count(ReasonCode::W405),
        2,
        "the column, and the phone of the last row"
    );

    let few = format!("{head}{ID};ONAY;20.06.2025 14:05;HS_WEB;' {ID}\n");
    let few = judged(few, &push());
    assert_eq!(few.rejected(), ["2 R204"]);
    let nobody = judged(format!("Numara;Durum\n{ID};ONAY\n"), &push());
    assert_eq!(nobody.file(), "F110");

    for outcome in [unknown_header, few, nobody] {
        let told = format!("{:?} {:?}", outcome.summary, outcome.rejections);
        assert!(!told.contains(ID), "{told}");
        for rejection in &outcome.rejections {
            let raw = String::from_utf8_lossy(&rejection.raw);
            assert!(!raw.contains(ID), "{raw}");
            assert!(!rejection.text_tr().contains(ID) && rejection.value.is_empty());
        }
    }
}

#[test]
fn a_number_of_the_firm_that_passes_the_check_digits_is_kept() {
    let rows = "10000000146;;ONAY;20.06.2025 14:05;HS_WEB\n\
                10000000147;;ONAY;20.06.2025 14:05;HS_WEB\n";
    let head = "Müşteri No;Telefon;SMS İzni;İzin Tarihi;Kaynak\n";
    let outcome = judged(format!("{head}{rows}"), &push());
    assert_eq!(outcome.rejected(), ["2 R406", "3 R406"]);
    assert_eq!(outcome.rejections[0].value, "10000000146");
    assert!(outcome.rejections[0].raw.starts_with(b"10000000146;"));
}

#[test]
fn a_person_may_say_what_a_column_is() {
    let file = "Numara;Durum;Gün;Yer\n05321234567;ONAY;20.06.2025 14:05;HS_WEB\n";
    assert_eq!(judged(file, &push()).file(), "F110");
    let mut options = push();
    for (header, field, channel) in [
        ("NUMARA", Field::Phone, None),
        ("durum", Field::Status, Some(Channel::Mesaj)),
        ("gün", Field::Date, None),
        ("yer", Field::Source, None),
    ] {
        options
            .mapping
            .columns
            .insert(header.to_owned(), Assignment { field, channel });
    }
    assert_eq!(
        judged(file, &options).accepted(),
        ["2 +905321234567 MESAJ ONAY 2025-06-20 14:05:00 HS_WEB"]
    );
}

#[test]
fn a_mapping_is_plain_json_and_refuses_what_it_does_not_know() {
    let json = r#"{
        "columns": {"Durum": {"field": "status", "channel": "MESAJ"}, "Not": {"field": "ignored"}},
        "polarity": {"SMS istemiyor": "yes_is_refusal"},
        "date_order": "day_first",
        "status_channels": ["MESAJ", "ARAMA"],
        "sources": {"web sitesi": "HS_WEB"},
        "kinds": {"dernek": "TACIR"},
        "update_people": true,
        "encoding": "windows-1254",
        "delimiter": ";"
    }"#;
    let mapping: intake::Mapping = serde_json::from_str(json).unwrap();
    assert_eq!(mapping.kinds["dernek"], RecipientKind::Tacir);
    let again: intake::Mapping =
        serde_json::from_str(&serde_json::to_string(&mapping).unwrap()).unwrap();
    assert_eq!(again, mapping);
    assert!(serde_json::from_str::<intake::Mapping>(r#"{"colums": {}}"#).is_err());
}

#[test]
fn the_summary_survives_json_and_shows_what_was_read() {
    let rows = "05321234567;ONAY;20.06.2025 14:05;HS_WEB\n".repeat(3);
    let outcome = judged(
        format!("Liste;;;\nTelefon;SMS İzni;İzin Tarihi;Kaynak\n{rows}"),
        &push(),
    );
    let summary = &outcome.summary;
    assert_eq!((summary.header_line, summary.title_rows), (2, 1));
    assert_eq!(summary.sample[0].line, 3);
    assert_eq!(summary.sample[0].cells[0], "05321234567");
    assert_eq!(summary.uniform[0].value, "ONAY");
    assert_eq!(outcome.count(ReasonCode::W501), 1);
    let json = serde_json::to_string(summary).unwrap();
    assert_eq!(
        &serde_json::from_str::<intake::Summary>(&json).unwrap(),
        summary
    );
}

#[test]
fn the_biggest_reasons_come_first() {
    let good = "05321234567;ONAY;20.06.2025 14:05;HS_WEB\n";
    let bad = "05321234567;;20.06.2025 14:05;HS_WEB\n".repeat(3) + &"yok;ONAY;x;HS_WEB\n".repeat(2);
    let outcome = judged(
        format!("Telefon;SMS İzni;İzin Tarihi;Kaynak\n{good}{bad}"),
        &push(),
    );
    let reasons: Vec<String> = outcome
        .summary
        .biggest_reasons
        .iter()
        .map(|r| format!("{}×{}", r.code, r.count))
        .collect();
    assert_eq!(reasons, ["R501×3", "R105×2"]);
    assert!((outcome.summary.rejected_share - 5.0 / 6.0).abs() < 1e-9);
}
