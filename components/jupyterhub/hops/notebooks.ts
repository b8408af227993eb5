/** Hop `notebooks`: a person logs in to JupyterHub, and a cell of theirs reaches Spark and Presto. */
import { z } from "zod";
import { poll } from "../../../platform/hops/errors.ts";
import { HopFailure } from "../../../platform/hops/hop.ts";
import type { Hop, HopContext } from "../../../platform/hops/hop.ts";
import type { JupyterHubClient } from "./jupyterhub-client.ts";
import type { Kernel } from "./kernel.ts";
import { answerMs, cleanupMs, podStartMs, runningStandstillMs, slowRefusedMs } from "../../../platform/hops/limits.ts";
import { isLeftover, type ProofRun } from "../../../platform/hops/run.ts";
import type { ObjectStore } from "../../object-store/hops/store-client.ts";

export interface NotebooksHopOptions {
  readonly hub: JupyterHubClient;
  readonly config: {
    /** Account that the proof logs in as. */
    readonly user: string;
    /** Where its notebooks are, in the bucket of `home`. */
    readonly home: { readonly prefix: string };
    readonly asks: readonly Asked[];
  };
  /** The bucket of the account's notebooks. */
  readonly home: ObjectStore;
  readonly marked: ProofRun;
  /** How long the hub may be away before it is given up, in ms; a restart takes less. @default `slowRefusedMs` */
  readonly awayLimitMs?: number;
  /** How long a server may take to start, in ms. @default `podStartMs` */
  readonly startLimitMs?: number;
  /** How long the cell may take, in ms; the first use of Spark starts executors. @default `runningStandstillMs` */
  readonly cellLimitMs?: number;
  /** How long a server may take to end, in ms. @default `cleanupMs` */
  readonly stopLimitMs?: number;
  /** Longest pause between two looks, in ms. @default - of `poll` */
  readonly pauseMs?: number;
}

/** The account has one server, so two proofs at the same time take it away from each other. */
export function notebooksHop(options: NotebooksHopOptions): Hop {
  return {
    name: "notebooks",
    timeoutMs: runningStandstillMs,
    run: async (context) => {
      registerCleanups(options, context);
      await logIn(options, context);
      const seconds = await startServer(options, context);
      const checksum = await runCell(options, context);
      await saveAndRemove(options, context);
      context.onProgress("stops the notebook server");
      await stopServer(options, context.signal);
      return {
        count: asked(options).length,
        distinct: asked(options).length,
        checksum: checksum.toString(),
        message: `server ready after ${seconds} s; a cell asked ${namesOf(asked(options))}, its notebook was in S3`,
      };
    },
  };
}

async function logIn(
  { hub, config, awayLimitMs = slowRefusedMs, pauseMs }: NotebooksHopOptions,
  context: HopContext,
): Promise<void> {
  context.onProgress(`logs in to JupyterHub as ${config.user}`);
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(awayLimitMs)]);
  await poll(
    async () => {
      await hub.logIn(signal);
      return hub;
    },
    { signal, pauseMs, refusedMs: awayLimitMs },
  );
}

/** @returns Seconds until the server was usable. */
async function startServer(options: NotebooksHopOptions, context: HopContext): Promise<number> {
  const { hub, config } = options;
  if ((await hub.server(context.signal)) !== undefined) {
    context.onProgress("stops a notebook server that another proof has left");
    await stopServer(options, context.signal);
  }
  const started = performance.now();
  const limitMs = options.startLimitMs ?? podStartMs;
  const limit = AbortSignal.timeout(limitMs);
  const signal = AbortSignal.any([context.signal, limit]);
  const events: string[] = [];
  context.onProgress("starts a notebook server");
  try {
    await hub.startServer(signal);
    await poll(
      async () => {
        const last = await hub.progress((event) => {
          if (event.message !== "" && event.message !== events.at(-1)) events.push(event.message);
          context.onProgress(`notebook server: ${event.message}`);
        }, signal);
        if (last?.failed === true) throw new HopFailure(failedStart(config.user, events));
        if (last?.ready === true) return last;
        // The stream may break, where the hub restarts; the hub then goes on with the start.
        const server = await hub.server(signal);
        if (server === undefined) throw new HopFailure(failedStart(config.user, events));
        return server.isReady ? server : "it is not ready";
      },
      { signal, pauseMs: options.pauseMs },
    );
  } catch (error) {
    if (!limit.aborted) throw error;
    throw new HopFailure(
      `the notebook server of "${config.user}" did not start within ${Math.round(limitMs / 1000)} s: ${lastOf(events)}`,
      { cause: error },
    );
  }
  return Math.round((performance.now() - started) / 1000);
}

function failedStart(user: string, events: readonly string[]): string {
  return `the notebook server of "${user}" did not start: ${lastOf(events)}`;
}

function lastOf(events: readonly string[]): string {
  return events.length === 0 ? "the hub told nothing of it" : events.slice(-3).join(" | ");
}

/** What the cell is to find, from the run's id: a value that no other run asks for. */
export function expectedAnswers(run: string): {
  readonly first: bigint;
  readonly spark: bigint;
  readonly presto: bigint;
} {
  const first = BigInt(`0x${/[0-9a-f]{8}$/.exec(run)?.[0] ?? "0"}`);
  // The sum of 1000 whole numbers from `first` on.
  return { first, spark: 1000n * first + 499_500n, presto: 7n * first + 1n };
}

const answerMark = "millrace-proof";
const answerShape = z.strictObject({ run: z.string(), spark: z.string().optional(), presto: z.string().optional() });

/** What a notebook can ask. */
export type Asked = "spark" | "presto";

function asked({ config }: NotebooksHopOptions): readonly Asked[] {
  return config.asks;
}

