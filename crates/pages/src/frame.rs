//! What surrounds every page: language, the agency's look, the form token and where forms go.

use serde::{Deserialize, Serialize};

use crate::{Locale, shades};

/// What every page needs besides its own content. No `Debug`: it carries the form token.
#[derive(Clone, Serialize)]
pub struct Frame {
    /// The language of the page.
    pub locale: Locale,
    /// The agency whose portal the person comes from; `None` where no agency is known.
    pub look: Option<Look>,
    /// The anti-forgery token, written as hidden field `csrf` in every form.
    pub csrf: String,
    /// The prefix of the addresses of this interaction, without a trailing slash: `/authorize/<uuid>`. Empty outside an
    /// interaction; links such as `{base}/help` then become `/help`.
    pub base: String,
    /// The host people should see in their address bar, shown in the footer: `compte.example.fr`.
    pub issuer_host: String,
}

/// How an agency presents itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// The agency's id, as in the name of its file: `tilleuls`. Its colour is served at `/look/{agency_id}.css`.
    pub agency_id: String,
    /// The name people know: `Agence des Tilleuls`.
    pub agency_name: String,
    /// The agency's first colour, `#rrggbb`: buttons and links. See [`crate::faults`]: configuration should refuse one that
    /// cannot be read where it is used; a page rendered with one all the same gets the nearest that can.
    pub accent: String,
    /// Its second colour: the band at the head of the page, the step that one is at, the edge of the agency's own words. The
    /// first one unless there is another.
    pub second: Option<String>,
    /// The logo, on our own origin (pages load nothing from elsewhere).
    pub logo_url: Option<String>,
    /// How to reach the agency.
    pub contact: Contact,
    /// What it says in its own words.
    #[serde(default)]
    pub words: Words,
}

/// An agency's own words in the few places that are kept for them: plain text, shown as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Words {
    /// Under the heading of the sign-in page.
    pub sign_in: Option<Said>,
    /// In the notice that a move begins with.
    pub notice: Option<Said>,
    /// Before how to reach the agency: at the end of the help page, and where a person can only turn to the agency.
    pub contact: Option<Said>,
    /// The last line of its mails.
    pub mail: Option<Said>,
}

/// One sentence or two, in each language.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// In French.
    pub fr: String,
    /// In English.
    pub en: String,
}

/// How to reach an agency; what is `None` is not shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    /// As printed on letters: `01 23 45 67 89`.
    pub phone: Option<String>,
    /// The address that a person may write to.
    pub email: Option<String>,
    /// Opening hours in words.
    pub hours: Option<String>,
    /// The public web site, `https://…`.
    pub website: Option<String>,
    /// The postal address, on one line or several.
    pub address: Option<String>,
}

impl Look {
    /// The style sheet that carries the agency's colours, to be served at `/look/{agency_id}.css` as `text/css`. All
    /// shades are derived so that words on them keep a contrast of at least 4.5:1 and other signs 3:1 (WCAG 2.1, 1.4.3 and
    /// 1.4.11), whatever the colours; one that is not `#rrggbb` gives the neutral one.
    pub fn stylesheet(&self) -> String {
        shades::stylesheet(&self.accent, self.second.as_deref())
    }
}
