//! The phone and the e-mail address of a row.

use std::cell::OnceCell;

use domain::email::{EmailVerdict, parse_email};
use domain::phone::{PhoneDetail, PhoneRefusal, PhoneRules, PhoneVerdict, parse_phone};
use domain::reason::Remarks;
use domain::{Channel, Msisdn, ReasonCode};

use super::cells::Cells;
use super::settle::Target;
use crate::cell::{Fault, holds_national_id};
use crate::field::Field;
use crate::options::Options;
use crate::pair::Address;
use crate::remarked::Remarked;
use crate::table::layout::Layout;

/// Reads the address columns of rows into reused buffers.
#[derive(Debug)]
pub(crate) struct AddressReader {
    for_sms: PhoneRules,
    phone: String,
    email: String,
    recipient: String,
    pub(crate) statistics: PhoneStatistics,
}

/// What the phone column looks like as a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PhoneStatistics {
    /// Cells that hold anything.
    pub(crate) cells: u64,
    /// Cells whose digits a spreadsheet has lost (R209).
    pub(crate) damaged: u64,
    /// Cells read as a number.
    pub(crate) read: u64,
    /// Of those, numbers that end in four zeros or more.
    pub(crate) ending_in_zeros: u64,
}

/// A number that ends in as many zeros was not dialled but rounded (W206).
pub(crate) const SUSPECT_ZEROS: u32 = 4;

impl PhoneStatistics {
    fn note(&mut self, verdict: &PhoneVerdict) {
        self.cells += 1;
        match verdict.result {
            Ok(phone) => {
                self.read += 1;
                let is_round = phone.as_digits() % 10_u64.pow(SUSPECT_ZEROS) == 0;
                self.ending_in_zeros += u64::from(is_round);
            }
            Err(refusal) => self.damaged += u64::from(refusal.code == ReasonCode::R209),
        }
    }

    /// Damaged cells in percent, rounded down.
    pub(crate) fn damaged_percent(&self) -> u64 {
        (self.damaged * 100).checked_div(self.cells).unwrap_or(0)
    }

    /// Whether more than this share of the column is damaged (F113).
    pub(crate) fn is_damaged_beyond(&self, percent: u64) -> bool {
        self.damaged * 100 > self.cells * percent
    }

    /// Whether nearly every number ends in the same zeros.
    pub(crate) fn is_suspect(&self) -> bool {
        const ENOUGH: u64 = 12;
        self.read >= ENOUGH && self.ending_in_zeros * 100 >= self.read * 95
    }
}

impl AddressReader {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            for_sms: PhoneRules {
                allowed_countries: options.allowed_countries(),
                channel_needs_mobile: true,
                default_country: options.default_country(),
            },
            phone: String::new(),
            email: String::new(),
            recipient: String::new(),
            statistics: PhoneStatistics::default(),
        }
    }

    /// Reads the addresses of a row; `channel` is the one the row states.
    pub(crate) fn read<'a>(
        &'a mut self,
        cells: Cells<'a>,
        layout: &Layout,
        channel: Option<Channel>,
        remarked: &mut Remarked,
    ) -> Addresses<'a> {
        let for_sms = self.for_sms;
        let mut text = |column, scratch| {
            let (text, repaired) = cells.text(column, scratch);
            if repaired {
                remarked.add(ReasonCode::W104);
            }
            text
        };
        let phone: &'a str = text(layout.phone, &mut self.phone);
        let email: &'a str = text(layout.email, &mut self.email);
        let either: &'a str = text(layout.recipient, &mut self.recipient);
        let mut addresses = Addresses {
            for_sms,
            phone: read_phone(phone, &for_sms),
            email: OnceCell::new(),
            email_text: email,
        };
        if !either.trim_ascii().is_empty() {
            addresses.add_either(either, channel);
        }
        if let Some((verdict, text)) = &addresses.phone {
            self.statistics.note(verdict);
            if verdict.result.is_err() && holds_national_id(text) {
                remarked.add(ReasonCode::W405);
            }
        }
        addresses
    }
}

