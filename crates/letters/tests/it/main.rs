//! Letters, read back as their readers do: the text by poppler, the QR code by another library, from the squares that the file draws.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::{io::Read, path::PathBuf, process::Command};

use flate2::read::ZlibDecoder;
use letters::{Address, Batch, Day, Face, Language, Letter, Postal};

const CODE: &str = "ACDE-FHJK-MN34";
const LINK: &str =
    "https://compte.exemple.test/activate?agency=rivage&identifier=DURAND.M-112&code=ACDE-FHJK-MN34";

fn rivage() -> Face {
    Face {
        agency: "Agence du Rivage".into(),
        city: Some("Vannes".into()),
        address: Some("3 quai des Chaloupes, 56000 Vannes".into()),
        phone: Some("02 97 00 00 00".into()),
        hours: Some("du lundi au vendredi, de 9 h à 18 h".into()),
        email: Some("bonjour@rivage.exemple-agence.test".into()),
        website: Some("https://www.rivage.exemple-agence.test".into()),
        accent: [0.05, 0.35, 0.45],
    }
}

fn marie() -> Letter<'static> {
    let address = Address {
        street: "Résidence Les Ajoncs\n27 rue Pasteur",
        postal_code: "56000",
        locality: "Vannes",
        country: "",
    };
    Letter {
        language: Language::French,
        name: Some("Marie Durand"),
        to: Postal::of("Marie Durand", &address),
        reference: "R/0815",
        identifier: "DURAND.M-112",
        code: CODE,
        short_address: "compte.exemple.test/activate?agency=rivage",
        link: LINK,
        date: Day { year: 2026, month: 12, day: 1 },
        until: Day { year: 2027, month: 3, day: 1 },
    }
}

