//! The table of what people write, and the laws that hold for any text.

use proptest::prelude::*;

use super::*;

const SMS: PhoneRules = PhoneRules::turkey(true);
const CALL: PhoneRules = PhoneRules::turkey(false);

fn with_azerbaijan(default_country: Country) -> PhoneRules {
    PhoneRules {
        allowed_countries: SMS.allowed_countries.with(Country::AZ),
        default_country,
        ..SMS
    }
}

/// `+905321234567 W103 W201` or `R209`.
fn told(raw: &str, rules: &PhoneRules) -> String {
    let verdict = parse_phone(raw, rules);
    let mut told = match verdict.result {
        Ok(phone) => phone.to_string(),
        Err(refusal) => refusal.code.to_string(),
    };
    for remark in verdict.remarks.iter() {
        told = format!("{told} {remark}");
    }
    told
}

fn check(rules: &PhoneRules, table: &[(&str, &str)]) {
    for (raw, expected) in table {
        assert_eq!(told(raw, rules), *expected, "{raw:?}");
    }
}

#[test]
fn every_way_of_writing_a_turkish_mobile_number_reaches_the_same_person() {
    check(
        &SMS,
        &[
            ("+90 (532) 123 45 67", "+905321234567"),
            ("+905321234567", "+905321234567"),
            ("0532 123 45 67", "+905321234567 W201"),
            ("5321234567", "+905321234567 W201"),
            ("905321234567", "+905321234567 W201"),
            ("00905321234567", "+905321234567 W201"),
            ("0090 532-123-45-67", "+905321234567 W201"),
            ("(0532) 123.45.67", "+905321234567 W201"),
            ("0532/123 45 67", "+905321234567 W201"),
            ("0532\u{2013}123\u{2014}45_67", "+905321234567 W201"),
            ("(+90) 532 123 45 67", "+905321234567"),
            ("0532\u{a0}123\u{a0}45\u{a0}67", "+905321234567 W103 W201"),
        ],
    );
}

#[test]
fn a_trunk_zero_behind_the_country_code_is_dropped_and_said_so() {
    check(
        &SMS,
        &[
            ("+90 0532 123 45 67", "+905321234567 W203"),
            ("+90(0)532 123 45 67", "+905321234567 W203"),
            ("90 0532 123 45 67", "+905321234567 W201 W203"),
            ("0090 0532 123 45 67", "+905321234567 W201 W203"),
            ("+90 0532 123 45 6", "R203"),
            ("+90 00 532 123 45 67", "R204"),
        ],
    );
}

#[test]
fn scientific_notation_is_read_only_when_no_digit_is_lost() {
    check(
        &SMS,
        &[
            ("9,05321E+11", "R209"),
            ("5,32123E+09", "R209"),
            ("9,05321234567E+11", "+905321234567 W205"),
            ("9.05321234567E+11", "+905321234567 W205"),
            ("5,321234567E+09", "+905321234567 W205"),
            ("5,321234567e9", "+905321234567 W205"),
            ("9,053212345670E+11", "+905321234567 W205"),
            ("9,053212345678E+11", "R209"),
            ("5E+09", "R209"),
            ("5,32E-05", "R209"),
            ("9,05321234567E+99999999999999999999", "R209"),
            ("905321234567", "+905321234567 W201"),
        ],
    );
}

#[test]
fn a_number_exported_with_decimals_is_its_whole_part_and_never_gains_a_zero() {
    check(
        &SMS,
        &[
            ("905321234567.0", "+905321234567 W201"),
            ("5321234567,00", "+905321234567 W201"),
            ("532123456.0", "R203"),
            ("5321234567.5", "R204"),
        ],
    );
}

#[test]
fn what_cannot_receive_sms_is_refused_for_sms_and_landlines_may_be_called() {
    check(
        &SMS,
        &[
            ("0212 123 45 67", "R206"),
            ("444 1 234", "R206"),
            ("0 444 1 234", "R206"),
            ("0850 123 45 67", "R206"),
            ("0800 123 45 67", "R206"),
            ("0512 123 45 67", "R206"),
            ("0700 123 45 67", "R206"),
            ("0577 123 45 67", "+905771234567 W201 W204"),
            ("0592 123 45 67", "+905921234567 W201 W204"),
        ],
    );
    check(
        &CALL,
        &[
            ("0212 123 45 67", "+902121234567 W201"),
            ("+90 0212 123 45 67", "+902121234567 W203"),
            ("0850 123 45 67", "+908501234567 W201"),
            ("0532 123 45 67", "+905321234567 W201"),
            ("444 1 234", "R206"),
            ("0800 123 45 67", "R206"),
            ("0900 123 45 67", "R206"),
            ("0512 123 45 67", "R206"),
        ],
    );
}

#[test]
fn numbers_in_the_blocks_of_northern_cyprus_are_accepted_and_remarked() {
    check(
        &SMS,
        &[
            ("0533 861 23 45", "+905338612345 W201 W207"),
            ("+90 542 851 23 45", "+905428512345 W207"),
            ("0548 812 34 56", "+905488123456 W201 W207"),
            ("0533 881 23 45", "+905338812345 W201"),
        ],
    );
}

