//! The same thing typed otherwise: old passwords in the readings of old sites, new passwords, identifiers and addresses from any keyboard.

use accounts::{LegacyProof, SignIn, Tried};
use testbed::{apply, both};

use crate::stage::{PASSWORD, Stage, answered, said, visitor};

const ACCENTED: &str = "Été à Évian";

/// By Python's hashlib, and password_hash of PHP, of [`ACCENTED`]: identifier, hash, and the reading that takes it.
const OLD: [(&str, &str, &str); 6] = [
    ("utf8", "fd6ea82fd94be8635ad512897979ba6c", "as typed"),
    ("w1252", "cdeb43f7f3ad870b44084cc15cdf55a2", "in windows-1252"),
    ("bcrypt", "$2y$05$MkMHBbbRz7DohsOvhI56EuIYIAe7Mupb3A1xLca6NPtMmIaQ/3BtC", "in windows-1252"),
    ("nfd", "ecf9ac201cf9942cbac8942202ba272f", "with its accents apart"),
    ("cp850", "b214e851adfe483fe8fc74375cf57ae1", "in cp850"),
    ("mac", "9f64f86ec5f07fa199c111f3128e9cc6", "in macroman"),
];

/// Likewise, of what a site made of a password before it hashed it: rule, typed, hash.
const RULES: [(&str, &str, &str); 4] = [
    ("lower", "TILLEULS-42", "2177ace45121a898f770ad46687144ac"),
    ("html", "l'été & moi", "027d2d01e3a6485b7f0282bd7d40b0d6"),
    ("slashes", "l'été", "34f7976f1af4fbb30cbb553f3741e278"),
    ("cut-8", "Tilleuls-42", "769f4f58f2da113f2e025f4629fca565"),
];

fn csv() -> String {
    let rows = OLD.iter().map(|(id, hash, _)| (id.to_string(), *hash));
    let rows = rows.chain(RULES.iter().map(|(rule, _, hash)| (format!("r-{rule}"), *hash)));
    let row = |(id, hash): (String, &str)| {
        let format = if hash.starts_with('$') { "" } else { "md5" };
        format!("{id};{hash};{format}\n")
    };
    "identifier;password_hash;hash_format\n".to_owned() + &rows.map(row).collect::<String>()
}

/// FINDING B3, B4: one attempt, in each form of a keyboard, sealed and wrapped.
#[apply(both!)]
#[tokio::test]
async fn an_old_password_with_accents_is_right_in_the_encoding_of_its_site(mut stage: Stage) {
    stage.import(&stage.tilleuls, &csv()).await;
    let name = stage.bed.name;
    for sealed in [true, false] {
        for (identifier, _, reading) in OLD {
            stage.tilleuls.directory.charset = reading.strip_prefix("in ").map(str::to_owned);
            for typed in [ACCENTED, "E\u{301}te\u{301} a\u{300} E\u{301}vian", " Été à Évian"] {
                // Another encoding leads to the same text in another reading.
                let tried =
                    stage.accounts.try_hash(&stage.tilleuls, identifier, typed, "test").await.unwrap();
                let Tried::Right { reading: by, .. } = tried else {
                    panic!("{name} {identifier}: {tried:?}")
                };
                assert!(typed != ACCENTED || by == reading, "{name} {identifier}: {by}");
                let proof =
                    stage.accounts.prove_legacy(&stage.tilleuls, identifier, typed, None, &visitor()).await;
                let proof = proof.unwrap();
                assert!(matches!(proof, LegacyProof::Enrolment(_)), "{name} {identifier}: {}", said(&proof));
            }
        }
        if sealed {
            stage.accounts.wrap_sealed(100).await.unwrap();
        }
    }
    assert_eq!(stage.count("attempt", "failures > 0").await, 0, "{name}: a reading is no attempt");
}

/// FINDING B5
#[apply(both!)]
#[tokio::test]
async fn what_the_old_site_did_to_a_password_is_a_rule(mut stage: Stage) {
    stage.import(&stage.tilleuls, &csv()).await;
    for (rule, typed, _) in RULES {
        let identifier = format!("r-{rule}");
        stage.tilleuls.directory.password_rules.clear();
        let without = stage.accounts.try_hash(&stage.tilleuls, &identifier, typed, "test").await.unwrap();
        assert!(matches!(without, Tried::Wrong { .. }), "{rule}: {without:?}");
        // The second of them, and nobody's rule shuts those out whose hash is of what they typed.
        stage.tilleuls.directory.password_rules = vec!["upper".into(), rule.into()];
        stage.enrol(&stage.tilleuls, &identifier, typed).await;
        stage.enrol(&stage.tilleuls, "utf8", ACCENTED).await;
    }
}

