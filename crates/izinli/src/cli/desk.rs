//! What is looked up or put down at İYS by hand.

use clap::{Args, Subcommand};

use super::BrandArg;

/// `registry via …`
#[derive(Debug, Subcommand)]
pub(crate) enum RegistryVia {
    /// Let İYS ask a person for their consent; costs one ViA credit
    Ask(ViaAsk),
    /// Send the code on that the person told
    Code {
        /// The brand
        #[arg(long)]
        brand: String,
        /// The request
        id: String,
        /// The code
        code: String,
    },
    /// How far a request has come
    Show {
        /// The brand
        #[arg(long)]
        brand: String,
        /// The request
        id: String,
    },
}

/// `registry via ask`
#[derive(Debug, Args)]
pub(crate) struct ViaAsk {
    /// Phone number or e-mail address of a person the firm knows
    pub(crate) address: String,
    /// The brand
    #[arg(long)]
    pub(crate) brand: String,
    /// MESAJ, ARAMA or EPOSTA; may be given more than once
    #[arg(long = "channel", value_name = "CHANNEL", required = true)]
    pub(crate) channels: Vec<String>,
    /// BIREYSEL or TACIR
    #[arg(long, default_value = "BIREYSEL")]
    pub(crate) kind: String,
    /// SMS_OTP, SMS_SHORTURL, EPOSTA_OTP, EPOSTA_SHORTURL or EPOSTA_APPROVALURL
    #[arg(long)]
    pub(crate) method: String,
    /// The form that was approved in the İYS panel
    #[arg(long, value_name = "FORM_ID")]
    pub(crate) form: String,
}

/// `registry retailers …`
#[derive(Debug, Subcommand)]
pub(crate) enum RegistryRetailers {
    /// The brand's retailers at İYS
    List(BrandArg),
    /// Codes of provinces and districts, for a new retailer
    Places(BrandArg),
    /// Register a retailer at İYS
    Add(RetailerAdd),
    /// Remove a retailer to which no consent is linked
    Remove {
        /// The brand
        #[arg(long)]
        brand: String,
        /// Its number at İYS
        code: u32,
    },
}

/// `registry retailers add`
#[derive(Debug, Args)]
pub(crate) struct RetailerAdd {
    /// The brand
    #[arg(long)]
    pub(crate) brand: String,
    /// Trade name
    #[arg(long)]
    pub(crate) title: String,
    /// MERSİS number, 16 digits
    #[arg(long)]
    pub(crate) mersis: Option<String>,
    /// Tax number, 10 or 11 digits
    #[arg(long)]
    pub(crate) tin: Option<String>,
    /// Mobile number, such as +905321234567
    #[arg(long)]
    pub(crate) mobile: Option<String>,
    /// Code of the province, from `registry retailers places`
    #[arg(long)]
    pub(crate) city: String,
    /// Code of the district
    #[arg(long)]
    pub(crate) town: String,
}

/// `registry partner …`
#[derive(Debug, Subcommand)]
pub(crate) enum RegistryPartner {
    /// Keep the account of a business partner at İYS; it is tried first
    Set {
        /// API user at İYS
        #[arg(long)]
        username: String,
        /// Environment variable that holds its password
        #[arg(long, value_name = "VARIABLE")]
        password_env: String,
        /// The partner's own number at İYS
        #[arg(long)]
        integrator_code: i64,
    },
    /// The account, and how many brands use it
    Show,
    /// The brands that authorised the partner at İYS
    Brands,
    /// Let a brand's calls go by the partner account
    Link(BrandArg),
    /// Let a brand's calls go by its own account again
    Unlink(BrandArg),
    /// Forget the account, once no brand uses it
    Forget,
}
