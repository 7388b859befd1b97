use accounts::{Attach, MailBody};
use serde_json::{Value, json};

use crate::stage::{PASSWORD, stages, visitor};

const TILLEULS: &str = "identifier,client_ref,password,name,given_name,locale,birthdate\n\
    100,T-1,Vieux-Secret 1,Marie Durand,Marie,fr-FR,1950-12-31\n\
    101,T-2,Vieux-Secret 2,Paul Martin,Paul,fr-FR,1951-12-31\n";

/// m0009, SECURITY D11: what a release before kept at the account is the first agency's, and goes back there; a name and a language that were chosen stay so; a
/// node of that release finds nothing more to tell, and can still rename.
#[tokio::test]
async fn what_an_account_held_goes_back_to_the_agency_that_imported_it() {
    for stage in stages().await {
        let accounts = &stage.accounts;
        stage.import(&stage.tilleuls, TILLEULS).await;
        stage
            .import(
                &stage.rivage,
                "identifier,client_ref,password,name,given_name\nR,R-1,Autre Secret,Madame D,Marie-R\n",
            )
            .await;
        let marie = stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", "marie@exemple.test").await;
        let paul = stage.moved(&stage.tilleuls, "101", "Vieux-Secret 2", "paul@exemple.test").await;
        stage.bed.clock.advance(1);
        let id = stage.enrol(&stage.rivage, "R", "Autre Secret").await;
        accounts.notice_read(id).await.unwrap();
        accounts.choose_email(id, "marie@exemple.test", false, &visitor()).await.unwrap();
        assert!(matches!(
            accounts.attach(id, Some(PASSWORD), None, &visitor()).await.unwrap(),
            Attach::Done(_)
        ));
        assert!(stage.mails().await.iter().any(|m| matches!(m.body, MailBody::LinkAdded { .. })));
        // As the release before left it: Marie chose name and language, and what contradicted them left her profile; Paul's row lost its own.
        for sql in [
            "ALTER TABLE account DROP COLUMN named_at",
            "ALTER TABLE account DROP COLUMN spoken_at",
            "DELETE FROM seaql_migrations WHERE version LIKE 'm0009%'",
            "UPDATE account SET name = 'Marie Lévy', locale = 'en', changed_at = 1795428000, profile = '{\"birthdate\":\"1950-12-31\"}' \
             WHERE email = 'marie@exemple.test'",
            "UPDATE account SET profile = '{\"given_name\":\"Paul\",\"birthdate\":\"1951-12-31\"}' WHERE email = 'paul@exemple.test'",
            "UPDATE legacy_identity SET profile = '{}' WHERE identifier = '101'",
        ] {
            stage.write(sql).await;
        }
        stage.bed.migrate().await;
        assert_eq!(stage.count("account", "profile <> '{}'").await, 0, "{}", stage.bed.name);
        let known = async |account, agency: &str| {
            let (person, at) = accounts.account_at(account, agency).await.unwrap().unwrap();
            (person.name, at.map(|at| Value::Object(at.profile)))
        };
        let (marie, paul) = (marie.session.account, paul.session.account);
        let told = known(marie, "tilleuls").await;
        assert_eq!(
            told,
            (Some("Marie Lévy".into()), Some(json!({ "birthdate": "1950-12-31", "locale": "en" })))
        );
        let told = known(marie, "rivage").await;
        assert_eq!(told, (Some("Marie Lévy".into()), Some(json!({ "locale": "en" }))));
        let told = known(paul, "tilleuls").await;
        let own = json!({ "given_name": "Paul", "birthdate": "1951-12-31" });
        assert_eq!(told, (Some("Paul Martin".into()), Some(own)));
        assert_eq!(known(paul, "rivage").await, (Some("Paul Martin".into()), None));
        // A node of the release before, beside this one.
        stage
            .write("UPDATE account SET name = 'Paul M.', profile = '{}', changed_at = 1795428001 WHERE email = 'paul@exemple.test' AND profile = '{}'")
            .await;
        assert_eq!(known(paul, "tilleuls").await.0, Some("Paul M.".into()));
    }
}
