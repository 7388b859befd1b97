//! The invitation of staff: an account without an identity, by a mailed link (SPEC J14).

use accounts::{Email, Intervention, InvitationTaken, Invited, Invitee, PasswordProblem, SignIn};
use kernel::Token;
use testbed::{apply, both};

use crate::stage::{PASSWORD, Stage, visitor};

const LEA: &str = "lea@exemple.test";
const DAY: i64 = 86_400;

async fn invite(stage: &Stage) -> Invited {
    let email = Email::parse(LEA).unwrap();
    let invitee = Invitee { email: &email, name: "Léa Martin", agency: Some("tilleuls"), locale: "fr" };
    let by = Intervention { by: "odile@poste".into(), role: "operator", agency: None, reason: String::new() };
    stage.accounts.invite(invitee, &by).await.unwrap()
}

async fn invited(stage: &Stage) -> Token {
    assert!(matches!(invite(stage).await, Invited::Done { .. }), "{}", stage.bed.name);
    stage.mailed_token(LEA).await
}

async fn take(stage: &Stage, token: &Token, typed: &str) -> InvitationTaken {
    let typed = ("Léa Martin", typed);
    stage.accounts.take_invitation(token, typed, None, &visitor()).await.unwrap()
}

/// SPEC J14
#[apply(both!)]
#[tokio::test]
async fn an_invitation_makes_an_account_once_and_a_newer_one_replaces_it(stage: Stage) {
    let name = stage.bed.name;
    let older = invited(&stage).await;
    assert!(matches!(invite(&stage).await, Invited::Wait(60)), "{name}");
    assert!(stage.mails().await.is_empty(), "{name}");
    stage.bed.clock.advance(60);
    let token = invited(&stage).await;
    assert!(stage.accounts.invitation_page(&older).await.unwrap().is_none(), "{name}: replaced");
    assert!(matches!(take(&stage, &older, PASSWORD).await, InvitationTaken::Dead), "{name}");
    let stored = format!("token_hash = '{}'", token.text());
    assert_eq!(stage.count("staff_invitation", &stored).await, 0, "{name}: only its hash is stored");
    let page = stage.accounts.invitation_page(&token).await.unwrap().unwrap();
    assert_eq!((page.email.as_str(), page.agency.as_deref()), (LEA, Some("tilleuls")), "{name}");
    let InvitationTaken::Problems(problems) = take(&stage, &token, "court").await else { panic!("{name}") };
    assert!(problems.contains(&PasswordProblem::TooShort), "{name}: {problems:?}");
    // Two clicks at the same moment.
    let both = [(); 2].map(|()| {
        let (accounts, token) = (stage.accounts.clone(), Token::parse(&token.text()).unwrap());
        tokio::spawn(async move {
            let typed = ("Léa Martin", PASSWORD);
            accounts.take_invitation(&token, typed, None, &visitor()).await.unwrap()
        })
    });
    let mut done = 0;
    for one in both {
        match one.await.unwrap() {
            InvitationTaken::Done(signed_in) => {
                assert!(stage.accounts.session(&signed_in.token).await.unwrap().is_some(), "{name}");
                done += 1;
            }
            InvitationTaken::Dead => {}
            _ => panic!("{name}: neither done nor dead"),
        }
    }
    assert_eq!((done, stage.count("account", "1 = 1").await), (1, 1), "{name}");
    assert!(stage.accounts.invitation_page(&token).await.unwrap().is_none(), "{name}: used");
    assert!(matches!(stage.sign_in(LEA, PASSWORD).await, SignIn::In(_)), "{name}");
    assert_eq!(invite(&stage).await, Invited::HasAccount, "{name}");
    let entry =
        "kind = 'staff invited' AND body LIKE '%\"by\":\"odile@poste\"%' AND body LIKE '%Léa Martin%'";
    assert_eq!(stage.count("evidence", entry).await, 2, "{name}");
    assert_eq!(stage.count("evidence", "kind = 'staff account created' AND account_id IS NOT NULL").await, 1);
    assert_eq!(stage.count("evidence", "body LIKE '%@exemple%'").await, 0, "{name}: no address in it");
}

#[apply(both!)]
#[tokio::test]
async fn an_invitation_ends_after_seven_days_and_with_a_move_to_its_address(stage: Stage) {
    let name = stage.bed.name;
    let token = invited(&stage).await;
    stage.bed.clock.advance(7 * DAY);
    assert!(matches!(take(&stage, &token, PASSWORD).await, InvitationTaken::Dead), "{name}: too old");
    stage.accounts.purge().await.unwrap();
    stage.bed.clock.advance(1);
    stage.accounts.purge().await.unwrap();
    assert_eq!(stage.count("staff_invitation", "1 = 1").await, 0, "{name}");
    let token = invited(&stage).await;
    stage
        .import(&stage.tilleuls, "identifier,client_ref,password,email,name\n100,CT-1,Vieux-Secret 1,,\n")
        .await;
    stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", LEA).await;
    assert!(stage.accounts.invitation_page(&token).await.unwrap().is_none(), "{name}");
    let another = take(&stage, &token, "girafe tambour lampion").await;
    assert!(matches!(another, InvitationTaken::Dead), "{name}");
    assert!(matches!(stage.sign_in(LEA, PASSWORD).await, SignIn::In(_)), "{name}: the account is as it was");
}
