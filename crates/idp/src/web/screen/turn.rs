use std::sync::Arc;

use accounts::{Enrolment, Stage};
use agencies::{Agency, Portal};
use axum::response::Response;
use oidc::decide::{Asked, SignedIn, Standing, Step};
use pages::{
    Locale,
    page::{self, ProblemKind},
};

use super::lost;
use crate::{
    Idp, InteractionId,
    grant::Interaction,
    web::{
        answer::{Answer, Setting},
        browser::Browser,
        error::Failure,
        flash::{Flash, Said},
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
        match Self::find(idp, browser, id).await? {
            Some(turn) => Ok(turn),
            None => Err(lost::lost(idp, browser, id).await?),
        }
    }

    /// Finds it, if it is this browser's and may be gone on with.
    ///
    /// # Errors
    /// The database, or a client that is no longer configured.
    pub(crate) async fn find(
        idp: &'a Idp,
        browser: &'a Browser,
        id: InteractionId,
    ) -> Result<Option<Self>, Failure> {
        let Some(interaction) = idp.grants.find(id, &browser.token).await? else { return Ok(None) };
        let agencies = idp.agencies.load();
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
        Ok(Some(Self { idp, browser, interaction, agency, portal, locale }))
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
    pub(crate) fn to_entrance(&self) -> Result<Response, Failure> {
        self.answer().on_to(&self.setting(), &self.entrance())
    }

    fn entrance(&self) -> String {
        let agency = self.agency.as_ref().and_then(|agency| agency.entrance(&self.idp.issuer));
        self.anew().or(agency).unwrap_or_else(|| "/".into())
    }

    /// Where the portal that asked begins another sign-in.
    fn anew(&self) -> Option<String> {
        self.portal.as_ref()?.sign_in_anew(&self.idp.issuer)
    }

    /// What a sign-in that has been answered, or whose portal has forgotten it, leads to: nothing of it is handed over again, the portal asks anew, and
    /// who is signed in is asked nothing. `None` where nobody is, and the portal offers no such way: then the sign-in page.
    pub(crate) fn over(&self, flash: &Flash) -> Option<Result<Response, Failure>> {
        let anew = self.anew();
        match &anew {
            // Once by itself: a portal that fails and leads back here would send its people round and round.
            Some(to) if flash.said != Some(Said::SentAnew) => {
                let answer = self.answer().flash(&self.hub(), &Flash::said(Said::SentAnew));
                Some(answer.on_to(&self.setting(), to))
            }
            _ if self.browser.session.is_some() => {
                let home = self.portal.as_ref().and_then(|portal| portal.home.clone());
                let page = page::Finished { open_url: anew.or(home).unwrap_or_else(|| self.entrance()) };
                Some(self.answer().page(&self.setting(), &page))
            }
            _ => None,
        }
    }

    /// Whether the portal has most likely forgotten this request, and another one asks its person nothing.
    pub(crate) fn is_forgotten(&self) -> bool {
        let asked = self.interaction.asked();
        let asks_each_time = asked.again || asked.choice || asked.max_age.is_some();
        let begins = self.portal.as_ref().is_some_and(|p| p.home.is_some() || self.anew().is_some());
        begins && !asks_each_time && self.interaction.is_old(self.idp.context.now())
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
                let known = Known::of(self.idp, session, self.agency.as_deref()).await?;
                let fresh = self.interaction.is_fresh(session);
                Some(signed_in(self.idp, session, self.portal.as_ref(), fresh, known))
            }
            None => None,
        };
        let standing = Standing {
            now: self.idp.context.now(),
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

/// What the database knows of somebody who is signed in, at an agency.
#[derive(Clone, Copy)]
pub(crate) struct Known {
    terms_due: bool,
    linked: bool,
}

impl Known {
    /// Somebody who has nothing left to do: what a decision is first made with, for most need not look further.
    pub(crate) const DONE: Self = Self { terms_due: false, linked: true };

    pub(crate) async fn of(
        idp: &Idp,
        session: &accounts::Session,
        agency: Option<&Agency>,
    ) -> Result<Self, Failure> {
        let agency = agency.map(|a| a.id.as_str()).unwrap_or_default();
        Ok(Self {
            terms_due: idp.accounts.terms_due(session.account).await?.is_some(),
            linked: !idp.accounts.client_refs(session.account, agency).await?.is_empty(),
        })
    }
}

/// Who is signed in, as the decision is told.
pub(crate) fn signed_in(
    idp: &Idp,
    session: &accounts::Session,
    portal: Option<&Portal>,
    fresh: bool,
    known: Known,
) -> SignedIn {
    let sub = portal.map(|p| idp.grants.subject(&p.client, session.account)).unwrap_or_default();
    SignedIn { sub, auth_time: session.auth_time, fresh, terms_due: known.terms_due, linked: known.linked }
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
