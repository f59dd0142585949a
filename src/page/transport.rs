//! The link to a device: Web Bluetooth, or a simulated device in its place. The session itself runs in the worker.

use super::bluetooth::Link;
use super::links;
use crate::live::simulated::SimulatedH10;
use crate::protocol::{JobId, LiveInput, LiveWish};
use gloo::timers::callback::Interval;
use std::cell::RefCell;

/// How often time is passed on to the session, in milliseconds: well under its shortest deadline of 2 s.
const TICK_MS: u32 = 100;

/// The device profile that both transports speak.
pub const PROFILE: &str = "polar-h10";

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
    Simulated(Box<SimulatedH10>),
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

/// Begins a session on the chosen device.
pub fn begin(choice: Choice) {
    match choice {
        Choice::Simulated => open(Transport::Simulated(Box::new(SimulatedH10::demonstration(links::now_ms()))), &super::words::t("page-simulated-device")),
        // The browser's dialog may be dismissed: then nothing happens.
        Choice::Bluetooth => Link::ask(|link| {
            let name = link.name();
            open(Transport::Bluetooth(link), &name);
        }),
    }
}

fn open(transport: Transport, device: &str) {
    let Some(job) = links::live_start(PROFILE, device) else { return };
    let ticks = Interval::new(TICK_MS, move || tick(job));
    OPEN.with(|open| *open.borrow_mut() = Some(Open { job, transport, _ticks: ticks }));
}

/// Ends the link.
pub fn close() {
    if let Some(open) = OPEN.with(|open| open.borrow_mut().take())
        && let Transport::Bluetooth(link) = open.transport
    {
        link.disconnect();
    }
}

/// Passes time on: to the session, and to the simulated device, which then says what it has to say.
fn tick(job: JobId) {
    let said = OPEN.with(|open| match open.borrow_mut().as_mut() {
        Some(Open { transport: Transport::Simulated(device), .. }) => device.advance(links::now_ms()),
        _ => Vec::new(),
    });
    for (characteristic, bytes) in said {
        links::live_input(job, LiveInput::Notification { characteristic: characteristic.to_owned() }, Some(&bytes));
    }
    links::live_input(job, LiveInput::Tick, None);
}

/// Does what the session wants, in its order.
pub fn fulfil(job: JobId, wishes: Vec<LiveWish>) {
    let link = OPEN.with(|open| match open.borrow().as_ref() {
        Some(Open { job: current, transport: Transport::Bluetooth(link), .. }) if *current == job => Some(link.clone()),
        _ => None,
    });
    if let Some(link) = link {
        link.fulfil(job, wishes);
        return;
    }
    for wish in wishes {
        let input = OPEN.with(|open| match open.borrow_mut().as_mut() {
            Some(Open { transport: Transport::Simulated(device), .. }) => Some(answer(device, wish)),
            _ => None,
        });
        if let Some(input) = input {
            links::live_input(job, input, None);
        }
    }
}

/// What the simulated device answers to a wish.
fn answer(device: &mut SimulatedH10, wish: LiveWish) -> LiveInput {
    match wish {
        LiveWish::Connect => {
            device.connect(links::now_ms());
            LiveInput::Connected
        }
        LiveWish::Subscribe { characteristic, .. } => {
            device.subscribe(&characteristic);
            LiveInput::Subscribed { characteristic }
        }
        LiveWish::Write { characteristic, bytes, .. } => {
            device.write(&characteristic, &bytes, links::now_ms());
            LiveInput::Written { characteristic }
        }
    }
}
