use serde_json::{Map, Value};

/// The claims of each scope (OIDC Core §5.4).
pub const SCOPES: &[(&str, &[&str])] = &[
    (
        "profile",
        &[
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
    ),
    ("email", &["email", "email_verified"]),
    ("address", &["address"]),
    ("phone", &["phone_number", "phone_number_verified"]),
];

/// The members of `address` (§5.1.1).
const ADDRESS: &[&str] = &["formatted", "street_address", "locality", "region", "postal_code", "country"];

/// Standard claims are of the types of §5.1: no empty text, no "null", booleans that are booleans, times that are whole seconds.
#[track_caller]
pub fn types(told: &Map<String, Value>, now: i64) {
    for (name, value) in told {
        match name.as_str() {
            "email_verified" | "phone_number_verified" => assert!(value.is_boolean(), "{name}: {value}"),
            "updated_at" => {
                let at = value.as_i64().unwrap_or_else(|| panic!("{name}: {value}"));
                // Neither milliseconds nor days.
                assert!((now - 100 * 365 * 86_400..=now).contains(&at), "{name}: {at}");
            }
            "address" => address(value),
            standard if SCOPES.iter().any(|(_, names)| names.contains(&standard)) => words(name, value),
            _ => assert!(!value.is_null(), "{name} is null"),
        }
    }
    let text = |name: &str| told.get(name).and_then(Value::as_str);
    text("birthdate").into_iter().for_each(birthdate);
    for name in ["profile", "picture", "website"] {
        assert!(text(name).is_none_or(|uri| url::Url::parse(uri).is_ok()), "{name}");
    }
    assert!(text("email").is_none_or(|email| email.contains('@')));
    // §5.1: E.164, or its way of writing with blanks.
    assert!(text("phone_number").is_none_or(|number| number.starts_with('+')));
    if let Some(tag) = text("locale") {
        language(tag);
    }
}

#[track_caller]
fn words(name: &str, value: &Value) {
    let text = value.as_str().unwrap_or_else(|| panic!("{name} is no text: {value}"));
    assert!(!text.is_empty() && text != "null", "{name}: {text:?}");
}

#[track_caller]
fn address(value: &Value) {
    let members = value.as_object().expect("address is an object");
    assert!(!members.is_empty());
    for (name, value) in members {
        assert!(ADDRESS.contains(&name.as_str()), "address.{name}");
        words(name, value);
    }
}

/// `YYYY-MM-DD`, `0000-MM-DD` or `YYYY`.
#[track_caller]
fn birthdate(text: &str) {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    assert!(matches!(shape.as_str(), "9999" | "9999-99-99"), "{text}");
}

/// BCP 47, with the letters as its §2.1.1 writes them: en, en-GB, zh-Hant.
#[track_caller]
pub fn language(tag: &str) {
    for (at, part) in tag.split('-').enumerate() {
        let fine = match (at, part.len()) {
            (0, 2 | 3) => part.bytes().all(|b| b.is_ascii_lowercase()),
            (1.., 2) => part.bytes().all(|b| b.is_ascii_uppercase()),
            (1.., 4) => part.bytes().enumerate().all(|(i, b)| match i {
                0 => b.is_ascii_uppercase(),
                _ => b.is_ascii_lowercase(),
            }),
            _ => false,
        };
        assert!(fine, "{tag} is not canonical");
    }
}
