//! The files of a release, in `target/dist`: a Debian package, an image, the list of what is in the program, their sums and a signature (docs/adr/0020). The
//! same sources and tools make the same bytes: times are those of the commit, owners are written and not taken from whoever builds.

mod debian;
mod image;
mod libraries;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use clap::Args;

pub(crate) use self::libraries::{Library, all as libraries};
use crate::shell;
use crate::tools::on_path;

/// The options of `cargo xtask dist`.
#[derive(Args)]
pub(crate) struct DistArgs {
    /// The profile to build the program with
    #[arg(long, default_value = "release")]
    profile: String,
    /// A program that is built already, instead
    #[arg(long, value_name = "FILE", conflicts_with = "profile")]
    program: Option<PathBuf>,
    /// The SSH key that signs SHA256SUMS: a private key, or a public one whose private half an agent has
    #[arg(long, value_name = "FILE")]
    sign_key: Option<PathBuf>,
}

/// The namespace of signatures: one made for something else is not one of a release.
pub(crate) const NAMESPACE: &str = "moncompte-release";
const SUMS: &str = "SHA256SUMS";

/// Builds the program and makes everything anew.
pub(crate) fn run(args: &DistArgs) -> Result<()> {
    let key = args.sign_key.as_ref().map(|key| key.canonicalize().with_context(|| key.display().to_string()));
    let key = key.transpose()?;
    let program = args.program.clone().map_or_else(|| build(&args.profile), Ok)?;
    let release = Release {
        program,
        libraries: libraries()?,
        revision: 1,
        epoch: epoch()?,
        maintainer: git(&["log", "-1", "--format=%an <%ae>"])
            .context("the package wants a maintainer, the author of the latest commit, and there is none")?,
        is_compressed: true,
    };
    let dist = shell::target().join("dist");
    if dist.exists() {
        fs::remove_dir_all(&dist).with_context(|| format!("cannot remove {}", dist.display()))?;
    }
    let made = release.make(&dist)?;
    let signature = match &key {
        Some(key) => format!("signed: {}", name(&sign(&made.sums, key)?)),
        None => "not signed: --sign-key names the SSH key that would".to_owned(),
    };
    if let Some(lintian) = on_path("lintian") {
        // The overrides in the package say what is meant, each with its reason.
        let told =
            shell::capture(Command::new(lintian).args(["--fail-on", "error,warning"]).arg(&made.package))?;
        ensure!(told.status.success(), "lintian:\n{}", String::from_utf8_lossy(&told.stdout));
    }
    println!("{}", fs::read_to_string(&made.sums)?.trim_end());
    println!("in {}; {signature}", dist.display());
    Ok(())
}

/// Builds the program as it is shipped: alone, so that what only tests ask of a library is not in it.
fn build(profile: &str) -> Result<PathBuf> {
    shell::run(&mut shell::cargo(["build", "--locked", "--package", "moncompte", "--profile", profile]))?;
    let folder = if profile == "dev" { "debug" } else { profile };
    Ok(shell::target().join(folder).join("moncompte"))
}

/// The parts of a release.
pub(crate) struct Release {
    /// The built program.
    pub(crate) program: PathBuf,
    /// The program's own package, and those of the libraries in it.
    pub(crate) libraries: Vec<Library>,
    /// The revision of the package: 1 for the first of a version.
    pub(crate) revision: u32,
    /// The time of everything in it, in Unix seconds.
    pub(crate) epoch: u64,
    /// Name and address.
    pub(crate) maintainer: String,
    /// False for tests, which throw it away.
    pub(crate) is_compressed: bool,
}

/// The files of a release.
pub(crate) struct Made {
    /// The Debian package.
    pub(crate) package: PathBuf,
    /// The image, an archive of an OCI layout.
    pub(crate) image: PathBuf,
    /// The list of libraries in the program, SPDX 2.3.
    pub(crate) bill: PathBuf,
    /// The sums of the three, as sha256sum(1) reads them.
    pub(crate) sums: PathBuf,
}

impl Release {
    /// Makes the files of this release in `folder`.
    pub(crate) fn make(&self, folder: &Path) -> Result<Made> {
        let (package, bill) = self.package(folder)?;
        let image = image::make(self, folder)?;
        let sums = folder.join(SUMS);
        let mut lines = String::new();
        for file in [&package, &image, &bill] {
            lines += &format!("{}  {}\n", digest(file)?, name(file));
        }
        fs::write(&sums, lines)?;
        Ok(Made { package, image, bill, sums })
    }

