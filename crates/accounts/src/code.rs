//! The confirmation of an address by a code: eight digits in the mail, typed into the browser in which the password was chosen (docs/adr/0010).

use kernel::{Digest, Done, Fault, Rng, Tx, Unix};
use unicode_normalization::UnicodeNormalization;

use crate::{
    Accounts, Enrolment, EnrolmentId, Stage,
    lockout::Counter,
    store::{EnrolmentRow, enrolments},
};

/// The number of attempts at a code. After them only a new mail helps, and mails are limited.
const TRIES: u8 = 5;
/// The lifetime of a code in days: enough to read a mail (PEOPLE F-39), much shorter than the link's.
pub const CODE_DAYS: u16 = 1;
/// The same in seconds.
const LIFE: i64 = CODE_DAYS as i64 * 86_400;
/// Digits in a code.
const LENGTH: usize = 8;
/// The maximum length of typed text in characters: the digits, separators, and some to spare.
const LONGEST: usize = 64;

/// Eight digits. Only digits: they are read aloud in any language, and a telephone shows its number pad for them.
pub(crate) struct Code(String);

impl Code {
    fn generate(rng: &dyn Rng) -> Self {
        let mut bytes = [0; 8];
        rng.fill(&mut bytes);
        // 2^64 is so much more than 10^8 that the bias of the remainder is negligible.
        Self(format!("{:08}", u64::from_be_bytes(bytes) % 100_000_000))
    }

    /// Reads typed or pasted text: ignores spaces, dashes and dots between the digits, and reads letters that look like a digit as that digit.
    pub(crate) fn parse(typed: &str) -> Option<Self> {
        let mut digits = String::new();
        for c in typed.nfkc().take(LONGEST) {
            match c {
                '0'..='9' => digits.push(c),
                'o' | 'O' => digits.push('0'),
                'i' | 'I' | 'l' => digits.push('1'),
                '-' | '‐' | '‑' | '–' | '—' | '.' | '·' | '_' => {}
                c if c.is_whitespace() => {}
                _ => return None,
            }
        }
        (digits.len() == LENGTH).then_some(Self(digits))
    }

    /// Returns the code in the form of the mail, in two groups: `1234 5678`.
    pub(crate) fn text(&self) -> String {
        format!("{} {}", &self.0[..4], &self.0[4..])
    }
}

/// The outcome of a code.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum CodeGiven {
    /// The address is confirmed; the move continues here.
    Done,
    /// Not the code of the newest mail.
    Wrong {
        /// Further attempts.
        remaining: u8,
    },
    /// Tried too often, or expired: another mail brings another code. The link stays valid.
    Spent,
    /// Not eight digits: neither compared nor counted.
    Unreadable,
    /// Not at this step, or not in this browser: ask the hub.
    NotNow,
}

impl Enrolment {
    /// Returns true if the password was chosen in this interaction: only there a code is accepted.
    pub fn chosen_in(&self, interaction: &str) -> bool {
        self.stage == Stage::Mail && self.chosen_in.as_deref() == Some(interaction)
    }

    /// Returns true if the code in the newest mail still works.
    pub fn has_code(&self, now: Unix) -> bool {
        self.code_until.is_some_and(|until| now < until)
    }
}

/// Returns the expiry of the newest mail's code, unless it was tried too often.
pub(crate) fn works_until(row: &EnrolmentRow) -> Option<Unix> {
    row.code_until.filter(|_| row.code_hash.is_some() && row.code_tries < i32::from(TRIES))
}

impl Accounts {
    /// Creates a code, its stored hash and its expiry; `None` if no browser could use it.
    pub(crate) fn new_code(&self, row: &EnrolmentRow) -> Option<(Code, Digest, Unix)> {
        let code = Code::generate(self.context.rng.as_ref());
        let hash = self.code_hash(row, row.chosen_in.as_deref()?, &code);
        Some((code, hash, self.context.now() + LIFE))
    }

    /// Hashes a code. Eight digits are guessed from any plain hash in a second, so this one is keyed, and the key lies outside the database (SECURITY #72).
    /// The hash binds the code to this move, this address and the browser in which the password was chosen.
    fn code_hash(&self, row: &EnrolmentRow, chosen_in: &str, code: &Code) -> Digest {
        let address = row.email_canonical.as_deref().unwrap_or_default();
        let bound = format!("{}\n{address}\n{chosen_in}\n{}", row.id, code.0);
        Digest::of_mac(self.context.keys.mac("confirm code", bound.as_bytes()))
    }

