//! The detector of made-up consents: searches what was appended to the ledger
//! since the last time and writes down what looks invented.
//!
//! A finding accuses nobody. It names a pattern, and a person looks.

use std::collections::BTreeMap;

use domain::alarm::AlarmCode;
use domain::consent::Origin;
use domain::ids::{BrandId, FirmId, UploadId};
use store::alarms::{AlarmDetail, AlarmKey};
use store::findings::{BroughtGroup, FindingState, NewFinding, Pattern};

use crate::error::EngineError;
use crate::{Engine, Step};

/// Blocks searched by one statement.
const BLOCKS_TOGETHER: i64 = 16;
/// Blocks searched in one step of one brand.
const BLOCKS_PER_STEP: i64 = 1_024;
/// Brands searched in one round.
const BRANDS_MAX: usize = 1_000;

/// Consents dated to one second, from which on it is no coincidence.
const SAME_SECOND_LEAST: i64 = 50;
/// Days after a citizen's refusal in which a consent is looked at.
const AFTER_REFUSAL_DAYS: i64 = 30;
/// Consents from which on office hours mean something.
const OFFICE_LEAST: i64 = 200;
/// Days over which they must spread: one day of work is one day of work.
const OFFICE_DAYS_LEAST: i64 = 5;
/// Rows from which on one source for a whole file means something.
const ONE_SOURCE_LEAST: i64 = 500;

/// Consents of one upload or person, over all ranges of a search.
type Brought = BTreeMap<(i64, i64, String), BroughtGroup>;

impl Engine {
    /// Searches every brand's new blocks.
    ///
    /// # Errors
    /// [`EngineError`] when the database cannot.
    pub async fn step_findings(&self) -> Result<Step, EngineError> {
        let firms = self.store.read().await?.firms(None, BRANDS_MAX).await?;
        for firm in firms {
            let brands = self
                .store
                .read()
                .await?
                .brands(firm.id, None, BRANDS_MAX)
                .await?;
            for brand in brands {
                self.search_consents(firm.id, brand.id).await?;
            }
        }
        Ok(Step::Idle)
    }

    /// Searches what was appended to a brand's ledger since the last search;
    /// how many findings that brought.
    ///
    /// # Errors
    /// [`EngineError`] when the database cannot.
    pub async fn search_consents(
        &self,
        firm: FirmId,
        brand: BrandId,
    ) -> Result<usize, EngineError> {
        let mut reader = self.store.read().await?;
        let searched = reader.finding_cursor(brand).await?;
        let (end, _) = reader.ledger_end(brand).await?;
        let last = end.min(searched.saturating_add(BLOCKS_PER_STEP));
        if last <= searched {
            return Ok(0);
        }
        let mut findings = Vec::new();
        let mut brought = Brought::new();
        let mut from = searched + 1;
        while from <= last {
            let blocks = (from, last.min(from + BLOCKS_TOGETHER - 1));
            for group in reader
                .crowded_seconds(brand, blocks, SAME_SECOND_LEAST)
                .await?
            {
                findings.push(NewFinding {
                    pattern: Pattern::SameSecond,
                    subject: group.second.to_registry_text(),
                    count: group.count,
                    events: group.events,
                });
            }
            for group in reader
                .consents_after_refusals(brand, blocks, AFTER_REFUSAL_DAYS)
                .await?
            {
                findings.push(NewFinding {
                    pattern: Pattern::AfterRefusal,
                    subject: group.actor,
                    count: group.count,
                    events: group.events,
                });
            }
            for group in reader.brought_together(brand, blocks).await? {
                add(&mut brought, group);
            }
            from = blocks.1 + 1;
        }
        drop(reader);
        findings.extend(brought.into_values().flat_map(|group| judged(&group)));
        let mut writer = self.store.write().await?;
        writer.save_findings(firm, brand, &findings, last).await?;
        if !findings.is_empty() {
            let key = AlarmKey {
                firm,
                brand: Some(brand),
                code: AlarmCode::ConsentsSuspicious,
                subject: "",
            };
            let detail = AlarmDetail::from([("detail".to_owned(), patterns(&findings))]);
            writer.raise_alarm(key, &detail).await?;
        }
        writer.commit().await?;
        Ok(findings.len())
    }

    /// Somebody says what a finding is; with the last open one the alarm ends.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when the firm has no such finding.
    pub async fn review_finding(
        &self,
        firm: FirmId,
        id: domain::ids::FindingId,
        state: FindingState,
        actor: &str,
        note: &str,
    ) -> Result<(), EngineError> {
        let mut writer = self.store.write().await?;
        let brand = writer.review_finding(firm, id, state, actor, note).await?;
        if writer.open_findings(brand).await? == 0 {
            writer
                .clear_alarm(AlarmKey {
                    firm,
                    brand: Some(brand),
                    code: AlarmCode::ConsentsSuspicious,
                    subject: "",
                })
                .await?;
        }
        let detail = serde_json::json!({ "state": state, "note": note });
        writer
            .append_audit(firm, actor, "finding.review", &id.to_string(), &detail)
            .await?;
        writer.commit().await?;
        Ok(())
    }
}

