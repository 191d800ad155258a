//! What İYS lets the brand's account do (*portal ışıkları*): whether its package
//! runs, whether it sees the brand, and what it may do on each channel. Asked
//! daily, and when a person wants to know.
//!
//! Of a partner İYS lists what each firm let it do; anything but `write` means
//! that nothing may be written. Of a firm's own account it lists nothing, so
//! reading is tried.

use domain::Channel;
use domain::ids::{BrandId, FirmId};
use domain::time::{HOUR_US, SECOND_US};
use registry::CallError;
use registry::partner::{ChannelRight, PartnerBrand};
use registry::wire::{RegisteredChannel, Subscription};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::brands::Brand;

use super::Line;
use super::pull::BRANDS_MAX;
use crate::error::EngineError;
use crate::{Engine, Step};

/// How often İYS is asked about rights.
const EVERY_US: i64 = 24 * HOUR_US;
/// Rest after a call that failed.
const REST_SECONDS: i64 = 600;

/// Whether something is allowed, as far as İYS has let us know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Allowed {
    /// İYS did what was asked.
    Yes,
    /// İYS said that the account may not (H353, H355, H363).
    No,
    /// Nothing was asked that would tell.
    #[default]
    Unknown,
}

/// What İYS lets the brand's account do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rights {
    /// The account sees the brand.
    pub brand: Allowed,
    /// It may ask about text messages.
    pub mesaj: Allowed,
    /// It may ask about calls.
    pub arama: Allowed,
    /// It may ask about e-mail.
    pub eposta: Allowed,
    /// It may read the daily agreement.
    pub agreement: Allowed,
    /// The firm authorised the partner (*entegratör izni*) whose account is
    /// used; not known of a firm's own account.
    pub integrator: Allowed,
    /// How the firm's package stands; none before İYS said so.
    pub subscription: Option<Subscription>,
    /// What İYS said last, when it refused.
    pub said: Option<String>,
}

impl Rights {
    /// The right on a channel.
    pub const fn on(&self, channel: Channel) -> Allowed {
        match channel {
            Channel::Mesaj => self.mesaj,
            Channel::Arama => self.arama,
            Channel::Eposta => self.eposta,
            Channel::Whatsapp => Allowed::Unknown,
        }
    }

    fn set(&mut self, channel: Channel, allowed: Allowed) {
        match channel {
            Channel::Mesaj => self.mesaj = allowed,
            Channel::Arama => self.arama = allowed,
            Channel::Eposta => self.eposta = allowed,
            Channel::Whatsapp => {}
        }
    }

    /// Nothing may be done, whatever the channel.
    fn deny_everything(&mut self) {
        self.brand = Allowed::No;
        (self.mesaj, self.arama, self.eposta) = (Allowed::No, Allowed::No, Allowed::No);
        self.agreement = Allowed::No;
    }

    /// What İYS lists about a partner: writing is all that counts.
    fn of_partner(&mut self, listed: Option<&PartnerBrand>) {
        let Some(listed) = listed else {
            self.deny_everything();
            self.integrator = Allowed::No;
            return;
        };
        let writes = |right| match right {
            ChannelRight::Write => Allowed::Yes,
            ChannelRight::Read | ChannelRight::None => Allowed::No,
        };
        (self.brand, self.integrator) = (Allowed::Yes, Allowed::Yes);
        self.mesaj = writes(listed.mesaj);
        self.arama = writes(listed.arama);
        self.eposta = writes(listed.eposta);
        self.agreement = if listed.may_agree {
            Allowed::Yes
        } else {
            Allowed::No
        };
    }
}

/// Whether a refusal is about rights, and not about this one call.
fn denies(error: &CallError) -> bool {
    denies_everything(error)
        || matches!(
            error.code.as_deref(),
            Some("H353" | "H355" | "H363" | "H245" | "H268" | "H018")
        )
}

/// Whether a refusal is about the package: every other call gets it as well.
fn denies_everything(error: &CallError) -> bool {
    matches!(
        error.code.as_deref(),
        Some("H437" | "H520" | "H521" | "H524" | "H586")
    )
}

impl Engine {
    /// Asks about the rights of brands whose turn it is.
    pub(super) async fn look_at_lights(&self) -> Result<Step, EngineError> {
        let brands = self
            .store
            .read()
            .await?
            .connected_brands(None, BRANDS_MAX)
            .await?;
        let mut step = Step::Idle;
        for brand in brands {
            if self.is_stopping() || !self.lights_are_due(&brand).await? {
                continue;
            }
            self.check_lights(&brand).await?;
            step = Step::Did;
        }
        Ok(step)
    }

