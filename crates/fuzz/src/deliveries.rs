use std::io::Cursor;

use legacy::{
    Charset, Detector, Duplicates, Found, MailAddress,
    hash::{FORMATS, Given, Recipe, Verifier},
    row::{Format, Layout, Rows},
};

use crate::halves;

/// A file of an agency, in each format, and in the encoding that its bytes show or in another. A row that is taken has an identifier without control
/// characters and an address that is one; the passes through the file see the same rows.
pub fn rows(data: &[u8]) {
    let mut detector = Detector::default();
    data.chunks(7).for_each(|chunk| detector.see(chunk));
    let Found { charset, cr_alone, .. } = detector.found(None);
    let layouts = [
        Layout { charset, cr_alone, ..Format::Csv.into() },
        (Format::Csv, Charset::Windows1252).into(),
        (Format::Csv, Charset::Cp850).into(),
        Format::Jsonl.into(),
    ];
    for layout in layouts {
        let Ok(mut rows) = Rows::open(Cursor::new(data), layout) else { continue };
        let canonical = |identifier: &str| Some(identifier.to_lowercase());
        let Ok(duplicates) = Duplicates::find(&mut rows, canonical, Cursor::new(Vec::new())) else {
            panic!("a file in memory can be read and written")
        };
        assert!(rows.rewind().is_ok());
        let mut repeated = Vec::new();
        duplicates.each(&mut rows, canonical, |_, row| repeated.push(row.line));
        assert!(rows.rewind().is_ok());
        let mut last = 0;
        for row in rows {
            let line = match &row {
                Ok(row) => row.line,
                Err(bad) => bad.line,
            };
            assert!(line > last, "rows go downwards");
            last = line;
            let Ok(row) = row else { continue };
            assert!(!row.identifier.is_empty() && row.identifier.chars().count() <= 128);
            assert!(!row.identifier.contains(char::is_control) && !row.client_ref.is_empty());
            if let Some(email) = &row.email {
                assert_eq!(MailAddress::parse(email.shown()).as_ref(), Some(email));
            }
            let is_repeated = duplicates.is_repeated(&row.identifier.to_lowercase());
            assert_eq!(is_repeated, repeated.binary_search(&line).is_ok());
        }
    }
}

/// A hash: the format's name, a recipe or nothing, and the hash below it. A hash that is taken survives its stored forms, and an error repeats none of it.
pub fn hash(data: &[u8]) {
    let Some((format, hash)) = halves(data) else { return };
    let is_recipe = format.contains('(');
    let format = FORMATS.iter().copied().find(|known| *known == format).or(is_recipe.then_some(format));
    let read = |hash| {
        let salt =
            is_recipe.then_some("sel").filter(|_| format.is_some_and(|recipe| recipe.contains("salt")));
        Verifier::read(&Given { format, hash, salt, user: Some("dupont"), key: Some("cle") })
    };
    match read(hash) {
        Ok(verifier) => {
            // What is run at a sign-in ends, for any password.
            if verifier.recipe().work() < 1000 {
                assert!(
                    !verifier.verify(b"\0") || !verifier.verify(b"\x01"),
                    "one password at most is right"
                );
            }
            let class = verifier.recipe().class().map(|class| class.to_text());
            assert!(class.is_none_or(|class| Recipe::parse(&class).is_ok()));
            let again = Verifier::from_text(&verifier.to_text());
            assert!(again.is_ok_and(|again| again.recipe() == verifier.recipe()
                && again.digest() == verifier.digest()
                && !again.digest().is_empty()));
            let recipe = Recipe::parse(&verifier.recipe().to_text());
            assert_eq!(recipe.as_ref(), Ok(verifier.recipe()));
        }
        Err(reason) => {
            // A text that is the error's own words is not repeated: another text gets the same words.
            let another = format!("#{}", hash.chars().skip(1).collect::<String>());
            let is_constant = read(&another).is_err_and(|other| other == reason);
            assert!(hash.len() < 24 || is_constant || !reason.to_string().contains(hash));
        }
    }
}
