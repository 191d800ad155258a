//! Segments (*dinamik segment*): whom a campaign is for, said by rules that are
//! looked at anew each time. A tree of conditions joined by "all of" and "any
//! of", bounded in depth and number, with a sentence in Turkish and English.

mod event;

use serde::{Deserialize, Serialize};

pub use event::{EventRule, FieldRule, Often, TIMES_MAX};

use crate::attribute::{Attribute, AttributeKind};
use crate::channel::{Channel, Status, vocabulary};

/// Deepest nesting of groups.
pub const DEPTH_MAX: usize = 4;
/// Most conditions of one segment.
pub const CONDITIONS_MAX: usize = 30;
/// Longest value of a condition, characters.
pub const VALUE_CHARS_MAX: usize = 200;
/// Farthest look back at messages, days.
pub const DAYS_MAX: u16 = 730;

vocabulary! {
    /// How a value is compared.
    Comparison {
        /// The same (*eşit*).
        Is = 1, "is";
        /// Another, or none (*eşit değil*).
        IsNot = 2, "is_not";
        /// Contains the word; of several values, one of them is it (*içerir*).
        Contains = 3, "contains";
        /// Smaller or earlier (*küçük, önce*).
        Below = 4, "below";
        /// Greater or later (*büyük, sonra*).
        Above = 5, "above";
        /// Has a value (*dolu*).
        Filled = 6, "filled";
        /// Has none (*boş*).
        Blank = 7, "blank";
    }
}

vocabulary! {
    /// What became of a message.
    History {
        /// Handed over to a provider (*gönderildi*).
        Sent = 1, "sent";
        /// Arrived (*iletildi*).
        Delivered = 2, "delivered";
    }
}

/// A group or a condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Rule {
    /// Everything in it holds (*ve*).
    All {
        /// Groups and conditions.
        rules: Vec<Rule>,
    },
    /// Something in it holds (*veya*).
    Any {
        /// Groups and conditions.
        rules: Vec<Rule>,
    },
    /// An attribute of the person.
    Attribute {
        /// Its code.
        code: String,
        /// How it is compared.
        comparison: Comparison,
        /// With what, in the stored form of [`crate::attribute`]; empty for
        /// [`Comparison::Filled`] and [`Comparison::Blank`].
        #[serde(default)]
        value: String,
    },
    /// A tag or a distribution list; both share one space of names.
    Group {
        /// Its name.
        name: String,
        /// Whether the person is in it.
        #[serde(default = "yes")]
        is_in: bool,
    },
    /// What is on record of the person for the campaign's brand.
    Consent {
        /// For which channel.
        channel: Channel,
        /// ONAY or RET; nothing was said when absent.
        status: Option<Status>,
    },
    /// Messages of the firm in the last days.
    Message {
        /// What became of them.
        history: History,
        /// How far back.
        days: u16,
        /// Whether there was one.
        #[serde(default = "yes")]
        happened: bool,
    },
    /// How often an event of the person happened.
    Event(EventRule),
}

const fn yes() -> bool {
    true
}

/// Why rules are not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRule {
    /// A group without anything in it.
    #[error("a group needs at least one condition")]
    Empty,
    /// Groups inside groups, too many.
    #[error("groups may stand at most {DEPTH_MAX} deep")]
    TooDeep,
    /// Too many conditions.
    #[error("a segment has at most {CONDITIONS_MAX} conditions")]
    TooMany,
    /// The firm has no such attribute.
    #[error("there is no attribute `{code}`")]
    NoAttribute {
        /// Its code.
        code: String,
    },
    /// A comparison that the type does not know.
    #[error("`{code}` cannot be compared by `{comparison}`")]
    NoComparison {
        /// The attribute.
        code: String,
        /// The comparison.
        comparison: Comparison,
    },
    /// A value that does not fit.
    #[error("`{value}` is no value of `{code}`")]
    NoValue {
        /// The attribute.
        code: String,
        /// What was given.
        value: String,
    },
    /// A name that can be none.
    #[error("a tag or list has a name of 1 to 50 characters")]
    NoName,
    /// Days outside of what is kept.
    #[error("days must be from 1 to {DAYS_MAX}")]
    NoDays,
    /// The firm has no such event.
    #[error("there is no event `{name}`")]
    NoEvent {
        /// Its name.
        name: String,
    },
    /// A number of times that cannot be counted.
    #[error("times must be from 1 to {TIMES_MAX}, and 0 for `never`")]
    NoTimes,
    /// Two windows at once, or days that are none.
    #[error("give `days`, or `from` and `until` as 2025-06-01 with the earlier one first")]
    NoWindow,
    /// A field that can be none.
    #[error("`{name}` is no field of an event")]
    NoField {
        /// What was given.
        name: String,
    },
}

