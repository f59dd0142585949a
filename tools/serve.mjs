// A static server for `make run` and the browser tests.
//
//   node tools/serve.mjs FOLDER [--host 127.0.0.1] [--port 8080] [--prefix /some/path/]
//                        [--compress] [--rate-kbps 200] [--latency-ms 150]
//
// --rate-kbps is kilobytes (1000 bytes) per second, shared by all connections; --latency-ms is added to each request.

import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { brotli } from "./brotli.mjs";
import { CACHE_ASK, CACHE_FOREVER, HASHED_NAME, MIME_TYPES, SECURITY_HEADERS } from "./headers.mjs";

const CHUNK_BYTES = 8192;
const COMPRESSED_TYPES = /^(text\/|application\/(json|wasm|manifest)|image\/svg|application\/octet-stream)/;

/**
 * Serves a folder.
 * @returns {Promise<{url: string, requests: {method: string, path: string, status: number, bytes: number, at_ms: number}[],
 *   close: () => Promise<void>}>} `requests` grows with each request; `at_ms` counts from the start of the server.
 */
export async function serve({ folder, host = "127.0.0.1", port = 0, prefix = "/", compress = false, rateKBps = 0, latencyMs = 0, headers = SECURITY_HEADERS }) {
  const requests = [];
  const started = performance.now();
  const link = new Link(rateKBps);
  const server = createServer((request, response) => {
    const entry = { method: request.method, path: request.url, status: 0, bytes: 0, at_ms: performance.now() - started };
    requests.push(entry);
    answer(request, response, entry).catch(() => response.destroy());
  });

  async function answer(request, response, entry) {
    if (latencyMs) await pause(latencyMs);
    const found = ["GET", "HEAD"].includes(request.method) ? find(folder, prefix, request.url) : { status: 405 };
    if (!found.bytes) {
      entry.status = found.status;
      response.writeHead(found.status, { "content-type": "text/plain; charset=utf-8", ...headers, ...found.headers });
      response.end(request.method === "HEAD" ? undefined : `${found.status}\n`);
      return;
    }
    const type = MIME_TYPES[extname(found.name)] ?? "application/octet-stream";
    const etag = `"${createHash("sha256").update(found.bytes).digest("hex").slice(0, 32)}"`;
    const out = {
      ...headers,
      "content-type": type,
      "cache-control": HASHED_NAME.test(found.name) ? CACHE_FOREVER : CACHE_ASK,
      etag,
      vary: "accept-encoding",
    };
    if (request.headers["if-none-match"] === etag) {
      entry.status = 304;
      response.writeHead(304, out);
      response.end();
      return;
    }
    let body = found.bytes;
    if (compress && COMPRESSED_TYPES.test(type) && /\bbr\b/.test(request.headers["accept-encoding"] ?? "")) {
      body = await brotli(body);
      out["content-encoding"] = "br";
    }
    out["content-length"] = body.length;
    entry.status = 200;
    entry.bytes = request.method === "HEAD" ? 0 : body.length;
    response.writeHead(200, out);
    if (request.method === "HEAD") response.end();
    else await link.send(response, body);
  }

  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return {
    url: `http://${host}:${server.address().port}${prefix}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

function find(folder, prefix, url) {
  let path;
  try {
    path = decodeURIComponent(new URL(url, "http://localhost").pathname);
  } catch {
    return { status: 400 };
  }
  if (`${path}/` === prefix) return { status: 301, headers: { location: prefix } };
  if (!path.startsWith(prefix) || path.includes("\0")) return { status: 404 };
  const inside = normalize(path.slice(prefix.length) || ".");
  if (inside === ".." || inside.startsWith(`..${sep}`) || inside.startsWith(sep)) return { status: 404 };
  let name = join(folder, inside);
  try {
    if (statSync(name).isDirectory()) name = join(name, "index.html");
    return { status: 200, name, bytes: readFileSync(name) };
  } catch {
    return { status: 404 };
  }
}

/** A line of limited rate that all responses share, chunk by chunk in the order in which they ask. */
class Link {
  constructor(rateKBps) {
    this.bytesPerMs = rateKBps;
    this.freeAt = 0;
  }

  async send(response, body) {
    if (!this.bytesPerMs) {
      response.end(body);
      return;
    }
    for (let at = 0; at < body.length && !response.destroyed; at += CHUNK_BYTES) {
      const chunk = body.subarray(at, at + CHUNK_BYTES);
      this.freeAt = Math.max(performance.now(), this.freeAt) + chunk.length / this.bytesPerMs;
      await pause(this.freeAt - performance.now());
      response.write(chunk);
    }
    response.end();
  }
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      host: { type: "string", default: "127.0.0.1" },
      port: { type: "string", default: "8080" },
      prefix: { type: "string", default: "/" },
      compress: { type: "boolean", default: false },
      "rate-kbps": { type: "string", default: "0" },
      "latency-ms": { type: "string", default: "0" },
    },
  });
  const options = {
    folder: positionals[0] ?? "dist",
    host: values.host,
    port: Number(values.port),
    prefix: values.prefix,
    compress: values.compress,
    rateKBps: Number(values["rate-kbps"]),
    latencyMs: Number(values["latency-ms"]),
  };
  const server = await serve(options).catch((error) => {
    if (error.code !== "EADDRINUSE") throw error;
    console.log(`Port ${options.port} is taken; another one is used.`);
    return serve({ ...options, port: 0 });
  });
  console.log(`\n  einthoven is served at  ${server.url}\n  Stop it with Ctrl-C.\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main();
