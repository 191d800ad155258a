//! How headers become a layout.

use domain::Timestamp;

use super::*;

fn layout(headers: &str, change: impl FnOnce(&mut Options)) -> Result<Layout, Refusal> {
    let mut options = Options::new(Timestamp::from_micros(0), Action::Push);
    change(&mut options);
    Layout::new(headers.split(';').map(str::to_owned).collect(), &options)
}

fn refused(headers: &str) -> String {
    let refusal = layout(headers, |_| {}).unwrap_err();
    format!("{} {}", refusal.code, refusal.text_tr())
}

#[test]
fn the_three_ways_of_stating_consents_are_told_apart() {
    let long = "alıcı;izin türü;izin durumu;izin tarihi;izin kaynağı";
    assert_eq!(layout(long, |_| {}).unwrap().kind, LayoutKind::Long);
    let wide = "Email;IYS Email Status;IYS Email Consent Date;IYS Email Source;\
                Phone Number;IYS SMS Status;IYS SMS Consent Date;IYS SMS Source";
    let wide = layout(wide, |_| {}).unwrap();
    assert_eq!(wide.kind, LayoutKind::Wide);
    assert_eq!(wide.groups.len(), 2);
    assert_eq!(
        wide.groups[0].covers,
        Coverage::Stated(vec![Channel::Mesaj])
    );
    assert_eq!(wide.groups[0].date, Some(6));
    assert_eq!(wide.date_columns(), [2, 6]);
    let plain = layout("telefon;e-posta;izin;izin tarihi;kaynak", |_| {}).unwrap();
    assert_eq!(plain.kind, LayoutKind::Plain);
    assert_eq!(plain.groups[0].covers, Coverage::Unstated);
    assert!(matches!(
        plain.questions()[0],
        Question::StatusChannels { .. }
    ));
    let only_email = layout("e-posta;izin;izin tarihi;kaynak", |_| {}).unwrap();
    assert_eq!(
        only_email.groups[0].covers,
        Coverage::Stated(vec![Channel::Eposta])
    );
}

#[test]
fn an_answered_question_is_not_asked_again() {
    let answered = layout("telefon;izin;izin tarihi;kaynak", |options| {
        options.mapping.status_channels = vec![Channel::Mesaj, Channel::Arama];
    });
    let answered = answered.unwrap();
    let both = vec![Channel::Mesaj, Channel::Arama];
    assert_eq!(answered.groups[0].covers, Coverage::Stated(both));
    assert!(answered.questions().is_empty());
}

#[test]
fn a_file_without_what_it_is_for_is_refused_with_the_missing_parts_named() {
    assert!(refused("ad;soyad;izin").starts_with("F110"));
    let places = "Name;Latitude;Longitude;Radius;Entity Status;Distance Unit;Group";
    assert!(refused(places).contains("geofence"), "{}", refused(places));
    let twice = refused("telefon;cep no;izin;izin tarihi;kaynak");
    assert!(
        twice.starts_with("F111") && twice.contains("cep no"),
        "{twice}"
    );
    let missing = refused("telefon;izin");
    assert!(missing.contains("izin tarihi, izin kaynağı"), "{missing}");
    assert!(refused("telefon;ad").contains("izin durumu"));
    let merchants = layout("telefon;sms izni", |options| {
        options.default_kind = Some(RecipientKind::Tacir);
    });
    assert!(merchants.is_ok());
    assert!(layout("telefon;ad", |options| options.action = Action::Local).is_ok());
}

#[test]
fn a_record_date_is_offered_as_consent_date_and_never_taken_unasked() {
    let local = |options: &mut Options| options.action = Action::Local;
    let unasked = layout("telefon;sms izni;kayıt tarihi", local).unwrap();
    assert_eq!(unasked.groups[0].date, None);
    assert!(matches!(
        unasked.questions()[0],
        Question::ConsentDateColumn { .. }
    ));
    let answered = layout("telefon;sms izni;kayıt tarihi", |options| {
        options.action = Action::Local;
        let date = Assignment {
            field: Field::Date,
            channel: None,
        };
        options
            .mapping
            .columns
            .insert("KAYIT TARİHİ".to_owned(), date);
    });
    assert_eq!(answered.unwrap().groups[0].date, Some(2));
}

#[test]
fn a_corrected_report_that_comes_back_keeps_only_the_original_columns() {
    let headers = format!(
        "{};telefon;sms izni;izin tarihi;kaynak",
        REPORT_COLUMNS.join(";")
    );
    let layout = layout(&headers, |_| {}).unwrap();
    assert_eq!(layout.channel, None);
    assert_eq!(layout.phone, Some(REPORT_COLUMNS.len()));
    assert!(
        layout.meanings[..11]
            .iter()
            .all(|meaning| meaning.field == Field::Ours)
    );
}
