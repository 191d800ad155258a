//! The people on record, as intake asks about them while it judges.

use domain::ids::{BrandId, FirmId};
use domain::{Channel, Recipient, RecipientKind};
use intake::{Directory, DirectoryError, Identifier, Stored};
use store::Store;
use tokio::runtime::Handle;

/// A directory over the store, for a thread that may block.
#[derive(Debug)]
pub(super) struct StoreDirectory {
    pub(super) store: Store,
    pub(super) handle: Handle,
    pub(super) firm: FirmId,
    pub(super) brand: BrandId,
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
        self.handle
            .block_on(async { self.store.read().await?.addresses_of(self.firm, &ids).await })
            .map_err(DirectoryError::new)
    }

    fn states(
        &mut self,
        keys: &[(Recipient, Channel, RecipientKind)],
    ) -> Result<Vec<Stored>, DirectoryError> {
        let asked = async {
            let mut reader = self.store.read().await?;
            let held = reader.stored_keys(self.firm, self.brand, keys).await?;
            Ok::<_, store::StoreError>(held)
        };
        let held = self.handle.block_on(asked).map_err(DirectoryError::new)?;
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
