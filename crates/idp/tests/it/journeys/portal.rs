use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use http::Method;
use serde_json::Value;

pub use testkit::VERIFIER;
use testkit::{Visitor, asking, encoded};

use crate::journeys::world::{SECRET, World};

/// An agency's portal, as small as can be.
pub struct Portal {
    id: &'static str,
    pub issuer: String,
}

/// The claims that a portal received.
pub struct Arrived {
    pub id_token: String,
    pub claims: Value,
    pub userinfo: Value,
}

impl Portal {
    pub fn new(world: &World, id: &'static str) -> Self {
        Self { id, issuer: world.issuer().to_owned() }
    }

    /// The address to which the portal sends a browser.
    pub fn address(&self, more: &[(&str, &str)]) -> String {
        let back = format!("https://{}.test/callback", self.id);
        let own = [("scope", "openid profile email"), ("state", "the state"), ("nonce", "the nonce")];
        format!("/authorize?{}", encoded(&asking(self.id, &back, &[&own[..], more].concat())))
    }

    /// Sends a browser to the provider.
    pub async fn send(&self, visitor: &mut Visitor, more: &[(&str, &str)]) {
        visitor.open(&self.address(more)).await;
    }

    /// The parameters with which the browser came back.
    #[track_caller]
    pub fn back(&self, visitor: &Visitor) -> Vec<(String, String)> {
        let Some(address) = &visitor.screen.left_to else {
            panic!("not back at the portal, but at {}: {}", visitor.screen.path(), visitor.screen.text())
        };
        let url = url::Url::parse(address).unwrap();
        assert_eq!(address.split('?').next(), Some(format!("https://{}.test/callback", self.id).as_str()));
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let get = |name: &str| pairs.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        assert_eq!((get("state"), get("iss")), (Some("the state"), Some(self.issuer.as_str())));
        pairs
    }

    /// Redeems the code with which the browser came back, and asks who it is.
    #[track_caller]
    pub fn receive(&self, visitor: &Visitor) -> impl Future<Output = Arrived> {
        let code = self.back(visitor).into_iter().find(|(n, _)| n == "code").expect("a code").1;
        self.redeem(code)
    }

    async fn redeem(&self, code: String) -> Arrived {
        let back = format!("https://{}.test/callback", self.id);
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", &back),
            ("code_verifier", VERIFIER),
        ];
        let basic = STANDARD.encode(format!("{}:{}", self.id, SECRET.replace(' ', "+")));
        let client = reqwest::Client::new();
        let tokens: Value = client
            .request(Method::POST, format!("{}/token", self.issuer))
            .header("authorization", format!("Basic {basic}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(encoded(&fields))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let text = |name: &str| tokens[name].as_str().unwrap_or_else(|| panic!("{tokens}")).to_owned();
        let id_token = text("id_token");
        let userinfo = client
            .get(format!("{}/userinfo", self.issuer))
            .bearer_auth(text("access_token"))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let claims = claims(&id_token);
        assert_eq!(claims["nonce"], "the nonce");
        Arrived { claims, id_token, userinfo }
    }
}

/// The claims of a token, without a check of its signature.
pub fn claims(token: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}
