//! The two ways of a request to a provider.

use async_trait::async_trait;
use axum::{Router, body::Body};
use http::{HeaderMap, Request, StatusCode};
use tower::ServiceExt as _;

/// The parts of an answer.
pub type Answer = (StatusCode, HeaderMap, String);

/// Carries a request to a provider and its answer back, without cookies and without following a redirect.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Returns the answer.
    ///
    /// # Errors
    /// If there is no answer. In process there always is one.
    async fn carry(&self, request: Request<Vec<u8>>) -> reqwest::Result<Answer>;
}

/// Over the wire: a request has a whole address.
#[async_trait]
impl Transport for reqwest::Client {
    async fn carry(&self, request: Request<Vec<u8>>) -> reqwest::Result<Answer> {
        let response = self.execute(request.try_into()?).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok((status, headers, response.text().await?))
    }
}

/// In process: of the address only path and query count.
#[async_trait]
impl Transport for Router {
    async fn carry(&self, mut request: Request<Vec<u8>>) -> reqwest::Result<Answer> {
        if let Some(path) = request.uri().path_and_query() {
            *request.uri_mut() = path.clone().into();
        }
        let (parts, body) = self.clone().oneshot(request.map(Body::from)).await.unwrap().into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Ok((parts.status, parts.headers, String::from_utf8_lossy(&body).into_owned()))
    }
}

/// The client of a browser over the wire. Making one costs more than many a request; a clone shares its connections.
pub fn wire() -> reqwest::Client {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    client.user_agent("testkit").build().unwrap()
}
