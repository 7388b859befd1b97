//! Authentication context classes: what this provider says of how a person signed in, and how a client asks for more
//! (OIDC Core §2 `acr`, §3.1.2.1 `acr_values`, §5.5.1.1; RFC 9470 §4, §5).

use serde_json::Value;

/// So many seconds a password counts as just typed (SPEC J3).
pub const FRESH: i64 = 300;

/// How a sign-in was made.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Acr {
    /// A password was typed in this browser within the last [`FRESH`] seconds: what a portal asks for before something that matters.
    FreshPassword,
    /// A password was typed in this browser, at `auth_time`.
    Password,
}

impl Acr {
    /// All that this provider can reach, the strongest first.
    pub const ALL: &'static [Self] = &[Self::FreshPassword, Self::Password];

    /// What stands in `acr`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FreshPassword => "urn:moncompte:acr:password:fresh",
            Self::Password => "urn:moncompte:acr:password",
        }
    }

    /// From what a client names.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|acr| acr.as_str() == name)
    }

    /// Whether a password that was typed `age` seconds ago is that.
    pub fn reached(self, age: i64) -> bool {
        match self {
            Self::FreshPassword => age <= FRESH,
            Self::Password => true,
        }
    }
}

/// What a client asks of a sign-in.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Wish {
    /// Those that this provider knows, in the client's order of preference.
    pub values: Vec<Acr>,
    /// Any value was named, known or not.
    pub named: bool,
    /// None other will do.
    pub essential: bool,
}

impl Wish {
    /// From the claim `acr` of the `claims` parameter, or else from `acr_values`.
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

    /// The best that a password typed `age` seconds ago fulfils.
    pub fn met(&self, age: i64) -> Option<Acr> {
        self.values.iter().copied().find(|acr| acr.reached(age))
    }

    /// Whether typing the password again would please the client more.
    pub fn wants_more(&self, age: i64) -> bool {
        self.values.first().is_some_and(|first| !first.reached(age))
    }

    /// Whether nothing that will do has been reached.
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
        let first = Wish::read(None, &texts(&[fresh, plain]));
        assert_eq!((first.met(10), first.wants_more(10)), (Some(fresh), false));
        assert_eq!((first.met(3600), first.wants_more(3600), first.unmet(3600)), (Some(plain), true, false));
        let content = Wish::read(None, &texts(&[plain, fresh]));
        assert_eq!((content.met(10), content.wants_more(3600)), (Some(plain), false));
        assert_eq!(Wish::read(None, &["1".into(), "2".into()]).met(0), None);
    }

    /// OIDC Core §5.5.1.1
    #[test]
    fn an_essential_one_is_met_or_not() {
        let fresh = Acr::FreshPassword;
        let essential = Wish::read(Some(&json!({ "essential": true, "value": fresh.as_str() })), &[]);
        assert!(essential.unmet(3600) && !essential.unmet(FRESH));
        let strange = Wish::read(Some(&json!({ "essential": true, "values": ["gold"] })), &texts(&[fresh]));
        assert!(strange.named && strange.values.is_empty());
        let wish = Wish::read(Some(&Value::Null), &texts(&[fresh]));
        assert_eq!((wish.values, wish.essential), (vec![fresh], false));
    }
}
