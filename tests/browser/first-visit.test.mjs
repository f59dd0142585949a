import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { brotli } from "../../tools/brotli.mjs";
import { filesOf, PHONE, SITE, startStage } from "./harness.mjs";
import { Workbench } from "./simulated.mjs";
import { called, dropFrom, measured, watchPaper } from "./workspace.mjs";

// The slow phone on a slow network of LOOK.md: 200 kB/s, 150 ms more for each request, processor slowed six times.
// Times are printed, not asserted: they depend on the machine that runs the test.
describe("first visit on a slow phone", () => {
  let stage;
  let bench;
  before(async () => {
    bench = new Workbench();
    // Compressing is the host's work, done before anyone visits.
    for (const path of filesOf(SITE)) await brotli(readFileSync(join(SITE, path)));
    stage = await startStage({ compress: true, rateKBps: 200, latencyMs: 150 });
  });
  after(async () => {
    await stage.stop();
    bench.remove();
  });

  test("the landing, then a recording on paper, then the models, then all for offline use", { timeout: 300_000 }, async (t) => {
    const recording = bench.simulate("half-minute.edf", { duration: 30 });
    const visit = await stage.visit({ viewport: PHONE });
    await visit.slowProcessor(6);
    const started = performance.now();
    const since = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
    await visit.load();
    const usable_ms = await visit.usable();
    t.diagnostic(`landing usable after ${(usable_ms / 1000).toFixed(1)} s (goal 3 s)`);
    // As soon as the landing can be used: a 30 s recording. Its time counts from the navigation, before the first request.
    const paper = await watchPaper(visit);
    await dropFrom(visit, [recording]);
    const { painted: paper_ms } = await paper();
    t.diagnostic(`30 s on paper ${(paper_ms / 1000).toFixed(1)} s after the first request (goal 6 s)`);
    await measured(visit);
    t.diagnostic(`measured after ${since()}`);
    await called(visit);
    t.diagnostic(`models ran after ${since()}`);
    await visit.keptForOffline();
    t.diagnostic(`all kept for offline use after ${since()}`);
    const bytes = stage.server.requests.reduce((sum, request) => sum + request.bytes, 0);
    t.diagnostic(`${stage.server.requests.length} requests, ${(bytes / 1000).toFixed(0)} kB`);
    const twice = stage.server.requests.filter(({ status }) => status === 200).map(({ path }) => path).filter((path, i, all) => all.indexOf(path) !== i);
    t.diagnostic(`sent more than once: ${twice.join(" ") || "nothing"}`);
    assert.ok(usable_ms > 0 && paper_ms > usable_ms);
    const programs = stage.server.requests.map(({ path }) => path).filter((path) => path.endsWith("_bg.wasm"));
    const place = (name) => programs.findIndex((path) => path.endsWith(`/${name}_bg.wasm`));
    assert.ok(place("reader") >= 0 && place("reader") < place("worker"), `the reader comes first: ${programs.join(" ")}`);
    // Once the program is kept, the worker starts at once.
    const before = stage.server.requests.length;
    await visit.load();
    await visit.usable();
    const again = stage.server.requests.slice(before).map(({ path }) => path);
    assert.ok(!again.some((path) => path.includes("reader")), again.join(" "));
  });
});
