//! The gate (*gönderim kapısı*): one pure function decides whether one person
//! may receive one message now. Dry run, hand-over and the "why?" pages all
//! call it, so they cannot disagree.
//!
//! Order: address → blacklist → complaint stop → consent → registry → purpose
//! → frequency and caps → content → route and credit → time window. The first
//! reason is the headline; all are listed. Anything unknown, stale or failing
//! means not sent.
//!
//! A connector takes only [`Cleared`] messages. A [`Cleared`] value comes only
//! from a [`Clearance`], and a `Clearance` only from [`decide`]: it has no
//! public constructor, cannot be cloned and cannot be read from storage. So a
//! commercial message that skipped the gate does not compile.

use serde::{Deserialize, Serialize};

use crate::channel::{Channel, RecipientKind, Status, vocabulary};
use crate::consent::LocalState;
use crate::hours::{ClosedDays, LOOK_AHEAD_DAYS, midnight_of};
use crate::ids::{EventId, RecipientId, RegistryBatchId};
use crate::reason::ReasonCode;
use crate::recipient::Recipient;
use crate::registry::{RegistryMode, RegistryView, Verdict};
use crate::time::{DAY_US, HOUR_US, MINUTE_US, Timestamp};

vocabulary! {
    /// Why a message may be sent (*hukuki dayanak*; Law 6563 art. 6, Regulation art. 6).
    Basis {
        /// Promotion or marketing: needs confirmed consent.
        Commercial = 1, "COMMERCIAL";
        /// Delivery, debt, membership and the like, free of promotion.
        Informational = 2, "INFORMATIONAL";
        /// A one-time code that the person asked for.
        Otp = 3, "OTP";
    }
}

/// Hours of the day, in Turkish time, in which commercial messages may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendingWindow {
    /// First minute of the day inside the window, 0–1439.
    pub from_minute: i64,
    /// First minute after the window, 1–1440, greater than `from_minute`.
    pub to_minute: i64,
}

impl SendingWindow {
    /// The whole day.
    pub const ALWAYS: Self = Self {
        from_minute: 0,
        to_minute: 1_440,
    };
    /// 09:00–20:00: the customary hours; the law names none.
    pub const CUSTOMARY: Self = Self {
        from_minute: 540,
        to_minute: 1_200,
    };

    /// When a message that wants to leave at `now` may: `None` means now.
    pub fn opens_after(&self, now: Timestamp) -> Option<Timestamp> {
        // Turkey has no change of offset since 2016, and nothing is sent before.
        let local = now.as_micros().saturating_add(3 * HOUR_US);
        let midnight = local - local.rem_euclid(DAY_US);
        let minute = (local - midnight) / MINUTE_US;
        if minute >= self.from_minute && minute < self.to_minute {
            return None;
        }
        let day = if minute < self.from_minute { 0 } else { DAY_US };
        let opens = midnight + day + self.from_minute * MINUTE_US - 3 * HOUR_US;
        Some(Timestamp::from_micros(opens))
    }
}

impl SendingWindow {
    /// [`SendingWindow::opens_after`] on days that are not all open.
    pub fn opens_between(&self, closed: &ClosedDays, now: Timestamp) -> Option<Timestamp> {
        let mut at = self.opens_after(now).unwrap_or(now);
        for _ in 0..LOOK_AHEAD_DAYS {
            if !closed.is_closed(at) {
                return (at != now).then_some(at);
            }
            let tomorrow = midnight_of(at).plus_micros(DAY_US);
            at = tomorrow.plus_micros(self.from_minute * MINUTE_US);
        }
        Some(at)
    }

    /// The end of the open hours that `now` lies in.
    pub fn closes_after(&self, closed: &ClosedDays, now: Timestamp) -> Timestamp {
        let midnight = midnight_of(now);
        let minute = closed
            .on(midnight)
            .map_or(self.to_minute, |day| day.from_minute.min(self.to_minute));
        midnight.plus_micros(minute * MINUTE_US)
    }
}

/// The brand's own rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrandPolicy {
    /// How the brand works with İYS.
    pub mode: RegistryMode,
    /// In mode `off`: whether the owner signed a written reason to send on local consent.
    pub off_reason_signed: bool,
    /// Oldest registry answer that may still be relied on, microseconds.
    pub freshness_us: i64,
    /// How far İYS's own feed of changes can be relied on.
    pub feed: FeedTrust,
    /// Hours in which commercial messages may leave.
    pub window: SendingWindow,
    /// Days on which they rest.
    pub closed: ClosedDays,
}