    async fn lights_are_due(&self, brand: &Brand) -> Result<bool, EngineError> {
        let now = self.now();
        if !self.light_rests.is_over(brand.id, now) {
            return Ok(false);
        }
        let held = self.rights(brand.id).await?;
        Ok(held.is_none_or(|(_, checked)| now.since(checked) >= EVERY_US))
    }

    /// What İYS lets the brand's account do, as last seen.
    ///
    /// # Errors
    /// [`EngineError`] when the store cannot.
    pub async fn rights(
        &self,
        brand: BrandId,
    ) -> Result<Option<(Rights, domain::Timestamp)>, EngineError> {
        let mut reader = self.store.read().await?;
        Ok(reader.registry_lights::<Rights>(brand).await?)
    }

    /// Asks İYS what the brand's account may do; a call that fails for other
    /// reasons leaves what is known.
    ///
    /// # Errors
    /// [`EngineError`] when the store cannot.
    pub async fn check_lights(&self, brand: &Brand) -> Result<Rights, EngineError> {
        let held = self.rights(brand.id).await?.map(|(rights, _)| rights);
        let mut rights = held.unwrap_or_default();
        let rest = self.now().plus_micros(REST_SECONDS * SECOND_US);
        let Some(line) = self.line(brand.id).await? else {
            self.light_rests.begin(brand.id, rest);
            return Ok(rights);
        };
        let before = rights.clone();
        rights.said = None;
        self.see_rights(&line, brand, &mut rights).await?;
        self.light_rests.begin(brand.id, rest);
        let mut writer = self.store.write().await?;
        writer.save_registry_lights(brand.id, &rights).await?;
        if rights != before {
            let detail = json!({ "rights": rights });
            writer
                .append_audit(
                    brand.firm,
                    self.worker(),
                    "registry.rights",
                    &brand.id.to_string(),
                    &detail,
                )
                .await?;
        }
        writer.commit().await?;
        Ok(rights)
    }

    /// Asks about the package first: when it does not run, everything else is
    /// refused, and refused calls count against the address.
    async fn see_rights(
        &self,
        line: &Line,
        brand: &Brand,
        rights: &mut Rights,
    ) -> Result<(), EngineError> {
        if !self.see_package(line, rights).await {
            return Ok(());
        }
        if brand.uses_partner {
            return self.see_partner(line, rights).await;
        }
        rights.integrator = Allowed::Unknown;
        if !self.see_brand(line, rights).await {
            return Ok(());
        }
        for channel in [Channel::Mesaj, Channel::Arama, Channel::Eposta] {
            self.see_channel(line, brand, channel, rights).await?;
        }
        self.see_agreement(line, rights).await;
        Ok(())
    }

    /// Whether the package runs, as far as İYS says.
    async fn see_package(&self, line: &Line, rights: &mut Rights) -> bool {
        let package = match line.client.subscription(line.address.iys_code).await {
            Ok(package) => package,
            Err(error) => {
                rights.said = Some(error.said());
                if denies_everything(&error) {
                    rights.subscription = Some(Subscription::Closed);
                    rights.deny_everything();
                    return false;
                }
                return true;
            }
        };
        rights.subscription = Some(package.status);
        let runs = matches!(package.status, Subscription::Active | Subscription::Unknown);
        if !runs {
            rights.deny_everything();
        }
        runs
    }

    async fn see_partner(&self, line: &Line, rights: &mut Rights) -> Result<(), EngineError> {
        let Some(account) = self.store.read().await?.partner_account().await? else {
            return Ok(());
        };
        let listed = line
            .client
            .partner_firm(account.integrator_code, line.address.iys_code)
            .await;
        match listed {
            Ok(listed) => {
                rights.of_partner(listed.iter().find(|one| one.address == line.address));
            }
            Err(error) => {
                rights.said = Some(error.said());
                if denies(&error) {
                    rights.of_partner(None);
                }
            }
        }
        Ok(())
    }

    /// Whether it is worth asking on.
    async fn see_brand(&self, line: &Line, rights: &mut Rights) -> bool {
        match line.client.brands(line.address.iys_code).await {
            Ok(brands) => {
                let sees = brands
                    .iter()
                    .any(|brand| brand.brand_code == line.address.brand_code);
                rights.brand = if sees { Allowed::Yes } else { Allowed::No };
            }
            Err(error) => {
                rights.said = Some(error.said());
                if denies_everything(&error) {
                    rights.deny_everything();
                    return false;
                }
                if denies(&error) {
                    rights.brand = Allowed::No;
                }
            }
        }
        true
    }

