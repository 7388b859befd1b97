use std::sync::Arc;

use accounts::{Enrolment, Stage, Standing};
use agencies::{Agency, Portal};
use axum::{
    extract::{FromRequestParts, Path},
    response::Response,
};
use http::request::Parts;
use kernel::{Fault, Tx};
use oidc::{
    decide::{Facts, Next, Outcome, SignInRequest, SignedIn, Step, decide},
    respond,
};
use pages::{
    Locale,
    page::{self, ProblemKind},
};

use super::lost;
use crate::{
    Idp, InteractionId, Shared,
    grant::Interaction,
    web::{
        browser::Browser,
        closed,
        error::Failure,
        flash::{Address, HubFlash},
        form::FromBrowser,
        path,
        response::ResponseBuilder,
    },
};

/// An interaction in the browser that owns it: what every screen of it starts from.
pub(crate) struct InteractionContext {
    pub(crate) idp: Shared,
    pub(crate) browser: Browser,
    pub(crate) interaction: Interaction,
    pub(crate) agency: Option<Arc<Agency>>,
    pub(crate) portal: Option<Portal>,
    pub(crate) locale: Locale,
}

/// An interaction in which somebody gives a password that signs in: what the browser carries is enough, for nobody has gone on with it elsewhere, or its
/// end, which is stored, says so.
pub(crate) struct Asked(pub(crate) InteractionContext);

impl FromBrowser for Asked {
    async fn from_browser(browser: Browser, parts: &mut Parts, idp: &Shared) -> Result<Self, Response> {
        let id = path::interaction(&browser.path);
        if let Some(interaction) = id.and_then(|id| carried(idp, &browser, id)) {
            return Ok(Self(InteractionContext::new(idp, browser, interaction)?));
        }
        Ok(Self(InteractionContext::from_browser(browser, parts, idp).await?))
    }
}

fn carried(idp: &Idp, browser: &Browser, id: InteractionId) -> Option<Interaction> {
    idp.grants.open_carried(id, &browser.token, browser.request.as_deref()?)
}

impl FromBrowser for InteractionContext {
    async fn from_browser(browser: Browser, parts: &mut Parts, idp: &Shared) -> Result<Self, Response> {
        let Ok(Path(id)) = Path::<InteractionId>::from_request_parts(parts, idp).await else {
            return Err(Failure::new(ProblemKind::BadRequest, "no id of an interaction").retry("/").into());
        };
        Ok(Self::load(idp, browser, id).await?)
    }
}

impl FromRequestParts<Shared> for InteractionContext {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, idp: &Shared) -> Result<Self, Response> {
        let browser = Browser::from_request_parts(parts, idp).await?;
        Self::from_browser(browser, parts, idp).await
    }
}

impl InteractionContext {
    /// Loads an interaction by its id: what is stored, or else what the browser carries.
    ///
    /// # Errors
    /// A page that says how to begin again, for another browser's interaction or one that is too old (SECURITY #13).
    pub(crate) async fn load(idp: &Shared, browser: Browser, id: InteractionId) -> Result<Self, Failure> {
        let stored = idp.grants.find(id, &browser.token).await?;
        match stored.or_else(|| carried(idp, &browser, id)) {
            Some(interaction) => Self::new(idp, browser, interaction),
            None => Err(lost::lost(idp, &browser, id).await?),
        }
    }

    /// Adds the agency, the portal and the language to an interaction that is this browser's.
    ///
    /// # Errors
    /// The client is no longer configured.
    pub(crate) fn new(idp: &Shared, browser: Browser, interaction: Interaction) -> Result<Self, Failure> {
        let agencies = idp.agencies.load();
        let (agency, portal) = match &interaction.request {
            Some(request) => {
                let (agency, portal) = agencies.portal(&request.client_id).ok_or_else(|| {
                    let withheld = agencies.withholds(&request.client_id);
                    let kind = if withheld { ProblemKind::Unavailable } else { ProblemKind::UnknownClient };
                    Failure::new(kind, "the client is no longer configured")
                })?;
                closed::open(agency, idp.context.now())?;
                (Some(agency.clone()), Some(portal.clone()))
            }
            None => (interaction.agency_id.as_deref().and_then(|id| agencies.agency(id)).cloned(), None),
        };
        let ui_locales = interaction.request.as_ref().map(|r| r.ui_locales.as_slice()).unwrap_or_default();
        let locale = browser.locale(ui_locales, agency.as_deref());
        if let Some(agency) = &agency {
            tracing::Span::current().record("agency", &*agency.id);
        }
        Ok(Self { idp: idp.clone(), browser, interaction, agency, portal, locale })
    }

