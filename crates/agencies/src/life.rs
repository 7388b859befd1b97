//! The state of an agency, which changes on days that its file names.

/// Seconds since 1970-01-01 UTC.
type Unix = i64;

/// The state of an agency at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It is tried out: people may move and sign in, and every page says that it is a rehearsal. No list shows it.
    Rehearsal,
    /// It is open.
    Live,
    /// It is closed for a while.
    Paused {
        /// The day on which it opens again, at midnight UTC, if that is known.
        until: Option<Unix>,
    },
    /// It does not take part any more.
    Left,
}

/// The states of an agency over time, as its file says. Days begin at midnight UTC.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Life {
    state: State,
    since: Option<Unix>,
    until: Option<Unix>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum State {
    Rehearsal,
    #[default]
    Live,
    Paused,
    Left,
}

impl Life {
    /// Reads `state`, `since` and `until` of a file.
    ///
    /// # Errors
    /// The keys that are wrong, each with a reason.
    pub fn read(
        state: Option<&str>,
        since: Option<&str>,
        until: Option<&str>,
    ) -> Result<Self, Vec<(&'static str, String)>> {
        let mut wrong = Vec::new();
        let mut day = |key, text: Option<&str>| {
            let read = text.and_then(day);
            if text.is_some() && read.is_none() {
                wrong.push((key, "must be a day such as \"2026-12-01\"".to_owned()));
            }
            read
        };
        let (begins, ends) = (day("since", since), day("until", until));
        let state = match state {
            None | Some("live") => State::Live,
            Some("rehearsal") => State::Rehearsal,
            Some("paused") => State::Paused,
            Some("left") => State::Left,
            Some(_) => {
                wrong.push(("state", "must be \"rehearsal\", \"live\", \"paused\" or \"left\"".into()));
                State::Live
            }
        };
        match state {
            State::Rehearsal if since.is_some() => {
                wrong.push((
                    "since",
                    "a rehearsal begins at once: name the day on which it ends in `until`".into(),
                ));
            }
            State::Live | State::Left if until.is_some() => {
                wrong.push(("until", "only a rehearsal or a pause ends by itself".into()));
            }
            State::Paused if begins.zip(ends).is_some_and(|(begins, ends)| ends <= begins) => {
                wrong.push(("until", "must be after `since`".into()));
            }
            _ => {}
        }
        if wrong.is_empty() { Ok(Self { state, since: begins, until: ends }) } else { Err(wrong) }
    }

    /// Returns the state at a time. Before `since` an agency that opens is in rehearsal, and one that pauses or leaves is open; after `until` it is open.
    pub fn at(&self, now: Unix) -> Standing {
        let begun = self.since.is_none_or(|since| since <= now);
        let over = self.until.is_some_and(|until| until <= now);
        match self.state {
            State::Live if begun => Standing::Live,
            State::Live => Standing::Rehearsal,
            State::Rehearsal if !over => Standing::Rehearsal,
            State::Paused if begun && !over => Standing::Paused { until: self.until },
            State::Left if begun => Standing::Left,
            State::Rehearsal | State::Paused | State::Left => Standing::Live,
        }
    }
}

/// Returns the first moment after a day.
pub(crate) fn end_of(text: &str) -> Option<Unix> {
    day(text).map(|begins| begins + 86_400)
}

fn day(text: &str) -> Option<Unix> {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    time::Date::parse(text, format).ok().map(|day| day.midnight().assume_utc().unix_timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Unix = 1_796_083_200;
    const DAY: Unix = 86_400;

    #[test]
    fn states_change_on_their_days() {
        assert_eq!(day("2026-12-01"), Some(FIRST));
        let at = |state: &str, since: Option<&str>, until: Option<&str>| {
            let life = Life::read(Some(state), since, until).unwrap();
            [FIRST - 1, FIRST, FIRST + 2 * DAY].map(|now| life.at(now))
        };
        use Standing::{Left, Live, Paused, Rehearsal};
        let (first, third) = (Some("2026-12-01"), Some("2026-12-03"));
        let pause = Paused { until: Some(FIRST + 2 * DAY) };
        assert_eq!(at("live", None, None), [Live; 3]);
        assert_eq!(at("live", first, None), [Rehearsal, Live, Live]);
        assert_eq!(at("rehearsal", None, first), [Rehearsal, Live, Live]);
        assert_eq!(at("paused", first, third), [Live, pause, Live]);
        assert_eq!(at("paused", None, None), [Paused { until: None }; 3]);
        assert_eq!(at("left", first, None), [Live, Left, Left]);
        assert_eq!(Life::read(None, None, None).unwrap().at(0), Live);
    }

    #[test]
    fn what_makes_no_sense_is_a_mistake() {
        let keys = |state: &str, since: Option<&str>, until: Option<&str>| -> Vec<&str> {
            let read = Life::read(Some(state), since, until);
            read.err().unwrap_or_default().into_iter().map(|(key, _)| key).collect()
        };
        let (first, third) = (Some("2026-12-01"), Some("2026-12-03"));
        assert_eq!(keys("gone", None, None), ["state"]);
        assert_eq!(keys("paused", Some("1.12.2026"), None), ["since"]);
        assert_eq!(keys("rehearsal", first, None), ["since"]);
        assert_eq!(keys("left", None, first), ["until"]);
        assert_eq!(keys("live", None, first), ["until"]);
        assert_eq!(keys("paused", third, first), ["until"]);
    }
}
