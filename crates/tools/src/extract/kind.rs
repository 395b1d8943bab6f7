//! What kind of file it is.

use ports::tool::ExtractError;

/// The kinds that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Txt,
    Md,
    Csv,
    Json,
    Pdf,
    Docx,
}

impl Kind {
    pub(super) const ALL: [Kind; 6] = [Kind::Txt, Kind::Md, Kind::Csv, Kind::Json, Kind::Pdf, Kind::Docx];

    /// As it is stored and shown.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Txt => "txt",
            Self::Md => "md",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Pdf => "pdf",
            Self::Docx => "docx",
        }
    }

    /// Whether it is read in the child process.
    pub(super) fn needs_child(self) -> bool {
        matches!(self, Self::Pdf | Self::Docx)
    }

    /// The name says what the file is meant to be, and the bytes must agree: a program
    /// called `notes.txt` is no text.
    pub(super) fn judge(file_name: &str, bytes: &[u8]) -> Result<Self, ExtractError> {
        let base_name = file_name.rsplit(['/', '\\']).next().unwrap_or_default();
        let extension = match base_name.rsplit_once('.') {
            Some((_, extension)) => extension.to_lowercase(),
            None => return by_content(bytes).ok_or_else(|| unknown("nameless")),
        };
        let kind = match extension.as_str() {
            "markdown" => Self::Md,
            extension => match Self::ALL.into_iter().find(|kind| kind.as_str() == extension) {
                Some(kind) => kind,
                None => return Err(unknown(extension)),
            },
        };
        match (kind, by_content(bytes)) {
            (Self::Pdf, Some(Self::Pdf)) | (Self::Docx, Some(Self::Docx)) => Ok(kind),
            (Self::Pdf | Self::Docx, _) => {
                let wrong = format!("its name says {}, its content does not", extension.to_uppercase());
                Err(ExtractError::Unreadable(wrong))
            }
            (_, Some(other)) => {
                let wrong = format!("its name says {}, its content {}", extension, other.as_str());
                Err(ExtractError::Unreadable(wrong))
            }
            (_, None) => Ok(kind),
        }
    }
}

/// What the first bytes give away; text has no mark of its own.
fn by_content(bytes: &[u8]) -> Option<Kind> {
    // Readers accept a PDF whose mark stands anywhere in the first kilobyte, but a text
    // that speaks of PDF is no PDF.
    if bytes.starts_with(b"%PDF-") {
        return Some(Kind::Pdf);
    }
    bytes.starts_with(b"PK\x03\x04").then_some(Kind::Docx)
}

fn unknown(extension: &str) -> ExtractError {
    let shown: String = extension.chars().filter(|c| !c.is_control()).take(16).collect();
    ExtractError::UnknownKind(shown.to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_content_must_agree() {
        let check = |name: &str, bytes: &[u8], expected: Result<Kind, &str>| {
            let found = Kind::judge(name, bytes).map_err(|error| error.to_string());
            match expected {
                Ok(kind) => assert_eq!(found, Ok(kind), "{name}"),
                Err(part) => assert!(found.clone().is_err_and(|error| error.contains(part)), "{name}: {found:?}"),
            }
        };
        check("a.txt", b"hello", Ok(Kind::Txt));
        check("dir/a.b.MD", b"# hi", Ok(Kind::Md));
        check("a.markdown", b"# hi", Ok(Kind::Md));
        check("a.csv", b"", Ok(Kind::Csv));
        check("a.json", b"{}", Ok(Kind::Json));
        check("a.pdf", b"%PDF-1.7", Ok(Kind::Pdf));
        check("a.docx", b"PK\x03\x04", Ok(Kind::Docx));
        check("noname", b"%PDF-1.7", Ok(Kind::Pdf));
        check("a.exe", b"MZ", Err("EXE files are not supported"));
        check("a.pdf.exe", b"%PDF-1.7", Err("EXE files are not supported"));
        check("noname", b"hello", Err("not supported"));
        check("a.", b"hello", Err("not supported"));
        check("a.pdf", b"hello", Err("its content does not"));
        check("a.docx", b"hello", Err("its content does not"));
        check("a.txt", b"%PDF-1.7", Err("its content pdf"));
    }
}
