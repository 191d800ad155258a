//! Retailers (*bayi*): who took a consent for the brand, and the codes of
//! provinces and districts that their records need.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::call_error::CallError;
use crate::client::{Client, prefix};
use crate::limiter::CallKind;
use crate::read;
use crate::transport::Request;
use crate::wire::BrandAddress;

/// A retailer to be registered. What İYS numbers itself is not in it; an
/// optional value is left out, never sent empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct NewRetailer {
    /// Trade name (*ünvan*).
    pub title: String,
    /// Short name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// First and last name of a tradesman.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Identity number of a tradesman, 11 digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tckn: Option<String>,
    /// Mobile number, E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mobile: Option<String>,
    /// Central registry number, 16 digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mersis: Option<String>,
    /// Tax number, 10 or 11 digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tin: Option<String>,
    /// Province.
    pub city: Place,
    /// District.
    pub town: Place,
    /// Whether it may be used.
    pub status: RetailerStatus,
}

/// A province or district with its code at İYS.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Place {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
}

/// Whether a retailer may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RetailerStatus {
    /// It may.
    #[default]
    Active,
    /// Not for now.
    Suspended,
    /// Not any more.
    Passive,
}

/// A retailer as İYS lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retailer {
    /// Its number, 8 digits.
    pub code: u32,
    /// Trade name.
    pub title: String,
    /// Status in İYS's word.
    pub status: Option<String>,
}

impl Client {
    /// Registers a retailer; its number.
    ///
    /// # Errors
    /// [`CallError`]; H230, H231 and H253 for one that exists.
    pub async fn add_retailer(
        &self,
        brand: BrandAddress,
        retailer: &NewRetailer,
    ) -> Result<u32, CallError> {
        let request = Request::post(format!("{}/retailers", prefix(brand)), retailer);
        self.read(CallKind::Retailer, &request, read_code).await
    }

    /// A page of a brand's retailers.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn retailers(
        &self,
        brand: BrandAddress,
        offset: usize,
        limit: usize,
    ) -> Result<Vec<Retailer>, CallError> {
        let mut request = Request::get(format!("{}/retailers", prefix(brand)));
        request
            .query
            .extend([("offset", offset.to_string()), ("limit", limit.to_string())]);
        let list = self
            .read_if_any(CallKind::Retailer, &request, read_list)
            .await?;
        Ok(list.unwrap_or_default())
    }

    /// One retailer.
    ///
    /// # Errors
    /// [`CallError`]; H058 for an unknown one.
    pub async fn retailer(&self, brand: BrandAddress, code: u32) -> Result<Retailer, CallError> {
        let request = Request::get(format!("{}/retailers/{code}", prefix(brand)));
        self.read(CallKind::Retailer, &request, read_one).await
    }

    /// Removes a retailer to which no consent is linked.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn delete_retailer(&self, brand: BrandAddress, code: u32) -> Result<(), CallError> {
        let request = Request::delete(format!("{}/retailers/{code}", prefix(brand)));
        self.call(CallKind::Retailer, &request).await.map(|_| ())
    }

    /// The provinces.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn provinces(&self) -> Result<Vec<Place>, CallError> {
        self.places("/info/city".to_owned()).await
    }

    /// One province, as a list of at most one.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn province(&self, code: u32) -> Result<Vec<Place>, CallError> {
        self.places(format!("/info/city/{code}")).await
    }

    /// The districts of all provinces.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn districts(&self) -> Result<Vec<Place>, CallError> {
        self.places("/info/town".to_owned()).await
    }

    /// One district, as a list of at most one.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn district(&self, code: u32) -> Result<Vec<Place>, CallError> {
        self.places(format!("/info/town/{code}")).await
    }

    async fn places(&self, path: String) -> Result<Vec<Place>, CallError> {
        let places = self
            .read_if_any(CallKind::Retailer, &Request::get(path), read_places)
            .await?;
        Ok(places.unwrap_or_default())
    }
}

fn read_code(body: &[u8]) -> Result<u32, String> {
    let value: Value = read::parse(body)?;
    code_of(&value).ok_or_else(|| "it has no retailerCode".to_owned())
}

fn code_of(value: &Value) -> Option<u32> {
    read::number(value, "retailerCode").and_then(|code| u32::try_from(code).ok())
}

fn retailer(row: &Value) -> Option<Retailer> {
    Some(Retailer {
        code: code_of(row)?,
        title: read::text(row, &["title"]).unwrap_or_default(),
        status: read::text(row, &["status"]),
    })
}

fn read_one(body: &[u8]) -> Result<Retailer, String> {
    let value: Value = read::parse(body)?;
    retailer(&value).ok_or_else(|| "it has no retailerCode".to_owned())
}

/// Rows of a list, bare or wrapped; a single object counts as a list of one.
fn rows(value: &Value) -> Vec<&Value> {
    match value.as_array().or_else(|| value.get("list")?.as_array()) {
        Some(rows) => rows.iter().collect(),
        None => vec![value],
    }
}

fn read_list(body: &[u8]) -> Result<Vec<Retailer>, String> {
    let value: Value = read::parse(body)?;
    Ok(rows(&value).into_iter().filter_map(retailer).collect())
}

fn read_places(body: &[u8]) -> Result<Vec<Place>, String> {
    let value: Value = read::parse(body)?;
    let place = |row: &Value| {
        Some(Place {
            code: read::text(row, &["code"])?,
            name: read::text(row, &["name"])?,
        })
    };
    Ok(rows(&value).into_iter().filter_map(place).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retailer_is_sent_without_the_values_it_does_not_have() {
        let retailer = NewRetailer {
            title: "Örnek Bayi".into(),
            mersis: Some("0123456789012345".into()),
            ..NewRetailer::default()
        };
        assert_eq!(
            serde_json::to_string(&retailer).unwrap(),
            r#"{"title":"Örnek Bayi","mersis":"0123456789012345","city":{"code":"","name":""},"town":{"code":"","name":""},"status":"active"}"#
        );
    }

    #[test]
    fn lists_are_read_bare_wrapped_and_single_with_codes_in_either_form() {
        let row = r#"{"retailerCode":"66000001","title":"A","status":"active"}"#;
        for body in [
            row.to_owned(),
            format!("[{row}]"),
            format!(r#"{{"list":[{row}]}}"#),
        ] {
            assert_eq!(
                read_list(body.as_bytes()).unwrap()[0].code,
                66_000_001,
                "{body}"
            );
        }
        assert_eq!(
            read_places(br#"{"code":34,"name":"x"}"#).unwrap()[0].code,
            "34"
        );
        assert_eq!(read_list(b"[]"), Ok(Vec::new()));
        assert!(read_code(b"{}").is_err());
    }
}
