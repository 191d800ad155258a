//! The next step for one consent key.

use domain::phone::Country;
use domain::time::SECOND_US;
use domain::{
    Channel, ReasonCode, Recipient, RecipientKind, RegistryMode, RegistryView, Source, Status,
    Timestamp, Verdict,
};

use crate::wire::RegisteredChannel;

/// İYS refuses dates in its future (H162); clocks differ by less than this.
const DATE_AGE_MIN_US: i64 = 60 * SECOND_US;
/// Two movements of a key within one second share a transaction at İYS and
/// damage the day's file, so the second leaves this long after the first.
const APART_US: i64 = 2 * SECOND_US;

/// The brand's rules, as far as İYS is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How the brand works with İYS.
    pub mode: RegistryMode,
    /// Whether a newer ONAY over a confirmed ONAY is told to İYS.
    pub sends_renewals: bool,
    /// Oldest answer of İYS that still counts, in microseconds.
    pub freshness_us: i64,
}

/// What holds locally for a key, from the event that decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What was said.
    pub status: Status,
    /// When.
    pub consent_date: Timestamp,
    /// Where; a citizen's own word at İYS is never sent back.
    pub source: Source,
}

/// Everything a step for one key rests on.
#[derive(Debug, Clone, Copy)]
pub struct KeyState<'a> {
    /// The address.
    pub recipient: &'a Recipient,
    /// The channel.
    pub channel: Channel,
    /// In which capacity.
    pub kind: RecipientKind,
    /// What was said to us; `None` when nothing was.
    pub local: Option<&'a Fact>,
    /// What İYS holds, as far as we know.
    pub mirror: &'a RegistryView,
}

/// Why the step is asked for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// A new event was appended for the key.
    NewFact,
    /// İYS has just answered for the key.
    Answer,
    /// The answer at hand is to be renewed (freshness, weekly check).
    Recheck,
}

/// What to do next for a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing: both sides agree, or there is nothing to tell.
    Rest,
    /// Nothing yet: a record of ours is under way.
    Wait,
    /// The record may be sent from this instant on.
    WaitUntil(Timestamp),
    /// Ask again at this instant: what İYS held before the record's own date
    /// tells nothing about it.
    AskAt(Timestamp),
    /// Ask whether İYS confirms the address, in a list of up to 1,000.
    Ask,
    /// Look the address up singly: what İYS holds must be known before ours is sent.
    LookUp,
    /// Send our record.
    Add,
    /// Keep ours to ourselves; the code says why.
    KeepLocal(ReasonCode),
}

/// Decides the next step (İYS API, rules of acceptance).
///
/// Two things it never does: send an ONAY without having seen, since it was
/// given, what İYS holds, for it might overwrite a citizen's refusal (R806,
/// R807); and send a RET where no record exists (H175).
pub fn next_step(rules: &Rules, key: &KeyState<'_>, trigger: Trigger, now: Timestamp) -> Step {
    if !rules.mode.is_connected() || RegisteredChannel::of(key.channel).is_none() {
        return Step::Rest;
    }
    if let Some(code) = unregistrable(key) {
        return Step::KeepLocal(code);
    }
    let verdict = key.mirror.verdict;
    if verdict == Verdict::Unasked || trigger == Trigger::Recheck {
        return Step::Ask;
    }
    let Some(fact) = key.local.filter(|fact| !fact.source.is_registry()) else {
        return Step::Rest;
    };
    if verdict == Verdict::Pending {
        // One movement per key at a time: two in a second would share a transaction.
        return Step::Wait;
    }
    if let Some(code) = argued_out(key.mirror, trigger) {
        return if stands_for(verdict) == Some(fact.status) {
            Step::Rest
        } else {
            Step::KeepLocal(code)
        };
    }
    let step = match fact.status {
        Status::Onay => step_for_consent(rules, fact, key.mirror, trigger),
        Status::Ret => step_for_refusal(rules, fact, key.mirror, trigger, now),
    };
    match step {
        // A look from before the date tells nothing about the moment of sending.
        Step::Add | Step::LookUp | Step::Ask => wait_for_its_date(step, fact, now)
            .or_else(|| keep_apart(step, key.mirror, now))
            .unwrap_or(step),
        step => step,
    }
}

/// An address that İYS would refuse, and with it the whole list around it.
fn unregistrable(key: &KeyState<'_>) -> Option<ReasonCode> {
    let is_reachable = match key.recipient {
        // İYS takes short messages for Turkish mobiles; foreign numbers are its own decision.
        Recipient::Phone(phone) if key.channel == Channel::Mesaj => {
            phone.is_turkish_mobile() || phone.country() != Some(Country::TR)
        }
        _ => true,
    };
    (!is_reachable || !key.recipient.fits(key.channel)).then_some(ReasonCode::I120)
}

/// İYS said that its record is at least as new as ours, and we have looked at it
/// since. Whatever it holds, sending ours again would go in circles.
fn argued_out(mirror: &RegistryView, trigger: Trigger) -> Option<ReasonCode> {
    let is_known = matches!(
        mirror.verdict,
        Verdict::Onay | Verdict::Ret | Verdict::NoRecord
    );
    let refused_as_older = mirror
        .code
        .filter(|code| matches!(*code, ReasonCode::I174 | ReasonCode::I178));
    refused_as_older.filter(|_| is_known && trigger == Trigger::Answer)
}

