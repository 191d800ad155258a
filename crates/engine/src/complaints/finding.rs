//! What a complaint is about, found by itself: the message, the consent that
//! held at that minute as it was known then, where it came from, and what the
//! person said later.

use domain::ids::{BrandId, EventId, UploadId};
use domain::ledger::proof::MessageProof;
use domain::time::DAY_US;
use domain::{ConsentEvent, ConsentKey, Origin, Source, Status, Timestamp};
use store::Reader;
use store::brands::Brand;
use store::complaint_cases::Case;
use store::reporting::PersonState;

use crate::Engine;
use crate::error::EngineError;

/// Days before and after the hour that the citizen told.
pub const WINDOW_DAYS: i64 = 3;
/// Receipts may come later than the message.
const RECEIPT_US: i64 = 3 * DAY_US;
/// Most messages that are looked into.
const LOOKED_MAX: usize = 20;
/// Most messages that are shown.
const SHOWN_MAX: usize = 5;
/// Most campaigns of a person that are gone through.
const LOG_MAX: usize = 1_000;
/// Most brands of a firm that are named.
const BRANDS_MAX: usize = 1_000;
/// Days over which a branch's complaints are counted.
const PATTERN_DAYS: i64 = 30;

/// Where was looked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Every brand of the firm.
    pub brands: Vec<String>,
    /// From when.
    pub from: Timestamp,
    /// To when.
    pub to: Timestamp,
    /// Messages to the number at any time.
    pub messages: usize,
}

/// The consent that held at a minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentFact {
    /// The ledger's event.
    pub event: EventId,
    /// What was said.
    pub status: Status,
    /// When.
    pub consent_at: Timestamp,
    /// When it was written down.
    pub recorded_at: Timestamp,
    /// Where it was taken.
    pub source: Source,
    /// Pointer to the form or text.
    pub evidence: Option<String>,
    /// Who entered it.
    pub actor: String,
    /// The file it came in.
    pub file: Option<(UploadId, String)>,
    /// Its line.
    pub line: Option<i64>,
    /// The branch that its row names.
    pub branch: Option<String>,
}

/// A message that may be the one.
#[derive(Debug, Clone)]
pub struct FoundMessage {
    /// Everything about it.
    pub proof: MessageProof,
    /// When it was handed over.
    pub sent_at: Timestamp,
    /// Its text: as it was sent, or the campaign's where the request does not
    /// tell one message's text from the others.
    pub text: Option<String>,
    /// The sender that it showed.
    pub sender: String,
    /// What held at that minute, as it was known then.
    pub consent: Option<ConsentFact>,
    /// İYS's transaction of the record, where a call told it.
    pub transaction: Option<String>,
    /// What the person refused later: when, and where.
    pub refused_later: Option<(Timestamp, Source)>,
}

/// How many complaints a branch brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchPattern {
    /// For which brand.
    pub brand: BrandId,
    /// The branch.
    pub branch: String,
    /// Complaints in so many days.
    pub complaints: i64,
    /// The days.
    pub days: i64,
    /// Whether its files need somebody else's approval.
    pub is_watched: bool,
}

/// What was found about a complaint.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Where was looked.
    pub scope: Scope,
    /// Messages, the nearest to the citizen's hour first.
    pub messages: Vec<FoundMessage>,
    /// The branch behind the newest consent.
    pub pattern: Option<BranchPattern>,
    /// An answer with the facts, to be read and changed.
    pub draft: String,
}

