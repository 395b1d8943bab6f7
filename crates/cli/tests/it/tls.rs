//! TLS: what is served over it, and what a certificate that cannot be used is answered with.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use reqwest::{Certificate, Client, ClientBuilder, Version};

use crate::sortie::{Ended, House, sortie};

/// A certificate for this machine and its key, as files of this name.
fn certificate(directory: &Path, name: &str) -> (PathBuf, PathBuf) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let (cert, key) = (directory.join(format!("{name}.pem")), directory.join(format!("{name}.key")));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (cert, key)
}

#[tokio::test]
async fn whoever_knows_the_authority_is_served_and_nobody_else() {
    // The only error is that one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let house = House::new();
    let (cert, _) = certificate(house.path(), "house");
    let server = house.serve_with(|command| {
        command.args(["--tls-cert", "house.pem", "--tls-key", "house.key"]);
    });
    let authority = Certificate::from_pem(&std::fs::read(&cert).unwrap()).unwrap();
    let ask = async |client: ClientBuilder| {
        let client = client.build().unwrap();
        client.get(format!("https://{}/healthz", server.address())).send().await
    };
    let knowing = || Client::builder().add_root_certificate(authority.clone());
    for (client, version) in [(knowing(), Version::HTTP_2), (knowing().http1_only(), Version::HTTP_11)] {
        let answer = ask(client).await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.version()), (200, version));
    }
    assert!(ask(Client::builder()).await.is_err());

    let mut plain = TcpStream::connect(server.address()).unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    // It may be cut off; what matters is that nothing was said in the clear.
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP/"), "{}", String::from_utf8_lossy(&answer));

    // A command follows its answer as a stream, over the address that the login file names.
    let told = Ended::of(sortie(house.path()).args(["run", "hello"]).env("SORTIE_CA_CERT", &cert));
    assert_eq!(told.done(), "You said: hello\n");
    house.run(&["run", "hello"]).failed(6);
    // And what was printed can be pasted in any folder.
    for line in ["try_it", "talk"] {
        let answer = Ended::of(Command::new("sh").args(["-c", server.text(line)]).current_dir("/")).done();
        assert!(answer.contains("You said: Hello! Who are you?"), "{answer}");
    }
    server.stop();
    assert!(!house.log().contains("PRIVATE KEY"));
}

#[test]
fn a_certificate_that_cannot_be_used_is_one_line_and_a_code() {
    let house = House::new();
    let (cert, key) = certificate(house.path(), "good");
    let (_, others_key) = certificate(house.path(), "other");
    let file = |name: &str, text: &str| {
        let path = house.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let empty = file("empty.pem", "");
    let cut = file("cut.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n");
    let garbage = file("garbage.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let bad_key = file("garbage.key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    for (cert, key, named, why) in [
        (Path::new("absent.pem"), &*key, "absent.pem", "No such file"),
        (&cert, Path::new("absent.key"), "absent.key", "No such file"),
        (&empty, &key, "empty.pem", "no certificate is in this file"),
        (&cut, &key, "cut.pem", "not a PEM file"),
        (&garbage, &key, "garbage.pem", "cannot be used"),
        (&cert, &bad_key, "garbage.key", "cannot be used"),
        (&cert, &cert, "good.pem", "nothing of the kind is in this file"),
        (&cert, &others_key, "other.key", "does not fit the certificate"),
    ] {
        let refused =
            Ended::of(sortie(house.path()).arg("serve").arg("--tls-cert").arg(cert).arg("--tls-key").arg(key));
        let line = refused.failed(17);
        assert!(line.starts_with("TLS: ") && line.contains(named) && line.contains(why), "{line}");
    }
    assert_eq!(house.run(&["serve", "--tls-cert", "good.pem"]).code, 2);
    assert!(!house.data().exists());
}
