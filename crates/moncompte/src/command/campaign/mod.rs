//! `moncompte campaign letters`: a code and a letter for each client of an agency who has not moved (SPEC J15, docs/operate/campaign.md).

mod letter;
mod output;

use std::{path::PathBuf, process::ExitCode};

use accounts::{Addressee, IssuedCode, LegacyIdentityId, Recipients};
use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};
use desk::Reason;
use letters::{Batch, Postal};
use serde_json::json;

pub(super) use self::output::Output;
use self::{
    letter::{Written, face},
    output::Table,
};
use super::{Where, desk::Standby};
use crate::{change::plan::day, print::out};

/// The reason that the evidence keeps of each code.
const REASON: &str = "letter of the campaign";
/// The number of references that are printed of those without an address. `--json` has all.
const MOST_PRINTED: usize = 20;

#[derive(Args)]
pub(crate) struct CampaignCommand {
    #[command(subcommand)]
    what: Campaign,
}

#[derive(Subcommand)]
enum Campaign {
    /// Issue an activation code to each client who has not moved, and write a letter to each, as PDF, as CSV for a printer, or both.
    ///
    /// A code that somebody had before no longer works. The files hold codes in clear: whoever has a letter moves as that client.
    Letters(Letters),
}

#[derive(Args)]
struct Letters {
    #[command(flatten)]
    place: Where,
    /// Agency: the name of its file in agencies/.
    #[arg(long)]
    agency: String,
    /// Write the letters to this PDF file, which must not exist. Only you may read it.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["csv", "dry_run"])]
    out: Option<PathBuf>,
    /// Write the lines of the letters to this CSV file, which must not exist. Only you may read it.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Choice of those who get a letter.
    #[arg(long, value_enum, default_value_t)]
    who: Who,
    /// Write letters without an address too, to be handed out.
    #[arg(long)]
    without_address: bool,
    /// Count the letters, and issue no code.
    #[arg(long)]
    dry_run: bool,
    /// Operator whom the evidence names; the user of this machine unless given.
    #[arg(long)]
    by: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Who {
    /// Everybody who has not moved.
    #[default]
    NotMoved,
    /// Those of them without a code that works.
    WithoutCode,
}

/// The outcome of a run.
#[derive(Default)]
struct Counts {
    letters: u64,
    moved_meanwhile: u64,
    /// The references of those whose address no letter reaches.
    without_address: Vec<String>,
    until: Option<i64>,
}

impl CampaignCommand {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        let Campaign::Letters(letters) = self.what;
        letters.run().await
    }
}

