// Finishes a built site: public files, models, the service worker's list, header files of the common hosts.
// Runs as Trunk's post_build hook on TRUNK_STAGING_DIR, or by hand on a folder: node tools/dist.mjs FOLDER

import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { writeCardPages } from "./card-pages.mjs";
import { CACHE_ASK, CACHE_FOREVER, CSP, CSP_HEADER, HASHED_NAME, MIME_TYPES, SECURITY_HEADERS } from "./headers.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const site = process.argv[2] ?? process.env.TRUNK_STAGING_DIR;
if (!site) throw new Error("which folder? usage: node tools/dist.mjs FOLDER");

const MODEL_FILES = ["model.onnx", "manifest.json", "card.json"];
const HOST_FILES = ["_headers", ".htaccess", "nginx-headers.conf", "vercel.json", "firebase.json", "staticwebapp.config.json"];
// Brought once the landing is usable; all else belongs to the shell.
const LATER = /^(infer[._]|models\/|card\.(css|js)|worker-all[._])/;
// Not kept: of use on a first visit only, or large and of use to programs only.
const NOT_KEPT = /^(reader[._]|models\/(beats|waves|quality)\/card\.json)/;

copyFolder(join(root, "public"), site);
copyModels();
dropFunctionNames();
checkPolicy();
writeServiceWorker();
writeHostFiles();

function copyFolder(from, to) {
  for (const path of filesUnder(from)) {
    mkdirSync(join(to, path, ".."), { recursive: true });
    copyFileSync(join(from, path), join(to, path));
  }
}

function copyModels() {
  // In the order of the list, the default first.
  const ids = JSON.parse(readFileSync(join(root, "models", "list.json"), "utf8"));
  for (const id of ids) {
    mkdirSync(join(site, "models", id), { recursive: true });
    for (const file of MODEL_FILES) {
      const from = join(root, "models", id, file);
      if (existsSync(from)) copyFileSync(from, join(site, "models", id, file));
    }
  }
  // What there is, so that the page need not ask for what is not.
  mkdirSync(join(site, "models"), { recursive: true });
  writeFileSync(join(site, "models", "list.json"), `${JSON.stringify(ids)}\n`);
  writeCardPages(site, ids);
}

/** Takes the names of functions out of programs that wasm-opt did not touch: a sixth of `infer`, of use to a debugger only. */
function dropFunctionNames() {
  for (const path of filesUnder(site).filter((path) => path.endsWith(".wasm"))) {
    const file = join(site, path);
    const bytes = readFileSync(file);
    const kept = withoutSection(bytes, "name");
    if (kept.length < bytes.length) writeFileSync(file, kept);
  }
}

/** A WebAssembly module without its custom sections of one name (WebAssembly core specification 2.0, 5.5). */
function withoutSection(module, name) {
  const kept = [module.subarray(0, 8)];
  for (let at = 8; at < module.length; ) {
    const size = leb128(module, at + 1);
    const end = size.next + size.value;
    const label = module[at] === 0 ? leb128(module, size.next) : null;
    const isNamed = label && module.toString("utf8", label.next, label.next + label.value) === name;
    if (!isNamed) kept.push(module.subarray(at, end));
    at = end;
  }
  return Buffer.concat(kept);
}

function leb128(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return { value, next: at };
  }
}

function checkPolicy() {
  const page = readFileSync(join(site, "index.html"), "utf8");
  if (!page.includes(`content="${CSP}"`)) throw new Error("index.html's Content-Security-Policy differs from tools/headers.mjs");
  if (/<script(?![^>]*\ssrc=)/i.test(page)) throw new Error("index.html has an inline script, which its policy forbids");
  if (/<style|\sstyle=/i.test(page)) throw new Error("index.html has an inline style, which its policy forbids");
}

