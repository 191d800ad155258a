//! Texts of many messages in few large allocations.

const CHUNK_BYTES: usize = 1 << 20;
/// Bits of an address within a chunk.
const CHUNK_BITS: u32 = 20;

/// Where a text lies. The empty text needs no place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Str {
    at: u32,
    len: u16,
}

impl Str {
    pub(crate) fn is_empty(self) -> bool {
        self.len == 0
    }
}

/// Append-only storage of short texts, at most 4 GB and 65,535 bytes each.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    chunks: Vec<String>,
    last: Str,
    bytes: usize,
}

impl Texts {
    /// Keeps `text`. The same text twice in a row is kept once. A text that is
    /// too long is kept as far as it fits.
    pub(crate) fn keep(&mut self, text: &str) -> Str {
        let text = &text[..text.floor_char_boundary(usize::from(u16::MAX))];
        if text.is_empty() {
            return Str::default();
        }
        if self.get(self.last) == text {
            return self.last;
        }
        let fits = |chunk: &String| chunk.len() + text.len() <= CHUNK_BYTES;
        if !self.chunks.last().is_some_and(fits) {
            self.chunks.push(String::with_capacity(CHUNK_BYTES));
        }
        let chunk_no = self.chunks.len() - 1;
        let chunk = &mut self.chunks[chunk_no];
        let at = chunk_no << CHUNK_BITS | chunk.len();
        chunk.push_str(text);
        self.bytes += text.len();
        self.last = Str {
            at: u32::try_from(at).expect("fewer than 4 GB of texts"),
            len: u16::try_from(text.len()).expect("cut to what fits"),
        };
        self.last
    }

    pub(crate) fn get(&self, text: Str) -> &str {
        if text.is_empty() {
            return "";
        }
        let chunk = &self.chunks[(text.at >> CHUNK_BITS) as usize];
        let from = text.at as usize & (CHUNK_BYTES - 1);
        &chunk[from..from + usize::from(text.len)]
    }

    /// Bytes kept so far.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_across_chunk_borders() {
        let mut texts = Texts::default();
        let kept: Vec<(String, Str)> = (0..40_000)
            .map(|n| format!("{n}-ğüşiöç-{}", "x".repeat(n % 90)))
            .map(|text| {
                let at = texts.keep(&text);
                (text, at)
            })
            .collect();
        assert!(texts.bytes() > CHUNK_BYTES);
        assert!(kept.iter().all(|(text, at)| texts.get(*at) == text));
    }

    #[test]
    fn the_same_text_in_a_row_is_kept_once() {
        let mut texts = Texts::default();
        let first = texts.keep("t=7;c=42");
        assert_eq!(texts.keep("t=7;c=42"), first);
        assert_eq!(texts.bytes(), 8);
        assert_ne!(texts.keep("other"), first);
        assert_eq!(texts.get(texts.last), "other");
        assert!(texts.keep("").is_empty());
    }
}
