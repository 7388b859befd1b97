//! Limits on mails that a stranger can cause (SECURITY #57, #73): rules over plain values.

use kernel::Unix;

const DAY: i64 = 86_400;
const HOUR: i64 = 3600;
/// The minimum number of seconds between two mails to one address.
pub(crate) const SPACE: i64 = 60;

/// The time at which another mail is due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Due {
    /// Now: the nth of its day.
    Now(i32),
    /// Due in this number of seconds.
    Wait(i64),
    /// The day's mails are used up: a day after the last of them.
    Tomorrow,
}

/// Returns the time of the next of at most `most` mails a day. `sent` mails were sent since the day began, the last of them at `last`.
pub(crate) fn daily(sent: i32, last: Option<Unix>, most: i32, now: Unix) -> Due {
    match last {
        None => Due::Now(1),
        Some(last) if last + DAY <= now => Due::Now(1),
        Some(last) if last + SPACE > now => Due::Wait(last + SPACE - now),
        Some(_) if sent >= most => Due::Tomorrow,
        Some(_) => Due::Now(sent + 1),
    }
}

/// The reset mails of one account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Resets {
    /// The number of mails with the valid link.
    pub(crate) with_link: i32,
    /// The time of the last of those.
    pub(crate) last: Unix,
    /// The number of mails with any link in the last hour.
    pub(crate) in_hour: i64,
}

impl Resets {
    /// Returns true if the valid link may be sent once more: after a minute, then after twice as long each time, and only if another one of the hour's mails is
    /// left. That one is for the next link, which a stranger's requests must not prevent.
    pub(crate) fn again(self, per_hour: u64, now: Unix) -> bool {
        let doublings = self.with_link.saturating_sub(1).clamp(0, 6);
        let left = u64::try_from(self.in_hour).unwrap_or(u64::MAX).saturating_add(1) < per_hour;
        left && now - self.last >= SPACE << doublings
    }
}

/// Returns true for a mail of the last hour.
pub(crate) fn within_hour(sent: Unix, now: Unix) -> bool {
    sent > now - HOUR
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_so_many_mails_a_minute_apart_and_the_next_day_has_its_own() {
        assert_eq!(daily(0, None, 6, 1000), Due::Now(1));
        assert_eq!(daily(1, Some(1000), 6, 1000), Due::Wait(60));
        assert_eq!(daily(1, Some(1000), 6, 1059), Due::Wait(1));
        assert_eq!(daily(1, Some(1000), 6, 1060), Due::Now(2));
        assert_eq!(daily(6, Some(1000), 6, 1060), Due::Tomorrow);
        assert_eq!(daily(6, Some(1000), 6, 1000 + 86_399), Due::Tomorrow);
        assert_eq!(daily(6, Some(1000), 6, 1000 + 86_400), Due::Now(1));
    }

    #[test]
    fn a_link_is_sent_again_spaced_and_one_mail_of_the_hour_is_left_for_the_next() {
        let sent = |with_link, in_hour| Resets { with_link, last: 1000, in_hour };
        assert!(!sent(1, 1).again(3, 1059));
        assert!(sent(1, 1).again(3, 1060));
        assert!(!sent(2, 2).again(3, 5000), "the third is the next link's");
        assert!(!sent(2, 2).again(9, 1119) && sent(2, 2).again(9, 1120));
        assert!(!sent(i32::MAX, 2).again(9, 1000 + 3839));
    }
}
