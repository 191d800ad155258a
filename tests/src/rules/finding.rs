//! One breach of a rule, and where.

use std::fmt;

/// Shown as an editor jumps to it: `file:line: what`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    place: String,
    what: String,
}

impl Finding {
    /// About a file as a whole, or about something that is no file.
    pub fn about(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            what: what.into(),
        }
    }

    /// About one line, counted from 1.
    pub fn on_line(file: &str, line: usize, what: impl Into<String>) -> Self {
        Self::about(format!("{file}:{line}"), what)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.place, self.what)
    }
}

/// Fails with all findings at once: one run should show all there is to mend.
///
/// # Panics
/// When there is a finding.
pub fn assert_none(findings: &[Finding]) {
    let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
    assert!(findings.is_empty(), "\n{}\n", lines.join("\n"));
}
