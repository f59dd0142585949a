// Ears on the line between the page and its workers: what goes over it, with the page's clock. Nothing is changed.

/** Puts ears on a visit that is not loaded yet. `heard.line` holds {at_s, by, ...message} of all but ticks of the clock. */
export async function listen(visit) {
  await visit.page.addInitScript(() => {
    const line = [];
    globalThis.line = line;
    const note = (by, data) => {
      if (typeof data?.h !== "string" || data.h.includes('"tick"')) return;
      const entry = { at_s: performance.now() / 1000, by, ...JSON.parse(data.h) };
      if (entry.say === "live") entry.counts = data.b[0].byteLength / 2;
      // What is drawn in answer to a message is on the screen with the frame after the next.
      requestAnimationFrame(() => requestAnimationFrame(() => (entry.painted_s = performance.now() / 1000)));
      line.push(entry);
    };
    const Native = globalThis.Worker;
    globalThis.Worker = class extends Native {
      constructor(...how) {
        super(...how);
        this.addEventListener("message", ({ data }) => note("worker", data));
      }

      postMessage(data, ...rest) {
        note("page", data);
        super.postMessage(data, ...rest);
      }
    };
  });
}

/** What was heard so far. */
export const heard = (visit) => visit.page.evaluate(() => globalThis.line);

/** Decodes the data notifications of a PMD stream that the page passed on: {at_s, stamp_ns, microvolts}. */
export function framesOf(line) {
  return line
    .filter((entry) => entry.do === "live-input" && entry.input?.notification?.[0] === "pmd-data")
    .map(({ at_s, input }) => {
      const bytes = Buffer.from(input.notification[1]);
      const microvolts = Array.from({ length: (bytes.length - 10) / 3 }, (_, index) => bytes.readIntLE(10 + 3 * index, 3));
      return { at_s, stamp_ns: bytes.readBigUInt64LE(1), microvolts };
    });
}

/** Middle and largest of a list of numbers. */
export function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)], largest: sorted.at(-1) };
}
