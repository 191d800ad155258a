//! Complaints of citizens (*şikâyet*): how far a case has come, what nobody
//! may be made to write into one, and what an answer must not hold.
//!
//! A complaint needs a number, a sender and an hour. An identity number
//! (*TCKN*) or a card number is never needed, so a text with one is refused
//! before it is stored (Law 6698 art. 4: no more than the purpose needs).

use serde::{Deserialize, Serialize};

use crate::channel::vocabulary;
use crate::email::EmailAddress;
use crate::fold_text::name_fold;
use crate::lint::{has_link, promotional_words};
use crate::phone::{PhoneRules, parse_phone};
use crate::recipient::Recipient;

vocabulary! {
    /// How far a case has come.
    CaseState {
        /// Nobody has taken it (*yanıt bekliyor*).
        Waiting = 1, "waiting";
        /// Somebody works on it (*işlemde*).
        Process = 2, "process";
        /// The citizen was answered (*yanıtlandı*).
        Replied = 3, "replied";
        /// Closed (*çözüldü*).
        Solved = 4, "solved";
    }
}

vocabulary! {
    /// What happened to a case.
    CaseDeed {
        /// A citizen filed it.
        ClientCreated = 1, "TicketClientCreated";
        /// Somebody of the firm wrote down what a citizen told.
        AdminCreated = 2, "TicketAdminCreated";
        /// Somebody took it.
        AssignedChange = 3, "TicketAssignedChange";
        /// The citizen was answered.
        AdminReplied = 4, "TicketAdminReplied";
        /// It was closed.
        Solved = 5, "TicketSolved";
        /// The branch that took the consent was told.
        BranchInformed = 6, "BranchInformed";
        /// The person's refusal went into the ledger.
        RefusalRecorded = 7, "RefusalRecorded";
        /// An evidence pack was made.
        PackMade = 8, "EvidencePackMade";
        /// Nothing of it may be deleted from now on.
        HoldSet = 9, "LegalHoldSet";
        /// It may be deleted again when its time is over.
        HoldLifted = 10, "LegalHoldLifted";
        /// Until when an authority wants its answer was written down.
        DueChanged = 11, "AnswerDueChanged";
    }
}

/// A number that a complaint must not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SensitiveNumber {
    /// An identity number with right check digits.
    Identity,
    /// A payment card.
    Card,
}

impl SensitiveNumber {
    /// Why the text is refused, in Turkish.
    pub const fn text_tr(self) -> &'static str {
        match self {
            Self::Identity => {
                "Metinde T.C. kimlik numarası var. Şikâyet için gerekmez; lütfen silin. Hiçbir bilginiz kaydedilmedi."
            }
            Self::Card => {
                "Metinde banka kartı numarası var. Şikâyet için gerekmez; lütfen silin. Hiçbir bilginiz kaydedilmedi."
            }
        }
    }

    /// The same in English.
    pub const fn text_en(self) -> &'static str {
        match self {
            Self::Identity => {
                "The text holds a Turkish identity number. A complaint does not need it; please remove it. Nothing was stored."
            }
            Self::Card => {
                "The text holds a payment card number. A complaint does not need it; please remove it. Nothing was stored."
            }
        }
    }
}

/// The first identity or card number in a text, however its digits are spaced.
pub fn sensitive_number(text: &str) -> Option<SensitiveNumber> {
    runs(text).iter().find_map(|run| {
        spans(run).find_map(|digits| match digits.len() {
            11 if is_identity_number(&digits) => Some(SensitiveNumber::Identity),
            13..=19 if is_card_number(&digits) => Some(SensitiveNumber::Card),
            _ => None,
        })
    })
}

/// What keeps an answer from leaving.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerFault {
    /// It promotes something.
    Promotion(Vec<String>),
    /// It carries a link.
    Link,
    /// Somebody else's phone number, masked.
    ForeignPhone(String),
    /// Somebody else's e-mail address, masked.
    ForeignEmail(String),
    /// An identity or card number.
    Sensitive(SensitiveNumber),
}

impl AnswerFault {
    /// What to take out, in Turkish.
    pub fn text_tr(&self) -> String {
        match self {
            Self::Promotion(words) => format!(
                "Şikâyet eden kişiye tanıtım gönderilemez; şu sözleri çıkarın: {}.",
                words.join(", ")
            ),
            Self::Link => "Yanıtta bağlantı bulunamaz.".to_owned(),
            Self::ForeignPhone(shown) => {
                format!("Başkasına ait olabilecek bir telefon numarası var: {shown}.")
            }
            Self::ForeignEmail(shown) => {
                format!("Başkasına ait olabilecek bir e-posta adresi var: {shown}.")
            }
            Self::Sensitive(SensitiveNumber::Identity) => {
                "Yanıtta T.C. kimlik numarası bulunamaz.".to_owned()
            }
            Self::Sensitive(SensitiveNumber::Card) => {
                "Yanıtta banka kartı numarası bulunamaz.".to_owned()
            }
        }
    }

