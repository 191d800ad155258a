//! Complaints of citizens (*şikâyet*): the case and its stop are made in one
//! transaction, before anybody reads it; what was sent is found by itself; and
//! nothing is closed that is not done.

mod close;
mod finding;
mod report;

use domain::Timestamp;
use domain::complaint::{CaseDeed, answer_faults, sensitive_number};
use domain::consent::Origin;
use domain::deadline::DueDates;
use domain::ids::{BrandId, CaseId, FirmId};
use domain::{Channel, Recipient, RecipientKind, Source};
use serde_json::json;
use store::blacklist::{NewStop, StopCause};
use store::brands::Brand;
use store::complaint_cases::{Case, CaseChange, NewCase};
use store::consent::{ApplyContext, IncomingRecord};

use crate::Engine;
use crate::error::{EngineError, Fault};
use crate::refusals::PersonalRefusal;

pub use close::{CheckItem, Checked};
pub use finding::{BranchPattern, ConsentFact, Finding, FoundMessage, Scope, WINDOW_DAYS};
pub use report::MonthReport;

/// Who files complaints on the public page.
pub const CITIZEN: &str = "citizen";
/// The gate on what a citizen files.
const CREATE_VALIDATION: &str = "TicketClientCreateValidation";
/// The gate on what is answered.
const REPLY_VALIDATION: &str = "TicketAdminReplyValidation";
/// Longest text, characters.
const TEXT_CHARS_MAX: usize = 4_000;
/// Longest name of a sender, characters.
const SENDER_CHARS_MAX: usize = 60;
/// Largest picture, bytes.
pub const PICTURE_BYTES_MAX: usize = 2 * 1024 * 1024;

/// What a citizen tells.
#[derive(Debug, Clone)]
pub struct NewComplaint {
    /// The number that the message came to.
    pub address: Recipient,
    /// The sender that was shown.
    pub sender: String,
    /// When it came.
    pub happened_at: Timestamp,
    /// When the citizen told us, where that was before now.
    pub received_at: Option<Timestamp>,
    /// What they write.
    pub text: String,
    /// A picture of the message.
    pub picture: Option<Vec<u8>>,
    /// Whether the number is used in a trade.
    pub is_trader: bool,
    /// See [`store::token::path_key`].
    pub public_key: String,
}

/// The form of a picture, by its first bytes.
pub fn picture_type(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        Some("image/jpeg")
    } else {
        None
    }
}

impl Engine {
    /// Opens a case and stops every commercial message to its number, in one
    /// transaction.
    ///
    /// # Errors
    /// [`EngineError::Faults`] names the fields; nothing is stored then.
    pub async fn file_complaint(
        &self,
        brand: &Brand,
        new: &NewComplaint,
        actor: &str,
    ) -> Result<CaseId, EngineError> {
        let now = self.now();
        let faults = faults_of(new, now);
        if !faults.is_empty() {
            return Err(EngineError::Faults(faults));
        }
        let firm = brand.firm;
        let mut writer = self.store.write().await?;
        let recipient = self
            .known_recipient(&mut writer, brand, &new.address, actor)
            .await?;
        let received = new.received_at.unwrap_or(now);
        let id = writer
            .open_case(&NewCase {
                firm,
                brand: brand.id,
                recipient,
                public_key: &new.public_key,
                sender: new.sender.trim(),
                happened_at: new.happened_at,
                text: new.text.trim(),
                picture: new.picture.as_deref(),
                is_trader: new.is_trader,
                received_at: received,
                actor,
            })
            .await?;
        let deed = if actor == CITIZEN {
            CaseDeed::ClientCreated
        } else {
            CaseDeed::AdminCreated
        };
        writer.note_case(id, actor, deed, None).await?;
        writer.reopen_complaint(firm, recipient, received).await?;
        let note = id.to_string();
        let stop = NewStop {
            channel: None,
            cause: StopCause::Complaint,
            spares_mandatory: false,
            note: Some(&note),
            actor,
        };
        writer.add_stops(firm, &[recipient], stop).await?;
        let detail = json!({ "brand": brand.id, "has_picture": new.picture.is_some() });
        writer
            .append_audit(firm, actor, "complaint.create", &note, &detail)
            .await?;
        writer.commit().await?;
        Ok(id)
    }

