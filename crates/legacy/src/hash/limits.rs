//! The limits on what a hash may cost, and the costs from which it counts as strong.
//!
//! The most that is taken makes one check last some seconds and 256 MiB: a row from elsewhere must not be able to stop a sign-in queue. The least
//! that counts as strong is about a third of what OWASP asks for new hashes; below it the wrap in Argon2id makes up for it.

use super::{
    Strength, Unreadable, malformed,
    recipe::{Hash, Kind, Recipe},
    words::Words,
};

const BCRYPT_COST: u64 = 15;
const SHA_CRYPT_ROUNDS: u64 = 1_000_000;
const PHPASS_LOG2: u64 = 20;
const PBKDF2_ROUNDS: u64 = 4_000_000;
/// N × r: 128 bytes each.
const SCRYPT_BLOCKS: u64 = 1 << 21;
/// N × r × p.
const SCRYPT_WORK: u64 = 1 << 22;
/// KiB.
const ARGON2_MEMORY: u64 = 256 * 1024;
/// KiB × passes.
const ARGON2_WORK: u64 = 2 * 1024 * 1024;
const ARGON2_LANES: u64 = 64;
/// Bytes of salt and of digest: what the tools write is below 100.
const LENGTH: u64 = 320;
/// Bytes of a salt, a name or a key of a recipe.
const LONGEST_VALUE: u64 = 1024;
/// SHA-512, twice as slow as MD5.
const DRUPAL_LOG2: u64 = 19;
const BSDI_ROUNDS: u64 = 20_000;

impl Recipe {
    /// Refuses what would cost too much, and what no tool can have made.
    pub(super) fn check(&self) -> Result<(), Unreadable> {
        self.kind().check()
    }

    /// The approximate time of a check, in simple hashes of one block, by which recipes are compared: 0 where nothing is hashed.
    pub fn work(&self) -> u64 {
        self.kind().work()
    }

    /// The strength of the hash without a wrap.
    pub fn strength(&self) -> Strength {
        if self.kind().is_strong() { Strength::Strong } else { Strength::Weak }
    }
}

impl Kind {
    fn check(&self) -> Result<(), Unreadable> {
        match *self {
            Self::Words { ref words, ref salt, ref user, ref key } => {
                for value in [salt, user, key] {
                    below("recipe", "a value's length", value.0.len() as u64, LONGEST_VALUE)?;
                }
                Words::parse(words).map(|_| ())
            }
            Self::Fed { ref words, ref salt, ref user, ref key, ref then } => {
                if matches!(**then, Self::Fed { .. } | Self::Words { .. }) {
                    return Err(malformed("recipe", "it feeds another recipe"));
                }
                let own = Self::Words {
                    words: words.clone(),
                    salt: salt.clone(),
                    user: user.clone(),
                    key: key.clone(),
                };
                own.check()?;
                then.check()
            }
            Self::Drupal { log2, .. } => below("drupal7", "the cost", log2.into(), DRUPAL_LOG2),
            Self::DesCrypt { .. } => Ok(()),
            Self::BsdiCrypt { rounds, .. } => {
                below("bsdicrypt", "the number of rounds", rounds.into(), BSDI_ROUNDS)
            }
            Self::Sha1Crypt { rounds, ref salt } => {
                below("sha1crypt", "the salt's length", salt.0.len() as u64, LENGTH)?;
                below("sha1crypt", "the number of rounds", rounds.into(), SHA_CRYPT_ROUNDS)
            }
            Self::Yescrypt { ref params, ref salt } => {
                below("yescrypt", "the salt's length", salt.0.len() as u64, LENGTH)?;
                let (n, r) = yescrypt_costs(params)?;
                below("yescrypt", "the memory in units of 128 bytes", n.saturating_mul(r), SCRYPT_BLOCKS)
            }
            Self::Scram { of, rounds, ref salt } => {
                lengths("scram", salt.0.len(), of.len())?;
                if rounds == 0 || !matches!(of, Hash::Sha1 | Hash::Sha256) {
                    return Err(malformed("scram", "no rounds, or an unknown function"));
                }
                below("scram", "the number of rounds", rounds.into(), PBKDF2_ROUNDS)
            }
            Kind::Plain | Kind::Md5Crypt { .. } => Ok(()),
            Kind::Simple { ref salt, .. } => {
                below("salted hash", "the salt's length", salt.0.len() as u64, LENGTH)
            }
            Kind::Sha256Crypt { rounds, .. } => sha_crypt("sha256crypt", rounds),
            Kind::Sha512Crypt { rounds, .. } => sha_crypt("sha512crypt", rounds),
            Kind::Phpass { log2, .. } => below("phpass", "the cost", log2.into(), PHPASS_LOG2),
            Kind::Pbkdf2 { of: Hash::Md4 | Hash::Md5 | Hash::Sha384, .. } => {
                Err(malformed("pbkdf2", "no such variant"))
            }
            Kind::Pbkdf2 { rounds, ref salt, len, .. } => {
                lengths("pbkdf2", salt.0.len(), len)?;
                // Every block of output costs all the rounds again.
                let blocks = (len as u64).div_ceil(32).max(1);
                below("pbkdf2", "the number of rounds", u64::from(rounds) * blocks, PBKDF2_ROUNDS)?;
                if rounds == 0 { Err(malformed("pbkdf2", "no rounds")) } else { Ok(()) }
            }
            Kind::Scrypt { ln, r, p, ref salt, len } => {
                lengths("scrypt", salt.0.len(), len)?;
                if ln == 0 || r == 0 || p == 0 {
                    return Err(malformed("scrypt", "a cost is zero"));
                }
                below("scrypt", "the cost ln", ln.into(), 21)?;
                let blocks = (1_u64 << ln).saturating_mul(r.into());
                below("scrypt", "the memory in units of 128 bytes", blocks, SCRYPT_BLOCKS)?;
                below("scrypt", "the work N × r × p", blocks.saturating_mul(p.into()), SCRYPT_WORK)
            }
            Kind::Bcrypt { cost, ref salt, .. } => {
                if cost < 4 || salt.0.len() != 16 {
                    return Err(malformed("bcrypt", "a cost below 4, or a salt that is not 16 bytes"));
                }
                below("bcrypt", "the cost", cost.into(), BCRYPT_COST)
            }
            Kind::Argon2 { v, m, t, p, ref salt, len, .. } => {
                lengths("argon2", salt.0.len(), len)?;
                below("argon2", "the memory in KiB", m.into(), ARGON2_MEMORY)?;
                below("argon2", "memory × passes", u64::from(m).saturating_mul(t.into()), ARGON2_WORK)?;
                below("argon2", "the number of lanes", p.into(), ARGON2_LANES)?;
                let possible =
                    p > 0 && t > 0 && m / 8 >= p && salt.0.len() >= 8 && len >= 4 && (v == 0x10 || v == 0x13);
                if possible {
                    Ok(())
                } else {
                    Err(malformed("argon2", "these parameters are outside Argon2's range"))
                }
            }
        }
    }

