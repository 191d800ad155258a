//! Documents speak of things that are there.

use super::Finding;
use crate::Repository;

/// The two commands a newcomer needs.
const COMMANDS: [&str; 2] = ["cargo xtask demo", "cargo xtask test"];

/// Every front page, in either language, names both commands.
pub fn front_pages_without_commands(repository: &Repository) -> Vec<Finding> {
    let pages: Vec<&str> = repository
        .of_kind("md")
        .filter(|file| !file.contains('/') && file.starts_with("README"))
        .collect();
    if !pages.contains(&"README.md") {
        return vec![Finding::about("README.md", "is missing")];
    }
    let mut findings = Vec::new();
    for page in pages {
        let text = repository.text(page).unwrap_or_default();
        for command in COMMANDS.iter().filter(|command| !text.contains(*command)) {
            findings.push(Finding::about(page, format!("does not name `{command}`")));
        }
    }
    findings
}

/// CI runs what the front page tells everybody to run.
pub fn ci_without_the_command(repository: &Repository) -> Vec<Finding> {
    let runs_it = repository
        .text(".ci/run")
        .is_some_and(|script| script.contains("cargo xtask test"));
    if runs_it {
        return Vec::new();
    }
    vec![Finding::about(".ci/run", "does not run `cargo xtask test`")]
}

/// Every file among the fixtures is explained by their page.
pub fn undocumented_fixtures(repository: &Repository) -> Vec<Finding> {
    const PAGE: &str = "fixtures/README.md";
    let page = repository.text(PAGE).unwrap_or_default();
    repository
        .under("fixtures/")
        .filter(|file| *file != PAGE)
        .filter_map(|file| file.strip_prefix("fixtures/"))
        .filter(|name| !page.contains(&format!("`{name}`")))
        .map(|name| Finding::about(PAGE, format!("does not explain `{name}`")))
        .collect()
}

/// Links from one document to another file of the repository lead somewhere.
pub fn dead_links(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in repository.of_kind("md") {
        let text = repository.text(file).unwrap_or_default();
        for (line, target) in links(&text) {
            let Some(path) = inside_repository(file, target) else {
                continue;
            };
            if !repository.has(&path) {
                let what = format!("leads to {path}, which is not there");
                findings.push(Finding::on_line(file, line, what));
            }
        }
    }
    findings
}

/// Line and target of each `](target)`, outside of blocks of code.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut in_code = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        let targets = line.split("](").skip(1).filter_map(|rest| {
            let target = rest.split(')').next()?;
            target.split_whitespace().next() // a title may follow the target
        });
        found.extend(targets.map(|target| (index + 1, target)));
    }
    found
}

/// The path a link means, from the root; nothing for a link that leaves the
/// repository or stays on its page.
fn inside_repository(file: &str, target: &str) -> Option<String> {
    let path = target.split('#').next().unwrap_or_default();
    if path.is_empty() || path.contains("://") || path.starts_with("mailto:") {
        return None;
    }
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in path.trim_matches(['<', '>']).split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::planted;

    #[test]
    fn a_front_page_without_a_command_is_found_in_either_language() {
        let both = "`cargo xtask demo` and `cargo xtask test`";
        let (_kept, repository) =
            planted(&[("README.md", both), ("README.tr.md", "`cargo xtask demo`")]);
        let findings = front_pages_without_commands(&repository);
        assert_eq!(
            findings,
            [Finding::about(
                "README.tr.md",
                "does not name `cargo xtask test`"
            )]
        );
        let (_kept, repository) = planted(&[("LICENSE", "")]);
        assert_eq!(front_pages_without_commands(&repository).len(), 1);
    }

    #[test]
    fn ci_that_runs_something_else_is_found() {
        let (_kept, repository) = planted(&[(".ci/run", "cargo test\n")]);
        assert_eq!(ci_without_the_command(&repository).len(), 1);
        let (_kept, repository) = planted(&[(".ci/run", "exec cargo xtask test\n")]);
        assert_eq!(ci_without_the_command(&repository), []);
    }

    #[test]
    fn a_fixture_nobody_explains_is_found() {
        let (_kept, repository) = planted(&[
            ("fixtures/README.md", "`a.csv` and `broken/b.csv`"),
            ("fixtures/a.csv", ""),
            ("fixtures/broken/b.csv", ""),
            ("fixtures/broken/c.csv", ""),
        ]);
        let findings = undocumented_fixtures(&repository);
        assert_eq!(
            findings,
            [Finding::about(
                "fixtures/README.md",
                "does not explain `broken/c.csv`"
            )]
        );
    }

    #[test]
    fn a_link_that_leads_nowhere_is_found_where_it_stands() {
        let page = "[a](../README.md) [b](plan.md#part) ![c](images/c.png \"title\")\n\
                    [d](https://example.com/x) [e](#here)\n\
                    ```\n[f](none.md)\n```\n\
                    [g](gone.md)\n";
        let (_kept, repository) = planted(&[
            ("README.md", ""),
            ("docs/page.md", page),
            ("docs/plan.md", ""),
            ("docs/images/c.png", ""),
        ]);
        let findings: Vec<String> = dead_links(&repository)
            .iter()
            .map(Finding::to_string)
            .collect();
        assert_eq!(
            findings,
            ["docs/page.md:6: leads to docs/gone.md, which is not there"]
        );
    }
}
