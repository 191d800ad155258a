//! `izinli import FILE --dry-run`: the verdict on a file, and nothing changed.
//!
//! With `--json`, one object a line: first every (row, channel) pair in the
//! order of the file (see [`intake::Outcome`]), then one object with `verdict`,
//! `refusal`, `needs_person`, `summary` and `at`. A refused file has only the last.
//! Both the judging and the printing stream, so memory does not grow with the file.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::path::Path;

use anyhow::{Context, bail};
use domain::reason::ReasonClass;
use domain::{Channel, RecipientKind, Source, Timestamp};
use intake::{
    CodeCount, DateOrder, Directory, Field, FileVerdict, Judged, Limits, NoDirectory, Options,
    OutcomeReader, Polarity, Privacy, Question, Refusal, RejectionReader, Summary,
    write_report_csv,
};
use serde_json::{Value, json};

use super::import::{action, kind, read_json};
use crate::cli::{Cli, Import};
use crate::clock::ProcessClock;
use crate::config::Config;
use crate::output::{Exit, Output};
use crate::session::Session;

/// Rejections printed in text form; JSON prints all.
const SHOWN_MAX: usize = 20;

/// Judges without a change; with a brand, also against what is stored. Without
/// one no database is opened.
pub(super) async fn run(cli: &Cli, args: &Import, out: Output) -> anyhow::Result<Exit> {
    let session = match &args.brand {
        Some(_) => Some(Session::open(cli).await?),
        None => None,
    };
    let (now, file_bytes_max) = match &session {
        Some(session) => (
            domain::Clock::now(&session.clock),
            session.config.uploads.file_bytes_max,
        ),
        None => (
            domain::Clock::now(&ProcessClock::from_environment()?),
            Config::load(cli.config.as_deref())?.uploads.file_bytes_max,
        ),
    };
    let mut options = Options::new(now, action(args)?);
    options.default_kind = kind(args.default_kind.as_deref())?;
    options.trace = out.is_json();
    options.limits = Limits {
        file_bytes_max,
        ..Limits::default()
    };
    let answers = read_json(args.mapping.as_deref())?;
    if !answers.is_null() {
        options.mapping = serde_json::from_value(answers).context("the mapping cannot be read")?;
    }
    let mut directory: Box<dyn Directory + Send> = Box::new(NoDirectory);
    if let (Some(session), Some(text)) = (&session, &args.brand) {
        let brand = session.brand(text).await?;
        options.mode = brand.mode;
        options.activation = brand.activation;
        options.brand_names = brand.called();
        options.countries = brand.countries.clone();
        let attributes = session.store.read().await?.attributes(brand.firm).await?;
        options.attributes = attributes.into_iter().map(|one| one.attribute).collect();
        directory = Box::new(session.engine()?.directory(brand.firm, brand.id));
    }
    let work = tempfile::tempdir()?;
    let (file, folder) = (args.file.clone(), work.path().to_owned());
    let judged = tokio::task::spawn_blocking(move || {
        let mut watch = |_| ControlFlow::Continue(());
        intake::judge(&file, &options, &mut *directory, &folder, &mut watch)
    })
    .await?
    .with_context(|| format!("{} could not be judged", args.file.display()))?;
    if let Some(report) = &args.report {
        write_report(&judged, report)?;
    }
    if out.is_json() {
        print_lines(&judged, now)?;
    } else {
        print_text(&judged, args, out)?;
    }
    let is_refused = judged.verdict.code().is_some();
    // A refused file is not read to its end: nothing of it can be accounted for.
    if !is_refused && judged.summary.discrepancy != 0 {
        bail!("{} pairs are unaccounted for", judged.summary.discrepancy);
    }
    Ok(if is_refused {
        Exit::Refused
    } else {
        Exit::Done
    })
}

fn write_report(judged: &Judged, path: &Path) -> anyhow::Result<()> {
    let report =
        File::create(path).with_context(|| format!("{} cannot be written", path.display()))?;
    let rejections = RejectionReader::open(&judged.rejections)?;
    write_report_csv(report, &judged.summary, rejections, Privacy::Open)?;
    Ok(())
}

const fn refusal(judged: &Judged) -> Option<&Refusal> {
    match &judged.verdict {
        FileVerdict::Accepted => None,
        FileVerdict::Refused(refusal) => Some(refusal),
    }
}

