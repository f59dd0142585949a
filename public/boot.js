// Starts the page's program. A file of its own because the Content-Security-Policy forbids inline script.
// The names of the built files stand in the script element (Trunk fills them in).
//
// Events on `window` between this file and the program:
//   einthoven-landing-usable  from the program, once the landing can be used
//   einthoven-offline         to the program, detail {ready, cached, total, build}: what is kept for use without a network
//   einthoven-update          to the program: a newer version is ready and starts with the next load
//   einthoven-boot-failed     to the document, detail {message}; also written into the page, since no program runs

const LANDING_USABLE = "einthoven-landing-usable";
const { js, wasm } = document.getElementById("boot").dataset;
const here = (name) => new URL(`./${name}`, document.baseURI);

window.addEventListener(LANDING_USABLE, landingUsable, { once: true });
start();

async function start() {
  try {
    // The compiled program and its glue arrive side by side; the worker comes over the line as soon as they have.
    const response = fetch(here(wasm)).then((answer) => atItsEnd(answer, startWorker));
    const glue = await import(here(js));
    await glue.default({ module_or_path: response });
  } catch (error) {
    console.error(error);
    const line = document.createElement("p");
    line.setAttribute("role", "alert");
    line.textContent = "einthoven could not start in this browser. Load the page again; if that does not help, update the browser.";
    document.body.prepend(line);
    window.dispatchEvent(new CustomEvent("einthoven-boot-failed", { detail: { message: String(error) } }));
  }
}

/** The same answer, which calls `work` when its last byte has come and before whoever reads it knows. */
function atItsEnd(answer, work) {
  if (!answer.body) return answer;
  const { status, headers } = answer;
  return new Response(answer.body.pipeThrough(new TransformStream({ flush: work })), { status, headers });
}

/**
 * Starts the first worker while the program is still being compiled, and keeps what it says until the program listens:
 * `einthovenWorker` {name, worker, said, failed}. The program starts one of its own where there is none.
 *
 * Where nothing is kept on the device yet, that is the small `reader`, which can put a recording on paper; `worker`
 * follows when it is up.
 */
function startWorker() {
  const name = navigator.serviceWorker?.controller ? "worker" : "reader";
  const early = { name, worker: new Worker(here(`${name}_loader.js`), { type: "module" }), said: [], failed: false };
  early.worker.onmessage = (event) => early.said.push(event);
  early.worker.onerror = () => (early.failed = true);
  window.einthovenWorker = early;
}

async function landingUsable() {
  performance.mark(LANDING_USABLE);
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.addEventListener("message", ({ data }) => {
    if (data?.type === "offline") window.dispatchEvent(new CustomEvent("einthoven-offline", { detail: data }));
  });
  try {
    const registration = await navigator.serviceWorker.register(here("sw.js"), { updateViaCache: "none" });
    watchForUpdate(registration);
    const { active } = await navigator.serviceWorker.ready;
    active.postMessage({ type: "landing-usable" });
  } catch (error) {
    // Without a service worker (private window, file:, blocked) everything but offline use works.
    console.info("No offline use:", error.message);
  }
}

function watchForUpdate(registration) {
  const tell = () => window.dispatchEvent(new CustomEvent("einthoven-update"));
  if (registration.waiting && navigator.serviceWorker.controller) tell();
  registration.addEventListener("updatefound", () => {
    const arriving = registration.installing;
    arriving?.addEventListener("statechange", () => {
      if (arriving.state === "installed" && navigator.serviceWorker.controller) tell();
    });
  });
}
