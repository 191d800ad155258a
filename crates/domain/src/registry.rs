//! What İYS (İleti Yönetim Sistemi) holds, as far as we know it.

use serde::{Deserialize, Serialize};

use crate::channel::vocabulary;
use crate::ids::RegistryBatchId;
use crate::reason::ReasonCode;
use crate::time::Timestamp;

vocabulary! {
    /// Who leads between our ledger and İYS (design §4).
    RegistryMode {
        /// Not connected: commercial messages leave only on the owner's signed reason.
        Off = 1, "off";
        /// The provider filters; we pass its flags and still honour local refusals.
        Provider = 2, "provider";
        /// *Senkronizasyon*: İYS leads; we ask about everyone and create nobody.
        Sync = 3, "sync";
        /// *Entegratör*: we ask, create what is missing and await the answer.
        Integrator = 4, "integrator";
    }
}

impl RegistryMode {
    /// Whether İYS is asked at all.
    pub const fn is_connected(self) -> bool {
        matches!(self, Self::Sync | Self::Integrator)
    }
}

vocabulary! {
    /// The last thing İYS let us know about a key.
    Verdict {
        /// Never asked.
        Unasked = 0, "UNASKED";
        /// İYS confirmed consent.
        Onay = 1, "ONAY";
        /// İYS holds a refusal.
        Ret = 2, "RET";
        /// A record was sent; its result is not in yet (`enqueue`).
        Pending = 3, "PENDING";
        /// Asked, and not among the confirmed: refused or unknown there.
        NotConfirmed = 4, "NOT_CONFIRMED";
        /// Asked singly: İYS has no record.
        NoRecord = 5, "NO_RECORD";
        /// İYS would not take our record; the code says why.
        Refused = 6, "REFUSED";
    }
}

/// Our mirror of one registry record (*İYS kaydı*).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryView {
    /// The last answer.
    pub verdict: Verdict,
    /// Whether the record there was made by the citizen (source `IYS_…`).
    pub citizen: bool,
    /// Consent date of the record at İYS, when a call told it.
    pub consent_date: Option<Timestamp>,
    /// When İYS last answered for this key.
    pub checked_at: Option<Timestamp>,
    /// The call that carried the answer.
    pub batch: Option<RegistryBatchId>,
    /// İYS's 64-digit transaction id, when a call told it.
    pub transaction: Option<String>,
    /// Why a record of ours was refused (I…).
    pub code: Option<ReasonCode>,
}

impl RegistryView {
    /// Nothing known.
    pub const UNASKED: Self = Self {
        verdict: Verdict::Unasked,
        citizen: false,
        consent_date: None,
        checked_at: None,
        batch: None,
        transaction: None,
        code: None,
    };

    /// Whether the record at İYS is a refusal by the citizen.
    pub fn is_citizen_refusal(&self) -> bool {
        self.verdict == Verdict::Ret && self.citizen
    }
}

impl Default for RegistryView {
    fn default() -> Self {
        Self::UNASKED
    }
}
