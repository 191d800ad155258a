//! What an SMPP account needs to know.

use std::time::Duration;

use domain::Channel;
use domain::lettering::Lettering;
use domain::segments::{Profile, Reference};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::statuses::{self, OwnStatus};
use super::tlv::{self, Tlv};
use crate::capabilities::{Alphabet, Capabilities, Inbounding, Receiving, Resolve};
use crate::catalogue::{ConfigError, Field, FieldForm, KindInfo};
use crate::fields;
use crate::form::FormReader;

/// Longest texts that a bind carries (SMPP 3.4, 5.2).
const SYSTEM_ID_MAX: usize = 15;
const PASSWORD_MAX: usize = 8;
const SYSTEM_TYPE_MAX: usize = 12;
/// Two weeks: what a relative time can say with days alone.
const VALIDITY_MINUTES_MAX: u32 = 14 * 24 * 60;

pub(crate) const KIND: KindInfo = KindInfo {
    kind: "smpp",
    title_tr: "SMPP 3.4 (SMS)",
    title_en: "SMPP 3.4 (SMS)",
    channels: &[Channel::Mesaj],
    fields: &[
        fields::required(
            "base_url",
            FieldForm::Text,
            "SMSC adresi",
            "Address of the gateway",
            "smpps://smsc.ornek.com:3550 (TLS) ya da smpp://10.1.2.3:2775 (şifresiz; yalnız operatörle aranızdaki VPN üzerinden kullanın, parola açık gider).",
            "smpps://smsc.example.com:3550 (TLS) or smpp://10.1.2.3:2775 (not encrypted; only over the VPN to the operator, the password goes in the clear).",
        ),
        fields::required(
            "system_id",
            FieldForm::Text,
            "system_id",
            "system_id",
            "Operatörün verdiği kullanıcı adı; en çok 15 karakter.",
            "The user name from the operator; at most 15 characters.",
        ),
        fields::required(
            "password",
            FieldForm::Secret,
            "Parola",
            "Password",
            "Aynı hesabın parolası; SMPP'de en çok 8 karakterdir.",
            "The password of the same account; at most 8 characters in SMPP.",
        ),
        fields::optional(
            "system_type",
            FieldForm::Text,
            "system_type",
            "system_type",
            "Operatör bir değer verdiyse yazın; çoğunlukla boştur.",
            "If the operator gave you a value; mostly empty.",
        ),
        choice(
            "bind",
            "transceiver",
            "Oturum biçimi",
            "Kind of session",
            "transceiver: tek oturum; pair: gönderim ve alım için iki ayrı oturum (operatör isterse).",
            "transceiver: one session; pair: one for sending and one for receiving (if the operator wants it so).",
        ),
        choice(
            "turkish",
            "locking",
            "Türkçe harfler",
            "Turkish letters",
            "locking: Türkçe tablo, harf başına bir birim; single: harf başına iki birim; none: Türkçe harf içeren metin UCS-2 gider. Operatörün desteklediğini yazın.",
            "locking: the Turkish table, one unit a letter; single: two units a letter; none: a text with Turkish letters goes as UCS-2. Write what the operator supports.",
        ),
        choice(
            "concatenation",
            "udh",
            "Uzun metinler",
            "Long texts",
            "udh: başlıkla birleştirilir (en yaygını); sar: isteğe bağlı alanlarla; payload: tek iletide message_payload ile.",
            "udh: joined by headers (the usual way); sar: by optional fields; payload: in one message as message_payload.",
        ),
        choice(
            "reference_bits",
            "8",
            "Birleştirme numarası (bit)",
            "Bits of the joining number",
            "Başlıkla birleştirilen uzun metinlerde bölümlerin ortak numarası. 8: Türkiye'de kullanılan, bölümde 153 harf (Türkçe 149, UCS-2 67); 16: operatör isterse, bölümde 152 harf (Türkçe 148, UCS-2 66).",
            "The number that the parts of a long text share when they are joined by headers. 8: as is usual in Turkey, 153 letters a part (149 Turkish, 67 in UCS-2); 16: if the operator wants it so, 152 letters a part (148 Turkish, 66 in UCS-2).",
        ),
        choice(
            "part_receipts",
            "all",
            "Uzun metinlerin raporu",
            "Receipts of long texts",
            "all: her bölüm için rapor istenir, bölümlerin hepsi iletildiğinde metin iletilmiş sayılır; last: yalnız son bölüm için istenir (operatör uzun metne tek rapor veriyorsa).",
            "all: a receipt is asked for with every part, and the text counts as delivered when all parts are; last: with the last part only (if the operator gives one receipt for a long text).",
        ),
        choice(
            "receipt_ids",
            "as_is",
            "Raporlardaki ileti numaraları",
            "Message numbers in receipts",
            "as_is: gönderimdekiyle aynı; dec_to_hex: raporda ondalık, gönderimde onaltılık; hex_to_dec: tersi. Raporlar eşleşmiyorsa değiştirin.",
            "as_is: the same as when sending; dec_to_hex: decimal in receipts, hexadecimal when sending; hex_to_dec: the other way round. Change it if receipts find no message.",
        ),
        fields::optional(
            "tlvs",
            FieldForm::Lines,
            "Ek alanlar (İYS)",
            "Optional fields (İYS)",
            "Operatörün sözleşmede istediği isteğe bağlı alanlar, noktalı virgülle ya da satırlarla ayrılmış: 0x1401 text {{brand_code}}. Değerde {{brand_code}}, {{recipient_kind}} (BIREYSEL/TACIR) ve {{ground}} (TICARI/BILGI) kullanılabilir; ilk ikisini ananlar yalnız ticari iletilere eklenir. Türler: text, cstring, u8, u16.",
            "Optional fields that the operator's contract asks for, separated by semicolons or lines: 0x1401 text {{brand_code}}. The value may name {{brand_code}}, {{recipient_kind}} (BIREYSEL/TACIR) and {{ground}} (TICARI/BILGI); those with one of the first two go along with commercial messages only. Types: text, cstring, u8, u16.",
        ),
        fields::optional(
            "statuses",
            FieldForm::Lines,
            "Operatörün kendi durum kodları",
            "The operator's own status codes",
            "Standartta olmayan ya da başka anlamda kullanılan command_status değerleri, noktalı virgülle ya da satırlarla ayrılmış: 0x88 T hız sınırı; 0x410 P numara kapalı. T bekle ve yeniden dene, P bu alıcıya gitmez, S başlık sorunu, A hesap sorunu, R istek hatalı.",
            "Values of command_status that are not in the standard, or mean something else here, separated by semicolons or lines: 0x88 T speed limit; 0x410 P number closed. T wait and try again, P not to this person, S a matter of the sender, A of the account, R a faulty request.",
        ),
        fields::optional(
            "ca_pem",
            FieldForm::Lines,
            "Ek kök sertifika",
            "Additional root certificate",
            "Yalnız SMSC kurum içi bir sertifika kullanıyorsa, PEM biçiminde.",
            "In PEM, only if the gateway uses a certificate of its own organisation.",
        ),
        Field {
            name: "window",
            label_tr: "Yanıtsız ileti sayısı (pencere)",
            label_en: "Messages without an answer (window)",
            help_tr: "Operatör bir oturumda yanıt beklemeden kaç ileti kabul ediyorsa.",
            help_en: "As many as the operator takes on one session before it answers.",
            form: FieldForm::Number { min: 1, max: 1_000 },
            is_required: false,
            default: Some("10"),
        },
        fields::requests_per_second("20"),
        fields::TIMEOUT,
        fields::OPERATOR_SUFFIX,
        fields::LETTERING,
        fields::ROUTE_COUNTRY,
    ],
};

