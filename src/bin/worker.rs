//! The worker that opens, measures and finds.

fn main() {
    einthoven::worker::start_analyst();
}
