//! The places that take a token: what is sent there, and what the answer is when it is accepted and when it is refused.

use http::{HeaderValue, Request, StatusCode};
use oidc::authentication::ASSERTION_TYPE;

use super::material::Kind;
use testkit::Page;

use crate::endpoints::{
    browser::asking,
    world::{CALLBACK, basic, form},
};

/// Which key signs what is good there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum By {
    Provider,
    /// The client `keyed`, by its private key.
    Keyed,
    /// The client `shared`, by its secret.
    Shared,
    /// The agency `tilleuls`.
    Agency,
}

pub struct Place {
    pub name: &'static str,
    pub kind: Kind,
    pub by: By,
    /// `None`: this token cannot be sent there at all.
    pub request: fn(&str) -> Option<Request<String>>,
    pub accepts: fn(&Page) -> bool,
    pub refuses: fn(&Page) -> bool,
    /// A refusal begins an interaction all the same: the person can go on without.
    pub goes_on: bool,
}

pub const PLACES: &[Place] = &[
    Place {
        name: "id_token_hint at /authorize",
        kind: Kind::Hint,
        by: By::Provider,
        // A page is asked for: without one the answer is at the client, where a good hint and none look alike.
        request: |token| get("/authorize", &asking(&[("id_token_hint", token), ("prompt", "login")])),
        accepts: to_the_hub,
        refuses: |reply| returned(reply) == Some("invalid_request".into()),
        goes_on: false,
    },
    Place {
        name: "id_token_hint in a form at /authorize",
        kind: Kind::Hint,
        by: By::Provider,
        request: |token| post("/authorize", &asking(&[("id_token_hint", token), ("prompt", "login")])),
        accepts: to_the_hub,
        refuses: |reply| returned(reply) == Some("invalid_request".into()),
        goes_on: false,
    },
    Place {
        name: "id_token_hint at /end-session",
        kind: Kind::LogoutHint,
        by: By::Provider,
        request: |token| get("/end-session", &[("id_token_hint", token), ("client_id", "rp"), OUT]),
        accepts: |reply| reply.status == StatusCode::SEE_OTHER && reply.header("location") == OUT.1,
        refuses: asks,
        goes_on: false,
    },
    Place {
        name: "id_token_hint in a form at /end-session",
        kind: Kind::LogoutHint,
        by: By::Provider,
        request: |token| {
            // From a page of ours: another site's form would only go round over an address.
            let mut request = post("/end-session", &[("id_token_hint", token), ("client_id", "rp"), OUT])?;
            request.headers_mut().insert("sec-fetch-site", "same-origin".parse().unwrap());
            Some(request)
        },
        accepts: |reply| reply.status == StatusCode::SEE_OTHER && reply.header("location") == OUT.1,
        refuses: asks,
        goes_on: false,
    },
    Place {
        name: "private_key_jwt at /token",
        kind: Kind::Assertion,
        by: By::Keyed,
        request: |token| asserted("/token", token, &CODE),
        // The client is known; the code is not.
        accepts: |reply| answers(reply, 400, "invalid_grant"),
        refuses: |reply| answers(reply, 401, "invalid_client"),
        goes_on: false,
    },
    Place {
        name: "private_key_jwt at /introspect",
        kind: Kind::Assertion,
        by: By::Keyed,
        request: |token| asserted("/introspect", token, &[("token", "x")]),
        accepts: inactive,
        refuses: |reply| answers(reply, 401, "invalid_client"),
        goes_on: false,
    },
    Place {
        name: "private_key_jwt at /revoke",
        kind: Kind::Assertion,
        by: By::Keyed,
        request: |token| asserted("/revoke", token, &[("token", "x")]),
        accepts: nothing,
        refuses: |reply| answers(reply, 401, "invalid_client"),
        goes_on: false,
    },
    Place {
        name: "client_secret_jwt at /token",
        kind: Kind::Assertion,
        by: By::Shared,
        request: |token| asserted("/token", token, &CODE),
        accepts: |reply| answers(reply, 400, "invalid_grant"),
        refuses: |reply| answers(reply, 401, "invalid_client"),
        goes_on: false,
    },
    Place {
        name: "client_secret_jwt at /introspect",
        kind: Kind::Assertion,
        by: By::Shared,
        request: |token| asserted("/introspect", token, &[("token", "x")]),
        accepts: inactive,
        refuses: |reply| answers(reply, 401, "invalid_client"),
        goes_on: false,
    },
    Place {
        name: "client_secret_jwt at /revoke",
        kind: Kind::Assertion,
        by: By::Shared,
        request: |token| asserted("/revoke", token, &[("token", "x")]),
        accepts: nothing,
        refuses: |reply| answers(reply, 401, "invalid_client"),
        goes_on: false,
    },
    Place {
        name: "access token in the header of /userinfo",
        kind: Kind::Access,
        by: By::Provider,
        request: |token| {
            let header = HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
            Some(Request::get("/userinfo").header("authorization", header).body(String::new()).unwrap())
        },
        accepts: |reply| reply.status == StatusCode::OK && reply.json()["sub"].is_string(),
        refuses: |reply| answers(reply, 401, "invalid_token"),
        goes_on: false,
    },
    Place {
        name: "access token in a form at /userinfo",
        kind: Kind::Access,
        by: By::Provider,
        request: |token| post("/userinfo", &[("access_token", token)]),
        accepts: |reply| reply.status == StatusCode::OK && reply.json()["sub"].is_string(),
        refuses: |reply| answers(reply, 401, "invalid_token"),
        goes_on: false,
    },
    Place {
        name: "token at /introspect",
        kind: Kind::Token,
        by: By::Provider,
        request: |token| called("/introspect", token),
        accepts: |reply| reply.status == StatusCode::OK && reply.json()["active"] == true,
        refuses: inactive,
        goes_on: false,
    },
    Place {
        name: "token at /revoke",
        kind: Kind::Token,
        by: By::Provider,
        request: |token| called("/revoke", token),
        // The answer is the same for all (RFC 7009 §2.2): the rows tell.
        accepts: nothing,
        refuses: nothing,
        goes_on: false,
    },
    Place {
        name: "migration_ticket at /authorize",
        kind: Kind::Ticket,
        by: By::Agency,
        request: |token| get("/authorize", &asking(&[("migration_ticket", token)])),
        accepts: to_the_hub,
        refuses: to_the_hub,
        goes_on: true,
    },
];

