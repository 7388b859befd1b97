//! The acts of staff for a person on the telephone (SPEC J14): by what they change, and by what they leave alone.

use accounts::{
    AllEnded, Attach, ClosedOrOpened, Closing, Door, Email, Fate, Intervention, MailBody, MailedAgain,
    Search, SignIn, Target, Unlocked, Visitor,
};
use kernel::outbox;
use testbed::{apply, both};

use crate::stage::{PASSWORD, Stage, answered, visitor};

const CSV: &str = "identifier,client_ref,password,email,name\n\
    100,CT-1,Vieux-Secret 1,marie@exemple.test,Marie Durand\n\
    101,CT-2,Vieux-Secret 2,,Paul Durand-Lefèvre\n\
    102,CT-2,Vieux-Secret 3,,Paul Durand-Lefèvre\n";
const EMAIL: &str = "marie@exemple.test";

fn asked() -> Intervention {
    Intervention { by: "lea@poste".into(), role: "operator", agency: None, reason: "au téléphone".into() }
}

async fn marie(stage: &Stage) -> accounts::SignedIn {
    stage.import(&stage.tilleuls, CSV).await;
    let signed_in = stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", EMAIL).await;
    stage.mails().await;
    signed_in
}

/// Everything that an act may change.
async fn rows(stage: &Stage) -> [i64; 6] {
    [
        stage.count("attempt", "1 = 1").await,
        stage.count("session", "ended_at IS NULL").await,
        stage.count("device", "1 = 1").await,
        stage.count("outbox", "1 = 1").await,
        stage.count("evidence", "1 = 1").await,
        stage.count("account", "auth_epoch = 0").await,
    ]
}

#[apply(both!)]
#[tokio::test]
async fn an_account_is_unlocked_with_word_to_its_owner_and_to_the_evidence(stage: Stage) {
    let signed_in = marie(&stage).await;
    let id = signed_in.session.account;
    let untouched = rows(&stage).await;
    assert_eq!(stage.accounts.unlock(id, &asked()).await.unwrap(), Unlocked::NothingCounted);
    assert_eq!(rows(&stage).await, untouched, "{}", stage.bed.name);
    let owner = Visitor { device: Some(signed_in.device.clone()), ..visitor() };
    stage.accounts.sign_in(EMAIL, "faux faux faux", false, None, &owner).await.unwrap();
    for _ in 0..5 {
        stage.sign_in(EMAIL, "faux faux faux").await;
    }
    stage.sign_in("paul@exemple.test", "faux faux faux").await;
    stage.mails().await;
    assert_eq!(answered(&stage.sign_in(EMAIL, PASSWORD).await), "locked");
    let doors = stage.accounts.dossier(Target::Account(id)).await.unwrap().unwrap().doors;
    let of = |door: Door| doors.iter().find(|of| of.door == door).unwrap();
    assert_eq!((of(Door::Account).left, of(Door::Account).locked_at.is_some()), (0, true));
    assert_eq!((of(Door::KnownBrowser).left, of(Door::KnownBrowser).locked_at), (4, None));
    let done = Unlocked::Done { was_locked: true, failures: 6 };
    assert_eq!(stage.accounts.unlock(id, &asked()).await.unwrap(), done, "{}", stage.bed.name);
    assert_eq!(stage.count("attempt", "failures > 0").await, 1, "another's count stays");
    let mails = stage.mails().await;
    let [mail] = &mails[..] else { panic!("{} mails", mails.len()) };
    assert!(mail.to == EMAIL && matches!(mail.body, MailBody::AccountUnlocked { .. }));
    let entry = "kind = 'account unlocked' AND account_id IS NOT NULL AND body LIKE '%\"by\":\"lea@poste\"%' \
                 AND body LIKE '%\"reason\":\"au téléphone\"%' AND body LIKE '%\"role\":\"operator\"%'";
    assert_eq!(stage.count("evidence", entry).await, 1, "{}", stage.bed.name);
    assert!(stage.accounts.session(&signed_in.token).await.unwrap().is_some(), "sessions go on");
    assert_eq!(answered(&stage.sign_in(EMAIL, PASSWORD).await), "in", "with the password that it had");
}

