//! The contract every provider module fulfils.

use std::borrow::Cow;
use std::fmt::Debug;

use async_trait::async_trait;
use domain::gate::Cleared;
use domain::ids::MessageRef;
use domain::{Recipient, Timestamp};

use crate::capabilities::Capabilities;
use crate::message::{ClearedRequest, EncodeError, Envelope, Outgoing};
use crate::outcome::{Balance, CallFailure, Class, LookUp, Outcome, TestReport};
use crate::receipt::{Inbox, Push, Receipts, SentRequest, UnreadablePush};

/// What came over a session that a connector keeps open.
#[derive(Debug, Default)]
pub struct Heard {
    /// Receipts, as [`Connector::receipts`] reads them; empty where there are none.
    pub receipts: Vec<u8>,
    /// Replies, as [`Connector::inbound`] reads them; empty where there are none.
    pub replies: Vec<u8>,
    /// What came and could not be read.
    pub unreadable: usize,
    /// What is confirmed to the provider once it is kept.
    pub(crate) tickets: Vec<u64>,
}

/// A request whose answer never came, as the provider is asked about it.
#[derive(Debug, Clone, Copy)]
pub struct Doubt<'a> {
    /// Our name for it.
    pub key: &'a str,
    /// Everyone in it.
    pub messages: &'a [(MessageRef, Recipient)],
    /// Exactly what was handed over; empty when it was not kept.
    pub content: &'a [u8],
    /// When it was claimed.
    pub since: Timestamp,
    /// By when it had left, if it did.
    pub until: Timestamp,
    /// When it is asked about.
    pub now: Timestamp,
}

/// A configured provider account (*bağlayıcı*).
#[async_trait]
pub trait Connector: Send + Sync + Debug {
    /// What it can do.
    fn capabilities(&self) -> &Capabilities;

    /// Writes one request. Deterministic: the same input gives the same bytes,
    /// so that a request in doubt can be cleared and written again and compared.
    ///
    /// A message that the gate did not clear does not compile:
    ///
    /// ```compile_fail,E0308
    /// use connectors::{Connector, Envelope, Outgoing};
    ///
    /// fn past_the_gate(account: &dyn Connector, envelope: &Envelope, message: Outgoing) {
    ///     let _ = account.encode(envelope, &[message]);
    /// }
    /// ```
    ///
    /// # Errors
    /// [`EncodeError`] names the message or the field that stands in the way.
    fn encode(
        &self,
        envelope: &Envelope,
        messages: &[Cleared<Outgoing>],
    ) -> Result<ClearedRequest, EncodeError>;

    /// Hands one request over and says what is certain afterwards. No retries.
    async fn send(&self, request: &ClearedRequest) -> Outcome;

    /// Asks what the provider took under a key, for these messages.
    async fn look_up(&self, key: &str, messages: &[MessageRef]) -> LookUp;

    /// Asks what became of a request in doubt. Where the provider knows no name of
    /// ours, its time, its people and its text tell which one it was.
    async fn find(&self, doubt: &Doubt<'_>) -> LookUp {
        let messages: Vec<MessageRef> = doubt.messages.iter().map(|(one, _)| *one).collect();
        self.look_up(doubt.key, &messages).await
    }

    /// Whether receipts and replies come over a session that is kept open, so that
    /// [`Connector::hear`] must be called again and again.
    fn keeps_a_session(&self) -> bool {
        false
    }

    /// What came over the session and was not kept yet; opens one where none is.
    /// The provider is told only by [`Connector::heard`]: until then everything
    /// comes again, here or from the provider.
    ///
    /// # Errors
    /// [`CallFailure`] when no session can be opened.
    async fn hear(&self, now: Timestamp) -> Result<Heard, CallFailure> {
        let _ = now;
        Ok(Heard::default())
    }

    /// Confirms to the provider what is kept now.
    async fn heard(&self, heard: Heard) {
        let _ = heard;
    }

    /// Whether a push comes from the provider. The caller has checked the
    /// unguessable part of the address.
    fn authenticate(&self, push: &Push<'_>) -> bool;

    /// What is kept of a push and later given to [`Connector::receipts`] or
    /// [`Connector::inbound`]: its body, unless its address carries something too.
    fn kept<'a>(&self, push: &Push<'a>) -> Cow<'a, [u8]> {
        Cow::Borrowed(push.body)
    }

    /// The answer to a provider that asks, before it pushes anything, whether an
    /// address is ours; `None` when it is not the provider that asks.
    fn handshake(&self, query: &str) -> Option<String> {
        let _ = query;
        None
    }

    /// Whether a push to the address of receipts may hold replies as well, as at
    /// providers that know one address only.
    fn brings_replies(&self, body: &[u8]) -> bool {
        let _ = body;
        false
    }

    /// Reads a push of receipts. What is not ours in it is counted, not fatal.
    ///
    /// # Errors
    /// [`UnreadablePush`] when the body as a whole cannot be read.
    fn receipts(&self, body: &[u8]) -> Result<Receipts, UnreadablePush>;

    /// What a receipt's code asks of us besides its state, where it says more than
    /// that one message failed: an account without credit tells so here at some
    /// providers, long after they took the request.
    fn receipt_class(&self, code: &str) -> Option<Class> {
        let _ = code;
        None
    }

    /// Whether a refusal says that the address itself is dead, so that trying
    /// it again is pointless (S204).
    fn is_dead_address(&self, code: &str, text: &str) -> bool {
        let _ = (code, text);
        false
    }

    /// Whether a code says that the channel is no way to this person, as far as
    /// one failure can tell (S204 after some).
    fn is_unreached(&self, code: &str) -> bool {
        let _ = code;
        false
    }

    /// Whether a refusal says that the person has stopped commercial messages
    /// from us there: it counts as theirs.
    fn is_opt_out(&self, code: &str) -> bool {
        let _ = code;
        false
    }

    /// Asks for the receipts of accepted requests, within the limits of
    /// [`Receiving::by_pull`](crate::Receiving). May bring only some of them.
    ///
    /// # Errors
    /// [`CallFailure`] when nothing could be read.
    async fn pull(&self, requests: &[SentRequest]) -> Result<Receipts, CallFailure> {
        let _ = requests;
        Err(CallFailure::not_offered("asking for receipts"))
    }

    /// Reads a push of replies.
    ///
    /// # Errors
    /// [`UnreadablePush`] when the body as a whole cannot be read.
    fn inbound(&self, body: &[u8]) -> Result<Inbox, UnreadablePush> {
        let _ = body;
        Err(UnreadablePush("this provider pushes no replies".to_owned()))
    }

    /// Asks for replies that were not handed out yet.
    ///
    /// # Errors
    /// [`CallFailure`] in the provider's words.
    async fn pull_inbound(&self) -> Result<Inbox, CallFailure> {
        Err(CallFailure::not_offered("asking for replies"))
    }

    /// The senders (*başlık*) registered for the account.
    ///
    /// # Errors
    /// [`CallFailure`] in the provider's words.
    async fn senders(&self) -> Result<Vec<String>, CallFailure> {
        Err(CallFailure::not_offered("listing senders"))
    }

    /// What is left on the account.
    ///
    /// # Errors
    /// [`CallFailure`] in the provider's words.
    async fn balance(&self) -> Result<Balance, CallFailure>;

    /// Tries the account without sending anything.
    async fn test(&self) -> TestReport;
}
