//! Interactions: an authorization request is stored for the screens, found again by its browser, and ended once, with a code or an error.

use std::sync::Arc;

use accounts::{EnrolmentId, Session, SessionId};
use kernel::{Fault, Token, Tx, Unix};
use oidc::{
    Error, Refusal,
    client::Client,
    request::AuthorizationRequest,
    respond::{self, Response},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter,
    sea_query::{Expr, OnConflict},
};
use serde::{Deserialize, Serialize};

use super::{
    GrantId, Grants, InteractionId,
    ask::{Ask, Asking},
    table::{client_session, code, interaction, token_grant},
};

/// The number of seconds for which a portal is assumed to remember its `state`. Libraries keep it for five minutes to an hour.
const STATE_KEPT: i64 = 1800;

/// The outcome of an authorization request.
pub enum Start {
    /// Go to the hub with this id.
    Interaction(InteractionId),
    /// No client can be answered: a page of ours, status 400, no link out.
    Refused(Refusal),
    /// An answer for the client at once.
    Answer(Response),
}

/// An interaction that this browser cannot continue.
pub struct Left {
    /// The agency at which it began.
    pub agency_id: Option<String>,
    /// True if the browser that it belongs to may continue it.
    pub alive: bool,
}

/// The end of an interaction.
pub enum Completed {
    /// Back to the client with a code.
    Answer(Response),
    /// There is no client: the person's own page.
    Home,
    /// The interaction or the session had ended before, or the client is gone: no code was made.
    Over,
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
        self.request
            .as_ref()
            .map_or_else(oidc::decide::SignInRequest::at_home, oidc::decide::SignInRequest::by)
    }
}

#[derive(Serialize, Deserialize)]
struct Stored(Option<AuthorizationRequest>);

