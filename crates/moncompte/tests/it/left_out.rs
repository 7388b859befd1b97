//! A mistake in one agency's file leaves out that agency alone (SECURITY D20): the others are served, the operator is told, and people read a sentence.

use std::{fs, os::unix::fs::symlink, path::Path};

use kernel::sea_orm::ConnectionTrait;
use testbed::{Bed, apply, both};

use crate::{
    person::{Person, Persona},
    place::{AGENCY, MAIL_FOLDER, Place, secret_file},
};

/// Mistakes of every kind, each in a file of its own beside the good one: the file's name, its bytes, and a part of the message.
fn mistakes(good: &str) -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let other = |id: &str| good.replace("client_id = \"exemple\"", &format!("client_id = \"{id}\""));
    let with = |id: &str, from: &str, to: &str| {
        let text = other(id);
        let changed = text.replacen(from, to, 1);
        assert_ne!(text, changed, "{from}");
        changed.into_bytes()
    };
    vec![
        (
            "pale.toml",
            with("pale", "#1f6f54", "#ffee88"),
            "look.accent: #ffee88 and #ffffff have a contrast of",
        ),
        (
            "latin.toml",
            [other("latin").as_bytes(), b"# caf\xe9\n"].concat(),
            "is not UTF-8: save the file as UTF-8",
        ),
        ("utf16.toml", utf16(&other("utf16")), "is UTF-16: save the file as UTF-8"),
        ("torn.toml", with("torn", "[look]", "[look"), "unclosed table"),
        ("empty.toml", Vec::new(), "missing field `name`"),
        ("more.toml", with("more", "city =", "town ="), ":2: town: unknown field"),
        (
            "secret.toml",
            with("secret", "secrets/exemple.client", "secrets/nowhere"),
            "secrets/nowhere cannot be read",
        ),
        ("open.toml", with("open", "secrets/exemple.client", "secrets/open"), "chmod 600"),
        (
            "logo.toml",
            with("logo", "[[portal]]", "logo = \"logos/none.svg\"\n[[portal]]"),
            "logos/none.svg cannot be read",
        ),
        (
            "pipe.toml",
            with("pipe", "[[portal]]", "logo = \"logos/pipe.svg\"\n[[portal]]"),
            "logos/pipe.svg cannot be read (it is no file)",
        ),
        (
            "endless.toml",
            with("endless", "[[portal]]", "logo = \"logos/endless.svg\"\n[[portal]]"),
            "logos/endless.svg cannot be read (it is no file)",
        ),
        (
            "vast.toml",
            with("vast", "[[portal]]", "logo = \"logos/vast.svg\"\n[[portal]]"),
            "logos/vast.svg cannot be read (it has more than 16 MiB)",
        ),
        (
            "away.toml",
            with("away", "https://espace.exemple.test/callback", "http://x.test/*"),
            "portal.redirect_uris: ",
        ),
        ("Upper.toml", other("upper").into_bytes(), "lower-case letters"),
        ("ag001.TOML", other("ag001").into_bytes(), "is not read: name it ag001.toml"),
    ]
}

