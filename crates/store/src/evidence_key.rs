//! The installation's key that evidence packs are signed with: the private
//! half is sealed like every other secret, the public half is for everybody.

use secrecy::{ExposeSecret, SecretSlice};

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError};

const PRIVATE: &str = "evidence_key.private_key";

/// The key as it is kept.
#[derive(Debug)]
pub struct EvidenceKey {
    /// Ed25519, 32 bytes.
    pub public: Vec<u8>,
    /// PKCS#8.
    pub private: SecretSlice<u8>,
}

impl Reader {
    /// The key; none before the first pack was made.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when the installation's key differs.
    pub async fn evidence_key(&mut self) -> Result<Option<EvidenceKey>, StoreError> {
        let sql = "SELECT public_key, private_key FROM evidence_key WHERE id = 1";
        let row: Option<(Vec<u8>, Vec<u8>)> = on!(self, conn => sqlx::query_as(sql)
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading the key of evidence")?;
        row.map(|(public, sealed)| {
            Ok(EvidenceKey {
                public,
                private: self.store().keys().open(PRIVATE, &sealed)?.into(),
            })
        })
        .transpose()
    }
}

impl Writer {
    /// Keeps a key, unless there is one: whoever is first wins.
    pub async fn keep_evidence_key(&mut self, key: &EvidenceKey) -> Result<(), StoreError> {
        let now = self.now().as_micros();
        let sealed = self
            .store()
            .keys()
            .seal(PRIVATE, key.private.expose_secret())?;
        let sql = "INSERT INTO evidence_key (id, public_key, private_key, created_us) \
             VALUES (1, $1, $2, $3) ON CONFLICT (id) DO NOTHING";
        on!(self, conn => sqlx::query(sql)
            .bind(key.public.as_slice())
            .bind(sealed)
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("keeping the key of evidence")
    }
}
