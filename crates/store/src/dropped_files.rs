//! Files taken from a watched folder, and the uploads they became.

use domain::ids::UploadId;

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};

impl Reader {
    /// The upload that a taken file became; none until it was taken in.
    pub async fn upload_of_dropped(
        &mut self,
        folder: &str,
        taken_as: &str,
    ) -> Result<Option<UploadId>, StoreError> {
        let sql = "SELECT upload_id FROM dropped_file WHERE folder = $1 AND taken_as = $2";
        let id = on!(self, conn => sqlx::query_scalar::<_, i64>(sql)
            .bind(folder)
            .bind(taken_as)
            .fetch_optional(&mut *conn)
            .await)
        .doing("looking for a taken file")?;
        Ok(id.map(UploadId::from_db))
    }
}

impl Writer {
    /// Notes in the transaction that makes an upload which file it came from.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when another worker took the file in.
    pub async fn note_dropped(
        &mut self,
        folder: &str,
        taken_as: &str,
        upload: UploadId,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO dropped_file (folder, taken_as, upload_id, created_us) \
             VALUES ($1, $2, $3, $4)";
        let now = self.now().as_micros();
        let done = on!(self, conn => sqlx::query(sql)
            .bind(folder)
            .bind(taken_as)
            .bind(upload.as_db())
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("the upload of this file")?;
        exactly(done, 1, "the taken file")
    }
}
