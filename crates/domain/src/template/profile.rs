//! What may stand in the braces of a text, read before the engine sees it.
//!
//! The engine's limit on work counts instructions, not bytes, so nothing that
//! multiplies text is let in: names, filters of a short list, and `{% if %}`
//! over names. And a text is told apart here: what everybody reads, and which
//! values it cannot do without.

use std::collections::BTreeSet;

use super::condition::{self, Filled};
use super::filters;
use super::token::{Cursor, Token, tokens};
use super::{InvalidText, Place};

/// Tags of one text.
pub const TAGS_MAX: usize = 200;
/// Words and signs in all tags together: a text with as many as this needs a
/// fraction of the engine's fuel.
const TOKENS_MAX: usize = 1_000;
/// Deepest nesting of conditions.
pub const DEPTH_MAX: usize = 8;

/// A text, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Profile {
    /// Every name in it.
    pub(super) names: BTreeSet<String>,
    /// Those that must have a value.
    pub(super) required: BTreeSet<String>,
    /// What everybody reads: without the branches of conditions, and with bare
    /// names in braces.
    pub(super) always: String,
    /// All that somebody reads, one branch behind the other.
    pub(super) everything: String,
    /// Whether anything but bare names stands in braces.
    pub(super) has_logic: bool,
}

/// An open `{% if %}`.
struct Branch {
    /// Where it begins.
    place: Place,
    /// Names that have a value in the branch that is being read.
    filled: BTreeSet<String>,
    /// Names that have a value when every condition so far is false.
    otherwise: BTreeSet<String>,
    /// `{% else %}` was read.
    is_last: bool,
}

struct Reader<'t> {
    source: &'t str,
    profile: Profile,
    open: Vec<Branch>,
    /// Names that stand in a branch and need a value there.
    unsure: Vec<(Place, String)>,
    tags: usize,
    tokens: usize,
}

impl Profile {
    /// Takes a text apart.
    pub(super) fn read(source: &str) -> Result<Self, InvalidText> {
        let mut reader = Reader {
            source,
            profile: Self::default(),
            open: Vec::new(),
            unsure: Vec::new(),
            tags: 0,
            tokens: 0,
        };
        reader.run()?;
        Ok(reader.profile)
    }
}

