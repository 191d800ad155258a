//! What is on record, spread over the same hash partitions as the pairs of the
//! file, so that each partition is judged with nothing but its own part in
//! memory.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::consent::AddressOwner;
use domain::ids::EventId;
use domain::{Channel, LocalState, RecipientKind, RegistryView, Status, Timestamp, Verdict};
use serde::{Deserialize, Serialize};

use crate::directory::{Held, HeldFact, Holdings, Stored};
use crate::frame::{self, Encoder, Frame};
use crate::lookup::LookUpError;
use crate::options::Limits;
use crate::pair::{Address, Pair, mix};
use crate::spill::{Spill, damaged};

/// Everything on record, on disk.
#[derive(Debug)]
pub(crate) struct Shelves {
    spill: Spill,
    is_empty: bool,
}

/// The part of the record that belongs to one partition, by address. It is read
/// where it is asked for: pairs come in the order of their addresses too, so a
/// search finds its way in the cache, and a table of hashes would not.
#[derive(Debug)]
pub(crate) struct Shelf<'a> {
    held: Vec<Frame<'a>>,
}

/// [`AddressOwner`] without allocations of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OwnerOnDisk<'a> {
    pub(crate) recipient: i64,
    #[serde(borrow)]
    pub(crate) external_id: Option<&'a str>,
    pub(crate) name: Option<&'a str>,
    pub(crate) is_reached_here: bool,
}

/// [`LocalState`] in numbers: as text an instant takes longer to write and to
/// read than everything else of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LocalOnDisk {
    refuses: bool,
    date_us: i64,
    recorded_us: i64,
    event: i64,
    citizen: bool,
}

impl From<LocalState> for LocalOnDisk {
    fn from(local: LocalState) -> Self {
        Self {
            refuses: local.status == Status::Ret,
            date_us: local.consent_date.as_micros(),
            recorded_us: local.recorded_at.as_micros(),
            event: local.event.as_db(),
            citizen: local.citizen,
        }
    }
}

impl From<LocalOnDisk> for LocalState {
    fn from(local: LocalOnDisk) -> Self {
        Self {
            status: if local.refuses {
                Status::Ret
            } else {
                Status::Onay
            },
            consent_date: Timestamp::from_micros(local.date_us),
            recorded_at: Timestamp::from_micros(local.recorded_us),
            event: EventId::from_db(local.event),
            citizen: local.citizen,
        }
    }
}

/// What intake reads of a [`RegistryView`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct RegistryOnDisk {
    verdict: i64,
    citizen: bool,
    date_us: Option<i64>,
}

impl RegistryOnDisk {
    fn of(view: &RegistryView) -> Self {
        Self {
            verdict: view.verdict.as_db(),
            citizen: view.citizen,
            date_us: view.consent_date.map(Timestamp::as_micros),
        }
    }

    /// The view; `None` only when the bytes on disk are not what was written.
    fn view(self) -> Option<RegistryView> {
        Some(RegistryView {
            verdict: Verdict::from_db(self.verdict)?,
            citizen: self.citizen,
            consent_date: self.date_us.map(Timestamp::from_micros),
            ..RegistryView::UNASKED
        })
    }
}

