//! `ledger …`, `proof …` and `evidence …`: what can be asked about evidence.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `ledger …`
#[derive(Debug, Subcommand)]
pub(crate) enum Ledger {
    /// Recompute every hash and name the first row that differs
    Verify(LedgerVerify),
    /// Write the ledger and the audit trail as files that anybody can verify
    Export(LedgerExport),
}

/// `ledger verify`
#[derive(Debug, Args)]
pub(crate) struct LedgerVerify {
    /// The brand
    #[arg(long, required_unless_present = "file")]
    pub(crate) brand: Option<String>,
    /// Only what was appended since the last verification that found all right
    #[arg(long)]
    pub(crate) since_checkpoint: bool,
    /// An exported folder, verified from its files alone, without a database
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["brand", "since_checkpoint"])]
    pub(crate) file: Option<PathBuf>,
}

/// `ledger export`
#[derive(Debug, Args)]
pub(crate) struct LedgerExport {
    /// The brand
    #[arg(long)]
    pub(crate) brand: String,
    /// Folder to write into; without it the events are printed, one JSON object a line
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
}

/// `proof …`
#[derive(Debug, Subcommand)]
pub(crate) enum Proof {
    /// Everything that a message rests on, as a file that proves it
    Make {
        /// The message, as the log and the provider name it
        message: String,
        /// The firm
        #[arg(long)]
        firm: String,
        /// Where to write; standard output by default
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Check a proof, without a database
    Verify {
        /// The proof
        file: PathBuf,
        /// An exported ledger in which the proof's block and seal must stand
        #[arg(long, value_name = "FOLDER")]
        ledger: Option<PathBuf>,
    },
}

/// `evidence …`
#[derive(Debug, Subcommand)]
pub(crate) enum Evidence {
    /// Check the evidence pack of a complaint, without a database
    Verify {
        /// The pack
        file: PathBuf,
        /// The public key that the firm publishes, as its panel shows it
        #[arg(long, value_name = "HEX")]
        key: Option<String>,
    },
}
