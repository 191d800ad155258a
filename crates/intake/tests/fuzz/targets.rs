//! The readers, each with what must hold of everything it reads.

use domain::device::Platform;
use domain::email::{EmailAddress, parse_email};
use domain::phone::{Country, CountrySet, PhoneRules, parse_phone};
use domain::{Msisdn, Timestamp};
use intake::{Mapping, Options};

use crate::desk::{NOW, attribute_of_dates, judged, judged_codes, options};
use crate::runner::{answer, fuzz};
use crate::workbook::book_with;

/// Rows made of one input.
const ROWS_MAX: usize = 60;

/// The choice of [`options`] for a local upload.
const LOCAL: u8 = 2;

/// A file of people and consents as uploads bring them.
const FIXTURES: [&str; 3] = ["fixtures", "fixtures/bozuk", "fixtures/liste"];

/// The lines of an input as cells of a table with semicolons.
fn cells(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.lines().take(ROWS_MAX);
    lines
        .map(|line| format!("\"{}\"", line.replace('"', "\"\"")))
        .collect()
}

/// A table of one row per line of an input, which `row` writes.
fn table(header: &str, bytes: &[u8], row: impl Fn(usize, &str) -> String) -> String {
    let cells = cells(bytes);
    let rows = cells.iter().enumerate().map(|(i, cell)| row(i, cell));
    let mut file = format!("{header}\n");
    file.extend(rows);
    file
}

fn whole_file(bytes: &[u8]) -> u64 {
    let Some((&choice, file)) = bytes.split_first() else {
        return 0;
    };
    judged(file, &options(choice)).answer()
}

fn as_it_is(bytes: &[u8]) -> u64 {
    let kept = judged(bytes, &options(LOCAL)).answer();
    answer((kept, judged(bytes, &options(0)).answer()))
}

#[test]
fn a_text_of_any_bytes_gets_a_verdict() {
    fuzz("table", &FIXTURES, as_it_is);
}

#[test]
fn whatever_a_packed_file_holds_it_gets_a_verdict() {
    fuzz("packed", &FIXTURES, as_it_is);
}

#[test]
fn every_pair_of_a_file_is_accounted_for_whatever_was_answered_about_it() {
    fuzz("whole_file", &[], whole_file);
}

#[test]
fn the_sheet_of_a_workbook_may_hold_anything() {
    fuzz("sheet", &[], |bytes| {
        judged(&book_with(0, bytes), &options(LOCAL)).answer()
    });
}

#[test]
fn no_part_of_a_workbook_breaks_the_reader() {
    fuzz("workbook", &[], |bytes| {
        let (part, content) = bytes.split_first().unwrap_or((&0, &[]));
        judged(&book_with(usize::from(*part), content), &options(LOCAL)).answer()
    });
}

/// Writes a text in one of the codings that files come in; letters that a
/// coding lacks become question marks.
fn coded(coding: u8, text: &str) -> Vec<u8> {
    const LETTERS: [char; 12] = ['Ğ', 'ğ', 'İ', 'ı', 'Ş', 'ş', 'Ü', 'ü', 'Ö', 'ö', 'Ç', 'ç'];
    const WINDOWS: [u8; 12] = *b"\xd0\xf0\xdd\xfd\xde\xfe\xdc\xfc\xd6\xf6\xc7\xe7";
    const DOS: [u8; 12] = *b"\xa6\xa7\x98\x8d\x9e\x9f\x9a\x81\x99\x94\x80\x87";
    const MAC: [u8; 12] = *b"\xda\xdb\xdc\xdd\xde\xdf\x86\x9f\x85\x9a\x82\x8d";
    let single = |table: [u8; 12]| {
        let byte = |letter: char| match LETTERS.iter().position(|known| *known == letter) {
            Some(at) => table[at],
            None => u8::try_from(letter)
                .ok()
                .filter(u8::is_ascii)
                .unwrap_or(b'?'),
        };
        text.chars().map(byte).collect::<Vec<u8>>()
    };
    let marked = |mark: &[u8], bytes: Vec<u8>| [mark, &bytes].concat();
    let wide = |to: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to).collect::<Vec<u8>>();
    match coding % 8 {
        0 => text.as_bytes().to_vec(),
        1 => marked(b"\xef\xbb\xbf", text.as_bytes().to_vec()),
        2 => marked(b"\xff\xfe", wide(u16::to_le_bytes)),
        3 => marked(b"\xfe\xff", wide(u16::to_be_bytes)),
        4 => single(WINDOWS),
        5 => single(DOS),
        6 => single(MAC),
        // Read as Latin-1 and saved again, as programs do.
        _ => text
            .bytes()
            .map(char::from)
            .collect::<String>()
            .into_bytes(),
    }
}

