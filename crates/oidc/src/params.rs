use crate::{Refusal, resource};

/// The parameters of one request. None is repeated (RFC 6749 §3.1) except `resource` (RFC 8707 §2).
#[derive(Clone, Debug, Default)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// The maximum number of parameters of a request (SECURITY "Numbers").
    pub const MAX: usize = 100;

    /// Parses `application/x-www-form-urlencoded` text: a query, a body, or both of one request, so that a parameter split between them counts as repeated
    /// (SECURITY #6).
    ///
    /// # Errors
    /// [`Refusal`] for repeated parameters, too many, or control characters. White space is allowed in `claims`, which is JSON.
    pub fn parse(raw: &[&str]) -> Result<Self, Refusal> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for text in raw {
            for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
                if pairs.len() == Self::MAX {
                    return Err(Refusal::TooMany);
                }
                let allowed =
                    |c: char| !c.is_control() || (name == "claims" && matches!(c, '\t' | '\n' | '\r'));
                if name.chars().any(char::is_control) || !value.chars().all(allowed) {
                    return Err(Refusal::Control(
                        name.chars().filter(|c| !c.is_control()).take(40).collect(),
                    ));
                }
                // Some frameworks write a repeated parameter as `client_id[]`.
                let plain = name.split('[').next().unwrap_or_default();
                if name != resource::PARAMETER
                    && pairs
                        .iter()
                        .any(|(n, _)| n == &*name || n == plain || n.split('[').next() == Some(&name))
                {
                    return Err(Refusal::Repeated(plain.chars().take(40).collect()));
                }
                pairs.push((name.into_owned(), value.into_owned()));
            }
        }
        Ok(Self(pairs))
    }

    /// Reads what can be read, for requests that are answered however they are written: leaves out a parameter with control characters, one that comes with
    /// two values, and all after the first hundred. The second value is true if anything was left out.
    pub fn read(raw: &[&str]) -> (Self, bool) {
        let mut pairs: Vec<(String, Option<String>)> = Vec::new();
        let given = raw.iter().flat_map(|text| url::form_urlencoded::parse(text.as_bytes()));
        let mut left_out = given.clone().nth(Self::MAX).is_some();
        for (name, value) in given.take(Self::MAX) {
            let value = (!value.chars().any(char::is_control)).then(|| value.into_owned());
            match pairs.iter_mut().find(|(n, _)| *n == *name) {
                Some((_, first)) if *first != value => *first = None,
                Some(_) => {}
                None => pairs.push((name.into_owned(), value)),
            }
        }
        left_out |= pairs.iter().any(|(_, value)| value.is_none());
        (Self(pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()), left_out)
    }

    /// Returns the value; a parameter without a value counts as omitted (RFC 6749 §3.1).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()).filter(|v| !v.is_empty())
    }

    /// Returns all values of a parameter that may be repeated.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_str()).filter(|v| !v.is_empty())
    }

    /// Returns true if the parameter is present, with or without a value.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n == name)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// SECURITY #6
    #[test]
    fn any_repeated_parameter_is_refused() {
        for raw in [
            &["client_id=a&client_id=a"][..],
            &["state=1&scope=x&state=2"],
            &["client_id=a", "client_id=a"],
            &["unknown=1&unknown=1"],
            &["client_id=a&client_id[]=b"],
            &["client_id[]=b&client_id=a"],
            &["state=&state="],
        ] {
            assert!(matches!(Params::parse(raw), Err(Refusal::Repeated(_))), "{raw:?}");
        }
    }

    /// FINDING R4: what cannot be read of a request to sign out takes nothing from the rest.
    #[test]
    fn what_can_be_read_is_read_without_the_rest() {
        let read = |raw: &str| {
            let (params, left_out) = Params::read(&[raw]);
            let of = |name| params.get(name).unwrap_or("–").to_owned();
            (of("id_token_hint"), of("state"), left_out)
        };
        let expected = |hint: &str, state: &str, left_out| (hint.to_owned(), state.to_owned(), left_out);
        assert_eq!(read("id_token_hint=a&state=s"), expected("a", "s", false));
        assert_eq!(read("id_token_hint=a&state=x%0Ay"), expected("a", "–", true));
        assert_eq!(read("id_token_hint=a&state=s&id_token_hint=a"), expected("a", "s", false));
        assert_eq!(read("id_token_hint=a&state=s&id_token_hint=b"), expected("–", "s", true));
        assert_eq!(read("id_token_hint=a&state=s&id_token_hint=b&id_token_hint=b"), expected("–", "s", true));
        let many = (0..200).map(|n| format!("&p{n}=1")).collect::<String>();
        assert_eq!(read(&format!("id_token_hint=a{many}&state=s")), expected("a", "–", true));
    }

    /// RFC 8707 §2: the one exception.
    #[test]
    fn resource_may_be_repeated() {
        let params = Params::parse(&["resource=a&x=1&resource=b", "resource="]).unwrap();
        assert_eq!(params.all("resource").collect::<Vec<_>>(), ["a", "b"]);
        assert!(Params::parse(&["resource=a&resource[]=b"]).is_err());
    }

    #[test]
    fn an_empty_value_is_no_value() {
        let params = Params::parse(&["nonce=&scope=openid"]).unwrap();
        assert_eq!(params.get("nonce"), None);
        assert!(params.has("nonce"));
        assert_eq!(params.get("scope"), Some("openid"));
    }

    #[test]
    fn nul_and_other_controls_are_refused() {
        for raw in ["state=a%00b", "state=a%0D%0AX", "a%00=b", "nonce=%7F", "claims=%00"] {
            assert!(matches!(Params::parse(&[raw]), Err(Refusal::Control(_))), "{raw}");
        }
        assert!(Params::parse(&["claims=%7B%0A%7D"]).is_ok());
    }

    #[test]
    fn a_hundred_parameters_and_no_more() {
        let many = |n| (0..n).map(|i| format!("p{i}=1")).collect::<Vec<_>>().join("&");
        assert!(Params::parse(&[&many(100)]).is_ok());
        assert_eq!(Params::parse(&[&many(101)]).unwrap_err(), Refusal::TooMany);
    }

    proptest! {
        #[test]
        fn anything_parses_or_is_refused(raw in ".*") {
            let _ = Params::parse(&[&raw]);
        }

        /// PROTOCOL 4.3: the order of parameters is irrelevant.
        #[test]
        fn order_is_irrelevant(values in proptest::collection::vec("[ -~]{0,20}", 1..6)) {
            let pairs: Vec<_> = values.iter().enumerate().map(|(i, v)| {
                format!("p{i}={}", url::form_urlencoded::byte_serialize(v.as_bytes()).collect::<String>())
            }).collect();
            let forward = Params::parse(&[&pairs.join("&")]).unwrap();
            let backward = Params::parse(&[&pairs.iter().rev().cloned().collect::<Vec<_>>().join("&")]).unwrap();
            for (i, value) in values.iter().enumerate() {
                let name = format!("p{i}");
                prop_assert_eq!(forward.get(&name), backward.get(&name));
                prop_assert_eq!(forward.get(&name).unwrap_or_default(), value);
            }
        }
    }
}
