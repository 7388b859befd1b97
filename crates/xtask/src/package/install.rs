//! docs/operate/install.md, typed into roots: each is a machine of the page, with ports of its own instead of addresses.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::page::{Section, blocks, commands, sections};
use super::root::Root;
use crate::dist::{Made, name, text};
use crate::http::{self, Answer};
use crate::postgres::{self, Cluster, Purpose};
use crate::tools::on_path;
use crate::{shell, unit};

const PAGE: &str = "docs/operate/install.md";
/// The installed files, each with mode and owner.
const OWNERS: [(&str, &str); 8] = [
    ("usr/bin/moncompte", "0755 root:root"),
    ("usr/lib/systemd/system/moncompte.service", "0644 root:root"),
    ("usr/share/man/man1/moncompte-serve.1", "0644 root:root"),
    ("usr/share/bash-completion/completions/moncompte", "0644 root:root"),
    ("usr/share/doc/moncompte/THIRD-PARTY", "0644 root:root"),
    ("etc/default/moncompte", "0644 root:root"),
    ("etc/moncompte", "0750 moncompte:moncompte"),
    ("var/lib/moncompte", "0700 moncompte:moncompte"),
];
const PASSWORD: &str = "a-password-of-the-mail-server";
/// A portal of the sample agency sends somebody to sign in.
const AUTHORIZE: &str = "/authorize?client_id=exemple&response_type=code&scope=openid&state=abcdefgh&redirect_uri=https://espace.exemple.fr/callback\
                         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

/// Does what the page says; returns what was tried.
pub(super) fn follow_the_page(made: &Made, newer: &Path) -> Result<String> {
    let page = fs::read_to_string(shell::root().join(PAGE)).with_context(|| format!("cannot read {PAGE}"))?;
    let sections = sections(&page);
    let mut single = Root::new(&[])?;
    install(&sections, made, &single)?;
    one_node(&sections, &mut single)?;
    upgrade_and_purge(&sections, newer, &mut single)?;
    let mut done = "one node on SQLite, reload, upgrade, purge".to_owned();
    if postgres::binaries().is_none() {
        return Ok(done + "; without PostgreSQL, not two");
    }
    done += "; two nodes on PostgreSQL";
    done += two_nodes(&sections, made)?;
    Ok(done)
}

