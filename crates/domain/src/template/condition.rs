//! The condition of an `{% if %}`: names, words they are compared with, `and`,
//! `or`, `not` and brackets. Read for what it says about values: in a branch
//! that asked for a name, that name is never empty.

use std::collections::BTreeSet;

use super::filters;
use super::profile::DEPTH_MAX;
use super::token::{Cursor, Token};
use super::{InvalidText, Place};

/// Words of the engine, which are no names.
const KEYWORDS: [&str; 16] = [
    "and", "or", "not", "in", "is", "if", "else", "elif", "endif", "true", "false", "none", "True",
    "False", "None", "loop",
];

/// Whether a word may stand for a value.
pub(super) fn is_name(word: &str) -> bool {
    !KEYWORDS.contains(&word)
}

/// What a condition says about values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Filled {
    /// The names it asks about.
    pub(super) names: BTreeSet<String>,
    /// Names that have a value when it holds.
    pub(super) when_true: BTreeSet<String>,
    /// Names that have a value when it does not.
    pub(super) when_false: BTreeSet<String>,
}

impl Filled {
    fn and(self, other: Self) -> Self {
        Self {
            names: &self.names | &other.names,
            when_true: &self.when_true | &other.when_true,
            when_false: &self.when_false & &other.when_false,
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            names: &self.names | &other.names,
            when_true: &self.when_true & &other.when_true,
            when_false: &self.when_false | &other.when_false,
        }
    }

    fn not(self) -> Self {
        Self {
            names: self.names,
            when_true: self.when_false,
            when_false: self.when_true,
        }
    }
}

/// Reads a condition; what stands behind it is left.
pub(super) fn read(cursor: &mut Cursor<'_>, place: Place) -> Result<Filled, InvalidText> {
    either(cursor, place, 0)
}

fn either(cursor: &mut Cursor<'_>, place: Place, depth: usize) -> Result<Filled, InvalidText> {
    if depth > DEPTH_MAX {
        return Err(place.wrong(format!("brackets may stand at most {DEPTH_MAX} deep")));
    }
    let mut said = both(cursor, place, depth)?;
    while cursor.takes_word("or") {
        said = said.or(both(cursor, place, depth)?);
    }
    Ok(said)
}

fn both(cursor: &mut Cursor<'_>, place: Place, depth: usize) -> Result<Filled, InvalidText> {
    let mut said = one(cursor, place, depth)?;
    while cursor.takes_word("and") {
        said = said.and(one(cursor, place, depth)?);
    }
    Ok(said)
}

fn one(cursor: &mut Cursor<'_>, place: Place, depth: usize) -> Result<Filled, InvalidText> {
    if cursor.takes_word("not") {
        let inner = one(cursor, place, depth + 1)?;
        return Ok(inner.not());
    }
    if depth > DEPTH_MAX {
        return Err(place.wrong(format!(
            "`not` may stand at most {DEPTH_MAX} times in a row"
        )));
    }
    if cursor.takes("(") {
        let inner = either(cursor, place, depth + 1)?;
        if !cursor.takes(")") {
            return Err(place.wrong("a bracket is not closed"));
        }
        return Ok(inner);
    }
    compared(cursor, place)
}

fn compared(cursor: &mut Cursor<'_>, place: Place) -> Result<Filled, InvalidText> {
    let name = match cursor.next() {
        Some(Token::Name(name)) if is_name(name) => name.clone(),
        _ => return Err(place.wrong("a condition begins with a name, as in `{% if ad %}`")),
    };
    let filtered = filters::read(cursor, place)?;
    let names = BTreeSet::from([name]);
    // A default is no value of the person's.
    let own = if filtered.has_default {
        BTreeSet::new()
    } else {
        names.clone()
    };
    let is_same = cursor.takes("==");
    if !is_same && !cursor.takes("!=") {
        return Ok(Filled {
            names,
            when_true: own,
            when_false: BTreeSet::new(),
        });
    }
    let Some(Token::Text(word)) = cursor.next() else {
        return Err(place.wrong("a name is compared with a word in quotes"));
    };
    // Equal to a word: it has a value. Not equal to nothing: so it has.
    let equal = Filled {
        names,
        when_true: if word.is_empty() {
            BTreeSet::new()
        } else {
            own.clone()
        },
        when_false: if word.is_empty() {
            own
        } else {
            BTreeSet::new()
        },
    };
    Ok(if is_same { equal } else { equal.not() })
}
