//! Whether this machine's CPU knows what the engine was compiled for.
//!
//! The engine is compiled for `x86-64-v3` (AVX2, FMA, F16C, BMI2) unless the build says
//! otherwise: with `GGML_AVX2=OFF` in the build's environment, beside the same for the
//! others, it runs everywhere, several times slower. Rust code is compiled for the plain
//! architecture in both cases, so that this check itself runs on any CPU.

use domain::model::ModelFault;

/// A fault if the engine would crash on this CPU.
#[cfg(target_arch = "x86_64")]
pub(crate) fn check() -> Result<(), ModelFault> {
    const PORTABLE: bool = matches!(option_env!("GGML_AVX2"), Some(value) if value.eq_ignore_ascii_case("off"));
    let has_all = std::arch::is_x86_feature_detected!("avx2")
        && std::arch::is_x86_feature_detected!("fma")
        && std::arch::is_x86_feature_detected!("f16c")
        && std::arch::is_x86_feature_detected!("bmi2");
    if PORTABLE || has_all {
        return Ok(());
    }
    let text = "this CPU lacks AVX2, FMA, F16C or BMI2, which the local model's engine in this build needs: \
                use the portable build of sortie, or another provider";
    Err(ModelFault::new(domain::model::FaultKind::Unavailable, text))
}

/// Other architectures have one build.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn check() -> Result<(), ModelFault> {
    Ok(())
}
