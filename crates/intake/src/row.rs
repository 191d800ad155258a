//! The judgement on one row: who is meant, what they said, and which pairs of
//! address and channel follow from it.
//!
//! One fault refuses one pair, never the row's other pairs; the checks of a
//! pair run in a fixed order (channel, address, recipient kind, status, source,
//! date) and the first fault is the one that is told.

mod address;
mod date_order;
mod person;
mod vocabulary;

use std::io;

use csv::ByteRecord;
use domain::{Channel, ReasonCode, RecipientKind};

use self::address::{AddressReader, Addresses};
pub(crate) use self::address::{PhoneStatistics, SUSPECT_ZEROS};
pub(crate) use self::date_order::Surveyor;
use self::date_order::{ColumnOrder, DateOrders};
use self::person::{Person, PersonReader};
use self::vocabulary::Vocabulary;
use crate::cell::date::{Moment, Reading};
use crate::cell::word::{ChannelMeaning, KindMeaning};
use crate::cell::{Fault, clean};
use crate::consent::{self, Answer, DateRules, Remarked, Stated, UNSTATED_SOURCE};
use crate::field::Field;
use crate::file::encoding::Decoder;
use crate::file::rows::Place;
use crate::options::{Action, Options};
use crate::outlets::{Outlets, Waiting};
use crate::pair::{Claim, Pair};
use crate::summary::{Question, UniformColumn};
use crate::table::layout::{Coverage, Group, Layout};
use crate::verdict::Refusal;

/// Channels that "all" stands for: those İYS keeps.
const ALL_REGISTERED: [Channel; 3] = [Channel::Mesaj, Channel::Arama, Channel::Eposta];

/// Why judging the rows cannot go on.
#[derive(Debug)]
pub(crate) enum RowStop {
    /// The whole file is refused.
    Refused(Refusal),
    /// A work file could not be written, or the upload not be read.
    Io(io::Error),
}

impl From<io::Error> for RowStop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Judges rows, one after the other, in reused buffers.
#[derive(Debug)]
pub(crate) struct RowJudge<'o> {
    addresses: AddressReader,
    person: PersonReader,
    rules: Rules<'o>,
}

/// What rows are judged by. Apart from the readers, whose texts a row borrows.
#[derive(Debug)]
struct Rules<'o> {
    options: &'o Options,
    layout: &'o Layout,
    decoder: Decoder,
    delimiter: u8,
    vocabulary: Vocabulary,
    orders: DateOrders<'o>,
    dates: DateRules<'o>,
    date_text: String,
    /// Remarks on the row as a whole.
    on_row: Remarked,
    /// Remarks on the consent at hand.
    on_consent: Remarked,
}

/// Everything a row says besides its consents.
struct Who<'a> {
    place: Place,
    person: Person<'a>,
    addresses: Addresses<'a>,
    kind: Result<RecipientKind, Fault>,
}

/// The channels that one consent of a row is for.
enum Targets {
    /// This one, whether its address exists or not.
    One(Channel),
    /// Those of these that an address exists for.
    WhereAddressed(Vec<Channel>),
}

impl<'o> RowJudge<'o> {
    pub(crate) fn new(
        options: &'o Options,
        layout: &'o Layout,
        decoder: Decoder,
        delimiter: u8,
        surveyor: Surveyor<'o>,
    ) -> Self {
        Self {
            addresses: AddressReader::new(options),
            person: PersonReader::default(),
            rules: Rules {
                options,
                layout,
                decoder,
                delimiter,
                vocabulary: Vocabulary::new(layout.groups.len()),
                orders: DateOrders::new(layout, options.mapping.date_order, surveyor),
                dates: DateRules::new(
                    &options.calendar,
                    options.now,
                    options.refuses_old_consents(),
                ),
                date_text: String::new(),
                on_row: Remarked::NONE,
                on_consent: Remarked::NONE,
            },
        }
    }

    /// Judges one row.
    ///
    /// # Errors
    /// [`RowStop`] when the file as a whole cannot be judged.
    pub(crate) fn judge(
        &mut self,
        place: Place,
        record: &ByteRecord,
        out: &mut Outlets,
    ) -> Result<(), RowStop> {
        out.account.tally.rows += 1;
        let Self {
            addresses,
            person,
            rules,
        } = self;
        if let Err(fault) = rules.check_shape(record) {
            return Ok(out.refuse(place, None, fault)?);
        }
        rules.on_row.clear();
        let outcome = rules.judge_cells(place, record, addresses, person, out);
        for code in rules.on_row.iter() {
            out.account.tally.note(code, place.line);
        }
        outcome
    }

