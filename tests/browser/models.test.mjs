import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ROOT, startStage } from "./harness.mjs";
import { installInfer } from "./infer.mjs";
import { at, called, openExample, textOf } from "./workspace.mjs";

const MODELS = join(ROOT, "models");
const ids = readdirSync(MODELS).filter((id) => existsSync(join(MODELS, id, "reference.json")));

/** Largest difference of probabilities between runtimes that counts as the same. */
const LIMIT = 1e-4;

/** Asks the site's own `infer` worker about a model: its build, and the answers in order. */
async function ask(page, model, questions) {
  await installInfer(page);
  return page.evaluate(async ([model, questions]) => {
    const infer = await openInfer();
    const answers = [];
    for (const { entry, live } of questions) {
      const values = Float32Array.from(entry.samples, (count) => count / entry.gain_per_mv);
      answers.push(await infer.ask(model, entry.rate_hz, values, live));
    }
    infer.end();
    return { build: infer.build, answers };
  }, [model, questions]);
}

describe("models in the browser agree with onnxruntime", () => {
  assert.ok(ids.length > 0, "no model has reference values");
  for (const id of ids) {
    describe(id, () => {
      let stage;
      before(async () => {
        stage = await startStage();
      });
      after(() => stage.stop());

      test("probabilities of every reference window and recording", { timeout: 300_000 }, async (t) => {
        const reference = JSON.parse(readFileSync(join(MODELS, id, "reference.json"), "utf8"));
        const visit = await stage.visit();
        await visit.load();
        await visit.usable();
        const questions = [...reference.windows.map((entry) => ({ entry, live: true })), ...reference.recordings.map((entry) => ({ entry, live: false }))];
        const { build, answers } = await ask(visit.page, id, questions);
        assert.equal(build, await visit.page.locator("html").getAttribute("data-build"));
        let largest = 0;
        for (const [index, { entry, live }] of questions.entries()) {
          const calls = answers[index].Ok;
          assert.equal(calls?.length, 1, `${entry.name}: ${JSON.stringify(answers[index])}`);
          const labels = calls[0].distribution.map(([label]) => label);
          assert.deepEqual(labels, reference.labels);
          const difference = Math.max(...calls[0].distribution.map(([, probability], label) => Math.abs(probability - entry.probabilities[label])));
          assert.ok(difference <= LIMIT, `${entry.name}: ${difference}`);
          largest = Math.max(largest, difference);
          t.diagnostic(`${live ? "window" : "recording"} ${entry.name}: ${difference.toExponential(1)}`);
        }
        t.diagnostic(`${id}: largest difference of probabilities, tract in wasm against onnxruntime: ${largest.toExponential(1)} over ${questions.length} references`);
        await visit.assertNoComplaints();
      });
    });
  }
});

describe("which model is asked", () => {
  let stage;
  before(async () => {
    stage = await startStage();
  });
  after(() => stage.stop());

  test("is for the user to choose, with the time that each took on this device", { timeout: 300_000, skip: ids.length < 2 }, async () => {
    const [first, second] = JSON.parse(readFileSync(join(MODELS, "list.json"), "utf8"));
    const visit = await stage.landed();
    await openExample(visit);
    await called(visit);
    assert.ok((await textOf(visit, "model")).includes(`${first} `));
    await at(visit, "models").selectOption(second);
    await visit.page.waitForFunction((id) => document.querySelector('[data-testid="model"]')?.textContent.includes(`${id} 1`), second);
    assert.match(await textOf(visit, "model"), /It took [\d,]+ ms on this device/);
    assert.equal(await at(visit, "models").inputValue(), second);
    await visit.assertNoComplaints();
  });
});

describe("cards", () => {
  let stage;
  before(async () => {
    stage = await startStage();
  });
  after(() => stage.stop());

  test("of the model and of the program's own networks open as pages from the report, and their JSON from these", async () => {
    const visit = await stage.landed();
    await openExample(visit);
    await called(visit);
    const links = (under) => at(visit, under).locator("a").evaluateAll((found) => found.map(({ href }) => href));
    const pages = [...(await links("model")), ...(await links("networks"))].filter((href) => href.endsWith("/card.html"));
    assert.equal(pages.length, 4);
    const report = visit.page.url();
    for (const page of pages) {
      assert.equal((await visit.page.goto(page)).status(), 200);
      const title = await visit.page.locator("h1").innerText();
      assert.ok(readFileSync(sourceOf(page), "utf8").startsWith(`# ${title}\n`));
      assert.ok((await visit.page.locator("table").count()) > 0);
      assert.ok(await visit.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
      const json = await visit.page.getByRole("link", { name: "JSON" }).getAttribute("href");
      const card = await visit.page.evaluate(async (href) => (await fetch(href)).json(), json);
      assert.ok(Object.keys(card).length > 5);
    }
    await visit.page.goto(report);
    await visit.assertNoComplaints();
  });
});

/** card.md of a card's page: a model's stands beside its file, a network's beside its training. */
function sourceOf(page) {
  const id = page.split("/").at(-2);
  return join(MODELS, ids.includes(id) ? id : join("training", id), "card.md");
}
