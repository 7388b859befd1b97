//! Where a person stands in one sentence, in French and English, as it is read out on the telephone.

use kernel::Unix;
use time::{OffsetDateTime, UtcOffset};

use crate::Standing;

/// The language of a sentence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Language {
    /// French.
    French,
    /// English.
    English,
}

/// A moment, and the clock by which people read it.
#[derive(Clone, Copy)]
pub struct LocalTime {
    /// The time, in Unix seconds.
    pub now: Unix,
    /// Returns how many seconds the local clock is ahead of UTC at a moment; `None` out of range.
    pub offset: fn(Unix) -> Option<i64>,
}

const MONTHS: [(&str, &str); 12] = [
    ("janvier", "January"),
    ("février", "February"),
    ("mars", "March"),
    ("avril", "April"),
    ("mai", "May"),
    ("juin", "June"),
    ("juillet", "July"),
    ("août", "August"),
    ("septembre", "September"),
    ("octobre", "October"),
    ("novembre", "November"),
    ("décembre", "December"),
];

/// The form of a moment: `le 3 novembre à 18 h 02` stands alone, and after « depuis » likewise; English leaves its preposition out after "since".
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Alone,
    AfterSince,
}

impl LocalTime {
    fn read(&self, at: Unix) -> Option<OffsetDateTime> {
        let offset = UtcOffset::from_whole_seconds(i32::try_from((self.offset)(at)?).ok()?).ok()?;
        OffsetDateTime::from_unix_timestamp(at).ok()?.checked_to_offset(offset)
    }

    /// Returns a moment as people say it: `hier à 18 h 02`.
    fn say(&self, at: Unix, language: Language, place: Place) -> String {
        let (Some(then), Some(now)) = (self.read(at), self.read(self.now)) else {
            return String::from("?");
        };
        let days = then.date().to_julian_day() - now.date().to_julian_day();
        let (french, english) = MONTHS[usize::from(u8::from(then.month())) - 1];
        let year = if then.year() == now.year() { String::new() } else { format!(" {}", then.year()) };
        let (hour, minute) = (then.hour(), then.minute());
        match language {
            Language::French => {
                let day = match days {
                    0 => "aujourd'hui".to_owned(),
                    -1 => "hier".to_owned(),
                    1 => "demain".to_owned(),
                    _ if then.day() == 1 => format!("le 1er {french}{year}"),
                    _ => format!("le {} {french}{year}", then.day()),
                };
                format!("{day} à {hour} h {minute:02}")
            }
            Language::English => {
                let on = if place == Place::Alone { "on " } else { "" };
                let day = match days {
                    0 => "today".to_owned(),
                    -1 => "yesterday".to_owned(),
                    1 => "tomorrow".to_owned(),
                    _ => format!("{on}{} {english}{year}", then.day()),
                };
                format!("{day} at {hour:02}:{minute:02}")
            }
        }
    }
}

impl Standing {
    /// Returns the sentence.
    pub fn sentence(&self, language: Language, time: LocalTime) -> String {
        match language {
            Language::French => with_fixed_spaces(&self.in_french(time)),
            Language::English => self.in_english(time),
        }
    }

