// What every browser test stands on: the built site behind the test server, Debian's Chromium, a log of what was asked
// for by whom, and pictures.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { serve } from "../../tools/serve.mjs";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const SITE = process.env.EINTHOVEN_SITE ?? join(ROOT, "target/site");
const SHOTS = fileURLToPath(new URL("./shots/", import.meta.url));

/** How long a test waits for what must come, in milliseconds: generous, since test files run side by side on two cores. */
export const PATIENCE_MS = 120_000;

export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // Without it navigator.bluetooth does not exist on Linux.
  "--enable-features=WebBluetooth",
];

function findChromium() {
  const names = [process.env.EINTHOVEN_CHROMIUM, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  for (const name of names.filter(Boolean)) {
    try {
      return execFileSync("sh", ["-c", 'command -v "$1"', "sh", name], { encoding: "utf8" }).trim();
    } catch {
      continue;
    }
  }
  throw new Error("No Chromium was found. make install-test installs it, EINTHOVEN_CHROMIUM names one.");
}

/**
 * A server with the built site and a browser, for one test file.
 * Options of `serve` (prefix, compress, rateKBps, latencyMs) pass through; `folder` replaces the built site.
 */
export async function startStage(options = {}) {
  const folder = options.folder ?? SITE;
  assert.ok(existsSync(join(folder, "index.html")), `${folder} holds no site: run make build first`);
  const server = await serve({ prefix: "/", ...options, folder });
  const browser = await chromium.launch({ executablePath: findChromium(), headless: true, args: ARGUMENTS });
  return new Stage(server, browser, folder);
}

/** One server and one browser; visits are separate profiles. */
export class Stage {
  constructor(server, browser, folder) {
    this.server = server;
    this.browser = browser;
    this.folder = folder;
    this.visits = [];
  }

  /** A person who was never here: a browser profile of its own with one page, not yet loaded. */
  async visit({ viewport = DESKTOP, colorScheme = "light", ...context } = {}) {
    const profile = await this.browser.newContext({ viewport, colorScheme, ...context });
    const visit = await new Visit(this, profile).open();
    this.visits.push(visit);
    return visit;
  }

  /** The same with its landing loaded and usable. */
  async landed(options) {
    const visit = await this.visit(options);
    await visit.load();
    await visit.usable();
    return visit;
  }

  async stop() {
    await Promise.all(this.visits.map((visit) => visit.profile.close()));
    await this.browser.close();
    await this.server.close();
  }
}

/** One page in one profile, with all that it, its workers and its service worker said and asked for. */
export class Visit {
  constructor(stage, profile) {
    this.stage = stage;
    this.profile = profile;
    /** Errors and warnings of the console, uncaught errors, broken policies. */
    this.complaints = [];
    /** Requests as the browser saw them, page and workers: {method, url}. */
    this.asked = [];
  }

  async open() {
    this.profile.on("request", (request) => this.asked.push({ method: request.method(), url: request.url() }));
    this.page = await this.profile.newPage();
    this.page.setDefaultTimeout(PATIENCE_MS);
    this.page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.complaints.push(`${message.type()}: ${message.text()}`);
    });
    this.page.on("pageerror", (error) => this.complaints.push(`uncaught: ${error.message}`));
    await this.page.addInitScript(() => {
      globalThis.heard = { policy: [], offline: [], updates: 0 };
      addEventListener("securitypolicyviolation", (event) => heard.policy.push(`${event.violatedDirective} ${event.blockedURI}`));
      addEventListener("einthoven-offline", (event) => heard.offline.push(event.detail));
      addEventListener("einthoven-update", () => (heard.updates += 1));
    });
    return this;
  }

  async load(hash = "") {
    await this.page.goto(this.stage.server.url + hash);
    return this;
  }

  /** Milliseconds from the start of the navigation until the landing could be used. */
  async usable(timeout = PATIENCE_MS) {
    const mark = await this.page.waitForFunction(
      () => performance.getEntriesByName("einthoven-landing-usable")[0]?.startTime,
      undefined,
      { timeout },
    );
    return mark.jsonValue();
  }

  /** Waits until everything, models included, is kept for use without a network. */
  async keptForOffline(timeout = PATIENCE_MS) {
    const state = await this.page.waitForFunction(() => heard.offline.find((detail) => detail.ready), undefined, { timeout });
    return state.jsonValue();
  }

  async assertNoComplaints() {
    const policy = await this.page.evaluate(() => heard.policy);
    assert.deepEqual([...this.complaints, ...policy.map((line) => `policy: ${line}`)], []);
  }

  /** Slows the page's processor, as Chromium's developer tools do. */
  async slowProcessor(times) {
    const session = await this.profile.newCDPSession(this.page);
    await session.send("Emulation.setCPUThrottlingRate", { rate: times });
  }

  async shot(name) {
    mkdirSync(SHOTS, { recursive: true });
    await this.page.screenshot({ path: join(SHOTS, `${name}.png`) });
  }
}

/**
 * Asserts the promise of the landing: nothing but GETs of the site's own files left the browser.
 * Two witnesses: the server (sees every request that came, from page, workers and service worker) and the browser
 * (sees also what went elsewhere).
 */
export function assertOnlyOwnFiles(stage, visit) {
  const { url } = stage.server;
  const own = new Set(["", ...filesOf(stage.folder)]);
  const paths = stage.server.requests.map(({ method, path }) => ({ method, path: decodeURI(path.split(/[?#]/)[0]) }));
  const prefix = new URL(url).pathname;
  const foreignToServer = paths.filter(
    ({ method, path }) => method !== "GET" || !path.startsWith(prefix) || !own.has(path.slice(prefix.length)),
  );
  assert.deepEqual(foreignToServer, []);
  const elsewhere = visit.asked.filter((request) => !/^(blob|data):/.test(request.url)).filter(({ method, url: to }) => method !== "GET" || !to.startsWith(url));
  assert.deepEqual(elsewhere, []);
}

/** Relative paths of all files of a folder. */
export function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(join(folder, "/").length));
}

/** A copy of the built site that a test may change; removed by the returned function. */
export function copyOfSite() {
  const folder = mkdtempSync(join(tmpdir(), "einthoven-site-"));
  cpSync(SITE, folder, { recursive: true });
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Writes the service worker's list of a changed copy anew, as the build does. */
export function finishSite(folder, build) {
  execFileSync(process.execPath, [join(ROOT, "tools/dist.mjs"), folder], { env: { ...process.env, EINTHOVEN_BUILD: build }, stdio: "pipe" });
}
