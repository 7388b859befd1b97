//! Input that no entry point hashes or counts, and the limits of what a stranger's attempts can block (SECURITY D12).

use std::{collections::BTreeSet, fmt::Write, net::Ipv4Addr, sync::Arc};

use accounts::{
    Confirm, EmailChoice, Finish, HashCost, Hasher, LegacyProof, MailBody, Origin, PasswordChoice,
    PasswordProblem, Resend, Reset, Rules, SignIn, Stage as Step, TermsLibrary, Visitor, legacy::row::Oddity,
};
use testbed::{apply, both};

use crate::stage::{PASSWORD, Stage, answered, said, shown, token_of, visitor};

const CSV: &str = "identifier,password\n100,Vieux-Secret 1\n101,Vieux-Secret 2\n";
const EMAIL: &str = "marie@exemple.test";
const NOTHING: [&str; 8] = ["", " ", "   ", "\t", "\u{a0}", "\u{200b}", "\u{feff} \u{3000}", "\u{2800}"];

fn at(interaction: &str) -> Visitor {
    let origin = Origin { interaction: Some(interaction.into()), agency_id: None };
    Visitor { origin, ..visitor() }
}

fn from(network: u8) -> Visitor {
    Visitor { ip: Some(Ipv4Addr::new(198, 51, 100, network).into()), ..visitor() }
}

async fn old(stage: &Stage, identifier: &str, password: &str, visitor: &Visitor) -> String {
    said(&stage.accounts.prove_legacy(&stage.tilleuls, identifier, password, None, visitor).await.unwrap())
}

/// FINDING B1: old tables hold the hash of the empty password for accounts that nobody ever opened.
#[apply(both!)]
#[tokio::test]
async fn the_hash_of_nothing_is_no_verifier_and_nothing_is_typed_at_any_door(stage: Stage) {
    let csv = "identifier,password_hash,hash_format,salt\n\
            1,d41d8cd98f00b204e9800998ecf8427e,md5,\n\
            2,da39a3ee5e6b4b0d3255bfef95601890afd80709,sha1,\n\
            3,{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk=,,\n\
            4,7215ee9c7d9dc229d2921a40e899ec5f,md5,\n\
            5,\"  \",plain,\n\
            6,0cc175b9c0f1b6a831c399e269772661,md5,\n";
    let report = stage.import(&stage.tilleuls, csv).await;
    assert_eq!(report.added, 6, "{}: {:?}", stage.bed.name, report.bad);
    let told = report.warnings.iter().filter(|told| told.what == Oddity::EmptyPassword);
    assert_eq!(
        told.map(|told| told.count).sum::<u64>(),
        4,
        "each hash is told; blanks are read as no password"
    );
    assert_eq!(stage.count("legacy_identity", "verifier_kind = 'none'").await, 5, "{}", stage.bed.name);
    let before = stage.accounts.hasher().done();
    for nothing in NOTHING {
        for identifier in ["1", "3", "5", "6", "999"] {
            assert_eq!(old(&stage, identifier, nothing, &visitor()).await, "no password", "{nothing:?}");
        }
        assert_eq!(answered(&stage.sign_in(EMAIL, nothing).await), "no password", "{nothing:?}");
    }
    assert_eq!(stage.accounts.hasher().done(), before, "nothing was hashed");
    assert_eq!(stage.count("attempt", "1 = 1").await, 0, "nor counted");
    assert_eq!(old(&stage, "6", "a ", &visitor()).await, "enrolment", "what is trimmed is still a password");
}

