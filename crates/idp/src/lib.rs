//! The provider: the state of the protocol (`grant`) and its HTTP face (`web`). Handlers in `web` translate; `grant`, `accounts` and the pure functions of
//! `oidc` decide.

pub mod grant;
mod web;

use std::{sync::Arc, time::Duration};

use accounts::{Accounts, TermsLibrary};
use agencies::Agencies;
use arc_swap::ArcSwap;
use kernel::Context;
use pages::Pages;

pub use grant::{Grants, InteractionId};
pub use web::{ForwardedHeader, Proxies, Throttle, look, network, router};

/// Somebody of the vendor who helps at the desk, for all agencies.
#[derive(Clone, Debug)]
pub struct VendorStaff {
    /// The address of their account, in the form by which addresses are compared.
    pub email: String,
    /// Their name, for the evidence.
    pub name: String,
    /// Their role.
    pub role: desk::VendorRole,
}

/// The provider. Cheap to clone.
#[derive(Clone)]
pub struct Idp {
    /// The database, time, randomness and keys.
    pub context: Context,
    /// People.
    pub accounts: Accounts,
    /// All agencies, replaced whole when config changes.
    pub agencies: Arc<ArcSwap<Agencies>>,
    /// The state of the protocol: interactions, codes, tokens, keys.
    pub grants: Grants,
    /// The pages and mails.
    pub pages: Arc<Pages>,
    /// The issuer, exactly as clients know it.
    pub issuer: Arc<str>,
    /// The proxies whose forwarding headers are trusted.
    pub trusted_proxies: Proxies,
    /// The vendor's people at the desk; agencies' own are in [`Self::agencies`].
    pub staff: Arc<[VendorStaff]>,
    /// The limits of attempts and arrivals per network.
    pub throttle: Arc<Throttle>,
    /// The maximum time in which the body of a request must arrive.
    pub body_time: Duration,
}

/// The provider as handlers hold it. A clone of [`Idp`] counts some sixty references, and each request makes a few clones.
pub(crate) type Shared = Arc<Idp>;

impl Idp {
    /// Returns the provider with other agencies and terms; everything else is shared. A request that has begun goes on with the agencies and terms that it
    /// began with, because it holds the provider that it began with.
    #[must_use]
    pub fn with(&self, agencies: Agencies, terms: TermsLibrary) -> Self {
        let agencies = Arc::new(ArcSwap::from_pointee(agencies));
        let accounts = self.accounts.with_terms(terms);
        let grants = self.grants.with(accounts.clone(), agencies.clone());
        Self { accounts, agencies, grants, ..self.clone() }
    }

    pub(crate) fn secure(&self) -> bool {
        self.issuer.starts_with("https:")
    }

    /// Returns the issuer without its scheme, as pages show it.
    pub(crate) fn issuer_host(&self) -> &str {
        self.issuer.split_once("://").map_or(&self.issuer, |(_, host)| host)
    }
}
