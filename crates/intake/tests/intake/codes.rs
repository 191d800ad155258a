//! Every code about files, rows and remarks is produced by a rule: each has a
//! file here that brings it out, or names the test that does.

use domain::reason::ReasonClass;
use domain::{Channel, ReasonCode, RegistryView, Status, Timestamp, Verdict};
use intake::{Assignment, Field, Limits, Options, Stored};

use crate::desk::{Book, Outcome, judged, judged_with, local, push};

const HEADER: &str = "Müşteri No;Ad Soyad;Telefon;E-posta;İzin Türü;İzin Durumu;İzin Tarihi;\
                      İzin Kaynağı;Alıcı Tipi";
/// A consent that nothing speaks against.
const TAIL: &str = "ONAY;20.06.2025 14:05;HS_WEB;BIREYSEL";

/// A row about SMS: id, name and phone, then a good consent.
fn sms(who: &str) -> String {
    format!("{who};;MESAJ;{TAIL}")
}

fn mail(address: &str) -> String {
    format!(";;;{address};EPOSTA;{TAIL}")
}

/// A row with a good phone and this consent.
fn said(consent: &str) -> String {
    format!(";;+905321234567;;{consent}")
}

/// The rows among thirty good ones, so that one bad cell stops no file.
fn table(rows: &[String]) -> String {
    let good: String = (0..30)
        .map(|i| format!("G{i};;+9053020000{};;MESAJ;{TAIL}\n", 11 + 2 * i))
        .collect();
    format!("{HEADER}\n{}\n{good}", rows.join("\n"))
}

fn one(row: impl Into<String>) -> Outcome {
    judged(table(&[row.into()]), &push())
}

fn several(rows: &[&str]) -> Outcome {
    let rows: Vec<String> = rows.iter().map(|row| (*row).to_owned()).collect();
    judged(table(&rows), &push())
}

fn changed(file: impl AsRef<[u8]>, change: impl FnOnce(&mut Options)) -> Outcome {
    let mut options = push();
    change(&mut options);
    judged(file, &options)
}

fn on_record(consent: &str, stored: Stored) -> Outcome {
    let mut book = Book::default().holds("+905321234567", Channel::Mesaj, stored);
    judged_with(table(&[said(consent)]), &push(), &mut book)
}

fn ours(status: Status, date: &str) -> Stored {
    Stored {
        local: Some(local(status, date, false)),
        ..Stored::default()
    }
}

fn citizens_refusal(date: &str) -> Stored {
    Stored {
        registry: RegistryView {
            verdict: Verdict::Ret,
            citizen: true,
            consent_date: Timestamp::from_registry_text(date),
            ..RegistryView::UNASKED
        },
        ..Stored::default()
    }
}