impl Rule {
    /// Checks rules against the firm's attributes.
    ///
    /// # Errors
    /// [`InvalidRule`] names what cannot be accepted.
    pub fn check(&self, attributes: &[Attribute]) -> Result<(), InvalidRule> {
        let mut conditions = 0;
        self.check_at(1, &mut conditions, attributes)
    }

    fn check_at(
        &self,
        depth: usize,
        conditions: &mut usize,
        attributes: &[Attribute],
    ) -> Result<(), InvalidRule> {
        if let Self::All { rules } | Self::Any { rules } = self {
            if rules.is_empty() {
                return Err(InvalidRule::Empty);
            }
            if depth > DEPTH_MAX {
                return Err(InvalidRule::TooDeep);
            }
            return rules
                .iter()
                .try_for_each(|rule| rule.check_at(depth + 1, conditions, attributes));
        }
        *conditions += 1;
        if *conditions > CONDITIONS_MAX {
            return Err(InvalidRule::TooMany);
        }
        match self {
            Self::Attribute {
                code,
                comparison,
                value,
            } => {
                let attribute = attributes.iter().find(|one| one.code == *code);
                let attribute =
                    attribute.ok_or_else(|| InvalidRule::NoAttribute { code: code.clone() })?;
                check_value(attribute, *comparison, value)
            }
            Self::Group { name, .. } if !(1..=50).contains(&name.trim().chars().count()) => {
                Err(InvalidRule::NoName)
            }
            Self::Message { days, .. } if !(1..=DAYS_MAX).contains(days) => {
                Err(InvalidRule::NoDays)
            }
            Self::Event(event) => event.check(),
            _ => Ok(()),
        }
    }

    /// The names of the events that it counts.
    pub fn events(&self) -> Vec<&str> {
        match self {
            Self::All { rules } | Self::Any { rules } => {
                rules.iter().flat_map(Self::events).collect()
            }
            Self::Event(event) => vec![&event.name],
            _ => Vec::new(),
        }
    }

    /// The rules as a Turkish sentence: `etiketi VIP ve son 90 günde ileti aldı`.
    pub fn text_tr(&self, attributes: &[Attribute]) -> String {
        self.told(attributes, &TURKISH)
    }

    /// The rules as an English sentence.
    pub fn text_en(&self, attributes: &[Attribute]) -> String {
        self.told(attributes, &ENGLISH)
    }

    fn told(&self, attributes: &[Attribute], words: &Words) -> String {
        let joined = |rules: &[Self], word: &str| {
            let parts: Vec<String> = rules
                .iter()
                .map(|rule| {
                    let told = rule.told(attributes, words);
                    let is_group = matches!(rule, Self::All { rules } | Self::Any { rules } if rules.len() > 1);
                    if is_group { format!("({told})") } else { told }
                })
                .collect();
            parts.join(word)
        };
        match self {
            Self::All { rules } => joined(rules, words.and),
            Self::Any { rules } => joined(rules, words.or),
            Self::Attribute {
                code,
                comparison,
                value,
            } => {
                let attribute = attributes.iter().find(|one| one.code == *code);
                let label = attribute.map_or(code, words.label);
                let shown = attribute.map_or_else(|| value.clone(), |one| one.show(value));
                let is_date = attribute.is_some_and(|one| one.kind == AttributeKind::Date);
                (words.attribute)(label, *comparison, &shown, is_date)
            }
            Self::Group { name, is_in } => (words.group)(name, *is_in),
            Self::Consent { channel, status } => (words.consent)(*channel, *status),
            Self::Message {
                history,
                days,
                happened,
            } => (words.message)(*history, *days, *happened),
            Self::Event(event) => (words.event)(event, words.attribute),
        }
    }
}