impl Engine {
    /// Looks in all brands of the firm for what a complaint is about.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn complaint_finding(&self, case: &Case) -> Result<Finding, EngineError> {
        let mut reader = self.store.read().await?;
        let brands = reader.brands(case.firm, None, BRANDS_MAX).await?;
        let log = reader
            .messages_of(case.firm, case.recipient, None, None, LOG_MAX)
            .await?;
        drop(reader);
        let (from, to) = (
            case.happened_at.plus_micros(-WINDOW_DAYS * DAY_US),
            case.happened_at.plus_micros(WINDOW_DAYS * DAY_US),
        );
        let left: Vec<_> = log
            .into_iter()
            .filter(|logged| !matches!(logged.state, PersonState::Excluded | PersonState::Waiting))
            .collect();
        let scope = Scope {
            brands: brands.iter().map(|brand| brand.name.clone()).collect(),
            from,
            to,
            messages: left.len(),
        };
        let near = left.into_iter().filter(|logged| {
            let at = logged.at.unwrap_or(case.happened_at);
            at >= from && at <= to.plus_micros(RECEIPT_US)
        });
        let mut messages = Vec::new();
        for logged in near.take(LOOKED_MAX) {
            let proof = self.message_proof(case.firm, logged.message).await?;
            let sent = proof
                .send
                .as_ref()
                .and_then(|send| send.batch.handed_over_at);
            let Some(sent_at) = sent.or(proof.decided_at) else {
                continue;
            };
            if sent_at >= from && sent_at <= to {
                messages.push(self.found(case, proof, sent_at).await?);
            }
        }
        messages.sort_by_key(|found| (found.sent_at.since(case.happened_at).abs(), found.sent_at));
        messages.truncate(SHOWN_MAX);
        let pattern = self.branch_pattern(case).await?;
        let draft = draft(case, &brands, messages.first());
        Ok(Finding {
            scope,
            messages,
            pattern,
            draft,
        })
    }

    async fn found(
        &self,
        case: &Case,
        proof: MessageProof,
        sent_at: Timestamp,
    ) -> Result<FoundMessage, EngineError> {
        let key = ConsentKey {
            brand: proof.brand,
            recipient: case.recipient,
            channel: proof.channel,
            kind: proof.kind,
        };
        let mut reader = self.store.read().await?;
        let campaign = reader.campaign(case.firm, proof.campaign).await?;
        let held = reader.consent_as_of(key, sent_at).await?.known_then;
        let history = reader
            .consent_history(key.brand, key.recipient, Some((key.channel, key.kind)))
            .await?;
        let event = held.and_then(|held| history.iter().find(|event| event.id == held.event));
        let consent = match event {
            Some(event) => Some(fact(&mut reader, case, event).await?),
            None => None,
        };
        let mirror = reader.consent_state(key).await?.registry;
        let refused_later = history
            .iter()
            .filter(|event| event.status == Status::Ret && event.consent_date > sent_at)
            .map(|event| (event.consent_date, event.source.clone()))
            .min_by_key(|(at, _)| *at);
        Ok(FoundMessage {
            transaction: proof.registry.transaction.clone().or(mirror.transaction),
            text: proof
                .text
                .clone()
                .or_else(|| campaign.as_ref().map(|campaign| campaign.body.clone())),
            sender: campaign.map(|campaign| campaign.sender).unwrap_or_default(),
            sent_at,
            consent,
            refused_later,
            proof,
        })
    }

    async fn branch_pattern(&self, case: &Case) -> Result<Option<BranchPattern>, EngineError> {
        let Some((brand, branch)) = case.branch.clone() else {
            return Ok(None);
        };
        let mut reader = self.store.read().await?;
        let from = self.now().plus_micros(-PATTERN_DAYS * DAY_US);
        let complaints = reader.branch_complaints(brand, &branch, from).await?;
        let watches = reader.branch_watches(case.firm, brand).await?;
        Ok(Some(BranchPattern {
            brand,
            complaints,
            days: PATTERN_DAYS,
            is_watched: watches.iter().any(|watch| watch.branch == branch),
            branch,
        }))
    }
}

async fn fact(
    reader: &mut Reader,
    case: &Case,
    event: &ConsentEvent,
) -> Result<ConsentFact, EngineError> {
    let upload = match (event.origin, event.origin_id) {
        (Origin::Upload, Some(id)) => Some(UploadId::from_db(id)),
        _ => None,
    };
    let (file, branch) = match upload {
        Some(id) => (
            reader
                .upload(case.firm, id)
                .await?
                .map(|upload| (id, upload.file_name)),
            reader.branch_of(id, event.id).await?,
        ),
        None => (None, None),
    };
    Ok(ConsentFact {
        event: event.id,
        status: event.status,
        consent_at: event.consent_date,
        recorded_at: event.recorded_at,
        source: event.source.clone(),
        evidence: event.evidence.clone(),
        actor: event.actor.clone(),
        file,
        line: event.origin_line,
        branch,
    })
}

/// An answer with the facts and nothing that promotes: neither the message's
/// text nor the campaign's name.
fn draft(case: &Case, brands: &[Brand], found: Option<&FoundMessage>) -> String {
    let mut text = format!(
        "Sayın ilgili, {} günü saat {} dolayında “{}” adıyla aldığınız iletiye ilişkin şikâyetinizi inceledik.",
        day(case.happened_at),
        hour(case.happened_at),
        case.sender
    );
    match found {
        Some(found) => {
            let name = |brand: &BrandId| {
                brands
                    .iter()
                    .find(|known| known.id == *brand)
                    .map_or("", |known| known.trade_name.as_str())
                    .to_owned()
            };
            text.push_str(&format!(
                "\n\nKayıtlarımıza göre ileti {} adına {} günü saat {} itibarıyla gönderilmiştir.",
                name(&found.proof.brand),
                day(found.sent_at),
                hour(found.sent_at)
            ));
            match &found.consent {
                Some(consent) if consent.status == Status::Onay => text.push_str(&format!(
                    " O tarihte kayıtlarımızda {} tarihli, {} kaynaklı ileti izni bulunuyordu.",
                    day(consent.consent_at),
                    consent.source
                )),
                _ => text.push_str(" O tarihte kayıtlarımızda geçerli bir ileti izni bulamadık."),
            }
            if let Some((at, _)) = &found.refused_later {
                text.push_str(&format!(
                    " {} tarihli ret bildiriminiz kayıtlıdır.",
                    day(*at)
                ));
            }
        }
        None => text.push_str(
            "\n\nBelirttiğiniz tarih çevresinde numaranıza tüm markalarımızdan yapılmış bir gönderim kaydı bulamadık.",
        ),
    }
    text.push_str(&format!(
        "\n\nŞikâyetiniz bize ulaştığı anda ({} saat {}) numaranıza ticari ileti gönderimi durdurulmuştur. \
         Başvurunuzun sonucunu yetkili mercilere ayrıca taşıma hakkınız saklıdır.",
        day(case.created_at),
        hour(case.created_at)
    ));
    text
}

fn day(at: Timestamp) -> String {
    let text = at.to_turkish_text();
    text.split(' ').next().unwrap_or_default().to_owned()
}

fn hour(at: Timestamp) -> String {
    let text = at.to_turkish_text();
    text.split(' ').nth(1).unwrap_or_default().to_owned()
}
