//! The sentences of the public pages, Turkish first.

use domain::{Channel, Source};
use serde::Deserialize;

/// In which language a page is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Language {
    /// Turkish.
    #[default]
    Tr,
    /// English.
    En,
}

impl Language {
    pub(super) fn parse(word: &str) -> Option<Self> {
        match word {
            "tr" => Some(Self::Tr),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Tr => "tr",
            Self::En => "en",
        }
    }

    /// The one of two texts.
    pub(super) const fn pick(self, tr: &'static str, en: &'static str) -> &'static str {
        match self {
            Self::Tr => tr,
            Self::En => en,
        }
    }
}

/// A channel as people say it.
pub(super) const fn channel(language: Language, channel: Channel) -> &'static str {
    match channel {
        Channel::Mesaj => language.pick("kısa mesaj (SMS)", "text messages (SMS)"),
        Channel::Arama => language.pick("telefon araması", "phone calls"),
        Channel::Eposta => language.pick("e-posta", "e-mail"),
        Channel::Whatsapp => language.pick("WhatsApp", "WhatsApp"),
    }
}

/// Where a consent was given, as people say it.
pub(super) fn source(language: Language, source: &Source) -> &'static str {
    match source.as_str() {
        "HS_WEB" => language.pick("internet sitesinde", "on the web site"),
        "HS_FIZIKSEL_ORTAM" => language.pick("mağazada ya da şubede", "in a shop or branch"),
        "HS_ISLAK_IMZA" => language.pick("imzalı bir formla", "on a signed form"),
        "HS_CAGRI_MERKEZI" => language.pick("çağrı merkezinde", "by the call centre"),
        "HS_SOSYAL_MEDYA" => language.pick("sosyal medyada", "on social media"),
        "HS_EPOSTA" => language.pick("e-postayla", "by e-mail"),
        "HS_MESAJ" => language.pick("kısa mesajla", "by text message"),
        "HS_MOBIL" => language.pick("mobil uygulamada", "in the mobile application"),
        "HS_ETKINLIK" => language.pick("bir etkinlikte", "at an event"),
        "HS_ATM" => language.pick("ATM'de", "at a cash machine"),
        "HS_2015" => language.pick("1 Mayıs 2015'ten önce", "before 1 May 2015"),
        code if code.starts_with("IYS_") => {
            language.pick("İleti Yönetim Sistemi'nde (İYS)", "at the registry (İYS)")
        }
        _ => language.pick(
            "başka bir elektronik ortamda",
            "in another electronic environment",
        ),
    }
}