#[apply(both!)]
#[tokio::test]
async fn all_sessions_of_an_account_end_with_everything_that_they_gave(stage: Stage) {
    let first = marie(&stage).await;
    let id = first.session.account;
    let SignIn::In(second) = stage.sign_in(EMAIL, PASSWORD).await else { panic!("not in") };
    // A wish that whoever signed in as her made.
    let typed = accounts::NewAddress { email: "voleur@exemple.test", sure: true, password: PASSWORD };
    let asked_for = stage.accounts.ask_address(second.session.account, &typed, &visitor()).await.unwrap();
    assert!(matches!(asked_for, accounts::AddressWish::Asked));
    let paul = stage.moved(&stage.tilleuls, "101", "Vieux-Secret 2", "paul@exemple.test").await;
    stage.mails().await;
    let done = stage.accounts.end_all_sessions(id, &asked()).await.unwrap();
    assert_eq!(done, AllEnded::Done { sessions: 2 }, "{}", stage.bed.name);
    for token in [&first.token, &second.token] {
        assert!(stage.accounts.session(token).await.unwrap().is_none());
    }
    assert!(stage.accounts.session(&paul.token).await.unwrap().is_some(), "another's goes on");
    assert_eq!(stage.count("email_change", "ended_at IS NULL").await, 0);
    assert_eq!(stage.count("device", "1 = 1").await, 1, "Paul's browser");
    assert_eq!(stage.count("account", "auth_epoch = 1").await, 1);
    let to_portals = outbox::lease(&stage.bed.context.db, stage.bed.context.now(), 100).await.unwrap();
    let to_portals: Vec<_> =
        to_portals.iter().filter(|message| message.kind == accounts::SESSIONS_ENDED).collect();
    assert_eq!(stage.accounts.sessions_ended(to_portals[0]).unwrap().accounts, [id], "{}", stage.bed.name);
    assert_eq!(stage.count("outbox", "topic = 'sessions-ended' AND sent_at IS NULL").await, 1);
    let entry = "kind = 'sessions ended' AND body LIKE '%\"sessions\":2%' AND body LIKE '%au téléphone%'";
    assert_eq!(stage.count("evidence", entry).await, 1);
    assert_eq!(answered(&stage.sign_in(EMAIL, PASSWORD).await), "in");
}

#[apply(both!)]
#[tokio::test]
async fn a_closed_account_and_nobody_are_left_alone(stage: Stage) {
    let id = marie(&stage).await.session.account;
    stage.sign_in(EMAIL, "faux faux faux").await;
    stage.write("UPDATE account SET disabled_at = 1").await;
    let before = rows(&stage).await;
    let nobody = accounts::AccountId(stage.bed.context.id());
    for id in [id, nobody] {
        assert_eq!(stage.accounts.unlock(id, &asked()).await.unwrap(), Unlocked::Gone);
        assert_eq!(stage.accounts.end_all_sessions(id, &asked()).await.unwrap(), AllEnded::Gone);
    }
    assert_eq!(rows(&stage).await, before, "{}", stage.bed.name);
    assert!(stage.accounts.dossier(Target::Account(nobody)).await.unwrap().is_none());
    stage.write("UPDATE account SET disabled_at = NULL").await;
}

