// What rules and model together tell of PhysioNet/CinC Challenge 2017's fold 0, which nothing was trained or tuned on:
//   node tools/af-2017.mjs DATABASE LABELS [PROGRAM]
//
// DATABASE holds the records (A00001.mat and .hea), LABELS is REFERENCE-v3.csv. Folds are those of models/training
// (SHA-256 of the name). PROGRAM has the models' runtime: cargo build --release --bin einthoven makes it.
// AF is told where the report has the finding atrial-fibrillation; a recording is covered where it says a rhythm at all.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const [database, labels, program = "target/release/einthoven"] = process.argv.slice(2);
if (!labels) throw new Error("usage: node tools/af-2017.mjs DATABASE LABELS [PROGRAM]");
const HELD_APART = 0;
const AT_ONCE = 60;
const CODES = { N: "normal", A: "atrial fibrillation", O: "other", "~": "too noisy" };

const fold = (name) => parseInt(createHash("sha256").update(name).digest("hex").slice(0, 8), 16) % 5;
const entries = readFileSync(labels, "utf8").trim().split(/\r?\n/).map((line) => line.trim().split(","))
  .filter(([name, code]) => code in CODES && fold(name) === HELD_APART)
  .map(([name, code]) => ({ name, code }));

for (let from = 0; from < entries.length; from += AT_ONCE) {
  const some = entries.slice(from, from + AT_ONCE);
  const files = some.map(({ name }) => join(database, `${name}.hea`));
  const text = execFileSync(program, ["analyze", "--json", "--quiet", ...files], { encoding: "utf8", maxBuffer: 1 << 28 });
  const reports = text.trim().split("\n").map((line) => JSON.parse(line));
  if (reports.length !== some.length) throw new Error(`${some.length} files gave ${reports.length} reports`);
  for (const [place, { findings = [], rhythm = [] }] of reports.entries()) {
    const told = new Set(findings.map(({ id }) => id));
    const covered = told.has("atrial-fibrillation") || rhythm.some(({ label }) => label !== "unsure");
    Object.assign(some[place], { told, covered });
  }
}

const withLabel = (code) => entries.filter((entry) => entry.code === code);
const tellsAf = ({ told }) => told.has("atrial-fibrillation");
console.log("| recordings labelled | n | AF told | of the covered | covered |\n|---|---|---|---|---|");
for (const [code, name] of Object.entries(CODES)) {
  const all = withLabel(code);
  const covered = all.filter((entry) => entry.covered);
  console.log(`| ${name} | ${all.length} | ${share(all.filter(tellsAf).length, all.length)} | ${share(covered.filter(tellsAf).length, covered.length)} | ${share(covered.length, all.length)} |`);
}
const told = entries.filter(tellsAf);
console.log(`\n+P of AF: ${share(told.filter(({ code }) => code === "A").length, told.length)}`);

console.log("\nFindings in recordings that their readers call normal:");
const normal = withLabel("N");
const counts = new Map();
for (const { told } of normal) for (const id of told) counts.set(id, (counts.get(id) ?? 0) + 1);
for (const [id, count] of [...counts].sort((a, b) => b[1] - a[1])) console.log(`  ${id}: ${share(count, normal.length)}`);

// With Wilson's interval (J Am Stat Assoc 22:209, 1927).
function share(hits, n) {
  if (n === 0) return "none";
  const [p, z] = [hits / n, 1.96];
  const middle = (p + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n))) / (1 + (z * z) / n);
  const percent = (x) => (100 * x).toFixed(1);
  return `${percent(p)} % (${percent(middle - half)}-${percent(middle + half)}), ${hits} of ${n}`;
}
