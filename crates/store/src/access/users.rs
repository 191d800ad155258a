//! The people who sign in (*kullanıcı*). A firm never loses its last owner.

use domain::ids::{FirmId, UserId};
use domain::{EmailAddress, Timestamp};

use super::passwords::PasswordHash;
use super::roles::Role;
use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::{for_update, instant, known, page_rows};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// The language a person reads.
    Language {
        /// Turkish.
        Turkish = 1, "tr";
        /// English.
        English = 2, "en";
    }
}

/// A person who works in the panel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Their number.
    pub id: UserId,
    /// Where they work.
    pub firm: FirmId,
    /// What they sign in with; unique in the installation.
    pub email: EmailAddress,
    /// As shown to colleagues.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// What they read.
    pub language: Language,
    /// When the account was made.
    pub created_at: Timestamp,
    /// Since when they may not sign in.
    pub disabled_at: Option<Timestamp>,
}

/// A person to be added.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// What they will sign in with.
    pub email: EmailAddress,
    /// As shown to colleagues.
    pub name: String,
    /// From [`super::hash_password`].
    pub password: PasswordHash,
    /// What they may do.
    pub role: Role,
    /// What they read.
    pub language: Language,
}

macro_rules! columns {
    () => {
        "u.id, u.firm_id, u.email, u.name, u.role, u.language, u.created_us, u.disabled_us"
    };
}
pub(super) use columns as user_columns;

#[derive(sqlx::FromRow)]
pub(super) struct UserRow {
    id: i64,
    firm_id: i64,
    email: String,
    name: String,
    role: i64,
    language: String,
    created_us: i64,
    disabled_us: Option<i64>,
}

impl TryFrom<UserRow> for User {
    type Error = StoreError;

    fn try_from(row: UserRow) -> Result<Self, StoreError> {
        let id = UserId::from_db(row.id);
        let email = EmailAddress::from_normalised(&row.email);
        Ok(Self {
            id,
            firm: FirmId::from_db(row.firm_id),
            email: known(email, "user_account", "email", id)?,
            name: row.name,
            role: known(Role::from_db(row.role), "user_account", "role", id)?,
            language: known(
                Language::parse(&row.language),
                "user_account",
                "language",
                id,
            )?,
            created_at: Timestamp::from_micros(row.created_us),
            disabled_at: instant(row.disabled_us),
        })
    }
}

#[derive(sqlx::FromRow)]
struct AccountRow {
    #[sqlx(flatten)]
    user: UserRow,
    password_hash: String,
}

impl Reader {
    /// One person of a firm.
    pub async fn user(&mut self, firm: FirmId, id: UserId) -> Result<Option<User>, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM user_account u WHERE u.id = $1 AND u.firm_id = $2"
        );
        let row = on!(self, conn => sqlx::query_as::<_, UserRow>(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a user")?;
        row.map(User::try_from).transpose()
    }

    /// The people of a firm after `after`, in the order of their numbers.
    pub async fn users(
        &mut self,
        firm: FirmId,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<User>, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM user_account u WHERE u.firm_id = $1 AND u.id > $2 ORDER BY u.id LIMIT $3"
        );
        let rows = on!(self, conn => sqlx::query_as::<_, UserRow>(sql)
            .bind(firm.as_db())
            .bind(after.map_or(0, UserId::as_db))
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing users")?;
        rows.into_iter().map(User::try_from).collect()
    }

    /// The account that may sign in with this address, and what to verify.
    /// `None` is verified too: see [`super::verify_password`].
    pub async fn account(
        &mut self,
        email: &EmailAddress,
    ) -> Result<Option<(User, PasswordHash)>, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            ", u.password_hash FROM user_account u WHERE u.email = $1 AND u.disabled_us IS NULL"
        );
        let row = on!(self, conn => sqlx::query_as::<_, AccountRow>(sql)
            .bind(email.to_string())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading an account")?;
        row.map(|row| {
            Ok((
                row.user.try_into()?,
                PasswordHash::from_db(row.password_hash),
            ))
        })
        .transpose()
    }
}

