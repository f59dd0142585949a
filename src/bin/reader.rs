//! The worker of a first visit: puts a recording on paper while the worker that measures is still on its way.

fn main() {
    einthoven::worker::start_reader(einthoven::formats::COMMON);
}
