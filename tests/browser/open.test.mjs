import { inflateSync } from "node:zlib";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { assertOnlyOwnFiles, DESKTOP, PHONE, startStage } from "./harness.mjs";
import { at, called, drop, measured, NO_SAMPLES, notice, openExample, SAMPLES, textOf, tooWide } from "./workspace.mjs";

let stage;
before(async () => {
  stage = await startStage();
});
after(() => stage.stop());

const sample = (...names) => names.map((name) => join(SAMPLES, name));

describe("the built-in example", () => {
  for (const [viewport, size] of [[DESKTOP, "desktop"], [PHONE, "phone"]]) {
    for (const colorScheme of ["light", "dark"]) {
      test(`is measured, called and drawn: ${size}, ${colorScheme}`, async () => {
        const visit = await stage.landed({ viewport, colorScheme });
        await visit.shot(`landing-${size}-${colorScheme}`);
        await openExample(visit);
        await measured(visit);
        assert.match(await called(visit), /AF/);
        assert.match(await textOf(visit, "rate"), /^\d+\/min$/);
        assert.equal(await tooWide(visit), false);
        await visit.page.waitForTimeout(300);
        await visit.shot(`example-${size}-${colorScheme}`);
        await visit.assertNoComplaints();
        assertOnlyOwnFiles(stage, visit);
      });
    }
  }

  test("is moved, zoomed and marked by the keyboard", async () => {
    const visit = await stage.landed();
    await openExample(visit);
    await measured(visit);
    await visit.page.keyboard.press("+");
    assert.notEqual(await at(visit, "page-speed").inputValue(), "25");
    for (const key of ["End", "ArrowLeft", "Home", "w", "b", "q", "]", "[", "?", "Escape"]) await visit.page.keyboard.press(key);
    await visit.assertNoComplaints();
  });
});

describe("files", () => {
  const cases = [
    ["WFDB with its annotations", ["wfdb/100s.hea", "wfdb/100s.dat", "wfdb/100s.atr"], /MLII 360 Hz, 21600 samples/],
    ["WFDB of three signals", ["wfdb/100_3chan.hea", "wfdb/100_3chan.dat"], /360 Hz, 999 samples/],
    ["Apple Health, English", ["apple-csv/ecg_2021-12-17.csv"], /513\.625 Hz/],
    ["Apple Health, German commas", ["apple-csv/constructed_de_decimal_comma.csv"], /Hz/],
    ["Apple Health, Japanese", ["apple-csv/constructed_ja.csv"], /513\.625 Hz/],
    ["AliveCor, one lead", ["alivecor-atc/normal-v2.atc"], /I 300 Hz/],
    ["AliveCor, AF", ["alivecor-atc/afib_signed_checksum.atc"], /I 300 Hz/],
    ["AliveCor, six leads", ["alivecor-atc/6_lead_fmt_before_info.atc"], /aVF 300 Hz/],
    ["a table with semicolons and commas", ["generic/semicolon_decimal_comma.csv"], /Hz/],
  ];
  for (const [name, files, facts] of cases) {
    test(`${name}: dropped, drawn and measured`, { skip: NO_SAMPLES }, async (t) => {
      const visit = await stage.landed();
      const started = performance.now();
      await drop(visit, sample(...files));
      await at(visit, "recording").waitFor();
      t.diagnostic(`on paper after ${(performance.now() - started).toFixed(0)} ms`);
      await measured(visit);
      assert.match(await textOf(visit, "recording"), facts);
      await visit.assertNoComplaints();
    });
  }

  test("a header without its signals says which file is missing", { skip: NO_SAMPLES }, async () => {
    const visit = await stage.landed();
    await drop(visit, sample("wfdb/100s.hea"));
    assert.match(await notice(visit), /100s\.dat/);
  });

  test("numbers without a rate are asked about, and answered in one step", async () => {
    const visit = await stage.landed();
    const bump = (t, at, width) => Math.exp(-(((t % 0.8) - at) ** 2) / (2 * width ** 2));
    const value = (t) => 1000 * bump(t, 0.3, 0.012) - 200 * bump(t, 0.33, 0.012) + 120 * bump(t, 0.13, 0.022) + 280 * bump(t, 0.56, 0.045);
    const lines = Array.from({ length: 2500 }, (_, index) => value(index / 250).toFixed(0));
    await drop(visit, [{ name: "numbers.csv", bytes: Buffer.from(`${lines.join("\n")}\n`) }]);
    await at(visit, "question").waitFor();
    await at(visit, "page-ask-rate").fill("250");
    // The file leaves open what its numbers are: counts of a converter, or a unit.
    if (await at(visit, "page-ask-gain").isVisible()) await at(visit, "page-ask-gain").fill("1000");
    else await at(visit, "page-ask-unit").selectOption("uV");
    await visit.page.locator('[data-testid="question"] button[type=submit]').click();
    await measured(visit);
    assert.match(await textOf(visit, "recording"), /250 Hz, 2500 samples/);
    assert.equal(await textOf(visit, "rate"), "75/min");
    await visit.assertNoComplaints();
  });
});

