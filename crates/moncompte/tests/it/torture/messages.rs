//! The mails that arrived, each read once.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::Mutex,
    time::SystemTime,
};

use mail_parser::MessageParser;

/// A mail that arrived.
#[derive(Clone)]
pub struct Message {
    pub id: String,
    pub to: String,
    /// Its link to confirm an address or to set a password, if there is one.
    pub link: Option<String>,
    arrived: SystemTime,
}

/// A folder of mails.
pub struct Messages {
    folder: PathBuf,
    read: Mutex<HashMap<PathBuf, Message>>,
}

impl Messages {
    pub fn of(folder: PathBuf) -> Self {
        Self { folder, read: Mutex::default() }
    }

    /// All of them, the newest last.
    pub fn all(&self) -> Vec<Message> {
        let mut read = self.read.lock().unwrap();
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()).filter(|p| p.extension().is_some_and(|e| e == "eml")) {
            // One that is still being written is read the next time.
            if !read.contains_key(&path)
                && let Some(message) = open(&path)
            {
                read.insert(path, message);
            }
        }
        let mut all: Vec<_> = read.values().cloned().collect();
        all.sort_by_key(|message| message.arrived);
        all
    }

    /// Links mailed to this address that lead to `page`, the newest last.
    pub fn links(&self, to: &str, page: &str) -> Vec<String> {
        let mine =
            self.all().into_iter().filter(|message| message.to == to).filter_map(|message| message.link);
        mine.filter(|link| link.contains(page)).collect()
    }
}

fn open(path: &Path) -> Option<Message> {
    let bytes = fs::read(path).ok()?;
    let mail = MessageParser::default().parse(&bytes)?;
    let text = mail.body_text(0)?;
    let link = text.split_whitespace().find(|word| word.contains("?token=")).map(str::to_owned);
    Some(Message {
        id: mail.message_id()?.to_owned(),
        to: mail.to()?.first()?.address()?.to_owned(),
        link,
        arrived: fs::metadata(path).ok()?.modified().ok()?,
    })
}