fn print_lines(judged: &Judged, now: Timestamp) -> anyhow::Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    if let Some(outcomes) = &judged.outcomes {
        for outcome in OutcomeReader::open(outcomes, &judged.rejections)? {
            serde_json::to_writer(&mut out, &outcome?)?;
            out.write_all(b"\n")?;
        }
    }
    let last: Value = json!({
        "verdict": if refusal(judged).is_some() { "refused" } else { "accepted" },
        "refusal": refusal(judged).map(|refusal| json!({
            "code": refusal.code, "line": refusal.line,
            "text_tr": refusal.text_tr(), "text_en": refusal.text_en(),
            "next_tr": refusal.code.info().next_tr, "next_en": refusal.code.info().next_en,
        })),
        "needs_person": judged.summary.needs_person(),
        "at": now,
        "summary": judged.summary,
    });
    serde_json::to_writer(&mut out, &last)?;
    out.write_all(b"\n")?;
    out.flush()?;
    Ok(())
}

/// What someone who sends campaigns wants to know, in the order they want it:
/// can I use this file, what must I answer, what is wrong with it, where.
fn print_text(judged: &Judged, args: &Import, out: Output) -> anyhow::Result<()> {
    let summary = &judged.summary;
    println!("{}", args.file.display());
    print_reading(summary, out);
    if let Some(refusal) = refusal(judged) {
        println!(
            "{} {}: {}",
            out.pick("✗ Dosya kullanılamıyor.", "✗ The file cannot be used."),
            refusal.code,
            out.pick(&refusal.text_tr(), &refusal.text_en())
        );
        let info = refusal.code.info();
        println!("  → {}", out.pick(info.next_tr, info.next_en));
        print_questions(summary, out);
        return Ok(());
    }
    print_counts(summary, out);
    print_questions(summary, out);
    for pattern in &summary.patterns {
        let sign = if pattern.holds() { "!" } else { "·" };
        println!(
            "{sign} {}",
            out.pick(&pattern.text_tr(), &pattern.text_en())
        );
    }
    print_codes(summary, out);
    print_first_rejections(judged, out)?;
    if summary.needs_person() {
        println!(
            "{}",
            out.pick(
                "Dosya uygulanmadan önce bir kişinin bakması gerekiyor.",
                "A person must look before the file is applied."
            )
        );
    }
    Ok(())
}

fn print_reading(summary: &Summary, out: Output) {
    let encoding = summary
        .encoding
        .and_then(|encoding| serde_json::to_value(encoding).ok())
        .and_then(|value| value.as_str().map(str::to_owned));
    let mut parts = vec![format!(
        "{} {}",
        grouped(summary.rows, out),
        out.pick("satır", "rows")
    )];
    parts.extend(encoding);
    if let Some(sheet) = &summary.sheet {
        parts.push(format!("{} {sheet}", out.pick("sayfa", "sheet")));
    }
    if let Some(delimiter) = summary.delimiter {
        let shown = match delimiter {
            '\t' => out.pick("sekme", "tab").to_owned(),
            other => other.to_string(),
        };
        parts.push(format!("{} {shown}", out.pick("ayraç", "separator")));
    }
    println!("  {}", parts.join(" · "));
    let left_out: Vec<&str> = summary.unmapped().collect();
    if !left_out.is_empty() {
        println!(
            "  {}: {}",
            out.pick("alınmayan sütunlar", "columns left out"),
            left_out.join(", ")
        );
    }
    for column in &summary.columns {
        let order = column.date_order.map(|order| match order {
            DateOrder::DayFirst => out.pick("önce gün", "day first"),
            DateOrder::MonthFirst => out.pick("önce ay", "month first"),
        });
        // Yes means consent in nearly every file; the other way is worth a word.
        let refusal = (column.polarity == Some(Polarity::YesIsRefusal))
            .then(|| out.pick("1 ya da evet: ret", "1 or yes: refusal"));
        for read_as in order.into_iter().chain(refusal) {
            println!("  \"{}\": {read_as}", column.header);
        }
    }
}

fn print_counts(summary: &Summary, out: Output) {
    let share = summary.rejected_share * 100.0;
    let share = match out.pick("tr", "en") {
        "tr" => format!("%{share:.1}").replace('.', ","),
        _ => format!("{share:.1} %"),
    };
    let lines = [
        (
            "✓",
            out.pick("kabul edilen", "accepted"),
            summary.accepted,
            String::new(),
        ),
        (
            "✗",
            out.pick("reddedilen", "rejected"),
            summary.rejected,
            format!("  ({share})"),
        ),
        (
            "=",
            out.pick("başka bir satırla birleşen", "merged with another row"),
            summary.merged,
            String::new(),
        ),
    ];
    println!(
        "{}",
        out.pick(
            "İzin başına sonuç (bir satırda birden çok kanal olabilir):",
            "Per consent (a row may speak about several channels):"
        )
    );
    for (sign, name, count, more) in lines {
        println!("  {sign} {:>11}  {name}{more}", grouped(count, out));
    }
}

