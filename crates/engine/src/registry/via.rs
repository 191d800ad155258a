//! Asking a person through İYS (ViA): İYS sends a code or a link and records
//! the consent itself. The lawful second chance where a consent is missing or
//! void, and where the burden of proof is not the firm's.
//!
//! A request costs a credit and a person's patience, so none is made twice:
//! it is noted before İYS is called, and one whose answer was lost stays
//! *unknown*. A consent that comes of it is read back from İYS like any other
//! word of a citizen; nothing is sent on a request's own state.

use domain::consent::ConsentKey;
use domain::ids::{BrandId, FirmId, RecipientId, ViaId};
use domain::time::{DAY_US, MINUTE_US, SECOND_US};
use domain::{Channel, Recipient, RecipientKind, Status, Timestamp};
use registry::CallError;
use registry::codes::{self, Class};
use registry::via::{Verification, ViaCode, ViaConsent, ViaOutcome, ViaStart, ViaState, ViaTitle};
use registry::wire::RegisteredChannel;
use serde_json::json;
use store::registry_via::{NewVia, ViaMethod, ViaProgress, ViaRequest, ViaSeen};
use store::registry_work::{ClaimedList, NewList, Operation, RegistryFact};

use super::asked;
use crate::error::{EngineError, Fault};
use crate::worklist::MayAsk;
use crate::{Engine, Step};

/// Requests looked at in one step.
const LOOKED_AT_MAX: usize = 50;
/// Requests shown of a person.
const SHOWN_MAX: usize = 20;
/// Pause between two looks at a request.
const LOOK_EVERY_US: i64 = 10 * MINUTE_US;
/// After the person's code İYS decides within seconds.
const SOON_US: i64 = 5 * SECOND_US;
/// İYS's links hold for a day and its pages of approval longer; a request that
/// İYS has not ended by then is left.
const LOOKED_FOR_US: i64 = 30 * DAY_US;

/// Whom to ask, and how.
#[derive(Debug, Clone)]
pub struct ViaWish {
    /// The firm.
    pub firm: FirmId,
    /// For which brand.
    pub brand: BrandId,
    /// Number of the address.
    pub recipient: RecipientId,
    /// The address.
    pub address: Recipient,
    /// In which capacity.
    pub kind: RecipientKind,
    /// For which channels.
    pub channels: Vec<Channel>,
    /// How the person confirms.
    pub method: ViaMethod,
    /// The form that was approved in the İYS panel.
    pub form: String,
    /// Who wants it.
    pub actor: String,
}

/// What became of the wish to ask somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ViaBegun {
    /// İYS was called; how it took the request, its state says.
    Made(Box<ViaRequest>),
    /// They may not be asked about this channel; İYS was not called.
    MayNot(Channel, MayAsk),
}

impl Engine {
    /// Lets İYS ask a person. Each request costs one ViA credit, and nobody is
    /// asked who refused, whose consent holds, or who was asked lately.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when the brand has no account,
    /// [`EngineError::Invalid`] when channels and method do not fit the address.
    pub async fn ask_through_iys(&self, mut wish: ViaWish) -> Result<ViaBegun, EngineError> {
        let types = types_of(&mut wish)?;
        let line = self.line_of(wish.firm, wish.brand).await?;
        let new = NewVia {
            firm: wish.firm,
            brand: wish.brand,
            recipient: wish.recipient,
            kind: wish.kind,
            channels: wish.channels,
            method: wish.method,
            actor: wish.actor,
        };
        let id = match self.begin_via(&new).await? {
            Ok(id) => id,
            Err((channel, answer)) => return Ok(ViaBegun::MayNot(channel, answer)),
        };
        let start = ViaStart {
            form_id: wish.form,
            recipient: wish.address,
            verification_type: verification(new.method),
            consent_types: vec![ViaConsent {
                title: ViaTitle::Etk,
                brand_codes: vec![line.address.brand_code],
                types,
                recipient_type: new.kind,
            }],
            reference_id: id.to_string(),
        };
        let called = line.client.via_start(line.address.iys_code, &start).await;
        self.note_called(new.firm, id, called).await?;
        Ok(ViaBegun::Made(Box::new(self.via(new.firm, id).await?)))
    }

    /// Judges and notes in one transaction, so that two people do not ask at
    /// the same time; the channel that may not be asked about, and why not.
    async fn begin_via(
        &self,
        new: &NewVia,
    ) -> Result<Result<ViaId, (Channel, MayAsk)>, EngineError> {
        let mut writer = self.store.write().await?;
        writer.hold_ledger(new.brand).await?;
        let mut void = Vec::with_capacity(new.channels.len());
        for key in new.keys() {
            match self.judge_asking(&mut writer, key).await? {
                MayAsk::Yes(event) => void.push(event),
                answer => return Ok(Err((key.channel, answer))),
            }
        }
        let id = writer.begin_via(new, &void).await?;
        let detail = json!({
            "request": id, "method": new.method, "channels": new.channels, "kind": new.kind,
        });
        writer
            .append_audit(
                new.firm,
                &new.actor,
                "consent.via",
                &new.recipient.to_string(),
                &detail,
            )
            .await?;
        writer.commit().await?;
        Ok(Ok(id))
    }