impl Letters {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let standby = Standby::open(&self.place, self.by.clone()).await?;
        // Before the first code: a file that is there, or a folder that is not, would cost them all.
        let (mut pdf, mut csv) = (None, None);
        if !self.dry_run {
            let agencies = &standby.opened.config.contents.agencies;
            let agency = agencies.agency(&self.agency).with_context(|| no_agency(&self.agency))?;
            if let Some(path) = &self.out {
                pdf = Some(Batch::new(Output::new(path)?, face(agency))?);
            }
            csv = self.csv.as_deref().map(Output::new).transpose()?.map(Table::new).transpose()?;
        }
        let counts = self.write(&standby, pdf.as_mut(), csv.as_mut()).await?;
        let moved = standby.accounts.moved_of(&self.agency).await?;
        if counts.letters > 0 {
            if let Some(batch) = pdf {
                batch.finish()?.keep()?;
            }
            if let Some(table) = csv {
                table.finish()?.keep()?;
            }
        }
        self.tell(&counts, moved);
        Ok(if counts.without_address.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) })
    }

    /// Goes through the people page by page: a page's codes are one transaction, and its letters are written before the next is read.
    async fn write(
        &self,
        standby: &Standby,
        mut pdf: Option<&mut Batch<Output>>,
        mut csv: Option<&mut Table<Output>>,
    ) -> anyhow::Result<Counts> {
        let config = &standby.opened.config;
        let agency =
            config.contents.agencies.agency(&self.agency).with_context(|| no_agency(&self.agency))?;
        let (issuer, now) = (&config.settings.issuer, standby.desk.now());
        let recipients = match self.who {
            Who::NotMoved => Recipients::All,
            Who::WithoutCode => Recipients::WithoutCode,
        };
        let reason = Reason::read(REASON)?;
        let (mut counts, mut after) = (Counts::default(), String::new());
        loop {
            let page = standby.accounts.addressees(&agency.id, recipients, &after).await?;
            let mut people: Vec<(Addressee, Option<Postal>)> = Vec::new();
            for person in page.people {
                let to = letter::postal(&person);
                if to.is_some() || self.without_address {
                    people.push((person, to));
                } else {
                    counts.without_address.push(person.client_ref);
                }
            }
            if self.dry_run {
                counts.letters += people.len() as u64;
            } else if !people.is_empty() {
                let ids: Vec<LegacyIdentityId> = people.iter().map(|(person, _)| person.id).collect();
                let issued = standby.desk.issue_codes(&standby.actor, &agency.id, &ids, &reason).await?;
                for (person, to) in people {
                    let Some(code) = issued.get(&person.id) else {
                        counts.moved_meanwhile += 1;
                        continue;
                    };
                    let written = Written::new(issuer, agency, person, to, code, now);
                    if let Some(batch) = pdf.as_deref_mut() {
                        batch.push(&written.letter())?;
                    }
                    if let Some(table) = csv.as_deref_mut() {
                        table.push(&written)?;
                    }
                    counts.letters += 1;
                    counts.until = Some(code.until);
                }
            }
            match page.next {
                Some(next) => after = next,
                None => return Ok(counts),
            }
        }
    }

    fn tell(&self, counts: &Counts, moved: u64) {
        let Counts { letters, moved_meanwhile, without_address, until } = counts;
        let until = until.map(day);
        if self.json {
            let told = json!({
                "agency": self.agency, "dry_run": self.dry_run, "letters": letters, "until": until, "moved": moved,
                "moved_meanwhile": moved_meanwhile, "without_address": without_address,
            });
            out!("{told}");
            return;
        }
        match &until {
            Some(until) => out!(
                "{letters} letters are written; their codes work until {until}. A code that somebody had before no longer works."
            ),
            None if self.dry_run => out!("{letters} letters would be written. No code is issued."),
            None => out!("No letter is written: there is nobody to write to."),
        }
        out!("{moved} people have moved and get none.");
        if *moved_meanwhile > 0 {
            out!("{moved_meanwhile} of them moved, or left, during this run.");
        }
        if !without_address.is_empty() {
            out!(
                "{} people have no postal address that a letter reaches, and get none (--without-address writes letters to hand out):",
                without_address.len()
            );
            without_address.iter().take(MOST_PRINTED).for_each(|reference| out!("  {reference}"));
            if without_address.len() > MOST_PRINTED {
                out!("  … --json lists all.");
            }
        }
    }
}

fn no_agency(id: &str) -> String {
    format!("there is no agency {id} in agencies/")
}

/// Writes the letter of one code.
pub(super) async fn write_one(
    standby: &Standby,
    id: LegacyIdentityId,
    issued: &IssuedCode,
    file: Output,
) -> anyhow::Result<()> {
    let config = &standby.opened.config;
    let Some(person) = standby.accounts.addressee(id).await? else { bail!("the person is gone") };
    let agencies = &config.contents.agencies;
    let agency = agencies.agency(&person.agency).with_context(|| no_agency(&person.agency))?;
    let to = letter::postal(&person);
    let written = Written::new(&config.settings.issuer, agency, person, to, issued, standby.desk.now());
    let mut batch = Batch::new(file, face(agency))?;
    batch.push(&written.letter())?;
    batch.finish()?.keep()
}
