//! What the mirror holds after an answer of İYS.
//!
//! Answers arrive in any order and later than they were true. Three rules keep
//! the mirror honest: an answer never undoes one that was asked for later; a
//! refusal is believed on the spot, a consent only where nothing newer speaks
//! against it; and what İYS did not say is not assumed.

use domain::time::{HOUR_US, SECOND_US};
use domain::{ReasonCode, RegistryView, Status, Timestamp, Verdict, ids::RegistryBatchId};

use super::lists::AddItem;
use crate::codes::{self, Class, CodeInfo};
use crate::wire::{AddAnswer, Change, HeldRecord, Recorded};

/// The call that an answer came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// The instant before the request left: the answer is at least that fresh.
    pub asked_at: Timestamp,
    /// Our number of the call.
    pub batch: RegistryBatchId,
}

/// What became of a record that we sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// This holds from now on.
    Known(RegistryView),
    /// This holds for now; İYS knows better than we do, so the address must be
    /// looked up singly.
    LookUp(RegistryView),
    /// Not decided: ask for the results again.
    Waiting,
    /// İYS stumbled over this record: send it again, later.
    SendAgain,
}

/// After a status query. `is_listed` says whether İYS confirmed the address;
/// `local` is what was said to us. `None`: the mirror stays as it is.
pub fn after_status(
    mirror: &RegistryView,
    local: Option<Status>,
    is_listed: bool,
    answered: Answered,
) -> Option<RegistryView> {
    if is_outdated(mirror, answered.asked_at) {
        return None;
    }
    let seen = RegistryView {
        checked_at: Some(answered.asked_at),
        batch: Some(answered.batch),
        ..mirror.clone()
    };
    match (mirror.verdict, is_listed) {
        // The answer agrees; missing from the list is what a refusal looks like.
        (Verdict::Onay, true) | (Verdict::Ret, false) => Some(seen),
        // Our refusal is under way: İYS still shows what it is about to replace.
        (Verdict::Pending, true) if local == Some(Status::Ret) => None,
        (_, true) => Some(RegistryView {
            verdict: Verdict::Onay,
            ..bare(answered)
        }),
        // These say more than "not confirmed", and it agrees with them.
        (Verdict::Pending | Verdict::NoRecord | Verdict::Refused, false) => None,
        (Verdict::Unasked | Verdict::NotConfirmed | Verdict::Onay, false) => Some(RegistryView {
            verdict: Verdict::NotConfirmed,
            code: mirror.code,
            ..bare(answered)
        }),
    }
}

/// After İYS refused to be asked about an address (H120, H121, H464).
/// `None`: the mirror stays as it is.
pub fn after_refused_address(
    mirror: &RegistryView,
    code: Option<&str>,
    answered: Answered,
) -> Option<RegistryView> {
    let refused = RegistryView {
        verdict: Verdict::Refused,
        code: Some(codes::reason_of(code, "")),
        ..bare(answered)
    };
    (!is_outdated(mirror, answered.asked_at)).then_some(refused)
}

/// After an address was looked up singly. `None`: the mirror stays as it is.
pub fn after_look_up(
    mirror: &RegistryView,
    held: Option<&HeldRecord>,
    answered: Answered,
) -> Option<RegistryView> {
    if is_outdated(mirror, answered.asked_at) {
        return None;
    }
    // Why the last record was refused still explains what stands there now.
    let argued = mirror
        .code
        .filter(|code| matches!(*code, ReasonCode::I174 | ReasonCode::I178));
    match held {
        Some(record) => Some(RegistryView {
            code: argued,
            ..view_of(record, answered.asked_at, answered.batch)
        }),
        // Ours is still in the queue there.
        None if mirror.verdict == Verdict::Pending => None,
        None => Some(RegistryView {
            verdict: Verdict::NoRecord,
            code: argued,
            ..bare(answered)
        }),
    }
}

/// When a record is handed in. A renewal does not unconfirm what İYS confirms.
pub fn after_sending(mirror: &RegistryView, sent: Status) -> RegistryView {
    if mirror.verdict == Verdict::Onay && sent == Status::Onay {
        return mirror.clone();
    }
    RegistryView {
        verdict: Verdict::Pending,
        code: None,
        ..mirror.clone()
    }
}

/// After İYS spoke about a record that we sent.
pub fn after_add(
    mirror: &RegistryView,
    item: &AddItem,
    answer: &AddAnswer,
    answered: Answered,
) -> Settled {
    match answer {
        AddAnswer::Enqueued => Settled::Waiting,
        AddAnswer::Recorded(recorded) => after_recorded(mirror, item, recorded, answered),
        AddAnswer::Failed { code, message } => {
            let info = code.as_deref().and_then(|code| codes::judge(code, message));
            after_failed(mirror, item, info, answered)
        }
    }
}

