//! Invented people, each with a number and an address of their own.

use domain::Timestamp;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Weekday};

use super::dice::Dice;
use super::{Form, Generate};

/// One row before it is written.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) phone: String,
    pub(super) email: String,
    pub(super) status: &'static str,
    pub(super) at: DateTime,
    pub(super) date: String,
    pub(super) channel: &'static str,
    pub(super) source: &'static str,
    pub(super) kind: &'static str,
    pub(super) brand: &'static str,
    /// Number of the person in the file, from 0.
    pub(super) number: u64,
    pub(super) form: Form,
}

impl Line {
    pub(super) fn text(&self) -> String {
        match self.form {
            Form::Shop => self.of_shop(),
            Form::OneAddress => self.of_one_address(),
        }
    }

    fn of_one_address(&self) -> String {
        let address = match self.channel {
            "EPOSTA" => &self.email,
            _ => &self.phone,
        };
        [
            self.id.as_str(),
            &self.name,
            address,
            self.status,
            &self.date,
            self.channel,
            self.source,
            self.kind,
            self.brand,
            &national_id(self.number),
        ]
        .join(";")
    }

    fn of_shop(&self) -> String {
        [
            self.id.as_str(),
            &self.name,
            &self.phone,
            &self.email,
            self.status,
            &self.date,
            self.channel,
            self.source,
            self.kind,
        ]
        .join(";")
    }

    /// Whether a later row may repeat or contradict this one in every way.
    pub(super) fn can_be_referred_to(&self) -> bool {
        self.status == "ONAY" && self.channel == "MESAJ"
    }

    /// The same consent at another moment.
    pub(super) fn at(mut self, at: DateTime) -> Self {
        self.at = at;
        self.date = dotted(at);
        self
    }
}

/// Makes people, one after the other.
#[derive(Debug)]
pub(super) struct PersonMaker {
    made: u64,
    /// Where in the circle of numbers the first person stands.
    start: u64,
    days: [Date; 2],
    eposta_percent: u8,
    arama_percent: u8,
    ret_percent: u8,
    form: Form,
}

const FIRST_NAMES: [&str; 32] = [
    "Ayşe", "Fatma", "Emine", "Hatice", "Zeynep", "Elif", "Merve", "Büşra", "Özge", "Şeyma",
    "Gülşah", "İrem", "Çağla", "Tuğba", "Nilüfer", "Sıla", "Mehmet", "Mustafa", "Ahmet", "Ali",
    "Hüseyin", "Hasan", "İbrahim", "Ömer", "Yusuf", "Murat", "Oğuzhan", "Çınar", "Şükrü", "Uğur",
    "Kıvanç", "Gökhan",
];

const LAST_NAMES: [&str; 32] = [
    "Yılmaz",
    "Kaya",
    "Demir",
    "Çelik",
    "Şahin",
    "Yıldız",
    "Yıldırım",
    "Öztürk",
    "Aydın",
    "Özdemir",
    "Arslan",
    "Doğan",
    "Kılıç",
    "Aslan",
    "Çetin",
    "Kara",
    "Koç",
    "Kurt",
    "Özkan",
    "Şimşek",
    "Polat",
    "Korkmaz",
    "Çakır",
    "Erdoğan",
    "Güneş",
    "Bulut",
    "Işık",
    "Ünal",
    "Güler",
    "Taş",
    "Tekin",
    "Acar",
];

/// The same names as they appear in addresses.
const FIRST_ASCII: [&str; 32] = [
    "ayse", "fatma", "emine", "hatice", "zeynep", "elif", "merve", "busra", "ozge", "seyma",
    "gulsah", "irem", "cagla", "tugba", "nilufer", "sila", "mehmet", "mustafa", "ahmet", "ali",
    "huseyin", "hasan", "ibrahim", "omer", "yusuf", "murat", "oguzhan", "cinar", "sukru", "ugur",
    "kivanc", "gokhan",
];