#[test]
fn a_file_may_be_in_any_coding_and_in_two() {
    fuzz("encodings", &[], |bytes| {
        let Some((&coding, text)) = bytes.split_first() else {
            return 0;
        };
        let text = String::from_utf8_lossy(text);
        let mut file = coded(coding & 7, &text);
        if coding & 0x80 != 0 {
            file.extend(coded(coding >> 4, &text));
        }
        judged(&file, &options(LOCAL)).answer()
    });
}

#[test]
fn the_rows_of_a_movement_file_may_say_anything() {
    const HEADER: &[u8] =
        b"creationDate,transactionId,recipient,recipientType,type,status,consentDate,source\n";
    fuzz("movement", &[], |bytes| as_it_is(&[HEADER, bytes].concat()));
}

#[test]
fn the_rows_of_a_profile_file_may_say_anything() {
    const HEADER: &[u8] = b"extID~email~deviceToken~msisdn~segment\n";
    const ROW: &[u8] = b"P-1~ali@ornek.example~~905320902002~altin\n";
    fuzz("profile", &[], |bytes| {
        let headed = as_it_is(&[HEADER, bytes].concat());
        answer((headed, as_it_is(&[ROW, bytes].concat())))
    });
}

#[test]
fn the_report_of_any_file_can_be_uploaded_again() {
    fuzz("report", &FIXTURES, |bytes| {
        let first = judged(bytes, &options(LOCAL));
        if first.rejections.is_empty() || first.summary.header_line == 0 {
            return first.answer();
        }
        let again = judged(&first.report(), &options(LOCAL));
        assert_eq!(
            again.summary.header_fingerprint, first.summary.header_fingerprint,
            "the report of a file is a file of the same form"
        );
        let book = judged(&first.report_book(), &options(LOCAL));
        answer((first.answer(), again.answer(), book.answer()))
    });
}

#[test]
fn no_date_that_is_taken_lies_before_the_registry_or_in_the_future() {
    fuzz("dates", &[], |bytes| {
        let attribute = attribute_of_dates();
        let header = format!("Telefon;SMS İzni;İzin Tarihi;Kaynak;{attribute}");
        let file = table(&header, bytes, |i, cell| {
            format!("+90532{i:07};ONAY;{cell};HS_WEB;{cell}\n")
        });
        let outcome = judged(file.as_bytes(), &options(LOCAL));
        let first = Timestamp::from_registry_text("2015-05-01 00:00:00").unwrap();
        for record in &outcome.records {
            let said = record.consent.as_ref().map(|consent| consent.date);
            assert!(
                said.is_none_or(|at| (first..=NOW).contains(&at)),
                "{record:?}"
            );
        }
        outcome.answer()
    });
}

#[test]
fn a_phone_that_was_read_reads_the_same_again() {
    fuzz("phones", &[], |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let everywhere = Country::all().fold(CountrySet::NONE, CountrySet::with);
        let mut read = Vec::new();
        for line in text.lines() {
            for (needs_mobile, countries) in [(true, None), (false, None), (true, Some(everywhere))]
            {
                let mut rules = PhoneRules::turkey(needs_mobile);
                rules.allowed_countries = countries.unwrap_or(rules.allowed_countries);
                match parse_phone(line, &rules).result {
                    Ok(phone) => {
                        let written = phone.to_string();
                        assert_eq!(Msisdn::from_normalised(&written), Some(phone));
                        let again = parse_phone(&written, &rules).result;
                        assert_eq!(again.ok(), Some(phone), "{line}");
                        read.push(phone.country().map(Country::iso).unwrap_or_default());
                    }
                    Err(refusal) => {
                        assert!(!refusal.explain_tr(line).is_empty());
                        read.push(refusal.code.info().name);
                    }
                }
            }
        }
        let file = table("Telefon;Ad", bytes, |_, cell| format!("{cell};Ali\n"));
        answer((read, judged(file.as_bytes(), &options(LOCAL)).answer()))
    });
}

