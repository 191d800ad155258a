//! Credit ahead (*kredi öngörüsü*): whether what is planned can be paid for,
//! account by account, and an alarm two days before the campaign that it does
//! not reach.

use std::collections::BTreeMap;

use domain::Timestamp;
use domain::alarm::AlarmCode;
use domain::ids::{CampaignId, ConnectorId, FirmId};
use domain::time::DAY_US;
use store::alarms::{AlarmDetail, AlarmKey};
use store::campaigns::{Campaign, CampaignState};

use super::{credit, routes};
use crate::error::EngineError;
use crate::{Engine, Step};

/// Campaigns of a firm that are looked at.
const CAMPAIGNS_MAX: usize = 50;
/// Firms and accounts looked at in one round.
const LOOKED_AT_MAX: usize = 1_000;
/// How long before the campaign an alarm is raised.
const AHEAD_US: i64 = 2 * DAY_US;

/// What one account will have to pay for.
#[derive(Debug, Clone)]
pub struct CreditForecast {
    /// The account.
    pub connector: ConnectorId,
    /// Its name.
    pub name: String,
    /// What it holds now.
    pub balance: connectors::Balance,
    /// What leaves over it, in the order in which it begins.
    pub campaigns: Vec<ForecastCampaign>,
    /// When the first campaign begins that the credit does not reach whole.
    pub short_at: Option<Timestamp>,
}

/// One campaign of a forecast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForecastCampaign {
    /// Its number.
    pub id: CampaignId,
    /// Its name.
    pub name: String,
    /// When it begins, or began.
    pub begins_at: Timestamp,
    /// People who are still to get it.
    pub people: i64,
    /// What that takes, in the unit of the balance; none where nobody knows
    /// what a part costs.
    pub needed_micros: Option<i64>,
    /// What would be left behind it.
    pub after_micros: i64,
}

/// Pays one campaign after the other; tells when the first one begins that the
/// balance does not reach.
fn pay(balance_micros: i64, campaigns: &mut [ForecastCampaign]) -> Option<Timestamp> {
    let mut left = balance_micros;
    let mut short_at = None;
    for campaign in campaigns {
        left = left.saturating_sub(campaign.needed_micros.unwrap_or(0));
        campaign.after_micros = left;
        if left < 0 && short_at.is_none() {
            short_at = Some(campaign.begins_at);
        }
    }
    short_at
}

impl Engine {
    /// What the firm's accounts will have to pay for: campaigns that are on
    /// their way and those that were launched for a later time. Accounts that
    /// tell no balance are not in it.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn credit_forecast(&self, firm: FirmId) -> Result<Vec<CreditForecast>, EngineError> {
        let mut reader = self.store.read().await?;
        let planned = reader.campaigns_to_pay(firm, CAMPAIGNS_MAX).await?;
        drop(reader);
        let mut forecasts: BTreeMap<ConnectorId, CreditForecast> = BTreeMap::new();
        let mut silent = Vec::new();
        for campaign in planned {
            let mut reader = self.store.read().await?;
            let rules = reader.sending_rules(campaign.brand).await?;
            drop(reader);
            let account = routes::first(&campaign, &rules);
            if silent.contains(&account) {
                continue;
            }
            if !forecasts.contains_key(&account) {
                match self.opened(firm, account).await? {
                    Some(opened) => drop(forecasts.insert(account, opened)),
                    None => {
                        silent.push(account);
                        continue;
                    }
                }
            }
            if let Some(forecast) = forecasts.get_mut(&account) {
                let needs = self.needs(&campaign, &forecast.balance).await?;
                forecast.campaigns.push(needs);
            }
        }
        for forecast in forecasts.values_mut() {
            forecast.short_at = pay(forecast.balance.amount_micros, &mut forecast.campaigns);
        }
        Ok(forecasts.into_values().collect())
    }

    /// An account's page, with nothing to pay yet; none where it tells no balance.
    async fn opened(
        &self,
        firm: FirmId,
        account: ConnectorId,
    ) -> Result<Option<CreditForecast>, EngineError> {
        let held = self.store.read().await?.connector_at_work(account).await?;
        if !self.connector(&held)?.capabilities().has_balance {
            return Ok(None);
        }
        let balance = self.balance_of(firm, account).await;
        Ok(balance.map(|balance| CreditForecast {
            connector: account,
            name: held.0.name,
            balance,
            campaigns: Vec::new(),
            short_at: None,
        }))
    }

    async fn needs(
        &self,
        campaign: &Campaign,
        balance: &connectors::Balance,
    ) -> Result<ForecastCampaign, EngineError> {
        let measured = self.measure(campaign.firm, campaign.id).await?;
        let whole = credit::needed(campaign, &measured, balance);
        let people = if campaign.state == CampaignState::Running {
            // What has left is paid for.
            self.store.read().await?.left_of(campaign.id).await?.waiting
        } else {
            measured.sendable
        };
        let share = |whole: i64| {
            let share = i128::from(whole) * i128::from(people);
            let of = i128::from(measured.sendable.max(1));
            i64::try_from((share + of - 1) / of).unwrap_or(i64::MAX)
        };
        let begins_at = campaign.starts_at.max(campaign.launched_at);
        Ok(ForecastCampaign {
            id: campaign.id,
            name: campaign.name.clone(),
            begins_at: begins_at.unwrap_or(campaign.created_at),
            people,
            needed_micros: whole.map(share),
            after_micros: 0,
        })
    }

    /// Raises A505 for accounts whose credit does not reach what begins within
    /// two days, and clears it for the others.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn step_credit(&self) -> Result<Step, EngineError> {
        let firms = self.store.read().await?.firms(None, LOOKED_AT_MAX).await?;
        for firm in firms {
            let forecasts = self.credit_forecast(firm.id).await?;
            let soon = self.now().plus_micros(AHEAD_US);
            let mut writer = self.store.write().await?;
            for account in writer.connectors(firm.id, None, LOOKED_AT_MAX).await? {
                let subject = account.id.to_string();
                let key = AlarmKey {
                    firm: firm.id,
                    brand: None,
                    code: AlarmCode::CreditShort,
                    subject: &subject,
                };
                let forecast = forecasts.iter().find(|one| one.connector == account.id);
                let short_at = forecast.and_then(|one| one.short_at);
                match short_at.filter(|at| *at <= soon) {
                    Some(at) => {
                        let detail = AlarmDetail::from([
                            ("detail".to_owned(), account.name.clone()),
                            ("date".to_owned(), at.to_turkish_text()),
                        ]);
                        writer.raise_alarm(key, &detail).await?;
                    }
                    None => drop(writer.clear_alarm(key).await?),
                }
            }
            writer.commit().await?;
        }
        Ok(Step::Idle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_campaign_that_the_credit_does_not_reach_is_named() {
        let campaign = |number: i64, needed_micros| ForecastCampaign {
            id: CampaignId::from_db(number),
            name: String::new(),
            begins_at: Timestamp::from_micros(number),
            people: 1,
            needed_micros,
            after_micros: 0,
        };
        let mut planned = [
            campaign(1, Some(60)),
            campaign(2, None),
            campaign(3, Some(50)),
            campaign(4, Some(1)),
        ];
        assert_eq!(pay(100, &mut planned), Some(Timestamp::from_micros(3)));
        assert_eq!(
            planned.map(|campaign| campaign.after_micros),
            [40, 40, -10, -11]
        );
        assert_eq!(pay(111, &mut [campaign(1, Some(111))]), None);
    }
}
