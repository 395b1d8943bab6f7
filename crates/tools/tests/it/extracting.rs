//! Files through the real child process: this test binary, started again.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use ports::TextExtractor;
use ports::tool::ExtractError;
use tools::extract::{ChildCommand, child_main};
use tools::{ExtractOptions, Extractor};

/// Not a test: what the child runs. Without a parent's order it finds no input and fails,
/// which nobody looks at, so it is ignored in an ordinary run.
#[test]
#[ignore = "started by the other tests as their child process"]
fn child() {
    let code = child_main();
    // Past the harness, which would print its summary after the answer.
    std::process::exit(i32::from(code != ExitCode::SUCCESS));
}

fn extractor(options: ExtractOptions) -> Extractor {
    let arguments = ["extracting::child", "--exact", "--ignored", "--nocapture"];
    Extractor::with_command(options, ChildCommand::new(std::env::current_exe().unwrap(), arguments))
}

async fn text(file_name: &str, bytes: Vec<u8>) -> Result<String, ExtractError> {
    let extracted = extractor(ExtractOptions::default()).extract(file_name, bytes).await?;
    assert_eq!(Some(extracted.kind.as_str()), file_name.rsplit('.').next());
    Ok(extracted.text)
}

fn docx(document_xml: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file("word/document.xml", zip::write::SimpleFileOptions::default()).unwrap();
    archive.write_all(document_xml).unwrap();
    archive.finish().unwrap().into_inner()
}

/// A PDF of one page with this content stream.
fn pdf(content: &str) -> Vec<u8> {
    padded_pdf(content, 0)
}

/// The same, with a comment of this many bytes in it.
fn padded_pdf(content: &str, padding: usize) -> Vec<u8> {
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
    ];
    let mut file = format!("%PDF-1.4\n%{}\n", " ".repeat(padding));
    let mut places = Vec::new();
    for (number, object) in objects.iter().enumerate() {
        places.push(file.len());
        file.push_str(&format!("{} 0 obj\n{object}\nendobj\n", number + 1));
    }
    let table = file.len();
    file.push_str(&format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1));
    for place in places {
        file.push_str(&format!("{place:010} 00000 n \n"));
    }
    file.push_str(&format!("trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n", objects.len() + 1));
    file.into_bytes()
}

#[tokio::test]
async fn text_comes_out_of_each_kind() {
    assert_eq!(text("a.txt", b"hello".to_vec()).await.as_deref(), Ok("hello"));
    assert_eq!(text("a.csv", b"\xff\xfea\0,\0b\0".to_vec()).await.as_deref(), Ok("a,b"));
    let page = pdf("BT /F1 24 Tf 20 100 Td (The tea is ready) Tj ET");
    assert_eq!(text("a.pdf", page).await.as_deref(), Ok("The tea is ready"));
    let document =
        docx(b"<w:document xmlns:w=\"w\"><w:p><w:t>The tea</w:t></w:p><w:p><w:t>is ready</w:t></w:p></w:document>");
    assert_eq!(text("a.docx", document).await.as_deref(), Ok("The tea\nis ready"));
}

#[tokio::test]
async fn what_is_no_text_is_told() {
    let check = async |file_name: &str, bytes: Vec<u8>, part: &str| {
        let error = text(file_name, bytes).await.unwrap_err();
        assert!(error.to_string().contains(part), "{file_name}: {error}");
    };
    check("a.exe", b"MZ\x90\0".to_vec(), "EXE files are not supported").await;
    check("a.txt", b"MZ\x90\0".to_vec(), "not text").await;
    check("a.txt", b" \n".to_vec(), "no text was found").await;
    check("a.pdf", pdf("BT ET"), "no text was found").await;
    check("a.pdf", b"%PDF-1.7 but not really".to_vec(), "could not be read").await;
    check("a.docx", b"PK\x03\x04 but not really".to_vec(), "could not be read").await;
    check("a.docx", docx(b"<w:p><w:t>open</w:p>"), "could not be read").await;
    let mut damaged = pdf("BT /F1 24 Tf 20 100 Td (x) Tj ET");
    for byte in damaged.iter_mut().skip(200).step_by(7) {
        *byte ^= 0x55;
    }
    check("a.pdf", damaged, "could not be read").await;
}

#[tokio::test]
async fn a_file_cannot_take_more_than_its_share() {
    // Memory: the file alone is larger than the child may grow.
    let tight = ExtractOptions { memory_mib_max: 256, ..ExtractOptions::default() };
    let large = padded_pdf("BT /F1 24 Tf 20 100 Td (x) Tj ET", 300 << 20);
    let error = extractor(tight).extract("a.pdf", large).await.unwrap_err();
    assert!(error.to_string().contains("too much memory"), "{error}");

    // Length of the text.
    let short = ExtractOptions { text_bytes_max: 100, ..ExtractOptions::default() };
    let wordy = docx(format!("<w:t>{}</w:t>", "word ".repeat(100_000)).as_bytes());
    let error = extractor(short.clone()).extract("a.docx", wordy).await.unwrap_err();
    assert!(error.to_string().contains("longer than 100 bytes"), "{error}");
    let error = extractor(short).extract("a.txt", b"word ".repeat(100)).await.unwrap_err();
    assert!(error.to_string().contains("longer than 100 bytes"), "{error}");
}

#[tokio::test]
async fn a_child_that_does_not_answer_is_ended() {
    // Waits for input that never ends.
    let command = ChildCommand::new("/bin/sh".into(), ["-c", "while :; do :; done"]);
    let options = ExtractOptions { timeout: Duration::from_millis(300), ..ExtractOptions::default() };
    let extractor = Extractor::with_command(options, command);
    let error = extractor.extract("a.pdf", b"%PDF-1.7".to_vec()).await.unwrap_err();
    assert!(error.to_string().contains("took longer"), "{error}");
}

#[tokio::test]
async fn a_child_that_dies_or_is_missing_is_one_failed_upload() {
    for command in
        [ChildCommand::new("/bin/false".into(), [""; 0]), ChildCommand::new("/no/such/program".into(), [""; 0])]
    {
        let extractor = Extractor::with_command(ExtractOptions::default(), command);
        let error = extractor.extract("a.pdf", b"%PDF-1.7".to_vec()).await.unwrap_err();
        assert!(matches!(error, ExtractError::Unreadable(_)), "{error}");
    }
}
