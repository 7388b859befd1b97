//! What surrounds every page: language, the agency's look, the form token and where forms go.

use serde::{Deserialize, Serialize};

use crate::{Locale, colour};

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
    /// The agency's colour, `#rrggbb`. See [`crate::contrast`]: configuration should refuse one that is too pale; a page
    /// rendered with one all the same gets a darker shade of it.
    pub accent: String,
    /// The logo, on our own origin (pages load nothing from elsewhere).
    pub logo_url: Option<String>,
    /// How to reach the agency.
    pub contact: Contact,
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
    /// The style sheet that carries the agency's colour, to be served at `/look/{agency_id}.css` as `text/css`. All
    /// shades are derived so that text on them keeps a contrast of at least 4.5:1 (WCAG 2.1, 1.4.3), whatever the colour;
    /// a colour that is not `#rrggbb` gives the neutral one.
    pub fn stylesheet(&self) -> String {
        colour::stylesheet(&self.accent)
    }
}
