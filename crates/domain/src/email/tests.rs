//! What people write in an e-mail column, and the laws that hold for any text.

use proptest::prelude::*;

use super::*;

/// `ali@firma.com W301` or `R301`, with `→ …` when something is suggested.
fn told(raw: &str) -> String {
    let verdict = parse_email(raw);
    let mut told = match verdict.result {
        Ok(address) => address.to_string(),
        Err(code) => code.to_string(),
    };
    for remark in verdict.remarks.iter() {
        told = format!("{told} {remark}");
    }
    match verdict.suggestion {
        Some(suggestion) => format!("{told} → {suggestion}"),
        None => told,
    }
}

fn check(table: &[(&str, &str)]) {
    for (raw, expected) in table {
        assert_eq!(told(raw), *expected, "{raw:?}");
    }
}

#[test]
fn an_address_is_cleaned_lowered_and_the_repair_is_visible() {
    check(&[
        ("ali.veli@firma.com.tr", "ali.veli@firma.com.tr"),
        ("Ali@Firma.COM ", "ali@firma.com W301"),
        ("ALI@FIRMA.COM", "ali@firma.com W301"),
        (" ali@firma.com", "ali@firma.com W301"),
        ("mailto:ali@firma.com", "ali@firma.com W301"),
        ("Mailto: ali@firma.com", "ali@firma.com W301"),
        ("<ali@firma.com>", "ali@firma.com W301"),
        ("Ali Veli <ali@firma.com>;", "ali@firma.com W301"),
        ("\"ali@firma.com\"", "ali@firma.com W301"),
        ("ali@firma.com.,;", "ali@firma.com W301"),
        ("\u{feff}ali@firma.com", "ali@firma.com W103"),
        ("'ali@firma.com", "ali@firma.com W103"),
        ("ali+izin@firma.com", "ali+izin@firma.com"),
        ("__ali--veli..x@firma.com", "__ali--veli..x@firma.com"),
        ("a@b.co", "a@b.co"),
        ("a@xn--rnek-5qa.com", "a@xn--rnek-5qa.com"),
    ]);
}

#[test]
fn a_turkish_letter_is_refused_and_never_replaced() {
    check(&[
        ("AYŞE@firma.com", "R302"),
        ("ayşe@firma.com", "R302"),
        ("alı@firma.com", "R302"),
        ("ALİ@firma.com", "R302"),
        ("ali@örnek.com", "R302"),
        ("ali!@firma.com", "R302"),
        ("ali'veli@firma.com", "R302"),
        ("ali@fir\u{200b}ma.com", "R302"),
    ]);
}

#[test]
fn a_broken_address_is_refused_with_what_was_probably_meant() {
    check(&[
        ("ali@firma,com", "R301 → ali@firma.com"),
        ("ali @firma.com", "R301 → ali@firma.com"),
        ("ali@@firma.com", "R301 → ali@firma.com"),
        ("ali@firma..com", "R301 → ali@firma.com"),
        ("ali@firma", "R301"),
        ("@firma.com", "R301"),
        ("ali.firma.com", "R301"),
        ("ali@-firma.com", "R301"),
        ("ali@firma_a.com", "R301"),
        ("ali@10.0.0.1", "R301"),
        ("ali@firma.c", "R301"),
        ("ali veli", "R301"),
    ]);
}

#[test]
fn two_addresses_in_a_cell_are_never_chosen_between() {
    check(&[
        ("a@x.com; b@x.com", "R303"),
        ("a@x.com,b@x.com", "R303"),
        ("a@x.com b@x.com", "R303"),
        ("a@x.com\nb@x.com", "R303"),
        ("a@x.com / ayşe@x.com", "R303"),
    ]);
}

#[test]
fn probable_typos_and_role_addresses_are_accepted_with_a_remark() {
    check(&[
        ("ali@gmial.com", "ali@gmial.com W302 → ali@gmail.com"),
        ("ali@gmail.con", "ali@gmail.con W302 → ali@gmail.com"),
        ("ali@hotmial.com", "ali@hotmial.com W302 → ali@hotmail.com"),
        ("ali@htomail.com", "ali@htomail.com W302 → ali@hotmail.com"),
        ("ali@outlook.con", "ali@outlook.con W302 → ali@outlook.com"),
        ("ali@firma.con", "ali@firma.con W302 → ali@firma.com"),
        ("info@firma.com", "info@firma.com W303"),
        ("Bilgi@firma.com", "bilgi@firma.com W301 W303"),
        (
            "satis@gmial.com",
            "satis@gmial.com W302 W303 → satis@gmail.com",
        ),
    ]);
}

