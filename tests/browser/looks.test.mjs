import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { DESKTOP, PHONE, startStage } from "./harness.mjs";
import { Workbench } from "./simulated.mjs";
import { at, called, dropFrom, measured, notice, tooWide } from "./workspace.mjs";

// Pictures of what people meet beside the example, for eyes to look at (tests/browser/shots). What a test can hold of
// them: each comes up, nothing is wider than the window, nothing complains.
describe("every card and view, phone and desktop, light and dark", () => {
  let stage;
  let bench;
  before(async () => {
    stage = await startStage();
    bench = new Workbench();
    writeFileSync(bench.path("numbers.csv"), Array.from({ length: 2500 }, (_, index) => Math.round(900 * Math.exp(-((((index % 200) - 80) / 4) ** 2)))).join("\n"));
    writeFileSync(bench.path("letter.txt"), "Dear doctor,\nthis is no recording.\n");
  });
  after(async () => {
    await stage.stop();
    bench.remove();
  });

  for (const [viewport, size] of [[DESKTOP, "desktop"], [PHONE, "phone"]]) {
    for (const colorScheme of ["light", "dark"]) {
      test(`${size}, ${colorScheme}`, { timeout: 300_000 }, async () => {
        const visit = await stage.visit({ viewport, colorScheme });
        const look = async (name) => {
          await visit.page.waitForTimeout(300);
          assert.equal(await tooWide(visit), false, name);
          await visit.shot(`${name}-${size}-${colorScheme}`);
        };
        await visit.load();
        await visit.usable();
        await dropFrom(visit, [bench.path("letter.txt")]);
        await notice(visit);
        await look("refused");
        await visit.page.keyboard.press("Escape");
        await dropFrom(visit, [bench.path("numbers.csv")]);
        await at(visit, "question").waitFor();
        await look("question");
        await visit.load("#another");
        await visit.page.reload();
        await visit.usable();
        await dropFrom(visit, [bench.simulate("first.edf", { duration: 10 }), bench.simulate("second.edf", { duration: 10 })]);
        await at(visit, "offer").first().waitFor();
        await look("choice");
        await at(visit, "offer").first().click();
        await measured(visit);
        await called(visit);
        await at(visit, "panel").evaluate((panel) => panel.scrollIntoView());
        await look("panel");
        await visit.load("#live");
        await visit.page.reload();
        await visit.usable();
        await visit.page.getByRole("button", { name: "Connect a device" }).click();
        await look("connect");
        await at(visit, "connect-simulated").click();
        await visit.page.waitForFunction(() => /\d/.test(document.querySelector('[data-testid="live-rate"]')?.textContent ?? ""));
        await look("live");
        await visit.assertNoComplaints();
      });
    }
  }
});
