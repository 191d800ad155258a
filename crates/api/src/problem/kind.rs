//! What can be wrong with a call, as one table: status, stable code and the
//! two texts that people read.

use http::StatusCode;

macro_rules! problem_kinds {
    ($($(#[$doc:meta])* $kind:ident = $status:ident, $code:literal, $tr:literal, $en:literal;)+) => {
        /// A kind of problem; its code is stable for ever.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum ProblemKind {
            $($(#[$doc])* $kind,)+
        }

        impl ProblemKind {
            /// Every kind.
            #[cfg(test)]
            pub(crate) const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// The HTTP status.
            pub(crate) const fn status(self) -> StatusCode {
                match self { $(Self::$kind => StatusCode::$status),+ }
            }

            /// The stable code.
            pub(crate) const fn code(self) -> &'static str {
                match self { $(Self::$kind => $code),+ }
            }

            /// What went wrong and what to do, in Turkish.
            pub(crate) const fn title_tr(self) -> &'static str {
                match self { $(Self::$kind => $tr),+ }
            }

            /// What went wrong and what to do, in English.
            pub(crate) const fn title_en(self) -> &'static str {
                match self { $(Self::$kind => $en),+ }
            }
        }
    };
}

problem_kinds! {
    /// The body is not JSON or not multipart at all.
    Unreadable = BAD_REQUEST, "UNREADABLE",
        "İstek okunamadı: gövde beklenen biçimde değil.",
        "The request could not be read: its body is not in the expected form.";
    /// Nobody is signed in, or the key does not work.
    NotSignedIn = UNAUTHORIZED, "NOT_SIGNED_IN",
        "Oturum açmanız gerekiyor.",
        "You need to sign in.";
    /// E-mail or password is wrong; which of them is not told.
    WrongCredentials = UNAUTHORIZED, "WRONG_CREDENTIALS",
        "E-posta adresi veya parola yanlış.",
        "The e-mail address or the password is wrong.";
    /// A call with a cookie must repeat the session's token.
    CsrfToken = FORBIDDEN, "CSRF_TOKEN",
        "İstek bu oturuma ait değil. Sayfayı yenileyip yeniden deneyin.",
        "The request does not belong to this session. Reload the page and try again.";
    /// The role does not allow it.
    NotPermitted = FORBIDDEN, "NOT_PERMITTED",
        "Bu işlem için yetkiniz yok. Firmanızın yöneticisine başvurun.",
        "You may not do this. Ask an administrator of your firm.";
    /// Not there, or not the caller's.
    NotFound = NOT_FOUND, "NOT_FOUND",
        "Aradığınız kayıt bulunamadı.",
        "There is no such thing.";
    /// The address exists, the method does not.
    MethodNotAllowed = METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED",
        "Bu adres bu yöntemi desteklemiyor.",
        "This address does not support this method.";
    /// Its state does not allow it, or it changed meanwhile.
    Conflict = CONFLICT, "CONFLICT",
        "Kaydın şu anki durumu bu işleme izin vermiyor. Sayfayı yenileyip yeniden deneyin.",
        "Its present state does not allow this. Reload and try again.";
    /// Nobody has answered what only a person can; `where` names each question.
    QuestionsOpen = CONFLICT, "QUESTIONS_OPEN",
        "Dosyayla ilgili yanıtlanmamış sorular var. Yanıtlayın ya da bu satırların reddedilmesini kabul ederek açık bırakın.",
        "Questions about the file are unanswered. Answer them, or leave them open and accept that their rows stay refused.";
    /// The brand wants somebody else than the uploader.
    OtherPerson = FORBIDDEN, "OTHER_PERSON_NEEDED",
        "Bu markada dosyayı yükleyen kişi onaylayamaz. Başka bir yetkilinin onaylaması gerekiyor.",
        "This brand does not let the uploader approve a file. Somebody else with the right must do it.";
    /// A list of duties is not done; `where` names what is missing.
    Unfinished = CONFLICT, "UNFINISHED",
        "Henüz tamamlanmayan işler var; önce onları bitirin.",
        "Something is not done yet; finish it first.";
    /// The name or number is taken.
    Exists = CONFLICT, "EXISTS",
        "Aynı adla bir kayıt zaten var.",
        "Something with the same name exists already.";
    /// The first call with this key has not ended.
    StillRunning = CONFLICT, "STILL_RUNNING",
        "Aynı istek şu anda işleniyor. Birkaç saniye sonra yeniden sorun.",
        "The same request is being carried out. Ask again in a few seconds.";
    /// The key was used for another request.
    KeyReused = UNPROCESSABLE_ENTITY, "IDEMPOTENCY_KEY_REUSED",
        "Bu Idempotency-Key başka bir istek için kullanılmış. Yeni bir anahtar gönderin.",
        "This Idempotency-Key was used for another request. Send a new key.";
    /// The body is longer than allowed.
    TooLarge = PAYLOAD_TOO_LARGE, "TOO_LARGE",
        "Gönderilen içerik izin verilenden büyük.",
        "The content is larger than allowed.";
    /// The content type is not what the address takes.
    UnsupportedType = UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_TYPE",
        "İçerik türü desteklenmiyor; application/json gönderin.",
        "The content type is not supported; send application/json.";
    /// Fields cannot be accepted; `where` names them.
    Invalid = UNPROCESSABLE_ENTITY, "INVALID",
        "Bazı alanlar kabul edilemedi.",
        "Some fields cannot be accepted.";
    /// Signing in was tried too often.
    TooManyAttempts = TOO_MANY_REQUESTS, "TOO_MANY_ATTEMPTS",
        "Çok fazla deneme yapıldı. Birkaç dakika sonra yeniden deneyin.",
        "Too many attempts. Try again in a few minutes.";
    /// Another change is in the way for a moment.
    Busy = SERVICE_UNAVAILABLE, "BUSY",
        "Sunucu şu anda meşgul. Birkaç saniye sonra yeniden deneyin.",
        "The server is busy. Try again in a few seconds.";
    /// The database cannot be reached.
    Unavailable = SERVICE_UNAVAILABLE, "UNAVAILABLE",
        "Veritabanına şu anda ulaşılamıyor. Biraz sonra yeniden deneyin.",
        "The database cannot be reached. Try again shortly.";
    /// The answer took longer than allowed.
    TimedOut = SERVICE_UNAVAILABLE, "TIMED_OUT",
        "İstek zamanında tamamlanamadı. Sonucu kontrol edip gerekirse yeniden deneyin.",
        "The request did not finish in time. Check its outcome and try again if needed.";
    /// A fault of ours; the log has the rest under the request's id.
    Internal = INTERNAL_SERVER_ERROR, "INTERNAL",
        "Beklenmeyen bir hata oluştu. Destek isterken istek numarasını belirtin.",
        "Something unexpected went wrong. Quote the request id when you ask for help.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_own_code_an_error_status_and_both_texts() {
        let mut codes = std::collections::HashSet::new();
        for kind in ProblemKind::ALL {
            assert!(codes.insert(kind.code()), "{kind:?}");
            assert!(
                kind.status().is_client_error() || kind.status().is_server_error(),
                "{kind:?}"
            );
            assert!(
                kind.title_tr().ends_with('.') && kind.title_en().ends_with('.'),
                "{kind:?}"
            );
        }
    }
}
