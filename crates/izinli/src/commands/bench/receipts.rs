//! Receipts, one by one and in thousands, beside a server that only answers.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use domain::ids::{CampaignId, MessageRef, RecipientId};
use reqwest::header::HeaderMap;

use super::bare;
use super::child::{Job, Server, float, per_second};
use super::ground::{Place, Surroundings};
use super::plain_sql::Plain;
use super::table::{Row, Table, Target, rate};

/// Pushes of one receipt.
const SINGLES_MAX: usize = 20_000;
/// Receipts of a large push.
const PUSH_RECEIPTS: usize = 1_000;
/// Pushes under way at a time.
const CONCURRENCY: usize = 64;
/// Longest wait until everything is mapped.
const PATIENCE: Duration = Duration::from_secs(600);

/// Pushes a receipt for every message of a sent campaign.
pub(crate) async fn measure(
    around: &Surroundings,
    place: &Place,
    database: &'static str,
    campaign: CampaignId,
    table: &mut Table,
) -> anyhow::Result<()> {
    let plain = Plain::open(&place.url).await?;
    let messages: Vec<String> = plain
        .messages(campaign)
        .await?
        .into_iter()
        .map(|(batch_no, recipient)| {
            MessageRef {
                campaign,
                batch_no,
                recipient: RecipientId::from_db(recipient),
            }
            .to_string()
        })
        .collect();
    let server = Server::start(&around.order(Job::Serve, Some(place))).await?;
    let blank = Server::start(&around.order(Job::Blank, None)).await?;
    let url = format!("{}/in/{}/receipts", server.url, place.path_key);
    let singles = SINGLES_MAX.min(messages.len() / 2);
    let messages = Arc::new(messages);

    let one = |at: usize| {
        let messages = Arc::clone(&messages);
        move |number: usize| push(messages.get(at + number..=at + number).unwrap_or_default())
    };
    let bare = bare::post_all(&blank.url, HeaderMap::new(), singles, CONCURRENCY, one(0)).await?;
    let began = Instant::now();
    let answered = bare::post_all(&url, HeaderMap::new(), singles, CONCURRENCY, one(0)).await?;
    until_mapped(&plain, singles).await?;
    let mapped = began.elapsed().as_secs_f64();
    let singles_count = singles as u64;
    table.add(Row {
        work: "receipts one by one".into(),
        database,
        ours: format!(
            "{} (mapped {})",
            rate(per_second(singles_count, answered), "receipts"),
            rate(per_second(singles_count, mapped), "receipts")
        ),
        baseline: format!(
            "bare server {}",
            rate(per_second(singles_count, bare), "receipts")
        ),
        ratio: bare / answered,
        target: Target::AtLeast(0.4),
    })?;

    let rest = messages.len() - singles;
    let pushes = rest.div_ceil(PUSH_RECEIPTS);
    let many = {
        let messages = Arc::clone(&messages);
        move |number: usize| {
            let from = singles + number * PUSH_RECEIPTS;
            push(
                messages
                    .get(from..messages.len().min(from + PUSH_RECEIPTS))
                    .unwrap_or_default(),
            )
        }
    };
    let began = Instant::now();
    bare::post_all(&url, HeaderMap::new(), pushes, 4, many).await?;
    until_mapped(&plain, messages.len()).await?;
    let per_second = float(rest as u64) / began.elapsed().as_secs_f64();
    table.add(Row {
        work: "receipts in 1,000s, until mapped".into(),
        database,
        ours: rate(per_second, "receipts"),
        baseline: "bound 50,000 receipts/s".into(),
        ratio: per_second / 50_000.0,
        target: Target::AtLeast(1.0),
    })?;
    plain.close().await;
    Ok(())
}

/// Waits until no push waits and so many receipts are mapped.
async fn until_mapped(plain: &Plain, receipts: usize) -> anyhow::Result<()> {
    let began = Instant::now();
    while plain.has_waiting_pushes().await? {
        ensure!(began.elapsed() < PATIENCE, "pushes still wait to be mapped");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mapped = plain.receipt_count().await?;
    ensure!(
        usize::try_from(mapped)? == receipts,
        "{mapped} of {receipts} receipts are mapped"
    );
    Ok(())
}

/// A push as Infobip sends it: everybody got the message.
fn push(messages: &[String]) -> String {
    let mut body = String::from("{\"results\":[");
    for (at, message) in messages.iter().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        let _ = write!(
            body,
            "{comma}{{\"messageId\":\"{message}\",\"to\":\"905320000000\",\"sentAt\":\"2025-06-23T10:00:00.000+0300\",\
             \"doneAt\":\"2025-06-23T10:00:05.000+0300\",\"smsCount\":1,\"status\":{{\"groupId\":3,\"groupName\":\"DELIVERED\",\
             \"id\":5,\"name\":\"DELIVERED_TO_HANDSET\",\"description\":\"Message delivered to handset\"}},\"error\":{{\"groupId\":0,\
             \"groupName\":\"OK\",\"id\":0,\"name\":\"NO_ERROR\",\"description\":\"No Error\",\"permanent\":false}}}}"
        );
    }
    body.push_str("]}");
    body
}
