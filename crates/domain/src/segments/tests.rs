//! Reference rows of message length.

use proptest::prelude::*;

use super::*;

/// `TR 298/2`
fn told(count: Count) -> String {
    let encoding = match count.encoding {
        Encoding::Gsm7 => "GSM7",
        Encoding::Turkish => "TR",
        Encoding::Ucs2 => "UCS2",
        Encoding::Latin5 => "L5",
    };
    format!("{encoding} {}/{}", count.units, count.parts)
}

#[test]
fn every_reference_text_has_its_units_and_parts_under_each_profile() {
    let a = |n| "a".repeat(n);
    let s = |n| "ş".repeat(n);
    let grin = |n| "😀".repeat(n);
    let rows: [(String, [&str; 4], u32); 25] = [
        (String::new(), ["GSM7 0/0"; 4], 160),
        ("Merhaba".into(), ["GSM7 7/1"; 4], 153),
        (a(160), ["GSM7 160/1"; 4], 0),
        (a(161), ["GSM7 161/2"; 4], 145),
        (a(306), ["GSM7 306/2"; 4], 0),
        (a(307), ["GSM7 307/3"; 4], 152),
        (a(459) + "b", ["GSM7 460/4"; 4], 152),
        ("€".repeat(80), ["GSM7 160/1"; 4], 0),
        (a(159) + "€", ["GSM7 161/2"; 4], 145),
        (a(152) + "€" + &a(152), ["GSM7 306/3"; 4], 152),
        (
            "Sayın müşterimiz, siparişiniz kargoya verildi.".into(),
            ["UCS2 46/1", "TR 46/1", "TR 49/1", "TR 46/1"],
            109,
        ),
        ("ÖÜÄ öüä Ç à é ñ £ @".into(), ["GSM7 19/1"; 4], 141),
        (s(1), ["UCS2 1/1", "TR 1/1", "TR 2/1", "TR 1/1"], 154),
        (s(70), ["UCS2 70/1", "TR 70/1", "TR 140/1", "TR 70/1"], 85),
        (s(71), ["UCS2 71/2", "TR 71/1", "TR 142/1", "TR 71/1"], 84),
        (
            s(155),
            ["UCS2 155/3", "TR 155/1", "TR 310/3", "TR 155/1"],
            0,
        ),
        (
            s(156),
            ["UCS2 156/3", "TR 156/2", "TR 312/3", "TR 156/2"],
            142,
        ),
        (
            a(154) + "ğ",
            ["UCS2 155/3", "TR 155/1", "TR 156/2", "TR 155/1"],
            0,
        ),
        (
            a(155) + "ğ",
            ["UCS2 156/3", "TR 156/2", "TR 157/2", "TR 156/2"],
            142,
        ),
        (
            a(297) + "İ",
            ["UCS2 298/5", "TR 298/2", "TR 299/3", "TR 298/2"],
            0,
        ),
        (
            a(298) + "İ",
            ["UCS2 299/5", "TR 299/3", "TR 300/3", "TR 299/3"],
            148,
        ),
        ("Kampanya: 100 ₺ indirim!".into(), ["UCS2 24/1"; 4], 46),
        ("İyi günler 😀".into(), ["UCS2 13/1"; 4], 57),
        (grin(35), ["UCS2 70/1"; 4], 0),
        (grin(36), ["UCS2 72/2"; 4], 61),
    ];
    let profiles = [
        Profile::Plain,
        Profile::TrLock,
        Profile::TrSingle,
        Profile::TrBill,
    ];
    for (number, (text, expected, free)) in (1..).zip(rows) {
        for (profile, expected) in profiles.into_iter().zip(expected) {
            let told = told(count(&text, profile, 0));
            assert_eq!(told, expected, "row {number} under {profile:?}");
        }
        assert_eq!(count(&text, Profile::TrBill, 0).free, free, "row {number}");
    }
}