/// SECURITY #60: a password of many readings is one attempt, and costs the same whoever is meant.
#[apply(both!)]
#[tokio::test]
async fn readings_cost_the_same_for_a_known_identifier_and_an_unknown_one(mut stage: Stage) {
    stage.import(&stage.tilleuls, &csv()).await;
    stage.tilleuls.directory.charset = Some("cp850".into());
    stage.tilleuls.directory.password_rules = vec!["lower".into(), "html".into()];
    let name = stage.bed.name;
    let cost = async |identifier: &str, typed: &str| {
        let before = (stage.accounts.hasher().done(), stage.accounts.hasher().dear_done());
        let proof = stage.accounts.prove_legacy(&stage.tilleuls, identifier, typed, None, &visitor()).await;
        let told = said(&proof.unwrap());
        (stage.accounts.hasher().done() - before.0, stage.accounts.hasher().dear_done() - before.1, told)
    };
    for (attempt, typed) in ["faux", "Été & faux", "l’autre ", "e\u{301}"].into_iter().enumerate() {
        let unknown = cost("personne", typed).await;
        assert_eq!(unknown.2, format!("wrong, {} left", 4 - attempt), "{name} {typed:?}");
        assert!((1..=8).contains(&unknown.0) && unknown.0 == unknown.1, "{name} {typed:?}: {unknown:?}");
        for known in ["utf8", "bcrypt", "nfd", "r-lower"] {
            assert_eq!(cost(known, typed).await, unknown, "{name} {known} {typed:?}");
        }
    }
}

/// FINDING B9
#[apply(both!)]
#[tokio::test]
async fn an_identifier_is_one_whatever_signs_a_program_wrote_into_it(stage: Stage) {
    let file = "identifier;password\n\u{200b}C0002;soleil un\nd’Arcy;soleil deux\nA–12;soleil trois\n";
    let report = stage.import(&stage.tilleuls, file).await;
    assert_eq!((report.added, report.bad), (3, vec![]), "{}", stage.bed.name);
    for (typed, password) in [
        ("C0002", "soleil un"),
        ("c0002\u{feff}", "soleil un"),
        ("d'Arcy", "soleil deux"),
        ("D’ARCY", "soleil deux"),
        ("A-12", "soleil trois"),
        ("a\u{2212}12", "soleil trois"),
    ] {
        stage.enrol(&stage.tilleuls, typed, password).await;
    }
    // One that was stored before these signs were folded.
    stage.write("UPDATE legacy_identity SET identifier_canonical = 'd’arcy' WHERE identifier_canonical = 'd''arcy'").await;
    stage.enrol(&stage.tilleuls, "d’Arcy", "soleil deux").await;
}

/// FINDING B17, B13
#[apply(both!)]
#[tokio::test]
async fn a_new_password_and_an_address_are_one_whatever_keyboard_wrote_them(stage: Stage) {
    stage.import(&stage.tilleuls, "identifier;password\n100;Vieux-Secret 1\n").await;
    stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", "marie@exemple.test").await;
    let name = stage.bed.name;
    let signs_in = async |email: &str, password: &str| answered(&stage.sign_in(email, password).await);
    let hash = async || {
        use kernel::sea_orm::{ConnectionTrait, Statement};
        let db = stage.bed.context.db.reader();
        let sql = Statement::from_string(db.get_database_backend(), "SELECT password_hash AS h FROM account");
        let row = db.query_one_raw(sql).await.unwrap().unwrap();
        row.try_get::<String>("", "h").unwrap()
    };
    for email in [
        "marie@exemple.test",
        "Marie <MARIE@exemple.test>",
        "marie@exemple.test,",
        "\u{feff}marie@exemple.test",
    ] {
        assert_eq!(signs_in(email, PASSWORD).await, "in", "{name} {email:?}");
    }
    for (chosen, typed) in [
        ("l’hiver à la mer", "l'hiver à la mer"),
        ("l'hiver–à–la–mer", "l’hiver-à-la-mer\u{200b}"),
        ("« l’hiver » à la mer ", "\"\u{a0}l'hiver\u{a0}\" à la mer"),
    ] {
        let old = stage.accounts.hasher().hash(zeroize(chosen)).await.unwrap();
        // As it was hashed before these signs were folded: in the form in which it was chosen.
        stage.write(&format!("UPDATE account SET password_hash = '{old}'")).await;
        assert_eq!(signs_in("marie@exemple.test", chosen).await, "in", "{name} {chosen:?}");
        assert_ne!(hash().await, old, "{name}: hashed anew, folded");
        assert_eq!(signs_in("marie@exemple.test", typed).await, "in", "{name} {typed:?}");
        assert_eq!(signs_in("marie@exemple.test", chosen).await, "in", "{name} {chosen:?}");
        let told = signs_in("marie@exemple.test", &typed.to_uppercase()).await;
        assert_eq!(told, "wrong, 4 left", "{name}: capitals count");
        assert_eq!(signs_in("marie@exemple.test", typed).await, "in", "{name}");
    }
    // SECURITY #60: the older form is looked at for nobody too.
    for typed in ["l’autre hiver", "un autre hiver", " un autre hiver"] {
        let cost = async |email: &str| {
            let before = stage.accounts.hasher().done();
            assert!(matches!(stage.sign_in(email, typed).await, SignIn::Wrong { .. }));
            stage.accounts.hasher().done() - before
        };
        assert_eq!(cost("marie@exemple.test").await, cost("personne@exemple.test").await, "{name} {typed:?}");
    }
}

fn zeroize(text: &str) -> zeroize::Zeroizing<Vec<u8>> {
    zeroize::Zeroizing::new(text.as_bytes().to_vec())
}