    /// A request that İYS refused is over and forgotten; one that it may have
    /// taken is not repeated, or the person would be asked twice.
    async fn note_called(
        &self,
        firm: FirmId,
        id: ViaId,
        called: Result<String, CallError>,
    ) -> Result<(), EngineError> {
        let text;
        let seen = match &called {
            Ok(request_id) => ViaSeen {
                progress: ViaProgress::Waiting,
                request_id: Some(request_id),
                words: None,
                next: self.now().plus_micros(LOOK_EVERY_US),
            },
            Err(error) => {
                text = error.said();
                ViaSeen {
                    progress: if was_refused(error) {
                        ViaProgress::Refused
                    } else {
                        ViaProgress::Unknown
                    },
                    request_id: None,
                    words: Some(&text),
                    next: self.now(),
                }
            }
        };
        let request = self.via(firm, id).await?;
        let mut writer = self.store.write().await?;
        writer.settle_via(id, seen).await?;
        if seen.progress == ViaProgress::Refused {
            writer.forget_via(&request).await?;
        }
        writer.commit().await?;
        Ok(())
    }

    /// A request and how far it has come.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has none of this number.
    pub async fn via(&self, firm: FirmId, id: ViaId) -> Result<ViaRequest, EngineError> {
        let found = self.store.read().await?.via_request(firm, id).await?;
        found.ok_or(EngineError::NotFound {
            what: "the request",
        })
    }

    /// The newest requests about a person in a brand's name.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has no such brand.
    pub async fn vias(
        &self,
        firm: FirmId,
        brand: BrandId,
        recipient: RecipientId,
    ) -> Result<Vec<ViaRequest>, EngineError> {
        let mut reader = self.store.read().await?;
        let held = reader.brand(firm, brand).await?;
        held.ok_or(EngineError::NotFound { what: "the brand" })?;
        Ok(reader.via_requests(brand, recipient, SHOWN_MAX).await?)
    }

    /// Sends the code on that the person told, and looks what İYS made of it.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when the request needs no code or is over, or
    /// İYS was not reached, [`EngineError::Faults`] when it does not take the code.
    pub async fn via_code(
        &self,
        firm: FirmId,
        id: ViaId,
        code: &str,
    ) -> Result<ViaRequest, EngineError> {
        let held = self.via(firm, id).await?;
        let method = held.wanted.method;
        let (true, Some(request_id), ViaProgress::Waiting) =
            (method.has_code(), &held.request_id, held.progress)
        else {
            return Err(EngineError::conflict(
                "the request",
                "waits for no code; see its state",
            ));
        };
        let line = self.line_of(firm, held.wanted.brand).await?;
        let codes = [ViaCode {
            title: ViaTitle::Etk,
            otp_code: code.trim().to_owned(),
        }];
        line.client
            .via_confirm(
                line.address.iys_code,
                request_id,
                verification(method),
                &codes,
            )
            .await
            .map_err(|error| not_taken(&error))?;
        self.look_at_via(&held, SOON_US).await?;
        self.via(firm, id).await
    }

    /// Looks what became of requests whose turn it is.
    pub(super) async fn step_via(&self) -> Result<Step, EngineError> {
        let due = self.store.read().await?.via_due(LOOKED_AT_MAX).await?;
        let count = due.len();
        for request in due {
            if !self.is_stopping() {
                self.look_at_via(&request, LOOK_EVERY_US).await?;
            }
        }
        Ok(Step::of(count))
    }

    async fn look_at_via(&self, request: &ViaRequest, pause_us: i64) -> Result<(), EngineError> {
        let state = match (&request.request_id, self.line(request.wanted.brand).await?) {
            (Some(request_id), Some(line)) => {
                let iys_code = line.address.iys_code;
                line.client.via_result(iys_code, request_id).await
            }
            _ => return self.settle_look(request, pause_us, None).await,
        };
        match state {
            Ok(state) => self.settle_look(request, pause_us, Some(&state)).await,
            Err(error) => {
                tracing::warn!(via.id = %request.id, "İYS did not tell what became of a request: {error}");
                self.settle_look(request, pause_us, None).await
            }
        }
    }

