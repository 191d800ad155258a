//! The people behind a campaign's numbers: who, what became of the message,
//! why. Written as CSV that Turkish Excel opens with a double click (UTF-8
//! with byte order mark, semicolons), and counted by reason.

use std::collections::BTreeMap;
use std::io::Write;

use polars::prelude::*;

/// Most rows that are held as a frame at one time.
pub const CHUNK_ROWS_MAX: usize = 20_000;

/// One person of a campaign.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonRow {
    /// The address, already masked if the reader may not see it.
    pub address: String,
    /// The person's number in the firm's own system.
    pub external_id: String,
    /// `excluded`, `waiting`, `sent`, `delivered`, `failed` or `uncertain`.
    pub state: String,
    /// The reason code, empty when there is none.
    pub code: String,
    /// The reason in Turkish.
    pub text_tr: String,
    /// The reason in English.
    pub text_en: String,
    /// The provider's own code.
    pub provider_code: String,
    /// The provider's own words.
    pub provider_text: String,
    /// When it last changed, in Turkish time.
    pub at: String,
}

/// An export that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the export could not be written")]
pub struct ReportError(#[from] PolarsError);

fn column(name: &str, rows: &[PersonRow], field: impl Fn(&PersonRow) -> &str) -> Column {
    let values: Vec<String> = rows
        .iter()
        .map(|row| spreadsheet_safe(field(row)))
        .collect();
    Column::new(name.into(), values)
}

/// A cell that a spreadsheet will show and never run: text that begins like a
/// formula is preceded by an apostrophe (import-files rules, §16).
fn spreadsheet_safe(cell: &str) -> String {
    let runs = cell.starts_with(['=', '@', '-', '\t', '\r', '\n'])
        || (cell.starts_with('+') && !cell[1..].bytes().all(|b| b.is_ascii_digit()));
    if runs {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

fn frame(rows: &[PersonRow]) -> Result<DataFrame, ReportError> {
    let columns = vec![
        column("alici", rows, |r| &r.address),
        column("musteri_no", rows, |r| &r.external_id),
        column("durum", rows, |r| &r.state),
        column("kod", rows, |r| &r.code),
        column("aciklama_tr", rows, |r| &r.text_tr),
        column("aciklama_en", rows, |r| &r.text_en),
        column("saglayici_kodu", rows, |r| &r.provider_code),
        column("saglayici_metni", rows, |r| &r.provider_text),
        column("zaman", rows, |r| &r.at),
    ];
    Ok(DataFrame::new(rows.len(), columns)?)
}

/// A CSV export under way.
pub struct Export<W: Write> {
    writer: polars::io::csv::write::BatchedWriter<W>,
}

impl<W: Write> std::fmt::Debug for Export<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Export")
    }
}

impl<W: Write> Export<W> {
    /// Begins an export into `to`.
    ///
    /// # Errors
    /// [`ReportError`] when `to` cannot be written.
    pub fn begin(to: W) -> Result<Self, ReportError> {
        let schema = frame(&[])?.schema().clone();
        let writer = CsvWriter::new(to)
            .include_bom(true)
            .include_header(true)
            .with_separator(b';')
            .with_line_terminator("\r\n".into())
            .n_threads(1)
            .batched(&schema)?;
        Ok(Self { writer })
    }

    /// Writes one chunk.
    ///
    /// # Errors
    /// [`ReportError`] when the target cannot be written.
    pub fn write(&mut self, rows: &[PersonRow]) -> Result<(), ReportError> {
        for chunk in rows.chunks(CHUNK_ROWS_MAX) {
            self.writer.write_batch(&frame(chunk)?)?;
        }
        Ok(())
    }

    /// Ends the export.
    ///
    /// # Errors
    /// [`ReportError`] when the target cannot be written.
    pub fn finish(mut self) -> Result<(), ReportError> {
        Ok(self.writer.finish()?)
    }
}

/// Counts people by state and reason over any number of chunks.
#[derive(Debug, Default)]
pub struct Tally(BTreeMap<(String, String), u64>);

impl Tally {
    /// Adds one chunk.
    ///
    /// # Errors
    /// [`ReportError`] when the chunk cannot be grouped.
    pub fn add(&mut self, rows: &[PersonRow]) -> Result<(), ReportError> {
        if rows.is_empty() {
            return Ok(());
        }
        let groups = frame(rows)?.select(["durum", "kod", "alici"])?;
        let counted = groups
            .group_by(["durum", "kod"])?
            .select(["alici"])
            .count()?;
        let states = counted.column("durum")?.str()?;
        let codes = counted.column("kod")?.str()?;
        let counts = counted.column("alici_count")?.cast(&DataType::UInt64)?;
        let counts = counts.u64()?;
        for ((state, code), count) in states.iter().zip(codes.iter()).zip(counts.iter()) {
            let key = (
                state.unwrap_or("").to_owned(),
                code.unwrap_or("").to_owned(),
            );
            *self.0.entry(key).or_default() += count.unwrap_or(0);
        }
        Ok(())
    }

    /// People by (state, code), in order of both.
    pub const fn counts(&self) -> &BTreeMap<(String, String), u64> {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(address: &str, state: &str, code: &str) -> PersonRow {
        PersonRow {
            address: address.into(),
            state: state.into(),
            code: code.into(),
            text_tr: "İYS'de RET; gönderilmez".into(),
            ..PersonRow::default()
        }
    }

    #[test]
    fn an_export_opens_in_turkish_excel_and_never_runs_a_formula() {
        let mut bytes = Vec::new();
        let mut export = Export::begin(&mut bytes).expect("begins");
        export
            .write(&[row("+905321234567", "excluded", "S103")])
            .expect("writes");
        export
            .write(&[PersonRow {
                external_id: "=1+1".into(),
                ..row("a@b.com", "sent", "")
            }])
            .expect("writes");
        export.finish().expect("ends");
        let text = String::from_utf8(bytes).expect("UTF-8");
        let mut lines = text.trim_start_matches('\u{feff}').lines();
        assert!(text.starts_with('\u{feff}'));
        assert!(
            lines
                .next()
                .is_some_and(|l| l.starts_with("alici;musteri_no;durum;kod;"))
        );
        assert!(lines.next().is_some_and(
            |l| l.starts_with("+905321234567;") && l.contains("\"İYS'de RET; gönderilmez\"")
        ));
        assert!(lines.next().is_some_and(|l| l.contains(";'=1+1;")));
        assert_eq!(lines.next(), None);
    }

    #[test]
    fn counts_over_chunks_equal_counts_over_the_whole() {
        let rows: Vec<_> = (0..1_000)
            .map(|n| {
                if n % 3 == 0 {
                    row("x", "excluded", "S101")
                } else {
                    row("x", "sent", "")
                }
            })
            .collect();
        let mut chunked = Tally::default();
        for chunk in rows.chunks(7) {
            chunked.add(chunk).expect("groups");
        }
        let mut whole = Tally::default();
        whole.add(&rows).expect("groups");
        assert_eq!(chunked.counts(), whole.counts());
        assert_eq!(
            whole.counts().get(&("excluded".into(), "S101".into())),
            Some(&334)
        );
        assert_eq!(whole.counts().values().sum::<u64>(), 1_000);
    }
}
