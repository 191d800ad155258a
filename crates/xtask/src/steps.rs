//! Steps with names: each says when it begins and how long it took, and a table
//! at the end shows where the time went.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// The steps of one verb, in the order they ran.
#[derive(Debug)]
pub(crate) struct Steps {
    done: Vec<Step>,
    started: Instant,
}

#[derive(Debug)]
struct Step {
    name: String,
    took: Duration,
    passed: bool,
}

impl Steps {
    pub(crate) fn new() -> Self {
        Self {
            done: Vec::new(),
            started: Instant::now(),
        }
    }

    /// Runs a step that everything after it rests on.
    ///
    /// # Errors
    /// Whatever the step failed with; the caller stops there.
    pub(crate) fn need<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        eprintln!("\n━━ {name}");
        let began = Instant::now();
        let outcome = work();
        let took = began.elapsed();
        let passed = outcome.is_ok();
        let word = if passed { "done" } else { "FAILED" };
        eprintln!("━━ {name}: {word} in {}", readable(took));
        self.done.push(Step {
            name: name.to_owned(),
            took,
            passed,
        });
        outcome
    }

    /// Runs a step whose failure must be reported but must not hide what comes
    /// after it: one run should show everything that is wrong.
    pub(crate) fn attempt(&mut self, name: &str, work: impl FnOnce() -> Result<()>) {
        if let Err(error) = self.need(name, work) {
            eprintln!("   {error:#}");
        }
    }

    /// Ends the run well only if every attempted step did.
    ///
    /// # Errors
    /// The names of the steps that failed.
    pub(crate) fn verdict(&self) -> Result<()> {
        let failed: Vec<&str> = self
            .done
            .iter()
            .filter(|step| !step.passed)
            .map(|step| step.name.as_str())
            .collect();
        if failed.is_empty() {
            return Ok(());
        }
        bail!("failed: {}", failed.join(", "))
    }

    /// Name, time and share of each step; empty when nothing ran.
    pub(crate) fn table(&self) -> String {
        tabulate(&self.done, self.started.elapsed())
    }
}

/// The name of the table's last line.
const ALL: &str = "all together";

fn tabulate(steps: &[Step], total: Duration) -> String {
    let mut table = String::new();
    if steps.is_empty() {
        return table;
    }
    let width = steps
        .iter()
        .map(|step| step.name.as_str())
        .chain([ALL])
        .map(|name| name.chars().count())
        .max()
        .unwrap_or(0);
    table.push_str("\nwhere the time goes\n");
    for step in steps {
        let share = 100.0 * step.took.as_secs_f64() / total.as_secs_f64().max(f64::EPSILON);
        let mark = if step.passed { "" } else { "  FAILED" };
        let took = readable(step.took);
        writeln!(
            table,
            "  {:<width$}  {took:>12}  {share:>3.0} %{mark}",
            step.name
        )
        .expect("a string takes any text");
    }
    let total = readable(total);
    writeln!(table, "  {ALL:<width$}  {total:>12}").expect("a string takes any text");
    table
}

/// `850 ms`, `12.3 s`, `7 min 04 s`.
fn readable(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0 => format!("{} ms", time.as_millis()),
        1..60 => format!("{:.1} s", time.as_secs_f64()),
        _ => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_attempt_does_not_stop_the_steps_after_it_but_fails_the_run() {
        let mut steps = Steps::new();
        steps.attempt("formatting", || bail!("two files differ"));
        let mut ran = false;
        steps.attempt("tests", || {
            ran = true;
            Ok(())
        });
        assert!(ran);
        let verdict = steps.verdict().unwrap_err().to_string();
        assert_eq!(verdict, "failed: formatting");
        assert!(steps.table().contains("FAILED"));
    }

    #[test]
    fn a_needed_step_hands_its_error_to_the_caller() {
        let mut steps = Steps::new();
        let error = steps
            .need("build", || -> Result<()> { bail!("no linker") })
            .unwrap_err();
        assert_eq!(error.to_string(), "no linker");
        assert!(steps.verdict().is_err());
    }

    #[test]
    fn a_run_of_good_steps_passes() {
        let mut steps = Steps::new();
        assert_eq!(steps.need("count", || Ok(7)).unwrap(), 7);
        assert!(steps.verdict().is_ok());
    }

    #[test]
    fn the_table_shows_time_and_share_of_each_step() {
        let step = |name: &str, seconds| Step {
            name: name.to_owned(),
            took: Duration::from_secs(seconds),
            passed: true,
        };
        let steps = [step("build", 90), step("tests", 30)];
        let table = tabulate(&steps, Duration::from_mins(2));
        assert!(
            table.contains("build           1 min 30 s   75 %"),
            "{table}"
        );
        assert!(
            table.contains("tests               30.0 s   25 %"),
            "{table}"
        );
        assert!(table.contains("all together    2 min 00 s"), "{table}");
    }
}