impl BrandPolicy {
    /// When a commercial message that wants to leave at `now` may: `None`
    /// means now.
    pub fn opens_after(&self, now: Timestamp) -> Option<Timestamp> {
        self.window.opens_between(&self.closed, now)
    }

    /// Answers of İYS from before this instant do not count (S104): they are
    /// older than the brand's limit, or changes after them may have been lost.
    pub fn oldest_answer(&self, now: Timestamp) -> Timestamp {
        let fresh = now.plus_micros(-self.freshness_us);
        let trusted = self.feed.distrusts_before.unwrap_or(fresh);
        if self.feed.is_lost(now) {
            // Nobody is sendable until the feed was read again and the
            // comparison has begun; that sets `distrusts_before`.
            return now.plus_micros(1);
        }
        fresh.max(trusted)
    }
}

/// How far İYS's feed of changes can be relied on: it shows seven days, and
/// what nobody read in that time is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FeedTrust {
    /// When the feed was last read to its end, or reading it began; none
    /// before the brand is connected.
    pub complete_at: Option<Timestamp>,
    /// Answers from before this instant are not relied on: a full comparison
    /// began then.
    pub distrusts_before: Option<Timestamp>,
}

impl FeedTrust {
    /// Whether the feed was read so long ago that changes have been lost.
    pub fn is_lost(&self, now: Timestamp) -> bool {
        self.complete_at
            .is_some_and(|at| now.since(at) > FEED_WINDOW_US)
    }
}

/// How long the feed may go unread before changes are lost: it shows what is
/// one hour to seven days old (İYS API, changes).
pub const FEED_WINDOW_US: i64 = 7 * DAY_US - HOUR_US;

/// What is to be sent, the same for every person of a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageFacts {
    /// By which means.
    pub channel: Channel,
    /// Addressed in which capacity.
    pub kind: RecipientKind,
    /// On which legal ground.
    pub basis: Basis,
    /// Mandatory content (trade name, refusal path, contact) is missing (Regulation art. 8).
    pub content_incomplete: bool,
}

/// What is known of one person at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonFacts {
    /// Number of the address.
    pub id: RecipientId,
    /// The address.
    pub recipient: Recipient,
    /// What the person told us, for the message's kind.
    pub local: Option<LocalState>,
    /// What İYS told us, for the message's kind.
    pub registry: RegistryView,
    /// Whether the address holds a consent in the other capacity.
    pub consents_as_other_kind: bool,
    /// Stands on the firm's blacklist (*kara liste*).
    pub blacklisted: bool,
    /// The blacklist lets messages through that are not commercial.
    pub blacklist_spares_mandatory: bool,
    /// Stopped after a complaint (*şikâyet*).
    pub complaint_stop: bool,
    /// The operator said the number does not exist.
    pub invalid_at_operator: bool,
    /// The address is dead.
    pub undeliverable: bool,
    /// Deliveries failed again and again of late; it may work again.
    pub keeps_failing: bool,
    /// Refused this purpose.
    pub purpose_refused: bool,
    /// The frequency cap is used up.
    pub over_frequency_cap: bool,
    /// Got the same content today.
    pub same_content_today: bool,
    /// Belongs to the campaign's control group.
    pub in_control_group: bool,
    /// Beyond the campaign's audience cap.
    pub over_audience_cap: bool,
    /// A variable that the text needs is empty.
    pub variable_missing: bool,
    /// The rendered text is longer than allowed.
    pub too_many_parts: bool,
}

impl PersonFacts {
    /// A person of whom nothing but the address is known.
    pub const fn unknown(id: RecipientId, recipient: Recipient) -> Self {
        Self {
            id,
            recipient,
            local: None,
            registry: RegistryView::UNASKED,
            consents_as_other_kind: false,
            blacklisted: false,
            blacklist_spares_mandatory: false,
            complaint_stop: false,
            invalid_at_operator: false,
            undeliverable: false,
            keeps_failing: false,
            purpose_refused: false,
            over_frequency_cap: false,
            same_content_today: false,
            in_control_group: false,
            over_audience_cap: false,
            variable_missing: false,
            too_many_parts: false,
        }
    }
}

/// The way the message would take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteFacts {
    /// A healthy connector exists for the channel.
    pub available: bool,
    /// Its account can pay.
    pub credit: bool,
    /// The sender name is approved on it.
    pub sender_approved: bool,
    /// The text holds a link and the route leaves the country (BTK, since 1 April 2026).
    pub foreign_link: bool,
}

impl RouteFacts {
    /// A route with nothing against it.
    pub const CLEAR: Self = Self {
        available: true,
        credit: true,
        sender_approved: true,
        foreign_link: false,
    };
}

