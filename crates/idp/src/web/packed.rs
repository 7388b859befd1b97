//! Who takes an answer that is packed. Only what holds no secret is packed: the length of a page with the form token beside what an address may have
//! chosen would tell a listener about the token (BREACH).

use http::{HeaderMap, header};

/// RFC 9110 §12.5.3: named, and not with the weight of nothing.
pub(crate) fn takes_gzip(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(header::ACCEPT_ENCODING).into_iter().filter_map(|v| v.to_str().ok());
    codings.flat_map(|list| list.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|q| q.parse().ok()).unwrap_or(1.0);
        name.trim().eq_ignore_ascii_case("gzip") && weight > 0.0
    })
}
