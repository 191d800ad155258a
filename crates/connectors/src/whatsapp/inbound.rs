//! What people write and which buttons they press.

use serde_json::Value;

use super::receipts::{changes, entries, instant};
use crate::receipt::{Inbound, Inbox, UnreadablePush};
use crate::text_message::written_phone;

/// Kinds of messages in which nobody says anything.
const SILENT: [&str; 2] = ["reaction", "system"];

/// The code of a message that failed because the person stopped marketing.
pub(super) const STOPPED: u64 = 131_050;
/// What stands in a push that may hold replies; pushes of statuses are the bulk.
const MARKS: [&[u8]; 4] = [
    b"\"messages\":[",
    b"\"messages\": [",
    b"\"user_preferences\"",
    b"131050",
];

pub(super) fn may_hold_replies(body: &[u8]) -> bool {
    MARKS
        .iter()
        .any(|mark| body.windows(mark.len()).any(|window| window == *mark))
}

pub(super) fn read(body: &[u8]) -> Result<Inbox, UnreadablePush> {
    let mut inbox = Inbox::default();
    for change in changes(body)? {
        let to = word(&change.value["metadata"]["display_phone_number"]).unwrap_or_default();
        let written = entries(&change, "messages")
            .into_iter()
            .filter(|message| !SILENT.contains(&message["type"].as_str().unwrap_or_default()))
            .map(|message| written(&message, &to));
        // The person pressed "stop" in WhatsApp itself; the word is a refusal by itself.
        let pressed = entries(&change, "user_preferences")
            .into_iter()
            .filter(|_| change.field == "user_preferences")
            .map(|preference| pressed(&preference, &to));
        // Meta says it once more with a message that came too late.
        let stopped = entries(&change, "statuses")
            .into_iter()
            .filter(|status| status["errors"][0]["code"] == STOPPED)
            .map(|status| stopped(&status, &to));
        for reply in written.chain(pressed).chain(stopped) {
            match reply {
                Some(reply) => inbox.replies.push(reply),
                None => inbox.unreadable += 1,
            }
        }
    }
    Ok(inbox)
}

fn word(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(text).filter(|text| !text.is_empty())
}

fn written(message: &Value, to: &str) -> Option<Inbound> {
    let kind = message["type"].as_str().unwrap_or_default();
    let said = match kind {
        "text" => word(&message["text"]["body"]),
        // What the button means, not how it is labelled: the payload is ours.
        "button" => {
            word(&message["button"]["payload"]).or_else(|| word(&message["button"]["text"]))
        }
        "interactive" => {
            let pressed = &message["interactive"]["button_reply"];
            word(&pressed["id"]).or_else(|| word(&pressed["title"]))
        }
        _ => word(&message[kind]["caption"]),
    };
    Some(Inbound {
        provider_id: word(&message["id"]),
        from: written_phone(message["from"].as_str()?)?,
        to: to.to_owned(),
        text: said.unwrap_or_else(|| format!("[{kind}]")),
        received_at: word(&message["timestamp"]).as_deref().and_then(instant),
    })
}

fn pressed(preference: &Value, to: &str) -> Option<Inbound> {
    Some(Inbound {
        provider_id: None,
        from: written_phone(preference["wa_id"].as_str()?)?,
        to: to.to_owned(),
        text: word(&preference["value"])?,
        received_at: word(&preference["timestamp"]).as_deref().and_then(instant),
    })
}

fn stopped(status: &Value, to: &str) -> Option<Inbound> {
    Some(Inbound {
        provider_id: word(&status["id"]),
        from: written_phone(status["recipient_id"].as_str()?)?,
        to: to.to_owned(),
        text: "stop".to_owned(),
        received_at: word(&status["timestamp"]).as_deref().and_then(instant),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn push(field: &str, value: &Value) -> Vec<u8> {
        let push = json!({ "object": "whatsapp_business_account",
            "entry": [{ "id": "1", "changes": [{ "field": field, "value": value }] }] });
        push.to_string().into_bytes()
    }

    #[test]
    fn a_button_a_word_and_the_stop_of_whatsapp_are_all_heard() {
        let messages = json!({
            "metadata": { "display_phone_number": "908501234567", "phone_number_id": "1" },
            "messages": [
                { "id": "wamid.1", "from": "905321234567", "timestamp": "1767225600", "type": "text", "text": { "body": "Dur" } },
                { "id": "wamid.2", "from": "905321234567", "timestamp": "1767225600", "type": "button",
                  "button": { "payload": "RET", "text": "Mesaj almak istemiyorum" } },
                { "id": "wamid.3", "from": "905321234567", "timestamp": "1767225600", "type": "image", "image": { "id": "9" } },
                { "id": "wamid.4", "from": "905321234567", "type": "reaction", "reaction": { "emoji": "👍" } },
                { "id": "wamid.5", "user_id": "TR.1", "type": "text", "text": { "body": "RET" } },
            ],
        });
        let body = push("messages", &messages);
        assert!(may_hold_replies(&body));
        let inbox = read(&body).unwrap();
        let said: Vec<&str> = inbox
            .replies
            .iter()
            .map(|reply| reply.text.as_str())
            .collect();
        assert_eq!(said, ["Dur", "RET", "[image]"]);
        assert_eq!(inbox.unreadable, 1, "nobody whose number is known");
        let stop = json!({
            "metadata": { "display_phone_number": "908501234567" },
            "user_preferences": [{ "wa_id": "905321234567", "category": "marketing_messages", "value": "stop", "timestamp": 1_767_225_600 }],
        });
        let body = push("user_preferences", &stop);
        assert!(may_hold_replies(&body));
        let inbox = read(&body).unwrap();
        assert_eq!(inbox.replies[0].text, "stop");
        assert_eq!(
            inbox.replies[0].received_at,
            Some("2026-01-01T00:00:00Z".parse().unwrap())
        );
        let late = json!({ "statuses": [{ "id": "wamid.7", "status": "failed", "recipient_id": "905321234567",
            "timestamp": "1767225600", "errors": [{ "code": 131_050 }] }] });
        let body = push("messages", &late);
        assert!(may_hold_replies(&body));
        assert_eq!(read(&body).unwrap().replies[0].text, "stop");
        let statuses = push("messages", &json!({ "statuses": [{ "id": "wamid.1" }] }));
        assert!(!may_hold_replies(&statuses));
        assert_eq!(read(&statuses).unwrap(), Inbox::default());
    }
}
