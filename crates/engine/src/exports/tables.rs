//! Small tables: a campaign's numbers, one a row.

use reports::{Cell, Heading, Kind};
use store::reporting::Report;

use crate::campaigns::Cost;

/// A column of a table.
pub(crate) const fn heading(name: &'static str, kind: Kind) -> Heading {
    Heading { name, kind }
}

/// The columns of a campaign's numbers.
pub(super) const REPORT: &[Heading] = &[
    heading("olcut", Kind::Text),
    heading("olcut_kodu", Kind::Text),
    heading("kod", Kind::Text),
    heading("sayi", Kind::Number),
];

/// A campaign's numbers: target = excluded + held + sent, and what became of
/// those who were sent to; below them what it cost.
pub(super) fn report(report: &Report, cost: &Cost) -> Vec<Vec<Cell>> {
    let row = |text: &str, word: &str, code: Cell, count: i64| -> Vec<Cell> {
        vec![text.into(), word.into(), code, Cell::Number(count)]
    };
    let plain = |text: &str, word: &str, count| row(text, word, Cell::Empty, count);
    let (held, failed) = (&report.held, &report.failed);
    let mut rows = vec![
        plain("Hedef kitle", "target", report.target),
        plain("Dışarıda kalan", "excluded", report.excluded_total()),
    ];
    for (code, count) in &report.excluded {
        let text = code.render_tr(&[]);
        rows.push(row(
            &text,
            "excluded_reason",
            code.to_string().into(),
            *count,
        ));
    }
    rows.extend([
        plain("Bekleyen", "held_waiting", held.waiting),
        plain("Belirsiz", "held_uncertain", held.uncertain),
        plain("İptal edilen", "held_cancelled", held.cancelled),
        plain("Gönderilen", "sent", report.sent),
        plain("İletilen", "delivered", report.delivered),
        plain(
            "Sağlayıcının kabul etmediği",
            "failed_refused",
            failed.refused,
        ),
        plain(
            "Operatörün iletemediği",
            "failed_undelivered",
            failed.undelivered,
        ),
        plain("Süresi dolan", "failed_expired", failed.expired),
        plain("Sonradan reddedilen", "failed_rejected", failed.rejected),
        plain("Henüz kesinleşmeyen", "open", report.open),
    ]);
    if let Some(parts) = cost.parts {
        rows.push(plain("Gönderilen boy", "parts", parts));
    }
    if let Some(micros) = cost.micros {
        rows.push(plain("Tutar (kuruş)", "cost_kurus", micros / 10_000));
    }
    rows
}
