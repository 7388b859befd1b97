//! Other schemes, paths, letters and bytes.

use super::Parts;

pub(super) fn cases(it: &Parts<'_>) -> Vec<String> {
    let mut all = vec![it.whole.to_ascii_uppercase(), it.with_rest(&it.rest.to_ascii_uppercase())];
    all.push(it.with_scheme(&format!("{}:", it.scheme.to_ascii_uppercase())));
    for (at, letter) in it.whole.char_indices().filter(|(_, c)| c.is_ascii_alphabetic()) {
        let rest = &it.whole[at + 1..];
        all.push(format!("{}{}{rest}", &it.whole[..at], letter.to_ascii_uppercase()));
        // Full-width letters fold into ordinary ones (NFKC); the other three look like them.
        let wide = char::from_u32(u32::from(letter) - 0x21 + 0xff01).unwrap_or(letter);
        all.push(format!("{}{wide}{rest}", &it.whole[..at]));
        let twin = match letter {
            'a' => 'а',
            'e' => 'е',
            'p' => 'р',
            'c' => 'с',
            's' => 'ſ',
            _ => continue,
        };
        all.push(format!("{}{twin}{rest}", &it.whole[..at]));
    }
    all
}

pub(super) fn schemes(it: &Parts<'_>) -> Vec<String> {
    let mut all: Vec<String> = [
        "http:",
        "https:",
        "HtTpS:",
        "httpss:",
        "ttps:",
        "ftp:",
        "ws:",
        "wss:",
        "file:",
        "blob:https:",
        "view-source:https:",
        "intent:",
        "android-app:",
        "",
        ":",
        "https",
        "https;",
        "https:https:",
        "com.example.app:",
        "com.example.APP:",
        "com.example.app2:",
        "app:",
    ]
    .iter()
    .map(|scheme| it.with_scheme(scheme))
    .collect();
    for evil in [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "javascript://%0aalert(1)",
        "data:text/html,<script>alert(1)</script>",
        "data:text/html;base64,PHNjcmlwdD4=",
        "vbscript:x",
        "about:blank",
        "mailto:a@b.c",
        "urn:ietf:wg:oauth:2.0:oob",
        "urn:ietf:wg:oauth:2.0:oob:auto",
        "*",
        "null",
        "/cb",
        "cb",
        "//evil.example",
        "\\\\evil.example",
        "/\\evil.example",
        "https:/evil.example",
        "https:evil.example",
        "https:///evil.example",
        "",
    ] {
        all.push(evil.to_owned());
        all.push(format!("{evil}//{}", it.whole));
        all.push(format!("{evil}#{}", it.whole));
    }
    all
}

pub(super) fn paths(it: &Parts<'_>) -> Vec<String> {
    let (path, query) = (it.path(), &it.rest[it.path().len()..]);
    let mut all = Vec::new();
    for detour in [
        "/..",
        "/../..",
        "/.",
        "//",
        "/x/..",
        "/%2e%2e",
        "/%2E%2E",
        "/%252e%252e",
        "/..;",
        "/..;/..;",
        "/;x=y",
        "/.%2e",
        "/%2e.",
        "/..%2f",
        "/..%5c",
        "/..\\",
        "/\\..\\",
        "/\\",
        "/...",
        "/x/..;",
        "/%c0%ae%c0%ae",
        "/%u002e%u002e",
        "/\u{2025}",
        "/x/../x/..",
        "/./.",
    ] {
        all.push(it.with_rest(&format!("{detour}{path}{query}")));
        all.push(it.with_rest(&format!("{path}{detour}{query}")));
        all.push(it.with_rest(&format!("{path}{detour}/evil{query}")));
        all.push(it.with_rest(&format!("{path}{detour}{path}{query}")));
    }
    for other in [
        "",
        "/",
        "/other",
        "/cb/",
        "/cb/other",
        "/cbx",
        "/xcb",
        "/c",
        "/cb.",
        "/.cb",
        "/cb;x",
        "/cb%20",
        "/cb+",
        "/cb~",
        "/*",
    ] {
        all.push(it.with_rest(other));
        all.push(it.with_rest(&format!("{other}{query}")));
    }
    all
}

