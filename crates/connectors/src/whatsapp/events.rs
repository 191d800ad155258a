//! What Meta tells of templates and numbers: a paused template or a number of
//! low quality stops messages before anybody looks.

use serde_json::Value;

use super::receipts::{Change, changes};
use super::template::{Category, Template};
use crate::receipt::UnreadablePush;

/// What may become of a template without anything to do for us.
const GOOD: [&str; 5] = [
    "APPROVED",
    "PENDING",
    "REINSTATED",
    "UNARCHIVED",
    "IN_APPEAL",
];

/// What people should look at, in the order it came. Templates that the account
/// does not hold are somebody else's.
pub(super) fn alerts(body: &[u8], templates: &[Template]) -> Result<Vec<String>, UnreadablePush> {
    Ok(changes(body)?
        .filter_map(|change| alert(&change, templates))
        .collect())
}

fn alert(change: &Change, templates: &[Template]) -> Option<String> {
    let value = &change.value;
    let of = |name: &str| value[name].as_str().unwrap_or_default();
    let template = || {
        let (name, language) = (of("message_template_name"), of("message_template_language"));
        templates
            .iter()
            .find(|held| held.name == name && (language.is_empty() || held.language == language))
    };
    match change.field.as_str() {
        "message_template_status_update" => {
            let event = of("event");
            if GOOD.contains(&event) {
                return None;
            }
            let template = template()?;
            Some(format!(
                "WhatsApp template {} ({}) is {event}{}: campaigns with its text are refused \
                 until Meta approves it again",
                template.name,
                template.language,
                reason(value)
            ))
        }
        "template_category_update" => {
            let template = template()?;
            let now = of("new_category");
            (now != word(template.category)).then(|| {
                format!(
                    "WhatsApp template {} ({}) was put into the category {now} by Meta: correct it \
                     in the account's templates, its ground and its price go by it",
                    template.name, template.language
                )
            })
        }
        "message_template_quality_update" if of("new_quality_score") == "RED" => {
            let template = template()?;
            Some(format!(
                "WhatsApp template {} ({}) has a low quality: Meta pauses it next",
                template.name, template.language
            ))
        }
        "phone_number_quality_update" if of("event") != "ONBOARDING" => Some(format!(
            "the quality of the WhatsApp number {} has changed: {} {}",
            of("display_phone_number"),
            of("event"),
            of("current_limit")
        )),
        _ => None,
    }
}

const fn word(category: Category) -> &'static str {
    match category {
        Category::Marketing => "MARKETING",
        Category::Utility => "UTILITY",
        Category::Authentication => "AUTHENTICATION",
    }
}

/// Meta's reason, where it gives one.
fn reason(value: &Value) -> String {
    let told = [
        &value["reason"],
        &value["rejection_info"]["reason"],
        &value["disable_info"]["reason"],
        &value["other_info"]["title"],
    ];
    told.iter()
        .filter_map(|reason| reason.as_str())
        .find(|reason| !reason.is_empty() && *reason != "NONE")
        .map_or_else(String::new, |reason| format!(" ({reason})"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::template::read_all;
    use super::*;

    fn told(field: &str, value: &Value) -> Vec<String> {
        let templates = read_all("# yaz tr MARKETING ret=0\nSayın {{1}}, indirim.\n").unwrap();
        let push = json!({ "object": "whatsapp_business_account",
            "entry": [{ "id": "1", "changes": [{ "field": field, "value": value }] }] });
        alerts(push.to_string().as_bytes(), &templates).unwrap()
    }

    fn status(event: &str, name: &str) -> Value {
        json!({ "event": event, "message_template_id": 594_425_479_261_596_u64,
            "message_template_name": name, "message_template_language": "tr", "reason": "NONE",
            "other_info": { "title": "FIRST_PAUSE" } })
    }

    #[test]
    fn a_template_that_cannot_be_sent_any_more_is_told_of_and_one_that_can_is_not() {
        let field = "message_template_status_update";
        for event in ["PAUSED", "REJECTED", "DISABLED", "FLAGGED", "DELETED"] {
            let alerts = told(field, &status(event, "yaz"));
            assert_eq!(alerts.len(), 1, "{event}");
            assert!(alerts[0].contains("yaz (tr)") && alerts[0].contains(event));
        }
        for event in GOOD {
            assert_eq!(told(field, &status(event, "yaz")).len(), 0, "{event}");
        }
        assert_eq!(told(field, &status("PAUSED", "baska")).len(), 0);
        assert_eq!(told("messages", &json!({ "statuses": [] })).len(), 0);
    }

    #[test]
    fn a_category_that_meta_changed_and_a_falling_quality_are_told_of() {
        let category = |now: &str| {
            let value = json!({ "message_template_name": "yaz", "message_template_language": "tr",
                "previous_category": "UTILITY", "new_category": now });
            told("template_category_update", &value).len()
        };
        assert_eq!((category("UTILITY"), category("MARKETING")), (1, 0));
        let quality = |score: &str| {
            let value = json!({ "message_template_name": "yaz", "message_template_language": "tr",
                "new_quality_score": score });
            told("message_template_quality_update", &value).len()
        };
        assert_eq!((quality("RED"), quality("YELLOW")), (1, 0));
        let number = json!({ "display_phone_number": "908501234567", "event": "FLAGGED",
            "current_limit": "TIER_10K" });
        let alerts = told("phone_number_quality_update", &number);
        assert!(alerts[0].contains("908501234567"), "{alerts:?}");
    }
}