    fn work(&self) -> u64 {
        match *self {
            Self::Words { ref words, .. } => Words::parse(words).map_or(1, |words| words.steps().div_ceil(2)),
            Self::Fed { ref words, ref then, .. } => {
                Words::parse(words).map_or(1, |words| words.steps()) + then.work()
            }
            Self::Drupal { log2, .. } => 2 << log2.min(32),
            Self::DesCrypt { .. } => 1000,
            Self::BsdiCrypt { rounds, .. } => u64::from(rounds) * 40,
            Self::Sha1Crypt { rounds, .. } => u64::from(rounds) * 4,
            Self::Yescrypt { ref params, .. } => yescrypt_costs(params).map_or(1, |(n, r)| n * r * 4),
            Self::Scram { rounds, .. } => u64::from(rounds) * 2,
            Kind::Plain => 0,
            Kind::Simple { .. } => 1,
            Kind::Md5Crypt { .. } => 1000,
            // Some compressions a round.
            Kind::Sha256Crypt { rounds, .. } => u64::from(rounds) * 2,
            Kind::Sha512Crypt { rounds, .. } => u64::from(rounds) * 4,
            Kind::Phpass { log2, .. } => 1 << log2.min(32),
            Kind::Pbkdf2 { rounds, len, .. } => u64::from(rounds) * 2 * (len as u64).div_ceil(32).max(1),
            Kind::Scrypt { ln, r, p, .. } => (1_u64 << ln.min(32)) * u64::from(r) * u64::from(p) * 4,
            // Some 50 microseconds for each doubling.
            Kind::Bcrypt { cost, .. } => (1_u64 << cost.min(32)) * 300,
            // KiB, some microseconds each.
            Kind::Argon2 { m, t, .. } => u64::from(m) * u64::from(t) * 8,
        }
    }

    fn is_strong(&self) -> bool {
        match *self {
            Self::Fed { ref then, .. } => then.is_strong(),
            // As much memory and time as the scrypt below.
            Self::Yescrypt { ref params, .. } => yescrypt_costs(params).is_ok_and(|(n, r)| n * r >= 1 << 17),
            Kind::Argon2 { m, t, .. } => u64::from(m) * u64::from(t) >= 19 * 1024,
            Kind::Scrypt { ln, r, p, .. } => {
                ln >= 14 && (1_u64 << ln) * u64::from(r) * u64::from(p) >= 1 << 17
            }
            Kind::Bcrypt { cost, .. } => cost >= 10,
            Kind::Pbkdf2 { of: Hash::Sha256, rounds, .. } => rounds >= 200_000,
            Kind::Pbkdf2 { of: Hash::Sha512, rounds, .. } => rounds >= 70_000,
            Kind::Pbkdf2 { of: Hash::Sha1, rounds, .. } => rounds >= 450_000,
            _ => false,
        }
    }
}

fn below(family: &'static str, what: &'static str, value: u64, limit: u64) -> Result<(), Unreadable> {
    if value > limit { Err(Unreadable::TooCostly { family, what, limit }) } else { Ok(()) }
}

/// N and r of yescrypt's costs, where they are in three characters: with more there are lanes and times, which no crypt(3) writes.
fn yescrypt_costs(params: &str) -> Result<(u64, u64), Unreadable> {
    let unusual = malformed("yescrypt", "costs that are not in three characters");
    if params.len() != 3 {
        return Err(unusual);
    }
    let read: yescrypt::Params = params.parse().map_err(|_| unusual)?;
    Ok((read.n(), read.r().into()))
}

fn lengths(family: &'static str, salt: usize, digest: usize) -> Result<(), Unreadable> {
    below(family, "the salt's length", salt as u64, LENGTH)?;
    below(family, "the digest's length", digest as u64, LENGTH)?;
    // A few bytes of digest would be met by chance.
    if digest < 8 { Err(malformed(family, "the digest is cut off")) } else { Ok(()) }
}

fn sha_crypt(family: &'static str, rounds: u32) -> Result<(), Unreadable> {
    if rounds < 1000 {
        return Err(malformed(family, "fewer than 1000 rounds"));
    }
    below(family, "the number of rounds", rounds.into(), SHA_CRYPT_ROUNDS)
}
