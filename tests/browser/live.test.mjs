import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertOnlyOwnFiles, PHONE, startStage } from "./harness.mjs";
import { at, called, measured, textOf } from "./workspace.mjs";

describe("live from the simulated strap", () => {
  let stage;
  before(async () => {
    stage = await startStage();
  });
  after(() => stage.stop());

  test("streams, marks beats, asks the model, and stops into a recording", { timeout: 300_000 }, async () => {
    const visit = await stage.visit({ viewport: PHONE });
    await visit.load();
    await visit.usable();
    await visit.page.getByRole("button", { name: "Connect a device" }).click();
    await at(visit, "connect-simulated").click();
    await at(visit, "live").waitFor();
    await visit.page.waitForFunction(() => /\d/.test(document.querySelector('[data-testid="live-rate"]')?.textContent ?? ""));
    await visit.page.waitForFunction(() => /\d\.\d\d|\w{4}/.test(document.querySelector('[data-testid="live-call"]')?.textContent ?? ""));
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

  test("lost packets are shown at their place and never bridged", { timeout: 300_000 }, async () => {
    const visit = await stage.visit();
    await visit.load("#loss=0.1");
    await visit.usable();
    await visit.page.getByRole("button", { name: "Connect a device" }).click();
    await at(visit, "connect-simulated").click();
    await visit.page.waitForTimeout(15_000);
    await visit.shot("live-loss-desktop");
    await at(visit, "live-stop").click();
    await measured(visit);
    await visit.shot("live-loss-stopped-desktop");
    await visit.assertNoComplaints();
  });
});
