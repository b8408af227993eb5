/** The stack's file as a part of the test changes it, and the `up` that takes it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { parseDocument } from "yaml";

import { projectDir } from "../../cli/paths.ts";
import { profileNow } from "./platform.ts";
import { document, millrace, must } from "./runner.ts";

const MINUTE = 60_000;
/** Pulumi.dev.yaml */
export const stackFile = join(projectDir, "Pulumi.dev.yaml");

/** @param values of `millrace:services`, by service and setting */
export function setServices(values: Readonly<Record<string, Readonly<Record<string, unknown>>>>): void {
  const yaml = parseDocument(readFileSync(stackFile, "utf8"));
  for (const [service, settings] of Object.entries(values)) {
    for (const [key, value] of Object.entries(settings)) {
      yaml.setIn(["config", "millrace:services", service, key], value);
    }
  }
  writeFileSync(stackFile, String(yaml));
}

/** @throws Error with what `up` says when it fails */
export async function upAgain(limitMs = 28 * MINUTE): Promise<void> {
  const ran = await millrace(["up", "--json", "--yes", "--profile", await profileNow()], limitMs);
  const report = document(ran) as { readonly ok: boolean; readonly errors: readonly string[] };
  must(ran.code === 0 && report.ok, report.errors.join("; ") || `exit code ${ran.code}`);
}
