use kernel::Fault;

use crate::{
    AccountId, Accounts,
    store::standing::{self, StandingRow},
};

/// The state of an account that decides where a sign-in leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    /// True if it has not accepted the terms that are due.
    pub terms_due: bool,
    /// True if it is linked with the agency.
    pub linked: bool,
    /// True if a reset link may work.
    pub(crate) has_reset_link: bool,
    /// False if it has far fewer sessions than it may have.
    pub(crate) may_have_too_many_sessions: bool,
}

impl Accounts {
    /// Returns the standing of an account at an agency.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn standing(&self, id: AccountId, agency_id: &str) -> Result<Standing, Fault> {
        let now = self.context.now();
        let row = standing::of(&self.context.db, id, agency_id, now).await?;
        let StandingRow { accepted, links, reset_links, sessions } = row;
        Ok(Standing {
            terms_due: self.terms.load().due(&accepted, now).is_some(),
            linked: links > 0,
            has_reset_link: reset_links > 0,
            may_have_too_many_sessions: is_near(sessions, self.rules.sessions_per_account),
        })
    }
}

/// Returns true if an account with so many sessions may come to have too many by the sign-ins of one moment, which do not see each other: half of them.
fn is_near(sessions: i64, most: usize) -> bool {
    usize::try_from(sessions).map_or(true, |sessions| sessions >= most / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SECURITY #50
    #[test]
    fn the_sessions_are_counted_anew_long_before_there_are_too_many() {
        assert!(!is_near(0, 20) && !is_near(9, 20));
        assert!(is_near(10, 20) && is_near(20, 20) && is_near(300, 20));
        assert!(is_near(0, 1) && is_near(-1, 20));
    }
}
