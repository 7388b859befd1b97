//! Rendering of templates.

use std::fmt::Write as _;
use std::sync::Arc;

use minijinja::value::{Kwargs, Serde, Value};
use minijinja::{
    AutoEscape, Environment, Error as TemplateError, ErrorKind, Output, State, UndefinedBehavior, context,
};
use rust_embed::RustEmbed;

use crate::shades::Shades;
use crate::translate::Translator;
use crate::{DeliveryReport, Error, Frame, Locale, Mail, MailBody, MailFrame, Page, asset};

#[derive(RustEmbed)]
#[folder = "templates/"]
struct Files;

/// A rendered page.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// The whole document.
    pub html: String,
    /// Its title, as plain text.
    pub title: String,
}

/// All templates in both languages, each parsed once. Cheap to share behind an `Arc`.
pub struct Pages {
    french: Environment<'static>,
    english: Environment<'static>,
}

impl Pages {
    /// Parses the embedded translations; templates are parsed when first used.
    ///
    /// # Errors
    /// If one of them is malformed: an error of the build, found by this crate's tests.
    pub fn new() -> Result<Pages, Error> {
        Ok(Pages { french: environment(Locale::Fr)?, english: environment(Locale::En)? })
    }

    /// Renders a page.
    ///
    /// # Errors
    /// If a template is malformed or uses a value that does not exist: an error of the build, found by this crate's tests, which render all of them.
    pub fn render<P: Page>(&self, frame: &Frame, page: &P) -> Result<Rendered, Error> {
        let context = context! {
            locale => frame.locale.tag(),
            look => Value::from(Serde(&frame.look)),
            csrf => frame.csrf.as_str(),
            base => frame.base.as_str(),
            issuer_host => frame.issuer_host.as_str(),
            page => Value::from(Serde(page)),
            failed => page.has_error(),
        };
        let template = self.environment(frame.locale).get_template(&format!("page/{}.html", P::NAME))?;
        let captured = template.render_captured(context)?;
        let title = captured
            .state()
            .lookup("full_title")
            .map(|value| if value.is_safe() { unescape(&value.to_string()) } else { value.to_string() })
            .unwrap_or_default();
        Ok(Rendered { html: captured.into_output(), title: one_line(&title) })
    }

    /// Renders a mail: subject, text part and HTML part.
    ///
    /// # Errors
    /// As [`Pages::render`].
    pub fn render_mail(&self, frame: &MailFrame, body: &MailBody) -> Result<Mail, Error> {
        let look = frame.look.as_ref();
        let (accent, second) =
            (look.map_or("", |look| &look.accent), look.and_then(|look| look.second.as_deref()));
        let (shades, night) = (Shades::of(accent, second), Shades::in_the_dark(accent, second));
        let part = |extension: &str| {
            let context = context! {
                extension,
                locale => frame.locale.tag(),
                look => Value::from(Serde(&frame.look)),
                issuer => frame.issuer.as_str(),
                mail => Value::from(Serde(body)),
                accent => shades.accent.as_str(),
                soft => shades.soft.as_str(),
                line => shades.line.as_str(),
                second => shades.second.as_str(),
                night => context! {
                    accent => night.accent.as_str(),
                    soft => night.soft.as_str(),
                    line => night.line.as_str(),
                    second => night.second.as_str(),
                },
            };
            let name = format!("mail/{}.{extension}", body.name());
            self.environment(frame.locale).get_template(&name)?.render_captured(context)
        };
        let text = part("txt")?;
        let subject = text.state().lookup("subject").map(|value| value.to_string()).unwrap_or_default();
        Ok(Mail { subject: one_line(&subject), text: text.into_output(), html: part("html")?.into_output() })
    }

    /// Renders the report on an agency's file: French, and a document of its own.
    ///
    /// # Errors
    /// As [`Pages::render`].
    pub fn delivery_report(&self, report: &DeliveryReport) -> Result<String, Error> {
        let template = self.french.get_template("report/delivery.html")?;
        Ok(template.render(context! { report => Value::from(Serde(report)) })?)
    }

    fn environment(&self, locale: Locale) -> &Environment<'static> {
        match locale {
            Locale::Fr => &self.french,
            Locale::En => &self.english,
        }
    }
}

fn environment(locale: Locale) -> Result<Environment<'static>, Error> {
    let words = Arc::new(Translator::load(locale)?);
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_formatter(format_value);
    let t = Arc::clone(&words);
    env.add_function("t", move |state: &State<'_, '_>, key: &str, args: Kwargs| {
        t.translate(key, &args, matches!(state.auto_escape(), AutoEscape::Html))
    });
    let (calendar, clock) = (Arc::clone(&words), Arc::clone(&words));
    env.add_filter("moment", move |unix: i64| words.moment(unix));
    env.add_filter("clock", move |unix: i64| clock.clock(unix));
    env.add_filter("date", move |unix: i64| calendar.date(unix));
    env.add_filter("grouped", grouped);
    env.add_filter("readable", |accent: &str| Shades::of(accent, None).accent);
    env.add_function("asset", |name: &str| {
        asset::url(name).ok_or_else(|| {
            TemplateError::new(ErrorKind::InvalidOperation, format!("asset({name:?}): no such file"))
        })
    });
    // Each is parsed when first used, once: most of them are used by few providers, and in one language.
    env.set_loader(|name| Ok(source(name)));
    Ok(env)
}

/// Returns the template of this name. The two parts of a mail have one source; the ending of the name decides about escaping.
fn source(name: &str) -> Option<String> {
    let of_both = || Files::get(&format!("{}.j2", name.rsplit_once('.')?.0));
    let file = Files::get(name).or_else(of_both)?;
    Some(String::from_utf8_lossy(&file.data).into_owned())
}

/// Escapes values. The engine's own escaping also turns every `/` into `&#x2f;`, which makes addresses unreadable and pages long.
fn format_value(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), TemplateError> {
    if value.is_undefined() || value.is_none() {
        return Err(TemplateError::new(ErrorKind::UndefinedError, "a value to be shown is missing"));
    }
    let text = value.to_string();
    let shown = match state.auto_escape() {
        AutoEscape::Html if !value.is_safe() => escape(&text),
        _ => text,
    };
    out.write_str(&shown).map_err(|error| TemplateError::new(ErrorKind::WriteFailure, error.to_string()))
}

/// Escapes text for HTML content and quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

/// Reverses [`escape`]. The engine escapes the parts of a concatenation if one of them is markup already.
fn unescape(markup: &str) -> String {
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&#x2f;", "/"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(markup.to_owned(), |text, (entity, c)| text.replace(entity, c))
}

/// Formats a long hexadecimal number in groups of eight, so that it can be read out and wrapped.
fn grouped(text: &str) -> String {
    let mut out = String::new();
    for (at, c) in text.chars().enumerate() {
        let gap = if at > 0 && at % 8 == 0 { " " } else { "" };
        // Writing to a String cannot fail.
        let _ = write!(out, "{gap}{c}");
    }
    out
}

/// Replaces line breaks: a subject is one header line and a title one line, whatever a name contains.
fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control() || c == '\u{2028}' || c == '\u{2029}')
        .collect::<Vec<_>>()
        .join(" ")
        .trim()
        .to_owned()
}
