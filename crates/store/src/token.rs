//! Random texts: path keys, session cookies and API keys. Randomness is passed
//! in, so that a test can say what comes out; everywhere else it is the
//! operating system's.

use rand::CryptoRng;
use secrecy::SecretString;

/// Lower-case Crockford base 32, as in printed ids: no letter reads like a digit.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// What every API key begins with, so that a leaked one is recognised.
pub const API_KEY_PREFIX: &str = "izk_";

/// The part of a public address that names a brand or a connector: 128 random
/// bits in 26 letters and digits. Knowing it lets one push, not read.
pub fn path_key(rng: &mut (impl CryptoRng + ?Sized)) -> String {
    base32(&random::<16>(rng))
}

/// What a browser gets when a session begins; the store keeps only a digest
/// of the cookie.
#[derive(Debug)]
pub struct SessionSecrets {
    /// The cookie: 256 random bits.
    pub token: SecretString,
    /// What a changing request must repeat in a header: 128 random bits.
    pub csrf_token: String,
}

impl SessionSecrets {
    /// Fresh ones.
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        Self {
            token: SecretString::from(base32(&random::<32>(rng))),
            csrf_token: base32(&random::<16>(rng)),
        }
    }
}

/// The text of an API key: `izk_` and 256 random bits. Shown once when made;
/// the store keeps only a digest.
#[derive(Debug)]
pub struct ApiKeySecret(SecretString);

impl ApiKeySecret {
    /// A fresh one.
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        Self(SecretString::from(format!(
            "{API_KEY_PREFIX}{}",
            base32(&random::<32>(rng))
        )))
    }

    /// The whole text.
    pub const fn text(&self) -> &SecretString {
        &self.0
    }
}

fn random<const BYTES: usize>(rng: &mut (impl CryptoRng + ?Sized)) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    rng.fill_bytes(&mut bytes);
    bytes
}

/// Five bits a letter, most significant first; the last letter is filled with zeros.
fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let (mut held, mut bits) = (0_u16, 0_u32);
    for byte in bytes {
        held = (held << 8) | u16::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(letter(held >> bits));
        }
    }
    if bits > 0 {
        text.push(letter(held << (5 - bits)));
    }
    text
}

fn letter(value: u16) -> char {
    char::from(ALPHABET[usize::from(value & 31)])
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn base_32_agrees_with_the_vectors_of_rfc_4648_in_our_alphabet() {
        let rfc = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let ours = |theirs: &str| -> String {
            theirs
                .bytes()
                .map(|b| {
                    rfc.iter()
                        .position(|r| *r == b)
                        .expect("a letter of RFC 4648")
                })
                .map(|at| char::from(ALPHABET[at]))
                .collect()
        };
        for (plain, expected) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(plain.as_bytes()), ours(expected), "{plain}");
        }
    }

    #[test]
    fn every_bit_of_an_api_key_is_random_and_the_key_is_recognisable() {
        let mut rng = StdRng::seed_from_u64(1);
        let mut seen = std::collections::HashSet::new();
        for _ in 0..100 {
            let key = ApiKeySecret::generate(&mut rng)
                .text()
                .expose_secret()
                .to_owned();
            assert!(key.starts_with("izk_"), "{key}");
            assert_eq!(key.len(), 4 + 52);
            assert!(seen.insert(key));
        }
        assert_eq!(path_key(&mut rng).len(), 26);
        let session = SessionSecrets::generate(&mut rng);
        assert_eq!(session.token.expose_secret().len(), 52);
        assert_ne!(
            session.csrf_token,
            SessionSecrets::generate(&mut rng).csrf_token
        );
    }
}
