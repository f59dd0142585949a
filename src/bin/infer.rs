//! The worker that runs models.

fn main() {
    einthoven::worker::start_infer();
}
