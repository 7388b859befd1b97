//! Private rows of generations and nodes.

pub(crate) mod config_generation {
    use sea_orm::entity::prelude::*;

    /// The state of a generation.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "String", db_type = "Text")]
    pub enum GenerationState {
        #[sea_orm(string_value = "preparing")]
        Preparing,
        #[sea_orm(string_value = "accepted")]
        Accepted,
        #[sea_orm(string_value = "refused")]
        Refused,
    }

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "config_generation")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub state: GenerationState,
        pub sha256: String,
        pub made_by: String,
        pub made_at: i64,
        pub before_id: Option<i64>,
        /// JSON: the ids of agencies.
        pub kept: String,
        /// Unix milliseconds.
        pub switch_at: Option<i64>,
        pub why: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod config_content {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "config_content")]
    pub struct Model {
        /// The digest of the file.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub sealed: bool,
        pub content: Vec<u8>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod config_file {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "config_file")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub generation_id: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub owner: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub path: String,
        pub content_id: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod node {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "node")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub version: String,
        /// Unix milliseconds.
        pub seen_at: i64,
        pub serves: i64,
        pub prepared: i64,
        pub failed: i64,
        pub error: Option<String>,
        /// JSON: keys of moncompte.toml and marks of their values.
        pub settings: String,
        /// JSON: names of sealing keys; none in a row of a version before m0021.
        pub sealing_keys: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}
