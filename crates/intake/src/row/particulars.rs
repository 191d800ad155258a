//! What the remarks on a consent say besides their code: only of the first few,
//! so that a file of a million remarks costs no more than one of five.

use csv::ByteRecord;
use domain::{Msisdn, ReasonCode, Timestamp};

use super::address::Addresses;
use super::cells::Cells;
use super::{Rules, shown};
use crate::consent::Declared;
use crate::pair::Address;
use crate::table::layout::Group;
use crate::tally::Tally;
use crate::verdict::Args;

/// Longest text of a cell that is quoted, characters.
const QUOTED_CHARS_MAX: usize = 80;

/// What the remarks on the consent at hand say.
#[derive(Debug, Default)]
pub(super) struct Particulars(Vec<(ReasonCode, Args)>);

impl Particulars {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// What a remark on the consent says; empty where nothing was noted.
    pub(super) fn of_consent(&self, code: ReasonCode) -> Args {
        let noted = self.0.iter().find(|(known, _)| *known == code);
        noted.map_or_else(Vec::new, |(_, args)| args.clone())
    }

    /// The same, of a remark on the consent or on its address.
    pub(super) fn said_of(
        &self,
        code: ReasonCode,
        address: Address<'_>,
        addresses: &Addresses<'_>,
    ) -> Args {
        match code {
            ReasonCode::W302 => {
                let suggestion = addresses.email_suggestion();
                suggestion.map_or_else(Vec::new, |text| one("suggestion", quoted(text)))
            }
            ReasonCode::W204 => {
                let phone = match address {
                    Address::Phone(digits) => Msisdn::from_digits(digits),
                    Address::Email(_) => None,
                };
                let operator = phone.and_then(Msisdn::operator_code);
                operator.map_or_else(Vec::new, |code| one("code", code.to_string()))
            }
            _ => self.of_consent(code),
        }
    }
}

impl Rules<'_> {
    /// Notes what the remarks on a consent say, where there is room for it.
    pub(super) fn note_particulars(
        &mut self,
        declared: &Declared,
        group: &Group,
        cells: Cells<'_>,
        tally: &Tally,
    ) {
        let at = Timestamp::from_micros(declared.date_us);
        for code in self.on_consent.iter() {
            let is_told = matches!(
                code,
                ReasonCode::W603 | ReasonCode::W604 | ReasonCode::W606 | ReasonCode::W701
            );
            if !is_told || !tally.has_room(code) {
                continue;
            }
            let args = match code {
                ReasonCode::W603 => one("result", at.to_turkish_text()),
                ReasonCode::W604 => {
                    let year = at.to_turkish().year() % 100;
                    one("yy", format!("{year:02}"))
                }
                ReasonCode::W606 => match self.dates.deadline(at) {
                    Some(deadline) => one("date", deadline),
                    None => continue,
                },
                _ => vec![
                    (
                        "text".to_owned(),
                        quoted(&shown(self.decoder, cells.raw(group.source))),
                    ),
                    ("code".to_owned(), declared.source.as_str().to_owned()),
                ],
            };
            self.particulars.0.push((code, args));
        }
    }

    /// What a remark on a row as a whole says.
    pub(super) fn said_of_row(&self, code: ReasonCode, record: &ByteRecord) -> Args {
        let cell = self.layout.retailer.and_then(|column| record.get(column));
        match (code, cell) {
            (ReasonCode::W704, Some(cell)) => one("value", quoted(&shown(self.decoder, cell))),
            _ => Vec::new(),
        }
    }
}

fn one(name: &str, value: String) -> Args {
    vec![(name.to_owned(), value)]
}

fn quoted(text: &str) -> String {
    text.chars().take(QUOTED_CHARS_MAX).collect()
}
