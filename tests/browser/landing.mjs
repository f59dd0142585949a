// The landing as tests see it: what it says of itself, and whether both workers do their work.

import { at, called, measured, openExample, textOf } from "./workspace.mjs";

/** What a worker (`worker` or `infer`) makes of the built-in example: quality in words, or the labels' probabilities. */
export async function answerOf(visit, worker) {
  // A reload is over before the program has drawn anything.
  await visit.usable();
  if (await at(visit, "landing").isVisible()) await openExample(visit);
  if (worker === "infer") return called(visit);
  await measured(visit);
  return textOf(visit, "quality");
}

/** The build id of the page's program. */
export async function buildOfPage(visit) {
  await visit.usable();
  return visit.page.locator("html").getAttribute("data-build");
}
