//! The token endpoint (RFC 6749 §4.1.3, §6; OIDC Core §3.1.3, §12; RFC 8707 §2.2): what is asked for, and whether it is given. Each decision is a
//! literal list of checks. Who asks is settled before, in [`crate::authentication`].

use crate::{
    Code, Error, Params, Scope,
    client::{AuthMethod, Client, GrantType},
    pkce, resource,
};

/// What is asked for. No Debug: it holds a code or a token.
pub struct TokenRequest {
    /// What is redeemed.
    pub redeem: Redeem,
    /// For which resources (RFC 8707 §2.2).
    pub resources: Vec<String>,
}

/// What is redeemed. No Debug.
pub enum Redeem {
    /// `authorization_code`
    Code {
        /// The code as it came.
        code: String,
        /// Must equal the one of the authorization request.
        redirect_uri: Option<String>,
        /// PKCE.
        verifier: Option<String>,
    },
    /// `refresh_token`
    Refresh {
        /// The token as it came.
        token: String,
        /// Less than was granted, if less is enough.
        scope: Option<Scope>,
    },
}

/// One check of a token request by a client that has proved itself.
pub type RequestCheck = fn(&Params, &Client, GrantType) -> Result<(), Error>;

/// What is asked of the form, in this order, once its `grant_type` is known.
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
    /// Reads the form of a client that has proved itself: the grant type, then [`REQUEST_CHECKS`].
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

/// What the authorization endpoint stored with a code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CodeRecord {
    /// Who asked.
    pub client_id: String,
    /// Where it went.
    pub redirect_uri: String,
    /// PKCE.
    pub code_challenge: Option<String>,
    /// Resources that were asked for (RFC 8707).
    pub resources: Vec<String>,
    /// When it ends.
    pub expires_at: i64,
    /// It has given tokens.
    pub used: bool,
    /// Its grant has been revoked.
    pub revoked: bool,
}

/// What came to the token endpoint with a code.
#[derive(Clone, Copy)]
pub struct CodeAttempt<'a> {
    /// Who has proved itself.
    pub client: &'a Client,
    /// As it came.
    pub redirect_uri: Option<&'a str>,
    /// As it came.
    pub verifier: Option<&'a str>,
    /// As they came.
    pub resources: &'a [String],
    /// Seconds since 1970.
    pub now: i64,
}

/// What to do about a code or a refresh token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict<T> {
    /// Give tokens, if one conditional statement marks it used.
    Give(T),
    /// Refuse and change nothing (SECURITY D7).
    Refuse(Error),
    /// A second valid use: refuse, and revoke all that the first one gave (SECURITY #17, #20).
    Reuse,
}

/// Why a check stops: what becomes of the code or token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stop {
    /// [`Verdict::Refuse`].
    Refuse(Error),
    /// [`Verdict::Reuse`].
    Reuse,
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Refuse(error)
    }
}

impl<T> From<Stop> for Verdict<T> {
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

/// One check of a code. The last one fills in for which resources the access token is.
pub type CodeCheck = fn(&CodeRecord, &CodeAttempt<'_>, &mut Vec<String>) -> Result<(), Stop>;

/// The order matters: only who could have redeemed the code can reveal its reuse (SECURITY D7).
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

/// Runs [`CODE_CHECKS`] and says for which resources the access token is.
pub fn exchange(record: &CodeRecord, attempt: &CodeAttempt<'_>) -> Verdict<Vec<String>> {
    let mut resources = Vec::new();
    match CODE_CHECKS.iter().try_for_each(|(_, check)| check(record, attempt, &mut resources)) {
        Ok(()) => Verdict::Give(resources),
        Err(stop) => stop.into(),
    }
}

/// What is known of a refresh token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefreshRecord {
    /// Whose it is.
    pub client_id: String,
    /// What was granted.
    pub scope: Scope,
    /// Resources that were granted (RFC 8707).
    pub resources: Vec<String>,
    /// When it ends for lack of use.
    pub expires_at: i64,
    /// When the family ends, used or not (SECURITY #24).
    pub family_ends_at: i64,
    /// Its rotation, if it has been rotated.
    pub rotated: Option<Rotated>,
    /// Its family has been revoked.
    pub revoked: bool,
    /// It goes with a session, for it lacks `offline_access` ([`is_offline`]), and that session is over.
    pub session_over: bool,
}

/// Whether what was granted outlives the session in which it was (OIDC Core §11). What the client may have today bounds what was granted then.
pub fn is_offline(granted: &Scope, client: &Client) -> bool {
    granted.contains(OFFLINE_ACCESS) && client.scopes.contains(OFFLINE_ACCESS)
}

const OFFLINE_ACCESS: &str = "offline_access";

/// The rotation of a refresh token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rotated {
    /// When.
    pub at: i64,
    /// The token in its place has not been used, and can be given once more.
    pub child_unused: bool,
}

/// Seconds in which a client may send a refresh token twice: two of its workers at once, or an answer that got lost (SECURITY D16).
pub const AGAIN: i64 = 10;

/// Whether a refresh token that was rotated is one that its own client sends once more, and no reuse: the same child is given again. A public client
/// proves nothing, so whoever sends its token may be somebody else.
fn comes_again(rotated: Rotated, attempt: &RefreshAttempt<'_>) -> bool {
    attempt.client.token_endpoint_auth_method != AuthMethod::None
        && rotated.child_unused
        && (attempt.now - rotated.at).abs() <= AGAIN
}

/// What came to the token endpoint with a refresh token.
#[derive(Clone, Copy)]
pub struct RefreshAttempt<'a> {
    /// Who has proved itself.
    pub client: &'a Client,
    /// As it came.
    pub scope: Option<&'a Scope>,
    /// As they came.
    pub resources: &'a [String],
    /// Seconds since 1970.
    pub now: i64,
}

/// What the new access token opens.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Refreshed {
    /// What was asked for, or else all that was granted.
    pub scope: Scope,
    /// For which resources it is.
    pub resources: Vec<String>,
}

/// One check of a refresh token. The last ones fill in what the new access token opens.
pub type RefreshCheck = fn(&RefreshRecord, &RefreshAttempt<'_>, &mut Refreshed) -> Result<(), Stop>;

/// The order matters: somebody else's token tells nothing and changes nothing, and a family that is dead cannot be killed again.
pub const REFRESH_CHECKS: &[(&str, RefreshCheck)] = &[
    ("RFC 6749 §6 bound to the client", |record, attempt, _| {
        refuse_unless(record.client_id == attempt.client.client_id, "the token was not issued to this client")
    }),
    ("RFC 9700 §4.14.2 the family lives", |record, _, _| {
        refuse_unless(!record.revoked, "the token was revoked")
    }),
    ("RFC 9700 §4.14.2 used once", |record, attempt, _| match record.rotated {
        Some(rotated) if !comes_again(rotated, attempt) => Err(Stop::Reuse),
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
        // What the client may have today bounds what was granted then (SECURITY #23, I15).
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

/// Runs [`REFRESH_CHECKS`] and says what the new access token opens.
pub fn refresh(record: &RefreshRecord, attempt: &RefreshAttempt<'_>) -> Verdict<Refreshed> {
    let mut given = Refreshed::default();
    match REFRESH_CHECKS.iter().try_for_each(|(_, check)| check(record, attempt, &mut given)) {
        Ok(()) => Verdict::Give(given),
        Err(stop) => stop.into(),
    }
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
