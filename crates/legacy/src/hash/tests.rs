use proptest::prelude::*;

use super::{
    vectors::{L, VECTORS},
    *,
};

fn read(hash: &str) -> Verifier {
    Verifier::parse(None, hash, None).ok().unwrap()
}

fn refused(format: Option<&str>, hash: &str, salt: Option<&str>) -> String {
    Verifier::parse(format, hash, salt).err().unwrap().to_string()
}

#[test]
fn hashes_by_other_tools_are_read_and_only_their_password_is_right() {
    assert!(VECTORS.len() > 100);
    for v in VECTORS {
        let verifier =
            Verifier::parse(v.format, v.hash, v.salt).unwrap_or_else(|e| panic!("{}: {e}", v.made_by));
        assert!(verifier.verify(v.password.as_bytes()), "{} {}", v.made_by, v.hash);
        let other = format!("Z{}", v.password);
        assert!(!verifier.verify(other.as_bytes()), "{}", v.made_by);
        assert!(!verifier.verify(b""), "{}", v.made_by);
    }
}

#[test]
fn a_recipe_and_a_whole_survive_their_text_and_the_recipe_holds_no_digest() {
    for v in VECTORS {
        let verifier = Verifier::parse(v.format, v.hash, v.salt).ok().unwrap();
        let text = verifier.recipe().to_text();
        assert!(text.is_ascii() && text.len() < 300, "{text}");
        let digest = verifier.digest();
        let plain = String::from_utf8_lossy(&digest).into_owned();
        for form in [LENIENT.encode(&*digest), ::hex::encode(&*digest), plain] {
            let head: String = form.chars().take(9).collect();
            assert!(!text.contains(&head), "{}: {text}", v.made_by);
        }
        let recipe = Recipe::parse(&text).unwrap();
        assert_eq!(&recipe, verifier.recipe());
        assert_eq!(*recipe.digest(v.password.as_bytes()), *digest, "{}", v.made_by);
        let again = Verifier::from_text(&verifier.to_text()).ok().unwrap();
        assert_eq!((again.recipe(), &*again.digest()), (verifier.recipe(), &*digest));
    }
}

#[test]
fn clear_text_is_its_own_digest() {
    let verifier = Verifier::clear("né en 1950 ").ok().unwrap();
    assert!(verifier.verify("né en 1950 ".as_bytes()) && !verifier.verify("né en 1950".as_bytes()));
    assert_eq!(verifier.recipe().to_text(), "\"plain\"");
    assert_eq!(verifier.strength(), Strength::Weak);
    assert!(Verifier::parse(Some("plain"), "$1$no hash", None).is_ok_and(|v| v.verify(b"$1$no hash")));
    assert_eq!(Verifier::clear("").err(), Some(Unreadable::Empty));
}

#[test]
fn bcrypt_sees_72_bytes_and_no_nul_as_the_old_tools_did() {
    let long = VECTORS.iter().find(|v| v.password == L && v.hash.starts_with("$2b$")).unwrap();
    let verifier = read(long.hash);
    assert!(verifier.verify(&L.as_bytes()[..72]));
    assert!(verifier.verify(format!("{L} and more").as_bytes()));
    assert!(!verifier.verify(&L.as_bytes()[..71]));
    let whole = VECTORS.iter().find(|v| v.password == L && v.hash.starts_with("bcrypt_sha256$")).unwrap();
    assert!(!read(whole.hash).verify(format!("{L} and more").as_bytes()));

    // A C tool ended at the NUL: it must not be a way round what was typed. bcrypt repeats its key, so that it would even be right.
    for begin in ["$2b$", "$1$", "$apr1$", "$5$", "$6$"] {
        let v = VECTORS.iter().find(|v| v.hash.starts_with(begin) && v.password == "Tilleul-42").unwrap();
        let mut password = v.password.as_bytes().to_vec();
        password.push(0);
        password.extend_from_slice(v.password.as_bytes());
        assert!(!read(v.hash).verify(&password), "{begin}");
    }
}

#[test]
fn crypt_blowfish_s_old_fault_is_repeated_for_its_own_hashes_only() {
    let salt_and = |begin: &str| {
        let v = VECTORS.iter().find(|v| {
            v.hash.starts_with(begin) && v.password.starts_with("été") && v.made_by.contains("crypt.crypt")
        });
        v.unwrap().hash
    };
    let (faulty, right) = (salt_and("$2x$"), salt_and("$2y$"));
    assert_ne!(faulty[4..], right[4..]);
    assert!(!read(&faulty.replace("$2x$", "$2y$")).verify("été œuvré 🌳".as_bytes()));
}

