//! Uploads (*dosya aktarımı*): the file and what was judged from it. What
//! people decide about one is in [`crate::upload_decisions`], what workers do
//! with it in [`crate::upload_work`].
//!
//! ```text
//! received ─► judging ─► judged ──────────────► applying ─► applied
//!      ▲         │  └──► waiting for a person ──┘  │
//!      │         ├─► refused as a file             └─► failed
//!      └─────────┴── answers          (every state before applied ─► cancelled)
//! ```
//!
//! New answers send a file that was not applied back to the start. What was
//! applied of a cancelled file stays.
//!
//! The file and its spools lie in a folder named by the upload's number; the
//! store holds how far each was read.

use domain::ids::{BrandId, FirmId, UploadId};
use domain::{Channel, ReasonCode, RecipientKind, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::db::Reader;
use crate::error::{Doing, StoreError};
use crate::row::{from_json, instant, known, page_rows};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// Where an upload stands.
    UploadState {
        /// The bytes are here; nobody has looked at them.
        Received = 1, "received";
        /// A worker reads and judges.
        Judging = 2, "judging";
        /// Judged, and ready to be applied.
        Judged = 3, "judged";
        /// Judged, and a person must look before it is applied (*onay bekliyor*).
        Waiting = 4, "waiting";
        /// A worker writes the accepted rows.
        Applying = 5, "applying";
        /// Everything accepted is in the ledger.
        Applied = 6, "applied";
        /// The file stopped as a whole; the F-code says why.
        Refused = 7, "refused";
        /// Something of ours broke; the text says what.
        Failed = 8, "failed";
        /// A person withdrew it; slices that were applied before stay.
        Cancelled = 9, "cancelled";
    }
}

vocabulary! {
    /// What a file is for.
    UploadPurpose {
        /// People and their consents.
        Contacts = 1, "contacts";
        /// Everyone named in it gets a tag.
        TagAdd = 2, "tag_add";
        /// Everyone named in it loses a tag.
        TagRemove = 3, "tag_remove";
        /// Everyone named in it is on a distribution list (*dağıtım listesi*).
        List = 4, "list";
        /// Everyone named in it is stopped (*kara liste*).
        Blacklist = 5, "blacklist";
        /// Everyone named in it is not stopped any more (*beyaz liste*).
        Whitelist = 6, "whitelist";
        /// Its codes are added to a promotion (*promosyon*).
        Promotion = 7, "promotion";
    }
}

impl UploadPurpose {
    /// Whether it does nothing but name people: what it does to them does not
    /// hang on what its rows say.
    pub const fn names_people(self) -> bool {
        !matches!(self, Self::Contacts | Self::Promotion)
    }

    /// Whether whom it names is put on record when nobody knows them: who is
    /// stopped stays stopped when another file brings them later.
    pub const fn takes_strangers(self) -> bool {
        matches!(self, Self::Blacklist)
    }

    /// Whether its rows may say something about consents.
    pub const fn speaks_of_consents(self) -> bool {
        matches!(self, Self::Contacts)
    }
}

vocabulary! {
    /// What becomes of the accepted rows.
    UploadAction {
        /// Kept here only.
        Local = 1, "local";
        /// İYS is asked about every row.
        Pull = 2, "pull";
        /// İYS is asked, and told what it lacks.
        Push = 3, "push";
    }
}

/// How far the judging of a file has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JudgingProgress {
    /// Bytes read.
    pub read_bytes: i64,
    /// Rows read.
    pub rows_read: i64,
    /// Pairs of row and channel that were judged.
    pub pairs_judged: i64,
    /// Those of them that were rejected.
    pub pairs_rejected: i64,
}

/// What became of rows when they were applied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AppliedCounts {
    /// New people.
    pub created: i64,
    /// People of whom something changed.
    pub updated: i64,
    /// Nothing new (W804).
    pub unchanged: i64,
    /// Rejected, by judging or by the ledger.
    pub rejected: i64,
    /// Records, counted above too, whose consent was known already (W804).
    pub known: i64,
}

/// What a blacklist or whitelist stops or frees.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StopScope {
    /// The channel; none for all of them.
    pub channel: Option<Channel>,
    /// Whether messages that must reach everybody (OTP, …) go out all the same.
    pub spares_mandatory: bool,
}

