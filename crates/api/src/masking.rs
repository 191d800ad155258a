//! Addresses and names as people see them who may not read personal data:
//! enough to recognise somebody you know, too little to reach anybody.

use domain::Recipient;

/// `+90532*****67`, `a***@ornek.com.tr`.
pub(crate) fn address(recipient: &Recipient) -> String {
    match recipient {
        Recipient::Phone(phone) => masked_phone(&phone.to_text()),
        Recipient::Email(email) => {
            let first: String = email.local_part().chars().take(1).collect();
            format!("{first}***@{}", email.domain())
        }
    }
}

/// `A*** Y***`.
pub(crate) fn name(full: &str) -> String {
    let initials = full.split_whitespace().map(|word| {
        let first: String = word.chars().take(1).collect();
        format!("{first}***")
    });
    initials.collect::<Vec<_>>().join(" ")
}

/// Hides the five digits before the last two.
fn masked_phone(text: &str) -> String {
    let hidden = text.len().saturating_sub(7)..text.len().saturating_sub(2);
    let shown = |(at, c): (usize, char)| if hidden.contains(&at) { '*' } else { c };
    text.char_indices().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_address_names_operator_and_last_digits_only() {
        for (plain, masked) in [
            ("+905321234567", "+90532*****67"),
            ("+994501234567", "+99450*****67"),
            ("ali.yilmaz@ornek.com.tr", "a***@ornek.com.tr"),
        ] {
            let recipient = Recipient::from_normalised(plain).expect("a normalised address");
            assert_eq!(address(&recipient), masked);
        }
        assert_eq!(name("Ayşe Nur  Şahin"), "A*** N*** Ş***");
        assert_eq!(name(""), "");
    }
}
