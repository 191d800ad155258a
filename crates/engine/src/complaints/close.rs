//! Closing a case: only when everything that is owed was done, and what is
//! missing is named.

use domain::complaint::CaseDeed;
use domain::ids::{CaseId, FirmId};
use domain::{Channel, ConsentKey, RecipientKind, RegistryMode, Status, Verdict};
use serde_json::json;
use store::StoreError;
use store::blacklist::StopCause;
use store::complaint_cases::{Case, CaseChange};
use store::consent::KeyState;

use crate::Engine;
use crate::error::{EngineError, Fault};

/// What must be done before a case is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckItem {
    /// The person's refusal stands at İYS.
    Refusal,
    /// Nothing commercial reaches the number.
    Stop,
    /// The citizen was answered.
    Answer,
    /// The branch that took the consent was told.
    Branch,
}

impl CheckItem {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refusal => "refusal",
            Self::Stop => "stop",
            Self::Answer => "answer",
            Self::Branch => "branch",
        }
    }
}

/// One item of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Which.
    pub item: CheckItem,
    /// Whether it is done.
    pub is_done: bool,
    /// How it stands, in Turkish.
    pub text_tr: String,
    /// The same in English.
    pub text_en: String,
}

impl Engine {
    /// What is done and what is missing.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn complaint_checklist(&self, case: &Case) -> Result<Vec<Checked>, EngineError> {
        let mut reader = self.store.read().await?;
        let stops = reader.stops_of(case.firm, case.recipient).await?;
        let is_stopped = stops
            .iter()
            .any(|stop| stop.cause == StopCause::Complaint || stop.also_complaint);
        drop(reader);
        let refusal = self.refusal_item(case).await?;
        let item = |item, is_done, text_tr: &str, text_en: &str| Checked {
            item,
            is_done,
            text_tr: text_tr.to_owned(),
            text_en: text_en.to_owned(),
        };
        let stop = if is_stopped {
            item(
                CheckItem::Stop,
                true,
                "Bu numaraya ticari gönderim durduruldu (S202).",
                "Commercial messages to this number are stopped (S202).",
            )
        } else {
            item(
                CheckItem::Stop,
                false,
                "Numaranın şikâyet durdurması kaldırılmış; yeniden durdurun.",
                "The complaint stop of the number was lifted; stop it again.",
            )
        };
        let answer = if case.answered_at.is_some() {
            item(
                CheckItem::Answer,
                true,
                "Vatandaş yanıtlandı.",
                "The citizen was answered.",
            )
        } else {
            item(
                CheckItem::Answer,
                false,
                "Vatandaşa yanıt verilmedi.",
                "The citizen was not answered.",
            )
        };
        let branch = match (&case.branch, case.informed_at) {
            (None, _) => item(
                CheckItem::Branch,
                true,
                "İznin geldiği bir şube kaydı yok.",
                "No branch is on record for the consent.",
            ),
            (Some((_, branch)), Some(_)) => Checked {
                item: CheckItem::Branch,
                is_done: true,
                text_tr: format!("{branch} şubesine bilgi verildi."),
                text_en: format!("The branch {branch} was told."),
            },
            (Some((_, branch)), None) => Checked {
                item: CheckItem::Branch,
                is_done: false,
                text_tr: format!("{branch} şubesine bilgi verilmedi."),
                text_en: format!("The branch {branch} was not told."),
            },
        };
        Ok(vec![refusal, stop, answer, branch])
    }

    async fn refusal_item(&self, case: &Case) -> Result<Checked, EngineError> {
        let mut reader = self.store.read().await?;
        let channel = Channel::Mesaj;
        let mut keys = reader
            .kinds_on_record(case.firm, case.recipient, channel)
            .await?;
        if !keys.iter().any(|(brand, _)| *brand == case.brand) {
            keys.push((case.brand, RecipientKind::Bireysel));
        }
        for (brand, kind) in keys {
            let brand = reader.brand_at_work(brand).await?;
            let state = reader
                .consent_state(ConsentKey {
                    brand: brand.id,
                    recipient: case.recipient,
                    channel,
                    kind,
                })
                .await?;
            if let Some((text_tr, text_en)) = missing_refusal(brand.mode, &state) {
                return Ok(Checked {
                    item: CheckItem::Refusal,
                    is_done: false,
                    text_tr: format!("{}: {text_tr}", brand.name),
                    text_en: format!("{}: {text_en}", brand.name),
                });
            }
        }
        Ok(Checked {
            item: CheckItem::Refusal,
            is_done: true,
            text_tr: "Ret kayıtlı; İYS'ye bağlı markalarda İYS'de de geçerli.".to_owned(),
            text_en: "The refusal is on record, and holds at İYS for connected brands.".to_owned(),
        })
    }

    /// Closes a case.
    ///
    /// # Errors
    /// [`EngineError::Unfinished`] names everything that is missing.
    pub async fn solve_complaint(
        &self,
        firm: FirmId,
        id: CaseId,
        actor: &str,
    ) -> Result<(), EngineError> {
        let case = self.complaint(firm, id).await?;
        let open: Vec<Fault> = self
            .complaint_checklist(&case)
            .await?
            .into_iter()
            .filter(|checked| !checked.is_done)
            .map(|checked| Fault {
                field: checked.item.as_str(),
                code: "missing",
                text_tr: checked.text_tr,
                text_en: checked.text_en,
            })
            .collect();
        if !open.is_empty() {
            return Err(EngineError::Unfinished(open));
        }
        let mut writer = self.store.write().await?;
        writer.change_case(firm, id, &CaseChange::Solved).await?;
        writer.note_case(id, actor, CaseDeed::Solved, None).await?;
        match writer
            .handle_complaint(firm, case.recipient, None, actor)
            .await
        {
            // Closed with another case of the same number.
            Ok(()) | Err(StoreError::Lost { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let detail = json!({ "deed": CaseDeed::Solved });
        writer
            .append_audit(firm, actor, "complaint.solve", &id.to_string(), &detail)
            .await?;
        Ok(writer.commit().await?)
    }
}

/// Why a refusal does not hold for a key yet.
fn missing_refusal(mode: RegistryMode, state: &KeyState) -> Option<(&'static str, &'static str)> {
    let is_local = state.local.is_some_and(|held| held.status == Status::Ret);
    let is_there = match (mode.is_connected(), state.registry.verdict) {
        (_, Verdict::Ret) => return None,
        (false, _) => true,
        // Nothing is created there in this mode, so nothing commercial can leave.
        (true, Verdict::NotConfirmed | Verdict::NoRecord) => mode == RegistryMode::Sync,
        (true, _) => false,
    };
    match (is_local, is_there) {
        (false, _) => Some(("ret kaydedilmedi.", "no refusal is recorded.")),
        (true, false) => Some((
            "ret İYS'ye iletildi, İYS'nin yanıtı bekleniyor.",
            "the refusal was passed on; İYS has not answered yet.",
        )),
        (true, true) => None,
    }
}
