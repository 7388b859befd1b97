//! Pages and mails as typed structs, rendered in French and English.
//!
//! A page is a struct with samples; a mail is a variant of [`MailBody`]. Templates, translations, the style sheet and the
//! scripts are embedded. The crate knows no HTTP and no database: it is given plain values and returns text.
//!
//! ```
//! use pages::{Frame, Locale, Pages, page::{Problem, ProblemKind}};
//!
//! let pages = Pages::new()?;
//! let frame = Frame {
//!     locale: Locale::negotiate(Some("fr-FR"), None, Locale::Fr),
//!     look: None,
//!     csrf: "a token".into(),
//!     base: String::new(),
//!     issuer_host: "compte.example".into(),
//! };
//! let page = Problem { kind: ProblemKind::NotFound, reference: "7H3K-PQ".into(), retry_url: Some("/".into()), until: None };
//! let rendered = pages.render(&frame, &page)?;
//! assert!(rendered.html.contains("7H3K-PQ"));
//! # Ok::<(), pages::Error>(())
//! ```
//!
//! **The HTTP side serves** `/assets/{path}` from [`asset`] and `/look/{agency_id}.css` from [`Theme::stylesheet`], and checks the hidden field `csrf` of
//! every form. Pages need nothing beyond `Content-Security-Policy: default-src 'self'` (with a `form-action` for the targets of forms, and a `frame-src`
//! for [`page::SigningOut`]).

mod asset;
mod colour;
mod delivery;
mod error;
mod frame;
pub mod gallery;
mod locale;
pub mod mail;
mod markdown;
pub mod page;
mod picture;
mod provider;
mod render;
mod shades;
mod translate;

pub use asset::{ASSET_ROOT, Asset, asset, precompressed, url as asset_url};
pub use delivery::{
    DeliveryLine, DeliveryReport, DeliverySample, column_in_french, difference_in_french,
    household_in_french, reason_in_french,
};
pub use error::Error;
pub use frame::{Contact, CustomTexts, Frame, LocalizedText, Theme};
pub use locale::Locale;
pub use mail::{Mail, MailBody, MailFrame};
pub use markdown::{Html, markdown};
pub use page::Page;
pub use provider::Provider;
pub use render::{Pages, Rendered};
pub use shades::{ColourError, colour_errors};
pub use translate::paris_offset;
