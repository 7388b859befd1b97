//! The portal as a whole: what every request can reach.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::back_channel::{SeenTokens, seen_tokens};
use crate::config::{Addresses, Config};
use crate::look::Look;
use crate::old_door::OldDoor;
use crate::provider::Provider;
use crate::records::{self, Clients};
use crate::session::Sessions;
use crate::sign_in::{Pending, pending};
use crate::sign_out::{Departures, departures};
use crate::web::page::Pages;
use crate::{Clock, Error, random};

/// State of one portal. Two portals in one process share nothing.
pub(crate) struct Portal {
    pub config: Config,
    pub addresses: Addresses,
    pub look: Look,
    pub clients: Clients,
    pub old_door: Option<OldDoor>,
    pub provider: Provider,
    pub sessions: Sessions,
    pub pending: Pending,
    pub departures: Departures,
    pub seen_tokens: SeenTokens,
    pub pages: Pages,
    clock: Clock,
    form_key: [u8; 32],
}

impl Portal {
    /// Reads the records and checks everything; speaks to nobody.
    pub fn new(config: Config, clock: Clock) -> Result<Self, Error> {
        let addresses = config.check()?;
        let look = Look::of(&config.accent, config.mark)?;
        let clients = records::load(&config.clients_file)?;
        let old_door = match (&config.legacy_logins, &config.ticket) {
            (Some(logins), Some(_)) => Some(OldDoor::new(records::load(logins)?)),
            _ => None,
        };
        Ok(Self {
            provider: Provider::new(&config, &addresses, clock.clone())?,
            addresses,
            look,
            clients,
            old_door,
            sessions: Sessions::default(),
            pending: pending(),
            departures: departures(),
            seen_tokens: seen_tokens(),
            pages: Pages::new()?,
            clock,
            form_key: random::bytes(),
            config,
        })
    }

    /// Unix seconds.
    pub fn now(&self) -> i64 {
        (self.clock)()
    }

    /// What a form must carry to be believed: bound to the cookie of the browser that was shown it.
    pub fn form_token(&self, cookie: &str) -> String {
        hex::encode(self.form_mac(cookie).finalize().into_bytes())
    }

    /// Whether a form came from a page of ours in this browser.
    pub fn form_token_fits(&self, cookie: &str, token: &str) -> bool {
        hex::decode(token).is_ok_and(|token| self.form_mac(cookie).verify_slice(&token).is_ok())
    }

    fn form_mac(&self, cookie: &str) -> Hmac<Sha256> {
        let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.form_key)
            .expect("HMAC takes a key of any length");
        mac.chain_update(cookie)
    }
}
