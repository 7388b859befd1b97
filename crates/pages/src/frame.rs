//! The frame of every page: language, the agency's theme, the form token and the prefix of its addresses.

use serde::{Deserialize, Serialize};

use crate::{Locale, shades};

/// The values that every page needs besides its own. No `Debug`, for it carries the form token.
#[derive(Clone, Serialize)]
pub struct Frame {
    /// The language of the page.
    pub locale: Locale,
    /// The theme of the agency whose portal the person comes from; `None` if no agency is known.
    pub look: Option<Theme>,
    /// The anti-forgery token, written as hidden field `csrf` in every form.
    pub csrf: String,
    /// The prefix of the addresses of this interaction, without a trailing slash: `/authorize/<uuid>`. Empty outside an
    /// interaction; links such as `{base}/help` then become `/help`.
    pub base: String,
    /// The host that people should see in their address bar, shown in the footer: `compte.example.fr`.
    pub issuer_host: String,
}

/// The presentation of an agency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Theme {
    /// The agency's id, as in the name of its file: `tilleuls`. Its style sheet is served at `/look/{agency_id}.css`.
    pub agency_id: String,
    /// The name that people know: `Agence des Tilleuls`.
    pub agency_name: String,
    /// The agency's first colour, `#rrggbb`: buttons and links. The configuration should refuse one that is unreadable where it is used
    /// ([`crate::colour_errors`]); a page rendered with one gets the nearest readable colour.
    pub accent: String,
    /// Its second colour: the band at the top of the page, the current step, the edge of the agency's own texts. The first one unless
    /// there is another.
    pub second: Option<String>,
    /// The logo, on our own origin (pages load nothing from elsewhere).
    pub logo_url: Option<String>,
    /// The contact details of the agency.
    pub contact: Contact,
    /// Its custom texts.
    #[serde(default)]
    pub words: CustomTexts,
    /// True while it is tried out: each page and mail says that it is a rehearsal.
    #[serde(default)]
    pub rehearsal: bool,
}

/// The custom texts of an agency, in a few fixed places: plain text, shown unchanged.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CustomTexts {
    /// Under the heading of the sign-in page.
    pub sign_in: Option<LocalizedText>,
    /// In the notice that a move begins with.
    pub notice: Option<LocalizedText>,
    /// Before the contact details: at the end of the help page, and where only the agency can help.
    pub contact: Option<LocalizedText>,
    /// The last line of its mails.
    pub mail: Option<LocalizedText>,
}

/// One or two sentences in each language.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LocalizedText {
    /// In French.
    pub fr: String,
    /// In English.
    pub en: String,
}

/// The contact details of an agency; those that are `None` are not shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    /// The phone number as printed on letters: `01 23 45 67 89`.
    pub phone: Option<String>,
    /// The email address for questions.
    pub email: Option<String>,
    /// Opening hours as text.
    pub hours: Option<String>,
    /// The public web site, `https://…`.
    pub website: Option<String>,
    /// The postal address, on one line or several.
    pub address: Option<String>,
}

impl Theme {
    /// Returns the style sheet with the agency's colours, to be served at `/look/{agency_id}.css` as `text/css`. All shades are derived so that
    /// text on them has a contrast of at least 4.5:1 and other signs 3:1 (WCAG 2.1, 1.4.3 and 1.4.11), whatever the colours; one that is not
    /// `#rrggbb` is replaced by the neutral one.
    pub fn stylesheet(&self) -> String {
        shades::stylesheet(&self.accent, self.second.as_deref())
    }
}
