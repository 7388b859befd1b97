use kernel::{Done, Fault, Password, Tx};

use crate::{
    Accounts, Enrolment, PasswordProblem, Stage, Visitor,
    act::mail_link::nth_today,
    context_words,
    mailing::{self, Due},
    store::enrolments::{self, ChosenPassword},
};

/// The outcome of choosing a password.
#[derive(Clone, PartialEq, Eq)]
pub enum PasswordChoice {
    /// Taken; the mail is queued.
    Taken,
    /// Not taken, for these reasons.
    Problems(Vec<PasswordProblem>),
    /// Come back in a moment.
    Busy,
    /// The enrolment is over, or has no address yet.
    Gone,
}

impl Accounts {
    /// The words that the new password must not hold.
    pub fn enrolment_context(&self, enrolment: &Enrolment, agency_name: &str) -> Vec<String> {
        let email = enrolment.email.as_deref().unwrap_or_default();
        context_words([enrolment.name.as_deref().unwrap_or_default(), email, agency_name])
    }

    /// Takes the password and sends the confirmation mail.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all, ret(level = "debug"))]
    pub async fn choose_password(
        &self,
        enrolment: &Enrolment,
        agency_name: &str,
        typed: &str,
        visitor: &Visitor,
    ) -> Result<PasswordChoice, Fault> {
        // At the step of attaching, that account's own password is asked for and no other.
        if !matches!(enrolment.stage, Stage::Password | Stage::Mail) {
            return Ok(PasswordChoice::Gone);
        }
        let password = match Password::new(typed) {
            Ok(password) => password,
            Err(refused) => return Ok(PasswordChoice::Problems(vec![refused.into()])),
        };
        let Ok(problems) = self.judge(&password, &self.enrolment_context(enrolment, agency_name)).await
        else {
            return Ok(PasswordChoice::Busy);
        };
        if !problems.is_empty() {
            return Ok(PasswordChoice::Problems(problems));
        }
        let Ok(hash) = self.hash_password(&password).await else {
            return Ok(PasswordChoice::Busy);
        };
        let interaction = visitor.origin.interaction.as_deref();
        let ends_code = enrolment.chosen_in.as_deref() != interaction;
        let chosen = ChosenPassword { hash, locale: &visitor.locale, interaction, ends_code };
        self.context
            .db
            .write(async |tx: &Tx| {
                let Some(row) = enrolments::choose_password(tx, enrolment.id, chosen).await? else {
                    return Ok(Done::RollBack(PasswordChoice::Gone));
                };
                let now = self.context.now();
                // The link in an older mail to this address goes on working: no password sends more mails than are due (SECURITY #73).
                match mailing::daily(row.mails, row.mailed_at, self.rules.mails_per_enrolment, now) {
                    Due::Now(nth) => self.mail_confirm(tx, &row, nth).await?,
                    _ if row.confirm_hash.is_none() => {
                        self.mail_confirm(tx, &row, nth_today(&row, now)).await?
                    }
                    Due::Wait(_) | Due::Tomorrow => {}
                }
                Ok(Done::Commit(PasswordChoice::Taken))
            })
            .await
    }
}
