use kernel::Fault;
use oidc::Scope;
use sea_orm::{FromQueryResult, entity::prelude::*};

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

/// A row that is read by the positions of its columns, in the order of [`Model`]. A look-up of each name would cost more than the rest of the reading.
pub struct Placed(pub Model);

impl FromQueryResult for Placed {
    fn from_query_result(row: &QueryResult, _: &str) -> Result<Self, DbErr> {
        Model::placed(row, 0).map(Self)
    }
}

impl Model {
    /// Reads the columns of a result from position `from` on.
    pub fn placed(row: &QueryResult, from: usize) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.try_get_by_index(from)?,
            account_id: row.try_get_by_index(from + 1)?,
            client_id: row.try_get_by_index(from + 2)?,
            session_id: row.try_get_by_index(from + 3)?,
            sid: row.try_get_by_index(from + 4)?,
            scope: row.try_get_by_index(from + 5)?,
            resources: row.try_get_by_index(from + 6)?,
            claims: row.try_get_by_index(from + 7)?,
            acr: row.try_get_by_index(from + 8)?,
            auth_time: row.try_get_by_index(from + 9)?,
            auth_epoch: row.try_get_by_index(from + 10)?,
            created_at: row.try_get_by_index(from + 11)?,
            revoked_at: row.try_get_by_index(from + 12)?,
            revoked_why: row.try_get_by_index(from + 13)?,
        })
    }

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