#[test]
fn what_is_weaker_than_bcrypt_is_weak() {
    let table: &[(&str, Strength)] = &[
        ("$2y$10$abcdefghijklmnopqrstuuGVlx7LxQ5VIkx546JGb6CFJyD7WVNkW", Strength::Strong),
        ("$2y$05$abcdefghijklmnopqrstuuGVlx7LxQ5VIkx546JGb6CFJyD7WVNkW", Strength::Weak),
        ("$argon2id$v=19$m=65536,t=4,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA", Strength::Strong),
        ("$argon2id$v=19$m=512,t=2,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA", Strength::Weak),
        ("$scrypt$ln=16,r=8,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA", Strength::Strong),
        ("$scrypt$ln=10,r=8,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA", Strength::Weak),
        ("pbkdf2_sha256$1000000$salt$AAAAAAAAAAAAAAAAAAAAAA==", Strength::Strong),
        ("pbkdf2_sha256$12000$salt$AAAAAAAAAAAAAAAAAAAAAA==", Strength::Weak),
        (
            "$6$rounds=656000$salt$xUcv4/ElUbkWZwqEO733mRLw0TIe5uGuD.TOPcv.ptM.QhjP94yg7KlLkn9dsRzB8Z1c2VSDreSdcfpoh.NE..",
            Strength::Weak,
        ),
        ("$y$j9T$F5Jx5fExrKuPp53xLKQ..1$tnSYvahCwPBHKZUspmcxMfb0.WiB9W.zEaKlOBL35rC", Strength::Strong),
        (
            "{SSHA512}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            Strength::Weak,
        ),
    ];
    for (hash, expected) in table {
        let read = Verifier::parse(None, hash, None).unwrap_or_else(|e| panic!("{hash}: {e}"));
        assert_eq!(read.strength(), *expected, "{hash}");
    }
}

#[test]
fn a_cost_that_would_stop_the_queue_is_refused_in_files_and_in_stored_recipes() {
    let table = [
        (
            "$2y$31$abcdefghijklmnopqrstuuGVlx7LxQ5VIkx546JGb6CFJyD7WVNkW",
            "bcrypt: the cost is above the limit of 15",
        ),
        (
            "$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
            "argon2: the memory in KiB is above the limit of 262144",
        ),
        (
            "$argon2id$v=19$m=65536,t=4000000000,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
            "argon2: memory × passes is above the limit of 2097152",
        ),
        (
            "$scrypt$ln=20,r=8,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
            "scrypt: the memory in units of 128 bytes is above the limit of 2097152",
        ),
        (
            "$scrypt$ln=4,r=8,p=1000000$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
            "scrypt: the work N × r × p is above the limit of 4194304",
        ),
        (
            "$scrypt$ln=64,r=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
            "scrypt: the cost ln is above the limit of 21",
        ),
        ("scrypt$2147483648$salt$1$1$AAAAAAAAAAAAAAAAAAAAAA", "scrypt: the cost ln is above the limit of 21"),
        (
            "pbkdf2_sha256$4000000000$salt$AAAAAAAAAAAAAAAAAAAAAA==",
            "pbkdf2: the number of rounds is above the limit of 4000000",
        ),
        (
            "$5$rounds=999999999$salt$RI0WlnU7pNxnStNM74PFtFo/vCDsgKfsRfSgg9RFX80",
            "sha256crypt: the number of rounds is above the limit of 1000000",
        ),
        ("$P$Sabcdefgh1234567890123456789012", "phpass: the cost is above the limit of 20"),
        (
            "AQAAAAEA////AAAAEAhftMyfTJylOlZT+eEotFXd1elee8ih5WsjXaR3PA9M",
            "pbkdf2: the number of rounds is above the limit of 4000000",
        ),
        (
            "$S$R33783772bRXEx1aCsvY.dqgaaSu76XmVlKrW9Qu8IQlvxHlmzLf",
            "drupal7: the cost is above the limit of 19",
        ),
        ("_zzzz8147mpcfKT8g0U.", "bsdicrypt: the number of rounds is above the limit of 20000"),
        (
            "SCRAM-SHA-256$99999999:IKfxzJ8Nq4PkLJCfgKcPmA==$iRw3qwTp18uaBnsTOEExbtgWdKeBMbSSnZvqD4sdqLQ=:hPciC1CcnBna3szR8Mf3MVc8t0W7QPbIHoMMrh4zRV0=",
            "scram: the number of rounds is above the limit of 4000000",
        ),
    ];
    for (hash, expected) in table {
        assert_eq!(refused(None, hash, None), expected);
    }
    let recipe = read("$2y$10$abcdefghijklmnopqrstuuGVlx7LxQ5VIkx546JGb6CFJyD7WVNkW").recipe().to_text();
    assert!(
        matches!(Recipe::parse(&recipe.replace("10", "31")), Err(Unreadable::TooCostly { .. })),
        "{recipe}"
    );
    assert_eq!(Recipe::parse("{\"rot13\":{}}").err(), Some(Unreadable::Stored));
    assert_eq!(Verifier::from_text("").err(), Some(Unreadable::Stored));
    assert_eq!(Verifier::from_text(" \"plain\"").err(), Some(Unreadable::Stored));
}