/// FINDING B1: exports hold `NULL`, `-` or `néant` in place of a missing password, and everybody can type that. SHA-512 crypt is too costly to try at an
/// import: its rows keep their hash, and the door refuses the word.
#[apply(both!)]
#[tokio::test]
async fn the_word_for_a_missing_password_opens_no_identity(stage: Stage) {
    // Each with its MD5.
    const WORDS: [(&str, &str); 16] = [
        ("NULL", "6c3e226b4d4795d518ab341b0824ec29"),
        ("null", "37a6259cc0c1dae299a7866489dff0bd"),
        ("(null)", "a4d2f177eb466a7d08f8f2b340b77129"),
        ("\\N", "44d0dc437936b13f7cea2f77053806bd"),
        ("-", "336d5ebc5436534e61d16e63ddfca327"),
        ("--", "cfab1ba8c67c7c838db98d666f02a132"),
        ("*", "3389dae361af79b04c9c8e7057f60cc6"),
        ("********", "47c6b15aca93873f58522f26300d181d"),
        ("0", "cfcd208495d565ef66e7dff9f98764da"),
        ("x", "9dd4e461268c8034f5c8564e155c67a6"),
        ("néant", "bb6291cc48697f666ae13b5f7178817f"),
        ("N/A", "382b0f5185773fa0f67a8ed8056c7759"),
        ("None", "6adf97f83acf6453d4a6a4b1070f3754"),
        ("undefined", "5e543256c480ac577d30f76f9120eb74"),
        ("?", "d1457b72c3fb323a2671125aef3eab5d"),
        ("non renseigné", "cd00f167236fbc249f37cc8ef5911948"),
    ];
    let mut rows = String::from("identifier;password;password_hash;hash_format\n");
    for (at, (word, hash)) in WORDS.iter().enumerate() {
        writeln!(rows, "{at};{word};;\nmd5-{at};;{hash};md5").unwrap();
    }
    writeln!(
        rows,
        "strong;;$6$x$zND3yyIOMNRGlsAHoREPnZA9.RwOkIK29eqTUnyDj0ojEyzcq9UDns5X0HhAr0h1KTdy56LmFZpt9HvhzMF2n.;"
    )
    .unwrap();
    let report = stage.import(&stage.tilleuls, &rows).await;
    assert_eq!(report.added, 33, "{}: {:?}", stage.bed.name, report.bad);
    assert_eq!(stage.count("legacy_identity", "verifier_kind = 'none'").await, 32, "{}", stage.bed.name);
    let told = report.warnings.iter().filter(|told| told.what == Oddity::EmptyPassword);
    assert_eq!(told.map(|told| told.count).sum::<u64>(), 32);
    let before = stage.accounts.hasher().done();
    for (word, _) in WORDS {
        for typed in [word.to_owned(), format!(" {word}"), word.to_uppercase()] {
            assert_eq!(old(&stage, "strong", &typed, &visitor()).await, "refused", "{typed:?}");
        }
    }
    assert_eq!(stage.accounts.hasher().done(), before, "nothing was hashed");
    assert_eq!(stage.count("attempt", "1 = 1").await, 0, "nor counted");
}

/// The same where a mailed link, or a session, is beside the password.
#[apply(both!)]
#[tokio::test]
async fn nothing_is_no_password_behind_a_link_either(stage: Stage) {
    let accounts = &stage.accounts;
    stage.import(&stage.tilleuls, CSV).await;
    let own = stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", EMAIL).await;
    stage.mails().await;
    let (id, token) = stage.up_to_mail(&stage.tilleuls, "101", "Vieux-Secret 2", "paul@exemple.test").await;
    accounts.forgot(EMAIL, &visitor()).await.unwrap();
    let reset = stage.mailed_token(EMAIL).await;
    let before = accounts.hasher().done();
    for nothing in NOTHING {
        assert_eq!(
            accounts.confirm(&token, "paul@exemple.test", nothing).await.unwrap(),
            Confirm::NoPassword
        );
        for no_address in ["", "00012345"] {
            let confirmed = accounts.confirm(&token, no_address, PASSWORD).await.unwrap();
            assert!(matches!(confirmed, Confirm::NoAddress(_)), "{no_address}");
        }
        let Reset::Problems(problems) = accounts.reset(&reset, nothing, None, &visitor()).await.unwrap()
        else {
            panic!("{nothing:?}")
        };
        assert_eq!(problems, [PasswordProblem::TooShort]);
        let typed = accounts::NewPassword { current: nothing, new: "girafe tambour lampion", context: &[] };
        let changed = accounts.change_password(&own.session, &typed, &visitor()).await.unwrap();
        assert!(matches!(changed, accounts::PasswordChange::Refused(SignIn::NoPassword)), "{nothing:?}");
    }
    assert_eq!(accounts.hasher().done(), before);
    assert_eq!(stage.count("attempt", "failures > 0").await, 0, "{}", stage.bed.name);
    assert_eq!(accounts.enrolment(id).await.unwrap().unwrap().stage, Step::Mail);
}

