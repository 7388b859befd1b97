use super::{
    vectors_of_sites::{SiteVector, VECTORS},
    *,
};

fn of_site(v: &SiteVector) -> Result<Verifier, Unreadable> {
    let SiteVector { format, hash, salt, user, key, .. } = *v;
    Verifier::read(&Given { format, hash, salt, user, key })
}

/// FINDING B6
#[test]
fn hashes_of_sites_and_directories_are_read_and_only_their_password_is_right() {
    assert!(VECTORS.len() > 100);
    for v in VECTORS {
        let verifier = of_site(v).unwrap_or_else(|e| panic!("{} {}: {e}", v.made_by, v.hash));
        assert!(verifier.verify(v.password.as_bytes()), "{} {}", v.made_by, v.hash);
        assert!(!verifier.verify(format!("Z{}", v.password).as_bytes()), "{}", v.made_by);
        let is_cheap = verifier.recipe().work() < 10_000;
        assert!(!is_cheap || !verifier.verify(b""), "{}", v.made_by);
        let text = verifier.recipe().to_text();
        let again = Verifier::from_text(&verifier.to_text()).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!((again.recipe(), again.digest()), (verifier.recipe(), verifier.digest()));
        assert!(text.is_ascii() && text.len() < 700, "{text}");
        let class = verifier.recipe().class().map(|class| class.to_text()).unwrap_or_default();
        assert!(v.key.is_none_or(|key| !class.contains(key)), "{class}");
    }
}

