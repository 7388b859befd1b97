//! Words by which tables and spreadsheets say that a value is missing.

/// Words for nothing, in any column, in lower case. None of them is a name, a town or a code of a country.
const IN_ANY_COLUMN: &[&str] = &[
    "(null)",
    "<null>",
    "[null]",
    "\\n",
    "undefined",
    "n/a",
    "#n/a",
    "n/d",
    "#n/d",
    "n/c",
    "#ref!",
    "#value!",
    "#valeur!",
    "#null!",
    "#nul!",
    "#nom?",
    "#name?",
    "néant",
    "neant",
    "non renseigné",
    "non renseignée",
    "non renseigne",
    "non communiqué",
    "non communiquée",
    "non communique",
];

/// More of them, where the column holds no word that could be meant: `NC` is New Caledonia, and somebody's name may be Sans.
const WHERE_NO_WORD_IS_MEANT: &[&str] = &[
    "na", "n.a.", "nc", "n.c.", "nd", "n.d.", "none", "nan", "nil", "aucun", "aucune", "sans", "inconnu",
    "inconnue", "vide", "non", "x", "xx", "xxx", "0",
];

/// More of them, in place of a password.
const IN_PLACE_OF_A_PASSWORD: &[&str] = &[
    "null",
    "nul",
    "empty",
    "blank",
    "none set",
    "no password",
    "not set",
    "non défini",
    "non defini",
    "indéfini",
    "pas de mot de passe",
    "sans mot de passe",
    "aucun mot de passe",
    "mot de passe vide",
];

/// The maximum length of a word of the lists, in bytes.
const LONGEST: usize = 24;

/// Returns true for a word that stands for nothing in any column.
pub(crate) fn is_word(value: &str) -> bool {
    value.len() <= LONGEST && IN_ANY_COLUMN.contains(&&*value.to_lowercase())
}

/// Returns true for a word that stands for nothing in a column in which no word can be meant.
pub(crate) fn is_word_where_none_is_meant(value: &str) -> bool {
    value.len() <= LONGEST && WHERE_NO_WORD_IS_MEANT.contains(&&*value.to_lowercase())
}

/// Returns true for what tables hold in place of a missing password: a word such as `NULL`, `\N` or `néant`, up to three signs, or one sign that is
/// repeated, such as `********`. Such a value proves nobody: it stands in thousands of rows at once, and everybody can type it (SECURITY D12). A longer
/// password of different signs is one.
pub fn stands_for_no_password(text: &str) -> bool {
    let text = text.trim();
    let mut signs = text.chars();
    let first = signs.next();
    let is_sign = |c: char| !c.is_alphanumeric() && !c.is_whitespace();
    if text.chars().all(is_sign) && (text.chars().count() <= 3 || signs.all(|c| Some(c) == first)) {
        return true;
    }
    is_word(text)
        || is_word_where_none_is_meant(text)
        || (text.len() <= LONGEST && IN_PLACE_OF_A_PASSWORD.contains(&&*text.to_lowercase()))
}

/// The commonest texts of [`stands_for_no_password`], as they are written, for a search among cheap hashes.
pub(crate) const PASSWORD_EXAMPLES: &[&str] = &[
    "NULL",
    "null",
    "Null",
    "(null)",
    "\\N",
    "-",
    "--",
    "---",
    "*",
    "**",
    "***",
    "********",
    ".",
    "?",
    "0",
    "x",
    "X",
    "xxx",
    "XXX",
    "N/A",
    "n/a",
    "#N/A",
    "NA",
    "na",
    "none",
    "None",
    "NONE",
    "nil",
    "undefined",
    "néant",
    "Néant",
    "NEANT",
    "neant",
    "vide",
    "aucun",
    "non renseigné",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_is_no_password_and_a_poor_password_is_one() {
        for nothing in [
            "NULL",
            "null",
            " Null ",
            "\\N",
            "(null)",
            "-",
            "--",
            "*",
            "********",
            "••••••••",
            "......",
            "0",
            "x",
            "néant",
            "NÉANT",
            "Neant",
            "#N/A",
            "n/a",
            "None",
            "undefined",
            "Non renseigné",
            "?",
            "-/-",
            "",
        ] {
            assert!(stands_for_no_password(nothing), "{nothing:?}");
        }
        for password in [
            "a",
            "0000",
            "1234",
            "nulle",
            "tilleul",
            "*#*#",
            "-_-!",
            "!?!?",
            "xxxx",
            "Vieux-Secret 1",
            "é",
            "x*",
        ] {
            assert!(!stands_for_no_password(password), "{password:?}");
        }
    }

    #[test]
    fn the_examples_are_examples() {
        assert!(PASSWORD_EXAMPLES.iter().all(|text| stands_for_no_password(text)));
        let words = [IN_ANY_COLUMN, WHERE_NO_WORD_IS_MEANT, IN_PLACE_OF_A_PASSWORD].concat();
        assert!(words.iter().all(|word| word.len() <= LONGEST && *word == word.to_lowercase()));
    }
}