fn check_value(
    attribute: &Attribute,
    comparison: Comparison,
    value: &str,
) -> Result<(), InvalidRule> {
    use Comparison::{Above, Below, Blank, Contains, Filled, Is, IsNot};
    let code = attribute.code.clone();
    let is_ordered = matches!(attribute.kind, AttributeKind::Number | AttributeKind::Date);
    let is_known = match comparison {
        Filled | Blank => true,
        Is | IsNot => !attribute.is_array,
        Contains => attribute.is_array || attribute.kind == AttributeKind::Text,
        Below | Above => is_ordered && !attribute.is_array,
    };
    if !is_known {
        return Err(InvalidRule::NoComparison { code, comparison });
    }
    let fits = match comparison {
        Filled | Blank => value.is_empty(),
        _ if value.trim().is_empty() || value.chars().count() > VALUE_CHARS_MAX => false,
        _ if attribute.kind == AttributeKind::Date => is_day(value),
        _ => attribute.read(value, true).as_deref() == Some(value),
    };
    if fits {
        Ok(())
    } else {
        let value = value.to_owned();
        Err(InvalidRule::NoValue { code, value })
    }
}

/// `2025-06-20`: days compare as texts.
fn is_day(value: &str) -> bool {
    value.len() == 10 && value.parse::<jiff::civil::Date>().is_ok()
}

/// The words of one language.
struct Words {
    and: &'static str,
    or: &'static str,
    label: fn(&Attribute) -> &String,
    attribute: fn(&str, Comparison, &str, bool) -> String,
    group: fn(&str, bool) -> String,
    consent: fn(Channel, Option<Status>) -> String,
    message: fn(History, u16, bool) -> String,
    event: fn(&EventRule, event::Told) -> String,
}

const TURKISH: Words = Words {
    and: " ve ",
    or: " veya ",
    label: |attribute| &attribute.label_tr,
    attribute: |label, comparison, value, is_date| match comparison {
        Comparison::Is => format!("{label}: {value}"),
        Comparison::IsNot => format!("{label}: {value} değil"),
        Comparison::Contains => format!("{label} “{value}” içeriyor"),
        Comparison::Below if is_date => format!("{label} {value} tarihinden önce"),
        Comparison::Above if is_date => format!("{label} {value} tarihinden sonra"),
        Comparison::Below => format!("{label} {value} değerinden küçük"),
        Comparison::Above => format!("{label} {value} değerinden büyük"),
        Comparison::Filled => format!("{label} dolu"),
        Comparison::Blank => format!("{label} boş"),
    },
    group: |name, is_in| {
        if is_in {
            format!("etiketi ya da listesi {name}")
        } else {
            format!("etiketi ya da listesi {name} değil")
        }
    },
    consent: |channel, status| {
        let channel = match channel {
            Channel::Mesaj => "SMS",
            Channel::Arama => "arama",
            Channel::Eposta => "e-posta",
            Channel::Whatsapp => "WhatsApp",
        };
        match status {
            Some(Status::Onay) => format!("{channel} izni var"),
            Some(Status::Ret) => format!("{channel} için ret vermiş"),
            None => format!("{channel} izni hiç sorulmamış"),
        }
    },
    message: |history, days, happened| {
        let what = match (history, happened) {
            (History::Sent, true) => "ileti gönderildi",
            (History::Sent, false) => "ileti gönderilmedi",
            (History::Delivered, true) => "ileti aldı",
            (History::Delivered, false) => "ileti almadı",
        };
        format!("son {days} günde {what}")
    },
    event: event::in_turkish,
};