/// Why a person must look at a judged file before it is applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "hold", rename_all = "snake_case")]
pub enum Hold {
    /// More was rejected than the brand allows.
    Brake {
        /// Rejected pairs of all pairs, rounded down.
        percent: u64,
        /// The brand's limit.
        limit: u64,
    },
    /// Its consents look made up.
    Pattern {
        /// Which pattern.
        code: String,
        /// What it is, in Turkish.
        text_tr: String,
        /// The same in English.
        text_en: String,
    },
    /// It brings consents of a branch about which people complained; somebody
    /// else than who uploaded it must let it in.
    Branch {
        /// As its rows name the branch.
        branch: String,
    },
}

/// A number that came out otherwise than the preview said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discrepancy {
    /// Which number: `judged`, `records`, `accepted`, `rejected` or `rejections`.
    pub figure: String,
    /// What was foreseen.
    pub foreseen: i64,
    /// What came out.
    pub actual: i64,
}

/// Values of a reason text's placeholders, by name.
pub type ReasonArgs = Vec<(String, String)>;

/// Why a file was stopped as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRefusal {
    /// An F-code.
    pub code: ReasonCode,
    /// What its text is filled with.
    pub args: ReasonArgs,
}

/// A file and everything judged from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Upload {
    /// Its number; also the name of its folder.
    pub id: UploadId,
    /// Whose it is.
    pub firm: FirmId,
    /// Which brand the people spoke to.
    pub brand: BrandId,
    /// As the user called it.
    pub name: String,
    /// As the file was called.
    pub file_name: String,
    /// A tag that everyone in it gets; the name of the list or promotion it is for.
    pub tag: Option<String>,
    /// What the file is for.
    pub purpose: UploadPurpose,
    /// Of codes of a promotion: until when they are of use.
    pub expires_at: Option<Timestamp>,
    /// What a blacklist or whitelist stops or frees.
    pub stops: StopScope,
    /// What becomes of the rows.
    pub action: UploadAction,
    /// The capacity of rows that do not state one.
    pub default_kind: Option<RecipientKind>,
    /// The mapping and answers in use.
    pub options: Value,
    /// The upload whose confirmed answers these are, when they were remembered.
    pub answers_from: Option<UploadId>,
    /// Digest of the folded header.
    pub header_hash: Option<[u8; 32]>,
    /// Digest of the bytes.
    pub sha256: [u8; 32],
    /// Length of the file.
    pub size_bytes: i64,
    /// Where it stands.
    pub state: UploadState,
    /// Why the file was stopped, when it was.
    pub refusal: Option<FileRefusal>,
    /// What broke, when something did; for operators.
    pub failure: Option<String>,
    /// What was recognised, counts per code, first rows; null before it was judged.
    pub summary: Value,
    /// Why a person must look before it is applied.
    pub holds: Vec<Hold>,
    /// Where what was applied differs from what was foreseen.
    pub discrepancies: Vec<Discrepancy>,
    /// How far judging has come.
    pub progress: JudgingProgress,
    /// Records in the spool of accepted rows.
    pub records_total: i64,
    /// Those of them that are applied.
    pub records_applied: i64,
    /// Records of the spool behind which a worker goes on.
    pub records_offset: i64,
    /// What became of them.
    pub counts: AppliedCounts,
    /// Who uploaded it.
    pub actor: String,
    /// Who let it be applied.
    pub approver: Option<String>,
    /// How often a worker took it up.
    pub attempt: i64,
    /// When it was uploaded.
    pub created_at: Timestamp,
    /// When a worker first took it up.
    pub started_at: Option<Timestamp>,
    /// When it came to its end.
    pub finished_at: Option<Timestamp>,
}

/// A file that has just come in.
#[derive(Debug, Clone)]
pub struct NewUpload {
    /// Which brand the people spoke to.
    pub brand: BrandId,
    /// As the user calls it.
    pub name: String,
    /// As the file is called.
    pub file_name: String,
    /// A tag that everyone in it gets; the name of the list or promotion it is for.
    pub tag: Option<String>,
    /// What the file is for.
    pub purpose: UploadPurpose,
    /// Of codes of a promotion: until when they are of use; none leaves what the
    /// promotion says.
    pub expires_at: Option<Timestamp>,
    /// What a blacklist or whitelist stops or frees.
    pub stops: StopScope,
    /// What becomes of the rows.
    pub action: UploadAction,
    /// The capacity of rows that do not state one.
    pub default_kind: Option<RecipientKind>,
    /// The mapping and answers the user gave.
    pub options: Value,
    /// Digest of the bytes.
    pub sha256: [u8; 32],
    /// Length of the file.
    pub size_bytes: i64,
    /// Who uploads it.
    pub actor: String,
}

