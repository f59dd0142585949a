import assert from "node:assert/strict";
import { closeSync, existsSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { assertOnlyOwnFiles, DESKTOP, PHONE, startStage } from "./harness.mjs";
import { Workbench } from "./simulated.mjs";
import { at, called, dropFrom, measured, memoryOf, notice, openExample, textOf, tooWide, watchPaper } from "./workspace.mjs";

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

/**
 * Drops files and pans as soon as the trace is there.
 * @returns milliseconds from the drop: the trace painted, and painted again after the first pan.
 */
async function dropAndPan(visit, paths) {
  const paper = await watchPaper(visit);
  await visit.page.evaluate(() => {
    addEventListener("drop", () => (globalThis.dropped = performance.now()), { capture: true, once: true });
    globalThis.panned = globalThis.paper.then(async ({ there, painted }) => {
      const canvas = document.querySelector('[data-testid="sheet"] canvas');
      const picture = canvas.toDataURL();
      const pressed = performance.now();
      dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
      await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
      // The picture taken for the comparison is no part of the page's work.
      const pan = performance.now() - (pressed - painted);
      return { there: there - dropped, trace: painted - dropped, pan: pan - dropped, moved: picture !== canvas.toDataURL() };
    });
  });
  await dropFrom(visit, paths);
  await paper();
  return visit.page.evaluate(() => globalThis.panned);
}

describe("files of the simulator", () => {
  test("EDF+ is opened, measured and called", async () => {
    const visit = await stage.landed();
    await dropFrom(visit, [bench.simulate("sinus.edf", { duration: 30, rate: 72 })]);
    await measured(visit);
    await called(visit);
    assert.match(await textOf(visit, "recording"), /500 Hz, 15000 samples/);
    assert.match(await textOf(visit, "rate"), /^7[123]\/min$/);
    await visit.assertNoComplaints();
    assertOnlyOwnFiles(stage, visit);
  });

  const record = (name) => ["hea", "dat", "atr"].map((extension) => `${name}.${extension}`);
  const mitdb = join(process.env.EINTHOVEN_DATA ?? join(process.env.EINTHOVEN_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "einthoven"), "data"), "mitdb-ds1");
  const halfHours = [
    ["of the simulator", () => (bench.simulate("half.hea", { duration: 1800, sampling: 360, lead: ["II", "V1"], "noise-db": 18 }), record(bench.path("half"))), false],
    ["of DS1", () => record(join(mitdb, "101")), existsSync(join(mitdb, "101.dat")) ? false : "skipped: no data"],
  ];
  for (const [whose, make, skip] of halfHours) {
    test(`30 minutes of two leads ${whose}: drawn and panned`, { skip, timeout: 300_000 }, async (t) => {
      const visit = await stage.landed();
      const { there, trace, pan, moved } = await dropAndPan(visit, make());
      t.diagnostic(`after the drop: sheet there ${there.toFixed(0)} ms, trace painted ${trace.toFixed(0)} ms, panned ${pan.toFixed(0)} ms (goal 1000 ms)`);
      assert.ok(moved, "the arrow key moves the trace");
      const started = performance.now();
      await called(visit);
      t.diagnostic(`the model has answered ${((performance.now() - started) / 1000).toFixed(1)} s later`);
      assert.match(await textOf(visit, "recording"), /360 Hz, 6[45]\d000 samples/);
      await visit.assertNoComplaints();
    });
  }

  for (const [viewport, size] of [[DESKTOP, "desktop"], [PHONE, "phone"]]) {
    test(`10 s of 12 leads stand on one sheet: ${size}`, async (t) => {
      const visit = await stage.landed({ viewport });
      const leads = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"];
      const { trace } = await dropAndPan(visit, [bench.simulate("twelve.edf", { duration: 10, lead: leads })]);
      t.diagnostic(`trace painted ${trace.toFixed(0)} ms after the drop`);
      await called(visit);
      for (const lead of leads) assert.match(await textOf(visit, "recording"), new RegExp(`${lead} 500 Hz`));
      assert.equal(await tooWide(visit), false);
      await visit.shot(`twelve-${size}`);
      await visit.assertNoComplaints();
    });
  }

  test("24 hours of three leads", { timeout: 1_200_000 }, async (t) => {
    bench.simulate("day.hea", { duration: 86_400, sampling: 200, lead: ["I", "II", "V1"] });
    const visit = await stage.landed();
    const empty_MB = await memoryOf(visit);
    const started = performance.now();
    const { trace, pan, moved } = await dropAndPan(visit, ["day.hea", "day.dat"].map((name) => bench.path(name)));
    t.diagnostic(`103.7 MB: trace painted ${trace.toFixed(0)} ms, panned ${pan.toFixed(0)} ms after the drop`);
    assert.ok(moved);
    await measured(visit, 500_000);
    t.diagnostic(`measured after ${((performance.now() - started) / 1000).toFixed(1)} s`);
    await called(visit, 500_000);
    t.diagnostic(`called after ${((performance.now() - started) / 1000).toFixed(1)} s`);
    const { now, most } = await memoryOf(visit);
    t.diagnostic(`memory of the page's process with its workers: ${empty_MB.now} MB empty, ${now} MB with the recording, ${most} MB at most`);
    assert.match(await textOf(visit, "recording"), /200 Hz, 17280000 samples/);
    await visit.shot("day-desktop");
    await visit.page.setViewportSize(PHONE);
    await visit.page.waitForTimeout(500);
    await visit.shot("day-phone");
    rmSync(bench.path("day.dat"));
    await visit.assertNoComplaints();
  });

  test("two seconds, and a single beat", async () => {
    const visit = await stage.landed();
    await dropFrom(visit, [bench.simulate("two.edf", { duration: 2 })]);
    await measured(visit);
    await visit.shot("two-seconds");
    const one = ["time [s],I [mV]"];
    for (let index = 0; index < 2000; index += 1) {
      const t = index / 250;
      const bump = (at, width) => Math.exp(-((t - at) ** 2) / (2 * width ** 2));
      one.push(`${t},${(1.0 * bump(4, 0.012) - 0.2 * bump(4.03, 0.012) + 0.25 * bump(4.26, 0.045) + 0.002 * Math.sin(index * 12.9)).toFixed(4)}`);
    }
    writeFileSync(bench.path("one-beat.csv"), one.join("\n"));
    await dropFrom(visit, [bench.path("one-beat.csv")]);
    await visit.page.waitForFunction(() => document.title.startsWith("one-beat"));
    await measured(visit);
    // One beat has no rate.
    assert.doesNotMatch(await textOf(visit, "rate"), /\d/);
    await visit.shot("one-beat");
    await visit.assertNoComplaints();
  });
});

