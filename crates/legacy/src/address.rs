use crate::row::addresses;

/// An address that mail can be sent to, and its form for comparison. ASCII after NFKC: a strict type of our own, because its text is written into mail
/// headers and SMTP commands (SECURITY #74, #95).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MailAddress {
    shown: String,
    canonical: String,
}

impl MailAddress {
    /// Reads an address; `None` when no mail can be sent there.
    pub fn parse(text: &str) -> Option<Self> {
        let shown = spelling::fold(text).into_owned();
        let (local, domain) = shown.rsplit_once('@')?;
        let local_ok = !local.is_empty()
            && local.len() <= 64
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..")
            && local.bytes().all(|b| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b));
        let label_ok = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        let domain_ok = domain.len() <= 253 && domain.contains('.') && domain.split('.').all(label_ok);
        let canonical = shown.to_ascii_lowercase();
        (local_ok && domain_ok && shown.len() <= 254).then_some(Self { shown, canonical })
    }

    /// Reads the one address in what a person typed or pasted: `mailto:anne@exemple.fr`, `Anne <anne@exemple.fr>`, one with a comma behind it, or with a space
    /// beside the sign. `None` where there is none, or where two are meant.
    pub fn find(text: &str) -> Option<Self> {
        let text = spelling::fold(text);
        Self::parse(&text).or_else(|| Self::parse(&joined(&text))).or_else(|| {
            let mut found = addresses(&text).into_iter();
            let one = found.next().filter(|_| found.next().is_none())?;
            Self::parse(&one)
        })
    }

    /// The address as it was written, trimmed.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// The form for comparison.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }
}

/// Without the spaces beside an `@` or a full stop, which telephones write by themselves.
fn joined(text: &str) -> String {
    let beside = |c: Option<char>| matches!(c, Some('@' | '.'));
    let chars: Vec<char> = text.chars().collect();
    let kept = |at: usize| {
        chars[at] != ' '
            || !(beside(chars.get(at + 1).copied()) || at > 0 && beside(chars.get(at - 1).copied()))
    };
    (0..chars.len()).filter(|at| kept(*at)).map(|at| chars[at]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_that_reach_one_mailbox_are_one_address() {
        let canonical = |t: &str| MailAddress::parse(t).map(|e| e.canonical);
        for spelling in [
            "Marie.D@Example.org",
            " marie.d@example.ORG ",
            "\u{a0}ｍarie.d@example.org",
            "marie．d@example.org",
        ] {
            assert_eq!(canonical(spelling).as_deref(), Some("marie.d@example.org"), "{spelling}");
        }
        assert_eq!(MailAddress::parse(" Marie@Example.org").unwrap().shown(), "Marie@Example.org");
    }

    /// FINDING B13
    #[test]
    fn what_is_pasted_around_an_address_is_left_out() {
        let found = |text: &str| MailAddress::find(text).map(|address| address.shown);
        for pasted in [
            "anne@exemple.test",
            "anne@exemple.test\u{200b}",
            "\u{feff}anne\u{ad}@exemple\u{2060}.test ",
            "mailto:anne@exemple.test",
            "<anne@exemple.test>",
            "Anne Dupont <anne@exemple.test>",
            "\"Anne\" <anne@exemple.test>;",
            "anne@exemple.test,",
            "anne@exemple.test.",
            "anne @ exemple.test",
            "anne@exemple. test",
            "«\u{a0}anne@exemple.test\u{a0}»",
        ] {
            assert_eq!(found(pasted).as_deref(), Some("anne@exemple.test"), "{pasted:?}");
        }
        assert_eq!(found("d’arcy@exemple.test").as_deref(), Some("d'arcy@exemple.test"));
        for none in [
            "anne dupont@exemple.test",
            "a@x.test, b@x.test",
            "a@x.test;b@x.test",
            "anne@exemple,test",
            "@",
            "anne",
            "",
        ] {
            assert_eq!(found(none), None, "{none:?}");
        }
    }

    #[test]
    fn what_could_break_a_header_or_name_a_twin_is_no_address() {
        for bad in [
            "",
            "a",
            "@b.fr",
            "a@",
            "a@b",
            "a b@c.fr",
            "a@b..fr",
            "a@-b.fr",
            ".a@b.fr",
            "a@b.fr\r\nBcc: x@y.fr",
            "a\0@b.fr",
            "\"a b\"@c.fr",
            "vıctim@example.gov",
            "a@exämple.fr",
            "a@b\u{2028}.fr",
            "<a@b.fr>",
            "a@[127.0.0.1]",
            "a,b@c.fr",
        ] {
            assert!(MailAddress::parse(bad).is_none(), "{bad:?}");
        }
        assert!(MailAddress::parse(&format!("{}@b.fr", "a".repeat(65))).is_none());
    }
}
