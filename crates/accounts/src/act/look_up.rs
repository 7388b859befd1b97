//! A person, found and read by staff on the telephone (SPEC J14). Nothing is written.

use std::collections::BTreeSet;

use agencies::Agency;
use kernel::{Fault, Unix, outbox};
use uuid::Uuid;

use crate::{
    AccountId, AccountState, Accounts, Device, Door, DoorState, Dossier, Email, EnrolmentId, Found, FoundBy,
    IdentityState, LegacyIdentityId, LinkState, MailState, MoveState, SessionState, Stage, Target,
    act::{
        index_terms::{of_reference, of_word},
        masked,
    },
    dossier::{is_name, plain_words},
    lockout::{ALL, Counter, KNOWN, LockPolicy},
    store::{
        AccountRow, EnrolmentRow, IdentityRow, LinkRow, accounts,
        attempts::Counted,
        enrolments,
        identities::{
            self,
            terms::{self, Named},
        },
        links, sessions,
    },
};

/// A question for a person.
pub enum Search<'a> {
    /// By the id of an account.
    Account(AccountId),
    /// By the address of an account, or of a move under way.
    Email(Email),
    /// By an identifier that an agency issued.
    Identifier(&'a Agency, &'a str),
    /// By an agency's reference, its id first.
    Reference(&'a str, &'a str),
    /// By a name in an agency's file: each word begins one of the name's, whatever accents and capitals.
    Name(&'a str, &'a str),
}

/// The largest number of people that a search returns.
const MOST_FOUND: usize = 50;
/// The number of identities that terms lead to and whose names are compared.
const MOST_CANDIDATES: u64 = 200;
/// The number of terms up to which a word is counted.
const MOST_COUNTED: u64 = 10_000;
/// The number of words of a search by name that terms are looked for of; all of them are compared.
const MOST_WORDS: usize = 4;
/// Identities that one statement reads while their terms are not written yet.
const PAGE: u64 = 5000;
/// The number of sessions and of mails that are shown.
const MOST_SHOWN: u64 = 50;

