//! `check --connect` tries what the configuration names: what it says is what an operator meets at the start, and nothing changes.

use std::process::Output;

use serde_json::Value;
use testbed::{Bed, apply, both};

use crate::{
    dns::{Data, Dns},
    place::Place,
    smtp::{Post, messages, place},
};

/// The name of what was tried, and what was found or is wrong.
type Trial = (String, Result<String, String>);

/// Runs it with this DNS server: the exit code, and each trial.
fn tried(place: &Place, dns: &Dns, more: &[&str]) -> (i32, Vec<Trial>) {
    let resolver = dns.address.to_string();
    let all = [&["--connect", "--json", "--resolver", &resolver], more].concat();
    let Output { status, stdout, stderr } = place.run("check", &all);
    let said: Value = serde_json::from_slice(&stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&stderr)));
    let text = |trial: &Value, key: &str| trial[key].as_str().unwrap().to_owned();
    let trials = said["trials"].as_array().unwrap().iter().map(|trial| {
        let found = text(trial, "found");
        (text(trial, "what"), if trial["ok"] == true { Ok(found) } else { Err(found) })
    });
    (status.code().unwrap(), trials.collect())
}

fn of<'a>(trials: &'a [Trial], what: &str) -> &'a Result<String, String> {
    let found = trials.iter().find(|(known, _)| known == what);
    &found.unwrap_or_else(|| panic!("{what} was not tried: {trials:?}")).1
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_tries_the_database_the_mail_server_and_the_portals(bed: Bed) {
    let (post, dns) = (Post::new(), Dns::of(Vec::new()).await);
    let _server = post.open().await;
    let place = place(bed, &post, "server.pem");

    let (code, trials) = tried(&place, &dns, &[]);
    match (place.bed.name, of(&trials, "database")) {
        ("sqlite", Ok(found)) => {
            assert!(found.starts_with("SQLite 3.") && found.contains(", schema m0"), "{found}");
            assert_eq!(code, 0, "{trials:?}");
        }
        // The server of the tests forgets at a power failure, and this is where an operator would learn it.
        ("postgres", Err(wrong)) => {
            assert!(wrong.contains("fsync") && wrong.contains("may be lost"), "{wrong}");
            assert_eq!(code, 1);
        }
        other => panic!("{other:?}"),
    }
    let found = of(&trials, "mail server").as_ref().unwrap();
    assert!(found.contains("over TLS, signed in"), "{found}");

    post.refuses("auth 535 5.7.8 Authentication credentials invalid\n");
    let (code, trials) = tried(&place, &dns, &[]);
    let wrong = of(&trials, "mail server").as_ref().unwrap_err();
    assert!(code == 1 && wrong.starts_with("AUTH") && wrong.contains("535"), "{code} {wrong}");
    post.mended();

    let (_, trials) = tried(&place, &dns, &["--mail-to", "exploitant@exemple.test"]);
    assert_eq!(of(&trials, "mail server").as_deref(), Ok("a mail was accepted"));
    let mails: Vec<String> =
        post.mails().iter().map(|mail| String::from_utf8_lossy(mail).into_owned()).collect();
    assert!(matches!(&mails[..], [mail] if mail.contains("exploitant@exemple.test")), "{mails:?}");

    // Staff without an account are a hint, and no mistake.
    assert!(trials.iter().all(|(what, _)| what != "staff"), "{trials:?}");
    let staff = "\n[[staff]]\nemail = \"Lea@Exemple.test\"\nname = \"Léa\"\nrole = \"desk\"\n";
    let file = place.path("agencies/exemple.toml");
    std::fs::write(&file, std::fs::read_to_string(&file).unwrap() + staff).unwrap();
    let (_, trials) = tried(&place, &dns, &[]);
    let hint = of(&trials, "staff").as_deref().unwrap();
    assert_eq!(
        hint,
        "1 of 1 people have no account here yet, invite them by `moncompte desk invite`: lea@exemple.test (exemple)"
    );

    // A portal that cannot be reached is named, and what is wrong with it; a private address is not called.
    let listed = "client_id = \"exemple\"\ninitiate_login_uri = \"https://espace.exemple.test/sign-in\"\n\
                  backchannel_logout_uri = \"https://10.0.0.1/logout\"";
    place.change("agencies/exemple.toml", "client_id = \"exemple\"", listed);
    let (code, trials) = tried(&place, &dns, &["--agency", "exemple"]);
    assert_eq!(code, 1);
    assert!(of(&trials, "exemple: initiate_login_uri").is_err(), "{trials:?}");
    let wrong = of(&trials, "exemple: backchannel_logout_uri").as_ref().unwrap_err();
    assert!(wrong.contains("private address"), "{wrong}");

    assert_eq!(messages(&place, "1 = 1").await, 0, "nothing was queued");
}

