//! The end of a link to an agency, and of an agency's part, at that agency's portals.

use accounts::LinkEnded;
use agencies::Standing;
use kernel::{
    Done, Fault, Tx,
    outbox::Leased,
    sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, sea_query::Expr},
};
use uuid::Uuid;

use super::{
    Grants,
    table::{client_session, token_grant},
};

/// The number of sessions that end in one transaction.
const STEP: u64 = 500;

impl Grants {
    /// Ends what the portals of agencies hold that do not take part any more, and queues their logout tokens: the worker calls it. People stay signed in here
    /// and at other agencies.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn end_left(&self) -> Result<(), Fault> {
        let (now, agencies) = (self.context.now(), self.agencies.load_full());
        let left = agencies.iter().filter(|agency| agency.life.at(now) == Standing::Left);
        let clients: Vec<String> =
            left.flat_map(|agency| &agency.portals).map(|portal| portal.client.client_id.clone()).collect();
        if clients.is_empty() {
            return Ok(());
        }
        let theirs = Condition::all()
            .add(client_session::Column::ClientId.is_in(&clients))
            .add(client_session::Column::EndedAt.is_null());
        loop {
            let step: Vec<Uuid> = client_session::Entity::find()
                .select_only()
                .column(client_session::Column::SessionId)
                .filter(theirs.clone())
                .limit(STEP)
                .into_tuple()
                .all(self.context.db.reader())
                .await?;
            if step.is_empty() {
                break;
            }
            let ending = client_session::Entity::update_many()
                .col_expr(client_session::Column::EndedAt, Expr::value(now))
                .filter(theirs.clone())
                .filter(client_session::Column::SessionId.is_in(step));
            self.context
                .db
                .write(async |tx: &Tx| {
                    for row in ending.exec_with_returning(tx.conn()).await? {
                        self.tell_client(tx, row).await?;
                    }
                    Ok(Done::Commit(()))
                })
                .await?;
        }
        token_grant::Entity::update_many()
            .col_expr(token_grant::Column::RevokedAt, Expr::value(now))
            .col_expr(token_grant::Column::RevokedWhy, Expr::value("agency_left"))
            .filter(token_grant::Column::ClientId.is_in(&clients))
            .filter(token_grant::Column::RevokedAt.is_null())
            .exec(self.context.db.writer())
            .await?;
        Ok(())
    }

    /// Ends what the portals of an agency hold of a person whose link there ended, `offline_access` too, and queues their logout tokens; the worker calls
    /// it for messages of the kind [`accounts::LINK_ENDED`]. The person stays signed in here and at other agencies. Does nothing if the person is linked
    /// there again, unless staff took a link away.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn link_ended(&self, message: &Leased) -> Result<(), Fault> {
        let LinkEnded { account, agency, taken } = self.accounts.link_ended(message)?;
        if !taken && !self.accounts.client_refs(account, &agency).await?.is_empty() {
            return Ok(());
        }
        let clients: Vec<String> = match self.agencies.load().agency(&agency) {
            Some(agency) => agency.portals.iter().map(|portal| portal.client.client_id.clone()).collect(),
            None => return Ok(()),
        };
        let now = self.context.now();
        self.context
            .db
            .write(async |tx: &Tx| {
                let ended = client_session::Entity::update_many()
                    .col_expr(client_session::Column::EndedAt, Expr::value(now))
                    .filter(client_session::Column::AccountId.eq(account.0))
                    .filter(client_session::Column::ClientId.is_in(&clients))
                    .filter(client_session::Column::EndedAt.is_null())
                    .exec_with_returning(tx.conn())
                    .await?;
                for row in ended {
                    // No browser is here to load a frame.
                    self.tell_client(tx, row).await?;
                }
                token_grant::Entity::update_many()
                    .col_expr(token_grant::Column::RevokedAt, Expr::value(now))
                    .col_expr(token_grant::Column::RevokedWhy, Expr::value("link_ended"))
                    .filter(token_grant::Column::AccountId.eq(account.0))
                    .filter(token_grant::Column::ClientId.is_in(&clients))
                    .filter(token_grant::Column::RevokedAt.is_null())
                    .exec(tx.conn())
                    .await?;
                Ok(Done::Commit(()))
            })
            .await
    }
}