impl<'a> OwnerOnDisk<'a> {
    pub(crate) fn of(owner: &'a AddressOwner) -> Self {
        Self {
            recipient: owner.recipient.as_db(),
            external_id: owner.external_id.as_deref(),
            name: owner.name.as_deref(),
            is_reached_here: owner.is_reached_here,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct StateOnDisk<'a> {
    local: Option<LocalOnDisk>,
    registry: RegistryOnDisk,
    #[serde(borrow)]
    owner: Option<OwnerOnDisk<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
enum FactOnDisk<'a> {
    State(Channel, RecipientKind, #[serde(borrow)] StateOnDisk<'a>),
    Stop(Option<Channel>),
}

#[derive(Debug, Serialize, Deserialize)]
struct HeldOnDisk<'a> {
    #[serde(borrow)]
    address: Address<'a>,
    #[serde(borrow)]
    fact: FactOnDisk<'a>,
}

impl<'a> HeldOnDisk<'a> {
    fn of(held: &'a Held) -> Self {
        let fact = match &held.fact {
            HeldFact::Stop(channel) => FactOnDisk::Stop(*channel),
            HeldFact::State(channel, kind, stored) => FactOnDisk::State(
                *channel,
                *kind,
                StateOnDisk {
                    local: stored.local.map(LocalOnDisk::from),
                    registry: RegistryOnDisk::of(&stored.registry),
                    owner: stored.owner.as_ref().map(OwnerOnDisk::of),
                },
            ),
        };
        Self {
            address: Address::of(&held.recipient),
            fact,
        }
    }
}

impl Shelves {
    /// Reads everything on record to disk; ends early when `stop` is raised.
    pub(crate) fn fill(
        mut holdings: Box<dyn Holdings>,
        work_dir: &Path,
        partitions: usize,
        limits: &Limits,
        stop: &AtomicBool,
    ) -> Result<Self, LookUpError> {
        let path = work_dir.join("holdings.work");
        let mut shelves = Self {
            spill: Spill::create(path, partitions, limits.buffer_for(partitions))?,
            is_empty: true,
        };
        let mut encoder = Encoder::new();
        while !stop.load(Ordering::Relaxed) {
            let page = holdings.next_page().map_err(LookUpError::Directory)?;
            if page.is_empty() {
                break;
            }
            shelves.is_empty = false;
            for held in &page {
                shelves.put(held, &mut encoder)?;
            }
        }
        Ok(shelves)
    }

    fn put(&mut self, held: &Held, encoder: &mut Encoder) -> io::Result<()> {
        let on_disk = HeldOnDisk::of(held);
        let key = on_disk.address.key();
        let bytes = encoder.encode(&on_disk)?;
        let partition = self.spill.partition_of(mix(key));
        self.spill
            .append(partition, |buffer| frame::append(buffer, key, bytes))
    }

    /// Whether nothing at all is on record.
    pub(crate) const fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// The bytes of a partition, for [`Shelf::of`].
    pub(crate) fn bytes_of(&mut self, partition: usize) -> io::Result<Vec<u8>> {
        self.spill.read_whole(partition)
    }
}

impl<'a> Shelf<'a> {
    /// What the bytes of a partition hold.
    pub(crate) fn of(bytes: &'a [u8]) -> io::Result<Self> {
        let mut held = frame::frames(bytes)?;
        held.sort_unstable_by_key(|frame| frame.key);
        Ok(Self { held })
    }

    /// What is on record for the key of a pair that states a consent, and to
    /// whom its address belongs.
    ///
    /// # Errors
    /// When the bytes on disk are not what was written.
    pub(crate) fn find(&self, pair: &Pair<'a>) -> io::Result<(Stored, Option<OwnerOnDisk<'a>>)> {
        let mut stored = Stored::default();
        let mut owner = None;
        let Some(channel) = pair.channel else {
            return Ok((stored, owner));
        };
        let key = pair.address.key();
        let from = self.held.partition_point(|frame| frame.key < key);
        let of_key = self.held.iter().skip(from);
        for frame in of_key.take_while(|frame| frame.key == key) {
            let held: HeldOnDisk<'a> = postcard::from_bytes(frame.bytes).map_err(damaged)?;
            if held.address != pair.address {
                continue;
            }
            match held.fact {
                FactOnDisk::State(of, kind, state) if (of, kind) == (channel, pair.kind) => {
                    stored.local = state.local.map(LocalState::from);
                    stored.registry = state.registry.view().ok_or_else(|| damaged("a verdict"))?;
                    owner = state.owner;
                }
                FactOnDisk::Stop(of) if of.is_none_or(|of| of == channel) => {
                    stored.blacklisted = true;
                }
                FactOnDisk::State(..) | FactOnDisk::Stop(_) => {}
            }
        }
        Ok((stored, owner))
    }
}
