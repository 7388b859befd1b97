//! The material of a forger: the parts of a good token, keys, other tokens, an address that listens.

use std::sync::LazyLock;

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    hmac,
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use rsa::{RsaPublicKey, pkcs1::DecodeRsaPublicKey, traits::PublicKeyParts};
use serde_json::{Map, Value, json};

/// A key that signs.
pub enum Signing {
    Rsa(KeyPair),
    Shared(Vec<u8>),
}

/// The forger's own key, and the one of a client that signs its assertions. Making one takes a while: once for all tests.
pub static FORGERS: LazyLock<Signing> = LazyLock::new(Signing::new_rsa);
pub static CLIENTS: LazyLock<Signing> = LazyLock::new(Signing::new_rsa);

impl Signing {
    fn new_rsa() -> Self {
        Self::Rsa(KeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    /// A provider's key as it lies in the database.
    pub fn from_pkcs8(der: &[u8]) -> Self {
        Self::Rsa(KeyPair::from_pkcs8(der).unwrap())
    }

    /// The algorithm that the key is for.
    pub fn alg(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "RS256",
            Self::Shared(_) => "HS256",
        }
    }

    /// A signature as the key makes it, whatever a header says.
    pub fn sign(&self, input: &str) -> Vec<u8> {
        match self {
            Self::Rsa(_) => self.sign_rsa(&RSA_PKCS1_SHA256, input).unwrap(),
            Self::Shared(secret) => mac(hmac::HMAC_SHA256, secret, input),
        }
    }

    /// The same key in another algorithm of its family.
    pub fn sign_otherwise(&self, input: &str) -> Vec<u8> {
        match self {
            Self::Rsa(_) => self.sign_rsa(&RSA_PSS_SHA256, input).unwrap(),
            Self::Shared(secret) => mac(hmac::HMAC_SHA512, secret, input),
        }
    }

    /// The same with a longer hash.
    pub fn sign_longer(&self, input: &str) -> Vec<u8> {
        match self {
            Self::Rsa(_) => self.sign_rsa(&RSA_PKCS1_SHA512, input).unwrap(),
            Self::Shared(secret) => mac(hmac::HMAC_SHA384, secret, input),
        }
    }

    fn sign_rsa(&self, padding: &'static dyn RsaEncoding, input: &str) -> Option<Vec<u8>> {
        let Self::Rsa(pair) = self else { return None };
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(padding, &SystemRandom::new(), input.as_bytes(), &mut signature).ok()?;
        Some(signature)
    }

    fn pair(&self) -> &KeyPair {
        match self {
            Self::Rsa(pair) => pair,
            Self::Shared(_) => panic!("a secret has no public part"),
        }
    }

    /// The public key as a file would hold it (RFC 7468).
    pub fn pem(&self) -> String {
        let body = STANDARD.encode(self.der());
        let lines: Vec<&str> = body.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
    }

    /// The same without its frame.
    pub fn der(&self) -> Vec<u8> {
        AsDer::<PublicKeyX509Der<'_>>::as_der(self.pair().public_key()).unwrap().as_ref().to_vec()
    }

    /// The public key as JWK.
    pub fn jwk(&self, kid: &str) -> Value {
        let public = RsaPublicKey::from_pkcs1_der(self.pair().public_key().as_ref()).unwrap();
        let b64 = |bytes: Vec<u8>| URL_SAFE_NO_PAD.encode(bytes);
        json!({
            "kty": "RSA", "kid": kid, "alg": "RS256", "use": "sig", "n": b64(public.n().to_bytes_be()), "e": b64(public.e().to_bytes_be()),
        })
    }
}

fn mac(algorithm: hmac::Algorithm, secret: &[u8], input: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(algorithm, secret), input.as_bytes()).as_ref().to_vec()
}

/// The purpose of the token at a place. Not every forgery is one everywhere: an old hint is still a hint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// An ID token that names who must be signed in.
    Hint,
    /// An ID token that names the session to end.
    LogoutHint,
    /// A client's word that it is the client.
    Assertion,
    /// An access token, which opens userinfo.
    Access,
    /// The same, or a refresh token, which a client asks after or gives back.
    Token,
    /// A portal's word that somebody is its client.
    Ticket,
}

