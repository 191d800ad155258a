//! What a row declares in one group of columns: status, source and date.

use std::io;

use domain::fold_text::cell::is_spreadsheet_error;
use domain::{ReasonCode, Source};

use super::cells::Cells;
use super::date_order::ColumnOrder;
use super::{Rules, Who, shown};
use crate::cell::date::{Moment, Reading};
use crate::cell::{Fault, clean};
use crate::consent::{self, Answer, Declared, FIRST_DAY, UNSTATED_SOURCE};
use crate::field::Field;
use crate::table::layout::Group;

/// Whether a person said of a free text that it means the lists of before 2015
/// (*2015 öncesi*): İYS takes those with one date only.
fn is_list_of_2015((source, remark): &(Source, Option<ReasonCode>)) -> bool {
    *source == Source::HS_2015 && *remark == Some(ReasonCode::W701)
}

/// The date that İYS wants of such a consent, whatever day before it was written;
/// one from after it says that the text meant something else (R605).
fn moment_of_2015(written: Option<Moment>) -> Moment {
    match written {
        Some(moment) if moment.at.date() > FIRST_DAY.date() => moment,
        _ => Moment::known(FIRST_DAY),
    }
}

impl Rules<'_> {
    /// The consent of a group as the row states it: kind, status, source, date.
    pub(super) fn statement(
        &mut self,
        number: usize,
        group: &Group,
        who: &Who<'_>,
        cells: Cells<'_>,
    ) -> io::Result<Result<Declared, Fault>> {
        let kind = match &who.kind {
            Ok(kind) => *kind,
            Err(fault) => return Ok(Err(fault.clone())),
        };
        let decoder = self.decoder;
        let status_cell = cells.raw(Some(group.status.index));
        let meaning = self.vocabulary.status(
            number,
            status_cell,
            decoder,
            group.status.coding.as_ref(),
            &mut self.on_row,
        );
        let status = match consent::answer(meaning, group.status.polarity, || {
            shown(decoder, status_cell)
        }) {
            Ok(Answer::Said(status)) => status,
            Ok(Answer::PolarityUnknown) => {
                self.unsaid_polarity.insert(group.status.index);
                self.read_along(number, group, cells)?;
                let shown = shown(decoder, status_cell);
                let fault = Fault::of_cell(Field::Status, ReasonCode::R502, &shown);
                return Ok(Err(fault));
            }
            Err(fault) => return Ok(Err(fault)),
        };
        let is_needed = consent::needs_paperwork(self.options.action, kind, status);
        let source_cell = cells.raw(group.source);
        let answers = &self.options.mapping.sources;
        let meaning =
            self.vocabulary
                .source(number, source_cell, decoder, answers, &mut self.on_row);
        let shown_source = || shown(decoder, source_cell);
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
        let is_of_2015 = source.as_ref().is_some_and(is_list_of_2015);
        let source = source.map(|(source, _)| source);
        let moment = match self.moment(group, cells)? {
            Ok(moment) if is_of_2015 => Some(moment_of_2015(moment)),
            Ok(moment) => moment,
            Err(fault) => return Ok(Err(fault)),
        };
        let date = match moment {
            None if is_needed => return Ok(Err(Fault::new(Field::Date, ReasonCode::R601))),
            None => None,
            Some(moment) => {
                let shown_date = || shown(decoder, cells.raw(group.date));
                match self
                    .dates
                    .judge(moment, source.as_ref(), shown_date, &mut self.on_consent)
                {
                    Ok(at) => Some(at),
                    Err(fault) => return Ok(Err(fault)),
                }
            }
        };
        Ok(Ok(Declared {
            status,
            date_us: date.unwrap_or(self.options.now).as_micros(),
            date_is_stated: date.is_some(),
            source_is_stated: source.is_some(),
            source: source.unwrap_or(UNSTATED_SOURCE),
        }))
    }

    /// Takes note of the words and dates of a consent that is refused for want
    /// of an answer, so that the file asks all of its questions at once.
    pub(super) fn read_along(
        &mut self,
        number: usize,
        group: &Group,
        cells: Cells<'_>,
    ) -> io::Result<()> {
        let source_cell = cells.raw(group.source);
        self.vocabulary.source(
            number,
            source_cell,
            self.decoder,
            &self.options.mapping.sources,
            &mut self.on_row,
        );
        self.moment(group, cells).map(|_| ())
    }

    /// The moment in a group's date column; `None` where nothing is written.
    pub(super) fn moment(
        &mut self,
        group: &Group,
        cells: Cells<'_>,
    ) -> io::Result<Result<Option<Moment>, Fault>> {
        let Some(column) = group.date else {
            return Ok(Ok(None));
        };
        let (text, was_garbled) = cells.text(group.date, &mut self.date_text);
        let cleaned = clean(text);
        self.on_row.extend(cleaned.remark);
        if was_garbled {
            self.on_row.add(ReasonCode::W104);
        }
        let text = cleaned.text;
        let fault = |code| Ok(Err(Fault::of_cell(Field::Date, code, text)));
        match Reading::of(text) {
            Reading::Moment(moment) => Ok(Ok(Some(moment))),
            Reading::Empty => Ok(Ok(None)),
            Reading::Artefact => fault(ReasonCode::R608),
            Reading::Unreadable if is_spreadsheet_error(text) => fault(ReasonCode::R104),
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
}
