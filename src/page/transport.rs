//! The link to a device: Web Bluetooth, or a simulated device in its place. The session itself runs in the worker.

use super::bluetooth::Link;
use super::links;
use super::words::t;
use crate::live::profile::POLAR_H10;
use crate::live::session::{Input, Output};
use crate::protocol::JobId;
use gloo::timers::callback::Interval;
use std::cell::RefCell;

/// How often time is passed on to the session, in milliseconds: well under its shortest deadline of 2 s.
const TICK_MS: u32 = 50;

/// Which device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// A real one, chosen in the browser's own dialog.
    Bluetooth,
    /// One that plays the simulator byte by byte.
    Simulated,
}

enum Transport {
    Bluetooth(Link),
    /// Played by the worker, which loses this share of the packets.
    Simulated {
        loss: f64,
    },
}

struct Open {
    job: JobId,
    transport: Transport,
    /// Dropped with the link.
    _ticks: Interval,
}

thread_local! {
    static OPEN: RefCell<Option<Open>> = const { RefCell::new(None) };
}

/// Whether this browser can reach a real device.
pub fn bluetooth_available() -> bool {
    Link::available()
}

fn now_s() -> f64 {
    links::now_ms() / 1000.0
}

/// Begins a session on the chosen device.
pub fn begin(choice: Choice) {
    match choice {
        Choice::Simulated => open(simulated(), &t("page-simulated-device")),
        Choice::Bluetooth => Link::ask(|link| {
            let name = link.name();
            open(Transport::Bluetooth(link), &name);
        }),
    }
}

/// A strap on a simulated person, with the loss of packets that the page's address asks for (`#loss=0.01`).
fn simulated() -> Transport {
    let hash = web_sys::window()
        .and_then(|window| window.location().hash().ok())
        .unwrap_or_default();
    let loss = hash
        .split(['#', '&'])
        .find_map(|part| part.strip_prefix("loss=")?.parse().ok());
    Transport::Simulated {
        loss: loss.unwrap_or(0.0),
    }
}

fn open(transport: Transport, device: &str) {
    close();
    // The worker's first wishes come as a message, after the link has its place here.
    let simulated_loss = match &transport {
        Transport::Bluetooth(_) => None,
        Transport::Simulated { loss } => Some(*loss),
    };
    let Some(job) = links::live_start(POLAR_H10.id, device, simulated_loss) else {
        return;
    };
    let ticks = Interval::new(TICK_MS, move || tick(job));
    OPEN.with(|open| {
        *open.borrow_mut() = Some(Open {
            job,
            transport,
            _ticks: ticks,
        })
    });
}

/// Ends the link.
pub fn close() {
    if let Some(open) = OPEN.with(|open| open.borrow_mut().take())
        && let Transport::Bluetooth(link) = open.transport
    {
        link.give_up();
    }
}

/// Passes time on to the session.
fn tick(job: JobId) {
    links::live_input(job, Input::Tick, now_s());
}

/// Does what the session wants, in its order.
pub fn fulfil(job: JobId, wishes: &[Output]) {
    let link = OPEN.with(|open| match open.borrow().as_ref() {
        Some(Open {
            job: current,
            transport: Transport::Bluetooth(link),
            ..
        }) if *current == job => Some(link.clone()),
        _ => None,
    });
    if let Some(link) = link
        && !wishes.is_empty()
    {
        link.fulfil(job, wishes.to_vec());
    }
}