impl Writer {
    /// Adds a person to a firm.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the address has an account already,
    /// [`StoreError::Lost`] when there is no such firm.
    pub async fn create_user(&mut self, firm: FirmId, new: NewUser) -> Result<User, StoreError> {
        self.lock_firm(firm).await?;
        let made = User {
            id: UserId::from_db(self.next_id()?),
            firm,
            email: new.email,
            name: new.name,
            role: new.role,
            language: new.language,
            created_at: self.now(),
            disabled_at: None,
        };
        let sql = "INSERT INTO user_account \
             (id, firm_id, email, name, password_hash, role, language, created_us) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let done = on!(self, conn => sqlx::query(sql)
            .bind(made.id.as_db())
            .bind(firm.as_db())
            .bind(made.email.to_string())
            .bind(made.name.as_str())
            .bind(new.password.as_str())
            .bind(made.role.as_db())
            .bind(made.language.as_str())
            .bind(made.created_at.as_micros())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("an account with this address")?;
        exactly(done, 1, "the user")?;
        Ok(made)
    }

    /// A person, locked with their firm until this transaction ends: change
    /// the fields and give them to [`Writer::save_user`].
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the firm has no such person.
    pub async fn user_to_change(&mut self, firm: FirmId, id: UserId) -> Result<User, StoreError> {
        self.lock_firm(firm).await?;
        let sql = for_update!(
            self,
            "SELECT ",
            columns!(),
            " FROM user_account u WHERE u.id = $1 AND u.firm_id = $2"
        );
        let row = on!(self, conn => sqlx::query_as::<_, UserRow>(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a user")?;
        row.ok_or(StoreError::Lost { what: "the user" })?.try_into()
    }

    /// Writes a person's name, role, language and whether they may sign in.
    /// Who may no longer is signed out everywhere.
    ///
    /// # Errors
    /// [`StoreError::Lost`] names "another owner of the firm" when the change
    /// would leave it without one.
    pub async fn save_user(&mut self, user: &User) -> Result<(), StoreError> {
        let stays_owner = user.role == Role::Owner && user.disabled_at.is_none();
        if !stays_owner && self.is_last_owner(user).await? {
            return Err(StoreError::Lost {
                what: "another owner of the firm",
            });
        }
        let sql = "UPDATE user_account SET name = $3, role = $4, language = $5, disabled_us = $6 \
             WHERE id = $1 AND firm_id = $2";
        let done = on!(self, conn => sqlx::query(sql)
            .bind(user.id.as_db())
            .bind(user.firm.as_db())
            .bind(user.name.as_str())
            .bind(user.role.as_db())
            .bind(user.language.as_str())
            .bind(user.disabled_at.map(Timestamp::as_micros))
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("changing a user")?;
        exactly(done, 1, "the user")?;
        if user.disabled_at.is_some() {
            self.end_sessions_of(user.id).await?;
        }
        Ok(())
    }

    /// Gives a person a new password and signs them out everywhere.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the firm has no such person.
    pub async fn set_password(
        &mut self,
        firm: FirmId,
        id: UserId,
        password: &PasswordHash,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE user_account SET password_hash = $3 WHERE id = $1 AND firm_id = $2";
        let done = on!(self, conn => sqlx::query(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .bind(password.as_str())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("changing a password")?;
        exactly(done, 1, "the user")?;
        self.end_sessions_of(id).await?;
        Ok(())
    }

    /// Whether the stored row is the only owner who may sign in.
    async fn is_last_owner(&mut self, user: &User) -> Result<bool, StoreError> {
        self.lock_firm(user.firm).await?;
        let sql = "SELECT id FROM user_account \
             WHERE firm_id = $1 AND role = $2 AND disabled_us IS NULL ORDER BY id LIMIT 2";
        let owners = on!(self, conn => sqlx::query_scalar::<_, i64>(sql)
            .bind(user.firm.as_db())
            .bind(Role::Owner.as_db())
            .fetch_all(&mut *conn)
            .await)
        .doing("looking for owners")?;
        Ok(owners == [user.id.as_db()])
    }
}