#[test]
fn the_operators_suffix_takes_its_room() {
    for (text, expected) in [
        ("a".repeat(155), "GSM7 160/1"),
        ("a".repeat(156), "GSM7 161/2"),
        ("ş".repeat(150), "TR 155/1"),
        ("ş".repeat(151), "TR 156/2"),
    ] {
        assert_eq!(
            told(count(&text, Profile::TrBill, OPERATOR_SUFFIX_UNITS)),
            expected
        );
        let written_out = format!("{text} B001");
        assert_eq!(told(count(&written_out, Profile::TrBill, 0)), expected);
    }
}

/// The longest text of one repeated letter that still fits each number of parts.
#[test]
fn the_limits_providers_publish_are_met_to_the_unit() {
    let limits = |letter: &str, reserve: u32, limits: &[usize]| {
        for (parts, &longest) in (1..).zip(limits) {
            let fits = count(&letter.repeat(longest), Profile::TrBill, reserve);
            assert_eq!((fits.parts, fits.free), (parts, 0), "{letter} × {longest}");
            let over = count(&letter.repeat(longest + 1), Profile::TrBill, reserve);
            assert_eq!(over.parts, parts + 1, "{letter} × {longest} + 1");
        }
    };
    limits("a", 0, &[160, 306, 459, 612, 765, 918, 1071]);
    limits("ş", 0, &[155, 298, 447, 596, 745, 894, 1043]);
    limits("₺", 0, &[70, 134, 201, 268, 335, 402, 469]);
    limits("a", 5, &[155, 301, 454, 607]);
    limits("ş", 5, &[150, 293, 442, 591]);
    limits("₺", 5, &[65, 129, 196, 263]);
}

#[test]
fn the_euro_sign_is_cheap_only_in_the_real_locking_table() {
    assert_eq!(told(count("ş€", Profile::TrLock, 0)), "TR 2/1");
    assert_eq!(told(count("ş€", Profile::TrBill, 0)), "TR 3/1");
    assert_eq!(told(count("ş€", Profile::TrSingle, 0)), "TR 4/1");
    assert_eq!(told(count("€", Profile::TrLock, 0)), "GSM7 2/1");
}

#[test]
fn letters_displaced_by_the_locking_table_force_ucs2_beside_a_turkish_letter() {
    for displaced in "èìØøÆæ¡¿".chars() {
        let text = format!("ş{displaced}");
        assert_eq!(
            told(count(&text, Profile::TrLock, 0)),
            "UCS2 2/1",
            "{displaced}"
        );
        assert_eq!(
            told(count(&text, Profile::TrSingle, 0)),
            "TR 3/1",
            "{displaced}"
        );
        assert_eq!(
            told(count(&displaced.to_string(), Profile::TrLock, 0)),
            "GSM7 1/1"
        );
    }
}

#[test]
fn what_is_in_no_table_is_sent_in_ucs2() {
    for strange in ["`", "\t", "\u{a0}", "’", "–", "…", "•", "â", "î", "₺", "ý"] {
        assert_eq!(
            count(strange, Profile::TrBill, 0).encoding,
            Encoding::Ucs2,
            "{strange:?}"
        );
    }
    for known in [
        "\n",
        "\r",
        "\u{c}",
        "^{}\\[~]|",
        "@£$¥èéùìòÇØøÅå_ΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà",
    ] {
        assert_eq!(
            count(known, Profile::Plain, 0).encoding,
            Encoding::Gsm7,
            "{known:?}"
        );
    }
}

#[test]
fn a_decomposed_letter_is_one_letter() {
    assert_eq!(told(count("s\u{327}", Profile::TrBill, 0)), "TR 1/1");
    assert_eq!(
        told(count("I\u{307}yi gu\u{308}nler", Profile::TrBill, 0)),
        "TR 10/1"
    );
}

