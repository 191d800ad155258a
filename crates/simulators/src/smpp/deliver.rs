//! Receipts and replies on their way to a session that receives.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc;

use super::pdu::{DELIVER_SM, frame, put_text, put_tlv};
use super::submit::again;
use super::{EARLIER, House, Job};
use crate::desk::{Message, Reply, turkish_time};
use crate::infobip::Outcome;
use crate::lock::locked;

/// Longest sleep: the clock runs on, and a missed ring must not matter.
const NAP: Duration = Duration::from_millis(50);
/// Deliveries without an answer at a time, as gateways allow.
const WINDOW: usize = 10;

/// Delivers for ever what is due, as long as somebody receives.
pub(super) async fn deliver_for_ever(house: Arc<House>) {
    loop {
        let woken = house.desk.woken.notified();
        let moved = house.desk.config.clock.moved();
        if deliver_one(&house).await {
            continue;
        }
        tokio::select! {
            () = woken => {}
            () = moved => {}
            () = tokio::time::sleep(NAP) => {}
        }
    }
}

async fn deliver_one(house: &House) -> bool {
    let Some((session, frames)) = receiver(house) else {
        return false;
    };
    if locked(&house.unconfirmed).len() >= WINDOW {
        return false;
    }
    let Some((job, body)) = next(house) else {
        return false;
    };
    let sequence = house.next_sequence.fetch_add(1, Ordering::Relaxed) & 0x7FFF_FFFF;
    locked(&house.unconfirmed).insert((session, sequence), job);
    let is_sent = frames
        .send(frame(DELIVER_SM, 0, sequence, &body))
        .await
        .is_ok();
    if !is_sent && let Some(job) = locked(&house.unconfirmed).remove(&(session, sequence)) {
        locked(&house.receivers).remove(&session);
        again(house, job);
    }
    true
}

fn receiver(house: &House) -> Option<(u64, mpsc::Sender<Vec<u8>>)> {
    let receivers = locked(&house.receivers);
    let newest = receivers.iter().max_by_key(|(number, _)| **number)?;
    Some((*newest.0, newest.1.clone()))
}

fn next(house: &House) -> Option<(Job, Vec<u8>)> {
    let mut state = house.desk.state();
    if let Some(reply) = state.replies_due.pop_front() {
        let body = written(&reply);
        return Some((Job::Reply(reply), body));
    }
    let first = state.due.first().copied()?;
    if first.0 > state.now_ms {
        return None;
    }
    state.due.remove(&first);
    state.pushes.sent += 1;
    let message = state.book.message(first.1);
    let body = match first.2.checked_sub(EARLIER) {
        Some(nth) => {
            let nth = usize::from(nth);
            let names = locked(&house.part_names);
            let name = names.get(&first.1).and_then(|names| names.get(nth))?;
            receipt(message, name, nth, state.now_ms)
        }
        None => receipt(message, &message.id, usize::MAX, state.now_ms),
    };
    Some((Job::Receipt(first.1, first.2), body))
}

/// An answer to a delivery.
pub(super) fn confirmed(house: &House, session: u64, sequence: u32, status: u32) {
    let Some(job) = locked(&house.unconfirmed).remove(&(session, sequence)) else {
        return;
    };
    if status != 0 {
        again(house, job);
        return;
    }
    let mut state = house.desk.state();
    state.pushes.acknowledged += 1;
    state.pushes.reports_acknowledged += u64::from(matches!(job, Job::Receipt(..)));
    drop(state);
    house.desk.woken.notify_waiters();
}

/// A session has ended: what it did not confirm comes again with another.
pub(super) fn ended(house: &House, session: u64) {
    locked(&house.receivers).remove(&session);
    let jobs: Vec<Job> = locked(&house.unconfirmed)
        .extract_if(|(of, _), _| *of == session)
        .map(|(_, job)| job)
        .collect();
    for job in jobs {
        again(house, job);
    }
}

/// The receipt of a message, or of its `nth` part. A script's `code` may name one
/// state a part, with commas; the last one is that of the last part.
fn receipt(message: &Message, name: &str, nth: usize, now_ms: i64) -> Vec<u8> {
    let states = message.code(now_ms, |end| match end {
        Outcome::Delivered => "DELIVRD",
        Outcome::Undelivered => "UNDELIV",
        Outcome::Expired => "EXPIRED",
        Outcome::Rejected => "REJECTD",
        Outcome::Operator | Outcome::None => "ENROUTE",
        Outcome::Unknown => "UNKNOWN",
    });
    let mut each = states.split(',');
    let state = each.clone().nth(nth).or(each.next_back());
    let state = state.unwrap_or("UNKNOWN");
    let number = match state {
        "ENROUTE" => 1,
        "DELIVRD" => 2,
        "EXPIRED" => 3,
        "DELETED" => 4,
        "UNDELIV" => 5,
        "ACCEPTD" => 6,
        "REJECTD" => 8,
        _ => 7,
    };
    let done = turkish_time(now_ms, "%y%m%d%H%M");
    let text = format!(
        "id:{} sub:001 dlvrd:001 submit date:{done} done date:{done} stat:{state} err:000 text:",
        name
    );
    let mut body = head(&message.to, &message.sender, 0x04, 0);
    body.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
    body.extend_from_slice(text.as_bytes());
    // Some gateways tell it in fields as well, some do not.
    if name.as_bytes().last().is_some_and(|b| b % 2 == 0) {
        let mut id = name.as_bytes().to_vec();
        id.push(0);
        put_tlv(&mut body, 0x001E, &id);
        put_tlv(&mut body, 0x0427, &[number]);
    }
    body
}

/// A reply, in UCS-2; a long one as `message_payload`.
fn written(reply: &Reply) -> Vec<u8> {
    let text: Vec<u8> = reply
        .text
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    let mut body = head(&reply.from, &reply.to, 0x00, 8);
    match u8::try_from(text.len()) {
        Ok(length) if length <= 140 => {
            body.push(length);
            body.extend_from_slice(&text);
        }
        _ => {
            body.push(0);
            put_tlv(&mut body, 0x0424, &text);
        }
    }
    body
}

fn head(from: &str, to: &str, esm_class: u8, coding: u8) -> Vec<u8> {
    let mut body = vec![0, 1, 1];
    put_text(&mut body, from);
    body.extend_from_slice(&[5, 0]);
    put_text(&mut body, to);
    body.extend_from_slice(&[esm_class, 0, 0, 0, 0, 0, 0, coding, 0]);
    body
}
