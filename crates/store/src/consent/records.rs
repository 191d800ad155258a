//! What goes into the ledger and what came of it: the records of a slice and
//! the account that is given of each.

use domain::consent::{Origin, Standing};
use domain::ids::{BrandId, EventId, FirmId, RecipientId};
use domain::{Channel, ReasonCode, Recipient, RecipientKind, Source, Status, Timestamp};

use super::state::KeyState;

/// What all records of a slice have in common.
#[derive(Debug, Clone)]
pub struct ApplyContext {
    /// The tenant.
    pub firm: FirmId,
    /// The brand that was spoken to.
    pub brand: BrandId,
    /// By which door the records come in.
    pub origin: Origin,
    /// Number of the upload, or of whatever else the records come from.
    pub origin_id: Option<i64>,
    /// Who brings them.
    pub actor: String,
    /// The present instant.
    pub now: Timestamp,
}

/// One judged record on its way into the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomingRecord {
    /// Line of the file, as an editor shows it; a running number elsewhere.
    pub line: i64,
    /// The address.
    pub recipient: Recipient,
    /// The firm's own number of the person.
    pub external_id: Option<String>,
    /// Another name of the person, such as a device.
    pub token: Option<String>,
    /// Full name; an empty one empties what is on record.
    pub name: Option<String>,
    /// In which capacity.
    pub kind: RecipientKind,
    /// What the person said; `None` for a contact without a declaration.
    pub consent: Option<Said>,
    /// Pointer to the proof.
    pub evidence: Option<String>,
    /// Values of the firm's attributes, by code, in the forms of
    /// `domain::attribute`; those that are not named stay as they are, an empty
    /// one empties what is on record.
    pub attributes: Vec<(String, String)>,
    /// What the record repeats, where whoever brings it found that it says
    /// nothing new about its person and its key: it is counted and not looked up.
    pub standing: Option<Standing>,
}

/// A declaration for one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// For which channel.
    pub channel: Channel,
    /// What.
    pub status: Status,
    /// When.
    pub date: Timestamp,
    /// Where it was taken.
    pub source: Source,
}

/// What a slice changed. Each record is counted once:
/// `created + updated + unchanged + refused.len()` is the number of records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// Records of addresses that were new.
    pub created: usize,
    /// Records that changed something about a known address.
    pub updated: usize,
    /// Records that said nothing new.
    pub unchanged: usize,
    /// Records whose declaration may not enter.
    pub refused: Vec<Refusal>,
    /// Notes on records that did enter (W803, W804).
    pub remarks: Vec<Remark>,
    /// Every record that was not refused, sorted by recipient: what to ask the
    /// registry about, and what to tell it.
    pub touched: Vec<Touched>,
    /// Nobody whom the records name was on record before: the next slice may be
    /// of strangers too ([`crate::Writer::apply_strangers`]).
    pub knew_nobody: bool,
}

/// A record that was refused against what is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its line.
    pub line: i64,
    /// Its channel.
    pub channel: Channel,
    /// Why (R607, R706, R805–R807).
    pub code: ReasonCode,
    /// Values of the text's placeholders.
    pub args: Vec<(&'static str, String)>,
}

/// A note on a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remark {
    /// Its line.
    pub line: i64,
    /// Its channel; `None` when the note is about the contact.
    pub channel: Option<Channel>,
    /// The note (W803, W804).
    pub code: ReasonCode,
}

/// A record that entered, with what was known before it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// Its line.
    pub line: i64,
    /// Number of the address.
    pub recipient: RecipientId,
    /// The address.
    pub address: Recipient,
    /// In which capacity.
    pub kind: RecipientKind,
    /// What was said; `None` for a contact without a declaration.
    pub said: Option<Said>,
    /// The event that was appended: `None` when nothing new was said.
    pub event: Option<EventId>,
    /// The same again with a newer date (W804): a consent is told to the registry
    /// only when the brand sends renewals.
    pub is_renewal: bool,
    /// The state of the key before this record.
    pub was: KeyState,
}