fn stands_for(verdict: Verdict) -> Option<Status> {
    match verdict {
        Verdict::Onay => Some(Status::Onay),
        Verdict::Ret => Some(Status::Ret),
        _ => None,
    }
}

fn step_for_consent(rules: &Rules, fact: &Fact, mirror: &RegistryView, trigger: Trigger) -> Step {
    if fact.source == Source::HS_KARAR {
        return Step::KeepLocal(ReasonCode::R704);
    }
    match mirror.verdict {
        Verdict::Onay if rules.sends_renewals => renewal(fact, mirror, trigger),
        Verdict::Onay | Verdict::Unasked | Verdict::Pending => Step::Rest,
        Verdict::Ret if mirror.citizen => Step::KeepLocal(after_citizen_refusal(fact, mirror)),
        // Without its date we cannot tell whether ours is newer, nor whose refusal it is.
        Verdict::Ret => match mirror.consent_date {
            None if trigger == Trigger::NewFact => Step::LookUp,
            Some(held) if is_newer(fact.consent_date, held) => {
                add_if_known(fact, mirror, Step::LookUp)
            }
            _ => Step::KeepLocal(ReasonCode::R806),
        },
        // Refused or unknown there: the list does not tell which.
        Verdict::NotConfirmed => Step::LookUp,
        Verdict::NoRecord if rules.mode == RegistryMode::Sync => Step::KeepLocal(ReasonCode::I200),
        Verdict::NoRecord => add_if_known(fact, mirror, Step::LookUp),
        // İYS would not take the last one; only something new is worth a try.
        Verdict::Refused if trigger == Trigger::NewFact => Step::LookUp,
        Verdict::Refused => Step::KeepLocal(mirror.code.unwrap_or(ReasonCode::I900)),
    }
}

/// A consent goes out only over a record that was seen after the consent was
/// given. Whatever a citizen says at İYS later than that is newer than ours,
/// and İYS itself lets it stand (H178).
fn add_if_known(fact: &Fact, mirror: &RegistryView, otherwise: Step) -> Step {
    let is_known = mirror.checked_at.is_some_and(|at| at > fact.consent_date);
    if is_known { Step::Add } else { otherwise }
}

fn step_for_refusal(
    rules: &Rules,
    fact: &Fact,
    mirror: &RegistryView,
    trigger: Trigger,
    now: Timestamp,
) -> Step {
    match mirror.verdict {
        Verdict::Ret | Verdict::Unasked | Verdict::Pending => Step::Rest,
        Verdict::Onay => match mirror.consent_date {
            Some(held) if !is_newer(fact.consent_date, held) => Step::KeepLocal(ReasonCode::I178),
            _ => Step::Add,
        },
        // Not confirmed: already refused, or no record. Neither takes a RET, but
        // a consent may have come up since we asked.
        Verdict::NotConfirmed | Verdict::NoRecord
            if trigger == Trigger::NewFact && is_stale(rules, mirror, now) =>
        {
            Step::Ask
        }
        Verdict::NotConfirmed | Verdict::NoRecord => Step::KeepLocal(ReasonCode::I175),
        Verdict::Refused if trigger == Trigger::NewFact => Step::LookUp,
        Verdict::Refused => Step::KeepLocal(mirror.code.unwrap_or(ReasonCode::I900)),
    }
}

fn renewal(fact: &Fact, mirror: &RegistryView, trigger: Trigger) -> Step {
    let is_told = mirror
        .consent_date
        .is_some_and(|held| !is_newer(fact.consent_date, held));
    let was_refused = mirror.code.is_some() && trigger != Trigger::NewFact;
    if is_told || was_refused {
        Step::Rest
    } else {
        add_if_known(fact, mirror, Step::Ask)
    }
}

/// Older than the refusal, or newer and waiting for a second person with its evidence.
fn after_citizen_refusal(fact: &Fact, mirror: &RegistryView) -> ReasonCode {
    match mirror.consent_date {
        Some(refused) if is_newer(fact.consent_date, refused) => ReasonCode::R807,
        _ => ReasonCode::R806,
    }
}

fn wait_for_its_date(step: Step, fact: &Fact, now: Timestamp) -> Option<Step> {
    let earliest = fact.consent_date.plus_micros(DATE_AGE_MIN_US);
    let wait = if step == Step::Add {
        Step::WaitUntil(earliest)
    } else {
        Step::AskAt(earliest)
    };
    (earliest > now).then_some(wait)
}

/// The mirror knows a transaction only of movements; those of our own are as
/// old as İYS says, so anything that young was made just now.
fn keep_apart(step: Step, mirror: &RegistryView, now: Timestamp) -> Option<Step> {
    let made = mirror.transaction.as_ref().and(mirror.checked_at)?;
    let earliest = made.plus_micros(APART_US);
    (step == Step::Add && earliest > now).then_some(Step::WaitUntil(earliest))
}

fn is_stale(rules: &Rules, mirror: &RegistryView, now: Timestamp) -> bool {
    mirror
        .checked_at
        .is_none_or(|at| now.since(at) > rules.freshness_us)
}

/// İYS keeps whole seconds; the same second is not newer (H178).
fn is_newer(ours: Timestamp, held: Timestamp) -> bool {
    ours.as_micros().div_euclid(SECOND_US) > held.as_micros().div_euclid(SECOND_US)
}

#[cfg(test)]
#[path = "step_tests.rs"]
mod tests;
