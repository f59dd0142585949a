import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { PHONE, startStage } from "./harness.mjs";
import { answerOf } from "./landing.mjs";

// The slow phone on a slow network of LOOK.md: 200 kB/s, 150 ms more for each request, processor slowed six times.
// Times are printed, not asserted: they depend on the machine that runs the test.
describe("first visit on a slow phone", () => {
  let stage;
  before(async () => {
    stage = await startStage({ compress: true, rateKBps: 200, latencyMs: 150 });
  });
  after(() => stage.stop());

  test("the landing, then the workers, then all for offline use", async (t) => {
    const visit = await stage.visit({ viewport: PHONE });
    await visit.slowProcessor(6);
    const started = performance.now();
    const since = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
    await visit.load();
    const usable_ms = await visit.usable(60_000);
    t.diagnostic(`landing usable after ${(usable_ms / 1000).toFixed(1)} s (goal 3 s)`);
    await answerOf(visit, "worker");
    t.diagnostic(`worker answered after ${since()}`);
    await answerOf(visit, "infer");
    t.diagnostic(`models ran after ${since()}`);
    await visit.keptForOffline(120_000);
    t.diagnostic(`all kept for offline use after ${since()}`);
    const bytes = stage.server.requests.reduce((sum, request) => sum + request.bytes, 0);
    t.diagnostic(`${stage.server.requests.length} requests, ${(bytes / 1000).toFixed(0)} kB`);
    const twice = stage.server.requests.filter(({ status }) => status === 200).map(({ path }) => path).filter((path, i, all) => all.indexOf(path) !== i);
    t.diagnostic(`sent more than once: ${twice.join(" ") || "nothing"}`);
    assert.ok(usable_ms > 0);
  });
});
