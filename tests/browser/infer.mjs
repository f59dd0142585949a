// The site's own `infer` worker as the page talks to it (src/protocol.rs), for tests and the benchmark of the models.

/** Puts `openInfer()` into the page: a promise of {build, ask, end} of a worker of its own. */
export async function installInfer(page) {
  await page.evaluate(() => {
    globalThis.openInfer = async () => {
      const worker = new Worker("./infer_loader.js", { type: "module" });
      const heard = [];
      let wake = () => {};
      worker.onmessage = ({ data }) => {
        heard.push(JSON.parse(data.h));
        wake();
      };
      worker.onerror = (event) => {
        heard.push({ say: "panicked", message: event.message });
        wake();
      };
      const next = async () => {
        while (heard.length === 0) await new Promise((resolve) => (wake = resolve));
        const message = heard.shift();
        if (message.say === "panicked") throw new Error(message.message);
        return message;
      };
      /** Asks a model about millivolts, which are given away: {Ok: calls} or {Err: why there is none}. */
      const ask = async (model, rate_hz, values, live) => {
        const request = { question: "rhythm", model, lead: 0, rate_hz, gaps: [], quality: [], beats: 10 };
        worker.postMessage({ h: JSON.stringify({ do: "run", job: 1, request, live }), b: [values.buffer] }, [values.buffer]);
        return (await next()).answer;
      };
      const { build } = await next();
      return { build, ask, end: () => worker.terminate() };
    };
  });
}
