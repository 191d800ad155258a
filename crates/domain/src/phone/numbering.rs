//! Calling codes, and the numbering plans of Turkey and Azerbaijan.
//!
//! Both tables are data (`data/countries.tsv`, `data/numbering.tsv`): prefixes
//! are handed out every year, and a table is easier to check than code.

use std::sync::LazyLock;

use super::country::{Country, CountryRow};
use super::digits::Digits;

/// What stands behind a national number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NumberKind {
    /// A mobile subscriber.
    Mobile,
    /// A mobile subscriber in a block that Northern Cyprus (KKTC) uses.
    MobileKktc,
    /// In a range that looks mobile but is not in the table: plans grow.
    MobileUnlisted,
    /// A satellite or other special mobile service.
    MobileSpecial,
    /// A pager: no SMS.
    Paging,
    /// A landline.
    Geographic,
    /// A number without a place, such as 0850.
    Nationwide,
    /// Free for the caller, such as 0800.
    Freephone,
    /// Charged above the ordinary, such as 0900.
    Premium,
    /// A short company number, such as 444 1 234.
    CallCentre,
    /// In no range of the plan.
    Unlisted,
}

impl NumberKind {
    /// Whether the number can be expected to receive SMS.
    pub const fn is_mobile(self) -> bool {
        matches!(
            self,
            Self::Mobile | Self::MobileKktc | Self::MobileUnlisted | Self::MobileSpecial
        )
    }

    /// Whether a voice call may be placed to it: mobile, landline and 0850, but
    /// no free, premium or short company number (İYS does not document those).
    pub const fn can_be_called(self) -> bool {
        self.is_mobile() || matches!(self, Self::Geographic | Self::Nationwide)
    }

    /// Turkish name, for the text of R206.
    pub const fn name_tr(self) -> &'static str {
        match self {
            Self::Mobile => "cep telefonu",
            Self::MobileKktc => "KKTC cep telefonu",
            Self::MobileUnlisted => "tanınmayan cep telefonu kodu",
            Self::MobileSpecial => "özel mobil hizmet",
            Self::Paging => "çağrı cihazı",
            Self::Geographic => "sabit hat",
            Self::Nationwide => "coğrafi olmayan numara",
            Self::Freephone => "ücretsiz arama hattı",
            Self::Premium => "katma ücretli hat",
            Self::CallCentre => "kısa kurumsal hat",
            Self::Unlisted => "numara planında yok",
        }
    }

    /// English name, for the text of R206.
    pub const fn name_en(self) -> &'static str {
        match self {
            Self::Mobile => "mobile",
            Self::MobileKktc => "KKTC mobile",
            Self::MobileUnlisted => "unknown mobile prefix",
            Self::MobileSpecial => "special mobile service",
            Self::Paging => "pager",
            Self::Geographic => "landline",
            Self::Nationwide => "non-geographic number",
            Self::Freephone => "freephone",
            Self::Premium => "premium rate",
            Self::CallCentre => "short company number",
            Self::Unlisted => "not in the numbering plan",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "mobile" => Self::Mobile,
            "mobile_kktc" => Self::MobileKktc,
            "mobile_unlisted" => Self::MobileUnlisted,
            "mobile_special" => Self::MobileSpecial,
            "paging" => Self::Paging,
            "geographic" => Self::Geographic,
            "nationwide" => Self::Nationwide,
            "freephone" => Self::Freephone,
            "premium" => Self::Premium,
            "call_centre" => Self::CallCentre,
            _ => return None,
        })
    }
}

/// The plan of one country in detail.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) country: Country,
    /// The calling code as a number, to put a national number behind it.
    pub(super) calling_code: u64,
    /// Digits of an ordinary national number, without the trunk zero.
    pub(super) national_digits: u8,
    /// Kind by the first three digits.
    by_three: Box<[NumberKind]>,
    /// Whether blocks lie inside a prefix of three digits.
    has_blocks: Box<[bool]>,
    /// Blocks that need more than three digits, and numbers of another length.
    exceptions: Vec<PlanRow>,
}

