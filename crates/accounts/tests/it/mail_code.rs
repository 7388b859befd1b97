//! The code in the confirmation mail (docs/adr/0010): for the browser in which the password was chosen, five times, until the next mail.

use accounts::{
    CodeGiven, Confirm, EmailChoice, EnrolmentId, Finish, MailBody, Resend, Stage as Step, Visitor,
};
use testbed::{apply, both};

use crate::stage::{PASSWORD, Stage, shown, visitor};

const CSV: &str = "identifier,client_ref,password,email,name\n\
    100,CT-1,Vieux-Secret 1,marie@exemple.test,Marie Durand\n\
    101,CT-2,Vieux-Secret 2,paul@exemple.test,Paul Martin\n";
const MARIE: &str = "marie@exemple.test";
const HERE: &str = "the interaction";

fn before(interaction: &str) -> Visitor {
    let origin = accounts::Origin { interaction: Some(interaction.into()), ..accounts::Origin::default() };
    Visitor { origin, ..visitor() }
}

async fn choose_password(stage: &Stage, id: EnrolmentId, interaction: &str) {
    let enrolment = stage.accounts.enrolment(id).await.unwrap().unwrap();
    let chosen =
        stage.accounts.choose_password(&enrolment, "Tilleuls", PASSWORD, &before(interaction)).await.unwrap();
    assert_eq!(chosen, accounts::PasswordChoice::Taken);
}

/// A move of Marie's that waits for its mail, with the password chosen here.
async fn waits(stage: &Stage) -> EnrolmentId {
    stage.import(&stage.tilleuls, CSV).await;
    let id = stage.enrol(&stage.tilleuls, "100", "Vieux-Secret 1").await;
    stage.accounts.notice_read(id).await.unwrap();
    stage.accounts.choose_email(id, MARIE, true, &visitor()).await.unwrap();
    choose_password(stage, id, HERE).await;
    id
}

/// The code in the newest mail to somebody.
async fn code(stage: &Stage, to: &str) -> String {
    let mails = stage.mails().await;
    let mut codes = mails.iter().filter(|m| m.to == to).filter_map(|m| match &m.body {
        MailBody::Confirm { code, .. } => code.clone(),
        _ => None,
    });
    codes.next_back().unwrap_or_else(|| panic!("{}: no code to {to}", stage.bed.name))
}

/// A code that differs from this one.
fn wrong(code: &str) -> String {
    if code.starts_with('7') { "1234 5678".into() } else { format!("7{}", &code[1..]) }
}

async fn give(stage: &Stage, id: EnrolmentId, code: &str) -> CodeGiven {
    stage.accounts.confirm_by_code(id, HERE, code).await.unwrap()
}

async fn step(stage: &Stage, id: EnrolmentId) -> Step {
    stage.accounts.enrolment(id).await.unwrap().unwrap().stage
}

#[apply(both!)]
#[tokio::test]
async fn the_code_confirms_where_the_password_was_chosen_and_once(stage: Stage) {
    let id = waits(&stage).await;
    let code = code(&stage, MARIE).await;
    assert_eq!(give(&stage, id, "").await, CodeGiven::Unreadable);
    assert_eq!(give(&stage, id, &code.replace(' ', " - ")).await, CodeGiven::Done, "{}", stage.bed.name);
    assert_eq!(step(&stage, id).await, Step::Terms);
    assert_eq!(stage.count("account", "1=1").await, 0, "no account before the end (PEOPLE U-02)");
    assert_eq!(give(&stage, id, &code).await, CodeGiven::NotNow);
    assert_eq!(stage.count("enrolment", "code_hash IS NOT NULL").await, 0);
    let done = stage.accounts.finish(id, &shown(), false, None, &before(HERE)).await.unwrap();
    assert!(matches!(done, Finish::Done(..)), "{}", stage.bed.name);
    assert_eq!(give(&stage, id, &code).await, CodeGiven::NotNow);
}

