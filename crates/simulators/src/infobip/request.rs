//! The send request, typed: what deserialises has every field in its place.
//!
//! This is the fast path, borrowed from the request's bytes. It says only *that*
//! something is wrong; [`super::schema`] then says what and where.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

/// A text of at most `MAX` characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text<'a, const MAX: usize>(Cow<'a, str>);

impl<const MAX: usize> std::ops::Deref for Text<'_, MAX> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a, const MAX: usize> Deserialize<'de> for Text<'a, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<const MAX: usize>;

        impl<const MAX: usize> Reader<MAX> {
            fn judge<E: de::Error>(text: &str) -> Result<(), E> {
                if text.len() > MAX && text.chars().count() > MAX {
                    return Err(E::custom("the text is too long"));
                }
                Ok(())
            }
        }

        impl<'de, const MAX: usize> Visitor<'de> for Reader<MAX> {
            type Value = Cow<'de, str>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a text of at most {MAX} characters")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Self::judge(text)?;
                Ok(Cow::Borrowed(text))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Self::judge(text)?;
                Ok(Cow::Owned(text.to_owned()))
            }
        }

        deserializer.deserialize_str(Reader::<MAX>).map(Self)
    }
}

/// A whole number between `MIN` and `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Int<const MIN: i64, const MAX: i64>(pub(crate) i64);

impl<'de, const MIN: i64, const MAX: i64> Deserialize<'de> for Int<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(deserializer)?;
        if (MIN..=MAX).contains(&number) {
            Ok(Self(number))
        } else {
            Err(de::Error::custom("the number is out of range"))
        }
    }
}

macro_rules! words {
    ($name:ident: $($variant:ident $word:literal),* $(,)?) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
        pub(crate) enum $name { $(#[serde(rename = $word)] $variant),* }

        impl $name {
            /// The words of the wire.
            pub(crate) const WORDS: &[&str] = &[$($word),*];
        }
    };
}

words!(LanguageCode: None "NONE", Turkish "TR", Spanish "ES", Portuguese "PT", Detect "AUTODETECT");
words!(Transliteration:
    None "NONE", Turkish "TURKISH", Greek "GREEK", Cyrillic "CYRILLIC",
    SerbianCyrillic "SERBIAN_CYRILLIC", BulgarianCyrillic "BULGARIAN_CYRILLIC",
    CentralEuropean "CENTRAL_EUROPEAN", Baltic "BALTIC", Portuguese "PORTUGUESE",
    Colombian "COLOMBIAN", NonUnicode "NON_UNICODE", All "ALL",
);
words!(ValidityUnit: Seconds "SECONDS", Minutes "MINUTES", Hours "HOURS");
words!(SpeedUnit: Minute "MINUTE", Hour "HOUR", Day "DAY");
words!(Day:
    Monday "MONDAY", Tuesday "TUESDAY", Wednesday "WEDNESDAY", Thursday "THURSDAY",
    Friday "FRIDAY", Saturday "SATURDAY", Sunday "SUNDAY",
);
words!(RecipientType: Consumer "BIREYSEL", Merchant "TACIR");

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SendRequest<'a> {
    #[serde(borrow)]
    pub(crate) messages: Vec<Message<'a>>,
    #[serde(borrow)]
    pub(crate) options: Option<RequestOptions<'a>>,
}

