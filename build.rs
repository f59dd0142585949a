//! Link-time settings of single programs, which `.cargo/config.toml` can only give to all of them.

/// Memory that the models' worker may grow to. A user's own model that wants more ends that worker alone.
const INFER_MAX_MEMORY_BYTES: u64 = 1 << 30;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("wasm32") {
        println!("cargo::rustc-link-arg-bin=infer=--max-memory={INFER_MAX_MEMORY_BYTES}");
    }
}