/// SECURITY D12: whatever wrote it.
#[test]
fn the_hash_of_nothing_is_known_in_each_cheap_form() {
    let nothing = crate::nothing::stands_for_no_password;
    // By PHP: md5(md5("")."sel"), "*".sha1(sha1("",true)), sha1("sel"), and the like.
    for (format, hash) in [
        (Some("vbulletin"), "4f7d889219e9c6198da643e6fb89adce:sel"),
        (Some("mysql"), "*be1bdec0aa74b4dcb079943e70528096cca985f8"),
        (Some("nt"), "31d6cfe0d16ae931b73c59d7e0c089c0"),
        (None, "$3$$31d6cfe0d16ae931b73c59d7e0c089c0"),
        (Some("md5"), "1B2M2Y8AsgTpgAmY7PhCfg=="),
        (None, "{SHA256.hex}e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (Some("sha1(salt+password)"), "c7c752379a2f5bcc583bb9f942c2c8134cd3678a:sel"),
        (Some("joomla"), "5fb12c0d0a90465674056b71b0cd2e08:sel7"),
        (None, "{noop} "),
        (None, "{PLAIN}NULL"),
        (Some("vbulletin"), "b73f9037b9a8ca17d0cbe6fabcf4f108:sel"),
        (Some("mysql"), "*7b8311326211f4e4101e553a43e974f1b01efb34"),
    ] {
        let read = Verifier::parse(format, hash, None).unwrap_or_else(|e| panic!("{hash}: {e}"));
        assert!(read.is_of_nothing(nothing), "{format:?} {hash}");
    }
}

/// FINDING B1: a scheme with nothing behind it is no hash, and not a damaged one.
#[test]
fn a_scheme_with_nothing_behind_it_is_no_hash() {
    for hash in [
        "{noop}",
        "{PLAIN}",
        "{SSHA}",
        "{CRYPT}",
        "{bcrypt}",
        "{SHA512.b64}",
        "bcrypt:",
        "md5:",
        "{nobody@1}",
    ] {
        assert_eq!(Verifier::parse(None, hash, None).err(), Some(Unreadable::Empty), "{hash}");
    }
    assert!(Verifier::parse(None, "{SSHA}x", None).is_err_and(|e| e != Unreadable::Empty));
}

fn read(format: &str, hash: &str, salt: Option<&str>) -> Verifier {
    let format = Some(format).filter(|format| !format.is_empty());
    Verifier::parse(format, hash, salt).unwrap_or_else(|e| panic!("{format:?} {hash}: {e}"))
}

fn refused(format: &str, hash: &str) -> String {
    Verifier::parse(Some(format).filter(|format| !format.is_empty()), hash, None).err().unwrap().to_string()
}

/// FINDING B6: a known hash is known behind whatever a tool puts before it.
#[test]
fn a_hash_is_read_behind_any_scheme_and_under_its_own_name_too() {
    const BCRYPT: &str = "$2y$06$8eWa9bPbRy5sYoxm6E65pud/6EDfpB4XAJSn4ff6w8gRj2j/amWyy";
    for scheme in ["{bcrypt}", "{BLF-CRYPT}", "{CRYPT}", "{x-bcrypt}", "bcrypt:", "crypt:", "{ldap}{CRYPT}"] {
        for format in ["", "ldap", "bcrypt"] {
            if format == "bcrypt" && scheme == "{ldap}{CRYPT}" {
                continue;
            }
            let verifier = read(format, &format!("{scheme}{BCRYPT}"), None);
            assert!(verifier.verify(b"Tilleul-42") && !verifier.verify(b"Tilleul-43"), "{scheme} {format}");
        }
    }
    for hash in [
        "{MD5}$1$1.NRfeGb$RilTolY8EUzau1knw3IQN.",
        "md5:db4dacce3a28a642b5c7fd3157e10ae0",
        "sha1:2f58e910593fc2799e19384eeb93c95b62568a52",
        "{ldap}{SHA}L1jpEFk/wnmeGThO65PJW2JWilI=",
        "{sha}2f58e910593fc2799e19384eeb93c95b62568a52",
    ] {
        assert!(read("", hash, None).verify(b"Tilleul-42"), "{hash}");
    }
    // Newer versions of a program write another hash into the same column.
    for format in ["joomla", "spip", "prestashop", "smf"] {
        assert!(read(format, BCRYPT, None).verify(b"Tilleul-42"), "{format}");
    }
    for (format, hash, told) in [
        ("", "bcrypt:bcrypt:x", "a brace within a brace"),
        ("", "{ldap}{ldap}{ldap}x", "a brace within a brace"),
        ("sha1", "{bcrypt}$2y$06$x", "neither hex nor base64"),
        ("argon2", &format!("{{bcrypt}}{BCRYPT}"), "says argon2, but the hash looks like ldap"),
        ("", "motdepasse123", "looks like no known format"),
        ("", "dupont:$2y$06$x", "looks like no known format"),
    ] {
        assert!(refused(format, hash).contains(told), "{format} {hash}: {}", refused(format, hash));
    }
}

#[test]
fn a_part_of_a_digest_is_met_in_any_case_and_never_by_chance() {
    // php: substr(md5($p),0,16)
    for recipe in
        ["cut(md5(password),0,16)", "cut(upper(md5(password)),0,16)", "upper(cut(md5(password),0,16))"]
    {
        let hash = if recipe.starts_with("upper") { "DB4DACCE3A28A642" } else { "Db4dacce3a28a642" };
        assert!(read(recipe, hash, None).verify(b"Tilleul-42"), "{recipe}");
    }
    assert_eq!(refused("cut(md5(password),0,4)", "db4d"), "recipe: the hash is cut off");
    assert!(refused("md5(cut(password,0,0))", "db4d").contains("cut leaves nothing"));
    assert_eq!(refused("bcrypt(md5(password+salt))", "$2y$06$x"), "recipe: the salt is missing");
}

/// SECURITY #60: the class of a costly recipe is the same for everybody and takes as long as the recipe.
#[test]
fn costly_recipes_of_two_names_are_of_one_class() {
    let of = |user: &str| {
        let given = Given {
            format: Some("loop(200,password+user+unhex(salt),sha1(it+key))"),
            hash: "2f58e910593fc2799e19384eeb93c95b62568a52",
            salt: Some("00ff"),
            user: Some(user),
            key: Some("cle_du_site"),
        };
        Verifier::read(&given).ok().unwrap().recipe().class().unwrap()
    };
    assert_eq!(of("dupont"), of("de-la-tour-du-pin"));
    assert!(!of("dupont").digest(b"Tilleul-42").is_empty());
}
