//! The shades of an agency's two colours, by day and in the dark, and the checks of their contrast (PEOPLE F-35, U-59).

use crate::colour::{BLACK, Rgb, WHITE};

/// The minimum contrast between text and its background (WCAG 2.1, 1.4.3; RGAA 3.2).
const TEXT_CONTRAST: f64 = 4.5;
/// The minimum contrast of signs other than text (WCAG 2.1, 1.4.11; RGAA 3.3).
const SIGN_CONTRAST: f64 = 3.0;
/// The contrast of derived shades.
const DERIVED_CONTRAST: f64 = 7.0;

/// The colours `--paper` and `--card` of the style sheet, by day and in the dark, and `--on-accent` of its dark half.
const PAPER: Rgb = Rgb::new(0xf5, 0xf2, 0xec);
const CARD: Rgb = WHITE;
const NIGHT_PAPER: Rgb = Rgb::new(0x12, 0x15, 0x1b);
const NIGHT_CARD: Rgb = Rgb::new(0x1b, 0x20, 0x28);
const NIGHT_INK: Rgb = Rgb::new(0x10, 0x14, 0x1a);
/// The colours `--accent` and `--second` for an agency without readable colours.
const NEUTRAL: Rgb = Rgb::new(0x23, 0x4a, 0x6b);

/// The reason why a colour is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ColourError {
    /// It is not written `#rrggbb`.
    #[error("`{0}` is not a colour: write six hexadecimal digits, as in #1f6f54")]
    NotAColour(String),
    /// The contrast with a colour that it meets is too low.
    #[error(
        "{colour} and {other} have a contrast of {}, and {least} is needed for {used}; the nearest colour that passes is {suggestion}",
        floored(*.ratio)
    )]
    TooFaint {
        /// The colour as given.
        colour: String,
        /// The colour that it meets on the page.
        other: String,
        /// The place where they meet.
        used: &'static str,
        /// Their contrast, from 1 to 21.
        ratio: f64,
        /// The minimum contrast there: 4.5 for text, 3 for other signs.
        least: f64,
        /// The colour of the same hue, nearest in lightness (OKLab), that has enough contrast wherever this one is used.
        suggestion: String,
    },
}

/// Rounds down: 4.497 is not 4.5.
fn floored(ratio: f64) -> f64 {
    (ratio * 100.0).floor() / 100.0
}

/// Returns every error of an agency's two colours, each with the key of the colour, `accent` or `second`. Covers every place where pages and mails use
/// them or a shade of them.
pub fn colour_errors(accent: &str, second: Option<&str>) -> Vec<(&'static str, ColourError)> {
    let mut found = Vec::new();
    let given = [("accent", Some(accent), accent_uses as ColourPairs), ("second", second, second_uses)];
    for (key, text, uses) in given.into_iter().filter_map(|(key, text, uses)| Some((key, text?, uses))) {
        let Some(colour) = Rgb::parse(text) else {
            found.push((key, ColourError::NotAColour(text.to_owned())));
            continue;
        };
        let suggestion = readable(colour, uses);
        for ColourPair { used, front, background, least } in uses(colour).into_iter().filter(|u| !u.passes())
        {
            // The agency's own colour comes first, whether it is in front or behind.
            let (of, other) = if background == colour { (background, front) } else { (front, background) };
            let error = ColourError::TooFaint {
                colour: of.to_string(),
                other: other.to_string(),
                used,
                ratio: front.contrast(background),
                least,
                suggestion: suggestion.to_string(),
            };
            found.push((key, error));
        }
    }
    found
}

/// Two colours that meet.
struct ColourPair {
    used: &'static str,
    front: Rgb,
    background: Rgb,
    least: f64,
}

impl ColourPair {
    fn passes(&self) -> bool {
        self.front.contrast(self.background) >= self.least
    }
}

/// Returns the places where a colour would be used.
type ColourPairs = fn(Rgb) -> Vec<ColourPair>;

fn accent_uses(accent: Rgb) -> Vec<ColourPair> {
    let words = |used, front, background| ColourPair { used, front, background, least: TEXT_CONTRAST };
    let dark = in_the_dark(accent, DERIVED_CONTRAST);
    let dark_soft = dark.mixed(NIGHT_CARD, 0.90);
    vec![
        words("white words on buttons, and links on a card", accent, CARD),
        words("links at the foot of the page", accent, PAPER),
        words("links on its own pale shade", accent, accent.mixed(WHITE, 0.92)),
        words("dark words on buttons in the dark", NIGHT_INK, dark),
        words("links on a card in the dark", dark, NIGHT_CARD),
        words("links at the foot of the page in the dark", dark, NIGHT_PAPER),
        words("links on its own deep shade in the dark", dark, dark_soft),
    ]
}

