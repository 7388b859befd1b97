//! Password hashes at rest: each is sealed under a key outside the database, so that a stolen copy alone cannot be attacked (FINDING L6).
//!
//! Hashes of earlier versions are read as they are, and sealed at the next sign-in or by `moncompte keys reseal`. While a node of an earlier version runs, none is
//! sealed, for it could not read it.

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use kernel::{Context, Fault, SealKeys};
use zeroize::Zeroizing;

const PURPOSE: &str = "password hash";
/// The beginning of a sealed hash. A PHC string begins with "$".
const SEALED: &str = "sealed:";

/// Returns the form in which a PHC string is stored.
pub(crate) fn seal(context: &Context, phc: &str) -> String {
    if !context.keys.seals_hashes() {
        return phc.to_owned();
    }
    SEALED.to_owned() + &STANDARD_NO_PAD.encode(context.seal(PURPOSE, phc.as_bytes()))
}

/// Returns the PHC string of a stored hash.
pub(crate) fn open(keys: &SealKeys, stored: &str) -> Result<Zeroizing<String>, Fault> {
    let Some(sealed) = stored.strip_prefix(SEALED) else { return Ok(Zeroizing::new(stored.to_owned())) };
    let phc = keys.open(PURPOSE, &decoded(sealed)?)?;
    Ok(Zeroizing::new(std::str::from_utf8(&phc).map_err(|_| damaged())?.to_owned()))
}

/// Returns the hash sealed with the newest key; `None` if it is that already, or may not be sealed yet.
pub(crate) fn renew(context: &Context, stored: &str) -> Result<Option<String>, Fault> {
    let Some(sealed) = stored.strip_prefix(SEALED) else {
        return Ok(context.keys.seals_hashes().then(|| seal(context, stored)));
    };
    let again = context.reseal(PURPOSE, &decoded(sealed)?)?;
    Ok(again.map(|sealed| SEALED.to_owned() + &STANDARD_NO_PAD.encode(sealed)))
}

fn decoded(sealed: &str) -> Result<Vec<u8>, Fault> {
    STANDARD_NO_PAD.decode(sealed).map_err(|_| damaged())
}

fn damaged() -> Fault {
    Fault::Broken("a stored password hash is damaged".into())
}

#[cfg(test)]
mod tests {
    use kernel::SealKey;
    use testbed::Bed;

    use super::*;

    #[tokio::test]
    async fn a_hash_is_sealed_once_everybody_opens_it_and_again_under_a_new_key() {
        let bed = Bed::sqlite().await;
        let (phc, mut context) = ("$argon2id$v=19$m=64", bed.context.clone());
        context.keys.seal_hashes(false);
        assert_eq!(seal(&context, phc), phc);
        assert!(renew(&context, phc).unwrap().is_none());
        context.keys.seal_hashes(true);
        let sealed = renew(&context, phc).unwrap().expect("a plain one is sealed");
        assert!(sealed.starts_with("sealed:") && !sealed.contains("argon2"));
        assert_eq!(*open(&context.keys, &sealed).unwrap(), phc);
        assert!(renew(&context, &sealed).unwrap().is_none());
        context.keys = SealKeys::new(SealKey::new([9; 32]), vec![SealKey::new([7; 32])]).into();
        let again = renew(&context, &sealed).unwrap().expect("another key seals");
        context.keys = SealKeys::new(SealKey::new([9; 32]), vec![]).into();
        assert_eq!(*open(&context.keys, &again).unwrap(), phc);
        assert!(open(&context.keys, &sealed).is_err() && open(&context.keys, "sealed:=").is_err());
    }
}
