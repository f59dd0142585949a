// Prints what a visitor downloads and fails where it is more than agreed: node tools/size-budget.mjs FOLDER

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { brotli } from "./brotli.mjs";

const folder = process.argv[2] ?? "dist";

// Limits in thousands of bytes, compressed with brotli 11.
const BUDGET = [
  // 250 before correcting by hand, the choice of a model and the intervals over several leads came: 5 kB for all three,
  // 25 ms of a line of 200 kB/s. 256 before the slot for a user's own model: its form is fields as data, its checks and
  // its manifest are the workers', and the rest is 9 kB, 45 ms of that line. 263 before the words of five findings and of
  // the heights of twelve leads came: 2 kB, of which the command line's words, no longer in the page, give back one. 264
  // before the button of the report to print. 265 before the networks' cards were a tap away: half a kB. 266 before a refused model was read out by screen readers: builds
  // of the same code differ by as much, a few hundred bytes.
  { what: "page", pattern: /^app-[0-9a-f]+_bg\.wasm$/, limit_kB: 266.5 },
  // 700 before the report to print came: its layout, the sheet, the report in words, PDF and its compression are 35 kB, 175 ms
  // of a line of 200 kB/s. Nothing waits for them: on a first visit the reader has put the recording on paper by then. 730
  // before the network for P, QRS and T (29 kB of weights, which brotli does not shrink, and its code), the small one of the
  // quality and the detector in blocks: 41 kB, 205 ms of that line, behind the paper too. 775 before a second lead bore
  // witness for the first: 2 kB, 10 ms. 777 before P waves were judged over the whole recording: 3 kB, 15 ms. 780 before the
  // weights of the beats' networks were whole numbers of 16 bits.
  { what: "worker", pattern: /^worker_bg\.wasm$/, limit_kB: 772 },
  // The same with every reader; loads with the first file that needs it, and in the background for use offline.
  { what: "worker with all readers", pattern: /^worker-all_bg\.wasm$/, limit_kB: 1000 },
  // Opens, and no more; loads before the worker on a first visit.
  { what: "reader", pattern: /^reader_bg\.wasm$/, limit_kB: 350 },
  { what: "infer", pattern: /^infer_bg\.wasm$/, limit_kB: 2000 },
  { what: "model", pattern: /^models\/[^/]+\/model\.onnx$/, limit_kB: 500 },
];

const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(join(folder, "/").length));

const kB = (bytes) => (bytes / 1000).toFixed(1).padStart(9);
let failed = false;
console.log(`Sizes in ${folder}, kB             raw    brotli     limit`);
for (const { what, pattern, limit_kB } of BUDGET) {
  const found = files.filter((path) => pattern.test(path)).sort();
  if (found.length === 0) {
    console.log(`  ${what}: no file found`);
    failed = true;
  }
  for (const path of found) {
    const bytes = readFileSync(join(folder, path));
    const packed = await brotli(bytes);
    const over = packed.length > limit_kB * 1000;
    failed ||= over;
    console.log(`  ${path.padEnd(26)} ${kB(bytes.length)} ${kB(packed.length)} ${kB(limit_kB * 1000)}${over ? "  TOO LARGE" : ""}`);
  }
}
const glue = files.filter((path) => /\.(js|css|html)$/.test(path));
const glueSizes = await Promise.all(glue.map(async (path) => (await brotli(readFileSync(join(folder, path)))).length));
console.log(`  scripts, styles, page (${glue.length})  ${" ".repeat(9)} ${kB(glueSizes.reduce((sum, size) => sum + size, 0))}`);
if (failed) {
  console.error("The size budget is not kept.");
  process.exit(1);
}
