//! The Debian package: a tree of files, and `dpkg-deb`, which is on every machine that could install it.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{Release, name, notice, quiet, text};
use crate::shell;
use crate::tools::on_path;

/// The files that are copied from the sources: from, to, mode.
const FILES: [(&str, &str, u32); 11] = [
    ("deploy/systemd/moncompte.service", "usr/lib/systemd/system/moncompte.service", 0o644),
    ("deploy/systemd/moncompte.sysusers.conf", "usr/lib/sysusers.d/moncompte.conf", 0o644),
    ("deploy/systemd/moncompte.tmpfiles.conf", "usr/lib/tmpfiles.d/moncompte.conf", 0o644),
    ("deploy/debian/default", "etc/default/moncompte", 0o644),
    ("deploy/debian/postinst", "DEBIAN/postinst", 0o755),
    ("deploy/debian/prerm", "DEBIAN/prerm", 0o755),
    ("deploy/debian/postrm", "DEBIAN/postrm", 0o755),
    ("deploy/debian/lintian-overrides", "usr/share/lintian/overrides/moncompte", 0o644),
    ("deploy/proxy/nginx.conf", "usr/share/doc/moncompte/examples/nginx.conf", 0o644),
    ("deploy/proxy/503.http", "usr/share/doc/moncompte/examples/503.http", 0o644),
    ("deploy/proxy/haproxy.cfg", "usr/share/doc/moncompte/examples/haproxy.cfg", 0o644),
];
/// Files that dpkg asks about where they were changed on both sides, and keeps otherwise.
const CONFFILES: &str = "/etc/default/moncompte\n";
/// The completions, as the program names them, and where shells look.
const COMPLETIONS: [(&str, &str); 3] = [
    ("moncompte.bash", "usr/share/bash-completion/completions/moncompte"),
    ("_moncompte", "usr/share/zsh/vendor-completions/_moncompte"),
    ("moncompte.fish", "usr/share/fish/vendor_completions.d/moncompte.fish"),
];
const DOC: &str = "usr/share/doc/moncompte";

/// Makes the package in `folder`.
pub(super) fn make(release: &Release, folder: &Path, bill: &Path) -> Result<PathBuf> {
    let builder = on_path("dpkg-deb").context("there is no dpkg-deb to make a package with")?;
    let work = tempfile::Builder::new().prefix("moncompte-package-").tempdir()?;
    let tree = Tree { root: work.path().join("tree") };
    tree.folder("")?;
    for (from, to, mode) in FILES {
        let bytes = fs::read(shell::root().join(from)).with_context(|| format!("cannot read {from}"))?;
        tree.write(to, &bytes, mode)?;
    }
    tree.write("usr/bin/moncompte", &fs::read(&release.program)?, 0o755)?;
    manual(release, &tree, work.path())?;
    documents(release, &tree, bill)?;
    tree.write("DEBIAN/conffiles", CONFFILES.as_bytes(), 0o644)?;
    let architecture = text(Command::new("dpkg").arg("--print-architecture"))?;
    let version = format!("{}-{}", release.version(), release.revision);
    let control = control(release, &tree, &architecture, &version)?;
    tree.write("DEBIAN/control", control.as_bytes(), 0o644)?;
    tree.write("DEBIAN/md5sums", tree.sums()?.as_bytes(), 0o644)?;
    let package = folder.join(format!("moncompte_{version}_{architecture}.deb"));
    let compression = if release.is_compressed { "-Zxz" } else { "-Znone" };
    let mut build = Command::new(builder);
    build.args(["--build", "--root-owner-group", compression]).arg(&tree.root).arg(&package);
    quiet(build.env("SOURCE_DATE_EPOCH", release.epoch.to_string()))?;
    Ok(package)
}

/// Adds the manual pages and the completions, which the program writes itself.
fn manual(release: &Release, tree: &Tree, work: &Path) -> Result<()> {
    let written = work.join("manual");
    quiet(Command::new(&release.program).arg("manual").arg(&written))?;
    for entry in fs::read_dir(written.join("man1"))? {
        let page = release.compress(&entry?.path())?;
        tree.write(&format!("usr/share/man/man1/{}", name(&page)), &fs::read(&page)?, 0o644)?;
    }
    for (from, to) in COMPLETIONS {
        tree.write(to, &fs::read(written.join("completions").join(from))?, 0o644)?;
    }
    Ok(())
}

