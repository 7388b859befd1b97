//! Staff of one agency, against a client of theirs and a client of another (SPEC J14).

use accounts::{Closing, Email, Search, Target};
use desk::{DeskError, Verb};
use testbed::{apply, both};
use testkit::{Persona, before};
use uuid::Uuid;

use crate::stage::{Stage, operator, reason, staff};

/// Marie, who has moved with the Tilleuls, and whom the Rivage knows under another identifier without a move.
async fn marie(stage: &Stage) -> Target {
    stage.import(&stage.tilleuls, &[Persona::marie(), Persona::paul()]).await;
    let there = Persona { identifier: "R-7".into(), client_ref: "RV-7".into(), ..Persona::marie() };
    stage.import(&stage.rivage, &[there]).await;
    Target::Account(stage.moved(&stage.tilleuls, &Persona::marie()).await.session.account)
}

async fn fails(stage: &Stage, email: &str, times: usize) {
    for _ in 0..times {
        stage.accounts.sign_in(email, "faux faux faux", false, None, &before()).await.unwrap();
    }
}

/// Rows that a verb may change.
async fn rows(stage: &Stage) -> [i64; 5] {
    [
        stage.count("staff_look", "1 = 1").await,
        stage.count("attempt", "1 = 1").await,
        stage.count("session", "ended_at IS NULL").await,
        stage.count("outbox", "1 = 1").await,
        stage.count("evidence", "1 = 1").await,
    ]
}

#[apply(both!)]
#[tokio::test]
async fn nobody_of_another_agency_finds_sees_or_changes_a_person(stage: Stage) {
    let (marie, name) = (marie(&stage).await, stage.bed.name);
    fails(&stage, "marie@exemple.test", 2).await;
    let before = rows(&stage).await;
    let (desk, rivage, reason) = (&stage.desk, staff("rivage"), reason());
    let no = |refused: DeskError, verb: Verb| {
        assert!(matches!(refused, DeskError::NotAllowed(known) if known == verb), "{name}: {refused}");
    };
    for search in [
        Search::Reference("tilleuls", "CT-1"),
        Search::Identifier(&stage.tilleuls, "100"),
        Search::Name("tilleuls", "marie"),
    ] {
        no(desk.find(&rivage, &search).await.unwrap_err(), Verb::Find);
    }
    let Target::Account(id) = marie else { panic!("she has moved") };
    let email = Email::parse("marie@exemple.test").unwrap();
    for search in [Search::Email(email), Search::Account(id)] {
        no(desk.find(&rivage, &search).await.unwrap_err(), Verb::FindAnywhere);
    }
    no(desk.show(&rivage, marie).await.err().unwrap(), Verb::Show);
    no(desk.resend(&rivage, marie, Uuid::nil(), &reason).await.unwrap_err(), Verb::Resend);
    no(desk.unlock(&rivage, marie, &reason).await.unwrap_err(), Verb::Unlock);
    no(desk.end_sessions(&rivage, marie, &reason).await.unwrap_err(), Verb::EndSessions);
    let link = stage.link_of(marie, "tilleuls").await;
    no(desk.end_link(&rivage, marie, link, &reason).await.unwrap_err(), Verb::EndLink);
    for own in ["rivage", "tilleuls"] {
        let staff = staff(own);
        let to = Search::Account(id);
        no(desk.move_link(&staff, (marie, link), &to, &reason).await.unwrap_err(), Verb::MoveLink);
        no(desk.close(&staff, marie, Closing::Fraud, &reason).await.unwrap_err(), Verb::Close);
        no(desk.reopen(&staff, marie, &reason).await.unwrap_err(), Verb::Reopen);
    }
    assert_eq!(rows(&stage).await, before, "{name}");
}

#[apply(both!)]
#[tokio::test]
async fn an_agency_that_knows_a_person_does_not_learn_of_their_account_elsewhere(stage: Stage) {
    marie(&stage).await;
    fails(&stage, "marie@exemple.test", 5).await;
    let (desk, rivage) = (&stage.desk, staff("rivage"));
    let found = desk.only(&rivage, &Search::Reference("rivage", "RV-7")).await.unwrap();
    let shown = desk.show(&rivage, found).await.unwrap();
    assert!(
        shown.dossier.account.is_none() && shown.dossier.doors.is_empty() && shown.dossier.mails.is_empty()
    );
    assert_eq!(shown.standing, desk::Standing::NotMoved, "{}", stage.bed.name);
    let refused = desk.unlock(&rivage, found, &reason()).await.unwrap_err();
    assert!(matches!(refused, DeskError::NotAllowed(Verb::Unlock)), "{refused}");
}

