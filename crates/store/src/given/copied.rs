//! Rows as PostgreSQL hands them over by a binary COPY: without a value of the
//! driver for each cell.

use super::load::{COPY_END, COPY_HEAD};

/// What is left of some rows; a field's outer `None` when it is not there.
pub(crate) struct Copied<'a>(&'a [u8]);

impl<'a> Copied<'a> {
    /// Rows with or without the head of the COPY before them.
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        Self(bytes.strip_prefix(COPY_HEAD).unwrap_or(bytes))
    }

    /// Goes to the next row: `false` at the end, `None` when what stands here is
    /// neither that nor a row of so many fields.
    pub(crate) fn next_row(&mut self, fields: i16) -> Option<bool> {
        let (count, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        match i16::from_be_bytes(*count) {
            COPY_END => Some(false),
            count => (count == fields).then_some(true),
        }
    }

    /// Whether everything was read.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes of the next field; `None` inside stands for NULL.
    fn field(&mut self) -> Option<Option<&'a [u8]>> {
        let (length, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        let length = i32::from_be_bytes(*length);
        let Ok(length) = usize::try_from(length) else {
            return Some(None);
        };
        let (field, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(Some(field))
    }

    /// The next field as a number that may be absent.
    pub(crate) fn maybe_int(&mut self) -> Option<Option<i64>> {
        let Some(field) = self.field()? else {
            return Some(None);
        };
        Some(Some(i64::from_be_bytes(field.try_into().ok()?)))
    }

    /// The next field as a number.
    pub(crate) fn int(&mut self) -> Option<i64> {
        self.maybe_int().flatten()
    }

    /// The next field as a text that may be absent.
    pub(crate) fn text(&mut self) -> Option<Option<&'a str>> {
        let Some(field) = self.field()? else {
            return Some(None);
        };
        std::str::from_utf8(field).ok().map(Some)
    }
}
