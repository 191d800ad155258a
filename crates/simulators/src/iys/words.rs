//! The words İYS uses on the wire.

/// Channel of a consent (*izin türü*).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Channel {
    Arama,
    Mesaj,
    Eposta,
}

impl Channel {
    pub(crate) const ALL: [Self; 3] = [Self::Arama, Self::Mesaj, Self::Eposta];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Arama => "ARAMA",
            Self::Mesaj => "MESAJ",
            Self::Eposta => "EPOSTA",
        }
    }

    pub(crate) fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.word() == word)
    }
}

/// Kind of recipient (*alıcı tipi*): consumer, or merchant and tradesman.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    Bireysel,
    Tacir,
}

impl Kind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Bireysel => "BIREYSEL",
            Self::Tacir => "TACIR",
        }
    }

    pub(crate) fn read(word: &str) -> Option<Self> {
        [Self::Bireysel, Self::Tacir]
            .into_iter()
            .find(|kind| kind.word() == word)
    }
}

/// What the recipient said (*izin durumu*).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Status {
    Onay,
    Ret,
}

impl Status {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Onay => "ONAY",
            Self::Ret => "RET",
        }
    }

    pub(crate) fn read(word: &str) -> Option<Self> {
        [Self::Onay, Self::Ret]
            .into_iter()
            .find(|status| status.word() == word)
    }
}

/// Where a declaration was taken (*izin kaynağı*), an index into the known words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Source(u8);

/// The 13 a firm may send, then those that only İYS produces.
const SOURCES: [&str; 22] = [
    "HS_FIZIKSEL_ORTAM",
    "HS_ISLAK_IMZA",
    "HS_ETKINLIK",
    "HS_ATM",
    "HS_EORTAM",
    "HS_WEB",
    "HS_MOBIL",
    "HS_MESAJ",
    "HS_EPOSTA",
    "HS_CAGRI_MERKEZI",
    "HS_SOSYAL_MEDYA",
    "HS_2015",
    "HS_KARAR",
    "IYS_KISAMESAJ",
    "IYS_CM",
    "IYS_WEB",
    "IYS_WEB_YENI",
    "IYS_MOBIL",
    "IYS_EPOSTA",
    "IYS_AHS_HAT_KAPATMA",
    "IYS_FRAME_EPOSTA",
    "IYS_FRAME_SMS",
];

impl Source {
    pub(crate) const HS_WEB: Self = Self(5);
    pub(crate) const HS_2015: Self = Self(11);
    pub(crate) const HS_KARAR: Self = Self(12);
    pub(crate) const IYS_KISAMESAJ: Self = Self(13);
    pub(crate) const IYS_WEB: Self = Self(15);
    pub(crate) const IYS_WEB_YENI: Self = Self(16);
    pub(crate) const IYS_EPOSTA: Self = Self(18);

    pub(crate) fn word(self) -> &'static str {
        SOURCES[usize::from(self.0)]
    }

    pub(crate) fn read(word: &str) -> Option<Self> {
        let at = SOURCES.iter().position(|known| *known == word)?;
        u8::try_from(at).ok().map(Self)
    }

    /// True when the recipient acted at İYS itself.
    pub(crate) fn is_citizen(self) -> bool {
        self.0 > Self::HS_KARAR.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_named_sources_stand_where_their_constants_say() {
        for (source, word) in [
            (Source::HS_WEB, "HS_WEB"),
            (Source::HS_2015, "HS_2015"),
            (Source::HS_KARAR, "HS_KARAR"),
            (Source::IYS_KISAMESAJ, "IYS_KISAMESAJ"),
            (Source::IYS_EPOSTA, "IYS_EPOSTA"),
            (Source::IYS_WEB, "IYS_WEB"),
            (Source::IYS_WEB_YENI, "IYS_WEB_YENI"),
        ] {
            assert_eq!(source.word(), word);
        }
        for word in SOURCES {
            let source = Source::read(word).expect(word);
            assert_eq!(source.word(), word);
            assert_eq!(source.is_citizen(), word.starts_with("IYS_"));
        }
    }
}
