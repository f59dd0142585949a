//! The command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    einthoven::cli::main()
}