/// FINDING W1: five empty fields locked an account called "" for everybody.
#[apply(both!)]
#[tokio::test]
async fn what_is_no_address_is_neither_hashed_nor_counted_nor_written_to(stage: Stage) {
    stage.import(&stage.tilleuls, CSV).await;
    let before = stage.accounts.hasher().done();
    for (typed, answer) in [
        ("", "no address: Empty"),
        (" \u{a0}", "no address: Empty"),
        ("00012345", "no address: Identifier"),
        ("C0001", "no address: Identifier"),
        ("marie", "no address: Identifier"),
        ("marie@exemple", "no address: Other"),
    ] {
        for _ in 0..6 {
            assert_eq!(answered(&stage.sign_in(typed, "faux faux faux").await), answer, "{typed:?}");
        }
        stage.accounts.forgot(typed, &visitor()).await.unwrap();
    }
    for nobody in ["", " ", "\u{200b}"] {
        assert_eq!(old(&stage, nobody, "faux", &visitor()).await, "no identifier");
    }
    assert_eq!(stage.accounts.hasher().done(), before);
    for table in ["attempt", "outbox"] {
        assert_eq!(stage.count(table, "1 = 1").await, 0, "{table} on {}", stage.bed.name);
    }
}

/// FINDING W2, SPEC J2: a person who left a move comes back by the new address and password.
#[apply(both!)]
#[tokio::test]
async fn the_new_password_of_an_unfinished_move_goes_on_with_it_where_it_is_given(stage: Stage) {
    let accounts = &stage.accounts;
    stage.import(&stage.tilleuls, CSV).await;
    let (id, token) = stage.up_to_mail(&stage.tilleuls, "100", "Vieux-Secret 1", EMAIL).await;
    let sign_in = async |interaction: &str, password: &str| {
        accounts.sign_in(EMAIL, password, false, None, &at(interaction)).await.unwrap()
    };
    assert_eq!(answered(&sign_in("there", "faux faux faux").await), "wrong, 4 left");
    assert!(matches!(sign_in("there", PASSWORD).await, SignIn::Move(found) if found == id));
    assert_eq!(stage.count("attempt", "failures > 0").await, 0, "success clears the count");
    // Proved is the password, not the mailbox (SECURITY #80, D10).
    let here = accounts.enrolment(id).await.unwrap().unwrap();
    assert!(here.may_end_in("there") && !here.may_end_in("elsewhere"));
    assert_eq!(here.stage, Step::Mail);
    let early = accounts.finish(id, &shown(), false, None, &at("there")).await.unwrap();
    assert!(matches!(early, Finish::NotNow), "{}", stage.bed.name);
    assert_eq!(accounts.confirm(&token, EMAIL, PASSWORD).await.unwrap(), Confirm::Done(id));
    let done = accounts.finish(id, &shown(), false, None, &at("there")).await.unwrap();
    assert!(matches!(done, Finish::Done(..)), "{}", stage.bed.name);
    assert_eq!(answered(&sign_in("there", PASSWORD).await), "in");
}

