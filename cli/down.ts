/** `npm run down`: removes everything, and shows by inventory that nothing is left. */
import { ownerWords } from "../clusters/embedded/owner.ts";
import { type CacheEntry, caches, removeCaches } from "./caches.ts";
import {
  clusterInventory,
  clusterState,
  destroyCluster,
  embeddedHoldings,
  embeddedVolumeBytes,
  type Leftover,
  remainsOn,
} from "./cluster.ts";
import type { Command } from "./command.ts";
import { confirm } from "./confirm.ts";
import { EngineProgress, renderChanges } from "./engine-progress.ts";
import { forgetChoice } from "./embedded-choice.ts";
import { chooseEngine } from "./choose-engine.ts";
import { reportErrors, UserError } from "./errors.ts";
import { onInterrupt } from "./interrupt.ts";
import { connect } from "./kube.ts";
import { type CommandLock, withLock } from "./lock.ts";
import { engineOption, stackArgs, stackOptions, yesOption } from "./options.ts";
import { forgetOwner, hasState, keepingOwner, ownerOf } from "./owner.ts";
import { createProgress, during, type Progress } from "./progress.ts";
import { removeClaims } from "./namespace.ts";
import { claimLines, type ClaimsByOwner, claimsByOwner, dataLines } from "./removal.ts";
import { engineOptions, readStack, refuseMovedCluster, type Stack } from "./stack.ts";
import { bytes, duration, table } from "./table.ts";

/** What `down --json` prints. */
export interface DownReport {
  readonly ok: boolean;
  /** What should be gone and is not. */
  readonly left: readonly Leftover[];
  /** What was kept: the data, with `--keep-data`, and claims of others in a namespace that was there before. */
  readonly kept: readonly Leftover[];
  /** Downloads and builds that make the next `up` fast; `--cache` removes them. */
  readonly caches: readonly CacheEntry[];
  readonly errors: readonly string[];
  readonly durationMs: number;
}

export const down: Command = {
  summary: "removes everything, including the embedded cluster, and checks that nothing is left",
  options: {
    ...stackOptions,
    ...engineOption,
    "keep-data": { type: "boolean", help: "keep the embedded cluster's volume; the next up finds its data again" },
    "take-over": {
      type: "boolean",
      help: "remove the embedded cluster with all its data even if it belongs to another stack or clone",
    },
    ...yesOption,
    cache: { type: "boolean", help: "also remove the caches of downloads and builds" },
  },
  async run(values) {
    const started = Date.now();
    const args = stackArgs(values);
    const stack = readStack(args);
    const keepData = values["keep-data"] === true;
    const embedded = stack.profile.target === "embedded";
    if (keepData && !embedded) {
      throw new UserError(
        `--keep-data keeps the embedded cluster's volume; target ${stack.profile.target} keeps volumes in its own way`,
      );
    }
    const takeOver = values["take-over"] === true;
    if (takeOver && (keepData || !embedded)) {
      throw new UserError(
        "--take-over removes an embedded cluster with its data; it can't be used with another target or with --keep-data",
      );
    }
    refuseMovedCluster(stack);
    const progress = createProgress({ sink: process.stderr });
    return await withLock(stack, "down", progress.log, async (lock) => {
      const data = keepData ? undefined : await dataAtRisk(stack, takeOver, progress);
      if (data !== undefined) {
        await confirm(data, { yes: values["yes"] === true, again: "npm run down with the same options and --yes" });
      }
      const interrupt = onInterrupt(() => {
        progress.log("stopping after the current steps; npm run down continues from there");
      });
      try {
        const removal = { keepData, takeOver, cache: values["cache"] === true };
        const report = await takeDown(stack, removal, args.engine, lock, progress, interrupt.signal);
        progress.stop();
        const timed: DownReport = { ...report, durationMs: Date.now() - started };
        process.stdout.write(`${args.json ? JSON.stringify(timed, null, 2) : renderDown(timed)}\n`);
        reportErrors(report.errors);
        return report.ok ? 0 : 1;
      } finally {
        interrupt.release();
        progress.stop();
      }
    });
  },
};

interface Removal {
  readonly keepData: boolean;
  readonly takeOver: boolean;
  readonly cache: boolean;
}

