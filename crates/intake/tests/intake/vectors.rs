//! The test vectors of the format description, as far as a headed CSV can show
//! them, each in a file of its own.

use domain::{Channel, RecipientKind, Source};
use intake::{Action, DateOrder, Mapping, Options, Polarity, Question};

use crate::desk::{Outcome, judged, push};

const HEADER: &str = "Alıcı;İzin Türü;İzin Durumu;İzin Tarihi;İzin Kaynağı;Alıcı Tipi";

/// One consent with a phone, an SMS consent, a good date and source, but for
/// what is given.
fn row(phone: &str, channel: &str, status: &str, date: &str, source: &str) -> Outcome {
    let file = format!("{HEADER}\n{phone};{channel};{status};{date};{source};BIREYSEL\n");
    judged(file, &push())
}

/// `+905321234567 W201` or `R209`, for a phone cell.
pub(crate) fn phone(cell: &str, channel: &str, options: &Options) -> String {
    let quoted = cell.replace('"', "\"\"");
    // A second row keeps a single damaged phone below the share that stops a file.
    let others: String = (0..30)
        .map(|i| {
            format!(
                "+9053020000{:02};MESAJ;ONAY;20.06.2025 14:05;HS_WEB;BIREYSEL\n",
                11 + i
            )
        })
        .collect();
    let file =
        format!("{HEADER}\n\"{quoted}\";{channel};ONAY;20.06.2025 14:05;HS_WEB;BIREYSEL\n{others}");
    let outcome = judged(file, options);
    match outcome.rejections.as_slice() {
        [] => {
            let record = outcome
                .records
                .iter()
                .find(|record| record.line == 2)
                .unwrap();
            let remarks: Vec<String> = outcome
                .summary
                .codes
                .iter()
                .filter(|counted| counted.first_lines.contains(&2))
                .map(|counted| format!(" {}", counted.code))
                .collect();
            format!("{}{}", record.recipient, remarks.concat())
        }
        [rejection] => rejection.code.to_string(),
        several => panic!("{several:?}"),
    }
}

#[test]
fn phones_are_normalised_or_refused_as_the_vectors_say() {
    let options = push();
    for (number, cell, expected) in [
        (1, "+90 (532) 123 45 67", "+905321234567"),
        (2, "0532 123 45 67", "+905321234567 W201"),
        (3, "5321234567", "+905321234567 W201"),
        (4, "905321234567", "+905321234567 W201"),
        (5, "00905321234567", "+905321234567 W201"),
        (6, "+90 0532 123 45 67", "+905321234567 W203"),
        (7, "9,05321E+11", "R209"),
        (8, "5,32123E+09", "R209"),
        (9, "9,05321234567E+11", "+905321234567 W205"),
        (11, "0212 123 45 67", "R206"),
        (12, "444 1 234", "R206"),
        (13, "O532 123 45 67", "R202"),
        (14, "0532 123 45 67 / 0533 765 43 21", "R205"),
        (15, "123 45 67", "R203"),
        (16, "+994 50 123 45 67", "R207"),
        (17, "0533 861 23 45", "+905338612345 W201 W207"),
        (18, "5555555555", "R208"),
        (19, "０５３２１２３４５６７", "+905321234567 W201 W202"),
        (20, "'05321234567", "+905321234567 W103 W201"),
        (20, "=\"05321234567\"", "+905321234567 W103 W201"),
        (21, "\u{202a}05321234567\u{202c}", "+905321234567 W103 W201"),
        (22, "#YOK", "R104"),
        (23, "0512 123 45 67", "R206"),
        (24, "0577 123 45 67", "+905771234567 W201 W204"),
    ] {
        assert_eq!(phone(cell, "MESAJ", &options), expected, "vector {number}");
    }
    assert_eq!(
        phone("0212 123 45 67", "ARAMA", &options),
        "+902121234567 W201",
        "vector 11"
    );
    let azerbaijan = Options {
        countries: vec!["TR".to_owned(), "AZ".to_owned()],
        ..push()
    };
    assert_eq!(
        phone("+994 50 123 45 67", "MESAJ", &azerbaijan),
        "+994501234567",
        "vector 16"
    );
}

#[test]
fn a_look_alike_letter_is_suggested_and_never_repaired() {
    let outcome = row(
        "O532 123 45 67",
        "MESAJ",
        "ONAY",
        "20.06.2025 14:05",
        "HS_WEB",
    );
    assert!(outcome.rejections[0].text_tr().contains("+905321234567"));
    assert_eq!(outcome.rejections[0].value, "O532 123 45 67");
}

