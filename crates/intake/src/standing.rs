//! Records that say nothing new: what they say stands on record already.
//!
//! Applying them would change nothing, so whoever applies a file need not look
//! their people up again. That holds even when something else is recorded
//! between the preview and the applying: a state is a fold that does not depend
//! on the order of its facts, and a fact that was folded in once adds nothing
//! when it is folded in again. A name or number that somebody corrected after
//! the preview stays as they corrected it.

use domain::LocalState;
use domain::consent::{Admission, Standing};
use domain::ids::RecipientId;
use serde::{Deserialize, Serialize};

use crate::holdings::{LocalOnDisk, OwnerOnDisk};
use crate::pair::Pair;

/// [`Standing`] in the shape it is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StandingOnDisk {
    recipient: i64,
    local: LocalOnDisk,
}

impl From<StandingOnDisk> for Standing {
    fn from(standing: StandingOnDisk) -> Self {
        Self {
            recipient: RecipientId::from_db(standing.recipient),
            local: standing.local.into(),
        }
    }
}

/// Whether a pair that was admitted so repeats what is on record about its
/// person and its consent.
pub(crate) fn standing(
    pair: &Pair<'_>,
    admission: Admission,
    local: Option<LocalState>,
    owner: Option<OwnerOnDisk<'_>>,
) -> Option<StandingOnDisk> {
    let (local, owner) = (local?, owner?);
    let is_folded_in = admission == Admission::Unchanged;
    (is_folded_in && describes(pair, owner)).then(|| StandingOnDisk {
        recipient: owner.recipient,
        local: local.into(),
    })
}

/// Whether the contact is as the pair describes it. Tokens, attributes and a
/// second address are not known here, so a pair that has any may be new.
fn describes(pair: &Pair<'_>, owner: OwnerOnDisk<'_>) -> bool {
    pair.token.is_none()
        && pair.attributes.is_none()
        && pair.beside.is_none()
        && owner.is_reached_here
        && (pair.external_id.is_none() || pair.external_id == owner.external_id)
        && (pair.name.is_none() || pair.name == owner.name)
}
