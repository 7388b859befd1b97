//! The header of a CSV file: which character parts the fields, and which column each of them is.

use std::{fmt, io::Read};

use zeroize::Zeroizing;

use super::{
    BadRow, CUT_SHORT, LONGEST_LINE,
    columns::{self, COLUMNS, Fields, IDENTIFIER},
    csv::{End, Splitter},
    layout::{ColumnNames, Place},
    lenient::Oddity,
    lines::{Line, Lines, stray},
    spoilt,
};

/// Characters that may part the fields.
const DELIMITERS: [char; 4] = [';', ',', '\t', '|'];
/// The lines that the names of the columns may take: some spreadsheets have names with a line break.
const LINES: usize = 8;
/// The rows that are looked at to see whether they are parted as the header is.
const LOOKED_AT: usize = 20;

/// The column of each field, and the splitter of the rows.
pub(super) struct Header {
    places: Vec<Place>,
    splitter: Splitter,
    /// The physical lines down to the first row.
    pub(super) lines: u64,
    /// The columns whose names are not those of [`COLUMNS`].
    pub(super) renamed: Vec<NamedColumn>,
}

/// A column that the file names in its own way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamedColumn {
    /// The name in the file, its blanks folded and cut.
    pub written: String,
    /// The column, as [`COLUMNS`] names it.
    pub column: &'static str,
    /// True if nobody said so: it was read by a common name.
    pub common: bool,
}

impl fmt::Display for NamedColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the column `{}` is read as `{}`", self.written, self.column)
    }
}

impl NamedColumn {
    /// The most characters of a name that are shown.
    const LONGEST: usize = 60;

    fn new(written: &str, column: &'static str, common: bool) -> Self {
        let words: Vec<&str> = written.split_whitespace().collect();
        let shown = words.join(" ").chars().filter(|c| !c.is_control()).take(Self::LONGEST).collect();
        Self { written: shown, column, common }
    }
}

/// A header as one of the characters parts it.
struct Parted {
    names: Vec<String>,
    splitter: Splitter,
    lines: usize,
}

impl Header {
    /// Reads the header of a file, and a line `sep=;` before it.
    pub(super) fn read<R: Read>(lines: &mut Lines<R>, names: &ColumnNames) -> Result<Self, BadRow> {
        let mut said = None;
        let (number, first) = loop {
            match lines.next() {
                Some((_, Line::Text(text))) if text.trim().is_empty() => {}
                Some((_, Line::Text(text))) if said.is_none() && delimiter_said(&text).is_some() => {
                    said = delimiter_said(&text);
                }
                Some((number, Line::Text(text))) => break (number, text),
                Some((line, Line::Bad(reason))) => return Err(BadRow::new(line, reason)),
                None => return Err(BadRow::new(1, "the file is empty")),
            }
        };
        let mut held = vec![(number, first)];
        let mut best: Option<(usize, Parted)> = None;
        let mut wrong = None;
        for delimiter in DELIMITERS.into_iter().filter(|one| said.is_none_or(|said| said == *one)) {
            let parted = match parted(lines, &mut held, delimiter) {
                Ok(parted) => parted,
                Err(reason) => {
                    wrong = wrong.or(Some(reason));
                    continue;
                }
            };
            let known = |name: &&String| names.place(name).is_some_and(|(place, _)| place != Place::Nameless);
            let score = parted.names.iter().filter(known).count() * 1000 + parted.names.len();
            if best.as_ref().is_none_or(|(most, _)| score > *most) {
                best = Some((score, parted));
            }
        }
        // A delimiter by which none of the names is known says less than what went wrong with another.
        let Some((_, parted)) = best.filter(|(score, _)| wrong.is_none() || *score >= 1000) else {
            return Err(BadRow::new(number, wrong.unwrap_or_else(|| NO_NAMES.to_owned())));
        };
        let rest = held.split_off(parted.lines);
        let last = held.last().map_or(number, |(number, _)| *number);
        let again = rest.into_iter().map(|(number, text)| (number, Line::Text(text))).collect();
        lines.put_back(again);
        let mut header = Self::of(parted, names).map_err(|reason| BadRow::new(number, reason))?;
        header.lines = last;
        header.compare_rows(lines).map_err(|reason| BadRow::new(number, reason))?;
        Ok(header)
    }