pub(super) fn behind(it: &Parts<'_>) -> Vec<String> {
    let ends = [
        "/",
        "//",
        ".",
        "..",
        "?",
        "??",
        "?x=1",
        "?bar=foo",
        "?code=x",
        "?redirect_uri=https://evil.example",
        "&",
        "&x=1",
        "&bar=evil",
        ";",
        ";x=1",
        "#",
        "#x",
        "#?",
        "#/../evil",
        "#@evil.example",
        "%23",
        "%3f",
        "%3fx=1",
        "%26x=1",
        "%2f",
        "%5c",
        "%00",
        "%0a",
        "%0d%0a",
        "%0d%0aSet-Cookie:x=y",
        "%09",
        "%20",
        "@evil.example",
        ".evil.example",
        "\\",
        "\\@evil.example",
        "\t",
        "\n",
        "\r\n",
        "\r\nX: y",
        "\0",
        "\u{7f}",
        "\u{85}",
        " ",
        "  ",
        "\u{a0}",
        "\u{2028}",
        "\u{feff}",
        "\u{200b}",
        "\u{202e}",
        "'",
        "\"",
        "`",
        "<",
        ">",
        "|",
        "^",
        "{}",
        "[]",
        "$",
        "*",
        "~",
        ",https://evil.example",
        " https://evil.example",
        "\nhttps://evil.example",
        "é",
        "e\u{301}",
        "\u{1f600}",
    ];
    ends.iter().map(|end| format!("{}{end}", it.whole)).collect()
}

pub(super) fn before(it: &Parts<'_>) -> Vec<String> {
    let beginnings = [
        " ",
        "\t",
        "\n",
        "\r",
        "\0",
        "\u{a0}",
        "\u{feff}",
        "\u{200b}",
        "\u{202e}",
        "/",
        "//",
        "\\",
        "%20",
        "%00",
        "%09",
        "x",
        "url:",
        "URL:",
        "<",
        "\"",
        "'",
        "https://evil.example/?u=",
        "https://evil.example/#",
        "https://evil.example/",
        "https://evil.example\\",
        "javascript:",
        "https://",
        "https:",
        "@",
        "*",
        "^",
        "(",
        ".",
    ];
    beginnings.iter().map(|beginning| format!("{beginning}{}", it.whole)).collect()
}

pub(super) fn encoded(it: &Parts<'_>) -> Vec<String> {
    let mut all = Vec::new();
    for (at, byte) in it.whole.bytes().enumerate() {
        let (front, rest) = (&it.whole[..at], &it.whole[at + 1..]);
        all.push(format!("{front}%{byte:02x}{rest}"));
        all.push(format!("{front}%{byte:02X}{rest}"));
        all.push(format!("{front}%25{byte:02x}{rest}"));
    }
    let every: String = it.whole.bytes().map(|byte| format!("%{byte:02X}")).collect();
    all.push(every.replace('%', "%25"));
    all.push(every);
    all.retain(|address| address != it.whole);
    all
}

pub(super) fn bytes(it: &Parts<'_>) -> Vec<String> {
    const OTHERS: [&str; 12] = ["a", "Z", "0", ".", "/", "\\", "@", ":", "#", "?", "%", "\u{e9}"];
    let mut all = Vec::new();
    for at in 0..=it.whole.len() {
        let (front, rest) = it.whole.split_at(at);
        for other in OTHERS {
            all.push(format!("{front}{other}{rest}"));
            if let Some(shorter) = rest.get(1..) {
                all.push(format!("{front}{other}{shorter}"));
            }
        }
        if let Some(shorter) = rest.get(1..) {
            all.push(format!("{front}{shorter}"));
            all.push(format!("{front}{}{rest}", &rest[..1]));
        }
    }
    all
}
