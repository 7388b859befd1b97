//! Interactions: where they are kept, and how they end. One that a portal began is carried by its browser, sealed, until something of it has to be remembered:
//! a move, an address to which a mail leads back, its end. So a stranger's arrival stores nothing (SECURITY #49), and a sign-in needs no row before its last
//! transaction. What is stored comes first; the sealed copy only stands in where nothing is.

use accounts::{EnrolmentId, Session, SessionId};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kernel::{Fault, Token, Tx, Unix};
use oidc::request::AuthorizationRequest;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, ExprTrait, Insert, IntoActiveModel, QueryFilter,
    sea_query::{Expr, OnConflict},
};
use serde::{Deserialize, Serialize};

use super::{Grants, InteractionId, table::interaction};

/// The number of seconds for which a portal is assumed to remember its `state`. Libraries keep it for five minutes to an hour.
const STATE_KEPT: i64 = 1800;

/// Seconds for which a password that was typed opens the desk (SPEC J14).
pub(crate) const DESK_PASSWORD: i64 = 3600;

/// Bytes of the longest sealed copy; a longer request is stored. A browser keeps 4,096 of a cookie with its name and attributes, and some proxies take no more
/// than that for all headers of an answer together.
const MOST_CARRIED: usize = 2_000;

/// An interaction that this browser cannot continue.
pub struct Left {
    /// The agency at which it began.
    pub agency_id: Option<String>,
    /// True if the browser that it belongs to may continue it.
    pub alive: bool,
}

/// An authorization request on its way through the screens, or a visit to the provider itself.
#[derive(Clone)]
pub struct Interaction {
    /// The id, which is part of the address.
    pub id: InteractionId,
    /// The client's request; `None` for a visit to the provider itself.
    pub request: Option<AuthorizationRequest>,
    /// The agency whose look and help the pages have.
    pub agency_id: Option<String>,
    /// The move under way in it.
    pub enrolment: Option<EnrolmentId>,
    /// The time at which it began.
    pub created_at: Unix,
    /// The session at that time.
    pub session_before: Option<SessionId>,
    /// True if it has been answered.
    pub completed: bool,
    /// True if it was found in the database.
    pub stored: bool,
    /// The page of the desk to which it leads back, of a visit in which staff type their password again.
    pub back: Option<String>,
    /// The digest of the token of its browser.
    pub(super) browser: String,
}

impl Interaction {
    /// Returns true if `session` was made by a sign-in since this began. Every sign-in makes a session of its own (SECURITY #40), so ids are compared,
    /// and not only times, which are whole seconds.
    pub fn is_fresh(&self, session: &Session) -> bool {
        self.session_before != Some(session.id) && session.auth_time >= self.created_at
    }

    /// Returns true if most portals have forgotten the `state` with which it would return.
    pub fn is_old(&self, now: Unix) -> bool {
        now - self.created_at > STATE_KEPT
    }