    /// The same in English.
    pub fn text_en(&self) -> String {
        match self {
            Self::Promotion(words) => format!(
                "Somebody who complained is sent no promotion; take out: {}.",
                words.join(", ")
            ),
            Self::Link => "An answer carries no link.".to_owned(),
            Self::ForeignPhone(shown) => {
                format!("There is a phone number that may be somebody else's: {shown}.")
            }
            Self::ForeignEmail(shown) => {
                format!("There is an e-mail address that may be somebody else's: {shown}.")
            }
            Self::Sensitive(SensitiveNumber::Identity) => {
                "An answer holds no identity number.".to_owned()
            }
            Self::Sensitive(SensitiveNumber::Card) => "An answer holds no card number.".to_owned(),
        }
    }
}

/// Reads an answer to the person at `own` for what must not be in it.
pub fn answer_faults(text: &str, own: &Recipient) -> Vec<AnswerFault> {
    let mut faults = Vec::new();
    let words = promotional_words(text, &name_fold(text));
    if !words.is_empty() {
        faults.push(AnswerFault::Promotion(words));
    }
    if has_link(text) {
        faults.push(AnswerFault::Link);
    }
    if let Some(number) = sensitive_number(text) {
        faults.push(AnswerFault::Sensitive(number));
    }
    for run in runs(text) {
        let found = spans(&run)
            .filter(|digits| (10..=14).contains(&digits.len()))
            .filter_map(|digits| phone_of(&digits));
        let found: Vec<Recipient> = found.collect();
        // One way to read it as the person's own is enough.
        if let Some(other) = found.iter().find(|one| *one != own)
            && !found.contains(own)
        {
            faults.push(AnswerFault::ForeignPhone(other.masked()));
        }
    }
    for word in
        text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '<' | '>' | '(' | ')'))
    {
        let word = word
            .trim_matches(|c: char| !c.is_alphanumeric())
            .to_lowercase();
        if let Some(mail) = EmailAddress::from_normalised(&word)
            && Recipient::Email(mail.clone()) != *own
        {
            faults.push(AnswerFault::ForeignEmail(Recipient::Email(mail).masked()));
        }
    }
    faults.dedup();
    faults
}

fn phone_of(digits: &str) -> Option<Recipient> {
    let international = format!("+{digits}");
    let written = if digits.len() > 11 {
        &international
    } else {
        digits
    };
    let read = parse_phone(written, &PhoneRules::turkey(false));
    read.result.ok().map(Recipient::Phone)
}

/// Groups of digits that stand together: between two of one run there is only
/// what people write between the digits of one number.
fn runs(text: &str) -> Vec<Vec<String>> {
    let (mut all, mut run, mut group, mut between) =
        (Vec::new(), Vec::new(), String::new(), String::new());
    for c in text.chars() {
        if c.is_ascii_digit() {
            if group.is_empty() && !between.is_empty() && !joins(&between) {
                end_run(&mut all, &mut run);
            }
            between.clear();
            group.push(c);
        } else {
            if !group.is_empty() {
                run.push(std::mem::take(&mut group));
            }
            between.push(c);
        }
    }
    if !group.is_empty() {
        run.push(group);
    }
    end_run(&mut all, &mut run);
    all
}

fn joins(between: &str) -> bool {
    between.chars().count() <= 3
        && between
            .chars()
            .all(|c| matches!(c, ' ' | '-' | '.' | '(' | ')' | '\u{a0}'))
}

/// Keeps a run, cut where a date stands in it.
fn end_run(all: &mut Vec<Vec<String>>, run: &mut Vec<String>) {
    let groups = std::mem::take(run);
    let mut rest: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(group) = groups.get(at) {
        if is_date(groups.get(at..).unwrap_or_default()) {
            all.push(std::mem::take(&mut rest));
            at += 3;
        } else {
            rest.push(group.clone());
            at += 1;
        }
    }
    all.push(rest);
    all.retain(|run| !run.is_empty());
}

