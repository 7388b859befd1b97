//! Drawing on a sheet: text from a cursor downwards, lines, and the QR code. Lengths are in points, from the upper left corner.

use std::io::Write;

use pdf_writer::{Content, Name, Str};
use qrcodegen::{QrCode, QrCodeEcc};

use crate::pdf::{A4, Document};

/// Points of a millimetre.
pub(crate) fn mm(millimetres: f32) -> f32 {
    millimetres * 72.0 / 25.4
}

/// Text of one weight within a paragraph.
pub(crate) struct Run {
    pub(crate) bold: bool,
    pub(crate) text: String,
}

/// Reads `a **b** c`: the middle in bold.
pub(crate) fn runs(text: &str) -> Vec<Run> {
    let parts = text.split("**").enumerate();
    parts.map(|(at, part)| Run { bold: at % 2 == 1, text: part.to_owned() }).collect()
}

pub(crate) struct Sheet<'a, W: Write> {
    document: &'a mut Document<W>,
    content: Content,
    /// The line on which the next text stands.
    pub(crate) y: f32,
}

impl<'a, W: Write> Sheet<'a, W> {
    pub(crate) fn new(document: &'a mut Document<W>) -> Self {
        Self { document, content: Content::new(), y: 0.0 }
    }

    pub(crate) fn done(self, language: &str) -> Result<(), crate::Error> {
        self.document.page(self.content, language)
    }

    pub(crate) fn colour(&mut self, [red, green, blue]: [f32; 3]) {
        self.content.set_fill_rgb(red, green, blue);
        self.content.set_stroke_rgb(red, green, blue);
    }

    /// Text as the fonts can show it.
    pub(crate) fn writable(&self, text: &str) -> String {
        self.document.regular.writable(text)
    }

    pub(crate) fn width(&self, bold: bool, text: &str, size: f32) -> f32 {
        let font = if bold { &self.document.bold } else { &self.document.regular };
        font.width(text, size)
    }

    /// Shows text of one weight at a place; what the fonts cannot show must be gone from it.
    pub(crate) fn text(&mut self, bold: bool, size: f32, x: f32, text: &str) {
        let (font, name) = match bold {
            true => (&mut self.document.bold, Name(b"B")),
            false => (&mut self.document.regular, Name(b"R")),
        };
        let bytes = font.encode(text);
        self.content
            .begin_text()
            .set_font(name, size)
            .next_line(round(x), round(A4[1] - self.y))
            .show(Str(&bytes))
            .end_text();
    }

    /// Shows text in one line, smaller where it would be too wide; it is cut where even half the size does not do.
    pub(crate) fn fitted(&mut self, bold: bool, size: f32, x: f32, width: f32, text: &str) {
        let mut text = self.writable(text);
        let wide = self.width(bold, &text, size);
        let size = if wide > width { (size * width / wide).max(size / 2.0) } else { size };
        while self.width(bold, &text, size) > width && text.pop().is_some() {}
        self.text(bold, size, x, &text);
    }

    /// Shows a paragraph, and leaves the cursor on the line after it.
    pub(crate) fn paragraph(&mut self, size: f32, leading: f32, x: f32, width: f32, runs: &[Run]) {
        let words = self.words(runs, size, width);
        let (mut line, mut at): (Vec<(bool, String)>, f32) = (Vec::new(), 0.0);
        for (bold, word, glued) in words {
            let wide = self.width(bold, &word, size);
            let gap = if glued || line.is_empty() { 0.0 } else { self.width(false, " ", size) };
            if !line.is_empty() && at + gap + wide > width {
                self.line(size, x, std::mem::take(&mut line));
                self.y += leading;
                at = wide;
                line.push((bold, word));
                continue;
            }
            at += gap + wide;
            match line.last_mut() {
                Some((same, text)) if *same == bold => {
                    text.push_str(if glued { "" } else { " " });
                    text.push_str(&word);
                }
                Some((_, text)) => {
                    text.push_str(if glued { "" } else { " " });
                    line.push((bold, word));
                }
                None => line.push((bold, word)),
            }
        }
        self.line(size, x, line);
        self.y += leading;
    }

    /// Splits runs at blanks: weight, word, and true if it follows the one before without a blank. A word that is wider than a line is cut.
    fn words(&self, runs: &[Run], size: f32, width: f32) -> Vec<(bool, String, bool)> {
        let mut words = Vec::new();
        let mut glued = true;
        for run in runs {
            let text = self.writable(&run.text);
            for (at, word) in text.split(' ').enumerate() {
                glued = glued && at == 0;
                if word.is_empty() {
                    glued = false;
                    continue;
                }
                let mut part = String::new();
                for c in word.chars() {
                    part.push(c);
                    if self.width(run.bold, &part, size) > width {
                        part.pop();
                        words.push((run.bold, std::mem::take(&mut part), glued));
                        (glued, part) = (false, c.to_string());
                    }
                }
                words.push((run.bold, part, glued));
                glued = true;
            }
            glued = !text.ends_with(' ');
        }
        words
    }

    fn line(&mut self, size: f32, x: f32, line: Vec<(bool, String)>) {
        let mut at = x;
        for (bold, text) in line {
            self.text(bold, size, at, &text);
            at += self.width(bold, &text, size);
        }
    }

    /// A frame, its upper left corner at the cursor.
    pub(crate) fn frame(&mut self, x: f32, width: f32, height: f32) {
        self.content.set_line_width(1.2);
        self.content.rect(round(x), round(A4[1] - self.y - height), round(width), round(height)).stroke();
    }

    /// A line at the cursor.
    pub(crate) fn rule(&mut self, x: f32, width: f32, thickness: f32) {
        let y = round(A4[1] - self.y);
        self.content.set_line_width(thickness).move_to(round(x), y).line_to(round(x + width), y).stroke();
    }

    /// A QR code (ISO/IEC 18004) with its upper left corner at the cursor. Its quiet zone is the white around it.
    pub(crate) fn code(&mut self, x: f32, side: f32, text: &str) {
        let Ok(code) = QrCode::encode_text(text, QrCodeEcc::Medium)
            .or_else(|_| QrCode::encode_text(text, QrCodeEcc::Low))
        else {
            return;
        };
        let (modules, [left, bottom]) = (code.size(), [round(x), round(A4[1] - self.y - side)]);
        let unit = side / modules as f32;
        self.content.save_state().transform([unit, 0.0, 0.0, unit, left, bottom]);
        for row in 0..modules {
            let mut column = 0;
            while column < modules {
                let length = (column..modules).take_while(|at| code.get_module(*at, row)).count() as i32;
                if length > 0 {
                    self.content.rect(column as f32, (modules - 1 - row) as f32, length as f32, 1.0);
                }
                column += length.max(1);
            }
        }
        self.content.fill_nonzero().restore_state();
    }
}

/// Hundredths of a point are finer than any printer.
fn round(points: f32) -> f32 {
    (points * 100.0).round() / 100.0
}