#[apply(both!)]
#[tokio::test]
async fn staff_help_their_own_client_and_the_evidence_says_who(stage: Stage) {
    let (marie, name) = (marie(&stage).await, stage.bed.name);
    let (desk, tilleuls) = (&stage.desk, staff("tilleuls"));
    let shown = desk.show(&tilleuls, marie).await.unwrap();
    assert_eq!(shown.dossier.account.as_ref().unwrap().address.as_deref(), Some("m•••••@e•••.test"));
    assert!(matches!(desk.unlock(&tilleuls, marie, &reason()).await, Err(DeskError::NothingCounted)));
    fails(&stage, "marie@exemple.test", 3).await;
    let standing = desk.show(&tilleuls, marie).await.unwrap().standing;
    assert_eq!(standing, desk::Standing::AttemptsLeft { left: 2 }, "{name}");
    assert_eq!(desk.unlock(&tilleuls, marie, &reason()).await.unwrap(), 3);
    let mails = stage.mails().await;
    assert_eq!(mails.len(), 1, "{name}");
    assert_eq!(mails[0].agency_id.as_deref(), Some("tilleuls"), "in their look");
    let entry = "kind = 'account unlocked' AND body LIKE '%\"by\":\"lea of tilleuls\",\"role\":\"desk\",\"reason\":\"au téléphone\",\"agency\":\"tilleuls\"%'";
    assert_eq!(stage.count("evidence", entry).await, 1, "{name}");
    // Of two mails of hers, staff see and send again the one of their agency.
    fails(&stage, "marie@exemple.test", 1).await;
    desk.unlock(&operator(), marie, &reason()).await.unwrap();
    let all = desk.show(&operator(), marie).await.unwrap().dossier.mails;
    let seen = desk.show(&tilleuls, marie).await.unwrap().dossier.mails;
    assert_eq!(all.len(), seen.len() + 1, "{name}");
    let hidden = all.iter().find(|mail| mail.agency.is_none()).unwrap();
    let refused = desk.resend(&tilleuls, marie, hidden.id, &reason()).await.unwrap_err();
    assert!(matches!(refused, DeskError::UnknownMail), "{name}: {refused}");
    assert!(!desk.resend(&operator(), marie, hidden.id, &reason()).await.unwrap(), "{name}: it waits");
}

/// Staff of an agency see that the account of their client is closed, and not why.
#[apply(both!)]
#[tokio::test]
async fn an_account_is_closed_and_reopened_and_seen_so(stage: Stage) {
    let (marie, name) = (marie(&stage).await, stage.bed.name);
    let desk = &stage.desk;
    assert!(matches!(desk.reopen(&operator(), marie, &reason()).await, Err(DeskError::Already)), "{name}");
    desk.close(&operator(), marie, Closing::Deceased, &reason()).await.unwrap();
    assert!(matches!(
        desk.close(&operator(), marie, Closing::Wish, &reason()).await,
        Err(DeskError::Already)
    ));
    assert!(matches!(desk.unlock(&operator(), marie, &reason()).await, Err(DeskError::Closed)), "{name}");
    for (actor, why) in [(operator(), Some("deceased")), (staff("tilleuls"), None)] {
        let shown = desk.show(&actor, marie).await.unwrap();
        assert!(matches!(shown.standing, desk::Standing::Closed { .. }), "{name}: {:?}", shown.standing);
        assert_eq!(shown.dossier.account.unwrap().closed_because.as_deref(), why, "{name}");
    }
    desk.reopen(&operator(), marie, &reason()).await.unwrap();
    let standing = desk.show(&operator(), marie).await.unwrap().standing;
    assert!(matches!(standing, desk::Standing::SeenLast { .. }), "{name}: {standing:?}");
}

