// The page with a recording open, as tests see it: how files come in, and where the answers stand.

import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { ROOT } from "./harness.mjs";

/** Public sample files beside the checkout, or null: what needs them says "skipped: no data". */
export const SAMPLES = existsSync(join(ROOT, "../shared/samples/INDEX.tsv")) ? join(ROOT, "../shared/samples") : null;

/** Why a test that needs samples does not run; false where they are there. */
export const NO_SAMPLES = SAMPLES ? false : "skipped: no data";

export const at = (visit, id) => visit.page.locator(`[data-testid="${id}"]`);
export const textOf = async (visit, id) => (await at(visit, id).first().textContent()).trim();

/** Drops files on the window, as a hand would: [{name, bytes}] or paths. */
export async function drop(visit, files) {
  const carried = files.map((file) =>
    typeof file === "string" ? { name: basename(file), text: readFileSync(file).toString("base64") } : { name: file.name, text: Buffer.from(file.bytes).toString("base64") },
  );
  await visit.page.evaluate((list) => {
    const data = new DataTransfer();
    for (const { name, text } of list) {
      const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      data.items.add(new File([bytes], name));
    }
    window.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
  }, carried);
}

/** Opens the built-in example from the landing. */
export async function openExample(visit) {
  await at(visit, "example").click();
}

/** Waits until the trace is on paper and measured by the rules. */
export async function measured(visit, timeout = 30_000) {
  await at(visit, "quality").waitFor({ timeout });
}

/** Waits until the model has answered too, and returns the labels' probabilities as shown. */
export async function called(visit, timeout = 60_000) {
  await at(visit, "distribution").waitFor({ timeout });
  return textOf(visit, "distribution");
}

/** The message that stands over the page. */
export async function notice(visit, timeout = 20_000) {
  await at(visit, "notice").waitFor({ timeout });
  return textOf(visit, "notice");
}

/** Whether anything is wider than the window: there is no horizontal scrolling, ever. */
export const tooWide = (visit) => visit.page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
