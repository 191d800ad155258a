//! What an audience comes to: everybody judged and counted, nothing frozen.

use sqlx::AssertSqlSafe;

use crate::audience::{AudienceQuestion, Judged, bind_question, judged};
use crate::audience_memory::Remembered;
use crate::campaigns::Audience;
use crate::db::{Engine, Reader};
use crate::error::{Doing, StoreError};
use crate::row::instant;

/// Which people one connection counts: runs of neighbours, so that each reads
/// every other page, and numbers of any stride fall into both.
const HALVES: [&str; 2] = ["AND r.id / 1024 % 2 = 0", "AND r.id / 1024 % 2 = 1"];

/// A decision, how many people it is of, and the oldest of İYS's answers that
/// count among them.
type Counted = (i64, i64, Option<i64>);

impl AudienceQuestion {
    fn counting(&self, engine: Engine, only: &str) -> String {
        let inner = self.counted(self.sql_of(engine, only));
        format!(
            "SELECT code, CAST(count(*) AS BIGINT), \
                min(CASE WHEN checked_us >= $8 THEN checked_us END) \
             FROM ({inner}) d GROUP BY code"
        )
    }

    /// Whether parts of the audience may be counted by themselves: nobody's
    /// decision depends on how many others there are.
    const fn has_parts(&self) -> bool {
        let is_listed = matches!(
            self.audience,
            Audience::Addresses { .. } | Audience::Accounts { .. }
        );
        !is_listed && self.promotion.is_none() && !self.shape.is_bounded()
    }
}

impl Reader {
    /// Counts an audience by decision, without freezing anything. An answer of
    /// this process is given again while nothing that it rests on has changed
    /// (see [`crate::audience_memory`]).
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be asked.
    pub async fn judge_audience(
        &mut self,
        question: &AudienceQuestion,
    ) -> Result<Judged, StoreError> {
        let sql = question.counting(self.engine(), "");
        let list = question.list_parameter(self.engine())?;
        let oldest_answer = question.policy.oldest_answer(question.now);
        let store = self.store().clone();
        let mut kept_by = None;
        if let Some(print) = question.print(&sql, list.as_deref()) {
            let changes = self.audience_changes(question.firm, question.brand).await?;
            if let Some(known) = store.audiences().recall(&print, changes, oldest_answer) {
                return Ok(known);
            }
            kept_by = Some((print, changes));
        }
        let rows = self.count_decisions(question, sql, list.as_deref()).await?;
        let judged = judged(rows.iter().map(|(code, count, _)| (*code, *count)))?;
        if let Some((print, changes)) = kept_by {
            let oldest_counted = rows.iter().filter_map(|(_, _, checked)| *checked).min();
            let answer = Remembered {
                judged: judged.clone(),
                changes,
                oldest_answer,
                oldest_counted: instant(oldest_counted),
            };
            store.audiences().remember(print, answer);
        }
        Ok(judged)
    }

    /// The decisions with their counts, a decision perhaps twice. PostgreSQL
    /// shares the walk between its own processes; on SQLite two connections
    /// walk half of the people each. What is committed between their beginnings
    /// counts for one half only, and ends what is remembered of the answer.
    async fn count_decisions(
        &mut self,
        question: &AudienceQuestion,
        whole: String,
        list: Option<&str>,
    ) -> Result<Vec<Counted>, StoreError> {
        let engine = self.engine();
        let beside = if engine == Engine::Sqlite && question.has_parts() {
            self.store().read_beside().await
        } else {
            None
        };
        let Some(mut beside) = beside else {
            return self.counted(question, whole, list).await;
        };
        let [mine, theirs] = HALVES.map(|half| question.counting(engine, half));
        let (mine, theirs) = tokio::join!(
            self.counted(question, mine, list),
            beside.counted(question, theirs, list),
        );
        let mut rows = mine?;
        rows.extend(theirs?);
        Ok(rows)
    }

    async fn counted(
        &mut self,
        question: &AudienceQuestion,
        sql: String,
        list: Option<&str>,
    ) -> Result<Vec<Counted>, StoreError> {
        on!(self, conn => bind_question!(
                sqlx::query_as(AssertSqlSafe(sql)), question, list)
            .fetch_all(&mut *conn)
            .await)
        .doing("judging an audience")
    }
}
