//! The two fonts, and the glyphs that were shown of each: a file embeds those alone.

use std::collections::BTreeMap;

use pdf_writer::{
    Chunk, Filter, Finish as _, Name, Rect, Ref, Str,
    types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap},
};
use subsetter::GlyphRemapper;
use ttf_parser::{Face, GlyphId};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::{Error, pdf::deflated};

/// A font, and what was shown of it.
pub(crate) struct Font {
    data: &'static [u8],
    face: Face<'static>,
    name: &'static str,
    used: GlyphRemapper,
    /// The character of each glyph, by its number in the embedded font.
    shown: BTreeMap<u16, char>,
    /// The widths of glyphs, by the same number, in thousandths of the size.
    widths: BTreeMap<u16, f32>,
}

/// The objects of an embedded font.
pub(crate) struct FontRefs {
    pub(crate) font: Ref,
    pub(crate) descendant: Ref,
    pub(crate) descriptor: Ref,
    pub(crate) unicode: Ref,
    pub(crate) file: Ref,
}

const ORDERING: SystemInfo<'static> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

impl Font {
    pub(crate) fn regular() -> Result<Self, Error> {
        Self::new(include_bytes!("../fonts/OpenSans-Regular.ttf"), "MCLETT+OpenSans")
    }

    pub(crate) fn bold() -> Result<Self, Error> {
        Self::new(include_bytes!("../fonts/OpenSans-Bold.ttf"), "MCLETT+OpenSans-Bold")
    }

    fn new(data: &'static [u8], name: &'static str) -> Result<Self, Error> {
        let face = Face::parse(data, 0).map_err(|_| Error::Font)?;
        Ok(Self {
            data,
            face,
            name,
            used: GlyphRemapper::new(),
            shown: BTreeMap::new(),
            widths: BTreeMap::new(),
        })
    }

    /// Returns text that the font can show: a letter that it lacks loses its accent, or becomes a question mark; what nobody sees is left out.
    pub(crate) fn writable(&self, text: &str) -> String {
        let has = |c: char| self.face.glyph_index(c).is_some();
        let mut out = String::new();
        for c in text.nfc().filter(|c| !spelling::is_unseen(*c)) {
            if c.is_whitespace() || c.is_control() {
                out.push(if c == '\u{a0}' || c == '\u{202f}' { '\u{a0}' } else { ' ' });
            } else if has(c) {
                out.push(c);
            } else {
                let base: String =
                    c.to_string().nfkd().filter(|c| !is_combining_mark(*c) && has(*c)).collect();
                out.push_str(if base.is_empty() { "?" } else { &base });
            }
        }
        out
    }

    /// The width of text in points.
    pub(crate) fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|c| self.advance(self.glyph(c)) * size / 1000.0).sum()
    }

    /// Returns the bytes that show text, and notes its glyphs.
    pub(crate) fn encode(&mut self, text: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(text.len() * 2);
        for c in text.chars() {
            let glyph = self.glyph(c);
            let number = self.used.remap(glyph.0);
            self.shown.entry(number).or_insert(if c == '\u{a0}' { ' ' } else { c });
            let width = self.advance(glyph);
            self.widths.entry(number).or_insert(width);
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        bytes
    }

    fn glyph(&self, c: char) -> GlyphId {
        self.face.glyph_index(if c == '\u{a0}' { ' ' } else { c }).unwrap_or(GlyphId(0))
    }

    fn advance(&self, glyph: GlyphId) -> f32 {
        f32::from(self.face.glyph_hor_advance(glyph).unwrap_or_default()) * self.scale()
    }

    fn scale(&self) -> f32 {
        1000.0 / f32::from(self.face.units_per_em())
    }

    /// Returns the objects of the font, cut down to what was shown.
    pub(crate) fn objects(&self, refs: &FontRefs) -> Result<Vec<(Ref, Chunk)>, Error> {
        let file = subsetter::subset(self.data, 0, &self.used).map_err(|_| Error::Font)?;
        let packed = deflated(&file);
        let name = Name(self.name.as_bytes());
        let mut objects = Vec::new();

        let mut chunk = Chunk::new();
        let mut font = chunk.type0_font(refs.font);
        font.base_font(name)
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(refs.descendant)
            .to_unicode(refs.unicode);
        font.finish();
        objects.push((refs.font, chunk));

        let mut chunk = Chunk::new();
        let mut font = chunk.cid_font(refs.descendant);
        font.subtype(CidFontType::Type2)
            .base_font(name)
            .system_info(ORDERING)
            .font_descriptor(refs.descriptor);
        font.cid_to_gid_map_predefined(Name(b"Identity")).default_width(0.0);
        let mut widths = font.widths();
        for (number, width) in &self.widths {
            widths.same(*number, *number, *width);
        }
        widths.finish();
        font.finish();
        objects.push((refs.descendant, chunk));

        let (face, scale) = (&self.face, self.scale());
        let bounds = face.global_bounding_box();
        let bounds = [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max].map(|at| f32::from(at) * scale);
        let mut chunk = Chunk::new();
        let mut descriptor = chunk.font_descriptor(refs.descriptor);
        descriptor.name(name).flags(FontFlags::NON_SYMBOLIC).italic_angle(0.0);
        descriptor.bbox(Rect::new(bounds[0], bounds[1], bounds[2], bounds[3]));
        descriptor.ascent(f32::from(face.ascender()) * scale).descent(f32::from(face.descender()) * scale);
        let height = face.capital_height().unwrap_or(face.ascender());
        descriptor.cap_height(f32::from(height) * scale).stem_v(90.0).font_file2(refs.file);
        descriptor.finish();
        objects.push((refs.descriptor, chunk));

        let mut unicode = UnicodeCmap::new(Name(b"Shown"), ORDERING);
        for (number, c) in &self.shown {
            unicode.pair(*number, *c);
        }
        let unicode = unicode.finish();
        let mut chunk = Chunk::new();
        chunk.stream(refs.unicode, unicode.as_slice());
        objects.push((refs.unicode, chunk));

        let mut chunk = Chunk::new();
        let mut stream = chunk.stream(refs.file, &packed);
        stream.filter(Filter::FlateDecode);
        stream.pair(Name(b"Length1"), i32::try_from(file.len()).unwrap_or(i32::MAX));
        stream.finish();
        objects.push((refs.file, chunk));
        Ok(objects)
    }
}
