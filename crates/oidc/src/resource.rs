//! Resource indicators (RFC 8707): the protected resources that an access token is for. A client's file lists those that it may name; a token
//! without any is for the provider's own userinfo.

use crate::{Code, Error, Params, client::Client};

/// The parameter, the only one that may be repeated (RFC 8707 §2).
pub const PARAMETER: &str = "resource";
/// The maximum number of `resource` values per request.
pub const MAX_RESOURCES: usize = 5;

/// Returns the resources that a request names, in order, without duplicates.
///
/// # Errors
/// `invalid_target` for a resource that this client may not name, or too many.
pub fn read(params: &Params, client: &Client) -> Result<Vec<String>, Error> {
    let mut named: Vec<String> = Vec::new();
    for resource in params.all(PARAMETER) {
        // Compared byte for byte, like every address of a client, so there is no normalisation to get wrong.
        if !client.resources.iter().any(|known| known == resource) {
            return Err(Error::new(Code::InvalidTarget, "resource is not one that this client may name"));
        }
        if !named.iter().any(|known| known == resource) {
            named.push(resource.to_owned());
        }
    }
    if named.len() > MAX_RESOURCES {
        return Err(Error::new(Code::InvalidTarget, "resource names too many"));
    }
    Ok(named)
}

/// Returns the resources of a token (RFC 8707 §2.2): those `asked` for at the token endpoint, or else all that were `granted` at the authorization
/// endpoint; never more than was granted there, if anything was, nor than the client may name today (SECURITY #23). An empty list means the provider itself.
///
/// # Errors
/// `invalid_target`.
pub fn narrow(granted: &[String], asked: &[String], allowed: &[String]) -> Result<Vec<String>, Error> {
    let ceiling = if granted.is_empty() { allowed } else { granted };
    let wanted = if asked.is_empty() { granted } else { asked };
    if wanted.iter().all(|resource| ceiling.contains(resource) && allowed.contains(resource)) {
        return Ok(wanted.to_vec());
    }
    Err(Error::new(Code::InvalidTarget, "resource is more than was granted"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn client() -> Client {
        let mut client = Client::new("rp", "tilleuls");
        client.resources = ["a", "b", "c", "d", "e", "f"].map(|r| format!("https://{r}.example/")).into();
        client
    }

    fn asked(raw: &str) -> Result<Vec<String>, Code> {
        read(&Params::parse(&[raw]).unwrap(), &client()).map_err(|e| e.code())
    }

    /// RFC 8707 §2
    #[test]
    fn only_the_clients_own_resources_may_be_named() {
        assert_eq!(asked("").unwrap(), [""; 0]);
        let two = "resource=https://a.example/&resource=https://b.example/&resource=https://a.example/";
        assert_eq!(asked(two).unwrap(), ["https://a.example/", "https://b.example/"]);
        for wrong in
            ["https://a.example", "https://A.example/", "https://a.example/#x", "https://a.example/%23", "x"]
        {
            assert_eq!(asked(&format!("resource={wrong}")), Err(Code::InvalidTarget), "{wrong}");
        }
        let all: Vec<_> = client().resources.iter().map(|r| format!("resource={r}")).collect();
        assert_eq!(asked(&all.join("&")), Err(Code::InvalidTarget));
    }

    proptest! {
        /// SECURITY I15, for audiences: never more than was granted, nor than the client may name.
        #[test]
        fn a_token_is_never_for_more(granted in "[a-d]{0,3}", asked in "[a-d]{0,3}", allowed in "[a-d]{0,4}") {
            let list = |text: &str| text.chars().map(String::from).collect::<Vec<_>>();
            let (granted, asked, allowed) = (list(&granted), list(&asked), list(&allowed));
            if let Ok(given) = narrow(&granted, &asked, &allowed) {
                prop_assert!(given.iter().all(|r| allowed.contains(r)));
                prop_assert!(granted.is_empty() || !given.is_empty());
                prop_assert!(granted.is_empty() || given.iter().all(|r| granted.contains(r)));
                prop_assert!(asked.is_empty() || given == asked);
            }
        }
    }
}
