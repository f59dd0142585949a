// Files made by the repository's own simulator, through its command line.

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./harness.mjs";

/** The command line: the newest that was built, else one is built. */
function program() {
  const built = ["target/debug/einthoven", "target/release/einthoven"].map((path) => join(ROOT, path)).filter(existsSync);
  built.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  if (built.length > 0) return built[0];
  execFileSync("cargo", ["build", "--locked", "--no-default-features", "--features", "terminal"], { cwd: ROOT, stdio: "inherit" });
  return join(ROOT, "target/debug/einthoven");
}

/** A folder for files of a test, with the simulator at hand; `remove` takes all away. */
export class Workbench {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), "einthoven-files-"));
    this.program = program();
  }

  path(name) {
    return join(this.folder, name);
  }

  /** Simulates a recording into this file; its extension is the format. Options are those of `einthoven simulate`. */
  simulate(name, options = {}) {
    const list = Object.entries(options).flatMap(([key, value]) => [value].flat().map((one) => `--${key}=${one}`));
    execFileSync(this.program, ["simulate", "--quiet", "--force", "--output", this.path(name), ...list], { stdio: "pipe" });
    return this.path(name);
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