#[test]
fn placeholders_and_empty_cells_are_recognised() {
    check(&[
        ("test@test.com", "R304"),
        ("yok@yok.com", "R304"),
        ("Yok@gmail.com", "R304"),
        ("a@a.com", "R304"),
        ("noreply@firma.com", "R304"),
        ("no-reply@firma.com", "R304"),
        ("ali@example.com", "R304"),
        ("migros@migros.com.tr", "migros@migros.com.tr"),
        ("", "R306"),
        (" ", "R306"),
        ("-", "R306"),
        ("yok", "R306"),
        ("NULL", "R306"),
        ("#YOK", "R104"),
        ("#N/A", "R104"),
    ]);
}

#[test]
fn the_registrys_limits_of_length_hold_to_the_character() {
    let domain = |length: usize| {
        let labels = format!("{}.com", "d".repeat(60));
        let rest = length - labels.len();
        let mut domain = String::new();
        while domain.len() + 62 < rest {
            domain = format!("{domain}{}.", "e".repeat(61));
        }
        let left = rest - domain.len() - 1;
        format!("{domain}{}.{labels}", "f".repeat(left))
    };
    let longest = format!("ali@{}", domain(261));
    assert_eq!(longest.len(), 265);
    assert_eq!(told(&longest), longest);
    assert_eq!(told(&format!("x{longest}")), "R305");
    assert_eq!(told("a@b.c"), "R305");
    let local = "l".repeat(64);
    assert!(parse_email(&format!("{local}@firma.com")).result.is_ok());
    assert_eq!(told(&format!("l{local}@firma.com")), "R301");
}

#[test]
fn every_hint_is_usable() {
    assert!(HINTS.typo_domains.len() > 20 && HINTS.roles.words.len() > 10);
    for (wrong, right) in &HINTS.typo_domains {
        assert!(shape(&format!("x@{wrong}")).is_ok() && shape(&format!("x@{right}")).is_ok());
        assert_eq!(HINTS.probable_domain(right), None, "{right}");
    }
    for (wrong, right) in &HINTS.typo_endings {
        assert!(wrong.starts_with('.') && right.starts_with('.'));
    }
}

#[test]
fn an_address_knows_its_halves_and_is_a_plain_string_in_json() {
    let address = EmailAddress::from_normalised("ali.veli@firma.com.tr").unwrap();
    assert_eq!(address.local_part(), "ali.veli");
    assert_eq!(address.domain(), "firma.com.tr");
    let json = serde_json::to_string(&address).unwrap();
    assert_eq!(json, "\"ali.veli@firma.com.tr\"");
    assert_eq!(
        serde_json::from_str::<EmailAddress>(&json).unwrap(),
        address
    );
    assert!(serde_json::from_str::<EmailAddress>("\"Ali@firma.com\"").is_err());
}

proptest! {
    #[test]
    fn whatever_is_accepted_is_read_again_as_itself(
        raw in r"\PC{0,24}|[ <']?[A-Za-zŞı0-9._+-]{1,10}@[A-Za-z0-9.-]{1,12}\.[a-zA-Z]{2,4}[ .;>]?",
    ) {
        if let Ok(address) = parse_email(&raw).result {
            let again = parse_email(address.as_str());
            prop_assert_eq!(again.result.as_ref(), Ok(&address));
            prop_assert!(again.remarks.iter().all(|r| matches!(r, ReasonCode::W302 | ReasonCode::W303)));
            prop_assert_eq!(EmailAddress::from_normalised(address.as_str()), Some(address));
        }
    }

    #[test]
    fn case_never_makes_a_second_person(address in "[a-z][a-z0-9]{1,8}\\.[a-z]{2,8}@[a-z]{2,8}\\.com") {
        let lower = parse_email(&address).result;
        prop_assert_eq!(parse_email(&address.to_ascii_uppercase()).result, lower);
    }
}