describe("files that are not what they say", () => {
  const sparse = (name, bytes) => {
    closeSync(openSync(bench.path(name), "w"));
    truncateSync(bench.path(name), bytes);
    return bench.path(name);
  };
  const cases = [
    ["a table of five gigabytes of zeros", () => [sparse("zeros.csv", 5e9)], /zeros\.csv|format/],
    ["a record whose signals are five gigabytes", () => {
      writeFileSync(bench.path("huge.hea"), "huge 1 250 2500000000\nhuge.dat 16 200 16 0 0 0 0 I\n");
      return [bench.path("huge.hea"), sparse("huge.dat", 5e9)];
    }, /huge|large|limit/i],
    ["an EDF that is cut off in its header", () => {
      writeFileSync(bench.path("cut.edf"), readFileSync(bench.simulate("whole.edf")).subarray(0, 300));
      return [bench.path("cut.edf")];
    }, /cut|end|header|short/i],
    ["an EDF whose header promises a billion records", () => {
      const bytes = readFileSync(bench.simulate("whole.edf"));
      bytes.write("99999999", 236, "latin1");
      writeFileSync(bench.path("promise.edf"), bytes.subarray(0, 1500));
      return [bench.path("promise.edf")];
    }, /no samples/],
    ["a record whose signal file is empty", () => {
      bench.simulate("short.hea", { duration: 10 });
      truncateSync(bench.path("short.dat"), 0);
      return [bench.path("short.hea"), bench.path("short.dat")];
    }, /no samples|empty/],
  ];
  for (const [name, make, words] of cases) {
    test(name, { timeout: 300_000 }, async (t) => {
      const visit = await stage.landed();
      await openExample(visit);
      await called(visit);
      const before = await textOf(visit, "recording");
      const started = performance.now();
      await dropFrom(visit, make());
      const said = await notice(visit);
      t.diagnostic(`${(performance.now() - started).toFixed(0)} ms: ${said}`);
      assert.match(said, words);
      assert.equal(await textOf(visit, "recording"), before);
      await visit.assertNoComplaints();
    });
  }

  test("a recording that was cut off is opened as far as it goes, and says so", async (t) => {
    const whole = readFileSync(bench.simulate("whole.edf", { duration: 30 }));
    writeFileSync(bench.path("torn.edf"), whole.subarray(0, Math.floor(whole.length * 0.6)));
    const visit = await stage.landed();
    await dropFrom(visit, [bench.path("torn.edf")]);
    await measured(visit);
    const notes = await textOf(visit, "notes");
    t.diagnostic(notes);
    assert.match(notes, /record|end|cut|missing|short/i);
    await visit.assertNoComplaints();
  });
});
