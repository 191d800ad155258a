//! Columns of the firm's own attributes: recognised, mapped, read by type, and
//! never at the expense of a consent.

use domain::attribute::{Attribute, AttributeKind};
use domain::{Channel, ReasonCode};
use intake::{Assignment, Field, Options, Question};

use crate::desk::{judged, push};

pub(crate) fn attribute(code: &str, label: &str, kind: AttributeKind) -> Attribute {
    Attribute {
        code: code.to_owned(),
        label_tr: label.to_owned(),
        label_en: label.to_owned(),
        kind,
        is_array: false,
        is_personal: false,
        is_health: false,
        choices: Vec::new(),
        position: 1,
    }
}

pub(crate) fn number(code: &str, label: &str) -> Attribute {
    attribute(code, label, AttributeKind::Number)
}

/// A firm with one attribute of each type.
pub(crate) fn firm() -> Vec<Attribute> {
    vec![
        attribute("semt", "Oturduğu semt", AttributeKind::Text),
        number("harcama", "Yıllık harcama"),
        attribute("son_ziyaret", "Son ziyaret", AttributeKind::Date),
        attribute("kartli", "Kartı var mı", AttributeKind::Boolean),
        Attribute {
            choices: vec!["Altın".into(), "Gümüş".into()],
            ..attribute("seviye", "Seviye", AttributeKind::Choice)
        },
        Attribute {
            is_array: true,
            ..attribute("ilgi", "İlgi alanları", AttributeKind::Text)
        },
    ]
}

fn options(change: impl FnOnce(&mut Options)) -> Options {
    let mut options = Options {
        attributes: firm(),
        ..push()
    };
    change(&mut options);
    options
}

const HEADER: &str = "Telefon;SMS İzni;İzin Tarihi;Kaynak";
const SAID: &str = "05321234567;ONAY;20.06.2025 14:05;HS_WEB";

fn told(values: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = values
        .iter()
        .map(|(code, value)| ((*code).to_owned(), (*value).to_owned()));
    owned.collect()
}

#[test]
fn columns_headed_by_code_or_label_are_read_by_type_into_the_record() {
    let file = format!(
        "{HEADER};Oturduğu Semt;HARCAMA;Son Ziyaret;Kartı var mı?;seviye;İlgi alanları\n\
         {SAID};Moda;1.234,56;1 Haziran 2025;Evet;ALTIN;koşu, yüzme\n"
    );
    let outcome = judged(file, &options(|_| {}));
    assert_eq!(
        outcome.record().attributes,
        told(&[
            ("semt", "Moda"),
            ("harcama", "1234.56"),
            ("son_ziyaret", "2025-06-01"),
            ("kartli", "true"),
            ("seviye", "Altın"),
            ("ilgi", "koşu; yüzme"),
        ])
    );
    let semt = &outcome.summary.columns[4];
    assert_eq!(
        (semt.field, semt.attribute.as_deref()),
        (Field::Attribute, Some("semt"))
    );
    assert!(semt.imported && outcome.count(ReasonCode::W108) == 0);
}

