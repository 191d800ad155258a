//! A provider's codes as our states and classes. The tables are data, one line a
//! code: `code`, `name`, `state`, `class`, separated by tabs; `-` where there is none.

use std::collections::HashMap;

use crate::outcome::Class;
use crate::receipt::ReceiptState;

/// What a code means for a message or a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Meaning {
    /// The state of the message; absent for codes of whole requests.
    pub(crate) state: Option<ReceiptState>,
    /// What a refusal asks of us; absent when it is none.
    pub(crate) class: Option<Class>,
    /// The table's own words, for providers that send numbers only.
    pub(crate) name: &'static str,
}

/// One provider's codes.
#[derive(Debug)]
pub(crate) struct Codes(HashMap<&'static str, Meaning>);

impl Codes {
    /// Reads a table that is part of the program.
    pub(crate) fn read(table: &'static str) -> Self {
        let lines = table.lines().filter(|line| !line.starts_with('#'));
        Self(
            lines
                .map(|line| read_line(line).expect("every line of a code table is complete"))
                .collect(),
        )
    }

    /// What a code means, if it is listed.
    pub(crate) fn get(&self, code: &str) -> Option<Meaning> {
        self.0.get(code).copied()
    }

    /// The class of a refusal; an unlisted code is undocumented.
    pub(crate) fn class(&self, code: &str) -> Class {
        self.get(code)
            .and_then(|meaning| meaning.class)
            .unwrap_or(Class::Undocumented)
    }

    /// The state of a message; an unlisted code says nothing.
    pub(crate) fn state(&self, code: &str) -> ReceiptState {
        self.get(code)
            .and_then(|meaning| meaning.state)
            .unwrap_or(ReceiptState::Unknown)
    }

    /// The table's words for a code.
    pub(crate) fn name(&self, code: &str) -> &'static str {
        self.get(code).map_or("", |meaning| meaning.name)
    }
}

fn read_line(line: &'static str) -> Option<(&'static str, Meaning)> {
    let mut cells = line.split('\t');
    let [code, name, state, class] = [cells.next()?, cells.next()?, cells.next()?, cells.next()?];
    let state = match state {
        "-" => None,
        word => Some(ReceiptState::parse(word)?),
    };
    let class = match class {
        "-" => None,
        letter => Some(Class::from_letter(letter)?),
    };
    let meaning = Meaning { state, class, name };
    cells.next().is_none().then_some((code, meaning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unlisted_code_is_never_taken_for_a_known_one() {
        let codes = Codes::read("# a table\n1\tiletildi\tdelivered\t-\n40\tbaşlık\t-\tS");
        assert_eq!(codes.state("1"), ReceiptState::Delivered);
        assert_eq!(codes.class("40"), Class::Sender);
        assert_eq!(codes.name("40"), "başlık");
        assert_eq!(codes.state("999"), ReceiptState::Unknown);
        assert_eq!(codes.class("999"), Class::Undocumented);
    }

    #[test]
    fn a_line_with_an_unknown_word_is_no_line() {
        for line in [
            "1\tx\tgone\t-",
            "1\tx\tsent\tZ",
            "1\tx\tsent",
            "1\tx\tsent\t-\tmore",
        ] {
            assert_eq!(read_line(line), None, "{line}");
        }
    }
}
