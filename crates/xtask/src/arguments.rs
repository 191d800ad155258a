//! What may be typed after `cargo xtask`, and nothing else.

use anyhow::{Context, Result, bail};

pub(crate) const USAGE: &str = "\
cargo xtask <verb>

  demo [--once] [--contacts N] [--postgres] [-- FLAGS…]
                     build the program and run the main job on invented people;
                     keeps serving unless --once; FLAGS go to `izinli demo`
  test [FILTER…]     everything CI runs; with filters only the Rust tests whose
                     names contain one of them (`browser` is the browser test)
  check              formatting, lints, the repository's own rules, API document, panel
  bench [ROW…]       measure (release build, durable PostgreSQL) into docs/benchmarks.md
  web                install the panel's packages and build it
  openapi            write web/openapi.json and the panel's typed client anew
  screens            take the README's screenshots anew";

/// How the program was called.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Invocation {
    Help,
    /// Started by ourselves only: see [`crate::janitor`].
    Janitor {
        owner: u32,
    },
    Verb(Verb),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Demo(DemoOptions),
    Test { filters: Vec<String> },
    Check,
    Bench { rows: Vec<String> },
    Web,
    Openapi,
    Screens,
}

/// What the demo was asked for; everything but the database goes on to `izinli demo`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct DemoOptions {
    pub(crate) on_postgres: bool,
    pub(crate) passed_on: Vec<String>,
}

/// The flag by which the program starts itself as its own janitor.
pub(crate) const JANITOR_FLAG: &str = "--janitor-of";

/// Reads the words after the program's name.
///
/// # Errors
/// An unknown verb or flag, or a flag without its value. Checked here and not
/// only by `izinli`, because a typo should not cost a build first.
pub(crate) fn parse(words: impl Iterator<Item = String>) -> Result<Invocation> {
    let mut words = words.peekable();
    let Some(verb) = words.next() else {
        return Ok(Invocation::Help);
    };
    let verb = match verb.as_str() {
        "help" | "--help" | "-h" => return Ok(Invocation::Help),
        JANITOR_FLAG => {
            let owner = words.next().context("the janitor needs a process id")?;
            let owner = owner.parse().context("a process id is a number")?;
            return Ok(Invocation::Janitor { owner });
        }
        "demo" => return Ok(Invocation::Verb(Verb::Demo(demo_options(words)?))),
        "test" => {
            let filters = words.by_ref().collect();
            Verb::Test { filters }
        }
        "bench" => {
            let rows = words.by_ref().collect();
            Verb::Bench { rows }
        }
        "check" => Verb::Check,
        "web" => Verb::Web,
        "openapi" => Verb::Openapi,
        "screens" => Verb::Screens,
        other => bail!("there is no verb `{other}`"),
    };
    if let Some(extra) = words.next() {
        bail!("`{extra}` is not understood here");
    }
    reject_flags(&verb)?;
    Ok(Invocation::Verb(verb))
}

fn reject_flags(verb: &Verb) -> Result<()> {
    let names = match verb {
        Verb::Test { filters } => filters,
        Verb::Bench { rows } => rows,
        _ => return Ok(()),
    };
    match names.iter().find(|name| name.starts_with('-')) {
        Some(flag) => bail!("there is no flag `{flag}` here"),
        None => Ok(()),
    }
}

fn demo_options(mut words: impl Iterator<Item = String>) -> Result<DemoOptions> {
    let mut options = DemoOptions::default();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--postgres" => options.on_postgres = true,
            "--once" => options.passed_on.push(word),
            "--contacts" => {
                let number = words.next().context("--contacts needs a number")?;
                let plain: u64 = number
                    .replace('_', "")
                    .parse()
                    .with_context(|| format!("--contacts needs a number, not `{number}`"))?;
                options.passed_on.extend([word, plain.to_string()]);
            }
            "--" => options.passed_on.extend(words.by_ref()),
            other => bail!("demo has no flag `{other}`; flags of `izinli demo` come after `--`"),
        }
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Invocation> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    fn strings(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn nothing_typed_asks_for_help() {
        assert_eq!(parsed("").unwrap(), Invocation::Help);
        assert_eq!(parsed("--help").unwrap(), Invocation::Help);
    }

    #[test]
    fn demo_keeps_the_database_choice_and_passes_the_rest_on() {
        let invocation = parsed("demo --once --contacts 1_000 --postgres -- --lang en").unwrap();
        let options = DemoOptions {
            on_postgres: true,
            passed_on: strings(&["--once", "--contacts", "1000", "--lang", "en"]),
        };
        assert_eq!(invocation, Invocation::Verb(Verb::Demo(options)));
    }

    #[test]
    fn a_typo_is_refused_before_anything_is_built() {
        for line in [
            "demo --onse",
            "demo --contacts",
            "demo --contacts many",
            "tset",
            "check --fast",
            "web now",
            "test --release",
            "bench --all",
        ] {
            assert!(parsed(line).is_err(), "`{line}` was accepted");
        }
    }

    #[test]
    fn test_filters_and_bench_rows_are_kept_in_order() {
        let filters = strings(&["consent", "gate"]);
        assert_eq!(
            parsed("test consent gate").unwrap(),
            Invocation::Verb(Verb::Test { filters })
        );
        let rows = strings(&["import-sqlite"]);
        assert_eq!(
            parsed("bench import-sqlite").unwrap(),
            Invocation::Verb(Verb::Bench { rows })
        );
    }
}
