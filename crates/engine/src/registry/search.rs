//! The search for refusals that İYS counts and we do not know of.
//!
//! A list query tells who stands at ONAY; refused and unknown look alike. So
//! after the first load of an older brand İYS counts refusals that we have
//! never seen, and while it does, every new record is looked up singly. Those
//! refusals are mostly among the people whom İYS did not confirm: they are
//! looked up once, a few at a time, until both counts agree. What is not among
//! them belongs to strangers and cannot be found; then new records go on being
//! looked up, as before. Nothing is written to İYS.

use std::collections::BTreeMap;

use domain::ids::RecipientId;
use store::brands::Brand;
use store::registry_counts::{RefusalCount, Unconfirmed};
use store::registry_work::{NewList, Operation, RegistryItem};

use super::asked;
use crate::Engine;
use crate::error::EngineError;

/// Look-ups queued at a time. İYS allows 1,000 an hour and this comes behind
/// each read of the citizens' feed, so the larger part is left to new records.
const LOOKS_MAX: usize = 100;
/// Look-ups of one list.
const LIST_ITEMS: usize = 50;

impl Engine {
    /// Queues the next look-ups of the search, if İYS counts refusals that we
    /// do not know of and nothing else of the brand waits for its calls.
    pub(super) async fn search_refusals(
        &self,
        brand: &Brand,
        count: &RefusalCount,
    ) -> Result<(), EngineError> {
        if count.theirs <= count.ours {
            return Ok(());
        }
        let mut reader = self.store.read().await?;
        if reader.queue_figures(brand.id, None).await?.open() != 0 {
            return Ok(());
        }
        let after = reader.refusals_searched(brand.id).await?;
        let mut found = reader.unconfirmed(brand.id, after, LOOKS_MAX).await?;
        drop(reader);
        let Some(up_to) = whole_addresses(&mut found) else {
            return Ok(());
        };
        let now = self.now();
        let mut groups = BTreeMap::<_, Vec<RegistryItem>>::new();
        for one in found {
            groups
                .entry((one.channel, one.kind))
                .or_default()
                .push(asked(one.recipient, one.address));
        }
        let mut lists = Vec::new();
        for ((channel, kind), items) in groups {
            lists.extend(items.chunks(LIST_ITEMS).map(|items| NewList {
                brand: brand.id,
                operation: Operation::LookUp,
                channel,
                kind,
                upload: None,
                items: items.to_vec(),
                due: now,
            }));
        }
        let mut writer = self.store.write().await?;
        writer.enqueue_registry(&lists).await?;
        writer.note_refusals_searched(brand.id, up_to).await?;
        writer.commit().await?;
        Ok(())
    }
}

/// Leaves out the last address of a full page, of which a record may be
/// missing; the number of the last one that is left.
fn whole_addresses(found: &mut Vec<Unconfirmed>) -> Option<RecipientId> {
    let last = found.last()?.recipient;
    if found.len() == LOOKS_MAX && found.first()?.recipient != last {
        found.retain(|one| one.recipient != last);
    }
    found.last().map(|one| one.recipient)
}

#[cfg(test)]
mod tests {
    use domain::{Channel, Recipient, RecipientKind};

    use super::*;

    fn page(ids: impl Iterator<Item = i64>) -> Vec<Unconfirmed> {
        ids.map(|id| Unconfirmed {
            recipient: RecipientId::from_db(id),
            address: Recipient::from_normalised("+905321234567").expect("a phone"),
            channel: Channel::Mesaj,
            kind: RecipientKind::Bireysel,
        })
        .collect()
    }

    #[test]
    fn an_address_that_a_page_may_have_cut_is_left_for_the_next() {
        let mut cut = page((1..=100).map(|n| n.min(99)));
        assert_eq!(whole_addresses(&mut cut), Some(RecipientId::from_db(98)));
        let mut whole = page(1..=99);
        assert_eq!(whole_addresses(&mut whole), Some(RecipientId::from_db(99)));
        assert_eq!(whole.len(), 99);
        assert_eq!(whole_addresses(&mut Vec::new()), None);
    }
}
