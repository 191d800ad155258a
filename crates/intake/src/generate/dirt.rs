//! Every kind of dirt that a headed file can carry, one kind a row.

use domain::time::SECOND_US;
use domain::{ReasonCode, Timestamp};
use jiff::ToSpan;

use super::dice::Dice;
use super::people::{Line, dotted};

/// A kind of dirt, named by the code it leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dirt {
    code: ReasonCode,
    /// Rows of the same kind before it.
    nth: u64,
}

/// What one dirty row comes to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Outcome {
    pub(super) accepted: u64,
    /// Clean rows counted as accepted before that this row spoils.
    pub(super) taken_back: u64,
    pub(super) rejected: u64,
    pub(super) merged: u64,
    /// How often the code occurs.
    pub(super) occurrences: u64,
}

/// Dirt that needs nothing but its own row.
const ALONE: &[ReasonCode] = &[
    ReasonCode::R101,
    ReasonCode::R102,
    ReasonCode::R104,
    ReasonCode::R105,
    ReasonCode::R201,
    ReasonCode::R202,
    ReasonCode::R203,
    ReasonCode::R204,
    ReasonCode::R205,
    ReasonCode::R206,
    ReasonCode::R207,
    ReasonCode::R208,
    ReasonCode::R209,
    ReasonCode::R301,
    ReasonCode::R302,
    ReasonCode::R303,
    ReasonCode::R304,
    ReasonCode::R305,
    ReasonCode::R306,
    ReasonCode::R401,
    ReasonCode::R402,
    ReasonCode::R403,
    ReasonCode::R406,
    ReasonCode::R501,
    ReasonCode::R502,
    ReasonCode::R601,
    ReasonCode::R602,
    ReasonCode::R603,
    ReasonCode::R604,
    ReasonCode::R605,
    ReasonCode::R606,
    ReasonCode::R608,
    ReasonCode::R701,
    ReasonCode::R702,
    ReasonCode::R703,
    ReasonCode::R704,
    ReasonCode::R705,
    ReasonCode::R708,
    ReasonCode::W103,
    ReasonCode::W105,
    ReasonCode::W202,
    ReasonCode::W203,
    ReasonCode::W204,
    ReasonCode::W205,
    ReasonCode::W207,
    ReasonCode::W301,
    ReasonCode::W302,
    ReasonCode::W303,
    ReasonCode::W602,
    ReasonCode::W603,
    ReasonCode::W604,
    ReasonCode::W702,
    ReasonCode::W703,
];

/// Dirt that a file can carry only so often, and how often: cells of many
/// kilobytes, and ids that became dates, of which there are few.
const SCARCE: &[(ReasonCode, u64)] = &[(ReasonCode::R103, 40), (ReasonCode::W403, 300)];

/// Dirt of a file with one address a row.
const ONE_ADDRESS: &[ReasonCode] = &[
    ReasonCode::R102,
    ReasonCode::R202,
    ReasonCode::R502,
    ReasonCode::R602,
    ReasonCode::R706,
    ReasonCode::R709,
    ReasonCode::W602,
];

/// Longer than any cell may be.
const LONG_CELL: usize = 5 << 10;

/// Dirt that repeats or contradicts an earlier clean row.
const REFERRING: &[ReasonCode] = &[
    ReasonCode::W402,
    ReasonCode::W803,
    ReasonCode::R802,
    ReasonCode::R804,
    ReasonCode::W801,
    ReasonCode::W802,
];

impl Dirt {
    /// Throws for a kind. Windows-1254 has no digits of other scripts.
    pub(super) fn pick(dice: &mut Dice, is_1254: bool, can_refer: bool, made: Made<'_>) -> Self {
        let crowd = ALONE.len() + REFERRING.len();
        let scarce = crowd + 1;
        let all = scarce + SCARCE.len();
        let at = usize::try_from(dice.below(all as u64)).unwrap_or(0);
        let code = match ALONE.get(at).copied() {
            Some(ReasonCode::W202) if is_1254 => ReasonCode::W203,
            Some(code) => code,
            None if at == crowd => ReasonCode::R803,
            None if at >= scarce => match SCARCE[at - scarce] {
                (code, most) if made(code) < most => code,
                _ => ReasonCode::R502,
            },
            None if can_refer => REFERRING[at - ALONE.len()],
            None => ReasonCode::R501,
        };
        Self {
            code,
            nth: made(code),
        }
    }

    /// Throws for a kind that a file with one address a row can carry.
    pub(super) fn pick_for_one_address(dice: &mut Dice) -> Self {
        Self {
            code: dice.pick(ONE_ADDRESS),
            nth: 0,
        }
    }

    /// Whether the cells of the row are not even looked at.
    pub(super) const fn spoils_shape(self) -> bool {
        matches!(
            self.code,
            ReasonCode::R101 | ReasonCode::R102 | ReasonCode::R103
        )
    }

