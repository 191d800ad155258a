//! Our address at İYS (*bildirim adresi*): İYS is asked to push there, asked what
//! it has, and told to stop. It keeps two connections a channel, so the one it
//! has is taken back before another is asked for.

use domain::ids::{BrandId, FirmId};
use rand::TryRngCore as _;
use registry::push::{Connection, ListedConnection};
use registry::wire::RegisteredChannel;
use secrecy::SecretString;
use serde_json::json;
use store::registry_pushes::PushAccount;

use super::Line;
use crate::Engine;
use crate::error::EngineError;

pub use registry::push::ListedConnection as PushConnection;

const CHANNELS: [RegisteredChannel; 3] = [
    RegisteredChannel::MESAJ,
    RegisteredChannel::ARAMA,
    RegisteredChannel::EPOSTA,
];

/// What İYS answers to taking back a connection that it does not have.
const NO_SUCH_CONNECTION: &str = "H530";

fn connections(account: &PushAccount) -> [Connection; 3] {
    CHANNELS.map(|channel| Connection {
        url: account.url.clone(),
        channel,
        username: account.username.clone(),
        password: account.password.clone(),
    })
}

impl Engine {
    /// Asks İYS to push to us: takes back what it was told before, makes a name
    /// and a password, keeps them, and registers our address for every channel.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] when `server.public_url` is not https,
    /// [`EngineError::Conflict`] with İYS's words when it refuses.
    pub async fn register_registry_push(
        &self,
        firm: FirmId,
        brand: BrandId,
        actor: &str,
    ) -> Result<PushAccount, EngineError> {
        let held = self.store.read().await?.brand(firm, brand).await?;
        let held = held.ok_or(EngineError::NotFound { what: "the brand" })?;
        let url = self.push_url(&held);
        if !self.takes_pushes_at(&url) {
            return Err(EngineError::invalid(
                "server.public_url",
                "must begin with https://: İYS pushes to nothing else (H531)",
            ));
        }
        let line = self.line_of(firm, brand).await?;
        self.take_back(&line, brand).await?;
        let username = format!("iys-{}", held.path_key);
        let password = secret()?;
        // Kept before İYS is told: it tries the address before it answers.
        let mut writer = self.store.write().await?;
        writer
            .save_push_account(brand, &username, &password, &url)
            .await?;
        writer.commit().await?;
        let told = PushAccount {
            username: username.clone(),
            password,
            url: url.clone(),
            registered_at: None,
            pushed_at: None,
        };
        line.client
            .register_push(line.address, &connections(&told))
            .await
            .map_err(|error| EngineError::conflict("İYS", error.to_string()))?;
        let mut writer = self.store.write().await?;
        writer.push_registered(brand).await?;
        let detail = json!({ "url": url, "username": username });
        let action = "registry.push_register";
        writer
            .append_audit(firm, actor, action, &brand.to_string(), &detail)
            .await?;
        writer.commit().await?;
        let account = self.store.read().await?.push_account(brand).await?;
        account.ok_or(EngineError::NotFound {
            what: "the push account",
        })
    }

    /// Tells İYS to push to us no more, and forgets the name and password; what
    /// citizens do comes by the feed alone.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] with İYS's words when it does not let go.
    pub async fn unregister_registry_push(
        &self,
        firm: FirmId,
        brand: BrandId,
        actor: &str,
    ) -> Result<(), EngineError> {
        let line = self.line_of(firm, brand).await?;
        self.take_back(&line, brand).await?;
        let mut writer = self.store.write().await?;
        if !writer.forget_push_account(brand).await? {
            return Ok(());
        }
        let action = "registry.push_unregister";
        writer
            .append_audit(firm, actor, action, &brand.to_string(), &json!({}))
            .await?;
        writer.commit().await?;
        Ok(())
    }

    /// The connections that İYS has for a brand, ours and those of others.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] with İYS's words when it does not tell.
    pub async fn registry_push_connections(
        &self,
        firm: FirmId,
        brand: BrandId,
    ) -> Result<Vec<ListedConnection>, EngineError> {
        let line = self.line_of(firm, brand).await?;
        let listed = line.client.push_connections(line.address).await;
        listed.map_err(|error| EngineError::conflict("İYS", error.to_string()))
    }

    /// Ends what İYS was told of before; only who shows the same name and
    /// password can.
    async fn take_back(&self, line: &Line, brand: BrandId) -> Result<(), EngineError> {
        let Some(account) = self.store.read().await?.push_account(brand).await? else {
            return Ok(());
        };
        for connection in connections(&account) {
            let ended = line.client.unregister_push(line.address, &connection).await;
            match ended {
                Ok(()) => {}
                Err(error) if error.code.as_deref() == Some(NO_SUCH_CONNECTION) => {}
                Err(error) => return Err(EngineError::conflict("İYS", error.to_string())),
            }
        }
        Ok(())
    }
}

/// 32 random bytes as text.
fn secret() -> Result<SecretString, EngineError> {
    let mut bytes = [0_u8; 32];
    rand::rngs::OsRng
        .try_fill_bytes(&mut bytes)
        .map_err(|_| EngineError::Internal("the machine gives no randomness".to_owned()))?;
    Ok(SecretString::from(hex::encode(bytes)))
}
