/** The files `waivers.yaml` and `baseline.yaml`: what was decided of findings, and what is known and still to be mended. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { z } from "zod";
import type { Baseline, Finding, Waiver } from "./findings.ts";

const rule = z.string().regex(/^[\w-]+\/[\w-]+$/, "a rule is checker/name, such as checkov/CKV_K8S_22");
const day = z.iso.date("a day is YYYY-MM-DD");
const waiversSchema = z.array(
  z.strictObject({
    rule,
    objects: z.array(z.string().regex(/^[\w*]+\/\S+$/, "an object is Kind/name")).min(1),
    reason: z.string().min(20, "a reason is a sentence"),
    expires: day,
  }),
);
const baselineSchema = z.record(rule, z.array(z.string()).min(1));

export const waiversFile = join(import.meta.dirname, "waivers.yaml");
export const baselineFile = join(import.meta.dirname, "baseline.yaml");

/** @throws Error with everything that is wrong with the file */
export function readWaivers(file = waiversFile): Waiver[] {
  return read(file, waiversSchema, []);
}

/** @throws Error with everything that is wrong with the file */
export function readBaseline(file = baselineFile): Baseline {
  return read(file, baselineSchema, {});
}

function read<T>(file: string, schema: z.ZodType<T>, none: T): T {
  if (!existsSync(file)) return none;
  const { success, data, error } = schema.safeParse(parse(readFileSync(file, "utf8")) ?? none);
  if (success) return data;
  const problems = error.issues.map(({ path, message }) => `${path.map(String).join(".")}: ${message}`);
  throw new Error(`${file}: ${problems.join("; ")}`);
}

/** Writes down what is neither mended nor waived; what is high can't be. */
export function writeBaseline(findings: readonly Finding[], file = baselineFile): void {
  const kept = findings.filter(({ severity }) => severity !== "high");
  const groups = Map.groupBy(kept, (finding) => finding.rule);
  const rows = [...groups].map(([name, some]): [string, string[]] => [name, some.map(({ object }) => object).sort()]);
  const text = rows.length === 0 ? "{}\n" : stringify(Object.fromEntries(rows.sort()), { lineWidth: 0 });
  const head =
    "# Findings that are known and still to be mended; npm run audit -- --baseline writes it. It may only become shorter.\n";
  writeFileSync(file, head + text);
}