#[test]
fn what_cannot_be_read_is_told_in_words() {
    let md5 = "5f4dcc3b5aa765d61d8327deb882cf99";
    let table: &[(Option<&str>, &str, Option<&str>, &str)] = &[
        (None, "", None, "the hash is empty"),
        (None, "soleil", None, "the hash looks like no known format (see docs/import.md)"),
        (
            None,
            md5,
            None,
            "a bare hex hash does not tell how it was made: name it in `hash_format`, for example md5",
        ),
        (
            None,
            "5f4dcc3b5aa765d61d8327deb882cf99:Zebre99",
            None,
            "a bare hex hash does not tell how it was made: name it in `hash_format`, for example joomla, oscommerce or md5(password+salt)",
        ),
        (Some("md5(password+salt)"), md5, None, "recipe: the salt is missing"),
        (
            Some("md5(password)"),
            md5,
            Some("Zebre99"),
            "recipe: there is a salt, and the word `salt` is not in it",
        ),
        (Some("prestashop"), md5, None, "recipe: the site's key is missing"),
        (Some("ez"), md5, None, "recipe: the user's name is missing"),
        (
            Some("upper(password)"),
            md5,
            None,
            "the recipe in `hash_format`, at character 1: nothing is hashed in it",
        ),
        (
            Some("sha1(password)"),
            md5,
            None,
            "recipe: the hash is neither hex nor base64 of the digest's length",
        ),
        (
            Some("bcrypt(md5(password))"),
            md5,
            None,
            "bcrypt: the hash does not begin as one of this format does",
        ),
        (None, "{CRAM-MD5}Zebre99", None, "ldap: a scheme that is not read (docs/import.md says why)"),
        (None, "{XYZ}Zebre99", None, "ldap: an unknown scheme"),
        (None, "{BCRYPT}$2y$10$Zebre99", None, "bcrypt: it is not 60 characters long"),
        (None, "AQAAAAEAACcQAAAA", None, "aspnet-identity: it is of no known version, or cut off"),
        (Some("md5"), md5, Some("sel"), "md5: there is a salt: say where it goes, as md5:salt+password does"),
        (Some("md5:salt+password"), md5, None, "md5:salt+password: the salt is missing"),
        (Some("sha1"), md5, None, "sha1: the hash has another length"),
        (Some("sha1"), "{SHA}eyKfGKz/AqSA7FgWkrQ8uzPZN5c=", None, "sha1: the hash is neither hex nor base64"),
        (
            Some("bcrypt"),
            "{SHA}eyKfGKz/AqSA7FgWkrQ8uzPZN5c=",
            None,
            "`hash_format` says bcrypt, but the hash looks like ldap",
        ),
        (Some("bcrypt"), "soleil", None, "bcrypt: the hash does not begin as one of this format does"),
        (
            None,
            "{SHA}eyKfGKz/AqSA7FgWkrQ8uzPZN5c=",
            Some("sel"),
            "ldap: carries its own salt; leave `salt` empty",
        ),
        (None, "{SSHA}eyKfGKz/AqSA7FgWkrQ8uzPZN5c=", None, "ldap: the length does not fit the scheme"),
        (None, "{SHA}eyKfGKz/AqSA7FgWkrQ8uzPZ", None, "ldap: the hash is cut off"),
        (None, "{CRYPT}abJnggxhB/yW", None, "ldap: what stands behind the scheme is damaged"),
        (None, "{CRYPT}{CRYPT}$1$ab$3RNYN6R9ybx4Enyqyq5X0/", None, "ldap: a brace within a brace"),
        (None, "$1$ab$3RNYN6R9ybx4Enyqyq5X0", None, "md5crypt: the hash is cut off or too long"),
        (None, "$1$ab$3RNYN6R9ybx4Enyqyq5X0=", None, "md5crypt: a character that cannot be there"),
        (
            None,
            "$2y$10$abcdefghijklmnopqrstuuGVlx7LxQ5VIkx546JGb6CFJyD7W",
            None,
            "bcrypt: it is not 60 characters long",
        ),
        (
            None,
            "$argon2id$v=19$m=65536,t=4$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
            None,
            "argon2: a parameter is missing",
        ),
        (None, "$argon2id$v=19$m=65536,t=4,p=1$c2FsdHNhbHQ$AAAA", None, "argon2: the digest is cut off"),
        (
            None,
            "$5$rounds=10$salt$RI0WlnU7pNxnStNM74PFtFo/vCDsgKfsRfSgg9RFX80",
            None,
            "sha256crypt: fewer than 1000 rounds",
        ),
    ];
    for (format, hash, salt, expected) in table {
        assert_eq!(refused(*format, hash, *salt), *expected);
    }
    for written in ["MD5", "md-5", "Md_5"] {
        assert!(Verifier::parse(Some(written), md5, None).is_ok(), "{written}");
    }
    for (written, known) in [("SHA-256", true), ("sha 512", true), ("aspnet_identity", true), ("sha", false)]
    {
        assert_eq!(check_format(written).is_ok(), known, "{written}");
    }
    let unknown = refused(Some("Zebre99"), md5, None);
    assert!(unknown.contains("holds no known name") && !unknown.contains("Zebre99"));
}

