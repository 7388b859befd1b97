//! A row as it was before a delivery changed it: sealed, as the secrets of identities are.

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use kernel::{Context, Fault, Unix};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    AccountId, DeliveryId, LegacyIdentityId,
    store::{IdentityRow, LinkId, LinkRow},
    verifier::{self, Kind},
};

const PURPOSE: &str = "delivery change";

/// The values of an identity and its link before a delivery changed them.
pub(super) struct Before {
    pub(super) identity: IdentityRow,
    /// Of a person who had moved.
    pub(super) link: Option<LinkRow>,
    /// The delivery gave the account another name as well.
    pub(super) renamed: bool,
}

#[derive(Serialize, Deserialize)]
struct Text {
    id: LegacyIdentityId,
    agency: String,
    identifier: String,
    canonical: String,
    client_ref: String,
    email: Option<String>,
    name: Option<String>,
    profile: String,
    fingerprint: String,
    secret_fingerprint: Option<String>,
    kind: String,
    verifier: Option<String>,
    imported_at: Unix,
    moved_at: Option<Unix>,
    delivery: Option<DeliveryId>,
    left_at: Option<Unix>,
    /// None in what a version before m0021 kept.
    #[serde(default)]
    further_refs: Option<String>,
    link: Option<LinkText>,
    renamed: bool,
}

#[derive(Serialize, Deserialize)]
struct LinkText {
    id: LinkId,
    account: AccountId,
    client_ref: String,
    linked_at: Unix,
    ends_at: Option<Unix>,
    ended_at: Option<Unix>,
}

impl Before {
    pub(super) fn seal(self, context: &Context) -> Result<Vec<u8>, Fault> {
        let Self { identity: row, link, renamed } = self;
        let text = Text {
            id: row.id,
            agency: row.agency_id,
            identifier: row.identifier,
            canonical: row.identifier_canonical,
            client_ref: row.client_ref,
            email: row.email,
            name: row.name,
            profile: row.profile,
            fingerprint: row.fingerprint,
            secret_fingerprint: row.secret_fingerprint,
            kind: row.verifier_kind.as_str().to_owned(),
            verifier: row.verifier.map(|bytes| STANDARD_NO_PAD.encode(bytes)),
            imported_at: row.imported_at,
            moved_at: row.moved_at,
            delivery: row.delivery_id,
            left_at: row.left_at,
            further_refs: row.further_refs,
            link: link.map(|link| LinkText {
                id: link.id,
                account: link.account_id,
                client_ref: link.client_ref,
                linked_at: link.linked_at,
                ends_at: link.ends_at,
                ended_at: link.ended_at,
            }),
            renamed,
        };
        Ok(context.seal(PURPOSE, &Zeroizing::new(serde_json::to_vec(&text)?)))
    }

    pub(super) fn open(context: &Context, sealed: &[u8]) -> Result<Self, Fault> {
        let text: Text = serde_json::from_slice(&context.keys.open(PURPOSE, sealed)?)?;
        let damaged = |_| Fault::Broken("a row that a delivery kept is damaged".into());
        let verifier =
            text.verifier.map(|bytes| STANDARD_NO_PAD.decode(bytes)).transpose().map_err(damaged)?;
        let link = text.link.map(|link| LinkRow {
            id: link.id,
            account_id: link.account,
            agency_id: text.agency.clone(),
            legacy_identity_id: text.id,
            client_ref: link.client_ref,
            linked_at: link.linked_at,
            ends_at: link.ends_at,
            ended_at: link.ended_at,
        });
        let identity = IdentityRow {
            id: text.id,
            agency_id: text.agency,
            identifier: text.identifier,
            identifier_canonical: text.canonical,
            client_ref: text.client_ref,
            email: text.email,
            name: text.name,
            profile: text.profile,
            fingerprint: text.fingerprint,
            secret_fingerprint: text.secret_fingerprint,
            verifier_kind: Kind::parse(&text.kind).unwrap_or(Kind::None),
            verifier,
            // What recognises somebody who has moved is never changed by a delivery.
            recogniser_kind: Kind::None,
            recogniser: None,
            imported_at: text.imported_at,
            moved_at: text.moved_at,
            delivery_id: text.delivery,
            left_at: text.left_at,
            further_refs: text.further_refs,
            terms_of: None,
        };
        Ok(Self { identity, link, renamed: text.renamed })
    }
}

/// Returns a row as it was, sealed with the newest key, and the hash in it as well; `None` if it is that already.
pub(in crate::act) fn renew(context: &Context, sealed: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
    let before = Before::open(context, sealed)?;
    let hash = before.identity.verifier.as_deref();
    let hash = hash.map(|hash| verifier::renew(context, before.identity.verifier_kind, hash)).transpose()?;
    match hash.flatten() {
        Some(hash) => {
            let identity = IdentityRow { verifier: Some(hash), ..before.identity };
            Ok(Some(Before { identity, ..before }.seal(context)?))
        }
        None => context.reseal(PURPOSE, sealed),
    }
}
