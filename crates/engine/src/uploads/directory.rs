//! The people on record, as intake asks about them while it judges. Judging
//! waits for the answers, so a long question goes to two connections by halves:
//! each has a core to itself meanwhile. For a file about as long as the record,
//! the record is walked along instead.

use domain::ids::{BrandId, FirmId};
use domain::{Channel, Recipient, RecipientKind};
use intake::{Directory, DirectoryError, Held, HeldFact, Holdings, Identifier, Stored};
use store::consent::{WalkPlace, WalkedState};
use store::{Store, StoreError};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// A directory over the store, for a thread that may block.
#[derive(Debug)]
pub(super) struct StoreDirectory {
    pub(super) store: Store,
    pub(super) handle: Handle,
    pub(super) firm: FirmId,
    pub(super) brand: BrandId,
}

/// Files with fewer keys are looked up: the record may be long.
const WALKED_FROM: u64 = 5_000;

/// Most keys on record for each key of the file that are still walked along: a
/// walk reads about five times as many a second as look-ups.
const WALKED_PER_KEY: u64 = 4;

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
                owner: key.owner,
            })
            .collect())
    }

    fn holdings(&mut self, keys: u64) -> Result<Option<Box<dyn Holdings>>, DirectoryError> {
        if keys < WALKED_FROM {
            return Ok(None);
        }
        let limit = i64::try_from(keys.saturating_mul(WALKED_PER_KEY)).unwrap_or(i64::MAX);
        let fits = async {
            let mut reader = self.store.read().await?;
            reader.has_states_up_to(self.brand, limit).await
        };
        if !self.handle.block_on(fits).map_err(DirectoryError::new)? {
            return Ok(None);
        }
        let (sender, pages) = mpsc::channel(PAGES_AHEAD);
        let walk = Walk {
            store: self.store.clone(),
            firm: self.firm,
            brand: self.brand,
        };
        self.handle.spawn(walk.along(sender));
        Ok(Some(Box::new(Pages(pages))))
    }
}

/// Pages that are read before they are asked for.
const PAGES_AHEAD: usize = 2;

/// A walk along everything that is on record for a brand.
struct Walk {
    store: Store,
    firm: FirmId,
    brand: BrandId,
}

type Taker = store::consent::Taker<Held>;

/// The end of a walk at which its pages come out.
struct Pages(mpsc::Receiver<Result<Vec<Held>, StoreError>>);

impl Walk {
    /// Walks along. An empty page is the end: a walk that broke off must not
    /// look like a short record.
    async fn along(self, taker: Taker) {
        let last = self.pages(&taker).await.map(|()| Vec::new());
        // Whoever has what they wanted takes no more.
        let _ = taker.send(last).await;
    }

    async fn pages(&self, taker: &Taker) -> Result<(), StoreError> {
        self.store.walk_states(self.brand, held, taker).await?;
        let mut next = Some(WalkPlace::START);
        while let Some(after) = next {
            let mut reader = self.store.read().await?;
            let (stops, behind) = reader.walk_stops(self.firm, after).await?;
            next = behind;
            let page: Vec<Held> = stops.into_iter().map(stopped).collect();
            if !page.is_empty() && taker.send(Ok(page)).await.is_err() {
                break;
            }
        }
        Ok(())
    }
}

impl Holdings for Pages {
    fn next_page(&mut self) -> Result<Vec<Held>, DirectoryError> {
        let page = self.0.blocking_recv();
        let page =
            page.ok_or_else(|| DirectoryError::new("the walk along the record broke off"))?;
        page.map_err(DirectoryError::new)
    }
}

fn held(state: WalkedState) -> Held {
    let stored = Stored {
        local: state.local,
        registry: state.registry,
        blacklisted: false,
        owner: Some(state.owner),
    };
    Held {
        recipient: state.address,
        fact: HeldFact::State(state.channel, state.kind, Box::new(stored)),
    }
}

fn stopped((recipient, channel): (Recipient, Option<Channel>)) -> Held {
    Held {
        recipient,
        fact: HeldFact::Stop(channel),
    }
}
