//! The work list of compliance: what İYS would not take, what may lawfully be
//! done about it, consents that wait for a second person, and asking anew.

use domain::consent::ConsentKey;
use domain::ids::{BrandId, EventId, FirmId, HoldId};
use domain::time::DAY_US;
use domain::{ReasonCode, Status, Timestamp, Verdict};
use registry::codes::{self, Actor, Class, CodeInfo};
use registry::wire::RegisteredChannel;
use store::alarms::{AlarmDetail, AlarmKey};
use store::brands::Brand;
use store::consent::Hold;
use store::registry_rejections::{Rejection, RejectionGroup};
use store::registry_work::{ItemSaid, NewList, Operation, RegistryItem};
use store::repermission::AskingWay;

use crate::Engine;
use crate::error::EngineError;
use crate::registry::asked;

pub use registry::codes::Due as StepDue;

/// Most records sent again by one call: as many as may be looked up in an hour.
pub const RESEND_MAX: usize = 1_000;
/// Pages of refused records looked through by one call.
const RESEND_PAGES_MAX: usize = 20;
/// Look-ups of one list.
const LIST_ITEMS: usize = 50;

/// What may be done about a refused record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectionAction {
    /// Try the same record again: İYS could not, or what it missed is in place.
    Resend,
    /// Record the declaration for the address as it should have been, with its
    /// own date.
    CorrectAddress,
    /// Record the declaration again with what İYS found wrong put right, and its
    /// own date; unchanged it would be refused again.
    CorrectRecord,
    /// Put the account at İYS right first.
    FixAccount,
    /// Ask the person anew: İYS's verification, counter, web, their own call.
    AskAnew,
    /// Nothing: what İYS holds stands.
    Nothing,
}

/// Records refused with one answer, with what is known about it.
#[derive(Debug, Clone)]
pub struct WorkGroup {
    /// The group.
    pub group: RejectionGroup,
    /// What the table of codes says; none for a code it does not list.
    pub info: Option<&'static CodeInfo>,
    /// What may be done.
    pub actions: Vec<RejectionAction>,
    /// The nearest legal date among its people.
    pub due: Option<Timestamp>,
}

/// What may be done about a code, lawfully: no date is ever changed, and no
/// message asks for a consent.
pub fn actions(code: ReasonCode, info: Option<&CodeInfo>) -> Vec<RejectionAction> {
    use RejectionAction::{AskAnew, CorrectAddress, CorrectRecord, FixAccount, Nothing, Resend};
    match code {
        ReasonCode::I606 => vec![AskAnew],
        ReasonCode::I174 | ReasonCode::I175 | ReasonCode::I178 => vec![Nothing],
        ReasonCode::I120 => vec![CorrectAddress],
        ReasonCode::I300 | ReasonCode::I525 => vec![FixAccount, Resend],
        _ => match info.map(|info| info.class) {
            Some(Class::Business) => vec![Nothing],
            Some(Class::Configuration) => vec![FixAccount, Resend],
            // A mistake of the platform's is mended in a later version of it.
            Some(Class::Data) if info.is_some_and(|info| info.actor != Actor::Platform) => {
                vec![CorrectRecord]
            }
            _ => vec![Resend],
        },
    }
}

/// What the table of codes says about an answer, by its code and its words.
fn info_of(code: Option<&str>, text: Option<&str>) -> Option<&'static CodeInfo> {
    codes::judge(code?, text.unwrap_or_default())
}

/// Whether a refused record may go out once more as it is.
fn may_be_resent(rejection: &Rejection) -> bool {
    let info = info_of(rejection.iys_code.as_deref(), rejection.iys_text.as_deref());
    actions(rejection.code, info).contains(&RejectionAction::Resend)
}

/// Whether anything else than nothing may be done.
fn has_work(actions: &[RejectionAction]) -> bool {
    actions
        .iter()
        .any(|action| *action != RejectionAction::Nothing)
}

