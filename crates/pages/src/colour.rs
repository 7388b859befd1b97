//! An agency's colour, made safe to read: contrast per WCAG 2.1 §1.4.3.

use std::fmt;

/// The least contrast between text and its background (WCAG 2.1 AA, RGAA 3.2).
const LEAST: f64 = 4.5;
const WHITE: Rgb = Rgb(255, 255, 255);
/// A card in the dark: `--card` of the style sheet's dark half.
const NIGHT: Rgb = Rgb(0x1b, 0x20, 0x28);
/// Used where an agency has no colour, or none that can be read.
const NEUTRAL: Rgb = Rgb(0x23, 0x4a, 0x6b);

/// Why a colour cannot be an agency's.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ColourError {
    /// It is not written `#rrggbb`.
    #[error("`{0}` is not a colour: write six hexadecimal digits, as in #2f6b3a")]
    NotAColour(String),
    /// White text on it cannot be read well.
    #[error(
        "{accent} is too pale: white text on it has a contrast of {ratio:.1}, and 4.5 is needed; {suggestion} would do"
    )]
    TooPale {
        /// The colour as given.
        accent: String,
        /// Its contrast with white.
        ratio: f64,
        /// The nearest darker shade of the same hue that is enough.
        suggestion: String,
    },
}

/// Checks an agency's colour: gives its contrast with white (at least 4.5, at most 21).
///
/// # Errors
/// [`ColourError`] when it is not `#rrggbb`, or too pale for white text.
pub fn contrast(accent: &str) -> Result<f64, ColourError> {
    let colour = Rgb::parse(accent).ok_or_else(|| ColourError::NotAColour(accent.to_owned()))?;
    let ratio = colour.contrast(WHITE);
    if ratio < LEAST {
        let suggestion = colour.darkened(LEAST).to_string();
        return Err(ColourError::TooPale { accent: accent.to_owned(), ratio, suggestion });
    }
    Ok(ratio)
}

pub(crate) fn stylesheet(accent: &str) -> String {
    let rule = |shades: Shades| {
        format!(
            ":root{{--accent:{};--accent-deep:{};--accent-soft:{};--accent-line:{}}}",
            shades.accent, shades.deep, shades.soft, shades.line
        )
    };
    let dark = rule(Shades::in_the_dark(accent));
    format!("{}\n@media screen and (prefers-color-scheme:dark){{{dark}}}\n", rule(Shades::of(accent)))
}

/// The readable shades of one colour, for the style sheet and for mails.
pub(crate) struct Shades {
    /// Backgrounds under white text, and links.
    pub(crate) accent: String,
    /// The same, pressed or hovered; also text on `soft`.
    pub(crate) deep: String,
    /// A pale background.
    pub(crate) soft: String,
    /// A border on a pale background; decoration only.
    pub(crate) line: String,
}

impl Shades {
    pub(crate) fn of(accent: &str) -> Shades {
        let accent = Rgb::parse(accent).unwrap_or(NEUTRAL).darkened(LEAST);
        Shades {
            accent: accent.to_string(),
            deep: accent.mixed(Rgb(0, 0, 0), 0.28).darkened(7.0).to_string(),
            soft: accent.mixed(WHITE, 0.92).to_string(),
            line: accent.mixed(WHITE, 0.70).to_string(),
        }
    }

    /// The same for eyes in the dark: light on a card that is nearly black, dark text on light buttons.
    pub(crate) fn in_the_dark(accent: &str) -> Shades {
        let accent = Rgb::parse(accent).unwrap_or(NEUTRAL).lightened(7.0);
        Shades {
            accent: accent.to_string(),
            deep: accent.mixed(WHITE, 0.45).to_string(),
            soft: accent.mixed(NIGHT, 0.90).to_string(),
            line: accent.mixed(NIGHT, 0.65).to_string(),
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
struct Rgb(u8, u8, u8);

impl Rgb {
    fn parse(text: &str) -> Option<Rgb> {
        let digits =
            text.strip_prefix('#').filter(|d| d.len() == 6 && d.bytes().all(|b| b.is_ascii_hexdigit()))?;
        let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        Some(Rgb(part(0)?, part(2)?, part(4)?))
    }

    /// Relative luminance, WCAG 2.1 glossary.
    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let c = f64::from(part) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    fn contrast(self, other: Rgb) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn mixed(self, other: Rgb, share: f64) -> Rgb {
        // The result lies between two bytes, so the cast cannot leave their range.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let mix = |a: u8, b: u8| (f64::from(a) * (1.0 - share) + f64::from(b) * share).round() as u8;
        Rgb(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2))
    }

    /// The first shade towards white with the wanted contrast with a card in the dark.
    fn lightened(self, wanted: f64) -> Rgb {
        (0..=100)
            .map(|percent| self.mixed(WHITE, f64::from(percent) / 100.0))
            .find(|shade| shade.contrast(NIGHT) >= wanted)
            .unwrap_or(WHITE)
    }

    /// The first shade towards black with the wanted contrast with white.
    fn darkened(self, wanted: f64) -> Rgb {
        (0..=100)
            .map(|percent| self.mixed(Rgb(0, 0, 0), f64::from(percent) / 100.0))
            .find(|shade| shade.contrast(WHITE) >= wanted)
            .unwrap_or(NEUTRAL)
    }
}

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn black_on_white_is_twenty_one() {
        assert!((contrast("#000000").unwrap() - 21.0).abs() < 0.01);
        assert!((contrast("#767676").unwrap() - 4.54).abs() < 0.01);
    }

    #[test]
    fn a_pale_colour_is_refused_with_one_that_would_do() {
        let Err(ColourError::TooPale { suggestion, ratio, .. }) = contrast("#ffcc00") else {
            panic!("accepted")
        };
        assert!(ratio < 2.0);
        assert!(contrast(&suggestion).is_ok());
    }

    #[test]
    fn what_is_no_colour_is_refused() {
        for text in ["", "#fff", "red", "#12345g", "#1234567", "#é234", "}body{"] {
            assert_eq!(contrast(text), Err(ColourError::NotAColour(text.to_owned())));
        }
    }

    #[test]
    fn every_shade_can_be_read_whatever_the_colour() {
        for accent in ["#ffffff", "#000000", "#ffcc00", "#2f6b3a", "#00ffff", "nonsense", "#7f7f7f"] {
            let shades = Shades::of(accent);
            let rgb = |text: &str| Rgb::parse(text).unwrap();
            assert!(rgb(&shades.accent).contrast(WHITE) >= LEAST, "{accent}");
            assert!(rgb(&shades.deep).contrast(rgb(&shades.soft)) >= LEAST, "{accent}");
            assert!(!stylesheet(accent).contains("nonsense"));
            let dark = Shades::in_the_dark(accent);
            // `--on-accent` of the style sheet's dark half.
            let on_accent = rgb("#10141a");
            for (text, ground) in [
                (rgb(&dark.accent), NIGHT),
                (rgb(&dark.accent), rgb(&dark.soft)),
                (rgb(&dark.deep), rgb(&dark.soft)),
                (on_accent, rgb(&dark.accent)),
                (on_accent, rgb(&dark.deep)),
            ] {
                assert!(text.contrast(ground) >= LEAST, "{accent} in the dark: {text} on {ground}");
            }
        }
    }
}
