// The page with a recording open, as tests see it: how files come in, and where the answers stand.

import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { PATIENCE_MS, ROOT } from "./harness.mjs";

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

/** Drops files of the disk on the window through the browser's own drag, so that they may be of any size. */
export async function dropFrom(visit, paths) {
  const session = await visit.profile.newCDPSession(visit.page);
  const data = { items: [], files: paths, dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"]) await session.send("Input.dispatchDragEvent", { type, x: 20, y: 200, data });
  await session.detach();
}

/**
 * Begins to watch for the sheet; the returned function waits for it and gives {there, painted}: milliseconds from the
 * start of the navigation until the sheet stood in the document, and until the frame with its trace was painted.
 */
export async function watchPaper(visit) {
  await visit.page.evaluate(() => {
    const sheet = () => document.querySelector('[data-testid="sheet"] canvas');
    globalThis.paper = new Promise((done) => {
      const look = () => {
        if (!sheet()) return;
        seen.disconnect();
        const there = performance.now();
        // A message sent from within a frame arrives when that frame has been painted.
        requestAnimationFrame(() => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => done({ there, painted: performance.now() });
          port2.postMessage(null);
        });
      };
      const seen = new MutationObserver(look);
      seen.observe(document.body, { childList: true, subtree: true });
      look();
    });
  });
  return () => visit.page.evaluate(() => globalThis.paper);
}

/** Megabytes of memory of the page's process, which its workers share: {now, most}, as Linux counts them. */
export async function memoryOf(visit) {
  const session = await visit.stage.browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const of = (id, key) => Number(readFileSync(`/proc/${id}/status`, "utf8").match(new RegExp(`${key}:\\s+(\\d+)`))?.[1] ?? 0) / 1000;
  const renderers = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
  const now = Math.round(Math.max(...renderers.map((id) => of(id, "VmRSS"))));
  const most = Math.round(Math.max(...renderers.map((id) => of(id, "VmHWM"))));
  return { now, most };
}

/** Saves the open recording in the format of this button, and returns the files: [{name, bytes}]. */
export async function saved(visit, name) {
  const downloads = [];
  const keep = (download) => downloads.push(download);
  visit.page.on("download", keep);
  const written = visit.page.waitForEvent("download");
  await visit.page.getByRole("button", { name }).click();
  await written;
  // A record of several files comes as several downloads.
  await visit.page.waitForTimeout(1000);
  visit.page.off("download", keep);
  return Promise.all(downloads.map(async (download) => ({ name: download.suggestedFilename(), bytes: readFileSync(await download.path()) })));
}

/** The finished report of the open recording, as the page saves it. */
export async function reportOf(visit) {
  await called(visit);
  const [{ bytes }] = await saved(visit, /JSON/);
  return JSON.parse(bytes.toString("utf8"));
}

/** Opens the built-in example from the landing. */
export async function openExample(visit) {
  await at(visit, "example").click();
}

/** Waits until the trace is on paper and measured by the rules. */
export async function measured(visit, timeout = PATIENCE_MS) {
  await at(visit, "quality").waitFor({ timeout });
}

/** Waits until the model has answered too, and returns the labels' probabilities as shown. */
export async function called(visit, timeout = PATIENCE_MS) {
  await at(visit, "distribution").waitFor({ timeout });
  return textOf(visit, "distribution");
}

/** The message that stands over the page. */
export async function notice(visit, timeout = PATIENCE_MS) {
  await at(visit, "notice").waitFor({ timeout });
  return textOf(visit, "notice");
}

/** Whether anything is wider than the window: there is no horizontal scrolling, ever. */
export const tooWide = (visit) => visit.page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
