//! The addresses of our own pages, written once, each with the flash that its page may show.

use super::flash::{
    AccountEmailFlash, AccountPasswordFlash, Address, CodeFlash, ConfirmFlash, ConnectedFlash, DeskCodeFlash,
    DeskPersonFlash, DeskSearchFlash, EmailFlash, ForgotFlash, HomeFlash, HubFlash, LegacyFlash, NameFlash,
    NewAddressFlash, NewPasswordFlash, SessionsFlash, SignedOutFlash, TakeBackFlash,
};
use crate::InteractionId;

pub(crate) const HOME: Address<HomeFlash> = Address::fixed("/");
pub(crate) const SIGN_OUT: Address<SignedOutFlash> = Address::fixed("/sign-out");
pub(crate) const CONFIRM: Address<ConfirmFlash> = Address::fixed("/confirm");
pub(crate) const RESET: Address<NewPasswordFlash> = Address::fixed("/reset");
pub(crate) const NEW_ADDRESS: Address<NewAddressFlash> = Address::fixed("/new-address");
pub(crate) const INVITATION: Address<NewPasswordFlash> = Address::fixed("/invitation");
pub(crate) const TAKE_BACK: Address<TakeBackFlash> = Address::fixed("/take-back");
pub(crate) const ACCOUNT_EMAIL: Address<AccountEmailFlash> = Address::fixed("/account/email");
pub(crate) const ACCOUNT_NAME: Address<NameFlash> = Address::fixed("/account/name");
pub(crate) const ACCOUNT_PASSWORD: Address<AccountPasswordFlash> = Address::fixed("/account/password");
pub(crate) const ACCOUNT_SESSIONS: Address<SessionsFlash> = Address::fixed("/account/sessions");

/// Returns the hub of an interaction.
pub(crate) fn hub(id: InteractionId) -> Address<HubFlash> {
    Address::new(format!("/authorize/{id}"))
}

pub(crate) fn email(id: InteractionId) -> Address<EmailFlash> {
    Address::new(of(id, "email"))
}

pub(crate) fn password(id: InteractionId) -> Address<NewPasswordFlash> {
    Address::new(of(id, "password"))
}

pub(crate) fn code(id: InteractionId) -> Address<CodeFlash> {
    Address::new(of(id, "code"))
}

pub(crate) fn legacy(id: InteractionId) -> Address<LegacyFlash> {
    Address::new(of(id, "legacy"))
}

pub(crate) fn forgot(id: InteractionId) -> Address<ForgotFlash> {
    Address::new(of(id, "forgot"))
}

pub(crate) fn connected(id: InteractionId) -> Address<ConnectedFlash> {
    Address::new(of(id, "connected"))
}

/// Returns the search of the desk, for an agency or for all.
pub(crate) fn desk(seat: &str) -> Address<DeskSearchFlash> {
    Address::new(format!("/desk/{seat}"))
}

/// Returns the page of a person at the desk.
pub(crate) fn desk_person(seat: &str, person: uuid::Uuid) -> Address<DeskPersonFlash> {
    Address::new(format!("/desk/{seat}/person/{person}"))
}

/// Returns the sheet with a person's activation code.
pub(crate) fn desk_code(seat: &str, person: uuid::Uuid) -> Address<DeskCodeFlash> {
    Address::new(format!("/desk/{seat}/person/{person}/code"))
}

/// Returns a page of an interaction that shows no flash.
pub(crate) fn of(id: InteractionId, page: &str) -> String {
    format!("/authorize/{id}/{page}")
}

/// Returns the interaction to which a page belongs.
pub(crate) fn interaction(path: &str) -> Option<InteractionId> {
    path.strip_prefix("/authorize/")?.split('/').next()?.parse().ok()
}

/// Returns true if a browser reads the address as one of ours: one that begins with two slashes is another host's, and a backslash is a slash to
/// browsers (SECURITY #4).
pub(crate) fn is_local(address: &str) -> bool {
    address.starts_with('/') && !address[1..].starts_with(['/', '\\'])
}

/// Returns this address, or the front page where a browser would read another host in it.
pub(crate) fn local(address: String) -> String {
    if is_local(&address) { address } else { "/".to_owned() }
}

/// The pages of mailed links.
const OF_MAILED_LINKS: [&str; 5] = ["/confirm", "/reset", "/new-address", "/take-back", "/invitation"];

/// Returns the address of a mailed link, with its query, of one that a mail program wrote with slashes too many; `None` for any other: of what programs ask for
/// no other spelling is served (SECURITY #108).
pub(crate) fn tidied(uri: &http::Uri) -> Option<String> {
    let parts: Vec<&str> = uri.path().split('/').filter(|part| !part.is_empty()).collect();
    let path = format!("/{}", parts.join("/"));
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    (path != uri.path() && OF_MAILED_LINKS.contains(&&*path)).then(|| path + &query)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailed_link_with_slashes_too_many_is_the_one_without_them() {
        let tidied = |address: &str| super::tidied(&address.parse().unwrap());
        assert_eq!(tidied("/confirm/?token=a/"), Some("/confirm?token=a/".into()));
        assert_eq!(tidied("//confirm"), Some("/confirm".into()));
        assert_eq!(tidied("/new-address///?token=a"), Some("/new-address?token=a".into()));
        for tidy in
            ["/", "/confirm?x=//", "/jwks/", "//jwks", "/account//name///", "//evil.test/", "//\\evil.test/"]
        {
            assert_eq!(tidied(tidy), None, "{tidy}");
        }
    }

    #[test]
    fn what_browsers_read_as_another_host_is_no_address_of_ours() {
        for ours in ["/", "/authorize/1", "/a//b", "/a\\b", "/?x=//evil.test"] {
            assert!(is_local(ours), "{ours}");
        }
        for foreign in
            ["", "//evil.test", "/\\evil.test", "/\\/evil.test", "\\\\evil.test", "https://evil.test", "evil"]
        {
            assert!(!is_local(foreign), "{foreign}");
            assert_eq!(local(foreign.to_owned()), "/");
        }
    }
}