#[test]
fn e_mails_are_judged_as_the_vectors_say() {
    let email = |cell: &str| {
        let outcome = row(cell, "EPOSTA", "ONAY", "20.06.2025 14:05", "HS_WEB");
        let accepted = outcome
            .records
            .first()
            .map(|record| record.recipient.to_string());
        accepted.map_or_else(
            || outcome.rejected().concat(),
            |a| format!("{a} {}", outcome.remarks().concat()),
        )
    };
    assert_eq!(email("AYŞE@firma.com"), "2 R302", "vector 25");
    assert_eq!(email("ali@gmial.com"), "ali@gmial.com W302×1", "vector 26");
    assert_eq!(email("Ali@Firma.COM "), "ali@firma.com W301×1", "vector 27");
}

#[test]
fn status_words_are_read_as_the_vectors_say() {
    let with = |header: &str, status: &str| {
        let file = format!(
            "Telefon;{header};İzin Tarihi;Kaynak\n05321234567;{status};20.06.2025 14:05;HS_WEB\n"
        );
        let outcome = judged(file, &push());
        match (outcome.file().as_str(), outcome.records.first()) {
            ("accepted", Some(record)) => record.consent.as_ref().unwrap().status.to_string(),
            ("accepted", None) => outcome.rejections[0].code.to_string(),
            (code, _) => code.to_owned(),
        }
    };
    assert_eq!(with("SMS İzni", "Evet"), "ONAY", "vector 28");
    assert_eq!(with("SMS istemiyor", "1"), "F114", "vector 30");
    assert_eq!(with("SMS istemiyor", "RET"), "RET");
    assert_eq!(with("SMS İzni", "X"), "R502", "vector 31");
    assert_eq!(with("SMS İzni", ""), "R501", "vector 32");
}

#[test]
fn a_header_that_states_its_coding_is_believed() {
    let file = "Alıcı;İzin Türü;ONAY(1)-RET(0);İzin Tarihi;Kaynak\n\
                05321234567;MESAJ;1;20.06.2025 14:05;HS_WEB\n05331234567;MESAJ;0;20.06.2025 14:05;HS_WEB\n";
    assert_eq!(
        judged(file, &push()).accepted(),
        [
            "2 +905321234567 MESAJ ONAY 2025-06-20 14:05:00 HS_WEB",
            "3 +905331234567 MESAJ RET 2025-06-20 14:05:00 HS_WEB",
        ]
    );
}

#[test]
fn a_confirmed_negative_header_turns_yes_into_refusal() {
    let file = "Telefon;SMS istemiyor;İzin Tarihi;Kaynak\n05321234567;1;20.06.2025 14:05;HS_WEB\n\
                05331234567;hayır;20.06.2025 14:05;HS_WEB\n";
    let refused = judged(file, &push());
    assert_eq!(refused.file(), "F114");
    let mut options = push();
    options
        .mapping
        .polarity
        .insert("sms istemiyor".to_owned(), Polarity::YesIsRefusal);
    assert_eq!(
        judged(file, &options).accepted(),
        [
            "2 +905321234567 MESAJ RET 2025-06-20 14:05:00 HS_WEB",
            "3 +905331234567 MESAJ ONAY 2025-06-20 14:05:00 HS_WEB",
        ]
    );
}

#[test]
fn dates_and_sources_are_judged_as_the_vectors_say() {
    let judge = |date: &str, source: &str| {
        let outcome = row("05321234567", "MESAJ", "ONAY", date, source);
        match outcome.records.first() {
            Some(record) => record.consent.as_ref().unwrap().date.to_registry_text(),
            None => outcome.rejections[0].code.to_string(),
        }
    };
    for (number, date, source, expected) in [
        (33, "20.06.2025 14:05", "HS_WEB", "2025-06-20 14:05:00"),
        (34, "17.06.2025 09:00", "HS_WEB", "R606"),
        (35, "24.06.2025 09:00", "HS_WEB", "R604"),
        (36, "30.04.2015", "HS_WEB", "R603"),
        (37, "02.05.2015", "HS_2015", "R605"),
        (38, "01.05.2015 00:00:00", "HS_2015", "2015-05-01 00:00:00"),
        (39, "45828,586805555", "HS_WEB", "2025-06-20 14:05:00"),
        (40, "2025-06-20T11:05:00Z", "HS_WEB", "2025-06-20 14:05:00"),
        (43, "20.06.2025 14:05", "web sitesi", "R702"),
        (44, "20.06.2025 14:05", "IYS_WEB", "R703"),
        (45, "20.06.2025 14:05", "HS_KARAR", "R704"),
        (0, "", "HS_WEB", "R601"),
        (0, "yarın", "HS_WEB", "R602"),
        (0, "30.12.1899", "HS_WEB", "R608"),
        (0, "#DEĞER!", "HS_WEB", "R104"),
        (0, "20.06.2025 14:05", "", "R701"),
        (0, "20.06.2025 14:05", "bakkal", "R702"),
    ] {
        assert_eq!(
            judge(date, source),
            expected,
            "vector {number}: {date} {source}"
        );
    }
}

