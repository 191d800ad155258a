//! Reading one consent object, field by field, with the code of every mistake.

use serde_json::{Map, Value};

use super::address::Address;
use super::book::Key;
use super::calendar::Calendar;
use super::codes::{self, Code};
use super::moment::{BadDate, Local};
use super::problem::Problem;
use super::words::{Channel, Kind, Source, Status};
use crate::dice::stable_hash;

/// The keys a consent object may have; anything else is H118.
const FIELDS: [&str; 8] = [
    "recipient",
    "type",
    "source",
    "status",
    "consentDate",
    "recipientType",
    "retailerCode",
    "retailerAccess",
];
/// Retailers that one consent may be shared with.
const RETAILERS_MAX: usize = 100;
/// 2015-05-01 00:00:00 Turkish time, the day consents began.
const FIRST_DAY: &str = "2015-05-01 00:00:00";

/// A consent object without a mistake in form.
#[derive(Debug, Clone)]
pub(crate) struct Consent {
    pub(crate) key: Key,
    pub(crate) status: Status,
    pub(crate) source: Option<Source>,
    pub(crate) date: Option<Local>,
    pub(crate) retailer: Option<u64>,
    pub(crate) shared_with: Vec<u64>,
    /// The declaration is older than three business days (H467).
    pub(crate) is_late: bool,
}

impl Consent {
    /// The same number for the same content, defaults filled in.
    pub(crate) fn fingerprint(&self) -> u64 {
        let Key {
            address,
            kind,
            channel,
        } = &self.key;
        let text = format!(
            "{address}|{}|{}|{}|{:?}|{:?}|{:?}|{:?}",
            kind.word(),
            channel.word(),
            self.status.word(),
            self.source,
            self.date,
            self.retailer,
            self.shared_with
        );
        stable_hash(text.as_bytes())
    }
}

/// What the form of a consent is judged by.
#[derive(Debug)]
pub(crate) struct Desk<'a> {
    pub(crate) now: Local,
    /// The three-day rule holds from the brand's activation on.
    pub(crate) is_activated: bool,
    pub(crate) retailers: &'a [u64],
    /// Whether HS_KARAR is refused with H486, as announced in November 2025.
    pub(crate) refuses_hs_karar: bool,
}

impl Desk<'_> {
    /// Reads `object`; `index` is its place in a list.
    ///
    /// # Errors
    /// Every mistake found, in the order of the fields.
    pub(crate) fn read(
        &self,
        object: &Map<String, Value>,
        index: Option<usize>,
    ) -> Result<Consent, Vec<Problem>> {
        let mut form = Form {
            object,
            index,
            problems: Vec::new(),
        };
        form.known_fields_only(&FIELDS);
        let channel = form.channel();
        let kind = form.kind();
        let address = form.address(channel);
        let status = form.word("status", Some(codes::H110), codes::H115, Status::read);
        let needed = kind == Some(Kind::Bireysel);
        let source = self.source(&mut form, needed, status);
        let date = self.date(&mut form, needed, source);
        let (retailer, shared_with) = self.retailers(&mut form);
        let Form { problems, .. } = form;
        if let (true, Some(address), Some(kind), Some(channel), Some(status)) =
            (problems.is_empty(), address, kind, channel, status)
        {
            return Ok(Consent {
                key: Key {
                    address,
                    kind,
                    channel,
                },
                status,
                source,
                date,
                retailer,
                shared_with,
                is_late: date.is_some_and(|date| self.is_late(date)),
            });
        }
        Err(problems)
    }

    fn source(&self, form: &mut Form<'_>, needed: bool, status: Option<Status>) -> Option<Source> {
        let missing = needed.then_some(codes::H113);
        let firms_own = |word: &str| Source::read(word).filter(|source| !source.is_citizen());
        let source = form.word("source", missing, codes::H119, firms_own)?;
        if source == Source::HS_KARAR {
            if self.refuses_hs_karar {
                form.wrong(codes::H486, "source");
            } else if status == Some(Status::Onay) {
                form.wrong(codes::H408, "source");
            }
        }
        Some(source)
    }

    fn date(&self, form: &mut Form<'_>, needed: bool, source: Option<Source>) -> Option<Local> {
        let missing = needed.then_some(codes::H112);
        let text = form.text("consentDate", missing, codes::H158)?;
        let code = match Local::parse(text) {
            Err(BadDate::Format) => codes::H158,
            Err(BadDate::Calendar) => codes::H157,
            Ok(_) if source == Some(Source::HS_2015) && text != FIRST_DAY => codes::H155,
            // The wire form sorts as the times do.
            Ok(_) if text < FIRST_DAY => codes::H156,
            Ok(date) if date > self.now => codes::H162,
            Ok(date) => return Some(date),
        };
        form.wrong(code, "consentDate");
        None
    }

    fn retailers(&self, form: &mut Form<'_>) -> (Option<u64>, Vec<u64>) {
        let retailer = match form.object.get("retailerCode") {
            None => None,
            Some(Value::Null) => {
                form.wrong(codes::H266, "retailerCode");
                None
            }
            Some(Value::String(text)) if text.is_empty() => {
                form.wrong(codes::H267, "retailerCode");
                None
            }
            Some(code) => {
                let known = code.as_u64().filter(|code| self.retailers.contains(code));
                if known.is_none() {
                    form.wrong(codes::H180, "retailerCode");
                }
                known
            }
        };
        let shared_with = match form.object.get("retailerAccess") {
            None => Vec::new(),
            Some(Value::Array(list)) if list.is_empty() => {
                form.wrong(codes::H163, "retailerAccess");
                Vec::new()
            }
            Some(Value::Array(list)) if list.len() > RETAILERS_MAX => {
                form.wrong(codes::H126, "retailerAccess");
                Vec::new()
            }
            Some(Value::Array(list)) => self.shared_with(form, list),
            Some(_) => {
                form.wrong(codes::H169, "retailerAccess");
                Vec::new()
            }
        };
        (retailer, shared_with)
    }

    fn shared_with(&self, form: &mut Form<'_>, list: &[Value]) -> Vec<u64> {
        let mut shared_with = Vec::with_capacity(list.len());
        for (at, code) in list.iter().enumerate() {
            match code.as_u64().filter(|code| self.retailers.contains(code)) {
                Some(code) => shared_with.push(code),
                None => form.problems.push(
                    Problem::of(codes::H180)
                        .at("retailerAccess")
                        .at(at)
                        .value(code.clone())
                        .row(form.index),
                ),
            }
        }
        shared_with
    }

    fn is_late(&self, date: Local) -> bool {
        self.is_activated && Calendar::turkish().registration_deadline(date) < self.now
    }
}