    pub(crate) fn id(&self) -> InteractionId {
        self.interaction.id
    }

    pub(crate) fn hub(&self) -> Address<HubFlash> {
        path::hub(self.id())
    }

    pub(crate) fn response(&self) -> ResponseBuilder<'_> {
        let response = ResponseBuilder::new(&self.idp, &self.browser)
            .agency(self.agency.as_deref())
            .locale(self.locale)
            .base(self.hub().into());
        if self.interaction.stored { response.put_down(&self.hub()) } else { response }
    }

    /// Stores the interaction, for a mail leads back to it, or a later page reads more of it than its browser carries.
    pub(crate) async fn store(&self) -> Result<(), Failure> {
        Ok(self.idp.grants.store(&self.interaction).await?)
    }

    /// Signs in this browser; the sessions at portals of the session that it replaces go over to the new one, or end.
    pub(crate) async fn signed_in(
        &self,
        signed_in: &accounts::SignedIn,
    ) -> Result<ResponseBuilder<'_>, Failure> {
        if let Some(old) = &self.browser.session {
            self.idp.grants.session_replaced(old, &signed_in.session).await?;
        }
        if signed_in.may_be_one_too_many {
            self.idp.grants.end_oldest(signed_in.session.account, signed_in.session.id).await?;
        }
        Ok(self.response().signed_in(signed_in))
    }

    pub(crate) fn to_hub(&self) -> Response {
        self.response().see_other(self.hub())
    }

    /// Returns the visitor, with the language of the page and this interaction as origin.
    pub(crate) fn visitor(&self) -> accounts::Visitor {
        let agency_id = self.agency.as_ref().map(|agency| agency.id.clone());
        accounts::Visitor {
            locale: self.locale.tag().to_owned(),
            origin: accounts::Origin { interaction: Some(self.id().to_string()), agency_id },
            ..self.browser.visitor.clone()
        }
    }

    /// Leads to the agency's portal, which begins a sign-in of its own; to the person's agencies where none is known.
    pub(crate) fn to_entrance(&self) -> Result<Response, Failure> {
        self.response().on_to(&self.entrance())
    }

    fn entrance(&self) -> String {
        let agency = self.agency.as_ref().and_then(|agency| agency.entrance(&self.idp.issuer));
        let back = self.interaction.back.clone().filter(|back| path::is_local(back));
        back.or_else(|| self.portal_sign_in()).or(agency).unwrap_or_else(|| "/".into())
    }

    /// Returns the address at which the portal that asked begins another sign-in.
    fn portal_sign_in(&self) -> Option<String> {
        self.portal.as_ref()?.sign_in_anew(&self.idp.issuer)
    }

    /// Answers an interaction that is over, or that its portal has forgotten: nothing of it is handed over again, the portal asks anew, and who is signed
    /// in is asked nothing. `None` if nobody is and the portal offers no such address: then the sign-in page follows.
    pub(crate) fn over(&self, flash: Option<&HubFlash>) -> Option<Result<Response, Failure>> {
        let sign_in = self.portal_sign_in();
        match &sign_in {
            // Once by itself: a portal that fails and leads back here would send its people round and round.
            Some(to) if !matches!(flash, Some(HubFlash::SentAnew)) => {
                Some(self.response().flash(&self.hub(), &HubFlash::SentAnew).on_to(to))
            }
            _ if self.browser.session.is_some() => {
                let home = self.portal.as_ref().and_then(|portal| portal.home.clone());
                let page = page::Finished { open_url: sign_in.or(home).unwrap_or_else(|| self.entrance()) };
                Some(self.response().page(&page))
            }
            _ => None,
        }
    }

    /// Returns true if the portal has most likely forgotten this request, and another one asks its person nothing.
    pub(crate) fn is_forgotten(&self) -> bool {
        let request = self.interaction.asked();
        let asks_each_time = request.again || request.choice || request.max_age.is_some();
        let begins =
            self.portal.as_ref().is_some_and(|p| p.home.is_some() || self.portal_sign_in().is_some());
        begins && !asks_each_time && self.interaction.is_old(self.idp.context.now())
    }

    /// Returns the unfinished enrolment of this interaction, or the finished one.
    pub(crate) async fn enrolment(&self) -> Result<Option<Enrolment>, Failure> {
        let Some(id) = self.interaction.enrolment else { return Ok(None) };
        Ok(self.idp.accounts.enrolment(id).await?)
    }

    /// Returns the agency of an enrolment: at home it need not be the interaction's.
    pub(crate) fn agency_of(&self, enrolment: &Enrolment) -> Result<Arc<Agency>, Failure> {
        self.idp
            .agencies
            .load()
            .agency(&enrolment.agency_id)
            .cloned()
            .ok_or_else(|| Failure::new(ProblemKind::NotFound, "the agency is no longer configured"))
    }

    /// Returns what the request asks and what is true: all that the decision needs.
    pub(crate) async fn facts(
        &self,
        enrolment: Option<&Enrolment>,
        unlinked: bool,
    ) -> Result<(SignInRequest, Facts), Failure> {
        let request = self.interaction.asked();
        let session = match &self.browser.session {
            Some(session) => {
                let state = AccountState::load(&self.idp, session, self.agency.as_deref()).await?;
                let fresh = self.interaction.is_fresh(session);
                Some(signed_in(&self.idp, session, self.portal.as_ref(), fresh, state))
            }
            None => None,
        };
        let facts = Facts {
            now: self.idp.context.now(),
            enrolment: enrolment.and_then(|e| self.step(e)),
            session,
            unlinked_allowed: unlinked && self.portal.as_ref().is_some_and(|p| p.allow_unlinked),
        };
        Ok((request, facts))
    }

    /// Answers the portal in the transaction in which somebody signs in, where nothing is left to be asked. `None` where the hub has to decide: a page
    /// follows, or the portals of the session that this one replaces have to go over to it first.
    pub(crate) async fn answer_in(
        &self,
        tx: &Tx,
        new: &accounts::SignedIn,
        standing: &Standing,
    ) -> Result<Option<respond::Response>, Fault> {
        let interaction = &self.interaction;
        let is_plain = self.browser.session.is_none() && interaction.enrolment.is_none();
        if !is_plain || interaction.completed || self.is_forgotten() {
            return Ok(None);
        }
        let (session, fresh) = (&new.session, interaction.is_fresh(&new.session));
        let facts = Facts {
            now: self.idp.context.now(),
            enrolment: None,
            session: Some(signed_in(&self.idp, session, self.portal.as_ref(), fresh, (*standing).into())),
            unlinked_allowed: false,
        };
        match decide(&interaction.asked(), &facts) {
            Next::Return(Outcome::Code) => self.idp.grants.complete_in(tx, interaction, session).await,
            _ => Ok(None),
        }
    }

    /// Returns the next step of a move in this interaction. One that neither chose the password nor followed the link waits for the mail.
    pub(crate) fn step(&self, enrolment: &Enrolment) -> Option<Step> {
        match step(enrolment.stage) {
            Some(Step::Terms) if !enrolment.may_end_in(&self.id().to_string()) => Some(Step::Mail),
            other => other,
        }
    }
}

