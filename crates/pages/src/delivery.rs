//! The report on a file of an agency, for the agency's own people: one page in French that stands alone, to be mailed or printed.

use serde::Serialize;

/// The content of the page. All texts are French.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DeliveryReport {
    /// The agency's name.
    pub agency: String,
    /// The name of the file.
    pub file: String,
    /// True if the file has all clients of the agency.
    pub complete: bool,
    /// Rows of the file.
    pub rows: u64,
    /// Rows that are left out.
    pub bad: u64,
    /// Why the file is not imported; empty if it can be.
    pub guards: Vec<String>,
    /// The changes of the file.
    pub effects: Vec<DeliveryLine>,
    /// Masked examples.
    pub samples: Vec<DeliverySample>,
    /// The columns that the file names in its own way: the name, and what is read in it.
    pub columns: Vec<(String, String)>,
    /// Why rows are left out.
    pub reasons: Vec<DeliveryLine>,
    /// The oddities in rows that are taken.
    pub warnings: Vec<DeliveryLine>,
}

/// A count with its words.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DeliveryLine {
    /// The thing that is counted.
    pub words: String,
    /// How many.
    pub count: u64,
    /// `3, 14, 15…`; empty if the file has no lines for it.
    pub lines: String,
}

/// A masked example.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DeliverySample {
    /// The identifier, all but its ends hidden.
    pub identifier: String,
    /// The line in the file; empty for one that is missing there.
    pub line: String,
    /// The kind of change.
    pub what: String,
}

impl DeliveryLine {
    /// Returns a count with the first lines that it is of.
    pub fn new(words: impl Into<String>, count: u64, lines: &[u64]) -> Self {
        let mut shown = lines.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
        if !lines.is_empty() && count > lines.len() as u64 {
            shown.push('…');
        }
        Self { words: words.into(), count, lines: shown }
    }
}

/// Beginnings and parts of the reasons for which a row is left out, or its hash, as the reading of files gives them, and what an agency's secretary is told.
const REASONS: [(&str, &str); 23] = [
    (
        "references of the identifier on line",
        "Un même identifiant porte trop de références\u{a0}: est-ce la bonne colonne\u{a0}?",
    ),
    (
        "a spreadsheet",
        "L’identifiant a été abîmé par un tableur\u{a0}: mettez la colonne au format Texte avant de coller.",
    ),
    ("`identifier` is missing", "L’identifiant manque."),
    ("`identifier` is empty by the rules", "L’identifiant ne contient aucun caractère utile."),
    (
        "the file ends within",
        "Le fichier s’arrête au milieu de cette ligne\u{a0}: il a peut-être été coupé pendant l’envoi.",
    ),
    ("`identifier`", "L’identifiant ne peut pas être lu (trop long, ou caractère invisible)."),
    ("not a JSON object", "La ligne n’est pas au format attendu (JSON)."),
    ("a double quote opens", "Un guillemet ouvre une valeur et rien ne le referme."),
    ("behind a closing double quote", "Du texte suit un guillemet fermant."),
    ("fields where the header has", "La ligne n’a pas le même nombre de colonnes que l’en-tête."),
    ("a column that has no name", "Une valeur se trouve dans une colonne sans titre."),
    ("more than", "La ligne a trop de colonnes."),
    ("the line is longer", "La ligne est trop longue."),
    ("a value goes on to line", "Une valeur s’étend sur trop de lignes."),
    (
        "the file cannot be read",
        "Le fichier ne peut pas être lu plus loin\u{a0}: il a peut-être été coupé pendant l’envoi.",
    ),
    (
        "stands beside a `password_hash`",
        "La ligne donne à la fois un mot de passe en clair et son empreinte\u{a0}: aucun des deux n’est pris.",
    ),
    (
        "the hash of an empty password",
        "L’empreinte est celle d’un mot de passe vide, ou un mot comme NULL\u{a0}: elle n’est pas prise.",
    ),
    ("looks like no known format", "L’empreinte du mot de passe a un format inconnu."),
    (
        "a bare hex hash",
        "Le fichier ne dit pas comment l’empreinte du mot de passe a été calculée (colonne hash_format).",
    ),
    ("holds no known name", "La colonne hash_format ne contient ni un nom connu ni une formule."),
    ("`hash_format`", "L’empreinte du mot de passe n’est pas du format annoncé (colonne hash_format)."),
    ("above the limit", "L’empreinte du mot de passe demanderait trop de calcul."),
    ("kept without", "L’empreinte du mot de passe est abîmée ou coupée."),
];

