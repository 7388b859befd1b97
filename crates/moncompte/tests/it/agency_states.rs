//! An agency's states (docs/operate/change.md): what its people read, what its portals are answered, and that nobody is told that it is their fault (FINDING P10).

use kernel::sea_orm::{ConnectionTrait, Statement};
use testbed::{Bed, apply, both};

use crate::{
    person::{Page, Person, Persona},
    place::{MAIL_FOLDER, Place, Running, eventually},
};

/// A provider at which somebody has moved and is signed in at the agency's portal.
struct House {
    running: Running,
    place: Place,
    person: Person,
}

impl House {
    async fn on(bed: Bed) -> Self {
        let place = Place::new(bed, MAIL_FOLDER);
        let mover = Persona::number(0);
        place.people([mover.row()]);
        let running = place.serve().await;
        let person = Person::new(&place.issuer());
        person.moves(&mover, &place).await;
        assert!(person.asked_by_portal().await.code().is_some());
        Self { running, place, person }
    }

    /// Writes lines at the top of the agency's file, in place of those before, and applies it.
    fn state(&self, lines: &str) {
        let file = self.place.path("agencies/exemple.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        let from = text.find("name =").unwrap();
        std::fs::write(&file, format!("{lines}\n{}", &text[from..])).unwrap();
        self.apply(&[]);
    }

    fn apply(&self, more: &[&str]) {
        let out = self.place.run("apply", more);
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    }

    async fn silently(&self) -> Page {
        let request = format!("{}&prompt=none", request());
        self.person.get(&request).await
    }

    async fn count(&self, sql: &str) -> i64 {
        let db = self.place.bed.context.db.reader();
        let query =
            Statement::from_string(db.get_database_backend(), format!("SELECT count(*) AS n FROM {sql}"));
        db.query_one_raw(query).await.unwrap().unwrap().try_get("", "n").unwrap()
    }
}

fn request() -> String {
    "/authorize?client_id=exemple&response_type=code&scope=openid&state=s&nonce=n&code_challenge_method=S256&\
     code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&redirect_uri=https%3A%2F%2Fespace.exemple.test%2Fcallback"
        .to_owned()
}

#[apply(both!)]
#[tokio::test]
async fn people_and_portals_of_an_agency_are_told_its_state(bed: Bed) {
    let house = House::on(bed).await;
    let (person, place) = (&house.person, &house.place);
    // Tried out: everything works, each page says what it is, and no list shows it.
    house.state("state = \"rehearsal\"");
    let stranger = Person::new(&place.issuer());
    let page = stranger.get(&request()).await;
    assert!(page.asks("sign-in") && page.body.contains("Répétition"), "{}", page.body);
    let chooser = stranger.get("/legacy").await;
    assert!(!chooser.body.contains("Agence Exemple"), "{}", chooser.body);
    house.state("state = \"rehearsal\"\nuntil = \"2020-01-01\"");
    assert!(!stranger.get(&request()).await.body.contains("Répétition"), "it is over");
    assert!(stranger.get("/legacy").await.body.contains("Agence Exemple"));
    // Paused.
    house.state("state = \"paused\"\nuntil = \"2099-12-24\"");
    let letter = "/activate?agency=exemple&identifier=000001&code=x";
    for page in [stranger.get(&request()).await, person.get(&request()).await, stranger.get(letter).await] {
        assert_eq!((page.status.as_u16(), &*page.heading()), (503, "Espace client en pause"));
        let told = page.texts("main").join(" ");
        for words in ["24 décembre 2099", "Agence Exemple", "Vous n'y êtes pour rien"] {
            assert!(told.contains(words), "{words}: {told}");
        }
    }
    assert!(house.silently().await.address().as_str().contains("error=temporarily_unavailable"));
    let (_, told) = house.place.operators("/metrics").await;
    assert!(
        told.contains("moncompte_agency_paused_total{agency=\"exemple\"} 3\n"),
        "not the portal's silent question: {told}"
    );
    for list in ["/", "/account/agencies"] {
        let page = person.get(list).await;
        assert!(page.status.is_success() && page.body.contains("en pause jusqu'au"), "{list}: {}", page.body);
    }
    assert_eq!(house.count("client_session WHERE ended_at IS NOT NULL").await, 0, "a pause ends no session");
    let english = person.get("/account/agencies?hl=en").await;
    assert!(english.body.contains("paused until"), "{}", english.body);
    person.get("/account/agencies?hl=fr").await;
    // Open again: the same browser goes on.
    house.state("state = \"live\"");
    assert!(person.get(&request()).await.code().is_some());
    // It has left: its portals' sessions end.
    house.state("state = \"left\"\nsince = \"2099-01-01\"");
    assert!(person.get(&request()).await.code().is_some(), "not yet");
    house.state("state = \"left\"");
    for asked in [&*request(), letter] {
        let page = person.get(asked).await;
        assert_eq!((page.status.as_u16(), &*page.heading()), (410, "Espace client fermé"), "{asked}");
    }
    assert!(person.get("/").await.body.contains("n'utilise plus Mon compte immobilier"));
    eventually("the end of the sessions", async || {
        let open = house.count("client_session WHERE ended_at IS NULL").await;
        let granted = house.count("token_grant WHERE revoked_at IS NULL").await;
        (open + granted == 0).then_some(())
    })
    .await;
    // Its file is gone.
    let other = std::fs::read_to_string(place.path("agencies/exemple.toml")).unwrap();
    let other = other.replace("client_id = \"exemple\"", "client_id = \"autre\"");
    std::fs::write(place.path("agencies/autre.toml"), other).unwrap();
    std::fs::remove_file(place.path("agencies/exemple.toml")).unwrap();
    house.apply(&["--yes-remove", "exemple"]);
    for list in ["/", "/account/agencies"] {
        let page = person.get(list).await;
        assert!(page.body.contains("joignable d'ici pour le moment"), "{list}: {}", page.body);
        assert!(!page.body.contains("Aucune agence n'est encore rattachée"), "{list}: {}", page.body);
    }
    house.running.stop().await;
}