/// SECURITY #80: a browser that proved an older password of a move does not know the one that the account will have.
#[apply(both!)]
#[tokio::test]
async fn who_proved_an_older_password_does_not_end_the_move(stage: Stage) {
    let accounts = &stage.accounts;
    stage.import(&stage.tilleuls, CSV).await;
    let (id, token) = stage.up_to_mail(&stage.tilleuls, "100", "Vieux-Secret 1", EMAIL).await;
    let proved = accounts.sign_in(EMAIL, PASSWORD, false, None, &at("first")).await.unwrap();
    assert_eq!(answered(&proved), "a move");
    let pending = accounts.enrolment(id).await.unwrap().unwrap();
    let other = "girafe tambour lampion";
    accounts.choose_password(&pending, "x", other, &at("second")).await.unwrap();
    assert_eq!(accounts.confirm(&token, EMAIL, other).await.unwrap(), Confirm::Done(id));
    assert!(!accounts.enrolment(id).await.unwrap().unwrap().may_end_in("first"), "{}", stage.bed.name);
    let stolen = accounts.finish(id, &shown(), false, None, &at("first")).await.unwrap();
    assert!(matches!(stolen, Finish::NotNow), "{}", stage.bed.name);
    let proved = accounts.sign_in(EMAIL, PASSWORD, false, None, &at("first")).await.unwrap();
    assert_eq!(answered(&proved), "wrong, 4 left");
}

/// A stranger may name any address in a move of their own; the sign-in page means the move whose mailbox was proved.
#[apply(both!)]
#[tokio::test]
async fn of_several_moves_of_an_address_the_confirmed_one_goes_on(stage: Stage) {
    let accounts = &stage.accounts;
    stage.import(&stage.tilleuls, CSV).await;
    let (own, token) = stage.up_to_mail(&stage.tilleuls, "100", "Vieux-Secret 1", EMAIL).await;
    assert_eq!(accounts.confirm(&token, EMAIL, PASSWORD).await.unwrap(), Confirm::Done(own));
    stage.bed.clock.advance(60);
    let strangers = stage.enrol(&stage.tilleuls, "101", "Vieux-Secret 2").await;
    accounts.notice_read(strangers).await.unwrap();
    accounts.choose_email(strangers, EMAIL, true, &visitor()).await.unwrap();
    let pending = accounts.enrolment(strangers).await.unwrap().unwrap();
    accounts.choose_password(&pending, "x", "girafe tambour lampion", &visitor()).await.unwrap();
    let goes_on = stage.sign_in(EMAIL, PASSWORD).await;
    assert!(matches!(goes_on, SignIn::Move(id) if id == own), "{}", stage.bed.name);
}

/// FINDING W2, S12: two moves name one address before either is confirmed, a stranger's and the owner's. The password of each continues that one, in either
/// order, and a wrong one counts once.
#[apply(both!)]
#[tokio::test]
async fn of_several_moves_of_an_address_each_password_continues_its_own(stage: Stage) {
    let accounts = &stage.accounts;
    stage.import(&stage.tilleuls, "identifier,password\n1,Vieux 1\n2,Vieux 2\n3,Vieux 3\n").await;
    let mut moves = Vec::new();
    for (n, password) in ["lampadaire orange vif", "girafe tambour lampion", PASSWORD].iter().enumerate() {
        let id = stage.enrol(&stage.tilleuls, &(n + 1).to_string(), &format!("Vieux {}", n + 1)).await;
        accounts.notice_read(id).await.unwrap();
        accounts.choose_email(id, EMAIL, true, &visitor()).await.unwrap();
        let pending = accounts.enrolment(id).await.unwrap().unwrap();
        let taken = accounts.choose_password(&pending, "x", password, &visitor()).await.unwrap();
        assert_eq!(taken, PasswordChoice::Taken);
        moves.push((id, *password));
        stage.bed.clock.advance(60);
    }
    assert_eq!(answered(&stage.sign_in(EMAIL, "faux faux faux").await), "wrong, 4 left");
    for (own, password) in moves.iter().chain(moves.iter().rev()) {
        let goes_on = stage.sign_in(EMAIL, password).await;
        assert!(matches!(goes_on, SignIn::Move(id) if id == *own), "{}: {password}", stage.bed.name);
    }
    assert_eq!(stage.count("attempt", "failures > 0").await, 0, "{}", stage.bed.name);
}

