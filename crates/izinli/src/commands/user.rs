//! `izinli user …`

use anyhow::Context;
use rand::TryRngCore as _;
use secrecy::SecretString;
use serde_json::json;
use store::access::{NewUser, Role, hash_password};

use crate::cli::{Cli, User};
use crate::output::{Exit, Output};
use crate::session::{ACTOR, Session};

/// Makes or lists users.
pub(crate) async fn run(cli: &Cli, command: &User, out: Output) -> anyhow::Result<Exit> {
    let session = Session::open(cli).await?;
    match command {
        User::Create {
            firm,
            email,
            name,
            role,
            password_env,
        } => {
            let firm = session.firm(firm).await?;
            let (password, shown) = match password_env {
                Some(variable) => (
                    std::env::var(variable).with_context(|| format!("{variable} is not set"))?,
                    None,
                ),
                None => {
                    let made = random_password()?;
                    (made.clone(), Some(made))
                }
            };
            let new = NewUser {
                email: domain::EmailAddress::from_normalised(&email.to_ascii_lowercase())
                    .with_context(|| format!("`{email}` is no e-mail address"))?,
                name: name.clone(),
                password: hash(&password)?,
                role: role.parse::<Role>()?,
                language: store::access::Language::Turkish,
            };
            let mut writer = session.store.write().await?;
            let user = writer.create_user(firm, new).await?;
            writer
                .append_audit(
                    firm,
                    ACTOR,
                    "user.create",
                    &user.id.to_string(),
                    &json!({ "role": role }),
                )
                .await?;
            writer.commit().await?;
            let value = json!({ "id": user.id, "email": user.email.as_str(), "password": shown });
            out.show(&value, |_| {
                println!("{}", user.id);
                if let Some(password) = &shown {
                    println!(
                        "{}: {password}",
                        out.pick("parola (bir kez gösterilir)", "password (shown once)")
                    );
                }
            })?;
        }
        User::List { firm } => {
            let firm = session.firm(firm).await?;
            let users = session.store.read().await?.users(firm, None, 1_000).await?;
            let list: Vec<_> = users
                .iter()
                .map(|user| json!({ "id": user.id, "email": user.email.as_str(), "name": user.name, "role": user.role }))
                .collect();
            out.show(&list, |_| {
                for user in &users {
                    println!("{}  {}  {}  {}", user.id, user.email, user.role, user.name);
                }
            })?;
        }
    }
    Ok(Exit::Done)
}

/// Hashes a password under a fresh salt.
pub(crate) fn hash(password: &str) -> anyhow::Result<store::access::PasswordHash> {
    let mut salt = [0_u8; 16];
    rand::rngs::OsRng
        .try_fill_bytes(&mut salt)
        .context("the machine gives no randomness")?;
    Ok(hash_password(
        &SecretString::from(password.to_owned()),
        salt,
    )?)
}

/// A password of 100 random bits, easy to read out.
pub(crate) fn random_password() -> anyhow::Result<String> {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789-";
    let mut bytes = [0_u8; 20];
    rand::rngs::OsRng
        .try_fill_bytes(&mut bytes)
        .context("the machine gives no randomness")?;
    Ok(bytes
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(byte & 31)]))
        .collect())
}
