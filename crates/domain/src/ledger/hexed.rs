//! A digest as hexadecimal text, in lines and documents.

use serde::{Deserialize, Deserializer, Serializer};

use super::Hash;

pub(crate) fn serialize<S: Serializer>(hash: &Hash, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(&hex::encode(hash))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Hash, D::Error> {
    let text = String::deserialize(d)?;
    decode(&text).map_err(serde::de::Error::custom)
}

fn decode(text: &str) -> Result<Hash, hex::FromHexError> {
    let mut hash = Hash::default();
    hex::decode_to_slice(text, &mut hash)?;
    Ok(hash)
}

/// A digest that may be absent.
pub(crate) mod maybe {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::ledger::Hash;

    #[expect(clippy::ref_option, reason = "serde passes the field by reference")]
    pub(crate) fn serialize<S: Serializer>(hash: &Option<Hash>, s: S) -> Result<S::Ok, S::Error> {
        match hash {
            Some(hash) => s.serialize_some(&hex::encode(hash)),
            None => s.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Hash>, D::Error> {
        let text = Option::<String>::deserialize(d)?;
        text.map(|text| super::decode(&text).map_err(serde::de::Error::custom))
            .transpose()
    }
}