/// SECURITY #59, #60: nothing but a right password tells an address with a move from one without: the same answers, hashes and statements.
#[apply(both!)]
#[tokio::test]
async fn a_wrong_password_costs_the_same_whoever_is_meant(stage: Stage) {
    stage.import(&stage.tilleuls, CSV).await;
    stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", EMAIL).await;
    stage.up_to_mail(&stage.tilleuls, "101", "Vieux-Secret 2", "paul@exemple.test").await;
    let mut seen = Vec::new();
    for who in [EMAIL, "paul@exemple.test", "personne@exemple.test"] {
        let mut costs = Vec::new();
        for _ in 0..6 {
            let (spent, hashes) = (stage.bed.context.db.query_count(), stage.accounts.hasher().done());
            let answer = answered(&stage.sign_in(who, "faux faux faux").await);
            let now = stage.bed.context.db.query_count();
            costs.push((
                answer,
                now.statements - spent.statements,
                now.commits - spent.commits,
                stage.accounts.hasher().done() - hashes,
            ));
        }
        seen.push(costs);
    }
    assert_eq!(seen[0], seen[1], "{}", stage.bed.name);
    assert_eq!(seen[0], seen[2], "{}", stage.bed.name);
}

/// FINDING W2: the page of a locked address is true of a move as well.
#[apply(both!)]
#[tokio::test]
async fn a_locked_move_goes_on_by_its_mail_and_by_the_old_credentials(stage: Stage) {
    let accounts = &stage.accounts;
    stage.import(&stage.tilleuls, CSV).await;
    let (id, _) = stage.up_to_mail(&stage.tilleuls, "100", "Vieux-Secret 1", EMAIL).await;
    for _ in 0..5 {
        stage.sign_in(EMAIL, "faux faux faux").await;
    }
    assert_eq!(answered(&stage.sign_in(EMAIL, PASSWORD).await), "locked");
    assert!(stage.mails().await.is_empty(), "no mail is announced, and none is sent");
    assert_eq!(
        stage.enrol(&stage.tilleuls, "100", "Vieux-Secret 1").await,
        id,
        "the old credentials resume it"
    );
    accounts.forgot(EMAIL, &visitor()).await.unwrap();
    let mails = stage.mails().await;
    assert!(matches!(mails[0].body, MailBody::FinishEnrolment { .. }), "{}", stage.bed.name);
    let token = kernel::Token::parse(token_of(&mails[0])).unwrap();
    assert_eq!(accounts.confirm(&token, EMAIL, PASSWORD).await.unwrap(), Confirm::Done(id));
    assert_eq!(answered(&stage.sign_in(EMAIL, PASSWORD).await), "a move", "and the lock is off");
}

/// FINDING S12, SECURITY #57, #73: a stranger asks every ten seconds for three hours.
#[apply(both!)]
#[tokio::test]
async fn nobody_is_kept_from_a_reset_link_and_nobody_is_flooded_with_them(stage: Stage) {
    let accounts = &stage.accounts;
    stage.import(&stage.tilleuls, CSV).await;
    stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", EMAIL).await;
    stage.mails().await;
    let (mut sent, mut newest) = (Vec::new(), None);
    for second in (0..10_800).step_by(10) {
        accounts.forgot(EMAIL, &visitor()).await.unwrap();
        for mail in stage.mails().await {
            sent.push(second);
            newest = kernel::Token::parse(token_of(&mail));
        }
        // Whenever somebody asks, a link that works lies in the mailbox.
        let page = accounts.reset_page(newest.as_ref().unwrap()).await.unwrap();
        assert!(page.is_some(), "{} after {second} s", stage.bed.name);
        stage.bed.clock.advance(10);
    }
    let in_hour = |from: i32| sent.iter().filter(|at| (from..from + 3600).contains(*at)).count();
    let most = sent.iter().map(|&at| in_hour(at)).max();
    assert!(most <= Some(3), "{}: {most:?} in an hour: {sent:?}", stage.bed.name);
    assert!(sent.windows(2).all(|pair| pair[1] - pair[0] >= 60), "{sent:?}");
}

