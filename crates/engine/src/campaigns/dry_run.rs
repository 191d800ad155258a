//! What a campaign would come to now, and what can be done about those who
//! would not get it (*düzeltme listesi*).

use std::collections::BTreeMap;

use domain::ids::{CampaignId, FirmId, PromotionId, RecipientId};
use domain::lettering::{Change, Lettering};
use domain::lint::Found;
use domain::plan::foretell;
use domain::segments::Count;
use domain::template::MessageText;
use domain::{ReasonCode, Timestamp};
use store::Reader;
use store::audience::{AudienceQuestion, Judged};
use store::audience_people::{JudgedGroup, JudgedPerson};
use store::audience_shape::Shape;
use store::campaigns::{Audience, Campaign};
use store::contacts::Identifier;

use super::text;
use super::{LaunchObstacle, Route};
use crate::Engine;
use crate::error::EngineError;
use crate::promotions::{CODE, Codes};

/// What is foretold of an account without a limit, in requests a second.
const UNLIMITED_REQUESTS: u32 = 100;

/// What a campaign would come to now.
#[derive(Debug, Clone)]
pub struct DryRun {
    /// When it was judged.
    pub at: Timestamp,
    /// People in the audience.
    pub target: i64,
    /// Of them, the gate would let pass now.
    pub sendable: i64,
    /// Of them, sendable but for the hour.
    pub held: i64,
    /// When the sending window opens, while it is closed.
    pub held_until: Option<Timestamp>,
    /// Of them, excluded, by headline reason.
    pub excluded: BTreeMap<ReasonCode, i64>,
    /// Length of the text as it leaves, before variables are filled.
    pub length: Count,
    /// What is done to its characters.
    pub lettering: Lettering,
    /// Which characters of the texts leave as another one.
    pub changes: Vec<Change>,
    /// What the texts lack and should not hold.
    pub findings: Vec<Found>,
    /// What could be done about the excluded.
    pub fixes: Vec<Fix>,
    /// Its routes, in their order.
    pub routes: Vec<Route>,
    /// When it would begin: the first open moment from its time on.
    pub starts_at: Timestamp,
    /// When the last one would have left, at the pace of its first route.
    pub finishes_at: Option<Timestamp>,
    /// People whom it would not reach before its time is over (S306).
    pub lost: i64,
    /// Why somebody else must approve it; none when nothing asks for that.
    pub second_person: Option<String>,
    /// Whether the brand wants a recorded electronic signature before launch.
    pub needs_signature: bool,
    /// Why it would not be launched now.
    pub launch_obstacle: Option<LaunchObstacle>,
    /// The promotion whose codes its text uses.
    pub promotion: Option<CodesLeft>,
    /// Of an audience of accounts, those that nobody of the firm has, or whose
    /// person has no address of the channel (R406). They are not in `target`.
    pub unknown_accounts: Vec<String>,
}

/// What is left of a campaign's promotion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodesLeft {
    /// The promotion.
    pub id: PromotionId,
    /// Its name.
    pub name: String,
    /// From when on its codes are of no use.
    pub expires_at: Timestamp,
    /// Codes that anybody may still get.
    pub pool: i64,
    /// Codes that are kept for one person each.
    pub meant: i64,
    /// People of the audience for whom none is left (S406).
    pub short: i64,
    /// What people are shown instead of a code before they have one.
    pub sample: String,
}

/// What can be done about some of the excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fix {
    /// Why they are excluded.
    pub code: ReasonCode,
    /// How many.
    pub people: i64,
    /// What would help.
    pub action: FixAction,
}

/// What would help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FixAction {
    /// Ask İYS now; see [`Engine::ask_registry_for`].
    AskRegistry,
    /// Ask these people for a consent, by a lawful way.
    CollectConsent,
    /// Address them in their other capacity.
    OtherKind,
    /// Fill the variable in, or give the text a default.
    CompleteData,
    /// Complete the text.
    CompleteText,
    /// Shorten the text.
    ShortenText,
    /// Take the link out, or choose a domestic route.
    OtherRoute,
    /// Raise the limit, or exempt the campaign with a reason.
    RaiseLimit,
    /// Add codes to the promotion.
    AddCodes,
}

