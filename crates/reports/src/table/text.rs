//! The table as text: UTF-8 with byte order mark, semicolons, CRLF.

use std::io::Write;

use polars::prelude::*;

use super::{Cell, Heading, Kind, ReportError, spreadsheet_safe};

/// Text under way.
pub(super) struct TextTable<W: Write> {
    headings: Vec<Heading>,
    writer: polars::io::csv::write::BatchedWriter<W>,
}

impl<W: Write> TextTable<W> {
    pub(super) fn begin(to: W, headings: &[Heading]) -> Result<Self, ReportError> {
        let schema = frame(headings, &[])?.schema().clone();
        let mut writer = CsvWriter::new(to)
            .include_bom(true)
            .include_header(true)
            .with_separator(b';')
            .with_line_terminator("\r\n".into())
            .n_threads(1)
            .batched(&schema)?;
        // A table of no rows has its headings all the same.
        writer.write_batch(&frame(headings, &[])?)?;
        Ok(Self {
            headings: headings.to_vec(),
            writer,
        })
    }

    pub(super) fn write(&mut self, rows: &[Vec<Cell>]) -> Result<(), ReportError> {
        Ok(self.writer.write_batch(&frame(&self.headings, rows)?)?)
    }

    pub(super) fn finish(mut self) -> Result<(), ReportError> {
        Ok(self.writer.finish()?)
    }
}

fn frame(headings: &[Heading], rows: &[Vec<Cell>]) -> Result<DataFrame, ReportError> {
    let columns = headings.iter().enumerate().map(|(at, heading)| {
        let cells = rows.iter().map(|row| row.get(at));
        match heading.kind {
            Kind::Number => {
                let values: Vec<Option<i64>> = cells
                    .map(|cell| match cell {
                        Some(Cell::Number(number)) => Some(*number),
                        _ => None,
                    })
                    .collect();
                Column::new(heading.name.into(), values)
            }
            Kind::Text | Kind::Time => {
                let values: Vec<Option<String>> = cells
                    .map(|cell| match cell {
                        Some(Cell::Text(text)) if !text.is_empty() => Some(spreadsheet_safe(text)),
                        Some(Cell::Time(at)) => Some(at.to_turkish_text()),
                        _ => None,
                    })
                    .collect();
                Column::new(heading.name.into(), values)
            }
        }
    });
    Ok(DataFrame::new(rows.len(), columns.collect())?)
}
