//! `check --connect` looks at the sender's names in DNS, by which other mail servers judge a mail: SPF, DKIM, DMARC, the name of the mail server's address, and the
//! host of the links. What is missing there is advice and never a failure: mails leave all the same, and some arrive.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use hickory_resolver::{
    ResolverBuilder, TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig},
    net::{NetError, runtime::TokioRuntimeProvider},
    proto::rr::{Name, RData, RecordType},
};

use super::connect::{Found, Trial};
use crate::outbound::is_public;

/// The maximum time that a question takes.
const PATIENCE: Duration = Duration::from_secs(2);

/// The names that a mail shows.
pub(super) struct Names<'a> {
    /// The domain of `mail.from`.
    pub(super) from: &'a str,
    /// The domain of `mail.return_path`, or of `mail.from` without it.
    pub(super) envelope: &'a str,
    /// The mail server.
    pub(super) server: &'a str,
    /// The host of the issuer, to which links lead.
    pub(super) links: &'a str,
}

/// The answers of DNS about them.
#[derive(Clone, Default)]
struct Known {
    /// The texts at the envelope's domain.
    spf: Vec<String>,
    /// True if there is a name below which DKIM's keys stand.
    has_keys: bool,
    /// The texts of DMARC: of the sender's domain, or of the first one above it that has any (RFC 7489 §6.6.3 looks at one, its successor at each).
    dmarc: Vec<String>,
    /// The public addresses of the mail server, each with true if its name leads back to it.
    servers: Vec<(IpAddr, bool)>,
    /// True if the host of the links has an address.
    has_links: bool,
}

/// Asks DNS and judges its answers. `server` is asked in place of the system's.
pub(super) async fn look(names: &Names<'_>, server: Option<SocketAddr>) -> Vec<Trial> {
    let known = match Dns::at(server) {
        Ok(dns) => dns.known(names).await,
        Err(error) => Err(error),
    };
    match known {
        Ok(known) => judge(names, &known),
        Err(error) => {
            let unseen = format!("not looked at, since DNS does not answer ({error})");
            vec![Trial::of("sender", Found::Fine(unseen))]
        }
    }
}

/// Returns a trial for each thing that DNS says, or does not.
fn judge(names: &Names<'_>, known: &Known) -> Vec<Trial> {
    let of = |what: &str, found: Result<String, String>| {
        Trial::of(format!("sender: {what}"), found.map_or_else(Found::Doubtful, Found::Fine))
    };
    let mut trials = vec![
        of("SPF", spf(names.envelope, &known.spf)),
        of("DKIM", dkim(names.from, known.has_keys)),
        of("DMARC", dmarc(names, &known.dmarc)),
        of("links", links(names, known.has_links)),
    ];
    trials.extend(known.servers.iter().map(|(address, leads_back)| {
        of(
            "PTR",
            match leads_back {
                true => Ok(format!("{address} has a name that leads back to it")),
                false => Err(format!(
                    "{address} has no name that leads back to it: unless {} hands mails to another server, many refuse them",
                    names.server
                )),
            },
        )
    }));
    trials
}

/// RFC 7208
fn spf(domain: &str, texts: &[String]) -> Result<String, String> {
    let is_spf = |text: &&String| first_word(text).eq_ignore_ascii_case("v=spf1");
    let found: Vec<_> = texts.iter().filter(is_spf).collect();
    let text = match found[..] {
        [] => {
            return Err(format!(
                "{domain} has no SPF record, so a stranger's server sends in its name as well as yours: v=spf1 … -all"
            ));
        }
        [one] => one.to_ascii_lowercase(),
        _ => {
            return Err(format!("{domain} has {} SPF records, and receivers take none of them", found.len()));
        }
    };
    let terms: Vec<&str> = text.split_ascii_whitespace().skip(1).collect();
    match terms.iter().find(|term| term.trim_start_matches(['+', '-', '~', '?']) == "all") {
        Some(&("all" | "+all")) => Err(format!("{domain} lets every server send in its name ({text})")),
        Some(&("-all" | "~all")) => Ok(text),
        None if terms.iter().any(|term| term.starts_with("redirect=")) => Ok(text),
        _ => Err(format!("{domain} says nothing of other servers ({text}): end it with ~all or -all")),
    }
}

/// RFC 6376 §3.6.2.1. A key's selector is the mail server's to choose, so only the place of all keys can be looked for.
fn dkim(domain: &str, has_keys: bool) -> Result<String, String> {
    match has_keys {
        true => Ok(format!("keys stand below _domainkey.{domain}")),
        false => Err(format!(
            "nothing stands below _domainkey.{domain}: let the mail server sign for it, and publish its key there"
        )),
    }
}

