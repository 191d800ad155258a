//! The values of a row's attributes (*özel alan*). A value that does not fit its
//! type is left out and counted (W101); it never costs the row its consent.

use std::collections::BTreeMap;
use std::io;

use domain::ReasonCode;
use domain::attribute::{Attribute, AttributeKind, JOINT, VALUE_BYTES_MAX};
use domain::fold_text::cell::is_spreadsheet_error;

use super::Rules;
use super::cells::Cells;
use super::date_order::ColumnOrder;
use crate::cell::date::{Moment, Reading};
use crate::cell::{clean, empties, holds_national_id};
use crate::summary::{UnreadValue, UnreadValues};

/// Between a code and its value, and behind the value: no value holds control
/// characters.
const BETWEEN: char = '\u{1f}';
const BEHIND: char = '\u{1e}';

/// Unreadable cells shown of a column.
const EXAMPLES: usize = 3;
/// Of one of them, characters.
const EXAMPLE_CHARS: usize = 60;

/// Reads the columns of attributes into one reused buffer.
#[derive(Debug, Default)]
pub(super) struct AttributeReader {
    told: String,
    scratch: String,
    value: String,
    unread: BTreeMap<usize, UnreadValues>,
}

impl AttributeReader {
    /// The values of a row, code by code, an empty one where the value on
    /// record is to be emptied; `None` where it has none.
    pub(super) fn read<'a>(
        &'a mut self,
        rules: &mut Rules<'_>,
        cells: Cells<'_>,
        line: u64,
    ) -> io::Result<Option<&'a str>> {
        let layout = rules.layout;
        self.told.clear();
        for &(column, number) in &layout.attributes {
            let options = rules.options;
            let Some(attribute) = options.attributes.get(number) else {
                continue;
            };
            let (text, was_garbled) = cells.text(Some(column), &mut self.scratch);
            let cleaned = clean(text);
            rules.on_row.extend(cleaned.remark);
            if was_garbled {
                rules.on_row.add(ReasonCode::W104);
            }
            let text = cleaned.text;
            if text.is_empty() {
                continue; // what is not said changes nothing
            }
            self.value.clear();
            if empties(text) || read_value(rules, attribute, column, text, &mut self.value)? {
                self.told.push_str(&attribute.code);
                self.told.push(BETWEEN);
                self.told.push_str(&self.value);
                self.told.push(BEHIND);
            } else {
                rules.on_row.add(ReasonCode::W101);
                let unread = self.unread.entry(column).or_default();
                unread.count += 1;
                if unread.examples.len() < EXAMPLES {
                    let is_hidden = attribute.is_hidden() || holds_national_id(text);
                    let shown = if is_hidden { "" } else { text };
                    unread.examples.push(UnreadValue {
                        line,
                        value: shown.chars().take(EXAMPLE_CHARS).collect(),
                    });
                }
            }
        }
        Ok(Some(self.told.as_str()).filter(|told| !told.is_empty()))
    }

    /// What could not be read, by column.
    pub(super) fn unread(&self) -> impl Iterator<Item = (usize, &UnreadValues)> {
        self.unread.iter().map(|(column, unread)| (*column, unread))
    }
}

/// Reads a cell into its stored form; whether all of it fits the type.
fn read_value(
    rules: &mut Rules<'_>,
    attribute: &Attribute,
    column: usize,
    text: &str,
    value: &mut String,
) -> io::Result<bool> {
    if text.len() > VALUE_BYTES_MAX || is_spreadsheet_error(text) {
        return Ok(false);
    }
    for part in attribute.parts(text) {
        let read = if attribute.kind == AttributeKind::Date {
            date(rules, column, part)?
        } else {
            attribute.read(part, rules.cells_stay)
        };
        let Some(read) = read.filter(|read| !read.trim().is_empty()) else {
            return Ok(false);
        };
        if !value.is_empty() {
            value.push_str(JOINT);
        }
        value.push_str(&read);
    }
    Ok(!value.is_empty() && value.len() <= VALUE_BYTES_MAX)
}

/// `2025-06-20`, or with a time of day where one was written.
fn date(rules: &mut Rules<'_>, column: usize, part: &str) -> io::Result<Option<String>> {
    let moment = match Reading::of(part) {
        Reading::Moment(moment) => Some(moment),
        Reading::Slashed(slashed) => match rules.orders.of_column(column, part)? {
            ColumnOrder::Decided(order) => slashed.in_order(order),
            ColumnOrder::Undecidable => None,
        },
        Reading::Empty | Reading::Artefact | Reading::Unreadable => None,
    };
    Ok(moment.map(written))
}

fn written(moment: Moment) -> String {
    if moment.lacks_time {
        moment.at.date().to_string()
    } else {
        moment.at.strftime("%Y-%m-%d %H:%M:%S").to_string()
    }
}

/// What [`AttributeReader::read`] gave, apart again.
pub(crate) fn split_attributes(told: &str) -> Vec<(String, String)> {
    told.split(BEHIND)
        .filter_map(|one| one.split_once(BETWEEN))
        .map(|(code, value)| (code.to_owned(), value.to_owned()))
        .collect()
}
