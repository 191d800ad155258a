//! The messages of the protocol, as far as they are used here.

/// Octets of a header.
pub(super) const HEADER: usize = 16;
/// Longest message that is read.
pub(super) const PDU_BYTES_MAX: usize = 64 * 1024;

pub(super) const BIND_RECEIVER: u32 = 0x01;
pub(super) const BIND_TRANSMITTER: u32 = 0x02;
pub(super) const SUBMIT_SM: u32 = 0x04;
pub(super) const DELIVER_SM: u32 = 0x05;
pub(super) const UNBIND: u32 = 0x06;
pub(super) const BIND_TRANSCEIVER: u32 = 0x09;
pub(super) const ENQUIRE_LINK: u32 = 0x15;
pub(super) const GENERIC_NACK: u32 = 0x8000_0000;
/// The bit by which an answer differs from its question.
pub(super) const ANSWER: u32 = 0x8000_0000;

pub(super) const OK: u32 = 0;
pub(super) const INVALID_COMMAND: u32 = 0x03;
pub(super) const QUEUE_FULL: u32 = 0x14;
pub(super) const THROTTLED: u32 = 0x58;

pub(super) const SAR_REFERENCE: u16 = 0x020C;
pub(super) const SAR_TOTAL: u16 = 0x020E;
pub(super) const SAR_NUMBER: u16 = 0x020F;
pub(super) const PAYLOAD: u16 = 0x0424;
const RECEIPTED_ID: u16 = 0x001E;
const MESSAGE_STATE: u16 = 0x0427;
const NETWORK_ERROR: u16 = 0x0423;

/// One message of the protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pdu {
    pub(super) command: u32,
    pub(super) status: u32,
    pub(super) sequence: u32,
    pub(super) body: Vec<u8>,
}

impl Pdu {
    /// With its header.
    pub(super) fn framed(&self) -> Vec<u8> {
        let length = u32::try_from(HEADER + self.body.len()).unwrap_or(u32::MAX);
        let mut frame = Vec::with_capacity(HEADER + self.body.len());
        for word in [length, self.command, self.status, self.sequence] {
            frame.extend_from_slice(&word.to_be_bytes());
        }
        frame.extend_from_slice(&self.body);
        frame
    }

    /// Reads what follows the length.
    pub(super) fn read(rest: &[u8]) -> Option<Self> {
        let word = |at: usize| {
            let octets = rest.get(at..at + 4)?;
            Some(u32::from_be_bytes(octets.try_into().ok()?))
        };
        Some(Self {
            command: word(0)?,
            status: word(4)?,
            sequence: word(8)?,
            body: rest.get(12..)?.to_vec(),
        })
    }

    /// The message's name in the answer to a `submit_sm`.
    pub(super) fn message_id(&self) -> Option<String> {
        let id = Reading(&self.body).text()?;
        Some(id).filter(|id| !id.is_empty())
    }
}

/// A text with its final zero.
pub(super) fn put_text(body: &mut Vec<u8>, text: &str) {
    body.extend(text.bytes().filter(|octet| *octet != 0));
    body.push(0);
}

pub(super) fn put_tlv(body: &mut Vec<u8>, tag: u16, value: &[u8]) {
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
    body.extend_from_slice(&tag.to_be_bytes());
    body.extend_from_slice(&length.to_be_bytes());
    body.extend_from_slice(&value[..usize::from(length)]);
}

/// The body of a bind.
pub(super) fn bind(system_id: &str, password: &str, system_type: &str) -> Vec<u8> {
    let mut body = Vec::with_capacity(64);
    for text in [system_id, password, system_type] {
        put_text(&mut body, text);
    }
    // interface_version, addr_ton, addr_npi, address_range
    body.extend_from_slice(&[0x34, 0, 0, 0]);
    body
}

/// What came with a `deliver_sm`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Delivered {
    /// What became of a message.
    Receipt(Told),
    /// Somebody wrote.
    Reply {
        from: String,
        to: String,
        text: String,
    },
}

