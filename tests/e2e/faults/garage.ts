/**
 * A platform that began with Garage, as all did once, goes on with it by a plain `up`: the stack's file names no server then, and a
 * new platform would get another. The platform that was there goes, and none is there afterwards: hence only by `--only garage`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { parseDocument } from "yaml";

import { projectDir } from "../../../cli/paths.ts";
import { down, proof, unchangedUp, up } from "../life.ts";
import type { Runner } from "../runner.ts";

const MINUTE = 60_000;
const file = join(projectDir, "Pulumi.dev.yaml");

export async function garageStays(runner: Runner): Promise<void> {
  if (!(await down(runner, "npm run down makes room for a platform with Garage"))) return;
  const before = readFileSync(file, "utf8");
  try {
    const yaml = parseDocument(before);
    yaml.setIn(["config", "millrace:services", "objectStore", "server"], "garage");
    writeFileSync(file, String(yaml));
    if (!(await up(runner, "core", "npm run up with server garage ends in a proven platform", 70 * MINUTE))) return;
    writeFileSync(file, before);
    await unchangedUp(runner);
    await proof(runner, "core");
  } finally {
    writeFileSync(file, before);
    await down(runner, "npm run down removes the platform with Garage");
  }
}
