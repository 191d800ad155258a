//! What an SMTP account needs to know.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::Channel;
use domain::lettering::Lettering;
use domain::segments::{Profile, Reference};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::bounce::Verp;
use super::dkim::Signer;
use crate::capabilities::{Alphabet, Capabilities, Inbounding, Receiving, Resolve};
use crate::catalogue::{ConfigError, Field, FieldForm, KindInfo};
use crate::fields;
use crate::form::FormReader;

const MESSAGE_BYTES_MAX: usize = 1024 * 1024;

pub(crate) const KIND: KindInfo = KindInfo {
    kind: "smtp",
    title_tr: "SMTP (e-posta)",
    title_en: "SMTP (e-mail)",
    channels: &[Channel::Eposta],
    fields: &[
        fields::required(
            "base_url",
            FieldForm::Text,
            "Sunucu adresi",
            "Server address",
            "smtps://posta.ornek.com:465 (baştan şifreli) ya da smtp://posta.ornek.com:587 (STARTTLS ile şifrelenir; sunucu desteklemiyorsa gönderilmez).",
            "smtps://mail.example.com:465 (encrypted from the start) or smtp://mail.example.com:587 (encrypted by STARTTLS; nothing is sent if the server does not offer it).",
        ),
        fields::optional(
            "username",
            FieldForm::Text,
            "Kullanıcı adı",
            "User name",
            "Sunucu kimlik doğrulaması istemiyorsa boş bırakın.",
            "Leave empty if the server asks for none.",
        ),
        fields::optional(
            "password",
            FieldForm::Secret,
            "Parola",
            "Password",
            "Gönderim hesabının ya da uygulamanın parolası.",
            "The password of the sending account or application.",
        ),
        fields::optional(
            "bounce_address",
            FieldForm::Text,
            "Geri dönüş adresi",
            "Bounce address",
            "Teslim edilemeyen iletilerin bildirimleri buraya gelir; her ileti için artı işaretiyle ayrı bir adres türetilir (donus@ornek.com → donus+…@ornek.com). Posta sunucunuz gelenleri bu bağlayıcının iletim raporu adresine göndermelidir.",
            "Reports about undelivered mail come here; each message gets an address of its own by a plus sign (bounce@example.com → bounce+…@example.com). Your mail server must post what arrives to this connector's receipts address.",
        ),
        fields::optional(
            "reply_to",
            FieldForm::Text,
            "Yanıt adresi",
            "Reply address",
            "Alıcıların yanıtları buraya gelir; boşsa gönderene gider.",
            "Replies go here; to the sender when empty.",
        ),
        fields::optional(
            "dkim_domain",
            FieldForm::Text,
            "DKIM alan adı",
            "DKIM domain",
            "İletilerin imzalandığı alan adı; gönderen adresinin alan adıyla aynı olmalıdır.",
            "The domain that messages are signed for; the same as the sender's.",
        ),
        fields::optional(
            "dkim_selector",
            FieldForm::Text,
            "DKIM seçici",
            "DKIM selector",
            "DNS'teki kaydın adı: SEÇİCİ._domainkey.ALAN.",
            "The name of the record in DNS: SELECTOR._domainkey.DOMAIN.",
        ),
        Field {
            name: "dkim_key",
            label_tr: "DKIM gizli anahtarı",
            label_en: "DKIM private key",
            help_tr: "PEM biçiminde, RSA (en az 2048 bit) ya da Ed25519.",
            help_en: "In PEM, RSA (2048 bits at least) or Ed25519.",
            form: FieldForm::Secret,
            is_required: false,
            default: None,
        },
        fields::optional(
            "ca_pem",
            FieldForm::Lines,
            "Ek kök sertifika",
            "Additional root certificate",
            "Yalnız sunucunuz kurum içi bir sertifika kullanıyorsa, PEM biçiminde.",
            "In PEM, only if your server uses a certificate of your own organisation.",
        ),
        Field {
            name: "sessions",
            label_tr: "Aynı anda açık oturum",
            label_en: "Sessions at a time",
            help_tr: "Sunucunun izin verdiği en çok bağlantı sayısı.",
            help_en: "As many connections as the server allows.",
            form: FieldForm::Number { min: 1, max: 64 },
            is_required: false,
            default: Some("8"),
        },
        fields::requests_per_second("50"),
        fields::TIMEOUT,
    ],
};

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protection {
    /// TLS from the first byte.
    Tls,
    /// STARTTLS, or nothing is sent.
    StartTls,
    /// None: to this machine only.
    Plain,
}

