use proptest::prelude::*;

use super::*;

fn hex(recipe: &str) -> String {
    let values = Values { password: b"Tilleul-42", salt: b"sel-7", user: b"00042", key: b"cle" };
    ::hex::encode(&*Words::parse(recipe).unwrap().eval(&values).unwrap())
}

/// By PHP 8.2: `php -r 'echo md5(md5("Tilleul-42")."sel-7");'` and the like.
#[test]
fn a_recipe_gives_what_the_code_of_a_site_gave() {
    let same: &[(&str, &str)] = &[
        ("md5(md5(password)+salt)", "md5( MD5(password) + salt )"),
        ("md5(password)", "upper(md5(password))"),
        ("sha1(password)", "base64(raw(sha1(password)))"),
        ("sha1(password)", "hex(raw(sha1(password)))"),
        ("md5(md5(password))", "loop(1, md5(password), md5(it))"),
        ("md5(md5(md5(password)))", "loop(3, password, md5(it))"),
        ("sha256(raw(sha256(password)))", "loop(2, password, raw(sha256(it)))"),
        ("md5('a'+\"b\"+password)", "md5('ab'+password)"),
        ("md5(cut(password, 0, 4))", "md5(cut(password,0,3)+cut(password,3,1))"),
        ("md5(lower(password))", "md5('t'+cut(lower(password),1,20))"),
        ("sha1(unhex(hex(password)))", "sha1(unbase64(base64(password)))"),
    ];
    for (one, other) in same {
        assert_eq!(hex(one), hex(other), "{one} {other}");
    }
    assert_ne!(hex("md5(password+salt)"), hex("md5(salt+password)"));
}

#[test]
fn a_recipe_that_cannot_be_run_is_refused_with_the_place_of_the_mistake() {
    let deep = format!("{}password{}", "md5(".repeat(20), ")".repeat(20));
    for (text, what) in [
        ("", "character 1: the words are"),
        ("md5(", "character 5: the words are"),
        ("md5(password", "character 13: a `)` is missing"),
        ("md5(passwort)", "character 5: the words are"),
        ("md6(password)", "character 1: the functions are"),
        ("md5(salt)", "the word `password` is not in it"),
        ("md5(password)x", "character 14: something stands behind"),
        ("md5('a+password)", "a quote opens a text"),
        ("it", "the words are"),
        ("loop(1,password,loop(1,it,md5(it)))", "character 17: the functions are"),
        ("loop(1000000,password,md5(it))", "the number of steps is above the limit of 500000"),
        ("loop(4294967296,password,md5(it))", "character 6: a number belongs here"),
        ("hmac-sha1(password)", "hmac wants a key"),
        (&deep, "it is too deep"),
        (&"password+".repeat(40), "it is too long"),
    ] {
        let told = Words::parse(text).map(|_| ()).unwrap_err().to_string();
        assert!(told.contains(what), "{text}: {told}");
    }
    // It would grow by every round.
    let grows = Words::parse("md5(loop(100,password,it+it))").unwrap();
    let values = Values { password: b"x", salt: b"", user: b"", key: b"" };
    assert_eq!(grows.eval(&values), None);
}

proptest! {
    #[test]
    fn no_recipe_makes_it_panic(text in "(md5\\(|sha1\\(|password|salt|it|loop\\(|raw\\(|cut\\(|[0-9+,)'\"\\\\ ]|\\PC){0,20}", password in "\\PC{0,20}") {
        if let Ok(words) = Words::parse(&text) {
            let values = Values { password: password.as_bytes(), salt: b"s", user: b"u", key: b"k" };
            prop_assume!(words.steps() < 1000);
            let _ = words.eval(&values);
        }
    }
}
