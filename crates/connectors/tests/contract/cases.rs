//! What is a provider's own in the suite: how its account is filled in, and
//! which of its codes mean what.

use connectors::{Class, ReceiptState};
use serde_json::{Value, json};
use simulators::Kind;

/// One connector with its simulator.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    pub(crate) kind: &'static str,
    pub(crate) simulator: Kind,
    /// Name and secret of the account, as the simulator checks them.
    pub(crate) login: (&'static str, &'static str),
    /// The form, filled in.
    pub(crate) config: fn() -> Value,
    /// A change to the form, and the field that must be named for it.
    pub(crate) wrong: (fn() -> Value, &'static str),
    /// Lets in nobody but the login.
    pub(crate) lock: fn() -> (&'static str, Value),
    /// Sets the balance to 1,234.50 money (or 1,234 credits).
    pub(crate) balance: fn() -> (&'static str, Value),
    pub(crate) balance_micros: i64,
    /// Whether people that are refused are named in the answer.
    pub(crate) refuses_at_once: bool,
    /// Code of a refused person or message, its class.
    pub(crate) refused: (&'static str, Class),
    /// Codes of whole requests with their class; none where refusals are HTTP only.
    pub(crate) whole: &'static [(&'static str, Class)],
    /// Codes that leave the request in doubt: the provider has it already.
    pub(crate) repeated: Option<&'static str>,
    /// Codes of messages, as a script gives them, with state.
    pub(crate) statuses: &'static [(&'static str, ReceiptState)],
    /// Whether the provider marks commercial messages and checks consent.
    pub(crate) marks_ground: bool,
    /// Whether commercial messages may go to +90.
    pub(crate) is_commercial: bool,
}

impl Case {
    /// Whether people are reached by e-mail.
    pub(crate) fn is_mail(&self) -> bool {
        matches!(self.kind, "brevo" | "smtp")
    }

    /// Which of a gateway's addresses is taken.
    pub(crate) fn way_in(&self) -> &'static str {
        if self.kind == "smpp" && (self.config)().get("ca_pem").is_some() {
            "tls_url"
        } else {
            "url"
        }
    }
}

use ReceiptState::{Delivered, Expired, Rejected, Sent, Undelivered, Unknown};

fn options_lock(user: &str, password: &str) -> (&'static str, Value) {
    let login = json!({ "user": user, "password": password });
    ("/_sim/options", json!({ "login": login }))
}

fn options_balance() -> (&'static str, Value) {
    ("/_sim/options", json!({ "balance_hundredths": 123_450 }))
}

pub(crate) const INFOBIP: Case = Case {
    kind: "infobip",
    simulator: Kind::Infobip,
    login: ("", "gizli-anahtar"),
    config: || json!({ "api_key": "gizli-anahtar" }),
    wrong: (|| json!({ "api_key": "a b" }), "api_key"),
    lock: || ("/_sim/keys", json!({ "keys": ["gizli-anahtar"] })),
    balance: || {
        let account = json!({ "balance_hundredths": 123_450, "currency": "TRY" });
        ("/_sim/balance", account)
    },
    balance_micros: 1_234_500_000,
    refuses_at_once: true,
    refused: ("18", Class::Permanent),
    whole: &[],
    repeated: None,
    statuses: &[
        ("5", Delivered),
        ("9", Undelivered),
        ("4", Undelivered),
        ("15", Expired),
        ("29", Unknown),
    ],
    marks_ground: true,
    is_commercial: true,
};

pub(crate) const ILETIMERKEZI: Case = Case {
    kind: "iletimerkezi",
    simulator: Kind::Iletimerkezi,
    login: ("anahtar-1", "gizli-hash"),
    config: || json!({ "key": "anahtar-1", "hash": "gizli-hash" }),
    wrong: (|| json!({ "recipients_max": 50_001 }), "recipients_max"),
    lock: || options_lock("anahtar-1", "gizli-hash"),
    balance: options_balance,
    balance_micros: 1_234_500_000,
    refuses_at_once: false,
    refused: ("112", Class::Permanent),
    whole: &[
        ("402", Class::Account),
        ("450", Class::Sender),
        ("452", Class::Permanent),
        ("453", Class::Request),
        ("454", Class::Permanent),
        ("460", Class::Sender),
        ("466", Class::Permanent),
        ("467", Class::Account),
        ("468", Class::Request),
        ("470", Class::Sender),
        ("499", Class::Undocumented),
    ],
    repeated: Some("451"),
    statuses: &[("110", Sent), ("111", Delivered), ("112", Undelivered)],
    marks_ground: true,
    is_commercial: true,
};

