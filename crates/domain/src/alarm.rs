//! Alarms (*uyarı*): what somebody must look at before it costs something.
//!
//! The texts are data (`data/alarms.tsv`), one line per code, with the same
//! placeholders as reason codes.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::channel::vocabulary;
use crate::reason::render;

vocabulary! {
    /// How bad it is.
    Severity {
        /// Good to know.
        Info = 1, "info";
        /// Should be seen to today.
        Warning = 2, "warning";
        /// The law or the sending is at stake now.
        Critical = 3, "critical";
    }
}

vocabulary! {
    /// What an alarm is about; stable for ever.
    AlarmCode {
        /// Consents are a day old and not at İYS.
        ConsentsWaiting = 101, "A101";
        /// Consents are past our own limit of 72 hours.
        ConsentsLate = 102, "A102";
        /// Refusals are a day old and not at İYS.
        RefusalsWaiting = 103, "A103";
        /// Refusals are past our own limit of 72 hours.
        RefusalsLate = 104, "A104";
        /// Complaints are a day old and not closed.
        ComplaintsWaiting = 105, "A105";
        /// Complaints are past our own limit of 72 hours.
        ComplaintsLate = 106, "A106";
        /// The holidays of a year are missing.
        HolidaysMissing = 201, "A201";
        /// The ledger is not what was once written.
        LedgerDiffers = 301, "A301";
        /// Consents look made up.
        ConsentsSuspicious = 302, "A302";
        /// Consents after a citizen's refusal wait for a second person.
        ConsentsHeld = 303, "A303";
        /// İYS's changes have not been pulled for too long.
        PullsMissing = 401, "A401";
        /// The brand's account at İYS must be put right.
        RegistryAccount = 402, "A402";
        /// Too many calls to İYS are refused: it may take our address off its list.
        RegistryShare = 403, "A403";
        /// İYS has not decided about records for a day.
        ResultsMissing = 404, "A404";
        /// İYS told something that could not be read; it may be a refusal.
        RowsUnreadable = 405, "A405";
        /// İYS found one record twice in a list of ours (I194).
        RecordTwice = 406, "A406";
        /// A provider takes nothing from an account before somebody puts it right.
        ProviderAccount = 501, "A501";
        /// A provider does not take a sender or a template.
        SenderRefused = 502, "A502";
        /// A provider refuses the message of a campaign, whoever it is for.
        MessageRefused = 503, "A503";
        /// The credit of an account does not reach everybody who waits for it.
        BalanceLow = 504, "A504";
        /// The credit of an account does not reach what is planned.
        CreditShort = 505, "A505";
    }
}

/// What is held about a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlarmInfo {
    /// The code.
    pub code: AlarmCode,
    /// How bad it is.
    pub severity: Severity,
    /// Turkish text template.
    pub text_tr: &'static str,
    /// English text template.
    pub text_en: &'static str,
    /// What to do, Turkish.
    pub next_tr: &'static str,
    /// What to do, English.
    pub next_en: &'static str,
}

static INFOS: LazyLock<Vec<AlarmInfo>> = LazyLock::new(|| {
    include_str!("../data/alarms.tsv")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| read_line(line).expect("every line of alarms.tsv is complete"))
        .collect()
});

fn read_line(line: &'static str) -> Option<AlarmInfo> {
    let mut cells = line.split('\t');
    Some(AlarmInfo {
        code: AlarmCode::parse(cells.next()?)?,
        severity: Severity::parse(cells.next()?)?,
        text_tr: cells.next()?,
        text_en: cells.next()?,
        next_tr: cells.next()?,
        next_en: cells.next()?,
    })
}

impl AlarmCode {
    /// Severity, texts and next step.
    pub fn info(self) -> &'static AlarmInfo {
        INFOS
            .iter()
            .find(|info| info.code == self)
            .expect("every code has its line, as its test shows")
    }

    /// The Turkish text with its placeholders filled.
    pub fn render_tr(self, values: &[(&str, &str)]) -> String {
        render::fill(self.info().text_tr, values)
    }

    /// The English text with its placeholders filled.
    pub fn render_en(self, values: &[(&str, &str)]) -> String {
        render::fill(self.info().text_en, values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_both_texts_and_a_next_step_and_every_line_a_code() {
        assert_eq!(INFOS.len(), AlarmCode::ALL.len());
        for code in AlarmCode::ALL {
            let info = code.info();
            for text in [info.text_tr, info.text_en, info.next_tr, info.next_en] {
                assert!(
                    text.ends_with(['.', ']']) && text.len() > 10,
                    "{code}: {text}"
                );
            }
            let text = code.render_tr(&[]);
            assert!(!text.contains(['{', '[']), "{code}: {text}");
        }
    }

    #[test]
    fn a_text_tells_how_many_and_until_when() {
        let values = [("count", "12"), ("date", "25.06.2025 14:05")];
        let text = AlarmCode::ConsentsWaiting.render_tr(&values);
        assert!(
            text.contains("12") && text.contains("25.06.2025 14:05"),
            "{text}"
        );
    }
}