const LAST_ASCII: [&str; 32] = [
    "yilmaz", "kaya", "demir", "celik", "sahin", "yildiz", "yildirim", "ozturk", "aydin",
    "ozdemir", "arslan", "dogan", "kilic", "aslan", "cetin", "kara", "koc", "kurt", "ozkan",
    "simsek", "polat", "korkmaz", "cakir", "erdogan", "gunes", "bulut", "isik", "unal", "guler",
    "tas", "tekin", "acar",
];

const MAIL_HOSTS: [&str; 5] = [
    "gmail.com",
    "hotmail.com",
    "outlook.com",
    "yandex.com.tr",
    "icloud.com",
];

/// Mobile prefixes without blocks of KKTC.
const PREFIXES: [u64; 20] = [
    530, 531, 532, 534, 535, 536, 537, 538, 539, 541, 543, 544, 545, 546, 547, 549, 505, 506, 507,
    551,
];

/// Subscriber numbers used under each prefix: from 2000001, so that none of
/// them is a placeholder, and odd at the end, so that none is round.
const SUBSCRIBERS: u64 = 3_500_000;

/// How many different numbers there are.
const NUMBERS: u64 = PREFIXES.len() as u64 * SUBSCRIBERS;

/// Shares no factor with [`NUMBERS`]: steps of it visit every number once.
const STEP: u64 = 41_234_567;

const SOURCES: [&str; 7] = [
    "HS_WEB",
    "HS_WEB",
    "HS_MOBIL",
    "HS_FIZIKSEL_ORTAM",
    "HS_CAGRI_MERKEZI",
    "HS_ISLAK_IMZA",
    "HS_ETKINLIK",
];

impl PersonMaker {
    pub(super) fn new(spec: &Generate) -> Self {
        Self {
            made: 0,
            start: super::dice::Dice::new(spec.seed ^ 0x5eed).below(NUMBERS),
            days: weekdays_before(spec.now),
            eposta_percent: spec.channels.eposta_percent,
            arama_percent: spec.channels.arama_percent,
            ret_percent: spec.ret_percent,
            form: spec.form,
        }
    }

    /// The next person, with a consent as the mix has it.
    pub(super) fn next(&mut self, dice: &mut Dice) -> Line {
        let mut line = self.plain(dice);
        let throw = dice.percent();
        let with_email = dice.percent() < 60;
        if throw < self.eposta_percent {
            line.channel = "EPOSTA";
        } else if throw < self.eposta_percent.saturating_add(self.arama_percent) {
            line.channel = "ARAMA";
        }
        if line.channel != "EPOSTA" && !with_email {
            line.email.clear();
        }
        if dice.percent() < self.ret_percent {
            line.status = "RET";
        }
        if dice.percent() < 8 {
            line.kind = "TACIR";
        }
        line.date = match dice.below(8) {
            0 => iso(line.at),
            1 => format!("{}:{:02}", dotted(line.at), line.at.second()),
            _ => {
                line.at = without_seconds(line.at);
                dotted(line.at)
            }
        };
        line
    }

    /// The next person: a consumer's consent for SMS, with both addresses.
    pub(super) fn plain(&mut self, dice: &mut Dice) -> Line {
        let number = self.made;
        self.made += 1;
        let first = usize::try_from(dice.below(32)).unwrap_or(0);
        let last = usize::try_from(dice.below(32)).unwrap_or(0);
        let digits = national_number(self.start, number);
        let at = self.moment(dice);
        let host = dice.pick(&MAIL_HOSTS);
        Line {
            id: format!("M{number:07}"),
            name: format!("{} {}", FIRST_NAMES[first], LAST_NAMES[last]),
            phone: written_phone(digits, dice),
            email: format!("{}.{}{number}@{host}", FIRST_ASCII[first], LAST_ASCII[last]),
            status: "ONAY",
            date: dotted(at),
            at: without_seconds(at),
            channel: "MESAJ",
            source: dice.pick(&SOURCES),
            kind: "BIREYSEL",
            brand: "",
            number,
            form: self.form,
        }
    }