function writeServiceWorker() {
  const files = filesUnder(site).filter((path) => path !== "sw.js" && !HOST_FILES.includes(path) && !NOT_KEPT.test(path)).map(describe);
  const hash = createHash("sha256").update(JSON.stringify(files)).update(readFileSync(join(root, "public/sw.js"))).digest("hex").slice(0, 16);
  const build = process.env.EINTHOVEN_BUILD || "dev";
  const filled = {
    build,
    hash,
    csp: CSP_HEADER,
    shell: files.filter((file) => !LATER.test(file.path)).map(asPage),
    later: files.filter((file) => LATER.test(file.path)),
  };
  const source = readFileSync(join(root, "public/sw.js"), "utf8");
  const slot = /^const SITE = .*$/m;
  if (!slot.test(source)) throw new Error("public/sw.js has no line `const SITE = …` to fill");
  writeFileSync(join(site, "sw.js"), source.replace(slot, () => `const SITE = ${JSON.stringify(filled)};`));
  console.log(`site: build ${build}, ${filled.shell.length} files at once, ${filled.later.length} later`);
}

function describe(path) {
  const sha256 = createHash("sha256").update(readFileSync(join(site, path))).digest("hex");
  return { path, sha256, hashed: HASHED_NAME.test(path) };
}

/** The page is kept under its folder's address, the one people visit; `index.html` leads to the same copy. */
function asPage(file) {
  return file.path === "index.html" ? { ...file, path: "./" } : file;
}

function writeHostFiles() {
  const all = Object.entries(SECURITY_HEADERS);
  // Netlify, Cloudflare Pages. Patterns count from the root of the host, whatever the folder.
  write("_headers", ["/*", ...all.map(([name, value]) => `  ${name}: ${value}`), `  Cache-Control: ${CACHE_ASK}`, ""].join("\n"));
  write(
    ".htaccess",
    [
      "AddType application/wasm .wasm",
      "AddType text/javascript .js",
      "AddType application/manifest+json .webmanifest",
      "AddOutputFilterByType DEFLATE text/html text/css text/javascript application/wasm application/json image/svg+xml",
      "<IfModule mod_headers.c>",
      ...all.map(([name, value]) => `  Header always set ${name} "${value}"`),
      `  Header set Cache-Control "${CACHE_ASK}"`,
      '  <FilesMatch "-[0-9a-f]{8,}(_bg)?\\.(js|wasm|css)$">',
      `    Header set Cache-Control "${CACHE_FOREVER}"`,
      "  </FilesMatch>",
      "</IfModule>",
      "",
    ].join("\n"),
  );
  write(
    "nginx-headers.conf",
    [
      "# include this file in the location block of the site",
      ...all.map(([name, value]) => `add_header ${name} "${value}" always;`),
      `add_header Cache-Control "${CACHE_ASK}" always;`,
      "types { text/html html; text/javascript js; text/css css; application/json json; application/wasm wasm; application/manifest+json webmanifest; image/svg+xml svg; image/png png; application/octet-stream onnx; }",
      "gzip on;",
      "gzip_types text/css text/javascript application/json application/wasm image/svg+xml;",
      "",
    ].join("\n"),
  );
  const pairs = [...all, ["Cache-Control", CACHE_ASK]].map(([key, value]) => ({ key, value }));
  write("vercel.json", json({ headers: [{ source: "/(.*)", headers: pairs }] }));
  write("firebase.json", json({ hosting: { public: ".", ignore: ["firebase.json", "**/.*"], headers: [{ source: "**", headers: pairs }] } }));
  write(
    "staticwebapp.config.json",
    json({ globalHeaders: Object.fromEntries(pairs.map(({ key, value }) => [key, value])), mimeTypes: { ".wasm": MIME_TYPES[".wasm"], ".webmanifest": MIME_TYPES[".webmanifest"], ".onnx": MIME_TYPES[".onnx"] } }),
  );
}

function write(name, text) {
  writeFileSync(join(site, name), text);
}

function json(value) {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Relative paths with `/`, sorted, of all files under a folder. */
function filesUnder(folder) {
  return readdirSync(folder, { recursive: true })
    .map((path) => join(folder, path))
    .filter((path) => statSync(path).isFile())
    .map((path) => relative(folder, path).split(sep).join("/"))
    .sort();
}
