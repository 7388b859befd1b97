//! Authentication context classes: how this provider describes a sign-in, and how a client asks for a stronger one
//! (OIDC Core §2 `acr`, §3.1.2.1 `acr_values`, §5.5.1.1; RFC 9470 §4, §5).

use serde_json::Value;

/// The number of seconds for which a password counts as just typed (SPEC J3).
pub const FRESH_PASSWORD_AGE: i64 = 300;

/// An authentication context class.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Acr {
    /// A password was typed in this browser within the last [`FRESH_PASSWORD_AGE`] seconds; portals ask for it before sensitive operations.
    FreshPassword,
    /// A password was typed in this browser, at `auth_time`.
    Password,
}

impl Acr {
    /// All classes that this provider supports, strongest first.
    pub const ALL: &'static [Self] = &[Self::FreshPassword, Self::Password];

    /// Returns the value of the claim `acr`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FreshPassword => "urn:moncompte:acr:password:fresh",
            Self::Password => "urn:moncompte:acr:password",
        }
    }

    /// Parses a value named by a client.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|acr| acr.as_str() == name)
    }

    /// Returns true if a password typed `age` seconds ago reaches this class.
    pub fn reached(self, age: i64) -> bool {
        match self {
            Self::FreshPassword => age <= FRESH_PASSWORD_AGE,
            Self::Password => true,
        }
    }
}

/// The classes that a client asks for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AcrRequest {
    /// The supported ones, in the client's order of preference.
    pub values: Vec<Acr>,
    /// True if the client named any value, supported or not.
    pub named: bool,
    /// True if no other class will do.
    pub essential: bool,
}

impl AcrRequest {
    /// Reads the claim `acr` of the `claims` parameter, or else `acr_values`.
    pub fn read(claim: Option<&Value>, acr_values: &[String]) -> Self {
        let Some(claim) = claim.filter(|claim| claim.is_object()) else { return Self::of(acr_values, false) };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let values: Vec<String> = match (claim.get("value"), claim.get("values").and_then(Value::as_array)) {
            (Some(one), _) => vec![text(one)],
            (None, Some(many)) => many.iter().map(text).collect(),
            (None, None) => acr_values.to_vec(),
        };
        Self::of(&values, claim.get("essential") == Some(&Value::Bool(true)))
    }

    fn of(values: &[String], essential: bool) -> Self {
        let known = values.iter().filter_map(|name| Acr::parse(name)).collect();
        Self { values: known, named: !values.is_empty(), essential }
    }

    /// Returns the most preferred class that a password typed `age` seconds ago reaches.
    pub fn met(&self, age: i64) -> Option<Acr> {
        self.values.iter().copied().find(|acr| acr.reached(age))
    }

    /// Returns true if typing the password again would reach a class that the client prefers.
    pub fn wants_more(&self, age: i64) -> bool {
        self.values.first().is_some_and(|first| !first.reached(age))
    }

    /// Returns true if no acceptable class has been reached.
    pub fn unmet(&self, age: i64) -> bool {
        self.essential && !self.values.is_empty() && self.met(age).is_none()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn texts(values: &[Acr]) -> Vec<String> {
        values.iter().map(|acr| acr.as_str().to_owned()).collect()
    }

    /// RFC 9470 §4: a client that was refused by its API asks for more, and only then is anybody asked.
    #[test]
    fn a_password_of_an_hour_ago_is_a_password_but_not_a_fresh_one() {
        let [fresh, plain] = [Acr::FreshPassword, Acr::Password];
        let first = AcrRequest::read(None, &texts(&[fresh, plain]));
        assert_eq!((first.met(10), first.wants_more(10)), (Some(fresh), false));
        assert_eq!((first.met(3600), first.wants_more(3600), first.unmet(3600)), (Some(plain), true, false));
        let content = AcrRequest::read(None, &texts(&[plain, fresh]));
        assert_eq!((content.met(10), content.wants_more(3600)), (Some(plain), false));
        assert_eq!(AcrRequest::read(None, &["1".into(), "2".into()]).met(0), None);
    }

    /// OIDC Core §5.5.1.1
    #[test]
    fn an_essential_one_is_met_or_not() {
        let fresh = Acr::FreshPassword;
        let essential = AcrRequest::read(Some(&json!({ "essential": true, "value": fresh.as_str() })), &[]);
        assert!(essential.unmet(3600) && !essential.unmet(FRESH_PASSWORD_AGE));
        let strange =
            AcrRequest::read(Some(&json!({ "essential": true, "values": ["gold"] })), &texts(&[fresh]));
        assert!(strange.named && strange.values.is_empty());
        let wish = AcrRequest::read(Some(&Value::Null), &texts(&[fresh]));
        assert_eq!((wish.values, wish.essential), (vec![fresh], false));
    }
}