    fn in_french(&self, time: LocalTime) -> String {
        let at = |at: Unix| time.say(at, Language::French, Place::Alone);
        let host = |host: &Option<String>| match host {
            Some(host) => format!("par {host}"),
            None => "par son serveur".to_owned(),
        };
        match self {
            Self::Closed { since } => format!("Le compte est fermé depuis {}.", at(*since)),
            Self::Locked { since } => format!(
                "Le compte est bloqué depuis {} ; un nouveau mot de passe par « Mot de passe oublié » le débloque.",
                at(*since)
            ),
            Self::OldDoorLocked { until } => {
                format!("L'ancien identifiant est bloqué ; il s'ouvrira de lui-même {}.", at(*until))
            }
            Self::MailRefused { host: by, at: when } => {
                format!("Le message a été refusé {} {}.", host(by), at(*when))
            }
            Self::MailCameBack { host: by, at: when } => {
                format!("Le message a été renvoyé {} {}.", host(by), at(*when))
            }
            Self::MailGivenUp { at: when } => {
                format!("Le message n'a pas pu partir ; il est abandonné depuis {}.", at(*when))
            }
            Self::MailWaits { host: by, since } => {
                format!(
                    "Un message attend depuis {} ; il n'a pas encore été accepté {}.",
                    at(*since),
                    host(by)
                )
            }
            Self::Moving { step, since } => {
                format!(
                    "Le changement d'accès est commencé depuis {} ; il reste à {}.",
                    at(*since),
                    french_step(step)
                )
            }
            Self::AttemptsLeft { left: 1 } => "Il reste 1 essai avant le blocage.".to_owned(),
            Self::AttemptsLeft { left } => format!("Il reste {left} essais avant le blocage."),
            Self::LinkEnds { at: when } => format!("Le rattachement à l'agence prendra fin {}.", at(*when)),
            Self::LinkEnded { at: when } => format!("Le rattachement à l'agence a pris fin {}.", at(*when)),
            Self::SeenLast { at: when } => format!("Tout est en ordre ; dernière visite {}.", at(*when)),
            Self::Moved { since } => {
                format!("Tout est en ordre ; le compte est rattaché depuis {}.", at(*since))
            }
            Self::Unlinked => "Le compte n'est rattaché à aucune agence.".to_owned(),
            Self::Left { since } => {
                format!("L'agence ne compte plus cette personne parmi ses clients depuis {}.", at(*since))
            }
            Self::NotMoved => {
                "L'accès n'a pas encore changé ; les anciens identifiants fonctionnent.".to_owned()
            }
        }
    }

    fn in_english(&self, time: LocalTime) -> String {
        let at = |at: Unix| time.say(at, Language::English, Place::Alone);
        let since = |at: Unix| time.say(at, Language::English, Place::AfterSince);
        let host = |host: &Option<String>| host.clone().unwrap_or_else(|| "its server".to_owned());
        match self {
            Self::Closed { since: from } => format!("The account is closed since {}.", since(*from)),
            Self::Locked { since: from } => {
                format!(
                    "The account is locked since {}; a new password by “Forgotten password” unlocks it.",
                    since(*from)
                )
            }
            Self::OldDoorLocked { until } => {
                format!("The old identifier is locked; it opens by itself {}.", at(*until))
            }
            Self::MailRefused { host: by, at: when } => {
                format!("The mail was refused by {} {}.", host(by), at(*when))
            }
            Self::MailCameBack { host: by, at: when } => {
                format!("The mail was returned by {} {}.", host(by), at(*when))
            }
            Self::MailGivenUp { at: when } => {
                format!("The mail could not be sent; it was given up {}.", at(*when))
            }
            Self::MailWaits { host: by, since: from } => {
                format!("A mail waits since {}; {} has not taken it yet.", since(*from), host(by))
            }
            Self::Moving { step, since: from } => {
                format!("The move began {}; what remains is to {}.", at(*from), english_step(step))
            }
            Self::AttemptsLeft { left: 1 } => "1 attempt is left before the lock.".to_owned(),
            Self::AttemptsLeft { left } => format!("{left} attempts are left before the lock."),
            Self::LinkEnds { at: when } => format!("The link to the agency ends {}.", at(*when)),
            Self::LinkEnded { at: when } => format!("The link to the agency ended {}.", at(*when)),
            Self::SeenLast { at: when } => format!("All is well; last visit {}.", at(*when)),
            Self::Moved { since: from } => {
                format!("All is well; the account is linked since {}.", since(*from))
            }
            Self::Unlinked => "The account is linked to no agency.".to_owned(),
            Self::Left { since: from } => {
                format!("The agency counts this person as a client no longer, since {}.", since(*from))
            }
            Self::NotMoved => "Access has not changed yet; the old credentials work.".to_owned(),
        }
    }
}

