use kernel::Unix;
use sea_orm::entity::prelude::*;

use crate::AccountId;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AccountId,
    pub email: String,
    pub email_canonical: String,
    pub name: Option<String>,
    /// Read by nobody: what an agency knows is at the link's identity. A release before this one reads and writes it (m0009).
    pub profile: String,
    pub password_hash: String,
    pub auth_epoch: i32,
    pub locale: String,
    pub created_at: i64,
    pub password_changed_at: i64,
    pub disabled_at: Option<i64>,
    pub changed_at: Option<i64>,
    /// The times at which its owner chose the name, and the language.
    pub named_at: Option<i64>,
    pub spoken_at: Option<i64>,
    /// The cause for which it was closed, at `disabled_at`: `deceased`, `wish` or `fraud`.
    pub closed_why: Option<String>,
    /// The time until which a closed account is kept.
    pub kept_until: Option<i64>,
}

impl Model {
    /// An open account that begins now. `address`: as shown, and in the form for comparison.
    pub(crate) fn begun(
        id: AccountId,
        address: (String, String),
        name: Option<String>,
        password_hash: String,
        locale: &str,
        now: Unix,
    ) -> Self {
        let (email, email_canonical) = address;
        Self {
            id,
            email,
            email_canonical,
            name,
            // What the agency knows beyond that stays with the identity, for this agency alone (SECURITY D11).
            profile: "{}".to_owned(),
            password_hash,
            auth_epoch: 0,
            locale: locale.to_owned(),
            created_at: now,
            password_changed_at: now,
            disabled_at: None,
            changed_at: None,
            named_at: None,
            spoken_at: None,
            closed_why: None,
            kept_until: None,
        }
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(has_many = "super::link::Entity")]
    Link,
}

impl Related<super::link::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Link.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("account row")
    }
}