/// A checked configuration.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) protection: Protection,
    pub(crate) login: Option<(String, SecretString)>,
    pub(crate) verp: Option<Verp>,
    pub(crate) reply_to: Option<String>,
    pub(crate) signer: Option<Arc<Signer>>,
    pub(crate) ca_pem: Option<String>,
    pub(crate) sessions: usize,
    pub(crate) requests_per_second: u32,
    pub(crate) timeout: Duration,
}

impl Config {
    pub(crate) fn read(config: &Value) -> Result<Self, ConfigError> {
        let mut form = FormReader::new(KIND.fields, config);
        let server = server(&mut form);
        let username = form.text("username");
        let password = form.secret("password");
        let bounce = mailbox(&mut form, "bounce_address");
        let reply_to = mailbox(&mut form, "reply_to");
        let signer = signer(&mut form);
        let ca_pem = certificate(&mut form);
        let sessions = form.number("sessions");
        let requests_per_second = form.number("requests_per_second");
        let timeout_seconds = form.number("timeout_seconds");
        if username.is_some() != password.is_some() {
            form.problem(
                if username.is_some() {
                    "password"
                } else {
                    "username"
                },
                "Kullanıcı adı ve parola birlikte verilmelidir.",
                "User name and password must be given together.",
            );
        }
        let secret = form.text("dkim_key").unwrap_or_default()
            + password.as_ref().map_or("", ExposeSecret::expose_secret);
        let config = (|| {
            let (host, port, protection) = server?;
            Some(Self {
                host,
                port,
                protection,
                login: username.zip(password),
                verp: bounce.and_then(|address| Verp::new(&address, &secret)),
                reply_to,
                signer: signer.map(Arc::new),
                ca_pem,
                sessions: usize::try_from(sessions?).unwrap_or(1),
                requests_per_second: requests_per_second?,
                timeout: Duration::from_secs(u64::from(timeout_seconds?)),
            })
        })();
        form.finish(config)
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        Capabilities {
            channels: &[Channel::Eposta],
            batch_recipients_max: 1,
            request_bytes_max: MESSAGE_BYTES_MAX,
            is_personalised: true,
            resolve: Resolve::Neither,
            segments: Profile::TrBill,
            alphabet: Alphabet::OfText,
            suffix_units: 0,
            reference: Reference::Eight,
            lettering: Lettering::AsWritten,
            has_iys_flags: false,
            receipts: Receiving {
                by_push: true,
                by_pull: None,
            },
            // Complaints and mails to the way out; see `complaint`.
            inbound: Inbounding {
                by_push: self.verp.is_some(),
                by_pull: false,
            },
            has_senders: false,
            commercial_to_turkey: true,
            has_mms: false,
            has_tckn: false,
            in_fail_over: true,
            has_balance: false,
            validity_minutes_max: 0,
            requests_per_second: self.requests_per_second,
            route_country: "TR".to_owned(),
            timeout: self.timeout,
        }
    }
}

fn server(form: &mut FormReader<'_>) -> Option<(String, u16, Protection)> {
    let text = form.text("base_url")?;
    let parsed = parsed(&text);
    if parsed.is_none() {
        form.problem(
            "base_url",
            "smtps://sunucu:465 ya da smtp://sunucu:587 biçiminde olmalı.",
            "It must look like smtps://server:465 or smtp://server:587.",
        );
    }
    parsed
}