/// The package, on each machine.
fn install(sections: &[Section<'_>], made: &Made, root: &Root) -> Result<()> {
    let folder = made.package.parent().context("the package is in a folder")?;
    let lines = commands(sections, "The package")?;
    let [sums, install] = lines[..] else { anyhow::bail!("other commands install the package: {lines:?}") };
    text(Command::new("sh").args(["-c", sums]).current_dir(folder))?;
    typed(install, "install", &made.package)?;
    root.dpkg(&["--install", &made.package.display().to_string()])?;
    for (path, expected) in OWNERS {
        let found = root.owner(path)?;
        ensure!(found == expected, "/{path} is {found}, and should be {expected}");
    }
    let verified = root.dpkg(&["--verify", "moncompte"])?;
    ensure!(verified.is_empty(), "dpkg finds other files than the package's: {verified}");
    unit::verify(&root.path(""), &root.read("usr/lib/systemd/system/moncompte.service")?)
}

/// Compares a line with the command that installs this package; its architecture is that of the page's reader.
fn typed(line: &str, verb: &str, package: &Path) -> Result<()> {
    let file = name(package);
    let stem = file.rsplit_once('_').map_or(file.as_str(), |(stem, _)| stem);
    ensure!(
        line == format!("apt {verb} ./{stem}_amd64.deb"),
        "{PAGE} says `{line}`, and the package is {file}"
    );
    Ok(())
}

fn one_node(sections: &[Section<'_>], root: &mut Root) -> Result<()> {
    root.write("root/smtp-password", PASSWORD)?;
    let [port, ops] = [free_port()?, free_port()?];
    let settings = format!("MONCOMPTE_LISTEN=127.0.0.1:{port}\nMONCOMPTE_OPS_LISTEN=127.0.0.1:{ops}\n");
    root.write("etc/default/moncompte", &settings)?;
    for line in commands(sections, "One node")? {
        let said = operate(root, line, port)?;
        if line.contains("moncompte check") {
            ensure!(said.contains("nothing is wrong"), "`{line}` says:\n{said}");
        }
        if line == "systemctl reload moncompte" {
            ensure!(said.contains("Nothing has changed"), "nothing is to be taken in yet:\n{said}");
            let file = "etc/moncompte/agencies/exemple.toml";
            let agency = root.read(file)?;
            root.write(file, &agency.replace("Agence Exemple\"", "Agence du Port\""))?;
            root.reload()?;
            root.wait("the agency's new name", || {
                sign_in_page(|path, cookies| direct(port, path, cookies), "Agence du Port").ok()
            })?;
            root.write(file, "name = ")?;
            ensure!(root.reload().is_err(), "a broken file is taken in");
            root.write(file, &agency)?;
        }
    }
    ensure!(
        root.owner("var/lib/moncompte/moncompte.db")? == "0600 moncompte:moncompte",
        "others read the database"
    );
    root.stop()
}

fn upgrade_and_purge(sections: &[Section<'_>], newer: &Path, root: &mut Root) -> Result<()> {
    let kept = ["etc/default/moncompte", "etc/moncompte/moncompte.toml", "etc/moncompte/secrets/seal.key"];
    let read = |root: &Root| kept.map(|path| root.read(path).unwrap_or_default());
    let before = read(root);
    for line in commands(sections, "A newer package")? {
        typed(line, "install", newer)?;
        root.dpkg(&["--install", &newer.display().to_string()])?;
    }
    ensure!(
        root.read("var/lib/dpkg/status")?.contains("Version: 0.1.0-2\n"),
        "the newer package is not installed"
    );
    ensure!(read(root) == before, "an upgrade has changed what its operator wrote");
    root.start()?;
    let port = root.listens()?;
    root.wait("an answer", || answers(port))?;
    root.stop()?;
    for line in commands(sections, "Taking it away")? {
        ensure!(line == "apt purge moncompte", "another command takes it away: {line}");
        let said = root.dpkg(&["--purge", "moncompte"])?;
        ensure!(said.contains("/var/lib/moncompte stays"), "the purge does not say what stays:\n{said}");
    }
    let gone = ["usr/bin/moncompte", "usr/share/doc/moncompte", "etc/default/moncompte"];
    ensure!(gone.iter().all(|path| !root.path(path).exists()), "the purge leaves files of the package");
    ensure!(read(root)[1..] == before[1..], "the purge has deleted a configuration");
    ensure!(root.path("var/lib/moncompte/moncompte.db").exists(), "the purge has deleted a database");
    Ok(())
}

/// Two machines and a proxy; returns what was left out.
fn two_nodes(sections: &[Section<'_>], made: &Made) -> Result<&'static str> {
    let cluster = Cluster::start(Purpose::Tests)?;
    let psql = postgres::binaries().context("PostgreSQL is not installed")?.join("psql");
    let sql = blocks(sections, "In PostgreSQL", "sql")?.join("\n");
    for statement in sql.lines().filter(|line| !line.is_empty()) {
        text(Command::new(&psql).args(["-qX", "-v", "ON_ERROR_STOP=1", "-c", statement, cluster.url()]))?;
    }
    let (mut first, mut second) = (Root::new(&[])?, Root::new(&[])?);
    let ports = [free_port()?, free_port()?, free_port()?, free_port()?];
    let here = |text: &str| {
        let addresses = ["10.0.0.11:8080", "10.0.0.11:9090", "10.0.0.12:8080", "10.0.0.12:9090"];
        let text = addresses.iter().zip(ports).fold(text.to_owned(), |text, (address, port)| {
            text.replace(address, &format!("127.0.0.1:{port}"))
        });
        text.replace("10.0.0.10", "127.0.0.1")
    };
    for root in [&first, &second] {
        install(sections, made, root)?;
    }
    let address = blocks(sections, "On the first node", "")?.concat();
    let server = cluster.url().rsplit_once('@').and_then(|(_, rest)| rest.split('/').next());
    let address = address.replace("db.example.fr", server.context("the cluster has an address")?);
    // The tests' server has no certificate, and is on this machine.
    first.write("root/database", &address.replace("?sslmode=verify-full", ""))?;
    first.write("root/smtp-password", PASSWORD)?;
    let mut settings = blocks(sections, "On the first node", "toml")?.into_iter();
    for line in commands(sections, "On the first node")? {
        if line.contains("moncompte check") {
            first.set("etc/moncompte/moncompte.toml", &here(settings.next().unwrap_or_default()))?;
            first.write("etc/default/moncompte", &here(blocks(sections, "On the first node", "ini")?[0]))?;
        }
        operate(&mut first, line, ports[0])?;
    }
    let [from, to] = [&first, &second].map(|root| root.path("etc").display().to_string());
    text(Command::new("sh").args(["-c", &format!("tar -C {from} -cp moncompte | tar -C {to} -xp")]))?;
    second.write("etc/default/moncompte", &here(blocks(sections, "On the second node", "ini")?[0]))?;
    let mut said = String::new();
    for line in commands(sections, "On the second node")? {
        said = operate(&mut second, line, ports[2])?;
    }
    ensure!(said.matches("live").count() >= 2, "two nodes are not live:\n{said}");
    let left_out = proxy(sections, &here, [&mut first, &mut second])?;
    first.stop()?;
    second.stop()?;
    Ok(left_out)
}

/// nginx before both nodes, of which one goes.
fn proxy(
    sections: &[Section<'_>],
    here: &impl Fn(&str) -> String,
    [first, second]: [&mut Root; 2],
) -> Result<&'static str> {
    if on_path("nginx").is_none() {
        return Ok("; without nginx, not the proxy");
    }
    let mut root = Root::new(&["nginx"])?;
    for folder in ["etc/nginx", "var/log/nginx", "var/lib/nginx"] {
        fs::create_dir_all(root.path(folder))?;
    }
    let [plain, tls] = [free_port()?, free_port()?];
    let sample = here(&first.read("usr/share/doc/moncompte/examples/nginx.conf")?);
    let sample = sample
        .replace("listen 80 ", &format!("listen {plain} "))
        .replace("listen 443 ", &format!("listen {tls} "));
    root.write("etc/nginx/nginx.conf", &sample)?;
    for line in commands(sections, "On the proxy")? {
        match line {
            "systemctl restart nginx" => root.start_program(&["/usr/sbin/nginx", "-g", "daemon off;"])?,
            line => drop(root.run(line)?),
        }
    }
    let through = |path: &str, cookies: &str| over_tls(tls, path, cookies);
    root.wait("a sign-in page through nginx", || sign_in_page(through, "Agence Exemple").ok())?;
    // People go on at the other node.
    first.stop()?;
    for _ in 0..4 {
        sign_in_page(through, "Agence Exemple")?;
    }
    first.start()?;
    let port = first.listens()?;
    first.wait("an answer", || answers(port))?;
    second.stop()?;
    // nginx leaves a node out for two seconds after it was gone.
    root.wait("a sign-in page of the first node", || sign_in_page(through, "Agence Exemple").ok())?;
    root.stop()?;
    Ok(" behind nginx, each going away in turn")
}

/// Does a line of the page on a node: systemd's part as its unit says, the rest in its shell.
fn operate(root: &mut Root, line: &str, port: u16) -> Result<String> {
    match line {
        "systemctl enable --now moncompte" => {
            root.start()?;
            root.wait("a sign-in page", || {
                sign_in_page(|path, cookies| direct(port, path, cookies), "Agence Exemple").ok()
            })?;
            Ok(String::new())
        }
        "systemctl reload moncompte" => root.reload(),
        line => root.run(line),
    }
}

/// Follows a portal's request to the page where one signs in, which has to say this.
fn sign_in_page(fetch: impl Fn(&str, &str) -> Result<Answer>, words: &str) -> Result<()> {
    let arrival = fetch(AUTHORIZE, "")?;
    ensure!(arrival.status == 303, "the sign-in begins with {}:\n{}", arrival.status, arrival.text);
    let place = arrival.values("location").next().context("the redirect leads nowhere")?;
    let path = place.strip_prefix("https://compte.example.fr").unwrap_or(place);
    let cookies: Vec<&str> =
        arrival.values("set-cookie").filter_map(|cookie| cookie.split(';').next()).collect();
    let page = fetch(path, &cookies.join("; "))?;
    ensure!(
        page.status == 200 && page.text.contains("Mot de passe") && page.text.contains(words),
        "no page to sign in at, with {words}: {}:\n{}",
        page.status,
        page.text
    );
    Ok(())
}

fn direct(port: u16, path: &str, cookies: &str) -> Result<Answer> {
    Ok(http::get_with(port, path, cookies)?)
}

fn answers(port: u16) -> Option<()> {
    let answer = http::get(port, "/.well-known/openid-configuration").ok()?;
    (answer.status == 200 && answer.text.contains("https://compte.example.fr")).then_some(())
}

/// Fetches a page through the proxy, by OpenSSL's own client.
fn over_tls(port: u16, path: &str, cookies: &str) -> Result<Answer> {
    let mut client = Command::new("openssl");
    client.args([
        "s_client",
        "-quiet",
        "-servername",
        "compte.example.fr",
        "-connect",
        &format!("127.0.0.1:{port}"),
    ]);
    let mut client = client.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut to = client.stdin.take().context("a pipe")?;
    write!(
        to,
        "GET {path} HTTP/1.1\r\nHost: compte.example.fr\r\nAccept: text/html\r\nCookie: {cookies}\r\nConnection: close\r\n\r\n"
    )?;
    to.flush()?;
    let told = client.wait_with_output()?;
    drop(to);
    Ok(Answer::read(&told.stdout)?)
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
