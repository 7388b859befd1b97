//! SPEC J2.7, J11: a sheet of paper to keep.

use serde::Serialize;

use super::Page;
use crate::{Contact, gallery};

/// Instructions for signing in again, to print or copy: everything but the password. Offered at the end of a move and on the account's page.
#[derive(Clone, Debug, Serialize)]
pub struct Memo {
    /// The account.
    pub email: String,
    /// The client spaces that it opens; may be empty.
    pub agencies: Vec<MemoAgency>,
    /// The number of failures that lock an account.
    pub lock_failures: u8,
    /// The lifetime of a reset link, in minutes.
    pub reset_minutes: u16,
}

/// A client space, and the agency's contact.
#[derive(Clone, Debug, Serialize)]
pub struct MemoAgency {
    /// The name that people know.
    pub name: String,
    /// Its address as people type it: `espace.tilleuls.fr`.
    pub site: Option<String>,
    /// The contact details of the agency.
    pub contact: Contact,
}

impl Page for Memo {
    const NAME: &'static str = "account-memo";

    fn samples() -> Vec<Memo> {
        let full = Memo {
            email: "marie.durand@example.fr".into(),
            agencies: vec![
                MemoAgency {
                    name: "Agence des Tilleuls".into(),
                    site: Some("espace.tilleuls.example".into()),
                    contact: gallery::look().contact,
                },
                MemoAgency { name: "Cabinet Rivage".into(), site: None, contact: Contact::default() },
            ],
            lock_failures: 5,
            reset_minutes: 30,
        };
        let one = full.agencies.first().cloned().into_iter().collect();
        vec![full.clone(), Memo { agencies: one, ..full.clone() }, Memo { agencies: vec![], ..full }]
    }
}
