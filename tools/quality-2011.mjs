// How the quality grades agree with people's on PhysioNet/CinC Challenge 2011, set a:
//   node tools/quality-2011.mjs SET_A LISTS [PROGRAM]
//
// SET_A holds the records as text (sample number and twelve leads of 5 µV at 500 Hz), LISTS the files
// "RECORDS-Group I.txt" (acceptable) and "RECORDS-Group II.txt" (unacceptable). A record is called unacceptable when a
// lead is unusable for half of its ten seconds and more. Nothing is tuned on these records.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { reportsOf, share } from "./reports.mjs";

const [folder, lists, program = "target/native/einthoven"] = process.argv.slice(2);
if (!lists) throw new Error("usage: node tools/quality-2011.mjs SET_A LISTS [PROGRAM]");
const LEADS = "I,II,III,aVR,aVL,aVF,V1,V2,V3,V4,V5,V6";
const LONG_S = 5;

const names = (group) => new Set(readFileSync(join(lists, `RECORDS-Group ${group}.txt`), "utf8").split(/\s+/).filter(Boolean));
const groups = { acceptable: names("I"), unacceptable: names("II") };
const counts = { acceptable: [0, 0], unacceptable: [0, 0] };
for (const file of readdirSync(folder).filter((name) => name.endsWith(".txt"))) {
  const group = Object.keys(groups).find((group) => groups[group].has(file.slice(0, -4)));
  if (!group) continue;
  counts[group][isAcceptable(join(folder, file)) === (group === "acceptable") ? 0 : 1] += 1;
}
console.log(`called unacceptable of the unacceptable (Se): ${right(counts.unacceptable)}`);
console.log(`called acceptable of the acceptable (Sp):     ${right(counts.acceptable)}`);

function isAcceptable(file) {
  const options = ["--models", "none", "--rate", "500", "--unit", "mV", "--gain", "200", "--lead", LEADS];
  const unusable_s = reportsOf(program, [file], options).map(({ quality = [] }) =>
    quality.filter(({ grade }) => grade === "unusable").reduce((sum, { from_s, to_s }) => sum + to_s - from_s, 0));
  return unusable_s.length === 12 && unusable_s.every((seconds) => seconds < LONG_S);
}

function right([hits, misses]) {
  return share(hits, hits + misses);
}