fn second_uses(second: Rgb) -> Vec<ColourPair> {
    let signs = |used, front, background| ColourPair { used, front, background, least: SIGN_CONTRAST };
    let dark = in_the_dark(second, TEXT_CONTRAST);
    vec![
        signs("the step that one is at, on a card", second, CARD),
        signs("the band at the head of the page", second, PAPER),
        signs("the step that one is at, on a card in the dark", dark, NIGHT_CARD),
        signs("the band at the head of the page in the dark", dark, NIGHT_PAPER),
    ]
}

/// Returns the nearest colour that passes wherever it is used.
fn readable(colour: Rgb, uses: ColourPairs) -> Rgb {
    colour.nearest(|candidate| uses(candidate).iter().all(ColourPair::passes)).unwrap_or(NEUTRAL)
}

/// Returns the nearest colour for the dark mode: light on a card that is nearly black.
fn in_the_dark(colour: Rgb, least: f64) -> Rgb {
    colour.nearest(|candidate| candidate.contrast(NIGHT_CARD) >= least).unwrap_or(WHITE)
}

pub(crate) fn stylesheet(accent: &str, second: Option<&str>) -> String {
    let rule = |shades: Shades| {
        format!(
            ":root{{--accent:{};--accent-deep:{};--accent-soft:{};--accent-line:{};--second:{}}}",
            shades.accent, shades.deep, shades.soft, shades.line, shades.second
        )
    };
    let dark = rule(Shades::in_the_dark(accent, second));
    format!("{}\n@media screen and (prefers-color-scheme:dark){{{dark}}}\n", rule(Shades::of(accent, second)))
}

/// The readable shades of two colours, for the style sheet and for mails.
pub(crate) struct Shades {
    /// Backgrounds under white text, and links.
    pub(crate) accent: String,
    /// The same, pressed or hovered; also text on `soft`.
    pub(crate) deep: String,
    /// A pale background.
    pub(crate) soft: String,
    /// A border on a pale background; decoration only.
    pub(crate) line: String,
    /// Bands, and the current step; never text, and never under text.
    pub(crate) second: String,
}

impl Shades {
    /// Returns the shades by day. An agency without a second colour uses its first one there too.
    pub(crate) fn of(accent: &str, second: Option<&str>) -> Shades {
        let accent = readable(Rgb::parse(accent).unwrap_or(NEUTRAL), accent_uses);
        let second = readable(second.and_then(Rgb::parse).unwrap_or(accent), second_uses);
        let deep = accent.mixed(BLACK, 0.28).nearest(|deep| deep.contrast(WHITE) >= DERIVED_CONTRAST);
        Shades {
            accent: accent.to_string(),
            deep: deep.unwrap_or(BLACK).to_string(),
            soft: accent.mixed(WHITE, 0.92).to_string(),
            line: accent.mixed(WHITE, 0.70).to_string(),
            second: second.to_string(),
        }
    }