/// A JSON object being read, with what is wrong in it so far.
#[derive(Debug)]
pub(crate) struct Form<'a> {
    pub(crate) object: &'a Map<String, Value>,
    pub(crate) index: Option<usize>,
    pub(crate) problems: Vec<Problem>,
}

impl<'a> Form<'a> {
    pub(crate) fn known_fields_only(&mut self, known: &[&str]) {
        for (field, value) in self.object {
            if !known.contains(&field.as_str()) {
                let problem = Problem::of(codes::H118).at(field.as_str());
                self.problems
                    .push(problem.value(value.clone()).row(self.index));
            }
        }
    }

    pub(crate) fn channel(&mut self) -> Option<Channel> {
        self.word("type", Some(codes::H111), codes::H117, Channel::read)
    }

    /// BIREYSEL unless the object says otherwise.
    pub(crate) fn kind(&mut self) -> Option<Kind> {
        if self.object.contains_key("recipientType") {
            self.word("recipientType", None, codes::H116, Kind::read)
        } else {
            Some(Kind::Bireysel)
        }
    }

    pub(crate) fn address(&mut self, channel: Option<Channel>) -> Option<Address> {
        let text = self.text("recipient", Some(codes::H114), codes::H122)?;
        match judge_address(text, channel) {
            Ok(address) => Some(address),
            Err(code) => {
                self.wrong(code, "recipient");
                None
            }
        }
    }

    /// A field whose text must be one of the known words. `missing` is the code
    /// for a required field that is absent; an optional one may only be left out.
    fn word<T>(
        &mut self,
        field: &'static str,
        missing: Option<Code>,
        wrong: Code,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let known = read(self.text(field, missing, wrong)?);
        if known.is_none() {
            self.wrong(wrong, field);
        }
        known
    }

    fn text(&mut self, field: &'static str, missing: Option<Code>, wrong: Code) -> Option<&'a str> {
        let object = self.object;
        match (object.get(field), missing) {
            (Some(Value::String(text)), _) => return Some(text),
            (None, None) => {}
            (None | Some(Value::Null), Some(missing)) => self
                .problems
                .push(Problem::of(missing).at(field).row(self.index)),
            (Some(_), _) => self.wrong(wrong, field),
        }
        None
    }

    pub(crate) fn wrong(&mut self, code: Code, field: &'static str) {
        let problem = Problem::of(code).at(field).row(self.index);
        self.problems.push(match self.object.get(field) {
            Some(value) => problem.value(value.clone()),
            None => problem,
        });
    }
}

/// The address, if it has the form its channel needs.
///
/// # Errors
/// H464 when it does not fit the channel, else as [`Address::parse`].
pub(crate) fn judge_address(text: &str, channel: Option<Channel>) -> Result<Address, Code> {
    let address = Address::parse(text)?;
    match channel {
        Some(channel) if address.is_phone() == (channel == Channel::Eposta) => Err(codes::H464),
        _ => Ok(address),
    }
}
