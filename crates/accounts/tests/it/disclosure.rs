use accounts::{Attach, MailBody};
use serde_json::{Value, json};
use testbed::{apply, both};

use crate::stage::{PASSWORD, Stage, visitor};

const TILLEULS: &str = "identifier,client_ref,password,name,given_name,locale,birthdate\n\
    100,T-1,Vieux-Secret 1,Marie Durand,Marie,fr-FR,1950-12-31\n\
    101,T-2,Vieux-Secret 2,Paul Martin,Paul,fr-FR,1951-12-31\n";

/// SECURITY D11: a profile belongs to the agency that imported it, so one that an older release left at the account is told to nobody; a name and a language
/// that the owner chose take the place of what an agency imported; a node of an older release can still rename.
#[apply(both!)]
#[tokio::test]
async fn what_stands_at_an_account_is_told_to_no_agency(stage: Stage) {
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
    assert!(matches!(accounts.attach(id, Some(PASSWORD), None, &visitor()).await.unwrap(), Attach::Done(_)));
    assert!(stage.mails().await.iter().any(|m| matches!(m.body, MailBody::LinkAdded { .. })));
    // Marie chose name and language. Paul's agency never told a language.
    for sql in [
        "UPDATE account SET name = 'Marie Lévy', locale = 'en', changed_at = 1795428000, named_at = 1795428000, spoken_at = 1795428000, \
             profile = '{\"birthdate\":\"1900-01-01\",\"phone_number\":\"0\"}' WHERE email = 'marie@exemple.test'",
        "UPDATE account SET profile = '{\"given_name\":\"Jean\"}' WHERE email = 'paul@exemple.test'",
        "UPDATE legacy_identity SET profile = '{\"given_name\":\"Paul\",\"birthdate\":\"1951-12-31\"}' WHERE identifier = '101'",
    ] {
        stage.write(sql).await;
    }
    let known = async |account, agency: &str| {
        let (person, at) = accounts.account_at(account, agency).await.unwrap().unwrap();
        (person.name, at.map(|at| Value::Object(at.profile)))
    };
    let (marie, paul) = (marie.session.account, paul.session.account);
    let told = known(marie, "tilleuls").await;
    assert_eq!(told, (Some("Marie Lévy".into()), Some(json!({ "birthdate": "1950-12-31", "locale": "en" }))));
    let told = known(marie, "rivage").await;
    assert_eq!(told, (Some("Marie Lévy".into()), Some(json!({ "locale": "en" }))));
    let told = known(paul, "tilleuls").await;
    let own = json!({ "given_name": "Paul", "birthdate": "1951-12-31" });
    assert_eq!(told, (Some("Paul Martin".into()), Some(own)));
    assert_eq!(known(paul, "rivage").await, (Some("Paul Martin".into()), None));
    // A node of an older release, beside this one.
    stage
            .write("UPDATE account SET name = 'Paul M.', profile = '{}', changed_at = 1795428001 WHERE email = 'paul@exemple.test'")
            .await;
    assert_eq!(known(paul, "tilleuls").await.0, Some("Paul M.".into()));
}
