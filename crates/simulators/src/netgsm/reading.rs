//! What Netgsm is sent, strictly.

use serde::Deserialize;

use crate::desk::{is_turkish_mobile, is_turkish_sender, turkish_ms};

/// Messages in one request. The service publishes no figure; a client must not
/// rely on more.
const MESSAGES_MAX: usize = 1_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Send {
    pub(super) msgheader: String,
    pub(super) messages: Vec<Text>,
    pub(super) encoding: Option<String>,
    startdate: Option<String>,
    stopdate: Option<String>,
    pub(super) iysfilter: Option<String>,
    #[serde(rename = "partnercode")]
    _partner_code: Option<String>,
    #[serde(rename = "appname")]
    _app_name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    pub(super) msg: String,
    pub(super) no: String,
}

impl Send {
    /// The code the request is refused with, if it is.
    pub(super) fn problem(&self) -> Option<&'static str> {
        let is_moment = |text: &Option<String>| {
            text.as_deref().is_none_or(|text| {
                text.is_empty() || (text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()))
            })
        };
        let filter = self.iysfilter.as_deref();
        if self.messages.is_empty()
            || self.messages.len() > MESSAGES_MAX
            || self.messages.iter().any(|m| !is_turkish_mobile(&m.no))
            || self.encoding.as_deref().is_some_and(|word| word != "TR")
            || !matches!(filter, None | Some("0" | "11" | "12"))
            || !is_moment(&self.startdate)
            || !is_moment(&self.stopdate)
        {
            return Some("70");
        }
        if !is_turkish_sender(&self.msgheader) {
            return Some("40");
        }
        if self.messages.iter().any(|m| m.msg.trim().is_empty()) {
            return Some("20");
        }
        None
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Report {
    #[serde(default)]
    pub(super) jobids: Vec<String>,
    startdate: Option<String>,
    stopdate: Option<String>,
    #[serde(default)]
    pub(super) pagenumber: usize,
    #[serde(default = "page_max")]
    pub(super) pagesize: usize,
}

impl Report {
    /// The time asked about, if one is and can be read.
    pub(super) fn period(&self) -> Option<(i64, i64)> {
        let read = |text: &Option<String>| turkish_ms(text.as_deref()?, "%d.%m.%Y %H:%M:%S");
        Some((read(&self.startdate)?, read(&self.stopdate)?))
    }
}

/// Rows of one page of a report.
pub(super) const PAGE_MAX: usize = 100;

fn page_max() -> usize {
    PAGE_MAX
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Balance {
    pub(super) usercode: String,
    pub(super) password: String,
    pub(super) stip: u8,
    #[serde(rename = "appkey")]
    _app_key: Option<String>,
}
