//! Size limits of pages for people with a poor connection, as the server sends them: the HTML uncompressed, the rest compressed where that helps.

use pages::{ASSET_ROOT, asset, gallery};

use crate::dom::Document;
use crate::shown::every;

/// Bytes of the packed style sheet.
const SHEET: usize = 12_000;
/// Bytes of a page with all that it loads.
const PAGE: usize = 30_000;
/// The biggest logo that a configuration may name: `Logo` of the agencies.
const LOGO: usize = 6 * 1024;
/// The page, its style sheet, the agency's colours and logo, the icon, and two scripts.
const REQUESTS: usize = 7;

/// The addresses that a browser fetches from our own host for a document, each once.
fn fetched(document: &Document) -> Vec<String> {
    let mut urls: Vec<String> = document
        // A picture that is loaded when it comes into view has a budget of its own.
        .all("link[href], script[src], img[src]:not([loading=lazy])")
        .iter()
        .filter_map(|element| element.attr("href").or_else(|| element.attr("src")))
        .map(str::to_owned)
        .collect();
    urls.sort();
    urls.dedup();
    urls
}

fn weight(url: &str) -> usize {
    match url.strip_prefix(ASSET_ROOT) {
        Some(name) => {
            let asset = asset(name).unwrap_or_else(|| panic!("no asset {name}"));
            asset.gzip.as_ref().map_or(asset.bytes.len(), Vec::len)
        }
        None if url.ends_with(".css") => gallery::look().stylesheet().len(),
        None => LOGO,
    }
}

/// Bytes of a document with all that it loads; panics above the limits of bytes and requests, and for a request to another host.
pub fn light(document: &Document) -> usize {
    let urls = fetched(document);
    assert!(urls.iter().all(|url| url.starts_with('/') && !url.starts_with("//")), "{urls:?}");
    assert!(urls.len() < REQUESTS, "{}: {urls:?}", document.name);
    let sum = document.source.len() + urls.iter().map(|url| weight(url)).sum::<usize>();
    assert!(sum < PAGE, "{}: {sum} bytes", document.name);
    for sheet in urls.iter().filter(|url| url.contains("moncompte.")) {
        assert!(weight(sheet) < SHEET, "{sheet}: {} bytes", weight(sheet));
    }
    sum
}

#[test]
fn every_page_is_light_and_asks_for_little() {
    let mut heaviest = 0;
    every(|_, document| heaviest = heaviest.max(light(document)));
    // The style sheet is among the counted files.
    assert!(heaviest > 10_000, "{heaviest}");
}
