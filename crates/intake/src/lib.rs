//! From a file that people really upload to judged rows.
//!
//! **What it is for:** [`judge`] reads a list of people and their consents as
//! Turkish programs write it (Windows-1254, semicolons, `0532 …`,
//! `20.06.2025 14:05`) and answers for every (row, channel) pair: a [`Record`]
//! that may be applied, or a [`Rejection`] with its code, its line as an editor
//! shows it, and the row itself. Nothing is lost on the way:
//! `judged = accepted + rejected + merged`, always.
//!
//! **What it must never do:** guess a person. Where two readings of a cell could
//! reach two people the pair is refused; where a whole column can be read in two
//! ways the summary asks a [`Question`]. It knows the domain only: no SQL, no
//! async, no network. Memory does not grow with the file, and one bad row never
//! stops the others.
//!
//! **Start reading** at `judge.rs`: it tells the way of a file in six steps, and
//! each step names the module it is in. Then `row.rs`, the judgement on one row,
//! and `merge.rs`, rows against each other.
//!
//! **To teach it a new header or word:** 1. add it to `data/headers.tsv` or
//! `data/words.tsv`; 2. run the tests of `table/header.rs` or
//! `cell/word/meaning.rs`, which refuse a word with two meanings.
//!
//! **To add a rule with a code of its own:** 1. add the code in `domain`;
//! 2. return it as a fault where the rule lives (a cell: `cell`; a consent:
//! `consent`; rows against each other: `merge`); 3. give it a row in
//! `tests/vectors.rs`; 4. let `generate` make rows that break it.

mod answers;
mod cell;
mod consent;
mod directory;
mod field;
mod file;
mod frame;
pub mod generate;
mod holdings;
mod judge;
mod lookup;
mod merge;
mod one_ahead;
mod options;
mod outcomes;
mod outlets;
mod pair;
mod patterns;
mod people;
mod records;
mod rejections;
mod remarked;
mod report;
mod row;
mod spill;
mod standing;
mod summary;
mod table;
mod tally;
mod verdict;

pub use answers::header_fingerprint;
pub use directory::{
    Directory, DirectoryError, Held, HeldFact, Holdings, Identifier, NoDirectory, Stored,
};
pub use field::Field;
pub use file::{Encoding, Repair};
pub use judge::{
    CODE_CHARS_MAX, CodeList, CodeReader, CodeRecord, CodeVerdict, JudgeError, Judged, Progress,
    RowFinder, header_of, judge, judge_codes,
};
pub use options::{Action, Assignment, DateOrder, Limits, Mapping, Options, Polarity};
pub use outcomes::{Fate, Outcome, OutcomeReader};
pub use patterns::Pattern;
pub use records::{Consent, Record, RecordReader};
pub use rejections::{Rejection, RejectionReader};
pub use report::{
    CellChange, CorrectionProblem, Corrections, Privacy, RefusedCells, RegistryRefusal, Reported,
    SameChange, reported_by_line, write_corrected_csv, write_report_csv, write_report_xlsx,
};
pub use summary::{
    ColumnReport, FileFormat, LayoutKind, Packing, Question, SampleRow, Summary, UniformColumn,
    UnreadValue, UnreadValues,
};
pub use tally::{CodeCount, CodeExample};
pub use verdict::{Args, FileVerdict, Refusal, explain_en, explain_tr};