impl FixAction {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AskRegistry => "ask_registry",
            Self::CollectConsent => "collect_consent",
            Self::OtherKind => "other_kind",
            Self::CompleteData => "complete_data",
            Self::CompleteText => "complete_text",
            Self::ShortenText => "shorten_text",
            Self::OtherRoute => "other_route",
            Self::RaiseLimit => "raise_limit",
            Self::AddCodes => "add_codes",
        }
    }

    /// What would help people with this reason; nothing helps against a refusal.
    fn of(code: ReasonCode) -> Option<Self> {
        Some(match code {
            ReasonCode::S102 | ReasonCode::S104 => Self::AskRegistry,
            ReasonCode::S101 | ReasonCode::S106 => Self::CollectConsent,
            ReasonCode::S105 => Self::OtherKind,
            ReasonCode::S301 | ReasonCode::S305 => Self::RaiseLimit,
            ReasonCode::S401 => Self::CompleteData,
            ReasonCode::S402 => Self::ShortenText,
            ReasonCode::S403 | ReasonCode::S501 | ReasonCode::S502 | ReasonCode::S503 => {
                Self::OtherRoute
            }
            ReasonCode::S404 => Self::CompleteText,
            ReasonCode::S406 => Self::AddCodes,
            _ => return None,
        })
    }
}

impl Engine {
    /// What the campaign would come to if it left now. Freezes nothing.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has none of this number.
    pub async fn dry_run(&self, firm: FirmId, id: CampaignId) -> Result<DryRun, EngineError> {
        let campaign = self.campaign(firm, id).await?;
        let (question, routes, rules) = self.question(&campaign).await?;
        let mut reader = self.store.read().await?;
        let judged = reader.judge_audience(&question).await?;
        let brand = reader.brand_at_work(campaign.brand).await?;
        let unknown_accounts = unknown_accounts(&mut reader, &campaign).await?;
        drop(reader);
        let promotion = self.codes_left(&campaign, &question, &judged).await?;
        let launch_obstacle = self.launch_obstacle(&campaign).await?;
        let lengths = text::lengths(&campaign, &routes);
        let length = lengths.count(&campaign.body);
        let changes = text::changes(&campaign, lengths.lettering);
        let findings = text::findings(&campaign, &brand, lengths);
        let opens = |at: Timestamp| {
            (campaign.basis == domain::gate::Basis::Commercial)
                .then(|| question.policy.opens_after(at))
                .flatten()
        };
        let held_until = opens(question.now);
        let wanted = campaign
            .plan
            .send_at
            .map_or(question.now, |at| at.max(question.now));
        let starts_at = opens(wanted).unwrap_or(wanted);
        let foretold = foretell(
            &campaign.plan,
            judged.sendable,
            self.pace(&routes),
            starts_at,
            opens,
            |at| {
                if campaign.basis == domain::gate::Basis::Commercial {
                    question
                        .policy
                        .window
                        .closes_after(&question.policy.closed, at)
                } else {
                    at.plus_micros(i64::MAX / 4)
                }
            },
        );
        let launch_obstacle =
            launch_obstacle.or_else(|| too_late(&campaign, promotion.as_ref(), foretold.ends_at));
        let fixes = judged
            .excluded
            .iter()
            .filter_map(|(code, people)| {
                Some(Fix {
                    code: *code,
                    people: *people,
                    action: FixAction::of(*code)?,
                })
            })
            .collect();
        let (sendable, held) = sendable_and_held(&judged, held_until);
        Ok(DryRun {
            at: question.now,
            target: judged.target,
            sendable,
            held,
            held_until,
            second_person: super::approval::wanted(&campaign, &findings, &rules),
            needs_signature: rules.needs_signature && campaign.channel.is_phone(),
            launch_obstacle,
            promotion,
            unknown_accounts,
            excluded: judged.excluded,
            length,
            lettering: lengths.lettering,
            changes,
            findings,
            fixes,
            routes,
            starts_at,
            finishes_at: foretold.ends_at,
            lost: foretold.lost,
        })
    }

