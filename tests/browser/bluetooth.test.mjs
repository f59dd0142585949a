import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { listen, spread, updatesOf } from "./ears.mjs";
import { assertOnlyOwnFiles, startStage } from "./harness.mjs";
import { Workbench } from "./simulated.mjs";
import { DATA, ecgFrame, FRAME, heart, RATE_HZ, Strap } from "./strap.mjs";
import { at, drop, measured, reportOf, saved, textOf } from "./workspace.mjs";

const WAKE_NS = 599_616_000_000_000_000n;
/** Samples from the R peak to the end of its QRS, and as far as the detector must see to mark it provisionally. */
const QRS_REST = Math.round(0.06 * RATE_HZ);
const DETECTOR_REST = Math.round(0.25 * RATE_HZ);

/** Frames from sample `from` on; the strap's clock runs at its nominal rate. */
function frames(from, count, sampleAt = heart) {
  return Array.from({ length: count }, (_, index) => {
    const first = from + index * FRAME;
    const stamp = WAKE_NS + BigInt(Math.round(((first + FRAME) * 1e9) / RATE_HZ));
    return ecgFrame(stamp, Array.from({ length: FRAME }, (_, sample) => sampleAt(first + sample)));
  });
}

/** A page that has chosen the strap and asked it to start. */
async function started(stage, t) {
  const visit = await stage.visit();
  const strap = await Strap.beside(visit);
  t.after(() => strap.sleep());
  await listen(visit);
  await visit.load();
  await visit.usable();
  await visit.page.getByRole("button", { name: "Connect a device" }).click();
  await at(visit, "connect-h10").click();
  const asked = await strap.seen("write 5c81 02000001820001010e00");
  return { visit, strap, asked };
}