pub(crate) const JETSMS: Case = Case {
    kind: "jetsms",
    simulator: Kind::Jetsms,
    login: ("ornek", "gizli-parola"),
    config: || json!({ "username": "ornek", "password": "gizli-parola", "iys_code": 600_001 }),
    wrong: (|| json!({ "iys_code": "altı" }), "iys_code"),
    lock: || options_lock("ornek", "gizli-parola"),
    balance: options_balance,
    balance_micros: 0,
    refuses_at_once: true,
    refused: ("31", Class::Permanent),
    whole: &[
        ("10", Class::Account),
        ("11", Class::Account),
        ("12", Class::Sender),
        ("17", Class::Account),
        ("28", Class::Account),
        ("30", Class::Request),
        ("80", Class::Permanent),
        ("81", Class::Request),
        ("90", Class::Transient),
        ("99", Class::Undocumented),
    ],
    repeated: None,
    statuses: &[
        ("0", Sent),
        ("1", Delivered),
        ("2", Sent),
        ("3", Undelivered),
        ("4", Expired),
        ("6", Sent),
        ("9", Undelivered),
        ("42", Unknown),
    ],
    marks_ground: true,
    is_commercial: true,
};

pub(crate) const NETGSM: Case = Case {
    kind: "netgsm",
    simulator: Kind::Netgsm,
    login: ("8501234567", "gizli-parola"),
    config: || json!({ "username": "8501234567", "password": "gizli-parola" }),
    wrong: (|| json!({ "timeout_seconds": 0 }), "timeout_seconds"),
    lock: || options_lock("8501234567", "gizli-parola"),
    balance: options_balance,
    balance_micros: 1_234_500_000,
    refuses_at_once: false,
    refused: ("3", Class::Permanent),
    whole: &[
        ("20", Class::Permanent),
        ("30", Class::Account),
        ("40", Class::Sender),
        ("50", Class::Sender),
        ("51", Class::Sender),
        ("70", Class::Request),
        ("100", Class::Transient),
        ("999", Class::Undocumented),
    ],
    repeated: None,
    statuses: &[
        ("0", Sent),
        ("1", Delivered),
        ("2", Expired),
        ("3", Rejected),
        ("4", Undelivered),
        ("11", Undelivered),
        ("14", Rejected),
        ("16", Rejected),
        ("77", Unknown),
    ],
    marks_ground: true,
    is_commercial: true,
};

pub(crate) const TWILIO: Case = Case {
    kind: "twilio",
    simulator: Kind::Twilio,
    login: ("AC0123456789abcdef", "gizli-belirtec"),
    config: || json!({ "account_sid": "AC0123456789abcdef", "auth_token": "gizli-belirtec" }),
    wrong: (|| json!({ "account_sid": "XY12" }), "account_sid"),
    lock: || options_lock("AC0123456789abcdef", "gizli-belirtec"),
    balance: options_balance,
    balance_micros: 1_234_500_000,
    refuses_at_once: true,
    refused: ("21211", Class::Permanent),
    whole: &[
        ("21408", Class::Sender),
        ("21606", Class::Sender),
        ("21608", Class::Account),
        ("21610", Class::Permanent),
        ("21611", Class::Transient),
        ("21614", Class::Permanent),
        ("90007", Class::Request),
        ("99999", Class::Undocumented),
    ],
    repeated: None,
    statuses: &[],
    marks_ground: false,
    is_commercial: false,
};

