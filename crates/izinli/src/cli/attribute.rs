//! `izinli attribute …`

use clap::Subcommand;

/// `attribute …`
#[derive(Debug, Subcommand)]
pub(crate) enum Attribute {
    /// Define an attribute of people
    Create {
        /// The firm
        #[arg(long)]
        firm: String,
        /// Its name in texts and files: lower-case letters, digits and _
        #[arg(long)]
        code: String,
        /// Label, Turkish
        #[arg(long)]
        label: String,
        /// Label, English; the Turkish one when absent
        #[arg(long)]
        label_en: Option<String>,
        /// text, number, date, boolean or choice
        #[arg(long)]
        kind: String,
        /// Several values a person
        #[arg(long)]
        array: bool,
        /// Personal data: masked for roles that may not read it
        #[arg(long)]
        personal: bool,
        /// Health data: in no text without an owner's approval
        #[arg(long)]
        health: bool,
        /// A word of a choice; repeat it
        #[arg(long = "choice", value_name = "WORD")]
        choices: Vec<String>,
        /// Its place in lists
        #[arg(long, default_value_t = 0)]
        position: i64,
    },
    /// List the attributes of a firm
    List {
        /// The firm
        #[arg(long)]
        firm: String,
    },
    /// Change labels, marks, choices or place of an attribute
    Change {
        /// The firm
        #[arg(long)]
        firm: String,
        /// Its code
        code: String,
        /// Label, Turkish
        #[arg(long)]
        label: Option<String>,
        /// Label, English
        #[arg(long)]
        label_en: Option<String>,
        /// Personal data
        #[arg(long)]
        personal: Option<bool>,
        /// Health data
        #[arg(long)]
        health: Option<bool>,
        /// The words of a choice, all of them; repeat it
        #[arg(long = "choice", value_name = "WORD")]
        choices: Vec<String>,
        /// Its place in lists
        #[arg(long)]
        position: Option<i64>,
    },
}