    /// What the cells showed about the phone column.
    pub(crate) fn phones(&self) -> PhoneStatistics {
        self.addresses.statistics
    }

    /// Status columns of which every cell says the same.
    pub(crate) fn uniform_columns(&self) -> Vec<UniformColumn> {
        self.rules
            .vocabulary
            .uniform_statuses(self.rules.layout, &self.rules.decoder)
    }

    /// Questions that the cells raise.
    pub(crate) fn questions(&self) -> Vec<Question> {
        let mut questions = self.rules.orders.questions(self.rules.layout);
        questions.extend(self.rules.vocabulary.questions(&self.rules.decoder));
        questions
    }

    /// The refusal for a date column whose order contradicts itself (F115).
    pub(crate) fn date_refusal(&self) -> Option<Refusal> {
        self.rules
            .orders
            .refusal(self.rules.options.limits.contrary_dates_percent_max)
    }
}

impl Rules<'_> {
    fn check_shape(&self, record: &ByteRecord) -> Result<(), Fault> {
        if record.as_slice().iter().all(u8::is_ascii_whitespace) {
            return Err(Fault::new(Field::Row, ReasonCode::R101));
        }
        let expected = self.layout.headers.len();
        let is_whole = record.len() == expected
            || (record.len() > expected && record.iter().skip(expected).all(<[u8]>::is_empty));
        if !is_whole {
            let fault = Fault::new(Field::Row, ReasonCode::R102)
                .with("expected", expected.to_string())
                .with("found", record.len().to_string());
            let may_be_comma = self.delimiter == b',' && record.len() > expected;
            return Err(if may_be_comma {
                with_comma_hint(fault)
            } else {
                fault
            });
        }
        let longest = self.options.limits.cell_bytes_max;
        if record.as_slice().len() > longest
            && let Some(column) = record.iter().position(|cell| cell.len() > longest)
        {
            let header = self.layout.headers.get(column).map_or("", String::as_str);
            return Err(Fault::new(self.layout.field_of(column), ReasonCode::R103)
                .with("field", header)
                .with("limit", longest.to_string()));
        }
        Ok(())
    }

    fn judge_cells(
        &mut self,
        place: Place,
        record: &ByteRecord,
        addresses: &mut AddressReader,
        person: &mut PersonReader,
        out: &mut Outlets,
    ) -> Result<(), RowStop> {
        let channel = self.row_channel(record);
        let only_channel = match channel {
            Some(ChannelMeaning::One(channel)) => Some(channel),
            _ => None,
        };
        let person = person.read(record, self.layout, &self.decoder, &mut self.on_row);
        let who = Who {
            place,
            addresses: addresses.read(
                record,
                self.layout,
                &self.decoder,
                only_channel,
                &mut self.on_row,
            ),
            kind: self.kind(record),
            person,
        };
        for fault in &who.person.faults {
            out.refuse(place, None, fault.clone())?;
        }
        if who.names_nobody() {
            if who.person.faults.is_empty() {
                out.refuse(place, None, who.nobody())?;
            }
            return Ok(());
        }
        if let (Some(id), Ok((phone, _))) = (who.person.external_id, who.addresses.phone(None)) {
            out.people.note(id, phone.as_digits(), place)?;
        }
        if self.layout.groups.is_empty() {
            return self.judge_without_consent(&who, channel, out);
        }
        let layout = self.layout;
        for (number, group) in layout.groups.iter().enumerate() {
            self.judge_group(number, group, &who, channel, record, out)?;
        }
        Ok(())
    }

    /// A row of people only, or of addresses to ask İYS about.
    fn judge_without_consent(
        &mut self,
        who: &Who<'_>,
        channel: Option<ChannelMeaning>,
        out: &mut Outlets,
    ) -> Result<(), RowStop> {
        let coverage = if self.options.action == Action::Pull {
            &self.layout.asks
        } else {
            &Coverage::Unstated
        };
        self.on_consent.clear();
        let channels: Vec<Option<Channel>> = match (coverage, channel) {
            (Coverage::Unstated, _) | (Coverage::FromRow, Some(ChannelMeaning::All)) => {
                if !who.has_address() {
                    return self.look_up(who, &[], None, out);
                }
                // One record per address, asked about on every channel that fits.
                for is_phone in [true, false] {
                    if who.addresses.has(is_phone) {
                        self.settle(who, Target::AnyOf { is_phone }, None, out)?;
                    }
                }
                return Ok(());
            }
            (Coverage::Stated(channels), _) => channels.iter().copied().map(Some).collect(),
            (Coverage::FromRow, Some(ChannelMeaning::One(channel))) => vec![Some(channel)],
            (Coverage::FromRow, meaning) => {
                return Ok(out.refuse(who.place, None, self.channel_fault(meaning))?);
            }
        };
        let channels: Vec<Channel> = channels.into_iter().flatten().collect();
        if !who.has_address() {
            return self.look_up(who, &channels, None, out);
        }
        let is_single = channels.len() == 1;
        for channel in channels {
            if is_single || who.addresses.has(channel.is_phone()) {
                self.settle(who, Target::Channel(channel), None, out)?;
            }
        }
        Ok(())
    }

    /// One consent of a row, for each channel that it is for.
    fn judge_group(
        &mut self,
        number: usize,
        group: &Group,
        who: &Who<'_>,
        channel: Option<ChannelMeaning>,
        record: &ByteRecord,
        out: &mut Outlets,
    ) -> Result<(), RowStop> {
        self.on_consent.clear();
        let targets = match (&group.covers, channel) {
            (Coverage::Stated(channels), _) => match channels.as_slice() {
                [one] => Targets::One(*one),
                many => Targets::WhereAddressed(many.to_vec()),
            },
            (Coverage::FromRow, Some(ChannelMeaning::One(one))) => Targets::One(one),
            (Coverage::FromRow, Some(ChannelMeaning::All)) => {
                self.on_consent.add(ReasonCode::W702);
                Targets::WhereAddressed(ALL_REGISTERED.to_vec())
            }
            (Coverage::FromRow, meaning) => {
                return Ok(out.refuse(who.place, None, self.channel_fault(meaning))?);
            }
            (Coverage::Unstated, _) => return self.refuse_unstated_channel(who, out),
        };
        if let Targets::One(channel) = targets
            && who.has_address()
            && !who.addresses.has(channel.is_phone())
            && self.layout.groups.len() > 1
            && cell(record, Some(group.status.index))
                .trim_ascii()
                .is_empty()
        {
            return Ok(()); // a wide row says nothing about a channel it has neither address nor status for
        }
        let said = self.statement(number, group, who, record)?;
        match targets {
            Targets::One(channel) if !who.has_address() => {
                self.look_up(who, &[channel], Some(said), out)
            }
            Targets::One(channel) => self.settle(who, Target::Channel(channel), Some(said), out),
            Targets::WhereAddressed(channels) if !who.has_address() => {
                self.look_up(who, &channels, Some(said), out)
            }
            Targets::WhereAddressed(mut channels) => {
                channels.retain(|channel| who.addresses.has(channel.is_phone()));
                if channels.is_empty() {
                    let fault = Fault::new(Field::Row, ReasonCode::R105);
                    return Ok(out.refuse(who.place, None, fault)?);
                }
                for channel in channels {
                    self.settle(who, Target::Channel(channel), Some(said.clone()), out)?;
                }
                Ok(())
            }
        }
    }

    /// R503, once for each address that the status may be about.
    fn refuse_unstated_channel(&self, who: &Who<'_>, out: &mut Outlets) -> Result<(), RowStop> {
        let addresses = [true, false]
            .into_iter()
            .filter(|&is_phone| who.addresses.has(is_phone))
            .count();
        for _ in 0..addresses.max(1) {
            out.refuse(who.place, None, Fault::new(Field::Status, ReasonCode::R503))?;
        }
        Ok(())
    }

    /// The consent of a group as the row states it: kind, status, source, date.
    fn statement(
        &mut self,
        number: usize,
        group: &Group,
        who: &Who<'_>,
        record: &ByteRecord,
    ) -> Result<Result<Stated, Fault>, RowStop> {
        let kind = match &who.kind {
            Ok(kind) => *kind,
            Err(fault) => return Ok(Err(fault.clone())),
        };
        let decoder = self.decoder;
        let status_cell = cell(record, Some(group.status.index));
        let meaning =
            self.vocabulary
                .status(number, status_cell, &decoder, group.status.coding.as_ref());
        let status = match consent::answer(meaning, group.status.polarity, || {
            shown(&decoder, status_cell)
        }) {
            Ok(Answer::Said(status)) => status,
            Ok(Answer::PolarityUnknown) => return Err(self.polarity_refusal(group)),
            Err(fault) => return Ok(Err(fault)),
        };
        let is_needed = consent::needs_paperwork(self.options.action, kind, status);
        let source_cell = cell(record, group.source);
        let meaning =
            self.vocabulary
                .source(number, source_cell, &decoder, &self.options.mapping.sources);
        let shown_source = || shown(&decoder, source_cell);
        let source = match consent::source(
            meaning,
            self.options.action,
            status,
            is_needed,
            shown_source,
        ) {
            Ok(source) => source,
            Err(fault) => return Ok(Err(fault)),
        };
        if let Some((_, Some(remark))) = &source {
            self.on_consent.add(*remark);
        }
        let source = source.map(|(source, _)| source);
        let moment = match self.moment(group, record)? {
            Ok(moment) => moment,
            Err(fault) => return Ok(Err(fault)),
        };
        let date = match moment {
            None if is_needed => return Ok(Err(Fault::new(Field::Date, ReasonCode::R601))),
            None => None,
            Some(moment) => {
                let shown_date = || shown(&decoder, cell(record, group.date));
                match self
                    .dates
                    .judge(moment, source.as_ref(), shown_date, &mut self.on_consent)
                {
                    Ok(at) => Some(at),
                    Err(fault) => return Ok(Err(fault)),
                }
            }
        };
        Ok(Ok(Stated {
            status,
            date_us: date.unwrap_or(self.options.now).as_micros(),
            date_is_stated: date.is_some(),
            source_is_stated: source.is_some(),
            source: source.unwrap_or(UNSTATED_SOURCE),
        }))
    }

    /// The moment in a group's date column; `None` where nothing is written.
    fn moment(
        &mut self,
        group: &Group,
        record: &ByteRecord,
    ) -> Result<Result<Option<Moment>, Fault>, RowStop> {
        let Some(column) = group.date else {
            return Ok(Ok(None));
        };
        let raw = cell(record, group.date);
        let (text, _) = self.decoder.decode(raw, &mut self.date_text);
        let text = clean(text).text;
        let fault = |code| Ok(Err(Fault::of_cell(Field::Date, code, text)));
        match Reading::of(text) {
            Reading::Moment(moment) => Ok(Ok(Some(moment))),
            Reading::Empty => Ok(Ok(None)),
            Reading::Artefact => fault(ReasonCode::R608),
            Reading::Unreadable if domain::fold_text::cell::is_spreadsheet_error(text) => {
                fault(ReasonCode::R104)
            }
            Reading::Unreadable => fault(ReasonCode::R602),
            Reading::Slashed(slashed) => match self.orders.of_column(column, text)? {
                ColumnOrder::Decided(order) => match slashed.in_order(order) {
                    Some(moment) => Ok(Ok(Some(moment))),
                    None => fault(ReasonCode::R602),
                },
                ColumnOrder::Undecidable => fault(ReasonCode::R602),
            },
        }
    }

    /// Brings a consent (or none) and an address together: a pair, or the
    /// reason why there is none.
    fn settle(
        &mut self,
        who: &Who<'_>,
        target: Target,
        said: Option<Result<Stated, Fault>>,
        out: &mut Outlets,
    ) -> Result<(), RowStop> {
        let channel = target.channel();
        let (address, remarks) = match who.addresses.resolve(target, self.layout) {
            Ok(found) => found,
            Err(fault) => return Ok(out.refuse(who.place, channel, fault)?),
        };
        let (kind, stated) = match (&who.kind, said) {
            (Ok(kind), None) => (*kind, None),
            (Ok(kind), Some(Ok(stated))) => (*kind, Some(stated)),
            (_, Some(Err(fault))) => return Ok(out.refuse(who.place, channel, fault)?),
            (Err(fault), _) => return Ok(out.refuse(who.place, channel, fault.clone())?),
        };
        let mut codes = self.on_consent;
        codes.extend(remarks.iter());
        for code in codes.iter() {
            out.account.tally.note(code, who.place.line);
        }
        let is_nameless = who.person.external_id.is_none() && who.person.token.is_none();
        out.accept(&Pair {
            place: who.place.into(),
            address,
            kind,
            channel,
            claim: stated.as_ref().map(claim),
            external_id: who.person.external_id,
            token: who.person.token,
            name: who.person.name,
            tags: who.person.tags,
            beside: if is_nameless {
                who.addresses.other_than(address)
            } else {
                None
            },
            is_local_only: false,
        })?;
        Ok(())
    }

    /// A row that only names a person waits until the directory is asked; one
    /// whose consent is refused anyway does not.
    fn look_up(
        &mut self,
        who: &Who<'_>,
        channels: &[Channel],
        said: Option<Result<Stated, Fault>>,
        out: &mut Outlets,
    ) -> Result<(), RowStop> {
        let only = match channels {
            [one] => Some(*one),
            _ => None,
        };
        let (kind, claim) = match (&who.kind, said.transpose()) {
            (Ok(kind), Ok(claim)) => (*kind, claim),
            (_, Err(fault)) => return Ok(out.refuse(who.place, only, fault)?),
            (Err(fault), _) => return Ok(out.refuse(who.place, only, fault.clone())?),
        };
        for code in self.on_consent.iter() {
            out.account.tally.note(code, who.place.line);
        }
        out.waiting.push(Waiting {
            place: who.place,
            channels: channels.to_vec(),
            kind,
            claim,
            external_id: who.person.external_id.map(str::to_owned),
            token: who.person.token.map(str::to_owned),
            name: who.person.name.map(str::to_owned),
            tags: who.person.tags.map(str::to_owned),
        });
        Ok(())
    }

    fn row_channel(&mut self, record: &ByteRecord) -> Option<ChannelMeaning> {
        let raw = cell(record, Some(self.layout.channel?));
        Some(self.vocabulary.channel(raw, &self.decoder))
    }

    fn channel_fault(&self, meaning: Option<ChannelMeaning>) -> Fault {
        let code = match meaning {
            Some(ChannelMeaning::Error) => ReasonCode::R104,
            _ => ReasonCode::R705,
        };
        Fault::new(Field::Channel, code)
    }

    fn kind(&mut self, record: &ByteRecord) -> Result<RecipientKind, Fault> {
        let raw = cell(record, self.layout.recipient_kind);
        let decoder = self.decoder;
        let fault = |code| Fault::of_cell(Field::Kind, code, &shown(&decoder, raw));
        match self
            .vocabulary
            .kind(raw, &decoder, &self.options.mapping.kinds)
        {
            KindMeaning::Known(kind) => Ok(kind),
            KindMeaning::Esnaf => {
                self.on_row.add(ReasonCode::W703);
                Ok(RecipientKind::Tacir)
            }
            KindMeaning::Empty => {
                let missing = || Fault::new(Field::Kind, ReasonCode::R707);
                self.options.default_kind.ok_or_else(missing)
            }
            KindMeaning::Error => Err(fault(ReasonCode::R104)),
            KindMeaning::Ask | KindMeaning::Unknown => Err(fault(ReasonCode::R708)),
        }
    }

    fn polarity_refusal(&self, group: &Group) -> RowStop {
        let header = &self.layout.headers[group.status.index];
        RowStop::Refused(Refusal::new(ReasonCode::F114).with("header", header))
    }
}

