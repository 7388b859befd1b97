//! The choice of an address in a move.

use kernel::{Done, Fault, Tx, Unix};

use crate::{
    Accounts, Email, EnrolmentId, Rules, Stage, Visitor,
    act::mail_link::nth_today,
    mailing::{self, Due},
    store::{EnrolmentRow, accounts, enrolments},
};

/// The outcome of choosing an address.
#[derive(Clone, PartialEq, Eq)]
pub enum EmailChoice {
    /// Accepted: continue at the enrolment's current stage.
    Taken,
    /// No mail can be sent there.
    Invalid,
    /// Probably a typing error: ask once.
    Suggestion(String),
    /// Too many different addresses (PEOPLE U-13).
    TooMany,
    /// Another browser has the move at its last step: this one continues with [`Accounts::begin_beside`].
    Anothers,
    /// The enrolment is over.
    Gone,
}

/// The decision about a chosen address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Choice {
    /// The next stage of the move.
    stage: Stage,
    /// The number of addresses of the day, if this is a new one.
    count: Option<i32>,
    /// True if a mail goes to the address.
    mails: bool,
}

/// Decides about an address for a move; `Err` if it is refused. `taken` is true if an account has the address, `here` is the current interaction.
fn decide(
    row: &EnrolmentRow,
    address: &Email,
    taken: bool,
    here: Option<&String>,
    (rules, now): (&Rules, Unix),
) -> Result<Choice, EmailChoice> {
    if row.stage == Stage::Notice {
        return Err(EmailChoice::Gone);
    }
    if row.confirmed_at.is_some() && row.chosen_in.as_ref() != here && row.confirmed_in.as_ref() != here {
        return Err(EmailChoice::Anothers);
    }
    let same = row.email_canonical.as_deref() == Some(address.canonical());
    let today = if row.addressed_at.is_some_and(|at| at + 86_400 <= now) { 0 } else { row.addresses };
    if !same && today >= rules.addresses_per_enrolment {
        return Err(EmailChoice::TooMany);
    }
    let stage = match (taken, &row.password_hash) {
        (true, _) => Stage::Link,
        (false, None) => Stage::Password,
        (false, Some(_)) if same && row.confirmed_at.is_some() => Stage::Terms,
        (false, Some(_)) => Stage::Mail,
    };
    // The server refused it, and the person typed it again: try once more, within the day's limit.
    let again = row.refused_at.is_some()
        && mailing::daily(row.mails, row.mailed_at, rules.mails_per_enrolment, now) != Due::Tomorrow;
    Ok(Choice { stage, count: (!same).then_some(today + 1), mails: stage == Stage::Mail && (!same || again) })
}

impl Accounts {
    /// Keeps or changes the address. `sure` is true if the person saw the suggestion and keeps the typed address.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all, ret(level = "debug"))]
    pub async fn choose_email(
        &self,
        id: EnrolmentId,
        typed: &str,
        sure: bool,
        visitor: &Visitor,
    ) -> Result<EmailChoice, Fault> {
        let Some(address) = Email::parse(typed) else {
            return Ok(EmailChoice::Invalid);
        };
        if let Some(meant) = address.suggestion().filter(|_| !sure) {
            return Ok(EmailChoice::Suggestion(meant));
        }
        let taken = accounts::by_address(&self.context.db, address.canonical()).await?.is_some();
        let (here, now) = (visitor.origin.interaction.as_ref(), self.context.now());
        self.context
            .db
            .write(async |tx: &Tx| {
                let Some(row) = enrolments::living(tx, id, now).await? else {
                    return Ok(Done::RollBack(EmailChoice::Gone));
                };
                let choice = match decide(&row, &address, taken, here, (&self.rules, now)) {
                    Ok(choice) => choice,
                    Err(refused) => return Ok(Done::RollBack(refused)),
                };
                let chosen =
                    enrolments::choose_address(tx, &row, &address, choice.stage, choice.count, now).await?;
                let Some(chosen) = chosen else {
                    // Another tab was faster; the page shows its choice.
                    return Ok(Done::RollBack(EmailChoice::Taken));
                };
                if choice.mails {
                    // The first mail to this address is due at once, whatever was sent to others, of which there are few a day.
                    self.mail_confirm(tx, &chosen, nth_today(&chosen, now)).await?;
                }
                Ok(Done::Commit(EmailChoice::Taken))
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LegacyIdentityId, store};

    fn waiting() -> EnrolmentRow {
        let id = uuid::Uuid::nil();
        store::EnrolmentRow {
            id: EnrolmentId(id),
            agency_id: "a".into(),
            legacy_identity_id: LegacyIdentityId(id),
            stage: Stage::Mail,
            origin: None,
            email: Some("m@x.fr".into()),
            email_canonical: Some("m@x.fr".into()),
            password_hash: Some("a hash".into()),
            chosen_in: Some("here".into()),
            confirmed_in: None,
            locale: "fr".into(),
            confirm_hash: None,
            code_hash: None,
            code_tries: 0,
            code_until: None,
            mailed_at: Some(1000),
            refused_at: None,
            mails: 1,
            finish_mailed_at: None,
            addresses: 1,
            addressed_at: Some(1000),
            confirmed_at: None,
            finished_at: None,
            account_id: None,
            created_at: 1000,
            expires_at: 100_000,
        }
    }

    /// SECURITY #80, PEOPLE U-09, U-13.
    #[test]
    fn an_address_is_taken_by_the_rules_of_the_move() {
        let rules = Rules::default();
        let here = "here".to_owned();
        let decide = |row: &EnrolmentRow, typed: &str, taken| {
            let address = Email::parse(typed).unwrap();
            decide(row, &address, taken, Some(&here), (&rules, 2000))
        };
        let another = Choice { stage: Stage::Mail, count: Some(2), mails: true };
        assert_eq!(decide(&waiting(), "n@x.fr", false), Ok(another));
        assert_eq!(
            decide(&waiting(), "n@x.fr", true),
            Ok(Choice { stage: Stage::Link, mails: false, ..another })
        );
        let same = Choice { count: None, mails: false, ..another };
        assert_eq!(decide(&waiting(), "m@x.fr", false), Ok(same));
        let refused = EnrolmentRow { refused_at: Some(1500), ..waiting() };
        assert_eq!(decide(&refused, "m@x.fr", false), Ok(Choice { mails: true, ..same }));
        let without = EnrolmentRow { password_hash: None, ..waiting() };
        assert_eq!(decide(&without, "m@x.fr", false), Ok(Choice { stage: Stage::Password, ..same }));
        let confirmed = EnrolmentRow { confirmed_at: Some(1500), ..waiting() };
        assert_eq!(decide(&confirmed, "m@x.fr", false), Ok(Choice { stage: Stage::Terms, ..same }));
        let elsewhere = EnrolmentRow { chosen_in: Some("there".into()), ..confirmed };
        assert_eq!(decide(&elsewhere, "m@x.fr", false), Err(EmailChoice::Anothers));
        let many = EnrolmentRow { addresses: rules.addresses_per_enrolment, ..waiting() };
        assert_eq!(decide(&many, "n@x.fr", false), Err(EmailChoice::TooMany));
        assert_eq!(decide(&many, "m@x.fr", false), Ok(same));
        let notice = EnrolmentRow { stage: Stage::Notice, ..waiting() };
        assert_eq!(decide(&notice, "m@x.fr", false), Err(EmailChoice::Gone));
    }
}
