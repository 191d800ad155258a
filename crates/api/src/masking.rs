//! Names as people see them who may not read personal data; addresses are
//! masked by [`domain::Recipient::masked`].

/// `A*** Y***`.
pub(crate) fn name(full: &str) -> String {
    let initials = full.split_whitespace().map(|word| {
        let first: String = word.chars().take(1).collect();
        format!("{first}***")
    });
    initials.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_masked_name_only_initials_are_left() {
        assert_eq!(name("Ayşe Nur  Şahin"), "A*** N*** Ş***");
        assert_eq!(name(""), "");
    }
}
