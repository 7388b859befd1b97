//! The agency's colour, adjusted for readable text.

use crate::Error;
use crate::config::{Mark, refused};

/// The minimum contrast of black or white text (WCAG 2.2 §1.4.3).
const CONTRAST: f64 = 4.5;

/// The stylesheet's variables and the emblem.
pub(crate) struct Theme {
    pub css: String,
    pub mark: Mark,
    pub icon: String,
}

#[derive(Clone, Copy)]
struct Colour([f64; 3]);

impl Theme {
    /// Derives the theme from `#rrggbb`.
    pub fn of(accent: &str, mark: Mark) -> Result<Self, Error> {
        let accent = Colour::read(accent).ok_or_else(|| refused("accent", "must look like #1f5f8b"))?;
        let white = Colour([255.0; 3]);
        let mut strong = accent;
        while strong.contrast(white) < CONTRAST {
            strong = strong.mix(Colour([0.0; 3]), 0.05);
        }
        let deep = strong.mix(Colour([14.0, 18.0, 24.0]), 0.45);
        let (soft, pale, line) = (strong.mix(white, 0.86), strong.mix(white, 0.94), strong.mix(white, 0.72));
        let css = format!(
            ":root{{--accent:{};--accent-deep:{};--accent-soft:{};--accent-pale:{};--accent-line:{}}}\n",
            strong.write(),
            deep.write(),
            soft.write(),
            pale.write(),
            line.write()
        );
        Ok(Self { css, mark, icon: icon(mark, &strong.write()) })
    }
}

/// Returns the outline of an emblem on a 24 × 24 grid.
pub(crate) fn outline(mark: Mark) -> &'static str {
    match mark {
        Mark::House => "M4 11.2 12 4l8 7.2V20h-5.4v-5.2H9.4V20H4z",
        Mark::Leaf => {
            "M12 3c4.8 2.6 7.4 6 7.4 9.9 0 3.6-2.6 6-6.4 6.2V22h-2v-2.9c-3.8-.2-6.4-2.6-6.4-6.2C4.6 9 7.2 5.6 12 3z"
        }
        Mark::Wave => {
            "M2 9.2c2.2-2.6 4.4-2.6 6.6 0s4.4 2.6 6.6 0 4.4-2.6 6.8 0v3c-2.4-2.6-4.6-2.6-6.8 0s-4.4 2.6-6.6 0-4.4-2.6-6.6 0zM2 15.6c2.2-2.6 4.4-2.6 6.6 0s4.4 2.6 6.6 0 4.4-2.6 6.8 0v3c-2.4-2.6-4.6-2.6-6.8 0s-4.4 2.6-6.6 0-4.4-2.6-6.6 0z"
        }
    }
}

fn icon(mark: Mark, colour: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 24 24\"><rect width=\"24\" height=\"24\" rx=\"5\" fill=\"{colour}\"/>\
         <path transform=\"translate(3.6 3.6) scale(.7)\" fill=\"#fff\" d=\"{}\"/></svg>\n",
        outline(mark)
    )
}

impl Colour {
    fn read(text: &str) -> Option<Self> {
        let bytes = hex::decode(text.strip_prefix('#')?).ok()?;
        let [r, g, b] = bytes.try_into().ok()?;
        Some(Self([r, g, b].map(f64::from)))
    }

    fn write(self) -> String {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to 255 after the clamp"
        )]
        let bytes = self.0.map(|c| c.round().clamp(0.0, 255.0) as u8);
        format!("#{}", hex::encode(bytes))
    }

    fn mix(self, other: Self, part: f64) -> Self {
        let mut mixed = self;
        for (own, other) in mixed.0.iter_mut().zip(other.0) {
            *own += (other - *own) * part;
        }
        mixed
    }

    /// Returns the relative luminance (WCAG 2.2).
    fn luminance(self) -> f64 {
        let [r, g, b] = self.0.map(|c| {
            let c = c / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_accent_can_be_read() {
        for accent in ["#000000", "#ffffff", "#ffe600", "#2f7d4f", "#1b6a8f"] {
            let look = Theme::of(accent, Mark::Leaf).expect("a colour");
            let strong =
                look.css.split("--accent:").nth(1).and_then(|rest| rest.get(..7)).and_then(Colour::read);
            assert!(strong.expect("a colour").contrast(Colour([255.0; 3])) >= CONTRAST, "{accent}");
        }
    }

    #[test]
    fn what_is_not_a_colour_is_refused() {
        for accent in ["", "#fff", "red", "#1f5f8b;}body{display:none"] {
            assert!(Theme::of(accent, Mark::House).is_err(), "{accent}");
        }
    }
}
