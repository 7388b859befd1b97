//! Translations from Fluent files, and dates in words. A missing key or argument is an error, never an empty text.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use minijinja::value::{Kwargs, Value};
use minijinja::{Error as TemplateError, ErrorKind};
use rust_embed::RustEmbed;
use time::{Date, Duration, Month, OffsetDateTime, Time};
use unic_langid::LanguageIdentifier;

use crate::render::escape;
use crate::{Error, Locale};

#[derive(RustEmbed)]
#[folder = "translations/"]
struct Files;

/// All messages in one language.
pub(crate) struct Translator {
    bundle: FluentBundle<FluentResource>,
}

impl Translator {
    pub(crate) fn load(locale: Locale) -> Result<Translator, Error> {
        let language: LanguageIdentifier = locale
            .tag()
            .parse()
            .map_err(|error| Error::Translation { file: locale.tag().into(), why: format!("{error:?}") })?;
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        // Isolation marks around inserted values serve mixed writing directions; they break password managers and mail subjects.
        bundle.set_use_isolating(false);
        for file in Files::iter().filter(|file| file.starts_with(&format!("{}/", locale.tag()))) {
            let fault = |why: String| Error::Translation { file: file.to_string(), why };
            let data = Files::get(&file).map(|f| f.data.into_owned()).unwrap_or_default();
            let text = String::from_utf8(data).map_err(|error| fault(error.to_string()))?;
            let resource =
                FluentResource::try_new(text).map_err(|(_, errors)| fault(format!("{errors:?}")))?;
            bundle.add_resource(resource).map_err(|errors| fault(format!("{errors:?}")))?;
        }
        Ok(Translator { bundle })
    }

    /// Translates `t("key", name=value)`. Translations are ours and may hold markup; inserted values never do: in an HTML template they are escaped and the
    /// result is safe, in a text template everything stays unchanged.
    pub(crate) fn translate(&self, key: &str, args: &Kwargs, html: bool) -> Result<Value, TemplateError> {
        let text = self.format(key, &fluent_args(args, html)?)?;
        Ok(if html { Value::from_safe_string(text) } else { Value::from(text) })
    }

    /// Returns a date and a time of day in Paris, in words. `unix` is in seconds.
    pub(crate) fn moment(&self, unix: i64) -> Result<String, TemplateError> {
        self.calendar("moment", unix)
    }

    /// Returns the same for those who know the clock of Paris: staff, in a list.
    pub(crate) fn clock(&self, unix: i64) -> Result<String, TemplateError> {
        self.calendar("clock", unix)
    }

    /// Returns the date without the time of day.
    pub(crate) fn date(&self, unix: i64) -> Result<String, TemplateError> {
        self.calendar("date", unix)
    }

    fn calendar(&self, key: &str, unix: i64) -> Result<String, TemplateError> {
        let paris = in_paris(unix)
            .ok_or_else(|| TemplateError::new(ErrorKind::InvalidOperation, "a moment out of range"))?;
        let mut args = FluentArgs::new();
        args.set("day", paris.day());
        args.set("month", u8::from(paris.month()));
        args.set("year", paris.year().to_string());
        args.set("hour", format!("{:02}", paris.hour()));
        args.set("minute", format!("{:02}", paris.minute()));
        self.format(key, &args)
    }

    fn format(&self, key: &str, args: &FluentArgs<'_>) -> Result<String, TemplateError> {
        let fault = |why: String| TemplateError::new(ErrorKind::UndefinedError, format!("t({key:?}): {why}"));
        let message = self.bundle.get_message(key).ok_or_else(|| fault("no such key".into()))?;
        let pattern = message.value().ok_or_else(|| fault("has no text".into()))?;
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, Some(args), &mut errors).into_owned();
        if errors.is_empty() { Ok(text) } else { Err(fault(format!("{errors:?}"))) }
    }
}

fn fluent_args(args: &Kwargs, as_markup: bool) -> Result<FluentArgs<'static>, TemplateError> {
    let mut out = FluentArgs::new();
    for name in args.args() {
        let value: Value = args.get(name)?;
        let value = match value.as_i64() {
            Some(number) if value.is_integer() => FluentValue::from(number),
            _ if as_markup && !value.is_safe() => FluentValue::from(escape(&value.to_string())),
            _ => FluentValue::from(value.to_string()),
        };
        out.set(name.to_owned(), value);
    }
    Ok(out)
}

/// Converts to the time in Paris. Directive 2000/84/EC: summer time runs from the last Sunday of March to the last Sunday of October, 01:00 UTC.
fn in_paris(unix: i64) -> Option<OffsetDateTime> {
    let utc = OffsetDateTime::from_unix_timestamp(unix).ok()?;
    let change = |month| {
        let last = Date::from_calendar_date(utc.year(), month, 31).ok()?;
        let back = i64::from(last.weekday().number_days_from_sunday());
        Some(last.checked_sub(Duration::days(back))?.with_time(Time::from_hms(1, 0, 0).ok()?).assume_utc())
    };
    let summer = utc >= change(Month::March)? && utc < change(Month::October)?;
    utc.checked_add(Duration::hours(if summer { 2 } else { 1 }))
}

/// Returns how many seconds the clocks of Paris are ahead of UTC at a moment; `None` out of range.
pub fn paris_offset(unix: i64) -> Option<i64> {
    in_paris(unix).map(|there| there.unix_timestamp() - unix)
}

#[cfg(test)]
mod tests {
    use super::{Translator, in_paris};
    use crate::Locale;

    #[test]
    fn paris_changes_its_hour_on_the_last_sundays() {
        let clock = |unix| in_paris(unix).map(|t| (t.day(), t.hour(), t.minute())).unwrap();
        // 2026-03-29T00:59:59Z and one second later; 2026-10-25T00:59:59Z and one second later.
        assert_eq!(clock(1_774_745_999), (29, 1, 59));
        assert_eq!(clock(1_774_746_000), (29, 3, 0));
        assert_eq!(clock(1_792_889_999), (25, 2, 59));
        assert_eq!(clock(1_792_890_000), (25, 2, 0));
    }

    #[test]
    fn a_moment_reads_like_a_sentence() {
        let french = Translator::load(Locale::Fr).unwrap().moment(1_793_527_440).unwrap();
        assert_eq!(french, "1er\u{a0}novembre 2026 à 11\u{a0}h\u{a0}04 (heure de Paris)");
        let english = Translator::load(Locale::En).unwrap().moment(1_793_527_440).unwrap();
        assert_eq!(english, "1\u{a0}November 2026 at 11:04 (Paris time)");
        assert_eq!(
            Translator::load(Locale::Fr).unwrap().date(1_793_527_440).unwrap(),
            "1er\u{a0}novembre 2026"
        );
        assert!(Translator::load(Locale::Fr).unwrap().moment(i64::MAX).is_err());
    }
}
