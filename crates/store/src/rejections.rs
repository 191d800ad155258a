//! Rejected rows of uploads: the code, where it stands in the file, and the
//! cell and raw line as they were, sealed, so that a person can mend the file.

use domain::ids::{FirmId, UploadId};
use domain::{Channel, ReasonCode};
use secrecy::{ExposeSecret, SecretString};

use crate::db::{Engine, Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::given::{BindGiven, Given};
use crate::row::{bounded, from_json, known, open_text, to_json};
use crate::uploads::ReasonArgs;

const VALUE: &str = "upload_rejection.value";
const RAW: &str = "upload_rejection.raw";

/// Most rejections that one call takes or gives.
pub const REJECTIONS_MAX: usize = 5_000;

/// One refused row, or one channel of it.
#[derive(Debug, Clone)]
pub struct Rejection {
    /// Line of the file, as an editor shows it.
    pub line: i64,
    /// Tells apart the rejections of one line; from 0, unique in its line.
    pub number: i64,
    /// The channel; none when the whole row was refused.
    pub channel: Option<Channel>,
    /// The field that is wrong.
    pub field: String,
    /// Why.
    pub code: ReasonCode,
    /// What the code's text is filled with.
    pub args: ReasonArgs,
    /// The cell.
    pub value: Option<SecretString>,
    /// The whole line.
    pub raw: Option<SecretString>,
}

/// Which rejections to read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RejectionFilter {
    /// With this code only.
    pub code: Option<ReasonCode>,
    /// From this line on.
    pub from_line: Option<i64>,
    /// Up to and with this line.
    pub to_line: Option<i64>,
}

/// The last rejection of a page: the next begins after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RejectionCursor {
    /// Its line.
    pub line: i64,
    /// Its number.
    pub number: i64,
}

impl Rejection {
    /// Where the page after this row begins.
    pub const fn cursor(&self) -> RejectionCursor {
        RejectionCursor {
            line: self.line,
            number: self.number,
        }
    }
}

macro_rules! page {
    ($hint:literal, $condition:literal) => {
        concat!(
            "SELECT r.line, r.number, r.channel, r.field, r.code, r.detail, r.value, r.raw \
             FROM upload u JOIN upload_rejection r",
            $hint,
            " ON r.upload_id = u.id WHERE u.id = $2 AND u.firm_id = $1 AND ",
            $condition,
            " AND (r.line, r.number) > ($3, $4) AND r.line <= $5 \
             ORDER BY r.line, r.number LIMIT $6"
        )
    };
}

// $7 stands in it because it is bound for both.
const ALL: &str = page!("", "$7 = 0");

/// SQLite would walk the whole file for one code: it takes the two bounds of
/// the line as a reason to prefer the key.
const fn of_code(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => page!(" INDEXED BY upload_rejection_code", "r.code = $7"),
        Engine::Postgres => page!("", "r.code = $7"),
    }
}

const COUNTS: &str = "SELECT r.code, CAST(count(*) AS BIGINT) \
     FROM upload_rejection r JOIN upload u ON u.id = r.upload_id AND u.firm_id = $1 \
     WHERE r.upload_id = $2 GROUP BY r.code ORDER BY r.code";

const WITHOUT_ROW: &str = "SELECT line, number FROM upload_rejection \
     WHERE upload_id = $1 AND raw IS NULL AND (line, number) > ($2, $3) \
     ORDER BY line, number LIMIT $4";

#[derive(sqlx::FromRow)]
struct RejectionRow {
    line: i64,
    number: i64,
    channel: i64,
    field: String,
    code: i64,
    detail: String,
    value: Option<Vec<u8>>,
    raw: Option<Vec<u8>>,
}

