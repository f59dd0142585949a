//! The worker that opens, measures and finds; with the readers that most people's files need.

fn main() {
    einthoven::worker::start_analyst(einthoven::formats::COMMON);
}