/// SECURITY #80: the mailbox alone is not enough. Another browser, which gave the same old credentials, does not confirm by the code; and once the
/// password is chosen in it, the code of before is nobody's.
#[apply(both!)]
#[tokio::test]
async fn the_code_is_nothing_in_another_browser(stage: Stage) {
    let id = waits(&stage).await;
    let first = code(&stage, MARIE).await;
    let elsewhere = async |interaction: &str, code: &str| {
        stage.accounts.confirm_by_code(id, interaction, code).await.unwrap()
    };
    assert_eq!(elsewhere("another", &first).await, CodeGiven::NotNow);
    assert_eq!(elsewhere("", &first).await, CodeGiven::NotNow);
    assert_eq!(stage.count("enrolment", "code_tries = 0").await, 1, "and does not use it up");
    stage.bed.clock.advance(61);
    choose_password(&stage, id, "another").await;
    let second = code(&stage, MARIE).await;
    assert_eq!(give(&stage, id, &first).await, CodeGiven::NotNow);
    assert_eq!(give(&stage, id, &second).await, CodeGiven::NotNow);
    assert_eq!(elsewhere("another", &first).await, CodeGiven::Wrong { remaining: 4 });
    assert_eq!(elsewhere("another", &second).await, CodeGiven::Done);
}

/// SECURITY #80: the same where no more mails are sent: the code belongs to the browser, not to the row.
#[apply(both!)]
#[tokio::test]
async fn a_password_chosen_elsewhere_without_another_mail_takes_the_code_away(stage: Stage) {
    let id = waits(&stage).await;
    let code = code(&stage, MARIE).await;
    stage.write("UPDATE enrolment SET mails = 6").await;
    choose_password(&stage, id, "another").await;
    let given = stage.accounts.confirm_by_code(id, "another", &code).await.unwrap();
    assert_eq!(given, CodeGiven::Spent, "{}", stage.bed.name);
    assert_eq!(step(&stage, id).await, Step::Mail);
}

/// Five attempts a code, counted in the database; then not even the right one, but the link and the next mail go on.
#[apply(both!)]
#[tokio::test]
async fn five_wrong_codes_end_it_until_the_next_mail(stage: Stage) {
    let id = waits(&stage).await;
    let first = code(&stage, MARIE).await;
    for remaining in [4, 3, 2, 1] {
        assert_eq!(give(&stage, id, &wrong(&first)).await, CodeGiven::Wrong { remaining });
        assert_eq!(give(&stage, id, "123").await, CodeGiven::Unreadable, "no attempt");
    }
    assert_eq!(give(&stage, id, &wrong(&first)).await, CodeGiven::Spent);
    assert_eq!(give(&stage, id, &first).await, CodeGiven::Spent, "{}", stage.bed.name);
    assert_eq!(step(&stage, id).await, Step::Mail);
    let pending = stage.accounts.enrolment(id).await.unwrap().unwrap();
    assert!(!pending.has_code(stage.bed.context.now()));
    stage.bed.clock.advance(61);
    assert_eq!(stage.accounts.resend(id).await.unwrap(), Resend::Sent);
    let second = code(&stage, MARIE).await;
    assert_ne!(first, second);
    assert_eq!(give(&stage, id, &first).await, CodeGiven::Wrong { remaining: 4 }, "the newest mail only");
    assert_eq!(give(&stage, id, &second).await, CodeGiven::Done);
}

#[apply(both!)]
#[tokio::test]
async fn a_code_works_for_a_day_and_the_link_longer(stage: Stage) {
    let id = waits(&stage).await;
    let mails = stage.mails().await;
    let MailBody::Confirm { token, code: Some(code), .. } = &mails[0].body else { panic!("no code") };
    stage.bed.clock.advance(86_400);
    assert_eq!(give(&stage, id, code).await, CodeGiven::Spent, "{}", stage.bed.name);
    let token = kernel::Token::parse(token).unwrap();
    assert_eq!(stage.accounts.confirm(&token, MARIE, PASSWORD).await.unwrap(), Confirm::Done(id));
    assert_eq!(stage.count("enrolment", "code_hash IS NOT NULL").await, 0, "confirmed by the link");
}

