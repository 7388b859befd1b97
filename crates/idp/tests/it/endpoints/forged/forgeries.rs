//! The forgeries: a name, the item of docs/requirements/security-attacks.md, and how it is made from what is good at a place. `None`: there it would be no forgery.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::material::{FORGERS, Forger, Kind};

pub type Forgery = fn(&Forger<'_>) -> Option<String>;

pub const FORGERIES: &[(&str, Forgery)] = &[
    ("#31 alg none, unsigned", |f| Some(f.under(json!("none"), |_| vec![]))),
    ("#31 alg None, unsigned", |f| Some(f.under(json!("None"), |_| vec![]))),
    ("#31 alg NONE, unsigned", |f| Some(f.under(json!("NONE"), |_| vec![]))),
    ("#31 alg nOnE with the good signature", |f| Some(f.under(json!("nOnE"), |input| f.key.sign(input)))),
    ("#31 alg none with the good signature", |f| Some(f.under(json!("none"), |input| f.key.sign(input)))),
    ("#31 alg empty", |f| Some(f.under(json!(""), |input| f.key.sign(input)))),
    ("#31 alg null", |f| Some(f.under(json!(null), |input| f.key.sign(input)))),
    ("#31 alg in a list", |f| Some(f.under(json!([f.key.alg()]), |input| f.key.sign(input)))),
    ("#31 alg in lower case", |f| {
        Some(f.under(json!(f.key.alg().to_lowercase()), |input| f.key.sign(input)))
    }),
    ("#31 no alg", |f| Some(f.raw(r#"{"typ":"JWT"}"#, &json!(f.claims).to_string()))),
    ("#31 HS256 keyed with the public PEM", |f| Some(f.keyed(f.provider.pem().as_bytes()))),
    ("#31 HS256 keyed with the public PEM, trimmed", |f| Some(f.keyed(f.provider.pem().trim().as_bytes()))),
    ("#31 HS256 keyed with the public key's DER", |f| Some(f.keyed(&f.provider.der()))),
    ("#31 HS256 keyed with the public JWK", |f| {
        Some(f.keyed(f.provider.jwk(&kid(f)).to_string().as_bytes()))
    }),
    ("#31 HS256 keyed with n", |f| Some(f.keyed(f.provider.jwk("")["n"].as_str()?.as_bytes()))),
    ("#31 HS256 keyed with nothing", |f| Some(f.keyed(b""))),
    ("#31 HS256 keyed with zeros", |f| Some(f.keyed(&[0; 32]))),
    ("#31 another padding or hash under the good alg", |f| {
        Some(f.under(json!(f.key.alg()), |input| f.key.sign_otherwise(input)))
    }),
    ("#31 PS256 or HS512 by the good key", |f| {
        let alg = if f.key.alg() == "RS256" { "PS256" } else { "HS512" };
        Some(f.under(json!(alg), |input| f.key.sign_otherwise(input)))
    }),
    ("#31 RS512 or HS384 by the good key", |f| {
        let alg = if f.key.alg() == "RS256" { "RS512" } else { "HS384" };
        Some(f.under(json!(alg), |input| f.key.sign_longer(input)))
    }),
    ("#31 ES256 with a signature of zeros", |f| Some(f.under(json!("ES256"), |_| vec![0; 64]))),
    ("#31 EdDSA with a signature of zeros", |f| Some(f.under(json!("EdDSA"), |_| vec![0; 64]))),
    ("#31 a signature of zeros", |f| {
        Some(f.under(json!(f.key.alg()), |input| vec![0; f.key.sign(input).len()]))
    }),
    ("#31 a signature of ones", |f| {
        Some(f.under(json!(f.key.alg()), |input| vec![255; f.key.sign(input).len()]))
    }),
    ("#31 no signature", |f| Some(f.parts(|head, claims, _| format!("{head}.{claims}.")))),
    ("#31 half a signature", |f| Some(f.parts(|h, c, s| format!("{h}.{c}.{}", &s[..s.len() / 2 / 4 * 4])))),
    ("#31 crit that is known", |f| Some(f.header("crit", json!(["exp"])))),
    ("#31 crit that is not known", |f| Some(f.header("crit", json!(["http://example.com/UNDEFINED"])))),
    ("#31 crit empty", |f| Some(f.header("crit", json!([])))),
    ("#31 crit null", |f| Some(f.header("crit", json!(null)))),
    ("#31 crit a text", |f| Some(f.header("crit", json!("b64")))),
    ("#31 b64 false", |f| Some(f.header("b64", json!(false)))),
    ("#31 b64 true", |f| Some(f.header("b64", json!(true)))),
    ("#31 b64 false and critical", |f| {
        let mut header = f.header.clone();
        header.extend([("b64".to_owned(), json!(false)), ("crit".to_owned(), json!(["b64"]))]);
        Some(f.signed(&header, &f.claims))
    }),
    ("#31 encrypted, says the header", |f| Some(f.header("enc", json!("A128GCM")))),
    ("#31 compressed, says the header", |f| Some(f.header("zip", json!("DEF")))),
    ("#31 alg twice, none first", |f| {
        let header = json!(f.header).to_string().replacen('{', r#"{"alg":"none","#, 1);
        Some(f.raw(&header, &json!(f.claims).to_string()))
    }),
    ("#31 alg twice, none last", |f| {
        let header = json!(f.header).to_string().trim_end_matches('}').to_owned() + r#","alg":"none"}"#;
        Some(f.raw(&header, &json!(f.claims).to_string()))
    }),
    ("#32 signed by a stranger under the good kid", |f| Some(f.own(&[]))),
    ("#32 kid that climbs", |f| Some(f.own(&[("kid", json!("../../../../dev/null"))]))),
    ("#32 kid that is SQL", |f| Some(f.own(&[("kid", json!("' OR 1=1--"))]))),
    ("#32 kid that is a UNION", |f| Some(f.own(&[("kid", json!("x' UNION SELECT 'secret'--"))]))),
    ("#32 kid that is a command", |f| Some(f.own(&[("kid", json!("|/bin/sleep 9"))]))),
    ("#32 kid with NUL", |f| Some(f.own(&[("kid", json!(format!("{}\0x", kid(f))))]))),
    ("#32 kid empty", |f| Some(f.own(&[("kid", json!(""))]))),
    ("#32 kid null", |f| Some(f.own(&[("kid", json!(null))]))),
    ("#32 kid a number", |f| Some(f.own(&[("kid", json!(0))]))),
    ("#32 kid an object", |f| Some(f.own(&[("kid", json!({ "$ne": null }))]))),
    ("#32 kid of 4,000 bytes", |f| Some(f.own(&[("kid", json!("k".repeat(4000)))]))),
    ("#32 kid of 1 MB", |f| Some(f.own(&[("kid", json!("k".repeat(1 << 20)))]))),
    ("#32 kid of a key of somebody else", |f| {
        f.named().then(|| f.header("kid", json!("the-other-clients-key")))
    }),
    ("#32 kid of a file, good key", |f| f.named().then(|| f.header("kid", json!("../../dev/null")))),
    ("#32 kid that is SQL, good key", |f| f.named().then(|| f.header("kid", json!("' OR 1=1--")))),
    ("#32 kid with NUL, good key", |f| f.named().then(|| f.header("kid", json!(format!("{}\0", kid(f)))))),
    ("#32 kid in other letters, good key", |f| f.named().then(|| f.header("kid", json!(flipped(&kid(f)))))),
    ("#32 its own key embedded", |f| Some(f.own(&[("jwk", FORGERS.jwk(&kid(f)))]))),
    ("#32 the good key embedded", |f| Some(f.header("jwk", f.provider.jwk(&kid(f))))),
    ("#32 jwk null", |f| Some(f.header("jwk", json!(null)))),
    ("#32 jku to a sink", |f| Some(f.own(&[("jku", json!(format!("{}/jwks", f.sink)))]))),
    ("#32 jku to a sink, good key", |f| Some(f.header("jku", json!(format!("{}/jwks", f.sink))))),
    ("#32 jku null", |f| Some(f.header("jku", json!(null)))),
    ("#32 x5u to a sink", |f| Some(f.own(&[("x5u", json!(format!("{}/chain.pem", f.sink)))]))),
    ("#32 x5u to a sink, good key", |f| Some(f.header("x5u", json!(format!("{}/chain.pem", f.sink))))),
    ("#32 x5c", |f| Some(f.own(&[("x5c", json!([URL_SAFE_NO_PAD.encode(FORGERS.der())]))]))),
    ("#32 kid that is an address of the sink", |f| Some(f.own(&[("kid", json!(format!("{}/key", f.sink)))]))),
    ("#32 iss that is an address of the sink", |f| Some(f.claim("iss", json!(f.sink)))),
    ("#33 header a list", |f| Some(f.raw(r#"["RS256"]"#, &json!(f.claims).to_string()))),
    ("#33 header a text", |f| Some(f.raw(r#""RS256""#, &json!(f.claims).to_string()))),
    ("#33 header empty", |f| Some(f.raw("", &json!(f.claims).to_string()))),
    ("#33 header behind a byte order mark", |f| {
        Some(f.raw(&format!("\u{feff}{}", json!(f.header)), &json!(f.claims).to_string()))
    }),
    ("#33 header with something behind it", |f| {
        Some(f.raw(&format!("{}x", json!(f.header)), &json!(f.claims).to_string()))
    }),
    ("#33 typ a list", |f| Some(f.header("typ", json!(["JWT"])))),
    ("#33 exp a text", |f| Some(f.claim("exp", json!("9999999999")))),
    ("#33 exp 1e400", |f| Some(f.claim_text("exp", "1e400"))),
    ("#33 exp 1e300", |f| Some(f.claim_text("exp", "1e300"))),
    ("#33 exp negative", |f| Some(f.claim("exp", json!(-1)))),
    ("#33 exp beyond 64 bits", |f| Some(f.claim_text("exp", "99999999999999999999"))),
    ("#33 exp null", |f| Some(f.claim("exp", json!(null)))),
    ("#33 exp true", |f| Some(f.claim("exp", json!(true)))),
    ("#33 exp a list", |f| Some(f.claim("exp", json!([9_999_999_999_u64])))),
    ("#33 exp an object", |f| Some(f.claim("exp", json!({})))),
    ("#33 exp NaN", |f| Some(f.claim_text("exp", "NaN"))),
    ("#33 exp in base 16", |f| Some(f.claim_text("exp", "0x7fffffff"))),
    ("#33 exp with a plus", |f| Some(f.claim_text("exp", "+9999999999"))),
    ("#33 exp zero", |f| f.old_is_refused().then(|| f.claim("exp", json!(0)))),
    ("#33 exp past", |f| f.old_is_refused().then(|| f.claim("exp", json!(f.now - 11)))),
    ("#33 nbf a list", |f| Some(f.claim("nbf", json!([])))),
    ("#33 nbf a text", |f| Some(f.claim("nbf", json!("0")))),
    ("#33 nbf to come", |f| f.old_is_refused().then(|| f.claim("nbf", json!(f.now + 61)))),
    ("#33 iat a text", |f| Some(f.claim("iat", json!("1")))),
    ("#33 iat to come", |f| f.old_is_refused().then(|| f.claim("iat", json!(f.now + 61)))),
    ("#33 aud an object", |f| Some(f.claim("aud", json!({})))),
    ("#33 aud a number", |f| Some(f.claim("aud", json!(1)))),
    ("#33 aud null", |f| Some(f.claim("aud", json!(null)))),
    ("#33 aud an empty list", |f| Some(f.claim("aud", json!([])))),
    ("#33 aud a list with a number", |f| Some(f.claim("aud", json!([f.claims["aud"], 1])))),
    ("#33 aud in a list in a list", |f| Some(f.claim("aud", json!([[f.claims["aud"]]])))),
    ("#33 sub a number", |f| Some(f.claim("sub", json!(7)))),
    ("#33 sub a list", |f| Some(f.claim("sub", json!([f.claims["sub"]])))),
    ("#33 sub null", |f| Some(f.claim("sub", json!(null)))),
    ("#33 sub empty", |f| Some(f.claim("sub", json!("")))),
    ("#33 sub half a surrogate", |f| Some(f.claim_text("sub", r#""\ud800""#))),
    ("#33 iss a list", |f| Some(f.claim("iss", json!([f.claims["iss"]])))),
    ("#33 sub twice", |f| Some(twice(f, "sub"))),
    ("#33 iss twice", |f| Some(twice(f, "iss"))),
    ("#33 aud twice", |f| Some(twice(f, "aud"))),
    ("#33 exp twice", |f| Some(twice(f, "exp"))),
    ("#33 jti twice", |f| f.old_is_refused().then(|| twice(f, "jti"))),
    ("#33 sid twice", |f| (!f.old_is_refused()).then(|| twice(f, "sid"))),
    ("#33 grant twice", |f| f.opens().then(|| twice(f, "grant"))),
    ("#33 nested 200 deep", |f| Some(f.claim_text("x", &format!("{}{}", "[".repeat(200), "]".repeat(200))))),
    ("#33 nested 10,000 deep", |f| Some(f.claim_text("x", &"{\"x\":".repeat(10_000)))),
    ("#33 claims a list", |f| Some(f.raw(&json!(f.header).to_string(), &json!([f.claims]).to_string()))),
    ("#33 claims a text", |f| Some(f.raw(&json!(f.header).to_string(), "\"x\""))),
    ("#33 claims empty", |f| Some(f.raw(&json!(f.header).to_string(), ""))),
    ("#33 claims with something behind them", |f| {
        Some(f.raw(&json!(f.header).to_string(), &format!("{}{{}}", json!(f.claims))))
    }),
    ("#33 no iss", |f| Some(f.without("iss"))),
    ("#33 no sub", |f| Some(f.without("sub"))),
    ("#33 no aud", |f| Some(f.without("aud"))),
    ("#33 no exp", |f| Some(f.without("exp"))),
    ("#33 no iat", |f| (f.kind != Kind::Assertion).then(|| f.without("iat"))),
    ("#33 no jti", |f| f.old_is_refused().then(|| f.without("jti"))),
    ("#33 no sid", |f| (!f.old_is_refused()).then(|| f.without("sid"))),
    ("#33 no azp", |f| (f.kind == Kind::LogoutHint).then(|| f.without("azp"))),
    ("#33 no grant", |f| f.opens().then(|| f.without("grant"))),
    ("#33 no client_id", |f| f.opens().then(|| f.without("client_id"))),
    ("#34 typ of an access token or of none", |f| {
        Some(f.header("typ", json!(if f.opens() { "JWT" } else { "at+jwt" })))
    }),
    ("#34 typ of a logout token", |f| Some(f.header("typ", json!("logout+jwt")))),
    ("#34 typ of a request object", |f| Some(f.header("typ", json!("oauth-authz-req+jwt")))),
    ("#34 no typ", |f| f.typed().then(|| without_typ(f))),
    ("#34 an ID token", |f| f.other("ID token")),
    ("#34 an access token", |f| f.other("access token")),
    ("#34 a refresh token", |f| f.other("refresh token")),
    ("#34 a code", |f| f.other("code")),
    ("#34 a session's cookie", |f| f.other("cookie")),
    ("#34 a logout token", |f| f.other("logout token")),
    ("#34 a userinfo answer", |f| f.other("userinfo")),
    ("#34 a client's assertion", |f| f.other("assertion")),
    ("#34 a migration ticket", |f| f.other("ticket")),
    ("#35 another issuer", |f| Some(f.claim("iss", json!("https://other.example")))),
    ("#35 the issuer with a slash", |f| Some(f.claim("iss", json!(format!("{}/", f.text("iss")))))),
    ("#35 the issuer in capitals", |f| Some(f.claim("iss", json!(f.text("iss").to_uppercase())))),
    ("#35 an issuer that begins like it", |f| {
        Some(f.claim("iss", json!(format!("{}.evil.example", f.text("iss")))))
    }),
    ("#35 another audience", |f| Some(f.claim("aud", json!("https://other.example")))),
    ("#35 an audience that begins like it", |f| Some(f.claim("aud", json!(format!("{}x", f.text("aud")))))),
    ("#35 two audiences", |f| {
        let one = matches!(f.kind, Kind::Assertion | Kind::Ticket);
        one.then(|| f.claim("aud", json!([f.claims["aud"], "https://other.example"])))
    }),
    ("#35 issued to another client", |f| {
        let mut claims = f.claims.clone();
        let names = ["aud", "azp", "client_id", "sub", "iss"];
        let said = match f.kind {
            Kind::Hint | Kind::LogoutHint => &names[..2],
            Kind::Access | Kind::Token => &names[2..3],
            Kind::Assertion => &names[3..],
            Kind::Ticket => &names[4..],
        };
        claims.extend(said.iter().map(|name| ((*name).to_owned(), json!("other"))));
        Some(f.signed(&f.header, &claims))
    }),
    ("#35 an ID token of another client", |f| f.other("another client's ID token")),
    ("#35 an access token of another client", |f| f.other("another client's access token")),
    ("#35 a refresh token of another client", |f| f.other("another client's refresh token")),
    ("#35 of a grant that is none", |f| {
        f.opens().then(|| f.claim("grant", json!("00000000-0000-0000-0000-000000000000")))
    }),
    ("#35 of a grant that is SQL", |f| f.opens().then(|| f.claim("grant", json!("' OR 1=1--")))),
    ("a letter behind it", |f| Some(f.good() + "x")),
    ("padding behind it", |f| Some(f.good() + "=")),
    ("padding in its header", |f| Some(f.parts(|h, c, s| format!("{h}=.{c}.{s}")))),
    ("a dot behind it", |f| Some(f.good() + ".")),
    ("a fourth part", |f| Some(f.good() + ".x")),
    ("five parts", |f| Some(f.good() + ".x.x")),
    ("a dot before it", |f| Some(format!(".{}", f.good()))),
    ("two dots between", |f| Some(f.good().replacen('.', "..", 1))),
    ("only two parts", |f| Some(f.parts(|h, c, _| format!("{h}.{c}")))),
    ("its claims elsewhere", |f| Some(f.parts(|h, _, s| format!("{h}..{s}")))),
    ("bits that no byte uses", |f| {
        let other = f.parts(|h, c, s| format!("{h}.{c}.{}", unused_bits(s)));
        (other != f.good()).then_some(other)
    }),
    ("the other alphabet", |f| {
        let other = f.good().replace('-', "+").replace('_', "/");
        (other != f.good()).then_some(other)
    }),
    ("a full-width dot", |f| Some(f.good().replacen('.', "\u{ff0e}", 1))),
    ("a zero-width space", |f| Some(f.good().replacen('.', "\u{200b}.", 1))),
    ("a space inside", |f| Some(f.good().replacen('.', ". ", 1))),
    ("NUL behind it", |f| Some(f.good() + "\0")),
    ("a line behind it", |f| Some(f.good() + "\r\nX: y")),
    ("quoted", |f| Some(format!("\"{}\"", f.good()))),
    ("encoded twice", |f| Some(f.good().replace('.', "%2E"))),
    ("two of them", |f| Some(format!("{0},{0}", f.good()))),
    ("as JSON (RFC 7515 §7.2.2)", |f| {
        Some(f.parts(|h, c, s| json!({ "payload": c, "protected": h, "signature": s }).to_string()))
    }),
    ("its claims changed after it was signed", |f| {
        let mut claims = f.claims.clone();
        claims.insert("exp".into(), json!(f.now + 61));
        Some(f.parts(|h, _, s| format!("{h}.{}.{s}", URL_SAFE_NO_PAD.encode(json!(claims).to_string()))))
    }),
    ("its header changed after it was signed", |f| {
        let mut header = f.header.clone();
        header.insert("x".into(), json!(1));
        Some(f.parts(|_, c, s| format!("{}.{c}.{s}", URL_SAFE_NO_PAD.encode(json!(header).to_string()))))
    }),
    ("no token at all", |_| Some("garbage".into())),
    ("dots", |_| Some("..".into())),
    ("a text of 9,000 letters", |_| Some("a".repeat(9000))),
];

fn kid(f: &Forger<'_>) -> String {
    f.header.get("kid").and_then(Value::as_str).unwrap_or("kid").to_owned()
}

fn flipped(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
        .collect()
}

fn without_typ(f: &Forger<'_>) -> String {
    let mut header = f.header.clone();
    header.remove("typ");
    f.signed(&header, &f.claims)
}

fn twice(f: &Forger<'_>, name: &str) -> String {
    let claims = json!(f.claims).to_string();
    let again = format!(",\"{name}\":{}}}", f.claims[name]);
    f.raw(&json!(f.header).to_string(), &(claims.strip_suffix('}').unwrap().to_owned() + &again))
}

/// The same bytes for a lax decoder, another text: the last letter holds bits that no byte uses (RFC 4648 §3.5).
fn unused_bits(part: &str) -> String {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    if part.len().is_multiple_of(4) {
        return part.to_owned();
    }
    let last = LETTERS.find(part.chars().last().unwrap()).unwrap();
    format!("{}{}", &part[..part.len() - 1], &LETTERS[last + 1..=last + 1])
}

impl Forger<'_> {
    fn text(&self, name: &str) -> &str {
        self.claims[name].as_str().unwrap()
    }

    /// A good token of something else.
    fn other(&self, name: &str) -> Option<String> {
        let other = self.others.iter().find(|(n, _, _)| *n == name).unwrap();
        (!other.1.contains(&self.kind)).then(|| other.2.clone())
    }
}
