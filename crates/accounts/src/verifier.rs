//! The forms in which an old hash rests in the database.

use kernel::{Context, Fault};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use legacy::{
    CostlyRecipes, Reading,
    hash::{Recipe, Strength, Verifier},
};

use crate::{Busy, Hasher, pepper};

const PURPOSE: &str = "legacy verifier";

/// The form in which a verifier is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// There is none.
    None,
    /// bcrypt or better: not wrapped, and sealed as our own hashes are (`pepper`).
    Bare,
    /// Weaker: sealed until the worker wraps it.
    Sealed,
    /// Argon2id over the old digest.
    Wrapped,
}

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Bare => "bare",
            Self::Sealed => "sealed",
            Self::Wrapped => "wrapped",
        }
    }

    /// Reads the text of the column. One that only a newer version knows is none.
    #[allow(clippy::unnecessary_wraps, reason = "as every enum in a column is read")]
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let known = [Self::Bare, Self::Sealed, Self::Wrapped].into_iter().find(|kind| kind.as_str() == text);
        Some(known.unwrap_or(Self::None))
    }
}

#[derive(Serialize, Deserialize)]
struct Wrapped {
    recipe: String,
    phc: String,
}

/// A verifier as read from its columns.
pub(crate) enum Stored {
    None,
    Verifier(Verifier),
    Wrapped(Recipe, String),
}

/// The columns of a verifier that was just imported.
pub(crate) fn rest(context: &Context, verifier: Option<&Verifier>) -> Result<(Kind, Option<Vec<u8>>), Fault> {
    let Some(verifier) = verifier else {
        return Ok((Kind::None, None));
    };
    let text = verifier.to_text();
    Ok(match verifier.strength() {
        Strength::Strong => (Kind::Bare, Some(pepper::seal(context, &text).into_bytes())),
        Strength::Weak => (Kind::Sealed, Some(context.seal(PURPOSE, text.as_bytes()))),
    })
}

/// Reads the columns.
pub(crate) fn read(context: &Context, kind: Kind, bytes: Option<&[u8]>) -> Result<Stored, Fault> {
    let Some(bytes) = bytes else {
        return Ok(Stored::None);
    };
    let damaged = |_| Fault::Broken("a stored legacy verifier is damaged".into());
    let of_plain = |text: &str| -> Result<Stored, Fault> {
        Ok(Stored::Verifier(Verifier::from_text(text).map_err(damaged)?))
    };
    match kind {
        Kind::None => Ok(Stored::None),
        Kind::Bare => of_plain(&pepper::open(&context.keys, text_of(bytes)?)?),
        Kind::Sealed => of_plain(text_of(&context.keys.open(PURPOSE, bytes)?)?),
        Kind::Wrapped => {
            let wrapped: Wrapped = serde_json::from_slice(bytes)?;
            let phc = pepper::open(&context.keys, &wrapped.phc)?.to_string();
            Ok(Stored::Wrapped(Recipe::parse(&wrapped.recipe).map_err(damaged)?, phc))
        }
    }
}

fn text_of(bytes: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(bytes).map_err(|_| Fault::Broken("a stored legacy verifier is damaged".into()))
}

/// Argon2id over the digest.
pub(crate) async fn wrap(context: &Context, hasher: &Hasher, verifier: &Verifier) -> Result<Vec<u8>, Busy> {
    let phc = Zeroizing::new(hasher.hash(verifier.digest()).await?);
    let wrapped = Wrapped { recipe: verifier.recipe().to_text(), phc: pepper::seal(context, &phc) };
    Ok(serde_json::to_vec(&wrapped).unwrap_or_default())
}

/// Returns the columns sealed with the newest key; `None` if they are that already, or hold nothing that is sealed.
pub(crate) fn renew(context: &Context, kind: Kind, bytes: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
    match kind {
        Kind::None => Ok(None),
        Kind::Bare => Ok(pepper::renew(context, text_of(bytes)?)?.map(String::into_bytes)),
        Kind::Sealed => context.reseal(PURPOSE, bytes),
        Kind::Wrapped => {
            let wrapped: Wrapped = serde_json::from_slice(bytes)?;
            let Some(phc) = pepper::renew(context, &wrapped.phc)? else { return Ok(None) };
            Ok(Some(serde_json::to_vec(&Wrapped { phc, ..wrapped })?))
        }
    }
}

impl Stored {
    /// The recipe of its digest.
    pub(crate) fn recipe(&self) -> Option<&Recipe> {
        match self {
            Self::None => None,
            Self::Verifier(verifier) => Some(verifier.recipe()),
            Self::Wrapped(recipe, _) => Some(recipe),
        }
    }
}

/// Checks the readings of an old password, one after the other; returns the place of the one that is right, or [`Busy`] when there is no room to hash. `read`
/// reads the columns. Each reading costs the same, whoever is meant.
pub(crate) async fn find_right(
    hasher: &Hasher,
    read: impl Fn() -> Result<Stored, Fault>,
    costly: &CostlyRecipes,
    readings: &[Reading],
) -> Result<Result<Option<usize>, Busy>, Fault> {
    for (at, reading) in readings.iter().enumerate() {
        match check(hasher, read()?, costly, reading.bytes.clone()).await {
            Ok(true) => return Ok(Ok(Some(at))),
            Ok(false) => {}
            Err(busy) => return Ok(Err(busy)),
        }
    }
    Ok(Ok(None))
}

/// Checks one reading of an old password. Every path costs the agency's costly recipes, once each, and one Argon2 of ours.
async fn check(
    hasher: &Hasher,
    stored: Stored,
    costly: &CostlyRecipes,
    password: Zeroizing<Vec<u8>>,
) -> Result<bool, Busy> {
    let others = costly.beside(stored.recipe());
    hasher.did_costly(others.len() + usize::from(stored.recipe().and_then(Recipe::class).is_some()));
    let copy = password.clone();
    let old = hasher
        .run(move |_| {
            for other in others {
                // What would be right for nobody takes its time, and is thrown away.
                std::hint::black_box(other.digest(&copy));
            }
            match stored {
                Stored::None => Old::Nobody,
                Stored::Verifier(verifier) => Old::Judged(verifier.verify(&copy)),
                Stored::Wrapped(recipe, phc) => Old::Digest(recipe.digest(&copy), phc),
            }
        })
        .await?;
    match old {
        Old::Nobody => hasher.verify(None, password).await.map(|v| v.right),
        // A weak one that is still sealed costs next to nothing: an Argon2 beside it, so that the time does not tell (SECURITY #60).
        Old::Judged(right) => hasher.verify(None, password).await.map(|_| right),
        Old::Digest(digest, phc) => hasher.verify(Some(&phc), digest).await.map(|v| v.right),
    }
}

/// The result of the old recipe for a password.
enum Old {
    Nobody,
    Judged(bool),
    Digest(Zeroizing<Vec<u8>>, String),
}