#[apply(both!)]
#[tokio::test]
async fn a_person_is_found_by_what_they_say_on_the_telephone(stage: Stage) {
    let id = marie(&stage).await.session.account;
    stage.up_to_mail(&stage.tilleuls, "101", "Vieux-Secret 2", "paul@exemple.test").await;
    let find = async |search: Search<'_>| {
        let found = stage.accounts.find(&search).await.unwrap();
        found.into_iter().map(|found| found.target).collect::<Vec<_>>()
    };
    let email = |text: &str| Search::Email(Email::parse(text).unwrap());
    let marie = vec![Target::Account(id)];
    assert_eq!(find(email(" MARIE@exemple.test")).await, marie);
    assert_eq!(find(Search::Account(id)).await, marie);
    assert_eq!(find(Search::Identifier(&stage.tilleuls, "100 ")).await, marie);
    assert_eq!(find(Search::Reference("tilleuls", "CT-1")).await, marie);
    assert_eq!(find(Search::Name("tilleuls", "durand marie")).await, marie);
    // Paul, who moves, under the address of his move and under each of his identifiers.
    let paul = find(email("paul@exemple.test")).await;
    assert!(matches!(paul[..], [Target::Identity(_)]), "{}", stage.bed.name);
    assert_eq!(find(Search::Identifier(&stage.tilleuls, "101")).await, paul);
    assert_eq!(find(Search::Reference("tilleuls", "CT-2")).await.len(), 2, "two identifiers");
    assert_eq!(find(Search::Name("tilleuls", "LEFEVRE")).await.len(), 2);
    for nobody in [
        email("personne@exemple.test"),
        Search::Identifier(&stage.rivage, "100"),
        Search::Identifier(&stage.tilleuls, "\u{0}"),
        Search::Reference("rivage", "CT-1"),
        Search::Reference("tilleuls", "CT-%"),
        Search::Name("rivage", "Marie"),
        Search::Name("tilleuls", ""),
    ] {
        assert_eq!(find(nobody).await, [], "{}", stage.bed.name);
    }
    // One of several references.
    stage
        .write("UPDATE legacy_identity SET further_refs = '[\"LOT-7\",\"LOT_8\"]' WHERE identifier = '102'")
        .await;
    assert_eq!(find(Search::Reference("tilleuls", "LOT-7")).await.len(), 1);
    assert_eq!(find(Search::Reference("tilleuls", "LOT_8")).await.len(), 1);
    assert_eq!(find(Search::Reference("tilleuls", "LOT_7")).await, [], "no wildcard");
}

/// An identity that was imported a moment ago is found before the worker has written its terms, and one that changed since then as it is now.
#[apply(both!)]
#[tokio::test]
async fn names_are_found_alike_before_and_after_their_terms_are_written(stage: Stage) {
    let name = stage.bed.name;
    stage.import(&stage.tilleuls, CSV).await;
    stage.import(&stage.rivage, CSV).await;
    let further =
        "UPDATE legacy_identity SET further_refs = '[\"LOT-7\",\"LOT_8\"]' WHERE identifier = '102'";
    stage.write(further).await;
    let find = async |search: Search<'_>| {
        let found = stage.accounts.find(&search).await.unwrap();
        found.into_iter().map(|found| found.by.unwrap().client_ref).collect::<Vec<_>>()
    };
    let by_name = async |typed: &str| find(Search::Name("tilleuls", typed)).await;
    for waiting in [6, 0] {
        assert_eq!(stage.count("legacy_identity", "terms_of IS NULL").await, waiting, "{name}");
        assert_eq!(by_name("durand").await.len(), 3, "{name}");
        assert_eq!(by_name("dur LEFÈVRE").await, ["CT-2", "CT-2"], "{name}");
        assert_eq!(by_name("durand-lefevre pau").await, ["CT-2", "CT-2"], "{name}");
        assert_eq!(by_name("mar").await, ["CT-1"], "{name}");
        for nobody in ["urand", "durand martin", "durand%", "_", ""] {
            let expected = if nobody == "durand%" { 3 } else { 0 };
            assert_eq!(by_name(nobody).await.len(), expected, "{name}: {nobody}");
        }
        assert_eq!(find(Search::Reference("tilleuls", "LOT-7")).await, ["CT-2"], "{name}");
        assert_eq!(find(Search::Reference("tilleuls", "LOT_7")).await.len(), 0, "{name}");
        assert_eq!(stage.accounts.index_terms().await.unwrap(), u64::try_from(waiting).unwrap(), "{name}");
    }
    // An import, or a node of an earlier version, gives another name.
    stage.write("UPDATE legacy_identity SET name = 'Marie Martin' WHERE identifier = '100'").await;
    for written in [1, 0] {
        assert_eq!(by_name("durand").await.len(), 2, "{name}");
        assert_eq!(by_name("martin").await, ["CT-1"], "{name}");
        assert_eq!(stage.accounts.index_terms().await.unwrap(), written * 2, "{name}: one at each agency");
    }
    // What is deleted takes its terms along.
    stage.write("DELETE FROM legacy_identity").await;
    assert_eq!(stage.count("identity_term", "1 = 1").await, 0, "{name}");
}

