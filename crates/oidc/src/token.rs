//! The token endpoint (RFC 6749 §4.1.3, §6; OIDC Core §3.1.3, §12; RFC 8707 §2.2). Each decision is a literal list of checks. The client is
//! authenticated before, by [`crate::authentication`].

use crate::{
    Code, Error, Params, Scope,
    client::{AuthMethod, Client, GrantType},
    pkce, resource,
};

/// A token request. No Debug, for it holds a code or a token.
pub struct TokenRequest {
    /// The grant that is redeemed.
    pub redeem: Redeem,
    /// The requested resources (RFC 8707 §2.2).
    pub resources: Vec<String>,
}

/// The grant that is redeemed. No Debug.
pub enum Redeem {
    /// `authorization_code`
    Code {
        /// The code as sent.
        code: String,
        /// The redirect address, which must equal that of the authorization request.
        redirect_uri: Option<String>,
        /// The PKCE verifier.
        verifier: Option<String>,
    },
    /// `refresh_token`
    Refresh {
        /// The token as sent.
        token: String,
        /// A narrower scope, if the client asks for one.
        scope: Option<Scope>,
    },
}

/// A check of a token request by an authenticated client.
pub type RequestCheck = fn(&Params, &Client, GrantType) -> Result<(), Error>;

/// The checks of the form, in order, once its `grant_type` is known.
pub const REQUEST_CHECKS: &[(&str, RequestCheck)] = &[
    ("RFC 6749 §5.2 unauthorized_client", |_, client, grant| {
        if client.may(grant) {
            return Ok(());
        }
        Err(Error::new(Code::UnauthorizedClient, "this client may not use that grant_type"))
    }),
    ("RFC 6749 §4.1.3 code, §6 refresh_token", |params, _, grant| {
        let needed = redeemed(grant);
        params.get(needed).map(|_| ()).ok_or_else(|| Error::invalid_request(format!("{needed} is missing")))
    }),
    ("RFC 6749 §3.3 scope", |params, _, _| {
        params.get("scope").map_or(Ok(()), |s| Scope::parse(s).map(|_| ()))
    }),
    ("RFC 8707 §2.2 resource", |params, client, _| resource::read(params, client).map(|_| ())),
];

fn redeemed(grant: GrantType) -> &'static str {
    match grant {
        GrantType::AuthorizationCode => "code",
        GrantType::RefreshToken => "refresh_token",
    }
}

impl TokenRequest {
    /// Reads the form of an authenticated client: the grant type, then [`REQUEST_CHECKS`].
    ///
    /// # Errors
    /// `unsupported_grant_type`, `unauthorized_client`, `invalid_request`, `invalid_scope`, `invalid_target`.
    pub fn read(params: &Params, client: &Client) -> Result<Self, Error> {
        let grant = match params.get("grant_type") {
            Some(name) => GrantType::parse(name)
                .ok_or_else(|| Error::new(Code::UnsupportedGrantType, "this grant_type is not supported"))?,
            None => return Err(Error::invalid_request("grant_type is missing")),
        };
        for (_, check) in REQUEST_CHECKS {
            check(params, client, grant)?;
        }
        let owned = |name| params.get(name).map(str::to_owned);
        let what = owned(redeemed(grant)).unwrap_or_default();
        let redeem = match grant {
            GrantType::AuthorizationCode => Redeem::Code {
                code: what,
                redirect_uri: owned("redirect_uri"),
                verifier: owned("code_verifier"),
            },
            GrantType::RefreshToken => {
                Redeem::Refresh { token: what, scope: params.get("scope").map(Scope::parse).transpose()? }
            }
        };
        Ok(Self { redeem, resources: resource::read(params, client)? })
    }
}

/// The stored state of a code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CodeRecord {
    /// The client that requested it.
    pub client_id: String,
    /// The redirect address of the request.
    pub redirect_uri: String,
    /// The PKCE challenge.
    pub code_challenge: Option<String>,
    /// The requested resources (RFC 8707).
    pub resources: Vec<String>,
    /// The time at which it expires.
    pub expires_at: i64,
    /// True if it has been redeemed.
    pub used: bool,
    /// True if its grant has been revoked.
    pub revoked: bool,
}

