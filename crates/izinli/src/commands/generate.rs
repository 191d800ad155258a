//! `izinli gen …`

use std::io::{BufWriter, Write as _};

use anyhow::Context;
use domain::Clock as _;
use intake::Encoding;
use intake::generate::{self, ChannelMix, Form, Generate};
use serde_json::json;

use crate::cli::{Gen, GenEncoding, GenForm};
use crate::clock::ProcessClock;
use crate::output::{Exit, Output};

/// Makes test data.
pub(crate) fn run(command: &Gen, out: Output) -> anyhow::Result<Exit> {
    let Gen::Contacts {
        rows,
        dirty,
        seed,
        encoding,
        form,
        eposta,
        arama,
        ret,
        out: file,
    } = command;
    anyhow::ensure!(
        eposta + arama <= 100,
        "--eposta and --arama are shares of the same rows: together at most 100"
    );
    let now = ProcessClock::from_environment()?.now();
    let wish = Generate {
        encoding: match encoding {
            GenEncoding::Windows1254 => Encoding::Windows1254,
            GenEncoding::Utf8 | GenEncoding::Garbled => Encoding::Utf8,
        },
        is_garbled: *encoding == GenEncoding::Garbled,
        form: match form {
            GenForm::Shop => Form::Shop,
            GenForm::OneAddress => Form::OneAddress,
        },
        channels: ChannelMix {
            eposta_percent: *eposta,
            arama_percent: *arama,
        },
        ret_percent: *ret,
        ..Generate::new(*rows, *dirty, *seed, now)
    };
    let Some(path) = file else {
        let mut stdout = BufWriter::new(std::io::stdout().lock());
        generate::contacts(&mut stdout, &wish)?;
        stdout.flush()?;
        return Ok(Exit::Done);
    };
    let target = std::fs::File::create(path)
        .with_context(|| format!("{} cannot be written", path.display()))?;
    let mut target = BufWriter::new(target);
    let report = generate::contacts(&mut target, &wish)?;
    target.flush()?;
    out.show(&json!({ "file": path, "report": report }), |_| {
        println!("{}: {}", path.display(), rows);
    })?;
    Ok(Exit::Done)
}
