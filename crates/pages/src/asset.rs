//! The style sheet and the scripts, under names that change with their content.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::LazyLock;

use flate2::{Compression, write::GzEncoder};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

/// The path of assets: `/assets/{path}`.
pub const ASSET_ROOT: &str = "/assets/";

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Files;

/// A file that pages load.
pub struct Asset {
    /// For `Content-Type`.
    pub content_type: &'static str,
    /// The file.
    pub bytes: &'static [u8],
    /// The content compressed with gzip; `None` if that is not smaller.
    pub gzip: Option<Vec<u8>>,
}

/// The assets by served name, e.g. `moncompte.3f2a9c81d0b4.css`.
static ASSETS: LazyLock<BTreeMap<String, Asset>> = LazyLock::new(|| {
    Files::iter()
        .filter_map(|file| {
            let bytes = bytes(&file)?;
            let gzip = precompressed(bytes).filter(|precompressed| precompressed.len() < bytes.len());
            let asset = Asset { content_type: content_type(&file)?, bytes, gzip };
            Some((hashed_name(&file, asset.bytes)?, asset))
        })
        .collect()
});

/// Returns the asset that is served at `/assets/{path}`. The name carries a hash of the content, so it may be cached for ever
/// (`Cache-Control: public, max-age=31536000, immutable`).
///
/// Only assets are compressed. A page holds the form token beside text that an address may have chosen: compressed, its length would tell
/// a listener about the token (BREACH).
pub fn asset(path: &str) -> Option<&'static Asset> {
    ASSETS.get(path)
}

/// Compresses with gzip, for clients that accept it; `None` if the result is not smaller. Never for a page: see [`asset`].
pub fn precompressed(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(bytes).ok()?;
    packer.finish().ok()
}

/// Returns the address of an asset by its plain name: `moncompte.css` gives `/assets/moncompte.3f2a9c81d0b4.css`.
pub fn url(name: &str) -> Option<String> {
    let served = hashed_name(name, bytes(name)?)?;
    ASSETS.contains_key(&served).then(|| format!("{ASSET_ROOT}{served}"))
}

fn hashed_name(name: &str, bytes: &[u8]) -> Option<String> {
    let (stem, extension) = name.rsplit_once('.')?;
    let digest = Sha256::digest(bytes);
    let hash: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    Some(format!("{stem}.{hash}.{extension}"))
}

fn bytes(name: &str) -> Option<&'static [u8]> {
    match Files::get(name)?.data {
        Cow::Borrowed(bytes) => Some(bytes),
        // Occurs only when files are read from disk, which the feature `debug-embed` excludes.
        Cow::Owned(_) => None,
    }
}

fn content_type(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1 {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;

    use super::{ASSET_ROOT, asset, url};

    #[test]
    fn an_asset_is_found_under_the_address_that_pages_write() {
        let address = url("moncompte.css").unwrap();
        let sheet = asset(address.strip_prefix(ASSET_ROOT).unwrap()).unwrap();
        assert_eq!(sheet.content_type, "text/css; charset=utf-8");
        let mut unpacked = Vec::new();
        GzDecoder::new(sheet.gzip.as_deref().unwrap()).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, sheet.bytes);
    }

    #[test]
    fn only_whole_names_are_found() {
        for path in ["", "moncompte.css", "../Cargo.toml", "moncompte.000000000000.css", "/"] {
            assert!(asset(path).is_none(), "{path}");
        }
    }
}