    /// The number of an address, made known if it is new; nothing is said
    /// about consent.
    async fn known_recipient(
        &self,
        writer: &mut store::Writer,
        brand: &Brand,
        address: &Recipient,
        actor: &str,
    ) -> Result<domain::ids::RecipientId, EngineError> {
        let asked = std::slice::from_ref(address);
        let found = writer.recipient_ids(brand.firm, asked).await?;
        if let Some(id) = found.into_iter().flatten().next() {
            return Ok(id);
        }
        let record = IncomingRecord {
            line: 0,
            recipient: address.clone(),
            external_id: None,
            token: None,
            name: None,
            kind: RecipientKind::Bireysel,
            consent: None,
            evidence: None,
            attributes: Vec::new(),
            standing: None,
        };
        let context = ApplyContext {
            firm: brand.firm,
            brand: brand.id,
            origin: Origin::Panel,
            origin_id: None,
            actor: actor.to_owned(),
            now: self.now(),
        };
        writer.apply_records(&context, &[record]).await?;
        let found = writer.recipient_ids(brand.firm, asked).await?;
        found
            .into_iter()
            .flatten()
            .next()
            .ok_or(EngineError::NotFound {
                what: "the address",
            })
    }

    /// A case.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has none of this number.
    pub async fn complaint(&self, firm: FirmId, id: CaseId) -> Result<Case, EngineError> {
        let mut reader = self.store.read().await?;
        let found = reader.case(firm, id).await?;
        found.ok_or(EngineError::NotFound {
            what: "the complaint",
        })
    }

    /// By when a case must be answered, and business days left.
    pub fn complaint_dates(&self, case: &Case) -> (DueDates, usize) {
        let counting = self.counting();
        let dates = counting.due_dates(case.received_at);
        let left = counting.business_days_left(self.now(), dates.legal);
        (dates, left)
    }

    /// Which business day of its clock a case is in, from 1.
    pub fn complaint_day(&self, case: &Case) -> usize {
        let until = case.solved_at.unwrap_or_else(|| self.now());
        1 + self.counting().business_days_left(case.received_at, until)
    }

    /// Somebody takes a case.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when it is closed.
    pub async fn take_complaint(
        &self,
        firm: FirmId,
        id: CaseId,
        actor: &str,
    ) -> Result<(), EngineError> {
        let change = CaseChange::Assigned(actor);
        let deed = CaseDeed::AssignedChange;
        self.change_complaint(firm, id, &change, (deed, None), "complaint.take", actor)
            .await
    }

    /// Answers the citizen, who reads it on their own page.
    ///
    /// # Errors
    /// [`EngineError::Faults`] when the answer promotes something, carries a
    /// link or names somebody else; [`EngineError::Conflict`] when the case is closed.
    pub async fn answer_complaint(
        &self,
        firm: FirmId,
        id: CaseId,
        text: &str,
        actor: &str,
    ) -> Result<(), EngineError> {
        let case = self.complaint(firm, id).await?;
        let text = text.trim();
        let mut faults: Vec<Fault> = answer_faults(text, &case.address)
            .into_iter()
            .map(|fault| Fault {
                field: "text",
                code: REPLY_VALIDATION,
                text_tr: fault.text_tr(),
                text_en: fault.text_en(),
            })
            .collect();
        if !(10..=TEXT_CHARS_MAX).contains(&text.chars().count()) {
            faults.push(Fault {
                field: "text",
                code: "length",
                text_tr: format!("Yanıt 10 ile {TEXT_CHARS_MAX} karakter arasında olmalı."),
                text_en: format!("An answer has 10 to {TEXT_CHARS_MAX} characters."),
            });
        }
        if !faults.is_empty() {
            return Err(EngineError::Faults(faults));
        }
        let deed = (CaseDeed::AdminReplied, Some(text));
        let change = CaseChange::Answered;
        self.change_complaint(firm, id, &change, deed, "complaint.answer", actor)
            .await
    }

