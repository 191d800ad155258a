//! Fields that the forms of most providers have, and what is read from them.

use std::time::Duration;

use domain::lettering::Lettering;

use crate::catalogue::{Field, FieldForm};
use crate::form::FormReader;

/// Where the provider answers, with its public address as default.
pub(crate) const fn base_url(default: &'static str) -> Field {
    Field {
        name: "base_url",
        label_tr: "API adresi",
        label_en: "API address",
        help_tr: "Sağlayıcı size başka bir adres bildirmediyse değiştirmeyin.",
        help_en: "Leave it as it is unless the provider told you another address.",
        form: FieldForm::Url,
        is_required: false,
        default: Some(default),
    }
}

/// A line of text that must be filled in.
pub(crate) const fn required(
    name: &'static str,
    form: FieldForm,
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
        form,
        is_required: true,
        default: None,
    }
}

/// A line of text that may stay empty.
pub(crate) const fn optional(
    name: &'static str,
    form: FieldForm,
    label_tr: &'static str,
    label_en: &'static str,
    help_tr: &'static str,
    help_en: &'static str,
) -> Field {
    Field {
        is_required: false,
        ..required(name, form, label_tr, label_en, help_tr, help_en)
    }
}

/// Most people in a request.
pub(crate) const fn recipients_max(max: u32, default: &'static str) -> Field {
    Field {
        name: "recipients_max",
        label_tr: "Bir istekteki en çok alıcı",
        label_en: "Most recipients in a request",
        help_tr: "Sağlayıcı size başka bir sayı bildirmediyse değiştirmeyin.",
        help_en: "Leave it as it is unless the provider told you another number.",
        form: FieldForm::Number { min: 1, max },
        is_required: false,
        default: Some(default),
    }
}

/// The highest speed, for all processes together; 0 for none.
pub(crate) const fn requests_per_second(default: &'static str) -> Field {
    Field {
        name: "requests_per_second",
        label_tr: "Saniyede istek",
        label_en: "Requests per second",
        help_tr: "En yüksek hız; sağlayıcı yavaşlatmak isterse kendiliğinden düşer, sonra yavaşça yükselir. 0: sınır yok.",
        help_en: "The highest speed; it falls by itself when the provider asks for it and rises again slowly. 0: no limit.",
        form: FieldForm::Number { min: 0, max: 1_000 },
        is_required: false,
        default: Some(default),
    }
}

/// How long an answer is waited for.
pub(crate) const TIMEOUT: Field = Field {
    name: "timeout_seconds",
    label_tr: "Yanıt bekleme süresi (saniye)",
    label_en: "Wait for an answer (seconds)",
    help_tr: "Bu sürede yanıt gelmezse isteğin akıbeti belirsiz sayılır ve araştırılır.",
    help_en: "When no answer comes in this time, the outcome is taken as unknown and is looked into.",
    form: FieldForm::Number { min: 1, max: 120 },
    is_required: false,
    default: Some("30"),
};

/// What operators in Turkey append to a text, which is counted with it.
pub(crate) const OPERATOR_SUFFIX: Field = Field {
    name: "operator_suffix_units",
    label_tr: "Operatörün eklediği karakter",
    label_en: "Characters that operators append",
    help_tr: "Türkiye'de operatörler metnin sonuna ` B001` gibi beş karakterlik bir kod ekler (BTK kararı); uzunluk ve maliyet bununla hesaplanır. Sağlayıcınız kodu metnin içinde gösteriyorsa 0 yazın.",
    help_en: "In Turkey operators append a code of five characters such as ` B001` to a text (decision of the regulator); lengths and costs are worked out with it. Write 0 if your provider shows the code within the text.",
    form: FieldForm::Number { min: 0, max: 8 },
    is_required: false,
    default: Some("5"),
};

