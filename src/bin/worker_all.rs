//! The same worker with every reader: starts with the first file that needs it.

fn main() {
    einthoven::worker::start_analyst(einthoven::formats::FORMATS);
}
