// What the tools that lay the program beside public databases share: its reports, and shares with intervals.

import { execFileSync } from "node:child_process";

const AT_ONCE = 60;

// The reports of `program` on `files`, in their order; with `--lead`, `options` may make several of one file.
export function reportsOf(program, files, options = []) {
  const reports = [];
  for (let from = 0; from < files.length; from += AT_ONCE) {
    const some = files.slice(from, from + AT_ONCE);
    const text = execFileSync(program, ["analyze", "--json", "--quiet", ...options, ...some], { encoding: "utf8", maxBuffer: 1 << 29 });
    reports.push(...text.trim().split("\n").map((line) => JSON.parse(line)));
  }
  return reports;
}

// The same where each file must have given one report.
export function reportOfEach(program, files, options) {
  const reports = reportsOf(program, files, options);
  if (reports.length !== files.length) throw new Error(`${files.length} files gave ${reports.length} reports`);
  return reports;
}

export const percent = (share) => (100 * share).toFixed(1);

// Wilson's 95 % interval of `hits` of `n` (J Am Stat Assoc 22:209, 1927); null of none.
export function interval(hits, n) {
  if (n === 0) return null;
  const [p, z] = [hits / n, 1.96];
  const middle = (p + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n))) / (1 + (z * z) / n);
  return [middle - half, middle + half].map((share) => Number(share.toFixed(4)));
}

// `hits` of `n` with that interval.
export function share(hits, n) {
  if (n === 0) return "none";
  return `${percent(hits / n)} % (${interval(hits, n).map(percent).join("-")}), ${hits} of ${n}`;
}

export const tellsAf = ({ findings = [] }) => findings.some(({ id }) => id === "atrial-fibrillation");
export const saysARhythm = ({ rhythm = [] }) => rhythm.some(({ label }) => label !== "unsure");