/// FINDING S12, L2: mails that strangers ask for do not count towards a move's own mails.
#[apply(both!)]
#[tokio::test]
async fn a_stranger_uses_up_no_mail_of_a_move(stage: Stage) {
    let accounts = &stage.accounts;
    stage.import(&stage.tilleuls, CSV).await;
    let (id, _) = stage.up_to_mail(&stage.tilleuls, "100", "Vieux-Secret 1", EMAIL).await;
    let mut sent = 0;
    for _ in 0..360 {
        accounts.forgot(EMAIL, &visitor()).await.unwrap();
        sent += stage.mails().await.len();
        stage.bed.clock.advance(10);
    }
    assert_eq!(sent, 2, "{}: one in half an hour", stage.bed.name);
    // The page's own are all there, and those of the next day.
    for day in 0..2 {
        for nth in day..6 {
            if nth > 0 {
                assert_eq!(accounts.resend(id).await.unwrap(), Resend::Sent, "{nth} of day {day}");
            }
            stage.bed.clock.advance(60);
        }
        stage.mails().await;
        stage.bed.clock.advance(if day == 0 { 86_400 } else { 0 });
    }
}

/// Six presses in six seconds are one mail, whose code goes on working.
#[apply(both!)]
#[tokio::test]
async fn a_password_that_is_sent_again_and_again_is_one_mail(stage: Stage) {
    let accounts = &stage.accounts;
    stage.import(&stage.tilleuls, CSV).await;
    let id = stage.enrol(&stage.tilleuls, "100", "Vieux-Secret 1").await;
    accounts.notice_read(id).await.unwrap();
    accounts.choose_email(id, EMAIL, true, &at("own")).await.unwrap();
    for nth in 0..6 {
        let pending = accounts.enrolment(id).await.unwrap().unwrap();
        let chosen = accounts.choose_password(&pending, "x", PASSWORD, &at("own")).await.unwrap();
        assert_eq!(chosen, PasswordChoice::Taken);
        assert_eq!(stage.mails().await.len(), usize::from(nth == 0), "{}", stage.bed.name);
        stage.bed.clock.advance(1);
    }
    assert!(accounts.enrolment(id).await.unwrap().unwrap().has_code(stage.bed.context.now()));
    // An address that no mail went to is always written to.
    assert_eq!(
        accounts.choose_email(id, "autre@exemple.test", true, &at("own")).await.unwrap(),
        EmailChoice::Taken
    );
    assert_eq!(stage.mails().await.len(), 1);
}

/// FINDING S13: attempts at an old identifier lock it for the network that they come from.
#[apply(both!)]
#[tokio::test]
async fn an_old_identifier_is_locked_where_it_was_tried_and_nowhere_else(stage: Stage) {
    stage.import(&stage.tilleuls, CSV).await;
    for identifier in ["100", "999"] {
        for expected in
            ["wrong, 4 left", "wrong, 3 left", "wrong, 2 left", "wrong, 1 left", "locked for 60 min"]
        {
            assert_eq!(old(&stage, identifier, "faux", &from(1)).await, expected);
        }
        assert_eq!(old(&stage, identifier, "Vieux-Secret 1", &from(1)).await, "locked for 60 min");
        assert_eq!(old(&stage, identifier, "faux", &from(2)).await, "wrong, 4 left");
    }
    assert_eq!(old(&stage, "100", "Vieux-Secret 1", &from(2)).await, "enrolment", "{}", stage.bed.name);
}