    /// Returns the shades for the dark mode: light on a card that is nearly black, dark text on light buttons.
    pub(crate) fn in_the_dark(accent: &str, second: Option<&str>) -> Shades {
        let day = Rgb::parse(accent).unwrap_or(NEUTRAL);
        let second = second.and_then(Rgb::parse).unwrap_or(day);
        let accent = in_the_dark(day, DERIVED_CONTRAST);
        Shades {
            accent: accent.to_string(),
            deep: accent.mixed(WHITE, 0.45).to_string(),
            soft: accent.mixed(NIGHT_CARD, 0.90).to_string(),
            line: accent.mixed(NIGHT_CARD, 0.65).to_string(),
            second: in_the_dark(second, TEXT_CONTRAST).to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rgb(text: &str) -> Rgb {
        Rgb::parse(text).unwrap()
    }

    #[test]
    fn a_pale_colour_is_refused_with_both_colours_the_ratio_and_one_that_would_do() {
        let found = colour_errors("#ffcc00", Some("#ffcc00"));
        let told: Vec<_> = found.iter().map(|(key, error)| format!("{key}: {error}")).collect();
        assert_eq!(told.len(), 5, "{told:#?}");
        assert!(
            told[0]
                .starts_with("accent: #ffcc00 and #ffffff have a contrast of 1.51, and 4.5 is needed for "),
            "{told:#?}"
        );
        assert!(told[1].contains("#f5f2ec"), "{told:#?}");
        assert!(told[3].starts_with("second: ") && told[3].contains("and 3 is needed"), "{told:#?}");
        for (key, error) in found {
            let ColourError::TooFaint { suggestion, .. } = error else { panic!("{error}") };
            let (accent, second) =
                if key == "accent" { (&*suggestion, None) } else { ("#000000", Some(&*suggestion)) };
            assert_eq!(colour_errors(accent, second), []);
        }
    }

    /// White on it would do; a link at the foot of the page would not.
    #[test]
    fn what_only_a_card_can_bear_is_refused() {
        let found = colour_errors("#767676", None);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(rgb("#767676").contrast(WHITE) >= TEXT_CONTRAST);
        assert!(
            found
                .iter()
                .all(|(_, error)| matches!(error, ColourError::TooFaint { other, .. } if other != "#ffffff"))
        );
    }

    #[test]
    fn what_is_no_colour_is_refused() {
        let found = colour_errors("red", Some("}body{"));
        assert_eq!(
            found,
            [
                ("accent", ColourError::NotAColour("red".into())),
                ("second", ColourError::NotAColour("}body{".into()))
            ]
        );
        assert!(!stylesheet("nonsense", Some("}body{")).contains("nonsense"));
        assert!(!stylesheet("nonsense", Some("}body{")).contains("body"));
    }

    #[test]
    fn an_agency_of_one_colour_has_it_in_both_places() {
        let shades = Shades::of("#2f6b3a", None);
        assert_eq!((shades.accent.as_str(), shades.second.as_str()), ("#2f6b3a", "#2f6b3a"));
    }

    /// The constants equal the values in the style sheet.
    #[test]
    fn the_grounds_are_those_of_the_style_sheet() {
        let sheet = include_str!("../assets/moncompte.css");
        let (day, rest) = sheet.split_once("@media").unwrap();
        let night = rest.split_once(".logo").unwrap().0;
        let says = |half: &str, name: &str, colour: Rgb| {
            let value = half.split(&format!("--{name}: ")).nth(1).unwrap().split(';').next().unwrap();
            let value = if value == "#fff" { "#ffffff" } else { value };
            assert_eq!(value, colour.to_string(), "--{name}");
        };
        says(day, "paper", PAPER);
        says(day, "card", CARD);
        says(day, "on-accent", WHITE);
        says(day, "accent", NEUTRAL);
        says(night, "paper", NIGHT_PAPER);
        says(night, "card", NIGHT_CARD);
        says(night, "on-accent", NIGHT_INK);
        // The colours of the service itself, without an agency.
        for (half, paper, card) in [(day, PAPER, CARD), (night, NIGHT_PAPER, NIGHT_CARD)] {
            let value = |name: &str| {
                rgb(half.split(&format!("--{name}: ")).nth(1).unwrap().split(';').next().unwrap())
            };
            for background in [paper, card, value("accent-soft")] {
                assert!(value("accent").contrast(background) >= TEXT_CONTRAST);
                assert!(value("second").contrast(background) >= SIGN_CONTRAST);
                assert!(
                    value("focus").contrast(background) >= SIGN_CONTRAST,
                    "the ring around what has the focus"
                );
                assert!(value("line-2").contrast(background) >= SIGN_CONTRAST, "the edge of a field");
            }
        }
    }

    fn any_colour() -> impl Strategy<Value = String> {
        "#[0-9a-f]{6}"
    }

    proptest! {
        #[test]
        fn every_shade_can_be_read_whatever_the_colours(accent in any_colour(), second in any_colour()) {
            let day = Shades::of(&accent, Some(&second));
            let dark = Shades::in_the_dark(&accent, Some(&second));
            let pairs = [
                (WHITE, rgb(&day.accent)), (rgb(&day.accent), CARD), (rgb(&day.accent), PAPER), (rgb(&day.accent), rgb(&day.soft)),
                (rgb(&day.deep), rgb(&day.soft)), (rgb(&day.deep), PAPER), (WHITE, rgb(&day.deep)),
                (rgb(&dark.accent), NIGHT_CARD), (rgb(&dark.accent), NIGHT_PAPER), (rgb(&dark.accent), rgb(&dark.soft)),
                (rgb(&dark.deep), rgb(&dark.soft)), (NIGHT_INK, rgb(&dark.accent)), (NIGHT_INK, rgb(&dark.deep)),
            ];
            for (words, background) in pairs {
                prop_assert!(words.contrast(background) >= TEXT_CONTRAST, "{} {}: {} on {}", accent, second, words, background);
            }
            // A ring of focus stands off what it surrounds; --focus of the style sheet, by day and in the dark.
            let signs = [
                (rgb(&day.second), CARD), (rgb(&day.second), PAPER),
                (rgb(&dark.second), NIGHT_CARD), (rgb(&dark.second), NIGHT_PAPER),
                (rgb("#0b45c4"), rgb(&day.soft)), (rgb("#9db9ff"), rgb(&dark.soft)),
            ];
            for (sign, background) in signs {
                prop_assert!(sign.contrast(background) >= SIGN_CONTRAST, "{} {}: {} on {}", accent, second, sign, background);
            }
        }

        /// Colours that `moncompte check` accepts are shown unchanged.
        #[test]
        fn a_colour_without_fault_is_shown_as_it_is(accent in any_colour(), second in any_colour()) {
            let shades = Shades::of(&accent, Some(&second));
            let faulty = colour_errors(&accent, Some(&second));
            prop_assert_eq!(shades.accent == accent, faulty.iter().all(|(key, _)| *key != "accent"));
            prop_assert_eq!(shades.second == second, faulty.iter().all(|(key, _)| *key != "second"));
        }
    }
}