/// RFC 7489
fn dmarc(names: &Names<'_>, texts: &[String]) -> Result<String, String> {
    let (from, envelope) = (names.from, names.envelope);
    let text = match texts {
        [] => return Err(format!("_dmarc.{from} has no DMARC record: v=DMARC1; p=quarantine")),
        [one] => one,
        _ => return Err(format!("{} DMARC records, and receivers take none of them", texts.len())),
    };
    let policy = text.split(';').filter_map(|tag| tag.split_once('=')).find(|(tag, _)| tag.trim() == "p");
    match policy.map(|(_, policy)| policy.trim().to_ascii_lowercase()).as_deref() {
        Some("none" | "quarantine" | "reject") if is_family(from, envelope) => Ok(text.clone()),
        Some("none" | "quarantine" | "reject") => Err(format!(
            "SPF speaks of {envelope} and not of {from}, so DMARC counts the signature alone: take a return_path below the sender's domain"
        )),
        _ => Err(format!("{text} names no policy: p=none, quarantine or reject")),
    }
}

fn links(names: &Names<'_>, has_links: bool) -> Result<String, String> {
    let Names { from, links, .. } = names;
    match (has_links, is_family(from, links)) {
        (false, _) => Err(format!("{links} has no address in DNS, so nobody can open a mailed link")),
        (true, false) => Err(format!(
            "they lead to {links} and mails come from {from}, which people and filters take for fishing: send from its domain"
        )),
        (true, true) => Ok(format!("they lead to {links}, as the sender")),
    }
}

/// Returns true if one domain is the other's, or both are below one of at least two labels. A list of public suffixes would be exact; this is advice, and keeps silent
/// of two strangers below `co.uk`.
fn is_family(one: &str, other: &str) -> bool {
    let [one, other] = [one, other].map(|name| name.trim_end_matches('.').to_ascii_lowercase());
    let same = one.rsplit('.').zip(other.rsplit('.')).take_while(|(a, b)| a == b).count();
    same >= 2 || one == other
}

fn first_word(text: &str) -> &str {
    text.split_ascii_whitespace().next().unwrap_or_default()
}

/// The resolver.
struct Dns(TokioResolver);

/// The answer to a question.
enum Answer {
    /// The records, or none.
    Records(Vec<RData>),
    /// There is no such name, and nothing below it (RFC 8020).
    NoName,
}

