//! Files as spreadsheets, databases and people write them.

use std::io::Cursor;

use super::*;
use crate::{Charset, Detector};

fn open(text: &str, layout: impl Into<Layout>) -> Result<Vec<Result<Row, BadRow>>, String> {
    Ok(Rows::open(text.as_bytes(), layout).map_err(|bad| bad.to_string())?.collect())
}

fn told(text: &str) -> Vec<String> {
    let rows = open(text, Format::Csv).unwrap_or_else(|bad| panic!("{bad}"));
    let tell = |row: &Result<Row, BadRow>| match row {
        Ok(row) => format!("+{} {}", row.identifier, row.name.as_deref().unwrap_or("-")),
        Err(bad) => bad.to_string(),
    };
    rows.iter().map(tell).collect()
}

fn layout(pairs: &[(&str, &str)]) -> Layout {
    Layout { names: ColumnNames::new(pairs.iter().copied()).unwrap(), ..Layout::default() }
}

#[test]
fn each_delimiter_is_read_and_a_line_that_says_it() {
    for text in [
        "identifier;name\n1;Anne, Paul\n",
        "identifier,name\n1,\"Anne, Paul\"\n",
        "identifier\tname\n1\tAnne, Paul\n",
        "identifier|name\n1|Anne, Paul\n",
        "sep=;\nidentifier;name\n1;Anne, Paul\n",
        "\u{feff}sep=|\r\nidentifier|name\r\n1|Anne, Paul\r\n",
        "SEP=\t\nidentifier\tname\n1\tAnne, Paul\n",
        "\"sep=;\"\n\nidentifier;name\n1;Anne, Paul\n",
        "\n\nidentifier;name\n1;Anne, Paul\n",
        "name;\"identifier\"\n\"Anne, Paul\";1\n",
        // A name with a line break, as a narrow column of a spreadsheet has it.
        "\"iden\ntifier\";\"identifier\n\";name\n;1;Anne, Paul\n",
    ] {
        let text = text.replace("\"iden\ntifier\";", "").replace("\n;1;Anne", "\n1;Anne");
        assert_eq!(told(&text), ["+1 Anne, Paul"], "{text:?}");
    }
    assert_eq!(told("identifier\n1\n2\n"), ["+1 -", "+2 -"]);
}

#[test]
fn rows_that_are_parted_otherwise_than_the_header_are_told_once() {
    let rows = "1;Anne;a@x.test\n2;Paul;b@x.test\n".repeat(50);
    let told = open(&format!("identifier,name,email\n{rows}"), Format::Csv).err().unwrap();
    assert_eq!(
        told,
        "line 1: the header has `,` between its names, and the rows have `;`: write the same in both"
    );
    let told =
        open(&format!("identifier;name;email\n{}", rows.replace(';', "\t")), Format::Csv).err().unwrap();
    assert!(told.contains("the rows have a tab"), "{told}");
    // One row that is right shows that the others are not.
    assert!(open(&format!("identifier,name,email\n0,Zoé,\n{rows}"), Format::Csv).is_ok());
}

#[test]
fn columns_without_a_name_and_rows_of_nothing_are_left_out() {
    let text = "identifier;name;;\n1;Anne;;\n;;;\n\n2;Paul\n3;Zoé;;;;;\n \" \" ; \n4;Léa;;x\n";
    let text = text.replace(" \" \" ; \n", " ; \n");
    assert_eq!(
        told(&text),
        [
            "+1 Anne",
            "+2 Paul",
            "+3 Zoé",
            "line 8: 4 fields where the header has 2: a value with `;` in it must stand in double quotes"
        ]
    );
    let rows = open("identifier;;name\n1;;Anne\n2;x;Paul\n", Format::Csv).unwrap();
    assert!(rows[0].is_ok());
    assert_eq!(rows[1].as_ref().err().unwrap().reason, "something stands in a column that has no name");
}

/// Spreadsheets leave empty fields at the end out. What could be the rest of another row is none.
#[test]
fn a_short_row_is_read_where_nothing_is_lost_that_proves_the_person() {
    let rows = open("identifier;password;name;email\n1;soleil\n2\n", Format::Csv).unwrap();
    let row = rows[0].as_ref().ok().unwrap();
    assert!(row.verifier.as_ref().unwrap().verify(b"soleil"));
    assert_eq!(row.warnings, [Warning { column: "name", what: Oddity::ShortRow }]);
    assert_eq!(rows[1].as_ref().err().unwrap().reason, "1 fields where the header has 4");
}

