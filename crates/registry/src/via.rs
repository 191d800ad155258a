//! ViA: İYS itself asks the person, by code or link, and records the consent.
//! It is the lawful way to ask again where a consent is missing or dead.
//!
//! Errors of these calls come in forms of their own; the reader of error
//! bodies knows them. A success is `{"code": "OK", "message": …}`.

use domain::{Recipient, RecipientKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::call_error::CallError;
use crate::client::{Client, prefix};
use crate::limiter::CallKind;
use crate::read;
use crate::transport::Request;
use crate::wire::{BrandAddress, RegisteredChannel};

/// Addresses of one request for refusal links.
pub const LINKS_MAX: usize = 100;

/// How the person confirms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verification {
    /// A code by SMS, told to us.
    SmsOtp,
    /// A link by SMS.
    SmsShorturl,
    /// A code by e-mail, told to us.
    EpostaOtp,
    /// A link by e-mail.
    EpostaShorturl,
    /// A link by e-mail to a page of approval.
    EpostaApprovalurl,
}

impl Verification {
    /// Whether we send the person's code on.
    pub const fn has_code(self) -> bool {
        matches!(self, Self::SmsOtp | Self::EpostaOtp)
    }
}

/// Which law a consent is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ViaTitle {
    /// Commercial messages (law 6563).
    Etk,
    /// Personal data (law 6698).
    Kvk,
}

/// A consent the person is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ViaConsent {
    /// For which law.
    pub title: ViaTitle,
    /// For which brands.
    pub brand_codes: Vec<i64>,
    /// On which channels.
    pub types: Vec<RegisteredChannel>,
    /// In which capacity.
    pub recipient_type: RecipientKind,
}

/// A request to ask a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ViaStart {
    /// The form that was approved in the İYS panel.
    pub form_id: String,
    /// Whom.
    pub recipient: Recipient,
    /// How.
    pub verification_type: Verification,
    /// For what.
    pub consent_types: Vec<ViaConsent>,
    /// Our own number of the request.
    pub reference_id: String,
}

/// A code that the person told us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ViaCode {
    /// For which consent.
    pub title: ViaTitle,
    /// The code.
    pub otp_code: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Confirmation<'a> {
    request_id: &'a str,
    verification_type: Verification,
    consent_types: &'a [ViaCode],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LinkRequest<'a> {
    recipients: Vec<LinkRecipient<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LinkRecipient<'a> {
    recipient: &'a Recipient,
    recipient_type: RecipientKind,
}

/// How far a request has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViaState {
    /// What became of it.
    pub outcome: ViaOutcome,
    /// İYS's stage and state, as it words them.
    pub words: String,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ViaOutcome {
    /// The person has not answered yet.
    Waiting,
    /// The person agreed and İYS recorded it.
    Consented,
    /// Over without a consent: expired, or the message did not get out.
    Ended,
}

/// A refusal link of a person, for an e-mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalLink {
    /// Whose.
    pub recipient: Recipient,
    /// The link, valid for 90 days.
    pub url: String,
}

impl Client {
    /// Asks a person; İYS's number of the request. Each costs one ViA credit,
    /// so it must not be repeated blindly.
    ///
    /// # Errors
    /// [`CallError`]; H453 and H465 while the person must be left alone.
    pub async fn via_start(&self, iys_code: i64, start: &ViaStart) -> Result<String, CallError> {
        let request = Request::post(format!("/via/sps/{iys_code}/consent"), start);
        self.read(CallKind::Via, &request, read_request_id).await
    }

    /// Sends the person's code on.
    ///
    /// # Errors
    /// [`CallError`]; H1050 to H1052 for wrong and late codes.
    pub async fn via_confirm(
        &self,
        iys_code: i64,
        request_id: &str,
        verification: Verification,
        codes: &[ViaCode],
    ) -> Result<(), CallError> {
        let body = Confirmation {
            request_id,
            verification_type: verification,
            consent_types: codes,
        };
        let path = format!("/via/sps/{iys_code}/consent/confirmation");
        self.read(CallKind::Via, &Request::post(path, &body), read_ok)
            .await
    }

    /// How far a request has come.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn via_result(&self, iys_code: i64, request_id: &str) -> Result<ViaState, CallError> {
        let path = format!("/via/sps/{iys_code}/consent/request/{request_id}");
        self.read(CallKind::Via, &Request::get(path), read_state)
            .await
    }

    /// Links by which people refuse e-mails of a brand, for people with ONAY,
    /// [`LINKS_MAX`] a request. Whoever is missing in the answer has none.
    ///
    /// # Errors
    /// [`CallError`] of the first request that fails; links that came before it
    /// are lost with it, and asking again costs nothing.
    pub async fn refusal_links(
        &self,
        brand: BrandAddress,
        kind: RecipientKind,
        recipients: &[Recipient],
    ) -> Result<Vec<RefusalLink>, CallError> {
        let mut links = Vec::with_capacity(recipients.len());
        for chunk in recipients.chunks(LINKS_MAX) {
            let recipients = chunk
                .iter()
                .map(|recipient| LinkRecipient {
                    recipient,
                    recipient_type: kind,
                })
                .collect();
            let request = Request::post(
                format!("{}/via-hash-links", prefix(brand)),
                &LinkRequest { recipients },
            );
            links.extend(self.read(CallKind::Via, &request, read_links).await?);
        }
        Ok(links)
    }
}