#[test]
fn a_too_old_consent_names_its_deadline_and_a_missing_time_is_hinted_at() {
    let old = row("05321234567", "MESAJ", "ONAY", "17.06.2025 09:00", "HS_WEB");
    assert!(
        old.rejections[0].text_tr().contains("20.06.2025 09:00"),
        "{}",
        old.rejections[0].text_tr()
    );
    let dateless = row("05321234567", "MESAJ", "ONAY", "18.06.2025", "HS_WEB");
    assert_eq!(dateless.rejected(), ["2 R606"]);
    assert!(dateless.rejections[0].next_tr().starts_with("Saat ekleyin"));
}

#[test]
fn around_a_feast_nothing_is_refused_before_the_most_generous_reading() {
    let options = Options {
        now: "2025-06-10T10:00:00+03:00".parse().unwrap(),
        ..push()
    };
    let file = format!("{HEADER}\n05321234567;MESAJ;ONAY;04.06.2025 09:00;HS_WEB;BIREYSEL\n");
    let outcome = judged(file, &options);
    assert_eq!(outcome.records.len(), 1, "vector 67");
    assert_eq!(outcome.remarks(), ["W201×1", "W606×1"]);
}

#[test]
fn slashed_dates_take_the_order_that_the_column_shows() {
    let dates = |rows: &[&str], order: Option<DateOrder>| {
        let rows: String = rows
            .iter()
            .enumerate()
            .map(|(i, date)| format!("053212345{i:02};MESAJ;ONAY;{date};HS_WEB;BIREYSEL\n"))
            .collect();
        let options = Options {
            action: Action::Local,
            mapping: Mapping {
                date_order: order,
                ..Mapping::default()
            },
            ..push()
        };
        judged(format!("{HEADER}\n{rows}"), &options)
    };
    let shown = dates(&["05/06/2025", "20/06/2025"], None);
    let first = shown
        .records
        .iter()
        .find(|record| record.line == 2)
        .unwrap();
    let date = first.consent.as_ref().unwrap().date.to_registry_text();
    assert_eq!(date, "2025-06-05 00:00:00", "vector 41");

    let open = dates(&["05/06/2025", "07/06/2025"], None);
    assert_eq!(open.rejected(), ["2 R602", "3 R602"], "vector 42");
    let question = Question::DateOrder {
        header: "İzin Tarihi".to_owned(),
        example: "05/06/2025".to_owned(),
    };
    assert!(open.summary.questions.contains(&question));
    let answered = dates(&["05/06/2025", "04/06/2025"], Some(DateOrder::MonthFirst));
    assert_eq!(answered.records.len(), 2);
    assert!(answered.summary.questions.is_empty());
    let told = answered.accepted().join("\n");
    assert!(
        told.contains("2025-05-06") && told.contains("2025-04-06"),
        "{told}"
    );
}

#[test]
fn an_answer_about_dates_is_for_the_columns_that_do_not_show_their_order() {
    let head = "Telefon;E-posta;SMS İzni;SMS İzin Tarihi;E-posta İzni;E-posta İzin Tarihi;Kaynak";
    let rows = "+905321234561;ali@firma.com.tr;ONAY;05/06/2025;ONAY;05/06/2025;HS_WEB\n\
                +905321234562;ece@firma.com.tr;ONAY;20/06/2025;ONAY;04/06/2025;HS_WEB\n";
    let options = Options {
        action: Action::Local,
        mapping: Mapping {
            date_order: Some(DateOrder::MonthFirst),
            ..Mapping::default()
        },
        ..push()
    };
    assert_eq!(
        judged(format!("{head}\n{rows}"), &options).accepted(),
        [
            "2 +905321234561 MESAJ ONAY 2025-06-05 00:00:00 HS_WEB",
            "2 ali@firma.com.tr EPOSTA ONAY 2025-05-06 00:00:00 HS_WEB",
            "3 +905321234562 MESAJ ONAY 2025-06-20 00:00:00 HS_WEB",
            "3 ece@firma.com.tr EPOSTA ONAY 2025-04-06 00:00:00 HS_WEB",
        ]
    );
}

