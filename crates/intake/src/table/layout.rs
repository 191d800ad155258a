//! Which column is what, and how a row states consents.

mod attribute_columns;
mod code_columns;

use std::collections::BTreeMap;

use domain::attribute::Attribute;
use domain::fold_text::fold_header;
use domain::{Channel, ReasonCode, RecipientKind};

use self::attribute_columns::{attribute_columns, attribute_meaning, dates_of, recognised};
pub(crate) use self::code_columns::{is_code_header, separation_of_codes, understand_codes};
use super::header::{Coding, Meaning, REPORT_COLUMNS, begins_with_report_columns};
use crate::field::Field;
use crate::options::{Action, Assignment, Mapping, Options, Polarity};
use crate::summary::{ColumnReport, LayoutKind, Question, UnreadValues};
use crate::verdict::Refusal;

/// The columns of a file, by what they mean; positions count from 0.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) kind: LayoutKind,
    pub(crate) headers: Vec<String>,
    pub(crate) meanings: Vec<Meaning>,
    pub(crate) phone: Option<usize>,
    pub(crate) email: Option<usize>,
    pub(crate) recipient: Option<usize>,
    pub(crate) first_name: Option<usize>,
    pub(crate) last_name: Option<usize>,
    pub(crate) full_name: Option<usize>,
    pub(crate) external_id: Option<usize>,
    pub(crate) token: Option<usize>,
    pub(crate) national_id: Option<usize>,
    pub(crate) channel: Option<usize>,
    pub(crate) recipient_kind: Option<usize>,
    pub(crate) brand: Option<usize>,
    pub(crate) tags: Vec<usize>,
    /// Branch or dealer: a name and a number, say; the first filled one counts.
    pub(crate) branches: Vec<usize>,
    /// The retailer's number at İYS.
    pub(crate) retailer: Option<usize>,
    /// The promotion codes of a file of them.
    pub(crate) code: Option<usize>,
    /// Columns of attributes, with the position of the definition.
    pub(crate) attributes: Vec<(usize, usize)>,
    /// Those of them whose values are dates.
    pub(crate) attribute_dates: Vec<usize>,
    /// The consents that one row states.
    pub(crate) groups: Vec<Group>,
    /// What an upload that only asks İYS asks about each row's addresses.
    pub(crate) asks: Coverage,
}

/// The columns that state one consent, or one per channel.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) covers: Coverage,
    pub(crate) status: StatusColumn,
    pub(crate) date: Option<usize>,
    pub(crate) source: Option<usize>,
}

impl Group {
    /// Whether a row leaves every column that only this group has empty.
    pub(crate) fn is_blank_in<'a>(
        &self,
        layout: &Layout,
        cell: impl Fn(usize) -> &'a [u8],
    ) -> bool {
        let is_shared = |column: usize| {
            let others = layout
                .groups
                .iter()
                .filter(|group| group.status.index != self.status.index);
            others
                .into_iter()
                .any(|group| [group.date, group.source].contains(&Some(column)))
        };
        let own = [Some(self.status.index), self.date, self.source];
        let own: Vec<usize> = own
            .into_iter()
            .flatten()
            .filter(|&c| !is_shared(c))
            .collect();
        // A status column alone is asked a question by every row: blank is no answer (R501).
        own.len() > 1
            && own
                .into_iter()
                .all(|column| cell(column).trim_ascii().is_empty())
    }
}

/// A status column and how its words are to be read.
#[derive(Debug)]
pub(crate) struct StatusColumn {
    pub(crate) index: usize,
    pub(crate) coding: Option<Coding>,
    /// What yes means; `None` while only a person can tell (F114).
    pub(crate) polarity: Option<Polarity>,
}

/// Which channels a consent is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Coverage {
    /// These.
    Stated(Vec<Channel>),
    /// The one in the row's channel column.
    FromRow,
    /// Nobody said (R503).
    Unstated,
}

