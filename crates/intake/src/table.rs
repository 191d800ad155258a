//! From records to columns with a meaning: what separates cells, which record
//! is the header, what each header means, how consents are laid out.

pub(crate) mod delimiter;
pub(crate) mod head;
pub(crate) mod header;
pub(crate) mod layout;
pub(crate) mod list;
