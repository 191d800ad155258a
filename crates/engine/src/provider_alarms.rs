//! Alarms about providers, raised where their words arrive and cleared by what
//! shows that somebody has seen to it.

use domain::alarm::AlarmCode;
use store::Writer;
use store::alarms::{AlarmDetail, AlarmKey};
use store::campaigns::Campaign;
use store::connectors::Connector as Account;

use crate::error::EngineError;

fn detail(text: impl Into<String>) -> AlarmDetail {
    AlarmDetail::from([("detail".to_owned(), text.into())])
}

fn of_account<'a>(account: &Account, code: AlarmCode, subject: &'a str) -> AlarmKey<'a> {
    AlarmKey {
        firm: account.firm,
        brand: None,
        code,
        subject,
    }
}

fn of_campaign<'a>(campaign: &Campaign, code: AlarmCode, subject: &'a str) -> AlarmKey<'a> {
    AlarmKey {
        firm: campaign.firm,
        brand: Some(campaign.brand),
        code,
        subject,
    }
}

/// A sender's name at an account.
fn sender(campaign: &Campaign) -> String {
    format!("{} {}", campaign.connector, campaign.sender)
}

/// A provider takes nothing from the account before somebody puts it right.
pub(crate) async fn account_fails(
    writer: &mut Writer,
    account: &Account,
    error: &str,
) -> Result<(), EngineError> {
    let subject = account.id.to_string();
    let key = of_account(account, AlarmCode::ProviderAccount, &subject);
    let text = format!("{} – {error}", account.name);
    Ok(writer.raise_alarm(key, &detail(text)).await?)
}

/// The account works; its credit is taken for topped up, or the next request
/// tells.
pub(crate) async fn account_works(
    writer: &mut Writer,
    account: &Account,
) -> Result<(), EngineError> {
    let subject = account.id.to_string();
    for code in [AlarmCode::ProviderAccount, AlarmCode::BalanceLow] {
        let key = of_account(account, code, &subject);
        writer.clear_alarm(key).await?;
    }
    Ok(())
}

/// A provider does not take the sender, or the template, of a campaign.
pub(crate) async fn sender_is_refused(
    writer: &mut Writer,
    campaign: &Campaign,
    account: &Account,
    error: &str,
) -> Result<(), EngineError> {
    let subject = sender(campaign);
    let key = of_campaign(campaign, AlarmCode::SenderRefused, &subject);
    let text = format!("{} – {} – {error}", account.name, campaign.sender);
    Ok(writer.raise_alarm(key, &detail(text)).await?)
}

/// A provider refuses the message of a campaign, whoever it is for.
pub(crate) async fn message_is_refused(
    writer: &mut Writer,
    campaign: &Campaign,
    error: &str,
) -> Result<(), EngineError> {
    let subject = campaign.id.to_string();
    let key = of_campaign(campaign, AlarmCode::MessageRefused, &subject);
    let text = format!("{} – {error}", campaign.name);
    Ok(writer.raise_alarm(key, &detail(text)).await?)
}

/// Somebody lets a campaign go on, or stops it: they have seen what was said
/// about it.
pub(crate) async fn campaign_is_seen_to(
    writer: &mut Writer,
    campaign: &Campaign,
) -> Result<(), EngineError> {
    let subjects = [
        (AlarmCode::MessageRefused, campaign.id.to_string()),
        (AlarmCode::SenderRefused, sender(campaign)),
    ];
    for (code, subject) in &subjects {
        writer
            .clear_alarm(of_campaign(campaign, *code, subject))
            .await?;
    }
    Ok(())
}

/// The credit of an account does not reach so many people of a campaign that
/// waits for it.
pub(crate) async fn credit_is_short(
    writer: &mut Writer,
    account: &Account,
    people: i64,
) -> Result<(), EngineError> {
    let subject = account.id.to_string();
    let key = of_account(account, AlarmCode::BalanceLow, &subject);
    let mut detail = detail(account.name.clone());
    detail.insert("count".to_owned(), people.to_string());
    Ok(writer.raise_alarm(key, &detail).await?)
}
