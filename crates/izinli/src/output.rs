//! What a command prints: text in the reader's language, or JSON.

use serde::Serialize;

use crate::cli::{Cli, Lang};

/// How to speak.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    json: bool,
    lang: Lang,
}

impl Output {
    /// By the flags, else by the locale: Turkish where it is Turkish.
    pub(crate) fn of(cli: &Cli) -> Self {
        let locale = || {
            let named = ["LC_ALL", "LC_MESSAGES", "LANG"]
                .iter()
                .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
            if named.is_some_and(|value| value.starts_with("tr")) {
                Lang::Tr
            } else {
                Lang::En
            }
        };
        Self {
            json: cli.json,
            lang: cli.lang.unwrap_or_else(locale),
        }
    }

    /// Whether JSON is wanted.
    pub(crate) const fn is_json(self) -> bool {
        self.json
    }

    /// The text in the reader's language.
    pub(crate) const fn pick<'a>(self, tr: &'a str, en: &'a str) -> &'a str {
        match self.lang {
            Lang::Tr => tr,
            Lang::En => en,
        }
    }

    /// Prints `value` as JSON, or what `text` makes of it.
    pub(crate) fn show<T: Serialize>(self, value: &T, text: impl FnOnce(&T)) -> anyhow::Result<()> {
        if self.json {
            println!("{}", serde_json::to_string_pretty(value)?);
        } else {
            text(value);
        }
        Ok(())
    }

    /// Prints one line of text; nothing in JSON mode.
    pub(crate) fn line(self, tr: impl AsRef<str>, en: impl AsRef<str>) {
        if !self.json {
            println!("{}", self.pick(tr.as_ref(), en.as_ref()));
        }
    }
}

/// What the exit code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything was done.
    Done = 0,
    /// It could not be done; the reason was printed.
    Failed = 1,
    /// A check found something that does not hold.
    Mismatch = 3,
    /// A rule refused it; the code was printed.
    Refused = 4,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