const fn choice(
    name: &'static str,
    default: &'static str,
    label_tr: &'static str,
    label_en: &'static str,
    help_tr: &'static str,
    help_en: &'static str,
) -> Field {
    Field {
        name,
        label_tr,
        label_en,
        help_tr,
        help_en,
        form: FieldForm::Text,
        is_required: false,
        default: Some(default),
    }
}

/// How the parts of a long text are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joining {
    Udh,
    Sar,
    Payload,
}

/// How the names of messages differ between answers and receipts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ids {
    AsIs,
    DecToHex,
    HexToDec,
}

impl Ids {
    /// The name of an answer, in the one form that is kept.
    pub(super) fn sent(self, id: &str) -> String {
        match self {
            Self::AsIs => id.to_owned(),
            Self::DecToHex | Self::HexToDec => {
                let plain = id.trim_start_matches('0').to_ascii_lowercase();
                if plain.is_empty() {
                    "0".to_owned()
                } else {
                    plain
                }
            }
        }
    }

    /// The name of a receipt in the same form.
    pub(super) fn told(self, id: &str) -> String {
        let number = match self {
            Self::AsIs => None,
            Self::DecToHex => id.parse::<u128>().ok().map(|n| format!("{n:x}")),
            Self::HexToDec => u128::from_str_radix(id, 16).ok().map(|n| n.to_string()),
        };
        number.unwrap_or_else(|| self.sent(id))
    }
}

