//! Colours: contrast per WCAG 2.1 §1.4.3, and the nearest colour with enough contrast.
//!
//! The two published conversions are written here rather than taken from `palette`, because agencies' files were accepted by these numbers: a last digit that
//! differs would refuse a colour that is in use, and the search for the nearest one needs the gamut check anyway.

use std::fmt;

pub(crate) const WHITE: Rgb = Rgb(255, 255, 255);
pub(crate) const BLACK: Rgb = Rgb(0, 0, 0);

/// An sRGB colour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rgb(u8, u8, u8);

impl Rgb {
    pub(crate) const fn new(red: u8, green: u8, blue: u8) -> Rgb {
        Rgb(red, green, blue)
    }

    /// Reads `#rrggbb`.
    pub(crate) fn parse(text: &str) -> Option<Rgb> {
        let digits =
            text.strip_prefix('#').filter(|d| d.len() == 6 && d.bytes().all(|b| b.is_ascii_hexdigit()))?;
        let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        Some(Rgb(part(0)?, part(2)?, part(4)?))
    }

    /// Returns the relative luminance (WCAG 2.1 glossary).
    fn luminance(self) -> f64 {
        let [r, g, b] = self.linear();
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    /// Returns the contrast ratio, from 1 to 21.
    pub(crate) fn contrast(self, other: Rgb) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    pub(crate) fn mixed(self, other: Rgb, share: f64) -> Rgb {
        let mix = |a: u8, b: u8| byte((f64::from(a) * (1.0 - share) + f64::from(b) * share) / 255.0);
        Rgb(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2))
    }

    /// Returns the colour of the same hue that `passes` and differs least in lightness; itself if it passes. `None` if no lightness does.
    pub(crate) fn nearest(self, passes: impl Fn(Rgb) -> bool) -> Option<Rgb> {
        /// Finer than eight bits can distinguish.
        const STEPS: u32 = 400;
        if passes(self) {
            return Some(self);
        }
        let from = self.oklab();
        (1..=STEPS).find_map(|n| {
            let by = f64::from(n) / f64::from(STEPS);
            [from.lightness - by, from.lightness + by]
                .into_iter()
                // Black and white are among them, though no step ends there.
                .map(|lightness| from.at(lightness.clamp(0.0, 1.0)))
                .find(|colour| passes(*colour))
        })
    }

    fn linear(self) -> [f64; 3] {
        [self.0, self.1, self.2].map(|part| {
            let c = f64::from(part) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        })
    }

    fn oklab(self) -> Oklab {
        let [r, g, b] = self.linear();
        let l = (0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b).cbrt();
        let m = (0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b).cbrt();
        let s = (0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b).cbrt();
        Oklab {
            lightness: 0.210_454_255_3 * l + 0.793_617_785 * m - 0.004_072_046_8 * s,
            a: 1.977_998_495_1 * l - 2.428_592_205 * m + 0.450_593_709_9 * s,
            b: 0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766 * s,
        }
    }
}

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// A colour in the Oklab space: <https://bottosson.github.io/posts/oklab/>.
#[derive(Clone, Copy)]
struct Oklab {
    /// 0 is black, 1 is white.
    lightness: f64,
    a: f64,
    b: f64,
}

impl Oklab {
    /// Returns the same hue at another lightness, with the largest chroma that sRGB can show there, up to that of this colour.
    fn at(self, lightness: f64) -> Rgb {
        let with = |share: f64| Oklab { lightness, a: self.a * share, b: self.b * share }.linear();
        let (mut fits, mut exceeds) = (0.0, 1.0);
        if shown(with(1.0)) {
            fits = 1.0;
        } else {
            for _ in 0..12 {
                let middle = f64::midpoint(fits, exceeds);
                if shown(with(middle)) { fits = middle } else { exceeds = middle }
            }
        }
        let [r, g, b] = with(fits)
            .map(|c| byte(if c <= 0.003_130_8 { 12.92 * c } else { 1.055 * c.powf(1.0 / 2.4) - 0.055 }));
        Rgb(r, g, b)
    }

    fn linear(self) -> [f64; 3] {
        let l = (self.lightness + 0.396_337_777_4 * self.a + 0.215_803_757_3 * self.b).powi(3);
        let m = (self.lightness - 0.105_561_345_8 * self.a - 0.063_854_172_8 * self.b).powi(3);
        let s = (self.lightness - 0.089_484_177_5 * self.a - 1.291_485_548 * self.b).powi(3);
        [
            4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s,
            -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s,
            -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701 * s,
        ]
    }
}

/// Returns true if the colour is in the sRGB gamut, with a tolerance for rounding at black and white.
fn shown(linear: [f64; 3]) -> bool {
    linear.iter().all(|c| (-1e-4..=1.0 + 1e-4).contains(c))
}