pub(crate) const VERIMOR: Case = Case {
    kind: "verimor",
    simulator: Kind::Verimor,
    login: ("ornek", "gizli-parola"),
    config: || json!({ "username": "ornek", "password": "gizli-parola" }),
    wrong: (|| json!({ "route_country": "Türkiye" }), "route_country"),
    lock: || options_lock("ornek", "gizli-parola"),
    balance: options_balance,
    balance_micros: 1_234_000_000,
    refuses_at_once: false,
    refused: ("REJECTED", Class::Permanent),
    whole: &[
        ("INVALID_SOURCE_ADDRESS", Class::Sender),
        ("MISSING_IYS_BRAND_CODE", Class::Sender),
        ("INSUFFICIENT_CREDITS", Class::Account),
        ("FORBIDDEN_MESSAGE", Class::Permanent),
        ("INVALID_DATACODING", Class::Request),
        ("SOMETHING_NEW", Class::Undocumented),
    ],
    repeated: Some("MUKERRER_RAPORLAMA"),
    statuses: &[
        ("SENDING", Sent),
        ("WAITING", Sent),
        ("SENT", Unknown),
        ("DELIVERED", Delivered),
        ("NOT_DELIVERED", Undelivered),
        ("SEND_ERROR", Undelivered),
        ("EXPIRED", Expired),
        ("NOT_ALLOWED_BY_IYS", Rejected),
        ("BLACKLISTED_DESTINATION_ADDRESS", Rejected),
        ("YENI_BIR_DURUM", Unknown),
    ],
    marks_ground: true,
    is_commercial: true,
};

const FIGENSOFT_STATUSES: &[(&str, ReceiptState)] = &[
    ("WAITING", Sent),
    ("DELIVERED", Delivered),
    ("UNDELIVERED", Undelivered),
    ("EXPIRED", Expired),
    ("BLOCKED", Rejected),
    ("YENI", Unknown),
];

pub(crate) const FIGENSOFT: Case = Case {
    kind: "figensoft",
    simulator: Kind::Figensoft,
    login: ("ornek", "gizli-parola"),
    config: || json!({ "username": "ornek", "password": "gizli-parola" }),
    wrong: (|| json!({ "recipients_max": 1_001 }), "recipients_max"),
    lock: || options_lock("ornek", "gizli-parola"),
    balance: options_balance,
    balance_micros: 1_234_500_000,
    refuses_at_once: true,
    refused: ("5", Class::Permanent),
    whole: &[
        ("1", Class::Account),
        ("2", Class::Account),
        ("3", Class::Sender),
        ("4", Class::Request),
        ("6", Class::Permanent),
        ("7", Class::Sender),
        ("8", Class::Transient),
        ("77", Class::Undocumented),
    ],
    repeated: Some("9"),
    statuses: FIGENSOFT_STATUSES,
    marks_ground: true,
    is_commercial: true,
};

/// A description of the user's own: the one of FigenSoft, given in the form.
pub(crate) const HTTP: Case = Case {
    kind: "http",
    config: || {
        let description = include_str!("../../data/providers/figensoft.toml");
        json!({ "description": description, "username": "ornek", "password": "gizli-parola" })
    },
    wrong: (|| json!({ "description": "numbers = 5" }), "description"),
    ..FIGENSOFT
};

pub(crate) const MOBILDEV: Case = Case {
    kind: "mobildev",
    simulator: Kind::Mobildev,
    login: ("ornek", "gizli<parola"),
    config: || json!({ "username": "ornek", "password": "gizli<parola", "code": "4321" }),
    wrong: (|| json!({ "route_country": "Türkiye" }), "route_country"),
    lock: || options_lock("ornek", "gizli<parola"),
    balance: options_balance,
    balance_micros: 1_234_000_000,
    refuses_at_once: false,
    refused: ("2", Class::Permanent),
    whole: &[
        ("01", Class::Account),
        ("02", Class::Account),
        ("03", Class::Request),
        ("06", Class::Sender),
        ("09", Class::Request),
        ("10", Class::Transient),
        ("11", Class::Undocumented),
        ("12", Class::Permanent),
        ("13", Class::Permanent),
        ("14", Class::Permanent),
        ("15", Class::Request),
        ("99", Class::Undocumented),
    ],
    repeated: None,
    statuses: &[
        ("0", Sent),
        ("1", Delivered),
        ("2", Undelivered),
        ("3", Expired),
        ("9", Unknown),
    ],
    marks_ground: false,
    is_commercial: true,
};