impl Dns {
    fn at(server: Option<SocketAddr>) -> Result<Self, NetError> {
        let mut builder: ResolverBuilder<TokioRuntimeProvider> = match server {
            None => TokioResolver::builder_tokio()?,
            Some(server) => {
                let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
                    connection.port = server.port();
                    connection
                });
                let server = NameServerConfig::new(server.ip(), true, connections.into());
                let config = ResolverConfig::from_name_servers(vec![server]);
                TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            }
        };
        let options = builder.options_mut();
        (options.timeout, options.attempts) = (PATIENCE, 1);
        Ok(Self(builder.build()?))
    }

    async fn known(&self, names: &Names<'_>) -> Result<Known, NetError> {
        let mut known = Known { spf: self.texts(names.envelope).await?, ..Known::default() };
        let place = self.ask(&format!("_domainkey.{}", names.from), RecordType::TXT).await?;
        known.has_keys = matches!(place, Answer::Records(_));
        let mut domain = Some(names.from);
        while let Some(name) = domain.filter(|name| known.dmarc.is_empty() && name.contains('.')) {
            known.dmarc = self.texts(&format!("_dmarc.{name}")).await?;
            known.dmarc.retain(|text| text.to_ascii_lowercase().starts_with("v=dmarc1"));
            domain = name.split_once('.').map(|(_, above)| above);
        }
        for address in self.addresses(names.server).await?.into_iter().filter(|address| is_public(*address)) {
            known.servers.push((address, self.leads_back(address).await?));
        }
        known.has_links = !self.addresses(names.links).await?.is_empty();
        Ok(known)
    }

    async fn ask(&self, name: &str, kind: RecordType) -> Result<Answer, NetError> {
        // With the dot at its end no domain of this machine is tried behind it.
        match self.0.lookup(format!("{}.", name.trim_end_matches('.')), kind).await {
            Ok(found) => {
                Ok(Answer::Records(found.answers().iter().map(|record| record.data.clone()).collect()))
            }
            Err(error) if error.is_nx_domain() => Ok(Answer::NoName),
            Err(error) if error.is_no_records_found() => Ok(Answer::Records(Vec::new())),
            Err(error) => Err(error),
        }
    }

    async fn records(&self, name: &str, kind: RecordType) -> Result<Vec<RData>, NetError> {
        Ok(match self.ask(name, kind).await? {
            Answer::Records(records) => records,
            Answer::NoName => Vec::new(),
        })
    }

    /// Returns the texts at a name, each whole: a record keeps it in pieces of 255 bytes.
    async fn texts(&self, name: &str) -> Result<Vec<String>, NetError> {
        let records = self.records(name, RecordType::TXT).await?;
        let texts = records.iter().filter_map(|record| match record {
            RData::TXT(text) => Some(String::from_utf8_lossy(&text.txt_data.concat()).into_owned()),
            _ => None,
        });
        Ok(texts.collect())
    }

    async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, NetError> {
        if let Ok(address) = host.trim_matches(['[', ']']).parse() {
            return Ok(vec![address]);
        }
        let mut found = self.records(host, RecordType::A).await?;
        found.extend(self.records(host, RecordType::AAAA).await?);
        Ok(found.iter().filter_map(RData::ip_addr).collect())
    }

    async fn leads_back(&self, address: IpAddr) -> Result<bool, NetError> {
        let name = Name::from(address).to_string();
        for record in self.records(&name, RecordType::PTR).await? {
            if let RData::PTR(name) = record
                && self.addresses(&name.to_string()).await?.contains(&address)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: Names<'static> = Names {
        from: "compte.exemple.fr",
        envelope: "retour.exemple.fr",
        server: "smtp.exemple.fr",
        links: "compte.exemple.fr",
    };

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn an_spf_record_is_one_and_says_who_does_not_send() {
        for fine in ["v=spf1 include:a.fr -all", "v=SPF1 mx ~all", "v=spf1 redirect=_spf.a.fr", "v=spf1 -all"]
        {
            assert!(spf("a.fr", &texts(&["google-site=1", fine])).is_ok(), "{fine}");
        }
        for (records, word) in [
            (&[][..], "no SPF record"),
            (&["v=spf10 -all", "spf2.0/pra -all"], "no SPF record"),
            (&["v=spf1 mx -all", "v=spf1 a -all"], "2 SPF records"),
            (&["v=spf1 mx +all"], "lets every server"),
            (&["v=spf1 mx ALL"], "lets every server"),
            (&["v=spf1 mx ?all"], "says nothing of other servers"),
            (&["v=spf1 mx"], "says nothing of other servers"),
        ] {
            let doubt = spf("a.fr", &texts(records)).unwrap_err();
            assert!(doubt.contains(word), "{records:?}: {doubt}");
        }
    }

    #[test]
    fn a_dmarc_record_is_one_and_has_a_policy_for_the_domain_that_spf_speaks_of() {
        for fine in
            ["v=DMARC1; p=none", "v=DMARC1;p=Quarantine; rua=mailto:a@b.fr", "v=DMARC1; sp=none; p = reject"]
        {
            assert!(dmarc(&NAMES, &texts(&[fine])).is_ok(), "{fine}");
        }
        let elsewhere = Names { envelope: "retours.fr", ..NAMES };
        for (names, records, word) in [
            (&NAMES, &[][..], "no DMARC record"),
            (&NAMES, &["v=DMARC1; p=none", "v=DMARC1; p=reject"], "2 DMARC records"),
            (&NAMES, &["v=DMARC1; sp=none"], "no policy"),
            (&NAMES, &["v=DMARC1; p=all"], "no policy"),
            (&elsewhere, &["v=DMARC1; p=reject"], "SPF speaks of retours.fr"),
        ] {
            let doubt = dmarc(names, &texts(records)).unwrap_err();
            assert!(doubt.contains(word), "{records:?}: {doubt}");
        }
    }

    #[test]
    fn what_is_not_there_is_advice() {
        let judged = |known: &Known| judge(&NAMES, known);
        let nothing = judged(&Known::default());
        assert!(nothing.len() == 4 && nothing.iter().all(Trial::is_doubtful));
        let whole = Known {
            spf: texts(&["v=spf1 mx -all"]),
            has_keys: true,
            dmarc: texts(&["v=DMARC1; p=quarantine"]),
            servers: vec![("9.9.9.9".parse().unwrap(), true)],
            has_links: true,
        };
        let all = judged(&whole);
        assert!(all.len() == 5 && !all.iter().any(Trial::is_doubtful));
        let nameless = judged(&Known { servers: vec![("9.9.9.9".parse().unwrap(), false)], ..whole });
        let doubts: Vec<String> =
            nameless.iter().filter(|t| t.is_doubtful()).map(ToString::to_string).collect();
        assert!(
            matches!(&doubts[..], [one] if one.starts_with("sender: PTR: WARNING: 9.9.9.9")),
            "{doubts:?}"
        );
    }

    #[test]
    fn domains_of_one_family_share_more_than_a_country() {
        for (one, other, is) in [
            ("exemple.fr", "exemple.fr", true),
            ("compte.exemple.fr", "Exemple.fr.", true),
            ("mail.exemple.fr", "compte.exemple.fr", true),
            ("exemple.fr", "autre.fr", false),
            ("compte.exemple.fr", "compte.autre.fr", false),
            ("localhost", "exemple.fr", false),
            ("localhost", "localhost", true),
        ] {
            assert_eq!(is_family(one, other), is, "{one} {other}");
        }
    }
}
