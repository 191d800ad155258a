//! Whether a text has the shape of a table: its quotes close and its records end.

use super::{any_byte, find_byte};

/// Follows quotes and line ends through the text, by the rules of the csv
/// reader: a quote counts only as the first character of a cell, a doubled
/// quote inside is a character.
#[derive(Debug)]
pub(crate) struct Shape {
    delimiter: u8,
    bytes_max: u64,
    /// Bytes fed so far.
    offset: u64,
    state: State,
    /// The last byte fed.
    last: u8,
    /// Where the present record began, or a little before.
    record_start: u64,
    has_lone_cr: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Outside of quoted cells.
    Outside,
    /// In a cell whose quote opened at this offset.
    Inside(u64),
    /// Behind a quote that closed, unless another follows at once.
    Closing(u64),
}

/// Why the text is no table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The quote at this offset does not close within the bounds of a cell.
    OpenQuote(u64),
    /// A record exceeds every bound.
    EndlessRecord,
}

impl Shape {
    pub(crate) fn new(delimiter: u8, bytes_max: u64) -> Self {
        Self {
            delimiter,
            bytes_max,
            offset: 0,
            state: State::Outside,
            last: b'\n',
            record_start: 0,
            has_lone_cr: false,
        }
    }

    /// Takes in the next piece of the text.
    ///
    /// # Errors
    /// [`Fault`] as soon as one is certain.
    pub(crate) fn feed(&mut self, piece: &[u8]) -> Result<(), Fault> {
        self.note_lone_cr(piece);
        let mut i = 0;
        while i < piece.len() {
            i = match self.state {
                State::Outside => self.cross_open_ground(piece, i),
                State::Inside(opened) => match find_quote(&piece[i..]) {
                    Some(ahead) => {
                        self.state = State::Closing(opened);
                        self.check_cell(opened, i + ahead)?;
                        i + ahead + 1
                    }
                    None => piece.len(),
                },
                State::Closing(opened) if piece[i] == b'"' => {
                    self.state = State::Inside(opened);
                    i + 1
                }
                State::Closing(_) => {
                    self.state = State::Outside;
                    i
                }
            };
        }
        if let State::Inside(opened) = self.state {
            self.check_cell(opened, piece.len())?;
        }
        self.offset += piece.len() as u64;
        self.last = piece.last().copied().unwrap_or(self.last);
        if self.offset - self.record_start > self.bytes_max {
            return Err(Fault::EndlessRecord);
        }
        Ok(())
    }

    /// From `start`, outside of quoted cells, to behind the next quote that
    /// opens one, or to the end of the piece.
    fn cross_open_ground(&mut self, piece: &[u8], start: usize) -> usize {
        let mut i = start;
        let end = loop {
            let Some(ahead) = find_quote(&piece[i..]) else {
                break piece.len();
            };
            let quote = i + ahead;
            i = quote + 1;
            let before = quote.checked_sub(1).map_or(self.last, |b| piece[b]);
            if before == self.delimiter || matches!(before, b'\n' | b'\r') {
                self.state = State::Inside(self.offset + quote as u64);
                break i;
            }
        };
        let ground = &piece[start..end];
        if let Some(line_end) = ground.iter().rposition(|b| matches!(b, b'\n' | b'\r')) {
            self.record_start = self.offset + (start + line_end + 1) as u64;
        }
        end
    }

    fn check_cell(&self, opened: u64, at: usize) -> Result<(), Fault> {
        if self.offset + at as u64 - opened > self.bytes_max {
            return Err(Fault::OpenQuote(opened));
        }
        Ok(())
    }

    fn note_lone_cr(&mut self, piece: &[u8]) {
        if self.has_lone_cr || (self.last != b'\r' && !any_byte(piece, |byte| byte == b'\r')) {
            return;
        }
        let starts_alone = self.last == b'\r' && piece.first() != Some(&b'\n');
        let followers = piece.get(1..).unwrap_or_default();
        let is_alone = |(&byte, &next): (&u8, &u8)| byte == b'\r' && next != b'\n';
        // No early exit, for wide registers: nearly always there is none.
        let within = piece
            .iter()
            .zip(followers)
            .map(is_alone)
            .fold(false, |found, alone| found | alone);
        self.has_lone_cr = starts_alone || within;
    }

    /// The end of the text.
    ///
    /// # Errors
    /// [`Fault::OpenQuote`] when a quoted cell is still open.
    pub(crate) fn finish(&mut self) -> Result<(), Fault> {
        self.has_lone_cr |= self.last == b'\r';
        match self.state {
            State::Inside(opened) => Err(Fault::OpenQuote(opened)),
            State::Outside | State::Closing(_) => Ok(()),
        }
    }

    /// Whether a carriage return stood somewhere without a line feed behind it.
    pub(crate) const fn has_lone_cr(&self) -> bool {
        self.has_lone_cr
    }
}

fn find_quote(bytes: &[u8]) -> Option<usize> {
    find_byte(bytes, |byte| byte == b'"')
}
