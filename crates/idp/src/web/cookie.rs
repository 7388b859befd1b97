//! All cookies that the provider sets. Over https their names begin with `__Host-`, so that no sibling host can set them (SECURITY #41).

use axum_extra::extract::cookie::{Cookie as SetCookie, SameSite};
use http::{HeaderMap, header};
use time::Duration;

/// A cookie of ours, by its purpose.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// Binds interactions and form tokens to this browser.
    Browser,
    /// The session of the person who is signed in.
    Session,
    /// Proof that someone signed in here before.
    Device,
    /// The token of a mailed confirmation link, so that the address bar is clean.
    Confirm,
    /// The token of a mailed reset link.
    Reset,
    /// The token of the link that confirms another address.
    NewAddress,
    /// The token of the link that takes an address back.
    TakeBack,
    /// The token of the link that invites staff.
    Invitation,
    /// A message for the next page at one address.
    Flash,
    /// The language that was chosen at the foot of a page.
    Language,
    /// The agencies at which the latest interactions began.
    Agency,
}

impl Cookie {
    /// Returns the name without its prefix.
    fn stem(self) -> &'static str {
        match self {
            Self::Browser => "mc_browser",
            Self::Session => "mc_session",
            Self::Device => "mc_device",
            Self::Confirm => "mc_confirm",
            Self::Reset => "mc_reset",
            Self::NewAddress => "mc_new_address",
            Self::TakeBack => "mc_take_back",
            Self::Invitation => "mc_invitation",
            Self::Flash => "mc_flash",
            Self::Language => "mc_language",
            Self::Agency => "mc_agency",
        }
    }

    /// Returns the whole name. A cookie with a path of its own cannot be `__Host-`.
    fn name(self, secure: bool) -> String {
        let prefix = match (secure, self) {
            (false, _) => "",
            (
                true,
                Self::Confirm
                | Self::Reset
                | Self::NewAddress
                | Self::TakeBack
                | Self::Invitation
                | Self::Flash,
            ) => "__Secure-",
            (true, _) => "__Host-",
        };
        format!("{prefix}{}", self.stem())
    }

    /// Returns the header value that sets the cookie, until the browser closes or for `life`.
    pub(crate) fn set(
        self,
        secure: bool,
        path: &str,
        value: String,
        life: Option<Duration>,
    ) -> SetCookie<'static> {
        let cookie = SetCookie::build((self.name(secure), value))
            .path(path.to_owned())
            .secure(secure)
            .http_only(true)
            .same_site(SameSite::Lax);
        match life {
            Some(life) => cookie.max_age(life).build(),
            None => cookie.build(),
        }
    }

    /// Returns the header value that deletes the cookie.
    pub(crate) fn clear(self, secure: bool, path: &str) -> SetCookie<'static> {
        self.set(secure, path, String::new(), Some(Duration::ZERO))
    }

    /// Returns a second cookie with the browser's token, named after one interaction. A browser that opens five tabs at once sends five first
    /// requests without a cookie, and keeps the [`Cookie::Browser`] of the last answer alone: this cookie identifies the other four tabs (PEOPLE U-41).
    pub(crate) fn set_for_interaction(secure: bool, interaction: &str, value: String) -> SetCookie<'static> {
        let mut cookie = Self::Browser.set(secure, "/", value, None);
        cookie.set_name(interaction_name(secure, interaction));
        cookie
    }

    /// Returns the cookie with the sealed request of an interaction, for the pages at its hub and below; it ends with the browser, as the one with the token does.
    pub(crate) fn set_request(secure: bool, hub: &str, sealed: String) -> SetCookie<'static> {
        let mut cookie = Self::Flash.set(secure, hub, sealed, None);
        cookie.set_name(request_name(secure, hub));
        cookie
    }

    /// Returns the header value that deletes [`Cookie::set_request`].
    pub(crate) fn clear_request(secure: bool, hub: &str) -> SetCookie<'static> {
        let mut cookie = Self::Flash.clear(secure, hub);
        cookie.set_name(request_name(secure, hub));
        cookie
    }

    /// Returns the value of [`Cookie::set_request`] for the interaction that `path` names.
    pub(crate) fn request(headers: &HeaderMap, secure: bool, path: &str) -> Option<String> {
        only(headers, &request_name(secure, path))
    }

    /// Returns the value of [`Cookie::set_for_interaction`] for the interaction that `path` names.
    pub(crate) fn of_interaction(headers: &HeaderMap, secure: bool, path: &str) -> Option<String> {
        let interaction = path.strip_prefix("/authorize/")?.split('/').next()?;
        only(headers, &interaction_name(secure, interaction))
    }

    /// Returns every value that the browser sent under this name.
    pub(crate) fn all(self, headers: &HeaderMap, secure: bool) -> Vec<String> {
        named(headers, &self.name(secure))
    }

    /// Returns the value, if the browser sent exactly one: two cookies of one name count as none (SECURITY #41).
    pub(crate) fn one(self, headers: &HeaderMap, secure: bool) -> Option<String> {
        only(headers, &self.name(secure))
    }
}

/// Returns true if the browser sent any cookie of ours.
pub(crate) fn any(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).any(|pair| {
        let name = pair.trim();
        let bare = name.strip_prefix("__Host-").or_else(|| name.strip_prefix("__Secure-")).unwrap_or(name);
        bare.starts_with("mc_")
    })
}

fn interaction_name(secure: bool, interaction: &str) -> String {
    let prefix = if secure { "__Host-" } else { "" };
    format!("{prefix}mc_tab_{}", short(interaction))
}

/// Returns the name of the cookie with the request of the interaction that `path` names: one of its own, for a path alone keeps two apart in no log and in
/// no simple client.
fn request_name(secure: bool, path: &str) -> String {
    let prefix = if secure { "__Secure-" } else { "" };
    let interaction = path.strip_prefix("/authorize/").and_then(|rest| rest.split('/').next());
    format!("{prefix}mc_request_{}", short(interaction.unwrap_or_default()))
}

fn short(interaction: &str) -> String {
    interaction.chars().filter(char::is_ascii_alphanumeric).take(32).collect()
}

fn only(headers: &HeaderMap, name: &str) -> Option<String> {
    match <[String; 1]>::try_from(named(headers, name)) {
        Ok([value]) => Some(value),
        Err(_) => None,
    }
}

fn named(headers: &HeaderMap, name: &str) -> Vec<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(n, v)| *n == name && !v.is_empty())
        .map(|(_, v)| v.to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_cookies_of_one_name_are_none() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "mc_session=a; other=b".parse().unwrap());
        assert_eq!(Cookie::Session.one(&headers, false).as_deref(), Some("a"));
        headers.append(header::COOKIE, "mc_session=c".parse().unwrap());
        assert_eq!(Cookie::Session.one(&headers, false), None);
        assert_eq!(Cookie::Session.one(&headers, true), None);
    }

    #[test]
    fn over_https_they_are_bound_to_the_host() {
        let cookie = Cookie::Session.set(true, "/", "x".into(), None).to_string();
        assert_eq!(cookie, "__Host-mc_session=x; HttpOnly; SameSite=Lax; Secure; Path=/");
    }
}