/// Who must act, in Turkish and English.
pub const fn actor_texts(actor: Actor) -> (&'static str, &'static str) {
    match actor {
        Actor::Nobody => ("Kimse: kendiliğinden çözülür", "Nobody: it settles itself"),
        Actor::Data => ("Kaydı tutan ekip", "Whoever keeps the record"),
        Actor::Consent => (
            "İzni alan ekip: kişiye yasal bir yoldan yeniden sorulmalı",
            "Whoever takes consents: the person must be asked anew by a lawful way",
        ),
        Actor::Account => (
            "Firmanın İYS yetkilisi",
            "Whoever administers the firm's account at İYS",
        ),
        Actor::Platform => ("Platformun geliştiricileri", "The makers of the platform"),
    }
}

/// What came of sending refused records again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resent {
    /// Queued.
    pub queued: usize,
    /// Left alone: no reading of the three-day rule takes them any more.
    pub expired: usize,
    /// Whether there are more than one call takes.
    pub has_more: bool,
}

/// Whether a person may be asked anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MayAsk {
    /// Yes; for this void consent.
    Yes(Option<EventId>),
    /// The person refused: nothing may be asked.
    Refused,
    /// The person consents, and İYS may still be told.
    NotNeeded,
    /// Somebody asked for this very consent before.
    AskedBefore(Timestamp),
    /// Somebody asked lately; not before this instant.
    Blocked(Timestamp),
}

impl MayAsk {
    /// The answer in one word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Yes(_) => "allowed",
            Self::Refused => "refused",
            Self::NotNeeded => "not_needed",
            Self::AskedBefore(_) => "asked_before",
            Self::Blocked(_) => "blocked",
        }
    }

    /// What the answer means, in Turkish.
    pub fn text_tr(&self) -> String {
        match self {
            Self::Yes(_) => "Kişiye bir kez yeniden sorulabilir: İYS doğrulaması, mağaza, web ya da kendi araması.".to_owned(),
            Self::Refused => "Kişi reddetmiş; yeniden sorulamaz.".to_owned(),
            Self::NotNeeded => "İzin geçerli ya da hâlâ İYS'ye iletilebilir; sormaya gerek yok.".to_owned(),
            Self::AskedBefore(at) => format!(
                "Bu izin için {} tarihinde soruldu; ikinci kez sorulamaz.",
                at.to_turkish_text()
            ),
            Self::Blocked(until) => format!(
                "Kişiye yakın zamanda soruldu; {} tarihine kadar sorulamaz.",
                until.to_turkish_text()
            ),
        }
    }

    /// What the answer means, in English.
    pub fn text_en(&self) -> String {
        match self {
            Self::Yes(_) => "The person may be asked once: by İYS's verification, at the counter, on the web, or when they call.".to_owned(),
            Self::Refused => "The person refused; they may not be asked.".to_owned(),
            Self::NotNeeded => "The consent holds or may still be registered; there is nothing to ask.".to_owned(),
            Self::AskedBefore(at) => format!(
                "The person was asked about this consent on {}; not a second time.",
                at.to_turkish_text()
            ),
            Self::Blocked(until) => format!(
                "The person was asked lately; not again before {}.",
                until.to_turkish_text()
            ),
        }
    }
}

impl Engine {
    async fn brand_of(&self, firm: FirmId, brand: BrandId) -> Result<Brand, EngineError> {
        let held = self.store.read().await?.brand(firm, brand).await?;
        held.ok_or(EngineError::NotFound { what: "the brand" })
    }

