//! Message texts with variables: `Sayın {{ad|varsayilan("Değerli Müşterimiz")}}, …`.
//!
//! MiniJinja in a locked-down profile: an empty environment with a short list
//! of filters of our own, no statement but `{% if %}`, unknown names an error,
//! limits on size and work. A message is never sent with a hole in it: a name
//! needs a value (S401), unless it has a default or stands in a branch that
//! asked for it. Whether it does is known from the text alone, so an audience
//! can be counted by it.

mod condition;
mod filters;
mod profile;
mod token;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use minijinja::{AutoEscape, Environment, UndefinedBehavior};

pub use filters::FILTERED_CHARS_MAX;
use profile::Profile;
pub use profile::{DEPTH_MAX, TAGS_MAX};

/// Longest text that is accepted, in bytes.
pub const TEXT_BYTES_MAX: usize = 2_048;
/// Longest HTML that is accepted, in bytes: mail providers cut what is longer
/// than about 100 kB.
pub const HTML_BYTES_MAX: usize = 100_000;
/// Longest message that a text may become, in bytes.
pub const RENDERED_BYTES_MAX: usize = 256 * 1024;

/// What a program may add to an HTML of that length, in bytes.
const HTML_BYTES_ADDED: usize = 8_192;

const FUEL_MAX: u64 = 5_000;
const NAME: &str = "text";

/// Values by variable name.
pub type Values = BTreeMap<String, String>;

/// A text that was checked once and can be rendered for many people.
pub struct MessageText {
    source: String,
    environment: Environment<'static>,
    variables: Vec<String>,
    required: Vec<String>,
}

/// A place in a text, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its line.
    pub line: usize,
    /// The character of the line.
    pub column: usize,
}

impl Place {
    /// The place of a byte.
    fn of(source: &str, at: usize) -> Self {
        let before = source.get(..at).unwrap_or(source);
        let line_begins = before.rfind('\n').map_or(0, |end| end + 1);
        let in_line = before.get(line_begins..).unwrap_or_default();
        Self {
            line: before.matches('\n').count() + 1,
            column: in_line.chars().count() + 1,
        }
    }

    fn wrong(self, problem: impl Into<String>) -> InvalidText {
        InvalidText::Syntax {
            place: self,
            problem: problem.into(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, character {}", self.line, self.column)
    }
}

impl fmt::Debug for MessageText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageText")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

/// Why a text is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Nothing to send.
    #[error("the text is empty")]
    Empty,
    /// Over [`TEXT_BYTES_MAX`] or [`HTML_BYTES_MAX`].
    #[error("the text is {bytes} bytes long; {max} are allowed")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// What is allowed.
        max: usize,
    },
    /// Everything in it stands under a condition.
    #[error("some of the text must stand outside of `{{% if %}}`: nobody gets an empty message")]
    OnlyConditional,
    /// A statement that is not for message texts.
    #[error(
        "{place}: only `{{% if %}}`, `{{% elif %}}`, `{{% else %}}` and `{{% endif %}}` are allowed, \
         not `{found}`"
    )]
    Statement {
        /// Where it stands.
        place: Place,
        /// What was found.
        found: String,
    },
    /// Something other than a name stands in braces.
    #[error(
        "{place}: `{found}` is no name; only variables such as {{{{ad}}}} are allowed, with filters \
         such as {{{{ad|buyuk}}}}"
    )]
    Expression {
        /// Where it stands.
        place: Place,
        /// What stands there.
        found: String,
    },
    /// A name without a default stands in a branch that did not ask for it.
    #[error(
        "{place}: `{name}` may be empty here; give it a default, \
         {{{{{name}|varsayilan(\"…\")}}}}, or ask for it, {{% if {name} %}}"
    )]
    MayBeEmpty {
        /// Where it stands.
        place: Place,
        /// Its name.
        name: String,
    },
    /// The braces or names are wrong.
    #[error("{place}: {problem}")]
    Syntax {
        /// Where.
        place: Place,
        /// What is wrong, and what would do.
        problem: String,
    },
}

/// Why a checked text could not be rendered for one person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// A variable has no value (S401).
    #[error("the variable `{name}` is empty")]
    Missing {
        /// Its name.
        name: String,
    },
    /// Something else, such as the limit on work.
    #[error("the text could not be rendered: {0}")]
    Failed(String),
}

/// A text in our own form, and what was changed: `{@alan}` of other products
/// becomes `{{alan}}`, and spaces inside braces go.
pub fn normalise(source: &str) -> (String, Vec<String>) {
    let mut text = String::with_capacity(source.len());
    let mut notes = Vec::new();
    let mut rest = source;
    while let Some(place) = rest.find('{') {
        let (before, from) = rest.split_at(place);
        text.push_str(before);
        let found = from
            .strip_prefix("{@")
            .map(|inner| (inner, "}"))
            .or_else(|| from.strip_prefix("{{").map(|inner| (inner, "}}")));
        let named = found.and_then(|(inner, end)| {
            let (name, after) = inner.split_once(end)?;
            is_name(name.trim()).then_some((name.trim(), after))
        });
        if let Some((name, after)) = named {
            let ours = format!("{{{{{name}}}}}");
            let theirs = from.get(..from.len() - after.len()).unwrap_or_default();
            if theirs != ours {
                notes.push(format!("{theirs} → {ours}"));
            }
            text.push_str(&ours);
            rest = after;
        } else {
            // No variable: as it stands, and the parser says what is wrong.
            let opening = from.chars().take_while(|c| *c == '{').count();
            let (braces, after) = from.split_at(opening);
            text.push_str(braces);
            rest = after;
        }
    }
    text.push_str(rest);
    (text, notes)
}