impl Grants {
    /// Begins an interaction from raw parameters (query, body, or both), bound to the browser that holds `browser`. `session` is the browser's
    /// current one.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn start(
        &self,
        raw: &[&str],
        browser: &Token,
        session: Option<SessionId>,
    ) -> Result<Start, Fault> {
        match self.ask(raw).await? {
            Ask::Good(asking) => Ok(Start::Interaction(self.keep(*asking, browser, session).await?)),
            Ask::Refused(refusal) => Ok(Start::Refused(refusal)),
            Ask::Answer(response) => Ok(Start::Answer(response)),
        }
    }

    /// Keeps a request that needs a page, bound to the browser that holds `browser`.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn keep(
        &self,
        asking: Asking,
        browser: &Token,
        session: Option<SessionId>,
    ) -> Result<InteractionId, Fault> {
        let Asking { request, agency, .. } = asking;
        self.store(Some(request), Some(agency.id.clone()), browser, session).await
    }

    /// Begins an interaction without a client: the provider's own front page, or a mailed link on another device.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn start_home(&self, browser: &Token, agency_id: Option<&str>) -> Result<InteractionId, Fault> {
        self.store(None, agency_id.map(str::to_owned), browser, None).await
    }

    async fn store(
        &self,
        request: Option<AuthorizationRequest>,
        agency_id: Option<String>,
        browser: &Token,
        session: Option<SessionId>,
    ) -> Result<InteractionId, Fault> {
        let id: InteractionId = self.context.id();
        let now = self.context.now();
        let row = interaction::Model {
            id: id.0,
            browser_hash: browser.digest().into_string(),
            client_id: request.as_ref().map(|r| r.client_id.clone()),
            agency_id,
            request: serde_json::to_string(&Stored(request))?,
            enrolment_id: None,
            session_before: session.map(|s| s.0),
            created_at: now,
            expires_at: now + self.settings.interaction_life,
            completed_at: None,
            went_on_at: None,
        };
        let row = row.into_active_model().reset_all();
        interaction::Entity::insert(row).exec_without_returning(self.context.db.writer()).await?;
        Ok(id)
    }

    /// Returns the interaction of this id, if it belongs to this browser and has not expired (SECURITY #12, #13).
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
        }))
    }

    /// Ties a move to an interaction, or unties it. Removes the used ticket from the stored request.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn set_enrolment(&self, at: &Interaction, enrolment: Option<EnrolmentId>) -> Result<(), Fault> {
        let request = at.request.clone().map(|r| AuthorizationRequest { migration_ticket: None, ..r });
        interaction::Entity::update_many()
            .col_expr(interaction::Column::EnrolmentId, Expr::value(enrolment.map(|e| e.0)))
            .col_expr(interaction::Column::Request, Expr::value(serde_json::to_string(&Stored(request))?))
            .filter(interaction::Column::Id.eq(at.id.0))
            .exec(self.context.db.writer())
            .await?;
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
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn left_of(&self, id: InteractionId) -> Result<Option<Left>, Fault> {
        let row = interaction::Entity::find_by_id(id.0).one(self.context.db.reader()).await?;
        let now = self.context.now();
        Ok(row.map(|row| Left { agency_id: row.agency_id, alive: row.expires_at > now }))
    }

    /// Returns the answer that brings an error to the client.
    pub fn refuse(&self, request: &AuthorizationRequest, error: &Error) -> Response {
        respond::failure(&request.path, &self.settings.issuer, error)
    }

    /// Ends an interaction with an error for the client.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn end_with(&self, at: &Interaction, error: &Error) -> Result<Completed, Fault> {
        let Some(request) = &at.request else { return Ok(Completed::Home) };
        let tx = self.context.db.begin().await?;
        if !end_once(&tx, at.id, self.context.now()).await? {
            return Ok(Completed::Over);
        }
        tx.commit().await?;
        Ok(Completed::Answer(self.refuse(request, error)))
    }

    /// Ends an interaction with a code. Writes its end, grant, code and the client's part in the session in one transaction.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn complete(&self, at: &Interaction, session: &Session) -> Result<Completed, Fault> {
        match &at.request {
            Some(request) => self.hand_over(request, session, Some(at.id)).await,
            None => Ok(Completed::Home),
        }
    }

    /// Answers a request with a code at once, without an interaction. Writes grant, code and the client's part in the session in one transaction.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn answer(
        &self,
        request: &AuthorizationRequest,
        session: &Session,
    ) -> Result<Completed, Fault> {
        self.hand_over(request, session, None).await
    }

    async fn hand_over(
        &self,
        request: &AuthorizationRequest,
        session: &Session,
        at: Option<InteractionId>,
    ) -> Result<Completed, Fault> {
        let Some(client) = self.client_to_answer(request) else { return Ok(Completed::Over) };
        let tx = self.context.db.begin().await?;
        // Signed out, or the password reset, while this was on its way (SECURITY #46).
        if !self.accounts.hold_session(&tx, session.id).await? {
            return Ok(Completed::Over);
        }
        if let Some(id) = at
            && !end_once(&tx, id, self.context.now()).await?
        {
            return Ok(Completed::Over);
        }
        let response = self.give_code(&tx, &client, request, session).await?;
        tx.commit().await?;
        Ok(Completed::Answer(response))
    }

    /// Ends an interaction with a code in the transaction in which `session` begins. `None` without a client that can be answered, and where the
    /// interaction had ended before: then the screens say what follows.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn complete_in(
        &self,
        tx: &Tx,
        at: &Interaction,
        session: &Session,
    ) -> Result<Option<Response>, Fault> {
        let Some(request) = &at.request else { return Ok(None) };
        let Some(client) = self.client_to_answer(request) else { return Ok(None) };
        if !end_once(tx, at.id, self.context.now()).await? {
            return Ok(None);
        }
        self.give_code(tx, &client, request, session).await.map(Some)
    }

    /// Returns the client of a request, as its file is now: it may have changed since the request was checked.
    fn client_to_answer(&self, request: &AuthorizationRequest) -> Option<Arc<Client>> {
        let (_, portal) = self.client(&request.client_id)?;
        let client = portal.client;
        if !client.redirects_to(request.path.redirect_uri()) {
            return None;
        }
        Some(client)
    }

    /// Stores grant, code and the client's part in the session.
    async fn give_code(
        &self,
        tx: &Tx,
        client: &Client,
        request: &AuthorizationRequest,
        session: &Session,
    ) -> Result<Response, Fault> {
        let now = self.context.now();
        let sid = self.join_session(tx, client, session).await?;
        let grant: GrantId = self.context.id();
        let token = self.context.token();
        let row = token_grant::Model {
            id: grant.0,
            account_id: session.account.0,
            client_id: client.client_id.clone(),
            session_id: session.id.0,
            sid,
            scope: request.scope.to_string(),
            resources: request.resources.join(" "),
            claims: serde_json::to_string(&request.claims)?,
            acr: request.acr().met(now - session.auth_time).map(|acr| acr.as_str().to_owned()),
            auth_time: session.auth_time,
            auth_epoch: session.auth_epoch,
            created_at: now,
            revoked_at: None,
            revoked_why: None,
        };
        token_grant::Entity::insert(row.into_active_model().reset_all())
            .exec_without_returning(tx.conn())
            .await?;
        let row = code::Model {
            hash: token.digest().into_string(),
            grant_id: grant.0,
            client_id: client.client_id.clone(),
            redirect_uri: request.path.redirect_uri().to_owned(),
            code_challenge: request.code_challenge.clone(),
            nonce: request.nonce.clone(),
            expires_at: now + self.settings.code_life,
            used_at: None,
        };
        code::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.conn()).await?;
        Ok(respond::success(&request.path, &self.settings.issuer, &token.text()))
    }

    /// Returns the client's `sid` of this session: the same for every code in it, another one for another session (OIDC Back-Channel Logout §2.1).
    async fn join_session(&self, tx: &Tx, client: &Client, session: &Session) -> Result<String, Fault> {
        let row = client_session::Model {
            session_id: session.id.0,
            client_id: client.client_id.clone(),
            account_id: session.account.0,
            sid: self.context.token().text(),
            sub: self.subject(client, session.account),
            first_at: self.context.now(),
            ended_at: None,
        };
        // An existing row stays; setting its `sid` to itself makes the statement return it.
        let there = (client_session::Entity, client_session::Column::Sid);
        let row = client_session::Entity::insert(row.into_active_model().reset_all())
            .on_conflict(
                OnConflict::columns([client_session::Column::SessionId, client_session::Column::ClientId])
                    .value(client_session::Column::Sid, Expr::col(there))
                    .to_owned(),
            )
            .exec_with_returning(tx.conn())
            .await?;
        Ok(row.sid)
    }
}

/// Ends the interaction; returns false if it ended before. A portal is answered once, because it accepts its `state` once.
async fn end_once(tx: &Tx, id: InteractionId, now: Unix) -> Result<bool, Fault> {
    let ended = interaction::Entity::update_many()
        .col_expr(interaction::Column::CompletedAt, Expr::value(now))
        .filter(interaction::Column::Id.eq(id.0))
        .filter(interaction::Column::CompletedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(ended.rows_affected == 1)
}