/// What a pair is formed for.
#[derive(Debug, Clone, Copy)]
enum Target {
    /// This channel.
    Channel(Channel),
    /// An address, whatever its channels.
    AnyOf { is_phone: bool },
}

impl Target {
    const fn channel(self) -> Option<Channel> {
        match self {
            Self::Channel(channel) => Some(channel),
            Self::AnyOf { .. } => None,
        }
    }

    const fn is_phone(self) -> bool {
        match self {
            Self::Channel(channel) => channel.is_phone(),
            Self::AnyOf { is_phone } => is_phone,
        }
    }
}

impl Who<'_> {
    fn has_address(&self) -> bool {
        self.addresses.has(true) || self.addresses.has(false)
    }

    fn names_nobody(&self) -> bool {
        !self.has_address() && self.person.external_id.is_none() && self.person.token.is_none()
    }

    fn nobody(&self) -> Fault {
        if self.person.is_spelled_out_as_missing {
            Fault::new(Field::ExternalId, ReasonCode::R401)
        } else {
            Fault::new(Field::Row, ReasonCode::R105)
        }
    }
}

pub(crate) fn claim(stated: &Stated) -> Claim<'_> {
    Claim {
        status: stated.status,
        date_us: stated.date_us,
        date_is_stated: stated.date_is_stated,
        source: stated.source.as_str(),
        source_is_stated: stated.source_is_stated,
    }
}

/// The bytes of a cell; none where the column does not exist.
fn cell(record: &ByteRecord, column: Option<usize>) -> &[u8] {
    column
        .and_then(|column| record.get(column))
        .unwrap_or_default()
}

/// A cell as it is shown to people.
fn shown(decoder: &Decoder, raw: &[u8]) -> String {
    clean(&decoder.text(raw)).text.to_owned()
}

fn with_comma_hint(fault: Fault) -> Fault {
    fault
        .with(
            "hint",
            "Tırnak içine alınmamış bir virgül olabilir (9,05321E+11 gibi).",
        )
        .with(
            "hint_en",
            "There may be a comma outside quotes (as in 9,05321E+11).",
        )
}
