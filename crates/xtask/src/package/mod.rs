//! A check of a release: its files are what they say, and docs/operate/install.md, typed letter for letter into roots with its package, leads to nodes
//! that serve. The program is the one that the tests' build has made.

mod compose;
mod install;
mod page;
mod root;
mod scripts;
mod unit;

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::dist::{self, Made, Release, digest, text};
use crate::report::Outcome;
use crate::shell;
use crate::tools::on_path;

/// A time that is nobody's: nothing in a release may come from the clock.
const EPOCH: u64 = 1_700_000_000;

/// Makes a release, and a newer package, and tries both.
pub(crate) fn check() -> Result<Outcome> {
    if !rustix::process::geteuid().is_root() {
        return Ok(Outcome::Skipped("not root: no package can be installed into a root of its own".into()));
    }
    let work = tempfile::Builder::new().prefix("moncompte-release-").tempdir()?;
    let program = work.path().join("moncompte");
    text(Command::new("strip").arg(shell::target().join("debug/moncompte")).arg("-o").arg(&program))?;
    let mut release = Release {
        program,
        libraries: dist::libraries()?,
        revision: 1,
        epoch: EPOCH,
        maintainer: "Tests <tests@localhost>".to_owned(),
        is_compressed: false,
    };
    let [first, again, newer] = ["first", "again", "newer"].map(|name| work.path().join(name));
    let made = release.make(&first)?;
    same_bytes(&made, &release.make(&again)?)?;
    fs::remove_dir_all(&again)?;
    image_reads_back(&made.image, work.path())?;
    bill_is_whole(&made.bill)?;
    signature_holds(&made.sums, work.path())?;
    release.revision = 2;
    let (newer, _) = release.package(&newer)?;
    compose::check(&made)?;
    scripts::check(&made)?;
    let done = install::follow_the_page(&made, &newer)?;
    Ok(Outcome::Passed(done))
}

/// The same sources make the same bytes.
fn same_bytes(made: &Made, again: &Made) -> Result<()> {
    let [sums, later] = [&made.sums, &again.sums].map(fs::read_to_string);
    let (sums, later) = (sums?, later?);
    ensure!(sums == later, "made twice, a release differs:\n{sums}\n{later}");
    Ok(())
}

/// Follows the image's digests from its index to the program, which starts in the layer.
fn image_reads_back(image: &Path, work: &Path) -> Result<()> {
    let (layout, root) = (work.join("layout"), work.join("layer"));
    for folder in [&layout, &root] {
        fs::create_dir(folder)?;
    }
    text(Command::new("tar").arg("-xf").arg(image).arg("-C").arg(&layout))?;
    let version = json(&layout.join("oci-layout"))?;
    ensure!(version["imageLayoutVersion"] == "1.0.0", "the layout is no OCI layout: {version}");
    let blob = |descriptor: &Value| -> Result<std::path::PathBuf> {
        let told = descriptor["digest"].as_str().and_then(|digest| digest.strip_prefix("sha256:"));
        let told = told.with_context(|| format!("no digest in {descriptor}"))?;
        let file = layout.join("blobs/sha256").join(told);
        ensure!(digest(&file)? == told, "the content of a blob is not that of its name: {told}");
        ensure!(Some(file.metadata()?.len()) == descriptor["size"].as_u64(), "the size of {told} is another");
        Ok(file)
    };
    let entry = json(&layout.join("index.json"))?["manifests"][0].clone();
    let tag = concat!("moncompte:", env!("CARGO_PKG_VERSION"));
    // `podman load` would call it by its version alone.
    ensure!(entry["annotations"]["org.opencontainers.image.ref.name"] == tag, "the image's name: {entry}");
    let manifest = json(&blob(&entry)?)?;
    let config = json(&blob(&manifest["config"])?)?;
    let layer = blob(&manifest["layers"][0])?;
    // Not compressed in a test: the layer's digest is that of its content too.
    ensure!(
        config["rootfs"]["diff_ids"][0] == manifest["layers"][0]["digest"],
        "the layer is another: {config}"
    );
    text(Command::new("tar").args(["--numeric-owner", "-xpf"]).arg(&layer).arg("-C").arg(&root))?;
    let state = fs::metadata(root.join("var/lib/moncompte"))?;
    let owner = std::os::unix::fs::MetadataExt::uid(&state);
    let user = config["config"]["User"].as_str().context("the image names no user")?;
    ensure!(user == format!("{owner}:{owner}"), "the image runs as {user}, and its folder is {owner}'s");
    let entry = config["config"]["Entrypoint"][0].as_str().context("the image starts nothing")?;
    let mut start = Command::new(on_path("chroot").context("there is no chroot")?);
    start.arg(format!("--userspec={user}")).arg(&root).args([entry, "--version"]).env_clear();
    let said = text(&mut start)?;
    ensure!(said == format!("moncompte {}", env!("CARGO_PKG_VERSION")), "the image's program says {said}");
    if let Some(skopeo) = on_path("skopeo") {
        text(Command::new(skopeo).arg("inspect").arg(format!("oci-archive:{}:{tag}", image.display())))?;
    }
    fs::remove_dir_all(&layout)?;
    Ok(fs::remove_dir_all(&root)?)
}

