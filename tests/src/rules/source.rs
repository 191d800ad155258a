//! What may not stand in a source file.

use super::Finding;
use crate::Repository;

/// Above this a file hides something that wants a name of its own.
const LINES_MOST: usize = 600;

/// Crates that talk to a person at a terminal; all others log.
const PRINTING: [&str; 3] = ["crates/izinli/", "crates/xtask/", "crates/simulators/"];

// Written in two halves, so that this file does not find itself.
const LEFT_OVER: [&str; 3] = [
    concat!("to", "do!("),
    concat!("d", "bg!("),
    concat!("unimple", "mented!("),
];
/// Also the ends of their twins for standard error.
const PRINTS: [&str; 2] = ["print!(", "println!("];
const POSTPONED: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];
const CODE: [&str; 8] = ["rs", "ts", "tsx", "mjs", "js", "css", "sql", "toml"];

/// No source file is longer than 600 lines; tests and benches may be.
pub fn too_long(repository: &Repository) -> Vec<Finding> {
    repository
        .of_kind("rs")
        .filter(|file| !is_test(file))
        .filter_map(|file| {
            let lines = repository.text(file)?.lines().count();
            (lines > LINES_MOST)
                .then(|| Finding::about(file, format!("{lines} lines; the most is {LINES_MOST}")))
        })
        .collect()
}

/// No macro that stands for work not done, and no printing where a log belongs.
pub fn left_overs(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in repository.of_kind("rs") {
        let Some(text) = repository.text(file) else {
            continue;
        };
        // A build script talks to cargo through its output.
        let may_print = is_test(file)
            || file.ends_with("build.rs")
            || PRINTING.iter().any(|crates| file.starts_with(crates));
        let mut in_tests = false;
        for (number, line) in numbered(&text) {
            in_tests |= line.trim() == "#[cfg(test)]";
            let code = without_comment(line);
            let forbidden = LEFT_OVER.iter().chain(if may_print || in_tests {
                [].iter()
            } else {
                PRINTS.iter()
            });
            for word in forbidden.filter(|word| code.contains(*word)) {
                findings.push(Finding::on_line(
                    file,
                    number,
                    format!("{word}…) stays out"),
                ));
            }
        }
    }
    findings
}

/// Nothing is put off in a comment: an issue is the place for it.
pub fn postponed(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in CODE.iter().flat_map(|kind| repository.of_kind(kind)) {
        let Some(text) = repository.text(file) else {
            continue;
        };
        for (number, line) in numbered(&text) {
            let mut words = line.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
            if words.any(|word| POSTPONED.contains(&word)) {
                findings.push(Finding::on_line(
                    file,
                    number,
                    "finish it, or open an issue",
                ));
            }
        }
    }
    findings
}

/// No file names a directory of the machine it was written on.
pub fn machine_paths(repository: &Repository) -> Vec<Finding> {
    const HOMES: [&str; 4] = [
        concat!("/wo", "rk/"),
        concat!("/ho", "me/"),
        concat!("/ro", "ot/"),
        concat!("/Us", "ers/"),
    ];
    let mut findings = Vec::new();
    for file in repository.files() {
        let Some(text) = repository.text(file) else {
            continue;
        };
        for (number, line) in numbered(&text) {
            for home in HOMES.iter().filter(|home| names_directory(line, home)) {
                let what = format!("{home}… is a directory of one machine");
                findings.push(Finding::on_line(file, number, what));
            }
        }
    }
    findings
}

/// Whether the directory stands there on its own, not as the middle of an
/// address or of a longer path.
fn names_directory(line: &str, directory: &str) -> bool {
    line.match_indices(directory).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        before.is_none_or(|letter| !letter.is_alphanumeric() && !"._-/}".contains(letter))
    })
}

/// A file of tests, or of what only tests use: `tests/…`, `benches/…`,
/// `tests.rs`, `gate_tests.rs`, `testing.rs`.
fn is_test(file: &str) -> bool {
    let mut parts: Vec<&str> = file.split('/').collect();
    let stem = parts.pop().unwrap_or_default().trim_end_matches(".rs");
    parts.contains(&"tests")
        || parts.contains(&"benches")
        || matches!(stem, "tests" | "testing")
        || stem.ends_with("_tests")
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
}

fn without_comment(line: &str) -> &str {
    if line.trim_start().starts_with("//") {
        return "";
    }
    line.split(" // ").next().unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::planted;

    fn shown(findings: &[Finding]) -> Vec<String> {
        findings.iter().map(Finding::to_string).collect()
    }

    #[test]
    fn a_file_over_six_hundred_lines_is_found_and_a_long_test_is_not() {
        let long = "fn a() {}\n".repeat(601);
        let (_kept, repository) = planted(&[
            ("crates/store/src/big.rs", &long),
            ("crates/store/tests/big.rs", &long),
            ("crates/store/src/fits.rs", &long[10..]),
        ]);
        let findings = shown(&too_long(&repository));
        assert_eq!(
            findings,
            ["crates/store/src/big.rs: 601 lines; the most is 600"]
        );
    }

    #[test]
    fn printing_belongs_to_programs_and_tests_only() {
        let prints = "fn a() {\n    eprintln!(\"x\");\n}\n";
        let tested = format!("//! println!(\"as in\")\n#[cfg(test)]\nmod tests {{\n{prints}}}\n");
        let (_kept, repository) = planted(&[
            ("crates/store/src/loud.rs", prints),
            ("crates/store/src/tested.rs", &tested),
            ("crates/izinli/src/main.rs", prints),
            ("crates/store/tests/conformance.rs", prints),
            ("crates/store/src/testing.rs", prints),
            ("crates/store/src/gate_tests.rs", prints),
        ]);
        let findings = shown(&left_overs(&repository));
        assert_eq!(
            findings,
            ["crates/store/src/loud.rs:2: println!(…) stays out"]
        );
    }

    #[test]
    fn unfinished_work_is_found_everywhere() {
        let (_kept, repository) = planted(&[
            (
                "crates/izinli/src/a.rs",
                concat!("fn a() { to", "do!() }\n"),
            ),
            (
                "crates/izinli/tests/b.rs",
                concat!("fn b() { d", "bg!(1); }\n"),
            ),
            ("web/src/c.ts", concat!("// TO", "DO: later\n")),
            ("web/src/d.ts", concat!("const TO", "DOS = 1;\n")),
        ]);
        assert_eq!(left_overs(&repository).len(), 2);
        let findings = shown(&postponed(&repository));
        assert_eq!(findings, ["web/src/c.ts:1: finish it, or open an issue"]);
    }

    #[test]
    fn a_directory_of_one_machine_is_found_and_an_address_is_not() {
        let (_kept, repository) = planted(&[
            ("docs/a.md", concat!("see `/ho", "me/ayse/izinli`\n")),
            ("docs/b.md", concat!("https://example.com/ho", "me/page\n")),
        ]);
        let findings = shown(&machine_paths(&repository));
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].starts_with("docs/a.md:1"));
    }
}