#[test]
fn a_foreign_number_needs_its_country_to_be_open() {
    check(
        &SMS,
        &[
            ("+994 50 123 45 67", "R207"),
            ("+49 151 12345678", "R207"),
            ("0049 151 12345678", "R207"),
            ("+1 212 555 12 34", "R207"),
            ("+1 212 555 12", "R203"),
            ("+49 1", "R203"),
            ("+210 123 45 67 89", "R204"),
            ("+0532 123 45 67", "R204"),
            ("49 151 12345678", "R204"),
        ],
    );
    let open = PhoneRules {
        allowed_countries: [Country::parse("DE").unwrap()].into_iter().collect(),
        ..SMS
    };
    check(
        &open,
        &[
            ("+49 151 12345678", "+4915112345678"),
            ("0049 151 12345678", "+4915112345678 W201"),
            ("0532 123 45 67", "R207"),
        ],
    );
}

#[test]
fn nine_national_digits_are_azerbaijani_only_in_an_azerbaijani_file() {
    check(
        &SMS,
        &[
            ("050 123 45 67", "R204"),
            ("50 123 45 67", "R204"),
            ("053 212 34 56", "R203"),
        ],
    );
    check(
        &with_azerbaijan(Country::TR),
        &[
            ("+994 50 123 45 67", "+994501234567"),
            ("994501234567", "+994501234567 W201"),
            ("+994 050 123 45 67", "+994501234567 W203"),
            ("00994501234567", "+994501234567 W201"),
            ("99450123456", "R203"),
            ("050 123 45 67", "R204"),
        ],
    );
    check(
        &with_azerbaijan(Country::AZ),
        &[
            ("050 123 45 67", "+994501234567 W201"),
            ("50 123 45 67", "+994501234567 W201"),
            ("012 123 45 67", "R206"),
            ("0532 123 45 67", "+905321234567 W201"),
        ],
    );
}

#[test]
fn the_national_form_of_a_country_we_do_not_know_is_never_read_as_turkish() {
    let german_file = PhoneRules {
        default_country: Country::parse("DE").unwrap(),
        ..SMS
    };
    check(
        &german_file,
        &[
            ("0532 123 45 67", "R204"),
            ("5321234567", "R204"),
            ("+90 532 123 45 67", "+905321234567"),
        ],
    );
}

#[test]
fn a_number_of_the_wrong_length_is_refused() {
    check(
        &SMS,
        &[
            ("123 45 67", "R203"),
            ("532 123 45 6", "R203"),
            ("90532123456", "R203"),
            ("9053212345", "R203"),
            ("05321234567890", "R204"),
            ("9053212345678", "R204"),
            ("12345678901234567890123", "R204"),
            ("+90532123456789", "R204"),
        ],
    );
}

#[test]
fn two_numbers_in_a_cell_are_never_chosen_between() {
    check(
        &SMS,
        &[
            ("0532 123 45 67 / 0533 765 43 21", "R205"),
            ("0532 123 45 67 - 0533 765 43 21", "R205"),
            ("05321234567;05337654321", "R205"),
            ("05321234567, 05337654321", "R205"),
            ("0532 123 45 67 veya 0533 765 43 21", "R205"),
            ("0532 123 45 67\n0533 765 43 21", "R205"),
            ("+905321234567+905337654321", "R205"),
            ("ev 0212 123 45 67 cep 0532 123 45 67", "R205"),
            ("444 1 234 / 0212 444 1 234", "R205"),
            ("0532-1234567", "+905321234567 W201"),
        ],
    );
}

#[test]
fn letters_are_refused_and_a_look_alike_is_only_suggested() {
    check(
        &SMS,
        &[
            ("O532 123 45 67", "R202"),
            ("0532 123 45 67 dahili 5", "R202"),
            ("ev", "R202"),
            ("Ayşe Yılmaz", "R202"),
            ("0532*1234567", "R202"),
        ],
    );
    let suggested = |raw: &str| match parse_phone(raw, &SMS).result {
        Err(PhoneRefusal {
            detail: PhoneDetail::Suggestion(phone),
            ..
        }) => Some(phone.to_string()),
        _ => None,
    };
    let expected = Some("+905321234567".to_owned());
    assert_eq!(suggested("O532 123 45 67"), expected);
    assert_eq!(suggested("0532 l23 45 67"), expected);
    assert_eq!(suggested("0532 I23 45 67"), expected);
    assert_eq!(suggested("O532 l23 45 67"), None);
    assert_eq!(suggested("O532 123 45"), None);
    assert_eq!(suggested("dahili"), None);
}

#[test]
fn placeholders_are_recognised() {
    check(
        &SMS,
        &[
            ("5555555555", "R208"),
            ("0555 555 55 55", "R208"),
            ("+905555555555", "R208"),
            ("1234567", "R208"),
            ("0000000000", "R208"),
            ("11111", "R208"),
            ("5000000000", "R208"),
            ("0532 000 00 00", "R208"),
        ],
    );
}

