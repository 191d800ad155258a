//! A brand's day in figures, as a file and as the hash of that file.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::civil::Date;
use serde_json::{Value, json};
use sha2::{Digest, Sha384};

use super::book::{Book, BrandNo, MovementNo};
use super::moment::Local;
use super::transaction::TransactionId;
use super::words::{Channel, Kind, Source, Status};

/// First line of the daily file.
const HEADER: &str =
    "creationDate,transactionId,recipient,recipientType,type,status,consentDate,source\n";

/// Movements of a day on one channel from one side.
#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    /// First ONAY, and ONAY over RET.
    approvals: u64,
    /// RET over ONAY.
    rejections: u64,
    /// Handed in and not decided yet.
    pending: u64,
    /// All of these and the renewals.
    total: u64,
}

/// A day's file.
#[derive(Debug)]
pub(crate) struct DayFile {
    pub(crate) text: String,
}

impl DayFile {
    /// `None` when nothing moved that day.
    pub(crate) fn of(book: &Book, brand: BrandNo, day: Date) -> Option<Self> {
        let mut rows: Vec<(Local, TransactionId, MovementNo)> = book
            .within(brand, Local::day(day))
            .map(|at| (book.movement(at).created, book.filed_under(at), at))
            .collect();
        if rows.is_empty() {
            return None;
        }
        rows.sort_by_cached_key(|(created, id, at)| (*created, id.to_string(), *at));
        let mut text = String::with_capacity(HEADER.len() + rows.len() * 200);
        text.push_str(HEADER);
        for (created, id, at) in rows {
            let movement = book.movement(at);
            let written = writeln!(
                text,
                "{},{id},{},{},{},{},{},{}",
                created.text(),
                movement.key.address,
                movement.key.kind.word(),
                movement.key.channel.word(),
                movement.status.word(),
                movement.date.map(Local::text).unwrap_or_default(),
                movement.source.map(Source::word).unwrap_or_default(),
            );
            written.expect("writing into a text cannot fail");
        }
        Some(Self { text })
    }

    /// SHA-384 in lower-case hexadecimal, over the file with or without its
    /// header line: the document does not say which.
    pub(crate) fn hash(&self, with_header: bool) -> String {
        let hashed = if with_header {
            self.text.as_str()
        } else {
            self.text.get(HEADER.len()..).unwrap_or_default()
        };
        Sha384::digest(hashed.as_bytes())
            .iter()
            .fold(String::with_capacity(96), |mut hex, byte| {
                write!(hex, "{byte:02x}").expect("writing into a text cannot fail");
                hex
            })
    }
}

/// The day's `changeStats` for one kind of recipient. `pending` are the rows
/// that wait for their decision, by channel; they belong to today.
pub(crate) fn summary(
    book: &Book,
    brand: BrandNo,
    day: Date,
    kind: Kind,
    pending: &[(Channel, u64)],
) -> Value {
    let mut tallies: BTreeMap<(Channel, &str), Tally> = BTreeMap::new();
    for at in book.within(brand, Local::day(day)) {
        let movement = book.movement(at);
        if movement.key.kind != kind {
            continue;
        }
        let side = if movement.source.is_some_and(Source::is_citizen) {
            "IYS"
        } else {
            "HS"
        };
        let tally = tallies.entry((movement.key.channel, side)).or_default();
        tally.total += 1;
        match (book.status_before(at), movement.status) {
            (None | Some(Status::Ret), Status::Onay) => tally.approvals += 1,
            (Some(Status::Onay), Status::Ret) => tally.rejections += 1,
            _ => {}
        }
    }
    for (channel, count) in pending.iter().filter(|(_, count)| *count > 0) {
        let tally = tallies.entry((*channel, "HS")).or_default();
        tally.pending += count;
        tally.total += count;
    }
    let mut stats: Vec<Value> = Vec::new();
    for channel in Channel::ALL {
        let consents: Vec<Value> = tallies
            .iter()
            .filter(|((of, _), _)| *of == channel)
            .map(|((_, side), tally)| {
                json!({
                    "source": side,
                    "approval": tally.approvals,
                    "rejection": tally.rejections,
                    "pending": tally.pending,
                    "total": tally.total,
                })
            })
            .collect();
        if !consents.is_empty() {
            stats.push(json!({ "type": channel.word(), "consents": consents }));
        }
    }
    json!({ "changeStats": stats })
}
