//! Slices of strangers written over two connections: the people of the next one
//! while what those of this one say goes into the ledger. PostgreSQL keeps half
//! of a dozen index entries a record on one core and half on another.
//!
//! Several slices are made in one go: the rows of more people, sorted, meet the
//! pages of an index more often where they have just been.
//!
//! Nothing about a person counts before it is in the ledger, so only people may
//! be on record early, and only those of the slices that come next. How far they
//! are is noted with the upload when they are committed; whoever goes on after a
//! crash finds them there and counts them as made by this upload.

use domain::ids::UploadId;

use super::apply::{LookUp, PlacedPeople, moving};
use super::records::{Applied, ApplyContext, IncomingRecord};
use crate::db::{Engine, Reader, Store, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::upload_work::UploadClaim;

/// The people of a slice, on record before what they say is.
#[derive(Debug)]
pub struct Ahead(PlacedPeople);

impl Store {
    /// Whether two transactions write at the same time.
    pub const fn writes_ahead(&self) -> bool {
        matches!(self.engine(), Engine::Postgres)
    }
}

impl Writer {
    /// Makes the people of slices that are probably all strangers, and nothing
    /// else; [`Writer::apply_ahead`] does the rest in another transaction and
    /// needs what is returned, slice by slice. Nothing is made when İYS has told
    /// the firm about strangers: what it told is taken over with their addresses,
    /// in one transaction.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when somebody was on record: drop the transaction.
    pub async fn place_ahead(
        &mut self,
        context: &ApplyContext,
        slices: &[&[IncomingRecord]],
    ) -> Result<Option<Vec<Ahead>>, StoreError> {
        let of_each = slices.iter().map(|records| moving(records));
        let of_each = of_each.collect::<Result<Vec<_>, StoreError>>()?;
        let lengths: Vec<usize> = of_each.iter().map(Vec::len).collect();
        let moving = of_each.concat();
        self.lock_directory(context.firm).await?;
        if self.has_strangers(context.firm).await? {
            return Ok(None);
        }
        let people = self
            .place_people(&mut LookUp::Nobody, context.firm, context.now, &moving)
            .await?;
        let placed = PlacedPeople::of(people, false).of_each(&lengths);
        Ok(Some(placed.into_iter().map(Ahead).collect()))
    }

    /// Notes that the people of the records up to `to` are on record, in the
    /// transaction that made them; the slice begins at `from`, where applying is.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the upload was cancelled or taken over, or is
    /// applied up to somewhere else: drop the transaction.
    pub async fn note_ahead(
        &mut self,
        claim: &UploadClaim,
        from: i64,
        to: i64,
    ) -> Result<(), StoreError> {
        // The row stays locked until the commit: whoever takes the upload over
        // sees either none of these people or how far they are.
        let sql = "UPDATE upload SET placed_offset = $5 \
             WHERE id = $1 AND worker = $2 AND attempt = $3 AND state = 5 \
             AND records_offset = $4";
        let done = on!(self, conn => sqlx::query(sql)
            .bind(claim.upload().as_db())
            .bind(claim.worker())
            .bind(claim.attempt())
            .bind(from)
            .bind(to)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("noting how far the people of an upload are")?;
        exactly(done, 1, "the upload at this offset")
    }

    /// Applies slices whose people were made ahead, a block of the ledger each.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when somebody else has spoken for one of them
    /// meanwhile: drop the transaction, and [`Writer::apply_placed`] the records.
    pub async fn apply_ahead(
        &mut self,
        context: &ApplyContext,
        slices: Vec<(&[IncomingRecord], Ahead)>,
    ) -> Result<Vec<Applied>, StoreError> {
        // The lock that does so otherwise belongs to the people.
        self.keep_to_indexes().await?;
        let (mut all, mut somebody_refuses) = (Vec::new(), false);
        for (records, ahead) in slices {
            let moving = moving(records)?;
            let (applied, refuses) = self
                .decide_slice(context, &moving, ahead.0, LookUp::Nobody)
                .await?;
            somebody_refuses |= refuses;
            all.push(applied.with_standing(records));
        }
        // Claims wait from here to the commit, so not from the first slice on.
        if somebody_refuses {
            self.close_gate(context.firm).await?;
        }
        Ok(all)
    }

    /// [`Writer::apply_records`] for a slice whose people this upload made ahead:
    /// they are counted as created.
    ///
    /// # Errors
    /// As [`Writer::apply_records`].
    pub async fn apply_placed(
        &mut self,
        context: &ApplyContext,
        records: &[IncomingRecord],
    ) -> Result<Applied, StoreError> {
        self.note_applied();
        self.apply(context, records, LookUp::With(None), true).await
    }
}

impl Reader {
    /// Up to where the people of an upload were made ahead; behind it, or where
    /// its records are applied already, nobody was.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be asked.
    pub async fn placed_offset(&mut self, upload: UploadId) -> Result<i64, StoreError> {
        let sql = "SELECT placed_offset FROM upload WHERE id = $1";
        on!(self, conn => sqlx::query_scalar(sql)
            .bind(upload.as_db())
            .fetch_one(&mut *conn)
            .await)
        .doing("reading how far the people of an upload are")
    }
}
