use super::*;
use crate::SystemRng;

fn key(n: u8) -> SealKey {
    SealKey::new([n; 32])
}

fn keys(n: u8) -> SealKeys {
    SealKeys::new(key(n), vec![])
}

#[test]
fn what_is_sealed_opens_for_its_purpose_only() {
    let rng = SystemRng::new();
    let sealed = keys(1).seal(&rng, "outbox", b"a link");
    assert_eq!(keys(1).open("outbox", &sealed).unwrap().as_slice(), b"a link");
    assert!(keys(1).open("signing key", &sealed).is_err());
    assert!(keys(2).open("outbox", &sealed).is_err());
    let mut changed = sealed.clone();
    *changed.last_mut().unwrap() ^= 1;
    assert!(keys(1).open("outbox", &changed).is_err());
    assert!(keys(1).open("outbox", &sealed[..10]).is_err());
}

#[test]
fn an_older_key_still_opens_and_a_box_is_sealed_again_once() {
    let rng = SystemRng::new();
    let sealed = keys(1).seal(&rng, "x", b"y");
    let rotated = SealKeys::new(key(2), vec![key(1)]);
    assert_eq!(rotated.open("x", &sealed).unwrap().as_slice(), b"y");
    let again = rotated.reseal(&rng, "x", &sealed).unwrap().expect("a box of the older key");
    assert_eq!(keys(2).open("x", &again).unwrap().as_slice(), b"y");
    assert!(rotated.reseal(&rng, "x", &again).unwrap().is_none());
}

#[test]
fn the_database_names_the_key_that_seals_and_the_root_outlives_it() {
    let rng = SystemRng::new();
    let node = SealKeys::new(key(2), vec![key(1)]);
    let older = keys(1);
    assert!(node.seal_with(&older.fingerprint()));
    assert_eq!(node.fingerprints(), [older.fingerprint(), keys(2).fingerprint()]);
    assert!(older.is_newest(&node.seal(&rng, "x", b"y")));
    // A database of an earlier version: its MACs stay.
    let root = node.make_root(&rng, Some(&older.fingerprint())).unwrap();
    node.take_root(&root).unwrap();
    assert_eq!(node.mac("p", b"d"), older.mac("p", b"d"));
    assert!(node.seal_with(&node.newest()));
    let root = node.reseal_root(&rng, &root).unwrap().unwrap();
    let after = keys(2);
    after.take_root(&root).unwrap();
    assert_eq!(after.mac("p", b"d"), older.mac("p", b"d"));
    assert!(after.knows_mac("p", b"d", &older.mac("p", b"d")[..8]));
    assert!(!after.knows_mac("p", b"d", b"") && !after.knows_mac("p", b"d", &[0; 40]));
    // A new one has a root that no key file tells.
    let new = keys(1);
    new.take_root(&new.make_root(&rng, None).unwrap()).unwrap();
    assert_ne!(new.mac("p", b"d"), keys(1).mac("p", b"d"));
}

#[test]
fn a_files_mac_is_of_its_key_and_purpose_and_not_of_the_root() {
    let mac = |keys: &SealKeys, purpose| keys.file_mac(&self::keys(1).fingerprint(), purpose, b"d");
    let (alone, both) = (keys(1), SealKeys::new(key(2), vec![key(1)]));
    let first = mac(&alone, "p").unwrap();
    alone.take_root(&alone.make_root(&SystemRng::new(), None).unwrap()).unwrap();
    assert_eq!((mac(&alone, "p"), mac(&both, "p"), mac(&keys(2), "p")), (Some(first), Some(first), None));
    assert_ne!(mac(&alone, "q"), Some(first));
    assert_ne!(keys(1).mac("p", b"d"), first);
}

#[test]
fn keys_read_anew_are_taken_unless_the_one_that_seals_is_gone() {
    let node = keys(1);
    assert!(!node.take(&keys(2)) && node.holds(&keys(1).fingerprint()));
    assert!(node.take(&SealKeys::new(key(2), vec![key(1)])));
    assert_eq!(node.fingerprint(), keys(1).fingerprint());
    assert!(node.seal_with(&node.newest()) && node.take(&keys(2)));
    assert!(!node.holds(&keys(1).fingerprint()));
}
