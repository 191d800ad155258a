//! The rejection report as a stream: UTF-8 with a byte order mark and
//! semicolons, which Turkish Excel opens with a double click. One page of rows
//! is in memory at a time, read when the caller has taken the one before.

use bytes::Bytes;
use domain::Channel;
use domain::ids::{FirmId, UploadId};
use futures_util::Stream;
use futures_util::stream::try_unfold;
use secrecy::{ExposeSecret, SecretString};
use store::rejections::{Rejection, RejectionCursor, RejectionFilter};

use crate::app::App;
use crate::reason::Reason;

const PAGE_ROWS: usize = 1_000;
/// Our own columns are recognised and passed over when the report is uploaded again.
const HEADER: &str = "\u{feff}satir_no;kanal;alan;deger;kod;aciklama_tr;aciklama_en;oneri;\
     iys_kodu;iys_mesaji;ham_satir\r\n";

/// A report that broke off; the connection ends, so that nobody takes it for whole.
type Broken = Box<dyn std::error::Error + Send + Sync>;

enum Next {
    Header,
    After(Option<RejectionCursor>),
}

/// The report, page by page.
pub(super) fn pages(
    app: App,
    firm: FirmId,
    id: UploadId,
) -> impl Stream<Item = Result<Bytes, Broken>> {
    try_unfold((app, Next::Header), move |(app, next)| async move {
        let after = match next {
            Next::Header => {
                return Ok(Some((Bytes::from_static(HEADER.as_bytes()), (app, Next::After(None)))));
            }
            Next::After(after) => after,
        };
        let filter = RejectionFilter::default();
        let mut reader = app.store().read().await?;
        let rows = reader.rejections(firm, id, &filter, after, PAGE_ROWS).await?;
        let Some(last) = rows.last().map(Rejection::cursor) else { return Ok(None) };
        let mut page = String::with_capacity(rows.len() * 256);
        rows.iter().for_each(|row| write_row(row, &mut page));
        Ok(Some((Bytes::from(page), (app, Next::After(Some(last))))))
    })
}

fn write_row(row: &Rejection, out: &mut String) {
    let reason = Reason::with(row.code, &row.args);
    let arg = |name: &str| {
        row.args.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    };
    let text = |sealed: &Option<SecretString>| {
        sealed.as_ref().map(|text| text.expose_secret().to_owned()).unwrap_or_default()
    };
    let cells = [
        row.line.to_string(),
        row.channel.map_or("", Channel::as_str).to_owned(),
        row.field.clone(),
        text(&row.value),
        reason.code.to_string(),
        reason.text_tr,
        reason.text_en,
        reason.next_tr,
        arg("iys_code").to_owned(),
        arg("iys_message").to_owned(),
        text(&row.raw),
    ];
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            out.push(';');
        }
        write_cell(cell, out);
    }
    out.push_str("\r\n");
}

/// A cell that a spreadsheet shows and never runs: text that begins like a
/// formula is preceded by an apostrophe, quotes are doubled.
fn write_cell(cell: &str, out: &mut String) {
    let is_plain_phone = cell.strip_prefix('+').is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit())
    });
    let runs = cell.starts_with(['=', '+', '-', '@']) || cell.starts_with(char::is_control);
    let guard = if runs && !is_plain_phone { "'" } else { "" };
    if cell.contains([';', '"', '\r', '\n']) || !guard.is_empty() {
        out.push('"');
        out.push_str(guard);
        out.push_str(&cell.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(cell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(text: &str) -> String {
        let mut out = String::new();
        write_cell(text, &mut out);
        out
    }

    #[test]
    fn a_cell_that_looks_like_a_formula_is_shown_and_not_run() {
        assert_eq!(cell("=1+1"), "\"'=1+1\"");
        assert_eq!(cell("@SUM(A1)"), "\"'@SUM(A1)\"");
        assert_eq!(cell("-5"), "\"'-5\"");
        assert_eq!(cell("+905321234567"), "+905321234567");
        assert_eq!(cell("+90 532;1"), "\"'+90 532;1\"");
        assert_eq!(cell("\tx"), "\"'\tx\"");
    }

    #[test]
    fn quotes_semicolons_and_line_breaks_stay_inside_their_cell() {
        assert_eq!(cell("a;b"), "\"a;b\"");
        assert_eq!(cell("a \"b\"\nc"), "\"a \"\"b\"\"\nc\"");
        assert_eq!(cell("düz metin"), "düz metin");
    }
}
