//! `docs/requirements` holds every id that comments, tests, documents and the sabotage list cite, and names the tests that hold each.
//!
//! `UPDATE_REQUIREMENTS=1` rewrites the last column where a test is gone, or where tests cite an id that has none: read the diff.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use crate::{place::project, specifications};

/// The words that begin a citation, with their pages.
const PAGES: [(&str, &[&str]); 5] = [
    ("SPEC", &["journeys.md"]),
    ("SECURITY", &["security-rulings.md", "security-attacks.md"]),
    ("PEOPLE", &["people.md"]),
    ("PROTOCOL", &["protocol.md"]),
    ("FINDING", &["findings.md"]),
];

/// Reports of people that the repository does not hold: their ids stand under `FINDING`.
const ELSEWHERE: [&str; 6] =
    ["field.md ", "house.md ", "operators.md ", "people.md ", "portals.md ", "security.md "];

/// A word and an id or section: `("SECURITY", "D16")`, `("SPEC", "\"Faces\"")`.
type Id = (&'static str, String);

/// A citation of an id.
struct Citation {
    id: Id,
    /// File and line: `crates/oidc/src/jwt.rs:12`.
    place: String,
    /// The test whose doc comment cites it, as `crate::name`.
    test: Option<String>,
}

#[derive(Default)]
struct Requirements {
    /// The last cell of each row.
    held: BTreeMap<Id, String>,
    /// Returns the texts that may be cited as a section: headings, and words in bold that begin a paragraph.
    sections: BTreeSet<Id>,
    wrong: Vec<String>,
}

fn page(name: &str) -> std::path::PathBuf {
    project().join("docs/requirements").join(name)
}

/// The id and the last cell of a row.
fn row(line: &str) -> Option<(&str, &str)> {
    let (_, rest) = line.strip_prefix("| <a id=\"")?.split_once("</a>")?;
    let (id, _) = rest.split_once(" | ")?;
    let (_, held) = rest.strip_suffix(" |")?.rsplit_once(" | ")?;
    Some((id, held))
}

fn requirements() -> Requirements {
    let mut all = Requirements::default();
    for (word, name) in PAGES.iter().flat_map(|(word, names)| names.iter().map(move |name| (*word, name))) {
        for line in fs::read_to_string(page(name)).unwrap().lines() {
            if let Some((id, held)) = row(line) {
                if all.held.insert((word, id.to_owned()), held.to_owned()).is_some() {
                    all.wrong.push(format!("{name}: {id} is there twice"));
                }
            } else if line.starts_with('#') {
                let title = line.trim_start_matches('#').trim();
                all.sections.insert((word, format!("\"{title}\"")));
                let first = title.split([' ', ':']).next().unwrap_or_default();
                let second = title.split([' ', ':']).nth(1).unwrap_or_default();
                all.sections.insert((word, first.to_owned()));
                all.sections.insert((word, format!("{} {second}", first.to_lowercase())));
            } else if let Some((title, _)) = line
                .rsplit_once("</a>")
                .map_or(line, |(_, rest)| rest)
                .strip_prefix("**")
                .and_then(|rest| rest.split_once(".**"))
            {
                all.sections.insert((word, format!("\"{title}\"")));
            }
        }
    }
    all
}

/// The tests that a cell names.
fn named(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).filter(|name| name.contains("::") && !name.contains(' ')).collect()
}

