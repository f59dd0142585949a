// Prints the build id: a hash of everything that is compiled into the three programs, so that page and workers know
// whether they were built together, and nothing is compiled anew when nothing changed.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const COMPILED_IN = ["Cargo.toml", "Cargo.lock", "build.rs", ".cargo/config.toml", "rust-toolchain.toml", "src", "locales"];

const hash = createHash("sha256");
for (const path of COMPILED_IN.flatMap((name) => filesUnder(join(root, name)))) {
  hash.update(relative(root, path)).update("\0").update(readFileSync(path)).update("\0");
}
console.log(hash.digest("hex").slice(0, 12));

function filesUnder(path) {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true })
    .map((name) => join(path, name))
    .filter((name) => statSync(name).isFile())
    .sort();
}
