//! The names of kinds of hashes, as reports tell them.

use super::recipe::{Before, Hash, Kind, Order, Recipe, Salt};

impl Recipe {
    /// Returns the kind of hash in words, in those of the recipe language where it can say it: `md5(password)`, `sha1(password+salt)`, `pbkdf2 sha256`,
    /// `md5(md5(password)+salt)`. Salts and costs are not in it, and a text that a recipe holds is `'…'`, since it may be the old site's own key.
    pub fn name(&self) -> String {
        named(self.kind())
    }
}

fn named(kind: &Kind) -> String {
    let plain = match kind {
        Kind::Simple { of, salt: Salt(salt), order } => {
            let hashed = match order {
                _ if salt.is_empty() => "password",
                Order::SaltFirst => "salt+password",
                Order::SaltLast => "password+salt",
            };
            return format!("{}({hashed})", digest(*of));
        }
        Kind::Pbkdf2 { of, .. } => return format!("pbkdf2 {}", digest(*of)),
        Kind::Scram { of, .. } => return format!("scram {}", digest(*of)),
        Kind::Words { words, .. } => return without_texts(words),
        Kind::Fed { words, then, .. } => {
            return format!("{}({})", named(then), without_texts(words));
        }
        Kind::Bcrypt { before, .. } => match before {
            Before::Nothing => "bcrypt",
            Before::Sha256Hex => "bcrypt(sha256(password))",
            Before::Sha256Base64 => "bcrypt(base64(raw(sha256(password))))",
            Before::HmacSha256Base64 => "bcrypt(base64(raw(hmac-sha256(salt,password))))",
            Before::WordPress => "bcrypt of WordPress",
        },
        Kind::Drupal { md5_first: true, .. } => "drupal(md5(password))",
        Kind::Drupal { md5_first: false, .. } => "drupal",
        Kind::Plain => "plain",
        Kind::Md5Crypt { .. } => "md5crypt",
        Kind::Sha256Crypt { .. } => "sha256crypt",
        Kind::Sha512Crypt { .. } => "sha512crypt",
        Kind::Phpass { .. } => "phpass",
        Kind::Scrypt { .. } => "scrypt",
        Kind::Argon2 { .. } => "argon2",
        Kind::DesCrypt { .. } => "descrypt",
        Kind::BsdiCrypt { .. } => "bsdicrypt",
        Kind::Sha1Crypt { .. } => "sha1crypt",
        Kind::Yescrypt { .. } => "yescrypt",
    };
    plain.to_owned()
}

fn digest(of: Hash) -> &'static str {
    match of {
        Hash::Md4 => "md4",
        Hash::Md5 => "md5",
        Hash::Sha1 => "sha1",
        Hash::Sha256 => "sha256",
        Hash::Sha384 => "sha384",
        Hash::Sha512 => "sha512",
    }
}

/// Returns a recipe with `'…'` in place of each text.
fn without_texts(words: &str) -> String {
    let mut shown = String::with_capacity(words.len());
    let mut chars = words.chars();
    while let Some(c) = chars.next() {
        if c != '\'' && c != '"' {
            shown.push(c);
            continue;
        }
        shown.push_str("'…'");
        // Down to the quote that ends it.
        while let Some(inner) = chars.next() {
            match inner {
                '\\' => drop(chars.next()),
                inner if inner == c => break,
                _ => {}
            }
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use crate::hash::{Given, Verifier};

    #[test]
    fn a_hash_with_a_salt_is_nobody_elses() {
        let salted = |format, hash, salt| Verifier::parse(format, hash, salt).unwrap().recipe().is_salted();
        let digest = "d666632a1c32ff2e4f3a3206b74126b3";
        assert!(salted(None, "$2y$05$a.odI7i0EZS8C9qJTPAHuuGklGZifWxfXNHT04qDB3YZ56ZcxmCxG", None));
        assert!(salted(Some("md5:password+salt"), digest, Some("sel-7")));
        assert!(salted(Some("joomla"), digest, Some("sel-7")));
        assert!(!salted(Some("md5"), digest, None) && !salted(Some("plain"), "Tilleul-42", None));
        assert!(!salted(Some("nt"), digest, None), "a recipe without the word");
    }

    #[test]
    fn a_name_tells_no_text_of_a_recipe() {
        let name = |format: &str| {
            let digest = "2e69ea796853f2c3f88aefd813d8aa26";
            let given =
                Given { format: Some(format), hash: digest, salt: None, user: Some("u"), key: Some("k") };
            Verifier::read(&given).unwrap_or_else(|error| panic!("{format}: {error}")).recipe().name()
        };
        assert_eq!(name("md5('cle\\'s '+password)"), "md5('…'+password)");
        assert_eq!(name("md5(\"it's\"+password+'\\\\')"), "md5('…'+password+'…')");
        assert_eq!(name("md5(user+'\\n'+password)"), "md5(user+'…'+password)");
        assert_eq!(name("md5(lower(user)+key+password)"), "md5(lower(user)+key+password)");
    }
}
