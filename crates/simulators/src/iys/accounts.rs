//! Firms, brands, API users and what each user may do.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::book::{Book, BrandNo};
use super::codes::{self, Code};
use super::words::Channel;

/// One brand with the API user that works for it.
///
/// Giving the same codes again changes the brand; giving the same user name for
/// several brands makes a user that works for all of them, as a partner does.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BrandSetup {
    /// The firm's number at İYS.
    pub iys_code: u64,
    /// The brand's number; the master brand's equals `iys_code`.
    pub brand_code: u64,
    /// The brand's name.
    pub name: String,
    /// API user.
    pub username: String,
    /// Its password; a new one replaces the old one.
    pub password: String,
    /// What the user may do for the brand; absent: everything.
    #[serde(default)]
    pub permissions: Permissions,
    /// Whether the brand's activation date has passed, from which on consents
    /// older than three business days are refused (H467).
    #[serde(default = "yes")]
    pub activated: bool,
    /// State of the firm's package; absent from the firm altogether: H524.
    #[serde(default)]
    pub subscription: Subscription,
    /// Addresses the firm's package allows on its largest channel.
    #[serde(default)]
    pub consent_limit: Option<u64>,
    /// Makes the user a partner's (*entegratör*) with this code.
    #[serde(default)]
    pub integrator_code: Option<u64>,
    /// Retailer codes (*bayi*) known under the brand, 8 digits each.
    #[serde(default)]
    pub retailers: Vec<u64>,
}

fn yes() -> bool {
    true
}

/// Rights of a user for a brand, as the partner list spells them. Given as a
/// whole: a channel that is not named is not granted.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permissions {
    /// Calls.
    #[serde(default, rename = "ARAMA", skip_serializing_if = "Right::is_none")]
    pub arama: Right,
    /// SMS.
    #[serde(default, rename = "MESAJ", skip_serializing_if = "Right::is_none")]
    pub mesaj: Right,
    /// E-mail.
    #[serde(default, rename = "EPOSTA", skip_serializing_if = "Right::is_none")]
    pub eposta: Right,
    /// May confirm the daily file (*mutabakat*).
    #[serde(default, rename = "agreementControl")]
    pub agreement_control: bool,
    /// May use ViA.
    #[serde(default, rename = "viaControl")]
    pub via_control: bool,
}

impl Default for Permissions {
    fn default() -> Self {
        Self {
            arama: Right::Write,
            mesaj: Right::Write,
            eposta: Right::Write,
            agreement_control: true,
            via_control: false,
        }
    }
}

impl Permissions {
    pub(crate) fn right(&self, channel: Channel) -> Right {
        match channel {
            Channel::Arama => self.arama,
            Channel::Mesaj => self.mesaj,
            Channel::Eposta => self.eposta,
        }
    }
}

/// A right on one channel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Right {
    /// Neither read nor write.
    #[default]
    None,
    /// Read only.
    Read,
    /// Read and write.
    Write,
}

impl Right {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands a reference to the field"
    )]
    fn is_none(&self) -> bool {
        *self == Self::None
    }
}

/// State of a firm's package.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Subscription {
    /// Everything works.
    #[default]
    Active,
    /// Only the subscription query works (H520).
    Paused,
    /// Only the subscription query works (H520).
    Expired,
    /// Nothing works (H521).
    Closed,
    /// There is none (H524).
    None,
    /// There is one, without the API (H586).
    WithoutApi,
}

impl Subscription {
    /// # Errors
    /// The code that calls other than the subscription query get.
    fn gate(self) -> Result<(), Code> {
        match self {
            Self::Active => Ok(()),
            Self::Paused | Self::Expired => Err(codes::H520),
            Self::Closed => Err(codes::H521),
            Self::None => Err(codes::H524),
            Self::WithoutApi => Err(codes::H586),
        }
    }
}

/// A firm (*hizmet sağlayıcı*).
#[derive(Debug)]
pub(crate) struct Firm {
    pub(crate) subscription: Subscription,
    pub(crate) consent_limit: Option<u64>,
}

#[derive(Debug)]
pub(crate) struct Brand {
    pub(crate) iys_code: u64,
    /// The brand's number, unique within the firm.
    pub(crate) code: u64,
    pub(crate) name: String,
    pub(crate) activated: bool,
    pub(crate) retailers: Vec<u64>,
}

impl Brand {
    pub(crate) fn is_master(&self) -> bool {
        self.iys_code == self.code
    }
}

