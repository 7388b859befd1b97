//! Sessions that a change ends, and a process that dies before it has called the portals: another process calls them (SPEC J6, J11; SECURITY #46, #76).

use std::fs;

use kernel::sea_orm::{ConnectionTrait, Statement};
use mail_parser::MessageParser;
use testbed::{Bed, apply, both};

use crate::{
    person::{Page, Person, Persona},
    place::{MAIL_FOLDER, Place, eventually},
};

const NEW: &str = "sept corbeaux gris 1";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Change {
    Password,
    Address,
    TakeBack,
    Reset,
}

const CHANGES: [Change; 4] = [Change::Password, Change::Address, Change::TakeBack, Change::Reset];

impl Change {
    /// Returns the page with the form of this change, the form's step, and the fields to fill.
    async fn page(
        self,
        place: &Place,
        here: &Person,
        who: &Persona,
    ) -> (Page, &'static str, Vec<(&'static str, String)>) {
        let chosen = || ("password", NEW.to_owned());
        match self {
            Self::Password => {
                let page = here.get("/account/password").await;
                (page, "password", vec![("current", who.new.clone()), chosen()])
            }
            Self::Address | Self::TakeBack => {
                let page = here.get("/account/email").await;
                let email = format!("ailleurs.{}", who.email);
                let typed = [("email", &*email), ("password", &who.new)];
                here.submit(&page, "email", &typed).await;
                if self == Self::Address {
                    let link = place.link_to(&email, "/new-address?").await;
                    return (here.get(&link).await, "new-address", vec![]);
                }
                let link = place.link_to(&who.email, "/take-back?").await;
                (here.get(&link).await, "take-back", vec![chosen()])
            }
            Self::Reset => {
                let page = here.get("/forgot").await;
                here.submit(&page, "forgot", &[("email", &who.email)]).await;
                let link = place.link_to(&who.email, "/reset?").await;
                (here.get(&link).await, "reset", vec![chosen()])
            }
        }
    }
}

impl Place {
    /// Waits for a mail to this address with a link of this kind; returns the link.
    pub(crate) async fn link_to(&self, email: &str, kind: &str) -> String {
        eventually(kind, async || {
            let mails = fs::read_dir(self.path("mails")).ok()?.flatten();
            let mut links = mails.filter_map(|entry| {
                let bytes = fs::read(entry.path()).ok()?;
                let mail = MessageParser::default().parse(&bytes)?;
                let to = mail.to()?.first()?.address()?.to_owned();
                let text = mail.body_text(0)?.into_owned();
                let link = text.split_whitespace().find(|word| word.contains(kind))?.to_owned();
                (to == email).then_some(link)
            });
            links.next()
        })
        .await
    }

    async fn write(&self, sql: &str) {
        self.bed.context.db.writer().execute_unprepared(sql).await.unwrap();
    }

    async fn counted(&self, from: &str) -> i64 {
        let db = self.bed.context.db.reader();
        let sql = format!("SELECT COUNT(*) AS n FROM {from}");
        let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
        row.unwrap().try_get("", "n").unwrap()
    }

    /// Makes every update of `client_session` fail: the work that follows the commit of a change breaks off, as if its process had died there.
    async fn hold_portals(&self) {
        if self.bed.name == "sqlite" {
            self.write(
                "CREATE TRIGGER held BEFORE UPDATE ON client_session BEGIN SELECT RAISE(ABORT, 'held'); END",
            )
            .await;
        } else {
            self.write(
                "CREATE FUNCTION held() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''held''; END'",
            )
            .await;
            self.write(
                "CREATE TRIGGER held BEFORE UPDATE ON client_session FOR EACH ROW EXECUTE FUNCTION held()",
            )
            .await;
        }
    }

    async fn release_portals(&self) {
        if self.bed.name == "sqlite" {
            self.write("DROP TRIGGER held").await;
        } else {
            self.write("DROP TRIGGER held ON client_session").await;
            self.write("DROP FUNCTION held()").await;
        }
        // Messages that the dead worker held or tried are due at once.
        self.write("UPDATE outbox SET locked_until = NULL, not_before = 0").await;
    }
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_between_a_change_and_its_portals_they_are_told_all_the_same(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let file = place.path("agencies/exemple.toml");
    let agency = fs::read_to_string(&file).unwrap().replace(
        "[[portal]]\n",
        "[[portal]]\nbackchannel_logout_uri = \"https://espace.exemple.test/backchannel\"\n",
    );
    fs::write(&file, agency).unwrap();
    let movers: Vec<Persona> = (0..CHANGES.len()).map(Persona::number).collect();
    place.people(movers.iter().map(Persona::row));
    let mut running = place.serve().await;
    for (change, who) in CHANGES.into_iter().zip(&movers) {
        let context = format!("{} {change:?}", place.bed.name);
        Person::new(&place.issuer()).moves(who, &place).await;
        let (here, elsewhere) = (Person::new(&place.issuer()), Person::new(&place.issuer()));
        for person in [&here, &elsewhere] {
            assert!(person.signs_in(&who.email, &who.new).await.code().is_some(), "{context}");
        }
        let account =
            format!("account_id IN (SELECT id FROM account WHERE email_canonical LIKE '%{}')", who.email);
        let living = format!("client_session WHERE ended_at IS NULL AND {account}");
        let before = place.counted(&living).await;
        assert!(before >= 2, "{context}: {before}");
        let told = place.counted("outbox WHERE kind = 'backchannel_logout'").await;
        let (page, form, typed) = change.page(&place, &here, who).await;
        let typed: Vec<_> = typed.iter().map(|(name, value)| (*name, value.as_str())).collect();
        place.hold_portals().await;
        // The answer does not matter.
        let _ = here.try_submit(&page, form, &typed).await;
        let changed = format!("account WHERE auth_epoch = 1 AND email_canonical LIKE '%{}'", who.email);
        eventually(&context, async || (place.counted(&changed).await == 1).then_some(())).await;
        running.kill();
        assert_eq!(place.counted(&living).await, before, "{context}: nothing is told yet");
        place.release_portals().await;
        running = place.serve().await;
        // Except after a reset, this browser's portal moves to its new session.
        let kept = i64::from(change != Change::Reset);
        eventually(&format!("{context}: the portals are told"), async || {
            (place.counted(&living).await == kept).then_some(())
        })
        .await;
        let now = place.counted("outbox WHERE kind = 'backchannel_logout'").await;
        assert_eq!(now - told, before - kept, "{context}");
    }
    drop(running);
}
