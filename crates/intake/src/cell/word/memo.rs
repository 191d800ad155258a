//! Words met before, and how often.

use std::collections::HashMap;

/// Remembers what words mean, by the bytes of their cells.
///
/// Bounded: beyond [`WORDS_MAX`] different words new ones are understood each
/// time they occur and counted together.
#[derive(Debug)]
pub(crate) struct Memo<T> {
    /// The first words met, searched in order: usually all there are.
    first: Vec<Known<T>>,
    /// The others.
    more: HashMap<Box<[u8]>, usize>,
    overflow: Vec<Known<T>>,
    /// Rows of words that were not kept.
    forgotten_rows: u64,
}

/// One word.
#[derive(Debug)]
pub(crate) struct Known<T> {
    bytes: Box<[u8]>,
    packed: Option<Packed>,
    pub(crate) meaning: T,
    /// Rows that carry it.
    pub(crate) rows: u64,
}

/// A short word as numbers: its length, and its bytes read from both ends.
type Packed = (usize, u64, u64);

/// Packs a word of up to sixteen bytes, so that words are compared as numbers;
/// `None` for a longer one. Two reads that overlap cover every length.
fn pack(cell: &[u8]) -> Option<Packed> {
    let (head, tail) =
        if let (Some(head), Some(tail)) = (cell.first_chunk::<8>(), cell.last_chunk::<8>()) {
            (u64::from_le_bytes(*head), u64::from_le_bytes(*tail))
        } else if let (Some(head), Some(tail)) = (cell.first_chunk::<4>(), cell.last_chunk::<4>()) {
            (
                u64::from(u32::from_le_bytes(*head)),
                u64::from(u32::from_le_bytes(*tail)),
            )
        } else {
            let byte = |i: usize| u64::from(cell.get(i).copied().unwrap_or(0));
            (byte(0) | byte(1) << 8, byte(2))
        };
    (cell.len() <= 16).then_some((cell.len(), head, tail))
}

/// Words searched one after the other.
const FIRST: usize = 12;

/// Different words kept of one column.
const WORDS_MAX: usize = 2_000;

/// Longer cells are no words.
const BYTES_MAX: usize = 256;

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self {
            first: Vec::new(),
            more: HashMap::new(),
            overflow: Vec::new(),
            forgotten_rows: 0,
        }
    }
}

impl<T: Clone> Memo<T> {
    /// The meaning of this cell; `understand` is called for words not met before.
    pub(crate) fn read(&mut self, cell: &[u8], understand: impl FnOnce(&[u8]) -> T) -> T {
        let packed = pack(cell);
        let is_it = |known: &Known<T>| {
            known.packed == packed && (packed.is_some() || *known.bytes == *cell)
        };
        if let Some(known) = self.first.iter_mut().find(|known| is_it(known)) {
            known.rows += 1;
            return known.meaning.clone();
        }
        if let Some(&at) = self.more.get(cell)
            && let Some(known) = self.overflow.get_mut(at)
        {
            known.rows += 1;
            return known.meaning.clone();
        }
        let meaning = understand(cell);
        if cell.len() > BYTES_MAX || self.overflow.len() >= WORDS_MAX {
            self.forgotten_rows += 1;
            return meaning;
        }
        let known = Known {
            bytes: cell.into(),
            packed,
            meaning: meaning.clone(),
            rows: 1,
        };
        if self.first.len() < FIRST {
            self.first.push(known);
        } else {
            self.more.insert(cell.into(), self.overflow.len());
            self.overflow.push(known);
        }
        meaning
    }

    /// Every word kept, in the order they were met, with its bytes.
    pub(crate) fn words(&self) -> impl Iterator<Item = (&[u8], &Known<T>)> {
        let all = self.first.iter().chain(&self.overflow);
        all.map(|known| (&*known.bytes, known))
    }

    /// The one word that every row carries.
    pub(crate) fn only_word(&self) -> Option<(&[u8], &Known<T>)> {
        let mut words = self.words();
        let only = words.next()?;
        (words.next().is_none() && self.forgotten_rows == 0).then_some(only)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_understood_once_and_counted_every_time() {
        let mut memo = Memo::default();
        let mut asked = 0;
        for _ in 0..3 {
            for word in 0..100_u32 {
                let meaning = memo.read(&word.to_le_bytes(), |_| {
                    asked += 1;
                    word * 2
                });
                assert_eq!(meaning, word * 2);
            }
        }
        assert_eq!(asked, 100);
        assert_eq!(memo.words().count(), 100);
        assert!(memo.words().all(|(_, known)| known.rows == 3));
        assert!(memo.only_word().is_none());
    }

    #[test]
    fn packed_words_are_equal_exactly_when_their_bytes_are() {
        let words: Vec<Vec<u8>> = (0..=18_usize)
            .flat_map(|length| {
                let plain: Vec<u8> = (1..=18).take(length).collect();
                let changed = (0..length).map({
                    let plain = plain.clone();
                    move |at| {
                        let mut word = plain.clone();
                        word[at] ^= 0x80;
                        word
                    }
                });
                changed.chain([plain]).collect::<Vec<_>>()
            })
            .collect();
        for a in &words {
            assert_eq!(pack(a).is_some(), a.len() <= 16);
            for b in &words {
                let are_equal = pack(a).is_some() && pack(a) == pack(b);
                assert_eq!(are_equal, a == b && a.len() <= 16, "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn a_column_of_names_does_not_fill_the_memory() {
        let mut memo = Memo::default();
        for word in 0..100_000_u32 {
            memo.read(&word.to_le_bytes(), |_| word);
        }
        assert!(memo.words().count() <= FIRST + WORDS_MAX);
        assert_eq!(memo.read(&99_999_u32.to_le_bytes(), |_| 7), 7);
    }

    #[test]
    fn the_only_word_of_a_column_is_known_as_such() {
        let mut memo = Memo::default();
        assert!(memo.only_word().is_none());
        memo.read(b"ONAY", |_| 1);
        memo.read(b"ONAY", |_| 1);
        assert_eq!(
            memo.only_word().map(|(bytes, known)| (bytes, known.rows)),
            Some((&b"ONAY"[..], 2))
        );
        memo.read(b"RET", |_| 2);
        assert!(memo.only_word().is_none());
    }
}
