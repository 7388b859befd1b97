use sea_orm_migration::prelude::*;

use crate::column::time_null;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// A link that its account has no older one than: ids are in the order of time.
const FIRST: &str = "NOT EXISTS (SELECT 1 FROM link e WHERE e.account_id = l.account_id AND e.id < l.id)";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // When its owner chose the name and the language: what an agency's file says of the same thing is then not told. One statement for each
        // column: SQLite adds one at a time.
        for mut column in [time_null("named_at"), time_null("spoken_at")] {
            manager.alter_table(Table::alter().table("account").add_column(&mut column).take()).await?;
        }
        let db = manager.get_connection();
        // What was chosen before: the name is another than that of the identity that moved first; the language of its profile is gone.
        db.execute_unprepared(&format!(
            "UPDATE account SET named_at = changed_at WHERE changed_at IS NOT NULL AND EXISTS \
             (SELECT 1 FROM link l JOIN legacy_identity i ON i.id = l.legacy_identity_id WHERE l.account_id = account.id AND {FIRST} \
             AND COALESCE(i.name, '') <> COALESCE(account.name, ''))"
        ))
        .await?;
        db.execute_unprepared(&format!(
            "UPDATE account SET spoken_at = changed_at WHERE changed_at IS NOT NULL AND account.profile NOT LIKE '%\"locale\":%' AND EXISTS \
             (SELECT 1 FROM link l JOIN legacy_identity i ON i.id = l.legacy_identity_id WHERE l.account_id = account.id AND {FIRST} \
             AND i.profile LIKE '%\"locale\":%')"
        ))
        .await?;
        // A profile belongs to the agency that imported it: the identity that moved first, where it still stands. Where it does not, it goes back there.
        db.execute_unprepared(&format!(
            "UPDATE legacy_identity SET profile = \
             (SELECT a.profile FROM link l JOIN account a ON a.id = l.account_id WHERE l.legacy_identity_id = legacy_identity.id) \
             WHERE profile = '{{}}' AND EXISTS \
             (SELECT 1 FROM link l JOIN account a ON a.id = l.account_id WHERE l.legacy_identity_id = legacy_identity.id \
             AND a.profile <> '{{}}' AND {FIRST})"
        ))
        .await?;
        // A node of the release before reads this column and tells it to every agency: from now on it tells nothing. What it writes for those who move
        // through it meanwhile is read by itself alone.
        db.execute_unprepared("UPDATE account SET profile = '{}' WHERE profile <> '{}'").await?;
        Ok(())
    }
}