/// Reads one id at the beginning of a text: the id, and the length of the text that it takes.
fn item(text: &str) -> Option<(String, usize)> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let message = text.chars().next()?;
    if message == '"' {
        let end = text[1..].find('"')? + 2;
        return Some((text[..end].to_owned(), end));
    }
    if text.starts_with("Numbers") {
        return Some(("\"Numbers\"".to_owned(), "Numbers".len()));
    }
    for word in ["pitfall ", "part "] {
        if let Some(rest) = text.strip_prefix(word) {
            let end = word.len() + rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
            return Some((text[..end].to_owned(), end));
        }
    }
    let lead = match message {
        '#' => 1,
        'A'..='Z' => 1 + usize::from(text[1..].starts_with('-')),
        '0'..='9' => 0,
        _ => return None,
    };
    let mut end = lead + digits(&text[lead..]);
    if end == lead {
        return None;
    }
    if let Some(rest) = text[end..].strip_prefix('.').filter(|rest| digits(rest) > 0) {
        end += 1 + digits(rest);
    } else if message.is_ascii_digit() {
        return None;
    }
    if text[end..].starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let id = text[..end].to_owned();
    // The cases of an item: `#5 a, b, c`.
    while let Some(next) = [" ", ", ", " and "].iter().find_map(|between| {
        let rest = text[end..].strip_prefix(between).filter(|_| message == '#')?;
        let one = rest.starts_with(|c: char| c.is_ascii_lowercase())
            && !rest[1..].starts_with(|c: char| c.is_ascii_alphanumeric());
        one.then_some(end + between.len() + 1)
    }) {
        end = next;
    }
    Some((id, end))
}

/// Reads the ids at the beginning of a text, with every id of a range, and the length of the text that they take.
fn items(text: &str) -> (Vec<String>, usize) {
    let (mut rest, mut read) = (text, 0);
    let mut ids: Vec<String> = Vec::new();
    let mut range = false;
    while let Some((id, end)) = item(rest) {
        if range && let (Some(from), Some(to)) = (ids.last().and_then(|id| number(id)), number(&id)) {
            let lead = id.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
            let two = if lead.ends_with('-') { 2 } else { 0 };
            ids.extend((from + 1..to).map(|n| format!("{lead}{n:0two$}")));
        }
        ids.push(id);
        read = text.len() - rest.len() + end;
        rest = &rest[end..];
        let between = [", and ", ", ", "; ", " and ", " or ", " to "];
        let Some((sign, more)) = between.iter().find_map(|b| Some((*b, rest.strip_prefix(b)?))) else {
            break;
        };
        (range, rest) = (sign == " to ", more);
    }
    (ids, read)
}

/// The ids in a comment that no word of [`PAGES`] precedes. `cited` are the places where one does. Ids in backticks are examples.
fn bare(piece: &str, cited: &[std::ops::Range<usize>]) -> Vec<String> {
    let begins = piece.char_indices().filter(|(at, c)| {
        let before = piece[..*at].chars().next_back();
        "JDIBUF#".contains(*c)
            && !before.is_some_and(|b| b.is_alphanumeric() || "_.`-&".contains(b))
            && !cited.iter().any(|span| span.contains(at))
    });
    let ids = begins.filter_map(|(at, message)| {
        let (id, end) = item(&piece[at..])?;
        let dashed = id.contains('-') == "UF".contains(message);
        let short =
            id.len() <= if message == 'J' || message == '#' { 4 } else { 4 - usize::from(!id.contains('-')) };
        (dashed && short && !piece[at + end..].starts_with('-')).then_some(id)
    });
    ids.collect()
}

fn number(id: &str) -> Option<u32> {
    id.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().ok()
}

/// Splits a file's text into comments and lines of code: the first line, the number of lines, the text, and true for a comment.
fn pieces(text: &str, is_code: bool) -> Vec<(usize, usize, String, bool)> {
    let mut pieces: Vec<(usize, usize, String, bool)> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let comment = line.trim_start().strip_prefix("//").or(line.strip_prefix('#')).filter(|_| is_code);
        let comment = comment.filter(|_| !line.starts_with("#["));
        let words = comment.map_or(line, |words| words.trim_start_matches(['/', '!', '#'])).trim();
        match pieces.last_mut() {
            Some((_, end, before, true)) if comment.is_some() && *end == at => {
                before.push(' ');
                before.push_str(words);
                *end = at + 1;
            }
            _ => pieces.push((at, at + 1, words.to_owned(), comment.is_some() || !is_code)),
        }
    }
    pieces
}

