//! Judged records on their way to the ledger: read slice by slice from the
//! spool that judging wrote.

use std::io;
use std::iter::Peekable;
use std::path::{Path, PathBuf};

use intake::{Record, RecordReader};
use store::consent::{IncomingRecord, Said};
use tokio::sync::mpsc;

use super::apply::line_of;
use crate::Engine;
use crate::error::EngineError;

/// What `read` reads, on a thread that may wait for the disk.
pub(super) async fn read_beside<T: Send + 'static>(
    doing: &'static str,
    read: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, EngineError> {
    tokio::task::spawn_blocking(read)
        .await
        .map_err(|error| EngineError::Internal(format!("reading ended badly: {error}")))?
        .map_err(EngineError::file(doing))
}

/// What one step of applying takes.
#[derive(Debug, Default)]
pub(super) struct Slice {
    pub(super) records: Vec<Record>,
    pub(super) incoming: Vec<IncomingRecord>,
    /// Records of the spool up to its end.
    pub(super) next: i64,
}

impl Slice {
    fn push(&mut self, (record, next): (Record, u64)) {
        self.incoming.push(incoming(&record));
        self.records.push(record);
        self.next = i64::try_from(next).unwrap_or(i64::MAX);
    }

    /// The records of the spool from `from` to `to`, at most `most`.
    pub(super) fn between(path: &Path, from: i64, to: i64, most: usize) -> io::Result<Self> {
        let mut slice = Self::default();
        for item in RecordReader::open(path, u64::try_from(from).unwrap_or(0))? {
            slice.push(item?);
            if slice.next >= to || slice.records.len() >= most {
                break;
            }
        }
        Ok(slice)
    }
}

impl Engine {
    /// Reads the spool from `offset` on, slice by slice, one ahead of the slice
    /// that is being written; ends when the receiver is dropped.
    pub(super) fn read_slices(
        &self,
        path: PathBuf,
        offset: i64,
    ) -> mpsc::Receiver<io::Result<Slice>> {
        let limit = self.settings.uploads.slice_records;
        let (out, slices) = mpsc::channel(1);
        tokio::task::spawn_blocking(move || {
            let start = u64::try_from(offset).unwrap_or(0);
            let mut reader = match RecordReader::open(&path, start) {
                Ok(reader) => reader.peekable(),
                Err(error) => return drop(out.blocking_send(Err(error))),
            };
            loop {
                let slice = read_slice(&mut reader, limit);
                if slice.as_ref().is_ok_and(|slice| slice.records.is_empty()) {
                    return;
                }
                let failed = slice.is_err();
                if out.blocking_send(slice).is_err() || failed {
                    return;
                }
            }
        });
        slices
    }
}

/// The records that are still to be applied.
pub(super) struct Spool {
    slices: mpsc::Receiver<io::Result<Slice>>,
    pub(super) next: Option<Slice>,
}

impl Spool {
    pub(super) async fn open(
        engine: &Engine,
        path: &Path,
        offset: i64,
    ) -> Result<Self, EngineError> {
        let slices = engine.read_slices(path.to_owned(), offset);
        let next = None;
        let mut spool = Self { slices, next };
        spool.read_on().await?;
        Ok(spool)
    }

    pub(super) async fn read_on(&mut self) -> Result<(), EngineError> {
        self.next = self.slices.recv().await.transpose().map_err(|error| {
            EngineError::Internal(format!("the judged records cannot be read: {error}"))
        })?;
        Ok(())
    }
}

/// Records by which a slice may be shorter, so that it ends where an address does.
const SLACK: usize = 250;

/// A slice is so many times as long when nearly all of it stands on record:
/// what it costs then is the dozen statements of any slice.
const STANDING_TIMES: usize = 4;

/// The next records of the spool. All of one address are in one slice, unless
/// there are more than anybody has.
fn read_slice(reader: &mut Peekable<RecordReader>, limit: usize) -> io::Result<Slice> {
    let mut slice = Slice::default();
    let slack = SLACK.min(limit / 4);
    let mut moving = 0;
    let is_full = |records: usize, moving: usize, slack: usize| {
        moving >= limit - slack || records >= STANDING_TIMES * limit - slack
    };
    while !is_full(slice.records.len(), moving, 0) {
        let begins_address = match (reader.peek(), slice.records.last()) {
            (Some(Ok((next, _))), Some(last)) => next.recipient != last.recipient,
            _ => false,
        };
        if begins_address && is_full(slice.records.len(), moving, slack) {
            break;
        }
        let Some(item) = reader.next() else { break };
        let item = item?;
        moving += usize::from(item.0.standing.is_none());
        slice.push(item);
    }
    Ok(slice)
}

fn incoming(record: &Record) -> IncomingRecord {
    // What stands is counted, and nobody reads what it says about the person.
    let moving = record.standing.is_none().then_some(record);
    IncomingRecord {
        line: line_of(record),
        recipient: record.recipient.clone(),
        external_id: moving.and_then(|record| record.external_id.clone()),
        token: record.token.clone(),
        name: moving.and_then(|record| record.name.clone()),
        kind: record.kind,
        consent: record.consent.as_ref().map(|consent| Said {
            channel: consent.channel,
            status: consent.status,
            date: consent.date,
            source: consent.source.clone(),
        }),
        evidence: crate::consents::evidence_of(None, record.retailer),
        attributes: record.attributes.clone(),
        standing: record.standing,
    }
}