/// Keeps French signs, and the hour, on the line of their word.
fn with_fixed_spaces(sentence: &str) -> String {
    [(" ;", "\u{a0};"), ("« ", "«\u{a0}"), (" »", "\u{a0}»"), (" h ", "\u{a0}h\u{a0}")]
        .into_iter()
        .fold(sentence.to_owned(), |text, (loose, fixed)| text.replace(loose, fixed))
}

fn french_step(step: &str) -> &'static str {
    match step {
        "notice" => "lire pourquoi l'accès change",
        "email" => "choisir l'adresse email",
        "password" => "choisir le mot de passe",
        "mail" => "ouvrir le message envoyé à cette adresse",
        "link" => "donner le mot de passe du compte",
        _ => "accepter les conditions d'utilisation",
    }
}

fn english_step(step: &str) -> &'static str {
    match step {
        "notice" => "read why access changes",
        "email" => "choose the address",
        "password" => "choose the password",
        "mail" => "open the mail sent to that address",
        "link" => "give the account's password",
        _ => "accept the terms",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-29T21:30:00Z, 22:30 in Paris.
    const NOW: Unix = 1_795_987_800;

    fn paris_in_winter() -> LocalTime {
        LocalTime { now: NOW, offset: |_| Some(3600) }
    }

    #[test]
    fn a_moment_is_said_as_on_the_telephone() {
        let time = paris_in_winter();
        let said =
            |at, place| [Language::French, Language::English].map(|language| time.say(at, language, place));
        let yesterday = NOW - 86_400 - 4 * 3600 - 28 * 60;
        assert_eq!(said(yesterday, Place::Alone), ["hier à 18 h 02", "yesterday at 18:02"]);
        assert_eq!(said(NOW - 1800, Place::Alone), ["aujourd'hui à 22 h 00", "today at 22:00"]);
        // Half an hour before midnight UTC is tomorrow in Paris.
        assert_eq!(said(NOW + 2 * 3600, Place::Alone), ["demain à 0 h 30", "tomorrow at 00:30"]);
        let first = NOW - 28 * 86_400;
        assert_eq!(said(first, Place::Alone), ["le 1er novembre à 22 h 30", "on 1 November at 22:30"]);
        assert_eq!(said(first, Place::AfterSince)[1], "1 November at 22:30");
        let last_year = NOW - 365 * 86_400;
        assert_eq!(
            said(last_year, Place::Alone),
            ["le 29 novembre 2025 à 22 h 30", "on 29 November 2025 at 22:30"]
        );
        assert_eq!(said(i64::MAX, Place::Alone), ["?", "?"]);
    }

    #[test]
    fn the_sentences_are_those_of_the_desk() {
        let yesterday = NOW - 86_400 - 4 * 3600 - 28 * 60;
        let orange = || Some("orange.fr".to_owned());
        let said = |standing: Standing| {
            [Language::French, Language::English]
                .map(|language| standing.sentence(language, paris_in_winter()))
        };
        assert_eq!(
            said(Standing::MailRefused { host: orange(), at: yesterday }),
            [
                "Le message a été refusé par orange.fr hier à 18\u{a0}h\u{a0}02.",
                "The mail was refused by orange.fr yesterday at 18:02."
            ]
        );
        assert_eq!(
            said(Standing::AttemptsLeft { left: 2 }),
            ["Il reste 2 essais avant le blocage.", "2 attempts are left before the lock."]
        );
        assert_eq!(
            said(Standing::AttemptsLeft { left: 1 }),
            ["Il reste 1 essai avant le blocage.", "1 attempt is left before the lock."]
        );
        assert_eq!(
            said(Standing::Moving { step: "mail", since: yesterday })[0],
            "Le changement d'accès est commencé depuis hier à 18\u{a0}h\u{a0}02\u{a0}; il reste à ouvrir le message envoyé à cette adresse."
        );
        assert_eq!(
            said(Standing::Locked { since: yesterday })[1],
            "The account is locked since yesterday at 18:02; a new password by “Forgotten password” unlocks it."
        );
    }
}