    fn of(Parted { names: written, splitter, .. }: Parted, names: &ColumnNames) -> Result<Self, String> {
        if written.iter().any(|name| name.chars().any(|c| stray(c).is_some())) {
            return Err(format!("the first line {}", columns::NOT_UTF8));
        }
        // Before any name is repeated in a message: without a header this is a row with its secrets.
        let identifier = Place::Column(IDENTIFIER);
        if !written.iter().any(|name| names.place(name).is_some_and(|(place, _)| place == identifier)) {
            let meant = written.iter().any(|name| columns::meant(name) == Some("identifier"));
            let hint = match meant {
                true => {
                    " (one of the names comes near it: if so, `[import.columns] identifier = …` of the agency's file names it)"
                }
                false => "",
            };
            return Err(format!("{NO_NAMES}, and `identifier` is not among them{hint}"));
        }
        let mut places: Vec<Place> = Vec::with_capacity(written.len());
        let mut renamed = Vec::new();
        for name in &written {
            let (place, told) = names.place(name).ok_or_else(|| columns::unknown("column", name))?;
            if let Place::Column(at) = place {
                let column = COLUMNS[at].0;
                if places.contains(&place) {
                    return Err(format!("the column `{column}` comes twice"));
                }
                if told || columns::place(name) != Some(at) {
                    renamed.push(NamedColumn::new(name, column, told));
                }
            }
            places.push(place);
        }
        while places.last() == Some(&Place::Nameless) {
            places.pop();
        }
        Ok(Self { places, splitter, lines: 0, renamed })
    }

    /// Looks at the first rows: if another character parts all of them, each would be bad for the same reason.
    fn compare_rows<R: Read>(&self, lines: &mut Lines<R>) -> Result<(), String> {
        let own = self.splitter.delimiter();
        let mut held = Vec::new();
        let (mut rows, mut parted_by_own) = (0, false);
        let mut others: Vec<char> = DELIMITERS.into_iter().filter(|one| *one != own).collect();
        while held.len() < LOOKED_AT
            && let Some((number, line)) = lines.next()
        {
            if let Line::Text(text) = &line
                && !text.trim().is_empty()
            {
                rows += 1;
                parted_by_own |= text.contains(own);
                others.retain(|other| text.matches(*other).count() + 1 >= self.places.len());
            }
            held.push((number, line));
        }
        lines.put_back(held);
        match others.first() {
            Some(other) if rows > 0 && !parted_by_own && self.places.len() > 1 => Err(format!(
                "the header has {} between its names, and the rows have {}: write the same in both",
                shown(own),
                shown(*other)
            )),
            _ => Ok(()),
        }
    }

    /// Returns the character between the fields.
    pub(super) fn delimiter(&self) -> char {
        self.splitter.delimiter()
    }

    /// Begins a row with its first line.
    pub(super) fn begin(&mut self, line: &str) -> Result<End, String> {
        self.splitter.begin();
        self.splitter.feed(line)
    }

    /// Goes on with the next line of a row whose quote is open.
    pub(super) fn go_on(&mut self, line: &str) -> Result<End, String> {
        self.splitter.feed(line)
    }

    /// Drops the values of a row without an end.
    pub(super) fn forget(&mut self) {
        self.splitter.forget();
    }

    /// Returns true if nothing stands in the finished row.
    pub(super) fn is_blank(&self) -> bool {
        self.splitter.values().all(|value| value.trim().is_empty())
    }

    /// Returns true if the finished row has as many fields as the header. Empty ones behind the last column do not count: spreadsheets write them.
    pub(super) fn fits(&self) -> bool {
        let (expected, found) = (self.places.len(), self.splitter.len());
        found == expected
            || found > expected && self.splitter.values().skip(expected).all(|value| value.trim().is_empty())
    }

    /// Returns true if the finished row ends before the last columns, and none of these proves the person: spreadsheets leave empty ones out.
    fn is_short(&self) -> bool {
        let left_out = self.places.get(self.splitter.len()..).unwrap_or_default();
        let proves = |place: &Place| matches!(place, Place::Column(at) if columns::is_proof(*at));
        !left_out.is_empty() && !left_out.iter().any(proves)
    }

    /// Returns true if the finished row has fewer fields than the header has names.
    pub(super) fn ends_early(&self) -> bool {
        self.splitter.len() < self.places.len()
    }

    /// The identifier of the finished row, if its fields are where the header says.
    pub(super) fn identifier(&self) -> Option<Zeroizing<String>> {
        let (value, _) = spoilt::unwrapped(self.value(IDENTIFIER)?.trim());
        (!value.is_empty()).then(|| Zeroizing::new(value.to_owned()))
    }

    /// The value of the finished row in a column, if its fields are where the header says.
    pub(super) fn value(&self, column: usize) -> Option<&str> {
        let at = self.places.iter().position(|known| *known == Place::Column(column))?;
        self.splitter.values().nth(at).filter(|_| self.fits() || self.is_short())
    }

