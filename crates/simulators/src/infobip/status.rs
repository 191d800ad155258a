//! Message statuses and errors of Infobip, as documented.

use serde::Serialize;

/// A status object.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Status {
    pub(crate) group_id: u8,
    pub(crate) group_name: &'static str,
    pub(crate) id: u8,
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
}

/// An error object.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorInfo {
    pub(crate) group_id: u8,
    pub(crate) group_name: &'static str,
    pub(crate) id: u16,
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) permanent: bool,
}

pub(crate) const ACCEPTED: u8 = 26;
pub(crate) const TO_OPERATOR: u8 = 2;
pub(crate) const TO_HANDSET: u8 = 5;
pub(crate) const NOT_DELIVERED: u8 = 9;
pub(crate) const EXPIRED: u8 = 15;
pub(crate) const NO_REPORT: u8 = 29;
pub(crate) const NOT_REGISTERED: u8 = 18;
pub(crate) const NO_CREDIT: u8 = 12;
pub(crate) const DUPLICATE_ID: u8 = 23;
pub(crate) const TOO_LONG: u8 = 25;
pub(crate) const BAD_DESTINATION: u8 = 52;

/// The status with this id.
pub(crate) fn find(id: u8) -> Option<&'static Status> {
    STATUSES.iter().find(|status| status.id == id)
}

/// The status of an id that is known to exist.
pub(crate) fn status(id: u8) -> &'static Status {
    find(id).unwrap_or(&STATUSES[0])
}

/// The error with this id.
pub(crate) fn find_error(id: u16) -> Option<&'static ErrorInfo> {
    ERRORS.iter().find(|error| error.id == id)
}

/// The error of an id that is known to exist; 0 is no error.
pub(crate) fn error(id: u16) -> &'static ErrorInfo {
    find_error(id).unwrap_or(&ERRORS[0])
}

macro_rules! statuses {
    ($($id:literal $group:literal $group_name:literal $name:literal $description:literal;)*) => {
        const STATUSES: &[Status] = &[$(Status {
            group_id: $group, group_name: $group_name, id: $id, name: $name, description: $description,
        }),*];
    };
}

statuses! {
    26 1 "PENDING" "PENDING_ACCEPTED" "Message accepted, pending for delivery.";
    3 1 "PENDING" "PENDING_WAITING_DELIVERY" "Message sent, waiting for the delivery report.";
    7 1 "PENDING" "PENDING_ENROUTE" "Message sent to the next instance.";
    2 3 "DELIVERED" "DELIVERED_TO_OPERATOR" "Message delivered to the operator.";
    5 3 "DELIVERED" "DELIVERED_TO_HANDSET" "Message delivered to the handset.";
    4 2 "UNDELIVERABLE" "UNDELIVERABLE_REJECTED_OPERATOR" "Message rejected by the operator.";
    9 2 "UNDELIVERABLE" "UNDELIVERABLE_NOT_DELIVERED" "Message sent, not delivered.";
    31 2 "UNDELIVERABLE" "UNDELIVERABLE_NOT_SENT" "Message not sent.";
    15 4 "EXPIRED" "EXPIRED_EXPIRED" "Message expired.";
    29 4 "EXPIRED" "EXPIRED_DLR_UNKNOWN" "Delivery report unknown.";
    6 5 "REJECTED" "REJECTED_NETWORK" "Network is forbidden.";
    8 5 "REJECTED" "REJECTED_PREFIX_MISSING" "Number prefix missing.";
    10 5 "REJECTED" "REJECTED_DND" "Destination is on the do-not-disturb list.";
    11 5 "REJECTED" "REJECTED_SOURCE" "Sender is not registered.";
    12 5 "REJECTED" "REJECTED_NOT_ENOUGH_CREDITS" "Not enough credits.";
    13 5 "REJECTED" "REJECTED_SENDER" "Sender is blocklisted.";
    14 5 "REJECTED" "REJECTED_DESTINATION_BLOCKLISTED" "Destination is blocklisted.";
    17 5 "REJECTED" "REJECTED_PREPAID_PACKAGE_EXPIRED" "Prepaid package expired.";
    18 5 "REJECTED" "REJECTED_DESTINATION_NOT_REGISTERED" "Destination is not registered.";
    19 5 "REJECTED" "REJECTED_ROUTE_NOT_AVAILABLE" "Route is not available.";
    20 5 "REJECTED" "REJECTED_FLOODING_FILTER" "Stopped by the flooding filter.";
    21 5 "REJECTED" "REJECTED_SYSTEM_ERROR" "System error.";
    23 5 "REJECTED" "REJECTED_DUPLICATE_MESSAGE_ID" "Message id or bulk id was used before.";
    24 5 "REJECTED" "REJECTED_INVALID_UDH" "Invalid user data header.";
    25 5 "REJECTED" "REJECTED_MESSAGE_TOO_LONG" "Message is too long.";
    51 5 "REJECTED" "MISSING_TO" "Destination missing.";
    52 5 "REJECTED" "REJECTED_DESTINATION" "Invalid destination address.";
    87 5 "REJECTED" "SIGNALS_BLOCKED" "Stopped by signals.";
    100 5 "REJECTED" "REJECTED_PLATFORM" "Rejected by the platform.";
}

