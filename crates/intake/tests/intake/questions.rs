//! What only a person can answer: asked all at once, answered in the mapping,
//! remembered for the next file with the same header.

use domain::{Channel, ReasonCode, RecipientKind, Source};
use intake::{
    Action, DateOrder, Field, Mapping, Options, Pattern, Polarity, Question, header_fingerprint,
};

use crate::desk::{judged, push};

/// A file that leaves everything open.
const OPEN: &str = "Telefon;Ret mi;İzin Tarihi;Kaynak;Alıcı Tipi\n\
    05321234567;evet;05/06/2025;web sitesi;dernek\n\
    05331234567;1;07/06/2025;web sitesi;\n\
    05341234567;hayır;06/06/2025;kapıdan;\n";

fn local() -> Options {
    Options {
        action: Action::Local,
        default_kind: None,
        ..push()
    }
}

fn answers() -> Mapping {
    Mapping {
        polarity: [("RET Mİ".to_owned(), Polarity::YesIsRefusal)].into(),
        date_orders: [("İZİN TARİHİ".to_owned(), DateOrder::DayFirst)].into(),
        status_channels: vec![Channel::Mesaj],
        sources: [
            ("web sitesi".to_owned(), Source::HS_WEB),
            ("kapıdan".to_owned(), Source::HS_FIZIKSEL_ORTAM),
        ]
        .into(),
        kinds: [("dernek".to_owned(), RecipientKind::Tacir)].into(),
        default_kind: Some(RecipientKind::Bireysel),
        ..Mapping::default()
    }
}

/// The questions by the field that their answers go into.
fn asked(questions: &[Question]) -> Vec<&'static str> {
    let mut fields: Vec<_> = questions.iter().map(Question::answer_field).collect();
    fields.sort_unstable();
    fields.dedup();
    fields
}

#[test]
fn a_file_asks_everything_at_once_and_every_answer_settles_its_question() {
    let mut options = local();
    let mut rounds = 0;
    loop {
        let outcome = judged(OPEN, &options);
        let open = asked(&outcome.summary.questions);
        if open.is_empty() {
            assert_eq!(outcome.records.len(), 3, "{:?}", outcome.rejected());
            break;
        }
        rounds += 1;
        assert!(rounds <= 1, "still open: {open:?}");
        for question in &outcome.summary.questions {
            assert!(!question.text_tr().is_empty() && !question.text_en().is_empty());
        }
        let all = answers();
        let now = &mut options.mapping;
        for field in open {
            match field {
                "polarity" => now.polarity = all.polarity.clone(),
                "date_orders" => now.date_orders = all.date_orders.clone(),
                "status_channels" => now.status_channels = all.status_channels.clone(),
                "sources" => now.sources = all.sources.clone(),
                "kinds" => now.kinds = all.kinds.clone(),
                "default_kind" => now.default_kind = all.default_kind,
                other => panic!("nobody expected {other}"),
            }
        }
    }
    assert_eq!(options.mapping, answers());
}

#[test]
fn a_refusal_column_is_asked_about_by_name_and_the_file_is_refused_until_it_is_answered() {
    let file = "Telefon;SMS istemiyor;İzin Tarihi;Kaynak\n\
                05321234567;1;20.06.2025 14:05;web sitesi\n\
                05331234567;0;20.06.2025 14:05;HS_WEB\n";
    let outcome = judged(file, &push());
    assert_eq!(outcome.file(), "F114");
    let polarity = Question::Polarity {
        header: "SMS istemiyor".to_owned(),
    };
    assert_eq!(outcome.summary.questions[0], polarity);
    assert_eq!(polarity.answer_key(), Some("SMS istemiyor"));
    // The other questions of the file come along, so that one round of answers is enough.
    assert_eq!(asked(&outcome.summary.questions), ["polarity", "sources"]);
    assert_eq!(outcome.summary.rows, 2);
}