    async fn settle_look(
        &self,
        request: &ViaRequest,
        pause_us: i64,
        state: Option<&ViaState>,
    ) -> Result<(), EngineError> {
        let now = self.now();
        let progress = match state.map(|state| state.outcome) {
            Some(ViaOutcome::Consented) => ViaProgress::Consented,
            Some(ViaOutcome::Ended) => ViaProgress::Ended,
            _ if now.since(request.asked_at) > LOOKED_FOR_US => ViaProgress::Ended,
            _ => ViaProgress::Waiting,
        };
        let seen = ViaSeen {
            progress,
            request_id: None,
            words: state.map(|state| state.words.as_str()),
            next: now.plus_micros(pause_us),
        };
        let mut writer = self.store.write().await?;
        // Another worker may have looked meanwhile and asked İYS already.
        let is_ours = writer.settle_via(request.id, seen).await?;
        let is_consented = is_ours && progress == ViaProgress::Consented;
        if is_consented {
            // What İYS recorded is read back, and enters the ledger as its word.
            writer.enqueue_registry(&look_ups(request, now)).await?;
        }
        writer.commit().await?;
        if is_consented {
            self.wake.registry.notify_waiters();
        }
        Ok(())
    }
}

/// Requests about a person that are looked through for the one behind a consent.
const BEHIND_MAX: usize = 10;

/// The request by which İYS asked for a consent that it holds, as its evidence:
/// the proof is at İYS under that number.
pub(super) async fn via_evidence(
    reader: &mut store::Reader,
    list: &ClaimedList,
    fact: &RegistryFact,
) -> Result<Option<String>, EngineError> {
    if fact.status != Status::Onay || !fact.source.is_registry() {
        return Ok(None);
    }
    let requests = reader.via_requests(list.brand, fact.id, BEHIND_MAX).await?;
    // İYS writes whole seconds.
    let given = fact.date.plus_micros(SECOND_US);
    let behind = requests.into_iter().find(|request| {
        request.progress == ViaProgress::Consented
            && request.wanted.kind == list.kind
            && request.wanted.channels.contains(&list.channel)
            && request.asked_at < given
    });
    Ok(behind
        .and_then(|request| request.request_id)
        .map(|number| format!("ViA {number}")))
}

/// What İYS has against a code, in the words of the table where it knows them.
fn not_taken(error: &CallError) -> EngineError {
    let judged = error
        .code
        .as_deref()
        .and_then(|code| codes::judge(code, &error.message));
    match judged {
        Some(info) if error.is_refusal() => EngineError::Faults(vec![Fault {
            field: "code",
            code: info.code,
            text_tr: info.meaning_tr.to_owned(),
            text_en: info.meaning_en.to_owned(),
        }]),
        _ => EngineError::conflict("İYS", error.to_string()),
    }
}

/// Whether İYS surely does not ask the person: it said so, or never heard of it.
fn was_refused(error: &CallError) -> bool {
    !error.may_have_arrived || (error.code.is_some() && error.class != Class::Transient)
}

/// İYS's types of the channels, each once; they and the method must fit the address.
fn types_of(wish: &mut ViaWish) -> Result<Vec<RegisteredChannel>, EngineError> {
    let is_phone = matches!(wish.address, Recipient::Phone(_));
    if wish.method.is_phone() != is_phone {
        let text = format!("{} does not reach this kind of address", wish.method);
        return Err(EngineError::invalid("method", text));
    }
    wish.channels.sort_unstable();
    wish.channels.dedup();
    if wish.channels.is_empty() {
        return Err(EngineError::invalid("channels", "must name at least one"));
    }
    let fitting = |channel: &Channel| {
        RegisteredChannel::of(*channel)
            .filter(|_| channel.is_phone() == is_phone)
            .ok_or_else(|| {
                let text = format!("İYS keeps no {channel} consent for this kind of address");
                EngineError::invalid("channels", text)
            })
    };
    wish.channels.iter().map(fitting).collect()
}

fn look_ups(request: &ViaRequest, due: Timestamp) -> Vec<NewList> {
    let list = |key: ConsentKey| NewList {
        brand: key.brand,
        operation: Operation::LookUp,
        channel: key.channel,
        kind: key.kind,
        upload: None,
        items: vec![asked(key.recipient, request.address.clone())],
        due,
    };
    request.wanted.keys().map(list).collect()
}

const fn verification(method: ViaMethod) -> Verification {
    match method {
        ViaMethod::SmsOtp => Verification::SmsOtp,
        ViaMethod::SmsShorturl => Verification::SmsShorturl,
        ViaMethod::EpostaOtp => Verification::EpostaOtp,
        ViaMethod::EpostaShorturl => Verification::EpostaShorturl,
        ViaMethod::EpostaApprovalurl => Verification::EpostaApprovalurl,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_confirm_has_the_word_that_iys_uses() {
        for method in ViaMethod::ALL {
            let word = serde_json::to_value(verification(*method)).unwrap();
            assert_eq!(word, method.as_str());
            assert_eq!(verification(*method).has_code(), method.has_code());
        }
    }
}
