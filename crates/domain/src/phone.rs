//! Phone numbers: from what people write to E.164, or a refusal with its code.
//!
//! The rule above all others is **never guess a person**: where two readings of
//! a cell could reach two people, the cell is refused. What is repaired is
//! visible as a remark.
//!
//! The way of a cell: `written` cleans it and collects its digits, `reading`
//! decides which number those digits are, `numbering` knows the plans.
//! Prefixes and countries are data, see `data/numbering.tsv`.

mod country;
mod digits;
mod msisdn;
mod numbering;
mod reading;
#[cfg(test)]
mod tests;
mod written;

pub use country::{Country, CountrySet};
pub use msisdn::{InvalidMsisdn, Msisdn, MsisdnText};
pub use numbering::NumberKind;

use crate::reason::{ReasonCode, Remarks};
use written::Written;

/// What a firm accepts as a phone number; the same for a whole column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhoneRules {
    /// Countries open for the brand; a number of any other is refused (R207).
    pub allowed_countries: CountrySet,
    /// Whether the channel carries SMS, so that a landline is refused (R206).
    pub channel_needs_mobile: bool,
    /// The country whose national form (`0532 …`) the file is written in.
    pub default_country: Country,
}

/// What became of one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhoneVerdict {
    /// The number, or why there is none.
    pub result: Result<Msisdn, PhoneRefusal>,
    /// What was repaired or noticed (W…), ascending; none on a refused cell.
    pub remarks: Remarks,
}

/// Why a cell holds no usable number: a code (R1xx, R2xx) and what it speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhoneRefusal {
    /// The code.
    pub code: ReasonCode,
    /// What fills the placeholders of its text.
    pub detail: PhoneDetail,
}

/// The particulars of a refusal, small enough to be copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhoneDetail {
    /// Nothing but the cell itself.
    None,
    /// How many digits were written (R203, R204).
    Digits(u8),
    /// What it would be with one look-alike letter replaced (R202); only ever shown to a person.
    Suggestion(Msisdn),
    /// What kind of number it is instead (R206).
    Kind(NumberKind),
    /// The country that is not open (R207).
    Country(Country),
}

impl PhoneRules {
    /// The usual rules: Turkish numbers only.
    pub const fn turkey(channel_needs_mobile: bool) -> Self {
        Self {
            allowed_countries: CountrySet::NONE.with(Country::TR),
            channel_needs_mobile,
            default_country: Country::TR,
        }
    }
}

impl PhoneVerdict {
    const fn refused(refusal: PhoneRefusal) -> Self {
        Self {
            result: Err(refusal),
            remarks: Remarks::NONE,
        }
    }
}

impl PhoneRefusal {
    const fn new(code: ReasonCode, detail: PhoneDetail) -> Self {
        Self { code, detail }
    }

    const fn plain(code: ReasonCode) -> Self {
        Self::new(code, PhoneDetail::None)
    }

    /// The Turkish text with its particulars; `raw` is the cell as it was read.
    pub fn explain_tr(&self, raw: &str) -> String {
        self.with_values(raw, NumberKind::name_tr, Country::name_tr, |values| {
            self.code.render_tr(values)
        })
    }

    /// The English text with its particulars; `raw` is the cell as it was read.
    pub fn explain_en(&self, raw: &str) -> String {
        self.with_values(raw, NumberKind::name_en, Country::name_en, |values| {
            self.code.render_en(values)
        })
    }

    fn with_values(
        &self,
        raw: &str,
        kind_name: fn(NumberKind) -> &'static str,
        country_name: fn(Country) -> &'static str,
        render: impl FnOnce(&[(&str, &str)]) -> String,
    ) -> String {
        let value = ("value", raw.trim());
        match self.detail {
            PhoneDetail::None => render(&[value]),
            PhoneDetail::Digits(n) => render(&[value, ("digits", &n.to_string())]),
            PhoneDetail::Suggestion(phone) => render(&[value, ("suggestion", &phone.to_text())]),
            PhoneDetail::Kind(kind) => render(&[value, ("kind", kind_name(kind))]),
            PhoneDetail::Country(country) => render(&[value, ("country", country_name(country))]),
        }
    }
}

/// Judges one cell of a phone column.
///
/// Pure, and without allocation for digits and their separators, so it can run on
/// millions of rows. A cell without a number is R201; whether that matters is
/// for the caller, who knows which channels the row speaks about.
///
/// What is accepted is read again as itself: parsing is idempotent.
pub fn parse_phone(raw: &str, rules: &PhoneRules) -> PhoneVerdict {
    match Written::plain(raw) {
        Some(written) => judge(&written, rules),
        None => written::judge_cell(raw, rules),
    }
}

/// Decides over the digits that were collected.
fn judge(written: &Written, rules: &PhoneRules) -> PhoneVerdict {
    let mut remarks = written.remarks;
    match reading::read(written, rules, &mut remarks) {
        Ok(phone) => PhoneVerdict {
            result: Ok(phone),
            remarks,
        },
        Err(refusal) => PhoneVerdict::refused(refusal),
    }
}