    /// Office hours of one of the two weekdays before now: inside the three
    /// business days of İYS by every reading.
    fn moment(&self, dice: &mut Dice) -> DateTime {
        let day = dice.pick(&self.days);
        let second = i64::try_from(dice.below(10 * 3_600)).unwrap_or(0);
        day.at(9, 0, 0, 0).saturating_add(second.seconds())
    }
}

/// Eleven digits with the check digits of a national id, of nobody.
fn national_id(person: u64) -> String {
    let nine = 100_000_000 + person % 900_000_000;
    let digits: Vec<u64> = nine
        .to_string()
        .bytes()
        .map(|b| u64::from(b - b'0'))
        .collect();
    let odd: u64 = digits.iter().step_by(2).sum();
    let even: u64 = digits.iter().skip(1).step_by(2).sum();
    // Seven times the one less the other, kept above zero.
    let tenth = (7 * odd + 100 - even) % 10;
    let eleventh = (odd + even + tenth) % 10;
    format!("{nine}{tenth}{eleventh}")
}

fn weekdays_before(now: Timestamp) -> [Date; 2] {
    let mut day = now.to_turkish().date();
    let mut previous = || {
        loop {
            day = day.yesterday().unwrap_or(day);
            if !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
                return day;
            }
        }
    };
    [previous(), previous()]
}

/// Ten digits, different for every person up to [`NUMBERS`] people.
fn national_number(start: u64, person: u64) -> u64 {
    let slot = (u128::from(person) * u128::from(STEP) + u128::from(start)) % u128::from(NUMBERS);
    let slot = u64::try_from(slot).unwrap_or(0);
    let prefixes = PREFIXES.len() as u64;
    let prefix = PREFIXES[usize::try_from(slot % prefixes).unwrap_or(0)];
    prefix * 10_000_000 + 2_000_001 + 2 * (slot / prefixes)
}

/// A number in one of the ways people write it.
fn written_phone(national: u64, dice: &mut Dice) -> String {
    let digits = national.to_string();
    let (operator, rest) = digits.split_at(3);
    let (a, rest) = rest.split_at(3);
    let (b, c) = rest.split_at(2);
    match dice.below(8) {
        0 => format!("0{digits}"),
        1 => digits,
        2 => format!("+90{digits}"),
        3 => format!("+90 {operator} {a} {b} {c}"),
        4 => format!("(0{operator}) {a} {b} {c}"),
        5 => format!("90{digits}"),
        _ => format!("0{operator} {a} {b} {c}"),
    }
}

/// `20.06.2025 14:05`.
pub(super) fn dotted(at: DateTime) -> String {
    format!(
        "{:02}.{:02}.{:04} {:02}:{:02}",
        at.day(),
        at.month(),
        at.year(),
        at.hour(),
        at.minute()
    )
}

fn iso(at: DateTime) -> String {
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

fn without_seconds(at: DateTime) -> DateTime {
    at.date().at(at.hour(), at.minute(), 0, 0)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn invented_national_ids_pass_the_check_digits() {
        for person in [0, 1, 7, 46, 12_345, 899_999_999] {
            let id = national_id(person);
            assert!(crate::cell::holds_national_id(&id), "{id}");
        }
        assert_eq!(national_id(0), "10000000078");
    }

    #[test]
    fn no_two_people_share_a_number_and_no_number_is_a_placeholder() {
        let numbers: HashSet<u64> = (0..200_000)
            .map(|person| national_number(77, person))
            .collect();
        assert_eq!(numbers.len(), 200_000);
        assert!(
            numbers
                .iter()
                .all(|n| n % 10 != 0 && n % 10_000_000 >= 2_000_001)
        );
        let gcd = |mut a: u64, mut b: u64| {
            while b != 0 {
                (a, b) = (b, a % b);
            }
            a
        };
        assert_eq!(gcd(STEP, NUMBERS), 1);
    }
}
