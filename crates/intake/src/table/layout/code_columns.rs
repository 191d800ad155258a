//! The columns of a file of promotion codes (*promosyon kodu*): the code, and
//! whom it is meant for.

use csv::ByteRecord;
use domain::ReasonCode;
use domain::fold_text::fold_header;

use super::{Coverage, Layout, Places, meanings_of};
use crate::field::Field;
use crate::file::encoding::Decoder;
use crate::file::rows::Place;
use crate::options::{Mapping, Options};
use crate::summary::LayoutKind;
use crate::table::delimiter::{CANDIDATES, Separation};
use crate::table::head::Head;
use crate::table::header::Meaning;
use crate::table::list::{Guess, Headless, column_name};
use crate::verdict::Refusal;

/// What people head the column of the codes. Known in files of codes only:
/// elsewhere such a column may be an attribute of the firm.
const HEADERS: [&str; 16] = [
    "promosyon kodu",
    "promosyon",
    "promosyon değeri",
    "promosyon kodları",
    "kupon kodu",
    "kupon",
    "kupon kodları",
    "indirim kodu",
    "hediye kodu",
    "kampanya kodu",
    "promotionvalue",
    "promotion code",
    "promo code",
    "coupon",
    "coupon code",
    "discount code",
];

/// Whether a header says that its column holds the codes.
pub(crate) fn is_code_header(header: &str) -> bool {
    let folded = fold_header(header);
    HEADERS.iter().any(|known| fold_header(known) == folded)
}

impl Layout {
    /// Gives the headers of a file of codes their meaning.
    ///
    /// # Errors
    /// F107, F111; F120 without a column of codes; F110 when people are named by
    /// anything but the firm's own number of them.
    pub(crate) fn of_codes(headers: Vec<String>, options: &Options) -> Result<Self, Refusal> {
        if headers.len() > options.limits.columns_max {
            return Err(Refusal::unsupported(crate::file::kind::TOO_WIDE));
        }
        let mut meanings = meanings_of(&headers, options);
        for (header, meaning) in headers.iter().zip(&mut meanings) {
            let is_assigned = options.mapping.assigns(header);
            if !is_assigned && meaning.field != Field::Ours && is_code_header(header) {
                *meaning = Meaning::of(Field::PromotionCode);
            }
        }
        let names_otherwise = meanings.iter().any(|meaning| {
            let field = meaning.field;
            let withheld = matches!(field, Field::Sensitive | Field::NationalId);
            withheld || (field.identifies() && field != Field::ExternalId)
        });
        for meaning in &mut meanings {
            let is_read = matches!(
                meaning.field,
                Field::PromotionCode | Field::ExternalId | Field::Ours | Field::Sensitive
            );
            if !is_read {
                *meaning = Meaning::of(Field::Ignored);
            }
        }
        let places = Places::of(&headers, &meanings)?;
        let code = places
            .of_field(Field::PromotionCode)
            .ok_or_else(|| Refusal::new(ReasonCode::F120))?;
        let external_id = places.of_field(Field::ExternalId);
        if external_id.is_none() && names_otherwise {
            return Err(named_otherwise());
        }
        Ok(Self {
            kind: LayoutKind::Codes,
            code: Some(code),
            external_id,
            headers,
            meanings,
            ..Self::empty()
        })
    }

    /// Whether a column of the firm's own numbers was kept out because its cells
    /// are national ids: then nobody knows whom the codes are meant for.
    ///
    /// # Errors
    /// F110 when it was.
    pub(crate) fn check_codes(&self, headers_had_ids: bool) -> Result<(), Refusal> {
        if headers_had_ids && self.external_id.is_none() {
            return Err(named_otherwise());
        }
        Ok(())
    }

    const fn empty() -> Self {
        Self {
            kind: LayoutKind::Codes,
            headers: Vec::new(),
            meanings: Vec::new(),
            phone: None,
            email: None,
            recipient: None,
            first_name: None,
            last_name: None,
            full_name: None,
            external_id: None,
            token: None,
            national_id: None,
            channel: None,
            recipient_kind: None,
            brand: None,
            tags: Vec::new(),
            branches: Vec::new(),
            retailer: None,
            code: None,
            attributes: Vec::new(),
            attribute_dates: Vec::new(),
            groups: Vec::new(),
            asks: Coverage::Unstated,
        }
    }
}

/// A code that is meant for one person must not fall into the pool because we
/// do not know the person's number.
fn named_otherwise() -> Refusal {
    Refusal::new(ReasonCode::F110)
        .with(
            "hint",
            "Promosyon kodu dosyasında kişiler müşteri numarasıyla yazılır; herkese açık kodlar için dosyada yalnız kod sütunu bırakın.",
        )
        .with(
            "hint_en",
            "A file of promotion codes names people by their external id; for codes that anybody may get leave the column of codes only.",
        )
}

/// What separates a file of codes in which the rows do not agree: what stands in
/// its header beside the codes. Without such a header it is one code a line:
/// codes look like anything.
pub(crate) fn separation_of_codes(head: &[u8]) -> Separation {
    let mut lines = head.split(|byte| matches!(byte, b'\n' | b'\r'));
    let first = lines.find(|line| !line.trim_ascii().is_empty());
    // The names of the column have none of the letters that codings disagree about.
    let first = String::from_utf8_lossy(first.unwrap_or_default());
    let delimiter = CANDIDATES.into_iter().find(|&delimiter| {
        let mut cells = first.split(char::from(delimiter));
        first.contains(char::from(delimiter)) && cells.any(|cell| is_code_header(cell.trim()))
    });
    Separation {
        delimiter,
        is_stated: false,
    }
}

/// Understands the head of a file of codes: codes look like anything, so a file
/// of one column without a known header is a list of codes, and of more columns
/// a person says which is which.
pub(crate) fn understand_codes(head: &mut Head, mapping: &Mapping, decoder: Decoder) {
    if let Some(headless) = &mut head.headless
        && head.headers.len() > 1
    {
        for (column, guess) in headless.columns.iter_mut().enumerate() {
            *guess = Guess::Asked;
            head.headers[column] = column_name(column);
        }
        return;
    }
    let [header] = head.headers.as_slice() else {
        return;
    };
    if head.headless.is_none() {
        let is_known = mapping.assigns(header) || is_code_header(header);
        if is_known || is_heading(header, head, decoder) {
            return;
        }
        let first = Place {
            line: head.line,
            start: 0,
            bytes: 0,
        };
        let record = ByteRecord::from(vec![header.as_bytes()]);
        head.rows.insert(0, (first, record));
        head.records_above_data -= 1 + head.title_rows;
        head.title_rows = 0;
    }
    head.headers = vec!["promosyon kodu".to_owned()];
    head.headless = Some(Headless {
        kind: None,
        columns: vec![Guess::Known(Field::PromotionCode)],
    });
}

/// Whether a first line is no code but a heading that nobody has taught us: it
/// has no digit, and nearly all lines below it have one.
fn is_heading(header: &str, head: &Head, decoder: Decoder) -> bool {
    let has_digit = |text: &str| text.contains(|c: char| c.is_ascii_digit());
    let with_digits = head.rows.iter().filter(|(_, record)| {
        let cell = record.get(0).map(|cell| decoder.text(cell));
        cell.is_some_and(|cell| has_digit(&cell))
    });
    !has_digit(header) && !head.rows.is_empty() && with_digits.count() * 100 >= head.rows.len() * 95
}
