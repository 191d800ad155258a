//! Pieces of the wire that several providers share.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

/// User name and password of `Authorization: Basic`.
pub(crate) fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let decoded = STANDARD.decode(given.strip_prefix("Basic ")?).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// The media type of a request, without parameters.
pub(crate) fn media_type(headers: &HeaderMap) -> &str {
    let declared = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    declared.split(';').next().unwrap_or_default().trim()
}

/// An instant in Turkish local time, which most Turkish services write without
/// an offset.
pub(crate) fn turkish_time(ms: i64, format: &str) -> String {
    let at = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let turkey = TimeZone::fixed(Offset::constant(3));
    at.to_zoned(turkey).strftime(format).to_string()
}

/// An instant that was written in Turkish local time.
pub(crate) fn turkish_ms(text: &str, format: &str) -> Option<i64> {
    let local = jiff::civil::DateTime::strptime(format, text).ok()?;
    let at = local.to_zoned(TimeZone::fixed(Offset::constant(3))).ok()?;
    Some(at.timestamp().as_millisecond())
}

/// An instant in UTC: `2026-09-01T06:00:03.123Z`.
pub(crate) fn utc_time(ms: i64) -> String {
    Timestamp::from_millisecond(ms)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .to_string()
}

/// An answer that tells its time by the simulator's clock.
pub(crate) fn dated(mut response: Response, now_ms: i64) -> Response {
    if let Ok(value) = HeaderValue::from_str(&http_date(now_ms)) {
        response.headers_mut().insert(header::DATE, value);
    }
    response
}

/// An instant as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(crate) fn http_date(ms: i64) -> String {
    let at = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// A Turkish mobile number of ten digits.
pub(crate) fn is_turkish_mobile(digits: &str) -> bool {
    digits.len() == 10 && digits.starts_with('5') && digits.bytes().all(|b| b.is_ascii_digit())
}

/// A sender as registered in Turkey: 3–11 characters, no Turkish letters.
pub(crate) fn is_turkish_sender(sender: &str) -> bool {
    (3..=11).contains(&sender.len())
        && sender
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b" *-.".contains(&b))
}