function namesOf(services: readonly Asked[]): string {
  const names = { spark: "Spark", presto: "Presto" } as const;
  return services.map((service) => names[service]).join(" and ") || "nobody";
}

/** The cell: Python as a person would write it, with the numbers of this run. */
export function cellSource(run: string, asks: readonly Asked[] = ["spark", "presto"]): string {
  const { first } = expectedAnswers(run);
  const spark = [
    `numbers = millrace.spark().range(${first}, ${first + 1000n})`,
    'answer["spark"] = str(numbers.selectExpr("sum(id) AS total").first()["total"])',
  ];
  const presto = [
    `row = millrace.sql("SELECT '${run}' AS run, BIGINT '${first}' * 7 + 1 AS product").iloc[0]`,
    'answer.update(run=str(row["run"]), presto=str(row["product"]))',
  ];
  return [
    "import json",
    "import millrace",
    `answer = {"run": "${run}"}`,
    ...(asks.includes("spark") ? spark : []),
    ...(asks.includes("presto") ? presto : []),
    `print("${answerMark}", json.dumps(answer))`,
  ].join("\n");
}

async function runCell(options: NotebooksHopOptions, context: HopContext): Promise<bigint> {
  const { hub, marked } = options;
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(options.cellLimitMs ?? runningStandstillMs)]);
  context.onProgress("starts a kernel");
  const { kernel } = await poll<{ kernel: Kernel }>(async () => ({ kernel: await hub.startKernel(signal) }), {
    signal: AbortSignal.any([signal, AbortSignal.timeout(3 * answerMs)]),
    pauseMs: options.pauseMs,
  });
  try {
    context.onProgress(`runs a cell that asks ${namesOf(asked(options))}`);
    return readAnswers(
      await kernel.execute(cellSource(marked.run, asked(options)), signal),
      marked.run,
      asked(options),
    );
  } finally {
    kernel.close();
  }
}

/**
 * @returns the sum of what those that were asked have answered
 * @throws {HopFailure} when the cell printed other values than this run's
 */
export function readAnswers(printed: string, run: string, asks: readonly Asked[] = ["spark", "presto"]): bigint {
  const line = printed.split("\n").find((text) => text.startsWith(`${answerMark} `));
  if (line === undefined) throw new HopFailure(`the cell printed no answer: ${printed.slice(0, 200)}`);
  const answer = answerShape.parse(JSON.parse(line.slice(answerMark.length)));
  const expected = expectedAnswers(run);
  const is = (service: Asked): string => answer[service] ?? "none";
  const wrong = asks
    .filter((service) => is(service) !== expected[service].toString())
    .map((service) =>
      service === "spark"
        ? `Spark gave the sum ${is(service)}, right is ${expected.spark}`
        : `Presto gave ${is(service)}, right is ${expected.presto}`,
    );
  if (answer.run !== run) wrong.push(`Presto gave the run id ${answer.run}, right is ${run}`);
  if (wrong.length > 0) throw new HopFailure(`the cell got a wrong value: ${wrong.join("; ")}`);
  return asks.reduce((sum, service) => sum + expected[service], 0n);
}

/** Saves a notebook through the server, finds it in S3, deletes it through the server, and finds it gone. */
async function saveAndRemove(options: NotebooksHopOptions, context: HopContext): Promise<void> {
  const { hub, home, marked, config } = options;
  const name = `${marked.run}.ipynb`;
  const key = `${config.home.prefix}${name}`;
  context.onProgress(`saves a notebook and looks for it in ${home.where}`);
  await hub.saveNotebook(name, notebookOf(marked.run), context.signal);
  const saved = (await home.get(key)).toString("utf8");
  if (!saved.includes(marked.run)) throw new HopFailure(`${home.where}/${key} is not the notebook that was saved`);
  await hub.removeNotebook(name, context.signal);
  if ((await home.list(key)).includes(key)) {
    throw new HopFailure(`${home.where}/${key} is still there after the server deleted it`);
  }
}

function notebookOf(run: string): object {
  const cell = {
    id: "proof",
    cell_type: "code",
    execution_count: null,
    metadata: {},
    outputs: [],
    source: cellSource(run),
  };
  return { nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [cell] };
}

async function stopServer(options: NotebooksHopOptions, outer: AbortSignal): Promise<void> {
  const limitMs = options.stopLimitMs ?? cleanupMs;
  const signal = AbortSignal.any([outer, AbortSignal.timeout(limitMs)]);
  await poll(
    async () => {
      const server = await options.hub.server(signal);
      if (server === undefined) return options;
      if (server.pending === null) await options.hub.stopServer(signal);
      return `the notebook server is still there${server.pending === null ? "" : `, on its way (${server.pending})`}`;
    },
    { signal, pauseMs: options.pauseMs },
  );
}

/** The server goes first, the token that all of it needs last. */
function registerCleanups(options: NotebooksHopOptions, { onCleanup }: HopContext): void {
  const { hub, home, marked, config } = options;
  onCleanup({
    what: `token of ${config.user} at JupyterHub`,
    run: (signal) => hub.logOut(signal),
  });
  onCleanup({
    what: `notebook ${config.home.prefix}${marked.run}.ipynb`,
    run: async () => {
      for (const key of await home.list(`${config.home.prefix}proof-`)) {
        const run = key.slice(config.home.prefix.length).replace(/\.ipynb$/, "");
        if (run === marked.run || isLeftover(run, marked.startedAt)) await home.remove(key);
      }
    },
  });
  onCleanup({
    what: `notebook server of ${config.user}`,
    run: async (signal) => {
      if (hub.isLoggedIn) await stopServer(options, signal);
    },
  });
}
