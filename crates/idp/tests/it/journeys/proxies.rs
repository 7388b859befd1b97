//! The network that is counted behind a proxy, in each form in which proxies write addresses (SECURITY #55; RFC 7239).

use testbed::{apply, both};

use crate::journeys::{
    doors::{Knocker, behind},
    world::World,
};

/// Headers of one request.
type Sent<'a> = &'a [(&'static str, &'a str)];

/// How proxies write that a request is from this host of 203.0.113.0/24.
fn written(host: u8) -> Vec<Vec<(&'static str, String)>> {
    let address = format!("203.0.113.{host}");
    vec![
        vec![("x-forwarded-for", format!("{address}:5000{}", host % 10))],
        vec![("x-forwarded-for", format!(" 6.6.6.6 ,, {address} ,"))],
        vec![("x-forwarded-for", format!("\"{address}\""))],
        vec![("x-forwarded-for", format!("unknown, {address}:1, 10.0.0.9:443"))],
        vec![("x-forwarded-for", "6.6.6.6".into()), ("x-forwarded-for", format!("::ffff:{address}"))],
        vec![("x-forwarded-for", format!("caf\u{e9}, {address}"))],
        vec![("forwarded", format!("for={address}"))],
        vec![("forwarded", format!("For=\"{address}:4711\";proto=https;by=_proxy"))],
        vec![("forwarded", format!("for=\"6.6.6.6, for={address};host=\"a,b\""))],
        vec![("forwarded", "for=_hidden".into()), ("forwarded", format!("for={address}, for=10.0.0.9"))],
        // A proxy that writes one header passes the other on as it came.
        vec![("x-forwarded-for", address.clone()), ("forwarded", "for=6.6.6.6".into())],
    ]
}

/// FINDING B22: ports, quotes, blanks, several lines, RFC 7239: each person has their own tries, however the proxy writes.
#[apply(both!)]
#[tokio::test]
async fn each_person_behind_a_proxy_has_their_own_tries_however_it_writes(world: World) {
    let (address, server) = behind(&world, &["127.0.0.0/8", "10.0.0.0/8"], 3).await;
    let mut knocker = Knocker::at(&world, &address).await;
    let mut first = 1;
    for form in 0..written(1).len() {
        for host in first..first + 4 {
            let headers = written(host).swap_remove(form);
            let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            assert!(knocker.knocks(&headers).await, "{}: {headers:?}", world.bed.name);
        }
        first += 4;
    }
    // Each form names the same person, who has three tries in all.
    let mut looked_at = 0;
    for headers in written(250) {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        looked_at += usize::from(knocker.knocks(&headers).await);
    }
    assert_eq!(looked_at, 3, "{}", world.bed.name);
    server.abort();
}

/// A header that cannot be parsed counts nobody together with others, and the evidence does not name the proxy.
#[apply(both!)]
#[tokio::test]
async fn what_a_proxy_writes_unreadably_counts_nobody_with_others(world: World) {
    let (address, server) = behind(&world, &["127.0.0.0/8"], 3).await;
    let mut knocker = Knocker::at(&world, &address).await;
    let unread: [Sent<'_>; 6] = [
        &[("x-forwarded-for", "garbage")],
        &[("x-forwarded-for", "1.2.3.4.5")],
        &[("x-forwarded-for", "unknown")],
        &[("forwarded", "for=_SEVKISEK")],
        &[("forwarded", "proto=https")],
        &[],
    ];
    for headers in unread {
        assert!(knocker.knocks(headers).await, "{}: {headers:?}", world.bed.name);
    }
    server.abort();
}

/// SECURITY B5: none of it is believed of a stranger.
#[apply(both!)]
#[tokio::test]
async fn a_stranger_is_counted_as_their_socket_whatever_they_write(world: World) {
    let (address, server) = behind(&world, &["10.0.0.0/8"], 3).await;
    let mut knocker = Knocker::at(&world, &address).await;
    let mut looked_at = 0;
    for headers in written(7).into_iter().chain(written(8)) {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        looked_at += usize::from(knocker.knocks(&headers).await);
    }
    assert_eq!(looked_at, 3, "{}", world.bed.name);
    server.abort();
}
