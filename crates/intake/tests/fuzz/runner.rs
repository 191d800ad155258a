//! Runs a target over its corpus and over changes of it.
//!
//! Without `IZINLI_FUZZ_SECONDS` the changes are a few and always the same, so
//! that they can stand among the other tests. With it they go on for so many
//! seconds, from the seed that `IZINLI_FUZZ_SEED` says. An input whose answer
//! was not seen before joins the pool that further ones are made from.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::changes::{Dice, INPUT_BYTES_MAX, changed};

/// Changed inputs of a target where no time is given.
const ROUNDS: u64 = 60;

/// Inputs kept to be changed further.
const POOL_MAX: usize = 400;

/// Committed inputs that a target has at least.
const CORPUS_MIN: usize = 3;

/// Looked at so often, an input that is still being read is a hang: a thousand
/// times what one takes. Several looks, so that a machine that stood still in
/// between counts as one.
const LOOK: Duration = Duration::from_secs(20);
const LOOKS_MAX: u32 = 3;

/// The seed where none is said.
const SEED: u64 = 20_250_623;

/// A reader, and a number that stands for what it made of an input.
pub(crate) type Read = fn(&[u8]) -> u64;

/// What one number stands for.
pub(crate) fn answer(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

#[derive(Debug, Clone, Copy)]
struct Plan {
    target: &'static str,
    seed: u64,
    until: Option<Instant>,
}

impl Plan {
    fn of(target: &'static str) -> Self {
        let said = |name: &str| {
            let text = std::env::var(name).ok()?;
            let number: Result<u64, _> = text.parse();
            Some(number.unwrap_or_else(|_| panic!("{name} must be a whole number, not {text}")))
        };
        let seconds = said("IZINLI_FUZZ_SECONDS").map(Duration::from_secs);
        Self {
            target,
            seed: said("IZINLI_FUZZ_SEED").unwrap_or(SEED),
            until: seconds.map(|seconds| Instant::now() + seconds),
        }
    }

    fn goes_on(&self, rounds: u64) -> bool {
        self.until
            .map_or(rounds < ROUNDS, |until| Instant::now() < until)
    }
}

/// Runs a target; `more` names folders of files that it reads too.
pub(crate) fn fuzz(target: &'static str, more: &[&str], read: Read) {
    let own = format!("fuzz/corpus/{target}");
    let mut corpus = files_in(&own);
    assert!(corpus.len() >= CORPUS_MIN, "{own} holds the corpus");
    corpus.extend(more.iter().flat_map(|folder| files_in(folder)));
    let plan = Plan::of(target);
    let (tell, told) = channel();
    let reading = thread::spawn(move || explore(plan, corpus, read, &tell));
    let (mut last, mut looks) = (Vec::new(), 0);
    loop {
        match told.recv_timeout(LOOK) {
            Ok(input) => (last, looks) = (input, 0),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) if looks < LOOKS_MAX => looks += 1,
            Err(RecvTimeoutError::Timeout) => {
                let kept = keep(target, &last);
                panic!("{target}: still no verdict on {}", kept.display());
            }
        }
    }
    if let Err(panic) = reading.join() {
        resume_unwind(panic);
    }
}

fn explore(plan: Plan, corpus: Vec<Vec<u8>>, read: Read, tell: &Sender<Vec<u8>>) {
    let mut dice = Dice::new(plan.seed ^ answer(plan.target));
    let mut known: HashSet<u64> = HashSet::new();
    for input in &corpus {
        known.insert(read_one(plan, input, read, tell));
    }
    let committed = corpus.len();
    let mut pool = corpus;
    let mut rounds = 0;
    while plan.goes_on(rounds) {
        rounds += 1;
        let input = changed(&pool, &mut dice);
        if !known.insert(read_one(plan, &input, read, tell)) {
            continue;
        }
        if pool.len() < committed + POOL_MAX {
            pool.push(input);
        } else {
            pool[committed + dice.roll(POOL_MAX)] = input;
        }
    }
}

fn read_one(plan: Plan, input: &[u8], read: Read, tell: &Sender<Vec<u8>>) -> u64 {
    // Nobody listens any more only when the test has failed already.
    drop(tell.send(input.to_vec()));
    catch_unwind(AssertUnwindSafe(|| read(input))).unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        let Plan { target, seed, .. } = plan;
        let kept = keep(target, input);
        panic!(
            "{target} (seed {seed}): {}; mend it and put {} into fuzz/corpus/{target}",
            text.unwrap_or("a panic without words"),
            kept.display()
        )
    })
}

/// Writes down an input that must go into the corpus.
fn keep(target: &str, input: &[u8]) -> PathBuf {
    let name = format!("fuzz-{target}-{:016x}", answer(input));
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, input).unwrap();
    path
}

/// The small files of a folder of the repository, by name.
fn files_in(folder: &str) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let listed = std::fs::read_dir(root.join(folder)).unwrap();
    let mut files: Vec<PathBuf> = listed
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    let read = files.into_iter().map(|path| std::fs::read(path).unwrap());
    read.filter(|bytes| bytes.len() <= INPUT_BYTES_MAX)
        .collect()
}

#[test]
#[should_panic(expected = "dates (seed")]
fn a_reader_that_breaks_fails_its_target_and_the_input_is_named() {
    fuzz("dates", &[], |input| {
        assert!(!input.starts_with(b"2025"), "a committed input begins so");
        0
    });
}
