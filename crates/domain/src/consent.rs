//! What people said: consent events, their fold into one state per key, and
//! the rule of what may enter the ledger.

use serde::{Deserialize, Serialize};

use crate::channel::{Channel, RecipientKind, Status, vocabulary};
use crate::ids::{BrandId, EventId, RecipientId};
use crate::reason::ReasonCode;
use crate::recipient::Recipient;
use crate::registry::{RegistryView, Verdict};
use crate::source::Source;
use crate::time::Timestamp;

/// The identity of a consent: the same address may hold one record per channel
/// and kind for each brand, and they never influence one another
/// (İYS API: brandCode, recipient, recipientType, type).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConsentKey {
    /// The brand that was spoken to.
    pub brand: BrandId,
    /// The address that spoke.
    pub recipient: RecipientId,
    /// By which means it may be reached.
    pub channel: Channel,
    /// In which capacity.
    pub kind: RecipientKind,
}

vocabulary! {
    /// By which door an event came in.
    Origin {
        /// A row of an uploaded file; the reference is the upload and its line.
        Upload = 1, "UPLOAD";
        /// The programming interface.
        Api = 2, "API";
        /// Typed in the panel.
        Panel = 3, "PANEL";
        /// Told by İYS.
        Registry = 4, "REGISTRY";
        /// A reply such as RET or DUR.
        Inbound = 5, "INBOUND";
        /// The unsubscribe page.
        Unsubscribe = 6, "UNSUBSCRIBE";
    }
}

/// One appended fact (*izin kaydı*): never changed, never removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentEvent {
    /// Number in the brand's chain.
    pub id: EventId,
    /// What it is about.
    pub key: ConsentKey,
    /// The address in words, so that the ledger can be read without a join.
    pub recipient: Recipient,
    /// What was said.
    pub status: Status,
    /// When it was said.
    pub consent_date: Timestamp,
    /// When we wrote it down.
    pub recorded_at: Timestamp,
    /// Where the declaration was taken.
    pub source: Source,
    /// By which door it came in.
    pub origin: Origin,
    /// Number of the upload or other thing it came from.
    pub origin_id: Option<i64>,
    /// Line of the file it came from, as an editor shows it.
    pub origin_line: Option<i64>,
    /// Pointer to the proof: form number, call recording, page address.
    pub evidence: Option<String>,
    /// Who entered it.
    pub actor: String,
}

/// The folded local state of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalState {
    /// What holds now.
    pub status: Status,
    /// When it was said.
    pub consent_date: Timestamp,
    /// When we wrote it down.
    pub recorded_at: Timestamp,
    /// The event that decides.
    pub event: EventId,
    /// Whether the citizen said it through İYS (source `IYS_…`).
    pub citizen: bool,
}

impl LocalState {
    /// The state that one event alone gives.
    pub fn of(event: &ConsentEvent) -> Self {
        Self {
            status: event.status,
            consent_date: event.consent_date,
            recorded_at: event.recorded_at,
            event: event.id,
            citizen: event.source.is_registry(),
        }
    }

    /// The stronger of two states: later consent date, then refusal, then
    /// later record, then the greater number.
    ///
    /// A maximum over a total order, so any order of arrival and any repeat
    /// gives the same state.
    #[must_use]
    pub fn fold(self, other: Self) -> Self {
        if other.rank() > self.rank() {
            other
        } else {
            self
        }
    }

    /// The order that [`LocalState::fold`] takes the maximum of; the store's
    /// SQL spells out the same comparison.
    pub fn rank(&self) -> (Timestamp, bool, Timestamp, EventId) {
        (
            self.consent_date,
            self.status == Status::Ret,
            self.recorded_at,
            self.event,
        )
    }
}

/// The contact that an address on record belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressOwner {
    /// Number of the address.
    pub recipient: RecipientId,
    /// The firm's own number of the person.
    pub external_id: Option<String>,
    /// The person's name.
    pub name: Option<String>,
    /// Whether the person is reached at this address, not only known by it.
    pub is_reached_here: bool,
}