fn byte(share: f64) -> u8 {
    // Clamped to 0..=255, so the cast cannot leave the range.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let byte = (share.clamp(0.0, 1.0) * 255.0).round() as u8;
    byte
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_colour() -> impl Strategy<Value = Rgb> {
        (any::<u8>(), any::<u8>(), any::<u8>()).prop_map(|(r, g, b)| Rgb(r, g, b))
    }

    /// Lightness and colourfulness and hue in degrees.
    fn seen(colour: Rgb) -> (f64, f64, f64) {
        let Oklab { lightness, a, b } = colour.oklab();
        (lightness, a.hypot(b), b.atan2(a).to_degrees())
    }

    #[test]
    fn contrast_is_that_of_the_standard() {
        assert!((BLACK.contrast(WHITE) - 21.0).abs() < 0.01);
        assert!((Rgb(0x76, 0x76, 0x76).contrast(WHITE) - 4.54).abs() < 0.01);
        assert!((Rgb(0x94, 0x94, 0x94).contrast(WHITE) - 3.03).abs() < 0.01);
    }

    #[test]
    fn what_is_no_colour_is_not_read() {
        for text in ["", "#fff", "red", "#12345g", "#1234567", "#é234", "}body{"] {
            assert_eq!(Rgb::parse(text), None, "{text}");
        }
        assert_eq!(Rgb::parse("#2F6b3a").map(|c| c.to_string()).as_deref(), Some("#2f6b3a"));
    }

    /// Values of the author's page: <https://bottosson.github.io/posts/oklab/>.
    #[test]
    fn oklab_is_oklab() {
        for (colour, lightness, a, b) in [
            (WHITE, 1.0, 0.0, 0.0),
            (BLACK, 0.0, 0.0, 0.0),
            (Rgb(255, 0, 0), 0.628, 0.225, 0.126),
            (Rgb(0, 255, 0), 0.866, -0.234, 0.179),
            (Rgb(0, 0, 255), 0.452, -0.032, -0.312),
        ] {
            let got = colour.oklab();
            let near = |x: f64, y: f64| (x - y).abs() < 0.001;
            assert!(near(got.lightness, lightness) && near(got.a, a) && near(got.b, b), "{colour}");
        }
    }

    #[test]
    fn a_known_yellow_becomes_the_ochre_beside_it() {
        let wanted = |colour: Rgb| colour.contrast(WHITE) >= 4.5;
        let found = Rgb(0xff, 0xcc, 0x00).nearest(wanted).unwrap();
        let (_, vivid, hue) = seen(found);
        assert!(wanted(found) && !wanted(found.mixed(WHITE, 0.02)), "{found}: no darker than it must be");
        assert!(vivid > 0.09 && (80.0..100.0).contains(&hue), "{found}: still a yellow");
        assert_eq!(Rgb(0, 0, 0).nearest(|_| false), None);
    }

    #[test]
    fn white_is_found_where_hardly_another_passes() {
        let (colour, background) = (Rgb(202, 95, 123), Rgb(81, 129, 159));
        assert_eq!(colour.nearest(|c| c.contrast(background) >= 4.189), Some(WHITE));
    }

    proptest! {
        #[test]
        fn a_colour_comes_back_from_oklab(colour in any_colour()) {
            prop_assert_eq!(colour.oklab().at(colour.oklab().lightness), colour);
        }

        /// Black or white has 4.58 on any background, so there is always one that passes.
        #[test]
        fn the_nearest_passes_and_one_that_passes_stays(
            colour in any_colour(), background in any_colour(), least in 1.0..4.5
        ) {
            let passes = |c: Rgb| c.contrast(background) >= least;
            let found = colour.nearest(passes);
            prop_assert!(found.is_some_and(passes), "{} on {}", colour, background);
            if passes(colour) {
                prop_assert_eq!(found, Some(colour));
            }
            prop_assert_eq!(found.and_then(|c| c.nearest(passes)), found);
        }

        /// It differs in lightness, and no smaller difference would do.
        #[test]
        fn the_nearest_is_of_the_same_hue_and_no_other_is_nearer(
            colour in any_colour(), background in any_colour(), least in 1.0..4.5
        ) {
            let passes = |c: Rgb| c.contrast(background) >= least;
            let found = colour.nearest(passes).unwrap();
            let ((from, vivid, hue), (to, left, got)) = (seen(colour), seen(found));
            prop_assert!(left <= vivid + 0.01, "{} is more vivid than {}", found, colour);
            if left > 0.05 {
                let off = (got - hue).rem_euclid(360.0);
                prop_assert!(off.min(360.0 - off) < 8.0, "{} is of another hue than {}", found, colour);
            }
            // By more than eight bits blur.
            let reach = ((to - from).abs() - 0.01).max(0.0);
            let nearer = (0..=60).map(|n| from + (f64::from(n) / 30.0 - 1.0) * reach);
            for lightness in nearer.filter(|l| (0.0..=1.0).contains(l)) {
                let other = colour.oklab().at(lightness);
                prop_assert!(passes(colour) || !passes(other), "{} is nearer to {} than {}", other, colour, found);
            }
        }
    }
}