fn parsed(text: &str) -> Option<(String, u16, Protection)> {
    let (scheme, rest) = text.split_once("://")?;
    let rest = rest.trim_end_matches('/');
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (rest, None),
    };
    let is_name = !host.is_empty()
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-');
    if !is_name {
        return None;
    }
    let is_local = matches!(host, "localhost" | "127.0.0.1");
    let (protection, usual) = match scheme {
        "smtps" => (Protection::Tls, 465),
        "smtp+starttls" => (Protection::StartTls, 587),
        "smtp" if is_local => (Protection::Plain, 25),
        "smtp" => (Protection::StartTls, 587),
        _ => return None,
    };
    Some((host.to_owned(), port.unwrap_or(usual), protection))
}

fn mailbox(form: &mut FormReader<'_>, name: &str) -> Option<String> {
    let text = form.text(name)?.to_ascii_lowercase();
    if domain::EmailAddress::from_normalised(&text).is_none() {
        form.problem(
            name,
            "ad@ornek.com biçiminde bir e-posta adresi olmalı.",
            "It must be an e-mail address such as name@example.com.",
        );
        return None;
    }
    Some(text)
}

fn signer(form: &mut FormReader<'_>) -> Option<Signer> {
    let given = ["dkim_domain", "dkim_selector", "dkim_key"].map(|name| form.text(name));
    match given {
        [Some(domain), Some(selector), Some(key)] => {
            let signer = der(&key).and_then(|der| Signer::new(domain, selector, &der));
            if signer.is_none() {
                form.problem(
                    "dkim_key",
                    "PEM biçiminde bir RSA (en az 2048 bit) ya da Ed25519 gizli anahtarı olmalı.",
                    "It must be an RSA (2048 bits at least) or Ed25519 private key in PEM.",
                );
            }
            signer
        }
        [None, None, None] => None,
        [_, _, key] => {
            form.problem(
                if key.is_none() {
                    "dkim_key"
                } else {
                    "dkim_selector"
                },
                "DKIM için alan adı, seçici ve anahtar birlikte verilmelidir.",
                "DKIM needs domain, selector and key together.",
            );
            None
        }
    }
}

fn certificate(form: &mut FormReader<'_>) -> Option<String> {
    let text = form.text("ca_pem")?;
    if der(&text).is_none() {
        form.problem(
            "ca_pem",
            "PEM biçiminde bir sertifika olmalı.",
            "It must be a certificate in PEM.",
        );
        return None;
    }
    Some(text)
}

/// The bytes between the two lines of a PEM text; line breaks may have been
/// lost on the way through a form.
pub(crate) fn der(pem: &str) -> Option<Vec<u8>> {
    let body = pem.trim().strip_prefix("-----BEGIN ")?;
    let body = body.split_once("-----")?.1.split_once("-----END")?.0;
    let text: String = body
        .replace("\\n", "")
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_reached_encrypted_unless_it_is_this_machine() {
        for (text, expected) in [
            ("smtps://a.tr", Some(("a.tr", 465, Protection::Tls))),
            ("smtp://a.tr", Some(("a.tr", 587, Protection::StartTls))),
            ("smtp://a.tr:25", Some(("a.tr", 25, Protection::StartTls))),
            (
                "smtp://127.0.0.1:2525",
                Some(("127.0.0.1", 2525, Protection::Plain)),
            ),
            (
                "smtp+starttls://localhost:1",
                Some(("localhost", 1, Protection::StartTls)),
            ),
            ("http://a.tr", None),
            ("smtp://a b.tr", None),
            ("smtp://a.tr:x", None),
            ("a.tr", None),
        ] {
            let found = parsed(text);
            let found = found
                .as_ref()
                .map(|(host, port, how)| (host.as_str(), *port, *how));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn a_key_that_lost_its_line_breaks_is_read_all_the_same() {
        let whole = "-----BEGIN X-----\nAAEC\nAwQF\n-----END X-----\n";
        for text in [
            whole.to_owned(),
            whole.replace('\n', " "),
            whole.replace('\n', "\\n"),
        ] {
            assert_eq!(der(&text), Some(vec![0, 1, 2, 3, 4, 5]), "{text}");
        }
        assert_eq!(der("AAEC"), None);
    }
}
