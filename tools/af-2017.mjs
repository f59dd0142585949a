// What rules and model together tell of PhysioNet/CinC Challenge 2017's fold 0, which nothing was trained or tuned on:
//   node tools/af-2017.mjs DATABASE LABELS [PROGRAM]
//
// DATABASE holds the records (A00001.mat and .hea), LABELS is REFERENCE-v3.csv. Folds are those of models/training
// (SHA-256 of the name). PROGRAM has the models' runtime: cargo build --release --bin einthoven makes it.
// AF is told where the report has the finding atrial-fibrillation; a recording is covered where it says a rhythm at all.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { reportOfEach, saysARhythm, share, tellsAf } from "./reports.mjs";

const [database, labels, program = "target/release/einthoven"] = process.argv.slice(2);
if (!labels) throw new Error("usage: node tools/af-2017.mjs DATABASE LABELS [PROGRAM]");
const HELD_APART = 0;
const CODES = { N: "normal", A: "atrial fibrillation", O: "other", "~": "too noisy" };

const fold = (name) => parseInt(createHash("sha256").update(name).digest("hex").slice(0, 8), 16) % 5;
const entries = readFileSync(labels, "utf8").trim().split(/\r?\n/).map((line) => line.trim().split(","))
  .filter(([name, code]) => code in CODES && fold(name) === HELD_APART)
  .map(([name, code]) => ({ name, code }));

const reports = reportOfEach(program, entries.map(({ name }) => join(database, `${name}.hea`)));
for (const [place, report] of reports.entries()) {
  const told = new Set((report.findings ?? []).map(({ id }) => id));
  Object.assign(entries[place], { told, isAf: tellsAf(report), covered: tellsAf(report) || saysARhythm(report) });
}

const withLabel = (code) => entries.filter((entry) => entry.code === code);
const isAf = (entry) => entry.isAf;
console.log("| recordings labelled | n | AF told | of the covered | covered |\n|---|---|---|---|---|");
for (const [code, name] of Object.entries(CODES)) {
  const all = withLabel(code);
  const covered = all.filter((entry) => entry.covered);
  console.log(`| ${name} | ${all.length} | ${share(all.filter(isAf).length, all.length)} | ${share(covered.filter(isAf).length, covered.length)} | ${share(covered.length, all.length)} |`);
}
const told = entries.filter(isAf);
console.log(`\n+P of AF: ${share(told.filter(({ code }) => code === "A").length, told.length)}`);

console.log("\nFindings in recordings that their readers call normal:");
const normal = withLabel("N");
const counts = new Map();
for (const { told } of normal) for (const id of told) counts.set(id, (counts.get(id) ?? 0) + 1);
for (const [id, count] of [...counts].sort((a, b) => b[1] - a[1])) console.log(`  ${id}: ${share(count, normal.length)}`);