    /// The values of the finished row.
    pub(super) fn fields(&self) -> Result<Fields, String> {
        let (expected, found) = (self.places.len(), self.splitter.len());
        if !self.fits() && !self.is_short() {
            let delimiter = shown(self.splitter.delimiter());
            let hint = match found > expected {
                true => format!(": a value with {delimiter} in it must stand in double quotes"),
                false => String::new(),
            };
            return Err(format!("{found} fields where the header has {expected}{hint}"));
        }
        let mut fields = Fields::new();
        for (place, value) in self.places.iter().zip(self.splitter.values()) {
            match place {
                Place::Column(at) => fields.put(*at, value)?,
                Place::Nameless if !value.trim().is_empty() => {
                    return Err("something stands in a column that has no name".into());
                }
                Place::Nameless | Place::Ignored => {}
            }
        }
        if let Some(Place::Column(at)) = self.places.get(found) {
            fields.warn(*at, Oddity::ShortRow);
        }
        Ok(fields)
    }
}

const NO_NAMES: &str = "the first line must name the columns";

/// Parts the header by a character, and reads further lines of it where a quote is open.
fn parted<R: Read>(
    lines: &mut Lines<R>,
    held: &mut Vec<(u64, Zeroizing<String>)>,
    delimiter: char,
) -> Result<Parted, String> {
    let mut splitter = Splitter::new(delimiter);
    splitter.begin();
    for at in 0..LINES {
        if at == held.len() {
            match lines.next() {
                Some((number, Line::Text(text))) => held.push((number, text)),
                Some(other) => {
                    lines.put_back(vec![other]);
                    break;
                }
                None => break,
            }
        }
        if splitter.feed(&held[at].1)? == End::Reached {
            let names = splitter.values().map(str::to_owned).collect();
            return Ok(Parted { names, splitter, lines: at + 1 });
        }
    }
    Err(format!("{NO_NAMES}, without an open double quote"))
}

/// The delimiter that a line `sep=;` tells to a spreadsheet.
fn delimiter_said(line: &str) -> Option<char> {
    let line = line.trim_matches(['"', ' ', '\u{feff}']);
    let said = line.get(..4).filter(|start| start.eq_ignore_ascii_case("sep="))?;
    let mut rest = line[said.len()..].chars();
    let delimiter = rest.next().filter(|one| DELIMITERS.contains(one))?;
    rest.all(|c| DELIMITERS.contains(&c)).then_some(delimiter)
}

/// A delimiter as a message shows it.
fn shown(delimiter: char) -> String {
    match delimiter {
        '\t' => "a tab".to_owned(),
        other => format!("`{other}`"),
    }
}

/// Decides what a double quote means that is open at the end of a line. Either a value has a line break in it (RFC 4180 §2.6): then the row ends where the quote closes, and nothing within
/// may pass for a row of its own, for a person may have chosen that value. Or the quote is a slip: then one line is lost, and the next is read.
/// The number of fields tells which; a tool that quotes at all gets it right.
pub(super) fn open_quote<R: Read>(lines: &mut Lines<R>, header: &mut Header) -> Result<(), String> {
    const SLIP: &str = "a double quote opens a value and none closes it";
    let mut held = Vec::new();
    let mut size = 0;
    while let Some((number, line)) = lines.next() {
        let Line::Text(text) = &line else {
            lines.put_back(vec![(number, line)]);
            return Err(format!("{SLIP} before line {number}, where the reading goes on"));
        };
        size += text.len() + 1;
        let closed = header.go_on(text);
        match closed {
            Ok(End::Open) if size <= LONGEST_LINE => held.push((number, line)),
            // Too far to go back: on to where the quote closes.
            Ok(End::Open) => {
                held.clear();
                header.forget();
            }
            Ok(End::Reached) if size > LONGEST_LINE => {
                return Err(format!(
                    "a value goes on to line {number}, and a row holds {LONGEST_LINE} bytes at most"
                ));
            }
            Ok(End::Reached) if header.fits() => return Ok(()),
            _ => {
                held.push((number, line));
                lines.put_back(held);
                return Err(SLIP.into());
            }
        }
    }
    // A file that was cut off in the middle of a value has no last line end.
    if lines.cut_off() {
        return Err(format!("{CUT_SHORT}: {SLIP}"));
    }
    if size > LONGEST_LINE {
        return Err(format!("{SLIP}: the file is not read from here on"));
    }
    lines.put_back(held);
    Err(SLIP.into())
}