fn after_recorded(
    mirror: &RegistryView,
    item: &AddItem,
    recorded: &Recorded,
    answered: Answered,
) -> Settled {
    let held = HeldRecord {
        status: item.status,
        consent_date: Some(item.consent_date),
        source: Some(item.source.clone()),
        created: recorded.created,
        transaction: recorded.transaction.clone(),
    };
    // The record was true when it was made, which may be long before we asked.
    let by_then = |made: Timestamp| made.min(answered.asked_at);
    let known_at = recorded.created.map_or(answered.asked_at, by_then);
    // İYS writes whole seconds: it was made before this one ended.
    let ended = recorded.created.map_or(answered.asked_at, |made| {
        by_then(made.plus_micros(SECOND_US))
    });
    if overrules(mirror, &held, ended) {
        Settled::Known(view_of(&held, known_at, answered.batch))
    } else if mirror.verdict == Verdict::NoRecord {
        // Looked up after it was made and not found: their clock and ours differ.
        // Sending it again would go in circles.
        Settled::LookUp(mirror.clone())
    } else {
        Settled::Known(mirror.clone())
    }
}

fn after_failed(
    mirror: &RegistryView,
    item: &AddItem,
    info: Option<&CodeInfo>,
    answered: Answered,
) -> Settled {
    let reason = info.map_or(ReasonCode::I900, |info| info.reason);
    let seen = RegistryView {
        code: Some(reason),
        ..bare(answered)
    };
    match (reason, item.status) {
        // Already refused there, by whomever: what we wanted.
        (ReasonCode::I174, Status::Ret) => {
            let citizen = mirror.verdict == Verdict::Ret && mirror.citizen;
            Settled::Known(RegistryView {
                verdict: Verdict::Ret,
                citizen,
                ..seen
            })
        }
        (ReasonCode::I175, Status::Ret) => Settled::Known(RegistryView {
            verdict: Verdict::NoRecord,
            ..seen
        }),
        // İYS holds something as new as ours, or contradicts its own rules.
        (ReasonCode::I174 | ReasonCode::I175 | ReasonCode::I178, _) => {
            Settled::LookUp(RegistryView {
                verdict: Verdict::NotConfirmed,
                ..seen
            })
        }
        _ if info.is_some_and(repeats_itself) => Settled::SendAgain,
        // The renewal failed, the confirmed record is still there.
        _ if mirror.verdict == Verdict::Onay && item.status == Status::Onay => {
            Settled::Known(RegistryView {
                code: Some(reason),
                ..mirror.clone()
            })
        }
        _ => Settled::Known(RegistryView {
            verdict: Verdict::Refused,
            ..seen
        }),
    }
}

fn repeats_itself(info: &CodeInfo) -> bool {
    matches!(
        info.class,
        Class::Transient | Class::Window { .. } | Class::Auth
    )
}

/// After a movement of the change feed, which is at least an hour old.
/// `None`: the mirror knows better or the same. Applying a row twice, or dated
/// rows in any order, ends in the same view.
pub fn after_change(
    mirror: &RegistryView,
    change: &Change,
    pulled_at: Timestamp,
    batch: RegistryBatchId,
) -> Option<RegistryView> {
    let known_at = change
        .held
        .created
        .unwrap_or_else(|| pulled_at.plus_micros(-HOUR_US));
    // İYS writes whole seconds: it was made before this one ended.
    let made = change.held.created;
    let ended = made.map_or(known_at, |made| made.plus_micros(SECOND_US));
    if !overrules(mirror, &change.held, ended) {
        return None;
    }
    let mut view = view_of(&change.held, known_at, batch);
    if view.verdict == mirror.verdict {
        view.checked_at = view.checked_at.max(mirror.checked_at);
    }
    Some(view)
}

/// Whether a record as it stood at `known_at` at the latest tells more than the mirror:
/// later consent date, then refusal. Without a date to compare, a
/// refusal is believed, a consent only if nothing was learnt since.
fn overrules(mirror: &RegistryView, held: &HeldRecord, known_at: Timestamp) -> bool {
    let has_record = matches!(mirror.verdict, Verdict::Onay | Verdict::Ret);
    match (
        mirror.consent_date.filter(|_| has_record),
        held.consent_date,
    ) {
        (Some(ours), Some(theirs)) => {
            let rank = (theirs, held.status == Status::Ret);
            let held_rank = (ours, mirror.verdict == Verdict::Ret);
            rank > held_rank
                || (rank == held_rank && mirror.transaction.is_none() && held.transaction.is_some())
        }
        _ if held.status == Status::Ret => true,
        _ => match mirror.verdict {
            Verdict::Unasked | Verdict::Pending | Verdict::Onay => true,
            _ => mirror.checked_at.is_none_or(|at| known_at >= at),
        },
    }
}

fn view_of(held: &HeldRecord, known_at: Timestamp, batch: RegistryBatchId) -> RegistryView {
    RegistryView {
        verdict: match held.status {
            Status::Onay => Verdict::Onay,
            Status::Ret => Verdict::Ret,
        },
        citizen: held
            .source
            .as_ref()
            .is_some_and(domain::Source::is_registry),
        consent_date: held.consent_date,
        checked_at: Some(known_at),
        batch: Some(batch),
        transaction: held.transaction.clone(),
        code: None,
    }
}

fn bare(answered: Answered) -> RegistryView {
    RegistryView {
        checked_at: Some(answered.asked_at),
        batch: Some(answered.batch),
        ..RegistryView::UNASKED
    }
}

fn is_outdated(mirror: &RegistryView, asked_at: Timestamp) -> bool {
    mirror.checked_at.is_some_and(|at| at > asked_at)
}

#[cfg(test)]
#[path = "answers_tests.rs"]
mod tests;
