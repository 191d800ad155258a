//! How many parts (*boy*) a text message has, and so what it costs.
//!
//! One SMS carries 140 octets (3GPP TS 23.040). What fits depends on the
//! alphabet (TS 23.038): 160 letters of the GSM alphabet, 155 when a Turkish
//! national table is named in the header, 70 in UCS-2; a few fewer in each
//! part of a longer text. A route without the Turkish tables sends a whole
//! text in UCS-2 for a single `ş`.
//!
//! Count after rendering, for each recipient: a name can change the alphabet.

#[cfg(test)]
mod tests;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use crate::lettering::Lettering;

/// The way a route encodes and bills text; every connector declares one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Profile {
    /// GSM alphabet, otherwise UCS-2: no national tables.
    Plain,
    /// Turkish locking shift table: Turkish letters and `€` cost one unit.
    TrLock,
    /// Turkish single shift table: Turkish letters cost two units.
    TrSingle,
    /// As Turkish providers bill: the locking table, but `€` costs two. The
    /// default for estimates in Turkey.
    TrBill,
    /// ISO-8859-9, one unit a letter; a lower bound. What is outside it is not sent.
    Latin5,
}

/// The alphabet chosen for a whole message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// GSM 7-bit default alphabet with its extension table.
    Gsm7,
    /// GSM 7-bit with a Turkish national table.
    Turkish,
    /// UTF-16, two octets a unit.
    Ucs2,
    /// ISO-8859-9.
    Latin5,
}

/// The number that joins the parts of a longer text; it stands in each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Reference {
    /// One octet, as Turkish providers publish: 153 letters a part.
    #[default]
    Eight,
    /// Two octets, and so one letter less in each part.
    Sixteen,
}

/// How a route counts a text that leaves over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lengths {
    /// Its alphabets.
    pub profile: Profile,
    /// Units that operators append.
    pub suffix_units: u32,
    /// How the parts of a longer text are joined.
    pub reference: Reference,
    /// What is done to the characters before they are counted.
    pub lettering: Lettering,
}

impl Lengths {
    /// As Turkish providers bill, the default for estimates.
    pub const TURKISH: Self = Self {
        profile: Profile::TrBill,
        suffix_units: OPERATOR_SUFFIX_UNITS,
        reference: Reference::Eight,
        lettering: Lettering::AsWritten,
    };

    /// How long a text is when it leaves over the route.
    pub fn count(&self, text: &str) -> Count {
        self.count_plain(&self.lettering.apply(text))
    }

    /// The same of a text to whose characters nothing is to be done any more.
    pub fn count_plain(&self, text: &str) -> Count {
        count_joined(text, self.profile, self.suffix_units, self.reference)
    }
}

/// The size of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// The alphabet of every part.
    pub encoding: Encoding,
    /// Units the text takes, the reserved suffix included.
    pub units: u32,
    /// Parts sent and billed; 0 for an empty text and for one that cannot be sent.
    pub parts: u32,
    /// Units left in the last part.
    pub free: u32,
    /// The first character that this profile cannot carry (Latin-5 only): the
    /// message must not be sent this way.
    pub unsupported: Option<char>,
}

/// Units of the tag ` B001` that operators in Turkey append to a text (decision
/// 2016/DK-YED/211 of the regulator): the reserve for numbers in +90.
pub const OPERATOR_SUFFIX_UNITS: u32 = 5;

/// Counts a text under a profile, leaving room for `suffix_reserve` units that
/// are appended behind our back.
///
/// The text is taken in NFC: a decomposed `s` + U+0327 is one `ş`. An escape
/// pair or a surrogate pair is never split between parts, so there can be more
/// parts than the units alone suggest. An empty text has no parts.
pub fn count(text: &str, profile: Profile, suffix_reserve: u32) -> Count {
    count_joined(text, profile, suffix_reserve, Reference::Eight)
}

/// [`count`] where the parts are joined otherwise.
pub fn count_joined(
    text: &str,
    profile: Profile,
    suffix_reserve: u32,
    reference: Reference,
) -> Count {
    if is_nfc_quick(text.chars()) == IsNormalized::Yes {
        count_chars(text.chars(), profile, suffix_reserve, reference)
    } else {
        count_chars(text.nfc(), profile, suffix_reserve, reference)
    }
}

/// The same for a text that goes out in a wider alphabet than it needs, because
/// it shares a request with others.
pub fn count_in(text: &str, encoding: Encoding, profile: Profile, suffix_reserve: u32) -> Count {
    let reference = Reference::Eight;
    count_encoded(text.nfc(), encoding, profile, suffix_reserve, reference)
}

/// The cheapest alphabet of the profile that holds every one of these texts.
pub fn encoding_for_all<'a>(texts: impl Iterator<Item = &'a str>, profile: Profile) -> Encoding {
    choose_encoding(texts.flat_map(|text| text.nfc()), profile)
}

fn count_chars(
    chars: impl Iterator<Item = char> + Clone,
    profile: Profile,
    suffix_reserve: u32,
    reference: Reference,
) -> Count {
    let encoding = choose_encoding(chars.clone(), profile);
    count_encoded(chars, encoding, profile, suffix_reserve, reference)
}

