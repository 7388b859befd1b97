//! Both languages say the same things, and each key is used.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

fn files(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}

/// Key → the arguments that its text takes.
fn messages(language: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut key = String::new();
    for (_, text) in files(&format!("translations/{language}")) {
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some((name, _)) = line.split_once(" =").filter(|(name, _)| !name.starts_with(' ')) {
                key = name.to_owned();
                assert!(all.insert(key.clone(), BTreeSet::new()).is_none(), "{language}: {key} twice");
            }
            let names = line
                .split("$")
                .skip(1)
                .map(|rest| rest.split([' ', '}']).next().unwrap_or_default().to_owned());
            all.entry(key.clone()).or_default().extend(names);
        }
    }
    all
}

#[test]
fn both_languages_have_the_same_keys_with_the_same_arguments() {
    let (french, english) = (messages("fr"), messages("en"));
    assert!(french.len() > 200, "{} keys found", french.len());
    let missing = |a: &BTreeMap<_, _>, b: &BTreeMap<String, _>| -> Vec<String> {
        b.keys().filter(|key| !a.contains_key::<String>(key)).cloned().collect()
    };
    assert_eq!((missing(&french, &english), missing(&english, &french)), (vec![], vec![]));
    for (key, arguments) in &french {
        assert_eq!(Some(arguments), english.get(key), "{key}");
    }
}

#[test]
fn every_key_is_used() {
    let templates: String = files("templates").into_iter().map(|(_, text)| text).collect();
    let built = |key: &str| {
        key.starts_with("problem-")
            || key.starts_with("help-step-")
            || key.starts_with("junk-")
            || ["mail-kind-", "mail-fate-", "desk-step-", "desk-door-"]
                .iter()
                .any(|start| key.starts_with(start))
            || ["moment", "clock", "date"].contains(&key)
    };
    let idle: Vec<_> = messages("fr")
        .into_keys()
        .filter(|key| {
            !built(key)
                && !templates.contains(&format!("(\"{key}\""))
                && !templates.contains(&format!("('{key}'"))
        })
        .collect();
    assert!(idle.is_empty(), "{idle:?}");
}

/// Typography: a no-break space before `? ! : ; »` and after `«`. The labels quoted in SPEC J1 are exact.
#[test]
fn french_signs_do_not_leave_their_word() {
    for (file, text) in files("translations/fr") {
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if line.starts_with("sign-in-forgot") || line.starts_with("sign-in-help") {
                continue;
            }
            let body = line.split_once(" = ").map_or(line, |(_, body)| body);
            for bad in [" ?", " !", " :", " ;", " »", "« "] {
                assert!(!body.contains(bad), "{file}: {bad:?} in {line}");
            }
        }
    }
}