    async fn codes_left(
        &self,
        campaign: &Campaign,
        question: &AudienceQuestion,
        judged: &Judged,
    ) -> Result<Option<CodesLeft>, EngineError> {
        if question.promotion.is_none() {
            return Ok(None);
        }
        let mut reader = self.store.read().await?;
        let found = crate::promotions::chosen(&mut reader, campaign).await?;
        Ok(found.map(|found| CodesLeft {
            id: found.id,
            expires_at: found.expires_at,
            pool: found.pool_left(),
            meant: found.meant - found.meant_given,
            short: judged.excluded.get(&ReasonCode::S406).copied().unwrap_or(0),
            sample: crate::promotions::sample_of(Some(&found)),
            name: found.name,
        }))
    }

    /// The people behind a number of [`Engine::dry_run`], judged anew, after
    /// `after` in the order of their numbers.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has none of this number.
    pub async fn dry_run_people(
        &self,
        firm: FirmId,
        id: CampaignId,
        group: JudgedGroup,
        after: Option<RecipientId>,
        limit: usize,
    ) -> Result<Vec<JudgedPerson>, EngineError> {
        let campaign = self.campaign(firm, id).await?;
        let (question, _, _) = self.question(&campaign).await?;
        let mut reader = self.store.read().await?;
        Ok(reader
            .audience_people(&question, group, after, limit)
            .await?)
    }

    /// People a second that the first open route takes.
    fn pace(&self, routes: &[Route]) -> i64 {
        let ours = self.settings.dispatch.recipients_per_second;
        let route = routes.iter().find(|route| route.obstacle.is_none());
        let theirs = route.map_or(1, |route| {
            let capabilities = route.connector.capabilities();
            let batch = u32::try_from(capabilities.batch_recipients_max).unwrap_or(u32::MAX);
            match capabilities.requests_per_second {
                0 => UNLIMITED_REQUESTS,
                most => most,
            }
            .saturating_mul(batch.min(500))
        });
        i64::from(if ours == 0 { theirs } else { ours.min(theirs) })
    }

    /// Everything the decision over the campaign's audience rests on, now.
    pub(crate) async fn question(
        &self,
        campaign: &Campaign,
    ) -> Result<(AudienceQuestion, Vec<Route>, domain::hours::SendingRules), EngineError> {
        let mut reader = self.store.read().await?;
        let brand = reader.brand_at_work(campaign.brand).await?;
        let routes = self.routes(&mut reader, campaign).await?;
        let (policy, rules) = self
            .policy_for(&mut reader, &brand, &campaign.purpose)
            .await?;
        let frequency = self.frequency(&mut reader, campaign, &rules).await?;
        let repeated = self.repeated(&mut reader, campaign, &rules).await?;
        let content = crate::mails::content_of(&mut reader, campaign).await?;
        let muted_purpose = crate::mails::muted_purpose(&mut reader, campaign).await?;
        drop(reader);
        let (mut variables, mut names) = (Vec::new(), Vec::new());
        for body in text::texts(campaign) {
            let parsed = MessageText::parse(body)
                .map_err(|error| EngineError::invalid("body", error.to_string()))?;
            variables.extend(crate::mails::required(campaign, &parsed, content.as_ref()));
            names.extend(crate::mails::variables(campaign, &parsed, content.as_ref()));
        }
        variables.sort_unstable();
        variables.dedup();
        let codes = {
            let mut reader = self.store.read().await?;
            crate::promotions::codes_of(&mut reader, campaign, &names).await?
        };
        // A text that is measured before there is a campaign has no list yet.
        if codes.is_some() || campaign.id.as_db() == 0 {
            variables.retain(|name| name != CODE);
        }
        variables.retain(|name| !campaign.plan.values.contains_key(name));
        let mut shape = Shape::of(campaign.id, &campaign.plan);
        shape.frequency = frequency;
        shape.repeated = repeated;
        shape.credit_people = super::credit::people_at_most(campaign);
        shape.has_foreign_link = has_foreign_link(campaign, &routes);
        let now = self.now();
        let question = AudienceQuestion {
            firm: campaign.firm,
            brand: campaign.brand,
            channel: campaign.channel,
            kind: campaign.kind,
            basis: campaign.basis,
            policy,
            now,
            audience: campaign.audience.clone(),
            segment: self
                .segment_rules(campaign.firm, &campaign.audience)
                .await?,
            variables,
            for_everyone: text::obstacle_for_everyone(campaign, &brand, &routes)
                .or_else(|| {
                    crate::mails::is_incomplete(campaign, content.as_ref(), &brand)
                        .then_some(ReasonCode::S404)
                })
                .or_else(|| {
                    let is_over = codes.as_ref().is_some_and(|codes| codes.are_over(now));
                    is_over.then_some(ReasonCode::S306)
                }),
            promotion: codes.and_then(|codes| match codes {
                Codes::Of { promotion, .. } => Some(promotion),
                Codes::Sample(_) => None,
            }),
            muted_purpose,
            shape,
        };
        Ok((question, routes, rules))
    }