/// What is done to the characters of a text where its campaign says nothing.
pub(crate) const LETTERING: Field = Field {
    name: "lettering",
    label_tr: "Karakter sadeleştirme",
    label_en: "Replacing characters",
    help_tr: "Kampanyada seçilmediyse geçerlidir. as_written: metin yazıldığı gibi gider; clean: tipografik tırnak, tire, görünmez boşluk ve şapkalı harfler benzerleriyle değişir; transliterate: ayrıca ş ğ ı İ ç harfleri s g i I c olur; ascii: ayrıca ö ü Ç harfleri de değişir. Neyin değiştiği önizlemede görünür; bağlantılar değişmez.",
    help_en: "Counts where the campaign chooses nothing. as_written: the text leaves as it is; clean: typographic quotes and dashes, invisible spaces and circumflexes become what they look like; transliterate: also ş ğ ı İ ç become s g i I c; ascii: also ö ü Ç. The preview shows what is replaced; links stay as they are.",
    form: FieldForm::Text,
    is_required: false,
    default: Some("as_written"),
};

/// Reads [`LETTERING`]; nothing is done where the form does not ask for it.
pub(crate) fn lettering(form: &mut FormReader<'_>) -> Option<Lettering> {
    if !form.has(LETTERING.name) {
        return Some(Lettering::AsWritten);
    }
    let text = form.text(LETTERING.name)?;
    let chosen = Lettering::parse(&text);
    if chosen.is_none() {
        let words: Vec<&str> = Lettering::ALL.iter().map(|one| one.as_str()).collect();
        let words = words.join(", ");
        form.problem(
            LETTERING.name,
            &format!("Şunlardan biri olmalı: {words}."),
            &format!("It must be one of {words}."),
        );
    }
    chosen
}

/// From where the messages leave.
pub(crate) const ROUTE_COUNTRY: Field = Field {
    name: "route_country",
    label_tr: "Gönderim ülkesi",
    label_en: "Country of the route",
    help_tr: "Mesajlarınızın çıktığı ülke; sözleşmenizde yazar. TR değilse içinde bağlantı olan mesajlar gönderilmez (BTK kuralı).",
    help_en: "The country your messages leave from, as in your contract. If it is not TR, messages with a link are not sent (BTK rule).",
    form: FieldForm::Country,
    is_required: false,
    default: Some("TR"),
};

/// What every account over HTTP has.
#[derive(Debug, Clone)]
pub(crate) struct AccountSettings {
    pub(crate) base_url: String,
    pub(crate) recipients_max: usize,
    pub(crate) requests_per_second: u32,
    pub(crate) timeout: Duration,
    /// 0 where the form does not ask for it.
    pub(crate) operator_suffix_units: u32,
    /// Nothing where the form does not ask for it.
    pub(crate) lettering: Lettering,
    pub(crate) route_country: String,
}

impl AccountSettings {
    /// Reads those of the fields above that the form has.
    pub(crate) fn read(form: &mut FormReader<'_>) -> Option<Self> {
        Self::read_with(form, None)
    }

    /// The same, where the size of a request is known otherwise.
    pub(crate) fn read_with(
        form: &mut FormReader<'_>,
        recipients_max: Option<u32>,
    ) -> Option<Self> {
        let base_url = form.url("base_url");
        let recipients_max = match recipients_max {
            Some(known) => Some(known),
            None if form.has("recipients_max") => form.number("recipients_max"),
            None => Some(1),
        };
        let requests_per_second = form.number("requests_per_second");
        let timeout_seconds = form.number("timeout_seconds");
        let operator_suffix_units = if form.has(OPERATOR_SUFFIX.name) {
            form.number(OPERATOR_SUFFIX.name)
        } else {
            Some(0)
        };
        let lettering = lettering(form);
        let route_country = form.country("route_country");
        Some(Self {
            base_url: base_url?,
            recipients_max: usize::try_from(recipients_max?).unwrap_or(usize::MAX),
            requests_per_second: requests_per_second?,
            timeout: Duration::from_secs(u64::from(timeout_seconds?)),
            operator_suffix_units: operator_suffix_units?,
            lettering: lettering?,
            route_country: route_country?,
        })
    }
}
