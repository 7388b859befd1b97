//! The authorization request of a portal.

/// The PKCE verifier of RFC 7636 appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// Its challenge.
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The parameters of a good request, with some replaced or added; an empty value takes one out.
pub fn asking<'a>(
    client: &'a str,
    callback: &'a str,
    more: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("client_id", client),
        ("redirect_uri", callback),
        ("response_type", "code"),
        ("scope", "openid profile email offline_access"),
        ("state", "s"),
        ("nonce", "n"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    fields.retain(|(name, _)| more.iter().all(|(n, _)| n != name));
    fields.extend(more.iter().filter(|(_, value)| !value.is_empty()));
    fields
}