#[apply(both!)]
#[tokio::test]
async fn a_person_is_seen_with_their_links_moves_sessions_and_mails(stage: Stage) {
    let id = marie(&stage).await.session.account;
    let (under_way, _) =
        stage.up_to_mail(&stage.tilleuls, "101", "Vieux-Secret 2", "paul@exemple.test").await;
    let seen = stage.accounts.dossier(Target::Account(id)).await.unwrap().unwrap();
    let account = seen.account.unwrap();
    assert_eq!(account.address.as_deref(), Some("m•••••@e•••.test"));
    assert_eq!(account.proved_at, ["tilleuls"], "{}", stage.bed.name);
    let [identity] = &seen.identities[..] else { panic!("one identity") };
    assert_eq!((identity.client_ref.as_str(), identity.link.is_some()), ("CT-1", true));
    assert_eq!((seen.sessions.len(), seen.sessions[0].network.as_str()), (1, "203.0.113.0/24"));
    let mut topics: Vec<_> = seen.mails.iter().map(|mail| (mail.topic.as_str(), mail.fate)).collect();
    topics.sort_unstable_by_key(|(topic, _)| *topic);
    assert_eq!(topics, [("confirm", Fate::Taken), ("welcome", Fate::Taken)], "{}", stage.bed.name);
    assert!(seen.mails.iter().all(|mail| mail.host.as_deref() == Some("exemple.test")));
    assert!(seen.moves.is_empty() && seen.doors.is_empty());
    // Paul, who has no account.
    stage.accounts.prove_legacy(&stage.tilleuls, "101", "faux", None, &visitor()).await.unwrap();
    let found = stage.accounts.find(&Search::Identifier(&stage.tilleuls, "101")).await.unwrap();
    let seen = stage.accounts.dossier(found[0].target).await.unwrap().unwrap();
    assert!(seen.account.is_none() && seen.sessions.is_empty());
    let [moving] = &seen.moves[..] else { panic!("one move") };
    assert_eq!((moving.id, moving.step), (under_way, "mail"), "{}", stage.bed.name);
    assert_eq!(moving.address.as_deref(), Some("p•••••@e•••.test"));
    assert_eq!(seen.mails.len(), 1, "his own");
    let doors: Vec<_> = seen.doors.iter().map(|door| (door.door, door.left)).collect();
    assert_eq!(doors, [(Door::AllNetworks, 49), (Door::OldIdentifier, 4)], "{}", stage.bed.name);
}