/// A delivery receipt, from its optional fields or else from its text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Told {
    pub(super) id: String,
    pub(super) from: String,
    pub(super) state: String,
    pub(super) error: Option<String>,
    pub(super) done: Option<String>,
}

struct Reading<'a>(&'a [u8]);

impl<'a> Reading<'a> {
    fn text(&mut self) -> Option<String> {
        let end = self.0.iter().position(|octet| *octet == 0)?;
        let text = String::from_utf8_lossy(&self.0[..end]).into_owned();
        self.0 = &self.0[end + 1..];
        Some(text)
    }

    fn octet(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn octets(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.0.get(..count)?;
        self.0 = &self.0[count..];
        Some(taken)
    }

    fn tlv(&mut self) -> Option<(u16, &'a [u8])> {
        let head = self.octets(4)?;
        let tag = u16::from_be_bytes([head[0], head[1]]);
        let length = u16::from_be_bytes([head[2], head[3]]);
        Some((tag, self.octets(usize::from(length))?))
    }
}

/// Reads the body of a `deliver_sm`.
pub(super) fn delivered(body: &[u8]) -> Option<Delivered> {
    let mut reading = Reading(body);
    reading.text()?; // service_type
    reading.octets(2)?;
    let from = reading.text()?;
    reading.octets(2)?;
    let to = reading.text()?;
    let esm_class = reading.octet()?;
    reading.octets(2)?; // protocol_id, priority_flag
    reading.text()?; // schedule_delivery_time
    reading.text()?; // validity_period
    reading.octets(2)?; // registered_delivery, replace_if_present_flag
    let coding = reading.octet()?;
    reading.octet()?; // sm_default_msg_id
    let length = reading.octet()?;
    let mut message = reading.octets(usize::from(length))?;
    let mut told = Told {
        from: from.clone(),
        ..Told::default()
    };
    while let Some((tag, value)) = reading.tlv() {
        match tag {
            PAYLOAD => message = value,
            RECEIPTED_ID => {
                let id = value.split(|octet| *octet == 0).next().unwrap_or_default();
                told.id = String::from_utf8_lossy(id).into_owned();
            }
            MESSAGE_STATE => told.state = state(value.first().copied()?).to_owned(),
            NETWORK_ERROR => told.error = Some(value.iter().map(|o| format!("{o:02x}")).collect()),
            _ => {}
        }
    }
    let mut shifts = super::alphabet::Shifts::default();
    if esm_class & 0x40 != 0 {
        let (header, text) = message.split_first().and_then(|(length, rest)| {
            let length = usize::from(*length);
            Some((rest.get(..length)?, rest.get(length..)?))
        })?;
        shifts = super::alphabet::shifts(header);
        message = text;
    }
    let text = super::alphabet::read(message, coding, shifts);
    if esm_class & 0x3C != 0x04 {
        return Some(Delivered::Reply { from, to, text });
    }
    told.complete(&text);
    let is_told = !told.id.is_empty() && !told.state.is_empty();
    is_told.then_some(Delivered::Receipt(told))
}

fn state(number: u8) -> &'static str {
    match number {
        0 => "SCHEDULED",
        1 => "ENROUTE",
        2 => "DELIVRD",
        3 => "EXPIRED",
        4 => "DELETED",
        5 => "UNDELIV",
        6 => "ACCEPTD",
        8 => "REJECTD",
        _ => "UNKNOWN",
    }
}

