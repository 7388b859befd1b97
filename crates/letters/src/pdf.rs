//! A PDF file (ISO 32000-1) that is written as it comes: an object a chunk, each forgotten once it is written. The fonts come last, when all that is shown of them is known.

use std::io::Write;

use flate2::{Compression, write::ZlibEncoder};
use pdf_writer::{Chunk, Content, Filter, Finish as _, Name, Rect, Ref, TextStr};

use crate::{
    Error,
    font::{Font, FontRefs},
};

/// The size of an A4 sheet, in points.
pub(crate) const A4: [f32; 2] = [595.276, 841.89];

/// Pages beneath one node of the tree: readers open a file of many pages sooner with a tree than with one list.
const PAGES_A_NODE: usize = 200;

const CATALOG: i32 = 1;
const TREE: i32 = 2;
const INFO: i32 = 3;
const FONTS: [i32; 2] = [4, 9];
const FIRST_FREE: i32 = 14;

pub(crate) struct Document<W: Write> {
    to: W,
    written: u64,
    /// The place of each object in the file, by its number less one.
    places: Vec<u64>,
    /// Nodes of the tree, each with the pages beneath it.
    nodes: Vec<(Ref, usize)>,
    /// The pages of the node that is not full.
    pages: Vec<Ref>,
    pub(crate) regular: Font,
    pub(crate) bold: Font,
}

impl<W: Write> Document<W> {
    pub(crate) fn new(mut to: W) -> Result<Self, Error> {
        // The second line tells programs that the file is no text.
        let head = b"%PDF-1.7\n%\xc3\xa9\xc3\xa8\n";
        to.write_all(head)?;
        let places = vec![0; usize::try_from(FIRST_FREE - 1).unwrap_or_default()];
        let (regular, bold) = (Font::regular()?, Font::bold()?);
        Ok(Self {
            to,
            written: head.len() as u64,
            places,
            nodes: Vec::new(),
            pages: Vec::new(),
            regular,
            bold,
        })
    }

    /// Adds a page with what was drawn.
    pub(crate) fn page(&mut self, drawn: Content, language: &str) -> Result<(), Error> {
        if self.pages.is_empty() {
            let node = self.reserve();
            self.nodes.push((node, 0));
        }
        let (page, content) = (self.reserve(), self.reserve());
        let Some((node, count)) = self.nodes.last_mut() else { return Ok(()) };
        *count += 1;
        let node = *node;
        let mut chunk = Chunk::new();
        let mut dict = chunk.page(page);
        dict.parent(node).media_box(Rect::new(0.0, 0.0, A4[0], A4[1])).contents(content);
        dict.pair(Name(b"Lang"), TextStr(language));
        dict.resources().fonts().pair(Name(b"R"), Ref::new(FONTS[0])).pair(Name(b"B"), Ref::new(FONTS[1]));
        dict.finish();
        self.write(page, &chunk)?;
        let packed = deflated(drawn.finish().as_slice());
        let mut chunk = Chunk::new();
        chunk.stream(content, &packed).filter(Filter::FlateDecode);
        self.write(content, &chunk)?;
        self.pages.push(page);
        if self.pages.len() == PAGES_A_NODE { self.end_node() } else { Ok(()) }
    }

    fn end_node(&mut self) -> Result<(), Error> {
        let Some((node, count)) = self.nodes.last().copied() else { return Ok(()) };
        let pages = std::mem::take(&mut self.pages);
        let mut chunk = Chunk::new();
        let mut dict = chunk.pages(node);
        dict.parent(Ref::new(TREE)).kids(pages).count(i32::try_from(count).unwrap_or(i32::MAX));
        dict.finish();
        self.write(node, &chunk)
    }

    pub(crate) fn finish(mut self, title: &str) -> Result<W, Error> {
        if !self.pages.is_empty() {
            self.end_node()?;
        }
        for (font, first) in [(&self.regular, FONTS[0]), (&self.bold, FONTS[1])] {
            let [font_ref, descendant, descriptor, unicode, file] =
                [0, 1, 2, 3, 4].map(|at| Ref::new(first + at));
            let objects =
                font.objects(&FontRefs { font: font_ref, descendant, descriptor, unicode, file })?;
            for (id, chunk) in objects {
                place(&mut self.to, &mut self.places, &mut self.written, id, &chunk)?;
            }
        }
        let mut chunk = Chunk::new();
        let pages: usize = self.nodes.iter().map(|(_, count)| count).sum();
        let mut tree = chunk.pages(Ref::new(TREE));
        tree.kids(self.nodes.iter().map(|(node, _)| *node)).count(i32::try_from(pages).unwrap_or(i32::MAX));
        tree.finish();
        self.write(Ref::new(TREE), &chunk)?;
        let mut chunk = Chunk::new();
        let mut catalog = chunk.indirect(Ref::new(CATALOG)).dict();
        catalog.pair(Name(b"Type"), Name(b"Catalog")).pair(Name(b"Pages"), Ref::new(TREE));
        catalog.pair(Name(b"Lang"), TextStr("fr"));
        catalog.finish();
        self.write(Ref::new(CATALOG), &chunk)?;
        let mut chunk = Chunk::new();
        let mut info = chunk.indirect(Ref::new(INFO)).dict();
        info.pair(Name(b"Title"), TextStr(title)).pair(Name(b"Producer"), TextStr("moncompte"));
        info.finish();
        self.write(Ref::new(INFO), &chunk)?;
        self.end()
    }

    /// Writes the table of objects and the trailer (ISO 32000-1 §7.5.4, §7.5.5).
    fn end(mut self) -> Result<W, Error> {
        let (start, size) = (self.written, self.places.len() + 1);
        write!(self.to, "xref\n0 {size}\n0000000000 65535 f \n")?;
        for place in &self.places {
            writeln!(self.to, "{place:010} 00000 n ")?;
        }
        write!(
            self.to,
            "trailer\n<< /Size {size} /Root {CATALOG} 0 R /Info {INFO} 0 R >>\nstartxref\n{start}\n%%EOF\n"
        )?;
        self.to.flush()?;
        Ok(self.to)
    }

    fn reserve(&mut self) -> Ref {
        self.places.push(0);
        Ref::new(i32::try_from(self.places.len()).unwrap_or(i32::MAX))
    }

    fn write(&mut self, id: Ref, chunk: &Chunk) -> Result<(), Error> {
        place(&mut self.to, &mut self.places, &mut self.written, id, chunk)
    }
}

/// Writes an object, and notes where.
fn place(
    to: &mut impl Write,
    places: &mut [u64],
    written: &mut u64,
    id: Ref,
    chunk: &Chunk,
) -> Result<(), Error> {
    if let Some(place) = usize::try_from(id.get() - 1).ok().and_then(|at| places.get_mut(at)) {
        *place = *written;
    }
    to.write_all(chunk.as_bytes())?;
    *written += chunk.len() as u64;
    Ok(())
}

/// Packs bytes for the filter `FlateDecode`.
pub(crate) fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    // A vector takes all.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}
