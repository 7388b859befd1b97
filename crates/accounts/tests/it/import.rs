use accounts::{WrapProgress, legacy::row::Oddity};
use testbed::{apply, both};

use crate::stage::{Stage, said, visitor};

#[apply(both!)]
#[tokio::test]
async fn importing_twice_changes_nothing_and_a_changed_row_is_updated(stage: Stage) {
    let csv = "identifier,password,name\n1,secret un,Un\n2,secret deux,Deux\n2,encore,Double\n3,,Trois\n";
    let first = stage.import(&stage.tilleuls, csv).await;
    assert_eq!((first.added, first.bad.len()), (3, 1));
    assert!(first.bad[0].line == 4 && first.bad[0].reason.contains("line 3"), "{:?}", first.bad);
    stage.accounts.wrap_sealed(100).await.unwrap();
    let again = stage.import(&stage.tilleuls, csv).await;
    assert_eq!((again.added, again.updated, again.unchanged), (0, 0, 3));
    assert_eq!(
        stage.accounts.wrap_progress().await.unwrap(),
        WrapProgress { sealed: 0, wrapped: 2 },
        "what was wrapped stays so"
    );
    let changed = stage.import(&stage.tilleuls, "identifier,password,name\n1,secret neuf,Un\n").await;
    assert_eq!((changed.updated, changed.unchanged), (1, 0));
    let prove = async |password: &str| {
        said(&stage.accounts.prove_legacy(&stage.tilleuls, "1", password, None, &visitor()).await.unwrap())
    };
    assert_eq!(prove("secret un").await, "wrong, 4 left");
    assert_eq!(prove("secret neuf").await, "enrolment");
    // The same number at another agency is another identity (SECURITY #81).
    assert_eq!(stage.import(&stage.rivage, csv).await.added, 3);
}

/// Files of several batches: all new, half new in the middle of a batch, a person who moved, a row that changed, and one that a portal brought.
#[apply(both!)]
#[tokio::test]
async fn a_longer_file_adds_what_is_new_and_knows_the_rest(stage: Stage) {
    let row = |n: u32, name: &str| format!("{n},Vieux-Secret {n},{name}\n");
    let file = |to: u32| {
        let rows = (0..to).map(|n| row(n, if n == 7 { "Sept" } else { "" }));
        ["identifier,password,name\n".to_owned()].into_iter().chain(rows).collect::<String>()
    };
    let first = stage.import(&stage.tilleuls, &file(1500)).await;
    assert_eq!((first.added, first.unchanged, first.bad.len()), (1500, 0, 0));
    stage.moved(&stage.tilleuls, "1", "Vieux-Secret 1", "marie@exemple.test").await;
    let longer = file(3200).replace("7,Vieux-Secret 7,Sept", "7,Vieux-Secret 7,Sette");
    let second = stage.import(&stage.tilleuls, &longer).await;
    let told = (second.added, second.updated, second.unchanged, second.moved);
    assert_eq!(told, (1700, 1, 1498, 1), "{}", stage.bed.name);
    assert_eq!(stage.count("legacy_identity", "1 = 1").await, 3200);
    assert_eq!(stage.count("legacy_identity", "name = 'Sette'").await, 1);
    assert_eq!(stage.count("legacy_identity", "moved_at IS NOT NULL AND verifier_kind = 'none'").await, 1);
    let third = stage.import(&stage.tilleuls, &longer).await;
    assert_eq!((third.added, third.updated, third.unchanged, third.moved), (0, 0, 3199, 1));
}

/// The first good row of an identifier is taken, in whichever batch it is, and each of the later ones with another hash is told with the line of that; again
/// and again.
#[apply(both!)]
#[tokio::test]
async fn an_identifier_that_comes_again_is_told_however_far_away(mut stage: Stage) {
    let rows = |range: std::ops::Range<u32>| {
        range.map(|n| format!("{n};Vieux-Secret {n};Première\n")).collect::<String>()
    };
    let csv = [
        "identifier;password;name\n1.00E+06;hier;Mauvaise\n".to_owned(),
        rows(1..2400),
        "5;Autre-Secret;Deuxième\n".to_owned(),
        rows(2400..2500),
        "5;Autre-Secret;Troisième\n2450;Autre-Secret;Deuxième\n ;;Personne\n9999;;Sans fin".to_owned(),
    ]
    .concat();
    stage.tilleuls.directory.leading_zeros_ignored = true;
    for added in [2500, 0] {
        let report = stage.import(&stage.tilleuls, &csv).await;
        assert_eq!((report.added, report.updated), (added, 0), "{}", stage.bed.name);
        let told: Vec<_> = report.bad.iter().map(ToString::to_string).collect();
        let expected = [
            "line 2: a spreadsheet made a number of `identifier`, such as 1.00E+06 or 42.0: its digits are lost. Export the column as text",
            "line 2402: the same identifier as on line 7, with another name, hash",
            "line 2503: the same identifier as on line 7, with another name, hash",
            "line 2504: the same identifier as on line 2453, with another name, hash",
            "line 2505: `identifier` is missing",
        ];
        assert_eq!(told, expected, "{}", stage.bed.name);
        assert_eq!(stage.count("legacy_identity", "name = 'Première'").await, 2499);
    }
}

