//! The specifications as pure functions on plain values: no clock, no randomness, no I/O. Times are `i64` seconds since
//! 1970-01-01 UTC.
//!
//! An authorization request goes through [`request`] (the return path, then the ordered list of checks), [`decide`] (the next step) and [`respond`] (the
//! response). Endpoints that clients call use [`authentication`]; the token endpoint uses [`token`]; the claims of tokens are in [`claims`].
//!
//! ```
//! use oidc::{client::Client, request};
//!
//! let mut client = Client::new("tilleuls-portal", "tilleuls");
//! client.redirect_uris.push("https://portal.example/cb".into());
//!
//! let raw = "client_id=tilleuls-portal&redirect_uri=https%3A%2F%2Fportal.example%2Fcb&response_type=token&state=abc";
//! let params = oidc::Params::parse(&[raw]).unwrap();
//! // First the return path: a failure here is an error page, never a redirect.
//! let path = request::resolve_return_path(&params, Some(&client)).unwrap();
//! // Then the checks: a failure here is returned to the client through the path.
//! let error = request::check(&params, &client, &path).unwrap_err();
//! let response = oidc::respond::failure(&path, "https://op.example", &error);
//! let oidc::respond::Response::Redirect(to) = response else { panic!() };
//! assert!(to.starts_with("https://portal.example/cb?error=unsupported_response_type"));
//! ```

pub mod acr;
mod alg;
pub mod authentication;
pub mod claims;
pub mod client;
pub mod decide;
pub mod discovery;
mod error;
pub mod jwt;
pub mod logout;
mod params;
pub mod pkce;
pub mod registration;
pub mod request;
pub mod resource;
pub mod respond;
mod scope;
pub mod ticket;
pub mod token;
mod verifier;

pub use error::{Code, Error, Refusal};
pub use params::Params;
pub use scope::Scope;
