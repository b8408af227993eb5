/** `npm run down`: removes everything, and shows by inventory that nothing is left. */
import {
  type CacheEntry,
  caches,
  clusterInventory,
  destroyCluster,
  type Leftover,
  remainsOn,
  removeCaches,
} from "./cluster.ts";
import type { Command } from "./command.ts";
import { Display, renderChanges } from "./display.ts";
import { chooseEngine } from "./engine.ts";
import { reportErrors, UserError } from "./errors.ts";
import { onInterrupt } from "./interrupt.ts";
import { engineOption, stackArgs, stackOptions } from "./options.ts";
import { createProgress, during, type Progress } from "./progress.ts";
import { engineOptions, readStack, type Stack } from "./stack.ts";
import { bytes, duration, table } from "./table.ts";

/** What `down --json` prints. */
export interface DownReport {
  readonly ok: boolean;
  /** What should be gone and is not. */
  readonly left: readonly Leftover[];
  /** What was kept on request: the data, with `--keep-data`. */
  readonly kept: readonly Leftover[];
  /** Downloads and builds that make the next `up` fast; `--cache` removes them. */
  readonly caches: readonly CacheEntry[];
  readonly errors: readonly string[];
  readonly durationMs: number;
}

export const down: Command = {
  summary: "removes everything, the embedded cluster included, and shows that nothing is left",
  options: {
    ...stackOptions,
    ...engineOption,
    "keep-data": { type: "boolean", help: "keep the embedded cluster's volume; the next up finds its data again" },
    cache: { type: "boolean", help: "remove the caches of downloads and builds too" },
  },
  async run(values) {
    const started = Date.now();
    const args = stackArgs(values);
    const stack = readStack(args);
    const keepData = values["keep-data"] === true;
    const embedded = stack.profile.target === "embedded";
    if (keepData && !embedded) {
      throw new UserError(
        `--keep-data keeps the embedded cluster's volume; target ${stack.profile.target} has its own means to keep volumes`,
      );
    }
    const progress = createProgress({ sink: process.stderr });
    const interrupt = onInterrupt(() => {
      progress.log("stopping after the steps under way; npm run down goes on from there");
    });
    try {
      const errors: string[] = [];
      const left: Leftover[] = embedded
        ? await during(progress, "embedded cluster", (step) => destroyCluster(stack, keepData, step))
        : [];
      if (keepData) progress.log("the state is kept with the data: the next npm run up goes on from both");
      else errors.push(...(await dropStack(stack, args.engine, progress, interrupt.signal)));
      if (!embedded && errors.length === 0) left.push(...(await remainsOn(stack)));
      if (values["cache"] === true) await during(progress, "caches", () => removeCaches());
      const kept = keepData ? await clusterInventory(stack) : [];
      progress.stop();
      const report: DownReport = {
        ok: left.length === 0 && errors.length === 0,
        left,
        kept,
        caches: await caches(),
        errors,
        durationMs: Date.now() - started,
      };
      process.stdout.write(`${args.json ? JSON.stringify(report, null, 2) : renderDown(report)}\n`);
      reportErrors(errors);
      return report.ok ? 0 : 1;
    } finally {
      interrupt.release();
      progress.stop();
    }
  },
};

/** Takes the stack's resources away, or forgets them when their cluster is gone. */
async function dropStack(
  stack: Stack,
  forced: ReturnType<typeof stackArgs>["engine"],
  progress: Progress,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const engine = await chooseEngine(forced);
  const clusterGone = stack.profile.target === "embedded";
  const display = new Display(
    progress,
    clusterGone ? "state (its objects went with their cluster)" : `destroy by the ${engine.description}`,
  );
  const result = await engine.destroy({
    ...engineOptions(stack, false),
    clusterGone,
    onEvent: clusterGone ? () => undefined : display.onEvent,
    signal,
  });
  display.end(result.ok, renderChanges(result.changes, true));
  return result.errors;
}

const rows = (items: readonly Leftover[]): string =>
  table(
    ["kind", "name", "note"],
    items.map(({ kind, name, note }) => [kind, name, note]),
  );

export function renderDown(report: DownReport): string {
  const parts: string[] = [];
  if (report.left.length > 0) parts.push(`left behind:\n${rows(report.left)}`);
  if (report.kept.length > 0) parts.push(`kept (--keep-data):\n${rows(report.kept)}`);
  if (report.caches.length > 0) {
    const lines = report.caches.map((cache) => [cache.name, bytes(cache.bytes), cache.what]);
    parts.push(
      `caches, for a fast next up (npm run down -- --cache removes them):\n${table(["cache", "size", "what"], lines)}`,
    );
  }
  if (report.left.length > 0) parts.push(`${report.left.length} left behind (${duration(report.durationMs)})`);
  else if (report.errors.length > 0) parts.push(`not down (${duration(report.durationMs)})`);
  else
    parts.push(
      `down in ${duration(report.durationMs)}: nothing is left${report.kept.length > 0 ? " but what was kept" : ""}`,
    );
  return parts.join("\n\n");
}