#[apply(both!)]
#[tokio::test]
async fn nothing_changes_unless_exactly_one_is_meant(stage: Stage) {
    marie(&stage).await;
    let name = stage.bed.name;
    let twin =
        |n: usize| Persona { identifier: format!("T-{n}"), client_ref: "CT-9".into(), ..Persona::jeanne() };
    stage.import(&stage.tilleuls, &[twin(1), twin(2)]).await;
    let desk = &stage.desk;
    let only = async |search: Search<'_>| desk.only(&operator(), &search).await;
    assert!(
        matches!(only(Search::Reference("tilleuls", "CT-9")).await, Err(DeskError::Several(2))),
        "{name}"
    );
    assert!(matches!(only(Search::Reference("tilleuls", "CT-10")).await, Err(DeskError::Nobody)), "{name}");
    let paul = only(Search::Identifier(&stage.tilleuls, "101")).await.unwrap();
    let no_account = desk.unlock(&operator(), paul, &reason()).await.unwrap_err();
    assert!(matches!(no_account, DeskError::NoAccount), "{name}: {no_account}");
}

/// An agency's staff end the sessions of whom their agency is linked with: all of them, for nobody tells which are of its portals.
#[apply(both!)]
#[tokio::test]
async fn staff_end_the_sessions_of_their_own_client_and_the_owner_hears_of_it(stage: Stage) {
    let (marie, name) = (marie(&stage).await, stage.bed.name);
    assert_eq!(stage.count("session", "ended_at IS NULL").await, 1, "{name}");
    stage.desk.end_sessions(&staff("tilleuls"), marie, &reason()).await.unwrap();
    assert_eq!(stage.count("session", "ended_at IS NULL").await, 0, "{name}");
    let mails = stage.mails().await;
    let told = mails.iter().filter(|mail| matches!(mail.body, accounts::MailBody::SessionsEnded { .. }));
    let agencies: Vec<_> = told.map(|mail| mail.agency_id.as_deref()).collect();
    assert_eq!(agencies, [Some("tilleuls")], "{name}");
}

/// Staff take away the link that they see, of a person who is linked to another agency too; and give none to anybody.
#[apply(both!)]
#[tokio::test]
async fn staff_end_a_link_of_their_own_agency_and_no_other(stage: Stage) {
    let (marie, name) = (marie(&stage).await, stage.bed.name);
    let Target::Account(id) = marie else { panic!("she has moved") };
    let (desk, tilleuls, rivage) = (&stage.desk, staff("tilleuls"), staff("rivage"));
    let there = desk.only(&rivage, &Search::Reference("rivage", "RV-7")).await.unwrap();
    let code = desk.issue_code(&rivage, there, &reason()).await.unwrap();
    let paul = stage.moved(&stage.tilleuls, &Persona::paul()).await.session.account;
    let with_code = Persona {
        identifier: "R-7".into(),
        client_ref: "RV-7".into(),
        old: code.code.text().to_string(),
        email: "anne@exemple.test".into(),
        ..Persona::marie()
    };
    let anne = stage.moved(&stage.rivage, &with_code).await.session.account;
    let elsewhere = stage.link_of(Target::Account(anne), "rivage").await;
    // Of the same person by now.
    desk.move_link(&operator(), (Target::Account(anne), elsewhere), &Search::Account(id), &reason())
        .await
        .unwrap();
    let refused = desk.end_link(&tilleuls, marie, elsewhere, &reason()).await.unwrap_err();
    assert!(matches!(refused, DeskError::UnknownLink), "{name}: {refused}");
    let own = stage.link_of(marie, "tilleuls").await;
    desk.end_link(&tilleuls, marie, own, &reason()).await.unwrap();
    let left = stage.count("link", "agency_id = 'rivage'").await;
    assert_eq!((left, stage.count("link", "agency_id = 'tilleuls'").await), (1, 1), "{name}");
    let by = "kind = 'link taken away' AND body LIKE '%\"by\":\"lea of tilleuls\"%\"role\":\"desk\"%'";
    assert_eq!(stage.count("evidence", by).await, 1, "{name}");
    for to in [Search::Account(id), Search::Email(Email::parse("personne@exemple.test").unwrap())] {
        let refused = desk.move_link(&operator(), (marie, elsewhere), &to, &reason()).await.unwrap_err();
        assert!(matches!(refused, DeskError::NoReceiver), "{name}: {refused}");
    }
    desk.move_link(&operator(), (marie, elsewhere), &Search::Account(paul), &reason()).await.unwrap();
}
