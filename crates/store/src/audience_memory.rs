//! What audiences came to, remembered by this process while nothing changed.
//!
//! Judging everybody takes seconds at a million people, and a campaign that is
//! being written is judged after every pause of the typist. So each transaction
//! that changes what a decision rests on counts up the number of its firm or
//! brand just before its commit, and an answer is given again as long as both
//! numbers are the ones that it was judged under. Nothing that is sent rests on
//! it: freezing an audience and claiming a batch always look.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::Timestamp;
use domain::gate::Basis;
use domain::ids::{BrandId, FirmId};
use sha2::{Digest, Sha256};

use crate::audience::{AudienceQuestion, Judged};
use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError};
use crate::given::{BindGiven, Given};

/// Answers that a process remembers; the oldest gives way.
const REMEMBERED_MAX: usize = 256;

/// All that an answer depends on but the state of the database and the time.
type Print = [u8; 32];

/// How often a firm and a brand had changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Changes {
    firm: i64,
    brand: i64,
}

/// An answer, and while it holds.
#[derive(Debug, Clone)]
pub(crate) struct Remembered {
    pub(crate) judged: Judged,
    pub(crate) changes: Changes,
    /// The limit of İYS's answers that it was judged by.
    pub(crate) oldest_answer: Timestamp,
    /// The oldest of İYS's answers that were within it.
    pub(crate) oldest_counted: Option<Timestamp>,
}

impl Remembered {
    /// Answers of İYS only grow older: the decision about somebody changes with
    /// time alone when the limit passes an answer that was within it.
    fn holds(&self, changes: Changes, oldest_answer: Timestamp) -> bool {
        self.changes == changes
            && oldest_answer >= self.oldest_answer
            && self.oldest_counted.is_none_or(|at| at >= oldest_answer)
    }
}

/// The remembered answers of a process.
#[derive(Debug, Default)]
pub(crate) struct AudienceMemory(Mutex<Answers>);

#[derive(Debug, Default)]
struct Answers {
    by_print: HashMap<Print, Remembered>,
    /// The first came first.
    order: VecDeque<Print>,
}

impl AudienceMemory {
    pub(crate) fn recall(
        &self,
        print: &Print,
        changes: Changes,
        oldest_answer: Timestamp,
    ) -> Option<Judged> {
        let answers = self.answers();
        let found = answers.by_print.get(print)?;
        found
            .holds(changes, oldest_answer)
            .then(|| found.judged.clone())
    }

    pub(crate) fn remember(&self, print: Print, answer: Remembered) {
        let mut answers = self.answers();
        if answers.by_print.insert(print, answer).is_some() {
            return;
        }
        answers.order.push_back(print);
        if answers.order.len() > REMEMBERED_MAX
            && let Some(oldest) = answers.order.pop_front()
        {
            answers.by_print.remove(&oldest);
        }
    }

    /// A panic elsewhere leaves whole answers behind.
    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AudienceQuestion {
    /// What its answer may be remembered by; none when the answer also depends on
    /// what no number is kept of: messages sent before, and the rules of a segment.
    pub(crate) fn print(&self, sql: &str, list: Option<&str>) -> Option<Print> {
        if self.segment.is_some() || self.counts_messages() {
            return None;
        }
        let mut hash = Sha256::new();
        let mut add = |part: &str| {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        };
        add(sql);
        add(&format!(
            "{:?}",
            (
                self.firm.as_db(),
                self.brand.as_db(),
                self.channel.as_db(),
                self.kind.as_db(),
                self.basis == Basis::Commercial,
                self.trust(),
                self.for_everyone.map(domain::ReasonCode::as_db),
                list.is_some(),
                self.promotion.map(domain::ids::PromotionId::as_db),
            )
        ));
        add(list.unwrap_or_default());
        for name in &self.variables {
            add(name);
        }
        Some(hash.finalize().into())
    }
}

impl Reader {
    /// How often what audiences are judged by has changed. Read before judging:
    /// whatever is committed later has another number.
    pub(crate) async fn audience_changes(
        &mut self,
        firm: FirmId,
        brand: BrandId,
    ) -> Result<Changes, StoreError> {
        let sql = "SELECT scope_id, number FROM audience_change WHERE scope_id IN ($1, $2)";
        let rows: Vec<(i64, i64)> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind(brand.as_db())
            .fetch_all(&mut *conn)
            .await)
        .doing("reading what changed about audiences")?;
        let of = |scope: i64| {
            let row = rows.iter().find(|(id, _)| *id == scope);
            row.map_or(0, |(_, number)| *number)
        };
        Ok(Changes {
            firm: of(firm.as_db()),
            brand: of(brand.as_db()),
        })
    }
}

