//! People by name.

/// The password that people of tests choose.
pub const PASSWORD: &str = "soleil mandarine brouette";

/// Somebody whom an agency knows, and what they choose when they move. The agency exports their password in the clear.
#[derive(Clone, Debug)]
pub struct Persona {
    /// Their name in the agency's file, empty where the file has none.
    pub name: String,
    /// The agency's id.
    pub agency: String,
    /// Their identifier at the agency.
    pub identifier: String,
    /// The agency's reference for them.
    pub client_ref: String,
    /// Their password at the agency.
    pub old: String,
    /// Their address, in the agency's file and for the move.
    pub email: String,
    /// The password that they choose.
    pub new: String,
}

impl Persona {
    /// Marie Durand, a tenant of the Agence des Tilleuls: 100, CT-1.
    pub fn marie() -> Self {
        Self::of_tilleuls(1, "Marie Durand", "marie@exemple.test")
    }

    /// Paul Martin, her neighbour: 101, CT-2.
    pub fn paul() -> Self {
        Self::of_tilleuls(2, "Paul Martin", "paul@exemple.test")
    }

    /// Jeanne, of whom the agency has neither address nor name: 102, CT-3.
    pub fn jeanne() -> Self {
        Self { name: String::new(), ..Self::of_tilleuls(3, "", "") }
    }

    /// All whom the Agence des Tilleuls exports.
    pub fn all() -> [Self; 3] {
        [Self::marie(), Self::paul(), Self::jeanne()]
    }

    fn of_tilleuls(n: usize, name: &str, email: &str) -> Self {
        Self {
            name: name.into(),
            agency: "tilleuls".into(),
            identifier: format!("{}", 99 + n),
            client_ref: format!("CT-{n}"),
            old: format!("Vieux-Secret {n}"),
            email: email.into(),
            new: PASSWORD.into(),
        }
    }

    /// One of a crowd, each with a password of their own, at the agency of a place.
    pub fn number(n: usize) -> Self {
        // In letters: a password may not hold the number that is in the address.
        let letters: String = n.to_string().bytes().map(|digit| char::from(digit - b'0' + b'p')).collect();
        let identifier = format!("{n:06}");
        Self {
            name: String::new(),
            agency: "exemple".into(),
            client_ref: format!("REF-{identifier}"),
            identifier,
            old: format!("ancien-{n}"),
            email: format!("personne.{n}@courrier.example"),
            new: format!("quatre mouettes bleues {letters}"),
        }
    }

    /// Their row in the smallest file: identifier, password, address.
    pub fn row(&self) -> (String, String, String) {
        (self.identifier.clone(), self.old.clone(), self.email.clone())
    }
}

/// The file with which an agency hands people over.
pub fn csv<'a>(people: impl IntoIterator<Item = &'a Persona>) -> String {
    let mut text = String::from("identifier,client_ref,password,email,name\n");
    for Persona { identifier, client_ref, old, email, name, .. } in people {
        text += &format!("{identifier},{client_ref},{old},{email},{name}\n");
    }
    text
}