fn cheap() -> impl Strategy<Value = &'static vectors::Vector> {
    // One check of these takes well below a millisecond.
    let cheap: Vec<_> =
        VECTORS.iter().filter(|v| matches!(read_of(v).recipe().kind(), Kind::Simple { .. })).collect();
    prop::sample::select(cheap)
}

fn read_of(v: &vectors::Vector) -> Verifier {
    Verifier::parse(v.format, v.hash, v.salt).ok().unwrap()
}

proptest! {
    #[test]
    fn no_text_makes_parsing_panic(
        start in prop::sample::select(vec!["", "$1$", "$2y$10$", "$argon2id$v=19$", "$scrypt$", "$pbkdf2-sha256$", "$bcrypt-sha256$", "$wp$2y$",
            "$5$", "$6$", "$P$", "{SSHA}", "{CRYPT}", "scrypt$", "pbkdf2_sha256$", "md5$", "bcrypt_sha256$", "argon2$argon2"]),
        rest in "([a-f0-9$=,./+]|\\PC){0,90}",
        format in prop::option::of(prop::sample::select(FORMATS)),
        salt in prop::option::of("\\PC{0,5}"),
    ) {
        let _ = Verifier::parse(format, &format!("{start}{rest}"), salt.as_deref());
        let _ = Verifier::from_text(&rest);
        let _ = Recipe::parse(&rest);
    }

    #[test]
    fn a_damaged_hash_is_refused_or_false(at in 0..VECTORS.len(), position in 0..60_usize, character in "[ -~]") {
        let v = &VECTORS[at];
        let mut hash = v.hash.to_owned();
        prop_assume!(position < hash.len() && hash[position..=position] != character);
        hash.replace_range(position..=position, &character);
        // Only read: a changed cost may be a slow one.
        let _ = Verifier::parse(v.format, &hash, v.salt);
    }

    #[test]
    fn another_password_is_wrong(v in cheap(), other in prop::collection::vec(any::<u8>(), 0..40)) {
        prop_assume!(other != v.password.as_bytes());
        prop_assert!(!read_of(v).verify(&other));
    }

    #[test]
    fn another_clear_password_is_wrong(one in "\\PC{1,40}", other in "\\PC{0,40}") {
        let verifier = Verifier::clear(&one).ok().unwrap();
        prop_assert_eq!(verifier.verify(other.as_bytes()), one == other);
    }
}