impl Accounts {
    /// Returns the people whom a search finds, up to 50, each once.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn find(&self, search: &Search<'_>) -> Result<Vec<Found>, Fault> {
        let db = &self.context.db;
        let rows = match search {
            Search::Account(id) => {
                let found = accounts::by_id(db, *id).await?;
                return Ok(found.into_iter().map(of_account).collect());
            }
            Search::Email(email) => {
                if let Some(row) = accounts::by_address(db, email.canonical()).await? {
                    return Ok(vec![of_account(row)]);
                }
                let moves = enrolments::living_with(db, email.canonical(), self.context.now()).await?;
                let ids: Vec<_> = moves.iter().map(|row| row.legacy_identity_id).collect();
                identities::by_ids(db, &ids).await?
            }
            Search::Identifier(agency, typed) => match agency.directory.canonical(typed) {
                Some(canonical) => {
                    let before = agency.directory.canonical_before(typed);
                    let row = identities::by_identifier(db, &agency.id, &canonical, before.as_deref());
                    row.await?.into_iter().collect()
                }
                None => Vec::new(),
            },
            Search::Reference(agency, reference) => self.by_reference(agency, reference).await?,
            Search::Name(agency, typed) => self.by_name(agency, typed).await?,
        };
        let linked = links::by_identities(db, rows.iter().map(|row| row.id)).await?;
        let mut found: Vec<Found> = Vec::new();
        for row in rows {
            let target = match linked.get(&row.id) {
                Some(link) => Target::Account(link.account_id),
                None => Target::Identity(row.id),
            };
            if found.iter().all(|known| known.target != target) {
                let by = FoundBy {
                    identity: row.id,
                    agency: row.agency_id,
                    client_ref: row.client_ref,
                    name: row.name,
                };
                found.push(Found { target, by: Some(by) });
            }
        }
        Ok(found)
    }

    /// Returns the identities that carry a reference of their agency, as the first or a further one.
    async fn by_reference(&self, agency: &str, reference: &str) -> Result<Vec<IdentityRow>, Fault> {
        let (db, most) = (&self.context.db, MOST_FOUND as u64);
        let mut found = identities::by_reference(db, agency, reference, most).await?;
        let mut further = terms::with(db, agency, &of_reference(reference), most).await?;
        let quoted = serde_json::to_string(reference)?;
        let carries = |row: &Named| row.further_refs.as_ref().is_some_and(|list| list.contains(&quoted));
        further.extend(self.among_waiting(agency, carries).await?);
        further.sort_unstable();
        further.dedup();
        let carries =
            |row: &IdentityRow| row.further_refs.as_ref().is_some_and(|list| list.contains(&quoted));
        found.extend(identities::by_ids(db, &further).await?.into_iter().filter(carries));
        found.sort_by_key(|row| row.id);
        found.dedup_by_key(|row| row.id);
        found.truncate(MOST_FOUND);
        Ok(found)
    }

    /// Returns the identities of an agency in whose name each word that was typed begins one.
    async fn by_name(&self, agency: &str, typed: &str) -> Result<Vec<IdentityRow>, Fault> {
        let db = &self.context.db;
        let mut beginnings = Vec::new();
        for word in plain_words(typed).iter().take(MOST_WORDS).map(|word| of_word(word)) {
            beginnings.push((terms::count(db, agency, &word, MOST_COUNTED).await?, word));
        }
        // The rarest is looked for, and the others compared.
        beginnings.sort();
        let beginnings: Vec<String> = beginnings.into_iter().map(|(_, word)| word).collect();
        let mut found = terms::with_all(db, agency, &beginnings, MOST_CANDIDATES).await?;
        let named = |row: &Named| row.name.as_ref().is_some_and(|name| is_name(name, typed));
        found.extend(self.among_waiting(agency, named).await?);
        found.sort_unstable();
        found.dedup();
        // A term may be of an older name.
        let mut rows = identities::by_ids(db, &found).await?;
        rows.retain(|row| row.name.as_ref().is_some_and(|name| is_name(name, typed)));
        rows.truncate(MOST_FOUND);
        Ok(rows)
    }

    /// Looks through the identities of an agency whose terms are not written yet: those of a file that was imported a moment ago.
    async fn among_waiting(
        &self,
        agency: &str,
        is_meant: impl Fn(&Named) -> bool,
    ) -> Result<Vec<LegacyIdentityId>, Fault> {
        let (mut last, mut found) = (LegacyIdentityId(Uuid::nil()), Vec::new());
        loop {
            let page = terms::waiting(&self.context.db, Some(agency), last, PAGE).await?;
            let Some(end) = page.last() else { break };
            last = end.id;
            found.extend(page.into_iter().filter(|row| is_meant(row)).map(|row| row.id));
            if found.len() >= MOST_FOUND {
                break;
            }
        }
        found.truncate(MOST_FOUND);
        Ok(found)
    }

    /// Returns the person whose identity this is, and the agency that issued it.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn person_of(&self, id: LegacyIdentityId) -> Result<Option<(Target, String)>, Fault> {
        let db = &self.context.db;
        let Some(row) = identities::by_id(db, id).await? else { return Ok(None) };
        let account = links::account_of(db, id).await?;
        Ok(Some((account.map_or(Target::Identity(id), Target::Account), row.agency_id)))
    }

    /// Returns everything that is known of a person; `None` if there is no such person.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn dossier(&self, target: Target) -> Result<Option<Dossier>, Fault> {
        let (db, now) = (&self.context.db, self.context.now());
        let (account, links, ids) = self.holdings(target).await?;
        let owner = match account {
            Some(id) => accounts::by_id(db, id).await?,
            None => None,
        };
        let rows = identities::by_ids(db, &ids).await?;
        if owner.is_none() && rows.is_empty() {
            return Ok(None);
        }
        let moves = enrolments::of_person(db, &ids).await?;
        let doors = self.doors(owner.as_ref(), &rows, now).await?;
        let persons: Vec<Uuid> = mailed_as(account, &moves);
        let mails = outbox::to_persons(db, &persons, MOST_SHOWN).await?;
        Ok(Some(Dossier {
            sessions: self.session_states(owner.as_ref(), now).await?,
            account: owner.map(|owner| account_state(owner, &moves)),
            identities: rows.into_iter().map(|row| identity_state(row, &links)).collect(),
            moves: moves.into_iter().filter(|row| is_open(row, now)).map(move_state).collect(),
            doors,
            mails: mails.into_iter().map(MailState::from).collect(),
        }))
    }

    /// Returns a person's account, its links, and the ids of their identities.
    async fn holdings(
        &self,
        target: Target,
    ) -> Result<(Option<AccountId>, Vec<LinkRow>, Vec<LegacyIdentityId>), Fault> {
        let db = &self.context.db;
        let (account, identity) = match target {
            Target::Account(id) => (Some(id), None),
            Target::Identity(id) => (links::account_of(db, id).await?, Some(id)),
        };
        let links = match account {
            Some(id) => links::all_of(db, id).await?,
            None => Vec::new(),
        };
        let ids: BTreeSet<_> = links.iter().map(|link| link.legacy_identity_id).chain(identity).collect();
        Ok((account, links, ids.into_iter().collect()))
    }

    /// Returns the ids that mails to a person carry: of the account and of every move.
    pub(crate) async fn mailed_as(&self, target: Target) -> Result<Vec<Uuid>, Fault> {
        let (account, _, ids) = self.holdings(target).await?;
        Ok(mailed_as(account, &enrolments::of_person(&self.context.db, &ids).await?))
    }

    /// Returns the counts of wrong passwords of an account and at old identifiers.
    async fn doors(
        &self,
        owner: Option<&AccountRow>,
        identities: &[IdentityRow],
        now: Unix,
    ) -> Result<Vec<DoorState>, Fault> {
        let (context, lock) = (&self.context, self.rules.lock);
        let mut doors = Vec::new();
        if let Some(owner) = owner {
            let counter = Counter::of_email(context, &owner.email_canonical, None);
            let counts = counter.counted(&context.db).await?;
            doors.extend(counts.into_iter().filter_map(|count| account_door(&count, lock)));
        }
        for row in identities.iter().filter(|row| row.moved_at.is_none()) {
            let counter = Counter::of_legacy(context, &row.agency_id, &row.identifier_canonical, "");
            let counts = counter.counted(&context.db).await?;
            doors.extend(counts.into_iter().filter_map(|count| old_door(&count, &row.agency_id, lock, now)));
        }
        Ok(doors)
    }

    async fn session_states(
        &self,
        owner: Option<&AccountRow>,
        now: Unix,
    ) -> Result<Vec<SessionState>, Fault> {
        let Some(owner) = owner else { return Ok(Vec::new()) };
        let policy = self.rules.sessions;
        let rows = sessions::newest(&self.context.db, owner.id, MOST_SHOWN).await?;
        let state = |row: crate::store::SessionRow| {
            let device = Device::of(&row.user_agent);
            let lives = policy.lives(row.persistent, row.last_seen_at, row.ends_at, now);
            let of_today = row.auth_epoch == owner.auth_epoch && owner.disabled_at.is_none();
            SessionState {
                id: row.id,
                since: row.created_at,
                last_seen: row.last_seen_at,
                network: row.ip_short,
                browser: device.browser,
                system: device.system,
                open: row.ended_at.is_none() && lives && of_today,
                kept: row.persistent,
            }
        };
        Ok(rows.into_iter().map(state).collect())
    }
}