    /// Confirms the address by the code of the newest mail, in the interaction in which the password was chosen: the mail proves the mailbox, the
    /// interaction the password (docs/adr/0010). An attempt is counted before anything is compared.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all, ret(level = "debug"))]
    pub async fn confirm_by_code(
        &self,
        id: EnrolmentId,
        interaction: &str,
        typed: &str,
    ) -> Result<CodeGiven, Fault> {
        let Some(pending) = self.enrolment(id).await?.filter(|e| e.chosen_in(interaction)) else {
            return Ok(CodeGiven::NotNow);
        };
        let Some(code) = Code::parse(typed) else {
            return Ok(CodeGiven::Unreadable);
        };
        // Another enrolment may have won the address meanwhile (SECURITY D10): then this one attaches to that account.
        let taken = self.owner_of(pending.email.as_deref().unwrap_or_default()).await?.is_some();
        let next = if taken { Stage::Link } else { Stage::Terms };
        let now = self.context.now();
        if let Some(given) = self
            .context
            .db
            .write(async |tx: &Tx| {
                let Some(row) = enrolments::count_code_attempt(tx, id, TRIES, now).await? else {
                    return Ok(Done::RollBack(None));
                };
                // The hash does not match if the address or the password was chosen anew meanwhile.
                let hash = self.code_hash(&row, interaction, &code);
                if !enrolments::confirm_by_code(tx, id, &hash, pending.email.as_deref(), (next, now)).await? {
                    return Ok(Done::Commit(Some(judged(row.code_tries))));
                }
                if let (Stage::Terms, Some(canonical)) = (next, &row.email_canonical) {
                    // As with the link, strangers' failures at the sign-in page no longer lock this move.
                    Counter::of_email(&self.context, canonical, None).clear_all(tx).await?;
                }
                Ok(Done::Commit(Some(CodeGiven::Done)))
            })
            .await?
        {
            return Ok(given);
        }
        // Confirmed meanwhile, by a second click or by the link: the hub decides.
        let waits = self.enrolment(id).await?.is_some_and(|e| e.chosen_in(interaction));
        Ok(if waits { CodeGiven::Spent } else { CodeGiven::NotNow })
    }
}

/// Returns the outcome of a wrong code, after this number of attempts.
fn judged(tries: i32) -> CodeGiven {
    match TRIES.saturating_sub(u8::try_from(tries).unwrap_or(TRIES)) {
        0 => CodeGiven::Spent,
        remaining => CodeGiven::Wrong { remaining },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_was_copied() {
        for typed in [
            "12340678",
            "1234 0678",
            " 1234-0678\n",
            "12 34 06 78",
            "1234\u{a0}0678",
            "1234–0678",
            "1234.0678",
            "１２３４０６７８",
            "l234 O678",
            "1 2 3 4 0 6 7 8",
        ] {
            assert_eq!(Code::parse(typed).map(|c| c.text()).as_deref(), Some("1234 0678"), "{typed:?}");
        }
    }

    #[test]
    fn what_is_not_eight_digits_is_no_code() {
        for typed in
            ["", "1234567", "123456789", "1234 567x", "abcdefgh", "1234\u{0}5678", &"1".repeat(10_000)]
        {
            assert!(Code::parse(typed).is_none(), "{typed:?}");
        }
    }

    /// SECURITY #72: of the right length, every digit at every place, and no two alike except by chance.
    #[test]
    fn codes_are_eight_digits_and_differ() {
        let mut seen = std::collections::BTreeSet::new();
        let mut places = [[0_u32; 10]; LENGTH];
        for _ in 0..4000 {
            let code = Code::generate(&kernel::SystemRng::default());
            assert_eq!(Code::parse(&code.text()).unwrap().0, code.0);
            for (place, digit) in code.0.bytes().enumerate() {
                places[place][usize::from(digit - b'0')] += 1;
            }
            seen.insert(code.0);
        }
        assert!(seen.len() > 3990, "{}", seen.len());
        assert!(places.iter().flatten().all(|&n| (280..520).contains(&n)), "{places:?}");
    }
}
