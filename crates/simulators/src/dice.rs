//! Seeded randomness and stable hashes: the same seed gives the same run.

/// A splitmix64 sequence. Good enough to shuffle and to throw dice, small
/// enough to read, and the same on every machine.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// True with the given probability, 0.0 to 1.0.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        // 32 bits are exact in an f64, which keeps the comparison honest at 0 and 1.
        let sample = f64::from(u32::try_from(self.roll() >> 32).unwrap_or(u32::MAX));
        sample < probability * 4_294_967_296.0
    }

    /// Fisher–Yates over the slice.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let below = u64::try_from(last).unwrap_or(u64::MAX) + 1;
            let chosen = usize::try_from(self.roll() % below).unwrap_or(0);
            items.swap(last, chosen);
        }
    }
}

/// The splitmix64 finaliser: a bijection that scatters neighbouring numbers.
pub(crate) fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// FNV-1a, finished with [`mix`]: the same number for the same bytes, for ever.
pub(crate) fn stable_hash(bytes: &[u8]) -> u64 {
    let sum = bytes.iter().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3)
    });
    mix(sum)
}

/// The hundredth (0–99) a text falls into.
pub(crate) fn hundredth(salt: u64, text: &str) -> u8 {
    u8::try_from(mix(stable_hash(text.as_bytes()) ^ salt) % 100).unwrap_or(0)
}

/// A text in the form of a version 4 UUID.
pub(crate) fn uuid(high: u64, low: u64) -> String {
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xFFFF,
        high & 0x0FFF,
        0x8000 | ((low >> 48) & 0x3FFF),
        low & 0xFFFF_FFFF_FFFF
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_order_again_and_nothing_gets_lost() {
        let shuffled = |seed| {
            let mut items: Vec<u32> = (0..50).collect();
            Dice::new(seed).shuffle(&mut items);
            items
        };
        assert_eq!(shuffled(7), shuffled(7));
        assert_ne!(shuffled(7), shuffled(8));
        let mut sorted = shuffled(7);
        sorted.sort_unstable();
        assert_eq!(sorted, (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn certain_and_impossible_are_exact() {
        let mut dice = Dice::new(1);
        assert!((0..1_000).all(|_| dice.chance(1.0)));
        assert!(!(0..1_000).any(|_| dice.chance(0.0)));
    }

    #[test]
    fn every_hundredth_gets_about_its_share_of_neighbouring_numbers() {
        let mut counts = [0_u32; 100];
        for n in 0..100_000 {
            counts[usize::from(hundredth(0, &format!("90532{n:07}")))] += 1;
        }
        assert!(counts.iter().all(|n| (850..1150).contains(n)), "{counts:?}");
    }
}
