//! Connectors (*bağlayıcı*): configured provider accounts. The configuration
//! is sealed; what it looks like is the business of the connector's kind.

use domain::Timestamp;
use domain::ids::{ConnectorId, FirmId};
use secrecy::SecretString;

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::{from_json, instant, known, open_text, page_rows, to_json};
use crate::vocabulary::vocabulary;

const CONFIG: &str = "connector.config";

vocabulary! {
    /// How far a connector may be trusted.
    ConnectorState {
        /// Entered or changed, not yet tried.
        Untested = 1, "untested";
        /// A test call succeeded.
        Tested = 2, "tested";
        /// Campaigns may use it.
        Active = 3, "active";
        /// The account refuses to work; the reason says why.
        Broken = 4, "broken";
    }
}

/// A configured provider account, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connector {
    /// Its number.
    pub id: ConnectorId,
    /// Whose it is.
    pub firm: FirmId,
    /// Which provider, as the connectors' catalogue names it.
    pub kind: String,
    /// As shown to people.
    pub name: String,
    /// Part of the address that the provider pushes receipts to.
    pub path_key: String,
    /// Counts the changes of its configuration: a copy made from a smaller
    /// number is old.
    pub version: i64,
    /// How far it may be trusted.
    pub state: ConnectorState,
    /// Why it is in this state, in the provider's words.
    pub state_reason: Option<String>,
    /// When its present settings were tried last.
    pub tested_at: Option<Timestamp>,
    /// The senders (*başlık*) that the provider listed when it was tried; none
    /// where it lists none.
    pub senders: Option<Vec<String>>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A connector to be added.
#[derive(Debug, Clone)]
pub struct NewConnector<'a> {
    /// Which provider.
    pub kind: String,
    /// As shown to people.
    pub name: String,
    /// See [`crate::token::path_key`].
    pub path_key: String,
    /// What the user filled in, as the kind wants it.
    pub config: &'a serde_json::Value,
}

macro_rules! columns {
    () => {
        "id, firm_id, kind, name, path_key, version, state, state_reason, tested_us, senders, created_us"
    };
}

#[derive(sqlx::FromRow)]
struct ConnectorRow {
    id: i64,
    firm_id: i64,
    kind: String,
    name: String,
    path_key: String,
    version: i64,
    state: i64,
    state_reason: Option<String>,
    tested_us: Option<i64>,
    senders: Option<String>,
    created_us: i64,
}

impl TryFrom<ConnectorRow> for Connector {
    type Error = StoreError;

    fn try_from(row: ConnectorRow) -> Result<Self, StoreError> {
        let id = ConnectorId::from_db(row.id);
        Ok(Self {
            id,
            firm: FirmId::from_db(row.firm_id),
            kind: row.kind,
            name: row.name,
            path_key: row.path_key,
            version: row.version,
            state: known(ConnectorState::from_db(row.state), "connector", "state", id)?,
            state_reason: row.state_reason,
            tested_at: instant(row.tested_us),
            senders: row
                .senders
                .map(|senders| from_json(&senders, "connector", "senders", id))
                .transpose()?,
            created_at: Timestamp::from_micros(row.created_us),
        })
    }
}

#[derive(sqlx::FromRow)]
struct ConfiguredRow {
    #[sqlx(flatten)]
    connector: ConnectorRow,
    config: Vec<u8>,
}