const ENGLISH: Words = Words {
    and: " and ",
    or: " or ",
    label: |attribute| &attribute.label_en,
    attribute: |label, comparison, value, is_date| match comparison {
        Comparison::Is => format!("{label} is {value}"),
        Comparison::IsNot => format!("{label} is not {value}"),
        Comparison::Contains => format!("{label} contains “{value}”"),
        Comparison::Below if is_date => format!("{label} is before {value}"),
        Comparison::Above if is_date => format!("{label} is after {value}"),
        Comparison::Below => format!("{label} is below {value}"),
        Comparison::Above => format!("{label} is above {value}"),
        Comparison::Filled => format!("{label} is filled"),
        Comparison::Blank => format!("{label} is blank"),
    },
    group: |name, is_in| {
        if is_in {
            format!("in the tag or list {name}")
        } else {
            format!("not in the tag or list {name}")
        }
    },
    consent: |channel, status| match status {
        Some(Status::Onay) => format!("consents to {channel}"),
        Some(Status::Ret) => format!("refused {channel}"),
        None => format!("was never asked about {channel}"),
    },
    message: |history, days, happened| {
        let what = match (history, happened) {
            (History::Sent, true) => "was sent a message",
            (History::Sent, false) => "was sent no message",
            (History::Delivered, true) => "got a message",
            (History::Delivered, false) => "got no message",
        };
        format!("{what} in the last {days} days")
    },
    event: event::in_english,
};

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(code: &str, kind: AttributeKind, is_array: bool) -> Attribute {
        Attribute {
            code: code.into(),
            label_tr: code.into(),
            label_en: code.into(),
            kind,
            is_array,
            is_personal: false,
            is_health: false,
            choices: Vec::new(),
            position: 0,
        }
    }

    fn firm() -> Vec<Attribute> {
        vec![
            attribute("şehir", AttributeKind::Text, false),
            attribute("harcama", AttributeKind::Number, false),
            attribute("ilgi", AttributeKind::Text, true),
            attribute("son", AttributeKind::Date, false),
        ]
    }

    fn rule(json: serde_json::Value) -> Rule {
        serde_json::from_value(json).expect("a rule")
    }

    fn compared(code: &str, comparison: &str, value: &str) -> Rule {
        rule(
            serde_json::json!({ "type": "attribute", "code": code, "comparison": comparison, "value": value }),
        )
    }

    #[test]
    fn rules_read_as_a_sentence_in_both_languages() {
        let rules = rule(serde_json::json!({ "type": "all", "rules": [
            { "type": "group", "name": "VIP" },
            { "type": "any", "rules": [
                { "type": "attribute", "code": "şehir", "comparison": "is", "value": "İstanbul" },
                { "type": "attribute", "code": "harcama", "comparison": "above", "value": "1250.5" },
            ] },
            { "type": "message", "history": "delivered", "days": 90 },
        ] }));
        assert_eq!(rules.check(&firm()), Ok(()));
        assert_eq!(
            rules.text_tr(&firm()),
            "etiketi ya da listesi VIP ve (şehir: İstanbul veya harcama 1.250,5 değerinden büyük) \
             ve son 90 günde ileti aldı"
        );
        assert!(
            rules
                .text_en(&firm())
                .ends_with("and got a message in the last 90 days")
        );
        let text = serde_json::to_string(&rules).expect("JSON");
        assert_eq!(serde_json::from_str::<Rule>(&text).expect("a rule"), rules);
    }

    #[test]
    fn a_comparison_and_its_value_must_fit_the_type() {
        for (code, comparison, value) in [
            ("şehir", "is", "İstanbul"),
            ("şehir", "contains", "stan"),
            ("harcama", "below", "-12.5"),
            ("ilgi", "contains", "koşu"),
            ("son", "above", "2025-06-20"),
            ("son", "blank", ""),
        ] {
            assert_eq!(
                compared(code, comparison, value).check(&firm()),
                Ok(()),
                "{code} {comparison}"
            );
        }
        for (code, comparison, value) in [
            ("yok", "is", "a"),
            ("şehir", "above", "a"),
            ("ilgi", "is", "a"),
            ("harcama", "is", "1.234,5"),
            ("son", "below", "20.06.2025"),
            ("şehir", "is", " "),
            ("şehir", "filled", "x"),
        ] {
            assert!(
                compared(code, comparison, value).check(&firm()).is_err(),
                "{code} {comparison}"
            );
        }
    }

    #[test]
    fn depth_and_number_are_bounded() {
        let one = || compared("şehir", "filled", "");
        let nested = (0..DEPTH_MAX).fold(one(), |inner, _| Rule::All { rules: vec![inner] });
        assert_eq!(nested.check(&firm()), Ok(()));
        let deeper = Rule::Any {
            rules: vec![nested],
        };
        assert_eq!(deeper.check(&firm()), Err(InvalidRule::TooDeep));
        let many = |count| Rule::All {
            rules: std::iter::repeat_with(one).take(count).collect(),
        };
        assert_eq!(many(CONDITIONS_MAX).check(&firm()), Ok(()));
        assert_eq!(
            many(CONDITIONS_MAX + 1).check(&firm()),
            Err(InvalidRule::TooMany)
        );
        assert_eq!(many(0).check(&firm()), Err(InvalidRule::Empty));
        let days = rule(serde_json::json!({ "type": "message", "history": "sent", "days": 0 }));
        assert_eq!(days.check(&firm()), Err(InvalidRule::NoDays));
    }
}
