//! The H codes of İYS, with the HTTP status each usually comes with.
//!
//! Source: İYS API document 3.2.0 (25 February 2026), general and consent
//! services. The texts are this simulator's own. A code that the rules never
//! raise can still be scripted or injected.

/// One code. Compared by its id.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Code {
    pub(crate) id: &'static str,
    /// The HTTP status it comes with unless the call says otherwise.
    pub(crate) http: u16,
    pub(crate) text: &'static str,
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Code {}

/// The code with this id.
pub(crate) fn find(id: &str) -> Option<Code> {
    ALL.iter().find(|code| code.id == id).copied()
}

macro_rules! codes {
    ($($id:ident $http:literal $text:literal;)*) => {
        $(pub(crate) const $id: Code = Code { id: stringify!($id), http: $http, text: $text };)*
        const ALL: &[Code] = &[$($id),*];
    };
}

codes! {
    H014 400 "İstek gövdesi geçerli bir JSON değil.";
    H015 500 "Beklenmeyen bir hata oluştu.";
    H016 400 "Zorunlu alan eksik.";
    H017 400 "Alan izin verilenden uzun.";
    H058 404 "Bayi bulunamadı.";
    H061 500 "Bayi silinemedi.";
    H082 400 "Liste okunamadı.";
    H083 429 "Saniyelik istek sınırı aşıldı.";
    H084 429 "Saatlik token sınırı aşıldı; sayaç yeniden başladı.";
    H085 400 "İzin ekleme isteği geçersiz.";
    H086 429 "Saatlik tekil durum sorgusu sınırı aşıldı.";
    H089 429 "Saatlik izin geçmişi sınırı aşıldı.";
    H090 400 "Bayi ekleme isteği geçersiz.";
    H091 422 "Bir istekte en çok 1000 kayıt olabilir.";
    H092 400 "Çoklu izin ekleme isteği geçersiz.";
    H093 422 "İşlem numarası bulunamadı.";
    H095 400 "İşlem sorgusu geçersiz.";
    H097 400 "İzin sorgusu geçersiz.";
    H098 400 "Hareket sorgusu geçersiz.";
    H100 500 "Kurtarma kaydı saklanamadı.";
    H101 500 "Kayıt saklanamadı.";
    H102 500 "Şifreleme yapılamadı.";
    H103 500 "Arama yapılamadı.";
    H105 500 "Şifre çözülemedi.";
    H106 500 "Durum raporu üretilemedi.";
    H107 500 "İzin listesi üretilemedi.";
    H110 422 "İzin durumu (status) zorunlu.";
    H111 422 "İzin türü (type) zorunlu.";
    H112 422 "İzin tarihi (consentDate) zorunlu.";
    H113 422 "İzin kaynağı (source) zorunlu.";
    H114 422 "Alıcı (recipient) zorunlu.";
    H115 422 "İzin durumu ONAY ya da RET olmalı.";
    H116 422 "Alıcı tipi BIREYSEL ya da TACIR olmalı.";
    H117 422 "İzin türü ARAMA, MESAJ ya da EPOSTA olmalı.";
    H118 422 "İstekte tanımsız bir alan var.";
    H119 422 "İzin kaynağı tanımlı değil.";
    H120 422 "E-posta adresi geçersiz.";
    H121 422 "Telefon numarası geçersiz ya da kullanımda değil.";
    H122 422 "Alıcı telefon ya da e-posta değil.";
    H123 400 "Servis şu anda meşgul.";
    H124 429 "Saniyelik istek sınırı aşıldı.";
    H125 422 "Bir istekte en çok 1000 kayıt olabilir.";
    H126 422 "Bayi erişim listesi en çok 100 kayıt olabilir.";
    H127 422 "Alıcı listesi en çok 100 kayıt olabilir.";
    H129 404 "Entegratör bulunamadı.";
    H155 422 "HS_2015 kaynağının tarihi 2015-05-01 00:00:00 olmalı.";
    H156 422 "İzin tarihi 1 Mayıs 2015 öncesi olamaz.";
    H157 422 "İzin tarihi takvimde yok.";
    H158 422 "İzin tarihi YYYY-AA-GG SS:dd:ss biçiminde olmalı.";
    H160 422 "Telefon numarası 15 karakterden uzun.";
    H162 422 "İzin tarihi gelecekte olamaz.";
    H163 422 "Bayi erişim listesi boş olamaz.";
    H164 422 "Alıcı listesi boş olamaz.";
    H166 422 "Telefon numarası 15 karakterden uzun.";
    H168 422 "Alıcı listesi (recipients) zorunlu.";
    H169 422 "Bayi erişim listesi (retailerAccess) zorunlu.";
    H170 422 "Alıcı tipi (recipientType) zorunlu.";
    H174 400 "Alıcı zaten RET durumunda.";
    H175 400 "Alıcının ilk kaydı RET olamaz.";
    H176 400 "Bu işlem yalnız yönetici hesabıyla yapılabilir.";
    H178 400 "İzin tarihi kayıttaki tarihten yeni olmalı.";
    H179 500 "Tarihler karşılaştırılamadı.";
    H180 403 "Bayi bu markada tanımlı değil.";
    H181 500 "Bayi bilgisi okunamadı.";
    H182 422 "offset geçersiz.";
    H183 422 "limit geçersiz.";
    H186 422 "Sayfa boyu 100'den büyük olamaz.";
    H187 422 "limit sıfır olamaz.";
    H190 422 "iysCode tam sayı olmalı.";
    H191 422 "brandCode tam sayı olmalı.";
    H192 503 "İstek zaman aşımına uğradı.";
    H193 422 "Listede yinelenen kayıt var.";
    H194 422 "İstekte aynı alıcı, tür ve tip birden fazla.";
    H195 403 "Marka araması yapılamadı.";
    H196 403 "iysCode okunamadı.";
    H198 422 "requestId 36 karakterden uzun.";
    H199 422 "requestId yalnız harflerden oluşamaz.";
    H201 400 "Bayi durumu active, suspended ya da passive olmalı.";
    H214 400 "Bayi unvanı boş olamaz.";
    H215 400 "Bayi adı boş olamaz.";
    H216 400 "TCKN boş olamaz.";
    H217 400 "İl boş olamaz.";
    H218 400 "İl kodu boş olamaz.";
    H219 400 "İl adı boş olamaz.";
    H220 400 "İlçe boş olamaz.";
    H221 400 "İlçe kodu boş olamaz.";
    H222 400 "İlçe adı boş olamaz.";
    H226 400 "TCKN 11 haneli olmalı.";
    H228 400 "MERSİS 16 haneli olmalı.";
    H230 400 "MERSİS başka bir bayide kayıtlı.";
    H231 400 "TCKN başka bir bayide kayıtlı.";
    H244 400 "Vergi numarası 10 ya da 11 haneli olmalı.";
    H245 400 "iysCode bu entegratörün grubunda değil.";
    H250 400 "Kullanıcı adı zorunlu.";
    H251 401 "Kullanıcı adı ya da parola yanlış.";
    H252 400 "Parola zorunlu.";
    H253 400 "Aynı MERSİS ya da TCKN ile pasif bayi var.";
    H266 400 "Zorunlu kod eksik.";
    H267 400 "Kod boş olamaz.";
    H268 404 "Bu iysCode için entegratör kullanıcısı yok.";
    H351 401 "Token yok ya da geçersiz.";
    H353 403 "iysCode ya da brandCode bu token'ın yetkisinde değil.";
    H355 404 "Kullanıcının bu yetkisi yok.";
    H363 400 "Hesap türü bu servisi kullanamaz.";
    H400 422 "requestId yalnız rakamlardan oluşamaz.";
    H401 400 "Bayi eklenecek izin bulunamadı.";
    H402 400 "Yetkili marka sorgusu geçersiz.";
    H403 400 "Durum sorgusu geçersiz.";
    H408 422 "HS_KARAR kaynağı yalnız RET ile kullanılır.";
    H412 500 "Beklenmeyen bir hata oluştu.";
    H437 404 "Bu İYS numarası için abonelik yok.";
    H453 422 "Bu alıcı için bugün iki işlem yapıldı.";
    H462 400 "TACIR kaydı güncellenirken izin tarihi zorunlu.";
    H463 400 "TACIR kaydı güncellenirken izin kaynağı zorunlu.";
    H464 422 "Alıcı, izin türüne uygun değil.";
    H465 422 "Bu alıcı için üç dakika içinde yeni işlem yapılamaz.";
    H467 400 "İzin tarihi üç iş gününden eski.";
    H470 500 "Beklenmeyen bir hata oluştu.";
    H476 500 "Beklenmeyen bir hata oluştu.";
    H478 422 "recipients bir liste olmalı.";
    H486 400 "Bu izin kaynağı kullanılamaz.";
    H501 422 "Rapor tarihi YYYY-AA-GG biçiminde olmalı.";
    H502 422 "Rapor tarihi 7 günden eski olamaz.";
    H506 422 "source süzgeci IYS ya da HS olmalı.";
    H507 422 "limit 1000'den büyük olamaz.";
    H512 422 "agreementStatus true olmalı.";
    H520 403 "Abonelik askıda ya da süresi dolmuş.";
    H521 403 "Abonelik kapalı.";
    H522 400 "Entegratör API kullanıcısı gerekli.";
    H524 403 "Bu iysCode için abonelik yok.";
    H525 422 "Paketin izin kotası doldu.";
    H530 422 "Bağlantı oluşturulamadı ya da kaldırılamadı.";
    H531 422 "Bağlantı adresi https ile başlamalı.";
    H568 200 "Alıcının izni ONAY değil.";
    H586 403 "Paket API kullanımını içermiyor.";
    H1000 400 "Form yayında değil.";
    H1010 400 "Alan değeri geçersiz.";
    H1014 400 "Form, marka ve izin türleri birlikte bilinmiyor.";
    H1016 400 "İstek gövdesi geçerli bir JSON değil.";
    H1025 400 "Kanal ile doğrulama türü uyuşmuyor.";
    H1026 400 "Telefon numarası hatalı.";
    H1027 400 "E-posta adresi hatalı.";
    H1028 400 "Bu numarayla bir süreç yok.";
    H1039 400 "iysCode geçersiz.";
    H1050 400 "Kod üç kez yanlış girildi.";
    H1051 400 "Kodun süresi doldu.";
    H1052 400 "Kod yanlış.";
    H1104 403 "Kullanıcının ViA yetkisi yok.";
    H1110 400 "Süreç zaten bitti.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_by_its_id() {
        for code in ALL {
            assert_eq!(find(code.id), Some(*code));
        }
        assert_eq!(find("H999"), None);
    }
}