/// Everything the decision rests on.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The present instant.
    pub now: Timestamp,
    /// The brand's rules.
    pub policy: &'a BrandPolicy,
    /// The message.
    pub message: &'a MessageFacts,
    /// The person.
    pub person: &'a PersonFacts,
    /// The route.
    pub route: &'a RouteFacts,
}

/// The gate's answer for one person.
#[derive(Debug)]
pub enum Decision {
    /// May leave now.
    Send(Clearance),
    /// May not leave.
    Exclude(Reasons),
    /// May leave, but not before this instant.
    Hold {
        /// When to ask again.
        until: Timestamp,
        /// Why it waits.
        reason: ReasonCode,
    },
}

impl Decision {
    /// The headline code; `None` when the message may leave.
    pub fn headline(&self) -> Option<ReasonCode> {
        match self {
            Self::Send(_) => None,
            Self::Exclude(reasons) => Some(reasons.headline()),
            Self::Hold { reason, .. } => Some(*reason),
        }
    }
}

/// One or more reasons, in the gate's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reasons {
    headline: ReasonCode,
    others: Vec<ReasonCode>,
}

impl Reasons {
    /// The first reason.
    pub const fn headline(&self) -> ReasonCode {
        self.headline
    }

    /// All reasons, headline first.
    pub fn all(&self) -> impl Iterator<Item = ReasonCode> + '_ {
        std::iter::once(self.headline).chain(self.others.iter().copied())
    }
}

/// The gate's permission for one message to one address at one moment.
#[derive(Debug, PartialEq, Eq)]
pub struct Clearance {
    recipient: RecipientId,
    channel: Channel,
    basis: Basis,
    kind: RecipientKind,
    cleared_at: Timestamp,
    event: Option<EventId>,
    registry_batch: Option<RegistryBatchId>,
    registry_checked_at: Option<Timestamp>,
}

/// A message that can say whom it is for.
pub trait Addressed {
    /// The address the message is for.
    fn recipient(&self) -> RecipientId;
    /// The channel it goes out on.
    fn channel(&self) -> Channel;
}

/// A message that the gate let through. Only [`Clearance::seal`] makes one.
#[derive(Debug, PartialEq, Eq)]
pub struct Cleared<M> {
    message: M,
    clearance: Clearance,
}

/// A clearance was held against a message to somebody else.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a clearance for {cleared} does not cover a message to {addressed}")]
pub struct WrongRecipient {
    /// Whom the gate cleared.
    pub cleared: RecipientId,
    /// Whom the message is for.
    pub addressed: RecipientId,
}

impl Clearance {
    /// Binds this clearance to its message.
    ///
    /// # Errors
    /// [`WrongRecipient`] when the message is for another address or channel.
    pub fn seal<M: Addressed>(self, message: M) -> Result<Cleared<M>, WrongRecipient> {
        if message.recipient() == self.recipient && message.channel() == self.channel {
            Ok(Cleared {
                message,
                clearance: self,
            })
        } else {
            Err(WrongRecipient {
                cleared: self.recipient,
                addressed: message.recipient(),
            })
        }
    }

    /// The ledger event it rests on; none for exempt messages and for people
    /// whom only İYS knows.
    pub const fn event(&self) -> Option<EventId> {
        self.event
    }

    /// The registry call it rests on.
    pub const fn registry_batch(&self) -> Option<RegistryBatchId> {
        self.registry_batch
    }

    /// When İYS last confirmed.
    pub const fn registry_checked_at(&self) -> Option<Timestamp> {
        self.registry_checked_at
    }

    /// When the gate decided.
    pub const fn cleared_at(&self) -> Timestamp {
        self.cleared_at
    }

    /// The legal ground.
    pub const fn basis(&self) -> Basis {
        self.basis
    }

    /// The capacity in which the person is addressed.
    pub const fn kind(&self) -> RecipientKind {
        self.kind
    }
}

impl<M> Cleared<M> {
    /// The message.
    pub const fn message(&self) -> &M {
        &self.message
    }

    /// The permission it carries.
    pub const fn clearance(&self) -> &Clearance {
        &self.clearance
    }
}

/// Decides.
pub fn decide(question: &Question<'_>) -> Decision {
    let mut found = Found::default();
    address(question, &mut found);
    consent(question, &mut found);
    limits(question, &mut found);
    content(question, &mut found);
    route(question, &mut found);
    if let Some(reasons) = found.into_reasons() {
        return Decision::Exclude(reasons);
    }
    if question.message.basis == Basis::Commercial
        && let Some(until) = question.policy.opens_after(question.now)
    {
        return Decision::Hold {
            until,
            reason: ReasonCode::S303,
        };
    }
    let person = question.person;
    Decision::Send(Clearance {
        recipient: person.id,
        channel: question.message.channel,
        basis: question.message.basis,
        kind: question.message.kind,
        cleared_at: question.now,
        event: person.local.map(|held| held.event),
        registry_batch: person.registry.batch,
        registry_checked_at: person.registry.checked_at,
    })
}

