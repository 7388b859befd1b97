//! A signing key that no test has to make.

use kernel::{Unix, sea_orm::ConnectionTrait};

use crate::Bed;

/// Its name, what is sealed (in hexadecimal) and the public half, as the provider wrote them with the secret of every bed.
const KEY: &str = include_str!("../signing_key.txt");

impl Bed {
    /// Gives the provider a first signing key, as if another node had made it at `now`: to make one takes as long as all the rest of a start, and tests start
    /// hundreds of providers. Does nothing if there is a first key. The tests of keys show that one is made where there is none.
    ///
    /// # Panics
    /// If the key cannot be written.
    pub async fn lend_signing_key(&self, now: Unix) {
        let mut parts = KEY.lines();
        let [kid, sealed, jwk] = std::array::from_fn(|_| parts.next().expect("a part of the key"));
        let sealed = if self.name == "sqlite" { format!("x'{sealed}'") } else { format!(r"'\x{sealed}'") };
        let insert = format!(
            "INSERT INTO signing_key (kid, alg, generation, sealed, jwk, created_at, active_from) \
             VALUES ('{kid}', 'RS256', 1, {sealed}, '{jwk}', {now}, {now}) ON CONFLICT DO NOTHING"
        );
        self.context.db.without_timeout().execute_unprepared(&insert).await.expect("a signing key");
    }
}
