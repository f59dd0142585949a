import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ROOT, startStage } from "./harness.mjs";
import { at, called, openExample, textOf } from "./workspace.mjs";

const MODELS = join(ROOT, "models");
const ids = readdirSync(MODELS).filter((id) => existsSync(join(MODELS, id, "reference.json")));

/** Largest difference of probabilities between runtimes that counts as the same. */
const LIMIT = 1e-4;

/**
 * Asks the site's own `infer` worker about a model, by the messages that the page sends it (src/protocol.rs).
 * @returns the answers in order: a list of calls, or a phrase that says why there is none.
 */
async function ask(page, model, questions) {
  return page.evaluate(async ([model, questions]) => {
    const worker = new Worker("./infer_loader.js", { type: "module" });
    const heard = [];
    let wake = () => {};
    worker.onmessage = ({ data }) => {
      heard.push(JSON.parse(data.h));
      wake();
    };
    worker.onerror = (event) => {
      heard.push({ say: "panicked", message: event.message });
      wake();
    };
    const next = async () => {
      while (heard.length === 0) await new Promise((resolve) => (wake = resolve));
      const message = heard.shift();
      if (message.say === "panicked") throw new Error(message.message);
      return message;
    };
    const { build } = await next();
    const answers = [];
    for (const { entry, live } of questions) {
      const values = Float32Array.from(entry.samples, (count) => count / entry.gain_per_mv);
      const request = { question: "rhythm", model, lead: 0, rate_hz: entry.rate_hz, gaps: [], quality: [], beats: 10 };
      worker.postMessage({ h: JSON.stringify({ do: "run", job: 1, request, live }), b: [values.buffer] }, [values.buffer]);
      answers.push((await next()).answer);
    }
    worker.terminate();
    return { build, answers };
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
