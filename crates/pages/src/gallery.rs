//! Every page and mail in every state, from the samples: for pictures, and for automatic checks of accessibility.

use crate::page::{
    AccountAcceptances, AccountAgencies, AccountEmail, AccountEmailAsked, AccountLanguage, AccountLooks,
    AccountName, AccountPassword, AccountReceipt, AccountSessions, AlreadyConfirmed, ChooseAgency, Confirm,
    Connected, Desk, DeskCode, DeskPerson, DeskSearch, Email, Finished, Forgot, ForgotSent, FormPost, GoOn,
    Help, Home, Invitation, Legacy, LinkAccount, LinkDead, LinkMissing, LookAtYourMail, MailCode, Memo,
    NewAddress, NewAddressDone, NotLinked, Notice, Page, Password, PasswordSet, Problem, Reset, SignIn,
    SignOutConfirm, SignedOut, SigningOut, TakeBack, Terms, TermsRefused,
};
use crate::{Contact, CustomTexts, Error, Frame, LocalizedText, MailBody, MailFrame, Pages, Theme};

/// A page or a mail in one of its states.
pub struct Sample {
    /// The template's name and the number of the state: `sign-in-2`.
    pub name: String,
    /// The whole document.
    pub html: String,
}

/// A visitor of every page.
pub trait PageVisitor {
    /// Visits a page.
    ///
    /// # Errors
    /// The visitor's own error, which ends the visit.
    fn page<P: Page>(&mut self) -> Result<(), Error>;
}

/// Returns the theme of an agency that fills every place.
pub fn look() -> Theme {
    let said = |fr: &str, en: &str| Some(LocalizedText { fr: fr.into(), en: en.into() });
    Theme {
        agency_id: "tilleuls".into(),
        agency_name: "Agence des Tilleuls".into(),
        accent: "#1f6f54".into(),
        second: Some("#c26a1b".into()),
        logo_url: None,
        contact: Contact {
            phone: Some("02 97 00 00 01".into()),
            email: Some("accueil@tilleuls.example".into()),
            hours: Some("du lundi au vendredi, de 9 h à 18 h".into()),
            website: Some("https://www.tilleuls.example".into()),
            address: Some("12 rue des Tilleuls\n56100 Lorient".into()),
        },
        words: CustomTexts {
            sign_in: said(
                "Bienvenue. Vos appels de charges et vos comptes rendus d’assemblée vous attendent.",
                "Welcome. Your service charge statements and the minutes of your meetings are waiting for you.",
            ),
            notice: said(
                "Nous vous avons écrit à ce sujet dans notre lettre d’octobre.",
                "We wrote to you about this in our letter of October.",
            ),
            contact: said(
                "Madame Le Goff vous aide volontiers, pas à pas, au téléphone ou à l’agence.",
                "Mrs Le Goff gladly helps you step by step, on the phone or at the office.",
            ),
            mail: said("L’équipe des Tilleuls vous remercie.", "Thank you from the team at Les Tilleuls."),
        },
        rehearsal: false,
    }
}

/// Visits every page. A test compares this list with the templates.
///
/// # Errors
/// As [`PageVisitor::page`].
pub fn every_page(visitor: &mut impl PageVisitor) -> Result<(), Error> {
    macro_rules! show {
        ($($page:ty),* $(,)?) => { $(visitor.page::<$page>()?;)* };
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
        LinkMissing,
        AlreadyConfirmed,
        PasswordSet,
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
        Invitation,
        AccountName,
        AccountLanguage,
        AccountPassword,
        Memo,
        AccountLooks,
        Desk,
        DeskSearch,
        DeskPerson,
        DeskCode,
        SignOutConfirm,
        SigningOut,
        SignedOut,
        Help,
        Problem,
        FormPost,
        GoOn,
        Finished,
    );
    Ok(())
}

/// Returns every page in every state, in one frame.
///
/// # Errors
/// As [`Pages::render`].
pub fn pages(pages: &Pages, frame: &Frame) -> Result<Vec<Sample>, Error> {
    struct Album<'a> {
        pages: &'a Pages,
        frame: &'a Frame,
        leaves: Vec<Sample>,
    }
    impl PageVisitor for Album<'_> {
        fn page<P: Page>(&mut self) -> Result<(), Error> {
            for (n, page) in P::samples().iter().enumerate() {
                let html = self.pages.render(self.frame, page)?.html;
                self.leaves.push(Sample { name: format!("{}-{n}", P::NAME), html });
            }
            Ok(())
        }
    }
    let mut album = Album { pages, frame, leaves: Vec::new() };
    every_page(&mut album)?;
    Ok(album.leaves)
}

/// Returns every mail.
///
/// # Errors
/// As [`Pages::render_mail`].
pub fn mails(pages: &Pages, frame: &MailFrame) -> Result<Vec<Sample>, Error> {
    let leaf = |body: &MailBody| {
        let html = pages.render_mail(frame, body)?.html;
        Ok(Sample { name: format!("mail-{}", body.name()), html })
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
        impl PageVisitor for Names {
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
