//! What a text must hold and must not (*zorunlu içerik*), said before it is
//! approved: the sender's identity, a way to refuse, a contact, and no promotion
//! under an exempt ground (Law 6563; Regulation art. 6 and 8).
//!
//! The mandatory part is the same that the gate refuses with S404, so a text
//! without a [`Weight::Blocks`] finding never meets it.

use serde::{Deserialize, Serialize};

use crate::channel::{Channel, vocabulary};
use crate::fold_text::{fold_header, name_fold};
use crate::gate::Basis;
use crate::segments::{Count, Encoding, Lengths, count};
use crate::template::{said_to_anybody, said_to_everybody};

vocabulary! {
    /// How much a finding weighs.
    Weight {
        /// It does not leave like this (S404).
        Blocks = 1, "blocks";
        /// Somebody else than the writer must approve it.
        NeedsApproval = 2, "needs_approval";
        /// It costs more than it would have to, or may look bad.
        Warns = 3, "warns";
        /// Worth a thought.
        Remarks = 4, "remarks";
    }
}

vocabulary! {
    /// What was found in a text.
    Finding {
        /// The trade name (*ticaret unvanı*) is missing.
        TradeNameMissing = 1, "trade_name_missing";
        /// The MERSİS number is missing.
        MersisMissing = 2, "mersis_missing";
        /// There is no way to refuse (*ret yolu*).
        RefusalMissing = 3, "refusal_missing";
        /// Neither phone, number, address nor link is in it.
        ContactMissing = 4, "contact_missing";
        /// It reads like promotion under an exempt ground.
        PromotionExempt = 5, "promotion_exempt";
        /// Nothing says that it is an advertisement (*REKLAM* remark).
        NatureUnclear = 6, "nature_unclear";
        /// Emoji make the whole text UCS-2.
        Emoji = 7, "emoji";
        /// Another character makes the whole text UCS-2.
        Ucs2 = 8, "ucs2";
        /// It takes three parts or more.
        ManyParts = 9, "many_parts";
    }
}

/// Parts from which a text is called long.
pub const MANY_PARTS: u32 = 3;

/// In whose name a text speaks.
#[derive(Debug, Clone, Copy)]
pub struct Speaker<'a> {
    /// Trade name, or first and last name of an *esnaf*.
    pub trade_name: &'a str,
    /// Sixteen digits; empty for an *esnaf*.
    pub mersis: &'a str,
    /// Registered at İYS: `RET <short name>` to 3338.
    pub short_name: &'a str,
}

/// One finding, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// What.
    pub finding: Finding,
    /// How much it weighs.
    pub weight: Weight,
    /// The words or characters of the text that it is about.
    pub what: Vec<String>,
    /// For people, in Turkish.
    pub text_tr: String,
    /// In English.
    pub text_en: String,
    /// A sentence that would settle it, to be put behind the text.
    pub proposal: Option<String>,
}

/// Reads a text for what it lacks and what it should not hold.
pub fn lint(
    text: &str,
    speaker: &Speaker<'_>,
    basis: Basis,
    channel: Channel,
    lengths: Lengths,
) -> Vec<Found> {
    let folded = name_fold(text);
    let mut found = Vec::new();
    if basis == Basis::Commercial {
        let always = name_fold(&said_to_everybody(text));
        mandatory(&always, speaker, channel, &mut found);
        nature(&folded, &mut found);
    } else {
        promotion(text, &folded, &mut found);
    }
    if channel.is_phone() {
        let said = said_to_anybody(text);
        length(&lengths.lettering.apply(&said), lengths, &mut found);
    }
    found
}

/// Whether the gate refuses a commercial text for what it lacks (S404).
pub fn is_incomplete(text: &str, speaker: &Speaker<'_>, basis: Basis, channel: Channel) -> bool {
    if basis != Basis::Commercial {
        return false;
    }
    let mut found = Vec::new();
    // What only some would read is not said.
    let always = name_fold(&said_to_everybody(text));
    mandatory(&always, speaker, channel, &mut found);
    !found.is_empty()
}

/// The sentence that names the sender and the way to refuse, as people write it
/// behind a text.
pub fn closing(speaker: &Speaker<'_>, channel: Channel) -> String {
    let identity = identity(speaker);
    let refusal = refusal(speaker, channel);
    format!("{identity} {refusal}")
}

fn identity(speaker: &Speaker<'_>) -> String {
    if speaker.mersis.is_empty() {
        speaker.trade_name.to_owned()
    } else {
        format!("{} Mersis {}", speaker.trade_name, speaker.mersis)
    }
}

fn refusal(speaker: &Speaker<'_>, channel: Channel) -> String {
    if channel == Channel::Eposta {
        "İleti almak istemiyorsanız: {{ret_linki}}".to_owned()
    } else {
        format!("Ret: RET {} yaz 3338", speaker.short_name)
    }
}

