//! Private rows of the kernel.

pub(crate) mod meta {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "meta")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: String,
        pub value: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod outbox {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "outbox")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub kind: String,
        pub payload: Vec<u8>,
        pub created_at: i64,
        pub not_before: i64,
        pub expires_at: Option<i64>,
        pub attempts: i32,
        pub locked_until: Option<i64>,
        pub sent_at: Option<i64>,
        pub dead_at: Option<i64>,
        pub last_error: Option<String>,
        pub destination: Option<String>,
        pub about: Option<String>,
        pub dead_why: Option<String>,
        pub bounced_at: Option<i64>,
        pub person: Option<Uuid>,
        pub topic: Option<String>,
        pub agency: Option<String>,
        pub host: Option<String>,
        pub answer: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}