#[tokio::test]
async fn a_database_that_is_not_there_is_not_made_by_a_check() {
    let post = Post::new();
    let _server = post.open().await;
    let place = place(Bed::sqlite().await, &post, "server.pem");
    let file = place.path("new.db");
    crate::place::secret_file(&place.path("secrets/database"), &format!("sqlite://{}", file.display()));
    let dns = Dns::of(Vec::new()).await;
    let (code, trials) = tried(&place, &dns, &[]);
    assert_eq!(code, 0, "{trials:?}");
    assert!(of(&trials, "database").as_ref().unwrap().contains("the first start makes it"), "{trials:?}");
    assert!(!file.exists());
    std::fs::write(&file, "").unwrap();
    let (_, trials) = tried(&place, &dns, &[]);
    let found = of(&trials, "database").as_ref().unwrap();
    assert!(found.starts_with("SQLite 3.") && found.contains(", empty; the first start"), "{found}");
}

/// The names of a sender with everything that other mail servers look for. The mail server is the tests' own, whose address is nobody's in DNS.
fn zone() -> Vec<(&'static str, Data)> {
    let text = |text: &str| Data::Txt(text.to_owned());
    let server = "mx.exemple.test";
    vec![
        ("compte.exemple.test", text("site=1")),
        // Longer than the 255 bytes of one piece.
        ("compte.exemple.test", Data::Txt(format!("v=spf1{} -all", " include:spf.exemple.test".repeat(12)))),
        ("s1._domainkey.compte.exemple.test", text("v=DKIM1; p=")),
        ("_dmarc.exemple.test", text("v=DMARC1; p=quarantine")),
        ("compte.exemple.test", Data::A([9, 9, 9, 9].into())),
        (server, Data::A([9, 9, 9, 9].into())),
        ("9.9.9.9.in-addr.arpa", Data::Ptr(server)),
    ]
}

/// PEOPLE F-44
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_looks_at_the_senders_names_in_dns() {
    let post = Post::new();
    let _server = post.open().await;
    let place = place(Bed::sqlite().await, &post, "server.pem");
    let ask = |dns: &Dns, more: &[&str]| {
        let out = place
            .run("check", &[&["--connect", "--json", "--resolver", &dns.address.to_string()], more].concat());
        let said: Value = serde_json::from_slice(&out.stdout).unwrap();
        let trials = said["trials"].as_array().unwrap().iter();
        let of_sender = trials.filter_map(|trial| {
            let what = trial["what"].as_str().unwrap().strip_prefix("sender")?;
            assert_eq!(trial["ok"], true, "it is advice: {trial}");
            let found = trial["found"].as_str().unwrap().to_owned();
            Some((what.trim_start_matches(": ").to_owned(), trial["warning"] == true, found))
        });
        (out.status.code(), of_sender.collect::<Vec<_>>())
    };
    let doubtful = |trials: &[(String, bool, String)]| -> Vec<String> {
        trials.iter().filter(|(_, doubtful, _)| *doubtful).map(|(what, ..)| what.clone()).collect()
    };

    // The links of the tests' place lead to localhost, and its mails come from a domain.
    let whole = Dns::of(zone()).await;
    let (code, trials) = ask(&whole, &[]);
    assert_eq!((code, &*doubtful(&trials)), (Some(0), &["links".to_owned()][..]), "{trials:?}");
    let found = |what: &str| trials.iter().find(|(known, ..)| known == what).unwrap().2.clone();
    assert!(found("SPF").ends_with(" -all") && found("SPF").len() > 255, "{}", found("SPF"));
    assert_eq!(found("DMARC"), "v=DMARC1; p=quarantine", "of the domain above");
    assert_eq!(ask(&whole, &["--strict"]).0, Some(2));

    // A mail server with a public address, and its name.
    place.change("moncompte.toml", "host = \"localhost\"", "host = \"mx.exemple.test\"");
    let named = |trials: &[(String, bool, String)]| {
        trials.iter().find(|(what, ..)| what == "PTR").map(|(_, doubtful, _)| !doubtful)
    };
    assert_eq!(named(&ask(&whole, &[]).1), Some(true));
    let stranger = zone().into_iter().map(|(name, data)| match data {
        Data::Ptr(_) => (name, Data::Ptr("hosted.exemple.net")),
        data => (name, data),
    });
    assert_eq!(named(&ask(&Dns::of(stranger.collect()).await, &[]).1), Some(false));

    let (_, trials) = ask(&Dns::of(Vec::new()).await, &[]);
    assert_eq!(doubtful(&trials), ["SPF", "DKIM", "DMARC", "links"], "{trials:?}");

    // Nobody answers: then nothing is said against the sender.
    let silent = Dns::silent().await;
    let (_, trials) = ask(&silent, &[]);
    assert!(matches!(&trials[..], [(_, false, found)] if found.contains("not looked at")), "{trials:?}");
}
