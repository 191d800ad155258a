//! Approved templates, and which of them a text reads as.

use std::collections::HashSet;

/// Longest body of a template, with its variables filled in, in characters.
pub(super) const BODY_CHARS_MAX: usize = 1_024;
/// Templates of one account.
pub(super) const TEMPLATES_MAX: usize = 250;
const NAME_CHARS_MAX: usize = 512;
/// A variable may hold no more spaces in a row.
const SPACES_MAX: usize = 4;

/// What Meta approved a template for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Category {
    Marketing,
    Utility,
    Authentication,
}

/// A template as it was approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    pub(super) name: String,
    pub(super) language: String,
    pub(super) category: Category,
    /// Place of the quick-reply button by which people refuse.
    pub(super) refusal_button: Option<u8>,
    pub(super) body: String,
    /// Pieces between the variables: one more than there are variables.
    literals: Vec<String>,
    pub(super) variables: Vec<String>,
}

/// What a text is of a template.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reading<'a> {
    /// The values of the variables, in the order of the text.
    Values(Vec<&'a str>),
    /// The words fit, but this value may not stand in a variable.
    BadValue,
    Other,
}

impl Template {
    /// Reads `# name language CATEGORY [ret=N]` and the lines of the body.
    fn read(head: &str, body: &str) -> Option<Self> {
        let mut words = head.split_whitespace();
        let (name, language) = (words.next()?, words.next()?);
        let category = match words.next()? {
            "MARKETING" => Category::Marketing,
            "UTILITY" => Category::Utility,
            "AUTHENTICATION" => Category::Authentication,
            _ => return None,
        };
        let refusal_button = match words.next() {
            None => None,
            Some(word) => Some(
                word.strip_prefix("ret=")?
                    .parse::<u8>()
                    .ok()
                    .filter(|n| *n < 10)?,
            ),
        };
        let is_sound = words.next().is_none()
            && name.len() <= NAME_CHARS_MAX
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            && language
                .bytes()
                .all(|b| b.is_ascii_alphabetic() || b == b'_');
        let body = body.trim();
        if !is_sound || body.is_empty() || body.chars().count() > BODY_CHARS_MAX {
            return None;
        }
        let (literals, variables) = pieces(body)?;
        // The code of an authentication template stands in its button, too.
        if category == Category::Authentication && variables.len() != 1 {
            return None;
        }
        Some(Self {
            name: name.to_owned(),
            language: language.to_owned(),
            category,
            refusal_button,
            body: body.to_owned(),
            literals,
            variables,
        })
    }

    /// Whether its variables have names instead of numbers.
    pub(super) fn is_named(&self) -> bool {
        self.variables
            .first()
            .is_some_and(|name| !name.bytes().all(|b| b.is_ascii_digit()))
    }

    /// Takes the text apart. However it is cut, filling the values in gives the
    /// same text again, so the person reads what was cleared.
    pub(super) fn reading<'a>(&self, text: &'a str) -> Reading<'a> {
        let (Some(first), Some(last)) = (self.literals.first(), self.literals.last()) else {
            return Reading::Other;
        };
        if self.variables.is_empty() {
            return if text == first {
                Reading::Values(Vec::new())
            } else {
                Reading::Other
            };
        }
        let inner = text
            .strip_prefix(first.as_str())
            .and_then(|rest| rest.strip_suffix(last.as_str()));
        let Some(mut rest) = inner else {
            return Reading::Other;
        };
        let mut values = Vec::with_capacity(self.variables.len());
        for literal in &self.literals[1..self.literals.len() - 1] {
            let Some((value, after)) = cut(rest, literal) else {
                return Reading::Other;
            };
            values.push(value);
            rest = after;
        }
        values.push(rest);
        if values.iter().all(|value| is_fit(value)) {
            Reading::Values(values)
        } else {
            Reading::BadValue
        }
    }
}

/// The first place of a literal that leaves something before it.
fn cut<'a>(rest: &'a str, literal: &str) -> Option<(&'a str, &'a str)> {
    let skipped = rest.chars().next()?.len_utf8();
    let at = skipped + rest[skipped..].find(literal)?;
    Some((&rest[..at], &rest[at + literal.len()..]))
}

fn is_fit(value: &str) -> bool {
    !value.trim().is_empty()
        && !value.contains(['\n', '\r', '\t'])
        && !value.contains(&" ".repeat(SPACES_MAX + 1))
}

