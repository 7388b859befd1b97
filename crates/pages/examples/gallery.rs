//! Writes every page and mail, in every state and both languages, as files to look at: `cargo run -p pages --example gallery -- DIR`.
//!
//! The style sheets and scripts are written too, and the links to them made relative: open `DIR/index.html`.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use pages::page::*;
use pages::{ASSET_ROOT, Contact, Frame, Locale, Look, MailBody, MailFrame, Page, Pages};

struct Gallery {
    folder: PathBuf,
    pages: Pages,
    index: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(env::args().nth(1).unwrap_or_else(|| "gallery".to_owned()));
    let mut gallery = Gallery { folder, pages: Pages::new()?, index: String::new() };
    write(&gallery.folder.join("look/tilleuls.css"), &look().stylesheet())?;
    for locale in Locale::ALL {
        gallery.all_pages(locale)?;
        gallery.mails(locale)?;
    }
    let index = format!("<!doctype html>\n<meta charset=\"utf-8\">\n<title>pages</title>\n{}", gallery.index);
    write(&gallery.folder.join("index.html"), &index)?;
    Ok(())
}

impl Gallery {
    fn all_pages(&mut self, locale: Locale) -> Result<(), Box<dyn std::error::Error>> {
        self.page::<SignIn>(locale)?;
        self.page::<Legacy>(locale)?;
        self.page::<ChooseAgency>(locale)?;
        self.page::<Notice>(locale)?;
        self.page::<Email>(locale)?;
        self.page::<Password>(locale)?;
        self.page::<LookAtYourMail>(locale)?;
        self.page::<MailCode>(locale)?;
        self.page::<Confirm>(locale)?;
        self.page::<LinkAccount>(locale)?;
        self.page::<Terms>(locale)?;
        self.page::<TermsRefused>(locale)?;
        self.page::<Connected>(locale)?;
        self.page::<NotLinked>(locale)?;
        self.page::<Forgot>(locale)?;
        self.page::<ForgotSent>(locale)?;
        self.page::<Reset>(locale)?;
        self.page::<LinkDead>(locale)?;
        self.page::<AlreadyConfirmed>(locale)?;
        self.page::<Home>(locale)?;
        self.page::<AccountSessions>(locale)?;
        self.page::<AccountAgencies>(locale)?;
        self.page::<AccountAcceptances>(locale)?;
        self.page::<AccountReceipt>(locale)?;
        self.page::<AccountEmail>(locale)?;
        self.page::<AccountEmailAsked>(locale)?;
        self.page::<NewAddress>(locale)?;
        self.page::<NewAddressDone>(locale)?;
        self.page::<TakeBack>(locale)?;
        self.page::<AccountName>(locale)?;
        self.page::<AccountLanguage>(locale)?;
        self.page::<AccountPassword>(locale)?;
        self.page::<SignOutConfirm>(locale)?;
        self.page::<SigningOut>(locale)?;
        self.page::<SignedOut>(locale)?;
        self.page::<Help>(locale)?;
        self.page::<Problem>(locale)?;
        self.page::<FormPost>(locale)
    }

    fn page<P: Page>(&mut self, locale: Locale) -> Result<(), Box<dyn std::error::Error>> {
        for (n, sample) in P::samples().iter().enumerate() {
            // Pages that belong to no agency are shown as they will be.
            let look = (P::NAME != "home" && P::NAME != "choose-agency" && !P::NAME.starts_with("account-"))
                .then(look);
            let frame = Frame {
                locale,
                look,
                csrf: "csrf-of-the-gallery".into(),
                base: "/authorize/0192".into(),
                issuer_host: "compte.example.fr".into(),
            };
            let rendered = self.pages.render(&frame, sample)?;
            self.save_assets(&rendered.html)?;
            let html =
                rendered.html.replace("=\"/assets/", "=\"../assets/").replace("=\"/look/", "=\"../look/");
            self.save(&format!("{}/{}-{n}.html", locale.tag(), P::NAME), &html)?;
        }
        Ok(())
    }

    fn mails(&mut self, locale: Locale) -> Result<(), Box<dyn std::error::Error>> {
        for (n, body) in MailBody::samples().iter().enumerate() {
            let look = (!matches!(body.name(), "password-changed" | "new-device")
                && !body.name().contains("-address")
                && !body.name().starts_with("address-"))
            .then(look);
            let frame = MailFrame { locale, look, issuer: "https://compte.example.fr".into() };
            let mail = self.pages.render_mail(&frame, body)?;
            let name = format!("{}/mail-{}-{n}", locale.tag(), body.name());
            self.save(&format!("{name}.html"), &mail.html)?;
            self.save(&format!("{name}.txt"), &format!("Subject: {}\n\n{}", mail.subject, mail.text))?;
        }
        Ok(())
    }

    fn save(&mut self, name: &str, text: &str) -> io::Result<()> {
        self.index.push_str(&format!("<p><a href=\"{name}\">{name}</a> {} bytes</p>\n", text.len()));
        write(&self.folder.join(name), text)
    }

    fn save_assets(&self, html: &str) -> io::Result<()> {
        for part in html.split(ASSET_ROOT).skip(1) {
            let Some(path) = part.split('"').next() else { continue };
            let Some((_, bytes)) = pages::asset(path) else { continue };
            write(&self.folder.join("assets").join(path), &String::from_utf8_lossy(bytes))?;
        }
        Ok(())
    }
}

fn look() -> Look {
    Look {
        agency_id: "tilleuls".into(),
        agency_name: "Agence des Tilleuls".into(),
        accent: "#2f6b3a".into(),
        logo_url: None,
        contact: Contact {
            phone: Some("04 72 00 00 00".into()),
            email: Some("contact@tilleuls.example".into()),
            hours: Some("du lundi au vendredi, 9 h – 18 h".into()),
            website: Some("https://www.tilleuls.example".into()),
            address: Some("12 rue des Tilleuls\n69003 Lyon".into()),
        },
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}