fn mandatory(folded: &str, speaker: &Speaker<'_>, channel: Channel, found: &mut Vec<Found>) {
    // `ORNEK TEKSTIL AS` is how `Örnek Tekstil A.Ş.` is written in a text message.
    let letters = fold_header(folded);
    let has = |needle: &str| {
        let needle = fold_header(needle);
        !needle.is_empty() && letters.contains(&needle)
    };
    let blocks = |finding, text_tr: String, text_en: String, proposal: String| Found {
        finding,
        weight: Weight::Blocks,
        what: Vec::new(),
        text_tr,
        text_en,
        proposal: Some(proposal),
    };
    // An e-mail names its sender in its HTML too, and its way out is added to it.
    let is_mail = channel == Channel::Eposta;
    if is_mail && (has(speaker.trade_name) || has(speaker.mersis)) {
        return;
    }
    if !has(speaker.trade_name) {
        found.push(blocks(
            Finding::TradeNameMissing,
            format!("Ticaret unvanı metinde geçmiyor: {}.", speaker.trade_name),
            format!("The trade name is not in the text: {}.", speaker.trade_name),
            identity(speaker),
        ));
    }
    if !speaker.mersis.is_empty() && !has(speaker.mersis) {
        found.push(blocks(
            Finding::MersisMissing,
            format!("MERSİS numarası metinde geçmiyor: {}.", speaker.mersis),
            format!("The MERSİS number is not in the text: {}.", speaker.mersis),
            format!("Mersis {}", speaker.mersis),
        ));
    }
    if is_mail {
        return;
    }
    let by_word = folded.contains(&name_fold(&format!("ret {}", speaker.short_name)));
    if !by_word && !has_link(folded) && !folded.contains("{{ret") {
        found.push(blocks(
            Finding::RefusalMissing,
            "Alıcının nasıl ret bildireceği yazmıyor.".to_owned(),
            "The text does not say how to refuse.".to_owned(),
            refusal(speaker, channel),
        ));
    }
    if !has_contact(folded, speaker.mersis) {
        found.push(blocks(
            Finding::ContactMissing,
            "Telefon, kısa numara, e-posta ya da bağlantı gibi bir iletişim bilgisi yok."
                .to_owned(),
            "There is no contact: a phone, a short number, an e-mail address or a link.".to_owned(),
            refusal(speaker, channel),
        ));
    }
}

/// Whether a text carries a link: a scheme, `www.`, or a name with a domain
/// that links are made of.
pub fn has_link(text: &str) -> bool {
    let text = text.to_lowercase();
    text.contains("http://")
        || text.contains("https://")
        || text
            .split(|c: char| {
                c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')' | '<' | '>' | '"')
            })
            .any(is_link)
}

fn is_link(word: &str) -> bool {
    const ENDS: [&str; 16] = [
        "com", "net", "org", "tr", "io", "co", "ly", "link", "app", "me", "info", "biz", "shop",
        "online", "site", "xyz",
    ];
    let host = word.split('/').next().unwrap_or_default();
    let host = host.trim_end_matches(['.', '!', '?', ':', '\'', '’']);
    if word.contains('@') {
        return false;
    }
    let Some((name, end)) = host.rsplit_once('.') else {
        return false;
    };
    let is_name = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '.'))
        && name.chars().any(char::is_alphabetic);
    is_name && (host.starts_with("www.") || ENDS.contains(&end))
}

fn has_contact(folded: &str, mersis: &str) -> bool {
    let rest = if mersis.is_empty() {
        folded.to_owned()
    } else {
        folded.replace(mersis, " ")
    };
    let has_address = rest.split_whitespace().any(|word| {
        word.split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
    });
    if has_address || has_link(&rest) || rest.contains("{{ret") {
        return true;
    }
    // Spaces, brackets and dashes are how phone numbers are written.
    let mut digits = 0;
    for c in rest.chars() {
        if c.is_ascii_digit() {
            digits += 1;
            if digits >= 4 {
                return true;
            }
        } else if !matches!(c, ' ' | '(' | ')' | '-') {
            digits = 0;
        }
    }
    false
}

/// Beginnings of words that promote something; folded.
const PROMOTIONAL: [&str; 22] = [
    "indirim",
    "kampanya",
    "firsat",
    "hediye",
    "bedava",
    "promosyon",
    "cekilis",
    "kupon",
    "avantaj",
    "sezon",
    "ucretsiz",
    "ozel fiyat",
    "ozel teklif",
    "son gun",
    "kacirma",
    "kazan",
    "satin al",
    "yeni urun",
    "puan",
    "sale",
    "discount",
    "black friday",
];
/// Words that tell that a text promotes something; folded.
const NATURE: [&str; 8] = [
    "reklam",
    "tanitim",
    "kampanya",
    "indirim",
    "firsat",
    "bilgilendirme",
    "promosyon",
    "duyuru",
];

