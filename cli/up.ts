/** `npm run up`: config, engine, preflight, cluster and images at once, deploy, proof, and the table of what now runs. */
import { isDeepStrictEqual } from "node:util";
import type { EngineResult } from "../engine/types.ts";
import { type Address, readAddresses, renderAddresses } from "./addresses.ts";
import { silentAddresses } from "./answering.ts";
import { forgetLostPlatform, forgetRemovedCluster } from "./anew.ts";
import { startCluster } from "./cluster.ts";
import type { Command } from "./command.ts";
import { confirm } from "./confirm.ts";
import { countChanges, EngineProgress, renderChanges } from "./engine-progress.ts";
import { chooseEmbedded, type EmbeddedChoice, rememberChoice, rememberedChoice } from "./embedded-choice.ts";
import { chooseEngine } from "./choose-engine.ts";
import type { Engine } from "./engine.ts";
import { messageOf, reportErrors } from "./errors.ts";
import { isStopped, onInterrupt } from "./interrupt.ts";
import { connect } from "./kube.ts";
import { type Login, readLogins, renderLogins } from "./logins.ts";
import { type CommandLock, withLock } from "./lock.ts";
import { engineOption, stackArgs, stackOptions, yesOption } from "./options.ts";
import { projectDir } from "./paths.ts";
import { readPlatform } from "./platform.ts";
import { checkFit, preflight } from "./preflight.ts";
import { createProgress, during, type Progress } from "./progress.ts";
import { askingAt } from "./published.ts";
import { waitForServices } from "./settling.ts";
import { type ProofReport, readProgramProof, renderProof, runProof } from "./proof.ts";
import { readyImages } from "./ready-images.ts";
import { takeMembersAway } from "./members.ts";
import { ownerOf } from "./owner.ts";
import { claimLines, leavingData } from "./removal.ts";
import type { ServiceStatus } from "./services.ts";
import { engineOptions, readStackAsBefore, refuseMovedCluster, type Stack } from "./stack.ts";
import { duration } from "./table.ts";
import { type CpuMeter, startCpuMeter } from "./cpu-meter.ts";
import { renderPath, renderTiming, Timeline, type Timing, timingOf } from "./timeline.ts";
import { type Checked, checkTransitions } from "./transitions.ts";
import { stackEdges } from "./edges.ts";
import { removeMoved } from "./moved.ts";
import { namespacesOf } from "../config/namespaces.ts";

/** What `up --json` prints. */
export interface UpReport {
  readonly ok: boolean;
  readonly stack: string;
  readonly target: string;
  readonly engine: string;
  /** Steps by kind. */
  readonly changes: EngineResult["changes"] | null;
  readonly proof: ProofReport | null;
  readonly services: readonly ServiceStatus[];
  readonly addresses: readonly Address[];
  readonly logins: readonly Login[];
  readonly durationMs: number;
  /** Where the time went; `null` when it is not up. */
  readonly timing: Timing | null;
  /** One line per cause; empty when ok. */
  readonly errors: readonly string[];
}

export const up: Command = {
  summary: "brings up the platform, including the embedded cluster, and proves that data flows through it",
  options: {
    ...stackOptions,
    ...engineOption,
    ...yesOption,
    timing: { type: "boolean", help: "lists the steps of the critical path: what to shorten to make up faster" },
    anew: { type: "boolean", help: "the stack's cluster is permanently gone: forget it and start over" },
  },
  async run(values) {
    const started = Date.now();
    const timeline = new Timeline();
    const args = stackArgs(values);
    const engine = await chooseEngine(args.engine);
    const choice =
      args.target === undefined || args.target === "embedded" ? await chooseEmbedded(args.stack, args.name) : undefined;
    const { stack, note } = await readStackAsBefore({ ...args, choice }, engine);
    refuseMovedCluster(stack);
    const cpu = await startCpuMeter(stack);
    const progress = createProgress({ sink: process.stderr });
    progress.log(`stack ${stack.name} on target ${stack.profile.target}, by the ${engine.description}`);
    if (note !== undefined) progress.log(note);
    const interrupt = onInterrupt(() => {
      progress.log("stopping after the current steps; press Ctrl-C again to stop at once");
    });
    try {
      const outcome = await withLock(stack, "up", progress.log, (lock) => {
        const wishes = { choice, anew: values["anew"] === true, yes: values["yes"] === true };
        return bringUp({ stack, engine, progress, timeline, lock, ...wishes }, interrupt.signal);
      });
      progress.stop();
      const report: UpReport = {
        stack: stack.name,
        target: stack.profile.target,
        engine: engine.name,
        ...outcome,
        durationMs: Date.now() - started,
        timing: outcome.ok ? await timed(timeline, cpu) : null,
      };
      const text = args.json ? JSON.stringify(report, null, 2) : renderUp(report, values["timing"] === true);
      process.stdout.write(`${text}\n`);
      if (interrupt.signal.aborted) {
        process.stderr.write("stopped: the state is valid and unlocked; npm run up continues from here\n");
        return 130;
      }
      reportErrors(report.errors);
      return report.ok ? 0 : 1;
    } finally {
      interrupt.release();
      progress.stop();
    }
  },
};