#[test]
fn two_date_columns_that_do_not_show_their_order_are_asked_about_and_answered_one_by_one() {
    let head = "Telefon;E-posta;SMS İzni;SMS İzin Tarihi;E-posta İzni;E-posta İzin Tarihi;Kaynak";
    let file =
        format!("{head}\n+905321234561;ali@firma.com.tr;ONAY;05/06/2025;ONAY;06/05/2025;HS_WEB\n");
    let mut options = Options {
        action: Action::Local,
        ..push()
    };
    let open = judged(&file, &options);
    let columns: Vec<_> = open
        .summary
        .questions
        .iter()
        .map(Question::answer_key)
        .collect();
    assert_eq!(
        columns,
        [Some("SMS İzin Tarihi"), Some("E-posta İzin Tarihi")]
    );
    assert_eq!(open.rejected(), ["2 R602", "2 R602"]);

    let first = ("sms izin tarihi".to_owned(), DateOrder::DayFirst);
    options.mapping.date_orders.extend([first]);
    let half = judged(&file, &options);
    assert_eq!(
        half.accepted(),
        ["2 +905321234561 MESAJ ONAY 2025-06-05 00:00:00 HS_WEB"]
    );
    assert_eq!(
        half.summary.questions.len(),
        1,
        "the other one is still open"
    );

    let second = ("E-POSTA İZİN TARİHİ".to_owned(), DateOrder::MonthFirst);
    options.mapping.date_orders.extend([second]);
    let answered = judged(&file, &options);
    assert!(answered.summary.questions.is_empty());
    assert_eq!(
        answered.accepted(),
        [
            "2 +905321234561 MESAJ ONAY 2025-06-05 00:00:00 HS_WEB",
            "2 ali@firma.com.tr EPOSTA ONAY 2025-06-05 00:00:00 HS_WEB",
        ]
    );
    let orders: Vec<_> = answered
        .summary
        .columns
        .iter()
        .filter_map(|c| c.date_order)
        .collect();
    assert_eq!(orders, [DateOrder::DayFirst, DateOrder::MonthFirst]);
}

#[test]
fn a_date_column_that_contradicts_itself_stops_the_file() {
    let row = |i: usize, date: &str| format!("0532123{i:04};MESAJ;ONAY;{date};HS_WEB;BIREYSEL\n");
    let file = |contrary: usize| {
        let rows: String = (0..100)
            .map(|i| {
                row(
                    i,
                    if i < contrary {
                        "06/20/2025"
                    } else {
                        "20/06/2025"
                    },
                )
            })
            .collect();
        judged(format!("{HEADER}\n{rows}"), &push())
    };
    assert_eq!(file(6).file(), "F115");
    let few = file(5);
    assert_eq!(few.file(), "accepted");
    assert_eq!(
        few.count(domain::ReasonCode::R602),
        5,
        "the minority is unreadable"
    );
}

#[test]
fn a_free_text_source_counts_only_after_it_was_confirmed() {
    let file = format!("{HEADER}\n05321234567;MESAJ;ONAY;20.06.2025 14:05;Web Sitesi;BIREYSEL\n");
    let asked = judged(&file, &push());
    assert_eq!(asked.rejected(), ["2 R702"]);
    let question = Question::SourceWord {
        word: "Web Sitesi".to_owned(),
        suggestion: Some(Source::HS_WEB),
        rows: 1,
    };
    assert_eq!(asked.summary.questions, [question]);
    let mut options = push();
    options
        .mapping
        .sources
        .insert("web sitesi".to_owned(), Source::HS_WEB);
    let answered = judged(&file, &options);
    assert_eq!(
        answered.record().consent.as_ref().unwrap().source,
        Source::HS_WEB,
        "vector 43"
    );
    assert_eq!(answered.count(domain::ReasonCode::W701), 1);
}

