use std::{fs, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Cli;

#[derive(Args)]
pub(crate) struct Manual {
    /// The folder to write into: `man1` with a page a command, `completions` with a file a shell.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl Manual {
    /// Writes both from the definition of the command line, so that neither says what the program does not do.
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let [pages, completions] = ["man1", "completions"].map(|name| self.folder.join(name));
        for folder in [&pages, &completions] {
            fs::create_dir_all(folder)
                .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
        }
        clap_mangen::generate_to(Cli::command(), &pages)
            .with_context(|| format!("the manual cannot be written into {}", pages.display()))?;
        for shell in [Shell::Bash, Shell::Fish, Shell::Zsh] {
            clap_complete::generate_to(shell, &mut Cli::command(), "moncompte", &completions)
                .with_context(|| format!("{shell}'s completions cannot be written"))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