/// The mistakes of a recipe, and the words in which an agency's secretary reads them.
const RECIPES: [(&str, &str); 12] = [
    ("the words are", "un mot est inconnu\u{a0}; les mots sont password, salt, user et key"),
    ("the functions are", "une fonction est inconnue"),
    ("a `)` is missing", "il manque une parenthèse fermante"),
    ("something stands behind", "du texte suit la fin"),
    ("a quote opens", "une apostrophe ou un guillemet n’est pas refermé"),
    ("a number belongs here", "il faut un nombre à cet endroit"),
    ("the word `password`", "le mot password n’y figure pas"),
    ("wants", "il manque une virgule ou une valeur à une fonction"),
    ("too deep", "trop de parenthèses sont imbriquées"),
    ("too long", "elle est trop longue"),
    ("leaves nothing", "une coupe ne laisse rien"),
    ("", "elle ne peut pas être suivie"),
];

/// The columns of a file, and what an agency's secretary calls them.
const COLUMNS: [(&str, &str); 29] = [
    ("identifier", "l’identifiant"),
    ("client_ref", "votre référence du client"),
    ("password_hash", "l’empreinte du mot de passe"),
    ("hash_format", "le format de l’empreinte"),
    ("salt", "le sel de l’empreinte"),
    ("hash_user", "le nom utilisé dans l’empreinte"),
    ("hash_key", "la clé de l’empreinte"),
    ("password", "le mot de passe"),
    ("email", "l’adresse email"),
    ("name", "le nom complet"),
    ("given_name", "le prénom"),
    ("family_name", "le nom de famille"),
    ("middle_name", "le deuxième prénom"),
    ("nickname", "le surnom"),
    ("preferred_username", "le nom d’usage"),
    ("gender", "la civilité"),
    ("birthdate", "la date de naissance"),
    ("phone_number", "le téléphone"),
    ("locale", "la langue"),
    ("zoneinfo", "le fuseau horaire"),
    ("street_address", "la rue"),
    ("postal_code", "le code postal"),
    ("locality", "la ville"),
    ("region", "la région"),
    ("country", "le pays"),
    ("address_line_1", "la 1re ligne d’adresse"),
    ("address_line_2", "la 2e ligne d’adresse"),
    ("address_line_3", "la 3e ligne d’adresse"),
    ("address_line_4", "la 4e ligne d’adresse"),
];

/// Returns a column of a file in French.
pub fn column_in_french(column: &str) -> &'static str {
    COLUMNS.iter().find(|(name, _)| *name == column).map_or("une autre information", |(_, french)| french)
}

/// Returns in French in what two rows or two deliveries differ.
pub fn difference_in_french(difference: &str) -> &'static str {
    match difference {
        "reference" => "référence",
        "address" | "email" => "adresse email",
        "name" => "nom",
        "hash" => "mot de passe",
        _ => "autre information",
    }
}

/// Returns the differences that a reason names behind `with another`, in French.
fn differences_in_french(reason: &str) -> String {
    let named = reason.rsplit_once("with another ").map_or("", |(_, named)| named);
    let french: Vec<&str> = named.split(", ").map(difference_in_french).collect();
    french.join(", ")
}

/// Returns in French what becomes of a further row of an identity.
pub fn household_in_french(reason: &str) -> String {
    let what = match reason.starts_with("the same identifier and hash") {
        true => "Le même identifiant et le même mot de passe qu’une autre ligne",
        false => "Le même identifiant qu’une autre ligne, sans empreinte lisible",
    };
    let kept = match reason.contains("another reference") {
        true => "ces personnes verront toutes ces références dans un seul compte",
        false => "l’autre ligne est conservée",
    };
    format!("{what} (différence\u{a0}: {})\u{a0}: {kept}", differences_in_french(reason))
}

