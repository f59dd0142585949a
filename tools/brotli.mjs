// Brotli as a content network sends it (quality 11), kept in target/brotli by content: the largest file takes half a minute.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";

const kept = fileURLToPath(new URL("../target/brotli", import.meta.url));
const compress = promisify(brotliCompress);

/** The bytes compressed with quality 11. */
export async function brotli(bytes) {
  const name = join(kept, createHash("sha256").update(bytes).digest("hex"));
  if (existsSync(name)) return readFileSync(name);
  const packed = await compress(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 22,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
  mkdirSync(kept, { recursive: true });
  writeFileSync(`${name}.${process.pid}`, packed);
  renameSync(`${name}.${process.pid}`, name);
  return packed;
}
