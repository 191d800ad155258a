//! A `submit_sm`, read strictly: each mistake has its `command_status`.

use std::sync::atomic::Ordering;

use super::pdu::Fields;
use super::{EARLIER, House, Job};
use crate::desk::{Item, Order, is_turkish_sender};
use crate::infobip::Outcome;
use crate::lock::locked;
use crate::segments;

const INVALID_LENGTH: u32 = 0x01;
const INVALID_COMMAND_LENGTH: u32 = 0x02;
const INVALID_SOURCE: u32 = 0x0A;
const INVALID_DESTINATION: u32 = 0x0B;
const INVALID_ESM_CLASS: u32 = 0x43;
const INVALID_DESTINATION_TON: u32 = 0x50;
const INVALID_SOURCE_TON: u32 = 0x48;
const THROTTLED: u32 = 0x58;
const INVALID_SCHEDULE: u32 = 0x61;
const INVALID_VALIDITY: u32 = 0x62;
const OPTION_NOT_ALLOWED: u32 = 0xC1;
const OPTION_WRONG_LENGTH: u32 = 0xC2;
const INVALID_CODING: u32 = 0x104;

const GSM: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u{1b}ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/// What joins the parts of a text: sender, person, reference, how many.
pub(super) type Joined = (String, String, u16, u8);

#[derive(Debug, Default)]
struct Header {
    /// Reference, total, number.
    joined: Option<(u16, u8, u8)>,
    /// Whether that reference takes two octets of the header.
    is_wide: bool,
    locking: bool,
    single: bool,
}

#[derive(Debug)]
struct Asked<'a> {
    sender: String,
    to: String,
    wants_receipt: bool,
    coding: u8,
    header: Header,
    data: &'a [u8],
    is_payload: bool,
    iys: Option<&'static str>,
}

/// Takes one in; the name of its message.
pub(super) fn take(house: &House, body: &[u8]) -> Result<String, u32> {
    {
        let mut state = house.desk.state();
        if let Some(code) = state.refusals.pop_front() {
            let digits = code.trim_start_matches("0x");
            return Err(u32::from_str_radix(digits, 16).unwrap_or(0x08));
        }
        if !state.may_send() {
            return Err(THROTTLED);
        }
    }
    let asked = read(body)?;
    let is_number = asked.sender.bytes().all(|b| b.is_ascii_digit());
    let is_known = house.desk.state().options.knows_sender(&asked.sender);
    if !is_known || !(is_number || is_turkish_sender(&asked.sender)) {
        return Err(INVALID_SOURCE);
    }
    let Some((reference, total, number)) = asked.header.joined else {
        return file(house, &asked, asked.data, None);
    };
    let key = (asked.sender.clone(), asked.to.clone(), reference, total);
    let whole = {
        let mut texts = locked(&house.parts);
        let parts = texts
            .entry(key.clone())
            .or_insert_with(|| vec![None; usize::from(total)]);
        let name = house.next_part.fetch_add(1, Ordering::Relaxed);
        let name = format!("{name:08x}{number:02x}");
        parts[usize::from(number) - 1] = Some(Part {
            data: asked.data.to_vec(),
            name: name.clone(),
            wants_receipt: asked.wants_receipt,
        });
        let is_whole = parts.iter().all(Option::is_some);
        let whole = is_whole.then(|| texts.remove(&key).unwrap_or_default());
        whole.ok_or(name)
    };
    match whole {
        Err(name) => Ok(name),
        Ok(parts) => {
            let mut parts: Vec<Part> = parts.into_iter().flatten().collect();
            let data: Vec<u8> = parts.iter().flat_map(|part| part.data.clone()).collect();
            // The part that came last goes by the name of the message.
            parts.remove(usize::from(number) - 1);
            let earlier = parts.into_iter().filter(|part| part.wants_receipt);
            let earlier = earlier.map(|part| part.name).collect();
            file(house, &asked, &data, Some((total, earlier)))
        }
    }
}

/// One part of a text that is not whole yet.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    data: Vec<u8>,
    name: String,
    wants_receipt: bool,
}