/// As a spreadsheet or an old editor saves it.
fn utf16(text: &str) -> Vec<u8> {
    format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn portal_asks(place: &Place, client: &str) -> String {
    format!(
        "{}/authorize?client_id={client}&response_type=code&scope=openid&state=s&nonce=n&code_challenge_method=S256&\
         code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&redirect_uri=https%3A%2F%2Fespace.exemple.test%2Fcallback",
        place.issuer()
    )
}

#[apply(both!)]
#[tokio::test]
async fn the_mistake_of_an_agency_stops_nobody_else(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let good = fs::read_to_string(place.path("agencies/exemple.toml")).unwrap();
    secret_file(&place.path("secrets/open"), "a secret of twenty-two characters or more");
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    fs::set_permissions(place.path("secrets/open"), open).unwrap();
    let all = mistakes(&good);
    for (name, bytes, _) in &all {
        fs::write(place.path("agencies").join(name), bytes).unwrap();
    }
    // A pipe that nobody writes to, a device that never ends, and a file that is too large for memory.
    fs::create_dir_all(place.path("logos")).unwrap();
    place.pipe("logos/pipe.svg");
    symlink(Path::new("/dev/zero"), place.path("logos/endless.svg")).unwrap();
    fs::File::create(place.path("logos/vast.svg")).unwrap().set_len(64 << 30).unwrap();
    fs::create_dir(place.path("agencies/folder.toml")).unwrap();
    symlink(Path::new("nowhere"), place.path("agencies/link.toml")).unwrap();
    // Files that are no agency's are ignored.
    fs::write(place.path("agencies/exemple.toml.bak"), "?").unwrap();
    fs::write(place.path("agencies/README"), "?").unwrap();
    let mut told: Vec<(&str, &str)> = all.iter().map(|(name, _, part)| (*name, *part)).collect();
    told.extend([("folder.toml", "it is no file"), ("link.toml", "cannot be read")]);

    let check = place.run("check", &[]);
    let said = String::from_utf8(check.stderr).unwrap();
    assert_eq!(check.status.code(), Some(1), "{said}");
    for (name, part) in &told {
        let line = said.lines().find(|line| line.trim_start().starts_with(&format!("agencies/{name}")));
        assert!(line.is_some_and(|line| line.contains(part)), "{name} {part}: {said}");
    }
    assert!(!said.contains("exemple.toml") && !said.contains("README"), "{said}");
    assert!(!said.contains("is --config right?"), "{said}");

    let mover = Persona::number(0);
    place.people([mover.row()]);
    let running = place.serve().await;
    for (name, _) in &told {
        let (agency, file) = (name.rsplit_once('.').unwrap().0, format!("agencies/{name}"));
        let log = running.said();
        let line = log.lines().find(|line| line.contains("ERROR") && line.contains(&file));
        assert!(
            line.is_some_and(|line| line.contains("agency left out") && line.contains("reason=")),
            "{name}: {log}"
        );
        let (_, metrics) = place.operators("/metrics").await;
        assert!(
            metrics.contains(&format!("moncompte_agency_bad{{agency=\"{agency}\"}} 1")),
            "{agency}: {metrics}"
        );
        let (status, ready) = place.operators("/health/ready").await;
        assert!(status == 200 && ready.contains(&format!("agency {agency}: ")), "{ready}");
    }
    let (_, metrics) = place.operators("/metrics").await;
    assert!(metrics.contains("moncompte_agency_bad{agency=\"exemple\"} 0"), "{metrics}");

    // People of the good agency move and sign in; people of the others read a sentence.
    Person::new(&place.issuer()).moves(&mover, &place).await;
    let page = Person::new(&place.issuer()).signs_in(&mover.email, &mover.new).await;
    assert!(page.code().is_some(), "{} {}", page.url, page.heading());
    for client in ["pale", "secret", "ag001", "torn", "latin", "utf16"] {
        let page = Person::new(&place.issuer()).get(&portal_asks(&place, client)).await;
        assert_eq!(
            (page.status.as_u16(), &*page.heading()),
            (503, "Service momentanément indisponible"),
            "{client}"
        );
    }
    let page = Person::new(&place.issuer()).get(&portal_asks(&place, "nobody")).await;
    assert_eq!(page.status.as_u16(), 400);

    // An import for one of them fails with the reason.
    let file = place.path("people.csv");
    let out = place.run("import", &["--agency", "pale", file.to_str().unwrap()]);
    let said = String::from_utf8(out.stderr).unwrap();
    assert!(out.status.code() == Some(1) && said.contains("agencies/pale.toml:9: look.accent"), "{said}");
    running.stop().await;
}

/// People who have moved there keep their accounts, and no page of theirs fails.
#[apply(both!)]
#[tokio::test]
async fn people_of_an_agency_that_is_left_out_meet_no_fault(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let movers = [Persona::number(0), Persona::number(1)];
    place.people(movers.iter().map(Persona::row));
    let running = place.serve().await;
    let begun = Person::new(&place.issuer());
    let there = begun.prove(&movers[1]).await;
    assert!(there.asks("notice"));
    let person = Person::new(&place.issuer());
    person.moves(&movers[0], &place).await;
    assert!(person.asked_by_portal().await.code().is_some());
    running.stop().await;
    let was = place.change("agencies/exemple.toml", "#1f6f54", "#ffee88");
    forget_generations(&place).await;
    let running = place.serve().await;
    for path in [
        "/",
        "/account",
        "/account/agencies",
        "/account/memo",
        "/account/sessions",
        "/account/acceptances",
        "/attach",
        "/legacy",
        "/forgot",
        "/help",
        "/account/password",
        "/account/email",
    ] {
        let page = person.get(path).await;
        assert!(page.status.as_u16() < 500, "{path}: {} {}", page.status, page.heading());
    }
    for path in ["/", "/account/agencies"] {
        let page = person.get(path).await;
        assert!(page.body.contains("n'est pas joignable d'ici pour le moment"), "{path}: {}", page.body);
        assert!(!page.body.contains("Aucune agence"), "{path}");
    }
    for address in [portal_asks(&place, AGENCY), there.url.to_string()] {
        let page = begun.get(&address).await;
        assert_eq!(
            (page.status.as_u16(), &*page.heading()),
            (503, "Service momentanément indisponible"),
            "{address}"
        );
    }
    running.stop().await;
    fs::write(place.path("agencies/exemple.toml"), was).unwrap();
    // With the file corrected, the move goes on where it was.
    forget_generations(&place).await;
    let running = place.serve().await;
    assert!(begun.get(there.url.as_str()).await.asks("notice"));
    assert!(person.asked_by_portal().await.code().is_some());
    running.stop().await;
}

/// As before the first start: nothing is stored that an agency could be served by.
async fn forget_generations(place: &Place) {
    let writer = place.bed.context.db.writer();
    writer.execute_unprepared("DELETE FROM config_generation").await.unwrap();
}

#[tokio::test]
async fn a_client_that_two_agencies_name_is_served_for_neither() {
    let place = Place::new(Bed::sqlite().await, MAIL_FOLDER);
    let good = fs::read_to_string(place.path("agencies/exemple.toml")).unwrap();
    fs::write(
        place.path("agencies/other.toml"),
        good.replace("client_id = \"exemple\"", "client_id = \"other\""),
    )
    .unwrap();
    // A copy with the same client, and a second copy that is left out for another mistake as well.
    fs::write(place.path("agencies/copy.toml"), &good).unwrap();
    fs::write(place.path("agencies/third.toml"), good.replace("#1f6f54", "#ffee88")).unwrap();
    let check = place.run("check", &[]);
    let said = String::from_utf8(check.stderr).unwrap();
    assert_eq!(check.status.code(), Some(1), "{said}");
    for (file, others) in [
        ("copy", "agencies/exemple.toml, agencies/third.toml"),
        ("exemple", "agencies/copy.toml, agencies/third.toml"),
        ("third", "agencies/copy.toml, agencies/exemple.toml"),
    ] {
        let begin = format!(
            "  agencies/{file}.toml:12: portal.client_id: the client \"exemple\" is also in {others}: "
        );
        assert!(said.lines().any(|line| line.starts_with(&begin)), "{begin}: {said}");
    }
    assert!(!said.contains("other.toml"), "{said}");
    let running = place.serve().await;
    let person = Person::new(&place.issuer());
    assert_eq!(person.get(&portal_asks(&place, "exemple")).await.status.as_u16(), 503);
    assert!(person.get(&portal_asks(&place, "other")).await.asks("sign-in"));
    let (_, metrics) = place.operators("/metrics").await;
    for (agency, bad) in [("exemple", 1), ("copy", 1), ("third", 1), ("other", 0)] {
        assert!(metrics.contains(&format!("moncompte_agency_bad{{agency=\"{agency}\"}} {bad}")), "{metrics}");
    }
    running.stop().await;
}