fn printed(face: Face, letters: &[Letter<'_>]) -> Vec<u8> {
    let mut batch = Batch::new(Vec::new(), face).unwrap();
    letters.iter().for_each(|letter| batch.push(letter).unwrap());
    batch.finish().unwrap()
}

/// The text of a file, by poppler, in the order of its pages.
fn text(pdf: &[u8], options: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("letters.pdf");
    std::fs::write(&path, pdf).unwrap();
    let out = Command::new("pdftotext").args(options).arg(&path).arg("-").output();
    let out = out.expect("pdftotext, of Debian's package poppler-utils: `cargo xtask test` installs it");
    assert!(out.status.success() && out.stderr.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

/// Without line breaks, as a sentence is read.
fn flowing(pdf: &[u8]) -> String {
    text(pdf, &[]).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The drawing operators of the pages, unpacked.
fn drawings(pdf: &[u8]) -> Vec<String> {
    let (mut rest, mut found) = (pdf, Vec::new());
    while let Some(at) = find(rest, b"stream\n") {
        rest = &rest[at + 7..];
        let end = find(rest, b"endstream").unwrap();
        let mut drawn = String::new();
        if ZlibDecoder::new(&rest[..end]).read_to_string(&mut drawn).is_ok() && drawn.contains(" re") {
            found.push(drawn);
        }
        rest = &rest[end + 9..];
    }
    found
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// Reads the QR code of a page: a scanner sees the squares that are filled.
fn scanned(drawn: &str) -> String {
    let squares = drawn.rsplit_once(" cm\n").unwrap().1.split("f\n").next().unwrap();
    let rects: Vec<Vec<usize>> = squares
        .lines()
        .filter(|line| line.ends_with(" re"))
        .map(|line| line.split(' ').take(4).map(|number| number.parse().unwrap()).collect())
        .collect();
    let size = rects.iter().map(|rect| rect[0] + rect[2]).max().unwrap();
    let (quiet, pixels) = (4, 6);
    let mut dark = vec![vec![false; size]; size];
    for rect in &rects {
        dark[size - 1 - rect[1]][rect[0]..rect[0] + rect[2]].fill(true);
    }
    // Readers forgive a mirrored code, some cameras do not: of the corners the lower right alone has no mark.
    let mark = |row: usize, column: usize| dark[row][column..column + 7].iter().all(|module| *module);
    let corners = [mark(0, 0), mark(0, size - 7), mark(size - 1, 0), mark(size - 1, size - 7)];
    assert_eq!(corners, [true, true, true, false], "the code stands upright");
    let whole = (size + 2 * quiet) * pixels;
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(whole, whole, |x, y| {
        let at = |pixel: usize| (pixel / pixels).checked_sub(quiet);
        let black = at(y).zip(at(x)).and_then(|(row, column)| dark.get(row)?.get(column).copied());
        if black == Some(true) { 0 } else { 255 }
    });
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1, "one code on a page");
    grids[0].decode().unwrap().1
}

#[test]
fn a_letter_says_why_what_to_do_whom_to_call_and_until_when() {
    let pdf = printed(rivage(), &[marie()]);
    let said = flowing(&pdf);
    for words in [
        "Agence du Rivage",
        "Marie Durand Résidence Les Ajoncs 27 rue Pasteur 56000 VANNES",
        "Vannes, le 1er décembre 2026",
        "Bonjour Marie Durand,",
        "Votre identifiant : DURAND.M-112",
        CODE,
        "compte.exemple.test/activate?agency=rivage",
        "jusqu’au 1er mars 2027",
        "Appelez-nous au 02 97 00 00 00 (du lundi au vendredi, de 9 h à 18 h).",
        "Bien à vous,",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!said.contains("**"), "{said}");
    let pages = drawings(&pdf);
    assert_eq!(pages.len(), 1);
    assert_eq!(scanned(&pages[0]), LINK);
}

#[test]
fn english_follows_french_for_those_whose_language_it_is() {
    let english = Letter { language: Language::of("en-GB"), ..marie() };
    let pdf = printed(rivage(), &[english, marie()]);
    let pages = text(&pdf, &[]);
    let pages: Vec<&str> = pages.trim_end_matches('\u{c}').split('\u{c}').collect();
    assert_eq!(pages.len(), 3);
    assert!(pages[0].contains("Bonjour Marie Durand"), "{}", pages[0]);
    assert!(pages[1].contains("Hello Marie Durand") && pages[1].contains("1 March"), "{}", pages[1]);
    assert!(pages[2].contains("Bonjour Marie Durand"), "{}", pages[2]);
    assert!(pages.iter().all(|page| page.contains(CODE)));
    assert_eq!(drawings(&pdf).iter().map(|page| scanned(page)).collect::<Vec<_>>(), [LINK; 3]);
}

/// NF Z11-001: what stands in the window wherever the sheet lies in its envelope, and nothing beside it.
#[test]
fn the_address_alone_stands_in_the_window_of_the_envelope() {
    let pdf = printed(rivage(), &[marie()]);
    let at = |x: f64, y: f64, w: f64, h: f64| {
        let dots = |mm: f64| format!("{:.0}", mm * 72.0 / 25.4);
        let [x, y, w, h] = [x, y, w, h].map(dots);
        text(&pdf, &["-x", &x, "-y", &y, "-W", &w, "-H", &h])
    };
    let lines = |text: String| {
        text.lines()
            .map(|line| line.trim().to_owned())
            .filter(|line| !line.is_empty() && line != "\u{c}")
            .collect::<Vec<_>>()
    };
    let address = ["Marie Durand", "Résidence Les Ajoncs", "27 rue Pasteur", "56000 VANNES"];
    // The least of the window that is always seen, and the most that may ever be.
    assert_eq!(lines(at(105.0, 45.0, 85.0, 34.0)), address);
    assert_eq!(lines(at(100.0, 34.0, 100.0, 56.0)), address);
}

#[test]
fn hostile_and_endless_text_stays_on_the_sheet() {
    let long = "Œuvré-d’Alençon ".repeat(12);
    let odd = "Анна \u{202e}drowssap\u{200b} 王 مريم **x** (\\) \u{0}\n";
    let endless = "W".repeat(128);
    for name in [&long, odd, &endless, ""] {
        let address = Address { street: name, postal_code: name, locality: name, country: name };
        let letter = Letter {
            name: Some(name),
            to: Postal::of(name, &address),
            reference: name,
            identifier: name,
            short_address: name,
            language: Language::English,
            ..marie()
        };
        let face = Face { agency: name.to_owned(), ..rivage() };
        let pdf = printed(face, &[letter]);
        let said = text(&pdf, &[]);
        assert!(said.contains(CODE) && said.contains("02 97 00 00 00"), "{name:?}: {said}");
        assert_eq!(drawings(&pdf).len(), 2, "a page each");
        for drawn in drawings(&pdf) {
            let lowest = drawn
                .lines()
                .filter_map(|line| line.strip_suffix(" Td"))
                .map(|at| at.split(' ').nth(1).unwrap().parse::<f32>().unwrap());
            assert!(lowest.fold(f32::MAX, f32::min) > 20.0, "{name:?}");
        }
    }
    let letter = Letter { name: Some(odd), ..marie() };
    let said = flowing(&printed(rivage(), &[letter]));
    assert!(said.contains("Анна drowssap ? ???? **x** (\\)"), "{said}");
}

#[test]
fn a_batch_is_written_as_it_comes() {
    /// Counts bytes, and keeps none.
    struct Counter(usize);
    impl std::io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            assert!(bytes.len() < 100_000, "what is written at once is a page, or a font");
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut batch = Batch::new(Counter(0), rivage()).unwrap();
    (0..210).for_each(|_| batch.push(&marie()).unwrap());
    assert!(batch.finish().unwrap().0 > 210 * 1000);
    let many: Vec<Letter<'_>> = (0..210).map(|_| marie()).collect();
    let said = text(&printed(rivage(), &many), &[]);
    assert_eq!(said.matches(CODE).count(), 210);
}