impl Told {
    /// Fills what the optional fields left open from a text such as
    /// `id:1 sub:001 dlvrd:001 submit date:… done date:… stat:DELIVRD err:000 text:`.
    fn complete(&mut self, text: &str) {
        let field = |name: &str| {
            let at = text.to_ascii_lowercase().find(name)?;
            let rest = text.get(at + name.len()..)?.trim_start();
            let word = rest.split_whitespace().next()?;
            Some(word.to_owned())
        };
        if self.id.is_empty() {
            self.id = field("id:").unwrap_or_default();
        }
        if self.state.is_empty() {
            self.state = field("stat:").unwrap_or_default().to_ascii_uppercase();
        }
        self.error = self.error.take().or_else(|| field("err:"));
        self.done = field("done date:");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A `deliver_sm` as a gateway writes it.
    fn deliver(esm_class: u8, coding: u8, message: &[u8], tlvs: &[(u16, &[u8])]) -> Vec<u8> {
        let mut body = Vec::new();
        put_text(&mut body, "");
        body.extend_from_slice(&[1, 1]);
        put_text(&mut body, "905321234567");
        body.extend_from_slice(&[5, 0]);
        put_text(&mut body, "3399");
        body.extend_from_slice(&[esm_class, 0, 0]);
        put_text(&mut body, "");
        put_text(&mut body, "");
        body.extend_from_slice(&[0, 0, coding, 0]);
        body.push(u8::try_from(message.len()).unwrap());
        body.extend_from_slice(message);
        for (tag, value) in tlvs {
            put_tlv(&mut body, *tag, value);
        }
        body
    }

    #[test]
    fn a_receipt_is_read_from_its_fields_or_from_its_text() {
        let text = b"id:00A1 sub:001 dlvrd:000 submit date:2601010900 done date:2601010901 stat:undeliv err:027 text:id:9";
        let Some(Delivered::Receipt(told)) = delivered(&deliver(0x04, 0, text, &[])) else {
            panic!("no receipt");
        };
        assert_eq!((told.id.as_str(), told.state.as_str()), ("00A1", "UNDELIV"));
        assert_eq!(told.error.as_deref(), Some("027"));
        assert_eq!(told.done.as_deref(), Some("2601010901"));
        let fields: [(u16, &[u8]); 2] = [(RECEIPTED_ID, b"77\0"), (MESSAGE_STATE, &[2])];
        let Some(Delivered::Receipt(told)) = delivered(&deliver(0x04, 0, text, &fields)) else {
            panic!("no receipt");
        };
        assert_eq!((told.id.as_str(), told.state.as_str()), ("77", "DELIVRD"));
        assert_eq!(delivered(&deliver(0x04, 0, b"nothing to see", &[])), None);
    }

    #[test]
    fn a_reply_is_read_in_every_alphabet() {
        let wide: Vec<u8> = "RET ÖRNEK ş"
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect();
        let turkish = [&[3, 0x25, 1, 1][..], b"RET ", &[0x1D]].concat();
        let payload: [(u16, &[u8]); 1] = [(PAYLOAD, b"uzun")];
        for (body, expected) in [
            (deliver(0, 0, b"RET", &[]), "RET"),
            (deliver(0, 8, &wide, &[]), "RET ÖRNEK ş"),
            (deliver(0, 3, b"RET \xD6", &[]), "RET Ö"),
            (deliver(0x40, 0, &turkish, &[]), "RET ş"),
            (deliver(0, 0, b"", &payload), "uzun"),
        ] {
            let Some(Delivered::Reply { from, to, text }) = delivered(&body) else {
                panic!("{expected}");
            };
            assert_eq!((from.as_str(), to.as_str()), ("905321234567", "3399"));
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn a_message_that_was_cut_is_none() {
        let whole = deliver(0x40, 0, &[3, 0x25, 1, 1, 0x41], &[]);
        for end in 0..whole.len() {
            assert_eq!(delivered(&whole[..end]), None, "{end}");
        }
        assert!(delivered(&whole).is_some());
        let frame = Pdu {
            command: SUBMIT_SM | ANSWER,
            status: 0,
            sequence: 7,
            body: b"00a1\0".to_vec(),
        };
        let read = Pdu::read(&frame.framed()[4..]).unwrap();
        assert_eq!(read, frame);
        assert_eq!(read.message_id().as_deref(), Some("00a1"));
    }
}