impl Reader {
    /// One connector of a firm.
    pub async fn connector(
        &mut self,
        firm: FirmId,
        id: ConnectorId,
    ) -> Result<Option<Connector>, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM connector WHERE id = $1 AND firm_id = $2"
        );
        let row = on!(self, conn => sqlx::query_as::<_, ConnectorRow>(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a connector")?;
        row.map(Connector::try_from).transpose()
    }

    /// The connectors of a firm after `after`, in the order of their numbers.
    pub async fn connectors(
        &mut self,
        firm: FirmId,
        after: Option<ConnectorId>,
        limit: usize,
    ) -> Result<Vec<Connector>, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM connector WHERE firm_id = $1 AND id > $2 ORDER BY id LIMIT $3"
        );
        let rows = on!(self, conn => sqlx::query_as::<_, ConnectorRow>(sql)
            .bind(firm.as_db())
            .bind(after.map_or(0, ConnectorId::as_db))
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing connectors")?;
        rows.into_iter().map(Connector::try_from).collect()
    }

    /// A connector with its configuration in the clear: to build it for
    /// sending, whichever firm's the work is.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when it does not exist, [`StoreError::Sealed`]
    /// when the installation's key has changed.
    pub async fn connector_at_work(
        &mut self,
        id: ConnectorId,
    ) -> Result<(Connector, SecretString), StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            ", config FROM connector WHERE id = $1"
        );
        let row = on!(self, conn => sqlx::query_as::<_, ConfiguredRow>(sql)
            .bind(id.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a connector")?;
        self.in_the_clear(row.ok_or(StoreError::Lost {
            what: "the connector",
        })?)
    }

    /// The connector that a provider pushes to under this address, with its
    /// configuration, which says how to authenticate the push.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when the installation's key has changed.
    pub async fn connector_by_path_key(
        &mut self,
        path_key: &str,
    ) -> Result<Option<(Connector, SecretString)>, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            ", config FROM connector WHERE path_key = $1"
        );
        let row = on!(self, conn => sqlx::query_as::<_, ConfiguredRow>(sql)
            .bind(path_key)
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a connector")?;
        row.map(|row| self.in_the_clear(row)).transpose()
    }

    /// Which version of its configuration a connector has; none when it is gone.
    pub async fn connector_version(&mut self, id: ConnectorId) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT version FROM connector WHERE id = $1";
        on!(self, conn => sqlx::query_scalar(sql)
            .bind(id.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a connector's version")
    }

    /// The configuration of one of a firm's connectors, as JSON text.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when the installation's key has changed.
    pub async fn connector_config(
        &mut self,
        firm: FirmId,
        id: ConnectorId,
    ) -> Result<Option<SecretString>, StoreError> {
        let sql = "SELECT config FROM connector WHERE id = $1 AND firm_id = $2";
        let sealed = on!(self, conn => sqlx::query_scalar::<_, Vec<u8>>(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a connector's configuration")?;
        sealed
            .map(|sealed| open_text(self.store().keys(), CONFIG, &sealed))
            .transpose()
    }

    fn in_the_clear(&self, row: ConfiguredRow) -> Result<(Connector, SecretString), StoreError> {
        let config = open_text(self.store().keys(), CONFIG, &row.config)?;
        Ok((row.connector.try_into()?, config))
    }
}

impl Writer {
    /// Adds a connector; it waits for a test.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when there is no such firm.
    pub async fn create_connector(
        &mut self,
        firm: FirmId,
        new: NewConnector<'_>,
    ) -> Result<Connector, StoreError> {
        self.lock_firm(firm).await?;
        let sealed = self.seal_config(new.config)?;
        let made = Connector {
            id: ConnectorId::from_db(self.next_id()?),
            firm,
            kind: new.kind,
            name: new.name,
            path_key: new.path_key,
            version: 1,
            state: ConnectorState::Untested,
            state_reason: None,
            tested_at: None,
            senders: None,
            created_at: self.now(),
        };
        let sql = "INSERT INTO connector \
             (id, firm_id, kind, name, path_key, config, version, state, created_us) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let done = on!(self, conn => sqlx::query(sql)
            .bind(made.id.as_db())
            .bind(firm.as_db())
            .bind(made.kind.as_str())
            .bind(made.name.as_str())
            .bind(made.path_key.as_str())
            .bind(sealed)
            .bind(made.version)
            .bind(made.state.as_db())
            .bind(made.created_at.as_micros())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("creating a connector")?;
        exactly(done, 1, "the connector")?;
        Ok(made)
    }

    /// Gives a connector another name.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the firm has no such connector.
    pub async fn rename_connector(
        &mut self,
        firm: FirmId,
        id: ConnectorId,
        name: &str,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE connector SET name = $3 WHERE id = $1 AND firm_id = $2";
        let done = on!(self, conn => sqlx::query(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .bind(name)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("renaming a connector")?;
        exactly(done, 1, "the connector")
    }

    /// Replaces the configuration; the connector waits for a test again.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the firm has no such connector.
    pub async fn set_connector_config(
        &mut self,
        firm: FirmId,
        id: ConnectorId,
        config: &serde_json::Value,
    ) -> Result<(), StoreError> {
        let sealed = self.seal_config(config)?;
        let sql = "UPDATE connector SET config = $3, version = version + 1, state = $4, \
             state_reason = NULL, tested_us = NULL, senders = NULL WHERE id = $1 AND firm_id = $2";
        let done = on!(self, conn => sqlx::query(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .bind(sealed)
            .bind(ConnectorState::Untested.as_db())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("changing a connector")?;
        exactly(done, 1, "the connector")
    }

    /// Notes that the configuration of this version was tried, and which senders
    /// the provider listed; those of an earlier try stay where it did not say.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when there is no such connector or its
    /// configuration was changed in the meantime.
    pub async fn note_connector_test(
        &mut self,
        id: ConnectorId,
        version: i64,
        senders: Option<&[String]>,
    ) -> Result<(), StoreError> {
        let senders = senders.map(to_json).transpose()?;
        let now = self.now().as_micros();
        let sql = "UPDATE connector SET tested_us = $3, senders = COALESCE($4, senders) \
             WHERE id = $1 AND version = $2";
        let done = on!(self, conn => sqlx::query(sql)
            .bind(id.as_db())
            .bind(version)
            .bind(now)
            .bind(senders.as_deref())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("noting the test of a connector")?;
        exactly(done, 1, "the connector as it was tested")
    }

    /// Notes what a test, a person or the account itself said about the
    /// configuration that was looked at: `version` must still be the present one.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when there is no such connector or its
    /// configuration was changed in the meantime.
    pub async fn set_connector_state(
        &mut self,
        id: ConnectorId,
        version: i64,
        state: ConnectorState,
        reason: Option<&str>,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE connector SET state = $3, state_reason = $4 \
             WHERE id = $1 AND version = $2";
        let done = on!(self, conn => sqlx::query(sql)
            .bind(id.as_db())
            .bind(version)
            .bind(state.as_db())
            .bind(reason)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("changing a connector's state")?;
        exactly(done, 1, "the connector as it was tested")
    }

    fn seal_config(&self, config: &serde_json::Value) -> Result<Vec<u8>, StoreError> {
        self.store()
            .keys()
            .seal(CONFIG, to_json(config)?.as_bytes())
    }
}
