use std::sync::Arc;

use sea_orm::{ActiveModelTrait, IntoActiveModel, PaginatorTrait};
use testbed::Bed;

use super::*;
use crate::{HashCost, Hasher, Rules, TermsLibrary, login, table::device};

fn accounts(bed: &Bed) -> Accounts {
    let hasher = Hasher::new(HashCost { memory: 8, passes: 1, lanes: 1 }, 1, 1, bed.context.rng.clone());
    let terms = Arc::new(arc_swap::ArcSwap::from_pointee(TermsLibrary::new(vec![])));
    Accounts::new(bed.context.clone(), Arc::new(hasher.unwrap()), Rules::default(), terms)
}

/// An account, as it was read.
async fn somebody(bed: &Bed) -> account::Model {
    let row = account::Model {
        id: bed.context.id(),
        email: "marie@exemple.test".into(),
        email_canonical: "marie@exemple.test".into(),
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
    };
    let insert = account::Entity::insert(row.clone().into_active_model().reset_all());
    insert.exec_without_returning(bed.context.db.writer()).await.unwrap();
    row
}

/// A reset, as far as it shows in the account.
async fn reset(bed: &Bed, owner: &account::Model) {
    account::Entity::update_many()
        .col_expr(account::Column::PasswordHash, Expr::value("as the reset set it"))
        .col_expr(account::Column::AuthEpoch, Expr::value(1))
        .filter(account::Column::Id.eq(owner.id))
        .exec(bed.context.db.writer())
        .await
        .unwrap();
}

fn visitor() -> Visitor {
    let (user_agent, locale) = ("before".into(), "fr".into());
    Visitor { ip: None, user_agent, device: None, locale, origin: crate::Origin::default() }
}

/// SECURITY #67: the password was right when it was checked, and is hashed anew at today's costs; a reset set another one meanwhile.
#[tokio::test]
async fn a_rehash_at_sign_in_leaves_the_password_that_a_reset_set_meanwhile() {
    for bed in Bed::both().await {
        for meanwhile in [false, true] {
            let owner = somebody(&bed).await;
            if meanwhile {
                reset(&bed, &owner).await;
            }
            let tx = bed.context.db.begin().await.unwrap();
            login::rehash(&tx, &owner, "at today's costs".into()).await.unwrap();
            tx.commit().await.unwrap();
            let row =
                account::Entity::find_by_id(owner.id).one(bed.context.db.reader()).await.unwrap().unwrap();
            let expected = if meanwhile { "as the reset set it" } else { "at today's costs" };
            assert_eq!(row.password_hash, expected, "{}", bed.name);
            account::Entity::delete_by_id(owner.id).exec(bed.context.db.writer()).await.unwrap();
        }
    }
}

/// SECURITY #76: a sign-in with the old password that ends after the reset makes its browser known to nobody, and its session is dead.
#[tokio::test]
async fn a_sign_in_that_a_reset_overtook_makes_no_browser_known() {
    for bed in Bed::both().await {
        let (accounts, owner) = (accounts(&bed), somebody(&bed).await);
        for (meanwhile, known) in [(false, 1), (true, 1)] {
            if meanwhile {
                reset(&bed, &owner).await;
            }
            let id = AccountId(owner.id);
            let tx = bed.context.db.begin().await.unwrap();
            let signed_in =
                accounts.begin_session(&tx, id, owner.auth_epoch, false, &visitor()).await.unwrap();
            tx.commit().await.unwrap();
            let lives = accounts.session(&signed_in.token).await.unwrap().is_some();
            assert_eq!(lives, !meanwhile, "{}", bed.name);
            let devices = device::Entity::find().count(bed.context.db.reader()).await.unwrap();
            assert_eq!(devices, known, "{}", bed.name);
        }
    }
}

/// Two versions run side by side for a while.
#[test]
fn older_nodes_and_this_one_read_each_others_letters() {
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