impl Layout {
    /// Gives every header its meaning.
    ///
    /// # Errors
    /// F107, F110, F111, F117: the file cannot be read as a list of people.
    pub(crate) fn new(headers: Vec<String>, options: &Options) -> Result<Self, Refusal> {
        if headers.len() > options.limits.columns_max {
            return Err(Refusal::unsupported(crate::file::kind::TOO_WIDE));
        }
        let meanings = meanings_of(&headers, options);
        let places = Places::of(&headers, &meanings)?;
        let attributes = attribute_columns(&headers, &meanings, &options.attributes)?;
        if !meanings.iter().any(|meaning| meaning.field.identifies()) {
            return Err(nobody(&headers));
        }
        let mapping = &options.mapping;
        let groups = if options.action == Action::Pull {
            Vec::new()
        } else {
            groups_of(&places, &headers, &meanings, mapping)
        };
        let layout = Self {
            kind: kind_of(&groups),
            phone: places.of_field(Field::Phone),
            email: places.of_field(Field::Email),
            recipient: places.of_field(Field::Recipient),
            first_name: places.of_field(Field::FirstName),
            last_name: places.of_field(Field::LastName),
            full_name: places.of_field(Field::FullName),
            external_id: places.of_field(Field::ExternalId),
            token: places.of_field(Field::Token),
            national_id: places.of_field(Field::NationalId),
            channel: places.of_field(Field::Channel),
            recipient_kind: places.of_field(Field::Kind),
            brand: places.of_field(Field::Brand),
            tags: columns_of(&meanings, Field::Tags),
            branches: columns_of(&meanings, Field::Branch),
            retailer: places.of_field(Field::Retailer),
            code: None,
            attribute_dates: dates_of(&attributes, &options.attributes),
            attributes,
            asks: asks_of(&places, mapping),
            groups,
            headers,
            meanings,
        };
        layout.check_consent_columns(options)?;
        Ok(layout)
    }

