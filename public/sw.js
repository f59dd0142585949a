// Keeps the whole program for use without a network.
//
// Install: the shell (page, its program, the worker). After the page says that its landing is usable: the models'
// worker and the models. Each file is kept under the SHA-256 the build wrote down for it, so that what is served
// together was built together, and a new version fetches only what changed.
// A new version waits until the page is loaded anew, so that no page meets files of another build.

// Filled in by tools/dist.mjs.
const SITE = { build: "dev", hash: "dev", csp: "", shell: [], later: [] };

// One origin may host several copies under several paths; caches belong to the origin.
const PREFIX = `einthoven ${new URL(self.registration.scope).pathname} `;
const CACHE = PREFIX + SITE.hash;
const HASH_HEADER = "x-einthoven-sha256";
const LISTED = new Map([...SITE.shell, ...SITE.later].map((file) => [address(file.path), file]));

function address(path) {
  return new URL(path, self.registration.scope).href;
}

self.addEventListener("install", (event) => event.waitUntil(bring(SITE.shell)));

self.addEventListener("activate", (event) => event.waitUntil(takeOver()));

async function takeOver() {
  const cache = await caches.open(CACHE);
  // Models that did not change are carried over before their old cache goes.
  for (const file of SITE.later) {
    const kept = await keptElsewhere(file);
    if (kept && !(await cache.match(address(file.path)))) await cache.put(address(file.path), kept);
  }
  const old = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

self.addEventListener("message", (event) => {
  const type = event.data?.type;
  if (type === "landing-usable") {
    event.waitUntil(bring(SITE.later).catch(() => {}).then(() => tellState(event.source)));
  }
  if (type === "state") event.waitUntil(tellState(event.source));
  if (type === "activate-now") self.skipWaiting();
});

/** Tells a page how much of the program is kept. */
async function tellState(client) {
  const cache = await caches.open(CACHE);
  const kept = await Promise.all([...LISTED.keys()].map((url) => cache.match(url)));
  const cached = kept.filter(Boolean).length;
  client?.postMessage({ type: "offline", ready: cached === LISTED.size, cached, total: LISTED.size, build: SITE.build });
}

/** How many calls of `bring` are under way. */
let bringing = 0;

/** Puts files into this version's cache; from an older version where the content is the same. */
async function bring(files) {
  bringing += 1;
  try {
    const cache = await caches.open(CACHE);
    for (const file of files) {
      const url = address(file.path);
      if (await cache.match(url)) continue;
      await cache.put(url, (await keptElsewhere(file)) ?? (await fetchVerified(file)));
    }
  } finally {
    bringing -= 1;
  }
}

async function keptElsewhere(file) {
  for (const name of await caches.keys()) {
    if (!name.startsWith(PREFIX) || name === CACHE) continue;
    const kept = await (await caches.open(name)).match(address(file.path));
    if (kept?.headers.get(HASH_HEADER) === file.sha256) return kept;
  }
  return null;
}

/** A file from the network with the content this version was built with; a host in the middle of an update has none. */
async function fetchVerified(file) {
  // First what the browser may already have fetched for the page, then past every cache.
  for (const cache of [file.hashed ? "default" : "no-cache", "reload"]) {
    const response = await fetch(address(file.path), { cache, credentials: "same-origin" });
    if (!response.ok) continue;
    const bytes = await response.arrayBuffer();
    if ((await sha256(bytes)) !== file.sha256) continue;
    const headers = new Headers({ "content-type": response.headers.get("content-type") ?? "", "content-length": bytes.byteLength });
    headers.set(HASH_HEADER, file.sha256);
    return new Response(bytes, { headers });
  }
  throw new Error(`${file.path} is not the file of this version`);
}

async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  const isPage = request.mode === "navigate" && [address("./"), address("index.html")].includes(url.origin + url.pathname);
  const file = LISTED.get(isPage ? address("./") : url.origin + url.pathname);
  if (file) event.respondWith(isPage ? answerPage(file) : answer(file, request));
});

/**
 * A load of the page is the moment at which a waiting version takes over, if no other page is open and nothing is being
 * brought (that would hold the old version until it has come, minutes on a slow line).
 */
async function answerPage(file) {
  if (self.registration.waiting && bringing === 0 && (await self.clients.matchAll()).length < 2) return handover();
  return answer(file);
}

/**
 * Runs in the page that stands in between: loads once more when the waiting version is the active one. Before that, a
 * load can be lost between the two (Chromium, 2 of 24 loads on a busy machine, never answered).
 */
const HAND_OVER = `(async () => {
  const again = () => location.reload();
  const next = (await navigator.serviceWorker.getRegistration())?.waiting;
  if (!next) return again();
  next.addEventListener("statechange", () => ["activated", "redundant"].includes(next.state) && again());
  next.postMessage({ type: "activate-now" });
  setTimeout(again, 20000);
})();`;

async function handover() {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(HAND_OVER)));
  const policy = `default-src 'none'; img-src data:; script-src 'sha256-${btoa(String.fromCharCode(...digest))}'`;
  // With an icon of its own, or the browser would ask the host for /favicon.ico.
  const page = `<!DOCTYPE html><meta name="color-scheme" content="light dark"><link rel="icon" href="data:,"><script>${HAND_OVER}</script>`;
  return new Response(page, { headers: { "content-type": "text/html", "content-security-policy": policy } });
}

async function answer(file, request) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(address(file.path));
  return withPolicy(kept ?? (await fetch(request ?? address(file.path))));
}

/** A worker takes its policy from its own response, and not every host can send headers. */
function withPolicy(response) {
  const headers = new Headers(response.headers);
  headers.set("content-security-policy", SITE.csp);
  headers.set("x-content-type-options", "nosniff");
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
