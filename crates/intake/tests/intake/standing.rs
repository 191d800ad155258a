//! The record read as a whole, and records that repeat what stands on it.

use domain::consent::AddressOwner;
use domain::ids::RecipientId;
use domain::{Channel, ReasonCode, Recipient, RecipientKind, RegistryMode, Status};
use intake::{Directory, DirectoryError, Held, HeldFact, Holdings, Identifier, Options, Stored};

use crate::desk::{Book, Outcome, judged, judged_with, local, push};

const HEAD: &str = "Müşteri No;Ad Soyad;Telefon;İzin Türü;İzin Durumu;İzin Tarihi;İzin Kaynağı";
const DATE: &str = "20.06.2025 14:05";

/// A book that is read page by page and never asked about a key.
struct Whole(Book);

struct Pages(Vec<Held>);

impl Holdings for Pages {
    fn next_page(&mut self) -> Result<Vec<Held>, DirectoryError> {
        let rest = self.0.split_off(self.0.len().min(2));
        Ok(std::mem::replace(&mut self.0, rest))
    }
}

impl Directory for Whole {
    fn addresses(&mut self, ids: &[Identifier]) -> Result<Vec<Vec<Recipient>>, DirectoryError> {
        self.0.addresses(ids)
    }

    fn states(
        &mut self,
        _: &[(Recipient, Channel, RecipientKind)],
    ) -> Result<Vec<Stored>, DirectoryError> {
        Err(DirectoryError::new("the record was read already"))
    }

    fn holdings(&mut self, _: u64) -> Result<Option<Box<dyn Holdings>>, DirectoryError> {
        let mut held = Vec::new();
        for ((recipient, channel, kind), stored) in &self.0.states {
            let fact = |fact| Held {
                recipient: recipient.clone(),
                fact,
            };
            if stored.blacklisted {
                held.push(fact(HeldFact::Stop(Some(*channel))));
            }
            held.push(fact(HeldFact::State(
                *channel,
                *kind,
                Box::new(stored.clone()),
            )));
        }
        Ok(Some(Box::new(Pages(held))))
    }
}

fn owner(number: i64, external_id: &str, name: &str) -> AddressOwner {
    AddressOwner {
        recipient: RecipientId::from_db(number),
        external_id: Some(external_id.to_owned()),
        name: Some(name.to_owned()),
        is_reached_here: true,
    }
}

fn stored(status: Status, date: &str, owner: AddressOwner) -> Stored {
    Stored {
        local: Some(local(status, date, false)),
        owner: Some(owner),
        ..Stored::default()
    }
}

fn phone(n: u32) -> String {
    format!("+90532123456{n}")
}

/// Someone who consented, someone who refused, someone on the blacklist.
fn book() -> Book {
    let black = Stored {
        blacklisted: true,
        ..stored(Status::Onay, "2025-06-20 14:05:00", owner(3, "M3", "Can"))
    };
    let refused = stored(Status::Ret, "2025-06-21 10:00:00", owner(2, "M2", "Ece"));
    let consented = stored(Status::Onay, "2025-06-20 14:05:00", owner(1, "M1", "Ali"));
    Book::default()
        .holds(&phone(1), Channel::Mesaj, consented)
        .holds(&phone(2), Channel::Mesaj, refused)
        .holds(&phone(3), Channel::Mesaj, black)
}

fn file(rows: &[&str]) -> String {
    format!("{HEAD}\n{}\n", rows.join("\n"))
}

fn both(text: &str) -> [Outcome; 2] {
    [
        judged_with(text, &push(), &mut book()),
        judged_with(text, &push(), &mut Whole(book())),
    ]
}

#[test]
fn a_record_that_is_read_as_a_whole_judges_as_look_ups_do() {
    let rows: Vec<String> = (1..=4)
        .flat_map(|n| {
            let of = |status: &str, date: &str| {
                format!("M{n};Ali;{};MESAJ;{status};{date};HS_WEB", phone(n))
            };
            [of("ONAY", DATE), of("RET", "22.06.2025 10:00")]
        })
        .collect();
    for chosen in 1..(1_u32 << rows.len()) {
        let rows: Vec<&str> = rows
            .iter()
            .enumerate()
            .filter(|(place, _)| chosen & (1 << place) != 0)
            .map(|(_, row)| row.as_str())
            .collect();
        let [asked, read] = both(&file(&rows));
        assert_eq!(asked.records, read.records, "{rows:?}");
        assert_eq!(asked.rejected(), read.rejected(), "{rows:?}");
        assert_eq!(asked.remarks(), read.remarks(), "{rows:?}");
    }
}

