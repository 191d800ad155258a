//! Whether the credit at the provider reaches everybody (*kredi*, S502): told on
//! the GO page, asked about at launch, and kept with the campaign.

use domain::ReasonCode;
use domain::hours::SendingRules;
use domain::ids::{CampaignId, ConnectorId, FirmId};
use serde::Serialize;
use serde_json::json;
use store::campaign_flow::{CreditChoice, Progress, WhenShort};
use store::campaigns::{Campaign, CampaignState};
use store::connectors::Connector as Account;

use super::{Measured, approval, routes};
use crate::Engine;
use crate::error::EngineError;

/// Longest wait for a provider's answer about its balance.
const BALANCE_SECONDS: u64 = 5;
/// One message, where a balance is counted in messages.
const ONE_MICROS: i64 = 1_000_000;
/// How accounts that count messages instead of money name their unit.
const UNITS_OF_MESSAGES: [&str; 4] = ["SMS", "credits", "kredi", "kontör"];

/// What an account holds, and what a campaign would take from it.
#[derive(Debug, Clone)]
pub(super) struct Credit {
    pub(super) balance: connectors::Balance,
    /// In the unit of the balance; none where nobody knows what a part costs.
    needed_micros: Option<i64>,
}

/// Whom the credit does not reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CreditShort {
    /// S502.
    pub code: ReasonCode,
    /// People it does not reach.
    pub people: i64,
    /// Parts of their texts.
    pub parts: i64,
    /// People it reaches.
    pub reached: i64,
}

/// At most so many people, because somebody chose to leave out the others.
pub(super) fn people_at_most(campaign: &Campaign) -> Option<i64> {
    let chosen = campaign.progress.credit.as_ref()?;
    (chosen.choice == WhenShort::Cut).then_some(chosen.reached)
}

fn counts_messages(balance: &connectors::Balance) -> bool {
    UNITS_OF_MESSAGES
        .iter()
        .any(|unit| unit.eq_ignore_ascii_case(&balance.currency))
}

impl Credit {
    /// What would be left of it.
    pub(super) fn after_micros(&self) -> Option<i64> {
        let needed = self.needed_micros?;
        Some(self.balance.amount_micros.saturating_sub(needed))
    }

    /// For how many people it does not suffice, and for how many parts: the
    /// last ones, each as long as the average. None where it suffices.
    pub(super) fn short(&self, measured: &Measured) -> Option<CreditShort> {
        let needed = self.needed_micros?;
        let missing = needed
            .checked_sub(self.balance.amount_micros.max(0))
            .filter(|missing| *missing > 0)?;
        let share = |whole: i64| {
            let share = i128::from(whole) * i128::from(missing);
            let (share, needed) = (share, i128::from(needed));
            i64::try_from((share + needed - 1) / needed).unwrap_or(i64::MAX)
        };
        let people = share(measured.sendable);
        Some(CreditShort {
            code: ReasonCode::S502,
            people,
            parts: share(measured.parts_total),
            reached: measured.sendable - people,
        })
    }
}

fn credit_of(campaign: &Campaign, measured: &Measured, balance: connectors::Balance) -> Credit {
    Credit {
        needed_micros: needed(campaign, measured, &balance),
        balance,
    }
}

/// What a campaign takes from an account, in the unit of its balance.
pub(super) fn needed(
    campaign: &Campaign,
    measured: &Measured,
    balance: &connectors::Balance,
) -> Option<i64> {
    let messages = if campaign.channel.is_phone() {
        measured.parts_total
    } else {
        measured.sendable
    };
    taken(balance, measured.cost_micros, messages)
}

fn taken(balance: &connectors::Balance, cost: Option<i64>, messages: i64) -> Option<i64> {
    if counts_messages(balance) {
        Some(messages.saturating_mul(ONE_MICROS))
    } else {
        cost
    }
}

impl Engine {
    /// What the campaign's account holds; none where it does not tell.
    pub(super) async fn credit(
        &self,
        campaign: &Campaign,
        rules: &SendingRules,
        measured: &Measured,
    ) -> Option<Credit> {
        let account = routes::first(campaign, rules);
        let balance = self.balance_of(campaign.firm, account).await?;
        Some(credit_of(campaign, measured, balance))
    }

    /// What an account holds, if it says so soon.
    pub(super) async fn balance_of(
        &self,
        firm: FirmId,
        account: ConnectorId,
    ) -> Option<connectors::Balance> {
        let wait = std::time::Duration::from_secs(BALANCE_SECONDS);
        let asked = self.balance(firm, account);
        tokio::time::timeout(wait, asked).await.ok()?.ok()?
    }

