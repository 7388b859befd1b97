//! The walls between the crates stand as `docs/architecture.md` draws them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

#[test]
fn the_crates_use_each_other_as_the_table_says() {
    assert_eq!(differences(&architecture(), &metadata()), Vec::<String>::new());
}

#[test]
fn development_dependencies_are_those_under_the_table() {
    assert_eq!(development(&metadata()), development_in(&architecture()));
}

#[test]
fn no_crate_names_what_it_must_never_know() {
    assert_eq!(trespasses(&architecture(), &metadata()), Vec::<String>::new());
}

#[test]
fn the_web_face_knows_no_database() {
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../idp/src/web");
    let found: Vec<PathBuf> =
        sources(&web).into_iter().filter(|s| s.code.contains("sea_orm")).map(|s| s.path).collect();
    assert_eq!(found, Vec::<PathBuf>::new());
}

#[test]
fn accounts_knows_the_database_in_its_store_alone() {
    let accounts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../accounts/src");
    let within = |path: &Path| path.components().any(|part| part.as_os_str() == "store");
    let found: Vec<PathBuf> = sources(&accounts)
        .into_iter()
        .filter(|source| source.code.contains("sea_orm") && !within(&source.path))
        .map(|source| source.path)
        .collect();
    assert_eq!(found, Vec::<PathBuf>::new());
}

