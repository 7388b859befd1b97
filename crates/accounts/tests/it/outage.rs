//! A right password is never counted as a wrong one because the database failed after it was checked (SPEC J5, SECURITY #116).

use std::time::Duration;

use accounts::{Attach, Confirm, NewAddress, SignIn};
use kernel::{
    Fault,
    sea_orm::{ConnectionTrait, DbBackend},
};
use testbed::{apply, both};

use crate::stage::{PASSWORD, Stage, answered, said, visitor};

const MARIE: &str = "marie@exemple.test";
const CSV: &str = "identifier,password\n100,Vieux-Secret 1\n101,Vieux-Secret 2\n102,Vieux-Secret 3\n";
/// More than lock.
const TRIES: usize = 7;

/// Makes every insert and update of a table fail, or work again.
async fn writes(stage: &Stage, table: &str, work: bool) {
    let postgres = stage.bed.context.db.writer().get_database_backend() == DbBackend::Postgres;
    let sql = match (postgres, work) {
        (true, false) => format!(
            "CREATE OR REPLACE FUNCTION away() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'away'; END $$;
             CREATE TRIGGER away BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION away()"
        ),
        (true, true) => format!("DROP TRIGGER away ON {table}"),
        (false, false) => ["INSERT", "UPDATE"]
            .map(|act| format!("CREATE TRIGGER away_{act} BEFORE {act} ON {table} BEGIN SELECT RAISE(ABORT, 'away'); END;"))
            .concat(),
        (false, true) => "DROP TRIGGER away_INSERT; DROP TRIGGER away_UPDATE".to_owned(),
    };
    stage.write(&sql).await;
}

/// Tries an act again and again while a table takes no writes.
async fn tried<T>(stage: &Stage, table: &str, act: impl AsyncFn() -> Result<T, Fault>) {
    writes(stage, table, false).await;
    for nth in 1..=TRIES {
        let told = tokio::time::timeout(Duration::from_secs(20), act()).await.expect("an attempt is left");
        assert!(told.is_err(), "try {nth} without {table} on {}", stage.bed.name);
    }
    writes(stage, table, true).await;
}

#[apply(both!)]
#[tokio::test]
async fn an_outage_at_the_sign_in_is_no_wrong_password(stage: Stage) {
    let accounts = &stage.accounts;
    stage.import(&stage.tilleuls, CSV).await;
    stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", MARIE).await;
    tried(&stage, "session", async || accounts.sign_in(MARIE, PASSWORD, false, None, &visitor()).await).await;
    assert_eq!(answered(&stage.sign_in(MARIE, PASSWORD).await), "in");
    // A wrong one is counted as the first.
    assert_eq!(answered(&stage.sign_in(MARIE, "faux faux faux").await), "wrong, 4 left");
}

#[apply(both!)]
#[tokio::test]
async fn an_outage_at_a_change_is_no_wrong_password(stage: Stage) {
    let accounts = &stage.accounts;
    stage.import(&stage.tilleuls, CSV).await;
    let session = stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", MARIE).await.session;
    let typed = accounts::NewPassword { current: PASSWORD, new: "girafe tambour lampion", context: &[] };
    tried(&stage, "evidence", async || accounts.change_password(&session, &typed, &visitor()).await).await;
    assert_eq!(answered(&stage.sign_in(MARIE, PASSWORD).await), "in");

    let wish = NewAddress { email: "marie@ailleurs.test", sure: true, password: PASSWORD };
    tried(&stage, "outbox", async || accounts.ask_address(session.account, &wish, &visitor()).await).await;
    assert_eq!(answered(&stage.sign_in(MARIE, PASSWORD).await), "in");
}

#[apply(both!)]
#[tokio::test]
async fn an_outage_at_the_link_to_a_new_address_is_no_wrong_password(stage: Stage) {
    let accounts = &stage.accounts;
    stage.import(&stage.tilleuls, CSV).await;
    let session = stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", MARIE).await.session;
    let wish = NewAddress { email: "marie@ailleurs.test", sure: true, password: PASSWORD };
    accounts.ask_address(session.account, &wish, &visitor()).await.unwrap();
    let link = stage.mailed_token("marie@ailleurs.test").await;
    tried(&stage, "evidence", async || {
        accounts.confirm_address(&link, Some(PASSWORD), None, &visitor()).await
    })
    .await;
    assert_eq!(answered(&stage.sign_in(MARIE, PASSWORD).await), "in");
}

#[apply(both!)]
#[tokio::test]
async fn an_outage_while_an_agency_is_attached_is_no_wrong_password(stage: Stage) {
    let accounts = &stage.accounts;
    stage.import(&stage.tilleuls, CSV).await;
    stage.import(&stage.rivage, "identifier,password\nr,Autre Secret\n").await;
    stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", MARIE).await;
    let id = stage.enrol(&stage.rivage, "r", "Autre Secret").await;
    accounts.notice_read(id).await.unwrap();
    accounts.choose_email(id, MARIE, true, &visitor()).await.unwrap();
    tried(&stage, "evidence", async || accounts.attach(id, Some(PASSWORD), None, &visitor()).await).await;
    let attached = accounts.attach(id, Some(PASSWORD), None, &visitor()).await.unwrap();
    assert!(matches!(attached, Attach::Done(_)), "{}", stage.bed.name);
}

#[apply(both!)]
#[tokio::test]
async fn an_outage_in_a_move_is_no_wrong_password(stage: Stage) {
    let accounts = &stage.accounts;
    stage.import(&stage.tilleuls, CSV).await;
    let (id, link) = stage.up_to_mail(&stage.tilleuls, "101", "Vieux-Secret 2", "paul@exemple.test").await;
    let sign_in = async || accounts.sign_in("paul@exemple.test", PASSWORD, false, None, &visitor()).await;
    tried(&stage, "enrolment", sign_in).await;
    assert!(matches!(sign_in().await.unwrap(), SignIn::Move(_)), "{}", stage.bed.name);
    tried(&stage, "enrolment", async || accounts.confirm(&link, "paul@exemple.test", PASSWORD).await).await;
    let confirmed = accounts.confirm(&link, "paul@exemple.test", PASSWORD).await.unwrap();
    assert_eq!(confirmed, Confirm::Done(id), "{}", stage.bed.name);
}

#[apply(both!)]
#[tokio::test]
async fn an_outage_at_the_old_door_is_no_wrong_password(stage: Stage) {
    let accounts = &stage.accounts;
    stage.import(&stage.tilleuls, CSV).await;
    let prove =
        async || accounts.prove_legacy(&stage.tilleuls, "102", "Vieux-Secret 3", None, &visitor()).await;
    // Right with nothing to read: the old credentials are away as well.
    stage.write("ALTER TABLE legacy_identity RENAME TO away").await;
    for _ in 0..TRIES {
        assert!(prove().await.is_err(), "{}", stage.bed.name);
    }
    stage.write("ALTER TABLE away RENAME TO legacy_identity").await;
    assert_eq!(said(&prove().await.unwrap()), "enrolment", "{}", stage.bed.name);
}