#[test]
fn a_person_may_map_any_column_onto_an_attribute_and_the_answer_is_remembered() {
    let file = format!("{HEADER};Bölge\n{SAID};Moda\n");
    let unasked = judged(&file, &options(|_| {}));
    assert_eq!(unasked.count(ReasonCode::W108), 1);
    let mapped = options(|options| {
        options
            .mapping
            .attributes
            .insert("bölge".into(), "semt".into());
    });
    assert_eq!(
        judged(&file, &mapped).record().attributes,
        told(&[("semt", "Moda")])
    );
    let mapping = mapped.mapping;
    let json = serde_json::to_string(&mapping).unwrap();
    assert_eq!(json, r#"{"attributes":{"bölge":"semt"}}"#);
    let later = intake::Mapping::default().or_remembered(&mapping);
    assert_eq!(later, mapping);
    let ignored = Assignment {
        field: Field::Ignored,
        channel: None,
    };
    let now = intake::Mapping {
        columns: [("BÖLGE".to_owned(), ignored)].into(),
        ..intake::Mapping::default()
    };
    assert!(
        now.or_remembered(&mapping).attributes.is_empty(),
        "what is said now wins"
    );
}

#[test]
fn a_value_that_does_not_fit_is_left_out_and_the_consent_stays() {
    let file = format!(
        "{HEADER};Harcama;Seviye;Son Ziyaret\n{SAID};çok;Bakır;dün\n\
         05331234567;ONAY;20.06.2025 14:05;HS_WEB;#YOK;;20.06.2025\n"
    );
    let outcome = judged(file, &options(|_| {}));
    assert_eq!(outcome.records.len(), 2);
    assert!(outcome.rejections.is_empty());
    assert_eq!(outcome.count(ReasonCode::W101), 2, "one for each row");
    let unread: Vec<u64> = outcome.summary.columns[4..]
        .iter()
        .map(|c| c.unread.count)
        .collect();
    assert_eq!(unread, [2, 1, 1]);
    let first = &outcome.summary.columns[4].unread.examples[0];
    assert_eq!((first.line, first.value.as_str()), (2, "çok"));
    let kept: Vec<_> = outcome
        .records
        .iter()
        .flat_map(|record| &record.attributes)
        .collect();
    assert_eq!(kept, [&("son_ziyaret".to_owned(), "2025-06-20".to_owned())]);
}

#[test]
fn an_error_of_a_spreadsheet_is_no_tag() {
    let file =
        format!("{HEADER};Etiketler\n{SAID};#YOK\n05331234567;ONAY;20.06.2025 14:05;HS_WEB;vip\n");
    let outcome = judged(file, &options(|_| {}));
    let tags: Vec<_> = outcome.records.iter().map(|record| &record.tags).collect();
    assert_eq!(tags, [&Vec::<String>::new(), &vec!["vip".to_owned()]]);
    assert_eq!(outcome.count(ReasonCode::W101), 1);
    assert!(outcome.rejections.is_empty());
}

#[test]
fn a_value_as_long_as_a_novel_costs_the_row_nothing() {
    let long = "a".repeat(10_000);
    let outcome = judged(format!("{HEADER};Semt\n{SAID};{long}\n"), &options(|_| {}));
    assert!(outcome.record().attributes.is_empty());
    assert_eq!(outcome.count(ReasonCode::W101), 1);
}

#[test]
fn an_empty_cell_says_nothing() {
    let outcome = judged(format!("{HEADER};Semt\n{SAID}; \n"), &options(|_| {}));
    assert!(outcome.record().attributes.is_empty());
    assert_eq!(outcome.count(ReasonCode::W101), 0);
}

#[test]
fn two_columns_for_one_attribute_stop_the_file() {
    let outcome = judged(
        format!("{HEADER};semt;Oturduğu semt\n{SAID};a;b\n"),
        &options(|_| {}),
    );
    assert_eq!(outcome.file(), "F111");
}

#[test]
fn health_columns_come_in_only_when_the_firm_defined_them_as_such_and_stay_hidden() {
    let file = format!("{HEADER};Kan Grubu\n{SAID};0 Rh+\n");
    let plain = options(|options| {
        options
            .attributes
            .push(attribute("kan", "Kan grubu", AttributeKind::Text));
    });
    let outcome = judged(&file, &plain);
    assert_eq!(outcome.count(ReasonCode::W405), 1);
    assert!(outcome.record().attributes.is_empty());
    let health = options(|options| {
        options.attributes.push(Attribute {
            is_health: true,
            ..attribute("kan", "Kan grubu", AttributeKind::Text)
        });
    });
    let outcome = judged(&file, &health);
    assert_eq!(outcome.record().attributes, told(&[("kan", "0 Rh+")]));
    assert_eq!(
        outcome.summary.sample[0].cells[4], "",
        "not in the preview either"
    );
}

#[test]
fn an_attribute_column_of_national_ids_is_not_imported() {
    let rows: String = (0..6)
        .map(|i| format!("0532123456{i};ONAY;20.06.2025 14:05;HS_WEB;10000000146\n"))
        .collect();
    let outcome = judged(format!("{HEADER};semt\n{rows}"), &options(|_| {}));
    assert_eq!(outcome.count(ReasonCode::W405), 1);
    assert!(
        outcome
            .records
            .iter()
            .all(|record| record.attributes.is_empty())
    );
}

#[test]
fn the_order_of_an_attributes_dates_is_asked_and_never_stops_the_file() {
    let asked = judged(
        format!("{HEADER};Son Ziyaret\n{SAID};05/06/2025\n"),
        &options(|_| {}),
    );
    assert!(matches!(
        &asked.summary.questions[..],
        [Question::DateOrder { .. }]
    ));
    let torn: String = (1..9)
        .map(|i| {
            let date = if i % 2 == 0 {
                "25/06/2025"
            } else {
                "06/25/2025"
            };
            format!("0532123456{i};ONAY;20.06.2025 14:05;HS_WEB;{date}\n")
        })
        .collect();
    let torn = judged(format!("{HEADER};Son Ziyaret\n{torn}"), &options(|_| {}));
    assert_eq!(torn.file(), "accepted");
    assert_eq!(torn.records.len(), 8);
}

#[test]
fn an_attribute_travels_with_every_channel_of_its_row() {
    let outcome = judged(
        "Telefon;E-posta;SMS İzni;SMS Tarihi;SMS Kaynağı;E-posta İzni;E-posta Tarihi;E-posta Kaynağı;semt\n\
         05321234567;a@firma.com.tr;ONAY;20.06.2025 14:05;HS_WEB;RET;20.06.2025 14:05;HS_WEB;Moda\n",
        &options(|_| {}),
    );
    let channels: Vec<_> = outcome
        .records
        .iter()
        .map(|r| r.consent.as_ref().unwrap().channel)
        .collect();
    assert!(channels.contains(&Channel::Mesaj) && channels.contains(&Channel::Eposta));
    assert!(
        outcome
            .records
            .iter()
            .all(|record| record.attributes == told(&[("semt", "Moda")]))
    );
}
