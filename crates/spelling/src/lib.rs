//! The same thing typed otherwise: one form of a text, whatever keyboard, telephone or program wrote it.
//!
//! A telephone writes ’ where a keyboard has ', a mail program puts characters around an address that nobody sees, and one system writes é as one character,
//! another as two. Identifiers, addresses and passwords are compared by what is left without these differences. Capitals are no such difference: whoever may
//! ignore them does so itself.
//!
//! ```
//! assert_eq!(spelling::fold(" d’Arcy\u{200b}–12 "), "d'Arcy-12");
//! assert_eq!(spelling::fold("e\u{301}te\u{301}"), "été");
//! ```

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// Returns the form by which texts are compared: NFKC, with straight apostrophes, quotes and dashes, every space a plain one, without characters that nobody
/// sees and without spaces around it. ASCII stays as it is, but for the spaces around it.
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text.trim());
    }
    // Signs first: NFKC makes a space and a combining mark of the acute accent that stands alone.
    let signs = text.chars().filter(|c| !is_unseen(*c)).map(straight);
    let folded: String = signs.nfkc().filter(|c| !is_unseen(*c)).map(straight).collect();
    Cow::Owned(if folded.trim() == folded { folded } else { folded.trim().to_owned() })
}

/// Returns the text without characters that nobody sees; spaces stay.
pub fn without_unseen(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || !text.chars().any(is_unseen) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|c| !is_unseen(*c)).collect())
}

/// Returns true for a character that is drawn as nothing: the category Cf, and other invisible characters (Unicode 16, `Default_Ignorable_Code_Point`), but
/// neither spaces nor control characters.
pub fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}' | '\u{891}' | '\u{8e2}'
        | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Returns the sign of a plain keyboard for one that programs write in its place.
fn straight(c: char) -> char {
    match c {
        '\u{b4}'
        | '\u{2b9}'
        | '\u{2bb}'..='\u{2bd}'
        | '\u{2018}'..='\u{201b}'
        | '\u{2032}'
        | '\u{2035}'
        | '\u{ff07}' => '\'',
        '«'
        | '»'
        | '\u{2ba}'
        | '\u{201c}'..='\u{201f}'
        | '\u{2033}'
        | '\u{2036}'
        | '\u{301d}'..='\u{301f}'
        | '\u{ff02}' => '"',
        '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' => '-',
        c if c.is_whitespace() && !c.is_control() => ' ',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keyboards_and_programs_write_is_one_text() {
        for spelling in [
            "l'été d'Évian-12",
            "l’été d‘Évian-12",
            "lʼe\u{301}te\u{301} d′E\u{301}vian–12",
            " l´été\u{a0}d'Évian−12 ",
            "\u{feff}l'été d'É\u{200b}vian\u{2011}12\u{200e}",
            "l'été\u{202f}d'Évian‐1\u{ad}2",
            "l＇été d'Évian－１２",
        ] {
            assert_eq!(fold(spelling), "l'été d'Évian-12", "{spelling:?}");
        }
        assert_eq!(fold("« oui »"), fold("“ oui ”"));
        assert_eq!(fold(" Abc "), "Abc");
        for different in [
            "L'ÉTÉ D'ÉVIAN-12",
            "lété d'Évian-12",
            "l'ete d'Evian-12",
            "l'été d'Évian 12",
            "l`été d'Évian-12",
        ] {
            assert_ne!(fold(different), "l'été d'Évian-12", "{different:?}");
        }
    }

    #[test]
    fn a_folded_text_is_its_own_form() {
        for text in ["l’été", "\u{ff9e}a", "ﬁn", "½", "a\u{200d}b", "…", "\u{2028}", "ǆ"] {
            let once = fold(text).into_owned();
            assert_eq!(fold(&once), once, "{text:?}");
        }
        assert_eq!(without_unseen("a\u{200b} b\u{feff}"), "a b");
    }
}
