//! The devices of people, by the tokens that files named them by.

use domain::device::Platform;
use domain::ids::{ContactId, FirmId};

use crate::db::Reader;
use crate::error::{Doing, StoreError};
use crate::row::known;

/// Most devices that are told of one person.
const DEVICES_MAX: i64 = 100;

/// A device of a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// What names it.
    pub token: String,
    /// What it is; `None` where the shape of the token does not tell.
    pub platform: Option<Platform>,
}

const DEVICES: &str = "SELECT token, platform FROM contact_token \
     WHERE contact_id = $2 AND firm_id = $1 ORDER BY token LIMIT $3";

impl Reader {
    /// The devices of a contact, by their tokens.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a platform is none.
    pub async fn devices(
        &mut self,
        firm: FirmId,
        contact: ContactId,
    ) -> Result<Vec<Device>, StoreError> {
        let rows: Vec<(String, Option<i64>)> = on!(self, conn => sqlx::query_as(DEVICES)
            .bind(firm.as_db())
            .bind(contact.as_db())
            .bind(DEVICES_MAX)
            .fetch_all(&mut *conn)
            .await)
        .doing("reading the devices of a contact")?;
        let devices = rows.into_iter().map(|(token, platform)| {
            let kept = platform.map(|number| {
                let platform = Platform::from_db(number);
                known(platform, "contact_token", "platform", contact)
            });
            Ok(Device {
                // What was kept before platforms were.
                platform: kept.transpose()?.or_else(|| Platform::of_token(&token)),
                token,
            })
        });
        devices.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::DEVICES;
    use crate::plan::{Index, walks};

    #[tokio::test]
    async fn the_devices_of_a_person_are_found_by_the_person() {
        walks(|_| DEVICES, Index::named("contact_token_contact")).await;
    }
}
