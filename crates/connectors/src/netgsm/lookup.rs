//! Finding a request whose answer never came: Netgsm knows no name of ours, but
//! reports the jobs of a time with their numbers.

use std::collections::{BTreeMap, HashMap};

use domain::ids::MessageRef;
use domain::{Recipient, Timestamp};

use super::account::Netgsm;
use super::receipts::{Asked, NO_ROWS, PAGE_ROWS, PAGES_MAX, Page, Row, receipt};
use super::send::Said;
use crate::connector::Doubt;
use crate::outcome::{Found, FoundMessage, LookUp};
use crate::receipt::Receipt;
use crate::text_message::written_phone;
use crate::transport::{Answer, ask};

/// Its clock and ours may differ.
const SLACK_US: i64 = domain::time::MINUTE_US;

/// What was seen of one job.
#[derive(Default)]
struct Job {
    ours: HashMap<MessageRef, Receipt>,
    has_others: bool,
}

pub(super) async fn find(account: &Netgsm, doubt: &Doubt<'_>) -> LookUp {
    let wanted: HashMap<&Recipient, MessageRef> = doubt
        .messages
        .iter()
        .map(|(message, recipient)| (recipient, *message))
        .collect();
    let (startdate, stopdate) = (
        local(doubt.since.plus_micros(-SLACK_US)),
        local(doubt.until.plus_micros(SLACK_US)),
    );
    let mut jobs: BTreeMap<String, Job> = BTreeMap::new();
    let (mut is_whole, mut agrees_on_time) = (false, true);
    for pagenumber in 0..PAGES_MAX {
        let asked = Asked {
            jobids: Vec::new(),
            startdate: Some(&startdate),
            stopdate: Some(&stopdate),
            pagenumber,
            pagesize: PAGE_ROWS,
        };
        let (answer, rows) = match page(account, &asked).await {
            Ok(page) => page,
            Err(text) => return LookUp::unavailable(text),
        };
        agrees_on_time &= answer.agrees_on_time(doubt.now, SLACK_US);
        let count = rows.len();
        for row in rows {
            note(&row, &wanted, &mut jobs);
        }
        if count < PAGE_ROWS {
            is_whole = true;
            break;
        }
    }
    match conclude(jobs, doubt, is_whole) {
        // A clock that is off would hide the job, and it would go out twice.
        LookUp::NotFound if !agrees_on_time => {
            LookUp::unavailable("Netgsm's clock and ours differ: nothing can be said of that time")
        }
        told => told,
    }
}

/// The rows of a page; none on the one after the last.
async fn page(account: &Netgsm, asked: &Asked<'_>) -> Result<(Answer, Vec<Row>), String> {
    let answer = ask(account.post("/sms/rest/v2/report").json(asked))
        .await
        .map_err(|failure| failure.text)?;
    if let Ok(page) = answer.json::<Page>() {
        return Ok((answer, page.jobs));
    }
    match answer.json::<Said>() {
        Ok(said) if said.code == NO_ROWS => Ok((answer, Vec::new())),
        _ => Err(answer.excerpt()),
    }
}

fn note(row: &Row, wanted: &HashMap<&Recipient, MessageRef>, jobs: &mut BTreeMap<String, Job>) {
    let job = jobs.entry(row.jobid.clone()).or_default();
    let message = written_phone(&row.number).and_then(|number| wanted.get(&number).copied());
    match message {
        Some(message) => {
            job.ours.insert(message, receipt(row, message));
        }
        None => job.has_others = true,
    }
}

/// A job is the request if it went to exactly these people: Netgsm takes a
/// request whole or not at all.
fn conclude(jobs: BTreeMap<String, Job>, doubt: &Doubt<'_>, is_whole: bool) -> LookUp {
    let mut fitting = jobs
        .into_iter()
        .filter(|(_, job)| !job.has_others && job.ours.len() == doubt.messages.len());
    match (fitting.next(), fitting.next()) {
        (Some(_), Some(_)) => LookUp::unavailable("several jobs fit: it cannot be told which"),
        (Some((reference, mut job)), None) => LookUp::FoundAs {
            reference,
            messages: doubt
                .messages
                .iter()
                .map(|(message, _)| FoundMessage {
                    message: *message,
                    found: job
                        .ours
                        .remove(message)
                        .map_or(Found::Missing, Found::Accepted),
                })
                .collect(),
        },
        (None, _) if is_whole => LookUp::NotFound,
        (None, _) => LookUp::unavailable("more was sent at that time than Netgsm lets be read"),
    }
}

/// `dd.MM.yyyy HH:mm:ss` in Turkish time.
fn local(at: Timestamp) -> String {
    at.to_turkish().strftime("%d.%m.%Y %H:%M:%S").to_string()
}