fn count_encoded(
    chars: impl Iterator<Item = char> + Clone,
    encoding: Encoding,
    profile: Profile,
    suffix_reserve: u32,
    reference: Reference,
) -> Count {
    let unsupported = match encoding {
        Encoding::Latin5 => chars.clone().find(|&c| !is_latin5(c)),
        _ => None,
    };
    let capacity = encoding.capacity(reference);
    let mut packing = Packing::new(capacity.per_part);
    let mut is_empty = true;
    for c in chars {
        packing.put(units(c, encoding, profile));
        is_empty = false;
    }
    if is_empty || unsupported.is_some() {
        return Count {
            encoding,
            units: 0,
            parts: 0,
            free: capacity.single.saturating_sub(suffix_reserve),
            unsupported,
        };
    }
    for _ in 0..suffix_reserve {
        packing.put(1);
    }
    let (parts, free) = if packing.units <= capacity.single {
        (1, capacity.single - packing.units)
    } else {
        (packing.parts, capacity.per_part - packing.used)
    };
    Count {
        encoding,
        units: packing.units,
        parts,
        free,
        unsupported: None,
    }
}

/// Units in a message of one part, and in each part of a longer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// In the only part.
    pub single: u32,
    /// In each of several.
    pub per_part: u32,
}

impl Encoding {
    /// How much a part holds beside its header.
    pub const fn capacity(self, reference: Reference) -> Capacity {
        let (single, per_part) = match self {
            Self::Gsm7 | Self::Latin5 => (160, 153),
            Self::Turkish => (155, 149),
            Self::Ucs2 => (70, 67),
        };
        let per_part = match reference {
            Reference::Eight => per_part,
            Reference::Sixteen => per_part - 1,
        };
        Capacity { single, per_part }
    }
}

/// Fills parts greedily, never splitting what belongs together.
struct Packing {
    per_part: u32,
    units: u32,
    parts: u32,
    /// Units taken in the last part.
    used: u32,
}

impl Packing {
    const fn new(per_part: u32) -> Self {
        Self {
            per_part,
            units: 0,
            parts: 1,
            used: 0,
        }
    }

    fn put(&mut self, units: u32) {
        self.units += units;
        if self.used + units > self.per_part {
            self.parts += 1;
            self.used = 0;
        }
        self.used += units;
    }
}

/// Where a character stands in the tables of TS 23.038.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Default alphabet and Turkish locking table.
    Basic,
    /// Default alphabet only: its place is taken by a Turkish letter.
    BasicOnly,
    /// Extension table, behind an escape.
    Extension,
    /// Extension table, and a place of its own in the Turkish locking table.
    Euro,
    /// Turkish tables only.
    Turkish,
    /// Nowhere: UCS-2.
    Outside,
}

fn place(c: char) -> Place {
    match c {
        '^' | '{' | '}' | '\\' | '[' | '~' | ']' | '|' | '\u{c}' => Place::Extension,
        '€' => Place::Euro,
        'ı' | 'Ğ' | 'ğ' | 'Ş' | 'ş' | 'İ' | 'ç' => Place::Turkish,
        'è' | 'ì' | 'Ø' | 'ø' | 'Æ' | 'æ' | '¡' | '¿' => Place::BasicOnly,
        '`' => Place::Outside,
        ' '..='~'
        | '\n'
        | '\r'
        | 'Ç'
        | 'Ö'
        | 'ö'
        | 'Ü'
        | 'ü'
        | 'Ä'
        | 'ä'
        | 'É'
        | 'é'
        | 'à'
        | 'ù'
        | 'ò'
        | 'Å'
        | 'å'
        | 'Ñ'
        | 'ñ'
        | 'ß'
        | '£'
        | '¥'
        | '¤'
        | '§'
        | 'Δ'
        | 'Φ'
        | 'Γ'
        | 'Λ'
        | 'Ω'
        | 'Π'
        | 'Ψ'
        | 'Σ'
        | 'Θ'
        | 'Ξ' => Place::Basic,
        _ => Place::Outside,
    }
}

/// The cheapest alphabet of the profile that holds every character.
fn choose_encoding(chars: impl Iterator<Item = char>, profile: Profile) -> Encoding {
    if profile == Profile::Latin5 {
        return Encoding::Latin5;
    }
    let (mut fits_gsm, mut fits_turkish) = (true, profile != Profile::Plain);
    for c in chars {
        match place(c) {
            Place::Basic | Place::Extension | Place::Euro => {}
            Place::Turkish => fits_gsm = false,
            // The single shift table adds to the default alphabet and replaces nothing.
            Place::BasicOnly => fits_turkish &= profile == Profile::TrSingle,
            Place::Outside => return Encoding::Ucs2,
        }
    }
    if fits_gsm {
        Encoding::Gsm7
    } else if fits_turkish {
        Encoding::Turkish
    } else {
        Encoding::Ucs2
    }
}

/// What a character costs in the chosen alphabet.
fn units(c: char, encoding: Encoding, profile: Profile) -> u32 {
    match encoding {
        Encoding::Latin5 => 1,
        Encoding::Ucs2 => 1 + u32::from(c > '\u{ffff}'),
        Encoding::Gsm7 | Encoding::Turkish => match place(c) {
            Place::Extension => 2,
            Place::Euro => {
                let has_own_place = encoding == Encoding::Turkish && profile == Profile::TrLock;
                if has_own_place { 1 } else { 2 }
            }
            Place::Turkish if profile == Profile::TrSingle => 2,
            Place::Basic | Place::BasicOnly | Place::Turkish | Place::Outside => 1,
        },
    }
}

/// ISO-8859-9 is Latin-1 with six Icelandic letters replaced by Turkish ones.
fn is_latin5(c: char) -> bool {
    match c {
        'Ð' | 'Ý' | 'Þ' | 'ð' | 'ý' | 'þ' => false,
        'Ğ' | 'İ' | 'Ş' | 'ğ' | 'ı' | 'ş' | '\n' | '\r' => true,
        _ => matches!(c, ' '..='~' | '\u{a0}'..='\u{ff}'),
    }
}
