//! Other hosts, ports, names and users.

use super::Parts;

pub(super) fn longer_hosts(it: &Parts<'_>) -> Vec<String> {
    let (host, port) = (it.host, it.port);
    let mut hosts = vec![
        format!("{host}.evil.example{port}"),
        format!("{host}evil.example{port}"),
        format!("{host}-evil.example{port}"),
        format!("evil{host}{port}"),
        format!("evil-{host}{port}"),
        format!("evil.{host}{port}"),
        format!("evil.example/{host}{port}"),
        format!("evil.example?{host}{port}"),
        format!("evil.example#{host}{port}"),
        format!("{host}{port}.evil.example"),
        format!("evil.example{port}"),
        format!("{host}.{port}"),
        format!("{host}..{port}"),
        format!(".{host}{port}"),
        format!("*.{host}{port}"),
        format!("*{port}"),
        format!("{host}%00.evil.example{port}"),
        format!("{host}%2eevil.example{port}"),
        format!("{host}%252eevil.example{port}"),
        format!("{host}%25lo0{port}"),
        format!("[{host}]{port}"),
        format!("[{host}%25lo0]{port}"),
        format!("[::ffff:127.0.0.1]{port}"),
        String::new(),
        port.to_owned(),
    ];
    // Dots and slashes that some resolvers read as the ordinary ones (UTS 46).
    for odd in
        ['\u{ff0e}', '\u{3002}', '\u{ff61}', '\u{2024}', '\u{ff0f}', '\u{2044}', '\u{ff20}', '\u{200b}']
    {
        hosts.push(format!("{host}{odd}evil.example{port}"));
        hosts.push(format!("{host}{odd}{port}"));
    }
    hosts.iter().map(|authority| it.with_authority(authority)).collect()
}

pub(super) fn userinfo(it: &Parts<'_>) -> Vec<String> {
    let authority = format!("{}{}", it.host, it.port);
    let mut all = Vec::new();
    for at in ["@", "@@", "%40", "%2540", "\\@", "/@", "#@", "?@", ";@", ":@", ":80@", " @", "\t@"] {
        all.push(it.with_authority(&format!("{authority}{at}evil.example")));
        all.push(it.with_authority(&format!("{authority}{at}x@evil.example")));
        all.push(it.with_authority(&format!("evil.example{at}{authority}")));
        all.push(it.with_authority(&format!("user{at}{authority}")));
        all.push(it.with_authority(&format!("user:password{at}{authority}")));
    }
    all
}

pub(super) fn ports(it: &Parts<'_>) -> Vec<String> {
    let tries = [
        ":",
        ":0",
        ":00",
        ":1",
        ":80",
        ":443",
        ":0443",
        ":8443",
        ":08443",
        ":7000",
        ":07000",
        ":7001",
        ":65535",
        ":65536",
        ":99999",
        ":000001",
        ":-1",
        ":+80",
        ": 80",
        ":80 ",
        ":8o",
        ":0x50",
        ":80:80",
        ":80@evil.example",
        ":80.evil.example",
        ":\u{ff18}\u{ff10}",
        "",
        ":443/",
        ":80\\",
        ":80?x",
        ":80#x",
        ":80%2f",
    ];
    tries.iter().map(|port| it.with_authority(&format!("{}{port}", it.host))).collect()
}

pub(super) fn loopback(it: &Parts<'_>) -> Vec<String> {
    let mut all = Vec::new();
    for host in [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "127.0.0.1",
        "127.0.0.2",
        "127.1",
        "127.0.1",
        "0127.0.0.1",
        "127.000.000.001",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        "[::0001]",
        "[::ffff:127.0.0.1]",
        "[::1%25lo]",
        "[::1%lo]",
        "[::1",
        "::1",
        "127.0.0.1.evil.example",
        "127.0.0.1@evil.example",
        "127.0.0.1:80@evil.example",
        "[::1]@evil.example",
        "[::1].evil.example",
        "evil.example#127.0.0.1",
        "127.0.0.1%2eevil.example",
        "ip6-localhost",
        "rp.example.localhost",
        "169.254.169.254",
    ] {
        for port in ["", ":1", ":7000", ":7001", ":65535"] {
            all.push(format!("http://{host}{port}{}", it.rest));
        }
        all.push(format!("https://{host}{}", it.rest));
        all.push(format!("http://{host}:1{}x", it.path()));
        all.push(format!("http://{host}:1{}?x=1", it.path()));
    }
    all
}
