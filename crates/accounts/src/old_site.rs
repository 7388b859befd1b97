//! An agency's old system, as its file tells it: how its deliveries are written, and what it hashed of a password.

use agencies::{Agency, DateForm, ImportRules};
use legacy::{
    Charset, PasswordRule, Reading, hash, readings,
    row::{ColumnNames, DateOrder, Format, Layout},
};

/// The most rules of an agency: each costs a hash or two at every wrong password.
const MOST_RULES: usize = 3;

/// The settings about an agency's old system, checked.
#[derive(Clone, Debug, Default)]
pub struct OldSite {
    /// The layout of its files, but for what each file shows itself.
    layout: Layout,
    /// The encoding of its files, where it is told.
    charset: Option<Charset>,
    /// The encoding of the passwords that it hashed, where it is told.
    passwords: Option<Charset>,
    rules: Vec<PasswordRule>,
}

impl OldSite {
    /// Reads the settings of an agency's file.
    ///
    /// # Errors
    /// Each key whose value cannot be, and why.
    pub fn of(agency: &Agency) -> Result<Self, Vec<(String, String)>> {
        let ImportRules { charset, dates, hash_format, columns, .. } = &agency.import;
        let mut problems = Vec::new();
        let mut find = |key: &str, name: &Option<String>| {
            let found = Charset::find(name.as_deref()?);
            if found.is_none() {
                problems.push((key.to_owned(), unknown_charset()));
            }
            found
        };
        let charset = find("import.charset", charset);
        let passwords = find("directory.charset", &agency.directory.charset);
        let mut rules = Vec::new();
        for rule in &agency.directory.password_rules {
            match PasswordRule::parse(rule) {
                Ok(rule) => rules.push(rule),
                Err(reason) => problems.push(("directory.password_rules".to_owned(), reason)),
            }
        }
        if rules.len() > MOST_RULES {
            problems
                .push(("directory.password_rules".to_owned(), format!("has more than {MOST_RULES} rules")));
        }
        if let Some(Err(reason)) = hash_format.as_deref().map(hash::check_format) {
            problems.push(("import.hash_format".to_owned(), reason.to_string()));
        }
        let pairs =
            columns.iter().flat_map(|(column, names)| names.all().iter().map(|name| (&**column, &**name)));
        let names = ColumnNames::new(pairs).unwrap_or_else(|reason| {
            problems.push(("import.columns".to_owned(), reason));
            ColumnNames::default()
        });
        if !problems.is_empty() {
            return Err(problems);
        }
        let dates = dates.map(|form| match form {
            DateForm::DayFirst => DateOrder::DayFirst,
            DateForm::MonthFirst => DateOrder::MonthFirst,
        });
        let layout = Layout { names, dates, hash_format: hash_format.clone(), ..Layout::default() };
        Ok(Self { layout, charset, passwords, rules })
    }

    /// Returns the layout of a file of this format, in the encoding that was found.
    pub fn layout(&self, format: Format, found: &legacy::Found) -> Layout {
        Layout { format, charset: found.charset, cr_alone: found.cr_alone, ..self.layout.clone() }
    }

    /// Returns the readings of an old password, as one attempt tries them.
    pub(crate) fn readings(&self, typed: &str) -> Vec<Reading> {
        readings(typed, self.passwords, &self.rules)
    }

    /// Returns the encoding of its files, where the agency's file tells it.
    pub fn charset(&self) -> Option<Charset> {
        self.charset
    }
}

fn unknown_charset() -> String {
    format!("is no encoding that is known; known are {}", Charset::list())
}
