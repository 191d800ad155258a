//! Message texts with variables: `Sayın {{ad}}, …`.
//!
//! MiniJinja in a locked-down profile: an empty environment (no filters,
//! functions or tests), statements refused, unknown names an error, a limit on
//! work. A message is never sent with a hole in it.

use std::collections::BTreeMap;
use std::fmt;

use minijinja::{AutoEscape, Environment, UndefinedBehavior};

/// Longest text that is accepted, in bytes.
pub const TEXT_BYTES_MAX: usize = 2_048;
/// Longest HTML that is accepted, in bytes: mail providers cut what is longer
/// than about 100 kB.
pub const HTML_BYTES_MAX: usize = 100_000;

const FUEL_MAX: u64 = 5_000;
const NAME: &str = "text";

/// Values by variable name.
pub type Values = BTreeMap<String, String>;

/// A text that was checked once and can be rendered for many people.
pub struct MessageText {
    source: String,
    environment: Environment<'static>,
    variables: Vec<String>,
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
    /// `{% … %}` and `{# … #}` are not for message texts.
    #[error("only variables such as {{{{ad}}}} are allowed, not `{found}`")]
    Statement {
        /// The delimiter that was found.
        found: &'static str,
    },
    /// Something other than a name stands in braces.
    #[error(
        "line {line}: `{{{{{found}}}}}` is no name; only variables such as {{{{ad}}}} are allowed"
    )]
    Expression {
        /// Line of the text, from 1.
        line: usize,
        /// What stands there.
        found: String,
    },
    /// The braces or names are wrong.
    #[error("line {line}: {problem}")]
    Syntax {
        /// Line of the text, from 1.
        line: usize,
        /// What the engine says.
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

/// Nothing but names in braces: fuel counts instructions, not bytes, and
/// `{{ 'x' * 100000000 }}` needs few.
fn only_names(source: &str) -> Result<(), InvalidText> {
    let mut rest = source;
    let mut line = 1;
    while let Some((before, inner)) = rest.split_once("{{") {
        line += before.matches('\n').count();
        // Without an end the engine tells the place better.
        let Some((found, after)) = inner.split_once("}}") else {
            return Ok(());
        };
        if !is_name(found.trim()) {
            let found = found.chars().take(60).collect();
            return Err(InvalidText::Expression { line, found });
        }
        line += found.matches('\n').count();
        rest = after;
    }
    Ok(())
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
        for found in ["{%", "{#"] {
            if source.contains(found) {
                return Err(InvalidText::Statement { found });
            }
        }
        only_names(source)?;
        let mut environment = Environment::empty();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL_MAX));
        environment.set_auto_escape_callback(move |_| escape.clone());
        let syntax = |error: &minijinja::Error| InvalidText::Syntax {
            line: error.line().unwrap_or(1),
            problem: error
                .detail()
                .map_or_else(|| error.to_string(), str::to_owned),
        };
        environment
            .add_template_owned(NAME, source.to_owned())
            .map_err(|error| syntax(&error))?;
        let mut variables: Vec<String> = environment
            .get_template(NAME)
            .map_err(|error| syntax(&error))?
            .undeclared_variables(false)
            .into_iter()
            .collect();
        variables.sort_unstable();
        Ok(Self {
            source: source.to_owned(),
            environment,
            variables,
        })
    }

    /// The text as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The names it needs, sorted.
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// The text for one person.
    ///
    /// # Errors
    /// [`RenderError::Missing`] when a needed value is absent or blank.
    pub fn render(&self, values: &Values) -> Result<String, RenderError> {
        for name in &self.variables {
            if values.get(name).is_none_or(|value| value.trim().is_empty()) {
                return Err(RenderError::Missing { name: name.clone() });
            }
        }
        if self.variables.is_empty() && !self.source.contains("{{") {
            return Ok(self.source.clone());
        }
        self.environment
            .get_template(NAME)
            .and_then(|template| template.render(values))
            .map_err(|error| RenderError::Failed(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, &str)]) -> Values {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn a_text_is_rendered_only_when_every_variable_has_a_value() {
        let text =
            MessageText::parse("Sayın {{ad}}, {{ şehir }} mağazamız açıldı.").expect("valid");
        assert_eq!(text.variables(), ["ad", "şehir"]);
        let full = text.render(&values(&[("ad", "Şükrü"), ("şehir", "Iğdır")]));
        assert_eq!(full.as_deref(), Ok("Sayın Şükrü, Iğdır mağazamız açıldı."));
        for missing in [
            values(&[("ad", "Ali")]),
            values(&[("ad", "Ali"), ("şehir", "  ")]),
        ] {
            assert_eq!(
                text.render(&missing),
                Err(RenderError::Missing {
                    name: "şehir".into()
                })
            );
        }
    }

    #[test]
    fn a_name_never_becomes_markup() {
        let html = MessageText::parse_html("<p>Sayın {{ad}}</p>").expect("valid");
        let rendered = html.render(&values(&[("ad", "<b>A & \"B\"</b>")]));
        let rendered = rendered.expect("rendered");
        assert!(
            rendered.starts_with("<p>Sayın &lt;b&gt;A &amp; "),
            "{rendered}"
        );
        let text = MessageText::parse("Sayın {{ad}}").expect("valid");
        assert_eq!(
            text.render(&values(&[("ad", "A & B")])).as_deref(),
            Ok("Sayın A & B")
        );
    }

    #[test]
    fn variables_of_other_products_are_converted_on_paste_and_said_so() {
        assert_eq!(
            normalise("Sayın {@ad}, {{ şehir }} {{ad}} { x } {% if"),
            (
                "Sayın {{ad}}, {{şehir}} {{ad}} { x } {% if".to_owned(),
                vec![
                    "{@ad} → {{ad}}".to_owned(),
                    "{{ şehir }} → {{şehir}}".to_owned()
                ]
            )
        );
        assert_eq!(
            normalise("{@a b} {@ {{"),
            ("{@a b} {@ {{".to_owned(), vec![])
        );
    }

    #[test]
    fn a_misspelt_name_is_told_from_a_name_that_nobody_knows() {
        let known = ["ad", "musteri_no", "sehir"];
        assert_eq!(nearest("adi", known), Some("ad"));
        assert_eq!(nearest("şehir", known), Some("sehir"));
        assert_eq!(nearest("musterino", known), Some("musteri_no"));
        assert_eq!(nearest("puan", known), None);
        assert_eq!(nearest("x", known), None);
    }

    #[test]
    fn no_power_of_the_engine_is_left_for_a_writer() {
        for text in [
            "{{ 'x' * 100000000 }}",
            "{{ ad ~ ad }}",
            "{{ ad|upper }}",
            "{{ range(10) }}",
            "{{ ad[0:1] }}",
            "{{ ad.b }}",
            "{{ 1 + 1 }}",
            "{{ [ad] }}",
            "{{ '' }}",
        ] {
            assert!(MessageText::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn statements_and_broken_braces_are_refused_with_their_line() {
        assert_eq!(MessageText::parse(" ").err(), Some(InvalidText::Empty));
        assert!(matches!(
            MessageText::parse("{% for x in y %}"),
            Err(InvalidText::Statement { found: "{%" })
        ));
        assert!(matches!(
            MessageText::parse("bir\n{{ad"),
            Err(InvalidText::Syntax { line: 2, .. })
        ));
        let long = "a".repeat(TEXT_BYTES_MAX + 1);
        assert!(matches!(
            MessageText::parse(&long),
            Err(InvalidText::TooLong { .. })
        ));
    }
}