/// The key of a record that repeats what is on record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Number of the address.
    pub recipient: RecipientId,
    /// The local state that holds the record's claim already.
    pub local: LocalState,
}

/// What someone claims a person said, before it is let into the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// The claimed status.
    pub status: Status,
    /// The claimed date.
    pub consent_date: Timestamp,
}

/// Whether a claim may enter the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It changes something: append it.
    Append,
    /// The same again with a newer date (W804): append it. A consent is told to
    /// the registry only if the brand sends renewals; a refusal wherever the
    /// registry does not hold one.
    Renewal,
    /// Nothing new (W804): not appended.
    Unchanged,
    /// It may not enter; the code says why.
    Refused(ReasonCode),
}

impl Admission {
    /// The code shown for the row, if any.
    pub const fn code(self) -> Option<ReasonCode> {
        match self {
            Self::Append => None,
            Self::Renewal | Self::Unchanged => Some(ReasonCode::W804),
            Self::Refused(code) => Some(code),
        }
    }
}

/// Decides whether a claim from a file or a form may enter the ledger, given
/// what we hold and what İYS told us (design §4; codes R607, R805–R807, W804).
///
/// A refusal always enters unless a newer fact is on record: a repeated one as
/// well, because a consent may lie between the two that nobody has told us yet,
/// and the later refusal is what stands against it. A consent never
/// overrides a citizen's own refusal at İYS: not an older one (R806), and a
/// newer one only by a second person who has seen its evidence (R807).
pub fn admit(claim: Claim, local: Option<&LocalState>, registry: &RegistryView) -> Admission {
    match claim.status {
        Status::Ret => admit_refusal(claim, local),
        Status::Onay => admit_consent(claim, local, registry),
    }
}

fn admit_refusal(claim: Claim, local: Option<&LocalState>) -> Admission {
    match local {
        None => Admission::Append,
        Some(held) if held.status == Status::Ret && claim.consent_date > held.consent_date => {
            Admission::Renewal
        }
        Some(held) if held.status == Status::Ret => Admission::Unchanged,
        Some(held) if claim.consent_date >= held.consent_date => Admission::Append,
        Some(_) => Admission::Refused(ReasonCode::R607),
    }
}

