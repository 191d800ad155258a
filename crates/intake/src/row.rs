//! The judgement on one row: who is meant, what they said, and which pairs of
//! address and channel follow from it.
//!
//! One fault refuses one pair, never the row's other pairs; the checks of a
//! pair run in a fixed order (channel, address, recipient kind, status, source,
//! date) and the first fault is the one that is told.

mod address;
mod attributes;
mod cells;
mod date_order;
mod particulars;
mod person;
mod settle;
mod statement;
mod vocabulary;

use std::collections::BTreeSet;
use std::io;

use csv::ByteRecord;
use domain::{Channel, ReasonCode, RecipientKind};

use self::address::{AddressReader, Addresses};
pub(crate) use self::address::{PhoneStatistics, SUSPECT_ZEROS};
use self::attributes::AttributeReader;
pub(crate) use self::attributes::split_attributes;
use self::cells::Cells;
use self::date_order::DateOrders;
pub(crate) use self::date_order::Surveyor;
use self::particulars::Particulars;
use self::person::{Person, PersonReader};
use self::settle::Target;
pub(crate) use self::settle::claim;
use self::vocabulary::{BrandMeaning, Vocabulary};
use crate::cell::word::{ChannelMeaning, KindMeaning, StatusMeaning};
use crate::cell::{Fault, clean};
use crate::consent::DateRules;
use crate::field::Field;
use crate::file::encoding::Decoder;
use crate::file::rows::Place;
use crate::options::{Action, DateOrder, Options};
use crate::outlets::Outlets;
use crate::remarked::Remarked;
use crate::summary::{LayoutKind, Question, UniformColumn, UnreadValues};
use crate::table::layout::{Coverage, Group, Layout};
use crate::verdict::Refusal;

/// Channels that "all" stands for: those İYS keeps.
const ALL_REGISTERED: [Channel; 3] = [Channel::Mesaj, Channel::Arama, Channel::Eposta];

/// Judges rows, one after the other, in reused buffers.
#[derive(Debug)]
pub(crate) struct RowJudge<'o> {
    addresses: AddressReader,
    person: PersonReader,
    attributes: AttributeReader,
    rules: Rules<'o>,
}

