//! A person at a browser: the page on the screen is the one whose forms they fill in.

use std::ops::{Deref, DerefMut};

use http::Method;

use crate::{Browser, Page};

/// A browser, and the page on its screen.
pub struct Visitor {
    browser: Browser,
    /// The newest page.
    pub screen: Page,
}

impl Deref for Visitor {
    type Target = Browser;

    fn deref(&self) -> &Browser {
        &self.browser
    }
}

impl DerefMut for Visitor {
    fn deref_mut(&mut self) -> &mut Browser {
        &mut self.browser
    }
}

impl Visitor {
    /// Sits down at a browser.
    pub fn at(browser: Browser) -> Self {
        Self { browser, screen: Page::blank() }
    }

    /// Sits down at another browser on the same transport, without cookies.
    pub fn another(&self) -> Self {
        Self::at(self.browser.another())
    }

    /// The same browser once more, as it stands now.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self { browser: self.browser.copy(), screen: self.screen.clone() }
    }

    /// Opens an address and follows it as far as the provider's host goes.
    pub async fn open(&mut self, address: &str) -> &Page {
        self.send(Method::GET, address, None, &[]).await
    }

    /// Fills a form of the screen in and sends it.
    #[track_caller]
    pub fn submit(&mut self, step: &str, typed: &[(&str, &str)]) -> impl Future<Output = &Page> {
        let (to, fields) = self.browser.filled(&self.screen, step, typed);
        async move {
            self.screen = self.browser.try_post(to, &fields).await.unwrap();
            &self.screen
        }
    }

    /// Fills a form in and sends it, and the answer does not arrive: the screen stays, and so do the cookies.
    pub async fn submit_in_vain(&mut self, step: &str, typed: &[(&str, &str)]) {
        let status = self.browser.copy().submit(&self.screen, step, typed).await.status;
        assert!(status.is_success() || status.is_redirection(), "{status}");
    }

    /// Sends one request after the other, until something stands on the screen.
    pub async fn send(
        &mut self,
        method: Method,
        address: &str,
        body: Option<Vec<u8>>,
        headers: &[(&str, &str)],
    ) -> &Page {
        self.screen = self.browser.try_send(method, address, body, headers).await.unwrap();
        &self.screen
    }

    /// Types the address and the password into the sign-in page.
    pub async fn sign_in(&mut self, email: &str, password: &str) -> &Page {
        self.submit("/sign-in", &[("email", email), ("password", password)]).await
    }

    /// Goes from the sign-in page to the first page of the move.
    pub async fn old_credentials(&mut self, identifier: &str, password: &str) -> &Page {
        let door = self.screen.links().into_iter().find(|link| link.ends_with("/legacy")).expect("a way in");
        self.open(&door).await;
        self.submit("/legacy", &[("identifier", identifier), ("password", password)]).await
    }

    /// Goes from "no link here" or the sign-in page to the agency attached, in a session that is fresh.
    pub async fn old_credentials_attached(&mut self, identifier: &str, password: &str, email: &str) {
        self.old_credentials(identifier, password).await;
        self.submit("/notice", &[]).await;
        self.submit("/email", &[("email", email)]).await;
        self.submit("/link", &[]).await;
    }

    /// Goes from the notice to "look at your mail".
    pub async fn up_to_mail(&mut self, email: &str, password: &str) -> &Page {
        self.submit("/notice", &[]).await;
        self.submit("/email", &[("email", email)]).await;
        self.submit("/password", &[("password", password)]).await.says("Regardez vos messages")
    }
}