impl Plan {
    /// What stands behind a national number of this country.
    pub(super) fn kind(&self, national: Digits) -> NumberKind {
        let is_ordinary = national.len() == self.national_digits;
        let three = national
            .head(3)
            .and_then(|three| usize::try_from(three).ok());
        let by_three = || self.by_three.get(three?).copied();
        let has_blocks = three.is_none_or(|three| self.has_blocks.get(three) != Some(&false));
        let block = if is_ordinary && !has_blocks {
            None
        } else {
            self.exception(national)
        };
        let ordinary = || if is_ordinary { by_three() } else { None };
        block.or_else(ordinary).unwrap_or(NumberKind::Unlisted)
    }

    /// The kind, if this is a number that stands outside the ordinary ranges:
    /// a shorter one, or one in a block inside a prefix.
    pub(super) fn exception(&self, national: Digits) -> Option<NumberKind> {
        self.exceptions
            .iter()
            .find(|row| {
                row.national_digits == national.len()
                    && national
                        .head(row.prefix_digits)
                        .is_some_and(|head| (row.first..=row.last).contains(&head))
            })
            .map(|row| row.kind)
    }

    /// The number of this country with its calling code in front.
    pub(super) fn with_calling_code(&self, national: Digits) -> u64 {
        self.calling_code * 10_u64.pow(u32::from(national.len())) + national.value()
    }
}

/// The plan of Turkey.
pub(super) fn turkey() -> &'static Plan {
    &TABLES.turkey
}

/// The plan of Azerbaijan.
pub(super) fn azerbaijan() -> &'static Plan {
    &TABLES.azerbaijan
}

/// The countries, in the order of their positions.
pub(super) fn countries() -> &'static [CountryRow] {
    &TABLES.countries
}

/// The country of an international number, by its longest known prefix.
pub(super) fn country_of(international: Digits) -> Option<Country> {
    let four = usize::try_from(international.head(4)?).ok()?;
    TABLES.by_four.get(four).copied().flatten()
}

#[derive(Debug, Clone, Copy)]
struct PlanRow {
    first: u64,
    last: u64,
    prefix_digits: u8,
    national_digits: u8,
    kind: NumberKind,
}

struct Tables {
    countries: Vec<CountryRow>,
    /// Country by the first four digits of an international number.
    by_four: Box<[Option<Country>]>,
    turkey: Plan,
    azerbaijan: Plan,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    read_tables(
        include_str!("../../data/countries.tsv"),
        include_str!("../../data/numbering.tsv"),
    )
    .expect("the numbering data is part of the program and read by its tests")
});

fn read_tables(countries: &'static str, numbering: &str) -> Option<Tables> {
    let mut rows = Vec::new();
    let mut prefixes = Vec::new();
    for line in data_lines(countries) {
        let mut cells = line.split('\t');
        let iso = cells.next()?;
        let country = Country::at(rows.len())?;
        for prefix in cells.next()?.split(',') {
            prefixes.push((prefix, country));
        }
        let mut limit = |otherwise| match cells.next()? {
            "" => Some(otherwise),
            digits => digits.parse().ok(),
        };
        rows.push(CountryRow {
            iso,
            digits_min: limit(Digits::E164_MIN)?,
            digits_max: limit(Digits::E164_MAX)?,
            name_tr: cells.next()?,
            name_en: cells.next()?,
        });
    }
    prefixes.sort_by_key(|(prefix, _)| prefix.len());
    let mut by_four = vec![None; 10_000].into_boxed_slice();
    for (prefix, country) in prefixes {
        fill(&mut by_four, prefix, prefix, Some(country))?;
    }
    Some(Tables {
        countries: rows,
        by_four,
        turkey: read_plan(numbering, Country::TR, "TR", 90, 10)?,
        azerbaijan: read_plan(numbering, Country::AZ, "AZ", 994, 9)?,
    })
}