/// The message of a success; anything else in a 200 is none.
fn message(body: &[u8]) -> Result<Value, String> {
    let mut value: Value = read::parse(body)?;
    match read::text(&value, &["code"]).as_deref() {
        Some("OK") | None => Ok(match value.get_mut("message") {
            Some(inner) => inner.take(),
            None => value,
        }),
        Some(code) => Err(format!("it says {code}")),
    }
}

fn read_request_id(body: &[u8]) -> Result<String, String> {
    let id = read::text(&message(body)?, &["requestId"]).ok_or("it has no requestId")?;
    // It becomes part of a path.
    let is_plain = id
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_plain {
        Ok(id)
    } else {
        Err(format!(
            "its requestId `{id}` is not of letters, digits and dashes"
        ))
    }
}

fn read_ok(body: &[u8]) -> Result<(), String> {
    message(body).map(|_| ())
}

fn read_state(body: &[u8]) -> Result<ViaState, String> {
    let value = message(body)?;
    let word = |key| read::text(&value, &[key]).unwrap_or_default();
    let (stage, status) = (word("stage"), word("status"));
    if stage.is_empty() && status.is_empty() {
        return Err("it has no stage".to_owned());
    }
    let outcome = match (stage.as_str(), status.as_str()) {
        ("COMPLETED", "SUCCESS") => ViaOutcome::Consented,
        (
            "SMSMAIL_OUT_FAILURE" | "LINK_CLICK_TIMEOUT" | "SHORT_URL_EXPIRED" | "OTP_CODE_EXPIRED",
            _,
        )
        | (_, "SYSTEM_FAILURE" | "FAILURE") => ViaOutcome::Ended,
        // Only a completed success is a consent.
        _ => ViaOutcome::Waiting,
    };
    Ok(ViaState {
        outcome,
        words: format!("{stage}/{status}"),
    })
}

/// Rows that carry an error instead of a link (H568) are passed over.
fn read_links(body: &[u8]) -> Result<Vec<RefusalLink>, String> {
    let value: Value = read::parse(body)?;
    let rows = value
        .as_array()
        .or_else(|| value.get("list")?.as_array())
        .ok_or("it holds no list of links")?;
    let link = |row: &Value| {
        Some(RefusalLink {
            recipient: read::recipient(&read::text(row, &["recipient"])?)?,
            url: read::text(row, &["url"])?,
        })
    };
    Ok(rows.iter().filter_map(link).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_sent_in_the_words_of_the_document() {
        let start = ViaStart {
            form_id: "f-1".into(),
            recipient: Recipient::from_normalised("+905321234567").unwrap(),
            verification_type: Verification::EpostaApprovalurl,
            consent_types: vec![ViaConsent {
                title: ViaTitle::Etk,
                brand_codes: vec![7],
                types: vec![RegisteredChannel::MESAJ],
                recipient_type: RecipientKind::Bireysel,
            }],
            reference_id: "r".into(),
        };
        assert_eq!(
            serde_json::to_string(&start).unwrap(),
            r#"{"formId":"f-1","recipient":"+905321234567","verificationType":"EPOSTA_APPROVALURL","consentTypes":[{"title":"ETK","brandCodes":[7],"types":["MESAJ"],"recipientType":"BIREYSEL"}],"referenceId":"r"}"#
        );
    }

    #[test]
    fn only_a_completed_success_is_a_consent() {
        for (stage, status, outcome) in [
            ("COMPLETED", "SUCCESS", ViaOutcome::Consented),
            ("CONSENT_REQUESTED", "PENDING", ViaOutcome::Waiting),
            ("START", "SUCCESS", ViaOutcome::Waiting),
            ("ENQUEUE", "SYSTEM_FAILURE", ViaOutcome::Ended),
            ("OTP_CODE_EXPIRED", "", ViaOutcome::Ended),
            ("YENI", "SUCCESS", ViaOutcome::Waiting),
        ] {
            let body =
                format!(r#"{{"code":"OK","message":{{"stage":"{stage}","status":"{status}"}}}}"#);
            assert_eq!(
                read_state(body.as_bytes()).unwrap().outcome,
                outcome,
                "{stage}"
            );
        }
        assert!(read_state(br#"{"code":"H1005","message":"yok"}"#).is_err());
    }

    #[test]
    fn a_link_is_read_and_an_error_in_its_place_is_no_link() {
        let body = r#"[{"url":"https://iys.example/r/1","recipient":"ali@ornek.com.tr"},
            {"recipient":"veli@ornek.com.tr","code":"H568","message":"ONAY değil"}]"#;
        assert_eq!(read_links(body.as_bytes()).unwrap().len(), 1);
        assert!(read_request_id(br#"{"code":"OK","message":{"requestId":"../x"}}"#).is_err());
    }
}