/// The material of a forger at one place.
pub struct Forger<'a> {
    pub kind: Kind,
    /// The header of a good token.
    pub header: Map<String, Value>,
    /// Its claims; whatever is used once is fresh.
    pub claims: Map<String, Value>,
    /// The key of good tokens there. Forgeries with wrong claims are signed well, so that only the claims can be the reason of a refusal.
    pub key: &'a Signing,
    /// The provider's key, whose public part everybody has.
    pub provider: &'a Signing,
    /// `http://` and a port where somebody listens.
    pub sink: &'a str,
    /// Good tokens of this provider and where they are.
    pub others: &'a [(&'static str, &'static [Kind], String)],
    pub now: i64,
}

impl Forger<'_> {
    pub fn good(&self) -> String {
        self.signed(&self.header, &self.claims)
    }

    pub fn signed(&self, header: &Map<String, Value>, claims: &Map<String, Value>) -> String {
        self.raw(&json!(header).to_string(), &json!(claims).to_string())
    }

    /// Any text as header and as claims, well signed.
    pub fn raw(&self, header: &str, claims: &str) -> String {
        let input = input(header, claims);
        let signature = self.key.sign(&input);
        complete(&input, &signature)
    }

    /// One more member, or another, in the header; well signed.
    pub fn header(&self, name: &str, value: Value) -> String {
        let mut header = self.header.clone();
        header.insert(name.into(), value);
        self.signed(&header, &self.claims)
    }

    /// Another claim; well signed.
    pub fn claim(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims.clone();
        claims.insert(name.into(), value);
        self.signed(&self.header, &claims)
    }

    /// A claim less; well signed.
    pub fn without(&self, name: &str) -> String {
        let mut claims = self.claims.clone();
        assert!(claims.remove(name).is_some(), "{:?}: {name} was not there", self.kind);
        self.signed(&self.header, &claims)
    }

    /// A claim whose value is no JSON that a map could hold; well signed.
    pub fn claim_text(&self, name: &str, value: &str) -> String {
        let mut claims = self.claims.clone();
        claims.insert(name.into(), json!("HERE"));
        self.raw(&json!(self.header).to_string(), &json!(claims).to_string().replace("\"HERE\"", value))
    }

    /// The good claims under another `alg`, signed by `sign`.
    pub fn under(&self, alg: Value, sign: impl Fn(&str) -> Vec<u8>) -> String {
        let mut header = self.header.clone();
        header.insert("alg".into(), alg);
        let input = input(&json!(header).to_string(), &json!(self.claims).to_string());
        complete(&input, &sign(&input))
    }

    /// Signed with a secret that is none: the public key, or nothing.
    pub fn keyed(&self, secret: &[u8]) -> String {
        self.under(json!("HS256"), |input| mac(hmac::HMAC_SHA256, secret, input))
    }

    /// Signed by the forger's own key, with another member or two in the header.
    pub fn own(&self, members: &[(&str, Value)]) -> String {
        let mut header = self.header.clone();
        header.insert("alg".into(), json!("RS256"));
        for (name, value) in members {
            header.insert((*name).into(), value.clone());
        }
        let input = input(&json!(header).to_string(), &json!(self.claims).to_string());
        complete(&input, &FORGERS.sign(&input))
    }

    /// The good token with its three parts changed after it was signed.
    pub fn parts(&self, change: impl Fn(&str, &str, &str) -> String) -> String {
        let good = self.good();
        let parts: Vec<&str> = good.split('.').collect();
        change(parts[0], parts[1], parts[2])
    }

    /// True if times are checked: an old ID token is still a hint (OIDC Core §3.1.2.1).
    pub fn old_is_refused(&self) -> bool {
        !matches!(self.kind, Kind::Hint | Kind::LogoutHint)
    }

    /// True if the keys of this place have key ids.
    pub fn named(&self) -> bool {
        self.header.contains_key("kid")
    }

    /// True if the forged token is an access token.
    pub fn opens(&self) -> bool {
        matches!(self.kind, Kind::Access | Kind::Token)
    }

    /// True if a token without `typ` is refused.
    pub fn typed(&self) -> bool {
        !matches!(self.kind, Kind::Assertion | Kind::Ticket)
    }
}

pub fn input(header: &str, claims: &str) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
}

pub fn complete(input: &str, signature: &[u8]) -> String {
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}
