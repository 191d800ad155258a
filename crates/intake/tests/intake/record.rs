//! Rows against the record: people known by an identifier, and what the ledger
//! and İYS already hold.

use domain::{Channel, ReasonCode, RegistryMode, RegistryView, Status, Timestamp, Verdict};
use intake::{Action, Identifier, Options, Stored};

use crate::desk::{Book, judged, judged_with, local, push};

const BY_ID: &str = "Müşteri No;İzin Türü;İzin Durumu;İzin Tarihi;Kaynak";
const BY_PHONE: &str = "Telefon;İzin Türü;İzin Durumu;İzin Tarihi;Kaynak";
const A: &str = "+905321234567";

fn external(id: &str) -> Identifier {
    Identifier::External(id.to_owned())
}

#[test]
fn a_row_with_only_an_id_speaks_for_the_addresses_already_known() {
    let mut book = Book::default()
        .knows(external("7"), &[A, "+905331234567", "ali@firma.com.tr"])
        .knows(external("8"), &["veli@firma.com.tr"]);
    let file = format!(
        "{BY_ID}\n7;MESAJ;ONAY;20.06.2025 14:05;HS_WEB\n7;EPOSTA;RET;20.06.2025 14:05;HS_WEB\n\
         8;MESAJ;ONAY;20.06.2025 14:05;HS_WEB\n9;MESAJ;ONAY;20.06.2025 14:05;HS_WEB\n9;MESAJ;belki;20.06.2025 14:05;HS_WEB\n"
    );
    let outcome = judged_with(&file, &push(), &mut book);
    assert_eq!(
        outcome.accepted(),
        [
            "2 +905321234567 MESAJ ONAY 2025-06-20 14:05:00 HS_WEB",
            "2 +905331234567 MESAJ ONAY 2025-06-20 14:05:00 HS_WEB",
            "3 ali@firma.com.tr EPOSTA RET 2025-06-20 14:05:00 HS_WEB",
        ]
    );
    assert_eq!(outcome.rejected(), ["4 R406", "5 R406", "6 R502"]);
    assert!(
        outcome
            .records
            .iter()
            .all(|record| record.external_id.as_deref() == Some("7"))
    );
    let alone = judged(&file, &push());
    assert_eq!(
        alone.count(ReasonCode::R406),
        4,
        "nobody is known without a directory"
    );
}

#[test]
fn a_token_names_a_person_where_the_external_id_does_not() {
    let token = "dQw4w9WgXcQ:APA91bHun4MxP5egoKMwt2KZFBaFUH";
    let mut book = Book::default()
        .knows(external("7"), &[A])
        .knows(Identifier::Token(token.to_owned()), &["+905331234567"]);
    let file = format!(
        "Token;Müşteri No;İzin Türü;İzin Durumu;İzin Tarihi;Kaynak\n{token};7;MESAJ;ONAY;20.06.2025 14:05;HS_WEB\n\
         {token};99;MESAJ;ONAY;20.06.2025 14:05;HS_WEB\nkisa;;MESAJ;ONAY;20.06.2025 14:05;HS_WEB\n"
    );
    let outcome = judged_with(file, &push(), &mut book);
    assert_eq!(
        outcome.accepted(),
        [
            "2 +905321234567 MESAJ ONAY 2025-06-20 14:05:00 HS_WEB",
            "3 +905331234567 MESAJ ONAY 2025-06-20 14:05:00 HS_WEB",
        ]
    );
    assert_eq!(outcome.rejected(), ["4 R404"]);
}

#[test]
fn the_directory_is_asked_in_batches() {
    let mut options = push();
    options.limits.directory_batch = 10;
    let rows: String = (0..35)
        .map(|i| format!("{i};MESAJ;ONAY;20.06.2025 14:05;HS_WEB\n"))
        .collect();
    let mut book = Book::default();
    for i in 0..35 {
        book = book.knows(external(&i.to_string()), &[&format!("+9053212345{i:02}")]);
    }
    let outcome = judged_with(format!("{BY_ID}\n{rows}"), &options, &mut book);
    assert_eq!(outcome.records.len(), 35);
    assert!(book.asked.iter().all(|&asked| asked <= 10));
    assert_eq!(book.asked.iter().sum::<usize>(), 70);
}

