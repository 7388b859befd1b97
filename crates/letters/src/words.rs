//! The words of the letter.

use crate::{Day, Face, Letter, sheet::Run};

/// The language of a person.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Language {
    /// French.
    #[default]
    French,
    /// English.
    English,
}

const MONTHS: [[&str; 2]; 12] = [
    ["janvier", "January"],
    ["février", "February"],
    ["mars", "March"],
    ["avril", "April"],
    ["mai", "May"],
    ["juin", "June"],
    ["juillet", "July"],
    ["août", "August"],
    ["septembre", "September"],
    ["octobre", "October"],
    ["novembre", "November"],
    ["décembre", "December"],
];

impl Language {
    /// Reads a `locale`; all but English is French.
    pub fn of(locale: &str) -> Self {
        if locale.get(..2).is_some_and(|begin| begin.eq_ignore_ascii_case("en")) {
            Self::English
        } else {
            Self::French
        }
    }

    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::French => "fr",
            Self::English => "en",
        }
    }

    fn day(self, Day { year, month, day }: Day) -> String {
        let names = MONTHS[usize::from(month.clamp(1, 12)) - 1];
        match self {
            Self::French if day == 1 => format!("1er {} {year}", names[0]),
            Self::French => format!("{day} {} {year}", names[0]),
            Self::English => format!("{day} {} {year}", names[1]),
        }
    }
}

pub(crate) struct Words {
    pub(crate) reference: String,
    pub(crate) place_and_date: String,
    pub(crate) subject: String,
    pub(crate) greeting: String,
    pub(crate) why: String,
    pub(crate) how: String,
    pub(crate) steps: [String; 3],
    pub(crate) code: String,
    pub(crate) identifier: String,
    pub(crate) until: String,
    pub(crate) help: Vec<Run>,
    pub(crate) closing: Vec<String>,
    pub(crate) foot: String,
}

impl Words {
    pub(crate) fn of(language: Language, face: &Face, letter: &Letter<'_>) -> Self {
        match language {
            Language::French => french(face, letter),
            Language::English => english(face, letter),
        }
    }
}

/// Plain text with parts in bold, of which none is read for marks.
fn help(before: &str, phone: Option<&String>, hours: Option<&String>, after: &str) -> Vec<Run> {
    let plain = |text: String| Run { bold: false, text };
    let mut runs = vec![plain(before.to_owned())];
    if let Some(phone) = phone {
        // A number is not broken between lines.
        runs.push(Run { bold: true, text: phone.replace(' ', "\u{a0}") });
    }
    runs.push(plain(match hours {
        Some(hours) => format!(" ({hours}). {after}"),
        None => format!(". {after}"),
    }));
    runs
}

fn french(face: &Face, letter: &Letter<'_>) -> Words {
    let day = |day| Language::French.day(day);
    let date = day(letter.date);
    Words {
        reference: format!("Votre référence\u{a0}: {}", letter.reference),
        place_and_date: match &face.city {
            Some(city) => format!("{city}, le {date}"),
            None => format!("Le {date}"),
        },
        subject: "Votre nouvel accès à l’espace client".into(),
        greeting: letter.name.map_or_else(|| "Bonjour,".into(), |name| format!("Bonjour {name},")),
        why: "Votre espace client s’ouvre désormais avec votre adresse email et un mot de passe que vous choisissez vous-même. \
              L’ancien identifiant sert une dernière fois, avec le code de cette lettre. Votre dossier et vos documents ne changent pas."
            .into(),
        how: "Trois étapes, une dizaine de minutes, quand vous voulez\u{a0}:".into(),
        steps: [
            "Visez le carré ci-dessous avec l’appareil photo de votre téléphone. Ou bien, sur un ordinateur, tapez tout en haut \
             de l’écran l’adresse écrite dans le cadre."
                .into(),
            "Donnez votre **identifiant** et votre **code**\u{a0}: le carré les remplit pour vous.".into(),
            "Choisissez votre adresse email et votre mot de passe\u{a0}: la page vous guide.".into(),
        ],
        code: "Votre code".into(),
        identifier: "Votre identifiant\u{a0}:".into(),
        until: format!(
            "Ce code fonctionne **jusqu’au {}** et remplace ceux que vous auriez reçus avant. Ne le donnez à personne\u{a0}: \
             nous ne vous le demanderons jamais, ni au téléphone, ni par email.",
            day(letter.until).replace(' ', "\u{a0}")
        ),
        help: match &face.phone {
            Some(_) => help(
                "Une question, une hésitation\u{a0}? Appelez-nous au ",
                face.phone.as_ref(),
                face.hours.as_ref(),
                "Nous ferons le chemin avec vous, pas à pas.",
            ),
            None => help("Une question, une hésitation\u{a0}? Venez nous voir", None, None, "Nous ferons le chemin avec vous, pas à pas."),
        },
        closing: vec!["Bien à vous,".into(), face.agency.clone()],
        foot: match letter.language {
            Language::French => "In English: the pages behind this address are in English too; ask us for this letter.".into(),
            Language::English => "English on the next page.".into(),
        },
    }
}

fn english(face: &Face, letter: &Letter<'_>) -> Words {
    let day = |day| Language::English.day(day);
    let date = day(letter.date);
    Words {
        reference: format!("Your reference: {}", letter.reference),
        place_and_date: match &face.city {
            Some(city) => format!("{city}, {date}"),
            None => date,
        },
        subject: "Your new access to the client space".into(),
        greeting: letter.name.map_or_else(|| "Hello,".into(), |name| format!("Hello {name},")),
        why: "From now on your client space opens with your email address and a password that you choose yourself. You need the old \
              identifier one last time, with the code of this letter. Your file and your documents do not change."
            .into(),
        how: "Three steps, about ten minutes, whenever it suits you:".into(),
        steps: [
            "Point the camera of your phone at the square below. Or, on a computer, type the address in the frame at the very top of \
             the screen."
                .into(),
            "Give your **identifier** and your **code**: the square fills them in for you.".into(),
            "Choose your email address and your password: the page guides you.".into(),
        ],
        code: "Your code".into(),
        identifier: "Your identifier:".into(),
        until: format!(
            "This code works **until {}** and replaces those that you may have received before. Give it to nobody: we shall never ask \
             you for it, neither on the telephone nor by email.",
            day(letter.until).replace(' ', "\u{a0}")
        ),
        help: match &face.phone {
            Some(_) => help(
                "A question, a doubt? Call us: ",
                face.phone.as_ref(),
                face.hours.as_ref(),
                "We shall go through it with you, step by step.",
            ),
            None => help("A question, a doubt? Come and see us", None, None, "We shall go through it with you, step by step."),
        },
        closing: vec!["Yours sincerely,".into(), face.agency.clone()],
        foot: "En français\u{a0}: page précédente.".into(),
    }
}
