//! Codings of one byte a letter that the web has forgotten and old programs
//! still write.

use std::sync::LazyLock;

/// Code page 857, DOS in Turkish: old accounting and clinic programs.
const CP857: &str = "\
    ÇüéâäàåçêëèïîıÄÅ\
    ÉæÆôöòûùİÖÜø£ØŞş\
    áíóúñÑĞğ¿®¬½¼¡«»\
    ░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐\
    └┴┬├─┼ãÃ╚╔╩╦╠═╬¤\
    ºªÊËÈ\u{fffd}ÍÎÏ┘┌█▄¦Ì▀\
    ÓßÔÒõÕµ\u{fffd}×ÚÛÙìÿ¯´\
    \u{ad}±\u{fffd}¾¶§÷¸°¨·¹³²■\u{a0}\
";

/// Mac OS Turkish: spreadsheets of old Macs.
const MAC_TURKISH: &str = "\
    ÄÅÇÉÑÖÜáàâäãåçéè\
    êëíìîïñóòôöõúùûü\
    †°¢£§•¶ß®©™´¨≠ÆØ\
    ∞±≤≥¥µ∂∑∏π∫ªºΩæø\
    ¿¡¬√ƒ≈∆«»…\u{a0}ÀÃÕŒœ\
    –—“”‘’÷◊ÿŸĞğİıŞş\
    ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\
    \u{f8ff}ÒÚÛÙ\u{f8a0}ˆ˜¯˘˙˚¸˝˛ˇ\
";

/// The letters of the bytes from 0x80 on.
pub(super) type UpperHalf = [char; 128];

pub(super) static UPPER_CP857: LazyLock<UpperHalf> = LazyLock::new(|| upper_half(CP857));
pub(super) static UPPER_MAC: LazyLock<UpperHalf> = LazyLock::new(|| upper_half(MAC_TURKISH));

fn upper_half(letters: &str) -> UpperHalf {
    let mut letters = letters.chars();
    std::array::from_fn(|_| letters.next().unwrap_or(char::REPLACEMENT_CHARACTER))
}

/// The byte that code page 857 has for a Turkish letter beyond ASCII.
pub(crate) const fn is_turkish_in_cp857(byte: u8) -> bool {
    matches!(
        byte,
        0x80 | 0x81 | 0x87 | 0x8d | 0x94 | 0x98 | 0x99 | 0x9a | 0x9e | 0x9f | 0xa6 | 0xa7
    )
}

/// The byte that Mac OS Turkish has for a Turkish letter beyond ASCII.
pub(crate) const fn is_turkish_in_mac(byte: u8) -> bool {
    matches!(byte, 0x82 | 0x85 | 0x86 | 0x8d | 0x9a | 0x9f | 0xda..=0xdf)
}

/// The byte that Windows-1254 has for a Turkish letter beyond ASCII.
pub(crate) const fn is_turkish_in_1254(byte: u8) -> bool {
    matches!(
        byte,
        0xc7 | 0xd0 | 0xd6 | 0xdc | 0xdd | 0xde | 0xe7 | 0xf0 | 0xf6 | 0xfc | 0xfd | 0xfe
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const TURKISH: &str = "ĞğİıŞşÜüÖöÇç";

    #[test]
    fn the_letters_of_each_table_are_where_the_tests_for_them_say() {
        for (table, is_turkish) in [
            (&UPPER_CP857, is_turkish_in_cp857 as fn(u8) -> bool),
            (&UPPER_MAC, is_turkish_in_mac),
        ] {
            for byte in 0x80..=0xff_u8 {
                let letter = table[usize::from(byte - 0x80)];
                assert_eq!(
                    is_turkish(byte),
                    TURKISH.contains(letter),
                    "{byte:x} {letter}"
                );
            }
        }
    }

    #[test]
    fn tables_hold_a_letter_for_every_byte_that_is_used() {
        assert_eq!(CP857.chars().count(), 128);
        assert_eq!(MAC_TURKISH.chars().count(), 128);
        assert_eq!(
            UPPER_CP857
                .iter()
                .filter(|&&c| c == char::REPLACEMENT_CHARACTER)
                .count(),
            3
        );
    }
}