    /// The branch that took the consent was told; `note` says how.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when the case is closed.
    pub async fn inform_branch(
        &self,
        firm: FirmId,
        id: CaseId,
        note: &str,
        actor: &str,
    ) -> Result<(), EngineError> {
        let deed = (CaseDeed::BranchInformed, Some(note));
        let change = CaseChange::Informed;
        self.change_complaint(firm, id, &change, deed, "complaint.branch", actor)
            .await
    }

    /// Holds a case, or releases it: while it is held, its stop cannot be
    /// lifted and nothing of its brand that İYS told is forgotten.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when the firm has none of this number.
    pub async fn hold_complaint(
        &self,
        firm: FirmId,
        id: CaseId,
        held: bool,
        actor: &str,
    ) -> Result<(), EngineError> {
        let deed = if held {
            CaseDeed::HoldSet
        } else {
            CaseDeed::HoldLifted
        };
        let change = CaseChange::Hold(held);
        self.change_complaint(firm, id, &change, (deed, None), "complaint.hold", actor)
            .await
    }

    /// Writes down until when an authority wants its answer.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when the firm has none of this number.
    pub async fn set_complaint_due(
        &self,
        firm: FirmId,
        id: CaseId,
        due: Option<Timestamp>,
        actor: &str,
    ) -> Result<(), EngineError> {
        let text = due.map(Timestamp::to_turkish_text);
        let deed = (CaseDeed::DueChanged, text.as_deref());
        let change = CaseChange::Due(due);
        self.change_complaint(firm, id, &change, deed, "complaint.due", actor)
            .await
    }

    async fn change_complaint(
        &self,
        firm: FirmId,
        id: CaseId,
        change: &CaseChange<'_>,
        (deed, text): (CaseDeed, Option<&str>),
        action: &str,
        actor: &str,
    ) -> Result<(), EngineError> {
        let mut writer = self.store.write().await?;
        writer.case(firm, id).await?.ok_or(EngineError::NotFound {
            what: "the complaint",
        })?;
        writer.change_case(firm, id, change).await?;
        writer.note_case(id, actor, deed, text).await?;
        let detail = json!({ "deed": deed });
        writer
            .append_audit(firm, actor, action, &id.to_string(), &detail)
            .await?;
        Ok(writer.commit().await?)
    }

    /// Records that the person refuses commercial messages, at every brand
    /// that holds something about the number and at the one complained of.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has none of this number.
    pub async fn refuse_for_complaint(
        &self,
        firm: FirmId,
        id: CaseId,
        actor: &str,
    ) -> Result<(), EngineError> {
        let case = self.complaint(firm, id).await?;
        let mut writer = self.store.write().await?;
        let mut events = 0;
        for channel in Channel::ALL.iter().copied() {
            if !case.address.fits(channel) || channel == Channel::Whatsapp {
                continue;
            }
            let mut at: Vec<BrandId> = writer
                .kinds_on_record(firm, case.recipient, channel)
                .await?
                .into_iter()
                .map(|(brand, _)| brand)
                .collect();
            at.push(case.brand);
            let mut brands = Vec::new();
            at.sort_unstable();
            at.dedup();
            for brand in at {
                brands.push(writer.brand_at_work(brand).await?);
            }
            let brands: Vec<&Brand> = brands.iter().collect();
            let refusal = PersonalRefusal {
                firm,
                recipient: case.address.clone(),
                channel,
                at: case.received_at,
                source: Source::HS_WEB,
                origin: Origin::Panel,
                origin_id: None,
                evidence: case.id.to_string(),
                actor: actor.to_owned(),
            };
            let recorded = self.record_refusal(&mut writer, &refusal, &brands).await?;
            events += recorded.events.len();
        }
        writer
            .note_case(id, actor, CaseDeed::RefusalRecorded, None)
            .await?;
        let detail = json!({ "events": events });
        writer
            .append_audit(firm, actor, "complaint.refusal", &id.to_string(), &detail)
            .await?;
        writer.commit().await?;
        self.wake.registry.notify_waiters();
        Ok(())
    }

