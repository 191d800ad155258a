//! A delivery report (RFC 3464) about a message, as a mail server writes it.

use serde::Deserialize;

use super::Mail;

/// Which report.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Told {
    pub(super) to: String,
    /// Such as `5.1.1`.
    pub(super) status: String,
    #[serde(default = "failed")]
    pub(super) action: String,
    #[serde(default)]
    pub(super) text: String,
}

fn failed() -> String {
    "failed".to_owned()
}

pub(super) fn report(mail: &Mail, told: &Told) -> String {
    let head = mail.data.split("\r\n\r\n").next().unwrap_or_default();
    format!(
        "From: Mail Delivery System <MAILER-DAEMON@mx.simulator.test>\r\n\
         To: {from}\r\n\
         Subject: Undelivered Mail Returned to Sender\r\n\
         Auto-Submitted: auto-replied\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status;\r\n\
         \tboundary=\"sim-{id}\"\r\n\r\n\
         --sim-{id}\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n\
         The message could not be delivered to {to}.\r\n\r\n\
         --sim-{id}\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.simulator.test\r\n\r\n\
         Final-Recipient: rfc822; {to}\r\n\
         Action: {action}\r\n\
         Status: {status}\r\n\
         Diagnostic-Code: smtp; {text}\r\n\r\n\
         --sim-{id}\r\nContent-Type: text/rfc822-headers\r\n\r\n\
         {head}\r\n\r\n--sim-{id}--\r\n",
        from = mail.from,
        id = mail.id,
        to = mail.to,
        action = told.action,
        status = told.status,
        text = told.text,
    )
}
