//! Output of commands. `println!` panics if the output is closed: a pipe whose reader has gone (`check | head -1`), a full disk. Here a closed pipe is no
//! failure, and output lost for any other reason is reported once, by the exit code too.

use std::{
    fmt::Arguments,
    io::{ErrorKind, Result, Write},
    process::ExitCode,
    sync::atomic::{AtomicBool, Ordering},
};

static LOST: AtomicBool = AtomicBool::new(false);

/// Prints a line on standard output, as `println!` does.
macro_rules! out {
    ($($text:tt)*) => { $crate::print::to_stdout(format_args!($($text)*)) };
}

/// Prints a line on standard error, as `eprintln!` does.
macro_rules! err {
    ($($text:tt)*) => { $crate::print::to_stderr(format_args!($($text)*)) };
}

pub(crate) use {err, out};

pub(crate) fn to_stdout(text: Arguments<'_>) {
    if is_lost(&line(std::io::stdout().lock(), text)) {
        LOST.store(true, Ordering::Relaxed);
    }
}

/// Errors are ignored, since there is no other output to report them on.
pub(crate) fn to_stderr(text: Arguments<'_>) {
    let _ = line(std::io::stderr().lock(), text);
}

/// Writes a line at once, so that lines of several processes do not mix.
fn line(mut to: impl Write, text: Arguments<'_>) -> Result<()> {
    to.write_all(format!("{text}\n").as_bytes())?;
    to.flush()
}

fn is_lost(printed: &Result<()>) -> bool {
    printed.as_ref().is_err_and(|error| error.kind() != ErrorKind::BrokenPipe)
}

/// Returns the exit code of a command: a failure if its output was lost.
pub(crate) fn ended(code: ExitCode) -> ExitCode {
    if LOST.load(Ordering::Relaxed) && code == ExitCode::SUCCESS {
        err!("moncompte: the output could not be written");
        return ExitCode::FAILURE;
    }
    code
}

#[cfg(test)]
mod tests {
    use std::io::Error;

    use super::*;

    struct Refuses(ErrorKind);

    impl Write for Refuses {
        fn write(&mut self, _: &[u8]) -> Result<usize> {
            Err(Error::from(self.0))
        }

        fn flush(&mut self) -> Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_who_has_gone_is_no_failure_and_a_full_disk_is() {
        let refused = |kind| is_lost(&line(Refuses(kind), format_args!("a line")));
        assert!(!refused(ErrorKind::BrokenPipe));
        assert!(refused(ErrorKind::StorageFull));
        let mut whole = Vec::new();
        assert!(!is_lost(&line(&mut whole, format_args!("{} agencies", 2))));
        assert_eq!(whole, b"2 agencies\n");
    }
}