#[test]
fn an_address_that_was_read_reads_the_same_again() {
    fuzz("emails", &[], |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let mut read = Vec::new();
        for line in text.lines() {
            match parse_email(line).result {
                Ok(address) => {
                    let written = address.as_str();
                    assert!(written.is_ascii() && (6..=265).contains(&written.len()));
                    assert!(!written.contains(|c: char| c.is_ascii_uppercase()));
                    let kept = EmailAddress::from_normalised(written);
                    assert_eq!(kept.as_ref(), Some(&address));
                    assert_eq!(parse_email(written).result.ok(), Some(address), "{line}");
                    read.push("ok");
                }
                Err(code) => read.push(code.info().name),
            }
        }
        let file = table("E-posta;Ad", bytes, |_, cell| format!("{cell};Ali\n"));
        answer((read, judged(file.as_bytes(), &options(LOCAL)).answer()))
    });
}

#[test]
fn tokens_and_numbers_of_people_may_be_anything() {
    fuzz("tokens", &[], |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let platforms = text
            .lines()
            .map(|line| format!("{:?}", Platform::of_token(line)));
        let platforms: Vec<String> = platforms.collect();
        let headed = table("Token;Müşteri No", bytes, |_, cell| {
            format!("{cell};{cell}\n")
        });
        let kept = judged(headed.as_bytes(), &options(LOCAL)).answer();
        answer((platforms, kept, judged(bytes, &options(LOCAL)).answer()))
    });
}

#[test]
fn words_of_a_consent_may_be_anything_and_an_empty_status_is_never_a_consent() {
    const HEADER: &str = "Telefon;İzin Türü;İzin Durumu;Kaynak;Alıcı Tipi;Etiket;İzin Tarihi";
    fuzz("words", &[], |bytes| {
        let file = table(HEADER, bytes, |i, cell| {
            let phone = |which| format!("+90532{which}{i:06}");
            let day = "20.06.2025 14:05";
            format!(
                "{};{cell};ONAY;HS_WEB;BIREYSEL;;{day}\n{};MESAJ;{cell};HS_WEB;BIREYSEL;;{day}\n\
                 {};MESAJ;ONAY;{cell};BIREYSEL;;{day}\n{};MESAJ;RET;HS_WEB;{cell};{cell};{day}\n\
                 {};MESAJ;;HS_WEB;BIREYSEL;;{day}\n",
                phone(1),
                phone(2),
                phone(3),
                phone(4),
                phone(5)
            )
        });
        let mut answers = Vec::new();
        for choice in [LOCAL, 0] {
            let outcome = judged(file.as_bytes(), &options(choice));
            let without_status = |phone: String| phone.starts_with("+905325");
            let taken = outcome.records.iter();
            let mut taken = taken.filter(|record| without_status(record.recipient.to_string()));
            assert!(taken.all(|record| record.consent.is_none()));
            answers.push(outcome.answer());
        }
        answer(answers)
    });
}

#[test]
fn a_file_of_promotion_codes_gets_a_verdict() {
    fuzz("promotions", &[], judged_codes);
}

#[test]
fn answers_of_any_content_are_refused_or_lead_to_a_verdict() {
    const FILE: &str = "Telefon;SMS İzni;Kayıt Tarihi;İzin Tarihi;Kaynak;Alıcı Tipi;SMS istemiyor\n\
        05321234567;ONAY;05/06/2025;06/05/2025;web sitesi;dernek;1\n\
        05331234567;RET;07/06/2025;05/07/2025;HS_WEB;;0\n";
    fuzz("answers", &[], |bytes| {
        let Ok(mapping) = serde_json::from_slice::<Mapping>(bytes) else {
            return 0;
        };
        let options = Options {
            mapping,
            ..options(LOCAL)
        };
        judged(FILE.as_bytes(), &options).answer()
    });
}
