//! Everything that people may be shown, as the samples have it: for pictures to look at, and for machines that look whether everybody can use it.

use crate::page::{
    AccountAcceptances, AccountAgencies, AccountEmail, AccountEmailAsked, AccountLanguage, AccountName,
    AccountPassword, AccountReceipt, AccountSessions, AlreadyConfirmed, ChooseAgency, Confirm, Connected,
    Email, Forgot, ForgotSent, FormPost, Help, Home, Legacy, LinkAccount, LinkDead, LookAtYourMail, MailCode,
    NewAddress, NewAddressDone, NotLinked, Notice, Page, Password, Problem, Reset, SignIn, SignOutConfirm,
    SignedOut, SigningOut, TakeBack, Terms, TermsRefused,
};
use crate::{Error, Frame, MailBody, MailFrame, Pages};

/// A page or a mail in one of its states.
pub struct Leaf {
    /// The template's name and the number of the state: `sign-in-2`.
    pub name: String,
    /// The whole document.
    pub html: String,
}

/// Somebody who is shown every page.
pub trait Beholder {
    /// This one.
    ///
    /// # Errors
    /// Whatever keeps them from seeing more.
    fn page<P: Page>(&mut self) -> Result<(), Error>;
}

/// Shows every page there is. A test compares this list with the templates.
///
/// # Errors
/// As [`Beholder::page`].
pub fn every_page(eyes: &mut impl Beholder) -> Result<(), Error> {
    macro_rules! show {
        ($($page:ty),* $(,)?) => { $(eyes.page::<$page>()?;)* };
    }
    show!(
        SignIn,
        Legacy,
        ChooseAgency,
        Notice,
        Email,
        Password,
        LookAtYourMail,
        MailCode,
        Confirm,
        LinkAccount,
        Terms,
        TermsRefused,
        Connected,
        NotLinked,
        Forgot,
        ForgotSent,
        Reset,
        LinkDead,
        AlreadyConfirmed,
        Home,
        AccountSessions,
        AccountAgencies,
        AccountAcceptances,
        AccountReceipt,
        AccountEmail,
        AccountEmailAsked,
        NewAddress,
        NewAddressDone,
        TakeBack,
        AccountName,
        AccountLanguage,
        AccountPassword,
        SignOutConfirm,
        SigningOut,
        SignedOut,
        Help,
        Problem,
        FormPost,
    );
    Ok(())
}

/// Every page in every state, in one frame.
///
/// # Errors
/// As [`Pages::render`].
pub fn pages(pages: &Pages, frame: &Frame) -> Result<Vec<Leaf>, Error> {
    struct Album<'a> {
        pages: &'a Pages,
        frame: &'a Frame,
        leaves: Vec<Leaf>,
    }
    impl Beholder for Album<'_> {
        fn page<P: Page>(&mut self) -> Result<(), Error> {
            for (n, page) in P::samples().iter().enumerate() {
                let html = self.pages.render(self.frame, page)?.html;
                self.leaves.push(Leaf { name: format!("{}-{n}", P::NAME), html });
            }
            Ok(())
        }
    }
    let mut album = Album { pages, frame, leaves: Vec::new() };
    every_page(&mut album)?;
    Ok(album.leaves)
}

/// Every mail.
///
/// # Errors
/// As [`Pages::render_mail`].
pub fn mails(pages: &Pages, frame: &MailFrame) -> Result<Vec<Leaf>, Error> {
    let leaf = |body: &MailBody| {
        let html = pages.render_mail(frame, body)?.html;
        Ok(Leaf { name: format!("mail-{}", body.name()), html })
    };
    MailBody::samples().iter().map(leaf).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_page_is_left_out() {
        struct Names(BTreeSet<String>);
        impl Beholder for Names {
            fn page<P: Page>(&mut self) -> Result<(), Error> {
                self.0.insert(format!("{}.html", P::NAME));
                Ok(())
            }
        }
        let mut shown = Names(BTreeSet::new());
        every_page(&mut shown).unwrap();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/templates/page");
        let files = std::fs::read_dir(folder).unwrap().flatten();
        let files: BTreeSet<_> = files.map(|f| f.file_name().to_string_lossy().into_owned()).collect();
        assert_eq!(shown.0, files);
    }
}
