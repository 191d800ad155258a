//! How a campaign leaves, as the API speaks of it, and what is found in a text.

use std::collections::BTreeMap;

use domain::Timestamp;
use domain::ids::ConnectorId;
use domain::lettering::Lettering;
use domain::lint;
use domain::plan;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::words;

/// How a campaign leaves; everything is optional.
///
/// `{"send_at":"2026-06-01T10:00:00+03:00","packages":{"size":5000,"every_minutes":30},
/// "canary":{"percent":1,"wait_minutes":30,"brake_percent":20},"control_percent":5}`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Plan {
    /// Not before this instant; in closed hours the next open one.
    #[schema(value_type = Option<String>, format = DateTime)]
    send_at: Option<Timestamp>,
    /// What has not left by then never will (S306).
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// In portions.
    packages: Option<Packages>,
    /// A few people first; the rest when their receipts are in order.
    canary: Option<Canary>,
    /// 1–10 percent kept out on purpose (S304).
    control_percent: Option<i64>,
    /// At most so many people (S305).
    cap: Option<i64>,
    /// Why the brand's frequency limits do not hold, 10–500 characters; asks
    /// for a second person.
    ignores_limits: Option<String>,
    /// A second text, tried against the campaign's own. Not with a canary.
    split: Option<Split>,
    /// Other accounts, in the order in which they step in; at most 5.
    #[schema(value_type = Vec<String>)]
    fallbacks: Vec<ConnectorId>,
    /// Senders over those of them at whose provider the campaign's own is not
    /// registered, by account: `{"con_…":"ORNEK2"}`.
    #[schema(value_type = std::collections::HashMap<String, String>)]
    fallback_senders: BTreeMap<ConnectorId, String>,
    /// What is done to the characters of a text message (*karakter sadeleştirme*);
    /// what its account does unless given. A dry run tells what is replaced.
    #[schema(value_type = Option<words::Lettering>)]
    lettering: Option<Lettering>,
}

/// Portions of the planned people.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Packages {
    /// People in one.
    size: i64,
    /// From one to the next; closed hours do not count.
    every_minutes: i64,
}

/// A few people first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Canary {
    /// 1–50 percent, at least one person.
    percent: i64,
    /// How long receipts are waited for at most.
    wait_minutes: i64,
    /// From this share of failures on, percent, the campaign is paused.
    brake_percent: i64,
    /// The same for people who refuse, and for people who complain; 5 when absent.
    #[serde(default)]
    brake_refusal_percent: Option<i64>,
    /// How long refusals and complaints are waited for at least, though every
    /// receipt is there; at most `wait_minutes`.
    #[serde(default)]
    refusal_minutes: Option<i64>,
}

/// Two texts tried against each other; whoever is in neither part waits for
/// a person's choice.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Split {
    /// The second text.
    body: String,
    /// Percent that get the campaign's own text.
    first_percent: i64,
    /// Percent that get the second.
    second_percent: i64,
    /// Of an e-mail: the subject beside the second text; absent: the campaign's.
    #[serde(default)]
    subject: Option<String>,
}

impl From<Plan> for plan::Plan {
    fn from(plan: Plan) -> Self {
        Self {
            send_at: plan.send_at,
            expires_at: plan.expires_at,
            packages: plan.packages.map(|packages| plan::Packages {
                size: packages.size,
                every_minutes: packages.every_minutes,
            }),
            canary: plan.canary.map(|canary| plan::Canary {
                percent: canary.percent,
                wait_minutes: canary.wait_minutes,
                brake_percent: canary.brake_percent,
                brake_refusal_percent: canary.brake_refusal_percent,
                refusal_minutes: canary.refusal_minutes,
            }),
            control_percent: plan.control_percent,
            cap: plan.cap,
            ignores_limits: plan.ignores_limits,
            split: plan.split.map(|split| plan::Split {
                body: split.body,
                first_percent: split.first_percent,
                second_percent: split.second_percent,
                subject: split.subject,
            }),
            fallbacks: plan.fallbacks,
            fallback_senders: plan.fallback_senders,
            lettering: plan.lettering,
            // Only a message that is asked for by its key has any.
            values: domain::template::Values::new(),
        }
    }
}