async function takeDown(
  stack: Stack,
  { keepData, takeOver, cache }: Removal,
  forced: ReturnType<typeof stackArgs>["engine"],
  lock: CommandLock,
  progress: Progress,
  signal: AbortSignal,
): Promise<Omit<DownReport, "durationMs">> {
  const errors: string[] = [];
  const embedded = stack.profile.target === "embedded";
  const left: Leftover[] = embedded
    ? await during(progress, "embedded cluster", (step) => destroyCluster(stack, { keepData, takeOver }, step))
    : [];
  const claims = await claimsInOthersNamespace(stack);
  // The state and its id are what says whose the rest is.
  const isGone = !left.some(({ kind }) => ["container", "volume", "network"].includes(kind));
  if (keepData) progress.log("the state is kept with the data; the next npm run up continues from both");
  else if (isGone) {
    await lock.toEngine();
    // The id is what tells whose the claims are, until the last is gone.
    errors.push(...(await keepingOwner(stack.name, () => dropStack(stack, forced, progress, signal))));
    if (errors.length === 0) {
      forgetChoice(stack.name);
      if (claims.own.length > 0) {
        await removeClaims(connect(stack.profile), stack.config.cluster.namespace, claims.own);
      }
      forgetOwner(stack.name);
    }
  }
  if (!embedded && errors.length === 0) left.push(...(await remainsOn(stack)));
  if (cache) await during(progress, "caches", () => removeCaches());
  const foreign = claims.others.map(({ name, note }) => ({ kind: "claim", name, note }));
  const kept = [...(keepData ? await clusterInventory(stack) : []), ...foreign];
  return { ok: left.length === 0 && errors.length === 0, left, kept, caches: await caches(), errors };
}

/** The claims of a namespace that stays; of one that goes, nobody needs to be told apart. */
async function claimsInOthersNamespace(stack: Stack): Promise<ClaimsByOwner> {
  const { namespace, existingNamespace } = stack.config.cluster;
  if (!existingNamespace) return { own: [], others: [] };
  return await claimsByOwner(connect(stack.profile), namespace, ownerOf(stack.name).id);
}

/**
 * What would go, in lines; `undefined` when no data would.
 * @throws UserError when the cluster is another's, unless it is to be taken over.
 */
async function dataAtRisk(stack: Stack, takeOver: boolean, progress: Progress): Promise<string[] | undefined> {
  const { namespace, existingNamespace } = stack.config.cluster;
  const data = (): Promise<string[]> => dataLines(() => connect(stack.profile), namespace);
  if (stack.profile.target !== "embedded") {
    const { own, others } = await claimsInOthersNamespace(stack);
    if (!hasState(stack.name) && own.length === 0) return undefined;
    return [
      `down removes stack ${stack.name}: what it has in namespace ${namespace} of context ${stack.profile.context}, with`,
      ...(existingNamespace ? claimLines(own) : await data()),
      ...(others.length === 0 ? [] : ["these claims stay, because they are not this stack's:", ...claimLines(others)]),
    ];
  }
  const { pieces, foreign, message } = await embeddedHoldings(stack, progress.log);
  if (message !== undefined && !takeOver) throw new UserError(message);
  const volume = pieces.find(({ kind }) => kind === "volume");
  if (volume === undefined) return undefined;
  const size = await embeddedVolumeBytes(stack);
  const held = `its volume ${volume.name} (${size === undefined ? "size not known" : bytes(size)})`;
  const { name } = stack.config.cluster.embedded;
  if (foreign !== undefined) {
    const whose = foreign.why === "unknown" ? "made by an older Millrace" : `of ${ownerWords(foreign.piece)}`;
    return [`down removes the embedded cluster "${name}" ${whose}, with all data in ${held}`];
  }
  const running = (await clusterState(stack)).running;
  return [`down removes the embedded cluster "${name}" with ${held}`, ...(running ? await data() : [])];
}

/** Takes the stack's resources away, or forgets them when their cluster is gone. */
async function dropStack(
  stack: Stack,
  forced: ReturnType<typeof stackArgs>["engine"],
  progress: Progress,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const engine = await chooseEngine(forced);
  const clusterGone = stack.profile.target === "embedded";
  const deploy = new EngineProgress(
    progress,
    clusterGone ? "state (its objects went with their cluster)" : `destroy by the ${engine.description}`,
  );
  const result = await engine.destroy({
    ...engineOptions(stack, false),
    clusterGone,
    onEvent: clusterGone ? () => undefined : deploy.onEvent,
    signal,
  });
  deploy.end(result.ok, renderChanges(result.changes, true));
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
  if (report.kept.length > 0) parts.push(`kept:\n${rows(report.kept)}`);
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
      `down in ${duration(report.durationMs)}: nothing is left${report.kept.length > 0 ? " except what was kept" : ""}`,
    );
  return parts.join("\n\n");
}