/// One text and everybody it goes to.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Message<'a> {
    #[serde(borrow)]
    pub(crate) sender: Option<Text<'a, 255>>,
    #[serde(borrow)]
    pub(crate) destinations: Vec<Destination<'a>>,
    #[serde(borrow)]
    pub(crate) content: Content<'a>,
    #[serde(borrow)]
    pub(crate) options: Option<MessageOptions<'a>>,
    #[serde(borrow)]
    pub(crate) webhooks: Option<Webhooks<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Destination<'a> {
    #[serde(borrow)]
    pub(crate) to: Text<'a, 64>,
    #[serde(borrow)]
    pub(crate) message_id: Option<Text<'a, 200>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Content<'a> {
    #[serde(borrow)]
    pub(crate) text: Option<Text<'a, 65_535>>,
    pub(crate) language: Option<Language>,
    pub(crate) transliteration: Option<Transliteration>,
    #[serde(borrow)]
    pub(crate) hex: Option<Text<'a, 65_535>>,
    #[expect(dead_code, reason = "checked for its range only")]
    data_coding: Option<Int<0, 255>>,
    #[expect(dead_code, reason = "checked for its range only")]
    esm_class: Option<Int<0, 255>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Language {
    #[serde(rename = "languageCode")]
    pub(crate) code: Option<LanguageCode>,
    #[expect(dead_code, reason = "checked for its type only")]
    single_shift: Option<bool>,
    #[expect(dead_code, reason = "checked for its type only")]
    locking_shift: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct MessageOptions<'a> {
    #[expect(dead_code, reason = "checked for its form only")]
    validity_period: Option<ValidityPeriod>,
    pub(crate) delivery_time_window: Option<DeliveryTimeWindow>,
    #[serde(borrow)]
    pub(crate) campaign_reference_id: Option<Text<'a, 255>>,
    #[serde(borrow)]
    pub(crate) platform: Option<Platform<'a>>,
    pub(crate) regional: Option<Regional>,
    #[expect(dead_code, reason = "checked for its type only")]
    flash: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "checked for its form only; messages do not expire by themselves"
)]
struct ValidityPeriod {
    amount: Int<1, 2_147_483_647>,
    time_unit: Option<ValidityUnit>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DeliveryTimeWindow {
    pub(crate) days: Vec<Day>,
    pub(crate) from: Option<HourMinute>,
    pub(crate) to: Option<HourMinute>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct HourMinute {
    pub(crate) hour: Int<0, 23>,
    pub(crate) minute: Int<0, 59>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Platform<'a> {
    #[serde(borrow)]
    pub(crate) entity_id: Option<Text<'a, 255>>,
    #[serde(borrow)]
    pub(crate) application_id: Option<Text<'a, 255>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Regional {
    pub(crate) turkey_iys: Option<TurkeyIys>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TurkeyIys {
    #[expect(dead_code, reason = "checked for its form only")]
    brand_code: Option<Int<0, 2_147_483_647>>,
    pub(crate) recipient_type: RecipientType,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Webhooks<'a> {
    #[serde(borrow)]
    pub(crate) delivery: Option<Delivery<'a>>,
    #[serde(borrow)]
    pub(crate) content_type: Option<Text<'a, 255>>,
    #[serde(borrow)]
    pub(crate) callback_data: Option<Text<'a, 4_000>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Delivery<'a> {
    #[serde(borrow)]
    pub(crate) url: Option<Text<'a, 2_048>>,
    pub(crate) intermediate_report: Option<bool>,
    pub(crate) notify: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RequestOptions<'a> {
    #[serde(borrow)]
    pub(crate) schedule: Option<Schedule<'a>>,
    #[serde(borrow)]
    #[expect(dead_code, reason = "checked for its form only")]
    tracking: Option<Tracking<'a>>,
    pub(crate) include_sms_count_in_response: Option<bool>,
    #[serde(borrow)]
    #[expect(dead_code, reason = "checked for its form only")]
    conversion_tracking: Option<ConversionTracking<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Schedule<'a> {
    #[serde(borrow)]
    pub(crate) bulk_id: Option<Text<'a, 100>>,
    #[serde(borrow)]
    pub(crate) send_at: Option<Text<'a, 64>>,
    #[expect(
        dead_code,
        reason = "checked for its form only; messages are not slowed down"
    )]
    sending_speed_limit: Option<SpeedLimit>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "checked for its form only")]
struct SpeedLimit {
    amount: Int<1, 2_147_483_647>,
    time_unit: Option<SpeedUnit>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "checked for its form only; links are not tracked")]
struct Tracking<'a> {
    shorten_url: Option<bool>,
    track_clicks: Option<bool>,
    #[serde(borrow, rename = "trackingUrl")]
    target: Option<Text<'a, 2_048>>,
    remove_protocol: Option<bool>,
    #[serde(borrow)]
    custom_domain: Option<Text<'a, 255>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "checked for its form only")]
struct ConversionTracking<'a> {
    use_conversion_tracking: Option<bool>,
    #[serde(borrow)]
    conversion_tracking_name: Option<Text<'a, 255>>,
}
