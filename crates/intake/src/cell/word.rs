//! Cells of closed vocabularies: status, channel, recipient kind, source.
//!
//! A column of a million rows holds a handful of different words, so each word
//! is understood once and looked up by its bytes afterwards.

mod meaning;
mod memo;

pub(crate) use meaning::{
    ChannelMeaning, KindMeaning, SourceMeaning, StatusMeaning, read_channel, read_kind,
    read_source, read_status,
};
pub(crate) use memo::Memo;