#[test]
fn registry_sources_may_be_mirrored_but_not_pushed() {
    let file = format!("{HEADER}\n05321234567;MESAJ;RET;20.06.2025 14:05;IYS_WEB;BIREYSEL\n");
    assert_eq!(judged(&file, &push()).rejected(), ["2 R703"]);
    let local = Options {
        action: Action::Local,
        ..push()
    };
    assert_eq!(
        judged(&file, &local)
            .record()
            .consent
            .as_ref()
            .unwrap()
            .source,
        Source::IYS_WEB
    );
}

#[test]
fn a_channel_must_fit_its_address() {
    let mismatch = row(
        "05321234567",
        "EPOSTA",
        "ONAY",
        "20.06.2025 14:05",
        "HS_WEB",
    );
    assert_eq!(mismatch.rejected(), ["2 R706"], "vector 46");
    let reverse = row(
        "ali@firma.com.tr",
        "MESAJ",
        "ONAY",
        "20.06.2025 14:05",
        "HS_WEB",
    );
    assert_eq!(reverse.rejected(), ["2 R706"]);
    let unknown = row("05321234567", "FAKS", "ONAY", "20.06.2025 14:05", "HS_WEB");
    assert_eq!(unknown.rejected(), ["2 R705"]);
    let missing = row("05321234567", "", "ONAY", "20.06.2025 14:05", "HS_WEB");
    assert_eq!(missing.rejected(), ["2 R705"]);
}

#[test]
fn recipient_kinds_are_read_as_the_vectors_say() {
    let kind = |word: &str, options: &Options| {
        let file = format!("{HEADER}\n05321234567;MESAJ;ONAY;20.06.2025 14:05;HS_WEB;{word}\n");
        let outcome = judged(file, options);
        match outcome.records.first() {
            Some(record) => format!(
                "{} {}",
                record.kind,
                outcome.count(domain::ReasonCode::W703)
            ),
            None => outcome.rejections[0].code.to_string(),
        }
    };
    let undecided = Options {
        default_kind: None,
        ..push()
    };
    assert_eq!(kind("esnaf", &undecided), "TACIR 1", "vector 47");
    assert_eq!(kind("Tüzel Kişi", &undecided), "TACIR 0");
    assert_eq!(kind("uzaylı", &undecided), "R708");
    assert_eq!(kind("dernek", &undecided), "R708");
    assert_eq!(kind("", &undecided), "R707");
    assert_eq!(kind("", &push()), "BIREYSEL 0");
}

#[test]
fn a_merchant_needs_neither_date_nor_source_for_a_first_record() {
    let file = format!("{HEADER}\n05321234567;MESAJ;ONAY;;;TACIR\n");
    let outcome = judged(file, &push());
    let consent = outcome.record().consent.as_ref().unwrap();
    assert_eq!(outcome.record().kind, RecipientKind::Tacir, "vector 60");
    assert!(!consent.date_is_stated && !consent.source_is_stated);
    assert_eq!(consent.channel, Channel::Mesaj);
}

#[test]
fn a_comma_outside_quotes_is_hinted_at_and_never_glued_back() {
    let good = "05321234567,MESAJ,ONAY,20.06.2025 14:05,HS_WEB\n".repeat(30);
    let file = format!(
        "Alıcı,İzin Türü,İzin Durumu,İzin Tarihi,İzin Kaynağı\n{good}9,05321E+11,MESAJ,ONAY,20.06.2025 14:05,HS_WEB\n"
    );
    let outcome = judged(file, &push());
    assert_eq!(outcome.rejected(), ["32 R102"], "vector 53");
    assert!(outcome.rejections[0].next_tr().contains("virgül"));
}

#[test]
fn a_text_that_was_said_to_mean_the_lists_of_before_2015_brings_their_date() {
    let row = |n: u8, date: &str| format!("0532123456{n};MESAJ;ONAY;{date};2015 öncesi;BIREYSEL\n");
    let rows: String = [
        (1, "12.03.2014"),
        (2, ""),
        (3, "01.05.2015 10:00"),
        (4, "20.06.2025"),
    ]
    .map(|(n, date)| row(n, date))
    .concat();
    let mut options = push();
    let source = ("2015 Öncesi".to_owned(), domain::Source::HS_2015);
    options.mapping.sources.extend([source]);
    let outcome = judged(format!("{HEADER}\n{rows}"), &options);
    let line = |line, n| format!("{line} +90532123456{n} MESAJ ONAY 2015-05-01 00:00:00 HS_2015");
    assert_eq!(outcome.accepted(), [line(2, 1), line(3, 2), line(4, 3)]);
    assert_eq!(
        outcome.rejected(),
        ["5 R605"],
        "that is no list of before 2015"
    );
}
