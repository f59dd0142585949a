// Ears on what `worker` tells the page of a live session, with the page's clock. Nothing is changed.
//
// The messages are postcard (https://postcard.jamesmunns.com/wire-format): numbers as varints, enums by their place in
// the source, fields in the order of the source. What is read here is the beginning of `FromWorker::Live`
// (src/protocol.rs) and of `LiveUpdate` (src/engine/live.rs); another order there fails the tests that listen.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./harness.mjs";

/** Place of `Live` among the messages of `worker`, in the source. */
const LIVE = placeOf("Live");

function placeOf(message) {
  const source = readFileSync(join(ROOT, "src/protocol.rs"), "utf8");
  const [, messages] = source.match(/pub enum FromWorker \{\n(.*?)\n\}/s);
  return [...messages.matchAll(/^    ([A-Z]\w*)\b/gm)].map(([, name]) => name).indexOf(message);
}

/** Puts ears on a visit that is not loaded yet. */
export async function listen(visit) {
  await visit.page.addInitScript((LIVE) => {
    const line = [];
    globalThis.line = line;
    const Native = globalThis.Worker;
    globalThis.Worker = class extends Native {
      constructor(...how) {
        super(...how);
        this.addEventListener("message", ({ data }) => {
          if (data?.m?.[0] !== LIVE) return;
          const entry = { at_ms: performance.now(), bytes: Array.from(data.m), counts: data.b[0].byteLength / 2 };
          // What is drawn in answer to a message is on the screen with the frame after the next.
          requestAnimationFrame(() => requestAnimationFrame(() => (entry.painted_ms = performance.now())));
          line.push(entry);
        });
      }
    };
  }, LIVE);
}

/** The live updates so far: {at_ms, painted_ms, first, counts, gaps, beats, withdrawn}. */
export async function updatesOf(visit) {
  const line = await visit.page.evaluate(() => globalThis.line);
  return line.map(({ bytes, ...rest }) => ({ ...rest, ...readLive(bytes) }));
}

function readLive(bytes) {
  const from = new Postcard(bytes);
  if (from.number() !== LIVE) throw new Error("not a live update");
  from.number(); // the job
  from.list(() => from.wish());
  const first = from.number();
  const gaps = from.list(() => [from.number(), from.number()]);
  const beats = from.list(() => ({ sample: from.number(), confirmed: from.flag(), follows: from.flag() }));
  const withdrawn = from.list(() => from.number());
  return { first, gaps, beats, withdrawn };
}

class Postcard {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  byte() {
    if (this.at >= this.bytes.length) throw new Error("a message ends too early");
    return this.bytes[this.at++];
  }

  number() {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = this.byte();
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  }

  flag() {
    const byte = this.byte();
    if (byte > 1) throw new Error(`${byte} is no truth value: the order of the fields has changed`);
    return byte === 1;
  }

  list(item) {
    return Array.from({ length: this.number() }, item);
  }

  /** `Output` of src/live/session.rs: connect, subscribe, read, write, disconnect, wake. */
  wish() {
    const kind = this.number();
    if (kind >= 1 && kind <= 3) this.number();
    if (kind === 3) this.list(() => this.byte());
    if (kind === 5) this.at += 8;
    if (kind > 5) throw new Error(`wish ${kind} is not known: the order of the wishes has changed`);
    return kind;
  }
}

/** Middle and largest of a list of numbers, and how many are at most `limit`. */
export function spread(values, limit) {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)], largest: sorted.at(-1), within: sorted.filter((value) => value <= limit).length, of: sorted.length };
}