/// A checked configuration.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) is_encrypted: bool,
    pub(super) system_id: String,
    pub(super) password: SecretString,
    pub(super) system_type: String,
    pub(super) has_pair: bool,
    pub(super) profile: Profile,
    pub(super) joining: Joining,
    reference: Reference,
    pub(super) ids: Ids,
    /// Whether every part of a text asks for a receipt, or the last one only.
    pub(super) asks_for_every_part: bool,
    pub(super) statuses: Vec<OwnStatus>,
    pub(super) tlvs: Vec<Tlv>,
    pub(super) ca_pem: Option<String>,
    pub(super) window: usize,
    requests_per_second: u32,
    pub(super) timeout: Duration,
    operator_suffix_units: u32,
    lettering: Lettering,
    route_country: String,
}

impl Config {
    pub(crate) fn read(config: &Value) -> Result<Self, ConfigError> {
        let mut form = FormReader::new(KIND.fields, config);
        let server = server(&mut form);
        let system_id = short(&mut form, "system_id", SYSTEM_ID_MAX);
        let password = form.secret("password");
        if password
            .as_ref()
            .is_some_and(|password| password.expose_secret().len() > PASSWORD_MAX)
        {
            too_long(&mut form, "password", PASSWORD_MAX);
        }
        let system_type = short(&mut form, "system_type", SYSTEM_TYPE_MAX);
        let has_pair = one_of(&mut form, "bind", &[("transceiver", false), ("pair", true)]);
        let profile = one_of(
            &mut form,
            "turkish",
            &[
                ("locking", Profile::TrLock),
                ("single", Profile::TrSingle),
                ("none", Profile::Plain),
            ],
        );
        let joining = one_of(
            &mut form,
            "concatenation",
            &[
                ("udh", Joining::Udh),
                ("sar", Joining::Sar),
                ("payload", Joining::Payload),
            ],
        );
        let reference = one_of(
            &mut form,
            "reference_bits",
            &[("8", Reference::Eight), ("16", Reference::Sixteen)],
        );
        let ids = one_of(
            &mut form,
            "receipt_ids",
            &[
                ("as_is", Ids::AsIs),
                ("dec_to_hex", Ids::DecToHex),
                ("hex_to_dec", Ids::HexToDec),
            ],
        );
        let asks_for_every_part = one_of(
            &mut form,
            "part_receipts",
            &[("all", true), ("last", false)],
        );
        let statuses = statuses::read(&mut form);
        let tlvs = tlv::read(&mut form);
        let ca_pem = form.text("ca_pem");
        if ca_pem
            .as_deref()
            .is_some_and(|pem| crate::smtp::der(pem).is_none())
        {
            form.problem(
                "ca_pem",
                "PEM biçiminde bir sertifika olmalı.",
                "It must be a certificate in PEM.",
            );
        }
        let window = form.number("window");
        let requests_per_second = form.number("requests_per_second");
        let timeout_seconds = form.number("timeout_seconds");
        let operator_suffix_units = form.number("operator_suffix_units");
        let lettering = fields::lettering(&mut form);
        let route_country = form.country("route_country");
        let config = (|| {
            let (host, port, is_encrypted) = server?;
            Some(Self {
                host,
                port,
                is_encrypted,
                system_id: system_id?,
                password: password?,
                system_type: system_type.unwrap_or_default(),
                has_pair: has_pair?,
                profile: profile?,
                joining: joining?,
                reference: reference?,
                ids: ids?,
                asks_for_every_part: asks_for_every_part?,
                statuses,
                tlvs,
                ca_pem,
                window: usize::try_from(window?).unwrap_or(1),
                requests_per_second: requests_per_second?,
                timeout: Duration::from_secs(u64::from(timeout_seconds?)),
                operator_suffix_units: operator_suffix_units?,
                lettering: lettering?,
                route_country: route_country?,
            })
        })();
        form.finish(config)
    }

