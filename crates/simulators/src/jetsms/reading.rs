//! What JetSMS is sent, strictly.

use serde::Deserialize;

use crate::desk::is_turkish_sender;

/// Messages in one request. The service publishes no figure; a client must not
/// rely on more.
const MESSAGES_MAX: usize = 1_000;
/// Ids in one report query.
pub(super) const IDS_MAX: usize = 100;

/// Fields that this stand-in checks for their type and does nothing with.
macro_rules! passed_over {
    ($(#[$meta:meta])* $name:ident { $($field:ident: $type:ty),* $(,)? } and { $($unused:ident),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            $(pub(super) $field: $type,)*
            $(#[expect(dead_code, reason = "checked for its type only")] $unused: Option<String>,)*
        }
    };
}

passed_over! {
    /// `POST /api/SendSms`.
    Send {
        user: String,
        password: String,
        originator: String,
        iysfilter: Option<String>,
        iyscode: Option<String>,
        brandcode: Option<String>,
        recipienttype: Option<String>,
        startdate: Option<String>,
        expiredate: Option<String>,
        smsmessages: Vec<Text>,
    } and {
        reference, broadcastmessage, broadcastmessageparametric, exclusionstarttime,
        exclusionexpiretime, channel, blacklistfilter, domesticfilter, forceenglish, retailercode,
        state, origpid, totalcount, sequence, multipart, multichanneltype, simcheckinday,
        mnpcheckinday, bwfilter, x, realtime,
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    pub(super) messagetext: String,
    pub(super) recipient: String,
    #[serde(default)]
    pub(super) messageid: String,
    #[serde(rename = "messageType")]
    pub(super) message_type: Option<u8>,
}

impl Send {
    /// The code the request is refused with, if it is.
    pub(super) fn problem(&self) -> Option<&'static str> {
        if self.originator.is_empty() {
            return Some("30");
        }
        if !is_turkish_sender(&self.originator) {
            return Some("12");
        }
        if self.smsmessages.is_empty() || self.smsmessages.len() > MESSAGES_MAX {
            return Some("81");
        }
        let is_time = |text: &Option<String>| text.as_deref().is_none_or(is_time);
        if self
            .smsmessages
            .iter()
            .any(|m| m.message_type.is_some_and(|kind| kind > 5))
            || !matches!(self.iysfilter.as_deref(), None | Some("0" | "1"))
            || !is_time(&self.startdate)
            || !is_time(&self.expiredate)
        {
            return Some("80");
        }
        let asks_for_consent = self.iysfilter.as_deref() == Some("1");
        let kind = self.recipienttype.as_deref();
        if asks_for_consent && !matches!(kind, Some("BIREYSEL" | "TACIR")) {
            return Some("80");
        }
        let is_number = |code: &Option<String>| {
            code.as_deref()
                .is_some_and(|code| !code.is_empty() && code.bytes().all(|b| b.is_ascii_digit()))
        };
        if asks_for_consent && !(is_number(&self.iyscode) && is_number(&self.brandcode)) {
            return Some("62");
        }
        None
    }
}

/// Nothing, `ddMMyyyyhhmmss`, or relative: `s10`, `m15`, `h3`.
fn is_time(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_relative = text.strip_prefix(['s', 'm', 'h']).is_some_and(digits);
    text.is_empty() || is_relative || (text.len() == 14 && digits(text))
}

impl Text {
    /// The code this one is refused with, if it is.
    pub(super) fn problem(&self) -> Option<&'static str> {
        let number = self.recipient.strip_prefix("90").unwrap_or_default();
        if !crate::desk::is_turkish_mobile(number) {
            return Some("31");
        }
        if self.messagetext.is_empty() {
            return Some("38");
        }
        None
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Report {
    pub(super) user: String,
    pub(super) password: String,
    pub(super) groupid: String,
    #[serde(rename = "messageIds")]
    pub(super) message_ids: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OnlyLogin {
    pub(super) user: String,
    pub(super) password: String,
}