#[test]
fn no_public_signature_names_an_orm_type() {
    let mut found = Vec::new();
    for package in members(&metadata(), &["kernel", "migrations", "testbed", "xtask", "e2e"]) {
        for source in sources(&src(&package)) {
            let entity = source.path.components().any(|part| part.as_os_str() == "table");
            if !entity {
                let leaks = orm_in_signatures(&source.code);
                found.extend(leaks.into_iter().map(|leak| format!("{}: {leak}", source.path.display())));
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn only_programs_and_tests_read_files_and_the_environment() {
    let mut found = Vec::new();
    // Without the portal, a program of its own, and the crates that drive programs.
    for package in members(&metadata(), &["moncompte", "portal", "testbed", "xtask", "e2e"]) {
        for source in sources(&src(&package)) {
            let uses = ambient(&source.code);
            found.extend(uses.into_iter().map(|line| format!("{}: {line}", source.path.display())));
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

/// SECURITY #38, RUSTSEC-2023-0071: the crate `rsa` reads public keys here; its private operations leak by their timing.
#[test]
fn no_source_touches_the_private_half_of_rsa() {
    let private = ["RsaPrivateKey", "rsa::pkcs1v15", "rsa::pss", "DecodeRsaPrivateKey"];
    let mut found = Vec::new();
    for package in members(&metadata(), &[]) {
        let uses = |source: &Source| private.iter().any(|word| source.code.contains(word));
        found.extend(sources(&src(&package)).into_iter().filter(uses).map(|source| source.path));
    }
    assert_eq!(found, Vec::<PathBuf>::new());
}

/// CONTRIBUTING "Style": a reader sees a file as a whole. Unit tests count, in the file or beside it.
#[test]
fn no_source_file_has_more_than_400_lines() {
    let lines = |path: &PathBuf| fs::read_to_string(path).expect("a source file can be read").lines().count();
    let mut long = Vec::new();
    for package in members(&metadata(), &[]) {
        long.extend(
            files(&src(&package)).into_iter().map(|path| (lines(&path), path)).filter(|(n, _)| *n > 400),
        );
    }
    assert_eq!(long, Vec::new(), "part these along their joints, and name each file for what it holds");
}

/// docs/one-request.md leads a reader from file to file: each file that it names exists, in its crate or in `idp/src`.
#[test]
fn the_files_of_one_request_are_there() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(crates.join("../docs/one-request.md")).expect("the page can be read");
    let named: Vec<&str> = page.split('`').skip(1).step_by(2).filter(|text| text.ends_with(".rs")).collect();
    let exists = |file: &&str| crates.join(file).exists() || crates.join("idp/src").join(file).exists();
    let missing: Vec<&str> = named.iter().copied().filter(|file| !exists(file)).collect();
    assert!(named.len() > 30 && missing.is_empty(), "{missing:?}");
}

/// Every call that compares a secret of a person with a stored one, or leads there: a text, a file, and its number of calls. A new call goes through the
/// guard, which counts before it compares, and gets a line here.
const VERIFIERS: &[(&str, &str, usize)] = &[
    // The guard of accounts' passwords: sign-in, reauthentication, the mailed link of a move.
    ("self.guard(", "accounts/src/act/sign_in.rs", 1),
    ("self.guard(", "accounts/src/guard.rs", 1),
    ("self.guard(", "accounts/src/act/confirm.rs", 1),
    // The form of a reset, sent again with the password that it set: counted by the link.
    ("self.guard(", "accounts/src/act/sign_in_again.rs", 1),
    // Reauthentication for acts that a session alone does not allow: attaching, another password, another address.
    ("self.reauthenticate(", "accounts/src/act/attach.rs", 1),
    ("self.reauthenticate(", "accounts/src/act/change_password.rs", 1),
    ("self.reauthenticate(", "accounts/src/act/change_address.rs", 2),
    ("counter.reserve(", "accounts/src/guard.rs", 1),
    // Once more for a password in the form of before quotes and dashes were folded, within the same attempt.
    ("hasher.verify(", "accounts/src/guard.rs", 2),
    // A mailed code: made with the mail, compared after it was counted, in one transaction, by a fast hash.
    ("self.code_hash(", "accounts/src/code.rs", 2),
    // The guard of an agency's old passwords: all readings of one are one attempt.
    ("self.reserve_legacy(", "accounts/src/act/prove_legacy.rs", 1),
    ("own.reserve(", "accounts/src/act/prove_legacy.rs", 1),
    ("all.reserve(", "accounts/src/act/prove_legacy.rs", 1),
    ("self.check_identity(", "accounts/src/act/prove_legacy.rs", 1),
    ("verifier::find_right(", "accounts/src/act/prove_legacy.rs", 1),
    // An operator's look, who has the database anyway: it counts as no attempt, and the evidence tells of it.
    ("verifier::find_right(", "accounts/src/act/try_hash.rs", 1),
    ("hasher.verify(", "accounts/src/verifier.rs", 3),
    ("verifier.verify(", "accounts/src/verifier.rs", 1),
];

/// PEOPLE U-21, SECURITY #53: one guard before every secret.
#[test]
fn no_secret_is_checked_but_behind_the_guard() {
    let mut found = Vec::new();
    for package in members(&metadata(), &["portal", "testbed", "xtask", "e2e", "fuzz"]) {
        for source in sources(&src(&package)) {
            let path = source.path.to_string_lossy().into_owned();
            let path = path.rsplit_once("/crates/").map_or(path.as_str(), |(_, path)| path).to_owned();
            // A call may stand on more than one line.
            let code: String = source.code.split_whitespace().collect();
            let calls: BTreeSet<&str> = VERIFIERS.iter().map(|(call, ..)| *call).collect();
            let here = calls.into_iter().map(|call| (call, path.clone(), code.matches(call).count()));
            found.extend(here.filter(|(.., count)| *count > 0));
            // Each comparison follows a reservation.
            for (first, then) in [
                ("counter.reserve(", "hasher.verify("),
                ("self.reserve_legacy(", "self.check_identity("),
                ("count_code_attempt(", "confirm_by_code(tx"),
            ] {
                if let (Some(first), Some(then)) = (code.find(first), code.find(then)) {
                    assert!(first < then, "{path}");
                }
            }
        }
    }
    let mut expected: Vec<_> =
        VERIFIERS.iter().map(|(call, path, n)| (*call, (*path).to_owned(), *n)).collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

// The tests above pass on a good tree. These show that they fail on a bad one.

#[test]
fn a_table_that_says_otherwise_is_noticed() {
    let cases = [
        ("moncompte", "idp", "–", "moncompte uses idp, which the table does not allow"),
        ("pages", "–", "kernel", "the table lets pages use kernel, which it does not"),
        ("oidc", "oidc", "oauth", "the table has a row oauth, and there is no such crate"),
        ("oidc", "oidc", "oauth", "oidc has no row in the table"),
    ];
    for (row, from, to, complaint) in cases {
        let found = differences(&altered(row, from, to), &metadata());
        assert!(found.contains(&complaint.to_owned()), "{complaint}");
    }
    let found = trespasses(&altered("oidc", "tokio", "serde"), &metadata());
    assert_eq!(found, ["oidc depends on serde"]);
}

/// The document with one word of one row changed.
fn altered(row: &str, from: &str, to: &str) -> String {
    let begins = format!("| `{row}` |");
    let change = |line: &str| {
        if line.starts_with(&begins) { line.replacen(from, to, 1) } else { line.to_owned() }
    };
    architecture().lines().map(|line| change(line) + "\n").collect()
}

#[test]
fn a_leaking_signature_is_noticed() {
    let code = "use sea_orm::{ActiveModelTrait as _, Select};\n\
        pub async fn all(\n    db: &sea_orm::DatabaseConnection,\n) -> u8 {\n}\n\
        pub(crate) fn inner(db: &DatabaseConnection) {}\n\
        pub fn query() -> Select<X> {\n\
        pub fn fine(db: &Db) -> Result<(), Fault> { let x: DbErr; }\n\
        pub struct S {\n    pub cause: DbErr,\n}\n";
    let leaks = orm_in_signatures(code);
    assert_eq!(leaks.len(), 3, "{leaks:#?}");
}

#[test]
fn a_look_at_the_environment_is_noticed() {
    let code = "let a = std::env::var(\"A\");\nlet b = fs::read(path);\nlet c = offs::set(1);\nlet d = env!(\"D\");\n\
        let e = File::open(path);\n";
    assert_eq!(ambient(code).len(), 3, "{:#?}", ambient(code));
}

#[test]
fn comments_and_unit_tests_are_not_code() {
    let text = "// std::env\nfn a() {}\n#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n";
    assert_eq!(code(text), "fn a() {}\n");
}

/// One row of the table.
struct Row {
    uses: BTreeSet<String>,
    never: BTreeSet<String>,
}

fn architecture() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/architecture.md");
    fs::read_to_string(path).expect("docs/architecture.md can be read")
}

fn metadata() -> Metadata {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    MetadataCommand::new().manifest_path(manifest).no_deps().exec().expect("cargo metadata answers")
}

fn table(document: &str) -> BTreeMap<String, Row> {
    let rows = document.lines().skip_while(|line| !line.starts_with("| crate |")).skip(2);
    rows.take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let [_, name, uses, never, _] = cells[..] else { panic!("not a row of three cells: {line}") };
            // An explanation follows a semicolon or a colon.
            let never = never.split([';', ':']).next().unwrap_or_default();
            (name.trim_matches('`').to_owned(), Row { uses: list(uses), never: list(never) })
        })
        .collect()
}

fn list(cell: &str) -> BTreeSet<String> {
    cell.split(',').map(str::trim).filter(|word| !matches!(*word, "" | "–")).map(str::to_owned).collect()
}

fn differences(document: &str, metadata: &Metadata) -> Vec<String> {
    let table = table(document);
    let ours = names(metadata);
    let mut found = Vec::new();
    for name in table.keys().filter(|name| !ours.contains(*name)) {
        found.push(format!("the table has a row {name}, and there is no such crate"));
    }
    for package in metadata.workspace_packages() {
        let name = package.name.to_string();
        let Some(row) = table.get(&name) else {
            found.push(format!("{name} has no row in the table"));
            continue;
        };
        let uses = dependencies(package, |kind| kind != DependencyKind::Development);
        let uses: BTreeSet<String> = uses.intersection(&ours).cloned().collect();
        let more = uses.difference(&row.uses);
        found.extend(more.map(|used| format!("{name} uses {used}, which the table does not allow")));
        let less = row.uses.difference(&uses);
        found.extend(less.map(|used| format!("the table lets {name} use {used}, which it does not")));
    }
    found
}

fn trespasses(document: &str, metadata: &Metadata) -> Vec<String> {
    let table = table(document);
    let mut found = Vec::new();
    for package in metadata.workspace_packages() {
        let known = dependencies(package, |_| true);
        let never = table.get(package.name.as_str()).map(|row| &row.never);
        let trespasses = never.into_iter().flatten().filter(|word| known.contains(*word));
        found.extend(trespasses.map(|word| format!("{} depends on {word}", package.name)));
    }
    found
}

/// The pairs of crates of ours in which the first takes the second for tests alone.
fn development(metadata: &Metadata) -> BTreeSet<(String, String)> {
    let ours = names(metadata);
    let mut pairs = BTreeSet::new();
    for package in metadata.workspace_packages() {
        let taken = dependencies(package, |kind| kind == DependencyKind::Development);
        pairs.extend(taken.intersection(&ours).map(|taken| (package.name.to_string(), taken.clone())));
    }
    pairs
}

/// The same pairs, read from the sentences "`a` and `b` take `c`." under the table.
fn development_in(document: &str) -> BTreeSet<(String, String)> {
    let (_, text) = document.split_once("Development dependencies:").expect("the paragraph under the table");
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    let quoted = |text: &str| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let mut pairs = BTreeSet::new();
    for sentence in paragraph.split(['.', ';']) {
        let words = sentence.split_once(" take ").or_else(|| sentence.split_once(" takes "));
        let Some((who, what)) = words else { continue };
        for who in quoted(who) {
            pairs.extend(quoted(what).into_iter().map(|what| (who.clone(), what)));
        }
    }
    pairs
}

fn names(metadata: &Metadata) -> BTreeSet<String> {
    metadata.workspace_packages().iter().map(|package| package.name.to_string()).collect()
}

fn dependencies(package: &Package, kind: impl Fn(DependencyKind) -> bool) -> BTreeSet<String> {
    let chosen = package.dependencies.iter().filter(|dependency| kind(dependency.kind));
    chosen.map(|dependency| dependency.name.clone()).collect()
}

fn members(metadata: &Metadata, except: &[&str]) -> Vec<Package> {
    let all = metadata.workspace_packages().into_iter();
    all.filter(|package| !except.contains(&package.name.as_str())).cloned().collect()
}

fn src(package: &Package) -> PathBuf {
    package.manifest_path.with_file_name("src").into_std_path_buf()
}

/// A file of a crate: its code without comments and unit tests.
struct Source {
    path: PathBuf,
    code: String,
}

fn sources(folder: &Path) -> Vec<Source> {
    let is_of_tests = |path: &PathBuf| {
        let inside = path.strip_prefix(folder).expect("a file of the folder").with_extension("");
        inside.iter().filter_map(|name| name.to_str()).any(|name| name == "tests" || name.ends_with("_tests"))
    };
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a source file can be read");
        Source { code: code(&text), path }
    };
    files(folder).into_iter().filter(|path| !is_of_tests(path)).map(read).collect()
}

/// The Rust files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// Unit tests stand at the end of a file: what follows the first `#[cfg(test)]` on a module is left out.
fn code(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
    let lines = text[..end].lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.map(|line| format!("{line}\n")).collect()
}

/// Public items whose signature names a type of the ORM, by path or by an imported name.
fn orm_in_signatures(code: &str) -> Vec<String> {
    const KNOWN: [&str; 7] = [
        "sea_orm",
        "DatabaseConnection",
        "DatabaseTransaction",
        "DbErr",
        "ConnectionTrait",
        "TransactionTrait",
        "ActiveValue",
    ];
    let imports = code.split("use sea_orm::").skip(1).filter_map(|rest| rest.split(';').next());
    let imported =
        imports.flat_map(words).filter(|word| word.starts_with(|first: char| first.is_ascii_uppercase()));
    let orm: BTreeSet<&str> = KNOWN.into_iter().chain(imported).collect();
    let mut found = Vec::new();
    for (at, _) in code.match_indices("pub ").filter(|(at, _)| starts_line(code, *at)) {
        let item = &code[at..];
        let function = words(item.lines().next().unwrap_or_default()).any(|word| word == "fn");
        let signature = if function { item.split(['{', ';']).next() } else { item.lines().next() };
        let signature = signature.unwrap_or_default();
        if words(signature).any(|word| orm.contains(word)) {
            found.push(signature.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
    found
}

fn starts_line(code: &str, at: usize) -> bool {
    code[..at].rsplit('\n').next().is_some_and(|before| before.trim().is_empty())
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// Lines that read or write a file, or the environment.
fn ambient(code: &str) -> Vec<&str> {
    const PATHS: [&str; 5] = ["env::", "fs::", "File::open", "File::create", "OpenOptions"];
    let whole = |line: &str, path: &str| {
        let before = |at: usize| line[..at].chars().next_back();
        line.match_indices(path).any(|(at, _)| !before(at).is_some_and(|c| c.is_alphanumeric() || c == '_'))
    };
    code.lines().filter(|line| PATHS.iter().any(|path| whole(line, path))).map(str::trim).collect()
}
