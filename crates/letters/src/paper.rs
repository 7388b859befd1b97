//! The page: a head on the left, the address in the window of an envelope C5/6 or DL (NF Z11-001), the letter beneath the first fold.

use std::io::Write;

use crate::{
    Error, Face, Language, Letter,
    pdf::Document,
    sheet::{Run, Sheet, mm, runs},
    words::Words,
};

const BLACK: [f32; 3] = [0.0, 0.0, 0.0];
const LEFT: f32 = 20.0;
/// The width of text between margins, in millimetres.
const WIDTH: f32 = 170.0;
/// The head ends before the window begins, wherever the sheet lies in its envelope.
const HEAD_WIDTH: f32 = 78.0;
/// The window shows 100 × 45 mm, 100 mm from the left. The sheet may slide by a centimetre, and what stands between these stays in it.
const WINDOW_LEFT: f32 = 110.0;
const WINDOW_TOP: f32 = 50.0;
const WINDOW_LEADING: f32 = 4.8;
const WINDOW_WIDTH: f32 = 80.0;
/// A sheet is folded in three.
const FOLDS: [f32; 2] = [99.0, 198.0];
const SIZE: f32 = 12.5;
const LEADING: f32 = 16.5;
const BOX_HEIGHT: f32 = 44.0;
const CODE_SIDE: f32 = 36.0;

/// Draws a letter in one language.
pub(crate) fn draw<W: Write>(
    document: &mut Document<W>,
    face: &Face,
    letter: &Letter<'_>,
    language: Language,
) -> Result<(), Error> {
    let words = Words::of(language, face, letter);
    let mut sheet = Sheet::new(document);
    head(&mut sheet, face, &words);
    window(&mut sheet, letter);
    sheet.colour([0.6; 3]);
    for fold in FOLDS {
        sheet.y = mm(fold);
        sheet.rule(mm(4.0), mm(4.0), 0.4);
    }
    body(&mut sheet, face, letter, &words);
    sheet.done(language.tag())
}

fn head<W: Write>(sheet: &mut Sheet<'_, W>, face: &Face, words: &Words) {
    sheet.colour(face.accent);
    sheet.y = mm(23.0);
    let name = Run { bold: true, text: face.agency.clone() };
    sheet.paragraph(17.0, 21.0, mm(LEFT), mm(HEAD_WIDTH), &[name]);
    sheet.y -= 12.0;
    sheet.rule(mm(LEFT), mm(24.0), 2.0);
    sheet.colour(BLACK);
    sheet.y += 16.0;
    for line in [&face.address, &face.phone, &face.email, &face.website].into_iter().flatten() {
        // A head of many lines ends above the reference.
        if sheet.y < mm(76.0) {
            let line = Run { bold: false, text: line.clone() };
            sheet.paragraph(10.0, 13.5, mm(LEFT), mm(HEAD_WIDTH), &[line]);
        }
    }
    sheet.y = mm(88.0);
    sheet.fitted(false, 10.0, mm(LEFT), mm(HEAD_WIDTH), &words.reference);
}

fn window<W: Write>(sheet: &mut Sheet<'_, W>, letter: &Letter<'_>) {
    sheet.colour(BLACK);
    sheet.y = mm(WINDOW_TOP);
    for line in letter.to.iter().flat_map(|postal| postal.lines()) {
        sheet.fitted(false, 11.0, mm(WINDOW_LEFT), mm(WINDOW_WIDTH), line);
        sheet.y += mm(WINDOW_LEADING);
    }
}

fn body<W: Write>(sheet: &mut Sheet<'_, W>, face: &Face, letter: &Letter<'_>, words: &Words) {
    let (left, width) = (mm(LEFT), mm(WIDTH));
    let paragraph = |sheet: &mut Sheet<'_, W>, text: &str, gap: f32| {
        sheet.paragraph(SIZE, LEADING, left, width, &runs(text));
        sheet.y += gap;
    };
    sheet.colour(BLACK);
    sheet.y = mm(97.0);
    sheet.fitted(false, SIZE, mm(WINDOW_LEFT), mm(WINDOW_WIDTH), &words.place_and_date);
    sheet.y = mm(108.0);
    sheet.colour(face.accent);
    sheet.fitted(true, 16.0, left, width, &words.subject);
    sheet.colour(BLACK);
    sheet.y += 26.0;
    // A name may hold anything, and be of any length: it is one line, and no text with marks for bold.
    sheet.fitted(false, SIZE, left, width, &words.greeting);
    sheet.y += LEADING + 5.0;
    paragraph(sheet, &words.why, 7.0);
    sheet.paragraph(SIZE, LEADING, left, width, &[Run { bold: true, text: words.how.clone() }]);
    sheet.y += 3.0;
    for (number, step) in words.steps.iter().enumerate() {
        sheet.colour(face.accent);
        sheet.text(true, SIZE, left, &format!("{}.", number + 1));
        sheet.colour(BLACK);
        sheet.paragraph(SIZE, LEADING, left + mm(7.0), width - mm(7.0), &runs(step));
        sheet.y += 2.0;
    }
    sheet.y -= 2.0;
    boxed(sheet, face, letter, words);
    paragraph(sheet, &words.until, 5.0);
    sheet.paragraph(SIZE, LEADING, left, width, &words.help);
    sheet.y += 5.0;
    for line in &words.closing {
        sheet.fitted(false, SIZE, left, width, line);
        sheet.y += LEADING;
    }
    sheet.y = mm(288.0);
    sheet.colour([0.3; 3]);
    sheet.fitted(false, 10.0, left, width, &words.foot);
}

/// The box with the code, and leaves the cursor beneath it.
fn boxed<W: Write>(sheet: &mut Sheet<'_, W>, face: &Face, letter: &Letter<'_>, words: &Words) {
    let top = sheet.y;
    sheet.colour(face.accent);
    sheet.frame(mm(LEFT), mm(WIDTH), mm(BOX_HEIGHT));
    sheet.colour(BLACK);
    sheet.y = top + mm((BOX_HEIGHT - CODE_SIDE) / 2.0);
    sheet.code(mm(LEFT + 4.0), mm(CODE_SIDE), letter.link);
    let (x, width) = (mm(LEFT + CODE_SIDE + 12.0), mm(WIDTH - CODE_SIDE - 16.0));
    sheet.y = top + mm(9.0);
    sheet.fitted(false, SIZE, x, width, &words.code);
    sheet.y += mm(10.5);
    sheet.fitted(true, 26.0, x, width, letter.code);
    sheet.y += mm(10.0);
    let label = sheet.writable(&words.identifier);
    sheet.text(false, SIZE, x, &label);
    let after = sheet.width(false, &label, SIZE) + 6.0;
    sheet.fitted(true, 15.0, x + after, width - after, letter.identifier);
    sheet.y += mm(8.0);
    sheet.fitted(true, SIZE, x, width, letter.short_address);
    sheet.y = top + mm(BOX_HEIGHT) + 20.0;
}
