// Atrial fibrillation on sets that the rhythm models never saw: by time on MIT-BIH's DS1, by recording on LUDB.
//   node tools/af-external.mjs DS1 LUDB [PROGRAM] [MODEL ...]
//
// With names of models each of these is asked in turn, and models/training/external.json is written anew, which the models'
// cards take their external figures from (`python -m training.card`); without, the default one is asked and nothing written.
//
// DS1 holds the 22 records of MIT-BIH's DS1 (.hea, .dat, .atr), LUDB the data folder of LUDB 1.0.1. PROGRAM has the models'
// runtime: cargo build --release --bin einthoven makes it. The models were trained on CinC 2017 alone; the rules have seen
// both sets (limits of the AF rule were chosen on DS1 among others, the network that marks P waves was trained on LUDB).
//
// Four tellers: the finding atrial-fibrillation and the rhythm line, both of rules and model together; the model's own
// calls; and the finding where no model is asked. A teller covers the time over which it says a rhythm at all; a model's
// answer "noisy" says none, nor does one that the beats contradict. The rules alone name AF or nothing: what they cover is
// what they call AF.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { interval, percent, reportOfEach, share } from "./reports.mjs";

const [ds1, ludb, program = "target/release/einthoven", ...asked] = process.argv.slice(2);
if (!ludb) throw new Error("usage: node tools/af-external.mjs DS1 LUDB [PROGRAM] [MODEL ...]");
const FOR_CARDS = "models/training/external.json";
const LONG_S = 30;
const rounded = (share) => Number(share.toFixed(4));
const DRAWS = 2000;
const AF = ["af", "paced"];

const stretches = (items, is) => items.filter(is).map(({ from_s, to_s }) => [from_s, to_s]);
const findingAf = ({ findings = [] }) => stretches(findings, ({ id }) => id === "atrial-fibrillation");
const withALabel = ({ rhythm }) => stretches(rhythm, ({ label }) => label !== "unsure");
const lineAf = ({ rhythm }) => stretches(rhythm, ({ label }) => label === "af");
const said = ({ label, abstained }) => !abstained && label !== "noisy";
const callsAf = ({ calls = [] }) => stretches(calls, (call) => said(call) && call.label === "af");
const TELLERS = {
  "finding, rules and model": { asks: "both", af: findingAf, covers: withALabel },
  "rhythm line, rules and model": { asks: "both", af: lineAf, covers: withALabel },
  "model alone": { asks: "both", af: callsAf, covers: ({ calls = [] }) => stretches(calls, said) },
  "finding, rules alone": { asks: "rules", af: findingAf, covers: () => [] },
};
const RATIOS = {
  se: { of: ({ true_s }) => true_s, by: ({ af_s }) => af_s },
  predictivity: { of: ({ true_s }) => true_s, by: ({ true_s, false_s }) => true_s + false_s },
  sp: { of: ({ other_s, false_s }) => other_s - false_s, by: ({ other_s }) => other_s },
  af_covered: { of: ({ af_covered_s }) => af_covered_s, by: ({ af_s }) => af_s },
  other_covered: { of: ({ other_covered_s }) => other_covered_s, by: ({ other_s }) => other_s },
};

// What is counted: which recordings, and what of them.
const isTold = ({ told }) => told;
const COUNTS = {
  "AF told of AF": { among: ({ label }) => AF.includes(label), is: isTold },
  "of AF without pacing": { among: ({ label }) => label === "af", is: isTold },
  "of flutter": { among: ({ label }) => label === "flutter", is: isTold },
  "of the others": { among: ({ label }) => label === "other", is: isTold },
  "+P": { among: isTold, is: ({ label }) => AF.includes(label) },
  "covered, AF": { among: ({ label }) => AF.includes(label), is: ({ covered }) => covered },
  "covered, others": { among: ({ label }) => label === "other", is: ({ covered }) => covered },
};

