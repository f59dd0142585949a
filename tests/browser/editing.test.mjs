import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { PHONE, startStage } from "./harness.mjs";
import { Workbench } from "./simulated.mjs";
import { at, called, dropFrom, measured, openExample, reportOf, textOf } from "./workspace.mjs";

/** Millimetres left of the ink and pixels of a millimetre on a wide screen of one device pixel a CSS pixel. */
const MARGIN_MM = 12;
const PX_PER_MM = 4;
const SPEED_MM_S = 25;

describe("correcting by hand", () => {
  let stage;
  let bench;
  before(async () => {
    bench = new Workbench();
    stage = await startStage();
  });
  after(async () => {
    await stage.stop();
    bench.remove();
  });

  /** Taps the first row of the sheet at a time, and waits for what is measured with it. */
  async function tap(visit, timeS) {
    const box = await visit.page.locator('[data-testid="sheet"] canvas').boundingBox();
    await visit.page.mouse.click(box.x + (MARGIN_MM + timeS * SPEED_MM_S) * PX_PER_MM, box.y + 60);
  }

  const done = (visit, words) => visit.page.waitForFunction((words) => document.body.textContent.includes(words), words);
  const press = (visit, name) => visit.page.getByRole("button", { name, exact: true }).click();
  const times = ({ beats }) => beats.map(({ time_s }) => time_s);

  test("a beat goes and comes back, the last correction is undone whatever is chosen, and what cannot act says why", async () => {
    const visit = await stage.landed();
    await openExample(visit);
    await measured(visit);
    const first = await reportOf(visit);
    assert.equal(first.edits, undefined);
    await at(visit, "correct").click();
    const undo = visit.page.getByRole("button", { name: "Undo", exact: true });
    assert.equal(await undo.isDisabled(), true);
    assert.match(await undo.getAttribute("title"), /nothing to do/);

    const gone = times(first)[2];
    await tap(visit, gone);
    await done(visit, "1 taken out");
    const without = await reportOf(visit);
    assert.deepEqual(times(without), times(first).filter((time) => time !== gone));
    assert.equal(without.edits.length, 1);

    // In the middle between two beats there is none: one is put in, on the highest deflection near the tap.
    const between = (times(first)[4] + times(first)[5]) / 2;
    await tap(visit, between);
    await done(visit, "one beat put in");
    await visit.shot("editing");
    await press(visit, "Stretch");
    await undo.click();
    await done(visit, "0 beats put in");
    assert.deepEqual(times(await reportOf(visit)), times(without));
    await visit.page.keyboard.press("Control+z");
    await visit.page.waitForFunction(() => !document.body.textContent.includes("Corrected by hand"));
    assert.deepEqual(times(await reportOf(visit)), times(first));
    await visit.assertNoComplaints();
  });

  test("undo and redo move the view to what they take back and make again", async () => {
    const visit = await stage.landed();
    await dropFrom(visit, [bench.simulate("minutes.edf", { duration: 120, rate: 72 })]);
    await measured(visit);
    await called(visit);
    const first = times(await reportOf(visit));
    const [, one, other] = first;
    await at(visit, "correct").click();
    // A tap in the first row hits the beats of the recording's start only while the view is there.
    const seen = () => visit.page.locator('[data-testid="sheet"] canvas').evaluate((canvas) => canvas.toDataURL());
    const leave = async () => {
      const before = await seen();
      await visit.page.keyboard.press("End");
      await visit.page.waitForFunction((before) => document.querySelector('[data-testid="sheet"] canvas').toDataURL() !== before, before);
    };
    await tap(visit, one);
    await done(visit, "1 taken out");
    await leave();
    await visit.page.keyboard.press("Control+z");
    await visit.page.waitForFunction(() => !document.body.textContent.includes("Corrected by hand"));
    await tap(visit, other);
    await done(visit, "1 taken out");
    assert.deepEqual(times(await reportOf(visit)), first.filter((time) => time !== other));

    await visit.page.keyboard.press("Control+z");
    await visit.page.waitForFunction(() => !document.body.textContent.includes("Corrected by hand"));
    await leave();
    await visit.page.keyboard.press("Control+Shift+z");
    await done(visit, "1 taken out");
    await tap(visit, one);
    await done(visit, "2 taken out");
    assert.deepEqual(times(await reportOf(visit)), first.filter((time) => time !== one && time !== other));
    await visit.assertNoComplaints();
  });

  test("a stretch that was marked is still marked after a reload, and unmarking gives the first values", async () => {
    const visit = await stage.landed();
    await openExample(visit);
    await measured(visit);
    const first = await reportOf(visit);
    await at(visit, "correct").click();
    await press(visit, "Stretch");
    await tap(visit, 2);
    await tap(visit, 6);
    await done(visit, "one stretch marked");
    const marked = await reportOf(visit);
    assert.ok(times(marked).every((time) => time < 2.1 || time > 5.9));
    assert.ok(times(marked).length < times(first).length);

    await visit.load();
    await visit.usable();
    await openExample(visit);
    await done(visit, "one stretch marked");
    assert.deepEqual(times(await reportOf(visit)), times(marked));
    await at(visit, "correct").click();
    await press(visit, "Stretch");
    await tap(visit, 2);
    await tap(visit, 6);
    await done(visit, "2 stretches marked");
    const again = await reportOf(visit);
    assert.deepEqual(times(again), times(first));
    assert.deepEqual(again.quality, first.quality);
    await press(visit, "Discard all");
    await visit.page.waitForFunction(() => !document.body.textContent.includes("Corrected by hand"));
    await visit.assertNoComplaints();
  });

  test("fits on a phone", async () => {
    const visit = await stage.landed({ viewport: PHONE });
    await openExample(visit);
    await called(visit);
    await at(visit, "correct").click();
    assert.equal(await visit.page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth), false);
    await visit.shot("editing-phone");
    assert.match(await textOf(visit, "editing"), /Undo/);
  });
});
