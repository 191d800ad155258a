//! Passwords: argon2id, and the same work for an account that does not exist.
//!
//! Both functions take some tens of milliseconds of one core: call them on a
//! blocking thread, and limit how many run at once.

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use secrecy::{ExposeSecret, SecretString};

/// Fewest characters of a password.
pub const PASSWORD_CHARS_MIN: usize = 12;
/// Most bytes of a password: hashing an endless one would be an attack.
pub const PASSWORD_BYTES_MAX: usize = 256;

// OWASP Password Storage Cheat Sheet, argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Verified when the account does not exist, so that the time tells nothing.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$aXppbmxpLm5vYm9keS4wMA\
                      $Tm9ib2R5IGhhcyB0aGlzIHBhc3N3b3JkLCBldmVyLi4";

/// A hashed password in the PHC text form, with its salt and parameters.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Wraps the stored text.
    pub(crate) const fn from_db(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// Why a password is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Under [`PASSWORD_CHARS_MIN`].
    #[error("a password has at least {PASSWORD_CHARS_MIN} characters")]
    TooShort,
    /// Over [`PASSWORD_BYTES_MAX`].
    #[error("a password has at most {PASSWORD_BYTES_MAX} bytes")]
    TooLong,
    /// The machine could not hash, for want of memory.
    #[error("the password could not be hashed")]
    Failed,
}

fn argon2() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| PasswordError::Failed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Hashes a new password with 16 random bytes of salt.
///
/// # Errors
/// [`PasswordError`] says what is wrong with it.
pub fn hash_password(
    password: &SecretString,
    salt: [u8; 16],
) -> Result<PasswordHash, PasswordError> {
    let plain = password.expose_secret();
    if plain.chars().count() < PASSWORD_CHARS_MIN {
        return Err(PasswordError::TooShort);
    }
    if plain.len() > PASSWORD_BYTES_MAX {
        return Err(PasswordError::TooLong);
    }
    let hash: phc::PasswordHash = argon2()?
        .hash_password_with_salt(plain.as_bytes(), &salt)
        .map_err(|_| PasswordError::Failed)?;
    Ok(PasswordHash(hash.to_string()))
}

/// Whether this is the account's password. Without an account the answer is
/// no, after the same work.
pub fn verify_password(password: &SecretString, account: Option<&PasswordHash>) -> bool {
    let plain = password.expose_secret();
    if plain.len() > PASSWORD_BYTES_MAX {
        return false;
    }
    let text = account.map_or(NOBODY, PasswordHash::as_str);
    let (Ok(hash), Ok(argon2)) = (phc::PasswordHash::new(text), argon2()) else {
        return false;
    };
    let matches = argon2.verify_password(plain.as_bytes(), &hash).is_ok();
    matches && account.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretString {
        SecretString::from(text)
    }

    #[test]
    fn only_the_same_password_opens_an_account() {
        let hash = hash_password(&secret("çok gizli bir söz"), [7; 16]).unwrap();
        assert!(
            hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{}",
            hash.as_str()
        );
        assert!(verify_password(&secret("çok gizli bir söz"), Some(&hash)));
        assert!(!verify_password(&secret("cok gizli bir soz"), Some(&hash)));
        assert!(!verify_password(&secret(""), Some(&hash)));
        assert!(!format!("{hash:?}").contains("argon2id"));
    }

    #[test]
    fn nobody_is_verified_with_the_work_of_a_real_account() {
        let parsed = phc::PasswordHash::new(NOBODY).unwrap();
        let params = Params::try_from(&parsed).unwrap();
        assert_eq!(
            (params.m_cost(), params.t_cost(), params.p_cost()),
            (MEMORY_KIB, PASSES, LANES)
        );
        assert_eq!(parsed.hash.map(|hash| hash.as_bytes().len()), Some(32));
        assert!(parsed.salt.is_some());
        assert!(!verify_password(&secret("herhangi bir parola"), None));
    }

    #[test]
    fn short_and_endless_passwords_are_refused_before_any_work() {
        assert_eq!(
            hash_password(&secret("on bir harf"), [0; 16]),
            Err(PasswordError::TooShort)
        );
        let endless = secret(&"a".repeat(PASSWORD_BYTES_MAX + 1));
        assert_eq!(
            hash_password(&endless, [0; 16]),
            Err(PasswordError::TooLong)
        );
        assert!(!verify_password(&endless, None));
    }
}
