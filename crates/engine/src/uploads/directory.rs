//! The people on record, as intake asks about them while it judges. Judging
//! waits for the answers, so a long question goes to two connections by halves:
//! each has a core to itself meanwhile.

use domain::ids::{BrandId, FirmId};
use domain::{Channel, Recipient, RecipientKind};
use intake::{Directory, DirectoryError, Identifier, Stored};
use store::{Store, StoreError};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

/// A directory over the store, for a thread that may block.
#[derive(Debug)]
pub(super) struct StoreDirectory {
    pub(super) store: Store,
    pub(super) handle: Handle,
    pub(super) firm: FirmId,
    pub(super) brand: BrandId,
}

/// Shorter questions are not worth a second connection.
const HALVED_FROM: usize = 1_000;

impl StoreDirectory {
    /// The answers to all of `asked`, in their order.
    fn answers<Q, A, F>(
        &self,
        asked: Vec<Q>,
        ask: impl Fn(Store, Vec<Q>) -> F,
    ) -> Result<Vec<A>, DirectoryError>
    where
        F: Future<Output = Result<Vec<A>, StoreError>> + Send + 'static,
        A: Send + 'static,
    {
        let mut mine = asked;
        let theirs = if mine.len() < HALVED_FROM {
            Vec::new()
        } else {
            mine.split_off(mine.len() / 2)
        };
        let answered = async {
            if theirs.is_empty() {
                return ask(self.store.clone(), mine)
                    .await
                    .map_err(DirectoryError::new);
            }
            // Aborted when dropped.
            let mut beside = JoinSet::new();
            beside.spawn(ask(self.store.clone(), theirs));
            let first = ask(self.store.clone(), mine).await;
            let second = beside.join_next().await;
            let mut answers = first.map_err(DirectoryError::new)?;
            if let Some(second) = second {
                let second = second.map_err(DirectoryError::new)?;
                answers.extend(second.map_err(DirectoryError::new)?);
            }
            Ok(answers)
        };
        self.handle.block_on(answered)
    }
}

impl Directory for StoreDirectory {
    fn addresses(&mut self, ids: &[Identifier]) -> Result<Vec<Vec<Recipient>>, DirectoryError> {
        let ids: Vec<_> = ids
            .iter()
            .map(|id| match id {
                Identifier::External(text) => store::contacts::Identifier::External(text.clone()),
                Identifier::Token(text) => store::contacts::Identifier::Token(text.clone()),
            })
            .collect();
        let firm = self.firm;
        self.answers(ids, move |store, ids| async move {
            store.read().await?.addresses_of(firm, &ids).await
        })
    }

    fn states(
        &mut self,
        keys: &[(Recipient, Channel, RecipientKind)],
    ) -> Result<Vec<Stored>, DirectoryError> {
        let (firm, brand) = (self.firm, self.brand);
        let held = self.answers(keys.to_vec(), move |store, keys| async move {
            store.read().await?.stored_keys(firm, brand, &keys).await
        })?;
        Ok(held
            .into_iter()
            .map(|key| Stored {
                local: key.local,
                registry: key.registry,
                blacklisted: key.is_blacklisted,
            })
            .collect())
    }
}
