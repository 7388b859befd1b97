//! The ends of an authorization request: it begins an interaction for the screens, and ends once, with a code or an error.

use std::sync::Arc;

use accounts::{Session, SessionId};
use kernel::{Done, Fault, Token, Tx};
use oidc::{
    Error, Refusal,
    client::Client,
    request::AuthorizationRequest,
    respond::{self, Response},
};
use sea_orm::{
    ActiveModelTrait, EntityTrait, IntoActiveModel,
    sea_query::{Expr, OnConflict},
};

use super::{
    GrantId, Grants, InteractionId,
    ask::{Ask, Asking},
    interactions::Interaction,
    table::{client_session, code, token_grant},
};

/// The outcome of an authorization request.
pub enum Start {
    /// Go to the hub with this id.
    Interaction(InteractionId),
    /// No client can be answered: a page of ours, status 400, no link out.
    Refused(Refusal),
    /// An answer for the client at once.
    Answer(Response),
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
            Ask::Good(asking) => {
                let interaction = self.begin(*asking, browser, session);
                self.store(&interaction).await?;
                Ok(Start::Interaction(interaction.id))
            }
            Ask::Refused(refusal) => Ok(Start::Refused(refusal)),
            Ask::Answer(response) => Ok(Start::Answer(response)),
        }
    }

    /// Begins an interaction for a request that needs a page, bound to the browser that holds `browser`. Nothing of it is stored.
    pub fn begin(&self, asking: Asking, browser: &Token, session: Option<SessionId>) -> Interaction {
        let Asking { request, agency, .. } = asking;
        self.new_interaction(Some(request), Some(agency.id.clone()), browser, session)
    }

    /// Begins an interaction without a client: the provider's own front page, or a mailed link on another device.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn start_home(&self, browser: &Token, agency_id: Option<&str>) -> Result<InteractionId, Fault> {
        let interaction = self.new_interaction(None, agency_id.map(str::to_owned), browser, None);
        self.store(&interaction).await?;
        Ok(interaction.id)
    }

    /// Begins a visit in which staff type their password again, and which leads back to `back`, a page of the desk.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn start_desk(
        &self,
        browser: &Token,
        session: SessionId,
        back: String,
    ) -> Result<InteractionId, Fault> {
        let visit = self.new_interaction(None, None, browser, Some(session));
        let interaction = Interaction { back: Some(back), ..visit };
        self.store(&interaction).await?;
        Ok(interaction.id)
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
        self.context
            .db
            .write(async |tx| {
                if !self.end_once(tx, at).await? {
                    return Ok(Done::RollBack(Completed::Over));
                }
                Ok(Done::Commit(Completed::Answer(self.refuse(request, error))))
            })
            .await
    }

    /// Ends an interaction with a code. Writes its end, grant, code and the client's part in the session in one transaction.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn complete(&self, at: &Interaction, session: &Session) -> Result<Completed, Fault> {
        match &at.request {
            Some(request) => self.hand_over(request, session, Some(at)).await,
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
        at: Option<&Interaction>,
    ) -> Result<Completed, Fault> {
        let Some(client) = self.client_to_answer(request) else { return Ok(Completed::Over) };
        self.context
            .db
            .write(async |tx| {
                // Signed out, or the password reset, while this was on its way (SECURITY #46).
                if !self.accounts.hold_session(tx, session.id).await? {
                    return Ok(Done::RollBack(Completed::Over));
                }
                if let Some(at) = at
                    && !self.end_once(tx, at).await?
                {
                    return Ok(Done::RollBack(Completed::Over));
                }
                let response = self.give_code(tx, &client, request, session).await?;
                Ok(Done::Commit(Completed::Answer(response)))
            })
            .await
    }

    /// Ends an interaction with a code in the transaction in which `session` begins. `None` without a client that can be answered, and where the
    /// interaction had ended before: then the screens say what follows.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn complete_in(
        &self,
        tx: &Tx,
        at: &Interaction,
        session: &Session,
    ) -> Result<Option<Response>, Fault> {
        let Some(request) = &at.request else { return Ok(None) };
        let Some(client) = self.client_to_answer(request) else { return Ok(None) };
        if !self.end_once(tx, at).await? {
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