/// An upload of the same bytes that was applied or is being applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EarlierUpload {
    /// Which.
    pub upload: UploadId,
    /// What became of its rows.
    pub action: UploadAction,
    /// When it was finished, or begun if it is under way.
    pub at: Timestamp,
}

impl EarlierUpload {
    /// Reads number, action and instant of a row.
    pub(crate) fn read((id, action, at): (i64, i64, i64)) -> Result<Self, StoreError> {
        let upload = UploadId::from_db(id);
        Ok(Self {
            upload,
            action: known(UploadAction::from_db(action), "upload", "action", upload)?,
            at: Timestamp::from_micros(at),
        })
    }
}

macro_rules! columns {
    () => {
        "id, firm_id, brand_id, name, file_name, tag, action, default_kind, options, sha256, \
         size_bytes, state, file_code, file_detail, summary, read_bytes, rows_read, pairs_judged, \
         pairs_rejected, records_total, records_applied, records_offset, created_count, \
         updated_count, unchanged_count, rejected_count, actor, approver, attempt, created_us, \
         started_us, finished_us, purpose, stop_channel, spares_mandatory, holds, discrepancies, \
         header_hash, answers_from, known_count, expires_us"
    };
}
pub(crate) use columns as upload_columns;

const NEWEST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM upload WHERE firm_id = $1 AND (created_us, id) < ($2, $3) \
     ORDER BY created_us DESC, id DESC LIMIT $4"
);

const SAME_BYTES: &str = "SELECT id, action, coalesce(finished_us, started_us, created_us) \
     FROM upload WHERE brand_id = $1 AND sha256 = $2 AND state IN (5, 6) \
     ORDER BY created_us DESC, id DESC LIMIT 1";

#[derive(sqlx::FromRow)]
pub(crate) struct UploadRow {
    id: i64,
    firm_id: i64,
    brand_id: i64,
    name: String,
    file_name: String,
    tag: Option<String>,
    action: i64,
    default_kind: Option<i64>,
    options: String,
    sha256: Vec<u8>,
    size_bytes: i64,
    state: i64,
    file_code: Option<i64>,
    file_detail: Option<String>,
    summary: String,
    read_bytes: i64,
    rows_read: i64,
    pairs_judged: i64,
    pairs_rejected: i64,
    records_total: i64,
    records_applied: i64,
    records_offset: i64,
    created_count: i64,
    updated_count: i64,
    unchanged_count: i64,
    rejected_count: i64,
    actor: String,
    approver: Option<String>,
    attempt: i64,
    created_us: i64,
    started_us: Option<i64>,
    finished_us: Option<i64>,
    purpose: i64,
    stop_channel: Option<i64>,
    spares_mandatory: i64,
    holds: String,
    discrepancies: String,
    header_hash: Option<Vec<u8>>,
    answers_from: Option<i64>,
    known_count: i64,
    expires_us: Option<i64>,
}

impl UploadRow {
    fn stops(&self, id: UploadId) -> Result<StopScope, StoreError> {
        let channel = self
            .stop_channel
            .map(|channel| known(Channel::from_db(channel), "upload", "stop_channel", id))
            .transpose()?;
        Ok(StopScope {
            channel,
            spares_mandatory: self.spares_mandatory == 1,
        })
    }
}

impl TryFrom<UploadRow> for Upload {
    type Error = StoreError;

