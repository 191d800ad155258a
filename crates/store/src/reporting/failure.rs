//! Why a message did not get through, in our own classes.

use domain::ReasonCode;

/// Our class of a message that failed; the provider's words stand beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The provider refused the whole request.
    Refused,
    /// The provider refused the whole request for now, at every try.
    KeptRefusing,
    /// The provider refused the whole request with a code that nobody knows.
    UnknownCode,
    /// The provider refused the person for now.
    Transient,
    /// The provider will never take this address.
    Permanent,
    /// Something is wrong with our account.
    Account,
    /// Something is wrong with the text or the sender.
    Content,
    /// The time for delivery ran out.
    Expired,
    /// The operator tried, or refused.
    Undelivered,
    /// The provider took the message and then refused it.
    Rejected,
}

impl Failure {
    const ALL: [Self; 10] = [
        Self::Refused,
        Self::KeptRefusing,
        Self::UnknownCode,
        Self::Transient,
        Self::Permanent,
        Self::Account,
        Self::Content,
        Self::Expired,
        Self::Undelivered,
        Self::Rejected,
    ];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::KeptRefusing => "kept_refusing",
            Self::UnknownCode => "unknown_code",
            Self::Transient => "refused_transient",
            Self::Permanent => "refused_permanent",
            Self::Account => "refused_account",
            Self::Content => "refused_content",
            Self::Expired => "expired",
            Self::Undelivered => "undelivered",
            Self::Rejected => "rejected",
        }
    }

    /// The reason that people read, with its texts and what to do next.
    pub const fn code(self) -> ReasonCode {
        match self {
            Self::Refused => ReasonCode::S504,
            Self::KeptRefusing => ReasonCode::S505,
            Self::UnknownCode => ReasonCode::S506,
            Self::Transient => ReasonCode::S507,
            Self::Permanent => ReasonCode::S508,
            Self::Account => ReasonCode::S509,
            Self::Content => ReasonCode::S510,
            Self::Expired => ReasonCode::S601,
            Self::Undelivered => ReasonCode::S602,
            Self::Rejected => ReasonCode::S603,
        }
    }

    /// The failure that a reason names; none when it is a reason of the gate.
    pub(crate) fn of_code(code: ReasonCode) -> Option<Self> {
        Self::ALL.into_iter().find(|failure| failure.code() == code)
    }

    /// What [`fate_sql`] computes.
    pub(super) const fn as_db(self) -> i64 {
        match self {
            Self::Expired => 3,
            Self::Undelivered => 4,
            Self::Rejected => 5,
            Self::Transient => 11,
            Self::Permanent => 12,
            Self::Account => 13,
            Self::Content => 14,
            Self::Refused => 20,
            Self::KeptRefusing => 21,
            Self::UnknownCode => 22,
        }
    }

    /// From what [`fate_sql`] computes.
    pub(crate) fn from_db(number: i64) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|failure| failure.as_db() == number)
    }
}

/// How a person with batch `b`, exception `e` and receipt `t` failed: the state
/// of a receipt, 10 and the class for a refused person, 20 and why for a failed
/// batch; that of one person, whom the provider will not take, is the person's.
macro_rules! fate_sql {
    () => {
        "CASE WHEN e.code = 0 THEN 10 + e.class \
              WHEN b.state = 4 AND b.failed_as = 3 THEN CAST(12 AS BIGINT) \
              WHEN b.state = 4 THEN 20 + b.failed_as \
              ELSE COALESCE(t.state, CAST(0 AS BIGINT)) END"
    };
}
pub(crate) use fate_sql;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_survives_the_database_and_is_found_by_its_reason() {
        for failure in Failure::ALL {
            assert_eq!(Failure::from_db(failure.as_db()), Some(failure));
            assert_eq!(Failure::of_code(failure.code()), Some(failure));
        }
        assert_eq!(Failure::of_code(ReasonCode::S103), None);
        assert_eq!(Failure::from_db(0), None);
    }
}