impl Writer {
    /// Notes that this transaction changes people, groups or stops of a firm.
    pub(crate) fn changes_firm(&mut self, firm: FirmId) {
        self.changed_scopes().insert(firm.as_db());
    }

    /// Notes that this transaction changes consents of a brand.
    pub(crate) fn changes_brand(&mut self, brand: BrandId) {
        self.changed_scopes().insert(brand.as_db());
    }

    /// Counts up what [`Writer::changes_firm`] and [`Writer::changes_brand`]
    /// noted. The last statement before the commit: the rows are locked for no
    /// longer than that, and nothing is waited for behind them.
    pub(crate) async fn count_changes(&mut self) -> Result<(), StoreError> {
        let scopes: BTreeSet<i64> = std::mem::take(self.changed_scopes());
        if scopes.is_empty() {
            return Ok(());
        }
        // In the order of their numbers: two that count the same rows never wait for each other.
        let given = Given::new().ints("scope_id", scopes);
        let sql = given.sql(
            self.engine(),
            1,
            "INSERT INTO audience_change (scope_id, number) \
             SELECT scope_id, 1 FROM given WHERE true \
             ON CONFLICT (scope_id) DO UPDATE SET number = audience_change.number + 1",
        );
        on!(self, conn => sqlx::query(sql).bind_given(&given).execute(&mut *conn).await.map(drop))
            .doing("counting what changed about audiences")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaigns::Exclusions;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn answer(target: i64, changes: Changes) -> Remembered {
        Remembered {
            judged: Judged {
                target,
                sendable: target,
                excluded: Exclusions::new(),
            },
            changes,
            oldest_answer: at(100),
            oldest_counted: Some(at(150)),
        }
    }

    const NOW: Changes = Changes { firm: 3, brand: 4 };

    #[test]
    fn an_answer_is_given_again_until_the_limit_passes_an_answer_of_iys() {
        let memory = AudienceMemory::default();
        memory.remember([1; 32], answer(7, NOW));
        let recalled = |oldest| memory.recall(&[1; 32], NOW, oldest).map(|j| j.target);
        assert_eq!(recalled(at(100)), Some(7));
        assert_eq!(recalled(at(150)), Some(7));
        assert_eq!(recalled(at(151)), None, "somebody is stale now");
        assert_eq!(recalled(at(99)), None, "more answers count than then");
    }

    #[test]
    fn a_change_of_the_firm_or_of_the_brand_ends_an_answer() {
        let memory = AudienceMemory::default();
        memory.remember([1; 32], answer(7, NOW));
        let changed = [Changes { firm: 4, ..NOW }, Changes { brand: 5, ..NOW }];
        for changes in changed {
            assert!(memory.recall(&[1; 32], changes, at(100)).is_none());
        }
        assert!(
            memory.recall(&[2; 32], NOW, at(100)).is_none(),
            "another question"
        );
    }

    #[test]
    fn no_more_than_the_limit_is_remembered() {
        let memory = AudienceMemory::default();
        let print = |number: usize| {
            let mut print = [0; 32];
            print[..8].copy_from_slice(&number.to_le_bytes());
            print
        };
        for number in 0..=REMEMBERED_MAX {
            memory.remember(print(number), answer(1, NOW));
            memory.remember(print(number), answer(2, NOW));
        }
        assert_eq!(memory.answers().by_print.len(), REMEMBERED_MAX);
        assert!(memory.recall(&print(0), NOW, at(100)).is_none());
        let last = memory.recall(&print(REMEMBERED_MAX), NOW, at(100));
        assert_eq!(last.map(|judged| judged.target), Some(2));
    }
}
