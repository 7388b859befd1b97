use crate::DeskError;

/// The reason for a change, as it is kept in the evidence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reason(String);

/// The maximum length, in characters.
const LONGEST: usize = 200;

impl Reason {
    /// Reads what was typed.
    ///
    /// # Errors
    /// [`DeskError::NoReason`] where it says nothing or too much, [`DeskError::AddressInReason`] where it names an address.
    pub fn read(typed: &str) -> Result<Self, DeskError> {
        let text = typed.trim();
        if !text.chars().any(char::is_alphanumeric)
            || text.chars().count() > LONGEST
            || text.chars().any(char::is_control)
        {
            return Err(DeskError::NoReason);
        }
        if text.contains('@') {
            return Err(DeskError::AddressInReason);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_something_and_names_no_address() {
        assert_eq!(Reason::read("  au téléphone ").unwrap().text(), "au téléphone");
        for nothing in ["", " ", "...", "a\nb", &"x".repeat(201)] {
            assert!(matches!(Reason::read(nothing), Err(DeskError::NoReason)), "{nothing:?}");
        }
        let address = Reason::read("marie@exemple.test a appelé");
        assert!(matches!(address, Err(DeskError::AddressInReason)));
    }
}