/// An attempt to redeem a code.
#[derive(Clone, Copy)]
pub struct CodeAttempt<'a> {
    /// The authenticated client.
    pub client: &'a Client,
    /// The redirect address as sent.
    pub redirect_uri: Option<&'a str>,
    /// The PKCE verifier as sent.
    pub verifier: Option<&'a str>,
    /// The resources as sent.
    pub resources: &'a [String],
    /// The current time.
    pub now: i64,
}

/// The decision about a code or a refresh token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RedeemDecision<T> {
    /// Issue tokens, if one conditional statement marks it as used.
    Give(T),
    /// Refuse and change nothing (SECURITY D7).
    Refuse(Error),
    /// A second valid use: refuse, and revoke everything that the first one issued (SECURITY #17, #20).
    Reuse,
}

/// The reason why a check stops.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stop {
    /// See [`RedeemDecision::Refuse`].
    Refuse(Error),
    /// See [`RedeemDecision::Reuse`].
    Reuse,
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Refuse(error)
    }
}

impl<T> From<Stop> for RedeemDecision<T> {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Refuse(error) => Self::Refuse(error),
            Stop::Reuse => Self::Reuse,
        }
    }
}

fn refuse_unless(fine: bool, why: &'static str) -> Result<(), Stop> {
    if fine { Ok(()) } else { Err(Error::invalid_grant(why).into()) }
}

/// A check of a code. The last one fills in the resources of the access token.
pub type CodeCheck = fn(&CodeRecord, &CodeAttempt<'_>, &mut Vec<String>) -> Result<(), Stop>;

/// The checks, in an order that matters: only a client that could have redeemed the code can reveal its reuse (SECURITY D7).
pub const CODE_CHECKS: &[(&str, CodeCheck)] = &[
    ("RFC 6749 §4.1.3 the code was issued to this client", |record, attempt, _| {
        refuse_unless(record.client_id == attempt.client.client_id, "the code was not issued to this client")
    }),
    ("RFC 6749 §4.1.3 redirect_uri is identical", |record, attempt, _| {
        refuse_unless(
            attempt.redirect_uri == Some(&record.redirect_uri),
            "redirect_uri is not the one of the request",
        )
    }),
    ("RFC 7636 §4.6", |record, attempt, _| {
        Ok(pkce::compare(record.code_challenge.as_deref(), attempt.verifier)?)
    }),
    ("RFC 6749 §4.1.2 used once", |record, _, _| if record.used { Err(Stop::Reuse) } else { Ok(()) }),
    ("RFC 6749 §4.1.2 lifetime", |record, attempt, _| {
        refuse_unless(attempt.now < record.expires_at, "the code has expired")
    }),
    ("SECURITY #30 the grant lives", |record, _, _| refuse_unless(!record.revoked, "the grant was revoked")),
    ("RFC 8707 §2.2 resources of a code", |record, attempt, resources| {
        *resources = resource::narrow(&record.resources, attempt.resources, &attempt.client.resources)?;
        Ok(())
    }),
];

/// Runs [`CODE_CHECKS`] and returns the resources of the access token.
pub fn exchange(record: &CodeRecord, attempt: &CodeAttempt<'_>) -> RedeemDecision<Vec<String>> {
    let mut resources = Vec::new();
    match CODE_CHECKS.iter().try_for_each(|(_, check)| check(record, attempt, &mut resources)) {
        Ok(()) => RedeemDecision::Give(resources),
        Err(stop) => stop.into(),
    }
}

/// The stored state of a refresh token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefreshRecord {
    /// The client that it belongs to.
    pub client_id: String,
    /// The granted scope.
    pub scope: Scope,
    /// The granted resources (RFC 8707).
    pub resources: Vec<String>,
    /// The time at which it expires unless used.
    pub expires_at: i64,
    /// The time at which its family expires, used or not (SECURITY #24).
    pub family_ends_at: i64,
    /// Its rotation, if it has been rotated.
    pub rotated: Option<Rotated>,
    /// True if its family has been revoked.
    pub revoked: bool,
    /// True if it depends on a session, for lack of `offline_access` ([`is_offline`]), and that session has ended.
    pub session_over: bool,
}

