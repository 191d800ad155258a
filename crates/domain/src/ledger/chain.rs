//! Following a chain of blocks and naming the first thing that differs from
//! what was once written.

use std::fmt;

use super::{Block, GENESIS, Hash, leaf, merkle};
use crate::consent::ConsentEvent;
use crate::ids::EventId;
use crate::time::Timestamp;

/// What differs from what was once written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A block is missing: the chain jumps over this number.
    BlockMissing {
        /// Its number.
        block: i64,
    },
    /// A block does not follow from the one before it.
    ChainBroken {
        /// Its number.
        block: i64,
        /// When it was written, as it says now.
        at: Timestamp,
    },
    /// The head of a block was changed: it does not give its own hash.
    BlockChanged {
        /// Its number.
        block: i64,
        /// When it was written, as it says now.
        at: Timestamp,
    },
    /// An event of a block is gone.
    EventMissing {
        /// The block.
        block: i64,
        /// The first number without a row.
        event: EventId,
        /// When the block was written, and the event with it.
        at: Timestamp,
    },
    /// One of a block's events was changed.
    EventChanged {
        /// The block.
        block: i64,
        /// Its first event.
        first: EventId,
        /// Its last event.
        last: EventId,
        /// The one that was changed, where the block's prints tell.
        event: Option<EventId>,
        /// When the block was written, and the event with it.
        at: Timestamp,
    },
    /// There are events that stand in no block, or blocks count events that are not there.
    EventsOutside {
        /// How many.
        count: i64,
    },
    /// The chain ends elsewhere than its head says: blocks were cut off.
    HeadDiffers {
        /// The number that the head names.
        head: i64,
    },
}

impl Fault {
    /// What differs, in Turkish.
    pub fn text_tr(&self) -> String {
        match self {
            Self::BlockMissing { block } => format!("{block}. blok yok"),
            Self::ChainBroken { block, at } => {
                format!(
                    "{block}. blok ({}) önceki bloğa bağlanmıyor",
                    at.to_turkish_text()
                )
            }
            Self::BlockChanged { block, at } => {
                format!(
                    "{block}. bloğun başlığı değiştirilmiş ({})",
                    at.to_turkish_text()
                )
            }
            Self::EventMissing { block, event, at } => format!(
                "{block}. bloktan {event} kaydı silinmiş (kaydedilişi {})",
                at.to_turkish_text()
            ),
            Self::EventChanged {
                block,
                first,
                last,
                event,
                at,
            } => match event {
                Some(event) => format!(
                    "{block}. bloktaki {event} kaydı değiştirilmiş (kaydedilişi {})",
                    at.to_turkish_text()
                ),
                None => format!(
                    "{block}. blokta {first}–{last} arasındaki bir kayıt değiştirilmiş (kaydedilişi {})",
                    at.to_turkish_text()
                ),
            },
            Self::EventsOutside { count } => format!("hiçbir bloğa ait olmayan {count} kayıt var"),
            Self::HeadDiffers { head } => {
                format!(
                    "zincir {head}. blokta bitmeliydi: son bloklar kesilmiş ya da değiştirilmiş"
                )
            }
        }
    }
}

/// What differs, in English.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BlockMissing { block } => write!(f, "block {block} is missing"),
            Self::ChainBroken { block, at } => {
                write!(
                    f,
                    "block {block} ({at}) does not follow from the one before it"
                )
            }
            Self::BlockChanged { block, at } => {
                write!(f, "the head of block {block} was changed ({at})")
            }
            Self::EventMissing { block, event, at } => {
                write!(f, "event {event} of block {block} is gone (recorded {at})")
            }
            Self::EventChanged {
                block,
                first,
                last,
                event,
                at,
            } => match event {
                Some(event) => write!(
                    f,
                    "event {event} of block {block} was changed (recorded {at})"
                ),
                None => write!(
                    f,
                    "an event from {first} to {last} of block {block} was changed (recorded {at})"
                ),
            },
            Self::EventsOutside { count } => write!(f, "{count} events stand in no block"),
            Self::HeadDiffers { head } => write!(
                f,
                "the chain should end with block {head}: its last blocks were cut off or changed"
            ),
        }
    }
}

/// How far a chain has been followed, and the first thing that differed.
#[derive(Debug, Clone)]
pub struct Chain {
    /// Number of the last block that agreed.
    pub blocks: i64,
    /// Events of the blocks that agreed.
    pub events: i64,
    /// The first thing that differs.
    pub fault: Option<Fault>,
    last: Hash,
    head: (i64, Hash),
}

impl Chain {
    /// Before the first block of a chain that ends with `head`: its number and hash.
    pub const fn start(head: (i64, Hash)) -> Self {
        Self::after(0, GENESIS, head)
    }

    /// After a block that is known to be right.
    pub const fn after(number: i64, hash: Hash, head: (i64, Hash)) -> Self {
        Self {
            blocks: number,
            events: 0,
            fault: None,
            last: hash,
            head,
        }
    }

    /// Follows one more block with the events found in its range, ascending,
    /// and the hash that was stored with it. After a fault nothing is looked at.
    pub fn follow(&mut self, block: &Block, hash: &Hash, events: &[ConsentEvent]) {
        if self.fault.is_some() {
            return;
        }
        self.fault = self.fault_of(block, hash, events);
        if self.fault.is_none() {
            self.blocks = block.number;
            self.events += block.count;
            self.last = *hash;
        }
    }

    /// After the last block: whether the chain ends where its head says.
    pub fn end(&mut self) {
        if self.fault.is_none() && (self.blocks, self.last) != self.head {
            self.fault = Some(Fault::HeadDiffers { head: self.head.0 });
        }
    }

    /// Hash of the last block that agreed.
    pub const fn last_hash(&self) -> Hash {
        self.last
    }

    fn fault_of(&self, block: &Block, hash: &Hash, events: &[ConsentEvent]) -> Option<Fault> {
        let (number, at) = (block.number, block.created_at);
        if number != self.blocks + 1 {
            return Some(Fault::BlockMissing {
                block: self.blocks + 1,
            });
        }
        if block.previous != self.last {
            return Some(Fault::ChainBroken { block: number, at });
        }
        if block.hash() != *hash {
            return Some(Fault::BlockChanged { block: number, at });
        }
        if number == self.head.0 && *hash != self.head.1 {
            return Some(Fault::HeadDiffers { head: self.head.0 });
        }
        let mut expected = block.first.as_db();
        for event in events {
            if event.id.as_db() != expected {
                break;
            }
            expected += 1;
        }
        if expected <= block.last.as_db() {
            let event = EventId::from_db(expected);
            return Some(Fault::EventMissing {
                block: number,
                event,
                at,
            });
        }
        let leaves: Vec<Hash> = events.iter().map(leaf).collect();
        (merkle::root(&leaves) != block.root).then_some(Fault::EventChanged {
            block: number,
            first: block.first,
            last: block.last,
            event: None,
            at,
        })
    }
}
