//! Personal data and credentials at rest: AES-256-GCM under one key, each
//! value bound to what it is by additional data, and keyed digests for looking
//! encrypted things up.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use hmac::{Hmac, Mac};
use rand::TryRngCore;
use sha2::{Digest, Sha256};

use crate::error::StoreError;

/// First byte of a sealed value: which key and form it was sealed with.
const VERSION: u8 = 1;
const NONCE_BYTES: usize = 12;

/// The installation's key. Lose it, and sealed values are lost.
#[derive(Clone)]
pub struct Keys {
    cipher: Aes256Gcm,
    /// Marks what we hand out and must know again.
    marks: [u8; 32],
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(…)")
    }
}

impl Keys {
    /// Uses 32 secret bytes.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self {
            cipher: Aes256Gcm::new(&Key::<Aes256Gcm>::from(*secret)),
            marks: Sha256::new()
                .chain_update(b"izinli marks\0")
                .chain_update(secret)
                .finalize()
                .into(),
        }
    }

    /// A mark of 128 bits over `bytes`, bound to `what` it is for: whoever shows
    /// it was given it by us.
    pub fn mark(&self, what: &'static str, bytes: &[u8]) -> [u8; 16] {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.marks)
            .expect("HMAC takes keys of any length");
        mac.update(what.as_bytes());
        mac.update(&[0]);
        mac.update(bytes);
        let whole = mac.finalize().into_bytes();
        let mut mark = [0; 16];
        mark.copy_from_slice(&whole[..16]);
        mark
    }

    /// Encrypts `plain`, bound to `what` it is (table and column).
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when the machine gives no randomness.
    pub fn seal(&self, what: &'static str, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0_u8; NONCE_BYTES];
        rand::rngs::OsRng
            .try_fill_bytes(&mut nonce)
            .map_err(|_| StoreError::Sealed { what })?;
        let payload = Payload {
            msg: plain,
            aad: what.as_bytes(),
        };
        let sealed = self
            .cipher
            .encrypt(&Nonce::from(nonce), payload)
            .map_err(|_| StoreError::Sealed { what })?;
        let mut out = Vec::with_capacity(1 + NONCE_BYTES + sealed.len());
        out.push(VERSION);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    /// Decrypts what [`Keys::seal`] made for the same `what`.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when the key differs or the bytes were changed.
    pub fn open(&self, what: &'static str, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let wrong = || StoreError::Sealed { what };
        let (version, rest) = sealed.split_first().ok_or_else(wrong)?;
        if *version != VERSION {
            return Err(wrong());
        }
        let (nonce, body) = rest.split_at_checked(NONCE_BYTES).ok_or_else(wrong)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| wrong())?;
        let payload = Payload {
            msg: body,
            aad: what.as_bytes(),
        };
        self.cipher
            .decrypt(&Nonce::from(nonce), payload)
            .map_err(|_| wrong())
    }
}

/// Digest of a high-entropy secret (session cookie, API key) for lookups.
pub fn digest(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_opens_only_with_its_key_and_for_what_it_is() {
        let keys = Keys::new(&[7; 32]);
        let sealed = keys.seal("connector.config", b"gizli").expect("randomness");
        assert_eq!(
            keys.open("connector.config", &sealed).expect("opens"),
            b"gizli"
        );
        assert!(keys.open("brand.iys_password", &sealed).is_err());
        assert!(
            Keys::new(&[8; 32])
                .open("connector.config", &sealed)
                .is_err()
        );
        for i in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[i] ^= 1;
            assert!(keys.open("connector.config", &changed).is_err(), "byte {i}");
        }
    }
}