#[test]
fn what_the_ledger_would_refuse_is_refused_in_the_preview() {
    let consent_of = |status, date: &str| Stored {
        local: Some(local(status, date, false)),
        ..Stored::default()
    };
    let citizens = |date: &str| Stored {
        registry: RegistryView {
            verdict: Verdict::Ret,
            citizen: true,
            consent_date: Timestamp::from_registry_text(date),
            ..RegistryView::UNASKED
        },
        ..Stored::default()
    };
    let onay = "ONAY;20.06.2025 14:05:01";
    let ret = "RET;20.06.2025 14:05:01";
    for (number, said, stored, expected) in [
        (
            58,
            ret,
            consent_of(Status::Ret, "2025-06-19 10:00:00"),
            "accepted W804",
        ),
        (
            58,
            onay,
            consent_of(Status::Onay, "2025-06-20 14:05:01"),
            "accepted W804",
        ),
        (
            66,
            onay,
            consent_of(Status::Onay, "2025-06-19 10:00:00"),
            "accepted W804",
        ),
        (
            59,
            onay,
            consent_of(Status::Ret, "2025-06-21 10:00:00"),
            "R805",
        ),
        (59, onay, citizens("2025-06-21 10:00:00"), "R806"),
        (65, onay, citizens("2025-06-20 14:05:00"), "R807"),
        (
            0,
            ret,
            consent_of(Status::Onay, "2025-06-21 10:00:00"),
            "R607",
        ),
        (
            0,
            onay,
            Stored {
                blacklisted: true,
                ..Stored::default()
            },
            "accepted W805",
        ),
        (0, onay, Stored::default(), "accepted"),
    ] {
        let (status, date) = said.split_once(';').unwrap();
        let mut book = Book::default().holds(A, Channel::Mesaj, stored);
        let file = format!("{BY_PHONE}\n{A};MESAJ;{status};{date};HS_WEB\n");
        let outcome = judged_with(file, &push(), &mut book);
        let told = match outcome.rejections.first() {
            Some(rejection) => rejection.code.to_string(),
            None => {
                let remarks: Vec<String> = outcome.remarks();
                let remark = remarks
                    .iter()
                    .find(|r| r.starts_with("W80"))
                    .map(|r| format!(" {}", &r[..4]));
                format!("accepted{}", remark.unwrap_or_default())
            }
        };
        assert_eq!(told, expected, "vector {number}: {said}");
        if let Some(rejection) = outcome.rejections.first() {
            assert!(
                rejection.text_tr().contains("06.2025"),
                "the standing fact is dated: {}",
                rejection.text_tr()
            );
        }
    }
}

#[test]
fn a_first_refusal_in_integrator_mode_stays_local_and_a_stranger_in_sync_mode_is_not_created() {
    let unknown_there = || Stored {
        registry: RegistryView {
            verdict: Verdict::NoRecord,
            ..RegistryView::UNASKED
        },
        ..Stored::default()
    };
    let file = |status: &str| format!("{BY_PHONE}\n{A};MESAJ;{status};20.06.2025 14:05;HS_WEB\n");
    let mode = |mode| Options { mode, ..push() };
    let mut book = Book::default().holds(A, Channel::Mesaj, unknown_there());
    let integrator = judged_with(file("RET"), &mode(RegistryMode::Integrator), &mut book);
    assert_eq!(
        (integrator.records.len(), integrator.count(ReasonCode::I175)),
        (1, 1),
        "vector 57"
    );
    let sync = judged_with(file("ONAY"), &mode(RegistryMode::Sync), &mut book);
    assert_eq!((sync.records.len(), sync.count(ReasonCode::I200)), (1, 1));
}

#[test]
fn a_merchants_update_needs_date_and_source_and_a_first_decision_of_the_firm_is_no_record() {
    let merchants = Options {
        default_kind: Some(domain::RecipientKind::Tacir),
        ..push()
    };
    let mut book = Book::default();
    let recipient = domain::Recipient::from_normalised(A).unwrap();
    let held = Stored {
        local: Some(local(Status::Onay, "2025-06-01 10:00:00", false)),
        ..Stored::default()
    };
    book.states.insert(
        (recipient, Channel::Mesaj, domain::RecipientKind::Tacir),
        held,
    );
    let dateless = format!("{BY_PHONE}\n{A};MESAJ;ONAY;;HS_WEB\n{A};ARAMA;ONAY;;HS_WEB\n");
    let outcome = judged_with(dateless, &merchants, &mut book);
    assert_eq!(outcome.rejected(), ["2 R601"]);
    let sourceless = format!("{BY_PHONE}\n{A};MESAJ;ONAY;20.06.2025 14:05;\n");
    assert_eq!(
        judged_with(sourceless, &merchants, &mut book).rejected(),
        ["2 R701"]
    );
    let decision = format!("{BY_PHONE}\n{A};MESAJ;RET;20.06.2025 14:05;HS_KARAR\n");
    assert_eq!(
        judged_with(decision, &push(), &mut Book::default()).rejected(),
        ["2 R704"]
    );
}

#[test]
fn a_refusal_kept_locally_is_never_lost_for_want_of_paperwork() {
    let file = "Telefon;SMS İzni\n05321234567;RET\n05331234567;ONAY\n";
    let outcome = judged(
        file,
        &Options {
            action: Action::Local,
            ..push()
        },
    );
    let consent = outcome.record().consent.as_ref().unwrap();
    assert_eq!(consent.status, Status::Ret);
    assert!(!consent.date_is_stated && !consent.source_is_stated);
    assert_eq!(
        outcome.rejected(),
        ["3 R701"],
        "a consent needs its paperwork"
    );
}