impl Reader {
    /// The rejections of an upload after `after`, in the order of the file;
    /// at most [`REJECTIONS_MAX`]. Calling it with the last row's cursor until
    /// it gives nothing reads them all.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when the installation's key has changed.
    pub async fn rejections(
        &mut self,
        firm: FirmId,
        upload: UploadId,
        filter: &RejectionFilter,
        after: Option<RejectionCursor>,
        limit: usize,
    ) -> Result<Vec<Rejection>, StoreError> {
        let sql = if filter.code.is_some() {
            of_code(self.engine())
        } else {
            ALL
        };
        let start = RejectionCursor {
            line: filter.from_line.unwrap_or(0),
            number: -1,
        };
        let after = after.map_or(start, |after| after.max(start));
        let rows = on!(self, conn => sqlx::query_as::<_, RejectionRow>(sql)
            .bind(firm.as_db())
            .bind(upload.as_db())
            .bind(after.line)
            .bind(after.number)
            .bind(filter.to_line.unwrap_or(i64::MAX))
            .bind(bounded(limit, REJECTIONS_MAX))
            .bind(filter.code.map_or(0, ReasonCode::as_db))
            .fetch_all(&mut *conn)
            .await)
        .doing("reading rejections")?;
        rows.into_iter()
            .map(|row| self.rejection(upload, row))
            .collect()
    }

    /// How many rejections an upload has of each code, by code.
    pub async fn rejection_counts(
        &mut self,
        firm: FirmId,
        upload: UploadId,
    ) -> Result<Vec<(ReasonCode, i64)>, StoreError> {
        let rows = on!(self, conn => sqlx::query_as::<_, (i64, i64)>(COUNTS)
            .bind(firm.as_db())
            .bind(upload.as_db())
            .fetch_all(&mut *conn)
            .await)
        .doing("counting rejections")?;
        rows.into_iter()
            .map(|(code, count)| {
                let code = known(
                    ReasonCode::from_db(code),
                    "upload_rejection",
                    "code",
                    upload,
                )?;
                Ok((code, count))
            })
            .collect()
    }

    /// Rejections of an upload that were found without its file, after `after`
    /// and in the order of the file: their rows are still to be kept.
    pub async fn rejections_without_row(
        &mut self,
        upload: UploadId,
        after: Option<RejectionCursor>,
        limit: usize,
    ) -> Result<Vec<RejectionCursor>, StoreError> {
        let after = after.map_or((0, -1), |after| (after.line, after.number));
        let rows = on!(self, conn => sqlx::query_as::<_, (i64, i64)>(WITHOUT_ROW)
            .bind(upload.as_db())
            .bind(after.0)
            .bind(after.1)
            .bind(bounded(limit, REJECTIONS_MAX))
            .fetch_all(&mut *conn)
            .await)
        .doing("looking for rejections without a row")?;
        let cursors = rows.into_iter();
        Ok(cursors
            .map(|(line, number)| RejectionCursor { line, number })
            .collect())
    }

    fn rejection(&self, upload: UploadId, row: RejectionRow) -> Result<Rejection, StoreError> {
        const TABLE: &str = "upload_rejection";
        let keys = self.store().keys();
        let at = format_args!("{upload}/{}/{}", row.line, row.number).to_string();
        let channel = match row.channel {
            0 => None,
            channel => Some(known(Channel::from_db(channel), TABLE, "channel", &at)?),
        };
        Ok(Rejection {
            line: row.line,
            number: row.number,
            channel,
            field: row.field,
            code: known(ReasonCode::from_db(row.code), TABLE, "code", &at)?,
            args: from_json(&row.detail, TABLE, "detail", &at)?,
            value: row
                .value
                .map(|sealed| open_text(keys, VALUE, &sealed))
                .transpose()?,
            raw: row
                .raw
                .map(|sealed| open_text(keys, RAW, &sealed))
                .transpose()?,
        })
    }
}