    /// Refused records by answer, with what may be done; those with nothing
    /// to be done come last.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has no such brand.
    pub async fn work_groups(
        &self,
        firm: FirmId,
        brand: BrandId,
    ) -> Result<Vec<WorkGroup>, EngineError> {
        self.brand_of(firm, brand).await?;
        let groups = self.store.read().await?.rejection_groups(brand).await?;
        let mut groups: Vec<WorkGroup> = groups
            .into_iter()
            .map(|group| {
                let info = info_of(group.iys_code.as_deref(), group.iys_text.as_deref());
                let actions = actions(group.code, info);
                // Where nothing is to be done, nothing is due.
                let oldest = group.oldest.filter(|_| has_work(&actions));
                let due = oldest.map(|at| self.counting().due_dates(at).legal);
                WorkGroup {
                    actions,
                    due,
                    info,
                    group,
                }
            })
            .collect();
        groups.sort_by_key(|group| !has_work(&group.actions));
        Ok(groups)
    }

    /// Sends refused records of a code again: each is looked up first, so that
    /// nothing overwrites what a citizen said meanwhile.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when sending again cannot help or is not allowed.
    pub async fn resend_rejected(
        &self,
        firm: FirmId,
        brand: BrandId,
        code: ReasonCode,
        actor: &str,
    ) -> Result<Resent, EngineError> {
        let brand = self.brand_of(firm, brand).await?;
        if !brand.mode.is_connected() {
            return Err(EngineError::conflict(
                "the brand",
                "is not connected to İYS",
            ));
        }
        if !actions(code, None).contains(&RejectionAction::Resend) {
            return Err(EngineError::conflict(
                "these records",
                format!("would be refused again: {code} is final"),
            ));
        }
        let found = self.resendable(brand.id, code).await?;
        let mut resent = Resent {
            has_more: found.len() == RESEND_MAX,
            ..Resent::default()
        };
        let now = self.now();
        let (alive, dead): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|rejection| self.may_still_be_told(rejection, now));
        (resent.queued, resent.expired) = (alive.len(), dead.len());
        let lists = look_ups(&brand, &alive, now);
        let mut writer = self.store.write().await?;
        writer.enqueue_registry(&lists).await?;
        let detail = serde_json::json!({
            "code": code, "queued": resent.queued, "expired": resent.expired,
        });
        writer
            .append_audit(
                firm,
                actor,
                "registry.resend",
                &brand.id.to_string(),
                &detail,
            )
            .await?;
        writer.commit().await?;
        self.wake.registry.notify_waiters();
        Ok(resent)
    }

    /// Refused records of a code that may go out once more as they are, at most
    /// [`RESEND_MAX`].
    async fn resendable(
        &self,
        brand: BrandId,
        code: ReasonCode,
    ) -> Result<Vec<Rejection>, EngineError> {
        let mut reader = self.store.read().await?;
        let (mut found, mut seen, mut after) = (Vec::new(), 0, None);
        for _ in 0..RESEND_PAGES_MAX {
            let page = reader
                .registry_rejections(brand, code, after, RESEND_MAX)
                .await?;
            let is_last = page.len() < RESEND_MAX;
            seen += page.len();
            after = page.last().map(Rejection::cursor);
            found.extend(page.into_iter().filter(may_be_resent));
            if is_last || found.len() >= RESEND_MAX {
                break;
            }
        }
        if found.is_empty() && seen > 0 {
            return Err(EngineError::conflict(
                "these records",
                "would be refused again as they are: correct what İYS names, then record them anew",
            ));
        }
        found.truncate(RESEND_MAX);
        Ok(found)
    }

    fn may_still_be_told(&self, rejection: &Rejection, now: Timestamp) -> bool {
        let Some(said) = rejection.said_at else {
            return true;
        };
        rejection.status == Some(Status::Ret) || self.counting().due_dates(said).grace >= now
    }

    /// Whether the person of a key may be asked anew.
    ///
    /// # Errors
    /// [`EngineError`] when the database cannot.
    pub async fn may_ask_anew(&self, key: ConsentKey) -> Result<MayAsk, EngineError> {
        let mut reader = self.store.read().await?;
        self.judge_asking(&mut reader, key).await
    }

    pub(crate) async fn judge_asking(
        &self,
        reader: &mut store::Reader,
        key: ConsentKey,
    ) -> Result<MayAsk, EngineError> {
        let state = reader.consent_state(key).await?;
        let last = reader.last_asking(key).await?;
        let now = self.now();
        let refused = state.local.is_some_and(|held| held.status == Status::Ret)
            || state.registry.verdict == Verdict::Ret;
        if refused {
            return Ok(MayAsk::Refused);
        }
        let void = state.local.map(|held| held.event);
        let is_void = state.registry.code == Some(ReasonCode::I606)
            || state
                .local
                .is_none_or(|held| self.counting().due_dates(held.consent_date).grace < now);
        if state.registry.verdict == Verdict::Onay || !is_void {
            return Ok(MayAsk::NotNeeded);
        }
        let Some(last) = last else {
            return Ok(MayAsk::Yes(void));
        };
        if last.event == void {
            return Ok(MayAsk::AskedBefore(last.at));
        }
        let block_us = self
            .settings
            .deadlines
            .ask_again_days
            .saturating_mul(DAY_US);
        let free = last.at.plus_micros(block_us);
        Ok(if free > now {
            MayAsk::Blocked(free)
        } else {
            MayAsk::Yes(void)
        })
    }

    /// Notes that a person is asked anew, if they may be. Whom İYS is to ask
    /// goes by [`Engine::ask_through_iys`], which notes it by itself.
    ///
    /// # Errors
    /// [`EngineError`] when the database cannot.
    pub async fn ask_anew(
        &self,
        firm: FirmId,
        key: ConsentKey,
        way: AskingWay,
        actor: &str,
    ) -> Result<MayAsk, EngineError> {
        let mut writer = self.store.write().await?;
        writer.hold_ledger(key.brand).await?;
        let answer = self.judge_asking(&mut writer, key).await?;
        let MayAsk::Yes(event) = answer else {
            return Ok(answer);
        };
        let now = self.now();
        writer.note_asking(key, way, event, now, actor).await?;
        let detail = serde_json::json!({
            "way": way, "channel": key.channel, "kind": key.kind, "event": event,
        });
        writer
            .append_audit(
                firm,
                actor,
                "consent.ask_anew",
                &key.recipient.to_string(),
                &detail,
            )
            .await?;
        writer.commit().await?;
        Ok(answer)
    }

    /// A second person decides on a consent given after a citizen's refusal.
    /// Approved, it enters the ledger and İYS is told; until İYS confirms it,
    /// nothing is sent on it.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has no such hold,
    /// [`EngineError::Conflict`] when the same person decides or somebody did
    /// before, [`EngineError::Refused`] when a newer refusal came in meanwhile.
    pub async fn decide_hold(
        &self,
        firm: FirmId,
        id: HoldId,
        approves: bool,
        actor: &str,
        note: &str,
    ) -> Result<Hold, EngineError> {
        let mut writer = self.store.write().await?;
        let hold = writer.hold(firm, id).await?.ok_or(EngineError::NotFound {
            what: "the held consent",
        })?;
        if hold.state != store::consent::HoldState::Waiting {
            return Err(EngineError::conflict(
                "the held consent",
                "was decided on already",
            ));
        }
        if hold.asked_by == actor {
            return Err(EngineError::conflict(
                "the held consent",
                "was brought by the same person; a second one must decide",
            ));
        }
        let event = if approves {
            let event = writer.approve_hold(&hold, actor, note).await?;
            let brand = writer.brand_at_work(hold.key.brand).await?;
            writer
                .enqueue_registry(&to_be_told(&brand, &hold, event, self.now()))
                .await?;
            Some(event)
        } else {
            writer.decline_hold(&hold, actor, note).await?;
            None
        };
        let left = writer
            .holds(hold.key.brand, store::consent::HoldState::Waiting, None, 1)
            .await?;
        if left.is_empty() {
            writer.clear_alarm(held_alarm(firm, hold.key.brand)).await?;
        }
        let detail = serde_json::json!({
            "approved": approves, "event": event, "evidence": hold.evidence, "note": note,
            "asked_by": hold.asked_by,
        });
        writer
            .append_audit(firm, actor, "consent.hold.decide", &id.to_string(), &detail)
            .await?;
        let decided = writer.hold(firm, id).await?.ok_or(EngineError::NotFound {
            what: "the held consent",
        })?;
        writer.commit().await?;
        self.wake.registry.notify_waiters();
        Ok(decided)
    }
}

