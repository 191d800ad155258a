//! Slices of strangers, each written by two transactions at the same time: while
//! what the people of one said goes into the ledger, those of the next are made.
//! A first file is then kept by two processes of the database instead of one.

use std::path::Path;
use std::sync::Arc;

use store::brands::Brand;
use store::consent::{Ahead, ApplyContext};
use store::upload_work::ClaimedUpload;
use store::{Store, StoreError, Writer};
use tokio::task::JoinSet;

use super::apply::Guess;
use super::spool::{Slice, Spool, read_beside};
use crate::Engine;
use crate::error::EngineError;

/// Shorter slices are not worth a second transaction.
const AHEAD_FROM: usize = 1_000;

/// Slices whose people are made in one go: contacts in 20,000s cost PostgreSQL
/// a sixth less than in 5,000s.
const SLICES_TOGETHER: usize = 4;

/// People who are being made; dropped, they are not.
struct Placing {
    slices: Slices,
    /// The one task that makes them.
    task: JoinSet<Result<Option<(Writer, Vec<Ahead>)>, StoreError>>,
}

/// Slices whose people are on record.
struct Placed {
    slices: Slices,
    aheads: Vec<Ahead>,
}

/// Slices that go together; at least one.
type Slices = Arc<Vec<Slice>>;

/// Records of the spool up to the end of the last slice.
fn end_of(slices: &[Slice]) -> i64 {
    slices.last().map_or(0, |slice| slice.next)
}

impl Engine {
    /// Whether the people of a slice are made before the rest of it.
    pub(super) fn goes_ahead(&self, guess: &Guess, slice: &Slice) -> bool {
        self.store.writes_ahead()
            && guess.may_go_ahead
            && guess.is_of_strangers()
            && slice.records.len() >= AHEAD_FROM
    }

    /// Applies a slice and all behind it; false when somebody was on record, or
    /// somebody else has spoken for one of them: begin again at `offset`.
    pub(super) async fn apply_ahead(
        &self,
        claimed: &ClaimedUpload,
        brand: &Brand,
        first: Slice,
        offset: &mut i64,
        spool: &mut Spool,
        guess: &mut Guess,
    ) -> Result<bool, EngineError> {
        let placing = self.place(claimed, self.together(first, spool).await?);
        let Some(mut now) = note_placed(placing, claimed, *offset, guess).await? else {
            return Ok(false);
        };
        loop {
            // Begun before the next people are made: they hold the firm's
            // directory until this is done, so it must not wait for a connection.
            let writer = self.store.write_behind().await?;
            spool.read_on().await?;
            let next = match spool.next.take() {
                Some(slice) => Some(self.place(claimed, self.together(slice, spool).await?)),
                None => None,
            };
            let end = end_of(&now.slices);
            if !self.record(writer, claimed, brand, now, *offset).await? {
                guess.was_wrong();
                return Ok(false);
            }
            *offset = end;
            let Some(next) = next else { return Ok(true) };
            let Some(placed) = note_placed(next, claimed, *offset, guess).await? else {
                return Ok(false);
            };
            now = placed;
        }
    }

    /// A slice and those behind it that go with it.
    async fn together(&self, first: Slice, spool: &mut Spool) -> Result<Vec<Slice>, EngineError> {
        let most = SLICES_TOGETHER * self.settings.uploads.slice_records;
        let mut records = first.records.len();
        let mut slices = vec![first];
        while slices.len() < SLICES_TOGETHER && records < most {
            spool.read_on().await?;
            let Some(slice) = spool.next.take() else {
                break;
            };
            records += slice.records.len();
            slices.push(slice);
        }
        Ok(slices)
    }

    /// Begins to make the people of slices.
    fn place(&self, claimed: &ClaimedUpload, slices: Vec<Slice>) -> Placing {
        let slices = Arc::new(slices);
        let context = self.apply_context(&claimed.upload);
        let mut task = JoinSet::new();
        task.spawn(place(self.store.clone(), context, Arc::clone(&slices)));
        Placing { slices, task }
    }

    /// Writes what placed people said; false when somebody else has spoken for
    /// one of them meanwhile, and nothing was written.
    async fn record(
        &self,
        mut writer: Writer,
        claimed: &ClaimedUpload,
        brand: &Brand,
        Placed { slices, aheads }: Placed,
        mut offset: i64,
    ) -> Result<bool, EngineError> {
        let context = self.apply_context(&claimed.upload);
        let incoming = slices.iter().map(|slice| slice.incoming.as_slice());
        let placed: Vec<_> = incoming.zip(aheads).collect();
        let applied = match writer.apply_ahead(&context, placed).await {
            Err(StoreError::Exists { .. }) => return Ok(false),
            outcome => outcome?,
        };
        let mut records = 0;
        for (slice, applied) in slices.iter().zip(&applied) {
            self.follow_up(&mut writer, claimed, brand, slice, offset, applied)
                .await?;
            offset = slice.next;
            records += slice.records.len();
        }
        self.commit_slices(writer, claimed, records).await?;
        Ok(true)
    }

    /// Applies the slices whose people are on record while what they said is not:
    /// a worker died in between, or somebody else spoke for one of them.
    pub(super) async fn apply_placed(
        &self,
        claimed: &ClaimedUpload,
        brand: &Brand,
        path: &Path,
        offset: &mut i64,
    ) -> Result<(), EngineError> {
        let id = claimed.upload.id;
        let to = self.store.read().await?.placed_offset(id).await?;
        let context = self.apply_context(&claimed.upload);
        let most = self.settings.uploads.slice_records;
        while *offset < to {
            let (path, from) = (path.to_owned(), *offset);
            let slice = read_beside("reading the judged records", move || {
                Slice::between(&path, from, to, most)
            })
            .await?;
            if slice.records.is_empty() {
                return Ok(());
            }
            let mut writer = self.store.write_behind().await?;
            let applied = writer.apply_placed(&context, &slice.incoming).await?;
            self.follow_up(&mut writer, claimed, brand, &slice, from, &applied)
                .await?;
            self.commit_slices(writer, claimed, slice.records.len())
                .await?;
            *offset = slice.next;
        }
        Ok(())
    }
}

async fn place(
    store: Store,
    context: ApplyContext,
    slices: Slices,
) -> Result<Option<(Writer, Vec<Ahead>)>, StoreError> {
    let mut writer = store.write_behind().await?;
    let incoming: Vec<_> = slices
        .iter()
        .map(|slice| slice.incoming.as_slice())
        .collect();
    let aheads = writer.place_ahead(&context, &incoming).await?;
    Ok(aheads.map(|aheads| (writer, aheads)))
}

/// Puts people on record for good, once everything before them is applied;
/// nothing when they are to be made together with what they said.
async fn note_placed(
    mut placing: Placing,
    claimed: &ClaimedUpload,
    offset: i64,
    guess: &mut Guess,
) -> Result<Option<Placed>, EngineError> {
    let Some(outcome) = placing.task.join_next().await else {
        return Ok(None);
    };
    let outcome = outcome
        .map_err(|error| EngineError::Internal(format!("making people ended badly: {error}")))?;
    let (mut writer, aheads) = match outcome {
        Ok(Some(placed)) => placed,
        Ok(None) => {
            guess.may_go_ahead = false;
            return Ok(None);
        }
        Err(StoreError::Exists { .. }) => {
            guess.was_wrong();
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    let slices = placing.slices;
    writer
        .note_ahead(&claimed.claim, offset, end_of(&slices))
        .await?;
    writer.commit().await?;
    Ok(Some(Placed { slices, aheads }))
}
