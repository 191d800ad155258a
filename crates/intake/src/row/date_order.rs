//! Which part of `05/06/2025` is the day: decided once per column, from all of
//! its cells.

use std::collections::BTreeMap;
use std::io;

use domain::ReasonCode;

use crate::cell::clean;
use crate::cell::date::Reading;
use crate::file::encoding::Decoder;
use crate::file::rows::Rows;
use crate::file::text::{LineEnds, TextFile};
use crate::options::{DateOrder, Mapping};
use crate::summary::Question;
use crate::table::layout::Layout;
use crate::verdict::Refusal;

/// The order of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ColumnOrder {
    Decided(DateOrder),
    /// No cell shows it: a person has to say.
    Undecidable,
}

/// Reads a file's date columns once more, when their order is needed.
///
/// A file whose dates are written with dots never pays for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Surveyor<'o> {
    pub(crate) file: &'o TextFile,
    pub(crate) line_ends: LineEnds,
    pub(crate) delimiter: u8,
    pub(crate) decoder: Decoder,
    pub(crate) records_above_data: usize,
}

/// Cells of one column that can be read in only one order.
#[derive(Debug, Clone, Copy, Default)]
struct Evidence {
    day_first: u64,
    month_first: u64,
}

impl Evidence {
    const fn order(self) -> ColumnOrder {
        if self.day_first == 0 && self.month_first == 0 {
            ColumnOrder::Undecidable
        } else if self.month_first > self.day_first {
            ColumnOrder::Decided(DateOrder::MonthFirst)
        } else {
            ColumnOrder::Decided(DateOrder::DayFirst)
        }
    }

    fn contradicts_beyond(self, percent: u64) -> bool {
        let minority = self.day_first.min(self.month_first);
        minority * 100 > (self.day_first + self.month_first) * percent
    }
}

/// The orders of a file's date columns, found out when first needed.
#[derive(Debug)]
pub(super) struct DateOrders<'o> {
    /// Columns of consent dates, and those of attributes behind them.
    columns: Vec<usize>,
    consent_columns: usize,
    /// What a person said, by column; it holds where the cells do not show their order.
    chosen: BTreeMap<usize, DateOrder>,
    surveyor: Surveyor<'o>,
    surveyed: Option<BTreeMap<usize, Evidence>>,
    /// A cell of each column that nothing decides.
    undecided: BTreeMap<usize, String>,
    /// The order of each column that has shown a cell which needs one.
    used: BTreeMap<usize, DateOrder>,
}

impl<'o> DateOrders<'o> {
    pub(super) fn new(layout: &Layout, mapping: &Mapping, surveyor: Surveyor<'o>) -> Self {
        let mut columns = layout.date_columns();
        let consent_columns = columns.len();
        columns.extend(&layout.attribute_dates);
        let said = columns.iter().filter_map(|&column| {
            let header = layout.headers.get(column)?;
            Some((column, mapping.date_order_of(header)?))
        });
        let chosen = said.collect();
        Self {
            columns,
            consent_columns,
            chosen,
            surveyor,
            surveyed: None,
            undecided: BTreeMap::new(),
            used: BTreeMap::new(),
        }
    }

    /// The columns whose dates were read in an order, with it.
    pub(super) fn used(&self) -> impl Iterator<Item = (usize, DateOrder)> {
        self.used.iter().map(|(&column, &order)| (column, order))
    }

    /// The order of a column; `example` is the cell that asks.
    pub(super) fn of_column(&mut self, column: usize, example: &str) -> io::Result<ColumnOrder> {
        let surveyed = match &mut self.surveyed {
            Some(surveyed) => surveyed,
            unknown => unknown.insert(self.surveyor.survey(&self.columns)?),
        };
        let mut order = surveyed.get(&column).copied().unwrap_or_default().order();
        if order == ColumnOrder::Undecidable
            && let Some(chosen) = self.chosen.get(&column)
        {
            order = ColumnOrder::Decided(*chosen);
        }
        match order {
            ColumnOrder::Decided(order) => {
                self.used.insert(column, order);
            }
            ColumnOrder::Undecidable => {
                self.undecided
                    .entry(column)
                    .or_insert_with(|| example.to_owned());
            }
        }
        Ok(order)
    }

    /// One question per column that nothing decides.
    pub(super) fn questions(&self, layout: &Layout) -> Vec<Question> {
        let asked = self
            .undecided
            .iter()
            .map(|(&column, example)| Question::DateOrder {
                header: layout.headers[column].clone(),
                example: example.clone(),
            });
        asked.collect()
    }

    /// F115 when the minority of a column of consent dates exceeds this share.
    pub(super) fn refusal(&self, percent: u64) -> Option<Refusal> {
        let surveyed = self.surveyed.as_ref()?;
        let mut consents = self.columns.iter().take(self.consent_columns);
        let is_contrary = consents.any(|column| {
            let evidence = surveyed.get(column);
            evidence.is_some_and(|evidence| evidence.contradicts_beyond(percent))
        });
        is_contrary.then(|| Refusal::new(ReasonCode::F115))
    }
}

impl Surveyor<'_> {
    fn survey(&self, columns: &[usize]) -> io::Result<BTreeMap<usize, Evidence>> {
        let text = self.file.open()?.with_line_ends(self.line_ends);
        let mut rows = Rows::new(text, self.delimiter);
        for _ in 0..self.records_above_data {
            rows.read()?;
        }
        let mut found: BTreeMap<usize, Evidence> = BTreeMap::new();
        let mut scratch = String::new();
        while let Some((_, record)) = rows.read()? {
            for &column in columns {
                let (text, _) = self
                    .decoder
                    .decode(record.get(column).unwrap_or_default(), &mut scratch);
                if let Reading::Slashed(slashed) = Reading::of(clean(text).text) {
                    let evidence = found.entry(column).or_default();
                    match slashed.only_order() {
                        Some(DateOrder::DayFirst) => evidence.day_first += 1,
                        Some(DateOrder::MonthFirst) => evidence.month_first += 1,
                        None => {}
                    }
                }
            }
        }
        Ok(found)
    }
}