/// What rows are judged by. Apart from the readers, whose texts a row borrows.
#[derive(Debug)]
struct Rules<'o> {
    options: &'o Options,
    layout: &'o Layout,
    decoder: Decoder,
    delimiter: u8,
    /// Whether a short row only lacks empty cells: so it is in a workbook.
    cells_stay: bool,
    vocabulary: Vocabulary,
    orders: DateOrders<'o>,
    dates: DateRules<'o>,
    date_text: String,
    /// Columns of yes and no of which nobody has said what yes means.
    unsaid_polarity: BTreeSet<usize>,
    /// A row states no recipient kind, and there is no default.
    kind_is_missing: bool,
    /// Remarks on the row as a whole.
    on_row: Remarked,
    /// Remarks on the consent at hand.
    on_consent: Remarked,
    /// What they say, of those of which that is still asked.
    particulars: Particulars,
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
        cells_stay: bool,
        surveyor: Surveyor<'o>,
    ) -> Self {
        Self {
            addresses: AddressReader::new(options),
            person: PersonReader::default(),
            attributes: AttributeReader::default(),
            rules: Rules {
                options,
                layout,
                decoder,
                delimiter,
                cells_stay,
                vocabulary: Vocabulary::new(layout.groups.len()),
                orders: DateOrders::new(layout, &options.mapping, surveyor),
                dates: DateRules::new(
                    &options.calendar,
                    options.now,
                    options.refuses_old_consents(),
                ),
                date_text: String::new(),
                unsaid_polarity: BTreeSet::new(),
                kind_is_missing: false,
                on_row: Remarked::NONE,
                on_consent: Remarked::NONE,
                particulars: Particulars::default(),
            },
        }
    }

    /// Judges one row.
    ///
    /// # Errors
    /// When a work file cannot be written, or the upload not be read.
    pub(crate) fn judge(
        &mut self,
        place: Place,
        record: &ByteRecord,
        out: &mut Outlets,
    ) -> io::Result<()> {
        out.account.tally.rows += 1;
        let Self {
            addresses,
            person,
            attributes,
            rules,
        } = self;
        if let Err(fault) = rules.check_shape(record) {
            return out.refuse(place, None, fault);
        }
        rules.on_row.clear();
        let outcome = rules.judge_cells(place, record, (addresses, person, attributes), out);
        for code in rules.on_row.iter() {
            let told = || rules.said_of_row(code, record);
            out.account.tally.note_with(code, place.line, told);
        }
        outcome
    }

    /// What the cells showed about the phone column.
    pub(crate) fn phones(&self) -> PhoneStatistics {
        self.addresses.statistics
    }

    /// Columns of attributes with values that could not be read (W101).
    pub(crate) fn unread_attributes(&self) -> impl Iterator<Item = (usize, &UnreadValues)> {
        self.attributes.unread()
    }

    /// The columns whose dates were read in an order, with it.
    pub(crate) fn date_orders(&self) -> impl Iterator<Item = (usize, DateOrder)> {
        self.rules.orders.used()
    }

    /// Status columns of which every cell says the same.
    pub(crate) fn uniform_columns(&self) -> Vec<UniformColumn> {
        self.rules
            .vocabulary
            .uniform_statuses(self.rules.layout, self.rules.decoder)
    }

    /// Questions that the cells raise.
    pub(crate) fn questions(&self) -> Vec<Question> {
        let headers = &self.rules.layout.headers;
        let unsaid = self.rules.unsaid_polarity.iter();
        let mut questions: Vec<Question> = unsaid
            .map(|column| Question::Polarity {
                header: headers[*column].clone(),
            })
            .collect();
        questions.extend(self.rules.orders.questions(self.rules.layout));
        questions.extend(self.rules.vocabulary.questions(self.rules.decoder));
        if self.rules.kind_is_missing {
            let choices = RecipientKind::ALL.to_vec();
            questions.push(Question::DefaultKind { choices });
        }
        questions
    }

    /// The refusal for a column that nobody has said the meaning of yes for (F114).
    pub(crate) fn polarity_refusal(&self) -> Option<Refusal> {
        let column = self.rules.unsaid_polarity.first()?;
        let header = &self.rules.layout.headers[*column];
        Some(Refusal::new(ReasonCode::F114).with("header", header))
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
        // The cells of a sheet do not shift: empty ones at its end are not kept.
        let is_whole = record.len() == expected || (self.cells_stay && record.len() < expected);
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
        // No cell has more characters than its row has bytes.
        let longest = self.options.limits.cell_chars_max;
        if record.as_slice().len() > longest
            && let Some((column, field)) = self.first_beyond(record, longest)
        {
            let header = self.layout.headers.get(column).map_or("", String::as_str);
            return Err(Fault::new(field, ReasonCode::R103)
                .with("field", header)
                .with("limit", longest.to_string()));
        }
        Ok(())
    }

    /// The first imported cell of more characters than this; what is left out may be
    /// as long as it likes.
    fn first_beyond(&self, record: &ByteRecord, longest: usize) -> Option<(usize, Field)> {
        // Nor does the value of an attribute cost a row its consent.
        let is_left_out =
            |field| matches!(field, Field::Ignored | Field::Sensitive | Field::Attribute);
        record
            .iter()
            .enumerate()
            .filter(|(_, cell)| {
                cell.len() > longest && self.decoder.text(cell).chars().count() > longest
            })
            .map(|(column, _)| (column, self.layout.field_of(column)))
            .find(|(_, field)| !is_left_out(*field))
    }

    fn judge_cells(
        &mut self,
        place: Place,
        record: &ByteRecord,
        (addresses, person, attributes): (
            &mut AddressReader,
            &mut PersonReader,
            &mut AttributeReader,
        ),
        out: &mut Outlets,
    ) -> io::Result<()> {
        let cells = Cells::of(record, self.decoder);
        let channel = self.row_channel(cells);
        let only_channel = match channel {
            Some(ChannelMeaning::One(channel)) => Some(channel),
            _ => None,
        };
        if let Err(fault) = self.check_brand(cells) {
            return out.refuse(place, only_channel, fault);
        }
        let mut person = person.read(cells, self.layout, &mut self.on_row);
        person.attributes = attributes.read(self, cells, place.line)?;
        let who = Who {
            place,
            addresses: addresses.read(cells, self.layout, only_channel, &mut self.on_row),
            kind: self.kind(cells),
            person,
        };
        // A row of which nothing else is judged is refused for the channel it
        // speaks about; otherwise the fault stands beside the channel's verdict.
        let charged = if who.names_nobody() {
            only_channel.or(self.layout.only_channel())
        } else {
            None
        };
        for fault in &who.person.faults {
            out.refuse(place, charged, fault.clone())?;
        }
        if who.names_nobody() || self.lacks_half(&who) {
            if who.person.faults.is_empty() {
                out.refuse(place, charged, who.nobody(self.layout))?;
            }
            return Ok(());
        }
        if let Some(id) = who.person.external_id {
            let phone = who.addresses.phone(None).ok();
            out.people
                .note(id, phone.map(|(phone, _)| phone.as_digits()), place)?;
        }
        if self.layout.groups.is_empty() {
            return self.judge_without_consent(&who, channel, out);
        }
        let layout = self.layout;
        let says_nothing = |group: &Group| group.is_blank_in(layout, |c| cells.raw(Some(c)));
        let is_wide = layout.groups.len() > 1;
        let may_leave_out = is_wide && !layout.groups.iter().all(says_nothing);
        for (number, group) in layout.groups.iter().enumerate() {
            if may_leave_out && says_nothing(group) {
                continue; // a wide row that leaves a channel out altogether says nothing about it
            }
            self.judge_group(number, group, &who, channel, cells, out)?;
        }
        Ok(())
    }

    /// R709: the row names another brand than the upload's.
    fn check_brand(&mut self, cells: Cells<'_>) -> Result<(), Fault> {
        let Some(column) = self.layout.brand else {
            return Ok(());
        };
        let raw = cells.raw(Some(column));
        let options = self.options;
        let is_own = |word: &str| options.is_own_brand(word);
        match self
            .vocabulary
            .brand(raw, self.decoder, is_own, &mut self.on_row)
        {
            BrandMeaning::Empty | BrandMeaning::Own => Ok(()),
            BrandMeaning::Other => {
                let word = shown(self.decoder, raw);
                Err(Fault::of_cell(Field::Brand, ReasonCode::R709, &word))
            }
        }
    }

    /// A line of a pair file of which one value is missing (R401) or unusable.
    fn lacks_half(&self, who: &Who<'_>) -> bool {
        let person = &who.person;
        self.layout.kind == LayoutKind::Pair
            && (!person.faults.is_empty()
                || (self.layout.external_id.is_some() && person.external_id.is_none())
                || (self.layout.token.is_some() && person.token.is_none()))
    }

    /// A row of people only, or of addresses to ask İYS about.
    fn judge_without_consent(
        &mut self,
        who: &Who<'_>,
        channel: Option<ChannelMeaning>,
        out: &mut Outlets,
    ) -> io::Result<()> {
        let coverage = if self.options.action == Action::Pull {
            &self.layout.asks
        } else {
            &Coverage::Unstated
        };
        self.on_consent.clear();
        self.particulars.clear();
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
                return out.refuse(who.place, None, channel_fault(meaning));
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
        cells: Cells<'_>,
        out: &mut Outlets,
    ) -> io::Result<()> {
        self.on_consent.clear();
        self.particulars.clear();
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
                return out.refuse(who.place, None, channel_fault(meaning));
            }
            (Coverage::Unstated, _) => {
                self.read_along_whole(number, group, cells)?;
                return refuse_unstated_channel(who, out);
            }
        };
        if let Targets::One(channel) = targets
            && who.has_address()
            && !who.addresses.has(channel.is_phone())
            && self.layout.groups.len() > 1
            && cells.raw(Some(group.status.index)).trim_ascii().is_empty()
        {
            return Ok(()); // a wide row says nothing about a channel it has neither address nor status for
        }
        let said = self.statement(number, group, who, cells)?;
        if let Ok(declared) = &said {
            out.patterns.note(declared);
            self.note_particulars(declared, group, cells, &out.account.tally);
        }
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
                    return out.refuse(who.place, None, fault);
                }
                for channel in channels {
                    self.settle(who, Target::Channel(channel), Some(said.clone()), out)?;
                }
                Ok(())
            }
        }
    }

    /// [`Rules::read_along`], and the status: whether its column asks about polarity.
    fn read_along_whole(
        &mut self,
        number: usize,
        group: &Group,
        cells: Cells<'_>,
    ) -> io::Result<()> {
        let status = cells.raw(Some(group.status.index));
        let coding = group.status.coding.as_ref();
        let meaning =
            self.vocabulary
                .status(number, status, self.decoder, coding, &mut self.on_row);
        if group.status.polarity.is_none() && matches!(meaning, StatusMeaning::Answer { .. }) {
            self.unsaid_polarity.insert(group.status.index);
        }
        self.read_along(number, group, cells)
    }

    fn row_channel(&mut self, cells: Cells<'_>) -> Option<ChannelMeaning> {
        let raw = cells.raw(Some(self.layout.channel?));
        let remarked = &mut self.on_row;
        Some(self.vocabulary.channel(raw, self.decoder, remarked))
    }

    fn kind(&mut self, cells: Cells<'_>) -> Result<RecipientKind, Fault> {
        let raw = cells.raw(self.layout.recipient_kind);
        let decoder = self.decoder;
        let fault = |code| Fault::of_cell(Field::Kind, code, &shown(decoder, raw));
        let answers = &self.options.mapping.kinds;
        match self
            .vocabulary
            .kind(raw, decoder, answers, &mut self.on_row)
        {
            KindMeaning::Known(kind) => Ok(kind),
            KindMeaning::Esnaf => {
                self.on_row.add(ReasonCode::W703);
                Ok(RecipientKind::Tacir)
            }
            KindMeaning::Empty => self.options.kind_by_default().ok_or_else(|| {
                self.kind_is_missing = true;
                Fault::new(Field::Kind, ReasonCode::R707)
            }),
            KindMeaning::Error => Err(fault(ReasonCode::R104)),
            KindMeaning::Ask | KindMeaning::Unknown => Err(fault(ReasonCode::R708)),
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

    fn nobody(&self, layout: &Layout) -> Fault {
        if self.person.is_spelled_out_as_missing || layout.is_of_identifiers_only() {
            Fault::new(Field::ExternalId, ReasonCode::R401)
        } else {
            Fault::new(Field::Row, ReasonCode::R105)
        }
    }
}

/// R503, once for each address that the status may be about.
fn refuse_unstated_channel(who: &Who<'_>, out: &mut Outlets) -> io::Result<()> {
    let addresses = [true, false]
        .into_iter()
        .filter(|&is_phone| who.addresses.has(is_phone))
        .count();
    for _ in 0..addresses.max(1) {
        out.refuse(who.place, None, Fault::new(Field::Status, ReasonCode::R503))?;
    }
    Ok(())
}

/// R104 or R705: the row's channel is no channel.
fn channel_fault(meaning: Option<ChannelMeaning>) -> Fault {
    let code = match meaning {
        Some(ChannelMeaning::Error) => ReasonCode::R104,
        _ => ReasonCode::R705,
    };
    Fault::new(Field::Channel, code)
}

/// A cell as it is shown to people.
fn shown(decoder: Decoder, raw: &[u8]) -> String {
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
