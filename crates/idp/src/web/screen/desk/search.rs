use accounts::{Email, Found, Search, Target};
use agencies::Agency;
use axum::response::Response;
use desk::DeskError;
use pages::page::{DeskFound, DeskSearch, DeskSearchError, SearchBy};
use serde::Deserialize;

use super::{AtDesk, DeskForm};
use crate::web::{
    error::Failure,
    flash::{self, DeskSearchFlash},
    path,
};

/// The maximum number of people that a search shows.
const MOST_SHOWN: usize = 20;

/// `GET /desk/{seat}`: the search, with what it found. The flash stays, so that the way back from a person's page leads to the others.
pub(crate) async fn get(at: AtDesk) -> Result<Response, Failure> {
    let flash: Option<DeskSearchFlash> = at.clerk.browser.flash(at.idp(), &path::desk(at.seat.key()));
    let across = at.seat.agency.is_none();
    let first = if across { SearchBy::Email } else { SearchBy::Name };
    let mut page = DeskSearch {
        seat: at.shown(),
        by: first,
        typed: String::new(),
        found: None,
        more: false,
        error: None,
        colleagues: super::invite::without_account(&at).await?,
    };
    if let Some(flash) = flash {
        page.by = Some(flash.by()).filter(|by| (*by == SearchBy::Email) == across).unwrap_or(first);
        page.typed = flash.typed;
        match search(&at, page.by, &page.typed).await? {
            Ok(found) => {
                page.more = found.len() > MOST_SHOWN;
                let shown = found.into_iter().take(MOST_SHOWN);
                page.found = Some(shown.map(|one| masked(&at, page.by, one)).collect());
            }
            Err(error) => page.error = Some(error),
        }
    }
    at.response().keep_flash().page(&page)
}

#[derive(Deserialize)]
pub(crate) struct SearchForm {
    by: String,
    typed: String,
}

/// `POST /desk/{seat}/search`.
pub(crate) async fn post(DeskForm { at, fields }: DeskForm<SearchForm>) -> Response {
    let SearchForm { by, typed } = fields;
    let flash = DeskSearchFlash { by: flash::typed(&by), typed: flash::typed(typed.trim()) };
    at.response().say(&path::desk(at.seat.key()), &flash)
}

/// Redirects a reloaded or bookmarked form address to the page.
pub(crate) async fn again(at: AtDesk) -> Response {
    at.response().see_other(path::desk(at.seat.key()))
}

async fn search(
    at: &AtDesk,
    by: SearchBy,
    typed: &str,
) -> Result<Result<Vec<Found>, DeskSearchError>, Failure> {
    if !typed.chars().any(char::is_alphanumeric) {
        return Ok(Err(DeskSearchError::Empty));
    }
    let agency = at.seat.agency.as_deref();
    let Some(search) = meant(agency, by, typed) else { return Ok(Err(DeskSearchError::NoAddress)) };
    if let Err(seconds) = at.idp().throttle.search(at.clerk.account) {
        return Ok(Err(DeskSearchError::TooOften { seconds }));
    }
    match at.desk().find(&at.seat.actor, &search).await {
        Ok(found) => Ok(Ok(found)),
        Err(DeskError::Fault(fault)) => Err(fault.into()),
        Err(_) => Err(at.not_found()),
    }
}

fn meant<'a>(agency: Option<&'a Agency>, by: SearchBy, typed: &'a str) -> Option<Search<'a>> {
    let Some(agency) = agency else { return Email::parse(typed).map(Search::Email) };
    Some(match by {
        SearchBy::Reference => Search::Reference(&agency.id, typed),
        SearchBy::Identifier => Search::Identifier(agency, typed),
        SearchBy::Name | SearchBy::Email => Search::Name(&agency.id, typed),
    })
}

/// Returns a person as the list shows them: what was typed in full, the rest masked.
fn masked(at: &AtDesk, by: SearchBy, found: Found) -> DeskFound {
    let person = match (&found.by, found.target) {
        (Some(by), _) if at.seat.agency.is_some() => by.identity.0,
        (_, Target::Account(account)) => account.0,
        (_, Target::Identity(identity)) => identity.0,
    };
    let url = path::desk_person(at.seat.key(), person).into();
    let Some(known) = found.by else { return DeskFound { url, name: None, reference: None } };
    let name = known.name.map(|name| if by == SearchBy::Name { name } else { initials(&name) });
    let reference = if by == SearchBy::Reference { known.client_ref } else { end(&known.client_ref) };
    DeskFound { url, name, reference: Some(reference) }
}

/// `Marie Durand` as `M••• D•••`.
fn initials(name: &str) -> String {
    let word = |word: &str| word.chars().take(1).chain("•••".chars()).collect::<String>();
    name.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

/// `CT-00142` as `•••142`; a short one is hidden whole.
fn end(reference: &str) -> String {
    let length = reference.chars().count();
    let shown = if length > 5 { 3 } else { usize::from(length > 2) };
    "•••".chars().chain(reference.chars().skip(length - shown)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_typed_is_masked() {
        assert_eq!(initials("Marie  Durand-Lefèvre"), "M••• D•••");
        assert_eq!(initials("Élise"), "É•••");
        assert_eq!([end("CT-00142"), end("CT-1"), end("42"), end("")], ["•••142", "•••1", "•••", "•••"]);
    }
}
