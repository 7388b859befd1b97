//! The demo, started as a person starts it: `moncompte demo --port-base N --data DIR`.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    sync::atomic::{AtomicU16, Ordering},
};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

use crate::{
    parts,
    wait::{PATIENCE, until},
};

/// A running demo with a folder of its own.
pub(crate) struct Demo {
    base: u16,
    folder: TempDir,
    child: Child,
    // Kept open, since the program prints a last line when it ends.
    said: Lines<BufReader<ChildStdout>>,
    http: reqwest::Client,
}

/// A mail of the demo's mailbox.
pub(crate) struct Mail {
    pub(crate) subject: String,
    pub(crate) text: String,
}

impl Demo {
    pub(crate) async fn start() -> Result<Self> {
        let folder = TempDir::new()?;
        for _ in 0..20 {
            let base = free_block()?;
            // Another test may have taken the ports before the start: then take the next ones.
            if let Some((child, said)) = spawn(base, folder.path()).await? {
                return Ok(Self { base, folder, child, said, http: reqwest::Client::new() });
            }
        }
        bail!("no free block of four ports from 21000 upwards")
    }

    /// Ends the program and starts it again with the same data on the same ports.
    pub(crate) async fn restart(&mut self) -> Result<()> {
        let id = self.child.id().context("the demo has ended by itself")?;
        Command::new("kill").args(["-TERM", &id.to_string()]).status().await?;
        timeout(PATIENCE, self.child.wait()).await.context("the demo does not end when asked to")??;
        (self.child, self.said) =
            spawn(self.base, self.folder.path()).await?.context("the demo does not start again")?;
        Ok(())
    }

    pub(crate) fn data(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn provider(&self, path: &str) -> String {
        self.at(0, path)
    }

    pub(crate) fn tilleuls(&self, path: &str) -> String {
        self.at(1, path)
    }

    pub(crate) fn rivage(&self, path: &str) -> String {
        self.at(2, path)
    }

    fn at(&self, face: u16, path: &str) -> String {
        format!("http://localhost:{}{path}", self.base + face)
    }

    /// Waits for the newest mail to this address whose subject has these words.
    pub(crate) async fn mail(&self, to: &str, subject: &str) -> Result<Mail> {
        let found = until(async || {
            let mails = self.mails().await.ok()?;
            mails.into_iter().find(|(address, mail)| address == to && mail.subject.contains(subject))
        });
        if let Some((_, mail)) = found.await {
            return Ok(mail);
        }
        let came = self.mails().await?;
        let came: Vec<String> =
            came.into_iter().map(|(to, mail)| format!("{to}: {}", mail.subject)).collect();
        bail!("no mail to {to} about {subject:?}, only:\n{}", came.join("\n"))
    }

    /// The link to `path` in the newest such mail.
    pub(crate) async fn link(&self, to: &str, subject: &str, path: &str) -> Result<String> {
        let mail = self.mail(to, subject).await?;
        let start = self.provider(path);
        let link = mail.text.split_whitespace().find(|word| word.starts_with(&start));
        Ok(link.with_context(|| format!("no link to {start} in: {}", mail.text))?.to_owned())
    }

    /// The code in the newest such mail, which stands on a line of its own.
    pub(crate) async fn code(&self, to: &str, subject: &str) -> Result<String> {
        let mail = self.mail(to, subject).await?;
        let is_code = |line: &&str| line.len() == 9 && line.chars().all(|c| c.is_ascii_digit() || c == ' ');
        let code = mail.text.lines().map(str::trim).find(is_code);
        Ok(code.with_context(|| format!("no code in: {}", mail.text))?.to_owned())
    }

    /// The number of mails to this address whose subject has these words.
    pub(crate) async fn count(&self, to: &str, subject: &str) -> Result<usize> {
        let mails = self.mails().await?;
        Ok(mails.iter().filter(|(address, mail)| address == to && mail.subject.contains(subject)).count())
    }

    /// Opens an address as a mail scanner does: without cookies, which the page points out.
    pub(crate) async fn scan(&self, link: &str) -> Result<()> {
        let status = self.http.get(link).send().await?.status();
        anyhow::ensure!(status.is_success() || status == 403, "a scanner got {status}");
        Ok(())
    }

    async fn mails(&self) -> Result<Vec<(String, Mail)>> {
        let all: Vec<Value> = self.http.get(self.at(3, "/mails.json")).send().await?.json().await?;
        let text = |mail: &Value, key: &str| mail[key].as_str().unwrap_or_default().to_owned();
        Ok(all
            .iter()
            .map(|m| (text(m, "to"), Mail { subject: text(m, "subject"), text: text(m, "text") }))
            .collect())
    }

    /// Publishes a copy of the terms `from` as `version`, with the second effective date in place of the first.
    pub(crate) fn publish_terms(&self, version: &str, from: &str, effective: [&str; 2]) -> Result<()> {
        let terms = self.data().join("terms");
        fs::create_dir_all(terms.join(version))?;
        for edition in fs::read_dir(terms.join(from))? {
            let edition: PathBuf = edition?.path();
            let text = fs::read_to_string(&edition)?;
            anyhow::ensure!(
                text.contains(effective[0]),
                "{} does not say {}",
                edition.display(),
                effective[0]
            );
            let name = edition.file_name().context("a file has a name")?;
            fs::write(terms.join(version).join(name), text.replacen(effective[0], effective[1], 1))?;
        }
        Ok(())
    }
}

/// Starts the program; `None` if the ports were taken meanwhile.
async fn spawn(base: u16, data: &Path) -> Result<Option<(Child, Lines<BufReader<ChildStdout>>)>> {
    let mut child = Command::new(parts::program()?)
        .args(["demo", "--port-base", &base.to_string(), "--data"])
        .arg(data)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut said = BufReader::new(child.stdout.take().context("its output is piped")?).lines();
    let ready = async {
        while let Some(line) = said.next_line().await? {
            if line.starts_with("ready ") {
                return anyhow::Ok(true);
            }
        }
        Ok(false)
    };
    let ready = timeout(PATIENCE, ready).await.context("the demo never said that it is ready")??;
    Ok(ready.then_some((child, said)))
}

static NEXT: AtomicU16 = AtomicU16::new(0);

/// Finds four free ports in a row. Tests of one process take turns; other processes begin at other numbers.
fn free_block() -> Result<u16> {
    let start = u16::try_from(std::process::id() % 400)?;
    for _ in 0..1000 {
        let turn = NEXT.fetch_add(1, Ordering::Relaxed);
        let base = 21_000 + (start + turn) % 1000 * 4;
        if (0..4).map(|n| TcpListener::bind(("127.0.0.1", base + n))).all(|bound| bound.is_ok()) {
            return Ok(base);
        }
    }
    bail!("no free block of four ports from 21000 upwards")
}
