import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { copyOfSite, ROOT, startStage } from "./harness.mjs";

const MODELS = join(ROOT, "models");
const ids = readdirSync(MODELS).filter((id) => existsSync(join(MODELS, id, "reference.json")));

/** Largest difference of probabilities between runtimes that counts as the same. */
const LIMIT = 1e-4;

/**
 * Asks the site's own `infer` worker, by the messages that the page sends it (src/protocol.rs).
 * @returns the answers in order: a list of calls, or a phrase that says why there is none.
 */
async function ask(page, questions) {
  return page.evaluate(async (questions) => {
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
      const request = { question: "rhythm", lead: 0, rate_hz: entry.rate_hz, gaps: [], quality: [], beats: 10 };
      worker.postMessage({ h: JSON.stringify({ do: "run", job: 1, request, live }), b: [values.buffer] }, [values.buffer]);
      answers.push((await next()).answer);
    }
    worker.terminate();
    return { build, answers };
  }, questions);
}

describe("models in the browser agree with onnxruntime", () => {
  assert.ok(ids.length > 0, "no model has reference values");
  for (const id of ids) {
    describe(id, () => {
      let stage;
      let copy;
      before(async () => {
        // The worker runs the first model of the site's list.
        copy = copyOfSite();
        writeFileSync(join(copy.folder, "models/list.json"), JSON.stringify([id]));
        stage = await startStage({ folder: copy.folder });
      });
      after(async () => {
        await stage.stop();
        copy.remove();
      });

      test("probabilities of every reference window and recording", { timeout: 180_000 }, async (t) => {
        const reference = JSON.parse(readFileSync(join(MODELS, id, "reference.json"), "utf8"));
        const visit = await stage.visit();
        await visit.load();
        await visit.usable();
        const questions = [...reference.windows.map((entry) => ({ entry, live: true })), ...reference.recordings.map((entry) => ({ entry, live: false }))];
        const { build, answers } = await ask(visit.page, questions);
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