/// FINDING P2: half an address is another one, and what is missing of the row would be taken away from the person.
#[test]
fn the_row_within_which_a_file_ends_is_left_out_and_told() {
    let cut = |text: &str, format| {
        let rows = open(text, format).unwrap();
        let last = rows.last().unwrap();
        assert!(rows[..rows.len() - 1].iter().all(Result::is_ok), "{text:?}");
        last.as_ref().err().is_some_and(|bad| bad.is_cut_short())
    };
    let head = "identifier;password;email;name\n1;soleil;anne@exemple.test;Anne\n2;lune\n";
    for (end, is_cut) in [
        ("3;mer;paul@exemple.te", true),
        ("3;mer", true),
        ("3", true),
        ("3;mer;\"paul@exem", true),
        ("3;mer;paul@exemple.test;Pau", false),
        ("3;mer;paul@exemple.test;Paul", false),
        ("3;mer;paul@exemple.test", true),
        ("3;mer\n", false),
        ("3;mer\n ", false),
        ("", false),
    ] {
        assert_eq!(cut(&format!("{head}{end}"), Format::Csv), is_cut, "{end:?}");
    }
    for (end, is_cut) in [
        ("{\"identifier\":\"2\",\"pass", true),
        ("{\"identifier\":\"2\"", true),
        ("{\"identifier\":\"2\"}", false),
        ("{\"identifier\":\"2\",}", false),
    ] {
        let text = format!("{{\"identifier\":\"1\"}}\n{end}");
        assert_eq!(cut(&text, Format::Jsonl), is_cut, "{end:?}");
    }
}

#[test]
fn columns_have_names_of_their_own_and_common_ones() {
    let own = layout(&[
        ("identifier", "N° client"),
        ("client_ref", "Référence"),
        ("password_hash", "Mot de passe"),
        ("hash_format", "Algo"),
        ("ignored", "Solde"),
    ]);
    let text = "Prénom;NOM;N°\u{a0}Client;Référence;mot de passe;Solde;Courriel\n\
                Anne;Dupont;00042;R1;13a04a5099cb712e0d842d3342c1e405;12,50;anne@x.test\n";
    let hash = Layout { hash_format: Some("md5('sel-7'+password)".into()), ..own };
    let mut rows = Rows::open(text.as_bytes(), hash).unwrap();
    let renamed = rows.renamed().iter().map(|named| (&*named.written, named.column, named.common));
    assert_eq!(
        renamed.collect::<Vec<_>>(),
        [
            ("Prénom", "given_name", true),
            ("NOM", "family_name", true),
            ("N° Client", "identifier", false),
            ("Référence", "client_ref", false),
            ("mot de passe", "password_hash", false),
            ("Courriel", "email", true),
        ]
    );
    let row = rows.next().unwrap().ok().unwrap();
    assert_eq!(
        (&*row.identifier, &*row.client_ref, row.name.as_deref()),
        ("00042", "R1", Some("Anne Dupont"))
    );
    assert!(row.verifier.as_ref().unwrap().verify(b"Tilleul-42"));
    assert!(row.email.is_some());
    // What decides who somebody is has to be said.
    for name in ["Identifiant", "N° client", "Code client"] {
        assert!(
            open(&format!("{name};email\n1;\n"), Format::Csv)
                .is_err_and(|told| told.contains("comes near it"))
        );
    }
    let told = open("identifier;Mot de passe\n1;x\n", Format::Csv).err().unwrap();
    assert!(told.contains(
        "is `password` meant? In the agency's file, `[import.columns] password = \"Mot de passe\"`"
    ));
    // As keys of JSON.
    let own =
        Layout { format: Format::Jsonl, ..layout(&[("identifier", "N° client"), ("ignored", "Solde")]) };
    let rows = open("{\"N° client\":\"7\",\"Solde\":[1],\"Prénom\":\"Anne\"}\n", own).unwrap();
    assert_eq!(rows[0].as_ref().ok().unwrap().name.as_deref(), Some("Anne"));
    assert!(rows[0].as_ref().ok().unwrap().warnings.is_empty());
}