    pub(super) const fn code(self) -> ReasonCode {
        self.code
    }

    /// What judging must make of one such row.
    pub(super) fn outcome(self) -> Outcome {
        let once = Outcome {
            occurrences: 1,
            ..Outcome::default()
        };
        match self.code {
            // The identifier is refused, the phone beside it is not.
            ReasonCode::R402 | ReasonCode::R403 => Outcome {
                accepted: 1,
                rejected: 1,
                ..once
            },
            // What becomes of a crowd shows when all of it is written.
            ReasonCode::R803 => Outcome::default(),
            // The refusal is kept, the earlier consent is held.
            ReasonCode::R802 => Outcome {
                accepted: 1,
                taken_back: 1,
                rejected: 1,
                ..once
            },
            // Both rows of the id are refused.
            ReasonCode::R804 => Outcome {
                taken_back: 1,
                rejected: 2,
                occurrences: 2,
                ..once
            },
            // Both rows carry the remark.
            ReasonCode::W402 | ReasonCode::W803 => Outcome {
                accepted: 1,
                occurrences: 2,
                ..once
            },
            ReasonCode::W801 | ReasonCode::W802 => Outcome { merged: 1, ..once },
            // Two channels for the phone, one for the e-mail address.
            ReasonCode::W702 => Outcome {
                accepted: 3,
                occurrences: 3,
                ..once
            },
            code if code.class() == domain::reason::ReasonClass::Remark => Outcome {
                accepted: 1,
                ..once
            },
            _ => Outcome {
                rejected: 1,
                ..once
            },
        }
    }

    /// The text of a row with this dirt, made from a clean one. Dirt that refers
    /// to an earlier row uses it up.
    pub(super) fn soil(self, clean: &Line, earlier: &mut Option<Line>, now: Timestamp) -> String {
        let mut line = clean.clone();
        if REFERRING.contains(&self.code)
            && let Some(earlier) = earlier.take()
        {
            return self.refer(&earlier, &line);
        }
        match self.code {
            ReasonCode::R101 => return ";".repeat(8),
            ReasonCode::R102 => return format!("{};fazladan", line.text()),
            ReasonCode::R105 => {
                line.id.clear();
                line.phone.clear();
                line.email.clear();
            }
            ReasonCode::R103 => line.name = "x".repeat(LONG_CELL),
            ReasonCode::R401 => {
                "NULL".clone_into(&mut line.id);
                line.phone.clear();
                line.email.clear();
            }
            ReasonCode::R803 => CROWDED_PHONE.clone_into(&mut line.phone),
            ReasonCode::W403 => line.id = date_like(self.nth),
            ReasonCode::R406 => {
                line.phone.clear();
                line.email.clear();
            }
            ReasonCode::R706 => line.phone.clone_from(&line.email),
            ReasonCode::R709 => line.brand = "Başka Mağaza",
            ReasonCode::W105 => "?ükrü Ya?ar".clone_into(&mut line.name),
            _ => {
                self.soil_address(&mut line);
                self.soil_consent(&mut line, now);
            }
        }
        line.text()
    }

    fn refer(self, earlier: &Line, other: &Line) -> String {
        let half_an_hour_before = earlier.at.saturating_sub(30.minutes());
        match self.code {
            ReasonCode::W402 => {
                let with_zeros = Line {
                    id: format!("00{}", earlier.id),
                    ..other.clone()
                };
                with_zeros.text()
            }
            ReasonCode::W803 => {
                let same_phone = Line {
                    phone: earlier.phone.clone(),
                    ..other.clone()
                };
                same_phone.text()
            }
            ReasonCode::W801 => earlier.text(),
            ReasonCode::W802 => earlier.clone().at(half_an_hour_before).text(),
            ReasonCode::R802 => {
                let refusal = Line {
                    status: "RET",
                    ..earlier.clone()
                };
                refusal.at(half_an_hour_before).text()
            }
            _ => {
                let other_phone = Line {
                    id: earlier.id.clone(),
                    ..other.clone()
                };
                other_phone.text()
            }
        }
    }

