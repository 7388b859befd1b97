//! The provider: what the protocol remembers (`grant`) and its HTTP face (`web`). Handlers in `web` translate; `grant`, `accounts` and the pure functions
//! of `oidc` decide.

pub mod grant;
mod web;

use std::{sync::Arc, time::Duration};

use accounts::Accounts;
use agencies::Agencies;
use arc_swap::ArcSwap;
use kernel::Context;
use pages::Pages;

pub use grant::{Grants, InteractionId};
pub use web::{ForwardedHeader, Proxies, Throttle, look, network, router};

/// The provider. Cheap to clone.
#[derive(Clone)]
pub struct Idp {
    /// The database, time, randomness and keys.
    pub context: Context,
    /// People.
    pub accounts: Accounts,
    /// All agencies, replaced whole when config changes.
    pub agencies: Arc<ArcSwap<Agencies>>,
    /// What the protocol remembers.
    pub grants: Grants,
    /// What people read.
    pub pages: Arc<Pages>,
    /// The issuer, exactly as clients know it.
    pub issuer: Arc<str>,
    /// Proxies whose word on addresses is taken.
    pub trusted_proxies: Proxies,
    /// Attempts per network.
    pub throttle: Arc<Throttle>,
    /// How long the body of a request may be on its way.
    pub body_time: Duration,
}

/// As handlers have it. A clone of [`Idp`] counts some sixty references, and each request makes a few.
pub(crate) type Shared = Arc<Idp>;

impl Idp {
    pub(crate) fn secure(&self) -> bool {
        self.issuer.starts_with("https:")
    }
}
