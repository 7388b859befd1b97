use std::sync::Arc;

use accounts::{Enrolment, Stage};
use agencies::{Agency, Portal};
use axum::response::Response;
use oidc::decide::{Asked, SignedIn, Standing, Step};
use pages::{Locale, page::ProblemKind};

use crate::{
    Idp, InteractionId,
    grant::Interaction,
    web::{
        answer::{Answer, Setting},
        browser::Browser,
        error::Failure,
        path,
    },
};

/// An interaction in the browser that owns it: what every screen of it starts from.
pub(crate) struct Turn<'a> {
    pub(crate) idp: &'a Idp,
    pub(crate) browser: &'a Browser,
    pub(crate) interaction: Interaction,
    pub(crate) agency: Option<Arc<Agency>>,
    pub(crate) portal: Option<Portal>,
    pub(crate) locale: Locale,
}

impl<'a> Turn<'a> {
    /// Finds it.
    ///
    /// # Errors
    /// A page that says how to begin again, for another browser's interaction or one that is too old (SECURITY #13).
    pub(crate) async fn load(idp: &'a Idp, browser: &'a Browser, id: InteractionId) -> Result<Self, Failure> {
        let found = idp.grants.find(id, &browser.token).await?;
        let agencies = idp.agencies.load();
        let Some(interaction) = found else {
            // Begin again where it began: at the agency's portal, if the id tells which (PEOPLE U-38).
            let agency = idp.grants.agency_of(id).await?;
            let entrance = agency.and_then(|id| agencies.agency(&id)?.entrance(&idp.issuer));
            let failure = Failure::new(ProblemKind::ForeignBrowser, "no such interaction in this browser");
            return Err(failure.retry(entrance.unwrap_or_else(|| "/".into())));
        };
        let (agency, portal) = match &interaction.request {
            Some(request) => {
                let (agency, portal) = agencies.portal(&request.client_id).ok_or_else(|| {
                    let withheld = agencies.withholds(&request.client_id);
                    let kind = if withheld { ProblemKind::Unavailable } else { ProblemKind::UnknownClient };
                    Failure::new(kind, "the client is no longer configured")
                })?;
                (Some(agency.clone()), Some(portal.clone()))
            }
            None => (interaction.agency_id.as_deref().and_then(|id| agencies.agency(id)).cloned(), None),
        };
        let wish = interaction.request.as_ref().map(|r| r.ui_locales.clone()).unwrap_or_default();
        let locale = browser.locale(&wish, agency.as_deref());
        Ok(Self { idp, browser, interaction, agency, portal, locale })
    }

    pub(crate) fn id(&self) -> InteractionId {
        self.interaction.id
    }

    pub(crate) fn hub(&self) -> String {
        path::hub(self.id())
    }

    pub(crate) fn path(&self, page: &str) -> String {
        path::of(self.id(), page)
    }

    pub(crate) fn setting(&self) -> Setting<'_> {
        Setting { locale: self.locale, agency: self.agency.as_deref(), base: self.hub() }
    }

    pub(crate) fn answer(&self) -> Answer<'a> {
        Answer::new(self.idp, self.browser)
    }

    /// An answer whose forms may end at the portal.
    pub(crate) fn way_out(&self) -> Answer<'a> {
        let to = self.interaction.request.as_ref().map(|r| r.path.redirect_uri().to_owned());
        let entrance = self.agency.as_ref().and_then(|a| a.entrance(&self.idp.issuer));
        self.answer().leads_to(to.as_deref()).leads_to(entrance.as_deref())
    }

    /// Signed in in this browser; whatever its older session had at portals goes over or ends.
    pub(crate) async fn signed_in(&self, signed_in: &accounts::SignedIn) -> Result<Answer<'a>, Failure> {
        if let Some(old) = &self.browser.session {
            self.idp.grants.session_replaced(old, &signed_in.session).await?;
        }
        self.idp.grants.end_oldest(signed_in.session.account, signed_in.session.id).await?;
        Ok(self.answer().signed_in(signed_in))
    }

    pub(crate) fn to_hub(&self) -> Response {
        self.answer().see_other(&self.hub())
    }

    /// Who is at the other end, in the language of the page.
    pub(crate) fn visitor(&self) -> accounts::Visitor {
        let agency_id = self.agency.as_ref().map(|agency| agency.id.clone());
        accounts::Visitor {
            locale: self.locale.tag().to_owned(),
            origin: accounts::Origin { interaction: Some(self.id().to_string()), agency_id },
            ..self.browser.visitor.clone()
        }
    }

    /// To the agency's portal, which begins a sign-in of its own; to the person's agencies where none is known.
    pub(crate) fn to_entrance(&self) -> Response {
        let entrance = self.agency.as_ref().and_then(|agency| agency.entrance(&self.idp.issuer));
        self.answer().see_other(entrance.as_deref().unwrap_or("/"))
    }

    /// The unfinished enrolment of this interaction, or the finished one.
    pub(crate) async fn enrolment(&self) -> Result<Option<Enrolment>, Failure> {
        let Some(id) = self.interaction.enrolment else { return Ok(None) };
        Ok(self.idp.accounts.enrolment(id).await?)
    }

    /// The agency of an enrolment: at home it need not be the interaction's.
    pub(crate) fn agency_of(&self, enrolment: &Enrolment) -> Result<Arc<Agency>, Failure> {
        self.idp
            .agencies
            .load()
            .agency(&enrolment.agency_id)
            .cloned()
            .ok_or_else(|| Failure::new(ProblemKind::NotFound, "the agency is no longer configured"))
    }

    /// What is asked and what is true: all that the decision needs.
    pub(crate) async fn facts(
        &self,
        enrolment: Option<&Enrolment>,
        unlinked: bool,
    ) -> Result<(Asked, Standing), Failure> {
        let asked = self.interaction.asked();
        let session = match &self.browser.session {
            Some(session) => {
                let agency = self.agency.as_ref().map(|a| a.id.as_str()).unwrap_or_default();
                let sub = self.portal.as_ref().map(|p| self.idp.grants.subject(&p.client, session.account));
                Some(SignedIn {
                    sub: sub.unwrap_or_default(),
                    auth_time: session.auth_time,
                    fresh: self.interaction.is_fresh(session),
                    terms_due: self.idp.accounts.terms_due(session.account).await?.is_some(),
                    linked: !self.idp.accounts.client_refs(session.account, agency).await?.is_empty(),
                })
            }
            None => None,
        };
        let standing = Standing {
            now: self.idp.ground.now(),
            enrolment: enrolment.and_then(|e| self.step(e)),
            session,
            unlinked_allowed: unlinked && self.portal.as_ref().is_some_and(|p| p.allow_unlinked),
        };
        Ok((asked, standing))
    }

    /// What this interaction has to do next in a move. One that neither chose the password nor followed the link waits for the mail.
    pub(crate) fn step(&self, enrolment: &Enrolment) -> Option<Step> {
        match step(enrolment.stage) {
            Some(Step::Terms) if !enrolment.may_end_in(&self.id().to_string()) => Some(Step::Mail),
            other => other,
        }
    }
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