/// Adds what Debian wants in `/usr/share/doc`, and the bill of materials.
fn documents(release: &Release, tree: &Tree, bill: &Path) -> Result<()> {
    let changes = fs::read(shell::root().join("CHANGELOG.md"))?;
    let entry = format!(
        "moncompte ({}-{}) stable; urgency=medium\n\n  * changelog.gz says what changed.\n\n -- {}  {}\n",
        release.version(),
        release.revision,
        release.maintainer,
        release.date("+%a, %d %b %Y %H:%M:%S +0000")?
    );
    let licence = fs::read_to_string(shell::root().join("LICENSE"))?;
    let copyright = format!(
        "moncompte is published under the EUPL-1.2, whose text follows. The program holds the libraries that\n\
         sbom.spdx.json lists; THIRD-PARTY has their licences and notices.\n\n{licence}"
    );
    let notices: Vec<String> =
        release.libraries.iter().filter(|library| !library.texts.is_empty()).map(notice).collect();
    tree.write(&format!("{DOC}/copyright"), copyright.as_bytes(), 0o644)?;
    tree.write(&format!("{DOC}/changelog"), &changes, 0o644)?;
    tree.write(&format!("{DOC}/changelog.Debian"), entry.as_bytes(), 0o644)?;
    tree.write(
        &format!("{DOC}/THIRD-PARTY"),
        notices.join(&format!("\n{}\n\n", "-".repeat(79))).as_bytes(),
        0o644,
    )?;
    tree.write(&format!("{DOC}/sbom.spdx.json"), &fs::read(bill)?, 0o644)?;
    for file in ["changelog", "changelog.Debian", "THIRD-PARTY", "sbom.spdx.json"] {
        release.compress(&tree.root.join(DOC).join(file))?;
    }
    Ok(())
}

fn control(release: &Release, tree: &Tree, architecture: &str, version: &str) -> Result<String> {
    let size = text(Command::new("du").args(["-sk", "--apparent-size", "--exclude=DEBIAN"]).arg(&tree.root))?;
    let size = size.split('\t').next().unwrap_or_default().to_owned();
    // The versions of symbols stand in the program as they are.
    let told = text(Command::new("grep").args(["-aohE", "GLIBC_2\\.[0-9]+"]).arg(&release.program))?;
    let libc = newest(&told).context("the program names no version of the C library")?;
    let template = fs::read_to_string(shell::root().join("deploy/debian/control"))?;
    Ok([
        ("{version}", version),
        ("{architecture}", architecture),
        ("{maintainer}", &release.maintainer),
        ("{size}", &size),
        ("{libc}", &libc),
    ]
    .iter()
    .fold(template, |text, (from, to)| text.replace(from, to)))
}

/// Returns the newest of versions of the C library, as `GLIBC_2.34`, a line each.
fn newest(versions: &str) -> Option<String> {
    let minors = versions.lines().filter_map(|line| line.strip_prefix("GLIBC_2.")?.parse::<u32>().ok());
    minors.max().map(|minor| format!("2.{minor}"))
}

/// The tree that becomes a package.
struct Tree {
    root: PathBuf,
}

impl Tree {
    fn folder(&self, path: &str) -> Result<()> {
        let mut builder = fs::DirBuilder::new();
        Ok(builder.recursive(true).mode(0o755).create(self.root.join(path))?)
    }

    /// Writes a file, and the folders above it.
    fn write(&self, path: &str, bytes: &[u8], mode: u32) -> Result<()> {
        self.folder(Path::new(path).parent().and_then(Path::to_str).unwrap_or_default())?;
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(self.root.join(path))
            .with_context(|| format!("cannot write {path}"))?;
        Ok(file.write_all(bytes)?)
    }

    /// Returns the sums by which `dpkg --verify` finds changed files.
    fn sums(&self) -> Result<String> {
        let mut find = Command::new("sh");
        find.args(["-c", "find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum"]);
        Ok(text(find.current_dir(&self.root))? + "\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_of_the_c_library_counts() {
        assert_eq!(newest("GLIBC_2.4\nGLIBC_2.34\nGLIBC_2.17\n").as_deref(), Some("2.34"));
        assert_eq!(newest(""), None);
    }
}
