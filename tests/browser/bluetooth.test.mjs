import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertOnlyOwnFiles, startStage } from "./harness.mjs";
import { DATA, ecgFrame, FRAME, heart, RATE_HZ, Strap } from "./strap.mjs";
import { at, measured, saved, textOf } from "./workspace.mjs";

const WAKE_NS = 599_616_000_000_000_000n;

/** Frames of the heart from sample `from` on; the strap's clock runs at its nominal rate. */
function frames(from, count) {
  return Array.from({ length: count }, (_, index) => {
    const first = from + index * FRAME;
    const stamp = WAKE_NS + BigInt(Math.round(((first + FRAME) * 1e9) / RATE_HZ));
    return ecgFrame(stamp, Array.from({ length: FRAME }, (_, sample) => heart(first + sample)));
  });
}

describe("a Polar H10 over Web Bluetooth", () => {
  let stage;
  before(async () => {
    stage = await startStage();
  });
  after(() => stage.stop());

  test("is chosen, started, read, lost, found again and stopped into a recording", { timeout: 180_000 }, async (t) => {
    const visit = await stage.visit();
    const strap = await Strap.beside(visit);
    await visit.load();
    await visit.usable();
    await visit.page.getByRole("button", { name: "Connect a device" }).click();
    await at(visit, "connect-h10").click();
    const started = await strap.seen("write 5c81 02000001820001010e00");
    assert.deepEqual(strap.log.slice(0, started + 1), [
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
    await strap.seen("connect", started);
    const again = await strap.seen("write 5c81 02000001820001010e00", started + 1);
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
    await strap.sleep();
  });
});
