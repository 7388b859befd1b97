//! An image without an engine: the file system that `rootfs.sh` lays out, as one layer of an OCI layout, with what the Containerfile says of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::{Release, digest, name, quiet};
use crate::shell;

/// The user that the program runs as, and that owns its folder.
pub(super) const USER: &str = "65532";
const STATE: &str = "./var/lib/moncompte";

/// Makes the image, an archive that `podman load`, `skopeo copy oci-archive:…` and `docker load` (25 and later) take.
pub(super) fn make(release: &Release, folder: &Path) -> Result<PathBuf> {
    let work = tempfile::Builder::new().prefix("moncompte-image-").tempdir()?;
    let (root, layout) = (work.path().join("root"), work.path().join("layout"));
    quiet(Command::new(shell::root().join("deploy/rootfs.sh")).arg(&release.program).arg(&root))?;
    let layer = work.path().join("layer.tar");
    release.archive(&root, Some(STATE), &layer)?;
    fs::remove_dir_all(&root)?;
    let layer_id = digest(&layer)?;
    let layer = release.compress(&layer)?;

    let blobs = Blobs { folder: layout.join("blobs/sha256") };
    fs::create_dir_all(&blobs.folder)?;
    let created = release.date("+%Y-%m-%dT%H:%M:%SZ")?;
    let containerfile = fs::read_to_string(shell::root().join("deploy/Containerfile"))?;
    let config = json!({
        "created": created,
        "architecture": architecture(),
        "os": "linux",
        "config": config(&containerfile)?,
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{layer_id}")] },
        "history": [{ "created": created, "created_by": "cargo xtask dist" }],
    });
    let kind = if release.is_compressed { "tar+gzip" } else { "tar" };
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": blobs.write(&config, "application/vnd.oci.image.config.v1+json")?,
        "layers": [blobs.take(&layer, &format!("application/vnd.oci.image.layer.v1.{kind}"))?],
        "annotations": { "org.opencontainers.image.version": release.version(), "org.opencontainers.image.created": created },
    });
    let mut entry = blobs.write(&manifest, "application/vnd.oci.image.manifest.v1+json")?;
    // `podman load` takes the image's name from here.
    let tag = format!("moncompte:{}", release.version());
    entry["annotations"] = json!({ "org.opencontainers.image.ref.name": tag });
    fs::write(layout.join("index.json"), json!({ "schemaVersion": 2, "manifests": [entry] }).to_string())?;
    fs::write(layout.join("oci-layout"), json!({ "imageLayoutVersion": "1.0.0" }).to_string())?;
    let image = folder.join(format!("{}.oci.tar", release.stem()));
    release.archive(&layout, None, &image)?;
    Ok(image)
}

/// The contents of a layout, each by its digest.
struct Blobs {
    folder: PathBuf,
}

impl Blobs {
    /// Stores a document; returns its descriptor.
    fn write(&self, document: &Value, kind: &str) -> Result<Value> {
        let file = self.folder.join("new");
        fs::write(&file, document.to_string())?;
        self.take(&file, kind)
    }

    /// Stores a file, which is gone from its place then; returns its descriptor.
    fn take(&self, file: &Path, kind: &str) -> Result<Value> {
        let (digest, size) = (digest(file)?, file.metadata()?.len());
        fs::rename(file, self.folder.join(&digest)).with_context(|| name(file))?;
        Ok(json!({ "mediaType": kind, "digest": format!("sha256:{digest}"), "size": size }))
    }
}

/// Returns the settings of the last stage of a Containerfile.
fn config(containerfile: &str) -> Result<Value> {
    let stage = containerfile.rsplit("\nFROM ").next().unwrap_or_default();
    let value = |word: &str| {
        let mut lines = stage.lines().filter_map(|line| line.strip_prefix(word)?.strip_prefix(' '));
        lines.next().with_context(|| format!("the Containerfile has no {word}"))
    };
    let list = |word: &str| -> Result<Value> { Ok(serde_json::from_str(value(word)?)?) };
    let ports: Map<String, Value> =
        value("EXPOSE")?.split(' ').map(|port| (format!("{port}/tcp"), json!({}))).collect();
    Ok(json!({
        "User": value("USER")?,
        "WorkingDir": value("WORKDIR")?,
        "StopSignal": value("STOPSIGNAL")?,
        "ExposedPorts": ports,
        "Entrypoint": list("ENTRYPOINT")?,
        "Cmd": list("CMD")?,
    }))
}

/// Returns this machine's architecture in the words of images.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_stage_says_how_the_image_runs() {
        let text = "FROM a AS build\nUSER root\n\nFROM scratch\nUSER 65532:65532\nWORKDIR /w\nSTOPSIGNAL SIGTERM\n\
                    EXPOSE 8080 9090\nENTRYPOINT [\"/m\"]\nCMD [\"serve\"]\n";
        let expected = json!({
            "User": "65532:65532", "WorkingDir": "/w", "StopSignal": "SIGTERM", "Entrypoint": ["/m"], "Cmd": ["serve"],
            "ExposedPorts": { "8080/tcp": {}, "9090/tcp": {} },
        });
        assert_eq!(config(text).unwrap(), expected);
        assert!(config("FROM scratch\n").is_err());
    }
}
