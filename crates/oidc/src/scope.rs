use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Code, Error};

/// A set of scope values in the requested order (RFC 6749 §3.3). Serialised as one string.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scope(Vec<String>);

impl Scope {
    /// The supported values (OIDC Core §5.4, §11).
    pub const KNOWN: &'static [&'static str] =
        &["openid", "profile", "email", "address", "phone", "offline_access"];

    /// The values that a client may request if its file names none (SECURITY D11); `profile` is then without
    /// [`crate::claims::NOT_BY_DEFAULT`].
    pub const DEFAULT: &'static [&'static str] = &["openid", "profile", "email"];

    /// The maximum length (SECURITY "Numbers").
    pub const MAX_LENGTH: usize = 1024;

    /// Parses values separated by one space each.
    ///
    /// # Errors
    /// `invalid_scope` if it is too long or has a character that RFC 6749 §3.3 does not allow.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > Self::MAX_LENGTH {
            return Err(Error::new(Code::InvalidScope, "scope is too long"));
        }
        let mut values = Vec::new();
        for value in text.split(' ').filter(|v| !v.is_empty()) {
            if !value.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)) {
                return Err(Error::new(Code::InvalidScope, "scope holds a character that is not allowed"));
            }
            if !values.iter().any(|v| v == value) {
                values.push(value.to_owned());
            }
        }
        Ok(Self(values))
    }

    /// Returns true if it contains `value`.
    pub fn contains(&self, value: &str) -> bool {
        self.0.iter().any(|v| v == value)
    }

    /// Returns true if it is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the values, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Returns the values that both have, in the order of `self`.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        Self(self.0.iter().filter(|v| other.contains(v)).cloned().collect())
    }

    /// Returns true if `other` has every value of `self`.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.iter().all(|v| other.contains(v))
    }
}

impl<'a> FromIterator<&'a str> for Scope {
    fn from_iter<T: IntoIterator<Item = &'a str>>(values: T) -> Self {
        let mut scope = Self::default();
        for value in values {
            if !scope.contains(value) {
                scope.0.push(value.to_owned());
            }
        }
        scope
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

impl TryFrom<String> for Scope {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_kept_once_and_in_order() {
        let scope = Scope::parse("openid  email openid").unwrap();
        assert_eq!(scope.to_string(), "openid email");
        assert!(scope.is_within(&Scope::parse("email profile openid").unwrap()));
        assert!(!Scope::parse("openid phone").unwrap().is_within(&scope));
    }

    #[test]
    fn what_rfc_6749_3_3_forbids_is_invalid_scope() {
        for text in ["openid \"x\"", "open\\id", "é", &"a".repeat(1025)] {
            assert_eq!(Scope::parse(text).unwrap_err().code(), Code::InvalidScope);
        }
    }

    proptest! {
        /// SECURITY I15: an intersection never grows.
        #[test]
        fn an_intersection_is_within_both(a in "[a-e ]{0,12}", b in "[a-e ]{0,12}") {
            let (a, b) = (Scope::parse(&a).unwrap(), Scope::parse(&b).unwrap());
            let both = a.intersect(&b);
            prop_assert!(both.is_within(&a) && both.is_within(&b));
        }
    }
}