#[apply(both!)]
#[tokio::test]
async fn a_mail_is_sent_again_by_the_rules_of_its_page(stage: Stage) {
    let id = marie(&stage).await.session.account;
    let (_, token) = stage.up_to_mail(&stage.tilleuls, "101", "Vieux-Secret 2", "paul@exemple.test").await;
    let paul = stage.accounts.find(&Search::Identifier(&stage.tilleuls, "101")).await.unwrap()[0].target;
    let newest = async |target: Target, topic: &str| {
        let mails = stage.accounts.dossier(target).await.unwrap().unwrap().mails;
        mails.into_iter().find(|mail| mail.topic == topic).unwrap().id
    };
    let again = async |target: Target, mail| stage.accounts.mail_again(target, mail, &asked()).await.unwrap();
    let confirm = newest(paul, "confirm").await;
    let before = rows(&stage).await;
    assert!(matches!(again(paul, confirm).await, MailedAgain::Wait(_)), "within a minute");
    assert_eq!(again(Target::Account(id), confirm).await, MailedAgain::Unknown, "another's mail");
    assert_eq!(
        again(Target::Account(id), newest(Target::Account(id), "welcome").await).await,
        MailedAgain::Over
    );
    assert_eq!(rows(&stage).await, before, "{}", stage.bed.name);
    stage.bed.clock.advance(61);
    assert_eq!(again(paul, confirm).await, MailedAgain::Anew);
    assert_eq!(stage.mailed_token("paul@exemple.test").await.text(), token.text(), "the same link works");
    let entry = "kind = 'mail sent again' AND account_id IS NULL AND body LIKE '%\"mail\":\"confirm\"%' AND body LIKE '%au téléphone%'";
    assert_eq!(stage.count("evidence", entry).await, 1, "{}", stage.bed.name);
    for _ in 0..4 {
        stage.bed.clock.advance(61);
        assert_eq!(again(paul, confirm).await, MailedAgain::Anew);
    }
    stage.bed.clock.advance(61);
    assert_eq!(again(paul, confirm).await, MailedAgain::TooMany, "six a day");
    stage.mails().await;
    // One that was given up is due again, and is no other message.
    stage.accounts.forgot(EMAIL, &visitor()).await.unwrap();
    let db = &stage.bed.context.db;
    for message in outbox::lease(db, stage.bed.context.now(), 10).await.unwrap() {
        stage.accounts.recover(&message).await.unwrap();
        outbox::sent(db, message.id, stage.bed.context.now()).await.unwrap();
    }
    let reset = newest(Target::Account(id), "reset-password").await;
    stage
        .write("UPDATE outbox SET dead_at = created_at, dead_why = 'refused' WHERE topic = 'reset-password'")
        .await;
    assert_eq!(again(Target::Account(id), reset).await, MailedAgain::DueNow, "{}", stage.bed.name);
    assert_eq!(stage.mails().await.len(), 1);
    assert_eq!(again(Target::Account(id), reset).await, MailedAgain::TooMany, "the last one still works");
    stage.bed.clock.advance(3600);
    assert_eq!(again(Target::Account(id), reset).await, MailedAgain::Anew);
    assert!(
        matches!(stage.mails().await[..], [ref mail] if matches!(mail.body, MailBody::ResetPassword { .. }))
    );
    // A move that is too old leaves nothing to confirm.
    stage.bed.clock.advance(8 * 86_400);
    assert_eq!(again(paul, confirm).await, MailedAgain::Over);
}

/// SPEC J14, SECURITY #59: a closed account answers as no account does, at every door.
#[apply(both!)]
#[tokio::test]
async fn a_closed_account_is_to_everybody_as_none_and_comes_back_as_it_was(stage: Stage) {
    let (signed_in, name) = (marie(&stage).await, stage.bed.name);
    let id = signed_in.session.account;
    for closing in [Closing::Wish, Closing::Deceased] {
        stage.accounts.forgot(EMAIL, &visitor()).await.unwrap();
        let reset = stage.mailed_token(EMAIL).await;
        // A mail that waits.
        let typed = accounts::NewAddress { email: "marie@ailleurs.test", sure: true, password: PASSWORD };
        stage.accounts.ask_address(id, &typed, &visitor()).await.unwrap();
        let closed = stage.accounts.close_account(id, closing, &asked()).await.unwrap();
        assert_eq!(closed, ClosedOrOpened::Done, "{name} {closing:?}");
        let told = stage.mails().await;
        assert_eq!(
            told.len(),
            usize::from(closing == Closing::Wish),
            "{name}: of one who has died nobody hears"
        );
        assert!(told.iter().all(|mail| matches!(mail.body, MailBody::AccountClosed { .. })), "{name}");
        assert!(stage.accounts.session(&signed_in.token).await.unwrap().is_none());
        let again = stage.accounts.reset(&reset, "girafe tambour lampion", None, &visitor()).await.unwrap();
        assert!(matches!(again, accounts::Reset::Dead), "{name}: {again:?}");
        for nobody in [EMAIL, "personne@exemple.test"] {
            let answers = [PASSWORD, "faux faux faux"].map(|password| (nobody, password));
            let mut said = Vec::new();
            for (nobody, password) in answers {
                said.push(answered(&stage.sign_in(nobody, password).await));
            }
            assert_eq!(said, ["wrong, 4 left", "wrong, 3 left"], "{name}: {nobody}");
            stage.accounts.forgot(nobody, &visitor()).await.unwrap();
        }
        assert!(stage.mails().await.is_empty(), "{name}: no link to a closed account");
        let same = stage.accounts.close_account(id, Closing::Fraud, &asked()).await.unwrap();
        assert_eq!(same, ClosedOrOpened::Nothing);
        assert_eq!(stage.accounts.reopen_account(id, &asked()).await.unwrap(), ClosedOrOpened::Done);
        assert_eq!(stage.accounts.reopen_account(id, &asked()).await.unwrap(), ClosedOrOpened::Nothing);
        let old = stage.accounts.reset(&reset, "girafe tambour lampion", None, &visitor()).await.unwrap();
        assert!(matches!(old, accounts::Reset::Dead), "{name}: a link of before: {old:?}");
        let told = stage.mails().await;
        assert!(
            matches!(told[..], [ref mail] if matches!(mail.body, MailBody::AccountReopened { .. })),
            "{name}"
        );
        assert_eq!(answered(&stage.sign_in(EMAIL, PASSWORD).await), "in", "{name}");
        assert_eq!(
            stage.accounts.client_refs(id, "tilleuls").await.unwrap(),
            ["CT-1"],
            "its links were resting"
        );
        stage.mails().await;
        stage.write("DELETE FROM attempt").await;
        stage.bed.clock.advance(3700);
    }
    let of = |kind: &str| format!("kind = '{kind}' AND body LIKE '%au téléphone%'");
    assert_eq!(stage.count("evidence", &of("account closed")).await, 2, "{name}");
    assert_eq!(stage.count("evidence", &of("account reopened")).await, 2, "{name}");
}