fn print_questions(summary: &Summary, out: Output) {
    if summary.questions.is_empty() {
        return;
    }
    println!(
        "{}",
        out.pick(
            "Yanıtınızı bekleyen sorular (yanıtlar --mapping dosyasına yazılır):",
            "Questions for you (the answers go into the --mapping file):"
        )
    );
    for question in &summary.questions {
        println!("  ? {}", out.pick(&question.text_tr(), &question.text_en()));
        println!(
            "    {} {}",
            out.pick("örneğin", "for example"),
            answer(question)
        );
    }
}

/// An answer in the form of the mapping file.
fn answer(question: &Question) -> Value {
    let said = match question {
        Question::DateOrder { .. } => json!(DateOrder::DayFirst),
        Question::Polarity { .. } => json!(Polarity::YesIsRefusal),
        Question::StatusChannels { .. } => json!([Channel::Mesaj]),
        Question::SourceWord { suggestion, .. } => {
            json!(suggestion.as_ref().unwrap_or(&Source::HS_WEB))
        }
        Question::KindWord { .. } => json!(RecipientKind::Tacir),
        Question::DefaultKind { .. } => json!(RecipientKind::Bireysel),
        Question::ConsentDateColumn { .. } => json!({ "field": Field::Date }),
        Question::PhoneZeros { .. } => json!(true),
        Question::UnnamedColumn { .. } => json!({ "field": Field::Phone }),
        Question::Encoding { choices, .. } => json!(choices.first()),
        Question::Sheet { sheets } => json!(sheets.first()),
        Question::BrandWord { word, .. } => json!([word]),
    };
    let said = match question.answer_key() {
        Some(key) => json!({ key: said }),
        None => said,
    };
    json!({ question.answer_field(): said })
}

fn print_codes(summary: &Summary, out: Output) {
    let mut refused: Vec<&CodeCount> = of_class(summary, ReasonClass::RowRejected);
    refused.sort_by(|a, b| b.count.cmp(&a.count));
    let heads = [
        (
            refused,
            out.pick(
                "Ret nedenleri, en sık olan önce:",
                "Why, most frequent first:",
            ),
        ),
        (
            of_class(summary, ReasonClass::Remark),
            out.pick(
                "Kabul edilenlerle ilgili notlar:",
                "Notes on what was accepted:",
            ),
        ),
    ];
    for (codes, head) in heads {
        if codes.is_empty() {
            continue;
        }
        println!("{head}");
        for counted in codes {
            let info = counted.code.info();
            let text = out
                .pick(&counted.code.render_tr(&[]), &counted.code.render_en(&[]))
                .to_owned();
            let lines: Vec<String> = counted.first_lines.iter().map(u64::to_string).collect();
            println!(
                "  {} {:>9}  {text}  [{} {}{}]",
                counted.code,
                grouped(counted.count, out),
                out.pick("satır", "line"),
                lines.join(", "),
                if counted.count > lines.len() as u64 {
                    ", …"
                } else {
                    ""
                }
            );
            for example in &counted.examples {
                let text = match out.pick("tr", "en") {
                    "tr" => example.text_tr(counted.code),
                    _ => example.text_en(counted.code),
                };
                println!(
                    "                  {} {}: {text}",
                    out.pick("satır", "line"),
                    example.line
                );
            }
            let next = out.pick(info.next_tr, info.next_en);
            if counted.code.class() == ReasonClass::RowRejected && !next.is_empty() {
                println!("                  → {next}");
            }
        }
    }
}

fn of_class(summary: &Summary, class: ReasonClass) -> Vec<&CodeCount> {
    let codes = summary.codes.iter();
    codes
        .filter(|counted| counted.code.class() == class)
        .collect()
}

fn print_first_rejections(judged: &Judged, out: Output) -> anyhow::Result<()> {
    let all = judged.summary.rejected;
    if all == 0 {
        return Ok(());
    }
    println!("{}", out.pick("Reddedilen satırlar:", "Rejected rows:"));
    for rejection in RejectionReader::open(&judged.rejections)?.take(SHOWN_MAX) {
        let rejection = rejection?;
        let channel = rejection.channel.map_or("", |channel| channel.as_str());
        println!(
            "  {} {:>7} {channel:<6} {}  {}",
            out.pick("satır", "line"),
            rejection.line,
            rejection.code,
            out.pick(&rejection.text_tr(), &rejection.text_en())
        );
    }
    if all > SHOWN_MAX as u64 {
        println!(
            "  {}",
            out.pick(
                "… gerisi için --report DOSYA.csv (düzeltip yeniden yükleyebilirsiniz) ya da --json",
                "… for the rest: --report FILE.csv (correct it and upload it again) or --json"
            )
        );
    }
    Ok(())
}

/// `1.234.567` in Turkish, `1,234,567` in English.
fn grouped(number: u64, out: Output) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push_str(out.pick(".", ","));
        }
        text.push(digit);
    }
    text
}