    /// Returns the request as [`oidc::decide`] takes it.
    pub fn asked(&self) -> oidc::decide::SignInRequest {
        match &self.request {
            Some(request) => oidc::decide::SignInRequest::by(request),
            None => oidc::decide::SignInRequest {
                max_age: self.back.as_ref().map(|_| DESK_PASSWORD),
                ..oidc::decide::SignInRequest::at_home()
            },
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Stored(Option<AuthorizationRequest>);

/// An interaction as its browser carries it. Its id and its browser are part of the purpose for which it is sealed.
#[derive(Serialize, Deserialize)]
struct Carried {
    request: AuthorizationRequest,
    agency_id: Option<String>,
    session_before: Option<SessionId>,
    created_at: Unix,
}

impl Grants {
    pub(super) fn new_interaction(
        &self,
        request: Option<AuthorizationRequest>,
        agency_id: Option<String>,
        browser: &Token,
        session: Option<SessionId>,
    ) -> Interaction {
        let mut id: InteractionId = self.context.id();
        if let Some(agency_id) = &agency_id {
            id = self.tagged(id, agency_id);
        }
        Interaction {
            id,
            request,
            agency_id,
            enrolment: None,
            created_at: self.context.now(),
            session_before: session,
            completed: false,
            stored: false,
            back: None,
            browser: browser.digest().into_string(),
        }
    }

    /// Stores an interaction that is not stored yet.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn store(&self, at: &Interaction) -> Result<(), Fault> {
        if at.stored {
            return Ok(());
        }
        let there = OnConflict::column(interaction::Column::Id).do_nothing().to_owned();
        self.insert(at, None)?.on_conflict(there).exec_without_returning(self.context.db.writer()).await?;
        Ok(())
    }

    fn insert(
        &self,
        at: &Interaction,
        completed_at: Option<Unix>,
    ) -> Result<Insert<interaction::ActiveModel>, Fault> {
        let row = interaction::Model {
            id: at.id.0,
            browser_hash: at.browser.clone(),
            client_id: at.request.as_ref().map(|r| r.client_id.clone()),
            agency_id: at.agency_id.clone(),
            request: serde_json::to_string(&Stored(at.request.clone()))?,
            enrolment_id: at.enrolment.map(|e| e.0),
            session_before: at.session_before.map(|s| s.0),
            created_at: at.created_at,
            expires_at: at.created_at + self.settings.interaction_life,
            completed_at,
            went_on_at: None,
            back: at.back.clone(),
        };
        Ok(interaction::Entity::insert(row.into_active_model().reset_all()))
    }

    /// Seals an interaction of a client for its browser to carry. `None` for one that has to be stored: it is too long, or its ticket is used up at once.
    pub fn seal(&self, at: &Interaction) -> Option<String> {
        let request = at.request.clone().filter(|request| request.migration_ticket.is_none())?;
        let carried = Carried {
            request,
            agency_id: at.agency_id.clone(),
            session_before: at.session_before,
            created_at: at.created_at,
        };
        let plain = serde_json::to_vec(&carried).ok()?;
        let sealed = URL_SAFE_NO_PAD.encode(self.context.seal(&purpose(at.id, &at.browser), &plain));
        (sealed.len() <= MOST_CARRIED).then_some(sealed)
    }

    /// Opens what a browser carries, if it is this interaction's and this browser's, and has not expired (SECURITY #12, #13).
    pub fn open_carried(&self, id: InteractionId, browser: &Token, sealed: &str) -> Option<Interaction> {
        let browser = browser.digest().into_string();
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let plain = self.context.keys.open(&purpose(id, &browser), &sealed).ok()?;
        let Carried { request, agency_id, session_before, created_at } =
            serde_json::from_slice(&plain).ok()?;
        if created_at + self.settings.interaction_life <= self.context.now() {
            return None;
        }
        Some(Interaction {
            id,
            request: Some(request),
            agency_id,
            enrolment: None,
            created_at,
            session_before,
            completed: false,
            stored: false,
            back: None,
            browser,
        })
    }

    /// Returns the interaction of this id that is stored, if it belongs to this browser and has not expired (SECURITY #12, #13).
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn find(&self, id: InteractionId, browser: &Token) -> Result<Option<Interaction>, Fault> {
        let row = interaction::Entity::find_by_id(id.0)
            .filter(interaction::Column::BrowserHash.eq(browser.digest().as_str()))
            .filter(interaction::Column::ExpiresAt.gt(self.context.now()))
            .one(self.context.db.reader())
            .await?;
        let Some(row) = row else { return Ok(None) };
        let Stored(request) = serde_json::from_str(&row.request)?;
        Ok(Some(Interaction {
            id,
            request,
            agency_id: row.agency_id,
            enrolment: row.enrolment_id.map(EnrolmentId),
            created_at: row.created_at,
            session_before: row.session_before.map(SessionId),
            completed: row.completed_at.is_some(),
            stored: true,
            back: row.back,
            browser: row.browser_hash,
        }))
    }

    /// Ties a move to an interaction, or unties it, and stores it with that. Removes the used ticket from the request.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn set_enrolment(&self, at: &Interaction, enrolment: Option<EnrolmentId>) -> Result<(), Fault> {
        let request = at.request.clone().map(|r| AuthorizationRequest { migration_ticket: None, ..r });
        let tied = Interaction { request, enrolment, ..at.clone() };
        let columns = [interaction::Column::EnrolmentId, interaction::Column::Request];
        let there = OnConflict::column(interaction::Column::Id).update_columns(columns).to_owned();
        self.insert(&tied, None)?.on_conflict(there).exec_without_returning(self.context.db.writer()).await?;
        Ok(())
    }

    /// Gives an interaction without a client another agency's look.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn set_agency(&self, at: &Interaction, agency_id: &str) -> Result<(), Fault> {
        interaction::Entity::update_many()
            .col_expr(interaction::Column::AgencyId, Expr::value(agency_id))
            .filter(interaction::Column::Id.eq(at.id.0))
            .filter(interaction::Column::ClientId.is_null())
            .exec(self.context.db.writer())
            .await?;
        Ok(())
    }

    /// Returns the agency at which an interaction began, and true if it has not expired, for any browser: enough to offer a new beginning, and nothing else.
    /// Where it is not stored the id says both.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn left_of(&self, id: InteractionId) -> Result<Option<Left>, Fault> {
        let row = interaction::Entity::find_by_id(id.0).one(self.context.db.reader()).await?;
        let now = self.context.now();
        if let Some(row) = row {
            return Ok(Some(Left { agency_id: row.agency_id, alive: row.expires_at > now }));
        }
        let began = id.0.get_timestamp().map(|at| i64::try_from(at.to_unix().0).unwrap_or(i64::MAX));
        let agencies = self.agencies.load();
        let agency = agencies.iter().find(|agency| self.tagged(id, &agency.id) == id);
        Ok(began.zip(agency).map(|(began, agency)| Left {
            agency_id: Some(agency.id.clone()),
            alive: began.saturating_add(self.settings.interaction_life) > now,
        }))
    }

    /// Ends the interaction, and stores it with that; returns false if it ended before. A portal is answered once, because it accepts its `state` once.
    pub(super) async fn end_once(&self, tx: &Tx, at: &Interaction) -> Result<bool, Fault> {
        let completed_at = interaction::Column::CompletedAt;
        let there = OnConflict::column(interaction::Column::Id)
            .update_column(completed_at)
            .action_and_where(Expr::col((interaction::Entity, completed_at)).is_null())
            .to_owned();
        let insert = self.insert(at, Some(self.context.now()))?;
        let ended = insert.on_conflict(there).exec_without_returning(tx.conn()).await?;
        Ok(ended == 1)
    }

    /// Returns the id with the mark of an agency as its last two bytes: who comes with the address alone, without cookies, still begins again there (PEOPLE U-38).
    fn tagged(&self, id: InteractionId, agency_id: &str) -> InteractionId {
        let mark = self.context.keys.mac("interaction of agency", agency_id.as_bytes());
        let mut bytes = id.0.into_bytes();
        bytes[14..].copy_from_slice(&mark[..2]);
        uuid::Uuid::from_bytes(bytes).into()
    }
}

/// Returns the purpose for which an interaction is sealed: it opens in its own browser, under its own id, and nowhere else.
fn purpose(id: InteractionId, browser: &str) -> String {
    format!("interaction {id} of {browser}")
}
