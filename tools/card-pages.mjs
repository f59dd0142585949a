// The cards as pages: card.html beside each card.json of the site, made of card.md. Nothing inline in them, as the site's policy
// asks.

import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Marked } from "marked";
import { CSP } from "./headers.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
// Networks that are part of the program; their cards stand with their training.
const BUILT_IN = ["beats", "waves", "quality"];

// Writes models/ID/card.html for these models and the built-in networks, whose card.json comes along where there is one.
export function writeCardPages(site, models) {
  const tokens = readdirSync(site).find((name) => /^tokens-.*\.css$/.test(name));
  const cards = [...models.map((id) => [id, join(root, "models", id)]), ...BUILT_IN.map((id) => [id, join(root, "models", "training", id)])];
  for (const [id, from] of cards) {
    const to = join(site, "models", id);
    mkdirSync(to, { recursive: true });
    const hasJson = readdirSync(from).includes("card.json");
    if (hasJson) copyFileSync(join(from, "card.json"), join(to, "card.json"));
    writeFileSync(join(to, "card.html"), page(readFileSync(join(from, "card.md"), "utf8"), tokens, hasJson));
  }
}

function page(markdown, tokens, hasJson) {
  const title = /^# (.*)$/m.exec(markdown)?.[1] ?? "Model card";
  const marked = new Marked({ renderer: { table: inFrame } });
  const json = hasJson ? ' · <a href="card.json">JSON</a>' : "";
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${CSP}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title.replace(/[&<>"]/g, " ")} – einthoven</title>
<link rel="icon" href="../../icon.svg">
${tokens ? `<link rel="stylesheet" href="../../${tokens}">` : ""}
<link rel="stylesheet" href="../../card.css">
<script src="../../card.js"></script>
</head>
<body>
<nav><a href="../../">einthoven</a>${json}</nav>
<main>
${marked.parse(markdown)}</main>
</body>
</html>
`;
}

// A table in a frame of its own that can be moved sideways on a narrow screen, and reached by keyboard.
function inFrame({ header, rows }) {
  const row = (cells, name) => `<tr>${cells.map((cell) => `<${name}>${this.parser.parseInline(cell.tokens)}</${name}>`).join("")}</tr>`;
  const body = rows.map((cells) => row(cells, "td")).join("\n");
  return `<div class="frame" tabindex="0"><table><thead>${row(header, "th")}</thead><tbody>${body}</tbody></table></div>\n`;
}
