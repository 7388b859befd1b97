//! Character encodings of old systems: of their files, and of the passwords that they hashed.

mod decoded;
mod detect;

use encoding_rs::{Encoding, ISO_8859_15, MACINTOSH, UTF_16BE, UTF_16LE, WINDOWS_1252};
use oem_cp::code_table::{
    DECODING_TABLE_CP437, DECODING_TABLE_CP850, DECODING_TABLE_CP858, ENCODING_TABLE_CP437,
    ENCODING_TABLE_CP850, ENCODING_TABLE_CP858,
};

pub use decoded::Decoded;
pub use detect::{Detector, Found};

/// A character encoding.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Charset {
    /// With or without a byte order mark.
    #[default]
    Utf8,
    /// The encoding that Excel and old databases write in western Europe.
    Windows1252,
    /// Old Unix, with the euro.
    Iso885915,
    /// Two bytes a unit, the lower one first: Excel's "Unicode text", SQL Server, .NET.
    Utf16Le,
    /// Two bytes a unit, the higher one first.
    Utf16Be,
    /// Macintosh, before Mac OS X.
    MacRoman,
    /// DOS in the United States.
    Cp437,
    /// DOS in western Europe.
    Cp850,
    /// The same with the euro.
    Cp858,
}

impl Charset {
    /// All of them, with the names that settings and options have.
    pub const NAMES: &[(&str, Self)] = &[
        ("utf-8", Self::Utf8),
        ("windows-1252", Self::Windows1252),
        ("iso-8859-15", Self::Iso885915),
        ("utf-16le", Self::Utf16Le),
        ("utf-16be", Self::Utf16Be),
        ("macroman", Self::MacRoman),
        ("cp437", Self::Cp437),
        ("cp850", Self::Cp850),
        ("cp858", Self::Cp858),
    ];

    /// Other names of the same encodings. What says that it is ISO-8859-1 is windows-1252, as browsers read it.
    const ALIASES: &[(&str, Self)] = &[
        ("utf8", Self::Utf8),
        ("cp1252", Self::Windows1252),
        ("ansi", Self::Windows1252),
        ("latin1", Self::Windows1252),
        ("iso-8859-1", Self::Windows1252),
        ("latin9", Self::Iso885915),
        ("utf-16", Self::Utf16Le),
        ("utf16", Self::Utf16Le),
        ("macintosh", Self::MacRoman),
        ("mac", Self::MacRoman),
        ("437", Self::Cp437),
        ("ibm437", Self::Cp437),
        ("850", Self::Cp850),
        ("ibm850", Self::Cp850),
        ("858", Self::Cp858),
        ("ibm858", Self::Cp858),
    ];

    /// Finds an encoding by its name, in any case.
    pub fn find(name: &str) -> Option<Self> {
        let name = name.trim();
        let mut all = Self::NAMES.iter().chain(Self::ALIASES);
        all.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, charset)| *charset)
    }

    /// Returns the name in [`Self::NAMES`].
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, charset)| *charset == self).map_or("utf-8", |(name, _)| name)
    }

    /// Returns the encodings with these names, for a message.
    pub fn list() -> String {
        Self::NAMES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// Encodes a text; `None` where a character of it has no place in this encoding.
    pub fn encode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Utf8 => Some(text.as_bytes().to_vec()),
            Self::Utf16Le => Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
            Self::Utf16Be => Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
            Self::Cp437 => oem_cp::encode_string_checked(text, &ENCODING_TABLE_CP437),
            Self::Cp850 => oem_cp::encode_string_checked(text, &ENCODING_TABLE_CP850),
            Self::Cp858 => oem_cp::encode_string_checked(text, &ENCODING_TABLE_CP858),
            Self::Windows1252 | Self::Iso885915 | Self::MacRoman => {
                let (bytes, _, lost) = self.of_the_web()?.encode(text);
                (!lost).then(|| bytes.into_owned())
            }
        }
    }

    /// Returns the character of a byte above ASCII; `None` for encodings of several bytes a character.
    fn character(self, byte: u8) -> Option<char> {
        let bytes = [byte];
        let text = match self {
            Self::Utf8 | Self::Utf16Le | Self::Utf16Be => return None,
            Self::Windows1252 | Self::Iso885915 | Self::MacRoman => {
                self.of_the_web()?.decode_without_bom_handling(&bytes).0.into_owned()
            }
            Self::Cp437 => oem_cp::decode_string_complete_table(&bytes, &DECODING_TABLE_CP437),
            Self::Cp850 => oem_cp::decode_string_complete_table(&bytes, &DECODING_TABLE_CP850),
            Self::Cp858 => oem_cp::decode_string_complete_table(&bytes, &DECODING_TABLE_CP858),
        };
        text.chars().next()
    }

    /// Returns the encoding by which browsers read it, where there is one.
    fn of_the_web(self) -> Option<&'static Encoding> {
        match self {
            Self::Windows1252 => Some(WINDOWS_1252),
            Self::Iso885915 => Some(ISO_8859_15),
            Self::MacRoman => Some(MACINTOSH),
            Self::Utf16Le => Some(UTF_16LE),
            Self::Utf16Be => Some(UTF_16BE),
            Self::Utf8 | Self::Cp437 | Self::Cp850 | Self::Cp858 => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By `python3 -c "print('Été à œ'.encode('cp850'))"` and the like.
    #[test]
    fn each_encoding_is_that_of_other_tools() {
        let table: &[(Charset, &str, &[u8])] = &[
            (Charset::Windows1252, "Été à œ€", b"\xc9t\xe9 \xe0 \x9c\x80"),
            (Charset::Iso885915, "Été à œ€", b"\xc9t\xe9 \xe0 \xbd\xa4"),
            (Charset::MacRoman, "Été à œ", b"\x83t\x8e \x88 \xcf"),
            (Charset::Cp850, "Été à", b"\x90t\x82 \x85"),
            (Charset::Cp437, "Été à", b"\x90t\x82 \x85"),
            (Charset::Cp858, "été €", b"\x82t\x82 \xd5"),
            (Charset::Utf8, "é", b"\xc3\xa9"),
            (Charset::Utf16Le, "é1", b"\xe9\x001\x00"),
            (Charset::Utf16Be, "é1", b"\x00\xe9\x001"),
        ];
        for (charset, text, bytes) in table {
            assert_eq!(charset.encode(text).as_deref(), Some(*bytes), "{charset:?}");
            let mut read = String::new();
            std::io::Read::read_to_string(&mut Decoded::new(*bytes, *charset), &mut read).unwrap();
            assert_eq!(read, *text, "{charset:?}");
        }
        assert_eq!(Charset::Cp850.encode("œ"), None);
        assert_eq!(Charset::Windows1252.encode("ł"), None);
        for (name, charset) in Charset::NAMES {
            assert_eq!((Charset::find(name), charset.name()), (Some(*charset), *name));
        }
        assert_eq!(Charset::find(" CP850 "), Some(Charset::Cp850));
        assert_eq!(Charset::find("klingon"), None);
    }
}