/// The state of an account, at an agency, on which the decision depends.
#[derive(Clone, Copy)]
pub(crate) struct AccountState {
    terms_due: bool,
    linked: bool,
}

impl AccountState {
    /// The state of an account that has nothing left to do: a decision is first made with this, for most need not look further.
    pub(crate) const DONE: Self = Self { terms_due: false, linked: true };

    pub(crate) async fn load(
        idp: &Idp,
        session: &accounts::Session,
        agency: Option<&Agency>,
    ) -> Result<Self, Failure> {
        let agency = agency.map(|a| a.id.as_str()).unwrap_or_default();
        Ok(idp.accounts.standing(session.account, agency).await?.into())
    }
}

impl From<Standing> for AccountState {
    fn from(Standing { terms_due, linked, .. }: Standing) -> Self {
        Self { terms_due, linked }
    }
}

/// Returns the session in the form that the decision takes.
pub(crate) fn signed_in(
    idp: &Idp,
    session: &accounts::Session,
    portal: Option<&Portal>,
    fresh: bool,
    state: AccountState,
) -> SignedIn {
    let sub = portal.map(|p| idp.grants.subject(&p.client, session.account)).unwrap_or_default();
    SignedIn { sub, auth_time: session.auth_time, fresh, terms_due: state.terms_due, linked: state.linked }
}

fn step(stage: Stage) -> Option<Step> {
    Some(match stage {
        Stage::Notice => Step::Notice,
        Stage::Email => Step::Email,
        Stage::Password => Step::Password,
        Stage::Mail => Step::Mail,
        Stage::Link => Step::Link,
        Stage::Terms => Step::Terms,
        Stage::Finished => return None,
    })
}