fn read_plan(
    numbering: &str,
    country: Country,
    iso: &str,
    calling_code: u64,
    national_digits: u8,
) -> Option<Plan> {
    let mut ranges = Vec::new();
    for line in data_lines(numbering) {
        let mut cells = line.split('\t');
        if cells.next()? != iso {
            continue;
        }
        let range = cells.next()?;
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let row = PlanRow {
            first: first.parse().ok()?,
            last: last.parse().ok()?,
            prefix_digits: u8::try_from(first.len()).ok()?,
            national_digits: cells.next()?.parse().ok()?,
            kind: NumberKind::parse(cells.next()?)?,
        };
        ranges.push((first, last, row));
    }
    ranges.sort_by_key(|(_, _, row)| row.prefix_digits);
    let mut by_three = vec![NumberKind::Unlisted; 1_000].into_boxed_slice();
    let mut has_blocks = vec![false; 1_000].into_boxed_slice();
    let mut exceptions = Vec::new();
    for (first, last, row) in ranges {
        if row.prefix_digits <= 3 && row.national_digits == national_digits {
            fill(&mut by_three, first, last, row.kind)?;
        } else {
            if row.prefix_digits > 3 {
                fill(&mut has_blocks, first.get(..3)?, last.get(..3)?, true)?;
            }
            exceptions.push(row);
        }
    }
    Some(Plan {
        country,
        calling_code,
        national_digits,
        by_three,
        has_blocks,
        exceptions,
    })
}

/// Writes `value` to every entry whose index begins with a prefix from `first` to `last`.
fn fill<T: Copy>(table: &mut [T], first: &str, last: &str, value: T) -> Option<()> {
    let index_digits = u32::try_from(table.len()).ok()?.ilog10();
    let width = 10_usize.pow(index_digits.checked_sub(u32::try_from(first.len()).ok()?)?);
    let start = first.parse::<usize>().ok()? * width;
    let end = (last.parse::<usize>().ok()? + 1) * width;
    table.get_mut(start..end)?.fill(value);
    Some(())
}

fn data_lines(table: &str) -> impl Iterator<Item = &str> {
    table
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(plan: &Plan, national: &str) -> NumberKind {
        plan.kind(Digits::plain(national).unwrap())
    }

    #[test]
    fn each_range_of_the_turkish_plan_has_its_kind() {
        for (national, expected) in [
            ("5011234567", NumberKind::Mobile),
            ("5021234567", NumberKind::MobileUnlisted),
            ("5321234567", NumberKind::Mobile),
            ("5338612345", NumberKind::MobileKktc),
            ("5338812345", NumberKind::Mobile),
            ("5428512345", NumberKind::MobileKktc),
            ("5488123456", NumberKind::MobileKktc),
            ("5487123456", NumberKind::Mobile),
            ("5501234567", NumberKind::MobileUnlisted),
            ("5591234567", NumberKind::Mobile),
            ("5121234567", NumberKind::Paging),
            ("5921234567", NumberKind::MobileSpecial),
            ("2121234567", NumberKind::Geographic),
            ("4441234567", NumberKind::Geographic),
            ("4441234", NumberKind::CallCentre),
            ("8501234567", NumberKind::Nationwide),
            ("8001234567", NumberKind::Freephone),
            ("9001234567", NumberKind::Premium),
            ("7001234567", NumberKind::Unlisted),
        ] {
            assert_eq!(kind(turkey(), national), expected, "{national}");
        }
        assert_eq!(kind(azerbaijan(), "501234567"), NumberKind::Mobile);
        assert_eq!(kind(azerbaijan(), "121234567"), NumberKind::Geographic);
        assert_eq!(kind(azerbaijan(), "441234567"), NumberKind::MobileUnlisted);
    }

    #[test]
    fn the_longest_calling_code_wins() {
        for (number, iso) in [
            ("905321234567", "TR"),
            ("994501234567", "AZ"),
            ("12125551234", "US"),
            ("14165551234", "CA"),
            ("12425551234", "BS"),
            ("79161234567", "RU"),
            ("77011234567", "KZ"),
            ("4915112345678", "DE"),
            ("35799123456", "CY"),
        ] {
            let country = country_of(Digits::plain(number).unwrap()).unwrap();
            assert_eq!(country.iso(), iso, "{number}");
        }
        assert_eq!(country_of(Digits::plain("21012345678").unwrap()), None);
    }
}