#[apply(both!)]
#[tokio::test]
async fn no_old_hash_rests_as_it_came(stage: Stage) {
    // SECURITY #84.
    let digest = "5ebe2294ecd0e0f08eab7690d2a6ee69";
    let strong = "$2a$10$dXJ3SW6G7P50lGmMkkmwe.20cQQubK3.HZWzG3YB1tlRy.fqvM/BG";
    let csv = format!("identifier;password_hash;hash_format\n1;{digest};md5\n2;{strong};\n");
    stage.import(&stage.tilleuls, &csv).await;
    assert_eq!(stage.count("legacy_identity", "verifier_kind = 'sealed'").await, 1);
    assert_eq!(stage.count("legacy_identity", "verifier_kind = 'bare'").await, 1);
    // FINDING L6: a strong one rests sealed as well, for a copy of the database alone must not be attacked.
    let plain = match stage.bed.name {
        "sqlite" => "instr(verifier, CAST('bcrypt' AS BLOB)) > 0",
        _ => "position('bcrypt'::bytea IN verifier) > 0",
    };
    assert_eq!(stage.count("legacy_identity", plain).await, 0, "{}", stage.bed.name);
    stage.enrol(&stage.tilleuls, "2", "password").await;
    stage.enrol(&stage.tilleuls, "1", "secret").await;
    assert_eq!(stage.accounts.wrap_sealed(10).await.unwrap(), 1);
    assert_eq!(stage.count("legacy_identity", "verifier_kind = 'sealed'").await, 0);
    stage.enrol(&stage.tilleuls, "1", "secret").await;
}

/// FINDING B2: dates are read by the habit of the whole file, and what was odd is counted by column.
#[apply(both!)]
#[tokio::test]
async fn what_is_odd_is_read_counted_and_shuts_nobody_out(stage: Stage) {
    let csv = "identifier;email;birthdate;street_address;phone_number\n\
        1;néant;01/02/1950;\"1 rue X\nBât. B\";0612345678\n\
        2;anne@exemple,test;01/02/1951;;\n\
        3;paul@exemple.test;12/31/1950;;\n\
        4;;hier;;\n"
        .to_owned();
    let rows: String = (5..1000).map(|n| format!("{n};p{n}@exemple.test;12/31/1960;;\n")).collect();
    let report = stage.import(&stage.tilleuls, &(csv.clone() + &rows)).await;
    assert_eq!((report.added, report.bad.len()), (999, 0), "{}", stage.bed.name);
    let told: Vec<_> =
        report.warnings.iter().map(|w| (w.column, w.what.to_string(), w.count, w.lines.clone())).collect();
    let expected = [
        ("email", Oddity::Placeholder, 1, vec![2]),
        ("street_address", Oddity::Folded, 1, vec![2]),
        ("birthdate", Oddity::DateRead, 998, vec![2, 4, 5, 7, 8]),
        ("email", Oddity::NoAddress, 1, vec![4]),
        ("birthdate", Oddity::NoDate, 1, vec![6]),
    ];
    let expected = expected.map(|(column, what, count, lines)| (column, what.to_string(), count, lines));
    assert_eq!(told, expected, "{}", stage.bed.name);
    // The file writes the month first.
    assert_eq!(stage.count("legacy_identity", "profile LIKE '%1950-01-02%'").await, 1);
    assert_eq!(stage.count("legacy_identity", "profile LIKE '%1 rue X Bât. B%'").await, 1);
    assert_eq!(stage.count("legacy_identity", "email IS NULL").await, 3);
}

/// FINDING B1: a row whose hash is of nothing is taken, and told: nobody can prove it by a password.
#[apply(both!)]
#[tokio::test]
async fn a_hash_of_nothing_is_told_and_kept_without_it(stage: Stage) {
    let csv = "identifier;password_hash;hash_format\n\
        1;d41d8cd98f00b204e9800998ecf8427e;md5\n\
        2;{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk=;\n\
        3;;\n";
    let report = stage.import(&stage.tilleuls, csv).await;
    assert_eq!((report.added, report.bad.len()), (3, 0), "{}", stage.bed.name);
    let told: Vec<_> = report.warnings.iter().map(|w| (w.column, w.what, w.count, w.lines.clone())).collect();
    assert_eq!(told, [("password_hash", Oddity::EmptyPassword, 2, vec![2, 3])], "{}", stage.bed.name);
    assert_eq!(stage.count("legacy_identity", "verifier_kind = 'none'").await, 3);
}

/// Weak hashes are wrapped at the pace of the configuration by all nodes together: here two nodes ask in each second.
#[apply(both!)]
#[tokio::test]
async fn weak_hashes_are_wrapped_at_one_pace_by_all_nodes(stage: Stage) {
    let rows: String = (0..25).map(|n| format!("{n},Vieux-Secret {n}\n")).collect();
    stage.import(&stage.tilleuls, &format!("identifier,password\n{rows}")).await;
    let other = stage.accounts.clone();
    let mut done = Vec::new();
    for _ in 0..6 {
        stage.bed.clock.advance(1);
        let both = (stage.accounts.wrap_at_pace().await.unwrap(), other.wrap_at_pace().await.unwrap());
        done.push(both.0 + both.1);
    }
    assert_eq!(done, [10, 10, 5, 0, 0, 0], "{}", stage.bed.name);
    let progress = stage.accounts.wrap_progress().await.unwrap();
    assert_eq!(progress, WrapProgress { sealed: 0, wrapped: 25 }, "{}", stage.bed.name);
}
