use kernel::Fault;
use oidc::Scope;
use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "token_grant")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: Uuid,
    pub client_id: String,
    pub session_id: Uuid,
    pub sid: String,
    pub scope: String,
    /// Resources (RFC 8707), separated by spaces, which no URI contains.
    pub resources: String,
    pub claims: String,
    pub acr: Option<String>,
    pub auth_time: i64,
    pub auth_epoch: i32,
    pub created_at: i64,
    pub revoked_at: Option<i64>,
    pub revoked_why: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Returns the granted scopes.
    pub fn scope(&self) -> Result<Scope, Fault> {
        Scope::parse(&self.scope).map_err(|_| Fault::Broken("a stored scope cannot be read".into()))
    }

    /// Returns the requested resources.
    pub fn resources(&self) -> Vec<String> {
        self.resources.split(' ').filter(|r| !r.is_empty()).map(str::to_owned).collect()
    }
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("token grant row")
    }
}
