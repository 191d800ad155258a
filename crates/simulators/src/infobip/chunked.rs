//! A growing list that never moves what it holds: no doubling, no copy, no peak.

const CHUNK: usize = 1 << 14;

#[derive(Debug)]
pub(crate) struct Chunked<T>(Vec<Vec<T>>);

impl<T> Default for Chunked<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Chunked<T> {
    pub(crate) fn len(&self) -> u32 {
        let full = self.0.len().saturating_sub(1) * CHUNK;
        let last = self.0.last().map_or(0, Vec::len);
        u32::try_from(full + last).expect("fewer than four billion items")
    }

    /// Appends an item and gives its place.
    pub(crate) fn push(&mut self, item: T) -> u32 {
        let place = self.len();
        match self.0.last_mut() {
            Some(chunk) if chunk.len() < CHUNK => chunk.push(item),
            _ => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(item);
                self.0.push(chunk);
            }
        }
        place
    }

    /// The item at a place that [`Chunked::push`] gave.
    pub(crate) fn get(&self, place: u32) -> &T {
        let place = place as usize;
        &self.0[place / CHUNK][place % CHUNK]
    }

    pub(crate) fn get_mut(&mut self, place: u32) -> &mut T {
        let place = place as usize;
        &mut self.0[place / CHUNK][place % CHUNK]
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flatten()
    }
}
