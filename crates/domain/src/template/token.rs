//! The words and signs of one tag. The engine must see the same ones, so
//! whatever it might read in another way is refused: escapes, texts over
//! several lines, signs that mean something to it alone.

use super::{InvalidText, Place};

/// Longest tag, bytes.
const TAG_BYTES_MAX: usize = 500;

/// A word or a sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name or a keyword.
    Name(String),
    /// A text in quotes.
    Text(String),
    /// A whole number.
    Number(usize),
    /// One of `| ( ) , == !=`.
    Sign(&'static str),
}

const SIGNS: [&str; 6] = ["==", "!=", "|", "(", ")", ","];

/// The tokens from `at` on until `end`, and where the text goes on behind it.
pub(super) fn tokens(
    source: &str,
    at: usize,
    end: &str,
) -> Result<(Vec<Token>, usize), InvalidText> {
    let opened = Place::of(source, at.saturating_sub(2));
    let mut found = Vec::new();
    let mut here = at;
    loop {
        let rest = source.get(here..).unwrap_or_default();
        let Some(letter) = rest.chars().next().filter(|_| here - at <= TAG_BYTES_MAX) else {
            return Err(opened.wrong(format!("`{end}` is missing")));
        };
        if rest.starts_with(end) {
            return Ok((found, here + end.len()));
        }
        let place = Place::of(source, here);
        if letter.is_ascii_whitespace() {
            here += 1;
        } else if letter.is_alphabetic() || letter == '_' {
            let word = taken(rest, |c| c.is_alphanumeric() || c == '_');
            here += word.len();
            found.push(Token::Name(word.to_owned()));
        } else if letter.is_ascii_digit() {
            let digits = taken(rest, |c| c.is_ascii_digit());
            here += digits.len();
            let number = digits.parse();
            found.push(Token::Number(
                number.map_err(|_| place.wrong("the number is too large"))?,
            ));
        } else if matches!(letter, '"' | '\'') {
            let inner = rest.get(1..).unwrap_or_default();
            let text = taken(inner, |c| c != letter && c != '\\' && c != '\n');
            if !inner
                .get(text.len()..)
                .unwrap_or_default()
                .starts_with(letter)
            {
                return Err(place.wrong("the quotes are not closed in the same line"));
            }
            here += text.len() + 2;
            found.push(Token::Text(text.to_owned()));
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            here += sign.len();
            found.push(Token::Sign(sign));
        } else {
            return Err(InvalidText::Expression {
                place,
                found: letter.to_string(),
            });
        }
    }
}

fn taken(text: &str, belongs: impl Fn(char) -> bool) -> &str {
    let end = text.find(|c| !belongs(c)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// Reads tokens one by one.
#[derive(Debug)]
pub(super) struct Cursor<'t> {
    tokens: &'t [Token],
}

impl<'t> Cursor<'t> {
    pub(super) const fn new(tokens: &'t [Token]) -> Self {
        Self { tokens }
    }

    pub(super) fn peek(&self) -> Option<&'t Token> {
        self.tokens.first()
    }

    pub(super) fn next(&mut self) -> Option<&'t Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    /// Takes the sign, if it is the next.
    pub(super) fn takes(&mut self, sign: &'static str) -> bool {
        let is_next = self.peek() == Some(&Token::Sign(sign));
        if is_next {
            self.next();
        }
        is_next
    }

    /// Takes the keyword, if it is the next.
    pub(super) fn takes_word(&mut self, word: &str) -> bool {
        let is_next = matches!(self.peek(), Some(Token::Name(name)) if name == word);
        if is_next {
            self.next();
        }
        is_next
    }
}
