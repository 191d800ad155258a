//! The texts that the cells of a workbook share. A workbook of a million people
//! has millions of them, so they lie in a work file, and memory holds only
//! where every sixty-fourth begins.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use quick_xml::events::Event;

use super::CELL_BYTES_MAX;
use super::xml::{Xml, append_text, unescape_letters};
use crate::file::scan::ScanEnd;
use crate::options::Limits;
use crate::spill::{TempFile, damaged};
use crate::verdict::Refusal;
use domain::ReasonCode;

/// Texts between two places that are remembered.
const STRIDE: usize = 64;

/// Texts of which the latest reading is kept, by their number.
const KEPT: usize = 1_024;

/// Longer texts are read anew each time.
const KEPT_BYTES_MAX: usize = 256;

/// The shared texts on disk.
#[derive(Debug)]
pub(super) struct SharedStrings {
    input: BufReader<File>,
    at: u64,
    /// Where every [`STRIDE`]th text begins.
    places: Vec<u64>,
    count: usize,
    kept: Vec<Option<(usize, Box<str>)>>,
    _work: TempFile,
}

impl SharedStrings {
    /// No texts at all.
    pub(super) fn none(path: PathBuf) -> io::Result<Self> {
        Self::over(TempFile::create(path)?, Vec::new(), 0)
    }

    /// Reads the part of the workbook that holds them.
    pub(super) fn read<R: Read>(
        mut xml: Xml<'_, R>,
        path: PathBuf,
        limits: &Limits,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Self, ScanEnd> {
        let work = TempFile::create(path)?;
        let mut out = BufWriter::with_capacity(256 << 10, work.handle.try_clone()?);
        let (mut places, mut count, mut end) = (Vec::new(), 0, 0_u64);
        let mut text = String::new();
        let (mut is_text, mut is_reading_aid) = (false, false);
        loop {
            let event = xml.next()?;
            match &event {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    b"si" => text.clear(),
                    b"t" => is_text = !is_reading_aid,
                    b"rPh" => is_reading_aid = true,
                    _ => {}
                },
                Event::End(tag) => match tag.local_name().as_ref() {
                    b"t" => is_text = false,
                    b"rPh" => is_reading_aid = false,
                    b"si" => {
                        unescape_letters(&mut text);
                        push(&mut out, &mut places, &mut count, &mut end, &text)?;
                    }
                    _ => {}
                },
                Event::Empty(tag) if tag.local_name().as_ref() == b"si" => {
                    push(&mut out, &mut places, &mut count, &mut end, "")?;
                }
                Event::Eof => break,
                other if is_text => append_text(&mut text, other, CELL_BYTES_MAX),
                _ => {}
            }
            if count > limits.shared_strings_max {
                return Err(Refusal::new(ReasonCode::F109).into());
            }
            if count.is_multiple_of(super::ROWS_PER_LOOK) && !go_on() {
                return Err(ScanEnd::Cancelled);
            }
        }
        out.flush()?;
        drop(out);
        Ok(Self::over(work, places, count)?)
    }

    fn over(work: TempFile, places: Vec<u64>, count: usize) -> io::Result<Self> {
        let mut handle = work.handle.try_clone()?;
        handle.seek(SeekFrom::Start(0))?;
        Ok(Self {
            input: BufReader::with_capacity(64 << 10, handle),
            at: 0,
            places,
            count,
            kept: vec![None; KEPT],
            _work: work,
        })
    }

    /// Puts a text into `out`; `false` when there is none of this number.
    pub(super) fn get(&mut self, number: usize, out: &mut String) -> io::Result<bool> {
        out.clear();
        if number >= self.count {
            return Ok(false);
        }
        if let Some((_, text)) = self.kept[number % KEPT]
            .as_ref()
            .filter(|(known, _)| *known == number)
        {
            out.push_str(text);
            return Ok(true);
        }
        self.go_to(self.places[number / STRIDE])?;
        for _ in 0..number % STRIDE {
            let length = self.read_length()?;
            self.go_to(self.at + length)?;
        }
        let length = self.read_length()?;
        let mut bytes = vec![0; usize::try_from(length).map_err(damaged)?];
        self.input.read_exact(&mut bytes)?;
        self.at += length;
        out.push_str(str::from_utf8(&bytes).map_err(damaged)?);
        if bytes.len() <= KEPT_BYTES_MAX {
            self.kept[number % KEPT] = Some((number, out.as_str().into()));
        }
        Ok(true)
    }

    fn read_length(&mut self) -> io::Result<u64> {
        let mut length = [0; 4];
        self.input.read_exact(&mut length)?;
        self.at += 4;
        Ok(u64::from(u32::from_le_bytes(length)))
    }

    /// Stays within the buffer where it can.
    fn go_to(&mut self, place: u64) -> io::Result<()> {
        let step =
            i64::try_from(place).map_err(damaged)? - i64::try_from(self.at).map_err(damaged)?;
        self.input.seek_relative(step)?;
        self.at = place;
        Ok(())
    }
}

fn push(
    out: &mut impl Write,
    places: &mut Vec<u64>,
    count: &mut usize,
    end: &mut u64,
    text: &str,
) -> io::Result<()> {
    if count.is_multiple_of(STRIDE) {
        places.push(*end);
    }
    *count += 1;
    let length = u32::try_from(text.len()).map_err(damaged)?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(text.as_bytes())?;
    *end += 4 + u64::from(length);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::packing::Budget;

    fn strings(xml: &str, dir: &std::path::Path) -> SharedStrings {
        let limits = Limits::default();
        let budget = Budget::new(xml.len() as u64, &limits);
        let xml = Xml::new(xml.as_bytes(), &budget);
        SharedStrings::read(xml, dir.join("s"), &limits, &mut || true).unwrap()
    }

    #[test]
    fn every_text_is_found_again_in_any_order() {
        let dir = tempfile::tempdir().unwrap();
        let text = |i: usize| format!("metin {i} {}", "ş".repeat(i % 700));
        let items: Vec<String> = (0..500)
            .map(|i| format!("<si><t>{}</t></si>", text(i)))
            .collect();
        let mut strings = strings(&format!("<sst>{}</sst>", items.concat()), dir.path());
        let mut found = String::new();
        for i in (0..500)
            .chain((0..500).rev())
            .chain((0..500).map(|i| i * 263 % 500))
        {
            assert!(strings.get(i, &mut found).unwrap());
            assert_eq!(found, text(i));
        }
        assert!(!strings.get(500, &mut found).unwrap());
    }

    #[test]
    fn runs_are_joined_entities_resolved_and_reading_aids_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let mut strings = strings(
            "<sst><si><r><rPr/><t xml:space=\"preserve\">Ali </t></r><r><t>&amp; Veli&#305;</t></r>\
             <rPh><t>x</t></rPh></si><si/><si><t/></si></sst>",
            dir.path(),
        );
        let mut found = String::new();
        strings.get(0, &mut found).unwrap();
        assert_eq!(found, "Ali & Veliı");
        for empty in [1, 2] {
            assert!(strings.get(empty, &mut found).unwrap());
            assert_eq!(found, "");
        }
    }
}
