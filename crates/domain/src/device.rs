//! Devices of people: the shape of a device token tells its platform. Shapes are
//! data, see `data/token_shapes.tsv`.

use std::sync::LazyLock;

/// What a device token belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Platform {
    /// An Apple device.
    Ios,
    /// A device reached through Firebase.
    Android,
}

impl Platform {
    /// The platform that a token of this shape is for; `None` for what is no token.
    pub fn of_token(token: &str) -> Option<Self> {
        let shape = SHAPES.iter().find(|shape| shape.fits(token))?;
        Some(shape.platform)
    }

    /// `ios` or `android`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ios => "ios",
            Self::Android => "android",
        }
    }

    /// The number kept in the database.
    pub const fn as_db(self) -> i64 {
        match self {
            Self::Ios => 1,
            Self::Android => 2,
        }
    }

    /// The platform of a number kept in the database.
    pub const fn from_db(number: i64) -> Option<Self> {
        match number {
            1 => Some(Self::Ios),
            2 => Some(Self::Android),
            _ => None,
        }
    }

    fn parse(name: &str) -> Option<Self> {
        match name {
            "ios" => Some(Self::Ios),
            "android" => Some(Self::Android),
            _ => None,
        }
    }
}

#[derive(Debug)]
struct Shape {
    platform: Platform,
    /// Signs beside letters and digits; `None` where all are hexadecimal digits.
    signs: Option<&'static str>,
    chars_min: usize,
    holds: &'static str,
}

impl Shape {
    fn read(name: &str, rest: &'static str) -> Option<Self> {
        let mut parts = rest.split('\t');
        let (characters, chars_min, holds) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            platform: Platform::parse(name)?,
            signs: (characters != "hex").then_some(characters),
            chars_min: chars_min.parse().ok()?,
            holds: if holds == "-" { "" } else { holds },
        })
    }

    fn fits(&self, token: &str) -> bool {
        let may_stand = |byte: u8| match self.signs {
            None => byte.is_ascii_hexdigit(),
            Some(signs) => byte.is_ascii_alphanumeric() || signs.as_bytes().contains(&byte),
        };
        token.len() >= self.chars_min
            && token.bytes().all(may_stand)
            && (self.holds.is_empty() || token.contains(self.holds))
    }
}

static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| {
    lines()
        .filter_map(|(name, rest)| Shape::read(name, rest))
        .collect()
});

fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    include_str!("../data/token_shapes.tsv")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter_map(|line| line.split_once('\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_data_is_understood() {
        for (name, rest) in lines() {
            assert!(Shape::read(name, rest).is_some(), "{name} {rest}");
        }
        assert_eq!(SHAPES.len(), lines().count());
    }

    #[test]
    fn a_platform_survives_text_and_database() {
        for platform in [Platform::Ios, Platform::Android] {
            assert_eq!(Platform::from_db(platform.as_db()), Some(platform));
            assert_eq!(Platform::parse(platform.as_str()), Some(platform));
        }
        assert_eq!(Platform::from_db(0), None);
    }

    #[test]
    fn the_shape_of_a_token_tells_its_platform() {
        let ios = "0a".repeat(32);
        let longer = "0A".repeat(50);
        let marked = "dQw4w9WgXcQ:APA91bHun4MxP5egoKMwt2KZFBaFUH".to_owned();
        let long = "Az09-_:".repeat(20);
        let hexless = "g".repeat(64);
        for (token, platform) in [
            (ios.as_str(), Some(Platform::Ios)),
            (longer.as_str(), Some(Platform::Ios)),
            (marked.as_str(), Some(Platform::Android)),
            (long.as_str(), Some(Platform::Android)),
            (&long[1..], None),
            (hexless.as_str(), None),
            ("05321234567", None),
            ("a b:APA91b", None),
            ("", None),
        ] {
            assert_eq!(Platform::of_token(token), platform, "{token}");
        }
    }
}