/// Literals and variables of a body. Variables are numbered from 1 in their
/// order, or named; each stands once, and never two side by side.
fn pieces(body: &str) -> Option<(Vec<String>, Vec<String>)> {
    let (mut literals, mut variables) = (Vec::new(), Vec::new());
    let mut rest = body;
    while let Some((literal, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}")?;
        let is_name = !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !is_name || (literal.is_empty() && !literals.is_empty()) {
            return None;
        }
        literals.push(literal.to_owned());
        variables.push(name.to_owned());
        rest = after;
    }
    literals.push(rest.to_owned());
    let is_number = |name: &String| name.bytes().all(|b| b.is_ascii_digit());
    let is_numbered = (1..)
        .zip(&variables)
        .all(|(n, name): (usize, _)| *name == n.to_string());
    let is_named = !variables.iter().any(is_number);
    let is_distinct = variables.iter().collect::<HashSet<_>>().len() == variables.len();
    (is_distinct && (is_numbered || is_named)).then_some((literals, variables))
}

/// Every template of the form's text; `Err` is the head of the first wrong one.
pub(super) fn read_all(text: &str) -> Result<Vec<Template>, String> {
    let text = text.replace("\r\n", "\n");
    let mut blocks: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        if let Some(head) = line.strip_prefix("# ") {
            blocks.push((head.to_owned(), String::new()));
        } else if let Some((_, body)) = blocks.last_mut() {
            body.push_str(line);
            body.push('\n');
        } else if !line.trim().is_empty() {
            return Err(line.to_owned());
        }
    }
    if blocks.is_empty() || blocks.len() > TEMPLATES_MAX {
        return Err(format!("{} templates", blocks.len()));
    }
    blocks
        .into_iter()
        .map(|(head, body)| Template::read(&head, &body).ok_or(head))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(body: &str) -> Template {
        read_all(&format!("# sablon tr MARKETING ret=0\n{body}"))
            .unwrap()
            .remove(0)
    }

    #[test]
    fn a_text_is_read_as_its_template_and_gives_the_values_back() {
        let template =
            one("Sayın {{1}}, {{2}} indirimi başladı.\nRET ORNEK yazıp 3399'a gönderin.");
        let text = "Sayın Şükrü Öz, yaz indirimi başladı.\nRET ORNEK yazıp 3399'a gönderin.";
        assert_eq!(
            template.reading(text),
            Reading::Values(vec!["Şükrü Öz", "yaz"])
        );
        assert_eq!(
            one("{{1}}-{{2}}").reading("a-b-c"),
            Reading::Values(vec!["a", "b-c"])
        );
        assert_eq!(one("Merhaba").reading("Merhaba"), Reading::Values(vec![]));
        assert_eq!(template.refusal_button, Some(0));
        assert!(one("Sayın {{ad}}!").is_named());
    }

    #[test]
    fn another_text_or_a_value_that_meta_refuses_is_told_apart() {
        let template = one("Sayın {{1}}, hoş geldiniz.");
        for text in [
            "Sayın Ali, hoş geldin.",
            "Merhaba",
            "Sayın Ali, hoş geldiniz. Ve dahası",
            "Sayın ",
        ] {
            assert_eq!(template.reading(text), Reading::Other, "{text}");
        }
        for value in ["A\nB", "A\tB", "A     B", " ", ""] {
            let text = format!("Sayın {value}, hoş geldiniz.");
            assert_eq!(template.reading(&text), Reading::BadValue, "{value:?}");
        }
    }

    #[test]
    fn a_template_that_could_not_be_approved_is_named() {
        for text in [
            "Merhaba",
            "# Sablon tr MARKETING\nMerhaba",
            "# sablon tr SERVICE\nMerhaba",
            "# sablon tr MARKETING ret=10\nMerhaba",
            "# sablon tr MARKETING\n",
            "# sablon tr MARKETING\n{{1}}{{2}}",
            "# sablon tr MARKETING\n{{2}} {{1}}",
            "# sablon tr MARKETING\n{{1}} {{ad}}",
            "# sablon tr MARKETING\n{{ad}} {{ad}}",
            "# sablon tr MARKETING\nMerhaba {{1",
            "# sablon tr AUTHENTICATION\nKodunuz",
        ] {
            assert!(read_all(text).is_err(), "{text}");
        }
    }
}