/// Returns the mistake in a recipe, `the recipe in …, at character 5: a number belongs here`, in French.
fn recipe_in_french(reason: &str) -> Option<String> {
    let (_, rest) = reason.split_once("the recipe in `hash_format`, at character ")?;
    let (at, what) = rest.split_once(": ")?;
    let known = RECIPES.iter().find(|(part, _)| what.contains(part)).map_or("", |(_, french)| french);
    Some(format!("La formule de la colonne hash_format est fausse, au caractère {at}\u{a0}: {known}."))
}

/// Returns the reason for which a row is left out, or its hash, in French. One that is not known is told in general.
pub fn reason_in_french(reason: &str) -> String {
    if let Some(french) = recipe_in_french(reason) {
        return french;
    }
    if reason.starts_with("the same identifier as on line") {
        return format!(
            "Le même identifiant figure sur une autre ligne du fichier, avec un autre mot de passe (différence\u{a0}: {})\u{a0}: laquelle est juste\u{a0}?",
            differences_in_french(reason)
        );
    }
    let known = REASONS.iter().find(|(part, _)| reason.contains(part));
    known
        .map_or("L’identifiant ou l’empreinte du mot de passe ne peut pas être lu.", |(_, french)| {
            french
        })
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pages;

    #[test]
    fn a_report_is_one_page_that_stands_alone() {
        let report = DeliveryReport {
            agency: "Agence <des> Tilleuls".into(),
            file: "clients.csv".into(),
            complete: true,
            rows: 10_000,
            bad: 2,
            guards: vec!["Plus d’un client sur dix manque dans ce fichier.".into()],
            effects: vec![DeliveryLine::new("Nouveaux clients", 200, &[])],
            samples: vec![DeliverySample {
                identifier: "00••••45".into(),
                line: "3".into(),
                what: "adresse".into(),
            }],
            columns: vec![("N° client".into(), column_in_french("identifier").into())],
            reasons: vec![DeliveryLine::new(
                reason_in_french("the same identifier as on line 7"),
                2,
                &[3, 9],
            )],
            warnings: vec![DeliveryLine::new("Sans adresse", 12, &[1, 2])],
        };
        let page = Pages::new().unwrap().delivery_report(&report).unwrap();
        for part in [
            "Agence &lt;des&gt; Tilleuls",
            "N° client",
            "l’identifiant",
            "n’a pas été importé",
            "00••••45",
            "3, 9",
            "1, 2…",
            "lang=\"fr\"",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert!(!page.contains("src=") && !page.contains("href="), "it loads nothing");
        let clean = DeliveryReport { guards: vec![], bad: 0, ..report };
        assert!(Pages::new().unwrap().delivery_report(&clean).unwrap().contains("Toutes les lignes"));
    }

    #[test]
    fn a_reason_is_told_in_french_whatever_it_is() {
        assert!(
            reason_in_french("the hash looks like no known format (see docs/import.md)")
                .contains("format inconnu")
        );
        assert!(reason_in_french("something new").starts_with("L’identifiant"));
        assert_eq!(
            reason_in_french(
                "the recipe in `hash_format`, at character 14: a `)` is missing: the identity is kept without it"
            ),
            "La formule de la colonne hash_format est fausse, au caractère 14\u{a0}: il manque une parenthèse fermante."
        );
        assert!(
            reason_in_french("the recipe in `hash_format`, at character 5: something new")
                .ends_with("elle ne peut pas être suivie.")
        );
        for (reason, part) in [
            ("a spreadsheet made a number of `identifier`, such as 1.00E+06", "tableur"),
            ("`identifier` is longer than it may be", "trop long"),
            ("bcrypt: the hash is cut off: the identity is kept without it", "abîmée"),
        ] {
            assert!(reason_in_french(reason).contains(part), "{reason}");
        }
    }
}