    fn try_from(row: UploadRow) -> Result<Self, StoreError> {
        let id = UploadId::from_db(row.id);
        let default_kind = row
            .default_kind
            .map(|kind| known(RecipientKind::from_db(kind), "upload", "default_kind", id))
            .transpose()?;
        let stops = row.stops(id)?;
        let header_hash = row
            .header_hash
            .map(|hash| known(hash.try_into().ok(), "upload", "header_hash", id))
            .transpose()?;
        let (refusal, failure) = match row.file_code {
            None => (None, row.file_detail),
            Some(code) => {
                let code = known(ReasonCode::from_db(code), "upload", "file_code", id)?;
                let detail = row.file_detail.as_deref().unwrap_or("[]");
                let args = from_json(detail, "upload", "file_detail", id)?;
                (Some(FileRefusal { code, args }), None)
            }
        };
        Ok(Self {
            id,
            firm: FirmId::from_db(row.firm_id),
            brand: BrandId::from_db(row.brand_id),
            name: row.name,
            file_name: row.file_name,
            tag: row.tag,
            purpose: known(UploadPurpose::from_db(row.purpose), "upload", "purpose", id)?,
            expires_at: instant(row.expires_us),
            stops,
            action: known(UploadAction::from_db(row.action), "upload", "action", id)?,
            answers_from: row.answers_from.map(UploadId::from_db),
            header_hash,
            holds: from_json(&row.holds, "upload", "holds", id)?,
            discrepancies: from_json(&row.discrepancies, "upload", "discrepancies", id)?,
            default_kind,
            options: from_json(&row.options, "upload", "options", id)?,
            sha256: known(row.sha256.try_into().ok(), "upload", "sha256", id)?,
            size_bytes: row.size_bytes,
            state: known(UploadState::from_db(row.state), "upload", "state", id)?,
            refusal,
            failure,
            summary: from_json(&row.summary, "upload", "summary", id)?,
            progress: JudgingProgress {
                read_bytes: row.read_bytes,
                rows_read: row.rows_read,
                pairs_judged: row.pairs_judged,
                pairs_rejected: row.pairs_rejected,
            },
            records_total: row.records_total,
            records_applied: row.records_applied,
            records_offset: row.records_offset,
            counts: AppliedCounts {
                created: row.created_count,
                updated: row.updated_count,
                unchanged: row.unchanged_count,
                rejected: row.rejected_count,
                known: row.known_count,
            },
            actor: row.actor,
            approver: row.approver,
            attempt: row.attempt,
            created_at: Timestamp::from_micros(row.created_us),
            started_at: instant(row.started_us),
            finished_at: instant(row.finished_us),
        })
    }
}

impl Reader {
    /// One upload of a firm.
    pub async fn upload(
        &mut self,
        firm: FirmId,
        id: UploadId,
    ) -> Result<Option<Upload>, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM upload WHERE id = $1 AND firm_id = $2"
        );
        let row = on!(self, conn => sqlx::query_as::<_, UploadRow>(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading an upload")?;
        row.map(Upload::try_from).transpose()
    }

    /// One upload, whichever firm's it is: for workers and the operator only.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when there is none of this number.
    pub async fn upload_at_work(&mut self, id: UploadId) -> Result<Upload, StoreError> {
        let sql = concat!("SELECT ", columns!(), " FROM upload WHERE id = $1");
        let row = on!(self, conn => sqlx::query_as::<_, UploadRow>(sql)
            .bind(id.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading an upload")?;
        row.ok_or(StoreError::Lost { what: "the upload" })?
            .try_into()
    }

    /// The uploads of a firm, newest first, those older than `before` only.
    pub async fn uploads(
        &mut self,
        firm: FirmId,
        before: Option<UploadId>,
        limit: usize,
    ) -> Result<Vec<Upload>, StoreError> {
        let (before_us, before_id) = match before {
            None => (i64::MAX, i64::MAX),
            Some(id) => match self.upload(firm, id).await? {
                None => return Ok(Vec::new()),
                Some(upload) => (upload.created_at.as_micros(), id.as_db()),
            },
        };
        let rows = on!(self, conn => sqlx::query_as::<_, UploadRow>(NEWEST)
            .bind(firm.as_db())
            .bind(before_us)
            .bind(before_id)
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing uploads")?;
        rows.into_iter().map(Upload::try_from).collect()
    }

    /// Whether an upload only asks İYS: nothing may be written there for it.
    pub async fn upload_only_asks(&mut self, id: UploadId) -> Result<bool, StoreError> {
        let sql = "SELECT action FROM upload WHERE id = $1";
        let action = on!(self, conn => sqlx::query_scalar::<_, i64>(sql)
            .bind(id.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading what an upload may do")?;
        Ok(action == Some(UploadAction::Pull.as_db()))
    }

    /// The latest upload of the same bytes for a brand that was applied or is
    /// being applied (F116).
    pub async fn same_file_applied(
        &mut self,
        brand: BrandId,
        sha256: &[u8; 32],
    ) -> Result<Option<EarlierUpload>, StoreError> {
        let row = on!(self, conn => sqlx::query_as::<_, (i64, i64, i64)>(SAME_BYTES)
            .bind(brand.as_db())
            .bind(sha256.as_slice())
            .fetch_optional(&mut *conn)
            .await)
        .doing("looking for the same file")?;
        row.map(EarlierUpload::read).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::{NEWEST, SAME_BYTES};
    use crate::plan::{Index, walks_in_order};

    #[tokio::test]
    async fn lists_and_the_search_for_the_same_bytes_walk_their_indexes() {
        walks_in_order(|_| NEWEST, Index::named("upload_firm")).await;
        walks_in_order(|_| SAME_BYTES, Index::named("upload_bytes")).await;
    }
}