/// Every library has a licence and, unless it is ours, the sum of its source; every relationship leads to something.
fn bill_is_whole(bill: &Path) -> Result<()> {
    let bill = json(bill)?;
    let list = |key: &str| bill[key].as_array().cloned().with_context(|| format!("the bill has no {key}"));
    let packages = list("packages")?;
    let ids: Vec<&Value> = packages.iter().map(|package| &package["SPDXID"]).collect();
    let holds = |name: &str| packages.iter().any(|package| package["name"] == name);
    ensure!(ids.len() > 100 && holds("tokio") && holds("aws-lc-sys"), "the bill has {} packages", ids.len());
    // Tools of tests and of the build are not in the program.
    ensure!(!holds("insta") && !holds("cc"), "the bill names what is not in the program");
    let distinct: std::collections::BTreeSet<String> = ids.iter().map(|id| id.to_string()).collect();
    ensure!(distinct.len() == ids.len(), "two packages of the bill have one id");
    for package in &packages {
        let is_ours = package["licenseDeclared"] == "EUPL-1.2";
        ensure!(package["licenseDeclared"].is_string(), "no licence: {package}");
        ensure!(is_ours || package["checksums"][0]["checksumValue"].is_string(), "no sum: {package}");
    }
    for relationship in list("relationships")? {
        ensure!(ids.contains(&&relationship["relatedSpdxElement"]), "it leads nowhere: {relationship}");
    }
    Ok(())
}

/// A key signs the sums; a changed file is not what was signed.
fn signature_holds(sums: &Path, work: &Path) -> Result<()> {
    let Some(keygen) = on_path("ssh-keygen") else { return Ok(()) };
    let (key, allowed) = (work.join("key"), work.join("allowed"));
    text(Command::new(&keygen).args(["-q", "-t", "ed25519", "-N", "", "-C", "", "-f"]).arg(&key))?;
    fs::write(&allowed, format!("publisher {}", fs::read_to_string(key.with_extension("pub"))?))?;
    let signature = dist::sign(sums, &key)?;
    let is_signed = |content: &str| -> Result<bool> {
        let file = work.join("signed");
        fs::write(&file, content)?;
        let mut verify = Command::new(&keygen);
        verify.args(["-Y", "verify", "-I", "publisher", "-n", dist::NAMESPACE, "-f"]).arg(&allowed);
        verify.arg("-s").arg(&signature).stdin(fs::File::open(&file)?);
        Ok(verify.output()?.status.success())
    };
    let content = fs::read_to_string(sums)?;
    ensure!(is_signed(&content)?, "the signature does not hold");
    if is_signed(&content.replacen(['0', '1', '2', '3'], "4", 1))? {
        bail!("the signature holds for another content");
    }
    Ok(())
}

fn json(file: &Path) -> Result<Value> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is no JSON", file.display()))
}
