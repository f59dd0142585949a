// Extra beats from the ventricles and the atria told in LUDB's sheets of twelve leads, which the networks of the classes
// never heard: node tools/ectopy-ludb.mjs LUDB [PROGRAM]
//
// LUDB is the data folder of LUDB 1.0.1; the diagnoses in its headers say which of its 200 recordings of 10 s have some. The
// limits of src/analysis/other_leads.rs were chosen after a look at the seven with beats from the ventricles. PROGRAM
// needs no models: cargo build --profile native makes it.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { reportOfEach, share } from "./reports.mjs";

const [ludb, program = "target/native/einthoven"] = process.argv.slice(2);
if (!ludb) throw new Error("usage: node tools/ectopy-ludb.mjs LUDB [PROGRAM]");
const ORIGINS = {
  ventricles: { diagnosis: /(^|[^a-z])ventricular extrasyst/i, finding: /^(premature-ventricular-beats|ventricular-)/ },
  atria: { diagnosis: /(supraventricular|atrial) extrasyst/i, finding: /^(premature-supraventricular-beats|supraventricular-)/ },
};

const files = readdirSync(ludb).filter((name) => name.endsWith(".hea")).map((name) => join(ludb, name));
const diagnoses = files.map((file) => readFileSync(file, "utf8").split("\n").filter((line) => line.startsWith("#")).join(" "));
const reports = reportOfEach(program, files, ["--models", "none"]);

console.log("| extra beats from | told where there are some | told in the others |\n|---|---|---|");
for (const [origin, { diagnosis, finding }] of Object.entries(ORIGINS)) {
  const told = (has) => {
    const some = reports.filter((_, place) => diagnosis.test(diagnoses[place]) === has);
    return share(some.filter(({ findings = [] }) => findings.some(({ id }) => finding.test(id))).length, some.length);
  };
  console.log(`| ${origin} | ${told(true)} | ${told(false)} |`);
}
