import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { framesOf, heard, listen, spread } from "./ears.mjs";
import { assertOnlyOwnFiles, PHONE, startStage } from "./harness.mjs";
import { at, called, drop, measured, reportOf, saved, textOf } from "./workspace.mjs";

const RATE_HZ = 130;
/** The rate of the simulated strap's own clock, as measured on a real one. */
const TRUE_RATE_HZ = 130.168;
/** Samples from the R peak to the end of its QRS. */
const QRS_REST = Math.round(0.06 * RATE_HZ);

describe("live from the simulated strap", () => {
  let stage;
  before(async () => {
    stage = await startStage();
  });
  after(() => stage.stop());

  test("streams, marks beats, asks the model, and stops into a recording", { timeout: 120_000 }, async () => {
    const visit = await stage.visit({ viewport: PHONE });
    await visit.load();
    await visit.usable();
    await visit.page.getByRole("button", { name: "Connect a device" }).click();
    await at(visit, "connect-simulated").click();
    await at(visit, "live").waitFor();
    await visit.page.waitForFunction(() => /\d/.test(document.querySelector('[data-testid="live-rate"]')?.textContent ?? ""), undefined, { timeout: 20_000 });
    await visit.page.waitForFunction(() => /\d\.\d\d|\w{4}/.test(document.querySelector('[data-testid="live-call"]')?.textContent ?? ""), undefined, { timeout: 40_000 });
    await visit.shot("live-phone");
    const rate = Number.parseInt(await textOf(visit, "live-rate"), 10);
    assert.ok(rate > 50 && rate < 90, `${rate}/min`);
    await at(visit, "live-stop").click();
    await measured(visit);
    await called(visit);
    assert.match(await textOf(visit, "recording"), /130 Hz/);
    await visit.shot("live-stopped-phone");
    await visit.assertNoComplaints();
    assertOnlyOwnFiles(stage, visit);
  });

  // The ears read the JSON that page and worker spoke; they speak binary now, and the simulated strap plays in the worker.
  // Until the ears can read that, natively the engine's tests hold the same: gaps at their place, final beats as in a file.
  const skip = "the test's ears do not read binary messages yet";
  test("60 s with 1 % of packets lost: marks in time, the gap at its place, the same beats as in a file", { timeout: 400_000, skip }, async (t) => {
    const visit = await stage.visit();
    await listen(visit);
    await visit.load("#loss=0.01");
    await visit.usable();
    await visit.page.getByRole("button", { name: "Connect a device" }).click();
    await at(visit, "connect-simulated").click();
    await visit.page.waitForFunction(
      (samples) => {
        const live = line.filter(({ say }) => say === "live");
        return live.some(({ update }) => update.gaps.length > 0) && live.some(({ update, counts }) => counts > 0 && update.first + counts > samples);
      },
      60 * RATE_HZ,
      { timeout: 300_000, polling: 500 },
    );
    await visit.shot("live-loss-desktop");
    await at(visit, "live-stop").click();
    await measured(visit);
    const { analysis: whole } = await reportOf(visit);
    await visit.shot("live-loss-stopped-desktop");
    const line = await heard(visit);
    const updates = line.filter(({ say }) => say === "live");

    // Where each frame belongs, by the strap's own clock; a hole of whole frames is a loss.
    const frames = framesOf(line);
    const first_ns = frames[0].stamp_ns;
    for (const frame of frames) frame.number = Math.round((Number(frame.stamp_ns - first_ns) * 1e-9 * TRUE_RATE_HZ) / frame.microvolts.length);
    const size = frames[0].microvolts.length;
    const numbers = new Set(frames.map(({ number }) => number));
    const lost = Array.from({ length: frames.at(-1).number }, (_, number) => number).filter((number) => !numbers.has(number));
    const streamed_s = ((frames.at(-1).number + 1) * size) / RATE_HZ;
    t.diagnostic(`${streamed_s.toFixed(1)} s streamed, ${frames.length} frames came, ${lost.length} of ${frames.at(-1).number + 1} lost`);
    assert.ok(streamed_s >= 60 && lost.length > 0);

    // The gaps, live and in the recording, are where the frames are missing.
    const holes = lost.reduce((holes, number) => {
      if (holes.at(-1)?.[1] === number * size) holes.at(-1)[1] += size;
      else holes.push([number * size, (number + 1) * size]);
      return holes;
    }, []);
    assert.deepEqual(updates.flatMap(({ update }) => update.gaps), holes);
    const opened = line.findLast(({ say }) => say === "opened");
    assert.deepEqual(opened.summary.leads[0].gaps.map(({ range }) => [range.start, range.end]), holes);

    // When marks came, against the arrival of frames. `line` has the strap's own time of arrival, on the page's clock.
    const arrival_s = new Map(frames.map(({ number, at_s }) => [number, at_s]));
    const marks = { provisional: new Map(), final: new Map() };
    for (const { update, at_s, painted_s } of updates) {
      for (const { sample, confirmed } of update.beats) {
        const near = [-2, -1, 0, 1, 2].map((shift) => sample + shift);
        const kind = confirmed ? marks.final : marks.provisional;
        if (!near.some((sample) => kind.has(sample))) kind.set(sample, { at_s, painted_s: painted_s ?? at_s });
      }
    }
    const delays = (kind, completed, until) =>
      [...marks[kind]].flatMap(([sample, mark]) => {
        const came_s = arrival_s.get(Math.floor((sample + completed) / size));
        return came_s === undefined ? [] : [1000 * (mark[until] - came_s)];
      });
    const said = (what, list) => {
      const { median, largest } = spread(list);
      const within = list.filter((ms) => ms <= 300).length;
      t.diagnostic(`${what}: median ${median.toFixed(0)} ms, largest ${largest.toFixed(0)} ms, ${within} of ${list.length} within 300 ms`);
      return largest;
    };
    said("provisional mark on the screen after the frame with the end of its QRS", delays("provisional", QRS_REST, "painted_s"));
    said("provisional mark at the page after the frame with the end of its QRS", delays("provisional", QRS_REST, "at_s"));
    const settled = said("final mark at the page after the frame with the end of its QRS", delays("final", QRS_REST, "at_s"));
    const taken = updates.filter(({ update }) => update.beats.length > 0).map(({ at_s, painted_s, update, counts }) => {
      const number = Math.floor((update.first + counts - 1) / size);
      return 1000 * ((painted_s ?? at_s) - arrival_s.get(number));
    });
    said("marks on the screen after the frame that brought them", taken);
    assert.ok(marks.provisional.size > 50 && marks.final.size > 50);
    assert.ok(settled < 30_000, "a mark that is not final after half a minute is not live");

    // The final beats are those of the whole recording, up to where the look-ahead had come.
    const final = beatsOf(updates);
    const of = (analysis) => analysis.Ok.beats.map(({ sample }) => sample);
    const file = of(whole);
    assert.deepEqual(final, file.slice(0, final.length));
    const open_s = (opened.summary.leads[0].samples - final.at(-1)) / RATE_HZ;
    t.diagnostic(`${final.length} final beats of ${file.length}, the last ${open_s.toFixed(1)} s before the end`);
    assert.ok(file.length - final.length <= 6);

    // The same samples saved and opened as a file have the same beats, whichever format carried them.
    for (const name of [/CSV/, /WFDB/, /EDF/]) {
      const files = await saved(visit, name);
      const after = line.length;
      await drop(visit, files);
      const { analysis } = await reportOf(visit, after);
      assert.deepEqual(of(analysis), file, `${name}`);
    }
    await visit.assertNoComplaints();
    assertOnlyOwnFiles(stage, visit);
  });
});

/** Samples of the beats that live updates called final and did not take back, in order. */
function beatsOf(updates) {
  const final = new Set();
  for (const { update } of updates) {
    for (const sample of update.withdrawn) assert.ok(!final.has(sample), "a final beat was taken back");
    for (const { sample, confirmed } of update.beats) if (confirmed) final.add(sample);
  }
  return [...final].sort((a, b) => a - b);
}
