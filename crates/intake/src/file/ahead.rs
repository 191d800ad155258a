//! Records read by a thread of their own, a few portions ahead of whoever
//! judges them: taking a text apart is a sixth of judging it.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Scope;

use csv::ByteRecord;

use super::rows::{Place, Rows};

/// Records of a portion.
const PORTION_ROWS: usize = 512;
/// Bytes of a portion, but for its last record: it is still in the cache of the
/// processor when it is judged.
const PORTION_BYTES: usize = 64 << 10;
/// Portions that are read, judged or under way.
const PORTIONS: usize = 4;

/// Some records, and room for as many again.
#[derive(Debug, Default)]
struct Portion {
    rows: Vec<(Place, ByteRecord)>,
    /// Those of `rows` that were read.
    used: usize,
}

/// The records of a text in their order, read ahead.
#[derive(Debug)]
pub(crate) struct RowsAhead {
    read: Receiver<io::Result<Portion>>,
    judged: SyncSender<Portion>,
}

impl RowsAhead {
    /// Begins to read. The thread ends with the text, at a fault, or when this
    /// is dropped.
    pub(crate) fn spawn<'scope>(scope: &'scope Scope<'scope, '_>, mut rows: Rows) -> Self {
        let (into_read, read) = sync_channel(PORTIONS);
        let (judged, to_fill) = sync_channel(PORTIONS);
        for _ in 0..PORTIONS {
            // There is room for all of them.
            let _ = judged.try_send(Portion::default());
        }
        scope.spawn(move || {
            for mut portion in to_fill {
                let filled = portion.fill(&mut rows);
                let goes_on = matches!(filled, Ok(true));
                if into_read.send(filled.map(|_| portion)).is_err() || !goes_on {
                    return;
                }
            }
        });
        Self { read, judged }
    }

    /// Hands every record to `take`, until it fails.
    pub(crate) fn for_each<E: From<io::Error>>(
        self,
        mut take: impl FnMut(Place, &ByteRecord) -> Result<(), E>,
    ) -> Result<(), E> {
        let Self { read, judged } = self;
        for portion in read {
            let portion = portion?;
            for (place, record) in portion.rows.iter().take(portion.used) {
                take(*place, record)?;
            }
            // The reader has come to the end where it takes no more.
            let _ = judged.send(portion);
        }
        Ok(())
    }
}

impl Portion {
    /// Reads records into it; whether there may be more.
    fn fill(&mut self, rows: &mut Rows) -> io::Result<bool> {
        self.used = 0;
        let mut bytes = 0;
        while self.used < PORTION_ROWS && bytes < PORTION_BYTES {
            if self.used == self.rows.len() {
                self.rows.push((Place::NONE, ByteRecord::new()));
            }
            let (place, record) = &mut self.rows[self.used];
            let Some(found) = rows.read_into(record)? else {
                return Ok(false);
            };
            *place = found;
            bytes += record.as_slice().len();
            self.used += 1;
        }
        Ok(true)
    }
}
