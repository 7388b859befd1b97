//! SPEC J2.6, J7: the terms of use.

use serde::Serialize;

use super::Page;
use crate::{Html, markdown};

/// `POST {base}/terms` with `version`, `language`, `sha256`, `accept=on`, and `read=end` once the page's script saw the end on the screen. Refusing: `{base}/refuse`. While enrolling,
/// `{base}/email` corrects the address.
#[derive(Clone, Debug, Serialize)]
pub struct Terms {
    /// The account that accepts.
    pub email: String,
    /// The agency of the portal.
    pub agency_name: String,
    /// The version of the terms: `2026-11`.
    pub version: String,
    /// The language of the text shown: `fr` or `en`; may differ from the page's.
    pub language: String,
    /// The SHA-256 of the exact text shown, 64 hexadecimal digits.
    pub sha256: String,
    /// The title, from the text's front matter.
    pub title: String,
    /// The text, made by [`crate::markdown`].
    pub body_html: Html,
    /// True in step 6 of a move; false for a new version for an existing account.
    pub enrolling: bool,
    /// The error.
    pub error: Option<TermsError>,
    /// The version accepted before, if any.
    pub previous_version: Option<String>,
}

/// The reason why an acceptance is refused.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TermsError {
    /// The box was not ticked.
    NotTicked,
    /// The text changed while it was being read; this is the new one.
    Changed,
}

/// The consequences of refusing: nothing is created, the old access stays. Back to `{base}`, contact of the agency.
#[derive(Clone, Debug, Serialize)]
pub struct TermsRefused {
    /// True if there is no account yet.
    pub enrolling: bool,
}

impl Page for Terms {
    const NAME: &'static str = "terms";

    fn has_error(&self) -> bool {
        self.error.is_some()
    }

    fn samples() -> Vec<Terms> {
        let article = "Mon compte immobilier vous permet d’utiliser les espaces clients de vos agences avec une adresse et un mot de passe. ";
        let body: String = (1..=9)
            .map(|n| format!("## {n}. Article\n\n{}\n\n- un point\n- un autre\n\n", article.repeat(6)))
            .collect();
        let first = Terms {
            email: "marie.durand@example.fr".into(),
            agency_name: "Agence des Tilleuls".into(),
            version: "2026-11".into(),
            language: "fr".into(),
            sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
            title: "Conditions Générales d’Utilisation de Mon compte immobilier".into(),
            body_html: markdown(&body),
            enrolling: true,
            error: None,
            previous_version: None,
        };
        vec![
            first.clone(),
            Terms { error: Some(TermsError::NotTicked), ..first.clone() },
            Terms { error: Some(TermsError::Changed), ..first.clone() },
            Terms { enrolling: false, previous_version: Some("2025-01".into()), ..first.clone() },
            Terms { enrolling: false, body_html: markdown("Un texte très court."), ..first.clone() },
            Terms {
                language: "en".into(),
                title: "Terms of Use of My property account".into(),
                body_html: markdown("A very short text."),
                ..first
            },
        ]
    }
}

impl Page for TermsRefused {
    const NAME: &'static str = "terms-refused";

    fn samples() -> Vec<TermsRefused> {
        vec![TermsRefused { enrolling: true }, TermsRefused { enrolling: false }]
    }
}