pub(crate) const TURATEL: Case = Case {
    kind: "turatel",
    simulator: Kind::Turatel,
    login: ("ornek", "gizli&parola"),
    config: || json!({ "username": "ornek", "password": "gizli&parola", "account": "12", "code": "34" }),
    wrong: (|| json!({ "timeout_seconds": 0 }), "timeout_seconds"),
    lock: || options_lock("ornek", "gizli&parola"),
    balance: options_balance,
    balance_micros: 1_234_000_000,
    refuses_at_once: true,
    refused: ("03", Class::Permanent),
    whole: &[
        ("00", Class::Transient),
        ("01", Class::Account),
        ("02", Class::Account),
        ("03", Class::Permanent),
        ("04", Class::Request),
        ("05", Class::Sender),
        ("06", Class::Permanent),
        ("07", Class::Permanent),
        ("08", Class::Transient),
        ("09", Class::Request),
        ("20", Class::Undocumented),
        ("21", Class::Request),
        ("22", Class::Account),
        ("23", Class::Transient),
        ("88", Class::Undocumented),
    ],
    repeated: None,
    statuses: &[],
    marks_ground: false,
    is_commercial: true,
};

pub(crate) const TURKCELL: Case = Case {
    kind: "turkcell",
    simulator: Kind::Turkcell,
    login: ("ornek", "gizli-parola"),
    config: || json!({ "username": "ornek", "password": "gizli-parola" }),
    wrong: (|| json!({ "opt_out_units": "uzun" }), "opt_out_units"),
    lock: || options_lock("ornek", "gizli-parola"),
    balance: options_balance,
    balance_micros: 0,
    refuses_at_once: false,
    refused: ("996", Class::Permanent),
    whole: &[
        ("823", Class::Account),
        ("883", Class::Sender),
        ("900", Class::Account),
        ("907", Class::Account),
        ("920", Class::Transient),
        ("931", Class::Account),
        ("932", Class::Request),
        ("971", Class::Sender),
        ("984", Class::Account),
        ("996", Class::Permanent),
        ("999", Class::Undocumented),
    ],
    repeated: None,
    statuses: &[],
    marks_ground: true,
    is_commercial: true,
};

fn brevo_lock() -> (&'static str, Value) {
    let login = json!({ "user": "brevo", "password": "xkeysib-gizli" });
    let options = json!({ "login": login, "push_secret": "kanca-belirteci" });
    ("/_sim/options", options)
}

pub(crate) const BREVO: Case = Case {
    kind: "brevo",
    simulator: Kind::Brevo,
    login: ("brevo", "xkeysib-gizli"),
    config: || json!({ "api_key": "xkeysib-gizli", "webhook_token": "kanca-belirteci" }),
    wrong: (|| json!({ "recipients_max": 501 }), "recipients_max"),
    lock: brevo_lock,
    balance: options_balance,
    balance_micros: 1_234_000_000,
    refuses_at_once: false,
    refused: ("blocked", Class::Permanent),
    whole: &[
        ("unauthorized", Class::Account),
        ("permission_denied", Class::Account),
        ("account_under_validation", Class::Account),
        ("not_enough_credits", Class::Account),
        ("invalid_parameter", Class::Request),
        ("missing_parameter", Class::Request),
        ("unprocessable_entity", Class::Request),
        ("something_new", Class::Undocumented),
    ],
    repeated: Some("duplicate_request"),
    statuses: &[
        ("delivered", Delivered),
        ("deferred", Sent),
        ("soft_bounce", Undelivered),
        ("hard_bounce", Undelivered),
        ("invalid_email", Undelivered),
        ("blocked", Rejected),
        ("yeni_bir_olay", Unknown),
    ],
    marks_ground: false,
    is_commercial: true,
};

fn smpp_config() -> Value {
    json!({
        "system_id": "ornek",
        "password": "gizli123",
        "tlvs": "0x1401 text {{recipient_kind}}\n0x1402 text {{ground}}",
    })
}

