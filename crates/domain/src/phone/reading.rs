//! From digits to a number: which country and which subscriber they mean.

use super::country::Country;
use super::digits::Digits;
use super::numbering::{self, NumberKind, Plan};
use super::written::{Form, Written};
use super::{Msisdn, PhoneDetail, PhoneRefusal, PhoneRules};
use crate::reason::{ReasonCode, Remarks};

/// Reads the digits of a cell, adding what was noticed to `remarks`.
///
/// # Errors
/// The refusal, with R201 to R208.
pub(super) fn read(
    written: &Written,
    rules: &PhoneRules,
    remarks: &mut Remarks,
) -> Result<Msisdn, PhoneRefusal> {
    let digits = written.digits;
    if digits.len() == 0 || (digits.len() == 1 && digits.value() == 0) {
        return Err(PhoneRefusal::plain(ReasonCode::R201));
    }
    if digits.all_the_same() || (written.is_unbroken && digits == SAMPLE) {
        return Err(PhoneRefusal::plain(ReasonCode::R208));
    }
    let mut reader = Reader {
        rules,
        remarks,
        written: digits.len(),
    };
    if digits.overflows() {
        return Err(reader.too_long());
    }
    let phone = reader.any(digits, written.form)?;
    match written.form {
        Form::Plus => {}
        Form::Bare => remarks.add(ReasonCode::W201),
        Form::Scientific => remarks.add(ReasonCode::W205),
    }
    Ok(phone)
}

/// What people type when a form insists on a number. Only the unbroken form:
/// `123 45 67` is a number without its area code.
const SAMPLE: Digits = Digits::of_seven(1_234_567);

struct Reader<'a> {
    rules: &'a PhoneRules,
    remarks: &'a mut Remarks,
    /// Digits in the cell, for the texts of R203 and R204.
    written: u8,
}

impl Reader<'_> {
    fn any(&mut self, digits: Digits, form: Form) -> Result<Msisdn, PhoneRefusal> {
        if form == Form::Plus {
            self.international(digits)
        } else if digits.head(2) == Some(0) {
            self.international(digits.behind(2))
        } else if digits.head(1) == Some(0) {
            self.national(digits.behind(1))
        } else {
            self.bare(digits)
        }
    }

    /// Behind `+` or `00`.
    fn international(&mut self, digits: Digits) -> Result<Msisdn, PhoneRefusal> {
        if digits.head(1) == Some(0) {
            return Err(self.too_long()); // no calling code begins with 0
        }
        if digits.head(2) == Some(90) {
            self.in_plan(numbering::turkey(), digits.behind(2))
        } else if digits.head(3) == Some(994) {
            self.in_plan(numbering::azerbaijan(), digits.behind(3))
        } else {
            self.foreign(digits)
        }
    }

    /// Behind a single trunk zero.
    fn national(&mut self, digits: Digits) -> Result<Msisdn, PhoneRefusal> {
        match (self.rules.default_country, digits.len()) {
            (Country::AZ, 9) => self.in_plan(numbering::azerbaijan(), digits),
            (Country::TR, 9) if is_azerbaijani_mobile(digits) => Err(self.too_long()),
            (Country::TR | Country::AZ, _) => self.in_plan(numbering::turkey(), digits),
            _ => Err(self.too_long()), // the national form of another country: unclear
        }
    }

    /// Neither plus nor zero in front.
    fn bare(&mut self, digits: Digits) -> Result<Msisdn, PhoneRefusal> {
        let turkish = digits.head(2) == Some(90);
        let azerbaijani = digits.head(3) == Some(994);
        match digits.len() {
            10 if azerbaijani || (turkish && digits.head(3) != Some(900)) => Err(self.too_short()),
            0..=10 => self.national(digits),
            11 if turkish || azerbaijani => Err(self.too_short()),
            12.. if turkish => self.in_plan(numbering::turkey(), digits.behind(2)),
            12.. if azerbaijani => self.in_plan(numbering::azerbaijan(), digits.behind(3)),
            _ => Err(self.too_long()),
        }
    }

    /// A national number of a country whose plan we know.
    fn in_plan(&mut self, plan: &Plan, national: Digits) -> Result<Msisdn, PhoneRefusal> {
        let trunk_zero = national.head(1) == Some(0);
        let national = if trunk_zero {
            national.behind(1)
        } else {
            national
        };
        let kind = plan.kind(national);
        if national.len() != plan.national_digits {
            return Err(match plan.exception(national) {
                Some(short) => PhoneRefusal::new(ReasonCode::R206, PhoneDetail::Kind(short)),
                None if national.len() < plan.national_digits => self.too_short(),
                None => self.too_long(),
            });
        }
        if national.all_the_same() || national.behind(national.len() - 7).value() == 0 {
            return Err(PhoneRefusal::plain(ReasonCode::R208));
        }
        self.check_allowed(plan.country)?;
        let reachable = if self.rules.channel_needs_mobile {
            kind.is_mobile()
        } else {
            kind.can_be_called()
        };
        if !reachable {
            return Err(PhoneRefusal::new(ReasonCode::R206, PhoneDetail::Kind(kind)));
        }
        self.remarks.add_if(trunk_zero, ReasonCode::W203);
        self.remarks
            .add_if(kind == NumberKind::MobileKktc, ReasonCode::W207);
        let unknown = matches!(kind, NumberKind::MobileUnlisted | NumberKind::MobileSpecial);
        self.remarks.add_if(unknown, ReasonCode::W204);
        Msisdn::from_digits(plan.with_calling_code(national)).ok_or_else(|| self.too_long())
    }

    /// An international number of any other country.
    fn foreign(&self, digits: Digits) -> Result<Msisdn, PhoneRefusal> {
        if digits.len() < Digits::E164_MIN {
            return Err(self.too_short());
        }
        let country = numbering::country_of(digits).ok_or_else(|| self.too_long())?;
        if digits.len() < *country.digits().start() {
            return Err(self.too_short());
        }
        if digits.len() > *country.digits().end() {
            return Err(self.too_long());
        }
        self.check_allowed(country)?;
        Msisdn::from_digits(digits.value()).ok_or_else(|| self.too_long())
    }

    fn check_allowed(&self, country: Country) -> Result<(), PhoneRefusal> {
        if self.rules.allowed_countries.contains(country) {
            Ok(())
        } else {
            Err(PhoneRefusal::new(
                ReasonCode::R207,
                PhoneDetail::Country(country),
            ))
        }
    }

    fn too_short(&self) -> PhoneRefusal {
        PhoneRefusal::new(ReasonCode::R203, PhoneDetail::Digits(self.written))
    }

    /// Too long, or of a country that cannot be told.
    fn too_long(&self) -> PhoneRefusal {
        PhoneRefusal::new(ReasonCode::R204, PhoneDetail::Digits(self.written))
    }
}

/// Nine digits behind an operator code of Azerbaijan: in a Turkish file they
/// may as well be a Turkish number that lost a digit.
fn is_azerbaijani_mobile(national: Digits) -> bool {
    numbering::azerbaijan().kind(national) == NumberKind::Mobile
}