type Outcome = Omit<UpReport, "stack" | "target" | "engine" | "durationMs" | "timing">;

interface Attempt {
  readonly stack: Stack;
  readonly engine: Engine;
  readonly progress: Progress;
  readonly timeline: Timeline;
  readonly lock: CommandLock;
  /** The embedded cluster that `--name` names. */
  readonly choice: EmbeddedChoice | undefined;
  readonly anew: boolean;
  readonly yes: boolean;
}

async function bringUp(attempt: Attempt, signal: AbortSignal): Promise<Outcome> {
  const { stack, engine, progress, timeline, lock } = attempt;
  const nothing: Outcome = {
    ok: false,
    changes: null,
    proof: null,
    services: [],
    addresses: [],
    logins: [],
    errors: [],
  };
  try {
    const checked = await timeline.during("checks", async () => {
      await preflight(stack, progress, attempt.anew);
      // What is forgotten decides nothing any more.
      await forgetRemovedCluster(stack, attempt);
      return await checkTransitions(stack, engine, attempt);
    });
    rememberEmbedded(stack, attempt.choice);
    await prepare(attempt, checked, signal);
    if (!isStopped(signal)) {
      await timeline.during("what leaves", async () => {
        await forgetLostPlatform(stack, attempt);
        await announceLeaving(stack, attempt);
        await takeMembersAway(stack, progress, signal);
      });
    }
  } catch (error) {
    // What was under way says that it was given up, which is no cause.
    if (!isStopped(signal)) return { ...nothing, errors: causes(error) };
  }
  if (isStopped(signal)) return { ...nothing, errors: ["interrupted before the deploy"] };

  await lock.toEngine();
  const deploy = new EngineProgress(progress, "deploy", timeline);
  const endOfDeploy = timeline.begin("deploy", "deploy");
  const result = await engine.up({
    ...engineOptions(stack, true),
    policyPacks: [`${projectDir}/policies`],
    onEvent: deploy.onEvent,
    signal,
  });
  // Where the engine tells no dependencies, the deploy is one step.
  if (!deploy.isTimed) endOfDeploy();
  deploy.end(result.ok, renderChanges(result.changes, true));
  const deployed = {
    changes: result.changes,
    addresses: readAddresses(result.outputs),
    logins: readLogins(result.outputs),
  };
  if (isStopped(signal)) return { ...nothing, ...deployed, errors: result.errors };

  if (result.ok) await tidy(stack, result, progress);
  const proof = await timeline.during("proof", () => prove(stack, progress, deploy, result, signal));
  const endOfAddresses = timeline.begin("addresses", "addresses");
  const services = await readPlatform(connect(stack.profile), namespacesOf(stack.config.cluster))
    .then((state) => state.services)
    .catch(() => []);
  const errors = [...result.errors];
  if (proof?.ok === false) {
    errors.push(`the proof failed${proof.failedHop === null ? "" : ` at ${proof.failedHop}`}${cause(proof)}`);
  }
  const flows = result.ok && proof?.ok !== false;
  const asked = askingAt(stack, signal);
  const silent = flows ? await during(progress, "addresses", () => silentAddresses(deployed.addresses, asked)) : [];
  endOfAddresses();
  return { ...deployed, ok: flows && silent.length === 0, proof, services, errors: [...errors, ...silent] };
}

/** The next run goes on with the same cluster, also one that asks for it before this one has ended well. */
function rememberEmbedded(stack: Stack, choice: EmbeddedChoice | undefined): void {
  if (stack.profile.target !== "embedded") return;
  const { name } = stack.config.cluster.embedded;
  const last = rememberedChoice(stack.name);
  rememberChoice(stack.name, choice ?? (last?.name === name ? last : { name }));
}

/** Asks where services go and their data with them: their StatefulSets are of an older Millrace, which kept no claims. */
async function announceLeaving(stack: Stack, { yes }: Attempt): Promise<void> {
  const { removed } = await leavingData(connect(stack.profile), stack.config, ownerOf(stack.name).id);
  if (removed.length === 0) return;
  const what = ["this up removes services, and their data with them:", ...claimLines(removed)];
  await confirm(what, { yes, again: "npm run up with the same options and --yes" });
}