impl Writer {
    /// Adds rejections of an upload, at most [`REJECTIONS_MAX`] a call; line
    /// and number together must be new.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when one of them is there already.
    pub async fn add_rejections(
        &mut self,
        upload: UploadId,
        rejections: &[Rejection],
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO upload_rejection \
             (upload_id, line, number, channel, field, code, detail, value, raw) \
             SELECT CAST($1 AS BIGINT), line, number, channel, field, code, detail, \
             CASE WHEN length(value) > 0 THEN value END, CASE WHEN length(raw) > 0 THEN raw END \
             FROM given";
        for slice in rejections.chunks(REJECTIONS_MAX) {
            let rows = self.seal_rejections(slice)?;
            let given = Given::new()
                .ints("line", rows.iter().map(|row| row.line))
                .ints("number", rows.iter().map(|row| row.number))
                .ints("channel", rows.iter().map(|row| row.channel))
                .texts("field", rows.iter().map(|row| row.field.as_str()))
                .ints("code", rows.iter().map(|row| row.code))
                .texts("detail", rows.iter().map(|row| row.detail.as_str()))
                .bytes(
                    "value",
                    rows.iter()
                        .map(|row| row.value.as_deref().unwrap_or_default()),
                )
                .bytes(
                    "raw",
                    rows.iter()
                        .map(|row| row.raw.as_deref().unwrap_or_default()),
                );
            let sql = given.sql(self.engine(), 2, sql);
            let done = on!(self, conn => sqlx::query(sql)
                .bind(upload.as_db())
                .bind_given(&given)
                .execute(&mut *conn)
                .await
                .map(|done| done.rows_affected()))
            .doing("a rejection of this line and number")?;
            exactly(done, slice.len() as u64, "every rejection")?;
        }
        Ok(())
    }

    /// Keeps the rows of rejections that were found without the file, at most
    /// [`REJECTIONS_MAX`] a call.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when one of them is not there.
    pub async fn keep_rejected_rows(
        &mut self,
        upload: UploadId,
        rows: &[(RejectionCursor, SecretString)],
    ) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let keys = self.store().keys();
        let seal = |raw: &SecretString| keys.seal(RAW, raw.expose_secret().as_bytes());
        let sealed: Vec<Vec<u8>> = rows
            .iter()
            .map(|(_, raw)| seal(raw))
            .collect::<Result<_, _>>()?;
        let given = Given::new()
            .ints("line", rows.iter().map(|(at, _)| at.line))
            .ints("number", rows.iter().map(|(at, _)| at.number))
            .bytes("raw", sealed.iter().map(Vec::as_slice));
        let sql = given.sql(
            self.engine(),
            2,
            "UPDATE upload_rejection SET raw = g.raw FROM given g \
             WHERE upload_rejection.upload_id = $1 AND upload_rejection.line = g.line \
             AND upload_rejection.number = g.number",
        );
        let done = on!(self, conn => sqlx::query(sql)
            .bind(upload.as_db())
            .bind_given(&given)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("keeping rejected rows")?;
        exactly(done, rows.len() as u64, "every rejection")
    }

    fn seal_rejections(&self, slice: &[Rejection]) -> Result<Vec<RejectionRow>, StoreError> {
        let keys = self.store().keys();
        let seal = |what, plain: &Option<SecretString>| {
            let plain = plain.as_ref().map(|plain| plain.expose_secret().as_bytes());
            plain.map(|plain| keys.seal(what, plain)).transpose()
        };
        slice
            .iter()
            .map(|rejection| {
                Ok(RejectionRow {
                    line: rejection.line,
                    number: rejection.number,
                    channel: rejection.channel.map_or(0, Channel::as_db),
                    field: rejection.field.clone(),
                    code: rejection.code.as_db(),
                    detail: to_json(&rejection.args)?,
                    value: seal(VALUE, &rejection.value)?,
                    raw: seal(RAW, &rejection.raw)?,
                })
            })
            .collect()
    }

    pub(crate) async fn drop_rejections(&mut self, upload: UploadId) -> Result<(), StoreError> {
        let sql = "DELETE FROM upload_rejection WHERE upload_id = $1";
        on!(self, conn => sqlx::query(sql)
            .bind(upload.as_db())
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("removing rejections")
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL, COUNTS, WITHOUT_ROW, of_code};
    use crate::plan::{Index, walks, walks_in_order};

    #[tokio::test]
    async fn pages_and_counts_of_rejections_walk_their_indexes() {
        let key = Index::of_key(
            "sqlite_autoindex_upload_rejection_1",
            "upload_rejection_pkey",
        );
        walks_in_order(|_| ALL, key).await;
        walks_in_order(|_| WITHOUT_ROW, key).await;
        walks_in_order(of_code, Index::named("upload_rejection_code")).await;
        walks(|_| COUNTS, Index::named("upload_rejection_code")).await;
    }
}