impl Reader<'_> {
    fn run(&mut self) -> Result<(), InvalidText> {
        let mut at = 0;
        while let Some(found) = opening(self.source, at) {
            self.text(at, found);
            at = self.tag(found)?;
        }
        self.text(at, self.source.len());
        if let Some(branch) = self.open.first() {
            return Err(branch.place.wrong("`{% if %}` has no `{% endif %}`"));
        }
        let required = &self.profile.required;
        let mut unsure = self.unsure.iter();
        if let Some((place, name)) = unsure.find(|(_, name)| !required.contains(name)) {
            return Err(InvalidText::MayBeEmpty {
                place: *place,
                name: name.clone(),
            });
        }
        Ok(())
    }

    fn text(&mut self, from: usize, to: usize) {
        let text = self.source.get(from..to).unwrap_or_default();
        self.said(text);
    }

    fn said(&mut self, text: &str) {
        self.profile.everything.push_str(text);
        if self.open.is_empty() {
            self.profile.always.push_str(text);
        }
    }

    /// Reads the tag that begins at `at`; returns where the text goes on.
    fn tag(&mut self, at: usize) -> Result<usize, InvalidText> {
        let place = Place::of(self.source, at);
        let rest = self.source.get(at..).unwrap_or_default();
        if rest.starts_with("{#") {
            return Err(InvalidText::Statement {
                place,
                found: "{#".to_owned(),
            });
        }
        let is_output = rest.starts_with("{{");
        let end = if is_output { "}}" } else { "%}" };
        let (tokens, after) = tokens(self.source, at + 2, end)?;
        self.tags += 1;
        self.tokens += tokens.len();
        if self.tags > TAGS_MAX || self.tokens > TOKENS_MAX {
            return Err(place.wrong(format!(
                "at most {TAGS_MAX} variables and conditions, and {TOKENS_MAX} words in them"
            )));
        }
        let inner = self.source.get(at + 2..after - 2).unwrap_or_default();
        let mut cursor = Cursor::new(&tokens);
        if is_output {
            self.output(&mut cursor, place, inner)?;
        } else {
            self.statement(&mut cursor, place, inner)?;
        }
        Ok(after)
    }

    fn output(
        &mut self,
        cursor: &mut Cursor<'_>,
        place: Place,
        inner: &str,
    ) -> Result<(), InvalidText> {
        let no_name = || InvalidText::Expression {
            place,
            found: inner.chars().take(60).collect(),
        };
        let name = match cursor.next() {
            Some(Token::Name(name)) if condition::is_name(name) => name,
            _ => return Err(no_name()),
        };
        let filtered = filters::read(cursor, place)?;
        if cursor.next().is_some() {
            return Err(no_name());
        }
        self.profile.has_logic |= filtered.any;
        self.said(&format!("{{{{{name}}}}}"));
        self.profile.names.insert(name.clone());
        if filtered.has_default {
            return Ok(());
        }
        if self.open.is_empty() {
            self.profile.required.insert(name.clone());
        } else if !self.open.iter().any(|branch| branch.filled.contains(name)) {
            self.unsure.push((place, name.clone()));
        }
        Ok(())
    }

    fn statement(
        &mut self,
        cursor: &mut Cursor<'_>,
        place: Place,
        inner: &str,
    ) -> Result<(), InvalidText> {
        self.profile.has_logic = true;
        let word = match cursor.next() {
            Some(Token::Name(word)) => word.as_str(),
            _ => "",
        };
        match word {
            "if" => {
                if self.open.len() >= DEPTH_MAX {
                    let problem = format!("conditions may stand at most {DEPTH_MAX} deep");
                    return Err(place.wrong(problem));
                }
                let asked = self.condition(cursor, place)?;
                self.open.push(Branch {
                    place,
                    filled: asked.when_true,
                    otherwise: asked.when_false,
                    is_last: false,
                });
                return Ok(());
            }
            "elif" => {
                let asked = self.condition(cursor, place)?;
                let branch = self.branch(place, word)?;
                branch.filled = branch.otherwise.union(&asked.when_true).cloned().collect();
                branch.otherwise.extend(asked.when_false);
                return Ok(());
            }
            "else" => {
                let branch = self.branch(place, word)?;
                branch.filled = branch.otherwise.clone();
                branch.is_last = true;
            }
            "endif" => {
                if self.open.pop().is_none() {
                    return Err(place.wrong("`{% endif %}` without `{% if %}`"));
                }
            }
            _ => {
                return Err(InvalidText::Statement {
                    place,
                    found: format!("{{%{}%}}", inner.chars().take(60).collect::<String>()),
                });
            }
        }
        match cursor.next() {
            None => Ok(()),
            Some(_) => Err(place.wrong(format!("nothing may stand behind `{word}`"))),
        }
    }

    fn condition(&mut self, cursor: &mut Cursor<'_>, place: Place) -> Result<Filled, InvalidText> {
        let asked = condition::read(cursor, place)?;
        if cursor.next().is_some() {
            return Err(place.wrong(
                "a condition is made of names, `==` and `!=` with a word in quotes, `and`, `or`, \
                 `not` and brackets",
            ));
        }
        self.profile.names.extend(asked.names.iter().cloned());
        Ok(asked)
    }

    fn branch(&mut self, place: Place, word: &str) -> Result<&mut Branch, InvalidText> {
        self.open
            .last_mut()
            .filter(|branch| !branch.is_last)
            .ok_or_else(|| place.wrong(format!("`{{% {word} %}}` without `{{% if %}}`")))
    }
}

/// Where the next tag begins, from `at` on.
fn opening(source: &str, at: usize) -> Option<usize> {
    let rest = source.get(at..)?;
    let mut from = 0;
    while let Some(found) = rest.get(from..)?.find('{') {
        let place = from + found;
        let next = rest.as_bytes().get(place + 1);
        if matches!(next, Some(b'{' | b'%' | b'#')) {
            return Some(at + place);
        }
        from = place + 1;
    }
    None
}
