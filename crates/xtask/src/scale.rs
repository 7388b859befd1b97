//! A comparison of docs/operate/scale.md with what its numbers come from: the measured table, the samples' defaults, the unit.

use std::fs;

use crate::shell;

/// A number as the page writes it, where it comes from, and as it stands there.
const NUMBERS: [(&str, &str, &str); 19] = [
    ("| 85.7 | 76.9 |", "docs/performance.md", "| full sign-in, SQLite | sign-ins/s · hashes/s | 85.7 |"),
    ("| 85.7 | 76.9 |", "docs/performance.md", "| full sign-in, PostgreSQL | sign-ins/s · hashes/s | 76.9 |"),
    ("waits 613 ms", "docs/performance.md", "| token p99 while 400 finish, SQLite | ms | 613 |"),
    ("waits 27.6 ms", "docs/performance.md", "| token p99 while 400 finish, PostgreSQL | ms | 27.6 |"),
    ("130,186 rows/s", "docs/performance.md", "| import of 1000000 identities, SQLite | rows/s | 130186 |"),
    ("70,874 rows/s", "docs/performance.md", "| import of 1000000 identities, PostgreSQL | rows/s | 70874 |"),
    ("27 MiB;", "docs/performance.md", "| resident memory, idle, PostgreSQL | MiB | 26.9 |"),
    ("47 to 51 MiB", "docs/performance.md", "| resident memory, refresh at 64, PostgreSQL | MiB | 46.8 |"),
    ("47 to 51 MiB", "docs/performance.md", "| resident memory, refresh at 64, SQLite | MiB | 50.9 |"),
    ("39 to 71 MiB", "docs/performance.md", "| 4.6 s, 39 MiB |"),
    ("39 to 71 MiB", "docs/performance.md", "| 8.5 s, 71 MiB |"),
    ("14 sign-ins and 28 tokens", "docs/performance.md", "That is 14 passwords\nand 28 refreshes a second"),
    ("took 138 s in place of 9", "docs/performance.md", "took 138 s before"),
    ("two for a password", "docs/performance.md", "| a right password | 11 | 2 |"),
    ("one for each refresh", "docs/performance.md", "| a refresh token | 4 | 1 |"),
    ("16 connections", "config/moncompte.toml", "# database_connections = 16\n"),
    ("4,096 at most", "config/moncompte.toml", "# most = 4096\n"),
    ("19 MiB for each slot", "config/moncompte.toml", "# memory = 19456\n"),
    ("65,536", "deploy/systemd/moncompte.service", "LimitNOFILE=65536\n"),
];

#[test]
fn the_numbers_of_the_page_are_those_of_the_measures_and_the_defaults() {
    let read = |file: &str| fs::read_to_string(shell::root().join(file)).unwrap();
    let page = read("docs/operate/scale.md");
    for (number, file, source) in NUMBERS {
        assert!(page.contains(number), "docs/operate/scale.md no longer says {number}");
        assert!(read(file).contains(source), "docs/operate/scale.md says {number}, and {file} not {source}");
    }
    // The sums of these numbers.
    let connections = format!("With two nodes and two commands that is {},", 16 * (2 + 2) + 10);
    let memory = format!("51 + 2 × 19 = {} MiB", 51 + 2 * 19);
    let cores = format!("÷ 3600 ÷ {:.0} is the number of cores", 76.9 / 2.0);
    for sum in [connections, memory, cores] {
        assert!(page.contains(&sum), "docs/operate/scale.md no longer says {sum}");
    }
}
