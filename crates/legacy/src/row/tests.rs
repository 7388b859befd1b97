use std::io::{self, Read};

use proptest::prelude::*;

use super::*;
use crate::Charset;

type Read1 = Vec<Result<Row, BadRow>>;

fn csv(text: &str) -> Read1 {
    bytes(text.as_bytes(), Format::Csv)
}

fn jsonl(text: &str) -> Read1 {
    bytes(text.as_bytes(), Format::Jsonl)
}

fn bytes(bytes: &[u8], layout: impl Into<Layout>) -> Read1 {
    Rows::open(bytes, layout).unwrap().collect()
}

fn header_error(text: &str) -> String {
    Rows::open(text.as_bytes(), Format::Csv).err().unwrap().to_string()
}

/// `+00042` for a row, `line 3: why` for a bad one.
fn told(rows: &Read1) -> Vec<String> {
    let tell = |row: &Result<Row, BadRow>| match row {
        Ok(row) => format!("+{}", row.identifier),
        Err(bad) => bad.to_string(),
    };
    rows.iter().map(tell).collect()
}

fn good(rows: &Read1, at: usize) -> &Row {
    rows[at].as_ref().ok().unwrap()
}

#[test]
fn delimiters_quotes_marks_and_line_ends_are_read() {
    let rows =
        csv("\u{feff}Identifier, password ,name\r\n00042,\"se,\"\"cret \",\"Durand, Marie\"\r\n\r\n7,x,");
    assert_eq!(told(&rows), ["+00042", "+7"]);
    let row = good(&rows, 0);
    assert_eq!((row.line, row.client_ref.as_str(), row.name.as_deref()), (2, "00042", Some("Durand, Marie")));
    assert!(row.verifier.as_ref().unwrap().verify(b"se,\"cret "));
    assert!(!row.verifier.as_ref().unwrap().verify(b"se,\"cret"));
    assert_eq!(good(&rows, 1).line, 4);

    let rows = csv("identifier;client_ref;email\n DUPONT.M-112 ;R/0815; Marie@Exemple.test \n");
    let row = good(&rows, 0);
    assert_eq!((row.identifier.as_str(), row.client_ref.as_str()), ("DUPONT.M-112", "R/0815"));
    assert_eq!(row.email.as_ref().map(MailAddress::shown), Some("Marie@Exemple.test"));
    assert!(row.verifier.is_none());
}

#[test]
fn claims_go_to_the_profile_and_an_address_within_it() {
    let rows = jsonl(
        r#"{"identifier":42,"given_name":"Marie","family_name":"Durand","locality":"Nantes","birthdate":"1950-12-31","salt":null,"password":""}"#,
    );
    let row = good(&rows, 0);
    assert_eq!((row.identifier.as_str(), row.name.as_deref()), ("42", Some("Marie Durand")));
    assert_eq!(row.profile["address"]["locality"], "Nantes");
    assert_eq!(row.profile["birthdate"], "1950-12-31");
    assert!(row.verifier.is_none());
}

