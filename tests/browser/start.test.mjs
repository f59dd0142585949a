import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertOnlyOwnFiles, PHONE, startStage } from "./harness.mjs";
import { answerOf, buildOfPage } from "./landing.mjs";

describe("the page starts", () => {
  let stage;
  before(async () => {
    stage = await startStage({ prefix: "/deep/er/path/" });
  });
  after(() => stage.stop());

  test("from a deep path, under its policy, without complaints", async () => {
    const visit = await stage.visit();
    await visit.load();
    await visit.usable();
    assert.match(await buildOfPage(visit), /^[0-9a-f]{12}$/);
    await answerOf(visit, "infer");
    await visit.assertNoComplaints();
  });

  test("both workers answer, of the same build", async () => {
    const visit = await stage.visit({ viewport: PHONE, colorScheme: "dark" });
    await visit.load();
    assert.match(await buildOfPage(visit), /^[0-9a-f]{12}$/);
    // Parts of two builds would refuse each other, which the page says in a notice.
    assert.equal(await answerOf(visit, "worker"), "Good");
    assert.match(await answerOf(visit, "infer"), /normal\d\.\d\dAF\d\.\d\dother\d\.\d\dnoisy\d\.\d\d/);
    assert.equal(await visit.page.locator('[data-testid="notice"]').count(), 0);
    
    await visit.assertNoComplaints();
  });

  test("every file comes with the policy and its type", async () => {
    const types = { "": "text/html", "boot.js": "text/javascript", "worker_bg.wasm": "application/wasm", "manifest.webmanifest": "application/manifest+json" };
    for (const [path, type] of Object.entries(types)) {
      const response = await fetch(stage.server.url + path);
      assert.equal(response.status, 200, path);
      assert.ok(response.headers.get("content-type").startsWith(type), path);
      assert.match(response.headers.get("content-security-policy"), /^default-src 'none'/);
    }
  });
});

describe("nothing leaves", () => {
  let stage;
  before(async () => {
    stage = await startStage();
  });
  after(() => stage.stop());

  test("page, workers and service worker ask for the site's own files only", async () => {
    const visit = await stage.visit();
    await visit.load();
    await answerOf(visit, "infer");
    await visit.keptForOffline();
    assertOnlyOwnFiles(stage, visit);
    // The browser's log reaches into the workers: the model is asked for by one of them.
    assert.ok(visit.asked.some(({ url }) => url.endsWith("/model.onnx")), "the browser's log does not see the workers");
  });

  test("a connection elsewhere is refused by the policy", async () => {
    const visit = await stage.visit();
    await visit.load();
    await visit.usable();
    const refused = await visit.page.evaluate(async () => {
      try {
        await fetch("http://localhost:9/");
        return null;
      } catch {
        await new Promise((resolve) => setTimeout(resolve));
        return heard.policy;
      }
    });
    assert.ok(refused?.some((line) => line.startsWith("connect-src")), `${refused}`);
  });
});
