//! What İYS answers to a new movement of a key (reference table 6.1, TACIR 6.3).

use super::book::Standing;
use super::codes::{self, Code};
use super::consent::Consent;
use super::words::{Kind, Status};

/// Judges `incoming` against the record İYS holds.
///
/// # Errors
/// * H175 – the first record of a key cannot be RET;
/// * H462, H463 – a TACIR update needs a date and a source;
/// * H174 – RET over RET, whatever the dates;
/// * H178 – the consent date is not newer than the stored one.
pub(crate) fn judge(stored: Option<&Standing>, incoming: &Consent) -> Result<(), Code> {
    let Some(stored) = stored else {
        return match incoming.status {
            Status::Onay => Ok(()),
            Status::Ret => Err(codes::H175),
        };
    };
    if incoming.key.kind == Kind::Tacir {
        if incoming.date.is_none() {
            return Err(codes::H462);
        }
        if incoming.source.is_none() {
            return Err(codes::H463);
        }
    }
    if stored.status == Status::Ret && incoming.status == Status::Ret {
        return Err(codes::H174);
    }
    // A TACIR record without a date counts from the moment it was made.
    let stored_date = stored.date.unwrap_or(stored.created);
    match incoming.date {
        Some(date) if date > stored_date => Ok(()),
        _ => Err(codes::H178),
    }
}