#[derive(Default)]
struct Found(Option<Reasons>);

impl Found {
    fn add(&mut self, code: ReasonCode) {
        match &mut self.0 {
            None => {
                self.0 = Some(Reasons {
                    headline: code,
                    others: Vec::new(),
                })
            }
            Some(reasons) => reasons.others.push(code),
        }
    }

    fn add_if(&mut self, condition: bool, code: ReasonCode) {
        if condition {
            self.add(code);
        }
    }

    fn into_reasons(self) -> Option<Reasons> {
        self.0
    }
}

fn address(question: &Question<'_>, found: &mut Found) {
    let person = question.person;
    let unusable = person.invalid_at_operator || !person.recipient.fits(question.message.channel);
    found.add_if(unusable, ReasonCode::S203);
    // What somebody asked for is still tried at a mailbox that keeps failing.
    let is_spared = question.message.basis != Basis::Commercial;
    let is_stopped = person.undeliverable || (person.keeps_failing && !is_spared);
    found.add_if(is_stopped, ReasonCode::S204);
    let is_spared =
        person.blacklist_spares_mandatory && question.message.basis != Basis::Commercial;
    found.add_if(person.blacklisted && !is_spared, ReasonCode::S201);
    found.add_if(person.complaint_stop, ReasonCode::S202);
}

/// Consent and registry: exempt messages skip both, whatever the person said.
fn consent(question: &Question<'_>, found: &mut Found) {
    if question.message.basis != Basis::Commercial {
        return;
    }
    if let Some(code) = consent_obstacle(question) {
        found.add(code);
    }
    found.add_if(question.person.purpose_refused, ReasonCode::S106);
}

/// What stands between a commercial message and this person, if anything.
fn consent_obstacle(question: &Question<'_>) -> Option<ReasonCode> {
    let person = question.person;
    let verdict = person.registry.verdict;
    let local = person.local.map(|held| held.status);
    if local == Some(Status::Ret) || verdict == Verdict::Ret {
        return Some(ReasonCode::S103);
    }
    let registered = question.message.channel.is_registered();
    let confirmed_there = registered && verdict == Verdict::Onay;
    if local.is_none() && !confirmed_there {
        return Some(if person.consents_as_other_kind {
            ReasonCode::S105
        } else {
            ReasonCode::S101
        });
    }
    if !registered {
        return None;
    }
    match question.policy.mode {
        RegistryMode::Off if question.policy.off_reason_signed && local.is_some() => None,
        RegistryMode::Provider if local.is_some() => None,
        RegistryMode::Off | RegistryMode::Provider => Some(ReasonCode::S102),
        RegistryMode::Sync | RegistryMode::Integrator if !confirmed_there => Some(ReasonCode::S102),
        RegistryMode::Sync | RegistryMode::Integrator => stale(question),
    }
}

fn stale(question: &Question<'_>) -> Option<ReasonCode> {
    let oldest = question.policy.oldest_answer(question.now);
    let fresh = question
        .person
        .registry
        .checked_at
        .is_some_and(|at| at >= oldest);
    (!fresh).then_some(ReasonCode::S104)
}

fn limits(question: &Question<'_>, found: &mut Found) {
    let person = question.person;
    found.add_if(person.over_frequency_cap, ReasonCode::S301);
    found.add_if(person.same_content_today, ReasonCode::S302);
    found.add_if(person.in_control_group, ReasonCode::S304);
    found.add_if(person.over_audience_cap, ReasonCode::S305);
}

fn content(question: &Question<'_>, found: &mut Found) {
    let person = question.person;
    found.add_if(person.variable_missing, ReasonCode::S401);
    found.add_if(person.too_many_parts, ReasonCode::S402);
    let incomplete =
        question.message.basis == Basis::Commercial && question.message.content_incomplete;
    found.add_if(incomplete, ReasonCode::S404);
}

fn route(question: &Question<'_>, found: &mut Found) {
    let route = question.route;
    found.add_if(!route.available, ReasonCode::S501);
    found.add_if(!route.credit, ReasonCode::S502);
    found.add_if(!route.sender_approved, ReasonCode::S503);
    found.add_if(route.foreign_link, ReasonCode::S403);
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