impl From<plan::Plan> for Plan {
    fn from(plan: plan::Plan) -> Self {
        Self {
            send_at: plan.send_at,
            expires_at: plan.expires_at,
            packages: plan.packages.map(|packages| Packages {
                size: packages.size,
                every_minutes: packages.every_minutes,
            }),
            canary: plan.canary.map(|canary| Canary {
                percent: canary.percent,
                wait_minutes: canary.wait_minutes,
                brake_percent: canary.brake_percent,
                brake_refusal_percent: canary.brake_refusal_percent,
                refusal_minutes: canary.refusal_minutes,
            }),
            control_percent: plan.control_percent,
            cap: plan.cap,
            ignores_limits: plan.ignores_limits,
            split: plan.split.map(|split| Split {
                body: split.body,
                first_percent: split.first_percent,
                second_percent: split.second_percent,
                subject: split.subject,
            }),
            fallbacks: plan.fallbacks,
            fallback_senders: plan.fallback_senders,
            lettering: plan.lettering,
        }
    }
}

/// Something found in a text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TextFinding {
    #[schema(value_type = words::TextFindingCode)]
    code: lint::Finding,
    /// `blocks` is S404; `needs_approval` asks for a second person.
    #[schema(value_type = words::FindingWeight)]
    weight: lint::Weight,
    /// The words or characters of the text that it is about.
    what: Vec<String>,
    text_tr: String,
    text_en: String,
    /// A sentence that would settle it, to be put behind the text.
    proposal: Option<String>,
}

impl From<lint::Found> for TextFinding {
    fn from(found: lint::Found) -> Self {
        Self {
            code: found.finding,
            weight: found.weight,
            what: found.what,
            text_tr: found.text_tr,
            text_en: found.text_en,
            proposal: found.proposal,
        }
    }
}

/// How far the parts of a campaign have come.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CampaignProgress {
    /// What the canary came to; absent while it is out.
    canary: Option<CanaryResult>,
    /// The text that the rest gets; absent until a person chooses.
    winner: Option<ChosenText>,
    /// What was chosen for those whom the credit did not reach at launch.
    credit: Option<CreditChoice>,
    /// To what its approver agreed.
    approval: Option<Approved>,
}

/// An approval, bound to what was approved.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Approved {
    by: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What it said then.
    content_hash: String,
}

/// A person's choice at a launch for which the credit did not suffice.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CreditChoice {
    #[schema(value_type = words::WhenShort)]
    choice: store::campaign_flow::WhenShort,
    /// People whom the credit reached then.
    reached: i64,
    /// People whom it did not.
    short: i64,
    by: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// What a canary came to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CanaryResult {
    /// False when the brake was pulled and the campaign waits for a person.
    passed: bool,
    /// People who did not get it.
    failed: i64,
    /// People whose outcome was known.
    known: i64,
    /// People who refused after its message.
    refused: i64,
    /// People who complained after it.
    complained: i64,
    /// What pulled the brake.
    #[schema(value_type = Option<words::Brake>)]
    brake: Option<store::campaign_flow::Brake>,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// A person's choice between two texts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChosenText {
    /// `first` or `second`.
    #[schema(value_type = String)]
    part: plan::Part,
    by: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

impl From<store::campaign_flow::Progress> for CampaignProgress {
    fn from(progress: store::campaign_flow::Progress) -> Self {
        Self {
            canary: progress.canary.map(|end| CanaryResult {
                passed: end.passed,
                failed: end.failed,
                known: end.known,
                refused: end.refused,
                complained: end.complained,
                brake: end.brake,
                at: end.at,
            }),
            winner: progress.winner.map(|winner| ChosenText {
                part: winner.part,
                by: winner.by,
                at: winner.at,
            }),
            approval: progress.approval.map(|given| Approved {
                by: given.by,
                at: given.at,
                content_hash: given.content_hash,
            }),
            credit: progress.credit.map(|chosen| CreditChoice {
                choice: chosen.choice,
                reached: chosen.reached,
                short: chosen.short,
                by: chosen.by,
                at: chosen.at,
            }),
        }
    }
}
