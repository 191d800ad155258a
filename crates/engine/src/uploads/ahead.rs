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

/// People who are being made; dropped, they are not.
struct Placing {
    slice: Arc<Slice>,
    /// The one task that makes them.
    task: JoinSet<Result<Option<(Writer, Ahead)>, StoreError>>,
}

/// A slice whose people are on record.
struct Placed {
    slice: Arc<Slice>,
    ahead: Ahead,
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
        let placing = self.place(claimed, first);
        let Some(mut now) = note_placed(placing, claimed, *offset, guess).await? else {
            return Ok(false);
        };
        loop {
            // Begun before the next people are made: they hold the firm's
            // directory until this is done, so it must not wait for a connection.
            let writer = self.store.write_behind().await?;
            spool.read_on().await?;
            let next = spool.next.take().map(|slice| self.place(claimed, slice));
            let end = now.slice.next;
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

    /// Begins to make the people of a slice.
    fn place(&self, claimed: &ClaimedUpload, slice: Slice) -> Placing {
        let slice = Arc::new(slice);
        let context = self.apply_context(&claimed.upload);
        let mut task = JoinSet::new();
        task.spawn(place(self.store.clone(), context, Arc::clone(&slice)));
        Placing { slice, task }
    }

    /// Writes what placed people said; false when somebody else has spoken for
    /// one of them meanwhile, and nothing was written.
    async fn record(
        &self,
        mut writer: Writer,
        claimed: &ClaimedUpload,
        brand: &Brand,
        Placed { slice, ahead }: Placed,
        offset: i64,
    ) -> Result<bool, EngineError> {
        let context = self.apply_context(&claimed.upload);
        let applied = match writer.apply_ahead(&context, &slice.incoming, ahead).await {
            Err(StoreError::Exists { .. }) => return Ok(false),
            outcome => outcome?,
        };
        self.follow_up(&mut writer, claimed, brand, &slice, offset, &applied)
            .await?;
        self.commit_slices(writer, claimed, slice.records.len())
            .await?;
        Ok(true)
    }

    /// Applies the slice whose people are on record while what they said is not:
    /// a worker died in between, or somebody else spoke for one of them.
    pub(super) async fn apply_placed(
        &self,
        claimed: &ClaimedUpload,
        brand: &Brand,
        path: &Path,
        offset: &mut i64,
    ) -> Result<(), EngineError> {
        let (from, id) = (*offset, claimed.upload.id);
        let to = self.store.read().await?.placed_offset(id).await?;
        if to <= from {
            return Ok(());
        }
        let path = path.to_owned();
        let slice = read_beside("reading the judged records", move || {
            Slice::between(&path, from, to)
        })
        .await?;
        let context = self.apply_context(&claimed.upload);
        let mut writer = self.store.write_behind().await?;
        let applied = writer.apply_placed(&context, &slice.incoming).await?;
        self.follow_up(&mut writer, claimed, brand, &slice, from, &applied)
            .await?;
        self.commit_slices(writer, claimed, slice.records.len())
            .await?;
        *offset = to;
        Ok(())
    }
}

async fn place(
    store: Store,
    context: ApplyContext,
    slice: Arc<Slice>,
) -> Result<Option<(Writer, Ahead)>, StoreError> {
    let mut writer = store.write_behind().await?;
    let ahead = writer.place_ahead(&context, &slice.incoming).await?;
    Ok(ahead.map(|ahead| (writer, ahead)))
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
    let (mut writer, ahead) = match outcome {
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
    let slice = placing.slice;
    writer
        .note_ahead(&claimed.claim, offset, slice.next)
        .await?;
    writer.commit().await?;
    Ok(Some(Placed { slice, ahead }))
}