/// FINDING S13: the sum of all networks, but not against the one from which its owner came before.
#[apply(both!)]
#[tokio::test]
async fn many_networks_together_lock_an_old_identifier_but_not_its_owners_own(stage: Stage) {
    stage.import(&stage.tilleuls, CSV).await;
    assert_eq!(old(&stage, "100", "Vieux-Secret 1", &from(200)).await, "enrolment");
    let mut hashes = stage.accounts.hasher().done();
    for network in 1..=10 {
        for _ in 0..5 {
            old(&stage, "100", "faux", &from(network)).await;
        }
    }
    hashes = stage.accounts.hasher().done() - hashes;
    assert_eq!(hashes, 50, "five checks for each network");
    assert_eq!(old(&stage, "100", "Vieux-Secret 1", &from(11)).await, "locked for 60 min");
    assert_eq!(old(&stage, "101", "Vieux-Secret 2", &from(11)).await, "enrolment", "another identifier");
    assert_eq!(old(&stage, "100", "Vieux-Secret 1", &from(200)).await, "enrolment", "{}", stage.bed.name);
    stage.bed.clock.advance(3600);
    assert_eq!(old(&stage, "100", "Vieux-Secret 1", &from(11)).await, "enrolment");
}

/// SECURITY I5: five checks an identifier and network, however many come at once.
#[apply(both!)]
#[tokio::test]
async fn two_hundred_old_passwords_at_once_from_one_network_are_five_checks(stage: Stage) {
    stage.import(&stage.tilleuls, CSV).await;
    let stage = Arc::new(stage);
    let before = stage.accounts.hasher().done();
    let tries: Vec<_> = (0..200)
        .map(|_| {
            let stage = stage.clone();
            tokio::spawn(async move { old(&stage, "100", "faux", &from(1)).await })
        })
        .collect();
    for answer in tries {
        answer.await.unwrap();
    }
    assert_eq!(stage.accounts.hasher().done() - before, 5, "{}", stage.bed.name);
    assert_eq!(stage.count("attempt", "bucket = '*' AND failures = 5").await, 1);
    assert_eq!(old(&stage, "100", "Vieux-Secret 1", &from(2)).await, "enrolment");
}

/// FINDING S18: an unknown identifier costs as much time as the agency's most expensive hash.
#[apply(both!)]
#[tokio::test]
async fn every_old_identifier_costs_the_same_dear_hashes(stage: Stage) {
    // `secret`, by bcrypt at cost 4 and 5, and one that is cheap.
    let csv = "identifier,password_hash,password\n\
            100,$2y$04$ZRKVXIpSsCqNGqlUHG0fiOKLhsVSFGyt.0AzsTKn9SfMHF.1JEDtW,\n\
            101,$2y$05$abcdefghijklmnopqrstuu5Z1lX9aTq6Vb6yP7hZfHnGm0oR1oW8e,\n\
            102,,Vieux-Secret 3\n";
    let report = stage.import(&stage.tilleuls, csv).await;
    assert_eq!(report.added, 3, "{:?}", report.bad);
    assert_eq!(stage.count("legacy_recipe", "agency_id = 'tilleuls'").await, 2, "{}", stage.bed.name);
    let cost = async |identifier: &str| {
        let hasher = stage.accounts.hasher();
        let before = (hasher.done(), hasher.dear_done());
        assert_eq!(old(&stage, identifier, "faux", &visitor()).await, "wrong, 4 left");
        (hasher.done() - before.0, hasher.dear_done() - before.1)
    };
    let mut costs = BTreeSet::new();
    for identifier in ["100", "101", "102", "999"] {
        costs.insert(cost(identifier).await);
    }
    assert_eq!(costs.into_iter().collect::<Vec<_>>(), [(1, 2)], "{}", stage.bed.name);
    // Another agency's are its own.
    let before = stage.accounts.hasher().dear_done();
    stage.accounts.prove_legacy(&stage.rivage, "100", "faux", None, &visitor()).await.unwrap();
    assert_eq!(stage.accounts.hasher().dear_done(), before);
    // What an older version imported is learnt when it is met.
    stage.write("DELETE FROM legacy_recipe").await;
    old(&stage, "101", "faux", &from(9)).await;
    assert_eq!(stage.count("legacy_recipe", "1 = 1").await, 1);
}