/// The promotional words and percentages of a text, as they are written in it.
pub fn promotional_words(text: &str, folded: &str) -> Vec<String> {
    let mut words: Vec<String> = PROMOTIONAL
        .iter()
        .filter(|word| begins_a_word(folded, word))
        .map(|word| (*word).to_owned())
        .collect();
    let letters: Vec<char> = text.chars().collect();
    for (place, letter) in letters.iter().enumerate() {
        if *letter != '%' {
            continue;
        }
        let digits: String = letters
            .iter()
            .skip(place + 1)
            .skip_while(|c| c.is_whitespace())
            .take_while(|c| c.is_ascii_digit())
            .collect();
        if !digits.is_empty() {
            words.push(format!("%{digits}"));
        }
    }
    words.dedup();
    words
}

fn begins_a_word(folded: &str, word: &str) -> bool {
    folded.match_indices(word).any(|(place, _)| {
        folded
            .get(..place)
            .and_then(|before| before.chars().next_back())
            .is_none_or(|c| !c.is_alphanumeric())
    })
}

fn promotion(text: &str, folded: &str, found: &mut Vec<Found>) {
    let words = promotional_words(text, folded);
    if words.is_empty() {
        return;
    }
    let list = words.join(", ");
    found.push(Found {
        finding: Finding::PromotionExempt,
        weight: Weight::NeedsApproval,
        what: words,
        text_tr: format!(
            "Bilgilendirme dayanağıyla gidiyor ama tanıtım gibi okunuyor ({list}). Tanıtım içeren \
             ileti ticaridir; dayanağı ticari yapın ya da bir başkası onaylasın."
        ),
        text_en: format!(
            "It goes out on an exempt ground but reads like promotion ({list}). Promotion makes a \
             message commercial: choose the commercial ground, or have somebody else approve it."
        ),
        proposal: None,
    });
}

fn nature(folded: &str, found: &mut Vec<Found>) {
    if NATURE.iter().any(|word| begins_a_word(folded, word)) {
        return;
    }
    found.push(Found {
        finding: Finding::NatureUnclear,
        weight: Weight::Remarks,
        what: Vec::new(),
        text_tr: "Metnin tanıtım amaçlı olduğu anlaşılmıyor; REKLAM ya da KAMPANYA gibi bir söz \
                  ekleyebilirsiniz."
            .to_owned(),
        text_en: "Nothing shows that the text promotes something; a word such as REKLAM or \
                  KAMPANYA would."
            .to_owned(),
        proposal: Some("REKLAM".to_owned()),
    });
}

fn length(text: &str, lengths: Lengths, found: &mut Vec<Found>) {
    let counted = count(text, lengths.profile, lengths.suffix_units);
    if counted.encoding == Encoding::Ucs2 {
        costly(text, lengths, &counted, found);
    }
    if counted.parts >= MANY_PARTS {
        found.push(Found {
            finding: Finding::ManyParts,
            weight: Weight::Warns,
            what: Vec::new(),
            text_tr: format!("Metin {} parça; her parça ayrı ücretlenir.", counted.parts),
            text_en: format!("The text takes {} parts; each is billed.", counted.parts),
            proposal: None,
        });
    }
}