/// `joined` tells of how many parts a text was, and the names of those before
/// the last that have a receipt of their own.
fn file(
    house: &House,
    asked: &Asked<'_>,
    data: &[u8],
    joined: Option<(u8, Vec<String>)>,
) -> Result<String, u32> {
    let text = decoded(data, asked.coding, &asked.header).ok_or(INVALID_LENGTH)?;
    let speaks_turkish = asked.header.locking || asked.header.single;
    let parts = match &joined {
        Some((total, _)) => usize::from(*total),
        None if asked.is_payload => segments::parts(&text, speaks_turkish),
        None => 1,
    };
    let desk = &house.desk;
    let taken = desk.take(&Order {
        sender: &asked.sender,
        iys: asked.iys,
        items: vec![Item {
            to: asked.to.clone(),
            text: &text,
            parts,
            ..Item::default()
        }],
        ..Order::default()
    });
    match taken.items.first() {
        Some(Ok(at)) => {
            let mut state = desk.state();
            let message = state.book.message(*at).clone();
            if asked.wants_receipt && message.outcome != Outcome::None {
                let copies = (0..message.copies).map(|copy| (message.due_ms, *at, copy));
                state.due.extend(copies);
            }
            if let Some((_, names)) = joined
                && message.outcome != Outcome::None
            {
                let earlier = (EARLIER..=u8::MAX).zip(&names);
                state
                    .due
                    .extend(earlier.map(|(nth, _)| (message.due_ms, *at, nth)));
                locked(&house.part_names).insert(*at, names);
            }
            drop(state);
            desk.woken.notify_waiters();
            Ok(message.id)
        }
        Some(Err(code)) => {
            let code = code.as_deref().unwrap_or("0x0B");
            Err(u32::from_str_radix(code.trim_start_matches("0x"), 16).unwrap_or(0x0B))
        }
        None => Err(0x08),
    }
}

fn read(body: &[u8]) -> Result<Asked<'_>, u32> {
    let short = || INVALID_COMMAND_LENGTH;
    let mut fields = Fields(body);
    fields.text(6).ok_or_else(short)?;
    let source = fields.octets(2).ok_or_else(short)?;
    let sender = fields.text(21).ok_or(INVALID_SOURCE)?;
    let destination = fields.octets(2).ok_or_else(short)?;
    let to = fields.text(21).ok_or(INVALID_DESTINATION)?;
    let esm_class = fields.octet().ok_or_else(short)?;
    fields.octets(2).ok_or_else(short)?;
    let schedule = fields.text(17).ok_or(INVALID_SCHEDULE)?;
    let validity = fields.text(17).ok_or(INVALID_VALIDITY)?;
    let registered = fields.octet().ok_or_else(short)?;
    fields.octet().ok_or_else(short)?;
    let coding = fields.octet().ok_or_else(short)?;
    fields.octet().ok_or_else(short)?;
    let length = fields.octet().ok_or_else(short)?;
    if length > 254 {
        return Err(INVALID_LENGTH);
    }
    let mut message = fields.octets(usize::from(length)).ok_or(INVALID_LENGTH)?;
    let expected = match sender.bytes().all(|b| b.is_ascii_digit()) {
        false => [5, 0],
        true if sender.len() <= 6 => [3, 0],
        true => [1, 1],
    };
    if source != expected {
        return Err(INVALID_SOURCE_TON);
    }
    if destination != [1, 1] {
        return Err(INVALID_DESTINATION_TON);
    }
    if !(8..=15).contains(&to.len()) || !to.bytes().all(|b| b.is_ascii_digit()) {
        return Err(INVALID_DESTINATION);
    }
    if !schedule.is_empty() {
        return Err(INVALID_SCHEDULE);
    }
    if !validity.is_empty() && !(validity.len() == 16 && validity.ends_with("000R")) {
        return Err(INVALID_VALIDITY);
    }
    if !matches!(coding, 0 | 8) {
        return Err(INVALID_CODING);
    }
    let mut sar = (None, None, None);
    let (mut is_payload, mut iys) = (false, None);
    while let Some((tag, value)) = fields.tlv().map_err(|()| OPTION_WRONG_LENGTH)? {
        match (tag, value) {
            (0x020C, [high, low]) => sar.0 = Some(u16::from_be_bytes([*high, *low])),
            (0x020E, [total]) => sar.1 = Some(*total),
            (0x020F, [number]) => sar.2 = Some(*number),
            (0x0424, _) if length == 0 => (message, is_payload) = (value, true),
            (0x1401, b"BIREYSEL") => iys = Some("BIREYSEL"),
            (0x1401, b"TACIR") => iys = Some("TACIR"),
            (0x1400..=0x3FFF, _) => {}
            _ => return Err(OPTION_NOT_ALLOWED),
        }
    }
    let mut header = match esm_class {
        0x00 => Header::default(),
        0x40 => {
            let (length, rest) = message.split_first().ok_or(INVALID_ESM_CLASS)?;
            let length = usize::from(*length);
            let elements = rest.get(..length).ok_or(INVALID_ESM_CLASS)?;
            message = &rest[length..];
            self::header(elements).ok_or(INVALID_ESM_CLASS)?
        }
        _ => return Err(INVALID_ESM_CLASS),
    };
    match sar {
        (None, None, None) => {}
        (Some(reference), Some(total), Some(number)) if header.joined.is_none() => {
            header.joined = Some((reference, total, number));
        }
        _ => return Err(OPTION_NOT_ALLOWED),
    }
    let is_in_order = header
        .joined
        .is_none_or(|(_, total, number)| total > 1 && (1..=total).contains(&number));
    let octets = if header.joined.is_some() { 6 } else { 0 }
        + usize::from(header.is_wide)
        + if header.locking || header.single {
            3
        } else {
            0
        };
    // A header alone has its length octet besides; with a joining element that is the sixth.
    let octets = octets + usize::from(octets == 3);
    let room = match coding {
        8 => 140 - octets,
        _ => (140 - octets) * 8 / 7,
    };
    if !is_in_order || message.is_empty() || (!is_payload && message.len() > room) {
        return Err(INVALID_LENGTH);
    }
    Ok(Asked {
        sender,
        to,
        wants_receipt: registered == 1,
        coding,
        header,
        data: message,
        is_payload,
        iys,
    })
}