/// A file that brings the code out; `None` where another test does.
fn of_file(code: &str) -> Option<Outcome> {
    let plain = "Telefon;SMS İzni;İzin Tarihi;Kaynak";
    Some(match code {
        "F101" => judged("", &push()),
        "F102" => changed("Telefon\n", |options| {
            options.limits = Limits {
                file_bytes_max: 3,
                ..Limits::default()
            };
        }),
        "F103" => judged([format!("{plain}\nŞükrü\n").as_bytes(), b"\xddzin\n"].concat(), &push()),
        "F105" => judged(format!("{plain}\n\"05321234567;ONAY\n"), &push()),
        "F106" => judged("birinci satır\nikinci satır bir iki\nüçüncü\n", &push()),
        "F107" => judged(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", &push()),
        "F110" => judged("Ad;SMS İzni;İzin Tarihi;Kaynak\nAli;ONAY;20.06.2025;HS_WEB\n", &push()),
        "F111" => judged("Telefon;Cep No;SMS İzni;İzin Tarihi;Kaynak\n1;2;ONAY;20.06.2025;HS_WEB\n", &push()),
        "F113" => judged(format!("{plain}\n9,05321E+11;ONAY;20.06.2025 14:05;HS_WEB\n"), &push()),
        "F114" => judged("Telefon;SMS istemiyor;İzin Tarihi;Kaynak\n05321234567;1;20.06.2025 14:05;HS_WEB\n", &push()),
        "F115" => judged(
            format!("{plain}\n05321234567;ONAY;20/06/2025;HS_WEB\n05331234567;ONAY;06/20/2025;HS_WEB\n"),
            &push(),
        ),
        "F117" => judged("Telefon;SMS İzni\n05321234567;ONAY\n", &push()),
        "W107" => judged(format!("Müşteri listesi;;;\n{plain}\n05321234567;ONAY;20.06.2025 14:05;HS_WEB\n"), &push()),
        "W101" => changed(format!("{plain};Puan\n05321234567;ONAY;20.06.2025 14:05;HS_WEB;çok\n"), |options| {
            options.attributes = vec![crate::attributes::number("puan", "Puan")];
        }),
        "W108" => judged(format!("{plain};Ayakkabı\n05321234567;ONAY;20.06.2025 14:05;HS_WEB;42\n"), &push()),
        "W405" => judged(format!("{plain};TC No\n05321234567;ONAY;20.06.2025 14:05;HS_WEB;10000000146\n"), &push()),
        "W501" => judged(
            format!("{plain}\n05321234567;ONAY;20.06.2025 14:05;HS_WEB\n05331234567;ONAY;20.06.2025 14:05;HS_WEB\n"),
            &push(),
        ),
        "W206" => {
            let rows: String = (0..40)
                .map(|i| format!("0532{}0000;ONAY;20.06.2025 14:05;HS_WEB\n", 100 + i))
                .collect();
            judged(format!("{plain}\n{rows}"), &push())
        }
        "W104" => judged(
            "Ad Soyad;Telefon;SMS İzni;İzin Tarihi;Kaynak\nÝbrahim Þahin;05321234567;ONAY;20.06.2025 14:05;HS_WEB\n"
                .replace('İ', "Ý")
                .replace('ı', "ý")
                .replace('ğ', "ð"),
            &push(),
        ),
        "W704" => {
            let head = "Telefon;İzin Türü;İzin Durumu;İzin Tarihi;İzin Kaynağı;Alıcı Tipi;İYS Bayi Kodu";
            let row = "+905321234567;MESAJ;ONAY;20.06.2025 14:05;HS_WEB;BIREYSEL;B-12";
            judged(format!("{head}\n{row}\n"), &push())
        }
        _ => return None,
    })
}

fn of_row(code: &str) -> Option<Outcome> {
    let phone = |phone: &str| one(sms(&format!(";;{phone}")));
    Some(match code {
        "R101" => one(";;;;;;;;"),
        "R102" => one("bir;iki"),
        "R103" => one(sms(&format!(";{};+905321234567", "x".repeat(33 << 10)))),
        "R104" => phone("#YOK"),
        "R105" => one(sms(";Ali Veli;")),
        "R201" => one(format!(";;;ali@firma.com.tr;MESAJ;{TAIL}")),
        "R202" => phone("O532 123 45 67"),
        "R203" => phone("123 45 67"),
        "R204" => phone("053212345678901"),
        "R205" => phone("0532 211 22 33 / 0533 211 22 33"),
        "R206" => phone("0212 123 45 67"),
        "R207" => phone("+49 151 23456789"),
        "R208" => phone("5555555555"),
        "R209" => phone("9,05321E+11"),
        "R301" => one(mail("ali@firma")),
        "R302" => one(mail("ayşe@firma.com.tr")),
        "R303" => one(mail("\"a@x.com; b@x.com\"")),
        "R304" => one(mail("test@test.com")),
        "R305" => one(mail("a@b.c")),
        "R306" => one(format!(";;+905321234567;;EPOSTA;{TAIL}")),
        "R401" => one(sms("NULL;;")),
        "R402" => one(sms("1,23457E+15;;+905321234567")),
        "R403" => one(sms(&format!("{};;+905321234567", "M".repeat(256)))),
        "R404" => judged(
            format!(
                "Token;İzin Türü;İzin Durumu;İzin Tarihi;Kaynak;Alıcı Tipi\nkısa;MESAJ;{TAIL}\n"
            ),
            &push(),
        ),
        "R405" => changed(
            format!(
                "TC No;Telefon;İzin Türü;İzin Durumu;İzin Tarihi;Kaynak;Alıcı Tipi\n10000000147;05321234567;MESAJ;{TAIL}\n"
            ),
            |options| {
                let checked = Assignment {
                    field: Field::NationalId,
                    channel: None,
                };
                options.mapping.columns.insert("TC No".to_owned(), checked);
            },
        ),
        "R406" => one(sms("M17;;")),
        "R501" => one(said("MESAJ;;20.06.2025 14:05;HS_WEB;BIREYSEL")),
        "R502" => one(said("MESAJ;X;20.06.2025 14:05;HS_WEB;BIREYSEL")),
        "R503" => judged(
            "Telefon;İzin;İzin Tarihi;Kaynak\n05321234567;ONAY;20.06.2025 14:05;HS_WEB\n",
            &push(),
        ),
        "R601" => one(said("MESAJ;ONAY;;HS_WEB;BIREYSEL")),
        "R602" => one(said("MESAJ;ONAY;dün;HS_WEB;BIREYSEL")),
        "R603" => one(said("MESAJ;ONAY;30.04.2015;HS_WEB;BIREYSEL")),
        "R604" => one(said("MESAJ;ONAY;24.06.2025 09:00;HS_WEB;BIREYSEL")),
        "R605" => one(said("MESAJ;ONAY;02.05.2015;HS_2015;BIREYSEL")),
        "R606" => one(said("MESAJ;ONAY;17.06.2025 09:00;HS_WEB;BIREYSEL")),
        "R608" => one(said("MESAJ;ONAY;30.12.1899;HS_WEB;BIREYSEL")),
        "R701" => one(said("MESAJ;ONAY;20.06.2025 14:05;;BIREYSEL")),
        "R702" => one(said("MESAJ;ONAY;20.06.2025 14:05;komşudan;BIREYSEL")),
        "R703" => one(said("MESAJ;ONAY;20.06.2025 14:05;IYS_WEB;BIREYSEL")),
        "R704" => one(said("MESAJ;ONAY;20.06.2025 14:05;HS_KARAR;BIREYSEL")),
        "R705" => one(said("FAKS;ONAY;20.06.2025 14:05;HS_WEB;BIREYSEL")),
        "R706" => judged(
            format!(
                "Alıcı;İzin Türü;İzin Durumu;İzin Tarihi;Kaynak;Alıcı Tipi\n05321234567;EPOSTA;{TAIL}\n"
            ),
            &push(),
        ),
        "R707" => changed(
            table(&[said("MESAJ;ONAY;20.06.2025 14:05;HS_WEB;")]),
            |options| options.default_kind = None,
        ),
        "R708" => one(said("MESAJ;ONAY;20.06.2025 14:05;HS_WEB;uzaylı")),
        _ => return None,
    })
}

fn of_rows_and_record(code: &str) -> Option<Outcome> {
    let onay = "MESAJ;ONAY;20.06.2025 14:05;HS_WEB;BIREYSEL";
    let ret = "MESAJ;RET;20.06.2025 14:05;HS_WEB;BIREYSEL";
    let again = |consent: &str| several(&[&said(consent), &said(onay)]);
    Some(match code {
        "R607" => on_record(ret, ours(Status::Onay, "2025-06-21 10:00:00")),
        "R802" => again(&ret.replace("14:05", "10:00")),
        "R803" => {
            let crowd: Vec<String> = (0..21)
                .map(|i| sms(&format!("K{i};;+905321234567")))
                .collect();
            judged(table(&crowd), &push())
        }
        "R804" => several(&[&sms("M1;;+905321234567"), &sms("M1;;+905331234567")]),
        "R805" => on_record(onay, ours(Status::Ret, "2025-06-21 10:00:00")),
        "R806" => on_record(onay, citizens_refusal("2025-06-21 10:00:00")),
        "R807" => on_record(onay, citizens_refusal("2025-06-20 10:00:00")),
        "W402" => several(&[&sms("0017;;+905321234567"), &sms("17;;+905331234567")]),
        "W801" => again(onay),
        "W802" => again(&onay.replace("14:05", "10:00")),
        "W803" => several(&[&sms("M1;;+905321234567"), &sms("M2;;+905321234567")]),
        "W804" => on_record(onay, ours(Status::Onay, "2025-06-20 14:05:00")),
        "W805" => on_record(
            onay,
            Stored {
                blacklisted: true,
                ..Stored::default()
            },
        ),
        _ => return None,
    })
}

fn of_remark(code: &str) -> Option<Outcome> {
    let phone = |phone: &str| one(sms(&format!(";;{phone}")));
    let dated = |date: &str| one(said(&format!("MESAJ;ONAY;{date};HS_WEB;BIREYSEL")));
    Some(match code {
        "W103" => phone("'05321234567"),
        "W105" => one(sms(";?ükrü;+905321234567")),
        "W201" => phone("05321234567"),
        "W202" => phone("０５３２１２３４５６７"),
        "W203" => phone("+90 0532 123 45 67"),
        "W204" => phone("0577 123 45 67"),
        "W205" => phone("9,05321234567E+11"),
        "W207" => phone("0533 861 23 45"),
        "W301" => one(mail("Ali@Firma.com.tr")),
        "W302" => one(mail("ali@gmial.com")),
        "W303" => one(mail("info@firma.com.tr")),
        "W403" => one(sms("1.Mar;;+905321234567")),
        "W602" => dated("20.06.2025"),
        "W603" => dated("1750417500"),
        "W604" => dated("20.06.25 14:05"),
        "W605" => changed(
            table(&[said("MESAJ;ONAY;01.05.2015;HS_WEB;BIREYSEL")]),
            |options| {
                options.activation = Some(options.now.plus_micros(1));
            },
        ),
        "W606" => changed(
            table(&[said("MESAJ;ONAY;04.06.2025 09:00;HS_WEB;BIREYSEL")]),
            |options| {
                options.now = "2025-06-10T10:00:00+03:00".parse().unwrap();
            },
        ),
        "W701" => changed(
            table(&[said("MESAJ;ONAY;20.06.2025 14:05;web sitesi;BIREYSEL")]),
            |options| {
                let answers = &mut options.mapping.sources;
                answers.insert("web sitesi".to_owned(), domain::Source::HS_WEB);
            },
        ),
        "W702" => one(said("hepsi;ONAY;20.06.2025 14:05;HS_WEB;BIREYSEL")),
        "W703" => one(said("MESAJ;ONAY;20.06.2025 14:05;HS_WEB;Esnaf")),
        _ => return None,
    })
}

const PROMOTIONS: &str = "crates/intake/tests/intake/promotions.rs";
const EVENTS: &str = "crates/api/tests/http/events.rs";

/// Codes of other rooms: the file of the test that brings each out.
const ELSEWHERE: [(&str, &str); 21] = [
    ("F120", PROMOTIONS),
    ("R808", PROMOTIONS),
    ("R809", PROMOTIONS),
    ("R810", PROMOTIONS),
    ("F104", "crates/intake/tests/intake/files.rs"),
    ("R709", "fixtures/expected.tsv"),
    ("F116", "crates/store/tests/conformance/uploads.rs"),
    // The registry's authority per brand and channel, which no file shows.
    ("F118", "crates/domain/data/reasons.tsv"),
    ("R901", EVENTS),
    ("R902", EVENTS),
    ("R903", EVENTS),
    ("R904", EVENTS),
    ("R905", EVENTS),
    ("R906", EVENTS),
    ("R907", EVENTS),
    ("R908", EVENTS),
    ("R909", EVENTS),
    ("W901", EVENTS),
    ("W902", EVENTS),
    ("W903", EVENTS),
    ("W904", EVENTS),
];

/// Codes of the readers of workbooks, archives and lists without a header.
const OF_OTHER_READERS: [&str; 5] = ["F108", "F109", "F112", "F119", "W106"];

#[test]
fn every_code_about_files_and_rows_is_produced_by_a_rule() {
    let mut missing = Vec::new();
    for code in ReasonCode::all() {
        if !matches!(
            code.class(),
            ReasonClass::FileStopped | ReasonClass::RowRejected | ReasonClass::Remark
        ) {
            continue;
        }
        let name = code.to_string();
        if OF_OTHER_READERS.contains(&name.as_str()) {
            continue;
        }
        let found = of_file(&name)
            .or_else(|| of_row(&name))
            .or_else(|| of_rows_and_record(&name))
            .or_else(|| of_remark(&name));
        let is_shown = match found {
            Some(outcome) => outcome.verdict.code() == Some(*code) || outcome.count(*code) > 0,
            None => ELSEWHERE
                .iter()
                .find(|(elsewhere, _)| *elsewhere == name)
                .is_some_and(|(_, file)| mentions(file, &name)),
        };
        if !is_shown {
            missing.push(name);
        }
    }
    assert!(missing.is_empty(), "nothing brings out {missing:?}");
}

fn mentions(file: &str, code: &str) -> bool {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::fs::read_to_string(root.join(file)).is_ok_and(|text| text.contains(code))
}