    /// A question about one address of our own tells whether the channel may
    /// be asked about; without an address nothing is asked.
    async fn see_channel(
        &self,
        line: &Line,
        brand: &Brand,
        channel: Channel,
        rights: &mut Rights,
    ) -> Result<(), EngineError> {
        let Some(registered) = RegisteredChannel::of(channel) else {
            return Ok(());
        };
        let known = self
            .store
            .read()
            .await?
            .any_recipient(brand.firm, channel)
            .await?;
        let Some(recipient) = known else {
            return Ok(());
        };
        let kind = domain::RecipientKind::Bireysel;
        let asked = line
            .client
            .confirmed(line.address, registered, kind, &[recipient])
            .await;
        match asked {
            Ok(_) => rights.set(channel, Allowed::Yes),
            Err(error) if denies(&error) => {
                rights.set(channel, Allowed::No);
                rights.said = Some(error.said());
            }
            Err(error) => rights.said = Some(error.said()),
        }
        Ok(())
    }

    async fn see_agreement(&self, line: &Line, rights: &mut Rights) {
        let yesterday = store::registry_feed::day_of(self.now()) - 1;
        let date = super::agreement::date_of(yesterday);
        match line.client.day_hash(line.address, date).await {
            Ok(_) => rights.agreement = Allowed::Yes,
            Err(error) if denies(&error) => {
                rights.agreement = Allowed::No;
                rights.said = Some(error.said());
            }
            Err(error) => rights.said = Some(error.said()),
        }
    }

    /// Refuses to push a file for a channel that the account may not touch.
    ///
    /// # Errors
    /// [`EngineError::Refused`] with F118.
    pub(crate) async fn needs_right(
        &self,
        firm: FirmId,
        brand: BrandId,
        channels: &[Channel],
    ) -> Result<(), EngineError> {
        let held = self.store.read().await?.brand(firm, brand).await?;
        if !held.is_some_and(|brand| brand.mode.is_connected()) {
            return Ok(());
        }
        let Some((rights, _)) = self.rights(brand).await? else {
            return Ok(());
        };
        let refused = channels
            .iter()
            .find(|channel| rights.on(**channel) == Allowed::No);
        let args = match (refused, rights.brand) {
            (Some(channel), _) => vec![("channel".to_owned(), channel.to_string())],
            (None, Allowed::No) => Vec::new(),
            (None, _) => return Ok(()),
        };
        Err(EngineError::Refused {
            code: domain::ReasonCode::F118,
            args,
        })
    }
}

/// Brands that are not asked about again before an instant, in this process.
#[derive(Debug, Default)]
pub(crate) struct Rests(std::sync::Mutex<std::collections::HashMap<BrandId, domain::Timestamp>>);

impl Rests {
    pub(crate) fn is_over(&self, brand: BrandId, now: domain::Timestamp) -> bool {
        let rests = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        rests.get(&brand).is_none_or(|until| *until <= now)
    }

    pub(crate) fn begin(&self, brand: BrandId, until: domain::Timestamp) {
        let mut rests = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        rests.insert(brand, until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_that_were_kept_by_an_older_version_are_still_read() {
        let kept = r#"{"brand":"yes","mesaj":"no"}"#;
        let rights: Rights = serde_json::from_str(kept).expect("readable");
        assert_eq!(rights.on(Channel::Mesaj), Allowed::No);
        assert_eq!(rights.on(Channel::Arama), Allowed::Unknown);
    }

    #[test]
    fn a_partner_that_may_only_read_may_not_write() {
        let mut rights = Rights::default();
        let address = registry::wire::BrandAddress {
            iys_code: 1,
            brand_code: 1,
        };
        let listed = PartnerBrand {
            address,
            name: String::new(),
            title: None,
            is_master: true,
            arama: ChannelRight::None,
            mesaj: ChannelRight::Write,
            eposta: ChannelRight::Read,
            may_agree: false,
            may_use_via: false,
        };
        rights.of_partner(Some(&listed));
        assert_eq!(rights.on(Channel::Mesaj), Allowed::Yes);
        assert_eq!(rights.on(Channel::Arama), Allowed::No);
        assert_eq!(rights.on(Channel::Eposta), Allowed::No);
        assert_eq!(rights.agreement, Allowed::No);
        assert_eq!(rights.integrator, Allowed::Yes);
        rights.of_partner(None);
        assert_eq!(
            (rights.brand, rights.integrator),
            (Allowed::No, Allowed::No)
        );
    }
}