    /// What is to be kept of a choice about the credit, and the account whose
    /// credit it is about. Where it does not reach everybody and nobody has
    /// chosen, the launch is refused.
    async fn credit_choice(
        &self,
        campaign: &Campaign,
        when_short: Option<WhenShort>,
        actor: &str,
    ) -> Result<Option<(CreditChoice, Account)>, EngineError> {
        let mut reader = self.store.read().await?;
        let rules = reader.sending_rules(campaign.brand).await?;
        let first = routes::first(campaign, &rules);
        let account = reader.connector_at_work(first).await?;
        drop(reader);
        if !self.connector(&account)?.capabilities().has_balance {
            return Ok(None);
        }
        let Some(balance) = self.balance_of(campaign.firm, first).await else {
            return Ok(None);
        };
        if rules.part_price(first).is_none() && !counts_messages(&balance) {
            return Ok(None);
        }
        let measured = self.measure(campaign.firm, campaign.id).await?;
        let Some(short) = credit_of(campaign, &measured, balance).short(&measured) else {
            return Ok(None);
        };
        match when_short {
            None => Err(EngineError::CreditShort(short)),
            Some(WhenShort::Cut) if short.reached == 0 => Err(EngineError::conflict(
                "the campaign",
                "the credit reaches nobody; top it up, or let the campaign wait for it",
            )),
            Some(choice) => {
                let kept = CreditChoice {
                    choice,
                    reached: short.reached,
                    short: short.people,
                    by: actor.to_owned(),
                    at: self.now(),
                };
                Ok(Some((kept, account.0)))
            }
        }
    }

    /// [`Engine::launch`] with an answer to the question what becomes of those
    /// whom the credit does not reach. It counts only if that question comes up.
    ///
    /// # Errors
    /// [`EngineError::CreditShort`] when the credit does not suffice and nobody
    /// has chosen; [`EngineError::Conflict`] when it was stopped or has ended.
    pub async fn launch_with(
        &self,
        firm: FirmId,
        id: CampaignId,
        when_short: Option<WhenShort>,
        actor: &str,
    ) -> Result<Campaign, EngineError> {
        use CampaignState::{Approved, Draft, Finished, Launching, Paused, Running, Submitted};
        let held = self.campaign(firm, id).await?;
        if matches!(held.state, Launching | Running | Paused | Finished) {
            return Ok(held);
        }
        self.refuse_health(&held).await?;
        if matches!(held.state, Draft | Submitted)
            && approval::is_program(actor)
            && self.waits_for_approver(&held).await?
        {
            return match held.state {
                Draft => self.submit(firm, id, actor).await,
                _ => Ok(held),
            };
        }
        let from = [Draft, Submitted, Approved];
        let mut choice = None;
        if from.contains(&held.state) {
            self.check_launch(&held).await?;
            choice = self.credit_choice(&held, when_short, actor).await?;
        }
        let mut writer = self.store.write().await?;
        if let Some((choice, account)) = choice {
            if choice.choice == WhenShort::Wait {
                // Cleared when this very account is tried again, topped up.
                let short = choice.short;
                crate::provider_alarms::credit_is_short(&mut writer, &account, short).await?;
            }
            keep(&mut writer, &held, choice).await?;
        }
        let moved = self
            .move_in(
                &mut writer,
                &held,
                &from,
                Launching,
                actor,
                "campaign.launch",
                &json!(null),
            )
            .await?;
        writer.commit().await?;
        self.wake.dispatch.notify_waiters();
        Ok(moved)
    }
}

/// Keeps a choice with the campaign, in the transaction that launches it.
async fn keep(
    writer: &mut store::Writer,
    campaign: &Campaign,
    choice: CreditChoice,
) -> Result<(), EngineError> {
    let detail = json!({
        "choice": choice.choice, "reached": choice.reached, "short": choice.short,
    });
    let (id, actor) = (campaign.id.to_string(), choice.by.clone());
    let progress = Progress {
        credit: Some(choice),
        ..campaign.progress.clone()
    };
    writer.set_progress(campaign.id, &progress).await?;
    writer
        .append_audit(campaign.firm, &actor, "campaign.credit", &id, &detail)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(
        sendable: i64,
        parts: i64,
        cost: Option<i64>,
        held: (i64, &str),
    ) -> Option<(i64, i64)> {
        let measured = Measured {
            people: sendable,
            parts_total: parts,
            ..Measured::none(sendable)
        };
        let balance = connectors::Balance {
            amount_micros: held.0,
            currency: held.1.to_owned(),
        };
        let credit = Credit {
            needed_micros: taken(&balance, cost, parts),
            balance,
        };
        let short = credit.short(&measured)?;
        assert_eq!(short.reached + short.people, sendable);
        Some((short.people, short.parts))
    }

    #[test]
    fn credit_for_a_hundred_of_a_hundred_and_twenty_parts_leaves_out_the_last_twenty() {
        assert_eq!(short(120, 120, Some(120), (100, "TRY")), Some((20, 20)));
        assert_eq!(short(120, 120, Some(120), (120, "TRY")), None);
        assert_eq!(short(120, 120, Some(120), (-5, "TRY")), Some((120, 120)));
        assert_eq!(short(120, 120, None, (1, "TRY")), None);
    }

    #[test]
    fn an_account_that_counts_messages_needs_no_price() {
        let hundred = 100 * ONE_MICROS;
        assert_eq!(short(60, 120, None, (hundred, "SMS")), Some((10, 20)));
        assert_eq!(short(50, 100, Some(1), (hundred, "credits")), None);
    }
}
