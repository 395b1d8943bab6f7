//! The child process: reads one file from its standard input, under limits.

use std::io::{self, Read, Write};
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, setrlimit};

use super::docx;
use super::kind::Kind;
use super::parent::Order;

/// Stands before the answer. What stands before it in turn is not ours: libraries print
/// warnings, and a test binary its greeting.
pub(super) const MARK: &[u8] = b"\0sortie-extract-text\0";

/// Leads the answer that is text.
pub(super) const TEXT: u8 = b'+';

/// Leads the answer that says why there is no text.
pub(super) const NO_TEXT: u8 = b'-';

/// Deeply nested files are read recursively.
const STACK_BYTES: usize = 64 << 20;

/// The whole of the hidden command `extract-text-child`: takes an order and a file on
/// standard input, answers on standard output.
pub fn child_main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("extract-text-child: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> io::Result<()> {
    // The PDF reader prints warnings to standard output; only the answer belongs there.
    let mut answer = std::fs::File::from(rustix::io::dup(rustix::stdio::stdout())?);
    rustix::stdio::dup2_stdout(rustix::stdio::stderr())?;

    let mut input = io::stdin().lock();
    let order = Order::read(&mut input)?;
    limit(&order)?;
    let mut file = Vec::new();
    input.read_to_end(&mut file)?;

    let reading = std::thread::Builder::new().stack_size(STACK_BYTES);
    let reading = reading.spawn(move || read(&order, &file))?;
    let result = reading.join().unwrap_or_else(|_| Err("it is damaged".to_owned()));
    let (lead, text) = match &result {
        Ok(text) => (TEXT, text),
        Err(wrong) => (NO_TEXT, wrong),
    };
    answer.write_all(MARK)?;
    answer.write_all(&[lead])?;
    answer.write_all(text.as_bytes())
}

/// From here on this process can neither grow, nor run, nor write without bound.
fn limit(order: &Order) -> io::Result<()> {
    let to = |resource, most: u64| {
        let limit = Rlimit { current: Some(most), maximum: Some(most) };
        setrlimit(resource, limit)
    };
    to(Resource::As, order.memory_bytes_max)?;
    to(Resource::Cpu, order.seconds_max)?;
    to(Resource::Fsize, 0)?;
    to(Resource::Core, 0)?;
    Ok(())
}

fn read(order: &Order, file: &[u8]) -> Result<String, String> {
    let text = match order.kind {
        Kind::Pdf => pdf_extract::extract_text_from_mem(file).map_err(|error| match error.to_string() {
            wrong if wrong.is_empty() => "it is damaged".to_owned(),
            wrong => wrong,
        })?,
        Kind::Docx => docx::text(file, order.text_bytes_max)?,
        Kind::Txt | Kind::Md | Kind::Csv | Kind::Json => return Err("it needs no child to be read".to_owned()),
    };
    let is_kept = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    Ok(text.chars().filter(is_kept).collect::<String>().trim().to_owned())
}
