// Runs the analysis on annotated data and prints the README's table of what it reaches: node tools/accuracy.mjs [--write]
//
// Data is unpacked from ../shared/data into $EINTHOVEN_DATA (or data/ in the cache) where it is not there yet. A row whose
// data is absent says so. --write puts the table into the README, and only if every row was measured.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const cache = process.env.EINTHOVEN_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "einthoven");
const dataFolder = process.env.EINTHOVEN_DATA ?? join(cache, "data");
const archives = join(root, "..", "shared", "data");
const binary = join(root, "target", "native", "einthoven");
const MARKS = ["<!-- accuracy: written by tools/accuracy.mjs --write -->", "<!-- accuracy ends -->"];

// What the records of noise hold.
const NOISES = { em: "electrode motion", ma: "muscle noise", bw: "wander" };
// What the program reaches with the weights of networks that have not heard the records: as
// `python -m training.waves.in_program` prints it, not measured here.
const OUT_OF_FOLD = {
  ii: "F1 99.12, 99.95, 99.60 %, SD 10.7, 8.8, 8.2, 10.6, 19.6 ms",
  i: "F1 97.80, 99.59, 99.33 %, SD 16.0, 13.2, 9.9, 11.2, 21.0 ms",
};
const OUT_OF_FOLD_QTDB = "SD 18.1, 16.1, 11.7, 16.7, 37.7 ms";

// One row a question. `options` follow `einthoven evaluate`; the run is done once for all rows that ask the same.
// `figures` are names of the JSON's shares; `n` says from the JSON how much they stand on.
const ROWS = [
  {
    what: "QRS, first signal, within 150 ms, from 5:00",
    data: "mitdb-ds1",
    about: "MIT-BIH DS1, on which the detector was tuned",
    options: [],
    figures: [["Se", "se"], ["+P", "ppv"]],
    n: (json) => `${json.records.length} records, ${grouped(json.gross.tp + json.gross.fn)} beats`,
  },
  {
    what: "the same within 25 ms of the annotation",
    data: "mitdb-ds1",
    about: "MIT-BIH DS1, on which the detector was tuned",
    options: ["--window", "0.025"],
    figures: [["Se", "se"], ["+P", "ppv"]],
    n: (json) => `${json.records.length} records, ${grouped(json.gross.tp + json.gross.fn)} beats`,
  },
  {
    what: "atrial fibrillation by time, by the beats alone (no model), flutter left out, from 5:00",
    data: "mitdb-ds1",
    about: "MIT-BIH DS1, of which only 201 and 203 hold it; looked at while the rule was made",
    options: ["--exclude-flutter"],
    figures: [["Se", "af_duration_se"], ["Sp", "af_duration_sp"]],
    n: ({ records, gross }) => `${records.length} records, ${minutes(gross.episodes.atrial_fibrillation.reference_ms)} min of it in ${minutes(gross.episodes.atrial_fibrillation.reference_ms + gross.episodes.atrial_fibrillation.other_ms)}`,
  },
  ...[["em", [12, 6, 0]], ["ma", [6, 0]], ["bw", [-6]]].map(([noise, levels]) => ({
    what: `QRS with ${NOISES[noise]} (${noise} of the Noise Stress Test Database, added as nst does) at ${levels.join(", ")} dB, in the noisy stretches: F1`,
    data: "mitdb-ds1",
    about: "MIT-BIH DS1, on which the detector was tuned, with other noise of the same records",
    noise,
    levels,
  })),
  {
    what: "the same with em at 0 dB where the quality carries beats: +P, and the share of the time that it does",
    data: "mitdb-ds1",
    about: "MIT-BIH DS1, on which the grades were fitted, with other noise of the same record; the first signal, with the second as witness (out of fold 96.0 % on 46.5 % of the time, by the first signal alone 92.7 on 41.5; models/training/quality/card.md)",
    noise: "em",
    levels: [0],
    gated: true,
  },
  {
    what: "share of the time without added noise that is called unusable",
    data: "mitdb-ds1",
    about: "MIT-BIH DS1, on which the grades were fitted",
    options: ["--gated"],
    unusable: true,
  },
  ...Object.entries(OUT_OF_FOLD).map(([lead, figures]) => ({
    what: `waves of lead ${lead.toUpperCase()} alone: F1 of P (also over records without P), QRS, T within 150 ms; standard deviation of P onset, P end, QRS onset, QRS end, T end after one median offset each`,
    data: "ludb-i-ii",
    about: `LUDB, on which the delineator was developed and its network trained (out of fold ${figures}; models/training/waves/card.md)`,
    options: ["--waves", "lead", "--lead", lead],
    waves: true,
  })),
  {
    what: "the same of the first lead: standard deviations",
    data: "qtdb-q1c",
    about: `QTDB, marks of the first cardiologist; looked at while the rules were made and the combination was chosen, and 96 of its records trained the network (out of fold ${OUT_OF_FOLD_QTDB}; models/training/waves/card.md)`,
    options: ["--waves", "q1c"],
    waves: true,
  },
];
// Fiducials whose F1 and whose spread a row of waves tells.
const WAVES = ["p", "qrs", "t"];
// Seconds of a record of MIT-BIH from 5:00 on, and of them those to which noise is added.
const SCORED_S = 1506;
const NOISY_S = 786;
const BORDERS = ["p-onset", "p-end", "qrs-onset", "qrs-end", "t-end"];