    /// Asks İYS about everyone of a campaign's audience whom it has not
    /// confirmed, or long ago. Returns how many.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when the brand does not work with İYS.
    pub async fn ask_registry_for(
        &self,
        firm: FirmId,
        id: CampaignId,
        actor: &str,
    ) -> Result<usize, EngineError> {
        let campaign = self.campaign(firm, id).await?;
        let (question, _, _) = self.question(&campaign).await?;
        if !question.policy.mode.is_connected() || !campaign.channel.is_registered() {
            return Err(EngineError::conflict(
                "the campaign",
                "İYS can be asked only for a brand that works with it, by SMS, call or e-mail",
            ));
        }
        let older_than = question
            .policy
            .oldest_answer(question.now)
            .min(question.now);
        let asked = self
            .queue_rechecks(&campaign, &question, older_than)
            .await?;
        let mut writer = self.store.write().await?;
        let detail = serde_json::json!({ "people": asked });
        writer
            .append_audit(
                firm,
                actor,
                "campaign.ask_registry",
                &id.to_string(),
                &detail,
            )
            .await?;
        writer.commit().await?;
        Ok(asked)
    }
}

/// The accounts of an audience that stand for nobody who can be reached.
async fn unknown_accounts(
    reader: &mut Reader,
    campaign: &Campaign,
) -> Result<Vec<String>, EngineError> {
    let Audience::Accounts { codes } = &campaign.audience else {
        return Ok(Vec::new());
    };
    let asked: Vec<Identifier> = codes.iter().cloned().map(Identifier::External).collect();
    let found = reader.addresses_of(campaign.firm, &asked).await?;
    Ok(codes
        .iter()
        .zip(found)
        .filter(|(_, addresses)| !addresses.iter().any(|one| one.fits(campaign.channel)))
        .map(|(code, _)| code.clone())
        .collect())
}

/// Whether codes would reach people when they are of no use any more.
fn too_late(
    campaign: &Campaign,
    promotion: Option<&CodesLeft>,
    finishes_at: Option<Timestamp>,
) -> Option<LaunchObstacle> {
    use store::campaigns::CampaignState::{Approved, Draft, Submitted};
    let is_open = matches!(campaign.state, Draft | Submitted | Approved);
    let codes = promotion.filter(|_| is_open)?;
    finishes_at
        .is_some_and(|end| codes.expires_at <= end)
        .then(|| LaunchObstacle::PromotionEnds(codes.expires_at))
}

/// Whether the campaign's link would leave the country over every open route.
pub(crate) fn has_foreign_link(campaign: &Campaign, routes: &[Route]) -> bool {
    let mut open = routes
        .iter()
        .filter(|route| route.obstacle.is_none())
        .peekable();
    open.peek().is_some()
        && open.all(|route| route.is_foreign)
        && text::texts(campaign).any(domain::lint::has_link)
}

const fn sendable_and_held(judged: &Judged, held_until: Option<Timestamp>) -> (i64, i64) {
    if held_until.is_some() {
        (0, judged.sendable)
    } else {
        (judged.sendable, 0)
    }
}
