use accounts::{AccountId, Email, Search};
use agencies::Agencies;
use anyhow::{Context as _, bail};
use clap::Args;

/// The person meant.
#[derive(Args)]
pub(super) struct Who {
    /// Address of the account, or of a move under way.
    #[arg(long, conflicts_with_all = ["account", "agency"], required_unless_present_any = ["account", "agency"])]
    email: Option<String>,
    /// Id of the account, as printed by `show` and in the audit stream.
    #[arg(long, conflicts_with = "agency")]
    account: Option<AccountId>,
    /// Agency: the name of its file in agencies/. With --reference, --identifier or --name.
    #[arg(long)]
    agency: Option<String>,
    /// The agency's reference for the person.
    #[arg(long, requires = "agency", conflicts_with_all = ["identifier", "name"])]
    reference: Option<String>,
    /// The identifier that the agency issued.
    #[arg(long, requires = "agency", conflicts_with = "name")]
    identifier: Option<String>,
    /// The name in the agency's file, or the beginnings of its words.
    #[arg(long, requires = "agency")]
    name: Option<String>,
}

impl Who {
    /// Returns the search that was typed.
    pub(super) fn search<'a>(&'a self, agencies: &'a Agencies) -> anyhow::Result<Search<'a>> {
        if let Some(id) = self.account {
            return Ok(Search::Account(id));
        }
        if let Some(typed) = &self.email {
            return by_address(typed);
        }
        let id = self.agency.as_deref().unwrap_or_default();
        let agency = agencies.agency(id).with_context(|| format!("there is no agency {id} in agencies/"))?;
        Ok(match (&self.identifier, &self.reference, &self.name) {
            (Some(typed), ..) => Search::Identifier(agency, typed),
            (None, Some(reference), _) => Search::Reference(id, reference),
            (None, None, Some(name)) => Search::Name(id, name),
            (None, None, None) => bail!("say whom you mean at {id}: --reference, --identifier or --name"),
        })
    }
}

fn by_address(typed: &str) -> anyhow::Result<Search<'static>> {
    Ok(Search::Email(Email::parse(typed).with_context(|| format!("{typed} is no address"))?))
}

/// Returns the search for the account that gets something.
pub(super) fn receiver(email: Option<&str>, account: Option<AccountId>) -> anyhow::Result<Search<'static>> {
    match (account, email) {
        (Some(id), _) => Ok(Search::Account(id)),
        (None, email) => by_address(email.unwrap_or_default()),
    }
}