/// PEOPLE U-09: a code proves the address that it was mailed to.
#[apply(both!)]
#[tokio::test]
async fn a_corrected_address_needs_its_own_code(stage: Stage) {
    let id = waits(&stage).await;
    let first = code(&stage, MARIE).await;
    let corrected = stage.accounts.choose_email(id, "m.durand@exemple.test", true, &visitor()).await.unwrap();
    assert_eq!(corrected, EmailChoice::Taken);
    assert_eq!(give(&stage, id, &first).await, CodeGiven::Wrong { remaining: 4 });
    let second = code(&stage, "m.durand@exemple.test").await;
    // Back at the first address, the second one's code is nothing either, nor the first one's of before.
    stage.accounts.choose_email(id, MARIE, true, &visitor()).await.unwrap();
    for old in [&first, &second] {
        assert!(matches!(give(&stage, id, old).await, CodeGiven::Wrong { .. }), "{}", stage.bed.name);
    }
    let third = code(&stage, MARIE).await;
    assert_eq!(give(&stage, id, &third).await, CodeGiven::Done);
    stage.accounts.choose_email(id, "paul@exemple.test", true, &visitor()).await.unwrap();
    assert_eq!(step(&stage, id).await, Step::Mail, "another address is unconfirmed again");
}

/// SECURITY D10: somebody else confirmed the address first. The code still shows whose mailbox it is, and attaches to that account only with its password.
#[apply(both!)]
#[tokio::test]
async fn a_code_for_an_address_that_was_won_leads_to_that_account(stage: Stage) {
    let id = waits(&stage).await;
    let code = code(&stage, MARIE).await;
    stage.moved(&stage.tilleuls, "101", "Vieux-Secret 2", MARIE).await;
    assert_eq!(give(&stage, id, &code).await, CodeGiven::Done);
    assert_eq!(step(&stage, id).await, Step::Link);
    let finished = stage.accounts.finish(id, &shown(), false, None, &before(HERE)).await.unwrap();
    assert!(matches!(finished, Finish::NotNow), "{}", stage.bed.name);
}

/// SECURITY #68: of many at once exactly one confirms, and wrong ones at once are five and no more.
#[apply(both!)]
#[tokio::test]
async fn many_codes_at_once_are_one_confirmation_and_five_attempts(stage: Stage) {
    let id = waits(&stage).await;
    let right = code(&stage, MARIE).await;
    let all = async |code: &str| {
        let mut given = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let (accounts, code) = (stage.accounts.clone(), code.to_owned());
            given.spawn(async move { accounts.confirm_by_code(id, HERE, &code).await.unwrap() });
        }
        given.join_all().await
    };
    let answers = all(&wrong(&right)).await;
    let counted =
        |answers: &[CodeGiven], wanted: fn(&CodeGiven) -> bool| answers.iter().filter(|a| wanted(a)).count();
    assert_eq!(counted(&answers, |a| matches!(a, CodeGiven::Wrong { .. })), 4, "{}", stage.bed.name);
    assert_eq!(counted(&answers, |a| *a == CodeGiven::Spent), 12);
    assert_eq!(stage.count("enrolment", "code_tries = 5").await, 1);
    stage.bed.clock.advance(61);
    stage.accounts.resend(id).await.unwrap();
    let right = code(&stage, MARIE).await;
    let answers = all(&right).await;
    assert_eq!(counted(&answers, |a| *a == CodeGiven::Done), 1, "{}", stage.bed.name);
    assert_eq!(counted(&answers, |a| *a == CodeGiven::NotNow), 15);
}

/// SECURITY #72, B24: what the database holds of a code gives it to nobody: not in clear, and not as a hash that can be tried out without the key.
#[apply(both!)]
#[tokio::test]
async fn a_copy_of_the_database_does_not_tell_the_code(stage: Stage) {
    let id = waits(&stage).await;
    let code = code(&stage, MARIE).await;
    let digits: String = code.chars().filter(char::is_ascii_digit).collect();
    for guess in [&digits, &code, &format!("{id}\n{MARIE}\n{HERE}\n{digits}")] {
        let plain = kernel::Digest::of_mac(kernel::sha256(guess.as_bytes()));
        let holds = format!("code_hash = '{}' OR code_hash LIKE '%{digits}%'", plain.as_str());
        assert_eq!(stage.count("enrolment", &holds).await, 0, "{}", stage.bed.name);
    }
    assert_eq!(stage.count("enrolment", "length(code_hash) = 43").await, 1);
}