#[test]
fn a_row_that_is_wrong_is_told_with_its_line_and_the_next_is_read() {
    let long = "x".repeat(129);
    let rows = csv(&format!(
        "identifier,password,password_hash,hash_format,email,birthdate\n\
         1,a,{{SHA}}eyKfGKz/AqSA7FgWkrQ8uzPZN5c=,,,\n\
         2,,5f4dcc3b5aa765d61d8327deb882cf99,,,\n\
         3,,5f4dcc3b5aa765d61d8327deb882cf99,md4,,\n\
         6,a\n\
         7,a,,,,,,x\n\
         {long},a,,,,\n\
         8\u{7},a,,,,\n\
         9,a,,md5,,\n\
         9,a\tb,,,,\n\
         10,a,,plain,,1950\n"
    ));
    let expected = [
        "+1",
        "+2",
        "+3",
        "line 5: 2 fields where the header has 6",
        "line 6: 8 fields where the header has 6: a value with `,` in it must stand in double quotes",
        "line 7: `identifier` is longer than it may be",
        "line 8: `identifier` contains a control character",
        "+9",
        "+9",
        "+10",
    ];
    assert_eq!(told(&rows), expected);
    // Whoever is left out for a hash is told that their identifier is wrong: they are kept, and told.
    let without = |at: usize| {
        let row = good(&rows, at);
        assert!(row.verifier.is_none());
        row.warnings.iter().map(|w| format!("{}: {}", w.column, w.what)).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(without(0), "password: stands beside a `password_hash`: the identity is kept without a hash");
    assert_eq!(
        without(1),
        "password_hash: a bare hex hash does not tell how it was made: name it in `hash_format`, for example md5: \
         the identity is kept without it"
    );
    assert!(without(2).contains("`hash_format` holds no known name"), "{}", without(2));
    assert_eq!(
        without(7),
        "hash_format: is for `password_hash`, and the row has a clear `password`: the identity is kept without a hash"
    );
    assert_eq!(without(8), "password: contains a control character: the identity is kept without a hash");
    assert!(good(&rows, 9).verifier.is_some());
}

#[test]
fn wrong_json_is_told_without_its_values() {
    let rows = jsonl(
        "\"Zebre99\"\n{\"identifier\":\"1\",\"password\":\"Zebre99\"\n{\"identifier\":\"1\",\"Zebre99\n\
         {\"identifier\":\"1\",\"password\":[\"Zebre99\"]}\n{\"identifier\":\"1\",\"password\":1.5}\n\
         {\"identifier\":\"1\",\"mot_de_passe\":\"Zebre99\"}\n{\"identifier\":\"1\",\"identifier\":\"2\"}\n\
         {\"identifier\":\"1\"} Zebre99\n{\"identifier\":\"1\",\"password\":\"\\u0000\"}\n\
         {\"identifier\":\"1\",\"Zebre99\":\"Zebre99\"}\n{\"identifier\":\"ok\"}\n",
    );
    let expected = [
        "line 1: not a JSON object",
        "line 2: EOF while parsing an object, at column 38",
        "line 3: EOF while parsing a string, at column 26",
        "+1",
        "+1",
        "line 6: unknown key `mot_de_passe`: is `password` meant?, at column 32",
        "line 7: `identifier` comes twice, at column 30",
        "line 8: trailing characters, at column 20",
        "+1",
        "+ok",
    ];
    let (unknown, told) = (told(&rows)[9].clone(), told(&rows));
    assert!(unknown.starts_with("line 10: unknown key; known are identifier, "), "{unknown}");
    assert_eq!([&told[..9], &told[10..]].concat(), expected);
}

#[test]
fn a_header_that_cannot_be_used_is_one_error() {
    assert_eq!(header_error(""), "line 1: the file is empty");
    assert_eq!(
        header_error("identifier,e-maill\n"),
        "line 1: unknown column `e-maill`: is `email` meant? In the agency's file, `[import.columns] email = \"e-maill\"` names it"
    );
    assert!(
        header_error("identifier,pasword_hash\n")
            .starts_with("line 1: unknown column `pasword_hash`: is `password_hash` meant?")
    );
    assert!(header_error("identifier,Zebre99\n").starts_with("line 1: unknown column; known are"));
    assert!(
        header_error("identifier,solde\n")
            .contains("unknown column `solde`; known are identifier, client_ref")
    );
    assert_eq!(header_error("identifier,email,EMAIL\n"), "line 1: the column `email` comes twice");
    assert!(header_error("identifiant,email\n").contains("comes near it"));
    let no_header = header_error("00042;Zebre99;marie@exemple.test\n");
    assert!(no_header.contains("must name the columns") && !no_header.contains("Zebre99"), "{no_header}");
    let utf16 = Rows::open(&b"\xff\xfei\0d\0"[..], Format::Csv).err().unwrap();
    assert_eq!(utf16.reason, "the file is UTF-16: say so, or save it as UTF-8");
}

#[test]
fn a_forgotten_quote_costs_one_row_and_a_value_with_a_line_break_smuggles_none_in() {
    let broken = |text: &str| {
        let rows = csv(text);
        (told(&rows), good(&rows, 0).name.clone(), good(&rows, 0).warnings.clone())
    };
    let folded = vec![Warning { column: "name", what: Oddity::Folded }];
    let rows = csv("identifier;name\n1;\"Durand\n2;Petit\n3;\"Du\"\"pont\"\n4;x\n");
    assert_eq!(told(&rows), ["line 2: a double quote opens a value and none closes it", "+2", "+3", "+4"]);
    // A client who calls himself `x⏎00042;mine` must not get a row of his own making.
    assert_eq!(
        broken("identifier;name\n1;\"x\n00042;mine\ny\"\n2;Petit\n"),
        (vec!["+1".to_owned(), "+2".to_owned()], Some("x 00042;mine y".to_owned()), folded.clone())
    );
    // As Excel writes it, and with an empty line in it (RFC 4180 §2.6).
    assert_eq!(
        broken("identifier;name\r\n1;\"Du\r\n\r\n\"\"Pont\"\"\"\r\n2;Petit\r\n"),
        (vec!["+1".to_owned(), "+2".to_owned()], Some("Du \"Pont\"".to_owned()), folded)
    );
    // Nor by the end of a file that was cut off within his name.
    let rows = csv("identifier;name\n1;\"x\n00042;mine");
    assert_eq!(
        told(&rows),
        [
            "line 2: the file ends within this row, as when a transfer is cut off: a double quote opens a value and none closes it"
        ]
    );
    // Nor by the length of his name.
    let filler = "x\n".repeat(LONGEST_LINE);
    let rows = csv(&format!("identifier;name\n1;\"{filler}00042;mine\n\"\n2;Petit\n"));
    assert_eq!(rows.len(), 2);
    assert!(told(&rows)[0].starts_with("line 2: a value goes on to line ") && told(&rows)[1] == "+2");
    // What proves the person holds none.
    let rows = csv("identifier;password\n1;\"ab\nc\"\n\"2\n3\";x\n");
    assert_eq!(told(&rows), ["+1", "line 4: `identifier` contains a control character"]);
    assert!(good(&rows, 0).verifier.is_none());
}

#[test]
fn an_endless_line_or_wrong_bytes_cost_one_row() {
    let mut file = b"identifier,name\n1,".to_vec();
    file.extend(vec![b'x'; 5 * LONGEST_LINE]);
    file.extend(b"\n2,Ren\xe9\n3,Ren\xc3\xa9\n");
    let rows = bytes(&file, Format::Csv);
    assert_eq!(told(&rows)[0], "line 2: the line is longer than 65536 bytes");
    assert_eq!(good(&rows, 1).name.as_deref(), Some("René"));
    assert_eq!(good(&rows, 1).warnings, [Warning { column: "name", what: Oddity::Charset }]);
    assert_eq!((good(&rows, 2).name.as_deref(), good(&rows, 2).warnings.len()), (Some("René"), 0));
    // Where it proves the person it is not known what was meant.
    let rows = bytes(b"identifier;password\nR\xe9;x\n", Format::Csv);
    assert!(told(&rows)[0].starts_with("line 2: `identifier` is not UTF-8: "), "{:?}", told(&rows));
    for file in [&b"identifier;password\n1;\xe9t\xe9\n"[..], b"identifier;password_hash\n1;{SHA}\xe9\n"] {
        let rows = bytes(file, Format::Csv);
        assert!(good(&rows, 0).verifier.is_none());
        assert!(good(&rows, 0).warnings[0].what.is_unreadable_hash());
    }
    let rows = bytes(b"{\"identifier\":\"\xe9\"}\n", Format::Jsonl);
    assert!(told(&rows)[0].starts_with("line 1: `identifier` is not UTF-8: "), "{:?}", told(&rows));
    assert!(Rows::open(&b"identifier;pr\xe9nom\n"[..], Format::Csv).is_err());

    let rows = bytes(b"identifier;name\n2;Ren\xe9 \x9cuvrard \x80\n", (Format::Csv, Charset::Windows1252));
    assert_eq!(good(&rows, 0).name.as_deref(), Some("René œuvrard €"));
}

#[test]
fn a_line_of_the_longest_length_is_read_whatever_the_reads_give() {
    /// Gives one byte at a time.
    struct Slow<'a>(&'a [u8]);
    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let n = self.0.len().min(1);
            buffer[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }
    let blanks = " ".repeat(LONGEST_LINE - 2);
    for (line, expected) in [
        (format!("1,{blanks}"), "+1"),
        (format!("1, {blanks}"), "line 2: the line is longer than 65536 bytes"),
    ] {
        let file = format!("identifier,name\n{line}\n2,b");
        let rows: Read1 = Rows::open(Slow(file.as_bytes()), Format::Csv).unwrap().collect();
        assert_eq!(told(&rows), [expected, "+2"]);
        assert_eq!(told(&csv(&file)), [expected, "+2"]);
    }
}