describe("bad input leaves the page as it was", () => {
  const bad = [
    ["an empty file", { name: "empty.csv", bytes: Buffer.alloc(0) }, /empty/i],
    ["noise", { name: "x.bin", bytes: Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 251)) }, /no ECG format/],
    ["a picture", { name: "x.png", bytes: Buffer.from("89504e470d0a1a0a0000000d49484452", "hex") }, /no ECG format/],
    ["a header that lies", { name: "lie.hea", bytes: Buffer.from("lie 3 360 99999999999999\nlie.dat 212 200 11 1024 0 0 0 I\n") }, /lie/],
  ];
  for (const [name, file, words] of bad) {
    test(name, async () => {
      const visit = await stage.landed();
      await openExample(visit);
      await called(visit);
      const before = await textOf(visit, "recording");
      await drop(visit, [file]);
      assert.match(await notice(visit), words);
      assert.equal(await textOf(visit, "recording"), before);
      await visit.assertNoComplaints();
    });
  }

  test("another recording is shown from its top, a refused file leaves the page where it was", async () => {
    const visit = await stage.landed({ viewport: PHONE });
    const scrolled = () => visit.page.evaluate(() => scrollY);
    await openExample(visit);
    await called(visit);
    await visit.page.evaluate(() => scrollTo(0, 600));
    await drop(visit, [{ name: "x.bin", bytes: Buffer.alloc(5000, 7) }]);
    await notice(visit);
    assert.equal(await scrolled(), 600);
    await visit.page.keyboard.press("Escape");
    const lines = ["time [s],I [uV]", ...Array.from({ length: 5000 }, (_, index) => `${(index / 250).toFixed(3)},0`)];
    await drop(visit, [{ name: "flat.csv", bytes: Buffer.from(lines.join("\n")) }]);
    await visit.page.waitForFunction(() => document.querySelector('[data-testid="file-name"]')?.textContent.includes("flat"));
    await measured(visit);
    assert.equal(await scrolled(), 0);
    await visit.assertNoComplaints();
  });

  test("a flat line and pure noise each give a sensible page", async () => {
    const visit = await stage.landed();
    let seed = 1;
    const noise = () => ((seed = (seed * 16807) % 2147483647) / 2147483647 - 0.5) * 400;
    for (const [name, value] of [["flat", () => 0], ["noise", noise]]) {
      const lines = ["time [s],I [uV]", ...Array.from({ length: 5000 }, (_, index) => `${(index / 250).toFixed(3)},${value().toFixed(1)}`)];
      await drop(visit, [{ name: `${name}.csv`, bytes: Buffer.from(lines.join("\n")) }]);
      await visit.page.waitForFunction((title) => document.title.startsWith(title), name);
      await measured(visit);
      assert.match(await textOf(visit, "quality"), /Unusable|Poor/, name);
      await visit.shot(`bad-${name}`);
    }
    await visit.assertNoComplaints();
  });
});

describe("what is saved", () => {
  test("as CSV comes back with the same numbers", async () => {
    const visit = await stage.landed();
    await openExample(visit);
    await called(visit);
    const arrival = visit.page.waitForEvent("download");
    await visit.page.getByRole("button", { name: /CSV/ }).click();
    const path = await (await arrival).path();
    const bytes = readFileSync(path);
    await drop(visit, [{ name: "again.csv", bytes }]);
    await visit.page.waitForFunction(() => document.title.startsWith("again"));
    await measured(visit);
    await visit.assertNoComplaints();
  });
});

describe("the report to print", () => {
  test("is a PDF of pages with the trace, in the file's own name", async () => {
    const visit = await stage.landed();
    await openExample(visit);
    await called(visit);
    const arrival = visit.page.waitForEvent("download");
    await visit.page.getByTestId("save-pdf").click();
    const saved = await arrival;
    assert.match(saved.suggestedFilename(), /-report\.pdf$/);
    const bytes = readFileSync(await saved.path());
    assert.equal(bytes.subarray(0, 8).toString(), "%PDF-1.4");
    const pages = Number(/\/Count (\d+)/.exec(bytes.toString("latin1"))[1]);
    assert.ok(pages >= 2, `${pages} pages`);
    // The first page's drawing: its ink is thousands of points, and what the page says stands there in words.
    const streams = [...bytes.toString("latin1").matchAll(/\/Length (\d+) \/Filter \/FlateDecode >>\nstream\n/g)];
    const [first] = streams;
    const from = first.index + first[0].length;
    const drawing = inflateSync(bytes.subarray(from, from + Number(first[1]))).toString("latin1");
    assert.ok((drawing.match(/ l$/gm) ?? []).length > 5000, "the ink");
    assert.match(drawing, /\(Quality\) Tj/);
    assert.match(drawing, /25 mm\/s/);
    await visit.assertNoComplaints();
  });
});

describe("a worker that dies", () => {
  test("is told, started anew, and the recording stays open", async () => {
    const visit = await stage.landed();
    await openExample(visit);
    await called(visit);
    const worker = visit.page.workers().find((worker) => worker.url().includes("worker_loader"));
    await worker.evaluate(() => setTimeout(() => { throw new Error("provoked by the test"); }));
    assert.match(await notice(visit), /still there/);
    assert.match(await textOf(visit, "recording"), /512 Hz/);
    await visit.page.keyboard.press("Escape");
    await drop(visit, [{ name: "after.csv", bytes: Buffer.from("time [s],I [mV]\n" + Array.from({ length: 2000 }, (_, i) => `${i / 200},${(i % 160 === 80 ? 1 : 0).toFixed(1)}`).join("\n")) }]);
    await visit.page.waitForFunction(() => document.title.startsWith("after"));
    await measured(visit);
  });
});