const OUT: (&str, &str) = ("post_logout_redirect_uri", "https://rp.example/out");
const CODE: [(&str, &str); 2] = [("grant_type", "authorization_code"), ("code", "unknown")];

fn get(path: &str, fields: &[(&str, &str)]) -> Option<Request<String>> {
    Request::get(format!("{path}?{}", form(fields))).body(String::new()).ok()
}

fn post(path: &str, fields: &[(&str, &str)]) -> Option<Request<String>> {
    let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    request.body(form(fields)).ok()
}

fn called(path: &str, token: &str) -> Option<Request<String>> {
    let mut request = post(path, &[("token", token)])?;
    request.headers_mut().insert("authorization", basic("rp").parse().unwrap());
    Some(request)
}

fn asserted(path: &str, token: &str, more: &[(&str, &str)]) -> Option<Request<String>> {
    let mut fields = vec![("client_assertion_type", ASSERTION_TYPE), ("client_assertion", token)];
    fields.extend(more);
    post(path, &fields)
}

fn to_the_hub(reply: &Page) -> bool {
    reply.status == StatusCode::SEE_OTHER && reply.header("location").starts_with("/authorize/")
}

/// The error that went back to the client.
fn returned(reply: &Page) -> Option<String> {
    let (uri, query) = reply.header("location").split_once('?')?;
    let params = oidc::Params::parse(&[query]).ok()?;
    let fine = reply.status == StatusCode::SEE_OTHER && uri == CALLBACK && params.get("code").is_none();
    params.get("error").filter(|_| fine).map(str::to_owned)
}

/// The page that asks, as if nothing had been sent.
fn asks(reply: &Page) -> bool {
    reply.status == StatusCode::OK
        && reply.header("content-type").starts_with("text/html")
        && !reply.headers.contains_key("location")
}

fn answers(reply: &Page, status: u16, error: &str) -> bool {
    reply.status.as_u16() == status && reply.error() == error
}

fn inactive(reply: &Page) -> bool {
    reply.status == StatusCode::OK && reply.body == r#"{"active":false}"#
}

fn nothing(reply: &Page) -> bool {
    reply.status == StatusCode::OK && reply.body.is_empty()
}