    /// Watches a branch: files with consents of it need somebody else's
    /// approval from now on.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has no such brand.
    pub async fn watch_branch(
        &self,
        firm: FirmId,
        brand: BrandId,
        branch: &str,
        reason: &str,
        actor: &str,
    ) -> Result<(), EngineError> {
        let mut writer = self.store.write().await?;
        writer
            .brand(firm, brand)
            .await?
            .ok_or(EngineError::NotFound { what: "the brand" })?;
        writer
            .watch_branch(firm, brand, branch, reason, actor)
            .await?;
        let detail = json!({ "branch": branch, "reason": reason });
        writer
            .append_audit(firm, actor, "branch.watch", &brand.to_string(), &detail)
            .await?;
        Ok(writer.commit().await?)
    }

    /// Ends the watch over a branch.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when it is not watched.
    pub async fn end_branch_watch(
        &self,
        firm: FirmId,
        brand: BrandId,
        branch: &str,
        actor: &str,
    ) -> Result<(), EngineError> {
        let mut writer = self.store.write().await?;
        writer.end_branch_watch(firm, brand, branch, actor).await?;
        let detail = json!({ "branch": branch });
        writer
            .append_audit(firm, actor, "branch.release", &brand.to_string(), &detail)
            .await?;
        Ok(writer.commit().await?)
    }
}

/// Everything that is wrong with what a citizen tells.
fn faults_of(new: &NewComplaint, now: Timestamp) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut fault = |field, code, text_tr: &str, text_en: &str| {
        faults.push(Fault {
            field,
            code,
            text_tr: text_tr.to_owned(),
            text_en: text_en.to_owned(),
        });
    };
    if !matches!(new.address, Recipient::Phone(_)) {
        fault(
            "phone",
            "address",
            "İletinin geldiği cep telefonu numarasını yazın.",
            "Write the mobile number that the message came to.",
        );
    }
    let sender = new.sender.trim().chars().count();
    if !(1..=SENDER_CHARS_MAX).contains(&sender) {
        fault(
            "sender",
            "length",
            "İletide görünen gönderici adını ya da numarasını yazın.",
            "Write the sender name or number that the message showed.",
        );
    }
    if new.happened_at > now {
        fault(
            "happened_at",
            "past",
            "İletinin geldiği gün ve saat gelecekte olamaz.",
            "The day and hour of the message cannot be in the future.",
        );
    }
    if new.received_at.is_some_and(|at| at > now) {
        fault(
            "received_at",
            "past",
            "Şikâyetin geliş zamanı gelecekte olamaz.",
            "The complaint cannot have come in the future.",
        );
    }
    let length = new.text.trim().chars().count();
    if (length == 0 && new.picture.is_none()) || length > TEXT_CHARS_MAX {
        fault(
            "text",
            "length",
            "İletinin metnini yazın ya da ekran görüntüsünü ekleyin (en çok 4.000 karakter).",
            "Write the text of the message or add a picture of it (4,000 characters at most).",
        );
    }
    let told = [("text", &new.text), ("sender", &new.sender)];
    for (field, text) in told {
        if let Some(number) = sensitive_number(text) {
            fault(field, CREATE_VALIDATION, number.text_tr(), number.text_en());
        }
    }
    if let Some(picture) = &new.picture {
        if picture.len() > PICTURE_BYTES_MAX {
            fault(
                "picture",
                "size",
                "Ekran görüntüsü en çok 2 MB olabilir.",
                "The picture may have 2 MB at most.",
            );
        } else if picture_type(picture).is_none() {
            fault(
                "picture",
                "type",
                "Yalnız PNG ya da JPEG görüntü eklenebilir.",
                "Only a PNG or JPEG picture can be added.",
            );
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_known_by_its_first_bytes_and_nothing_else_is_one() {
        assert_eq!(picture_type(b"\x89PNG\r\n\x1a\n...."), Some("image/png"));
        assert_eq!(picture_type(&[0xff, 0xd8, 0xff, 0xe0]), Some("image/jpeg"));
        for other in [&b"<svg"[..], b"GIF89a", b"%PDF-1.7", b""] {
            assert_eq!(picture_type(other), None);
        }
    }
}
