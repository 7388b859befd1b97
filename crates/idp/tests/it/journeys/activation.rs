//! Activation codes, by hand and by the address in a letter's QR code (SPEC J15).

use accounts::{ActivationCode, Intervention, Search, Target};
use testbed::{apply, both};
use testkit::Visitor;

use crate::journeys::{portal::Portal, world::World};

async fn code_of(world: &World, identifier: &str) -> ActivationCode {
    let (accounts, agency) = (&world.idp.accounts, world.agency("tilleuls"));
    let by =
        Intervention { by: "root@host".into(), role: "operator", agency: None, reason: "a letter".into() };
    let found = accounts.find(&Search::Identifier(&agency, identifier)).await.unwrap();
    let Some(Target::Identity(id)) = found.first().map(|found| found.target) else {
        panic!("{identifier} has moved")
    };
    accounts.issue_code(id, &by).await.unwrap().unwrap_or_else(|refused| panic!("{refused:?}")).code
}

/// Somebody at the door of old credentials, at a portal, who follows the link to the page that asks for a code.
async fn with_a_letter(world: &World) -> Visitor {
    let mut marie = world.visitor();
    Portal::new(world, "tilleuls").send(&mut marie, &[]).await;
    for way in ["/legacy", "&code=1"] {
        let link = marie.screen.links().into_iter().find(|link| link.ends_with(way)).expect(way);
        marie.open(&link).await;
    }
    marie.screen.says("Code d'activation");
    marie
}

#[apply(both!)]
#[tokio::test]
async fn the_address_on_a_letter_fills_the_fields_in_and_keeps_nothing(world: World) {
    let code = code_of(&world, "100").await;
    let mut marie = world.visitor();
    let address = format!("/activate?agency=tilleuls&identifier=100&code={}", code.text().to_lowercase());
    marie.open(&address).await;
    let plain = code.text().to_lowercase();
    assert!(!marie.screen.address().as_str().contains(&plain), "{}", marie.screen.address());
    assert_eq!(marie.screen.field("identifier").as_deref(), Some("100"));
    assert_eq!(marie.screen.field("activation").as_deref(), Some(&*plain));
    assert_eq!(world.count("attempt", "1 = 1").await, 0, "an address alone tries nothing");
    marie.submit("/legacy", &[]).await;
    assert!(marie.screen.asks("notice"), "{}: {}", world.bed.name, marie.screen.heading());
    assert_eq!(world.count("enrolment", "agency_id = 'tilleuls'").await, 1);
}

#[apply(both!)]
#[tokio::test]
async fn a_letter_of_no_agency_asks_which(world: World) {
    let mut marie = world.visitor();
    for address in ["/activate", "/activate?agency=nulle-part&code=x", "/activate?identifier=100"] {
        marie.open(address).await.says("Quelle agence vous a remis l'identifiant");
    }
}

#[apply(both!)]
#[tokio::test]
async fn a_slip_is_no_attempt_and_a_wrong_code_is(world: World) {
    let (right, other) = (code_of(&world, "100").await, code_of(&world, "101").await);
    let mut marie = with_a_letter(&world).await;
    let typed = |code: &str| [("identifier", "100".to_owned()), ("activation", code.to_owned())];
    let submit = async |marie: &mut Visitor, code: &str| {
        let typed = typed(code);
        marie.submit("/legacy", &typed.each_ref().map(|(name, text)| (*name, text.as_str()))).await;
    };
    for slip in ["AAAA-AAAA-AAAC", "ABCD", &right.text()[1..], "Vieux-Secret 1", &"7".repeat(4000)] {
        submit(&mut marie, slip).await;
        marie.screen.says("Ce code contient une faute de frappe").says("n'a pas été compté");
    }
    submit(&mut marie, "").await;
    marie.screen.says("Saisissez votre code d'activation");
    assert_eq!(world.count("attempt", "failures > 0").await, 0, "{}", world.bed.name);
    submit(&mut marie, &other.text()).await;
    marie.screen.says("Identifiant ou code invalide").says("4 essais");
    assert!(marie.screen.field("activation").is_some(), "the page goes on asking for a code");
    assert_eq!(world.count("attempt", "failures = 1").await, 2, "the network's, and all networks'");
    submit(&mut marie, &right.text()).await;
    assert!(marie.screen.asks("notice"), "{}: {}", world.bed.name, marie.screen.heading());
}