/// `None` for a cell without a number.
fn read_phone<'a>(text: &'a str, rules: &PhoneRules) -> Option<(PhoneVerdict, &'a str)> {
    if text.is_empty() {
        return None;
    }
    let verdict = judge_phone(text, rules);
    let is_absent = verdict
        .result
        .is_err_and(|refusal| refusal.code == ReasonCode::R201);
    (!is_absent).then_some((verdict, text))
}

/// [`parse_phone`], by a shorter way for `0532 123 45 67` and the like: closed
/// up, such a number reads the same. Whatever is not accepted that way is
/// judged as it was written.
fn judge_phone(text: &str, rules: &PhoneRules) -> PhoneVerdict {
    let mut room = [0; CLOSED_UP_MAX];
    closed_up(text, &mut room)
        .map(|closed| parse_phone(closed, rules))
        .filter(|verdict| verdict.result.is_ok())
        .unwrap_or_else(|| parse_phone(text, rules))
}

/// Longer texts hold more than one plain number.
const CLOSED_UP_MAX: usize = 20;

/// The digits of a text, and a plus in front of them, without the spaces,
/// brackets and dashes between; `None` when there is anything else in it. Dots
/// and commas are not left out: they may be decimal.
fn closed_up<'r>(text: &str, room: &'r mut [u8; CLOSED_UP_MAX]) -> Option<&'r str> {
    let mut len = 0;
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' => {}
            b'+' if len == 0 => {}
            b' ' | b'(' | b')' | b'-' => continue,
            _ => return None,
        }
        *room.get_mut(len)? = byte;
        len += 1;
    }
    str::from_utf8(&room[..len]).ok()
}

/// `None` for a cell without an address.
fn read_email(text: &str) -> Option<EmailVerdict> {
    if text.is_empty() {
        return None;
    }
    let verdict = parse_email(text);
    let is_absent = verdict
        .result
        .as_ref()
        .is_err_and(|&code| code == ReasonCode::R306);
    (!is_absent).then_some(verdict)
}

/// The addresses of one row, judged; `None` where the row has none.
#[derive(Debug)]
pub(crate) struct Addresses<'a> {
    for_sms: PhoneRules,
    phone: Option<(PhoneVerdict, &'a str)>,
    /// Judged when it is first asked for: in a row about SMS nobody does.
    email: OnceCell<Option<EmailVerdict>>,
    email_text: &'a str,
}

impl<'a> Addresses<'a> {
    /// A cell that may hold either form (*alıcı*): the sign `@` decides, and
    /// where it is missing the channel tells which fault to name.
    fn add_either(&mut self, text: &'a str, channel: Option<Channel>) {
        if text.contains('@') {
            self.take_email(text);
            return;
        }
        let phone = read_phone(text, &self.for_sms);
        let is_number = phone.is_some_and(|(verdict, _)| verdict.result.is_ok());
        if channel == Some(Channel::Eposta) && !is_number {
            self.take_email(text);
        } else {
            self.phone = self.phone.or(phone);
        }
    }

    /// Takes an address from the other column where the e-mail column has none.
    fn take_email(&mut self, text: &'a str) {
        if self.email_verdict().is_none() {
            self.email = OnceCell::new();
            self.email_text = text;
        }
    }

    fn email_verdict(&self) -> Option<&EmailVerdict> {
        self.email
            .get_or_init(|| read_email(self.email_text))
            .as_ref()
    }

    /// Whether the row has an address of this form, usable or not.
    pub(crate) fn has(&self, is_phone: bool) -> bool {
        if is_phone {
            self.phone.is_some()
        } else {
            self.email_verdict().is_some()
        }
    }

    /// The phone for a channel. Calls reach landlines too, and so does an
    /// address that is only kept.
    pub(crate) fn phone(&self, channel: Option<Channel>) -> Result<(Msisdn, Remarks), Fault> {
        let Some((mut verdict, raw)) = self.phone else {
            return Err(Fault::new(Field::Phone, ReasonCode::R201));
        };
        let takes_landlines = matches!(channel, None | Some(Channel::Arama));
        let is_landline = verdict
            .result
            .is_err_and(|refusal| refusal.code == ReasonCode::R206);
        if takes_landlines && is_landline {
            let for_calls = PhoneRules {
                channel_needs_mobile: false,
                ..self.for_sms
            };
            verdict = parse_phone(raw, &for_calls);
        }
        match verdict.result {
            Ok(phone) => Ok((phone, verdict.remarks)),
            Err(refusal) => Err(phone_fault(&refusal, raw)),
        }
    }

