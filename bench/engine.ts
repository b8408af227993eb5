/** What an engine costs: by the number of objects, against an API server and etcd alone. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { UserError } from "../cli/errors.ts";
import { onInterrupt } from "../cli/interrupt.ts";
import { text } from "../cli/options.ts";
import { table } from "../cli/table.ts";
import { which } from "../platform/exec.ts";
import type { Bench } from "./bench.ts";
import { type Competing, engineContender, kubectlContender, ownObjects } from "./engine/contenders.ts";
import { startControlPlane } from "./engine/control-plane.ts";
import { isLinear, operations, type Row, rowsOf, rowsText, type Run } from "./engine/figures.ts";
import { objectNamespace } from "./engine/objects.ts";
import { readNumbers } from "./options.ts";
import type { BenchResult } from "./settings.ts";

const defaultSizes = [10, 100, 500, 2000];
/** etcd and the API server of the measurement hold them all in memory. */
const mostObjects = 5000;

export const engine: Bench = {
  name: "engine",
  summary: "what the engines and kubectl take for each object, against an API server and etcd alone",
  options: {
    sizes: { type: "string", value: "n,n", help: `numbers of objects (default: ${defaultSizes.join(",")})` },
    repeat: { type: "string", value: "n", help: "how often each is run; medians are shown (default: 1)" },
  },
  async run(values, log) {
    const sizes = readSizes(text(values, "sizes"));
    const { repeat: rounds } = readNumbers(values, { repeat: { byDefault: 1, least: 1, whole: true } });
    const interrupt = onInterrupt(() => {
      log("stopping, and removing what was started");
    });
    const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
    try {
      log("starting an API server and etcd");
      const plane = await startControlPlane(new Docker(), folder, interrupt.signal);
      try {
        const site = { folder, plane, signal: interrupt.signal };
        const competing = [
          engineContender("local", site),
          ...(which("pulumi") === undefined ? [] : [engineContender("pulumi", site)]),
          kubectlContender(site),
        ];
        if (competing.length < 3) log("pulumi is not on the PATH: the official CLI is not measured");
        const runs = await runAll(competing, sizes, rounds, log);
        return resultOf(rowsOf(runs), await plane.count(ownObjects, objectNamespace));
      } finally {
        await plane.remove();
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
      interrupt.release();
    }
  },
};

/** @throws UserError that names every size that is none */
export function readSizes(given: string | undefined): number[] {
  const words = given?.split(",") ?? defaultSizes.map(String);
  const wrong = words.filter((word) => !/^\d+$/.test(word) || Number(word) < 1 || Number(word) > mostObjects);
  if (wrong.length > 0) {
    throw new UserError(
      `--sizes "${given ?? ""}": ${wrong.map((word) => `"${word}"`).join(", ")} is not allowed; give whole numbers from 1 to ` +
        `${mostObjects}, for example --sizes 10,100`,
    );
  }
  return [...new Set(words.map(Number))].sort((one, other) => one - other);
}

/** All contenders take turns, each with the whole life of its objects, so that none has the calmer machine. */
async function runAll(
  competing: readonly Competing[],
  sizes: readonly number[],
  rounds: number,
  log: (line: string) => void,
): Promise<Run[]> {
  const runs: Run[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const size of sizes) {
      for (const contender of competing) {
        const { name } = contender;
        const shown: string[] = [];
        for (const operation of operations) {
          const { ms, cpuMs, peakBytes } = await contender.run(operation, size);
          runs.push({ contender: name, operation, size, ms, cpuMs, peakBytes });
          shown.push(`${operation} ${(ms / 1000).toFixed(2)} s`);
        }
        log(`${size} objects, ${name}: ${shown.join(", ")}`);
      }
    }
  }
  return runs;
}

/** @param left - objects that are still there after everything was destroyed */
export function resultOf(rows: readonly Row[], left: number): BenchResult {
  const own = rows.filter(({ contender }) => contender === "local");
  const verdicts = {
    nothingLeft: left === 0,
    ...Object.fromEntries(own.map((row) => [`${row.operation}Linear`, isLinear(row)])),
  };
  const bench: "ok" | "failed" = Object.values(verdicts).every(Boolean) ? "ok" : "failed";
  const sizes = Object.keys(rows[0]?.ms ?? {});
  const header = [
    ...["contender", "operation", "ms/object", "intercept ms", "CPU ms/object", "CPU intercept ms", "peak MiB"],
    ...sizes.map((size) => `${size} (s)`),
  ];
  const failed = Object.entries(verdicts).filter(([, isGood]) => !isGood);
  const verdict =
    failed.length === 0
      ? "the local engine's work grows no faster than the number of objects"
      : `not good: ${failed.map(([name]) => name).join(", ")}${left === 0 ? "" : ` (${left} objects are left)`}`;
  return {
    document: { bench, rows, left, verdicts },
    text: `${table(header, rowsText(rows))}\n${verdict}`,
  };
}
