//! Countries and sets of countries.

use std::fmt;

use super::numbering;

/// A country, or a territory with its own calling code; two-letter code of ISO 3166.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country(u8);

/// A set of countries; copied, not allocated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CountrySet([u64; 4]);

/// A line of `data/countries.tsv`, without its calling codes.
#[derive(Debug)]
pub(super) struct CountryRow {
    pub(super) iso: &'static str,
    pub(super) digits_min: u8,
    pub(super) digits_max: u8,
    pub(super) name_tr: &'static str,
    pub(super) name_en: &'static str,
}

impl Country {
    /// Türkiye, +90, which Northern Cyprus shares.
    pub const TR: Self = Self(0);
    /// Azerbaijan, +994.
    pub const AZ: Self = Self(1);

    /// Reads the two-letter code, upper case; `None` when we know no calling code for it.
    pub fn parse(iso: &str) -> Option<Self> {
        let rows = numbering::countries();
        Self::at(rows.iter().position(|row| row.iso == iso)?)
    }

    /// Two-letter code.
    pub fn iso(self) -> &'static str {
        self.row().iso
    }

    /// Turkish name.
    pub fn name_tr(self) -> &'static str {
        self.row().name_tr
    }

    /// English name.
    pub fn name_en(self) -> &'static str {
        self.row().name_en
    }

    /// Every country we know a calling code for.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..=u8::MAX).take(numbering::countries().len()).map(Self)
    }

    /// The country at a position of the table.
    pub(super) fn at(position: usize) -> Option<Self> {
        u8::try_from(position).ok().map(Self)
    }

    /// Fewest and most digits of a number, calling code included.
    pub(super) fn digits(self) -> std::ops::RangeInclusive<u8> {
        self.row().digits_min..=self.row().digits_max
    }

    fn row(self) -> &'static CountryRow {
        &numbering::countries()[usize::from(self.0)]
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.iso())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.iso())
    }
}

impl CountrySet {
    /// No country.
    pub const NONE: Self = Self([0; 4]);

    /// Whether the country is in the set.
    pub const fn contains(&self, country: Country) -> bool {
        let (word, bit) = Self::place(country);
        self.0[word] & bit != 0
    }

    /// The set with one more country.
    #[must_use]
    pub const fn with(mut self, country: Country) -> Self {
        let (word, bit) = Self::place(country);
        self.0[word] |= bit;
        self
    }

    const fn place(country: Country) -> (usize, u64) {
        ((country.0 >> 6) as usize, 1 << (country.0 & 63))
    }
}

impl FromIterator<Country> for CountrySet {
    fn from_iter<I: IntoIterator<Item = Country>>(countries: I) -> Self {
        countries.into_iter().fold(Self::default(), Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turkey_and_azerbaijan_stand_where_their_constants_say() {
        assert_eq!((Country::TR.iso(), Country::AZ.iso()), ("TR", "AZ"));
        assert_eq!(Country::parse("AZ"), Some(Country::AZ));
        assert_eq!(Country::parse("tr"), None);
        assert_eq!(Country::TR.name_tr(), "Türkiye");
        for country in Country::all() {
            assert_eq!(Country::parse(country.iso()), Some(country));
            assert!(!country.digits().is_empty() && !country.name_en().is_empty());
        }
    }

    #[test]
    fn a_set_holds_exactly_what_was_put_in() {
        let set: CountrySet = [Country::TR, Country::parse("ZW").unwrap()]
            .into_iter()
            .collect();
        assert_eq!(Country::all().filter(|&c| set.contains(c)).count(), 2);
        assert!(set.contains(Country::TR) && !set.contains(Country::AZ));
    }
}