    /// How the parts of a longer text are joined; the gateway joins those that
    /// it cuts itself, as is usual.
    pub(super) fn reference(&self) -> Reference {
        match self.joining {
            Joining::Udh => self.reference,
            Joining::Sar | Joining::Payload => Reference::Eight,
        }
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        Capabilities {
            channels: &[Channel::Mesaj],
            batch_recipients_max: 1,
            request_bytes_max: 64 * 1024,
            is_personalised: true,
            resolve: Resolve::Neither,
            segments: self.profile,
            alphabet: Alphabet::OfText,
            suffix_units: self.operator_suffix_units,
            reference: self.reference(),
            lettering: self.lettering,
            has_iys_flags: self.tlvs.iter().any(Tlv::is_about_consent),
            // They come over the session: see `Connector::hear`.
            receipts: Receiving {
                by_push: false,
                by_pull: None,
            },
            inbound: Inbounding::default(),
            has_senders: false,
            commercial_to_turkey: true,
            has_mms: false,
            has_tckn: false,
            in_fail_over: true,
            has_balance: false,
            validity_minutes_max: VALIDITY_MINUTES_MAX,
            requests_per_second: self.requests_per_second,
            route_country: self.route_country.clone(),
            timeout: self.timeout,
        }
    }
}

fn server(form: &mut FormReader<'_>) -> Option<(String, u16, bool)> {
    let text = form.text("base_url")?;
    let read = place(&text);
    if read.is_none() {
        form.problem(
            "base_url",
            "smpps://sunucu:3550 ya da smpp://sunucu:2775 biçiminde olmalı.",
            "It must look like smpps://server:3550 or smpp://server:2775.",
        );
    }
    read
}

fn place(text: &str) -> Option<(String, u16, bool)> {
    let (scheme, rest) = text.split_once("://")?;
    let (is_encrypted, usual) = match scheme {
        "smpps" => (true, 3550),
        "smpp" => (false, 2775),
        _ => return None,
    };
    let rest = rest.trim_end_matches('/');
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (rest, usual),
    };
    let is_name = !host.is_empty()
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-');
    is_name.then(|| (host.to_owned(), port, is_encrypted))
}

fn short(form: &mut FormReader<'_>, name: &str, max: usize) -> Option<String> {
    let text = form.text(name)?;
    if text.len() > max || !text.is_ascii() {
        too_long(form, name, max);
    }
    Some(text)
}

fn too_long(form: &mut FormReader<'_>, name: &str, max: usize) {
    form.problem(
        name,
        &format!("SMPP'de en çok {max} ASCII karakter olabilir."),
        &format!("SMPP allows {max} ASCII characters at most."),
    );
}

fn one_of<T: Copy>(form: &mut FormReader<'_>, name: &str, choices: &[(&str, T)]) -> Option<T> {
    let text = form.text(name)?;
    let chosen = choices.iter().find(|(word, _)| *word == text);
    if chosen.is_none() {
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        let words = words.join(", ");
        form.problem(
            name,
            &format!("Şunlardan biri olmalı: {words}."),
            &format!("It must be one of {words}."),
        );
    }
    chosen.map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_protection() {
        for (text, expected) in [
            ("smpps://a.tr", Some(("a.tr", 3550, true))),
            ("smpp://10.1.2.3:2776/", Some(("10.1.2.3", 2776, false))),
            ("smpp://a b", None),
            ("https://a.tr", None),
            ("smpp://a.tr:x", None),
        ] {
            let read = place(text);
            let read = read
                .as_ref()
                .map(|(host, port, tls)| (host.as_str(), *port, *tls));
            assert_eq!(read, expected, "{text}");
        }
    }

    #[test]
    fn names_of_messages_are_the_same_in_answers_and_receipts() {
        assert_eq!(Ids::AsIs.sent("00A1"), "00A1");
        assert_eq!(Ids::AsIs.told("00A1"), "00A1");
        assert_eq!(Ids::DecToHex.sent("000000FF"), Ids::DecToHex.told("255"));
        assert_eq!(Ids::HexToDec.sent("0255"), Ids::HexToDec.told("FF"));
    }
}
