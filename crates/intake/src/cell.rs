//! What single cells say: dates, closed vocabularies, identifiers, names.

pub(crate) mod date;
pub(crate) mod identity;
pub(crate) mod name;
pub(crate) mod word;

use domain::ReasonCode;

use crate::field::Field;
use crate::verdict::Args;

/// Why a cell, or the row around it, is refused for one pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) field: Field,
    pub(crate) code: ReasonCode,
    pub(crate) args: Args,
    /// The cell as it was read.
    pub(crate) value: String,
}

impl Fault {
    pub(crate) fn new(field: Field, code: ReasonCode) -> Self {
        Self {
            field,
            code,
            args: Vec::new(),
            value: String::new(),
        }
    }

    /// A fault of a cell; its content fills `{value}` too.
    pub(crate) fn of_cell(field: Field, code: ReasonCode, value: &str) -> Self {
        Self::new(field, code).with("value", value).showing(value)
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.args.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn showing(mut self, value: &str) -> Self {
        value.clone_into(&mut self.value);
        self
    }
}