fn add(all: &mut Brought, group: BroughtGroup) {
    let key = (
        group.origin.as_db(),
        group.origin_id.unwrap_or(0),
        group.actor.clone(),
    );
    let Some(held) = all.get_mut(&key) else {
        all.insert(key, group);
        return;
    };
    held.count += group.count;
    held.timed += group.timed;
    held.in_office_hours += group.in_office_hours;
    held.with_evidence += group.with_evidence;
    held.sources.0 = held.sources.0.clone().min(group.sources.0);
    held.sources.1 = held.sources.1.clone().max(group.sources.1);
    held.days = (held.days.0.min(group.days.0), held.days.1.max(group.days.1));
    held.events = (
        held.events.0.min(group.events.0),
        held.events.1.max(group.events.1),
    );
}

/// What looks made up about consents that were brought together.
fn judged(group: &BroughtGroup) -> Vec<NewFinding> {
    let mut found = Vec::new();
    let mut find = |pattern| {
        found.push(NewFinding {
            pattern,
            subject: subject(group),
            count: group.count,
            events: group.events,
        });
    };
    let spread = group.days.1 - group.days.0 + 1;
    if group.timed >= OFFICE_LEAST
        && group.in_office_hours == group.timed
        && spread >= OFFICE_DAYS_LEAST
    {
        find(Pattern::OfficeHours);
    }
    if group.origin == Origin::Upload
        && group.count >= ONE_SOURCE_LEAST
        && group.sources.0 == group.sources.1
        && spread == 1
        && group.with_evidence == 0
    {
        find(Pattern::OneSource);
    }
    found
}

fn subject(group: &BroughtGroup) -> String {
    match (group.origin, group.origin_id) {
        (Origin::Upload, Some(upload)) => UploadId::from_db(upload).to_string(),
        _ => group.actor.clone(),
    }
}

fn patterns(findings: &[NewFinding]) -> String {
    let mut words: Vec<&str> = findings
        .iter()
        .map(|finding| finding.pattern.as_str())
        .collect();
    words.sort_unstable();
    words.dedup();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use domain::ids::EventId;

    use super::*;

    fn group(change: impl FnOnce(&mut BroughtGroup)) -> BroughtGroup {
        let mut group = BroughtGroup {
            origin: Origin::Upload,
            origin_id: Some(7),
            actor: "usr_1".into(),
            count: 600,
            timed: 600,
            in_office_hours: 300,
            with_evidence: 0,
            sources: ("HS_WEB".into(), "HS_WEB".into()),
            days: (100, 110),
            events: (EventId::from_db(1), EventId::from_db(600)),
        };
        change(&mut group);
        group
    }

    fn found(change: impl FnOnce(&mut BroughtGroup)) -> Vec<Pattern> {
        let findings = judged(&group(change));
        findings
            .into_iter()
            .map(|finding| finding.pattern)
            .collect()
    }

    #[test]
    fn consents_that_come_only_in_office_hours_over_days_are_found() {
        assert_eq!(found(|_| {}), []);
        assert_eq!(found(|g| g.in_office_hours = 600), [Pattern::OfficeHours]);
        assert_eq!(found(|g| g.in_office_hours = 599), []);
        assert_eq!(
            found(|g| (g.in_office_hours, g.days) = (600, (100, 102))),
            []
        );
        assert_eq!(found(|g| (g.timed, g.in_office_hours) = (100, 100)), []);
    }

    #[test]
    fn a_file_of_one_source_and_one_day_without_evidence_is_found() {
        let one = |g: &mut BroughtGroup| g.days = (100, 100);
        assert_eq!(found(one), [Pattern::OneSource]);
        assert_eq!(
            found(|g| {
                one(g);
                g.with_evidence = 1;
            }),
            []
        );
        assert_eq!(
            found(|g| {
                one(g);
                g.sources.1 = "HS_WEC".into();
            }),
            []
        );
        assert_eq!(
            found(|g| {
                one(g);
                g.origin = Origin::Api;
            }),
            []
        );
    }

    #[test]
    fn groups_of_several_ranges_are_one_group() {
        let mut all = Brought::new();
        add(&mut all, group(|g| g.in_office_hours = 600));
        add(
            &mut all,
            group(|g| (g.in_office_hours, g.days) = (600, (90, 95))),
        );
        assert_eq!(all.len(), 1);
        let held = all.into_values().next().expect("one");
        assert_eq!((held.count, held.days), (1_200, (90, 110)));
    }
}