/// What everybody reads of a text: the branches of conditions left out. What
/// the law asks for must stand in it. Of a text that cannot be read, what stands
/// before its first condition.
pub fn said_to_everybody(source: &str) -> Cow<'_, str> {
    let certain = source.find("{%").unwrap_or(source.len());
    taken_apart(source, &source[..certain], |profile| profile.always)
}

/// All that somebody reads of a text, without what steers it; a text that cannot
/// be read as it is.
pub fn said_to_anybody(source: &str) -> Cow<'_, str> {
    taken_apart(source, source, |profile| profile.everything)
}

fn taken_apart<'s>(
    source: &'s str,
    unreadable: &'s str,
    part: impl Fn(Profile) -> String,
) -> Cow<'s, str> {
    if !source.contains("{%") && !source.contains('|') {
        return Cow::Borrowed(source);
    }
    Profile::read(source).map_or(Cow::Borrowed(unreadable), |profile| {
        Cow::Owned(part(profile))
    })
}

fn is_name(text: &str) -> bool {
    text.chars()
        .next()
        .is_some_and(|c| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// The known name that an unknown one was probably meant to be: at most two
/// letters away, and fewer than the name has.
pub fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters = unknown.chars().count();
    known
        .into_iter()
        .map(|name| (distance(unknown, name), name))
        .filter(|(away, _)| *away <= 2 && *away < letters.max(2))
        .min()
        .map(|(_, name)| name)
}

/// Letters to be added, taken away or changed.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, other) in row.iter_mut().skip(1).zip(&b) {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = *cell;
            left = changed.min(*cell + 1).min(left + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

impl MessageText {
    /// Checks a text.
    ///
    /// # Errors
    /// [`InvalidText`] names what is wrong and where.
    pub fn parse(source: &str) -> Result<Self, InvalidText> {
        Self::parse_as(source, TEXT_BYTES_MAX, AutoEscape::None)
    }

    /// Checks a text with what the program has added to it: as long as HTML may be.
    ///
    /// # Errors
    /// [`InvalidText`] names what is wrong and where.
    pub fn parse_long(source: &str) -> Result<Self, InvalidText> {
        Self::parse_as(source, HTML_BYTES_MAX, AutoEscape::None)
    }

    /// Checks the HTML of a message. Values are escaped when it is rendered: a
    /// name never becomes markup.
    ///
    /// # Errors
    /// [`InvalidText`] names what is wrong and where.
    pub fn parse_html(source: &str) -> Result<Self, InvalidText> {
        Self::parse_as(source, HTML_BYTES_MAX, AutoEscape::Html)
    }

    /// Checks HTML with what the program has added to it.
    ///
    /// # Errors
    /// [`InvalidText`] names what is wrong and where.
    pub fn parse_whole_html(source: &str) -> Result<Self, InvalidText> {
        let max = HTML_BYTES_MAX + HTML_BYTES_ADDED;
        Self::parse_as(source, max, AutoEscape::Html)
    }

    fn parse_as(source: &str, max: usize, escape: AutoEscape) -> Result<Self, InvalidText> {
        if source.trim().is_empty() {
            return Err(InvalidText::Empty);
        }
        if source.len() > max {
            return Err(InvalidText::TooLong {
                bytes: source.len(),
                max,
            });
        }
        let profile = Profile::read(source)?;
        if profile.always.trim().is_empty() {
            return Err(InvalidText::OnlyConditional);
        }
        let mut environment = Environment::empty();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL_MAX));
        environment.set_auto_escape_callback(move |_| escape.clone());
        if profile.has_logic {
            filters::add_to(&mut environment);
        }
        environment
            .add_template_owned(NAME, source.to_owned())
            .map_err(|error| {
                let place = Place {
                    line: error.line().unwrap_or(1),
                    column: 1,
                };
                let told = error.detail().map(str::to_owned);
                place.wrong(told.unwrap_or_else(|| error.to_string()))
            })?;
        Ok(Self {
            source: source.to_owned(),
            environment,
            variables: profile.names.into_iter().collect(),
            required: profile.required.into_iter().collect(),
        })
    }

    /// The text as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The names in it, sorted.
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// Those of them that it cannot do without, sorted: whoever lacks one gets no
    /// message (S401).
    pub fn required(&self) -> &[String] {
        &self.required
    }

    /// The text for one person.
    ///
    /// # Errors
    /// [`RenderError::Missing`] when a needed value is absent or blank.
    pub fn render(&self, values: &Values) -> Result<String, RenderError> {
        if let Some(name) = self
            .required
            .iter()
            .find(|name| filled(values, name).is_none())
        {
            return Err(RenderError::Missing { name: name.clone() });
        }
        if self.variables.is_empty() && !self.source.contains("{{") {
            return Ok(self.source.clone());
        }
        let template = self.environment.get_template(NAME);
        let rendered = template
            .and_then(|template| {
                if self.required.len() == self.variables.len() {
                    return template.render(values);
                }
                // What may be absent is empty then: conditions and defaults see to it.
                let value = |name: &String| filled(values, name).unwrap_or_default().to_owned();
                let names = self.variables.iter();
                let given: Values = names.map(|name| (name.clone(), value(name))).collect();
                template.render(&given)
            })
            .map_err(|error| RenderError::Failed(error.to_string()))?;
        if rendered.len() > RENDERED_BYTES_MAX {
            let problem = format!("it is longer than {RENDERED_BYTES_MAX} bytes");
            return Err(RenderError::Failed(problem));
        }
        Ok(rendered)
    }
}

/// The value of a name; none where it is absent or blank.
fn filled<'v>(values: &'v Values, name: &str) -> Option<&'v str> {
    let value = values.get(name)?;
    (!value.trim().is_empty()).then_some(value.as_str())
}

#[cfg(test)]
mod tests;
