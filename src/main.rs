//! The `spondyl` executable: everything it does lives in the library.

fn main() -> std::process::ExitCode {
    spondyl::cli::main()
}
