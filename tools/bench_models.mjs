// Times every model in Chromium: tract in the site's own `infer` worker, and onnxruntime-web (wasm, one thread) in the same
// page, turn by turn. node tools/bench_models.mjs FOLDER_OF_ONNXRUNTIME_WEB [ROUNDS]
//
// One turn is a recording of 30 s (five windows): tract is given millivolts and does the preprocessing too, onnxruntime-web
// is given the five windows as prepared by the training's code. Both figures include what a page waits for, so the
// worker's messages count for tract.

import { cpSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, copyOfSite, startStage } from "../tests/browser/harness.mjs";
import { installInfer } from "../tests/browser/infer.mjs";

const [peer, rounds = "40"] = process.argv.slice(2);
if (!peer || !existsSync(join(peer, "dist"))) throw new Error("which folder holds onnxruntime-web? make bench-models installs it");

const WARM_UP = 5;
const WINDOWS = 5;
const SECONDS = 30;

const copy = copyOfSite();
for (const file of ["ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"]) cpSync(join(peer, "dist", file), join(copy.folder, "ort", file));
const stage = await startStage({ folder: copy.folder });
try {
  // The peer is no part of the site, so the site's policy would refuse it.
  const visit = await stage.visit({ bypassCSP: true, serviceWorkers: "block" });
  await visit.load();
  await visit.usable();
  await installInfer(visit.page);
  console.log(`30 s of one lead, five windows; medians of ${rounds} turns, one thread each, ${stage.browser.version()}`);
  console.log("model             tract ms   onnxruntime-web ms   ratio (95 % of turns)   same answer to");
  for (const id of JSON.parse(readFileSync(join(ROOT, "models/list.json"), "utf8"))) {
    const folder = join(ROOT, "models", id);
    const reference = JSON.parse(readFileSync(join(folder, "reference.json"), "utf8"));
    const { tract, ort, largest } = await visit.page.evaluate(turns, { id, window: reference.windows[0], rounds: Number(rounds), WARM_UP, WINDOWS, SECONDS });
    const ratios = tract.map((ms, turn) => ms / ort[turn]);
    const [low, mid, high] = [0.025, 0.5, 0.975].map((share) => at(ratios, share).toFixed(2));
    console.log(`${id.padEnd(16)} ${at(tract, 0.5).toFixed(1).padStart(9)} ${at(ort, 0.5).toFixed(1).padStart(20)} ${mid.padStart(7)} (${low} to ${high}) ${largest.toExponential(1).padStart(18)}`);
  }
} finally {
  await stage.stop();
  copy.remove();
}

function at(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/** In the page: both runtimes take turns, the first to begin changing each time. */
async function turns({ id, window: entry, rounds, WARM_UP, WINDOWS, SECONDS }) {
  const ortModule = await import("./ort/ort.wasm.min.mjs");
  const { InferenceSession, Tensor, env } = ortModule.default ?? ortModule;
  env.wasm.numThreads = 1;
  env.wasm.wasmPaths = new URL("./ort/", document.baseURI).href;
  const session = await InferenceSession.create(`./models/${id}/model.onnx`, { executionProviders: ["wasm"] });
  const window = Float32Array.from(entry.prepared);

  const infer = await openInfer();

  // The window's own signal over and over, so that both are given as many windows of the same kind.
  const once = Float32Array.from(entry.samples, (count) => count / entry.gain_per_mv);
  const values = new Float32Array(Math.round(SECONDS * entry.rate_hz));
  for (let at = 0; at < values.length; at += once.length) values.set(once.subarray(0, values.length - at), at);
  const ask = async () => {
    const answer = await infer.ask(id, entry.rate_hz, values.slice(), false);
    if (!answer.Ok) throw new Error(JSON.stringify(answer));
  };
  const timed = async (work) => {
    const began = performance.now();
    await work();
    return performance.now() - began;
  };
  const byTract = () => timed(ask);
  const byOrt = () =>
    timed(async () => {
      for (let count = 0; count < WINDOWS; count += 1) await session.run({ ecg: new Tensor("float32", window, [1, 1, window.length]) });
    });

  const { logits } = await session.run({ ecg: new Tensor("float32", window, [1, 1, window.length]) });
  const largest = Math.max(...entry.logits.map((logit, label) => Math.abs(logit - logits.data[label])));

  const tract = [];
  const ort = [];
  for (let turn = -WARM_UP; turn < rounds; turn += 1) {
    const order = turn % 2 === 0 ? [byTract, byOrt] : [byOrt, byTract];
    const taken = new Map();
    for (const work of order) taken.set(work, await work());
    if (turn < 0) continue;
    tract.push(taken.get(byTract));
    ort.push(taken.get(byOrt));
  }
  infer.end();
  return { tract, ort, largest };
}