#[test]
fn latin5_refuses_what_it_cannot_carry() {
    assert_eq!(
        told(count("Şişli'de % 20 ıslak ğ", Profile::Latin5, 0)),
        "L5 21/1"
    );
    assert_eq!(
        told(count(&"ş".repeat(161), Profile::Latin5, 0)),
        "L5 161/2"
    );
    for strange in ["₺", "€", "ý", "😀"] {
        let refused = count(&format!("a{strange}"), Profile::Latin5, 0);
        assert_eq!(
            (refused.parts, refused.unsupported),
            (0, strange.chars().next())
        );
    }
}

proptest! {
    #[test]
    fn a_longer_text_never_has_fewer_parts(text in "[a-zşğ€{😀]{0,200}", more in "[a-zşğ€{😀]{1,5}") {
        // Not under the real locking table: there a `ş` makes every `€` cheaper.
        for profile in [Profile::Plain, Profile::TrSingle, Profile::TrBill] {
            let shorter = count(&text, profile, 0);
            let longer = count(&format!("{text}{more}"), profile, 0);
            prop_assert!(longer.parts >= shorter.parts, "{:?}", profile);
        }
    }

    #[test]
    fn a_reserve_is_the_same_as_that_many_letters(text in "[a-zşğ€{]{1,200}", reserve in 0_u32..9) {
        for profile in [Profile::Plain, Profile::TrLock, Profile::TrSingle, Profile::TrBill] {
            let tail = "x".repeat(usize::try_from(reserve).unwrap());
            let written_out = count(&format!("{text}{tail}"), profile, 0);
            prop_assert_eq!(count(&text, profile, reserve), written_out);
        }
    }
}

#[test]
fn texts_that_share_an_alphabet_are_counted_in_the_widest_that_one_of_them_needs() {
    let plain = "a".repeat(156);
    for (others, encoding, parts) in [
        (&["Merhaba"][..], Encoding::Gsm7, 1),
        (&["Merhaba", "Ayşe"], Encoding::Turkish, 2),
        // `è` gives its place to a Turkish letter: no 7-bit table holds both.
        (&["Hélène è", "Ayşe"], Encoding::Ucs2, 3),
        (&["😀"], Encoding::Ucs2, 3),
    ] {
        let all = others.iter().copied().chain([plain.as_str()]);
        let shared = encoding_for_all(all, Profile::TrBill);
        assert_eq!(shared, encoding, "{others:?}");
        let counted = count_in(&plain, shared, Profile::TrBill, 0);
        assert_eq!((counted.encoding, counted.parts), (encoding, parts));
    }
    let alone = encoding_for_all([plain.as_str()].into_iter(), Profile::TrBill);
    assert_eq!(
        count_in(&plain, alone, Profile::TrBill, 5),
        count(&plain, Profile::TrBill, 5)
    );
}

#[test]
fn a_longer_reference_takes_one_unit_from_each_part_and_nothing_from_a_short_text() {
    let rows = [
        ("a", Encoding::Gsm7, 160, [153, 152]),
        ("ş", Encoding::Turkish, 155, [149, 148]),
        ("😀", Encoding::Ucs2, 70, [67, 66]),
    ];
    for (letter, encoding, single, per_part) in rows {
        for (reference, room) in [Reference::Eight, Reference::Sixteen]
            .into_iter()
            .zip(per_part)
        {
            let held = encoding.capacity(reference);
            assert_eq!((held.single, held.per_part), (single, room));
            let parts = |units: u32| {
                // One character that decides on the alphabet, then plain letters.
                let first = u32::from(letter == "😀") + 1;
                let plain = usize::try_from(units - first).unwrap();
                let text = format!("{letter}{}", "a".repeat(plain));
                count_joined(&text, Profile::TrBill, 0, reference).parts
            };
            let told = [single, single + 1, 2 * room, 2 * room + 1].map(parts);
            assert_eq!(told, [1, 2, 2, 3], "{letter} {reference:?}");
        }
    }
}
