//! Rejected pairs: collected in any order, sorted by line on disk, read back
//! with the row they came from.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::marker::PhantomData;
use std::path::Path;

use domain::{Channel, ReasonCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

mod national_ids;
mod sorter;

pub(crate) use national_ids::NationalIds;
pub(crate) use sorter::{Sorted, Sorter};

use crate::cell::Fault;
use crate::field::Field;
use crate::file::raw_lines::RawLines;
use crate::file::rows::Place;
use crate::file::text::TextFile;
use crate::pair::PlaceOnDisk;
use crate::spill::damaged;
use crate::verdict::{Args, explain_en, explain_tr};

/// One rejected pair, or one rejected row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// Line of the row, from 1, as an editor shows it.
    pub line: u64,
    /// The channel it concerns; `None` when the whole row is refused.
    pub channel: Option<Channel>,
    /// The column at fault.
    pub field: Field,
    /// Why (R…).
    pub code: ReasonCode,
    /// What fills the placeholders of the code's text; see [`Args`].
    pub args: Args,
    /// The cell at fault, decoded.
    pub value: String,
    /// The bytes of the row as they stand in the file, without the line end
    /// (of a UTF-16 file: the same text in UTF-8); cells with a national id are emptied.
    pub raw: Vec<u8>,
}

impl Rejection {
    /// The Turkish text.
    pub fn text_tr(&self) -> String {
        explain_tr(self.code, &self.args)
    }

    /// The English text.
    pub fn text_en(&self) -> String {
        explain_en(self.code, &self.args)
    }

    /// The next step in Turkish, with a hint for this very row where there is one.
    pub fn next_tr(&self) -> String {
        with_hint(self.hint("hint"), self.code.info().next_tr)
    }

    /// The next step in English, with a hint for this very row where there is one.
    pub fn next_en(&self) -> String {
        with_hint(self.hint("hint_en"), self.code.info().next_en)
    }

    fn hint(&self, name: &str) -> Option<&str> {
        let found = self.args.iter().find(|(known, _)| known == name);
        found.map(|(_, hint)| hint.as_str())
    }
}

fn with_hint(hint: Option<&str>, next: &str) -> String {
    match hint {
        Some(hint) => format!("{hint} {next}").trim_end().to_owned(),
        None => next.to_owned(),
    }
}

/// A rejection before its row is fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Draft {
    pub(crate) place: PlaceOnDisk,
    pub(crate) channel: Option<Channel>,
    pub(crate) field: Field,
    pub(crate) code: ReasonCode,
    pub(crate) args: Args,
    pub(crate) value: String,
}

impl Draft {
    pub(crate) fn new(
        place: impl Into<PlaceOnDisk>,
        channel: Option<Channel>,
        fault: Fault,
    ) -> Self {
        Self {
            place: place.into(),
            channel,
            field: fault.field,
            code: fault.code,
            args: fault.args,
            value: fault.value,
        }
    }
}

impl Sorted for Draft {
    fn line(&self) -> u64 {
        self.place.line
    }

    fn weight(&self) -> usize {
        let args = self.args.iter();
        let args: usize = args
            .map(|(name, value)| name.len() + value.len() + 48)
            .sum();
        size_of::<Self>() + self.value.len() + args
    }
}

/// Writes the sorted drafts with their rows; how many there were.
pub(crate) fn write_all(
    drafts: Sorter<Draft>,
    file: &TextFile,
    national_ids: NationalIds<'_>,
    path: &Path,
) -> io::Result<u64> {
    let mut out = BufWriter::new(File::create(path)?);
    let mut raw_lines = RawLines::open(file)?;
    let mut count = 0;
    drafts.drain_sorted(|draft| {
        let raw = raw_lines.fetch(&Place::from(draft.place).range())?;
        let raw = national_ids.taken_out(raw)?.into_owned();
        let rejection = Rejection {
            line: draft.place.line,
            channel: draft.channel,
            field: draft.field,
            code: draft.code,
            args: draft.args,
            value: draft.value,
            raw,
        };
        count += 1;
        write_frame(&mut out, &rejection)
    })?;
    out.into_inner()?.sync_data()?;
    Ok(count)
}

/// An item behind its length.
pub(crate) fn write_frame(out: &mut impl Write, item: &impl Serialize) -> io::Result<()> {
    let bytes = postcard::to_stdvec(item).map_err(io::Error::other)?;
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(&bytes)
}

/// Reads the next frame into `frame`; `false` at the end. A frame cut short is
/// an error, never an end.
pub(crate) fn read_frame(input: &mut impl BufRead, frame: &mut Vec<u8>) -> io::Result<bool> {
    if input.fill_buf()?.is_empty() {
        return Ok(false);
    }
    let mut length = [0; 4];
    input.read_exact(&mut length)?;
    frame.clear();
    frame.resize(u32::from_le_bytes(length) as usize, 0);
    input.read_exact(frame)?;
    Ok(true)
}

/// The items of a file of frames, in its order.
#[derive(Debug)]
pub(crate) struct Frames<T> {
    input: BufReader<File>,
    frame: Vec<u8>,
    items: PhantomData<T>,
}

impl<T> Frames<T> {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            input: BufReader::new(File::open(path)?),
            frame: Vec::new(),
            items: PhantomData,
        })
    }
}

impl<T: DeserializeOwned> Iterator for Frames<T> {
    type Item = io::Result<T>;

    fn next(&mut self) -> Option<Self::Item> {
        match read_frame(&mut self.input, &mut self.frame) {
            Ok(false) => None,
            Ok(true) => Some(postcard::from_bytes(&self.frame).map_err(damaged)),
            Err(error) => Some(Err(error)),
        }
    }
}

/// The rejections of a judged file, ascending by line.
#[derive(Debug)]
pub struct RejectionReader(Frames<Rejection>);

impl RejectionReader {
    /// Opens [`Judged::rejections`](crate::Judged::rejections).
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        Frames::open(path).map(Self)
    }
}

impl Iterator for RejectionReader {
    type Item = io::Result<Rejection>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}
