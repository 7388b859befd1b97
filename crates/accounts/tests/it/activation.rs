//! Activation codes in place of old passwords (SPEC J15).

use accounts::{
    ACTIVATION_DAYS, ActivationCode, CodeRefused, Intervention, IssuedCode, LegacyProof, Search, Target,
};
use testbed::{apply, both};

use crate::stage::{Stage, said, visitor};

const CSV: &str = "identifier,client_ref,password\n100,R/1,Vieux-Secret 1\n101,R/2,\n";
const DAYS: i64 = ACTIVATION_DAYS as i64 * 86_400;

async fn issued(stage: &Stage, identifier: &str) -> Result<IssuedCode, CodeRefused> {
    let by = Intervention {
        by: "root@host".into(),
        role: "operator",
        agency: None,
        reason: "lost password".into(),
    };
    let found = stage.accounts.find(&Search::Identifier(&stage.tilleuls, identifier)).await.unwrap();
    let Some(Target::Identity(id)) = found.first().map(|found| found.target) else {
        return Err(CodeRefused::Moved);
    };
    stage.accounts.issue_code(id, &by).await.unwrap()
}

async fn code_of(stage: &Stage, identifier: &str) -> ActivationCode {
    issued(stage, identifier).await.unwrap_or_else(|refused| panic!("{}: {refused:?}", stage.bed.name)).code
}

async fn proved(stage: &Stage, identifier: &str, typed: &str) -> LegacyProof {
    stage.accounts.prove_legacy(&stage.tilleuls, identifier, typed, None, &visitor()).await.unwrap()
}

#[apply(both!)]
#[tokio::test]
async fn a_code_begins_the_move_of_who_has_no_password(stage: Stage) {
    stage.import(&stage.tilleuls, CSV).await;
    let code = code_of(&stage, "101").await;
    let first = match proved(&stage, "101", &code.text().to_lowercase()).await {
        LegacyProof::Enrolment(id) => id,
        other => panic!("{}: {}", stage.bed.name, said(&other)),
    };
    // Given again, it goes on with the same move, and the evidence tells of the first time.
    assert!(matches!(proved(&stage, "101", &code.text()).await, LegacyProof::Enrolment(id) if id == first));
    for (kind, body) in [
        ("issued", "%\"by\":\"root@host\"%\"reason\":\"lost password\"%"),
        ("used", "%\"client_ref\":\"R/2\"%"),
    ] {
        let told = format!("kind = 'activation code {kind}' AND body LIKE '{body}'");
        assert_eq!(stage.count("evidence", &told).await, 1, "{kind} on {}", stage.bed.name);
    }
    let plain = code.text().replace('-', "");
    assert_eq!(stage.count("activation_code", &format!("hash LIKE '%{plain}%'")).await, 0);
    // It is one identity's alone, and the old password of another is as good as before.
    assert_eq!(said(&proved(&stage, "100", &code.text()).await), "wrong, 4 left");
    assert_eq!(said(&proved(&stage, "100", "Vieux-Secret 1").await), "enrolment");
}

#[apply(both!)]
#[tokio::test]
async fn a_code_works_once_for_one_move_and_until_another_is_issued(stage: Stage) {
    stage.import(&stage.tilleuls, CSV).await;
    let (old, new) = (code_of(&stage, "100").await, code_of(&stage, "100").await);
    assert_eq!(said(&proved(&stage, "100", &old.text()).await), "wrong, 4 left", "{}", stage.bed.name);
    stage.moved(&stage.tilleuls, "100", &new.text(), "marie@exemple.test").await;
    // Nothing begins anew with it: its holder is told where the account is.
    assert_eq!(said(&proved(&stage, "100", &new.text()).await), "moved to m•••••@e•••.test");
    assert_eq!(issued(&stage, "100").await.err(), Some(CodeRefused::Moved), "{}", stage.bed.name);
    let code = code_of(&stage, "101").await;
    stage.bed.clock.advance(DAYS - 1);
    assert_eq!(said(&proved(&stage, "101", &code.text()).await), "enrolment");
    stage.bed.clock.advance(1);
    assert_eq!(said(&proved(&stage, "101", &code.text()).await), "wrong, 4 left", "{}", stage.bed.name);
    stage.bed.clock.advance(1);
    stage.accounts.purge().await.unwrap();
    assert_eq!(stage.count("activation_code", "1 = 1").await, 0);
}

#[apply(both!)]
#[tokio::test]
async fn wrong_codes_count_as_wrong_passwords_and_tell_nothing(stage: Stage) {
    stage.import(&stage.tilleuls, CSV).await;
    let (right, wrong) = (code_of(&stage, "101").await, code_of(&stage, "100").await);
    for identifier in ["101", "999"] {
        for left in (1..=4).rev() {
            let told = said(&proved(&stage, identifier, &wrong.text()).await);
            assert_eq!(told, format!("wrong, {left} left"), "{identifier} on {}", stage.bed.name);
        }
        assert_eq!(said(&proved(&stage, identifier, &wrong.text()).await), "locked for 60 min");
        assert_eq!(said(&proved(&stage, identifier, &right.text()).await), "locked for 60 min");
    }
    stage.bed.clock.advance(3601);
    assert_eq!(said(&proved(&stage, "101", &right.text()).await), "enrolment", "{}", stage.bed.name);
}