    fn email(&self) -> Result<(&str, Remarks), Fault> {
        let Some(verdict) = self.email_verdict() else {
            return Err(Fault::new(Field::Email, ReasonCode::R306));
        };
        match &verdict.result {
            Ok(address) => Ok((address.as_str(), verdict.remarks)),
            Err(code) => {
                let fault = Fault::of_cell(Field::Email, *code, self.email_text.trim());
                Err(match &verdict.suggestion {
                    Some(suggestion) => fault.with("suggestion", &**suggestion),
                    None => fault,
                })
            }
        }
    }

    /// What the e-mail address was probably meant to be (W302).
    pub(super) fn email_suggestion(&self) -> Option<&str> {
        self.email_verdict()?.suggestion.as_deref()
    }

    /// The address a pair is formed with.
    ///
    /// # Errors
    /// The fault of its cell, R201 or R306 where there is none, R706 where the
    /// file has only addresses of the other form.
    pub(super) fn resolve(
        &self,
        target: Target,
        layout: &Layout,
    ) -> Result<(Address<'_>, Remarks), Fault> {
        let is_phone = target.is_phone();
        let own_column = if is_phone { layout.phone } else { layout.email };
        if !self.has(is_phone)
            && self.has(!is_phone)
            && own_column.is_none()
            && let Some(channel) = target.channel()
        {
            let raw = if is_phone {
                self.email_text
            } else {
                self.phone.map_or("", |(_, raw)| raw)
            };
            return Err(
                Fault::of_cell(Field::Recipient, ReasonCode::R706, raw.trim())
                    .with("channel", channel.as_str()),
            );
        }
        if is_phone {
            let (phone, remarks) = self.phone(target.channel())?;
            Ok((Address::Phone(phone.as_digits()), remarks))
        } else {
            let (email, remarks) = self.email()?;
            Ok((Address::Email(email), remarks))
        }
    }

    /// The row's usable address of the other form.
    pub(crate) fn other_than(&self, address: Address<'_>) -> Option<Address<'_>> {
        match address {
            Address::Phone(_) => self.email().ok().map(|(email, _)| Address::Email(email)),
            Address::Email(_) => {
                let phone = self.phone(None).ok();
                phone.map(|(phone, _)| Address::Phone(phone.as_digits()))
            }
        }
    }
}

fn phone_fault(refusal: &PhoneRefusal, raw: &str) -> Fault {
    let fault = Fault::of_cell(Field::Phone, refusal.code, raw.trim());
    match refusal.detail {
        PhoneDetail::None => fault,
        PhoneDetail::Digits(digits) => fault.with("digits", digits.to_string()),
        PhoneDetail::Suggestion(phone) => fault.with("suggestion", phone.to_string()),
        PhoneDetail::Kind(kind) => fault
            .with("kind", kind.name_tr())
            .with("kind_en", kind.name_en()),
        PhoneDetail::Country(country) => fault
            .with("country", country.name_tr())
            .with("country_en", country.name_en()),
    }
}

#[cfg(test)]
mod tests {
    use domain::phone::CountrySet;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_shorter_way_reads_every_number_as_the_longer_one_does(
            text in "[+(]{0,2}(90|0|00|994)?[ ()-]{0,2}5?[0-9 ()-]{0,14}",
        ) {
            let everywhere = domain::phone::Country::all().fold(CountrySet::NONE, CountrySet::with);
            for allowed_countries in [PhoneRules::turkey(true).allowed_countries, everywhere] {
                let rules = PhoneRules { allowed_countries, ..PhoneRules::turkey(true) };
                prop_assert_eq!(judge_phone(&text, &rules), parse_phone(&text, &rules));
            }
        }
    }
}
