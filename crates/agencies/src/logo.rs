use std::sync::Arc;

/// An image that is served unchanged, beside the agency's style sheet.
#[derive(Clone)]
pub struct Logo {
    /// The file extension in its address: `svg`, `png`, `jpg` or `webp`.
    pub extension: &'static str,
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// The file.
    pub bytes: Arc<[u8]>,
}

/// The maximum size, so that a page with its logo stays below 30 kB on the wire.
const LONGEST: usize = 6 * 1024;

impl Logo {
    /// Reads an image. Its first bytes determine the type, not its name.
    ///
    /// # Errors
    /// The remedy, in one sentence.
    pub fn read(bytes: Vec<u8>) -> Result<Self, String> {
        let is = |at: usize, sign: &[u8]| bytes.get(at..).is_some_and(|rest| rest.starts_with(sign));
        let (extension, content_type) = if is(0, b"\x89PNG\r\n\x1a\n") {
            ("png", "image/png")
        } else if is(0, b"\xff\xd8\xff") {
            ("jpg", "image/jpeg")
        } else if is(0, b"RIFF") && is(8, b"WEBP") {
            ("webp", "image/webp")
        } else {
            drawn(&bytes)?;
            ("svg", "image/svg+xml")
        };
        if bytes.len() > LONGEST {
            return Err(format!(
                "is {} bytes long, and {LONGEST} are the most: draw it more simply, or smaller",
                bytes.len()
            ));
        }
        Ok(Self { extension, content_type, bytes: bytes.into() })
    }
}

/// Accepts an SVG that only draws. Scripts could not run anyway, since it is shown as an image and served in a sandbox; a file that tries is a mistake
/// or worse.
fn drawn(bytes: &[u8]) -> Result<(), String> {
    const ACTS: [&str; 5] = ["<script", "<foreignobject", "<iframe", "<!entity", "javascript:"];
    let text = std::str::from_utf8(bytes).unwrap_or_default().to_lowercase();
    if !text.contains("<svg") {
        return Err("must be an SVG, PNG, JPEG or WebP file".into());
    }
    match ACTS.iter().find(|sign| text.contains(**sign)) {
        Some(sign) => Err(format!("holds {sign:?}: save it as a plain drawing")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_known_by_its_first_bytes() {
        let kind = |bytes: &[u8]| Logo::read(bytes.to_vec()).map(|logo| logo.extension);
        assert_eq!(kind(b"\x89PNG\r\n\x1a\n..."), Ok("png"));
        assert_eq!(kind(b"\xff\xd8\xff\xe0..."), Ok("jpg"));
        assert_eq!(kind(b"RIFF....WEBPVP8 "), Ok("webp"));
        assert_eq!(kind(b"<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>"), Ok("svg"));
        for bad in [
            b"".as_slice(),
            b"GIF89a",
            b"<html><body>",
            b"\xff\xfe<svg",
            b"<svg><SCRIPT>alert(1)</SCRIPT></svg>",
            b"<svg><a href='javascript:alert(1)'/></svg>",
            b"<!DOCTYPE svg [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><svg>&x;</svg>",
        ] {
            assert!(Logo::read(bad.to_vec()).is_err(), "{bad:?}");
        }
        assert!(Logo::read([b"<svg>".as_slice(), &[b' '; LONGEST]].concat()).is_err(), "too long");
    }
}
