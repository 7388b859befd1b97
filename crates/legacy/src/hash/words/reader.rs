use super::{Hash, Node, Turn, Unreadable, Uses};

const DEEPEST: usize = 12;

const DIGESTS: &[(&str, Hash)] = &[
    ("md4", Hash::Md4),
    ("md5", Hash::Md5),
    ("sha1", Hash::Sha1),
    ("sha256", Hash::Sha256),
    ("sha384", Hash::Sha384),
    ("sha512", Hash::Sha512),
];

const TURNS: &[(&str, Turn)] = &[
    ("hex", Turn::Hex),
    ("base64", Turn::Base64),
    ("unbase64", Turn::Unbase64),
    ("upper", Turn::Upper),
    ("lower", Turn::Lower),
    ("trim", Turn::Trim),
    ("utf16", Turn::Utf16),
];

/// The reader of a recipe.
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    in_loop: bool,
    uses: Uses,
}

impl<'a> Reader<'a> {
    /// Reads the whole.
    pub(super) fn read(text: &'a str) -> Result<(Node, Uses), Unreadable> {
        let mut reader = Self { text, at: 0, depth: 0, in_loop: false, uses: Uses::default() };
        let root = reader.join()?;
        reader.blanks();
        if reader.at < text.len() {
            return Err(reader.wrong("something stands behind its end"));
        }
        Ok((root, reader.uses))
    }

    fn wrong(&self, what: &'static str) -> Unreadable {
        Unreadable::Recipe { what, at: self.text.get(..self.at).map_or(0, |t| t.chars().count()) + 1 }
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn takes(&mut self, c: char) -> bool {
        self.blanks();
        let there = self.rest().starts_with(c);
        self.at += if there { c.len_utf8() } else { 0 };
        there
    }

    fn wants(&mut self, c: char, what: &'static str) -> Result<(), Unreadable> {
        if self.takes(c) { Ok(()) } else { Err(self.wrong(what)) }
    }

    fn join(&mut self) -> Result<Node, Unreadable> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.wrong("it is too deep"));
        }
        let mut parts = vec![self.part()?];
        while self.takes('+') {
            parts.push(self.part()?);
        }
        self.depth -= 1;
        Ok(if parts.len() == 1 { parts.swap_remove(0) } else { Node::Join(parts) })
    }

    fn part(&mut self) -> Result<Node, Unreadable> {
        self.blanks();
        if let Some(quote @ ('\'' | '"')) = self.rest().chars().next() {
            return self.literal(quote);
        }
        let end = self.rest().find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
        let name = self.rest()[..end.unwrap_or(self.rest().len())].to_ascii_lowercase();
        let start = self.at;
        self.at += name.len();
        if !self.takes('(') {
            let word = match name.as_str() {
                "password" => (Node::Password, &mut self.uses.password),
                "salt" => (Node::Salt, &mut self.uses.salt),
                "user" => (Node::User, &mut self.uses.user),
                "key" => (Node::Key, &mut self.uses.key),
                "it" if self.in_loop => return Ok(Node::It),
                _ => {
                    self.at = start;
                    return Err(
                        self.wrong("the words are password, salt, user and key, and `it` within a loop")
                    );
                }
            };
            *word.1 = true;
            return Ok(word.0);
        }
        let node = self.call(&name, start)?;
        self.wants(')', "a `)` is missing")?;
        Ok(node)
    }

    fn call(&mut self, name: &str, start: usize) -> Result<Node, Unreadable> {
        if let Some((_, of)) = DIGESTS.iter().find(|(known, _)| *known == name) {
            return Ok(Node::Digest(*of, Box::new(self.join()?)));
        }
        if let Some((_, turn)) = TURNS.iter().find(|(known, _)| *known == name) {
            return Ok(Node::Turned(*turn, Box::new(self.join()?)));
        }
        let of_mac = name.strip_prefix("hmac-").or_else(|| name.strip_prefix("hmac_"));
        if let Some((_, of)) = DIGESTS.iter().skip(1).find(|(known, _)| of_mac == Some(*known)) {
            let key = self.join()?;
            self.wants(',', "hmac wants a key, a comma and a text")?;
            return Ok(Node::Mac(*of, Box::new([key, self.join()?])));
        }
        match name {
            "raw" | "unhex" => Ok(Node::Raw(Box::new(self.join()?))),
            "cut" => {
                let of = self.join()?;
                self.wants(',', "cut wants a text, a beginning and a length")?;
                let from = self.number()?;
                self.wants(',', "cut wants a text, a beginning and a length")?;
                let length = self.number()?;
                if length == 0 {
                    return Err(self.wrong("cut leaves nothing"));
                }
                Ok(Node::Cut(Box::new(of), from as usize, length as usize))
            }
            "loop" if !self.in_loop => {
                let times = self.number()?;
                self.wants(',', "loop wants a number, a beginning and a step")?;
                let begin = self.join()?;
                self.wants(',', "loop wants a number, a beginning and a step")?;
                self.in_loop = true;
                let step = self.join()?;
                self.in_loop = false;
                Ok(Node::Loop(times, Box::new([begin, step])))
            }
            _ => {
                self.at = start;
                Err(self.wrong(
                    "the functions are md4, md5, sha1, sha256, sha384, sha512, hmac-…, raw, unhex, hex, base64, unbase64, upper, lower, \
                     trim, utf16, cut, and loop but not within a loop",
                ))
            }
        }
    }

    fn number(&mut self) -> Result<u32, Unreadable> {
        self.blanks();
        let digits = self.rest().len() - self.rest().trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number = self.rest()[..digits].parse().map_err(|_| self.wrong("a number belongs here"))?;
        self.at += digits;
        Ok(number)
    }

    fn literal(&mut self, quote: char) -> Result<Node, Unreadable> {
        self.at += 1;
        let mut out = String::new();
        let mut chars = self.rest().char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                c if c == quote => {
                    self.at += at + 1;
                    return Ok(Node::Text(out.into_bytes()));
                }
                '\\' => match chars.next() {
                    Some((_, 'n')) => out.push('\n'),
                    Some((_, 't')) => out.push('\t'),
                    Some((_, c)) => out.push(c),
                    None => break,
                },
                c => out.push(c),
            }
        }
        Err(self.wrong("a quote opens a text and none closes it"))
    }
}