#[test]
fn answers_are_remembered_for_the_next_file_with_the_same_header() {
    let first = judged(OPEN, &local());
    let next = OPEN.replace("05321234567", "05351234567");
    let reordered = "İZİN TARİHİ;Telefon;Ret mi;Kaynak;Alıcı Tipi\n\
                     05/06/2025;05361234567;evet;web sitesi;dernek\n";
    for file in [next.as_str(), reordered] {
        let unanswered = judged(file, &local());
        assert_eq!(
            unanswered.summary.header_fingerprint,
            first.summary.header_fingerprint
        );
        let text = serde_json::to_string(&answers()).unwrap();
        let remembered: Mapping = serde_json::from_str(&text).unwrap();
        let mut options = local();
        options.mapping = Mapping::default().or_remembered(&remembered);
        let outcome = judged(file, &options);
        assert_eq!(outcome.file(), "accepted");
        assert!(
            outcome.summary.questions.is_empty(),
            "{:?}",
            outcome.summary.questions
        );
    }
    let other = header_fingerprint(["Telefon", "İzin"]);
    assert_ne!(first.summary.header_fingerprint, Some(other));
}

fn zeros(rows: usize) -> String {
    let rows: String = (0..rows)
        .map(|i| format!("0532{:03}0000;ONAY;20.06.2025 14:05;HS_WEB\n", 100 + i))
        .collect();
    format!("Telefon;SMS İzni;İzin Tarihi;Kaynak\n{rows}")
}

#[test]
fn numbers_that_all_end_in_zeros_wait_for_a_person_until_someone_says_they_are_real() {
    let outcome = judged(zeros(40), &push());
    assert_eq!(outcome.count(ReasonCode::W206), 1);
    assert_eq!(
        outcome.summary.questions,
        [Question::PhoneZeros { zeros: 4 }]
    );
    assert!(outcome.summary.needs_person());
    let mut options = push();
    options.mapping.phone_zeros_are_real = true;
    let answered = judged(zeros(40), &options);
    assert_eq!(answered.count(ReasonCode::W206), 0);
    assert!(answered.summary.questions.is_empty() && !answered.summary.needs_person());
    assert!(
        !judged(zeros(10), &push()).summary.needs_person(),
        "too few to tell"
    );
}

fn consents(rows: u32, moment: impl Fn(u32) -> String) -> String {
    let rows: String = (0..rows)
        .map(|i| {
            let source = if i % 2 == 0 { "HS_WEB" } else { "HS_MOBIL" };
            format!("+90532{:07};ONAY;{};{source}\n", 2_000_001 + i, moment(i))
        })
        .collect();
    format!("Telefon;SMS İzni;İzin Tarihi;Kaynak\n{rows}")
}

#[test]
fn five_hundred_consents_of_one_second_hold_the_file_and_the_pattern_is_named() {
    for moment in ["20.06.2025 14:05:33", "20.06.2025 14:05"] {
        let outcome = judged(consents(500, |_| moment.to_owned()), &push());
        assert_eq!(outcome.file(), "accepted");
        assert!(outcome.summary.needs_person(), "{moment}");
        let named = outcome.summary.patterns.iter().find(|p| p.holds()).unwrap();
        assert!(matches!(named, Pattern::SameMoment { .. }), "{named:?}");
        assert!(
            named.text_tr().contains("2025-06-20 14:05"),
            "{}",
            named.text_tr()
        );
    }
    let spread = consents(500, |i| format!("20.06.2025 {:02}:{:02}", i % 24, i % 60));
    assert!(judged(spread, &push()).summary.patterns.is_empty());
}

#[test]
fn the_preview_names_the_date_order_that_was_used_and_what_yes_means() {
    let read = |file: &str, options: &Options| {
        let summary = judged(file, options).summary;
        let of = |field| {
            let mut columns = summary.columns.iter();
            columns
                .find(|column| column.field == field)
                .unwrap()
                .clone()
        };
        (
            of(Field::Date).date_order,
            of(Field::Status).polarity,
            of(Field::Phone).polarity,
        )
    };
    // Vector 41: another row of the column shows it.
    let shown = "Telefon;SMS İzni;İzin Tarihi;Kaynak\n\
        05321234567;evet;05/06/2025;HS_WEB\n05331234567;hayır;20/06/2025;HS_WEB\n";
    assert_eq!(
        read(shown, &push()),
        (
            Some(DateOrder::DayFirst),
            Some(Polarity::YesIsConsent),
            None
        )
    );
    let open = shown.replace("20/06", "06/06");
    assert_eq!(read(&open, &push()).0, None, "nobody has said it yet");
    let mut answered = push();
    answered.mapping.date_order = Some(DateOrder::MonthFirst);
    assert_eq!(read(&open, &answered).0, Some(DateOrder::MonthFirst));
    let dotted = shown.replace('/', ".");
    assert_eq!(
        read(&dotted, &answered).0,
        None,
        "a date with dots needs no order"
    );
}