    fn soil_address(self, line: &mut Line) {
        let number = line.number;
        let phone = match self.code {
            ReasonCode::R104 => "#YOK".to_owned(),
            ReasonCode::R201 => String::new(),
            ReasonCode::R202 => format!("O532 {:03} 12 34", 200 + number % 700),
            ReasonCode::R203 => "123 45 67".to_owned(),
            ReasonCode::R204 => "053212345678901".to_owned(),
            ReasonCode::R205 => "0532 211 22 33 / 0533 211 22 33".to_owned(),
            ReasonCode::R206 => "0212 211 22 33".to_owned(),
            ReasonCode::R207 => "+49 151 23456789".to_owned(),
            ReasonCode::R208 => "5555555555".to_owned(),
            ReasonCode::R209 => "9,05321E+11".to_owned(),
            ReasonCode::W103 => format!("'{}", line.phone),
            ReasonCode::W202 => full_width(&national_digits(&line.phone)),
            ReasonCode::W203 => format!("+90 0{}", national_digits(&line.phone)),
            ReasonCode::W204 => format!("0577{}", &national_digits(&line.phone)[3..]),
            ReasonCode::W205 => format!("9,0{}E+11", national_digits(&line.phone)),
            ReasonCode::W207 => kktc_number(number),
            _ => std::mem::take(&mut line.phone),
        };
        line.phone = phone;
        let email = match self.code {
            ReasonCode::R301 => line.email.replace('.', ","),
            ReasonCode::R302 => format!("şule{number}@firma.com.tr"),
            ReasonCode::R303 => format!("{0}; bir{0}", line.email),
            ReasonCode::R304 => "test@test.com".to_owned(),
            ReasonCode::R305 => "a@b.c".to_owned(),
            ReasonCode::R306 => String::new(),
            ReasonCode::W301 => line.email.to_ascii_uppercase(),
            ReasonCode::W302 => format!("kisi{number}@gmial.com"),
            ReasonCode::W303 => format!("info@firma{number}.com.tr"),
            _ => return,
        };
        // A semicolon inside a cell needs quotes around it.
        line.email = if email.contains(';') {
            format!("\"{email}\"")
        } else {
            email
        };
        line.channel = "EPOSTA";
    }

    fn soil_consent(self, line: &mut Line, now: Timestamp) {
        let today = now.to_turkish();
        match self.code {
            ReasonCode::R402 => "1,23457E+15".clone_into(&mut line.id),
            ReasonCode::R403 => line.id = "M".repeat(256),
            ReasonCode::R501 => line.status = "",
            ReasonCode::R502 => line.status = "belki",
            ReasonCode::R601 => line.date.clear(),
            ReasonCode::R602 => "32.13.2025".clone_into(&mut line.date),
            ReasonCode::R603 => "30.04.2014 10:00".clone_into(&mut line.date),
            ReasonCode::R604 => line.date = dotted(today.saturating_add(1.days())),
            ReasonCode::R605 => {
                line.source = "HS_2015";
                "02.05.2015 00:00".clone_into(&mut line.date);
            }
            ReasonCode::R606 => line.date = dotted(today.saturating_sub(40.days())),
            ReasonCode::R608 => "30.12.1899".clone_into(&mut line.date),
            ReasonCode::R701 => line.source = "",
            ReasonCode::R702 => line.source = "komşudan",
            ReasonCode::R703 => line.source = "IYS_WEB",
            ReasonCode::R704 => line.source = "HS_KARAR",
            ReasonCode::R705 => line.channel = "FAKS",
            ReasonCode::R708 => line.kind = "bilinmiyor",
            ReasonCode::W602 => line.date.truncate("20.06.2025".len()),
            ReasonCode::W603 => {
                let seconds = Timestamp::from_turkish(line.at).as_micros() / SECOND_US;
                line.date = seconds.to_string();
            }
            ReasonCode::W604 => line.date.replace_range(6..8, ""),
            ReasonCode::W702 => line.channel = "HEPSİ",
            ReasonCode::W703 => line.kind = "Esnaf",
            _ => {}
        }
    }
}

/// How many rows of a kind were made so far.
pub(super) type Made<'m> = &'m dyn Fn(ReasonCode) -> u64;

/// The phone that all of a file's crowd shares: no person's own, those end in
/// odd digits.
const CROWDED_PHONE: &str = "0505 700 00 02";

/// What a spreadsheet makes of ids such as MAR1, different for some hundreds of people.
fn date_like(nth: u64) -> String {
    const MONTHS: [&str; 11] = [
        "Oca", "Şub", "Mar", "Nis", "May", "Haz", "Tem", "Ağu", "Eyl", "Eki", "Kas",
    ];
    let month = MONTHS[usize::try_from(nth % 11).unwrap_or(0)];
    format!("{}.{month}", 1 + nth / 11 % 31)
}

/// The ten digits behind the country code.
fn national_digits(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    digits[digits.len().saturating_sub(10)..].to_owned()
}

fn full_width(digits: &str) -> String {
    let wide = |c: char| char::from_u32(u32::from(c) - u32::from('0') + 0xff10).unwrap_or(c);
    digits.chars().map(wide).collect()
}

/// A number in one of the blocks of KKTC, different for every person.
fn kktc_number(person: u64) -> String {
    const BLOCKS: [u64; 9] = [
        53_383, 53_384, 53_385, 53_386, 53_387, 54_285, 54_286, 54_287, 54_288,
    ];
    let block = BLOCKS[usize::try_from(person / 100_000 % 9).unwrap_or(0)];
    format!("0{block}{:05}", person % 100_000)
}
