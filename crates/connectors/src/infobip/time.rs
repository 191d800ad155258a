//! Infobip's timestamps: `2026-09-01T09:00:03.123+0000`, the offset without a colon.

use domain::Timestamp;

pub(super) fn read(text: &str) -> Option<Timestamp> {
    jiff::Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text)
        .ok()
        .map(|instant| Timestamp::from_micros(instant.as_microsecond()))
        .or_else(|| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_may_stand_with_or_without_its_colon() {
        let expected: Timestamp = "2026-09-01T09:00:03.123Z".parse().unwrap();
        for text in [
            "2026-09-01T09:00:03.123+0000",
            "2026-09-01T12:00:03.123+0300",
            "2026-09-01T12:00:03.123+03:00",
        ] {
            assert_eq!(read(text), Some(expected), "{text}");
        }
        assert_eq!(
            read("2026-09-01T09:00:03+0000"),
            Some(expected.plus_micros(-123_000))
        );
        for bad in ["", "bugün", "2026-09-01", "2026-13-01T09:00:03+0000"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
