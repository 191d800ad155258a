//! What is handed over, and the proof that the gate let it through.

use bytes::Bytes;
use domain::gate::{Addressed, Basis, Cleared};
use domain::ids::{MessageRef, RecipientId};
use domain::{Channel, Recipient, RecipientKind, Timestamp};
use serde::{Deserialize, Serialize};

use crate::capabilities::Capabilities;

/// One message to one person, rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Our name for it at the provider; it never changes between attempts.
    pub message: MessageRef,
    /// Whom it is for.
    pub recipient: Recipient,
    /// By which means.
    pub channel: Channel,
    /// In which capacity the person is addressed.
    pub kind: RecipientKind,
    /// On which legal ground.
    pub basis: Basis,
    /// The text as the person will read it.
    pub text: String,
    /// What an e-mail has besides its text; none for other channels.
    pub mail: Option<Box<Mail>>,
}

/// What an e-mail has besides its text, rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The subject.
    pub subject: String,
    /// The message in HTML, beside the text.
    pub html: Option<String>,
    /// Where replies go, unless to where the account sends them.
    pub reply_to: Option<String>,
    /// Where this person refuses with one click (RFC 8058).
    pub unsubscribe_url: Option<String>,
    /// When it was written.
    pub written_at: Timestamp,
}

impl Addressed for Outgoing {
    fn recipient(&self) -> RecipientId {
        self.message.recipient
    }

    fn channel(&self) -> Channel {
        self.channel
    }
}

/// What is the same for all messages of one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// Our name for the request; a repeat of the same request carries the same.
    pub key: String,
    /// The sender as registered with the provider (*başlık*).
    pub sender: String,
    /// Where the provider pushes receipts to.
    pub receipts_url: Option<String>,
    /// The brand's number at İYS, for the provider's own check.
    pub brand_code: Option<i64>,
    /// How long the provider may try; its own default where `None`.
    pub validity_minutes: Option<u32>,
}

/// A request whose every message the gate cleared.
///
/// Only [`Connector::encode`](crate::Connector::encode) makes one, and it takes
/// nothing but [`Cleared`] messages. Stored bytes cannot be turned back into a
/// request: whoever is to be sent again is cleared again, encoded again, and
/// the bytes are compared.
///
/// ```compile_fail,E0451
/// let forged = connectors::ClearedRequest {
///     bytes: Default::default(),
///     key: Default::default(),
///     messages: Default::default(),
/// };
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClearedRequest {
    bytes: Bytes,
    key: String,
    messages: Vec<MessageRef>,
}

impl ClearedRequest {
    /// Exactly what goes over the wire, without credentials where those stand in
    /// the body; also the evidence of what was said.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Our name for the request.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The messages in it, in the order they were given.
    pub fn messages(&self) -> &[MessageRef] {
        &self.messages
    }

    /// Checks what holds for every provider, then lets `write` make the body.
    pub(crate) fn write(
        envelope: &Envelope,
        messages: &[Cleared<Outgoing>],
        capabilities: &Capabilities,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), EncodeError>,
    ) -> Result<Self, EncodeError> {
        check_count(messages.len(), capabilities)?;
        for cleared in messages {
            check_message(cleared, capabilities)?;
        }
        let mut bytes = Vec::with_capacity(messages.len() * 512);
        write(&mut bytes)?;
        if bytes.len() > capabilities.request_bytes_max {
            return Err(EncodeError::TooLarge {
                bytes: bytes.len(),
                max: capabilities.request_bytes_max,
            });
        }
        Ok(Self {
            bytes: bytes.into(),
            key: envelope.key.clone(),
            messages: distinct(messages)?,
        })
    }
}

fn check_count(count: usize, capabilities: &Capabilities) -> Result<(), EncodeError> {
    if count == 0 {
        return Err(EncodeError::Empty);
    }
    if count > capabilities.batch_recipients_max {
        return Err(EncodeError::TooMany {
            count,
            max: capabilities.batch_recipients_max,
        });
    }
    Ok(())
}

fn check_message(
    cleared: &Cleared<Outgoing>,
    capabilities: &Capabilities,
) -> Result<(), EncodeError> {
    let (message, clearance) = (cleared.message(), cleared.clearance());
    // The seal compares person and channel; the ground and the capacity are compared here,
    // so that an exemption cannot carry an advertisement.
    if clearance.basis() != message.basis || clearance.kind() != message.kind {
        return Err(EncodeError::OtherClearance {
            message: message.message,
        });
    }
    if !capabilities.channels.contains(&message.channel) || !message.recipient.fits(message.channel)
    {
        return Err(EncodeError::Unreachable {
            message: message.message,
        });
    }
    if message.text.trim().is_empty() {
        return Err(EncodeError::EmptyText {
            message: message.message,
        });
    }
    Ok(())
}

fn distinct(messages: &[Cleared<Outgoing>]) -> Result<Vec<MessageRef>, EncodeError> {
    let refs: Vec<MessageRef> = messages
        .iter()
        .map(|cleared| cleared.message().message)
        .collect();
    let mut sorted = refs.clone();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(EncodeError::Repeated { message: pair[0] }),
        None => Ok(refs),
    }
}

/// Why no request could be written. Nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// No messages.
    #[error("a request needs at least one message")]
    Empty,
    /// More messages than the provider takes.
    #[error("{count} messages in one request, {max} are allowed")]
    TooMany {
        /// Given.
        count: usize,
        /// Allowed.
        max: usize,
    },
    /// More bytes than the provider takes.
    #[error("the request has {bytes} bytes, {max} are allowed")]
    TooLarge {
        /// Written.
        bytes: usize,
        /// Allowed.
        max: usize,
    },
    /// The gate cleared something else than this message is.
    #[error("message {message} is not what its clearance allows")]
    OtherClearance {
        /// Which.
        message: MessageRef,
    },
    /// The connector does not serve the channel, or the address is not of it.
    #[error("message {message} cannot be delivered on this channel")]
    Unreachable {
        /// Which.
        message: MessageRef,
    },
    /// Nothing to say.
    #[error("message {message} has no text")]
    EmptyText {
        /// Which.
        message: MessageRef,
    },
    /// One message twice in one request.
    #[error("message {message} stands twice in the request")]
    Repeated {
        /// Which.
        message: MessageRef,
    },
    /// The provider may not carry this message; another route may.
    #[error("message {message} may not go over this provider: {reason}")]
    NotAllowed {
        /// Which.
        message: MessageRef,
        /// Why.
        reason: &'static str,
    },
    /// A value of the envelope that the provider would refuse.
    #[error("the request's {field} {problem}")]
    Envelope {
        /// Which.
        field: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// The body could not be written.
    #[error("the request could not be written: {0}")]
    Unwritable(String),
}