fn admit_consent(claim: Claim, local: Option<&LocalState>, registry: &RegistryView) -> Admission {
    let citizen_refusal = match local {
        Some(held) if held.status == Status::Ret && held.citizen => Some(held.consent_date),
        _ => None,
    };
    let citizen_refusal = if registry.is_citizen_refusal() {
        registry
            .consent_date
            .max(citizen_refusal)
            .or(Some(Timestamp::from_micros(i64::MAX)))
    } else {
        citizen_refusal
    };
    if let Some(refused_at) = citizen_refusal {
        return Admission::Refused(if claim.consent_date > refused_at {
            ReasonCode::R807
        } else {
            ReasonCode::R806
        });
    }
    if registry.verdict == Verdict::Ret
        && registry
            .consent_date
            .is_none_or(|date| claim.consent_date <= date)
    {
        return Admission::Refused(ReasonCode::R806);
    }
    match local {
        None => Admission::Append,
        Some(held) if held.status == Status::Ret => {
            if claim.consent_date > held.consent_date {
                Admission::Append
            } else {
                Admission::Refused(ReasonCode::R805)
            }
        }
        Some(held) if claim.consent_date > held.consent_date => Admission::Renewal,
        Some(_) => Admission::Unchanged,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn state(status: Status, date: i64, recorded: i64, event: i64, citizen: bool) -> LocalState {
        LocalState {
            status,
            consent_date: Timestamp::from_micros(date),
            recorded_at: Timestamp::from_micros(recorded),
            event: EventId::from_db(event),
            citizen,
        }
    }

    fn any_state() -> impl Strategy<Value = LocalState> {
        (any::<bool>(), 0_i64..4, 0_i64..4, 0_i64..50, any::<bool>()).prop_map(
            |(ret, date, recorded, event, citizen)| {
                let status = if ret { Status::Ret } else { Status::Onay };
                state(status, date, recorded, event, citizen)
            },
        )
    }

    fn fold_all(states: &[LocalState]) -> Option<LocalState> {
        states.iter().copied().reduce(LocalState::fold)
    }

    proptest! {
        #[test]
        fn the_state_of_a_key_does_not_depend_on_the_order_or_number_of_arrivals(
            mut states in proptest::collection::vec(any_state(), 1..12),
            seed in any::<u64>(),
        ) {
            // Equal ranks would be two events with one number: the store never makes them.
            states.sort_by_key(LocalState::rank);
            states.dedup_by_key(|s| s.event);
            let expected = fold_all(&states).map(|s| s.rank());
            let mut shuffled = states.clone();
            let len = shuffled.len();
            let mut x = seed;
            for i in (1..len).rev() {
                x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                shuffled.swap(i, usize::try_from(x >> 33).unwrap_or(0) % (i + 1));
            }
            shuffled.extend_from_within(..len / 2);
            prop_assert_eq!(fold_all(&shuffled).map(|s| s.rank()), expected);
        }

        #[test]
        fn a_citizen_refusal_is_never_undone_by_a_claim(date in 0_i64..100, refused in 0_i64..100) {
            let claim = Claim { status: Status::Onay, consent_date: Timestamp::from_micros(date) };
            let held = state(Status::Ret, refused, refused, 1, true);
            let admission = admit(claim, Some(&held), &RegistryView::UNASKED);
            let expected = if date > refused { ReasonCode::R807 } else { ReasonCode::R806 };
            prop_assert_eq!(admission, Admission::Refused(expected));
        }
    }

    #[test]
    fn a_refusal_wins_a_tie_and_a_later_consent_wins_over_an_older_refusal() {
        let onay = state(Status::Onay, 10, 5, 1, false);
        let ret = state(Status::Ret, 10, 1, 2, false);
        assert_eq!(onay.fold(ret).status, Status::Ret);
        let later = state(Status::Onay, 11, 0, 3, false);
        assert_eq!(ret.fold(later).status, Status::Onay);
    }

    #[test]
    fn claims_are_judged_against_what_is_stored() {
        let at = |status, us| Claim {
            status,
            consent_date: Timestamp::from_micros(us),
        };
        let none = RegistryView::UNASKED;
        let onay = state(Status::Onay, 10, 10, 1, false);
        let ret = state(Status::Ret, 10, 10, 1, false);
        let cases = [
            (at(Status::Onay, 5), None, Admission::Append),
            (at(Status::Ret, 5), None, Admission::Append),
            (at(Status::Onay, 10), Some(&onay), Admission::Unchanged),
            (at(Status::Onay, 11), Some(&onay), Admission::Renewal),
            (at(Status::Ret, 11), Some(&onay), Admission::Append),
            (
                at(Status::Ret, 9),
                Some(&onay),
                Admission::Refused(ReasonCode::R607),
            ),
            (at(Status::Ret, 10), Some(&ret), Admission::Unchanged),
            (at(Status::Ret, 11), Some(&ret), Admission::Renewal),
            (
                at(Status::Onay, 10),
                Some(&ret),
                Admission::Refused(ReasonCode::R805),
            ),
            (at(Status::Onay, 11), Some(&ret), Admission::Append),
        ];
        for (claim, held, expected) in cases {
            assert_eq!(
                admit(claim, held, &none),
                expected,
                "{claim:?} over {held:?}"
            );
        }
        let refused_there = RegistryView {
            verdict: Verdict::Ret,
            citizen: true,
            consent_date: Some(Timestamp::from_micros(20)),
            ..RegistryView::UNASKED
        };
        assert_eq!(
            admit(at(Status::Onay, 15), Some(&onay), &refused_there),
            Admission::Refused(ReasonCode::R806)
        );
        assert_eq!(
            admit(at(Status::Onay, 21), Some(&onay), &refused_there),
            Admission::Refused(ReasonCode::R807)
        );
    }
}
