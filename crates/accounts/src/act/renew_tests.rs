use std::sync::Arc;

use testbed::{Bed, apply, both};

use super::*;
use crate::{HashCost, Hasher, Rules, TermsLibrary};

fn accounts(bed: &Bed) -> Accounts {
    let hasher = Hasher::new(HashCost { memory: 8, passes: 1, lanes: 1 }, 1, 1, bed.context.rng.clone());
    let terms = Arc::new(arc_swap::ArcSwap::from_pointee(TermsLibrary::new(vec![])));
    Accounts::new(bed.context.clone(), Arc::new(hasher.unwrap()), Rules::default(), terms)
}

/// An account, as it was read.
async fn somebody(bed: &Bed, email: &str) -> AccountRow {
    let row = AccountRow {
        id: bed.context.id(),
        email: email.into(),
        email_canonical: email.into(),
        name: None,
        profile: "{}".into(),
        password_hash: "as it was read".into(),
        auth_epoch: 0,
        locale: "fr".into(),
        created_at: 0,
        password_changed_at: 0,
        disabled_at: None,
        changed_at: None,
        named_at: None,
        spoken_at: None,
        closed_why: None,
        kept_until: None,
    };
    write(bed, async |tx: &Tx| accounts::insert(tx, row.clone()).await.map(drop)).await;
    row
}

async fn write(bed: &Bed, statement: impl AsyncFnOnce(&Tx) -> Result<(), Fault>) {
    let written = bed.context.db.write(async |tx: &Tx| Ok(Done::Commit(statement(tx).await?))).await;
    written.unwrap();
}

/// A reset, as far as it shows in the account.
async fn reset(bed: &Bed, owner: &AccountRow) {
    let new = Credentials { password: Some("as the reset set it"), ..Credentials::default() };
    write(bed, async |tx: &Tx| accounts::renew(tx, owner.id, &new, 0).await.map(drop)).await;
}

fn visitor() -> Visitor {
    let (user_agent, locale) = ("before".into(), "fr".into());
    Visitor { ip: None, user_agent, device: None, locale, origin: crate::Origin::default() }
}

/// SECURITY #67: the password was right when it was checked, and is hashed anew at today's costs; a reset set another one meanwhile.
#[apply(both!)]
#[tokio::test]
async fn a_rehash_at_sign_in_leaves_the_password_that_a_reset_set_meanwhile(bed: Bed) {
    for (meanwhile, email) in [(false, "marie@exemple.test"), (true, "anne@exemple.test")] {
        let owner = somebody(&bed, email).await;
        if meanwhile {
            reset(&bed, &owner).await;
        }
        let hash = "at today's costs".to_owned();
        write(&bed, async |tx: &Tx| accounts::rehash(tx, &owner, hash).await).await;
        let row = accounts::by_id(&bed.context.db, owner.id).await.unwrap().unwrap();
        let expected = if meanwhile { "as the reset set it" } else { "at today's costs" };
        assert_eq!(row.password_hash, expected, "{}", bed.name);
    }
}

/// SECURITY #76: a sign-in with the old password that ends after the reset makes its browser known to nobody, and its session is dead.
#[apply(both!)]
#[tokio::test]
async fn a_sign_in_that_a_reset_overtook_makes_no_browser_known(bed: Bed) {
    let (accounts, owner) = (accounts(&bed), somebody(&bed, "marie@exemple.test").await);
    for meanwhile in [false, true] {
        if meanwhile {
            reset(&bed, &owner).await;
        }
        let signed_in = bed.context.db.write(async |tx: &Tx| {
            let signed_in = accounts.open_session(tx, &owner, false, &visitor(), None).await?;
            Ok(Done::Commit(signed_in))
        });
        let signed_in = signed_in.await.unwrap();
        let lives = accounts.session(&signed_in.token).await.unwrap().is_some();
        assert_eq!(lives, !meanwhile, "{}", bed.name);
        let here = Visitor { device: Some(signed_in.device), ..visitor() };
        let known = accounts.known_device(owner.id, &here).await.unwrap();
        assert_eq!(known.is_some(), !meanwhile, "{}", bed.name);
    }
}

/// Two versions run side by side for a while.
#[test]
fn older_nodes_and_this_one_read_each_others_messages() {
    #[derive(Serialize, Deserialize)]
    struct Older {
        accounts: Vec<AccountId>,
    }
    let (account, old, new) =
        (AccountId(uuid::Uuid::from_u128(1)), uuid::Uuid::from_u128(2), uuid::Uuid::max());
    let older = serde_json::to_string(&Older { accounts: vec![account] }).unwrap();
    let read: SessionsEnded = serde_json::from_str(&older).unwrap();
    assert!(read.accounts == [account] && read.replaced.is_none());
    let replaced = Some(Replaced { old: SessionId(old), new: SessionId(new) });
    let ours = serde_json::to_string(&SessionsEnded { accounts: vec![account], replaced }).unwrap();
    assert!(serde_json::from_str::<Older>(&ours).unwrap().accounts == [account]);
    let read: SessionsEnded = serde_json::from_str(&ours).unwrap();
    assert_eq!(read.replaced, replaced);
}
