//! Our numbering plans beside libphonenumber's: every prefix of Turkey and
//! Azerbaijan, with the differences listed and explained.

use domain::ReasonCode;
use domain::phone::{Country, CountrySet, PhoneRules, parse_phone};
use phonenumber::{Type, country, metadata::DATABASE};

fn rules() -> PhoneRules {
    PhoneRules {
        allowed_countries: CountrySet::NONE.with(Country::TR).with(Country::AZ),
        channel_needs_mobile: true,
        default_country: Country::TR,
    }
}

/// Whether libphonenumber takes the number for one that can get an SMS.
fn is_mobile_there(number: &str) -> bool {
    let Ok(parsed) = phonenumber::parse(None, number) else {
        return false;
    };
    let is_mobile = matches!(
        parsed.number_type(&DATABASE),
        Type::Mobile | Type::FixedLineOrMobile
    );
    is_mobile && phonenumber::is_valid(&parsed)
}

/// What we say about a number.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ours {
    /// A mobile in a range that our plan lists.
    Listed,
    /// Accepted with W204, because plans grow faster than tables.
    Unlisted,
    Refused,
}

fn ours(number: &str) -> Ours {
    let verdict = parse_phone(number, &rules());
    match verdict.result {
        Err(_) => Ours::Refused,
        Ok(_) if verdict.remarks.contains(ReasonCode::W204) => Ours::Unlisted,
        Ok(_) => Ours::Listed,
    }
}

/// Listed by us and unknown there.
const OURS_ONLY: [(&str, &str); 1] = [(
    "+90561",
    "given to virtual operators by the Turkish regulator (BTK); the metadata has not followed yet",
)];

/// Every prefix of a country with some numbers behind each, and what both say.
fn compare(calling_code: &str, prefixes: std::ops::Range<u32>) -> usize {
    let mut mobiles = 0;
    for prefix in prefixes {
        // The second and the third lie in blocks of KKTC under 533, 542 and 548.
        for subscriber in ["2345678", "8612345", "8512345", "9000017"] {
            let number = format!("+{calling_code}{prefix}{subscriber}");
            let is_explained = OURS_ONLY.iter().any(|(from, _)| number.starts_with(from));
            match (ours(&number), is_mobile_there(&number)) {
                (Ours::Refused, there) => assert!(!there, "{number} is refused here only"),
                (Ours::Listed, there) => {
                    assert_ne!(there, is_explained, "{number}: is it still a difference?");
                    mobiles += usize::from(there);
                }
                // A range that looks mobile is taken with a remark, whatever is listed there.
                (Ours::Unlisted, _) => {}
            }
        }
    }
    mobiles
}

#[test]
fn every_turkish_prefix_is_judged_as_libphonenumber_does_but_for_what_is_explained() {
    assert!(compare("90", 200..1_000) > 100);
}

#[test]
fn every_azerbaijani_prefix_is_judged_as_libphonenumber_does() {
    assert!(compare("994", 10..100) > 20);
}

#[test]
fn every_spelling_that_both_accept_is_the_same_number() {
    for spelling in [
        "+90 (532) 123 45 67",
        "0532 123 45 67",
        "5321234567",
        "905321234567",
        "0090 532 123 45 67",
        "0(532)1234567",
        "+994 50 123 45 67",
        "00994501234567",
    ] {
        let ours = parse_phone(spelling, &rules())
            .result
            .map(|phone| phone.to_string());
        let parsed = phonenumber::parse(Some(country::TR), spelling);
        let theirs = parsed.map(|n| n.format().mode(phonenumber::Mode::E164).to_string());
        assert_eq!(ours.ok(), theirs.ok(), "{spelling}");
    }
}
