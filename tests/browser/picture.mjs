// The picture of the README: the built-in example, as a person sees it. `make picture` runs it on the built site.

import { startStage } from "./harness.mjs";
import { answerOf } from "./landing.mjs";

const [path] = process.argv.slice(2);
const stage = await startStage();
const visit = await stage.visit({ viewport: { width: 1280, height: 800 } });
await visit.load();
// The example is open, measured and called once the model has answered.
await answerOf(visit, "infer");
await visit.page.screenshot({ path });
await stage.stop();
