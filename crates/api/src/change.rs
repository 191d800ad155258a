//! What a PATCH says about a field that may be empty.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// Absent leaves a field as it is, null empties it, a value fills it.
///
/// For fields with `#[serde(default)]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Change<T> {
    /// As it is.
    #[default]
    Keep,
    /// Nothing.
    Empty,
    /// This.
    To(T),
}

impl<T> Change<T> {
    /// Whether the field is named at all.
    pub(crate) const fn is_made(&self) -> bool {
        !matches!(self, Self::Keep)
    }

    /// Makes the change.
    pub(crate) fn make(self, field: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Empty => *field = None,
            Self::To(value) => *field = Some(value),
        }
    }
}

impl<T: PartialEq> Change<T> {
    /// Whether the field would hold something else afterwards.
    pub(crate) fn changes(&self, held: &Option<T>) -> bool {
        match self {
            Self::Keep => false,
            Self::Empty => held.is_some(),
            Self::To(value) => held.as_ref() != Some(value),
        }
    }
}

impl<T: Serialize> Change<T> {
    /// The change for the audit trail: null for none, an empty text for emptied.
    pub(crate) fn told(&self) -> Value {
        match self {
            Self::Keep => Value::Null,
            Self::Empty => Value::String(String::new()),
            Self::To(value) => serde_json::to_value(value).unwrap_or_default(),
        }
    }
}

/// What was given is set; what was not stays.
impl<T> From<Option<T>> for Change<T> {
    fn from(given: Option<T>) -> Self {
        given.map_or(Self::Keep, Self::To)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Empty, Self::To))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Named {
        #[serde(default)]
        name: Change<String>,
    }

    #[test]
    fn absent_keeps_null_empties_and_a_value_fills() {
        for (body, after) in [
            ("{}", Some("eski")),
            ("{\"name\":null}", None),
            ("{\"name\":\"yeni\"}", Some("yeni")),
        ] {
            let mut field = Some("eski".to_owned());
            serde_json::from_str::<Named>(body)
                .unwrap()
                .name
                .make(&mut field);
            assert_eq!(field.as_deref(), after, "{body}");
        }
    }
}