pub(crate) const fn held_alarm(firm: FirmId, brand: BrandId) -> AlarmKey<'static> {
    AlarmKey {
        firm,
        brand: Some(brand),
        code: domain::alarm::AlarmCode::ConsentsHeld,
        subject: "",
    }
}

pub(crate) fn held_detail(count: usize) -> AlarmDetail {
    AlarmDetail::from([("count".to_owned(), count.to_string())])
}

/// The approved consent on its way to İYS. It goes straight into an add: the
/// usual plan never sends an ONAY over a citizen's refusal by itself.
fn to_be_told(brand: &Brand, hold: &Hold, event: EventId, now: Timestamp) -> Vec<NewList> {
    if !brand.mode.is_connected() || RegisteredChannel::of(hold.key.channel).is_none() {
        return Vec::new();
    }
    vec![NewList {
        brand: brand.id,
        operation: Operation::Add,
        channel: hold.key.channel,
        kind: hold.key.kind,
        upload: None,
        items: vec![RegistryItem {
            id: hold.key.recipient,
            recipient: hold.address.clone(),
            said: Some(ItemSaid {
                status: Status::Onay,
                date: hold.consent_date,
                source: hold.source.clone(),
                event,
                retailer: hold.retailer,
            }),
            sub_request: None,
        }],
        due: now,
    }]
}