/// FINDING B2: nobody is shut out for a value that proves nothing, whatever is in it.
#[test]
fn only_what_proves_the_person_makes_a_row_bad() {
    let long = "x".repeat(2000);
    let anything = [
        "",
        " ",
        "néant",
        "-",
        "NULL",
        "\u{7}",
        "a\tb",
        "a\u{2028}b",
        &long,
        "31/12/1950",
        "hier",
        "0000-00-00",
        "anne@exemple,test",
        "a@b.fr; c@d.fr",
        "é",
        "=HYPERLINK()",
        "\u{10fffd}",
        "{}",
        "[1]",
        "\\",
        "a\nb",
        "a\r\nb",
    ];
    let optional = COLUMNS.iter().map(|(name, _)| *name).filter(|name| !columns::PROOF.contains(name));
    for column in optional {
        for value in anything {
            let quoted = value.replace('"', "\"\"");
            let rows = csv(&format!("identifier;{column};password\n00042;\"{quoted}\";soleil\n"));
            assert_eq!(told(&rows), ["+00042"], "{column} {value:?}");
            let line = serde_json::json!({ "identifier": "00042", column: value, "password": "soleil" });
            let rows = jsonl(&format!("{line}\n"));
            assert_eq!(told(&rows), ["+00042"], "{column} {line}");
            assert!(good(&rows, 0).verifier.as_ref().unwrap().verify(b"soleil"));
            let row = good(&rows, 0);
            let shown = format!("{:?}{:?}{:?}{:?}", row.email, row.name, row.profile, row.client_ref);
            assert!(shown.len() < 1000 && !row.client_ref.is_empty(), "{column} {value:?}: {shown}");
        }
        for value in [
            "true",
            "12.5",
            "56000.0",
            "null",
            "{\"a\":[{}]}",
            "[]",
            "[1,{}]",
            "[\"a\",\"b\"]",
            "-1e300",
            "1e400",
        ] {
            let rows = jsonl(&format!(
                "{{\"identifier\":\"00042\",\"{column}\":{value},\"password\":\"soleil\"}}\n"
            ));
            // A number beyond all bounds is no JSON that can be read, whatever its key.
            let expected = if value == "1e400" { "line 1: " } else { "+00042" };
            assert!(told(&rows)[0].starts_with(expected), "{column} {value}: {:?}", told(&rows));
        }
    }
}