const models = asked.length ? asked : [undefined];
const found = models.map((model) => {
  console.log(`\n# ${model ?? "default model"}\n`);
  const runs = { both: model ? ["--models", model] : [], rules: ["--models", "none"] };
  return [model, { by_time: byTime(runs), by_recording: byRecording(runs) }];
});
if (asked.length) writeFileSync(FOR_CARDS, `${JSON.stringify(Object.fromEntries(found), null, 1)}\n`);

function byTime(runs) {
  const files = listed(ds1, ".hea");
  const records = files.map((file) => {
    const reports = Object.fromEntries(Object.entries(runs).map(([asks, options]) => [asks, reportOfEach(program, [file], options)[0]]));
    const truth = rhythms(reports.both.recording);
    return { name: basename(file, ".hea"), truth, seconds: Object.values(TELLERS).map((teller) => seconds(teller, reports[teller.asks], truth)) };
  });
  const withAf = records.filter(({ truth }) => length(truth.af) > 0);
  const minutes = (kind) => Number((records.reduce((sum, { truth }) => sum + length(truth[kind]), 0) / 60).toFixed(1));
  const [af_min, other_min] = ["af", "other"].map(minutes);
  console.log(`DS1, whole records: ${records.length} records, ${withAf.length} with AF; ${af_min} min of AF, ${other_min} min without (flutter left out)\n`);
  console.log("| who tells | Se | +P | Sp | AF covered | other covered | records without AF told AF over 30 s |\n|---|---|---|---|---|---|---|");
  const tellers = Object.keys(TELLERS).map((teller, place) => {
    const each = records.map((record) => record.seconds[place]);
    const ratios = Object.fromEntries(Object.entries(RATIOS).map(([name, ratio]) => [name, withInterval(each, ratio)]));
    const without = records.filter(({ truth }) => length(truth.af) === 0).map((record) => record.seconds[place]);
    const told_over_30_s = without.filter(({ false_s }) => false_s > LONG_S).length;
    console.log(`| ${[teller, ...Object.values(ratios).map(inWords)].join(" | ")} | ${told_over_30_s} of ${without.length} |`);
    return { teller, ...ratios, told_over_30_s, records_without_af: without.length };
  });
  console.log(`\nSe by record with AF (intervals over so few records say little): ${withAf.map(ofRecord).join("; ")}`);
  return { set: "MIT-BIH DS1", records: records.length, with_af: withAf.length, af_min, other_min, tellers };
}

function inWords(ratio) {
  if (!ratio) return "none";
  const { value, ci95, draws } = ratio;
  return `${percent(value)} % (${ci95.map(percent).join("-")}${draws === DRAWS ? "" : `, ${draws} draws`})`;
}

function ofRecord({ name, seconds }) {
  const se = Object.keys(TELLERS).map((teller, place) => `${teller} ${percent(seconds[place].true_s / seconds[place].af_s)} %`);
  return `${name}, ${(seconds[0].af_s / 60).toFixed(1)} min: ${se.join(", ")}`;
}

// AF and the rest of a record's time, from its rhythm marks; flutter is neither, nor is what stands before the first mark.
function rhythms({ annotations, duration_s }) {
  const marks = annotations.filter(({ code, text }) => code === "+" && text.startsWith("("));
  const spans = marks.map(({ time_s, text }, place) => ({ text, from_s: time_s, to_s: marks[place + 1]?.time_s ?? duration_s }));
  return {
    af: stretches(spans, ({ text }) => text === "(AFIB"),
    other: stretches(spans, ({ text }) => text !== "(AFIB" && text !== "(AFL"),
  };
}

// Seconds of one record: told and not told, within AF and outside it, and covered.
function seconds(teller, report, truth) {
  const told = joined(teller.af(report));
  const covers = joined([...told, ...teller.covers(report)]);
  return {
    af_s: length(truth.af),
    other_s: length(truth.other),
    true_s: common(told, truth.af),
    false_s: common(told, truth.other),
    af_covered_s: common(covers, truth.af),
    other_covered_s: common(covers, truth.other),
  };
}

