//! National ids (*TC kimlik numarası*) in rejected rows: they are not kept,
//! whatever column they were written into (W405).

use std::borrow::Cow;
use std::io;

use crate::cell::holds_national_id;
use crate::field::Field;
use crate::file::encoding::Decoder;
use crate::table::delimiter::record_of;
use crate::table::layout::Layout;

/// Takes national ids out of the rows of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NationalIds<'t> {
    pub(crate) layout: &'t Layout,
    pub(crate) decoder: Decoder,
    pub(crate) delimiter: u8,
}

impl NationalIds<'_> {
    /// A row with the cells emptied that hold a national id; the row itself where
    /// none does, which is nearly every row.
    pub(crate) fn taken_out<'r>(&self, raw: &'r [u8]) -> io::Result<Cow<'r, [u8]>> {
        const DIGITS: usize = 11;
        if !raw
            .windows(DIGITS)
            .any(crate::cell::identity::is_national_id)
        {
            return Ok(Cow::Borrowed(raw));
        }
        let Some(record) = record_of(raw, self.delimiter) else {
            return Ok(Cow::Borrowed(raw));
        };
        // Cells out of place say nothing about what they are.
        let is_whole = record.len() <= self.layout.headers.len();
        let is_hidden = |(column, cell): (usize, &[u8])| {
            let field = if is_whole {
                self.layout.field_of(column)
            } else {
                Field::Row
            };
            !field.holds_numbers_of_firm() && holds_national_id(&self.decoder.text(cell))
        };
        let hidden: Vec<bool> = record.iter().enumerate().map(is_hidden).collect();
        if !hidden.contains(&true) {
            return Ok(Cow::Borrowed(raw));
        }
        let mut row = Vec::with_capacity(raw.len());
        let mut writer = csv::WriterBuilder::new()
            .delimiter(self.delimiter)
            .from_writer(&mut row);
        let cells = record.iter().zip(hidden);
        writer.write_record(cells.map(|(cell, hidden)| if hidden { &b""[..] } else { cell }))?;
        writer.flush()?;
        drop(writer);
        row.truncate(row.strip_suffix(b"\n").unwrap_or(&row).len());
        Ok(Cow::Owned(row))
    }
}