fn header(elements: &[u8]) -> Option<Header> {
    let mut header = Header::default();
    let mut rest = elements;
    while !rest.is_empty() {
        match rest {
            [0x00, 3, reference, total, number, tail @ ..] => {
                header.joined = Some((u16::from(*reference), *total, *number));
                rest = tail;
            }
            [0x08, 4, high, low, total, number, tail @ ..] => {
                header.joined = Some((u16::from_be_bytes([*high, *low]), *total, *number));
                header.is_wide = true;
                rest = tail;
            }
            [0x25, 1, 1, tail @ ..] => {
                header.locking = true;
                rest = tail;
            }
            [0x24, 1, 1, tail @ ..] => {
                header.single = true;
                rest = tail;
            }
            _ => return None,
        }
    }
    Some(header)
}

fn decoded(data: &[u8], coding: u8, header: &Header) -> Option<String> {
    if coding == 8 {
        let is_even = data.len().is_multiple_of(2);
        let units = data
            .chunks_exact(2)
            .map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
        let text: Result<String, _> = char::decode_utf16(units).collect();
        return text.ok().filter(|_| is_even);
    }
    let table: Vec<char> = GSM.chars().collect();
    let mut text = String::with_capacity(data.len());
    let mut octets = data.iter();
    while let Some(octet) = octets.next() {
        let c = if *octet == 0x1B {
            escaped(*octets.next()?, header.single)?
        } else {
            locked_letter(*octet)
                .filter(|_| header.locking)
                .or_else(|| table.get(usize::from(*octet)).copied())?
        };
        text.push(c);
    }
    Some(text)
}

fn locked_letter(octet: u8) -> Option<char> {
    Some(match octet {
        0x04 => '€',
        0x07 => 'ı',
        0x0B => 'Ğ',
        0x0C => 'ğ',
        0x1C => 'Ş',
        0x1D => 'ş',
        0x40 => 'İ',
        0x60 => 'ç',
        _ => return None,
    })
}

fn escaped(octet: u8, is_turkish: bool) -> Option<char> {
    Some(match octet {
        0x0A => '\u{c}',
        0x14 => '^',
        0x28 => '{',
        0x29 => '}',
        0x2F => '\\',
        0x3C => '[',
        0x3D => '~',
        0x3E => ']',
        0x40 => '|',
        0x65 => '€',
        0x47 if is_turkish => 'Ğ',
        0x49 if is_turkish => 'İ',
        0x53 if is_turkish => 'Ş',
        0x63 if is_turkish => 'ç',
        0x67 if is_turkish => 'ğ',
        0x69 if is_turkish => 'ı',
        0x73 if is_turkish => 'ş',
        _ => return None,
    })
}

/// Puts back what was not taken.
pub(super) fn again(house: &House, job: Job) {
    let mut state = house.desk.state();
    match job {
        Job::Receipt(at, copy) => {
            let retry_ms = i64::try_from(state.options.push_retry_ms).unwrap_or(i64::MAX / 2);
            let due_ms = state.now_ms.saturating_add(retry_ms);
            state.due.insert((due_ms, at, copy));
        }
        Job::Reply(reply) => state.replies_due.push_back(reply),
    }
    drop(state);
    house.desk.woken.notify_waiters();
}