#[test]
fn an_empty_cell_is_missing_whatever_word_says_so() {
    for raw in [
        "", " ", "-", "--", "yok", "YOK", "Yok.", "0", "()", "+", "null", "N/A", "\u{200b}",
    ] {
        let refusal = parse_phone(raw, &SMS).result.unwrap_err();
        assert_eq!(refusal.code, ReasonCode::R201, "{raw:?}");
    }
}

#[test]
fn what_a_spreadsheet_leaves_around_a_number_is_removed_and_said_so() {
    check(
        &SMS,
        &[
            ("０５３２１２３４５６７", "+905321234567 W201 W202"),
            ("٠٥٣٢ ١٢٣ ٤٥ ٦٧", "+905321234567 W201 W202"),
            ("۰۵۳۲۱۲۳۴۵۶۷", "+905321234567 W201 W202"),
            ("＋９０ ５３２ １２３ ４５ ６７", "+905321234567 W202"),
            ("'05321234567", "+905321234567 W103 W201"),
            ("=\"05321234567\"", "+905321234567 W103 W201"),
            ("\u{202a}05321234567\u{202c}", "+905321234567 W103 W201"),
            ("  05321234567 ", "+905321234567 W201"),
            ("#YOK", "R104"),
            ("#####", "R104"),
            ("#DEĞER!", "R104"),
        ],
    );
}

#[test]
fn a_refusal_explains_itself_in_both_languages() {
    let explain = |raw: &str| {
        let refusal = parse_phone(raw, &SMS).result.unwrap_err();
        (refusal.explain_tr(raw), refusal.explain_en(raw))
    };
    let (tr, en) = explain("O532 123 45 67");
    assert!(
        tr.contains("O532 123 45 67") && tr.contains("+905321234567"),
        "{tr}"
    );
    assert!(en.contains("+905321234567"), "{en}");
    assert!(explain("0212 123 45 67").0.contains("sabit hat"));
    assert!(explain("0212 123 45 67").1.contains("landline"));
    assert!(explain("123 45 67").0.contains("7 hane"));
    assert!(explain("+994501234567").0.contains("Azerbaycan"));
}

/// Any accepted Turkish mobile number, as its ten national digits.
fn national() -> impl Strategy<Value = String> {
    "53[0-9][1-9][0-9]{5}[1-9]|5(01|05|06|07|51|55|59)[1-9][0-9]{5}[1-9]"
        .prop_filter("not a placeholder", |digits| {
            told(digits, &SMS).starts_with('+')
        })
}

proptest! {
    #[test]
    fn whatever_is_accepted_is_read_again_as_itself(
        raw in r"\PC{0,24}|[+0-9 ()./-]{0,20}|[+]?(90|0090|994)?0?[0-9]{6,11}",
        needs_mobile: bool,
    ) {
        let rules = PhoneRules { channel_needs_mobile: needs_mobile, ..with_azerbaijan(Country::TR) };
        if let Ok(phone) = parse_phone(&raw, &rules).result {
            let again = parse_phone(&phone.to_string(), &rules);
            prop_assert_eq!(again.result, Ok(phone));
            for remark in again.remarks.iter() {
                prop_assert!(matches!(remark, ReasonCode::W204 | ReasonCode::W207), "{}", remark);
            }
            prop_assert_eq!(Msisdn::from_normalised(&phone.to_string()), Some(phone));
        }
    }

    #[test]
    fn separators_never_change_the_person(
        national in national(),
        prefix in "(\\+90|90|0090|0|)",
        gaps in proptest::collection::vec("[ ()._-]{0,2}", 16),
    ) {
        let mut written = String::new();
        for (c, gap) in prefix.chars().chain(national.chars()).zip(gaps.iter().cycle()) {
            written.push(c);
            written.push_str(gap);
        }
        let verdict = parse_phone(&written, &SMS);
        prop_assert_eq!(verdict.result.unwrap().to_string(), format!("+90{national}"), "{}", written);
    }

    #[test]
    fn a_lost_digit_never_reaches_anyone(national in national(), lost in 0_usize..10) {
        let mut damaged = national.clone();
        damaged.remove(lost);
        for written in [damaged.clone(), format!("0{damaged}"), format!("+90{damaged}"), format!("90{damaged}")] {
            prop_assert!(parse_phone(&written, &SMS).result.is_err(), "{}", written);
        }
    }

    #[test]
    fn cut_scientific_notation_never_reaches_anyone(national in national(), kept in 1_usize..9) {
        let written = format!("{},{}E+09", &national[..1], &national[1..=kept]);
        let code = parse_phone(&written, &SMS).result.unwrap_err().code;
        prop_assert_eq!(code, ReasonCode::R209);
    }

    #[test]
    fn two_people_are_never_merged_into_one(first in national(), second in national()) {
        for separator in [" / ", ";", ", ", " veya ", "\n", " - "] {
            let written = format!("0{first}{separator}0{second}");
            let code = parse_phone(&written, &SMS).result.unwrap_err().code;
            prop_assert_eq!(code, ReasonCode::R205, "{}", written);
        }
    }
}