fn look_ups(brand: &Brand, rejections: &[Rejection], now: Timestamp) -> Vec<NewList> {
    let mut groups = std::collections::BTreeMap::<_, Vec<RegistryItem>>::new();
    for rejection in rejections {
        groups
            .entry((rejection.channel, rejection.kind))
            .or_default()
            .push(asked(rejection.recipient, rejection.address.clone()));
    }
    groups
        .into_iter()
        .flat_map(|((channel, kind), items)| {
            items
                .chunks(LIST_ITEMS)
                .map(|items| NewList {
                    brand: brand.id,
                    operation: Operation::LookUp,
                    channel,
                    kind,
                    upload: None,
                    items: items.to_vec(),
                    due: now,
                })
                .collect::<Vec<_>>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consent_that_is_too_old_may_only_be_asked_for_anew_and_never_sent_again() {
        let late = codes::find("H467");
        assert_eq!(actions(ReasonCode::I606, late), [RejectionAction::AskAnew]);
        for final_code in [ReasonCode::I174, ReasonCode::I175, ReasonCode::I178] {
            assert_eq!(actions(final_code, None), [RejectionAction::Nothing]);
        }
        assert_eq!(
            actions(ReasonCode::I120, codes::find("H121")),
            [RejectionAction::CorrectAddress]
        );
        // The firm's own decision (H486): a person settles on the true source.
        for wrong in ["H486", "H113", "H157"] {
            let info = codes::find(wrong).expect("a code");
            let offered = actions(info.reason, Some(info));
            assert_eq!(offered, [RejectionAction::CorrectRecord], "{wrong}");
        }
        let ours = codes::find("H194").expect("a code");
        assert_eq!(actions(ours.reason, Some(ours)), [RejectionAction::Resend]);
        let closed = codes::find("H521");
        assert!(actions(ReasonCode::I300, closed).contains(&RejectionAction::FixAccount));
    }

    #[test]
    fn every_code_of_the_table_has_an_action_and_somebody_who_acts() {
        for info in codes::all() {
            assert!(
                !actions(info.reason, Some(info)).is_empty(),
                "{}",
                info.code
            );
            let (tr, en) = actor_texts(info.actor);
            assert!(!tr.is_empty() && !en.is_empty());
        }
    }
}