    /// Makes the package in `folder`, and the bill that goes with it.
    pub(crate) fn package(&self, folder: &Path) -> Result<(PathBuf, PathBuf)> {
        // Whoever builds may have a narrower one, and what is installed is read by all.
        rustix::process::umask(rustix::fs::Mode::WGRP | rustix::fs::Mode::WOTH);
        fs::create_dir_all(folder)?;
        let bill = folder.join(format!("{}.spdx.json", self.stem()));
        fs::write(&bill, libraries::bill(self)?)?;
        Ok((debian::make(self, folder, &bill)?, bill))
    }

    /// Returns the version of the workspace.
    fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    fn stem(&self) -> String {
        format!("moncompte-{}-{}", self.version(), std::env::consts::ARCH)
    }

    /// Returns the time, as `date` writes it by `format`.
    fn date(&self, format: &str) -> Result<String> {
        let at = format!("@{}", self.epoch);
        text(Command::new("date").args(["--utc", "--date", &at, format]).env("LC_ALL", "C"))
    }

    /// Compresses a file in place, if this release is; without a name and a time in it.
    fn compress(&self, file: &Path) -> Result<PathBuf> {
        if !self.is_compressed {
            return Ok(file.to_owned());
        }
        quiet(Command::new("gzip").args(["-9", "-n", "-f"]).arg(file))?;
        Ok(file.with_file_name(format!("{}.gz", name(file))))
    }

    /// Writes an archive of a folder, in the order of names. All is root's, but what is below `given`, if any, which is the user's `65532`.
    fn archive(&self, folder: &Path, given: Option<&str>, to: &Path) -> Result<()> {
        let pack = |mode: &str, owner: &str| {
            let mut tar = Command::new("tar");
            tar.args(["--sort=name", "--format=gnu", "--numeric-owner"]);
            tar.args([
                format!("--mtime=@{}", self.epoch),
                format!("--owner={owner}"),
                format!("--group={owner}"),
            ]);
            tar.arg("-C").arg(folder).arg(mode).arg("--file").arg(to);
            tar
        };
        let excluded = given.map(|path| format!("--exclude={path}"));
        quiet(pack("--create", "0").args(excluded).arg("."))?;
        given.map_or(Ok(()), |path| quiet(pack("--append", image::USER).arg(path)))
    }
}

/// Signs a file; returns the file with the signature.
pub(crate) fn sign(file: &Path, key: &Path) -> Result<PathBuf> {
    let keygen = on_path("ssh-keygen").context("there is no ssh-keygen to sign with")?;
    quiet(Command::new(keygen).args(["-q", "-Y", "sign", "-n", NAMESPACE, "-f"]).arg(key).arg(file))?;
    Ok(file.with_file_name(format!("{}.sig", name(file))))
}

/// Returns the time of a release: that of `SOURCE_DATE_EPOCH`, or of the latest commit.
fn epoch() -> Result<u64> {
    let told = shell::variable("SOURCE_DATE_EPOCH").and_then(|told| told.into_string().ok());
    let told = told.map_or_else(|| git(&["log", "-1", "--format=%ct"]), Ok);
    told?
        .trim()
        .parse()
        .context("a release wants SOURCE_DATE_EPOCH, Unix seconds, or a commit whose time it takes")
}

fn git(args: &[&str]) -> Result<String> {
    text(Command::new("git").args(args).current_dir(shell::root()))
}

/// Returns the SHA-256 of a file, in hex.
pub(crate) fn digest(file: &Path) -> Result<String> {
    let told = text(Command::new("sha256sum").arg(file))?;
    // A name with a backslash would begin with one.
    told.split(' ').next().map(str::to_owned).filter(|sum| sum.len() == 64).context("sha256sum says no sum")
}

/// Returns what a short command prints, without the last line's end.
pub(crate) fn text(command: &mut Command) -> Result<String> {
    let told = shell::capture(command)?;
    ensure!(
        told.status.success(),
        "`{}` failed: {}",
        shell::show(command),
        String::from_utf8_lossy(&told.stderr)
    );
    Ok(String::from_utf8(told.stdout)?.trim_end().to_owned())
}

/// Runs a short command that has nothing to say.
fn quiet(command: &mut Command) -> Result<()> {
    command.stdout(Stdio::null());
    text(command).map(drop)
}

/// Returns the name of a file, without its folder.
pub(crate) fn name(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Lists a library with the text of its licence, for what goes with the program.
fn notice(library: &Library) -> String {
    let texts: Vec<&str> = library.texts.iter().map(|text| text.trim_end()).collect();
    format!("{} {}: {}\n\n{}\n", library.name, library.version, library.licence, texts.join("\n\n"))
}