/// The test that begins at this line, if one does.
fn test_at(lines: &[&str], at: usize) -> Option<String> {
    let both = lines.get(at)?.trim_start() == "#[apply(both!)]";
    let attribute = lines.get(at + usize::from(both))?.trim_start();
    if !["#[test]", "#[tokio::test"].iter().any(|test| attribute.starts_with(test)) {
        return None;
    }
    let name = lines[at + 1..].iter().take(6).find_map(|line| line.split_once("fn "))?.1;
    Some(name.split(['(', '<']).next()?.to_owned())
}

fn cited_in(file: &Path, wrong: &mut Vec<String>) -> Vec<Citation> {
    let Ok(text) = fs::read_to_string(file) else { return Vec::new() };
    let shown = file.strip_prefix(project()).unwrap().display().to_string();
    let krate = shown.strip_prefix("crates/").and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let mut cited = Vec::new();
    for (start, end, piece, prose) in pieces(&text, !shown.ends_with(".md")) {
        let place = format!("{shown}:{}", start + 1);
        let mut report = |what: &str| wrong.push(format!("{place}: {what}"));
        for name in ELSEWHERE {
            if piece.match_indices(name).any(|(at, _)| item(&piece[at + name.len()..]).is_some()) {
                report(&format!("{name}is not in the repository: cite FINDING and the id"));
            }
        }
        let test = test_at(&lines, end).map(|name| format!("{krate}::{name}"));
        let mut spans = Vec::new();
        for (word, _) in PAGES {
            for (at, _) in piece.match_indices(word) {
                let (before, after) = (&piece[..at], &piece[at + word.len()..]);
                let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
                if before.ends_with(part) || after.starts_with(part) || after.starts_with("S\"") {
                    continue;
                }
                let (ids, read) = after.strip_prefix(' ').map(items).unwrap_or_default();
                spans.push(at..at + word.len() + 1 + read);
                if ids.is_empty() && prose && !(word == "SECURITY" && after.starts_with(".md")) {
                    report(&format!("{word} without an id of docs/requirements"));
                }
                // A quotation in lower case is no heading.
                let ids = ids.into_iter().filter(|id| {
                    !id.strip_prefix('"').is_some_and(|q| q.starts_with(|c: char| c.is_lowercase()))
                });
                cited.extend(ids.map(|id| Citation {
                    id: (word, id),
                    place: place.clone(),
                    test: test.clone(),
                }));
            }
        }
        if prose && !shown.ends_with(".md") && !shown.ends_with(".toml") {
            for id in bare(&piece, &spans) {
                report(&format!("{id} without the word that says on which page it is"));
            }
        }
        if let Some((_, list)) = piece.split_once("items: &[") {
            let numbers =
                list.split(']').next().unwrap_or_default().split(", ").filter(|n| n.parse::<u16>().is_ok());
            cited.extend(numbers.map(|n| Citation {
                id: ("SECURITY", format!("#{n}")),
                place: place.clone(),
                test: None,
            }));
        }
    }
    cited
}

fn files(folder: &Path, all: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            if !["target", "snapshots", "requirements", "vectors"].contains(&name.as_str()) {
                files(&path, all);
            }
        } else if ["rs", "md", "ftl", "toml"].iter().any(|end| path.extension().is_some_and(|is| is == *end))
        {
            all.push(path);
        }
    }
}

fn citations(wrong: &mut Vec<String>) -> Vec<Citation> {
    let mut all = Vec::new();
    for folder in ["crates", "migrations", "docs", "deploy", "config"] {
        files(&project().join(folder), &mut all);
    }
    all.retain(|path| !path.ends_with("tests/it/requirements.rs"));
    all.extend(["README.md", "CONTRIBUTING.md"].map(|name| project().join(name)));
    all.sort();
    all.iter().flat_map(|file| cited_in(file, wrong)).collect()
}

