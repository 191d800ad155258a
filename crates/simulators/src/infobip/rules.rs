//! What a send request must hold beyond its form, and what it says.

use jiff::Timestamp;
use jiff::ToSpan;

use super::problem::Violation;
use super::request::{
    DeliveryTimeWindow, HourMinute, Language, LanguageCode, Message, Schedule, SendRequest,
    Transliteration, Webhooks,
};

/// Destinations in one request. The service publishes no figure; a client must
/// not rely on more.
pub(crate) const DESTINATIONS_MAX: usize = 1_000;
/// A bulk can be scheduled this far ahead.
const SCHEDULE_DAYS_MAX: i64 = 180;

impl SendRequest<'_> {
    /// The rules that span fields. An empty list means the request is taken.
    pub(crate) fn violations(&self, now: Timestamp) -> Vec<Violation> {
        let mut found = Vec::new();
        let destinations: usize = self.messages.iter().map(|one| one.destinations.len()).sum();
        if self.messages.is_empty() {
            found.push(Violation::new("messages", "must not be empty"));
        }
        if destinations > DESTINATIONS_MAX {
            let why = format!("must not hold more than {DESTINATIONS_MAX} destinations in all");
            found.push(Violation::new("messages", why));
        }
        let mut sound_url: Option<&str> = None;
        for (at, message) in self.messages.iter().enumerate() {
            let mut say = |field: &str, why: &str| {
                found.push(Violation::new(format!("messages[{at}].{field}"), why));
            };
            message.judge(&mut say);
            let url = message.webhooks.as_ref().and_then(Webhooks::url);
            if url != sound_url && url.is_some_and(|url| !is_web_url(url)) {
                say("webhooks.delivery.url", "must be an http or https URL");
            } else {
                sound_url = url;
            }
        }
        if let Some(violation) = self.schedule_violation(now) {
            found.push(violation);
        }
        found
    }

    pub(crate) fn bulk_id(&self) -> Option<&str> {
        self.schedule()?.bulk_id.as_deref()
    }

    /// When the bulk is to be sent, if later than now.
    pub(crate) fn send_at(&self) -> Option<Timestamp> {
        read_instant(self.schedule()?.send_at.as_deref()?)
    }

    pub(crate) fn wants_parts(&self) -> bool {
        self.options
            .as_ref()
            .and_then(|options| options.include_sms_count_in_response)
            .unwrap_or_default()
    }

    fn schedule(&self) -> Option<&Schedule<'_>> {
        self.options.as_ref()?.schedule.as_ref()
    }

    fn schedule_violation(&self, now: Timestamp) -> Option<Violation> {
        let text = self.schedule()?.send_at.as_deref()?;
        let violation = |why: &str| Some(Violation::new("options.schedule.sendAt", why));
        let Some(at) = read_instant(text) else {
            return violation("must have the form yyyy-MM-dd'T'HH:mm:ss.SSSZ");
        };
        let latest = now.checked_add((SCHEDULE_DAYS_MAX * 24).hours()).ok()?;
        if at > latest {
            return violation("must be within 180 days");
        }
        None
    }
}

impl Message<'_> {
    fn judge(&self, say: &mut impl FnMut(&str, &str)) {
        if self.destinations.is_empty() {
            say("destinations", "must not be empty");
        }
        match (&self.content.text, &self.content.hex) {
            (None, None) => say("content.text", "must not be null"),
            (Some(_), Some(_)) => say("content", "must be either text or binary"),
            (Some(text), None) if text.is_empty() => say("content.text", "must not be empty"),
            (None, Some(hex)) if !is_hex(hex) => say("content.hex", "must be hexadecimal"),
            _ => {}
        }
        let content_type = self
            .webhooks
            .as_ref()
            .and_then(|w| w.content_type.as_deref());
        if content_type.is_some_and(|word| word != "application/json") {
            say(
                "webhooks.contentType",
                "must be application/json; this simulator pushes no XML",
            );
        }
        let window = self
            .options
            .as_ref()
            .and_then(|o| o.delivery_time_window.as_ref());
        if let Some(why) = window.and_then(DeliveryTimeWindow::violation) {
            say("options.deliveryTimeWindow", why);
        }
    }

    /// Whether the Turkish table is named for the text.
    pub(crate) fn speaks_turkish(&self) -> bool {
        Language::is_turkish(self.content.language.as_ref().and_then(|l| l.code))
    }

    pub(crate) fn is_transliterated(&self) -> bool {
        matches!(
            self.content.transliteration,
            Some(Transliteration::Turkish | Transliteration::All | Transliteration::NonUnicode)
        )
    }

    /// Text, or the binary content as hexadecimal.
    pub(crate) fn body(&self) -> &str {
        let content = &self.content;
        content
            .text
            .as_deref()
            .or(content.hex.as_deref())
            .unwrap_or_default()
    }
}

impl Language {
    /// Whether the code lets the service use the Turkish table.
    pub(crate) fn is_turkish(code: Option<LanguageCode>) -> bool {
        matches!(code, Some(LanguageCode::Turkish | LanguageCode::Detect))
    }
}

impl Webhooks<'_> {
    pub(crate) fn url(&self) -> Option<&str> {
        self.delivery.as_ref()?.url.as_deref()
    }
}

impl DeliveryTimeWindow {
    fn violation(&self) -> Option<&'static str> {
        if self.days.is_empty() {
            return Some("must name at least one day");
        }
        let minute = |at: HourMinute| at.hour.0 * 60 + at.minute.0;
        match (self.from, self.to) {
            (None, None) => None,
            (Some(from), Some(to)) if minute(to) - minute(from) >= 60 => None,
            (Some(_), Some(_)) => Some("must be at least one hour long"),
            _ => Some("must have both from and to, or neither"),
        }
    }
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.len().is_multiple_of(2) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_web_url(text: &str) -> bool {
    reqwest::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// `2026-09-01T09:00:00.000+0300`: milliseconds and an offset without a colon.
fn read_instant(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let shaped = bytes.len() == 28 && bytes[19] == b'.' && matches!(bytes[23], b'+' | b'-');
    if !shaped {
        return None;
    }
    Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text).ok()
}
