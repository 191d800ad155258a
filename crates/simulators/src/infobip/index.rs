//! A hash index of 8 bytes an entry: it knows places, the caller knows the items.

#[derive(Debug, Clone, Copy)]
struct Slot {
    tag: u32,
    place: u32,
}

const EMPTY: Slot = Slot {
    tag: 0,
    place: u32::MAX,
};

impl Slot {
    fn is_empty(self) -> bool {
        self.place == u32::MAX
    }
}

/// Open addressing with linear probing. The upper half of a hash is kept, so
/// that growing needs no look at the items and few look-ups touch a wrong one.
#[derive(Debug, Default)]
pub(crate) struct Index {
    slots: Vec<Slot>,
    used: usize,
}

impl Index {
    /// The place filed under `hash` whose item is the wanted one.
    pub(crate) fn find(&self, hash: u64, is_wanted: impl Fn(u32) -> bool) -> Option<u32> {
        self.slot_of(hash, is_wanted).map(|at| self.slots[at].place)
    }

    /// Files a place. The caller has made sure that its item is not filed yet.
    pub(crate) fn insert(&mut self, hash: u64, place: u32) {
        if (self.used + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        self.used += 1;
        let tag = tag(hash);
        Self::put(&mut self.slots, Slot { tag, place });
    }

    /// Files another place for an item that is filed.
    pub(crate) fn replace(&mut self, hash: u64, old: u32, new: u32) {
        if let Some(at) = self.slot_of(hash, |place| place == old) {
            self.slots[at].place = new;
        }
    }

    fn slot_of(&self, hash: u64, is_wanted: impl Fn(u32) -> bool) -> Option<usize> {
        if self.slots.is_empty() {
            return None;
        }
        let tag = tag(hash);
        let mask = self.slots.len() - 1;
        let mut at = tag as usize & mask;
        while !self.slots[at].is_empty() {
            if self.slots[at].tag == tag && is_wanted(self.slots[at].place) {
                return Some(at);
            }
            at = (at + 1) & mask;
        }
        None
    }

    fn grow(&mut self) {
        let mut larger = vec![EMPTY; (self.slots.len() * 2).max(64)];
        for slot in self.slots.iter().filter(|slot| !slot.is_empty()) {
            Self::put(&mut larger, *slot);
        }
        self.slots = larger;
    }

    fn put(slots: &mut [Slot], slot: Slot) {
        let mask = slots.len() - 1;
        let mut at = slot.tag as usize & mask;
        while !slots[at].is_empty() {
            at = (at + 1) & mask;
        }
        slots[at] = slot;
    }
}

fn tag(hash: u64) -> u32 {
    u32::try_from(hash >> 32).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::stable_hash;

    #[test]
    fn every_filed_item_is_found_again_and_no_other() {
        let items: Vec<String> = (0..5_000).map(|n| format!("message-{n}")).collect();
        let hash = |text: &str| stable_hash(text.as_bytes());
        let mut index = Index::default();
        for (place, item) in (0_u32..).zip(&items) {
            index.insert(hash(item), place);
        }
        for (place, item) in (0_u32..).zip(&items) {
            let found = index.find(hash(item), |at| items[at as usize] == *item);
            assert_eq!(found, Some(place));
        }
        assert_eq!(index.find(hash("message-x"), |_| true), None);
    }

    #[test]
    fn items_of_one_hash_are_told_apart_by_the_caller() {
        let mut index = Index::default();
        index.insert(7 << 40, 1);
        index.insert(7 << 40, 2);
        assert_eq!(index.find(7 << 40, |place| place == 2), Some(2));
        index.replace(7 << 40, 2, 9);
        assert_eq!(index.find(7 << 40, |place| place == 2), None);
        assert_eq!(index.find(7 << 40, |place| place == 9), Some(9));
    }
}