    /// F117: what is pushed needs status, date and source; merchants need only
    /// the status (İYS: both are optional on a first TACIR record).
    fn check_consent_columns(&self, options: &Options) -> Result<(), Refusal> {
        if options.action != Action::Push {
            return Ok(());
        }
        let only_merchants = self.recipient_kind.is_none()
            && options.kind_by_default() == Some(RecipientKind::Tacir);
        let lacks =
            |part: fn(&Group) -> bool| self.groups.is_empty() || self.groups.iter().any(part);
        let missing: Vec<Field> = [
            (Field::Status, self.groups.is_empty()),
            (
                Field::Date,
                !only_merchants && lacks(|group| group.date.is_none()),
            ),
            (
                Field::Source,
                !only_merchants && lacks(|group| group.source.is_none()),
            ),
        ]
        .into_iter()
        .filter_map(|(field, is_missing)| is_missing.then_some(field))
        .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let listed = |name: fn(Field) -> &'static str| {
            missing
                .iter()
                .map(|&field| name(field))
                .collect::<Vec<_>>()
                .join(", ")
        };
        Err(Refusal::new(ReasonCode::F117)
            .with("columns", listed(Field::name_tr))
            .with("columns_en", listed(Field::name_en)))
    }

    /// The channel that every row speaks about, where there is only one.
    pub(crate) fn only_channel(&self) -> Option<Channel> {
        match self.groups.as_slice() {
            [one] => match &one.covers {
                Coverage::Stated(channels) if channels.len() == 1 => channels.first().copied(),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether people are named by identifiers alone, without any address column.
    pub(crate) fn is_of_identifiers_only(&self) -> bool {
        self.phone.is_none() && self.email.is_none() && self.recipient.is_none()
    }

    /// Keeps a column out after all, because its cells show what it really is.
    pub(crate) fn withhold(&mut self, column: usize) {
        if let Some(meaning) = self.meanings.get_mut(column) {
            *meaning = Meaning::of(Field::Sensitive);
        }
        self.attributes.retain(|(place, _)| *place != column);
        self.attribute_dates.retain(|place| *place != column);
        self.tags.retain(|place| *place != column);
        self.branches.retain(|place| *place != column);
        for place in [
            &mut self.external_id,
            &mut self.token,
            &mut self.first_name,
            &mut self.last_name,
            &mut self.full_name,
            &mut self.retailer,
        ] {
            if *place == Some(column) {
                *place = None;
            }
        }
    }

    /// Whether the rows can be judged without a column. An address, or what is
    /// said of it, is judged cell by cell instead.
    pub(crate) fn can_withhold(&self, column: usize) -> bool {
        matches!(
            self.field_of(column),
            Field::ExternalId
                | Field::Token
                | Field::FirstName
                | Field::LastName
                | Field::FullName
                | Field::Tags
                | Field::Branch
                | Field::Retailer
                | Field::Attribute
                | Field::Ignored
        )
    }

    /// What a column means.
    pub(crate) fn field_of(&self, column: usize) -> Field {
        self.meanings
            .get(column)
            .map_or(Field::Row, |meaning| meaning.field)
    }

    /// The account of every column.
    pub(crate) fn report(&self, attributes: &[Attribute]) -> Vec<ColumnReport> {
        let pairs = self.headers.iter().zip(&self.meanings);
        pairs
            .enumerate()
            .map(|(index, (header, meaning))| ColumnReport {
                header: header.clone(),
                field: meaning.field,
                channel: meaning.channel,
                imported: self.reads(index),
                attribute: meaning
                    .attribute
                    .and_then(|number| attributes.get(number))
                    .map(|attribute| attribute.code.clone()),
                unread: UnreadValues::default(),
                date_order: None,
                polarity: None,
            })
            .collect()
    }

    /// Columns of dates, each once.
    pub(crate) fn date_columns(&self) -> Vec<usize> {
        let mut columns: Vec<usize> = self.groups.iter().filter_map(|group| group.date).collect();
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// Questions that the headers alone raise.
    pub(crate) fn questions(&self) -> Vec<Question> {
        let mut questions = Vec::new();
        for group in &self.groups {
            if group.covers == Coverage::Unstated {
                let header = self.headers[group.status.index].clone();
                questions.push(Question::StatusChannels { header });
            }
        }
        if !self.groups.is_empty() && self.groups.iter().all(|group| group.date.is_none()) {
            let doubtful = columns_of(&self.meanings, Field::DoubtfulDate);
            let headers = doubtful
                .into_iter()
                .map(|column| self.headers[column].clone());
            questions.extend(headers.map(|header| Question::ConsentDateColumn { header }));
        }
        questions
    }

    fn reads(&self, column: usize) -> bool {
        let single = [
            self.phone,
            self.email,
            self.recipient,
            self.first_name,
            self.last_name,
            self.full_name,
            self.external_id,
            self.token,
            self.channel,
            self.recipient_kind,
            self.brand,
            self.retailer,
            self.code,
        ];
        let in_group = |group: &Group| {
            [Some(group.status.index), group.date, group.source].contains(&Some(column))
        };
        single.contains(&Some(column))
            || self.tags.contains(&column)
            || self.branches.contains(&column)
            || self.attributes.iter().any(|(place, _)| *place == column)
            || self.groups.iter().any(in_group)
    }
}

/// F110, with a hint where the headers are those of a list of places.
fn nobody(headers: &[String]) -> Refusal {
    let refusal = Refusal::new(ReasonCode::F110);
    let has = |words: [&str; 2]| {
        let folded = headers.iter().map(|header| fold_header(header));
        folded
            .into_iter()
            .any(|header| words.contains(&header.as_str()))
    };
    if has(["latitude", "enlem"]) && has(["longitude", "boylam"]) {
        return refusal
            .with(
                "hint",
                "Bu bir konum (geofence) listesi; burada kişi listeleri yüklenir.",
            )
            .with(
                "hint_en",
                "This is a list of places (geofences); lists of people are uploaded here.",
            );
    }
    refusal
}

fn meanings_of(headers: &[String], options: &Options) -> Vec<Meaning> {
    let mapping = &options.mapping;
    let named: BTreeMap<String, usize> = mapping
        .attributes
        .iter()
        .filter_map(|(header, code)| {
            let mut known = options.attributes.iter();
            let number = known.position(|one| one.code == *code)?;
            Some((fold_header(header), number))
        })
        .collect();
    let is_report = begins_with_report_columns(headers.iter().map(String::as_str));
    let assigned: BTreeMap<String, Assignment> = mapping
        .columns
        .iter()
        .map(|(header, assignment)| (fold_header(header), *assignment))
        .collect();
    headers
        .iter()
        .enumerate()
        .map(|(index, header)| {
            if let Some(&number) = named.get(&fold_header(header)) {
                return attribute_meaning(number);
            }
            let assignment = assigned.get(&fold_header(header));
            // An attribute is named by its code, not as a field.
            if let Some(assignment) =
                assignment.filter(|assignment| assignment.field != Field::Attribute)
            {
                return Meaning {
                    channel: assignment
                        .channel
                        .filter(|_| assignment.field.may_have_channel()),
                    ..Meaning::of(assignment.field)
                };
            }
            if is_report && index < REPORT_COLUMNS.len() {
                return Meaning::of(Field::Ours);
            }
            recognised(header, &options.attributes)
        })
        .collect()
}

fn columns_of(meanings: &[Meaning], field: Field) -> Vec<usize> {
    let of_field = |(index, meaning): (usize, &Meaning)| (meaning.field == field).then_some(index);
    meanings.iter().enumerate().filter_map(of_field).collect()
}

/// The column of each field and channel.
struct Places(BTreeMap<(Field, Option<Channel>), usize>);

impl Places {
    /// # Errors
    /// F111 when two columns claim one place.
    fn of(headers: &[String], meanings: &[Meaning]) -> Result<Self, Refusal> {
        let mut places = BTreeMap::new();
        for (index, meaning) in meanings.iter().enumerate() {
            if meaning.field.may_repeat() {
                continue;
            }
            // A status and a refusal column for the same channel say the same thing twice.
            let field = if meaning.field == Field::Refusal {
                Field::Status
            } else {
                meaning.field
            };
            if let Some(first) = places.insert((field, meaning.channel), index) {
                return Err(Refusal::new(ReasonCode::F111)
                    .with("field", field.name_tr())
                    .with("field_en", field.name_en())
                    .with("first", &headers[first])
                    .with("second", &headers[index]));
            }
        }
        Ok(Self(places))
    }

    fn of_field(&self, field: Field) -> Option<usize> {
        self.0.get(&(field, None)).copied()
    }

    fn of_channel(&self, field: Field, channel: Channel) -> Option<usize> {
        self.0.get(&(field, Some(channel))).copied()
    }

    /// The column of the channel, or the one for all.
    fn nearest(&self, field: Field, channel: Channel) -> Option<usize> {
        self.of_channel(field, channel)
            .or_else(|| self.of_field(field))
    }
}

fn groups_of(
    places: &Places,
    headers: &[String],
    meanings: &[Meaning],
    mapping: &Mapping,
) -> Vec<Group> {
    let status = |index: usize| StatusColumn {
        index,
        coding: meanings[index].coding.clone(),
        polarity: polarity_of(&headers[index], meanings[index].field, mapping),
    };
    let of_channels = Channel::ALL.iter().filter_map(|&channel| {
        Some(Group {
            covers: Coverage::Stated(vec![channel]),
            status: status(places.of_channel(Field::Status, channel)?),
            date: places.nearest(Field::Date, channel),
            source: places.nearest(Field::Source, channel),
        })
    });
    let general = places.of_field(Field::Status).map(|index| Group {
        covers: coverage(places, mapping),
        status: status(index),
        date: places.of_field(Field::Date),
        source: places.of_field(Field::Source),
    });
    of_channels.chain(general).collect()
}

fn polarity_of(header: &str, field: Field, mapping: &Mapping) -> Option<Polarity> {
    let folded = fold_header(header);
    let answered = mapping
        .polarity
        .iter()
        .find(|(key, _)| fold_header(key) == folded);
    answered
        .map(|(_, polarity)| *polarity)
        .or_else(|| (field == Field::Status).then_some(Polarity::YesIsConsent))
}

/// What a status without a channel of its own covers.
fn coverage(places: &Places, mapping: &Mapping) -> Coverage {
    let only_email = places.of_field(Field::Email).is_some()
        && [
            Field::Phone,
            Field::Recipient,
            Field::ExternalId,
            Field::Token,
        ]
        .into_iter()
        .all(|field| places.of_field(field).is_none());
    if places.of_field(Field::Channel).is_some() {
        Coverage::FromRow
    } else if !mapping.status_channels.is_empty() {
        Coverage::Stated(mapping.status_channels.clone())
    } else if only_email {
        Coverage::Stated(vec![Channel::Eposta])
    } else {
        Coverage::Unstated
    }
}

/// Which channels an upload that only asks İYS asks about.
fn asks_of(places: &Places, mapping: &Mapping) -> Coverage {
    let with_columns: Vec<Channel> = Channel::ALL
        .iter()
        .copied()
        .filter(|&channel| places.of_channel(Field::Status, channel).is_some())
        .collect();
    if places.of_field(Field::Channel).is_some() {
        Coverage::FromRow
    } else if !with_columns.is_empty() {
        Coverage::Stated(with_columns)
    } else if !mapping.status_channels.is_empty() {
        Coverage::Stated(mapping.status_channels.clone())
    } else {
        Coverage::Unstated
    }
}

fn kind_of(groups: &[Group]) -> LayoutKind {
    match groups {
        [] => LayoutKind::ContactsOnly,
        [one] if one.covers == Coverage::FromRow => LayoutKind::Long,
        [one] if !matches!(&one.covers, Coverage::Stated(channels) if channels.len() == 1) => {
            LayoutKind::Plain
        }
        _ => LayoutKind::Wide,
    }
}

#[cfg(test)]
mod tests;