/// Names the characters that force UCS-2 and what the text would take without.
fn costly(text: &str, lengths: Lengths, counted: &Count, found: &mut Vec<Found>) {
    let mut letters: Vec<char> = text
        .chars()
        .filter(|c| {
            let alone = count(c.encode_utf8(&mut [0; 4]), lengths.profile, 0);
            alone.encoding == Encoding::Ucs2
        })
        .collect();
    let without: String = text.chars().filter(|c| !letters.contains(c)).collect();
    let then = count(&without, lengths.profile, lengths.suffix_units);
    letters.sort_unstable();
    letters.dedup();
    let is_emoji = letters
        .iter()
        .any(|c| u32::from(*c) >= 0x1_F000 || matches!(u32::from(*c), 0x2600..=0x27BF));
    let what: Vec<String> = letters.iter().map(char::to_string).collect();
    let list = what.join(" ");
    let finding = if is_emoji {
        Finding::Emoji
    } else {
        Finding::Ucs2
    };
    found.push(Found {
        finding,
        weight: Weight::Warns,
        what,
        text_tr: format!(
            "{list} yüzünden metnin tamamı UCS-2 ile gider: {} parça; bunlar olmasa {} parça.",
            counted.parts, then.parts
        ),
        text_en: format!(
            "Because of {list} the whole text goes out as UCS-2: {} parts; without, {}.",
            counted.parts, then.parts
        ),
        proposal: None,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEAKER: Speaker<'_> = Speaker {
        trade_name: "Örnek Tekstil A.Ş.",
        mersis: "0123456789012345",
        short_name: "ORNEK",
    };

    fn findings(text: &str, basis: Basis) -> Vec<Finding> {
        lint(text, &SPEAKER, basis, Channel::Mesaj, Lengths::TURKISH)
            .into_iter()
            .map(|found| found.finding)
            .collect()
    }

    #[test]
    fn each_missing_piece_is_named_and_the_proposals_settle_it() {
        let text = "Yaz kampanyamız başladı!";
        assert_eq!(
            findings(text, Basis::Commercial),
            [
                Finding::TradeNameMissing,
                Finding::MersisMissing,
                Finding::RefusalMissing,
                Finding::ContactMissing
            ]
        );
        assert!(is_incomplete(
            text,
            &SPEAKER,
            Basis::Commercial,
            Channel::Mesaj
        ));
        let whole = format!("{text} {}", closing(&SPEAKER, Channel::Mesaj));
        assert_eq!(findings(&whole, Basis::Commercial), []);
        assert!(!is_incomplete(
            &whole,
            &SPEAKER,
            Basis::Commercial,
            Channel::Mesaj
        ));
        let esnaf = Speaker {
            mersis: "",
            ..SPEAKER
        };
        let whole = format!("{text} {}", closing(&esnaf, Channel::Mesaj));
        assert!(!is_incomplete(
            &whole,
            &esnaf,
            Basis::Commercial,
            Channel::Mesaj
        ));
    }

    #[test]
    fn a_mersis_number_is_no_contact_but_a_short_number_or_an_address_is() {
        assert!(!has_contact("mersis 0123456789012345", "0123456789012345"));
        for text in [
            "ret ornek yaz 3338",
            "0212 555 00 00",
            "bilgi@ornek.com.tr",
            "ornek.com/ret",
        ] {
            assert!(has_contact(text, ""), "{text}");
        }
        assert!(!has_contact("3 al 2 ode", ""));
    }

    #[test]
    fn promotion_under_an_exempt_ground_needs_a_second_person() {
        let text = "Randevunuz yarın 10:00'da. Bu ay %20 indirim!";
        let found = lint(
            text,
            &SPEAKER,
            Basis::Informational,
            Channel::Mesaj,
            Lengths::TURKISH,
        );
        assert_eq!(
            (found[0].finding, found[0].weight),
            (Finding::PromotionExempt, Weight::NeedsApproval)
        );
        assert_eq!(found[0].what, ["indirim", "%20"]);
        for text in [
            "Randevunuz yarın saat 10:00'da.",
            "Borcunuz 120 TL, vade 01.07.2026.",
            "Doğrulama kodunuz 112233",
        ] {
            assert_eq!(findings(text, Basis::Informational), [], "{text}");
        }
        assert!(findings("Kampanya sona erdi", Basis::Otp).contains(&Finding::PromotionExempt));
    }

    #[test]
    fn an_emoji_tells_how_many_parts_it_costs() {
        let text = format!("{}😀", "a".repeat(99));
        let found = lint(
            &text,
            &SPEAKER,
            Basis::Informational,
            Channel::Mesaj,
            Lengths::TURKISH,
        );
        assert_eq!(
            (found[0].finding, found[0].what.as_slice()),
            (Finding::Emoji, &["😀".to_owned()][..])
        );
        assert!(
            found[0].text_tr.contains("2 parça") && found[0].text_tr.contains("1 parça"),
            "{}",
            found[0].text_tr
        );
        assert_eq!(
            findings("Kâr payınız yatırıldı", Basis::Informational),
            [Finding::Ucs2]
        );
    }

    #[test]
    fn links_are_told_from_sentences_and_addresses() {
        for text in [
            "https://a.tr/x",
            "www.ornek.com",
            "ornek.com.tr'de değil: ornek.com.tr",
            "bit.ly/3x",
            "git: ornek.com/yaz.",
        ] {
            assert!(has_link(text), "{text}");
        }
        for text in [
            "Örnek Tekstil A.Ş. yaz",
            "saat 10.00",
            "bilgi@ornek.com",
            "son gün.Gelin",
            "3.5 TL",
        ] {
            assert!(!has_link(text), "{text}");
        }
    }

    #[test]
    fn a_text_that_hides_its_nature_gets_a_remark_and_still_leaves() {
        let text = format!("Mağazamız açıldı. {}", closing(&SPEAKER, Channel::Mesaj));
        assert_eq!(findings(&text, Basis::Commercial), [Finding::NatureUnclear]);
    }
}