pub(crate) const SMPP: Case = Case {
    kind: "smpp",
    simulator: Kind::Smpp,
    login: ("ornek", "gizli123"),
    config: smpp_config,
    wrong: (|| json!({ "turkish": "evet" }), "turkish"),
    lock: || options_lock("ornek", "gizli123"),
    balance: options_balance,
    balance_micros: 0,
    refuses_at_once: true,
    refused: ("0x0B", Class::Permanent),
    whole: &[
        ("0x01", Class::Request),
        ("0x04", Class::Transient),
        ("0x08", Class::Transient),
        ("0x0A", Class::Sender),
        ("0x0B", Class::Permanent),
        ("0x0D", Class::Account),
        ("0x45", Class::Transient),
        ("0x48", Class::Sender),
        ("0x62", Class::Request),
        ("0x66", Class::Permanent),
        ("0xC4", Class::Request),
        ("0x104", Class::Request),
        ("0x400", Class::Undocumented),
    ],
    repeated: None,
    statuses: &[],
    marks_ground: true,
    is_commercial: true,
};

/// The same over a line that is encrypted from its first byte.
pub(crate) const SMPP_TLS: Case = Case {
    config: || {
        let mut config = smpp_config();
        config["ca_pem"] = simulators::CA_PEM.into();
        config
    },
    ..SMPP
};

pub(crate) const SMTP: Case = Case {
    kind: "smtp",
    simulator: Kind::Smtp,
    login: ("ornek", "gizli-parola"),
    config: || {
        json!({
            "username": "ornek", "password": "gizli-parola", "bounce_address": "donus@ornek.com",
        })
    },
    wrong: (|| json!({ "sessions": 65 }), "sessions"),
    lock: || options_lock("ornek", "gizli-parola"),
    balance: options_balance,
    balance_micros: 0,
    refuses_at_once: true,
    refused: ("5.1.1", Class::Permanent),
    whole: &[
        ("5.1.1", Class::Permanent),
        ("5.7.1", Class::Permanent),
        ("5.3.4", Class::Permanent),
        ("5.2.2", Class::Transient),
        ("4.2.1", Class::Transient),
        ("4.7.1", Class::Transient),
        ("450", Class::Transient),
        ("452", Class::Transient),
        ("5.7.8", Class::Account),
        ("503", Class::Request),
        ("571", Class::Undocumented),
    ],
    repeated: None,
    statuses: &[],
    marks_ground: false,
    is_commercial: true,
};

/// The texts that the suite sends, as templates.
const TEMPLATES: [(&str, &str); 4] = [
    ("merhaba", "Merhaba"),
    ("kod", "Merhaba {{1}}, kodunuz {{2}}"),
    (
        "uzun",
        "Sayın müşterimiz, \"yarın\" 10:00’da\nİyi günler & sağlıklı ışıklar: çÇğĞıIiİöÖşŞüÜ %20 +1 😀",
    ),
    ("bir", "bir"),
];

fn whatsapp_config() -> Value {
    let blocks = TEMPLATES.map(|(name, body)| format!("# {name} tr MARKETING ret=0\n{body}\n"));
    json!({
        "business_account_id": "100",
        "access_token": "gizli-belirtec",
        "app_secret": "uygulama-anahtari",
        "verify_token": "dogrulama",
        "templates": blocks.concat(),
    })
}

fn whatsapp_lock() -> (&'static str, Value) {
    let templates = TEMPLATES.map(|(name, body)| {
        json!({ "name": name, "language": "tr", "category": "MARKETING", "body": body, "quick_replies": 1 })
    });
    let login = json!({ "user": "100", "password": "gizli-belirtec" });
    let options =
        json!({ "login": login, "push_secret": "uygulama-anahtari", "templates": templates });
    ("/_sim/options", options)
}

pub(crate) const WHATSAPP: Case = Case {
    kind: "whatsapp",
    simulator: Kind::Whatsapp,
    login: ("100", "gizli-belirtec"),
    config: whatsapp_config,
    wrong: (|| json!({ "templates": "Merhaba" }), "templates"),
    lock: whatsapp_lock,
    balance: options_balance,
    balance_micros: 0,
    refuses_at_once: true,
    refused: ("131026", Class::Permanent),
    whole: &[
        ("10", Class::Account),
        ("100", Class::Request),
        ("131008", Class::Request),
        ("131037", Class::Sender),
        ("131042", Class::Account),
        ("131048", Class::Sender),
        ("131050", Class::Permanent),
        ("131056", Class::Transient),
        ("132001", Class::Request),
        ("132015", Class::Sender),
        ("135000", Class::Transient),
        ("999999", Class::Undocumented),
    ],
    repeated: None,
    statuses: &[],
    marks_ground: false,
    is_commercial: true,
};