#[derive(Debug)]
pub(crate) struct User {
    password: String,
    pub(crate) integrator_code: Option<u64>,
    rights: BTreeMap<BrandNo, Permissions>,
}

/// A user's place among the accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UserNo(usize);

#[derive(Debug, Default)]
pub(crate) struct Accounts {
    firms: HashMap<u64, Firm>,
    brands: Vec<Brand>,
    brand_by_codes: HashMap<(u64, u64), BrandNo>,
    users: Vec<User>,
    user_by_name: HashMap<String, UserNo>,
}

impl Accounts {
    pub(crate) fn set_up(&mut self, setup: BrandSetup, book: &mut Book) {
        let firm = Firm {
            subscription: setup.subscription,
            consent_limit: setup.consent_limit,
        };
        self.firms.insert(setup.iys_code, firm);
        let brand = Brand {
            iys_code: setup.iys_code,
            code: setup.brand_code,
            name: setup.name,
            activated: setup.activated,
            retailers: setup.retailers,
        };
        let codes = (setup.iys_code, setup.brand_code);
        let at = if let Some(at) = self.brand_by_codes.get(&codes) {
            self.brands[at.0 as usize] = brand;
            *at
        } else {
            let at = book.open_brand();
            self.brands.push(brand);
            self.brand_by_codes.insert(codes, at);
            at
        };
        let next = UserNo(self.users.len());
        let user = *self.user_by_name.entry(setup.username).or_insert(next);
        if user == next {
            self.users.push(User {
                password: String::new(),
                integrator_code: None,
                rights: BTreeMap::new(),
            });
        }
        let user = &mut self.users[user.0];
        user.password = setup.password;
        user.integrator_code = setup.integrator_code;
        user.rights.insert(at, setup.permissions);
    }

    pub(crate) fn brand(&self, at: BrandNo) -> &Brand {
        &self.brands[at.0 as usize]
    }

    /// Makes a retailer known under a brand.
    pub(crate) fn add_retailer(&mut self, at: BrandNo, code: u64) {
        self.brands[at.0 as usize].retailers.push(code);
    }

    pub(crate) fn find_brand(&self, iys_code: u64, brand_code: u64) -> Option<BrandNo> {
        self.brand_by_codes.get(&(iys_code, brand_code)).copied()
    }

    pub(crate) fn firm(&self, iys_code: u64) -> Option<&Firm> {
        self.firms.get(&iys_code)
    }

    pub(crate) fn log_in(&self, name: &str, password: &str) -> Option<UserNo> {
        let user = *self.user_by_name.get(name)?;
        (self.users[user.0].password == password).then_some(user)
    }

    pub(crate) fn user(&self, at: UserNo) -> &User {
        &self.users[at.0]
    }

    /// The brands of a user, with its rights, in the order they were set up.
    pub(crate) fn brands_of(&self, user: UserNo) -> impl Iterator<Item = (BrandNo, &Permissions)> {
        self.user(user)
            .rights
            .iter()
            .map(|(at, rights)| (*at, rights))
    }

    /// The user's rights for a brand.
    ///
    /// # Errors
    /// H353 when it has none there, else what the firm's package says.
    pub(crate) fn rights(&self, user: UserNo, brand: BrandNo) -> Result<&Permissions, Code> {
        let rights = self.user(user).rights.get(&brand).ok_or(codes::H353)?;
        self.package(self.brand(brand).iys_code)?;
        Ok(rights)
    }

    /// # Errors
    /// H353 when the user has no brand of the firm.
    pub(crate) fn reach(&self, user: UserNo, iys_code: u64) -> Result<(), Code> {
        let reached = self
            .brands_of(user)
            .any(|(at, _)| self.brand(at).iys_code == iys_code);
        if reached { Ok(()) } else { Err(codes::H353) }
    }

    /// # Errors
    /// What calls of a firm get because of its package.
    pub(crate) fn package(&self, iys_code: u64) -> Result<(), Code> {
        self.firm(iys_code)
            .map_or(Subscription::None, |firm| firm.subscription)
            .gate()
    }

    /// Addresses of a firm on one channel.
    pub(crate) fn used(&self, book: &Book, iys_code: u64, channel: Channel) -> u64 {
        self.brand_by_codes
            .iter()
            .filter(|((firm, _), _)| *firm == iys_code)
            .map(|(_, at)| book.keys(*at, channel))
            .sum()
    }
}