#[test]
fn a_first_refusal_is_judged_alike_by_an_empty_record_that_is_asked_read_or_known_to_be_empty() {
    let of = |n: u32, said: &str| format!("M{n};Ali;{};MESAJ;{said}", phone(n));
    let rows = [
        of(1, &format!("ONAY;{DATE};HS_WEB")),
        of(2, &format!("RET;{DATE};HS_WEB")),
        of(3, &format!("RET;{DATE};HS_KARAR")),
        of(4, &format!("RET;{DATE};HS_WEB")),
        of(4, "RET;19.06.2025 10:00;HS_WEB"),
    ];
    let text = file(&rows.each_ref().map(String::as_str));
    for (mode, refused, never_pushed) in [
        (RegistryMode::Off, vec!["4 R704"], 0),
        (RegistryMode::Sync, vec![], 0),
        (RegistryMode::Integrator, vec![], 3),
    ] {
        let options = Options { mode, ..push() };
        for outcome in [
            judged_with(&text, &options, &mut Book::default()),
            judged_with(&text, &options, &mut Whole(Book::default())),
            judged(&text, &options),
        ] {
            assert_eq!(outcome.rejected(), refused, "{mode}");
            assert_eq!(outcome.count(ReasonCode::I175), never_pushed, "{mode}");
            assert_eq!(outcome.remarks(), ["W802×1"], "{mode}");
        }
    }
}

#[test]
fn only_a_row_that_says_nothing_new_about_person_and_consent_stands_already() {
    let ali = |row: &str| format!("{row};{};MESAJ;ONAY;{DATE};HS_WEB", phone(1));
    for (row, stands) in [
        (ali("M1;Ali"), true),
        (ali("M1;"), true),
        (ali(";Ali"), true),
        (ali("M9;Ali"), false),
        (ali("M1;Alî"), false),
        // A newer consent renews.
        (ali("M1;Ali").replace(DATE, "21.06.2025 14:05"), false),
        // Another channel has no state yet.
        (ali("M1;Ali").replace("MESAJ", "ARAMA"), false),
        // Nobody knows the address.
        (ali("M1;Ali").replace(&phone(1), &phone(5)), false),
    ] {
        for outcome in both(&file(&[&row])) {
            assert_eq!(outcome.record().standing.is_some(), stands, "{row}");
        }
    }
    let known = &both(&file(&[&ali("M1;Ali")]))[1];
    let standing = known.record().standing.unwrap();
    assert_eq!(standing.recipient, RecipientId::from_db(1));
    assert_eq!(standing.local.status, Status::Onay);
}

#[test]
fn a_refusal_repeated_with_a_newer_date_is_not_taken_for_standing() {
    // Nothing is appended for it today; after a consent in between it must be.
    let ece = |date: &str| format!("M2;Ece;{};MESAJ;RET;{date};HS_WEB", phone(2));
    for (date, stands) in [
        ("21.06.2025 10:00", true),
        ("20.06.2025 10:00", true),
        ("22.06.2025 10:00", false),
    ] {
        for outcome in both(&file(&[&ece(date)])) {
            assert_eq!(outcome.record().standing.is_some(), stands, "{date}");
        }
    }
}

#[test]
fn a_record_that_cannot_be_read_to_its_end_stops_judging() {
    struct Torn;
    impl Holdings for Torn {
        fn next_page(&mut self) -> Result<Vec<Held>, DirectoryError> {
            Err(DirectoryError::new("the database is away"))
        }
    }
    struct Away;
    impl Directory for Away {
        fn addresses(&mut self, _: &[Identifier]) -> Result<Vec<Vec<Recipient>>, DirectoryError> {
            Ok(Vec::new())
        }
        fn states(
            &mut self,
            _: &[(Recipient, Channel, RecipientKind)],
        ) -> Result<Vec<Stored>, DirectoryError> {
            Ok(Vec::new())
        }
        fn holdings(&mut self, _: u64) -> Result<Option<Box<dyn Holdings>>, DirectoryError> {
            Ok(Some(Box::new(Torn)))
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("upload.csv");
    let row = format!("M1;Ali;{};MESAJ;ONAY;{DATE};HS_WEB", phone(1));
    std::fs::write(&path, file(&[&row])).unwrap();
    let judged = intake::judge(&path, &push(), &mut Away, dir.path(), &mut |_| {
        std::ops::ControlFlow::Continue(())
    });
    assert!(matches!(judged, Err(intake::JudgeError::Directory(_))));
}