function length(spans) {
  return spans.reduce((sum, [from, to]) => sum + to - from, 0);
}

// Spans as few as can be, none over another.
function joined(spans) {
  const merged = [];
  for (const [from, to] of [...spans].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

// Seconds that two lists of spans have in common.
function common(some, others) {
  return some.reduce((sum, [a, b]) => sum + others.reduce((part, [c, d]) => part + Math.max(0, Math.min(b, d) - Math.max(a, c)), 0), 0);
}

// A ratio of sums over the records, and the central 95 % of it over records drawn with replacement; draws in which it has no
// value are left out, and how many remain is said where that happens.
function withInterval(each, { of, by }) {
  const ratio = (some) => some.reduce((sum, record) => sum + of(record), 0) / some.reduce((sum, record) => sum + by(record), 0);
  const value = ratio(each);
  if (!Number.isFinite(value)) return null;
  const random = numbers(2017);
  const drawn = Array.from({ length: DRAWS }, () => ratio(each.map(() => each[Math.floor(random() * each.length)])));
  const known = drawn.filter(Number.isFinite).sort((a, b) => a - b);
  const at = (share) => rounded(known[Math.round(share * (known.length - 1))]);
  return { value: rounded(value), ci95: [at(0.025), at(0.975)], draws: known.length };
}

// Numbers from 0 to 1 of a fixed sequence (Marsaglia's xorshift, J Stat Softw 8(14), 2003).
function numbers(seed) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

function byRecording(runs) {
  const files = listed(ludb, ".hea");
  const labels = files.map(rhythmOf);
  console.log(`\nLUDB, ${files.length} records of 10 s`);
  return [["--lead", "I"], ["--lead", "II"], []].map((leads) => {
    const reports = Object.fromEntries(
      Object.entries(runs).map(([asks, options]) => [asks, reportOfEach(program, files, [...options, ...leads])]),
    );
    const lead = leads[1] ?? "all";
    console.log(`\nlead ${lead}\n\n| who tells | ${Object.keys(COUNTS).join(" | ")} |\n|${"---|".repeat(1 + Object.keys(COUNTS).length)}`);
    const tellers = Object.entries(TELLERS).map(([teller, means]) => {
      const counts = countsOf(means, reports[means.asks], labels);
      console.log(`| ${[teller, ...Object.values(counts).map(({ hits, n }) => share(hits, n))].join(" | ")} |`);
      return { teller, ...Object.fromEntries(Object.entries(counts).map(([name, { hits, n }]) => [name, { hits, n, ci95: interval(hits, n) }])) };
    });
    return { set: "LUDB", lead, records: files.length, tellers };
  });
}

// The rhythm that a header's comments state: "#Rhythm: Atrial fibrillation."; "paced" where the ventricles of a fibrillating
// heart are, which the models' cards exclude.
function rhythmOf(file) {
  const text = readFileSync(file, "utf8");
  const stated = /^# *Rhythm: *(.+?)\.? *$/m.exec(text)?.[1];
  if (!stated) throw new Error(`${file} states no rhythm`);
  if (stated.startsWith("Atrial fibrillation")) return /pacing/i.test(text) ? "paced" : "af";
  return stated.startsWith("Atrial flutter") ? "flutter" : "other";
}

function countsOf(teller, reports, labels) {
  const answers = reports.map((report, place) => {
    const told = length(teller.af(report)) > 0;
    return { label: labels[place], told, covered: told || length(teller.covers(report)) > 0 };
  });
  return Object.fromEntries(
    Object.entries(COUNTS).map(([name, { among, is }]) => {
      const all = answers.filter(among);
      return [name, { hits: all.filter(is).length, n: all.length }];
    }),
  );
}

function listed(folder, end) {
  return readdirSync(folder).filter((name) => name.endsWith(end)).sort().map((name) => join(folder, name));
}