const rows = ROWS.map((row) => (unpacked(row.data) ? measured(row) : { ...row, figure: "skipped: no data" }));
const table = [
  "| what | data | figure (95 % interval) | command |",
  "|---|---|---|---|",
  ...rows.map(({ what, about, size, figure, command }) =>
    `| ${what} | ${size ? `${about}: ${size}` : about} | ${figure} | ${command ? `\`${command}\`` : ""} |`),
].join("\n");
console.log(table);
if (process.argv.includes("--write")) write(table, rows);

// Whether a data set lies unpacked; unpacks it if its archive is at hand.
function unpacked(name) {
  const folder = join(dataFolder, name);
  if (existsSync(folder)) return true;
  const archive = join(archives, `${name}.tar.xz`);
  if (!existsSync(archive)) return false;
  // Into a folder of its own first: one that is half full must not be taken for the data.
  const fresh = join(dataFolder, `.${name}-${process.pid}`);
  mkdirSync(fresh, { recursive: true });
  execFileSync("tar", ["xJf", archive, "-C", fresh]);
  renameSync(join(fresh, name), folder);
  rmSync(fresh, { recursive: true });
  return true;
}

function measured(row) {
  if (row.noise) return unpacked("nstdb") ? measuredNoise(row) : { ...row, figure: "skipped: no data" };
  if (row.unusable) return measuredUnusable(row);
  return row.waves ? measuredWaves(row) : measuredShares(row);
}

// F1 at each level; with `gated` +P and how much stays.
function measuredNoise(row) {
  const options = (level, folder) => [
    ...(row.gated ? ["--gated"] : []),
    "--noise",
    join(folder, "nstdb", `${row.noise}.hea`),
    "--snr",
    String(level),
  ];
  const runs = row.levels.map((level) => evaluation(row.data, options(level, dataFolder)));
  const figure = runs.map((json) => {
    const id = row.gated ? "ppv" : "f1";
    const { low, high } = json.intervals_95[id];
    return `${percent(json.gross[id])} (${percent(low)}-${percent(high)})`;
  });
  const noisy = (json) => json.records.length * NOISY_S;
  return {
    ...row,
    size: `${runs[0].records.length} records, ${grouped(annotated(runs[0].gross))} beats`,
    figure: row.gated
      ? `${figure[0]} %, ${percent(1 - runs[0].gross.shutdown_s / noisy(runs[0]))} % of ${grouped(noisy(runs[0]))} s`
      : `${figure.join(", ")} %`,
    command: ["einthoven evaluate", row.data, ...options(row.levels[0], "")].join(" "),
  };
}

// Reference beats, those in a shutdown among them (rows N, S, V, F, Q of the matrix).
function annotated(gross) {
  return gross.matrix.slice(0, 5).flat().reduce((sum, count) => sum + count, 0);
}

function measuredUnusable(row) {
  const json = evaluation(row.data, row.options);
  const seconds = json.records.length * SCORED_S;
  return {
    ...row,
    size: `${json.records.length} records, ${grouped(seconds)} s`,
    figure: `${percent(json.gross.shutdown_s / seconds)} %`,
    command: ["einthoven evaluate", ...row.options, row.data].join(" "),
  };
}

function measuredWaves(row) {
  const { waves } = evaluation(row.data, row.options);
  const line = (id) => waves.lines.find(({ fiducial }) => fiducial === id);
  // Marks that cover only some beats of a record (QTDB) say nothing of extra waves.
  const covered = row.options[1] === "lead";
  const f1 = WAVES.map((id) => `${percent(line(id).f1)} (${percent(line(id).f1_95.low)}-${percent(line(id).f1_95.high)})`);
  const spread = BORDERS.map((id) => `${line(id).sd_ms.toFixed(1)} (${line(id).sd_95.low.toFixed(1)}-${line(id).sd_95.high.toFixed(1)})`);
  return {
    ...row,
    size: `${waves.records} records, ${grouped(line("qrs").n)} beats`,
    figure: `${covered ? `F1 ${f1.join(", ")} %; ` : ""}SD ${spread.join(", ")} ms`,
    command: ["einthoven evaluate", ...row.options, row.data].join(" "),
  };
}

function measuredShares(row) {
  const json = evaluation(row.data, row.options);
  const shares = row.figures.map(([name, id]) => {
    const share = shareOf(json.gross, id);
    if (share === undefined) return `${name} undefined`;
    const interval = json.intervals_95[id];
    const range = interval ? ` (${percent(interval.low)}-${percent(interval.high)})` : "";
    return `${name} ${percent(share)} %${range}`;
  });
  return {
    ...row,
    size: row.n(json),
    figure: shares.join(", "),
    command: ["einthoven evaluate", row.data, ...row.options].join(" "),
  };
}

// `v_se` is the share `se` of `v`; `af_...` are reckoned from the episodes.
function shareOf(gross, id) {
  const af = gross.episodes.atrial_fibrillation;
  if (id === "af_duration_se") return af.found_ms / af.reference_ms;
  if (id === "af_duration_sp") return 1 - (af.test_ms - af.right_ms) / af.other_ms;
  const [group, name] = id.includes("_") ? id.split("_") : [undefined, id];
  return group ? gross[group]?.[name] : gross[name];
}

// The JSON of an evaluation, run once for each set of options.
function evaluation(data, options) {
  if (!existsSync(binary)) throw new Error("target/native/einthoven is not built; run make accuracy");
  evaluation.done ??= new Map();
  const key = [data, ...options].join(" ");
  if (!evaluation.done.has(key)) {
    const text = execFileSync(binary, ["evaluate", "--json", "--quiet", ...options, join(dataFolder, data)], {
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    evaluation.done.set(key, JSON.parse(text));
  }
  return evaluation.done.get(key);
}

function percent(share) {
  return (share * 100).toFixed(2);
}

function minutes(ms) {
  return (ms / 60_000).toFixed(1);
}

function grouped(count) {
  return String(count).replace(/\B(?=(\d{3})+$)/g, " ");
}

function write(text, measuredRows) {
  if (measuredRows.some((row) => !row.command)) throw new Error("a row was not measured; the README stays as it is");
  const readme = join(root, "README.md");
  const [before, rest] = split(readFileSync(readme, "utf8"), MARKS[0]);
  const after = split(rest, MARKS[1])[1];
  writeFileSync(readme, `${before}${MARKS[0]}\n${text}\n${MARKS[1]}${after}`);
}

function split(text, mark) {
  const at = text.indexOf(mark);
  if (at < 0) throw new Error(`README.md lacks "${mark}"`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}