fn of_account(row: AccountRow) -> Found {
    Found { target: Target::Account(row.id), by: None }
}

fn mailed_as(account: Option<AccountId>, moves: &[EnrolmentRow]) -> Vec<Uuid> {
    let of_moves = moves.iter().map(|row: &EnrolmentRow| {
        let EnrolmentId(id) = row.id;
        id
    });
    account.map(|AccountId(id)| id).into_iter().chain(of_moves).collect()
}

fn is_open(row: &EnrolmentRow, now: Unix) -> bool {
    row.finished_at.is_none() && row.stage != Stage::Finished && row.expires_at > now
}

fn account_state(row: AccountRow, moves: &[EnrolmentRow]) -> AccountState {
    let proved = |of: &&EnrolmentRow| {
        of.finished_at.is_some()
            && of.confirmed_at.is_some()
            && of.email_canonical.as_ref() == Some(&row.email_canonical)
    };
    let proved_at: BTreeSet<String> = moves.iter().filter(proved).map(|of| of.agency_id.clone()).collect();
    AccountState {
        id: Some(row.id),
        address: Some(masked(&row.email)),
        proved_at: proved_at.into_iter().collect(),
        name: row.name,
        locale: row.locale,
        created_at: Some(row.created_at),
        password_changed_at: Some(row.password_changed_at),
        closed_at: row.disabled_at,
        closed_because: row.closed_why,
        kept_until: row.kept_until,
    }
}

fn identity_state(row: IdentityRow, links: &[LinkRow]) -> IdentityState {
    let link = links.iter().find(|link| link.legacy_identity_id == row.id).map(|link| LinkState {
        id: link.id.0,
        since: link.linked_at,
        ends_at: link.ends_at,
        ended_at: link.ended_at,
    });
    IdentityState {
        id: row.id,
        agency: row.agency_id,
        identifier: row.identifier,
        client_ref: row.client_ref,
        name: row.name,
        moved_at: row.moved_at,
        left_at: row.left_at,
        link,
    }
}

fn move_state(row: EnrolmentRow) -> MoveState {
    MoveState {
        id: row.id,
        agency: row.agency_id,
        step: row.stage.as_str(),
        address: row.email.as_deref().map(masked),
        since: row.created_at,
        mailed_at: row.mailed_at,
        refused_at: row.refused_at,
        confirmed_at: row.confirmed_at,
        expires_at: row.expires_at,
    }
}

fn account_door(count: &Counted, lock: LockPolicy) -> Option<DoorState> {
    let door = if count.bucket.is_empty() { Door::Account } else { Door::KnownBrowser };
    door_state(count, door, lock)
}

fn old_door(count: &Counted, agency: &str, lock: LockPolicy, now: Unix) -> Option<DoorState> {
    let opens_at = count.locked_at.map(|at| at + lock.legacy_seconds);
    if count.bucket.starts_with(KNOWN) || opens_at.is_some_and(|at| at <= now) {
        return None;
    }
    let state = match count.bucket == ALL {
        true => door_state(count, Door::AllNetworks, lock.of_all_networks()),
        false => door_state(count, Door::OldIdentifier, lock),
    };
    state.map(|state| DoorState { agency: Some(agency.to_owned()), opens_at, ..state })
}

fn door_state(count: &Counted, door: Door, lock: LockPolicy) -> Option<DoorState> {
    let failures = u8::try_from(count.failures).unwrap_or(u8::MAX);
    (failures > 0).then(|| DoorState {
        door,
        agency: None,
        failures,
        left: lock.limit.saturating_sub(failures),
        locked_at: count.locked_at,
        opens_at: None,
    })
}