#[test]
fn what_was_odd_is_told_by_column() {
    let rows = csv("identifier;client_ref;email;birthdate;phone_number;street_address;name\n\
         1;-;n\u{e9}ant;31/12/1950;02 97 00 00 01 / 06 12 34 56 78 / 02 97 00 00 03;\"1 rue X\nBat. B\";a\tb\n\
         2;R2;anne@exemple.test;1950-12-31;02 97 00 00 01;1 rue X;Anne\n");
    let row = good(&rows, 0);
    let told: Vec<(&str, Oddity)> = row.warnings.iter().map(|w| (w.column, w.what)).collect();
    assert_eq!(
        told,
        [
            ("client_ref", Oddity::Placeholder),
            ("email", Oddity::Placeholder),
            ("phone_number", Oddity::SeveralNumbers),
            ("street_address", Oddity::Folded),
            ("name", Oddity::Folded),
            ("birthdate", Oddity::DateRead),
        ]
    );
    assert_eq!((row.client_ref.as_str(), row.name.as_deref(), row.email.as_ref()), ("1", Some("a b"), None));
    assert_eq!(row.profile["birthdate"], "1950-12-31");
    assert_eq!(row.profile["phone_number"], "02 97 00 00 01");
    assert_eq!(row.profile["address"]["street_address"], "1 rue X Bat. B");
    assert_eq!(good(&rows, 1).warnings, []);
    let rows = jsonl(
        "{\"identifier\":\"1\",\"password\":\"x\",\"email\":[\"a@x.test\",\"b@x.test\"],\"postal_code\":56000.0,\"name\":true,\
         \"locality\":\"Vannes\",\"locality\":\"Auray\",\"solde\":12,\"region\":\"a\tb\"}\n",
    );
    let row = good(&rows, 0);
    let told: Vec<(&str, Oddity)> = row.warnings.iter().map(|w| (w.column, w.what)).collect();
    assert_eq!(
        told,
        [
            ("email", Oddity::List),
            ("name", Oddity::NotText),
            ("locality", Oddity::Twice),
            ("region", Oddity::Folded),
            ("(another key)", Oddity::UnknownKey),
            ("email", Oddity::SeveralAddresses),
        ]
    );
    assert_eq!(row.email.as_ref().map(MailAddress::shown), Some("a@x.test"));
    let address = &row.profile["address"];
    assert_eq!(
        (&address["postal_code"], &address["locality"], &address["region"]),
        (&"56000".into(), &"Vannes".into(), &"a b".into())
    );
}

#[test]
fn a_file_that_breaks_off_ends_with_a_bad_row() {
    struct Broken(bool);
    impl Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if std::mem::replace(&mut self.0, true) {
                return Err(io::Error::other("the disk is gone"));
            }
            buffer[..18].copy_from_slice(b"identifier\n1\n2\n345");
            Ok(18)
        }
    }
    let rows: Read1 = Rows::open(Broken(false), Format::Csv).unwrap().collect();
    assert_eq!(told(&rows), ["+1", "+2", "line 4: the file cannot be read from here on: the disk is gone"]);
}

proptest! {
    #[test]
    fn no_file_makes_it_panic_and_no_reason_repeats_a_secret(
        lines in prop::collection::vec("(ZEBRE99|[\";,\\\\{}:a1 \r]){0,9}", 0..12),
        tail in prop::collection::vec(any::<u8>(), 0..40),
        format in prop_oneof![Just(Format::Csv), Just(Format::Jsonl)],
    ) {
        let mut file = b"identifier;password;password_hash;email\n".to_vec();
        file.extend(lines.join("\n").into_bytes());
        file.extend(tail);
        for charset in [Charset::Utf8, Charset::Windows1252] {
            let rows = bytes(&file, (format, charset));
            prop_assert!(rows.iter().all(|row| row.as_ref().err().is_none_or(|bad| !bad.reason.contains("ZEBRE99"))));
        }
    }
}
