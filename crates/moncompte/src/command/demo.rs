//! The `demo` command: the provider, two agencies' portals and a mailbox, on this machine.

use std::{
    fs,
    io::Cursor,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::ExitCode,
};

use accounts::legacy::row::{Format, Rows};
use anyhow::Context as _;
use clap::Args;
use kernel::{SealKey, SystemRng, Token};
use rust_embed::Embed;
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    config::Config,
    current::{Current, Running},
    mailbox::{self, DemoMailbox},
    post::Post,
    print::out,
    serving::{Signals, listen, serve},
    supervisor::Supervisor,
    telemetry::{self, LogFormat},
    wire::Wired,
    worker::Worker,
};

#[derive(Args)]
pub(crate) struct Demo {
    /// First of four ports: N for the provider, N+1 and N+2 for the portals, N+3 for the mailbox.
    #[arg(long, value_name = "N")]
    port_base: Option<u16>,
    /// Folder for the data; a new temporary one by default.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// The demo's files, embedded in the program.
#[derive(Embed)]
#[folder = "../../config"]
#[include = "demo/*"]
#[include = "terms/*"]
#[exclude = "*.py"]
struct Files;

#[derive(Deserialize)]
struct People {
    person: Vec<Person>,
}

#[derive(Deserialize)]
struct Person {
    agency: String,
    identifier: String,
    password: String,
    email: String,
    note: String,
}

struct Agency {
    id: &'static str,
    name: &'static str,
    city: &'static str,
    tagline: &'static str,
    accent: &'static str,
    second: &'static str,
    /// Custom texts: on the sign-in page, in the notice, before the contact, at the end of mails. French, then English.
    words: [(&'static str, &'static str, &'static str); 4],
    mark: &'static str,
    identities: &'static str,
    format: Format,
}

const AGENCIES: [Agency; 2] = [
    Agency {
        id: "tilleuls",
        name: "Agence des Tilleuls",
        city: "Vannes",
        tagline: "Syndic de copropriété et gestion locative depuis 1974",
        accent: "#1f6f54",
        second: "#c26a1b",
        words: [
            (
                "sign_in",
                "Bienvenue. Vos appels de charges et vos comptes rendus d’assemblée vous attendent.",
                "Welcome. Your service charge statements and the minutes of your meetings are waiting for you.",
            ),
            (
                "notice",
                "Nous vous avons écrit à ce sujet dans notre lettre d’octobre.",
                "We wrote to you about this in our letter of October.",
            ),
            (
                "contact",
                "Madame Le Goff vous aide volontiers, pas à pas, au téléphone ou à l’agence.",
                "Mrs Le Goff gladly helps you step by step, on the phone or at the office.",
            ),
            ("mail", "L’équipe des Tilleuls vous remercie.", "Thank you from the team at Les Tilleuls."),
        ],
        mark: "leaf",
        identities: "identities.csv",
        format: Format::Csv,
    },
    Agency {
        id: "rivage",
        name: "Cabinet Rivage",
        city: "Brest",
        tagline: "Gérance, location et copropriété en bord de mer",
        accent: "#1d4f91",
        second: "#d9573f",
        words: [
            (
                "sign_in",
                "Votre cabinet, les pieds dans l’eau et vos dossiers au sec.",
                "Your property managers: feet in the water, your files kept dry.",
            ),
            (
                "notice",
                "Rien ne presse : votre espace client vous attend le temps qu’il faut.",
                "There is no hurry: your client space waits for as long as you need.",
            ),
            (
                "contact",
                "Passez nous voir quai Commandant-Malbert : nous le ferons ensemble.",
                "Come and see us on quai Commandant-Malbert: we will do it together.",
            ),
            (
                "mail",
                "À bientôt, au cabinet ou sur le port.",
                "See you soon, at the office or on the harbour.",
            ),
        ],
        mark: "wave",
        identities: "identities.jsonl",
        format: Format::Jsonl,
    },
];

impl Demo {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        telemetry::begin(LogFormat::Text, "warn");
        let ignored = || tracing::warn!("SIGHUP ignored: the demo has no configuration to take in");
        let mut signals = Signals::listen(ignored)?;
        let told = async move { _ = signals.farewell().await };
        let ports = match self.port_base {
            None => [8080, 8081, 8082, 8025],
            Some(base) => {
                let at = |n: u16| {
                    base.checked_add(n).context("--port-base must leave room for four ports below 65536")
                };
                [at(0)?, at(1)?, at(2)?, at(3)?]
            }
        };
        let mut listeners = Vec::new();
        for port in ports {
            listeners.push(
                listen(&format!("127.0.0.1:{port}"))
                    .await
                    .context("the demo can be moved: --port-base 9000")?,
            );
        }
        let fresh = self.data.is_none();
        let folder = match self.data {
            Some(folder) => folder,
            // An unpredictable name, so that nobody can create the folder before.
            None => tempfile::Builder::new().prefix("moncompte-demo-").tempdir()?.keep(),
        };
        lay_out(&folder, ports).with_context(|| {
            format!("the folder {} cannot be used; choose another with --data DIR", folder.display())
        })?;
        let demo_mailbox = DemoMailbox::open(&folder.join("mails"))?;
        let wired = Wired::new(Config::read(&folder)?).await?;
        for agency in &AGENCIES {
            import(&wired, agency).await?;
        }
        announce(&folder, fresh, ports)?;
        let portals = [
            portal_config(&folder, &AGENCIES[0], ports[0], ports[1])?,
            portal_config(&folder, &AGENCIES[1], ports[0], ports[2])?,
        ];
        run(wired, demo_mailbox, listeners, portals, told).await?;
        out!("The demo has ended. Its data stay in {}.", folder.display());
        Ok(ExitCode::SUCCESS)
    }
}

async fn run(
    wired: Wired,
    demo_mailbox: DemoMailbox,
    listeners: Vec<TcpListener>,
    portals: [portal::Config; 2],
    told: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let stop = CancellationToken::new();
    let [provider, first, second, mails]: [TcpListener; 4] =
        listeners.try_into().map_err(|_| anyhow::anyhow!("four ports are needed"))?;
    let post = Post::DemoMailbox(demo_mailbox.clone());
    let mails_router = mailbox::router(demo_mailbox);
    let Wired { idp, writer, outbound, limits, .. } = wired;
    let current = Current::new(Running::new(0, (idp, writer), [], false));
    let router = current.load().router.clone();
    let worker = Worker {
        current,
        follower: None,
        key_files: None,
        post,
        outbound,
        supervisor: Supervisor::default(),
    };
    let worker = tokio::spawn(worker.run(stop.clone()));
    let portal = |listener, config| {
        let told = stop.clone();
        async move { Ok(portal::serve(listener, config, async move { told.cancelled().await }).await?) }
    };
    let [tilleuls, rivage] = portals;
    let signal = {
        let stop = stop.clone();
        async move {
            told.await;
            stop.cancel();
            anyhow::Ok(())
        }
    };
    let served = tokio::try_join!(
        serve(provider, move || router.clone(), limits.clone(), stop.clone()),
        serve(mails, move || mails_router.clone(), limits, stop.clone()),
        portal(first, tilleuls),
        portal(second, rivage),
        signal,
    );
    stop.cancel();
    let _ = worker.await;
    served.map(|_| ())
}

/// Writes the configuration with generated secrets.
fn lay_out(folder: &Path, ports: [u16; 4]) -> anyhow::Result<()> {
    fs::create_dir_all(folder.join("agencies"))?;
    fs::create_dir_all(folder.join("secrets"))?;
    fs::set_permissions(folder.join("secrets"), fs::Permissions::from_mode(0o700))?;
    let rng = SystemRng::new();
    secret(folder, "secrets/seal.key", || SealKey::generate(&rng).text().to_string())?;
    let [provider, first, second, _] = ports;
    fs::write(
        folder.join("moncompte.toml"),
        format!(
            "issuer = \"http://localhost:{provider}\"\nlisten = \"127.0.0.1:{provider}\"\ndatabase = \"sqlite://moncompte.db\"\n\
             secret_key_file = \"secrets/seal.key\"\nattempts_per_minute = 600\n\n[mail]\n\
             from = \"Mon compte immobilier <ne-pas-repondre@moncompte.example>\"\nfolder = \"mails\"\n\n[connections]\nmost = 500\n\n[outbound]\nallow = [\"localhost\"]\n"
        ),
    )?;
    for (agency, port) in AGENCIES.iter().zip([first, second]) {
        for name in ["client", "ticket"] {
            secret(folder, &format!("secrets/{}.{name}", agency.id), || Token::generate(&rng).text())?;
        }
        fs::write(folder.join(format!("agencies/{}.toml", agency.id)), agency_file(agency, port))?;
        let logo =
            Files::get(&format!("demo/{}/logo.svg", agency.id)).context("a logo of the demo is missing")?;
        fs::create_dir_all(folder.join("logos"))?;
        fs::write(folder.join(format!("logos/{}.svg", agency.id)), logo.data)?;
    }
    for path in Files::iter().filter(|p| p.starts_with("terms/")) {
        let target = folder.join(&*path);
        if let (Some(parent), Some(file)) = (target.parent(), Files::get(&path)) {
            fs::create_dir_all(parent)?;
            fs::write(&target, file.data)?;
        }
    }
    Ok(())
}

fn agency_file(agency: &Agency, port: u16) -> String {
    let Agency { id, name, city, accent, second, .. } = agency;
    let words: String = (agency.words.iter())
        .map(|(place, fr, en)| format!("[words.{place}]\nfr = \"{fr}\"\nen = \"{en}\"\n\n"))
        .collect();
    let (label, zeros) =
        if *id == "tilleuls" { ("Numéro de client", "ignored = \" .-\"\n") } else { ("Identifiant", "") };
    format!(
        "name = \"{name}\"\ncity = \"{city}\"\n\n[controller]\nname = \"{name}, {city}\"\ndpo = \"dpo@{id}.example\"\n\n\
         [look]\naccent = \"{accent}\"\nsecond = \"{second}\"\nlogo = \"logos/{id}.svg\"\n\n{words}[contact]\nphone = \"02 61 91 00 00\"\nemail = \"contact@{id}.example\"\n\
         hours = \"du lundi au vendredi, de 9 h à 12 h 30 et de 14 h à 18 h\"\n\n\
         [directory]\nidentifier_label = \"{label}\"\n{zeros}\n\
         [[portal]]\nclient_id = \"{id}\"\nclient_secret_file = \"secrets/{id}.client\"\nhome = \"http://localhost:{port}/\"\n\
         redirect_uris = [\"http://localhost:{port}/callback\"]\npost_logout_redirect_uris = [\"http://localhost:{port}/logged-out\"]\n\
         backchannel_logout_uri = \"http://localhost:{port}/backchannel-logout\"\ninitiate_login_uri = \"http://localhost:{port}/initiate-login\"\n\n\
         [ticket]\nsecret_file = \"secrets/{id}.ticket\"\n"
    )
}

/// Writes a secret, unless it exists.
fn secret(folder: &Path, name: &str, make: impl FnOnce() -> String) -> anyhow::Result<()> {
    let path = folder.join(name);
    if path.exists() {
        return Ok(());
    }
    fs::write(&path, make())?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    Ok(())
}

fn portal_config(folder: &Path, agency: &Agency, provider: u16, port: u16) -> anyhow::Result<portal::Config> {
    let read = |name: &str| fs::read_to_string(folder.join(format!("secrets/{}.{name}", agency.id)));
    let records = |name: &str| -> anyhow::Result<serde_json::Value> {
        let file =
            Files::get(&format!("demo/{}/{name}", agency.id)).context("a file of the demo is missing")?;
        Ok(serde_json::from_slice(&file.data)?)
    };
    let config = json!({
        "base_url": format!("http://localhost:{port}"),
        "agency_name": agency.name,
        "city": agency.city,
        "tagline": agency.tagline,
        "phone": "02 61 91 00 00",
        "email": format!("contact@{}.example", agency.id),
        "hours": "du lundi au vendredi, de 9 h à 12 h 30 et de 14 h à 18 h",
        "accent": agency.accent,
        "mark": agency.mark,
        "issuer": format!("http://localhost:{provider}"),
        "client_id": agency.id,
        "client_secret": read("client")?,
        "cookie_name": format!("espace_{}_{port}", agency.id),
        "ticket": { "key": read("ticket")? },
        "clients_file": records("clients.json")?,
        "legacy_logins": records("portal-logins.json")?,
    });
    Ok(serde_json::from_value(config)?)
}

async fn import(wired: &Wired, agency: &Agency) -> anyhow::Result<()> {
    let name = format!("demo/{}/{}", agency.id, agency.identities);
    let file = Files::get(&name).context("a directory of the demo is missing")?;
    let rows = Rows::open(Cursor::new(&file.data), agency.format)?;
    let agencies = wired.idp.agencies.load();
    let known = agencies.agency(agency.id).context("an agency of the demo is missing")?;
    let mut importer = wired.idp.accounts.import(known, rows, Cursor::new(Vec::new()), false);
    while importer.next_batch().await? > 0 {}
    let refused = importer.refused().map(|refused| format!("{refused:?}"));
    anyhow::ensure!(refused.is_none(), "the demo's directory {name} is not taken: {refused:?}");
    let report = importer.report();
    anyhow::ensure!(report.bad.is_empty(), "the demo's directory {name} has bad rows: {:?}", report.bad);
    Ok(())
}

fn announce(folder: &Path, fresh: bool, ports: [u16; 4]) -> anyhow::Result<()> {
    let people = Files::get("demo/people.toml").context("the demo's list of people is missing")?;
    let people: People = toml::from_str(std::str::from_utf8(&people.data)?)?;
    let [provider, first, second, mails] = ports;
    let kind = if fresh { "a fresh folder" } else { "your folder" };
    out!("\nmoncompte demo, on an embedded database in {kind}: {}\n", folder.display());
    out!("  Agence des Tilleuls    http://localhost:{first}     begin here");
    out!("  Cabinet Rivage         http://localhost:{second}     or here");
    out!("  Mon compte immobilier  http://localhost:{provider}     the provider");
    out!("  Mailbox                http://localhost:{mails}     every mail that was sent\n");
    out!("Who can sign in with what, the first time (old identifiers):\n");
    for agency in &AGENCIES {
        out!("  {}", agency.name);
        for person in people.person.iter().filter(|p| p.agency == agency.id) {
            out!("    {:<20} {:<22} {}", person.identifier, person.password, person.note);
            if !person.email.is_empty() {
                out!("    {:<20} {:<22} <{}>", "", "", person.email);
            }
        }
        out!("");
    }
    out!("Any address will do at the email step: its mail comes to the mailbox page. Ctrl-C ends the demo.");
    out!(
        "ready http://localhost:{provider} http://localhost:{first} http://localhost:{second} http://localhost:{mails}"
    );
    Ok(())
}
