//! A hash of each kind that an old site may have, through an import, a sealed and a wrapped verifier, and the door.

use std::fmt::Write;

use accounts::Tried;
use testbed::{apply, both};

use crate::{deliveries::plan, stage::Stage};

const PASSWORD: &str = "Tilleul-42";

/// `hash_format`, hash, `salt`, `hash_user`, `hash_key`, and the kind that an operator is told. The makers of each are in docs/import.md.
#[rustfmt::skip]
const KINDS: [([&str; 5], &str); 13] = [
    (["md5(md5(password)+salt)", "dda540d3084dc048c176a2c18a69f35b", "b:c", "", ""], "md5(md5(password)+salt)"),
    (["joomla", "d1f4f349785f69375fc3833ec7b67ad5:sel7sel7sel7sel7", "", "", ""], "md5(password+salt)"),
    (["ez", "2e69ea796853f2c3f88aefd813d8aa26", "", "dupont", ""], "md5(user+'…'+password)"),
    (["smf", "e53fa6cb399a0434eb3218dbf4d92c8d738109bd", "", "", ""], "sha1(lower(user)+password)"),
    (["prestashop", "8afd4fbf2572442e5458b3ceed4fda2e", "", "", "cle_du_site"], "md5(key+password)"),
    (["symfony", "EL5ldPGhHzJA500YkSl5up//CPNfRSPhTMGQn07Oj0r2RLfyggoCx5NeFikya31Scdas27UYZtbjvkvxGdQdYw==", "x1y2z3", "", ""], "loop(4999,raw(sha512(password+'…'+salt+'…')),raw(sha512(it+password+'…'+salt+'…')))"),
    (["aspnet-membership", "l1F6G4TCCSwGJbEIGNCvRsqxcFw=", "MDEyMzQ1Njc4OWFiY2RlZg==", "", ""], "sha1(salt+utf16(password))"),
    (["", "ADAxMjM0NTY3ODlhYmNkZWaZMTOhNqrD+Fq12P18+MjSOoULYUrstTSOVQBWynO8Qw==", "", "", ""], "pbkdf2 sha1"),
    (["", "$S$9abcdEFG0MY0mbb0F8ZUtLZJ6j.vlmyvI7hsHk45GS8xER.A50sG", "", "", ""], "drupal"),
    (["descrypt", "ab503h5NYMFy2", "", "", ""], "descrypt"),
    (["", "{BLF-CRYPT}$2y$05$a.odI7i0EZS8C9qJTPAHuuGklGZifWxfXNHT04qDB3YZ56ZcxmCxG", "", "", ""], "bcrypt"),
    (["bcrypt(md5(password))", "$2y$05$9840FcEm2npgfY27/QNp1eyNp8euEF55T5NLVDrvNXJ4ye9HlNY4C", "", "", ""], "bcrypt(md5(password))"),
    (["", "$y$j7T$chirnqAyiH0.41D9m7Zyg.$EA0ANmp7fyLV0nCkIaoyYSdaT8xVy72mhmzpRPIyNb2", "", "", ""], "yescrypt"),
];

/// FINDING B6, SECURITY #84
#[apply(both!)]
#[tokio::test]
async fn a_hash_of_each_kind_proves_its_person_sealed_and_wrapped(stage: Stage) {
    let agency = &stage.tilleuls;
    let mut csv = String::from("identifier;hash_format;password_hash;salt;hash_user;hash_key\n");
    for (at, (values, _)) in KINDS.iter().enumerate() {
        // The name that SMF hashed is the identifier.
        let identifier = if values[0] == "smf" { "Dupont".to_owned() } else { format!("id-{at}") };
        writeln!(csv, "{identifier};{}", values.join(";")).unwrap();
    }
    let report = stage.import(agency, &csv).await;
    assert_eq!((report.added, report.bad), (KINDS.len() as u64, vec![]), "{}", stage.bed.name);
    for stored in ["sealed", "wrapped"] {
        for (at, (values, kind)) in KINDS.iter().enumerate() {
            let identifier = if values[0] == "smf" { "dupont".to_owned() } else { format!("id-{at}") };
            let tried = stage.accounts.try_hash(agency, &identifier, PASSWORD, "test").await.unwrap();
            let right = Tried::Right { kind: (*kind).to_owned(), stored, reading: "as typed".to_owned() };
            assert_eq!(tried, right, "{} {values:?}", stage.bed.name);
            let tried = stage.accounts.try_hash(agency, &identifier, "Zilleul-42", "test").await.unwrap();
            assert!(matches!(tried, Tried::Wrong { .. }), "{values:?}: {tried:?}");
            if stored == "wrapped" {
                stage.enrol(agency, &identifier, PASSWORD).await;
            }
        }
        stage.accounts.wrap_sealed(100).await.unwrap();
    }
}

/// A file may write another recipe on each row.
#[apply(both!)]
#[tokio::test]
async fn a_plan_tells_so_many_kinds_of_hashes_and_no_more(stage: Stage) {
    let row = |n: u32| format!("R{n};md5(cut(password,0,{}));2e69ea796853f2c3f88aefd813d8aa26\n", 100 + n);
    let rows: String = (0..80).map(row).collect();
    let csv = format!("identifier;hash_format;password_hash\n{rows}");
    let (_, report) = plan(&stage, &stage.tilleuls, &csv, false).await;
    let counts: Vec<u64> = report.hash_kinds.iter().map(|kind| kind.count).collect();
    assert_eq!(
        (counts.len(), counts.iter().sum::<u64>()),
        (51, 80),
        "{}: {:?}",
        stage.bed.name,
        report.hash_kinds
    );
    assert!(report.hash_kinds.iter().any(|kind| (kind.kind.as_str(), kind.count) == ("other kinds", 30)));
}
