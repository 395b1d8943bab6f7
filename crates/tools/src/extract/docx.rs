//! DOCX: a ZIP archive with the text in `word/document.xml`.

use std::io::{BufRead, BufReader, Cursor, Read};

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, Event};
use zip::ZipArchive;

/// How much the document may unpack to. An archive can promise any size, so what comes out
/// is counted.
const XML_BYTES_MAX: u64 = 64 << 20;

/// The text of a document: paragraphs as lines, table cells apart by tabs.
pub(super) fn text(bytes: &[u8], text_bytes_max: usize) -> Result<String, String> {
    text_within(bytes, text_bytes_max, XML_BYTES_MAX)
}

fn text_within(bytes: &[u8], text_bytes_max: usize, xml_bytes_max: u64) -> Result<String, String> {
    let damaged = |error: &dyn std::fmt::Display| format!("it is no intact DOCX file ({error})");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
    let document = archive.by_name("word/document.xml").map_err(|error| damaged(&error))?;
    // One byte more than allowed tells an end from a cut.
    let mut xml = Reader::from_reader(BufReader::new(document.take(xml_bytes_max + 1)));
    let text = read(&mut xml, text_bytes_max).map_err(|error| damaged(&error))?;
    if xml.buffer_position() > xml_bytes_max {
        return Err(format!("it unpacks to more than {xml_bytes_max} bytes"));
    }
    Ok(text)
}

fn read<R: BufRead>(xml: &mut Reader<R>, text_bytes_max: usize) -> Result<String, quick_xml::Error> {
    let mut text = String::new();
    let mut buffer = Vec::new();
    // Text counts only within `w:t`; and not in a `mc:Fallback`, which repeats for old
    // readers what stands beside it.
    let mut in_text = false;
    let mut fallbacks = 0_usize;
    loop {
        match xml.read_event_into(&mut buffer)? {
            Event::Start(tag) => match tag.name().as_ref() {
                "w:t" => in_text = fallbacks == 0,
                "mc:Fallback" => fallbacks += 1,
                _ => {}
            },
            Event::End(tag) if fallbacks > 0 => fallbacks -= usize::from(tag.name().as_ref() == "mc:Fallback"),
            Event::End(tag) => match tag.name().as_ref() {
                "w:t" => in_text = false,
                "w:p" => text.push('\n'),
                "w:tc" => end_with(&mut text, '\n', '\t'),
                "w:tr" => end_with(&mut text, '\t', '\n'),
                _ => {}
            },
            Event::Empty(tag) if fallbacks == 0 => match tag.name().as_ref() {
                "w:tab" => text.push('\t'),
                "w:br" | "w:cr" | "w:p" => text.push('\n'),
                _ => {}
            },
            Event::Text(piece) if in_text => text.push_str(&piece.xml10_content()),
            Event::CData(piece) if in_text => text.push_str(&piece.xml10_content()),
            Event::GeneralRef(reference) if in_text => push_reference(&mut text, &reference),
            Event::Eof => return Ok(text),
            _ => {}
        }
        buffer.clear();
        // The parent refuses it anyway; there is no use in reading on.
        if text.len() > text_bytes_max {
            return Ok(text);
        }
    }
}

/// Lets the text end with one character in place of the other: the last paragraph of a
/// cell ends the cell, and the last cell the row.
fn end_with(text: &mut String, instead_of: char, end: char) {
    if text.ends_with(instead_of) {
        text.pop();
    }
    text.push(end);
}

/// `&amp;`, `&#233;`. Entities of the document's own making are left out: they exist only
/// to blow a file up.
fn push_reference(text: &mut String, reference: &BytesRef<'_>) {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        text.push(character);
    } else if let Some(known) = resolve_predefined_entity(reference) {
        text.push_str(known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::docx_of;

    fn read(xml: &str) -> Result<String, String> {
        text(&docx_of(xml.as_bytes()), 1 << 20)
    }

    #[test]
    fn paragraphs_tables_and_entities_are_read() {
        let xml = r#"<?xml version="1.0"?><w:document xmlns:w="w" xmlns:mc="mc"><w:body>
            <w:p><w:r><w:t>Fish &amp; chips</w:t></w:r><w:r><w:tab/><w:t xml:space="preserve"> caf&#233;</w:t></w:r></w:p>
            <w:p><w:r><w:t>one</w:t><w:br/><w:t>two</w:t><w:delText>gone</w:delText></w:r></w:p>
            <mc:AlternateContent><mc:Choice><w:t>new</w:t></mc:Choice><mc:Fallback><w:p><w:t>old</w:t></w:p></mc:Fallback></mc:AlternateContent>
            <w:tbl><w:tr><w:tc><w:p><w:t>a</w:t></w:p></w:tc><w:tc><w:p><w:t>b</w:t></w:p></w:tc></w:tr></w:tbl>
            </w:body></w:document>"#;
        assert_eq!(read(xml).as_deref(), Ok("Fish & chips\t café\none\ntwo\nnewa\tb\n"));
    }

    #[test]
    fn damaged_files_are_told() {
        assert!(read("<w:t>a</w:p>").is_err());
        assert!(text(b"PK\x03\x04 nonsense", 100).is_err());
        let bomb = r#"<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><w:t>&b;!</w:t>"#;
        assert_eq!(read(bomb).as_deref(), Ok("!"));
    }

    #[test]
    fn an_archive_that_unpacks_without_end_is_refused() {
        let mut xml = b"<w:t>".to_vec();
        xml.resize(1 << 20, b' ');
        let packed = docx_of(&xml);
        assert!(packed.len() < 10_000);
        let refused = text_within(&packed, usize::MAX, 1 << 19);
        assert!(refused.is_err_and(|wrong| wrong.contains("unpacks")));
    }
}
