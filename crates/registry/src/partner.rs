//! Calls of a partner (*iş ortağı*, *entegratör*): one API user for many firms
//! that authorised it in the İYS panel. Everything below a brand is called as
//! with a firm's own account; only these calls are a partner's alone, and a
//! firm's user that makes them gets H363.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::call_error::CallError;
use crate::client::Client;
use crate::limiter::CallKind;
use crate::read;
use crate::transport::Request;
use crate::wire::{BrandAddress, Package, RegisteredChannel};

/// Brands on one page of the partner's list.
pub const PARTNER_PAGE_MAX: usize = 100;

/// What a partner may do on a channel of a brand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelRight {
    /// Neither read nor write.
    None,
    /// Read. Any word but `write` is taken for it.
    Read,
    /// Read and write.
    Write,
}

/// A brand that authorised the partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerBrand {
    /// Its numbers.
    pub address: BrandAddress,
    /// Its name.
    pub name: String,
    /// The firm's trade name (*ünvan*), when given.
    pub title: Option<String>,
    /// Whether it is the firm's master brand.
    pub is_master: bool,
    /// On calls.
    pub arama: ChannelRight,
    /// On messages.
    pub mesaj: ChannelRight,
    /// On e-mail.
    pub eposta: ChannelRight,
    /// May confirm days (*mutabakat*).
    pub may_agree: bool,
    /// May use ViA.
    pub may_use_via: bool,
}

impl PartnerBrand {
    /// The right on a channel.
    pub fn right(&self, channel: RegisteredChannel) -> ChannelRight {
        match channel {
            RegisteredChannel::ARAMA => self.arama,
            RegisteredChannel::MESAJ => self.mesaj,
            _ => self.eposta,
        }
    }
}

/// One page of the brands that authorised a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerPage {
    /// The brands.
    pub brands: Vec<PartnerBrand>,
    /// How many there are in all, when İYS said so.
    pub total: Option<i64>,
}

impl Client {
    /// A page of the brands that authorised the partner; `offset` counts from
    /// 0, `limit` is at most [`PARTNER_PAGE_MAX`].
    ///
    /// # Errors
    /// [`CallError`]; H363 for a firm's own user, H129 for another partner's code.
    pub async fn partner_brands(
        &self,
        integrator_code: i64,
        offset: usize,
        limit: usize,
    ) -> Result<PartnerPage, CallError> {
        let mut request = Request::get(format!("/integrator/{integrator_code}/sps"));
        request.query.extend([
            ("offset", offset.to_string()),
            ("limit", limit.min(PARTNER_PAGE_MAX).to_string()),
        ]);
        self.read(CallKind::Account, &request, read_page).await
    }

    /// The brands of one firm that authorised the partner.
    ///
    /// # Errors
    /// [`CallError`]; H245 for a firm that is not in its group, H268 for one
    /// without a partner's user.
    pub async fn partner_firm(
        &self,
        integrator_code: i64,
        iys_code: i64,
    ) -> Result<Vec<PartnerBrand>, CallError> {
        let request = Request::get(format!("/integrator/{integrator_code}/sps/{iys_code}"));
        let page = self.read(CallKind::Account, &request, read_page).await?;
        Ok(page.brands)
    }

    /// The partner's own package.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn partner_subscription(&self, integrator_code: i64) -> Result<Package, CallError> {
        let request = Request::get(format!("/integrator/{integrator_code}/subscription"));
        self.read(CallKind::Account, &request, read::subscription)
            .await
    }
}

/// A list with its page, or the plain array of the older document.
fn read_page(body: &[u8]) -> Result<PartnerPage, String> {
    let value: Value = read::parse(body)?;
    let rows = value
        .as_array()
        .or_else(|| value.get("list").and_then(Value::as_array))
        .ok_or("it holds no list of brands")?;
    Ok(PartnerPage {
        brands: rows.iter().filter_map(brand).collect(),
        total: value
            .get("pagination")
            .and_then(|pagination| read::number(pagination, "totalCount")),
    })
}

fn brand(row: &Value) -> Option<PartnerBrand> {
    let is_set = |key| row.get(key).is_some_and(read::is_true);
    let right = |key| match read::text(row, &[key]) {
        Some(word) if word == "write" => ChannelRight::Write,
        Some(_) => ChannelRight::Read,
        None => ChannelRight::None,
    };
    Some(PartnerBrand {
        address: BrandAddress {
            iys_code: read::number(row, "iysCode")?,
            brand_code: read::number(row, "brandCode")?,
        },
        name: read::text(row, &["name"]).unwrap_or_default(),
        title: read::text(row, &["title"]),
        is_master: is_set("master"),
        arama: right("ARAMA"),
        mesaj: right("MESAJ"),
        eposta: right("EPOSTA"),
        may_agree: is_set("agreementControl"),
        may_use_via: is_set("viaControl"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_read_from_both_shapes_and_only_write_is_writing() {
        let row = r#"{"iysCode":"600011","brandCode":600012,"name":"ORNEK","master":"true","MESAJ":"write","EPOSTA":"okuma","agreementControl":true}"#;
        for body in [
            format!("[{row}]"),
            format!(r#"{{"pagination":{{"totalCount":1}},"list":[{row}]}}"#),
        ] {
            let page = read_page(body.as_bytes()).unwrap();
            let brand = &page.brands[0];
            assert_eq!(brand.address.iys_code, 600_011);
            let rights = [
                RegisteredChannel::MESAJ,
                RegisteredChannel::EPOSTA,
                RegisteredChannel::ARAMA,
            ]
            .map(|channel| brand.right(channel));
            assert_eq!(
                rights,
                [ChannelRight::Write, ChannelRight::Read, ChannelRight::None]
            );
            assert!(brand.is_master && brand.may_agree && !brand.may_use_via);
        }
        assert!(read_page(b"{}").is_err());
    }
}