#[test]
fn the_order_of_dates_can_be_told() {
    let read = |dates| {
        let rows =
            open("identifier;birthdate\n1;01/02/1950\n", Layout { dates, ..Layout::default() }).unwrap();
        rows[0].as_ref().ok().unwrap().profile["birthdate"].as_str().unwrap().to_owned()
    };
    assert_eq!(read(None), "1950-02-01");
    assert_eq!(read(Some(DateOrder::DayFirst)), "1950-02-01");
    assert_eq!(read(Some(DateOrder::MonthFirst)), "1950-01-02");
}

#[test]
fn identifiers_that_a_spreadsheet_spoilt_are_told_apart() {
    let text = "identifier;name\n=\"00042\";a\n\"=\"\"00043\"\"\";b\n'00044;c\n1.00E+06;d\n1,23457E+11;e\n";
    let rows = open(text, Format::Csv).unwrap();
    let read: Vec<&str> = rows.iter().flatten().map(|row| row.identifier.as_str()).collect();
    assert_eq!(read, ["00042", "00043", "00044"]);
    assert!(rows.iter().flatten().all(|row| row.warnings[0].what == Oddity::OfSpreadsheet));
    let bad: Vec<&BadRow> = rows.iter().filter_map(|row| row.as_ref().err()).collect();
    assert!(bad.len() == 2 && bad.iter().all(|bad| bad.is_spoilt()), "{bad:?}");
    // The first pass sees the same.
    let mut rows = Rows::open(Cursor::new(text), Format::Csv).unwrap();
    let seen: Vec<String> =
        std::iter::from_fn(|| rows.next_identifier()).flatten().map(|text| text.to_string()).collect();
    assert_eq!(seen[..3], ["00042", "00043", "00044"]);
}

/// Every encoding, with every line end, both passes, and a second time after going back.
#[test]
fn a_file_is_the_same_in_every_encoding() {
    let text = "identifier;name;password\r\nÉ-1;Rene\u{301} Lefèvre;été\r\nÉ-2;\"a\r\nb\";x\r\n";
    let text = text.replace("e\u{301}", "é");
    for (_, charset) in Charset::NAMES {
        for (end, cr_alone) in [("\r\n", false), ("\n", false), ("\r", true)] {
            let bytes = charset.encode(&text.replace("\r\n", end)).unwrap();
            let layout = Layout { charset: *charset, cr_alone, ..Layout::default() };
            let mut rows = Rows::open(Cursor::new(bytes), layout).unwrap();
            for _ in 0..2 {
                let read = &mut rows;
                let row = read.next().unwrap().ok().unwrap();
                assert_eq!(
                    (&*row.identifier, row.name.as_deref()),
                    ("É-1", Some("René Lefèvre")),
                    "{charset:?}"
                );
                assert!(row.verifier.unwrap().verify("été".as_bytes()), "{charset:?}");
                let row = read.next().unwrap().ok().unwrap();
                assert_eq!(
                    (&*row.identifier, row.name.as_deref(), row.line),
                    ("É-2", Some("a b"), 3),
                    "{charset:?}"
                );
                assert!(read.next().is_none());
                rows.rewind().unwrap();
            }
        }
    }
}

#[test]
fn a_hostile_header_is_one_error() {
    let wide = format!("identifier;{}\n1\n", "name;".repeat(10_000));
    assert_eq!(open(&wide, Format::Csv).err().unwrap(), "line 1: more than 512 fields");
    let long = format!("identifier;{}\n1\n", "n".repeat(200_000));
    assert_eq!(open(&long, Format::Csv).err().unwrap(), "line 1: the line is longer than 65536 bytes");
    for text in [
        "\0\0\0\n",
        "\"identifier\n1\n",
        "\"\n\"\n\"\n\"\n",
        ";;;;\n1\n",
        "sep=;\n",
        "sep=;\nsep=;\n",
        "=cmd|' /C calc'!A0;b\n",
    ] {
        assert!(open(text, Format::Csv).is_err(), "{text:?}");
    }
}

