import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { assertOnlyOwnFiles, DESKTOP, PATIENCE_MS, PHONE, ROOT, startStage } from "./harness.mjs";
import { Workbench } from "./simulated.mjs";
import { at, called, dropFrom, textOf, tooWide } from "./workspace.mjs";

const OWN = join(ROOT, "tests/own");
const LEADS = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"];
const HASH = createHash("sha256").update(readFileSync(join(OWN, "arms.onnx"))).digest("hex");

/** What a person types into the form for the example (models/training/own_example). */
const ANSWERS = [
  { "own-leads": LEADS.join(", "), "own-unit": ["mV"], "own-rate": "100", "own-window": "10", "own-hop": "5" },
  { "own-high-pass": "0,5", "own-low-pass": "40", "own-normalisation": ["none"] },
  { "own-labels": "arms as they should be; arms exchanged", "own-activation": ["softmax"], "own-thresholds": "0.5" },
  { "own-name": "Arms", "own-version": "1", "own-citation": "tests/own of this repository" },
];

describe("a model of the user's own", () => {
  let stage;
  let bench;
  let twelve;
  before(async () => {
    stage = await startStage();
    bench = new Workbench();
    // In another order than the model's.
    twelve = bench.simulate("twelve.edf", { duration: 10, seed: 77, lead: [...LEADS].reverse().join(",") });
  });
  after(async () => {
    await stage.stop();
    bench.remove();
  });

  async function opened(visit, path = twelve) {
    await dropFrom(visit, [path]);
    await visit.page.waitForFunction((name) => document.querySelector('[data-testid="file-name"]')?.textContent.includes(name), path.split("/").pop());
    return called(visit);
  }

  async function choose(visit, names) {
    const picker = visit.page.waitForEvent("filechooser");
    await at(visit, "page-own-open").click();
    await (await picker).setFiles(names.map((name) => join(OWN, name)));
  }

  const next = (visit) => at(visit, "page-own-next").or(at(visit, "page-own-check")).click();
  const values = async (visit) => {
    await at(visit, "own-values").waitFor();
    return textOf(visit, "own-values");
  };

  /** Why the model is not taken. */
  async function refused(visit, pattern, timeout = PATIENCE_MS) {
    await visit.page.waitForFunction((source) => new RegExp(source).test(document.querySelector('.refused[role="alert"]')?.textContent ?? ""), pattern.source, { timeout });
  }

  /** The form's steps one after the other. */
  async function fill(visit, look = async () => {}) {
    for (const [index, answers] of ANSWERS.entries()) {
      for (const [id, value] of Object.entries(answers)) {
        if (Array.isArray(value)) await at(visit, id).selectOption(value[0]);
        else await at(visit, id).fill(value);
      }
      await look(`own-step-${index + 1}`);
      if (index < ANSWERS.length - 1) await next(visit);
    }
  }

  test("is described step by step, checked, and answers apart from ours", { timeout: 600_000 }, async () => {
    const visit = await stage.landed();
    const ours = await opened(visit);
    const rhythm = await textOf(visit, "rhythm");
    await choose(visit, ["arms.onnx"]);
    await at(visit, "own-leads").waitFor();
    assert.equal(await at(visit, "own-layout").inputValue(), "leads-samples");
    await fill(visit);
    assert.equal(await at(visit, "own-keep").inputValue(), "session");
    await next(visit);
    assert.match(await values(visit), /arms as they should be.*≥ 0\.5.*(0\.9\d\d|1\.000).*arms exchanged.*< 0\.5.*0\.0/);
    assert.match(await textOf(visit, "own-model"), /Your own model, not ours/);
    assert.match(await textOf(visit, "own-model"), /leads given: (ECG )?I, (ECG )?II, (ECG )?III/);
    assert.ok((await textOf(visit, "own-model")).includes(HASH));
    assert.equal(await textOf(visit, "distribution"), ours);
    assert.equal(await textOf(visit, "rhythm"), rhythm);
    // It was not to be kept.
    await visit.page.reload();
    await visit.usable();
    await opened(visit);
    assert.doesNotMatch(await textOf(visit, "own-model"), /not ours/);
    assertOnlyOwnFiles(stage, visit);
    await visit.assertNoComplaints();
  });

  test("what is left open or wrong is said at its step", { timeout: 600_000 }, async () => {
    const visit = await stage.landed();
    await opened(visit);
    await choose(visit, ["arms.onnx"]);
    await at(visit, "own-leads").waitFor();
    await fill(visit);
    for (let step = 0; step < 3; step += 1) await visit.page.getByRole("button", { name: "Back", exact: true }).click();
    await at(visit, "own-unit").selectOption("open");
    for (let step = 0; step < 4; step += 1) await next(visit);
    await refused(visit, /Unit/);
    await at(visit, "own-unit").selectOption("mV");
    await at(visit, "own-leads").fill(LEADS.slice(1).join(" "));
    for (let step = 0; step < 4; step += 1) await next(visit);
    await refused(visit, /expected \[1, 11, 1000\].*found \[1, 12, 1000\]/);
    await visit.assertNoComplaints();
  });

  test("with its manifest beside it is kept where the user wants that, and is forgotten when taken out", { timeout: 600_000 }, async () => {
    const visit = await stage.landed();
    await opened(visit);
    await choose(visit, ["arms.onnx", "arms.json"]);
    await at(visit, "own-keep").selectOption("device");
    await next(visit);
    const first = await values(visit);
    await visit.page.reload();
    await visit.usable();
    await opened(visit);
    assert.equal(await values(visit), first);
    // Another recording, without the chest leads: refused by name, and ours answers all the same.
    await opened(visit, bench.simulate("limbs.edf", { duration: 10, lead: LEADS.slice(0, 6).join(",") }));
    await refused(visit, /lacks leads.*V1, V2, V3, V4, V5, V6/);
    // The same ECG a thousand times as large, as a file that states the wrong unit has it: the reader takes that unit from it.
    const table = readFileSync(bench.simulate("plain.csv", { duration: 10, seed: 77, lead: LEADS.join(",") }), "utf8").trim().split("\n");
    const larger = [table[0], ...table.slice(1).map((line) => line.split(",").map((value, column) => (column === 0 ? value : Number(value) * 1000)).join(","))];
    writeFileSync(bench.path("larger.csv"), larger.join("\n"));
    await opened(visit, bench.path("larger.csv"));
    await refused(visit, /The unit of lead \w+ is not known/);
    // Too short for a window.
    await opened(visit, bench.simulate("short.edf", { duration: 6, lead: LEADS.join(",") }));
    await refused(visit, /needs 10 s/);
    await opened(visit);
    assert.equal(await values(visit), first);
    await at(visit, "page-own-take-out").click();
    await at(visit, "page-own-open").waitFor();
    await visit.page.waitForTimeout(500);
    await visit.page.reload();
    await visit.usable();
    await opened(visit);
    assert.doesNotMatch(await textOf(visit, "own-model"), /not ours/);
    assert.deepEqual(await visit.page.evaluate(async () => (await caches.keys()).filter((name) => name.includes("own"))), []);
    assertOnlyOwnFiles(stage, visit);
    await visit.assertNoComplaints();
  });

  test("that cannot be run is refused by what it is", { timeout: 600_000 }, async () => {
    const visit = await stage.landed();
    await opened(visit);
    for (const [name, pattern] of [
      ["not-a-number.onnx", /not a number.*sums/],
      ["operator-set.onnx", /operator set 99/],
      ["operator.onnx", /Det\b/],
      ["open-within.onnx", /fixed shape|shapes fixed/],
      ["one-rank-less.onnx", /\[12, 1000\]/],
    ]) {
      await choose(visit, [name, "arms.json"]);
      // What the file alone shows is said at once; the rest when it is checked.
      await visit.page.waitForFunction(() => document.querySelector('.refused, [data-testid="own-keep"]'));
      if (await at(visit, "own-keep").isVisible()) await next(visit);
      await refused(visit, pattern);
      if (await at(visit, "own").isVisible()) await visit.page.getByRole("button", { name: "Cancel", exact: true }).click();
    }
    await at(visit, "page-own-open").waitFor();
    await visit.assertNoComplaints();
  });

  test("that never ends is ended alone, and the page goes on", { timeout: 600_000 }, async (t) => {
    const visit = await stage.landed();
    const ours = await opened(visit);
    await choose(visit, ["never-ending.onnx", "arms.json"]);
    await at(visit, "own-keep").waitFor();
    const started = Date.now();
    await next(visit);
    // Meanwhile the page answers.
    await visit.page.waitForTimeout(3000);
    await at(visit, "all-leads").or(visit.page.getByRole("button", { name: "Waves" })).first().click();
    await refused(visit, /had not finished after 20 s/);
    t.diagnostic(`ended after ${((Date.now() - started) / 1000).toFixed(1)} s`);
    await visit.page.getByRole("button", { name: "Cancel", exact: true }).click();
    const again = bench.simulate("again.edf", { duration: 10, seed: 77, lead: [...LEADS].reverse().join(",") });
    assert.equal(await opened(visit, again), ours);
    // The slot takes the next one.
    await choose(visit, ["arms.onnx", "arms.json"]);
    await at(visit, "own-keep").waitFor();
    await next(visit);
    assert.match(await values(visit), /arms as they should be/);
    await visit.assertNoComplaints();
  });

  test("that wants more memory than there is ends its worker alone", { timeout: 600_000 }, async () => {
    const visit = await stage.landed();
    const ours = await opened(visit);
    await choose(visit, ["too-much-memory.onnx", "arms.json"]);
    await at(visit, "own-keep").waitFor();
    await next(visit);
    await refused(visit, /made its worker stop/);
    const again = bench.simulate("again.edf", { duration: 10, seed: 77, lead: [...LEADS].reverse().join(",") });
    await visit.page.getByRole("button", { name: "Cancel", exact: true }).click();
    assert.equal(await opened(visit, again), ours);
  });

  for (const [viewport, size] of [[DESKTOP, "desktop"], [PHONE, "phone"]]) {
    for (const colorScheme of ["light", "dark"]) {
      test(`pictures, ${size}, ${colorScheme}`, { timeout: 600_000 }, async () => {
        const visit = await stage.landed({ viewport, colorScheme });
        const look = async (name) => {
          await visit.page.waitForTimeout(200);
          assert.equal(await tooWide(visit), false, name);
          await visit.shot(`${name}-${size}-${colorScheme}`);
        };
        await opened(visit);
        await at(visit, "page-own-open").scrollIntoViewIfNeeded();
        await look("page-own-open");
        await at(visit, "page-own-open").click();
        await look("own-step-0");
        await choose(visit, ["arms.onnx"]);
        await at(visit, "own-leads").waitFor();
        await fill(visit, look);
        await at(visit, "own-name").fill("");
        await next(visit);
        await refused(visit, /Name/);
        await look("own-refused");
        await at(visit, "own-name").fill("Arms");
        await next(visit);
        await values(visit);
        await at(visit, "own-model").scrollIntoViewIfNeeded();
        await look("own-model");
        await visit.assertNoComplaints();
      });
    }
  }
});