#[apply(both!)]
#[tokio::test]
async fn an_account_that_somebody_else_used_wants_a_new_password_when_it_is_reopened(stage: Stage) {
    let (id, name) = (marie(&stage).await.session.account, stage.bed.name);
    stage.accounts.close_account(id, Closing::Fraud, &asked()).await.unwrap();
    let term = "closed_why = 'fraud' AND kept_until = disabled_at + 157680000 AND auth_epoch = 1";
    assert_eq!(stage.count("account", term).await, 1, "{name}");
    stage.accounts.reopen_account(id, &asked()).await.unwrap();
    assert_eq!(answered(&stage.sign_in(EMAIL, PASSWORD).await), "locked", "{name}");
    stage.mails().await;
    stage.accounts.forgot(EMAIL, &visitor()).await.unwrap();
    let token = stage.mailed_token(EMAIL).await;
    let new = stage.accounts.reset(&token, "girafe tambour lampion", None, &visitor()).await.unwrap();
    assert!(matches!(new, accounts::Reset::Done(..)), "{name}: {new:?}");
    let open = "closed_why IS NULL AND kept_until IS NULL AND disabled_at IS NULL";
    assert_eq!(stage.count("account", open).await, 1, "{name}");
}

#[apply(both!)]
#[tokio::test]
async fn no_other_move_begins_or_ends_at_a_closed_account(stage: Stage) {
    let (id, name) = (marie(&stage).await.session.account, stage.bed.name);
    stage.accounts.close_account(id, Closing::Deceased, &asked()).await.unwrap();
    // Her own old identifier has moved, and leads nowhere.
    let proof = stage.accounts.prove_legacy(&stage.tilleuls, "100", "Vieux-Secret 1", None, &visitor()).await;
    assert!(matches!(proof.unwrap(), accounts::LegacyProof::Closed), "{name}");
    // Another identifier, with the address of the closed account: no password is right, and it counts as any.
    let under_way = stage.enrol(&stage.tilleuls, "101", "Vieux-Secret 2").await;
    stage.accounts.notice_read(under_way).await.unwrap();
    stage.accounts.choose_email(under_way, EMAIL, true, &visitor()).await.unwrap();
    let attached = stage.accounts.attach(under_way, Some(PASSWORD), None, &visitor()).await.unwrap();
    assert!(matches!(attached, Attach::Refused(SignIn::Wrong { remaining: 4 })), "{name}: {attached:?}");
    assert_eq!(stage.count("link", "1 = 1").await, 1, "{name}");
}
