use accounts::legacy::WrapProgress;

use crate::stage::{said, stages, visitor};

#[tokio::test]
async fn importing_twice_changes_nothing_and_a_changed_row_is_updated() {
    for stage in stages().await {
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
            said(
                &stage.accounts.prove_legacy(&stage.tilleuls, "1", password, None, &visitor()).await.unwrap(),
            )
        };
        assert_eq!(prove("secret un").await, "wrong, 4 left");
        assert_eq!(prove("secret neuf").await, "enrolment");
        // The same number at another agency is another identity (SECURITY #81).
        assert_eq!(stage.import(&stage.rivage, csv).await.added, 3);
    }
}

#[tokio::test]
async fn weak_hashes_never_rest_bare() {
    // SECURITY #84.
    for stage in stages().await {
        let digest = "5ebe2294ecd0e0f08eab7690d2a6ee69";
        let strong = "$argon2id$v=19$m=65536,t=2,p=1$gZiV/M1gPc22ElAH/Jh1Hw$CWOrkoo7oJBQ/iyh7uJ0LO2aLEfrHwTWllSAxT0zRno";
        let csv = format!("identifier;password_hash;hash_format\n1;{digest};md5\n2;{strong};\n");
        stage.import(&stage.tilleuls, &csv).await;
        assert_eq!(stage.count("legacy_identity", "verifier_kind = 'sealed'").await, 1);
        assert_eq!(stage.count("legacy_identity", "verifier_kind = 'bare'").await, 1);
        stage.enrol(&stage.tilleuls, "1", "secret").await;
        assert_eq!(stage.accounts.wrap_sealed(10).await.unwrap(), 1);
        assert_eq!(stage.count("legacy_identity", "verifier_kind = 'sealed'").await, 0);
        stage.enrol(&stage.tilleuls, "1", "secret").await;
    }
}