fn is_date(groups: &[String]) -> bool {
    let [day, month, year, ..] = groups else {
        return false;
    };
    let number = |text: &String| text.parse::<u32>().unwrap_or(0);
    day.len() <= 2
        && month.len() == 2
        && year.len() == 4
        && (1..=31).contains(&number(day))
        && (1..=12).contains(&number(month))
        && (1990..=2100).contains(&number(year))
}

/// Every number that neighbouring groups of a run may be together.
fn spans(run: &[String]) -> impl Iterator<Item = String> + '_ {
    (0..run.len()).flat_map(move |from| {
        (from + 1..=run.len()).filter_map(move |to| Some(run.get(from..to)?.concat()))
    })
}

fn digits_of(text: &str) -> Vec<u32> {
    text.chars().filter_map(|c| c.to_digit(10)).collect()
}

/// Eleven digits whose last two check the others.
fn is_identity_number(text: &str) -> bool {
    let digits = digits_of(text);
    let [a, b, c, d, e, f, g, h, i, tenth, eleventh] = digits[..] else {
        return false;
    };
    let odd = a + c + e + g + i;
    let even = b + d + f + h;
    // 10 × 8 keeps the difference above zero; it changes no remainder.
    a != 0 && (odd * 7 + 80 - even) % 10 == tenth && (odd + even + tenth) % 10 == eleventh
}

/// Thirteen to nineteen digits by the rule of Luhn.
fn is_card_number(text: &str) -> bool {
    let digits = digits_of(text);
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit * 2) {
            (0, _) => *digit,
            (_, double) if double > 9 => double - 9,
            (_, double) => double,
        })
        .sum();
    digits.first().is_some_and(|first| *first != 0) && sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> Recipient {
        Recipient::from_normalised("+905321234567").expect("a phone")
    }

    #[test]
    fn an_identity_number_is_found_however_it_is_spaced_and_a_phone_is_none() {
        for text in [
            "TC kimliğim 10000000146.",
            "no: 100 000 001 46",
            "10000000146 numaralı kişiyim",
            "12.03.2025 günü 100-000-001-46",
        ] {
            assert_eq!(
                sensitive_number(text),
                Some(SensitiveNumber::Identity),
                "{text}"
            );
        }
        for text in [
            "0532 123 45 67 numarama 12.03.2025 10:15'te geldi",
            "10000000147",
            "905321234567",
            "sipariş 20250312101500",
        ] {
            assert_eq!(sensitive_number(text), None, "{text}");
        }
    }

    #[test]
    fn a_card_number_is_found_by_its_check_digit() {
        for text in ["kartım 4111 1111 1111 1111", "5555-5555-5555-4444"] {
            assert_eq!(
                sensitive_number(text),
                Some(SensitiveNumber::Card),
                "{text}"
            );
        }
        assert_eq!(sensitive_number("4111 1111 1111 1112"), None);
        // A MERSİS number begins with a zero and is no card.
        assert_eq!(sensitive_number("0123456789012345"), None);
    }

    #[test]
    fn an_answer_with_facts_leaves_and_one_that_promotes_does_not() {
        let facts = "Başvurunuzu inceledik: 22.06.2025 21:14'te gönderilen iletinin dayanağı 12.03.2025 \
                     tarihli izindir. +90 532 123 45 67 numaranıza gönderim durdurulmuştur.";
        assert_eq!(answer_faults(facts, &own()), []);
        let found = answer_faults("Özür dileriz, size %10 indirim tanımladık.", &own());
        assert_eq!(
            found,
            [AnswerFault::Promotion(vec![
                "indirim".to_owned(),
                "%10".to_owned()
            ])]
        );
        assert!(found[0].text_tr().contains("%10"));
        assert!(answer_faults("Ayrıntı: ornek.com/duyuru", &own()).contains(&AnswerFault::Link));
    }

    #[test]
    fn what_is_somebody_elses_does_not_leave_with_an_answer() {
        let found = answer_faults("İzni 0533 765 43 21 numaralı çalışanımız almış.", &own());
        assert_eq!(
            found,
            [AnswerFault::ForeignPhone("+90533*****21".to_owned())]
        );
        let found = answer_faults("Bayimiz: ali@ornek.com.", &own());
        assert_eq!(
            found,
            [AnswerFault::ForeignEmail("a***@ornek.com".to_owned())]
        );
        let found = answer_faults("Kimlik 10000000146", &own());
        assert!(found.contains(&AnswerFault::Sensitive(SensitiveNumber::Identity)));
        assert_eq!(answer_faults("Numaranız 0532 123 45 67.", &own()), []);
    }
}
