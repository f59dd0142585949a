// The page as tests see it: where things are, and how to wait for them.

/** The first answer of a worker (`worker` or `infer`). */
export async function answerOf(visit, worker) {
  const place = visit.page.locator(`#${worker}`);
  await place.filter({ hasText: /./ }).waitFor({ timeout: 30_000 });
  return place.textContent();
}

/** The build id of the page's program. */
export async function buildOfPage(visit) {
  return visit.page.locator("main").getAttribute("data-build");
}