/// Saved by LibreOffice (tests/data/libreoffice/README.md); the encodings of one byte that are not windows-1252 have to be said.
#[test]
fn files_of_libreoffice_are_read_in_every_encoding() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/libreoffice");
    for (name, asked, taken) in [
        ("utf-8.csv", None, Charset::Utf8),
        ("utf-8-comma.csv", None, Charset::Utf8),
        ("windows-1252.csv", None, Charset::Windows1252),
        ("utf-16.csv", None, Charset::Utf16Le),
        ("cp850.csv", Some(Charset::Cp850), Charset::Cp850),
        ("macroman.csv", Some(Charset::MacRoman), Charset::MacRoman),
        ("iso-8859-15.csv", Some(Charset::Iso885915), Charset::Iso885915),
    ] {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let mut detector = Detector::default();
        detector.see(&bytes);
        let found = detector.found(asked);
        assert_eq!(found.charset, taken, "{name}");
        let rows: Vec<_> = Rows::open(&*bytes, (Format::Csv, taken)).unwrap().map(Result::ok).collect();
        let read: Vec<_> = rows.iter().map(|row| row.as_ref().unwrap()).collect();
        assert_eq!(read.len(), 2, "{name}");
        assert_eq!(read[0].name.as_deref(), Some("Hélène Lefèvre"), "{name}");
        assert_eq!(read[0].profile["address"]["street_address"], "1 rue de l'Église Bât. \"B\"", "{name}");
        assert_eq!(read[1].profile["birthdate"], "1951-02-01", "{name}");
        assert!(read[0].verifier.as_ref().unwrap().verify("été à Évian".as_bytes()), "{name}");
        assert_eq!((read[1].line, &*read[1].identifier), (4, "00043"), "{name}");
    }
}

/// FINDING B6
#[test]
fn the_name_that_was_hashed_is_the_identifier_unless_the_row_has_another() {
    // php: sha1(strtolower("Dupont")."Tilleul-42")
    let hash = "e53fa6cb399a0434eb3218dbf4d92c8d738109bd;smf";
    let text = format!(
        "identifier;password_hash;hash_format;hash_user\nDupont;{hash};\n1;{hash};DUPONT\n2;{hash};\n"
    );
    let rows = open(&text, Format::Csv).unwrap();
    let right =
        [0, 1, 2].map(|at| rows[at].as_ref().ok().unwrap().verifier.as_ref().unwrap().verify(b"Tilleul-42"));
    assert_eq!(right, [true, true, false]);
}

#[test]
fn the_lines_of_an_envelope_are_the_street_in_their_order() {
    let address = |header: &str, row: &str| {
        let rows = open(&format!("identifier;{header}\n1;{row}\n"), Format::Csv).unwrap();
        let row = rows.into_iter().next().unwrap().unwrap();
        let told: Vec<String> = row.warnings.iter().map(|w| format!("{} {}", w.column, w.what)).collect();
        (row.profile["address"].clone(), told)
    };
    let (full, told) = address(
        "Adresse 1;Bâtiment;Adresse 3;Lieu-dit;Code postal;Ville",
        "Apt 12;Résidence Les Ajoncs;27 rue Pasteur;BP 40122;56000;Vannes",
    );
    let street = "Apt 12\nRésidence Les Ajoncs\n27 rue Pasteur\nBP 40122";
    assert_eq!(
        full,
        serde_json::json!({ "street_address": street, "postal_code": "56000", "locality": "Vannes" })
    );
    assert_eq!(told, Vec::<String>::new());
    let (street, _) = address("Complément d'adresse;Adresse", "Apt 12;27 rue Pasteur");
    assert_eq!(street["street_address"], "Apt 12\n27 rue Pasteur");
    let (street, _) = address("Adresse;address_line_3", "un autre;27 rue Pasteur");
    assert_eq!(street["street_address"], "27 rue Pasteur");
    let long = "x".repeat(40);
    let (cut, told) = address("address_line_1;address_line_2", &format!("a\u{202e}b;{long}"));
    assert_eq!(cut["street_address"], format!("ab\n{}", "x".repeat(38)));
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[1].contains("longer than 38 characters: cut there"), "{told:?}");
}