/// FINDING L13: another browser with the same old credentials changes nothing of a move at its last step, and has a move of its own.
#[apply(both!)]
#[tokio::test]
async fn a_move_at_its_last_step_is_left_to_who_brought_it_there(stage: Stage) {
    let accounts = &stage.accounts;
    stage.import(&stage.tilleuls, CSV).await;
    let prove = async |interaction: &str| {
        let visitor = at(interaction);
        let proof = accounts
            .prove_legacy(&stage.tilleuls, "100", "Vieux-Secret 1", Some(interaction), &visitor)
            .await
            .unwrap();
        let LegacyProof::Enrolment(id) = proof else { panic!("{}", said(&proof)) };
        id
    };
    let id = prove("own").await;
    accounts.notice_read(id).await.unwrap();
    accounts.choose_email(id, EMAIL, true, &at("own")).await.unwrap();
    let pending = accounts.enrolment(id).await.unwrap().unwrap();
    accounts.choose_password(&pending, "x", PASSWORD, &at("own")).await.unwrap();
    let token = stage.mailed_token(EMAIL).await;
    assert_eq!(accounts.confirm(&token, EMAIL, PASSWORD).await.unwrap(), Confirm::Done(id));
    let confirmed = accounts.enrolment(id).await.unwrap().unwrap();

    assert_eq!(prove("other").await, id, "resumed, and waits for the mail");
    let seen = accounts.enrolment(id).await.unwrap().unwrap();
    assert!(seen.is_anothers("other") && !seen.is_anothers("own"));
    for address in ["voleur@exemple.test", EMAIL] {
        let chosen = accounts.choose_email(id, address, true, &at("other")).await.unwrap();
        assert_eq!(chosen, EmailChoice::Anothers, "{}", stage.bed.name);
    }
    let chosen = accounts.choose_password(&seen, "x", "girafe tambour lampion", &at("other")).await.unwrap();
    assert_eq!(chosen, PasswordChoice::Gone);
    let after = accounts.enrolment(id).await.unwrap().unwrap();
    assert_eq!((after.stage, after.email, after.origin), (Step::Terms, confirmed.email, confirmed.origin));

    // Who forgot the new password is not shut out: a move of their own, of which there are few.
    let beside = accounts.begin_beside(id, &at("other")).await.unwrap().unwrap();
    assert_eq!(accounts.enrolment(beside).await.unwrap().unwrap().stage, Step::Email);
    assert!(accounts.begin_beside(id, &at("other")).await.unwrap().is_some());
    assert!(accounts.begin_beside(id, &at("other")).await.unwrap().is_none(), "three at a time");
    let done = accounts.finish(id, &shown(), false, None, &at("own")).await.unwrap();
    assert!(matches!(done, Finish::Done(..)), "{}", stage.bed.name);
    assert!(accounts.enrolment(beside).await.unwrap().is_none(), "the identity has moved");
}

/// FINDING S7: the estimator runs where passwords are hashed, and nowhere else.
#[apply(both!)]
#[tokio::test]
async fn a_password_is_judged_on_a_hashing_thread(stage: Stage) {
    stage.import(&stage.tilleuls, CSV).await;
    let id = stage.enrol(&stage.tilleuls, "100", "Vieux-Secret 1").await;
    stage.accounts.notice_read(id).await.unwrap();
    stage.accounts.choose_email(id, EMAIL, true, &visitor()).await.unwrap();
    let pending = stage.accounts.enrolment(id).await.unwrap().unwrap();
    let cost = HashCost { memory: 64, passes: 1, lanes: 1 };
    let full = Hasher::new(cost, 1, 0, stage.bed.context.rng.clone()).unwrap();
    let terms = Arc::new(arc_swap::ArcSwap::from_pointee(TermsLibrary::new(vec![])));
    let busy = accounts::Accounts::new(stage.bed.context.clone(), Arc::new(full), Rules::default(), terms);
    let choose = async |typed: &str| busy.choose_password(&pending, "x", typed, &visitor()).await.unwrap();
    assert_eq!(choose("azertyuiopqsdf").await, PasswordChoice::Busy, "guessable, which nobody found out");
    assert_eq!(choose("court").await, PasswordChoice::Problems(vec![PasswordProblem::TooShort]));
}
