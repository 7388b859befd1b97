//! The state of a portal, available to every request.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::back_channel::{SeenTokens, seen_tokens};
use crate::config::{Addresses, Config};
use crate::look::Theme;
use crate::old_sign_in::OldSignIn;
use crate::provider::Provider;
use crate::records::{self, Clients};
use crate::session::Sessions;
use crate::sign_in::{Pending, pending};
use crate::sign_out::{PendingSignOuts, pending_sign_outs};
use crate::web::page::Pages;
use crate::{Clock, Error, random};

/// State of one portal. Two portals in one process share nothing.
pub(crate) struct Portal {
    pub config: Config,
    pub addresses: Addresses,
    pub look: Theme,
    pub clients: Clients,
    pub old_sign_in: Option<OldSignIn>,
    pub provider: Provider,
    pub sessions: Sessions,
    pub pending: Pending,
    pub pending_sign_outs: PendingSignOuts,
    pub seen_tokens: SeenTokens,
    pub pages: Pages,
    clock: Clock,
    form_key: [u8; 32],
}

impl Portal {
    /// Reads the records and checks the configuration, without any network access.
    pub fn new(config: Config, clock: Clock) -> Result<Self, Error> {
        let addresses = config.check()?;
        let look = Theme::of(&config.accent, config.mark)?;
        let clients = records::load(&config.clients_file)?;
        let old_sign_in = match (&config.legacy_logins, &config.ticket) {
            (Some(logins), Some(_)) => Some(OldSignIn::new(records::load(logins)?)),
            _ => None,
        };
        Ok(Self {
            provider: Provider::new(&config, &addresses, clock.clone())?,
            addresses,
            look,
            clients,
            old_sign_in,
            sessions: Sessions::default(),
            pending: pending(),
            pending_sign_outs: pending_sign_outs(),
            seen_tokens: seen_tokens(),
            pages: Pages::new()?,
            clock,
            form_key: random::bytes(),
            config,
        })
    }

    /// Returns the current time in Unix seconds.
    pub fn now(&self) -> i64 {
        (self.clock)()
    }

    /// Returns the token of a form, bound to the cookie of the browser that is shown it.
    pub fn form_token(&self, cookie: &str) -> String {
        hex::encode(self.form_mac(cookie).finalize().into_bytes())
    }

    /// Returns true if a form came from a page of ours in this browser.
    pub fn form_token_fits(&self, cookie: &str, token: &str) -> bool {
        hex::decode(token).is_ok_and(|token| self.form_mac(cookie).verify_slice(&token).is_ok())
    }

    fn form_mac(&self, cookie: &str) -> Hmac<Sha256> {
        let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.form_key)
            .expect("HMAC takes a key of any length");
        mac.chain_update(cookie)
    }
}