macro_rules! errors {
    ($($id:literal $group:literal $group_name:literal $name:literal $description:literal $permanent:literal;)*) => {
        const ERRORS: &[ErrorInfo] = &[$(ErrorInfo {
            group_id: $group, group_name: $group_name, id: $id, name: $name,
            description: $description, permanent: $permanent,
        }),*];
    };
}

errors! {
    0 0 "OK" "NO_ERROR" "No error." false;
    1 1 "HANDSET_ERRORS" "EC_UNKNOWN_SUBSCRIBER" "Unknown subscriber." true;
    6 1 "HANDSET_ERRORS" "EC_ABSENT_SUBSCRIBER_SM" "Absent subscriber." false;
    9 1 "HANDSET_ERRORS" "EC_ILLEGAL_SUBSCRIBER" "Illegal subscriber." true;
    11 1 "HANDSET_ERRORS" "EC_TELESERVICE_NOT_PROVISIONED" "Service not provisioned." true;
    13 1 "HANDSET_ERRORS" "EC_CALL_BARRED" "Call barred." false;
    27 1 "HANDSET_ERRORS" "EC_ABSENT_SUBSCRIBER" "Absent subscriber." false;
    31 1 "HANDSET_ERRORS" "EC_SUBSCRIBER_BUSY_FOR_MT_SMS" "Subscriber busy." false;
    32 1 "HANDSET_ERRORS" "EC_SM_DELIVERY_FAILURE" "Delivery failure." false;
    34 3 "OPERATOR_ERRORS" "EC_SYSTEM_FAILURE" "System failure." false;
    255 3 "OPERATOR_ERRORS" "EC_UNKNOWN_ERROR" "Unknown error." false;
    256 1 "HANDSET_ERRORS" "EC_MEMORY_CAPACITY_EXCEEDED" "Handset memory full." false;
    502 3 "OPERATOR_ERRORS" "EC_NO_RESPONSE" "No response from the operator." false;
    2052 2 "USER_ERRORS" "EC_DESTINATION_BLACKLISTED" "Destination blocklisted." true;
    2053 2 "USER_ERRORS" "EC_SENDER_BLACKLISTED" "Sender blocklisted." true;
    4100 2 "USER_ERRORS" "EC_MESSAGE_CANCELED" "Message cancelled." true;
    4101 2 "USER_ERRORS" "EC_VALIDITY_EXPIRED" "Validity period expired." false;
    4103 2 "USER_ERRORS" "EC_DESTINATION_FLOODING" "Destination flooding." false;
    4104 2 "USER_ERRORS" "EC_DESTINATION_TXT_FLOODING" "Destination and text flooding." false;
    5492 2 "USER_ERRORS" "EC_DUPLICATE_MESSAGE_ID" "Duplicate message id." true;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_named_status_and_error_exists_once() {
        for id in [
            ACCEPTED,
            TO_OPERATOR,
            TO_HANDSET,
            NOT_DELIVERED,
            EXPIRED,
            NO_REPORT,
            NOT_REGISTERED,
            NO_CREDIT,
            DUPLICATE_ID,
            TOO_LONG,
            BAD_DESTINATION,
        ] {
            assert_eq!(
                STATUSES.iter().filter(|status| status.id == id).count(),
                1,
                "{id}"
            );
        }
        for error in ERRORS {
            assert_eq!(find_error(error.id), Some(error));
        }
    }
}