/// Rewrites the last column: keeps the tests that are there, and where none is left names up to three that cite the id.
fn update(cited: &[Citation], tests: &BTreeSet<String>) {
    for (word, name) in PAGES.iter().flat_map(|(word, names)| names.iter().map(move |name| (*word, name))) {
        let text = fs::read_to_string(page(name)).unwrap();
        let mut new = String::new();
        for line in text.lines() {
            let better = row(line).and_then(|(id, held)| {
                let mut there: Vec<&str> =
                    named(held).into_iter().filter(|test| tests.contains(*test)).collect();
                if there.is_empty() {
                    there.extend(
                        cited
                            .iter()
                            .filter(|c| c.id == (word, id.to_owned()))
                            .filter_map(|c| c.test.as_deref()),
                    );
                    there.dedup();
                    there.truncate(3);
                }
                let cell = there.iter().map(|test| format!("`{test}`")).collect::<Vec<_>>().join(", ");
                (!there.is_empty()).then(|| line.replace(&format!(" | {held} |"), &format!(" | {cell} |")))
            });
            new.push_str(better.as_deref().unwrap_or(line));
            new.push('\n');
        }
        fs::write(page(name), new).unwrap();
    }
}

#[test]
fn every_cited_number_is_explained_and_held_by_a_test_or_says_why_not() {
    let tests = specifications::tests();
    let mut wrong = Vec::new();
    let cited = citations(&mut wrong);
    assert!(cited.len() > 500, "only {} citations were found", cited.len());
    if std::env::var_os("UPDATE_REQUIREMENTS").is_some() {
        update(&cited, &tests);
    }
    let all = requirements();
    wrong.extend(all.wrong.iter().cloned());
    for citation in &cited {
        if !all.held.contains_key(&citation.id) && !all.sections.contains(&citation.id) {
            let (word, id) = &citation.id;
            wrong.push(format!("{}: {word} {id} is not in docs/requirements", citation.place));
        }
    }
    for ((word, id), cell) in &all.held {
        let names = named(cell);
        if cell.trim().is_empty() || cell == "–" {
            wrong.push(format!("{word} {id}: neither a test nor a reason"));
        }
        wrong.extend(
            names.iter().filter(|n| !tests.contains(**n)).map(|n| format!("{word} {id}: no such test: {n}")),
        );
        let holds = cited.iter().find(|c| c.id.0 == *word && c.id.1 == *id && c.test.is_some());
        if let (true, Some(test)) = (names.is_empty(), holds.and_then(|c| c.test.as_ref())) {
            wrong.push(format!("{word} {id}: says \"{cell}\", but {test} cites it"));
        }
    }
    assert!(
        wrong.is_empty(),
        "docs/requirements ({} faults; UPDATE_REQUIREMENTS=1 names tests anew):\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn citations_are_read_in_every_form() {
    for (text, ids) in [
        ("D16", "D16"),
        ("I1 to I4.", "I1 I2 I3 I4"),
        ("#31 to #34).", "#31 #32 #33 #34"),
        ("#5 a, b, c and g; #19", "#5 #19"),
        ("J2.4, docs/adr", "J2.4"),
        ("U-08, RFC 7519", "U-08"),
        ("F-30 to F-32;", "F-30 F-31 F-32"),
        ("4.10: what", "4.10"),
        ("pitfall 3)", "pitfall 3"),
        ("part C, \"History checking\"", "part C \"History checking\""),
        ("I7, I8 and #67.", "I7 I8 #67"),
        ("is a word", ""),
        ("256", ""),
    ] {
        assert_eq!(items(text).0.join(" "), ids, "{text}");
    }
}

#[test]
fn an_id_without_its_word_is_seen() {
    for (text, ids) in [
        ("the fifth (D12), and #31.", "D12 #31"),
        ("J2.4: the link; U-08, F-17", "J2.4 U-08 F-17"),
        ("`I1` to `I24`, P-256, B-tree, ID1, 3D2, #1f6f54, B100", ""),
    ] {
        assert_eq!(bare(text, &[]).join(" "), ids, "{text}");
    }
    assert!(bare("SECURITY D12, #31", std::slice::from_ref(&(0..17))).is_empty());
}
