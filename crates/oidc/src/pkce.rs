//! Proof key for code exchange, S256 only (RFC 7636, SECURITY #5).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::Error;

/// The only method (RFC 7636 §4.2); `plain` protects nothing that travels with it.
pub const METHOD: &str = "S256";

/// Returns true if `text` can be an S256 challenge: 43 base64url characters of a SHA-256.
pub fn is_challenge(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// Compares the challenge of the authorization request with the verifier of the token request.
///
/// # Errors
/// `invalid_grant` if they do not match, or only one of them is present; the code stays valid (SECURITY D7).
pub fn compare(challenge: Option<&str>, verifier: Option<&str>) -> Result<(), Error> {
    match (challenge, verifier) {
        (None, None) => Ok(()),
        (Some(_), None) => Err(Error::invalid_grant("code_verifier is missing")),
        // A code requested without a challenge may have been injected into this client (RFC 9700 §4.8.2).
        (None, Some(_)) => {
            Err(Error::invalid_grant("code_verifier for a code that was requested without code_challenge"))
        }
        (Some(challenge), Some(verifier)) => {
            let legal = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
            if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(legal) {
                return Err(Error::invalid_grant("code_verifier must be 43 to 128 unreserved characters"));
            }
            let hashed = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
            if bool::from(hashed.as_bytes().ct_eq(challenge.as_bytes())) {
                Ok(())
            } else {
                Err(Error::invalid_grant("code_verifier does not fit code_challenge"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 7636 appendix B
    #[test]
    fn the_example_of_the_rfc() {
        let text = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let challenge = Some(text);
        assert_eq!(compare(challenge, Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")), Ok(()));
        assert!(compare(challenge, Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK")).is_err());
        assert!(is_challenge(text));
    }

    /// SECURITY #5 d, e, f
    #[test]
    fn one_without_the_other_and_wrong_lengths_are_refused() {
        let fits = |verifier: &str| URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        assert!(compare(Some(&fits("x")), None).is_err());
        assert!(compare(None, Some("x")).is_err());
        for n in [42, 129] {
            let verifier = "a".repeat(n);
            assert!(compare(Some(&fits(&verifier)), Some(&verifier)).is_err(), "{n}");
        }
        for n in [43, 128] {
            let verifier = "a".repeat(n);
            assert!(compare(Some(&fits(&verifier)), Some(&verifier)).is_ok(), "{n}");
        }
    }

    proptest! {
        #[test]
        fn another_verifier_never_fits(a in "[a-zA-Z0-9._~-]{43,128}", b in "[a-zA-Z0-9._~-]{43,128}") {
            let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(a.as_bytes()));
            prop_assert_eq!(compare(Some(&challenge), Some(&b)).is_ok(), a == b);
        }
    }
}
