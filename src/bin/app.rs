//! The page's program.

fn main() {
    einthoven::page::start();
}
