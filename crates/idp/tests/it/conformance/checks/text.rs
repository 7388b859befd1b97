/// Bits in a text, by the frequency of its own characters (Shannon): what the suite measures of codes and tokens.
pub fn entropy(text: &str) -> f64 {
    let length = text.chars().count() as f64;
    let mut seen: Vec<char> = text.chars().collect();
    seen.sort_unstable();
    let counts = seen.chunk_by(|a, b| a == b).map(|same| same.len() as f64);
    -counts.map(|n| n * (n / length).log2()).sum::<f64>()
}

/// 16 bytes or more, and more than 96 bits.
#[track_caller]
pub fn unguessable(text: &str, what: &str) {
    assert!(text.len() >= 16, "{what} is too short: {}", text.len());
    assert!(entropy(text) > 96.0, "{what} has {} bits", entropy(text));
}

/// RFC 6749 §4.1.2.1, §5.2: %x20-21 / %x23-5B / %x5D-7E; so no CR, LF or TAB either.
#[track_caller]
pub fn description(text: &str) {
    let legal = |b: u8| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    assert!(
        !text.is_empty() && text.bytes().all(legal),
        "an error_description that RFC 6749 forbids: {text:?}"
    );
}

/// The characters are the same, and the address means one thing (RFC 3986).
#[track_caller]
pub fn error_uri(text: &str) {
    let legal = |b: u8| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    assert!(text.bytes().all(legal) && url::Url::parse(text).is_ok(), "{text:?}");
}

#[test]
fn repetition_is_no_entropy() {
    assert_eq!(entropy("aaaaaaaa"), 0.0);
    assert!((entropy("abcdabcd") - 16.0).abs() < 1e-9);
    assert!((entropy("ab") - 2.0).abs() < 1e-9);
}

/// PROTOCOL 4.6: 128 random bits in 22 characters are too few, 256 in 43 are enough.
#[test]
fn a_short_code_is_noticed() {
    let fits = |text: &'static str| std::panic::catch_unwind(|| unguessable(text, "it")).is_ok();
    assert!(fits("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
    assert!(!fits("E9Melhoa2OwvFrEMTJguCH"));
    assert!(!fits("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

#[test]
fn a_description_with_a_quote_is_noticed() {
    let fits = |text: &'static str| std::panic::catch_unwind(|| description(text)).is_ok();
    assert!(fits("code_challenge is missing"));
    for bad in ["", "\"scope\"", "a\\b", "d\u{e9}j\u{e0}", "a\nb", "a\tb"] {
        assert!(!fits(bad), "{bad:?}");
    }
}
