//! What a call answers when it cannot do what was asked: a problem document
//! (RFC 9457) with a stable code, a text in both languages and the request's
//! id. The one place where errors of the engine and the store become HTTP;
//! internal text stays in the log.

mod document;
mod field;
mod from;
mod kind;

pub(crate) use document::finish;
pub(crate) use document::{Problem, ProblemDocument, WrittenOut};
pub(crate) use field::Where;
pub(crate) use field::{of_reader, of_validation};
pub(crate) use from::{OrNotFound, practice};
pub(crate) use kind::ProblemKind;
