import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { assertOnlyOwnFiles, copyOfSite, filesOf, finishSite, startStage } from "./harness.mjs";
import { answerOf } from "./landing.mjs";

describe("without a network", () => {
  let stage;
  before(async () => {
    stage = await startStage({ prefix: "/deep/" });
  });
  after(() => stage.stop());

  test("everything starts again with the server gone, models included", async () => {
    const visit = await stage.visit();
    await visit.load();
    const first = await answerOf(visit, "infer");
    const state = await visit.keptForOffline();
    assert.equal(state.cached, state.total);

    const before = stage.server.requests.length;
    await visit.page.reload();
    assert.equal(await answerOf(visit, "infer"), first);
    // The second visit asks for nothing but the service worker's script, which the browser checks by itself.
    await visit.keptForOffline();
    const again = stage.server.requests.slice(before).map(({ path }) => path);
    assert.deepEqual([...new Set(again)].filter((path) => path !== "/deep/sw.js"), []);
    assertOnlyOwnFiles(stage, visit);

    await stage.server.close();
    visit.complaints.length = 0;
    await visit.page.reload();
    assert.equal(await answerOf(visit, "infer"), first);
    assert.equal(await answerOf(visit, "worker"), "Good");
    // What the service worker answers carries the policy, whatever the host sent.
    const policies = await visit.page.evaluate(async (paths) => Promise.all(paths.map(async (path) => (await fetch(path)).headers.get("content-security-policy"))), [
      "./",
      "./worker.js",
      "./infer_bg.wasm",
    ]);
    for (const policy of policies) assert.match(policy ?? "", /^default-src 'none'/);
    await visit.page.goto(new URL("models/waves/card.html", visit.page.url()).href);
    assert.equal(await visit.page.locator("h1").innerText(), "Waves: P, QRS and T of one lead");
    const complaints = visit.complaints.filter((line) => !/ERR_CONNECTION_REFUSED|sw\.js/.test(line));
    assert.deepEqual(complaints, []);
  });
});

describe("a new version", () => {
  let stage;
  let copy;
  before(async () => {
    copy = copyOfSite();
    stage = await startStage({ folder: copy.folder });
  });
  after(async () => {
    await stage.stop();
    copy.remove();
  });

  test("is told to the page, starts with the next load, and fetches only what changed", async () => {
    const visit = await stage.visit();
    await visit.load();
    await visit.keptForOffline();

    const page = join(copy.folder, "index.html");
    writeFileSync(page, readFileSync(page, "utf8").replace("<title>einthoven</title>", "<title>einthoven, newer</title>"));
    finishSite(copy.folder, "newer");
    const before = stage.server.requests.length;
    await visit.page.reload();
    assert.match(await visit.page.title(), /^einthoven/);
    await visit.page.waitForFunction(() => heard.updates > 0);
    // While something is being brought the old version stays.
    await visit.keptForOffline();
    await visit.page.reload();
    await visit.page.waitForFunction(() => document.title === "einthoven, newer");
    const state = await visit.keptForOffline();
    assert.equal(state.build, "newer");
    const asked = stage.server.requests.slice(before).map(({ path }) => path.slice(1));
    assert.deepEqual([...new Set(asked)].sort(), ["", "sw.js"]);
    assert.deepEqual(await visit.page.evaluate(async () => (await caches.keys()).length), 1);
  });

  test("half arrived at the host is not kept", async () => {
    const visit = await stage.visit();
    // The list is the new one, a file still the old one.
    const boot = join(copy.folder, "boot.js");
    const good = readFileSync(boot, "utf8");
    writeFileSync(boot, `${good}\n// other\n`);
    await visit.load();
    await visit.usable();
    const installed = await visit.page.evaluate(async () => {
      const registration = await navigator.serviceWorker.register("./sw.js").catch(() => null);
      const arriving = registration?.installing ?? registration?.waiting ?? registration?.active;
      if (!arriving) return "none";
      while (!["redundant", "activated"].includes(arriving.state)) await new Promise((resolve) => arriving.addEventListener("statechange", resolve, { once: true }));
      return arriving.state;
    });
    writeFileSync(boot, good);
    assert.notEqual(installed, "activated");
  });
});

test("the site names only files that are there", async () => {
  const { SITE } = await import("./harness.mjs");
  const files = new Set(filesOf(SITE));
  const { icons } = JSON.parse(readFileSync(join(SITE, "manifest.webmanifest"), "utf8"));
  const html = readFileSync(join(SITE, "index.html"), "utf8");
  const named = [...icons.map(({ src }) => src), ...[...html.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, path]) => path)];
  assert.deepEqual(named.map((path) => path.replace(/^\.\//, "")).filter((path) => !files.has(path)), []);
  assert.deepEqual(named.filter((path) => /^(\/|[a-z]+:)/.test(path)), []);
});