describe("a Polar H10 over Web Bluetooth", () => {
  let stage;
  let bench;
  before(async () => {
    stage = await startStage();
    bench = new Workbench();
  });
  after(async () => {
    await stage.stop();
    bench.remove();
  });

  test("is chosen, started, read, lost, found again and stopped into a recording", { timeout: 300_000 }, async (t) => {
    const { visit, strap, asked } = await started(stage, t);
    assert.deepEqual(strap.log.slice(0, asked + 1), [
      "chosen",
      "connect",
      "subscribe 5c81",
      "subscribe 5c82",
      "subscribe 2a37",
      "subscribe 2a19",
      "read 2a19",
      "write 5c81 0100",
      "write 5c81 02000001820001010e00",
    ]);

    const before = 40;
    const at_ms = performance.now();
    await strap.say(DATA, frames(0, before));
    t.diagnostic(`${before} frames in ${(performance.now() - at_ms).toFixed(0)} ms`);
    await visit.page.waitForFunction(() => document.querySelector('[data-testid="live-rate"]')?.textContent.startsWith("75"));

    await strap.loseLink();
    await strap.seen("connect", asked);
    const again = await strap.seen("write 5c81 02000001820001010e00", asked + 1);
    const missing = 3 * FRAME + 20;
    await strap.say(DATA, frames(before * FRAME + missing, before));
    await visit.page.waitForFunction(() => document.querySelector('[data-testid="live-rate"]')?.textContent.startsWith("75"));
    await visit.shot("bluetooth-desktop");

    await at(visit, "live-stop").click();
    // Left streaming, a strap stays awake until its battery is empty.
    await strap.seen("write 5c81 0300", again);
    await measured(visit);
    const samples = 2 * before * FRAME + missing;
    assert.match(await textOf(visit, "recording"), new RegExp(`130 Hz, ${samples} samples`));
    assert.equal(await textOf(visit, "rate"), "75/min");
    await visit.shot("bluetooth-stopped-desktop");
    const connected = await visit.page.evaluate(() => strap.gatt.connected);
    assert.equal(connected, false, "the link is given up");

    // Sample for sample what the strap said, and nothing where it said nothing.
    const [{ bytes }] = await saved(visit, /CSV/);
    const cells = bytes.toString("utf8").trim().split("\n").slice(1).map((line) => line.split(",")[1]);
    const said = Array.from({ length: samples }, (_, index) => {
      const silent = index >= before * FRAME && index < before * FRAME + missing;
      return silent ? "" : String(heart(index) / 1000);
    });
    assert.deepEqual(cells, said);
    assert.deepEqual(strap.failures, []);
    await visit.assertNoComplaints();
    assertOnlyOwnFiles(stage, visit);
  });

  test("60 s with 1 % of packets lost: marks in time, the gap at its place, the same beats as in a file", { timeout: 300_000 }, async (t) => {
    // What the strap feels: the simulator's heart with a little muscle noise, in whole microvolts.
    const table = readFileSync(bench.simulate("worn.csv", { duration: 63, sampling: RATE_HZ, noise: "muscle", "noise-db": 30 }), "utf8");
    const felt = table.trim().split("\n").slice(1).map((row) => Math.round(1000 * Number(row.split(",")[1])));
    const count = Math.floor(felt.length / FRAME);
    const lost = Math.floor(count / 2);
    const all = frames(0, count, (index) => felt[index]);
    assert.ok(count * FRAME >= 60 * RATE_HZ);

    const { visit, strap } = await started(stage, t);
    const numbers = [];
    const began_ms = performance.now();
    for (const [number, frame] of all.entries()) {
      const wait_ms = began_ms + (1000 * (number + 1) * FRAME) / RATE_HZ - performance.now();
      await new Promise((next) => setTimeout(next, Math.max(0, wait_ms)));
      if (number === lost) continue;
      await strap.say(DATA, [frame]);
      numbers.push(number);
    }
    await visit.shot("bluetooth-loss-desktop");
    await at(visit, "live-stop").click();
    await measured(visit);
    const updates = await updatesOf(visit);
    t.diagnostic(`${((count * FRAME) / RATE_HZ).toFixed(1)} s streamed, 1 of ${count} frames lost`);

    // The gap, live and in the recording, is where the frame is missing.
    const hole = [lost * FRAME, (lost + 1) * FRAME];
    assert.deepEqual(updates.flatMap(({ gaps }) => gaps), [hole]);
    const report = await reportOf(visit);
    assert.equal(report.recording.leads[0].samples, count * FRAME);
    assert.equal(report.recording.gaps.length, 1);
    const [gap] = report.recording.gaps;
    assert.equal(gap.reason, "lost-packets");
    assert.ok(Math.abs(gap.from_s - hole[0] / RATE_HZ) < 1e-4 && Math.abs(gap.to_s - hole[1] / RATE_HZ) < 1e-4);

    // When marks came, against the arrival of the frames.
    const arrivals = await strap.arrivalsOf(DATA);
    assert.equal(arrivals.length, numbers.length);
    const arrived = new Map(numbers.map((number, index) => [number, arrivals[index]]));
    const marks = { provisional: new Map(), final: new Map() };
    for (const update of updates) {
      for (const { sample, confirmed } of update.beats) {
        const kind = confirmed ? marks.final : marks.provisional;
        const known = [-2, -1, 0, 1, 2].some((shift) => kind.has(sample + shift));
        if (!known) kind.set(sample, update.painted_ms ?? update.at_ms);
      }
    }
    // Frames after a lost one wait for it: up to three of them, or 2 s. So do marks that need what lies in them.
    const needed = { provisional: 1, final: Math.ceil((3 * RATE_HZ) / FRAME) };
    const waits = (kind, number) => number >= lost - needed[kind] && number <= lost + 4;
    const delays = (kind, rest, waiting) =>
      [...marks[kind]].flatMap(([sample, mark_ms]) => {
        const number = Math.floor((sample + rest) / FRAME);
        return arrived.has(number) && waits(kind, number) === waiting ? [mark_ms - arrived.get(number)] : [];
      });
    const tell = (what, list, limit_ms) => {
      if (list.length === 0) return 0;
      const { median, largest, within, of } = spread(list, limit_ms);
      t.diagnostic(`${what}: median ${median.toFixed(0)} ms, largest ${largest.toFixed(0)} ms, ${within} of ${of} within ${limit_ms} ms`);
      return largest;
    };
    tell("provisional mark on the screen after the frame with what the detector needs (R + 0.25 s)", delays("provisional", DETECTOR_REST, false), 300);
    tell("provisional mark on the screen after the frame with the end of its QRS (R + 0.06 s)", delays("provisional", QRS_REST, false), 300);
    tell("final mark on the screen after the frame with the end of its QRS", delays("final", QRS_REST, false), 3000);
    const held = ["provisional", "final"].map((kind) => tell(`${kind} mark after the frame with the end of its QRS, where frames wait for a lost one`, delays(kind, QRS_REST, true), 3000));
    assert.ok(marks.provisional.size > 50 && marks.final.size > 50);
    assert.ok(Math.max(...held) < 60_000);

    // Final live beats are those of the recording, up to where the look-ahead had come.
    const beats = new Set();
    for (const { beats: news, withdrawn } of updates) {
      for (const sample of withdrawn) beats.delete(sample);
      for (const { sample, confirmed } of news) if (confirmed) beats.add(sample);
    }
    const live = [...beats].sort((a, b) => a - b);
    const file = report.beats.map(({ sample }) => sample);
    assert.deepEqual(live, file.slice(0, live.length));
    assert.ok(live.length > 50 && file.length - live.length <= 6, `${live.length} of ${file.length}`);
    t.diagnostic(`${live.length} final live beats equal those of the recording, which has ${file.length - live.length} more in its last seconds`);

    // The same samples, saved and opened as a file, have the same beats, whichever format carried them.
    for (const format of [/CSV/, /WFDB/, /EDF/]) {
      const files = await saved(visit, format);
      const before = await visit.page.title();
      await drop(visit, files);
      await visit.page.waitForFunction((before) => document.title !== before, before);
      await measured(visit);
      const again = await reportOf(visit);
      assert.deepEqual(again.beats.map(({ sample }) => sample), file, `${format}`);
      assert.equal(again.recording.gaps.length, 1, `${format}`);
    }
    assert.deepEqual(strap.failures, []);
    await visit.assertNoComplaints();
    assertOnlyOwnFiles(stage, visit);
  });

  test("a strap out of reach leaves a page that can go on", { timeout: 300_000 }, async (t) => {
    const visit = await stage.visit();
    const strap = await Strap.beside(visit);
    t.after(() => strap.sleep());
    strap.inReach = false;
    await visit.load();
    await visit.usable();
    await visit.page.getByRole("button", { name: "Connect a device" }).click();
    await at(visit, "connect-h10").click();
    await strap.seen("connect in vain");
    await visit.page.waitForFunction(() => /reach|connect/i.test(document.querySelector('[data-testid="live-words"]')?.textContent ?? ""));
    // It tries again by itself, and finds the strap once it is there.
    strap.inReach = true;
    await strap.seen("write 5c81 02000001820001010e00", 0, 120_000);
    await at(visit, "live-stop").click();
    await strap.seen("write 5c81 0300");
    // Nothing was recorded: back to where it began.
    await at(visit, "landing").waitFor();
    await visit.assertNoComplaints();
  });
});