/// Returns true if the grant outlives the session in which it was made (OIDC Core §11). The client's scopes of today bound those granted.
pub fn is_offline(granted: &Scope, client: &Client) -> bool {
    granted.contains(OFFLINE_ACCESS) && client.scopes.contains(OFFLINE_ACCESS)
}

const OFFLINE_ACCESS: &str = "offline_access";

/// The rotation of a refresh token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rotated {
    /// The time of the rotation.
    pub at: i64,
    /// True if the replacing token has not been used, and can be issued once more.
    pub child_unused: bool,
}

/// The number of seconds in which a client may send a refresh token twice: two of its workers at once, or after a lost response (SECURITY D16).
pub const RETRY_WINDOW: i64 = 10;

/// Returns true if a rotated refresh token is sent again by its own client rather than reused: the same child is issued again. A public client proves
/// nothing, so the sender of its token may be somebody else.
fn is_retry(rotated: Rotated, attempt: &RefreshAttempt<'_>) -> bool {
    attempt.client.token_endpoint_auth_method != AuthMethod::None
        && rotated.child_unused
        && (attempt.now - rotated.at).abs() <= RETRY_WINDOW
}

/// An attempt to redeem a refresh token.
#[derive(Clone, Copy)]
pub struct RefreshAttempt<'a> {
    /// The authenticated client.
    pub client: &'a Client,
    /// The scope as sent.
    pub scope: Option<&'a Scope>,
    /// The resources as sent.
    pub resources: &'a [String],
    /// The current time.
    pub now: i64,
}

/// The extent of the new access token.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Refreshed {
    /// The requested scope, or else the granted one.
    pub scope: Scope,
    /// Its resources.
    pub resources: Vec<String>,
}

/// A check of a refresh token. The last ones fill in the extent of the new access token.
pub type RefreshCheck = fn(&RefreshRecord, &RefreshAttempt<'_>, &mut Refreshed) -> Result<(), Stop>;

/// The checks, in an order that matters: another client's token reveals nothing and changes nothing, and a revoked family cannot be revoked again.
pub const REFRESH_CHECKS: &[(&str, RefreshCheck)] = &[
    ("RFC 6749 §6 bound to the client", |record, attempt, _| {
        refuse_unless(record.client_id == attempt.client.client_id, "the token was not issued to this client")
    }),
    ("RFC 9700 §4.14.2 the family lives", |record, _, _| {
        refuse_unless(!record.revoked, "the token was revoked")
    }),
    ("RFC 9700 §4.14.2 used once", |record, attempt, _| match record.rotated {
        Some(rotated) if !is_retry(rotated, attempt) => Err(Stop::Reuse),
        _ => Ok(()),
    }),
    ("RFC 9700 §4.14.2 lifetime", |record, attempt, _| {
        let alive = attempt.now < record.expires_at && attempt.now < record.family_ends_at;
        refuse_unless(alive, "the token has expired")
    }),
    ("OIDC Core §11 without offline_access no longer than the session", |record, _, _| {
        refuse_unless(!record.session_over, "the session has ended")
    }),
    ("RFC 6749 §6 scope is not more than was granted", |record, attempt, given| {
        // The client's scopes of today bound those granted (SECURITY #23, I15).
        let granted = record.scope.intersect(&attempt.client.scopes);
        given.scope = attempt.scope.cloned().unwrap_or_else(|| granted.clone());
        if attempt.scope.is_some() && (given.scope.is_empty() || !given.scope.is_within(&granted)) {
            return Err(Error::new(Code::InvalidScope, "scope is more than was granted").into());
        }
        Ok(())
    }),
    ("RFC 8707 §2.2 resources of a refresh token", |record, attempt, given| {
        given.resources = resource::narrow(&record.resources, attempt.resources, &attempt.client.resources)?;
        Ok(())
    }),
];

/// Runs [`REFRESH_CHECKS`] and returns the extent of the new access token.
pub fn refresh(record: &RefreshRecord, attempt: &RefreshAttempt<'_>) -> RedeemDecision<Refreshed> {
    let mut given = Refreshed::default();
    match REFRESH_CHECKS.iter().try_for_each(|(_, check)| check(record, attempt, &mut given)) {
        Ok(()) => RedeemDecision::Give(given),
        Err(stop) => stop.into(),
    }
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
