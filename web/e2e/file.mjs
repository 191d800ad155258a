/** How many rows of the file are clean, and what each dirty line must be refused with. */
export const EXPECTED = {
  accepted: 3,
  refused: [
    { line: 5, code: "R203" },
    { line: 6, code: "R502" },
    { line: 7, code: "R602" },
    { line: 8, code: "R701" },
  ],
  unmapped: "Mağaza Notu",
};

/**
 * A small consent file the way Turkish Excel writes it: Windows-1254,
 * semicolons, CRLF, phones with a leading zero, dates with dots. `consentAt` is
 * when everyone in it consented.
 */
export function consentFile(consentAt) {
  const when = turkishDate(consentAt);
  const header = "Müşteri No;Ad Soyad;Telefon;İzin Durumu;İzin Tarihi;İzin Türü;İzin Kaynağı;Mağaza Notu";
  const rows = [
    ["E2E-1", "Ayşe Çağlayan", "0549 310 20 01", "ONAY", when, "MESAJ", "HS_WEB", "kapıda ödeme"],
    ["E2E-2", "İbrahim Öztürk", "0549 310 20 02", "ONAY", when, "MESAJ", "HS_WEB", ""],
    ["E2E-3", "Şule Ilgaz", "0549 310 20 03", "ONAY", when, "MESAJ", "HS_FIZIKSEL_ORTAM", ""],
    ["E2E-4", "Eksik Hane", "0549 310 2", "ONAY", when, "MESAJ", "HS_WEB", ""],
    ["E2E-5", "Belirsiz Durum", "0549 310 20 05", "belki", when, "MESAJ", "HS_WEB", ""],
    ["E2E-6", "Olmayan Gün", "0549 310 20 06", "ONAY", "31.02.2026 10:00", "MESAJ", "HS_WEB", ""],
    ["E2E-7", "Kaynağı Yok", "0549 310 20 07", "ONAY", when, "MESAJ", "", ""],
  ];
  const text = [header, ...rows.map((row) => row.join(";"))].map((line) => `${line}\r\n`).join("");
  return windows1254(text);
}

/** A file whose only status column says 1 for a refusal, or for a consent: nobody can tell from it. */
export function refusalFile(consentAt) {
  const when = turkishDate(consentAt);
  const rows = [
    ["0549 310 30 01", "0", when, "HS_WEB"],
    ["0549 310 30 02", "0", when, "HS_WEB"],
    ["0549 310 30 03", "1", when, "HS_WEB"],
  ];
  const lines = ["Telefon;SMS İstemiyor;İzin Tarihi;İzin Kaynağı", ...rows.map((row) => row.join(";"))];
  return windows1254(lines.map((line) => `${line}\r\n`).join(""));
}

/** What the first list of a new firm comes to. */
export const FIRST = {
  accepted: 42,
  refused: 8,
  codes: { R606: 5, R209: 2, R203: 1 },
  /** Who said no in the list itself. */
  refusals: 2,
  sendable: 40,
  /** Those of them who are left when it starts. */
  launched: 39,
  /** Everybody of the list whose row was clean. */
  target: 42,
  /** Refuses at İYS afterwards. */
  citizen: "+905493120001",
  /** Complains afterwards. */
  complainer: "+905493120002",
  reached: "+905493120003",
  /** Stopped between the approval and the launch. */
  stopped: "+905493120004",
  /** Consents between them. */
  added: "+905493129001",
  /** Gets tests. */
  tester: "+905493129002",
};

/** The first list of a new firm: mostly clean, a few too old, two broken by a spreadsheet, one with a digit too few. */
export function firstFile(now) {
  const hour = 3_600_000;
  const fresh = turkishDate(new Date(now.getTime() - 20 * hour));
  const old = turkishDate(new Date(now.getTime() - 24 * 30 * hour));
  const phone = (number) =>
    `0549 312 ${String(number)
      .padStart(4, "0")
      .replace(/(..)(..)/, "$1 $2")}`;
  const names = ["Ayşe Çağlayan", "İbrahim Öztürk", "Şule Ilgaz", "Gülşah Yücel", "Ömer Işık", "Zeynep Kılıç"];
  const row = (number, phone, status, when) =>
    [`M-${number}`, names[number % names.length], phone, status, when, "MESAJ", "HS_WEB", "Kadıköy"].join(";");
  const rows = [];
  for (let number = 1; number <= 40; number += 1) rows.push(row(number, phone(number), "ONAY", fresh));
  for (let number = 41; number <= 42; number += 1) rows.push(row(number, phone(number), "RET", fresh));
  for (let number = 43; number <= 47; number += 1) rows.push(row(number, phone(number), "ONAY", old));
  for (let number = 48; number <= 49; number += 1) rows.push(row(number, "5,49312E+09", "ONAY", fresh));
  rows.push(row(50, "0549 312 0", "ONAY", fresh));
  const header = "Müşteri No;Ad Soyad;Telefon;İzin Durumu;İzin Tarihi;İzin Türü;İzin Kaynağı;Mağaza Notu";
  return windows1254([header, ...rows].map((line) => `${line}\r\n`).join(""));
}

/** A list whose phones a spreadsheet has turned into rounded numbers. */
export function brokenFile(now) {
  const when = turkishDate(new Date(now.getTime() - 20 * 3_600_000));
  const row = (number) => [`M-9${number}`, "5,49312E+09", "ONAY", when, "MESAJ", "HS_WEB"].join(";");
  const header = "Müşteri No;Telefon;İzin Durumu;İzin Tarihi;İzin Türü;İzin Kaynağı";
  const lines = [header, ...Array.from({ length: 12 }, (_, number) => row(number))];
  return windows1254(lines.map((line) => `${line}\r\n`).join(""));
}

/** A branch's list: everybody consented at `consentAt`, on paper. */
export function branchFile(consentAt, branch, numbers) {
  const when = turkishDate(consentAt);
  const header = "Müşteri No;Ad Soyad;Telefon;İzin Durumu;İzin Tarihi;İzin Türü;İzin Kaynağı;Alıcı Tipi;Şube";
  const names = ["Ayşe Çağlayan", "İbrahim Öztürk", "Şule Ilgaz", "Gülşah Yücel", "Ömer Işık", "Zeynep Kılıç"];
  const rows = numbers.map((number, place) =>
    [
      `S-${place + 1}`,
      names[place % names.length],
      number,
      "ONAY",
      when,
      "MESAJ",
      "HS_FIZIKSEL_ORTAM",
      "BIREYSEL",
      branch,
    ].join(";"),
  );
  return windows1254([header, ...rows].map((line) => `${line}\r\n`).join(""));
}

export function turkishDate(at) {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: "Europe/Istanbul",
    day: "2-digit",
    month: "2-digit",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  }).formatToParts(at);
  const part = (type) => parts.find((part) => part.type === type).value;
  return `${part("day")}.${part("month")}.${part("year")} ${part("hour")}:${part("minute")}`;
}

/** Windows-1254 is Latin-1 but for six Turkish letters. */
function windows1254(text) {
  const turkish = { Ğ: 0xd0, İ: 0xdd, Ş: 0xde, ğ: 0xf0, ı: 0xfd, ş: 0xfe };
  return Buffer.from(Array.from(text, (letter) => turkish[letter] ?? letter.codePointAt(0)));
}
