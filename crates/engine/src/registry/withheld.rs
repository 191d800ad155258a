//! Refusals that İYS is not told of: their own file also holds a consent for
//! the same key. They count here; a person looks first (R802).

use std::collections::HashSet;

use domain::Status;
use domain::ids::{BrandId, EventId};
use intake::Record;
use store::Writer;
use store::consent::{Applied, Touched};

use crate::error::EngineError;

/// Withholds the refusals of a slice that its file contradicts, and lets go of
/// those which an earlier file contradicted and this one states alone.
pub(crate) async fn sort_out(
    writer: &mut Writer,
    brand: BrandId,
    slice: &[Record],
    applied: &Applied,
) -> Result<(), EngineError> {
    let contradicted: HashSet<_> = slice
        .iter()
        .filter_map(|record| {
            let consent = record.consent.as_ref().filter(|said| said.local_only)?;
            Some((&record.recipient, record.kind, consent.channel))
        })
        .collect();
    let (against, alone): (Vec<&Touched>, Vec<&Touched>) = refusals(applied).partition(|touched| {
        let channel = touched.said.as_ref().map(|said| said.channel);
        channel.is_some_and(|channel| {
            contradicted.contains(&(&touched.address, touched.kind, channel))
        })
    });
    let withheld: Vec<EventId> = against.iter().filter_map(|touched| touched.event).collect();
    writer.withhold(brand, &withheld).await?;
    release(writer, brand, alone).await
}

/// Lets go of refusals that were withheld and are stated again on their own.
pub(crate) async fn restated(
    writer: &mut Writer,
    brand: BrandId,
    applied: &Applied,
) -> Result<(), EngineError> {
    release(writer, brand, refusals(applied)).await
}

fn refusals(applied: &Applied) -> impl Iterator<Item = &Touched> {
    let refuses = |touched: &&Touched| {
        let said = touched.said.as_ref();
        said.is_some_and(|said| said.status == Status::Ret)
    };
    applied.touched.iter().filter(refuses)
}

/// A refusal that made no new event repeats the one on record.
async fn release<'a>(
    writer: &mut Writer,
    brand: BrandId,
    stated: impl IntoIterator<Item = &'a Touched>,
) -> Result<(), EngineError> {
    let repeated: Vec<EventId> = stated
        .into_iter()
        .filter(|touched| touched.event.is_none())
        .filter_map(|touched| Some(touched.was.local?.event))
        .collect();
    writer.release_withheld(brand, &repeated).await?;
    Ok(())
}
