//! The style sheet and the scripts, under names that change with their content.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

/// Where pages expect assets: `/assets/{path}`.
pub const ASSET_ROOT: &str = "/assets/";

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Files;

struct Asset {
    content_type: &'static str,
    bytes: &'static [u8],
}

/// By served name, `moncompte.3f2a9c81d0b4.css`.
static ASSETS: LazyLock<BTreeMap<String, Asset>> = LazyLock::new(|| {
    Files::iter()
        .filter_map(|file| {
            let asset = Asset { content_type: content_type(&file)?, bytes: bytes(&file)? };
            Some((hashed_name(&file, asset.bytes)?, asset))
        })
        .collect()
});

/// The asset that is served at `/assets/{path}`: its content type and its bytes. The name carries a hash of the content, so
/// it may be cached for ever (`Cache-Control: public, max-age=31536000, immutable`).
pub fn asset(path: &str) -> Option<(&'static str, &'static [u8])> {
    ASSETS.get(path).map(|asset| (asset.content_type, asset.bytes))
}

/// The address of an asset by its plain name: `moncompte.css` gives `/assets/moncompte.3f2a9c81d0b4.css`.
pub(crate) fn url(name: &str) -> Option<String> {
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
        // Only when read from disk, which the feature `debug-embed` excludes.
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
    use super::{ASSET_ROOT, asset, url};

    #[test]
    fn an_asset_is_found_under_the_address_that_pages_write() {
        let address = url("moncompte.css").unwrap();
        let (content_type, bytes) = asset(address.strip_prefix(ASSET_ROOT).unwrap()).unwrap();
        assert_eq!(content_type, "text/css; charset=utf-8");
        assert!(!bytes.is_empty());
    }

    #[test]
    fn only_whole_names_are_found() {
        for path in ["", "moncompte.css", "../Cargo.toml", "moncompte.000000000000.css", "/"] {
            assert!(asset(path).is_none(), "{path}");
        }
    }
}
