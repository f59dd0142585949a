//! The link to a device: Web Bluetooth, or a simulated device in its place. The session itself runs in the worker.

use super::bluetooth::Link;
use super::links;
use super::words::t;
use crate::live::profile::POLAR_H10;
use crate::live::session::{Input, Output};
use crate::live::simulated::{SimulatedH10, SimulatedLink};
use crate::protocol::JobId;
use crate::simulator::Rhythm;
use gloo::timers::callback::Interval;
use std::cell::RefCell;

/// How often time is passed on to the session, in milliseconds: well under its shortest deadline of 2 s.
const TICK_MS: u32 = 50;
/// Seed of the simulated person.
const SEED: u64 = 1;

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
    Simulated {
        link: Box<SimulatedLink>,
        /// Host time at which the strap woke: its own time starts there.
        woke_at_s: f64,
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
    let device = SimulatedH10::wearing(Rhythm::Sinus, loss.unwrap_or(0.0), SEED);
    Transport::Simulated {
        link: Box::new(SimulatedLink::new(device)),
        woke_at_s: now_s(),
    }
}

fn open(transport: Transport, device: &str) {
    close();
    // The worker's first wishes come as a message, after the link has its place here.
    let Some(job) = links::live_start(POLAR_H10.id, device) else {
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
        link.disconnect();
    }
}

/// Passes time on: to the session, and to the simulated device, which then says what it has to say.
fn tick(job: JobId) {
    let said = OPEN.with(|open| match open.borrow_mut().as_mut() {
        Some(Open {
            transport: Transport::Simulated { link, woke_at_s },
            ..
        }) => {
            let woke = *woke_at_s;
            link.advance(now_s() - woke)
                .into_iter()
                .map(|(at_s, input)| (at_s + woke, input))
                .collect()
        }
        _ => Vec::new(),
    });
    for (at_s, input) in said {
        links::live_input(job, input, at_s);
    }
    links::live_input(job, Input::Tick, now_s());
}

/// Does what the session wants, in its order.
pub fn fulfil(job: JobId, wishes: &[Output]) {
    let link = OPEN.with(|open| match open.borrow_mut().as_mut() {
        Some(Open {
            job: current,
            transport,
            ..
        }) if *current == job => match transport {
            Transport::Bluetooth(link) => Some(link.clone()),
            Transport::Simulated { link, woke_at_s } => {
                for wish in wishes {
                    link.perform(now_s() - *woke_at_s, wish);
                }
                None
            }
        },
        _ => None,
    });
    if let Some(link) = link
        && !wishes.is_empty()
    {
        link.fulfil(job, wishes.to_vec());
    }
}
