//! Who may do what: roles and what each permits, the people who sign in, their
//! passwords and sessions, and the keys of programs.

pub mod api_keys;
pub mod passwords;
pub mod roles;
pub mod sessions;
pub mod users;

pub use api_keys::ApiKey;
pub use passwords::{PasswordError, PasswordHash, hash_password, verify_password};
pub use roles::{Permission, Role};
pub use sessions::{Session, SessionLimits};
pub use users::{Language, NewUser, User};
