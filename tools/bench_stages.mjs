// Times opening and analysis in Chromium, in the site's own worker, beside the native program on the same recordings:
//   node tools/bench_stages.mjs PROGRAM
//
// In the browser a stage lasts from one message of page and worker to the next, so passing the samples to the page counts
// too; the model is asked after that and does not count. Memory is that of the page's process with all its workers.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startStage } from "../tests/browser/harness.mjs";
import { called, dropFrom, measured, memoryOf } from "../tests/browser/workspace.mjs";

const [program] = process.argv.slice(2);
if (!program) throw new Error("usage: node tools/bench_stages.mjs PROGRAM");

const LENGTHS_S = [10, 30, 1800, 86400];
const TURNS = { 10: 9, 30: 9, 1800: 5, 86400: 1 };
const LONGEST_MS = 600_000;

const folder = mkdtempSync(join(tmpdir(), "einthoven-bench-"));
try {
  console.log("one lead at 250 Hz, EDF; medians; native: read + analyse + report of `einthoven bench`, one thread");
  console.log("recording   browser: opened ms   analysed ms   together ms   native ms   ratio   memory MB   turns");
  for (const seconds of LENGTHS_S) {
    const file = join(folder, `${seconds}.edf`);
    execFileSync(program, ["simulate", "--quiet", "--output", file, "--duration", String(seconds), "--sampling", "250", "--lead", "I"]);
    const turns = TURNS[seconds];
    const { opened, analysed, most } = await inBrowser(file, turns);
    const native = natively(file);
    const together = opened + analysed;
    const cells = [opened.toFixed(0).padStart(17), analysed.toFixed(0).padStart(13), together.toFixed(0).padStart(13), native.toFixed(0).padStart(11), (together / native).toFixed(2).padStart(7), String(most).padStart(11), String(turns).padStart(7)];
    console.log(`${String(seconds).padStart(7)} s ${cells.join(" ")}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** Milliseconds, medians over turns in one page that has been used once before. */
async function inBrowser(file, turns) {
  const stage = await startStage();
  try {
    const visit = await stage.visit();
    await visit.page.addInitScript(listen);
    await visit.load();
    await visit.usable();
    const times = [];
    for (let turn = turns === 1 ? 0 : -1; turn < turns; turn += 1) {
      await visit.page.evaluate(() => globalThis.forget());
      await dropFrom(visit, [file]);
      await visit.page.waitForFunction(() => globalThis.stages().analysed !== null, undefined, { timeout: LONGEST_MS });
      const stages = await visit.page.evaluate(() => globalThis.stages());
      await measured(visit, LONGEST_MS);
      await called(visit, LONGEST_MS);
      if (turn >= 0) times.push(stages);
    }
    const { most } = await memoryOf(visit);
    return { opened: median(times.map(({ opened }) => opened)), analysed: median(times.map(({ analysed }) => analysed)), most };
  } finally {
    await stage.stop();
  }
}

/**
 * In the page, before its code: notes when files are given to a worker and when a worker says `Opened` and `Report`, the
 * third and fourth of FromWorker in src/protocol.rs, whose place is the first byte of a message.
 */
function listen() {
  const [OPENED, REPORT] = [2, 3];
  let heard = {};
  globalThis.forget = () => (heard = {});
  globalThis.stages = () => ({
    opened: heard.opened - heard.given,
    analysed: heard.report === undefined ? null : heard.report - heard.opened,
  });
  const Plain = globalThis.Worker;
  globalThis.Worker = class extends Plain {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", ({ data }) => {
        const what = data?.m?.[0];
        if (what === OPENED) heard.opened ??= performance.now();
        if (what === REPORT) heard.report ??= performance.now();
      });
    }
    postMessage(message, ...rest) {
      if (message?.f?.length) heard.given ??= performance.now();
      super.postMessage(message, ...rest);
    }
  };
}

function natively(file) {
  const lines = execFileSync(program, ["bench", "--json", "--repeat", "5", file], { encoding: "utf8" }).trim().split("\n");
  const stages = new Map(lines.map((line) => JSON.parse(line)).map(({ stage, ms }) => [stage, ms]));
  return stages.get("read edf") + stages.get("analyse") + stages.get("report");
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
