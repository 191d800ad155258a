//! Files as no program ever wrote them: fixtures and the corpus of `fuzz/` with
//! bytes changed, cut out and doubled. Whatever comes of one, it is a verdict, never a panic, and every
//! pair is accounted for ([`judged`] checks that).

use std::path::{Path, PathBuf};

use intake::{Action, Options};

use crate::desk::{judged, now, push};
use crate::workbooks::raw_book;

/// Files judged of each fixture; a night's run may raise it.
const ROUNDS: u64 = 12;

/// Changes made to one file.
const CHANGES_MAX: u64 = 6;

/// Fixtures above this are left to their own tests.
const BYTES_MAX: usize = 20_000;

/// SplitMix64: the same changes on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((x ^ (x >> 31)) % sides.max(1) as u64).unwrap()
    }
}

/// The small files of these folders of the repository.
fn files_in(folders: &[&str]) -> Vec<(PathBuf, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files: Vec<PathBuf> = folders
        .iter()
        .filter_map(|folder| std::fs::read_dir(root.join(folder)).ok())
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    let read = files.into_iter().map(|path| {
        let bytes = std::fs::read(&path).unwrap();
        (path, bytes)
    });
    read.filter(|(_, bytes)| bytes.len() <= BYTES_MAX).collect()
}

fn corpus() -> Vec<(PathBuf, Vec<u8>)> {
    files_in(&[
        "fixtures",
        "fixtures/bozuk",
        "fixtures/liste",
        "fuzz/corpus/table",
        "fuzz/corpus/packed",
    ])
}

/// Options as the target `whole_file` of `fuzz/` chooses them, as far as tests
/// can: the action and a few answers.
fn chosen(choice: u8) -> Options {
    let action = match choice & 3 {
        0 => Action::Push,
        1 => Action::Pull,
        _ => Action::Local,
    };
    let mut options = Options::new(now(), action);
    options.default_kind = (choice & 4 == 0).then_some(domain::RecipientKind::Bireysel);
    options.mapping.update_people = choice & 16 != 0;
    if choice & 32 != 0 {
        options.mapping.status_channels = vec![domain::Channel::Mesaj, domain::Channel::Arama];
    }
    options.attributes = crate::attributes::firm();
    options
}

fn changed(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    const TELLING: [&[u8]; 12] = [
        b"\"",
        b";",
        b",",
        b"\r",
        b"\n",
        b"\0",
        b"\x1a",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"PK\x03\x04",
        b"\x1f\x8b",
        b"sep=;\n",
    ];
    let mut bytes = bytes.to_vec();
    for _ in 0..=dice.roll(usize::try_from(CHANGES_MAX).unwrap()) {
        let at = dice.roll(bytes.len() + 1);
        let end = (at + dice.roll(40)).min(bytes.len());
        match dice.roll(5) {
            0 if at < bytes.len() => bytes[at] = u8::try_from(dice.roll(256)).unwrap(),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let doubled = bytes[at..end].to_vec();
                bytes.splice(at..at, doubled);
            }
            3 => bytes.truncate(at),
            _ => drop(bytes.splice(at..at, TELLING[dice.roll(TELLING.len())].iter().copied())),
        }
    }
    bytes
}

#[test]
fn no_change_to_the_bytes_of_a_file_breaks_the_reader_or_its_account() {
    let local = Options::new(now(), Action::Local);
    let mut dice = Dice(20_250_623);
    for (path, bytes) in corpus() {
        for round in 0..ROUNDS {
            let file = changed(&bytes, &mut dice);
            let options = if round % 2 == 0 {
                push()
            } else {
                local.clone()
            };
            let outcome = std::panic::catch_unwind(|| judged(&file, &options).file());
            assert!(
                outcome.is_ok(),
                "{} in round {round}: {file:?}",
                path.display()
            );
        }
    }
}

#[test]
fn no_change_to_the_parts_of_a_workbook_breaks_the_reader() {
    let sheet = "<worksheet><cols><col min=\"1\" max=\"2\" hidden=\"1\"/></cols><sheetData>\
        <row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>Telefon</t></is></c><c t=\"str\"><v>Ad &amp; Soyad</v></c></row>\
        <row r=\"3\" hidden=\"1\"><c r=\"A3\"><v>5321234567</v></c><c r=\"B3\" s=\"1\"><f>A1</f><v>45828.5</v></c></row>\
        <row r=\"4\"><c r=\"A4\" t=\"s\"><v>0</v></c><c r=\"B4\" t=\"b\"><v>1</v></c></row></sheetData></worksheet>";
    let strings = "<sst><si><t>0532 123 45 67</t></si><si><r><t>a_x000D_b</t></r></si></sst>";
    let relations = "<Relationships><Relationship Id=\"r1\" Target=\"worksheets/sheet1.xml\" Type=\"x/worksheet\"/>\
        <Relationship Id=\"r2\" Target=\"styles.xml\" Type=\"x/styles\"/>\
        <Relationship Id=\"r3\" Target=\"strings.xml\" Type=\"x/sharedStrings\"/></Relationships>";
    let options = Options::new(now(), Action::Local);
    let mut dice = Dice(7);
    for round in 0..40 * ROUNDS {
        let mut parts = [sheet, strings, relations].map(str::to_owned);
        let which = dice.roll(parts.len());
        let bytes = changed(parts[which].as_bytes(), &mut dice);
        parts[which] = String::from_utf8_lossy(&bytes).into_owned();
        let file = raw_book(
            &parts[0],
            &[
                ("xl/strings.xml", &parts[1]),
                ("xl/_rels/workbook.xml.rels", &parts[2]),
            ],
        );
        let outcome = std::panic::catch_unwind(|| judged(&file, &options).file());
        assert!(outcome.is_ok(), "round {round}: {parts:?}");
    }
}

#[test]
fn the_corpus_of_whole_files_and_sheets_and_its_changes_get_a_verdict() {
    let mut dice = Dice(41);
    let whole = files_in(&["fuzz/corpus/whole_file"]);
    let sheets = files_in(&["fuzz/corpus/sheet"]);
    assert!(whole.len() >= 8 && sheets.len() >= 4, "the corpus is there");
    for (path, bytes) in whole {
        for round in 0..ROUNDS {
            let file = if round == 0 {
                bytes.clone()
            } else {
                changed(&bytes, &mut dice)
            };
            let Some((&choice, file)) = file.split_first() else {
                continue;
            };
            let options = chosen(choice);
            let outcome = std::panic::catch_unwind(|| judged(file, &options).file());
            assert!(
                outcome.is_ok(),
                "{} in round {round}: {file:?}",
                path.display()
            );
        }
    }
    for (path, bytes) in sheets {
        for round in 0..ROUNDS {
            let sheet = if round == 0 {
                bytes.clone()
            } else {
                changed(&bytes, &mut dice)
            };
            let file = raw_book(&String::from_utf8_lossy(&sheet), &[]);
            let options = chosen(2);
            let outcome = std::panic::catch_unwind(|| judged(&file, &options).file());
            assert!(
                outcome.is_ok(),
                "{} in round {round}: {sheet:?}",
                path.display()
            );
        }
    }
}