function cause(proof: ProofReport): string {
  const message = proof.hops.find((hop) => hop.hop === proof.failedHop)?.message ?? proof.error ?? "";
  return message === "" ? "" : `: ${message}`;
}

/** Cluster and images at once: both are given time to end, so that neither's failure hides the other's. */
async function prepare(attempt: Attempt, { stack, answered }: Checked, signal: AbortSignal): Promise<void> {
  const { engine, progress, timeline } = attempt;
  const cluster = timeline.during("embedded cluster", () => startCluster(stack, progress, signal));
  const registryRuns = cluster.then(
    () => true,
    () => false,
  );
  const work = [
    cluster,
    timeline.during("images", () => readyImages({ stack, engine, progress, signal, registryRuns })),
  ];
  const failures = (await Promise.allSettled(work)).flatMap((settled) =>
    settled.status === "rejected" ? [settled.reason as unknown] : [],
  );
  if (failures.length > 0) throw new AggregateError(failures, "preparing the cluster and the images failed");
  if (signal.aborted) return;
  if (!answered) {
    const { stack: now } = await checkTransitions(attempt.stack, engine, attempt);
    // A cluster that was off has told which server's data it has.
    if (!isDeepStrictEqual(now.config, stack.config)) {
      await readyImages({ stack: now, engine, progress, signal, registryRuns: Promise.resolve(true) });
    }
  }
  await checkFit(stack, progress);
}

function causes(error: unknown): string[] {
  return error instanceof AggregateError ? error.errors.map(messageOf) : [messageOf(error)];
}

/** What is left of an earlier version harms nothing, so it fails no deploy either. */
async function tidy(stack: Stack, { outputs }: EngineResult, progress: Progress): Promise<void> {
  try {
    const moved = await removeMoved(connect(stack.profile), stack.config.cluster.namespace, stackEdges(outputs));
    if (moved.length > 0)
      progress.log(`removed pods that are in namespaces of their own from now on: ${moved.join(", ")}`);
  } catch (error) {
    progress.log(`pods of an earlier version may be left: ${messageOf(error)}`);
  }
}

/** The proof of this `up`: the program's own Job when it ran, else one on demand. Nothing when the deploy failed before it. */
async function prove(
  stack: Stack,
  progress: Progress,
  deploy: EngineProgress,
  result: EngineResult,
  signal: AbortSignal,
): Promise<ProofReport | null> {
  const ranInProgram = deploy.hasChanged("kubernetes:batch/v1:Job", "proof");
  // The program says which proof it made: none when it is switched off or when a service of the path is.
  const onDemand = result.ok && typeof result.outputs["proof"] === "object" && result.outputs["proof"] !== null;
  if (!ranInProgram && !onDemand) return null;
  const options = { namespace: stack.config.cluster.namespace, signal };
  const kube = connect(stack.profile);
  if (ranInProgram) return await readProgramProof(kube, options);
  return await during(progress, "proof", async ({ detail }) => {
    const read = async () => (await readPlatform(kube, namespacesOf(stack.config.cluster))).services;
    await waitForServices({ read, onDetail: detail, signal });
    return await runProof(kube, { ...options, onDetail: detail });
  });
}

async function timed(timeline: Timeline, cpu: CpuMeter): Promise<Timing> {
  const wallMs = timeline.elapsedMs;
  return timingOf(timeline.steps, wallMs, await cpu.seconds());
}

/** @param withPath whether the steps of the critical path are listed. @default false */
export function renderUp(report: UpReport, withPath = false): string {
  const parts: string[] = [];
  if (report.changes !== null) parts.push(renderChanges(report.changes, true));
  if (report.proof !== null) parts.push(renderProof(report.proof));
  if (report.ok) parts.push(renderAddresses(report.addresses));
  if (report.ok && report.logins.length > 0) parts.push(renderLogins(report.logins));
  parts.push(
    report.ok
      ? `up in ${duration(report.durationMs)}${countChanges(report.changes ?? emptyChanges) === 0 ? ", nothing had to change" : ""}`
      : `not up (${duration(report.durationMs)}); what was created is kept, and npm run up continues from there`,
  );
  if (report.timing !== null) {
    if (withPath) parts.push(renderPath(report.timing));
    parts.push(renderTiming(report.timing));
  }
  return parts.join("\n\n");
}

const emptyChanges: EngineResult["changes"] = { create: 0, update: 0, replace: 0, delete: 0, same: 0, read: 0 };
