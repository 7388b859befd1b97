//! The name that somebody probably meant.

/// Returns the reason of a mistake, with the known name that is nearest to an unknown one, if it is near.
pub(super) fn with_suggestion(reason: String) -> String {
    match nearest(&reason) {
        Some(name) => format!("{reason}; do you mean `{name}`?"),
        None => reason,
    }
}

/// Finds it in a message such as "unknown field `lisen`, expected one of `issuer`, `listen`".
fn nearest(reason: &str) -> Option<&str> {
    if !reason.starts_with("unknown field") && !reason.starts_with("unknown variant") {
        return None;
    }
    let mut names = reason.split('`').skip(1).step_by(2);
    let unknown = names.next()?;
    let distance = |name: &&str| strsim::damerau_levenshtein(unknown, name);
    let best = names.min_by_key(distance)?;
    (distance(&best) <= unknown.len().div_ceil(3)).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_suggested_where_one_is_near() {
        let expected = "expected one of `issuer`, `listen`, `ops_listen`";
        let meant =
            |unknown: &str| nearest(&format!("unknown field `{unknown}`, {expected}")).map(str::to_owned);
        assert_eq!(meant("lisen").as_deref(), Some("listen"));
        assert_eq!(meant("ops-listen").as_deref(), Some("ops_listen"));
        assert_eq!(meant("database_pool"), None);
        assert_eq!(nearest("missing field `issuer`"), None);
        let told = with_suggestion("unknown variant `tsl`, expected `starttls` or `tls`".into());
        assert!(told.ends_with("; do you mean `tls`?"), "{told}");
    }
}
