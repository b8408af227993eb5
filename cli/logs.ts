/**
 * `npm run logs`: what the pods of a service have logged, in the order of time: from where logs are kept, or as far as Kubernetes
 * still has them.
 */
import { setTimeout as sleep } from "node:timers/promises";

import { namespacesOf } from "../config/namespaces.ts";
import { nearest } from "../platform/nearest.ts";
import { keptLogs } from "./kept-logs.ts";
import { runningPlatform } from "./running.ts";
import { chooseEngine } from "./choose-engine.ts";
import type { Command } from "./command.ts";
import { messageOf, UserError } from "./errors.ts";
import { onInterrupt } from "./interrupt.ts";
import { connect, type Kube } from "./kube.ts";
import { engineOption, stackArgs, stackOptions, text } from "./options.ts";
import { readPods } from "./platform.ts";
import { type Owner, type Pod, podsOfService, serviceName } from "./services.ts";
import { readStackAsItRuns } from "./stack.ts";

/** What a container has logged: a line, with those that go on below it, as a stack trace does. */
export interface LogEntry {
  /** In ISO 8601, to the nanosecond. */
  readonly at: string;
  readonly pod: string;
  readonly container: string;
  readonly text: string;
}

/** What `logs --json` prints. */
export interface LogsReport {
  readonly service: string;
  readonly entries: readonly LogEntry[];
  /** What could not be read, or is not all there: a sentence each. */
  readonly notes: readonly string[];
}

/** Entries that are shown. */
const LINES = 200;
/** Most lines that are read of a container. */
const MOST_LINES = 20_000;
/** Time between two looks for new pods, in ms. */
const LOOK_MS = 3000;

export const logs: Command = {
  summary: "shows what the pods of a service have logged, in the order of time; --follow goes on",
  options: {
    ...stackOptions,
    ...engineOption,
    service: { type: "string", value: "name", help: "the service, as npm run status names it, or one of its Jobs" },
    since: { type: "string", value: "time", help: "no older than 30s, 15m, 2h or 1d" },
    grep: { type: "string", value: "text", help: "only what has this text, in capitals or not" },
    lines: { type: "string", value: "count", help: `at most so many entries, the last ones (default: ${LINES})` },
    run: { type: "string", value: "id", help: "only of this run of a DAG, or this application" },
    user: { type: "string", value: "name", help: "only of this user's pods" },
    follow: { type: "boolean", help: "go on with what is logged from now on, until Ctrl-C" },
  },
  async run(values) {
    const args = stackArgs(values);
    const asked = askedOf({
      since: text(values, "since"),
      grep: text(values, "grep"),
      lines: text(values, "lines"),
      run: text(values, "run"),
      user: text(values, "user"),
    });
    const isFollowing = values["follow"] === true;
    if (isFollowing && args.json)
      throw new UserError("logs: --json prints one document, and --follow does not end; give one of them");
    if (isFollowing && text(values, "service") === undefined)
      throw new UserError("logs: --follow goes by services; give --service");
    if (isFollowing && (values["run"] ?? values["user"]) !== undefined)
      throw new UserError("logs: --follow goes by services, and knows neither --run nor --user; leave one of them out");
    const { stack } = await readStackAsItRuns(args, await chooseEngine(args.engine));
    const kube = connect(stack.profile);
    const { namespace } = stack.config.cluster;
    const service = text(values, "service");
    const find = finder(kube, namespacesOf(stack.config.cluster), service);
    const begun = new Date();
    const running = runningPlatform(kube, { namespace, exposure: stack.profile.exposure, addresses: [] });
    const question = { ...asked, service, run: text(values, "run"), user: text(values, "user") };
    // What is followed is read from the pods from its begin on: the store is some seconds behind them.
    const kept = isFollowing ? { notes: [] } : await keptLogs(stack.config, running, question);
    const isOfPods = question.run === undefined && question.user === undefined;
    const fromPods =
      isOfPods && (kept.entries ?? []).length === 0 && (service !== undefined || kept.entries === undefined);
    const { entries = [], notes } = fromPods ? await readLogs(kube, await find(), asked) : kept;
    const seen = { entries, notes: [...new Set([...kept.notes, ...notes])] };
    if (args.json) {
      const report: LogsReport = { service: service ?? "", entries: seen.entries, notes: seen.notes };
      process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
      return 0;
    }
    const shown = seen.entries.map(renderEntry);
    for (const line of shown) process.stdout.write(`${line}\n`);
    for (const note of seen.notes) process.stderr.write(`note: ${note}\n`);
    if (!isFollowing) return 0;
    // What was logged while it was read is followed, too.
    const known = new Set(shown);
    const print = (entry: LogEntry): void => {
      const line = renderEntry(entry);
      if (!known.delete(line)) process.stdout.write(`${line}\n`);
    };
    const interrupt = onInterrupt(() => undefined);
    try {
      await followLogs(kube, find, { ...asked, signal: interrupt.signal, print, from: begun });
      return 0;
    } finally {
      interrupt.release();
    }
  },
};

export interface Asked {
  /** @default - all that is kept */
  readonly sinceSeconds?: number;
  /** In lower case. @default - everything */
  readonly grep?: string;
  readonly lines: number;
}

const seconds = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** @throws UserError with all that is wrong */
export function askedOf(
  given: Readonly<Partial<Record<"since" | "grep" | "lines" | "run" | "user", string | undefined>>>,
): Asked {
  const problems: string[] = [];
  const [, count = "", unit] = /^(\d{1,6})([smhd])$/.exec(given.since ?? "") ?? [];
  if (given.since !== undefined && (unit === undefined || Number(count) === 0)) {
    problems.push(`logs --since: received "${given.since}"; give a number and s, m, h or d, for example 15m`);
  }
  const lines = Number(given.lines ?? LINES);
  if (!Number.isInteger(lines) || lines < 1 || lines > MOST_LINES) {
    problems.push(`logs --lines: received "${given.lines ?? ""}"; give a whole number from 1 to ${MOST_LINES}`);
  }
  for (const name of ["grep", "run", "user"] as const) {
    if (given[name] === "") problems.push(`logs --${name}: is empty; give what to look for`);
  }
  if (problems.length > 0) throw new UserError(problems.join("\n"));
  return {
    lines,
    ...(unit !== undefined && { sinceSeconds: Number(count) * seconds[unit as keyof typeof seconds] }),
    ...(given.grep !== undefined && { grep: given.grep.toLowerCase() }),
  };
}

/** A container that logs, or has logged. */
export interface Source {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly restarts: number;
}

/** Finds the containers of a service. @throws UserError naming the services that there are */
function finder(kube: Kube, namespaces: readonly string[], service: string | undefined): () => Promise<Source[]> {
  return async () => {
    const { pods, owners } = await readPods(kube, namespaces);
    return sourcesOf(pods, owners, service, namespaces[0] ?? "");
  };
}

export function sourcesOf(
  pods: readonly Pod[],
  owners: readonly Owner[],
  service: string | undefined,
  namespace: string,
): Source[] {
  const labelled = (pod: Pod): string => serviceName(pod.metadata.labels, pod.metadata.name);
  const ofName = (name: string): Pod[] => {
    const row = podsOfService(name, pods, owners);
    return pods.filter((pod) => row.includes(pod) || labelled(pod) === name);
  };
  const found = service === undefined ? [] : ofName(service);
  if (found.length === 0) {
    const names = [...new Set([...pods.map(labelled), ...owners.map(({ metadata }) => metadata.name)])]
      .filter((name) => ofName(name).length > 0)
      .sort();
    if (service === undefined)
      throw new UserError(`logs: --service is missing; give one of ${names.join(", ") || "none: nothing runs"}`);
    const near = nearest(service, names);
    const hint = near === undefined ? `there are ${names.join(", ") || "none"}` : `did you mean ${near}?`;
    throw new UserError(`logs --service ${service}: no pod of that name; ${hint}`);
  }
  return found.flatMap(({ metadata, status }) =>
    (status?.containerStatuses ?? []).map(({ name, restartCount }) => ({
      namespace: metadata.namespace ?? namespace,
      pod: metadata.name,
      container: name,
      restarts: restartCount,
    })),
  );
}

function pathOf({ namespace, pod, container }: Source, more: Readonly<Record<string, string | number>>): string {
  const query = new URLSearchParams({ container, timestamps: "true" });
  for (const [name, value] of Object.entries(more)) query.set(name, String(value));
  return `/api/v1/namespaces/${namespace}/pods/${pod}/log?${query.toString()}`;
}

/** Reads the last entries of all, also of containers that have been started anew. */
export async function readLogs(
  kube: Pick<Kube, "text">,
  sources: readonly Source[],
  { sinceSeconds, grep, lines }: Asked,
): Promise<Pick<LogsReport, "entries" | "notes">> {
  const notes: string[] = [];
  const isAll = grep !== undefined || sinceSeconds !== undefined;
  const limits = { tailLines: isAll ? MOST_LINES : lines, ...(sinceSeconds !== undefined && { sinceSeconds }) };
  const read = async (source: Source, more: Readonly<Record<string, string>>): Promise<LogEntry[]> => {
    try {
      const content = await kube.text(pathOf(source, { ...limits, ...more }));
      const read = content.split("\n").filter((line) => line !== "");
      if (isAll && read.length >= MOST_LINES) {
        notes.push(`of ${source.pod}, ${source.container}, only the last ${MOST_LINES} lines were looked at`);
      }
      return entriesOf(source, read);
    } catch (error) {
      // Of a container that has just been started anew, the log of before may be gone.
      if (more["previous"] === undefined)
        notes.push(`the log of ${source.pod}, ${source.container}: ${messageOf(error)}`);
      return [];
    }
  };
  const all = await Promise.all(
    sources.flatMap((source) => [
      ...(source.restarts > 0 ? [read(source, { previous: "true" })] : []),
      read(source, {}),
    ]),
  );
  const entries = all
    .flat()
    .filter((entry) => matches(entry, grep))
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  return { entries: entries.slice(-lines), notes };
}

const matches = ({ text: words }: Pick<LogEntry, "text">, grep: string | undefined): boolean =>
  grep === undefined || words.toLowerCase().includes(grep);

/** A line that goes on with the one before it. */
const CONTINUED = /^(\s|Caused by: |\.\.\. \d+ more|Suppressed: )/;

/** @param lines Each begins with its time */
export function entriesOf({ pod, container }: Pick<Source, "pod" | "container">, lines: readonly string[]): LogEntry[] {
  const entries: { at: string; pod: string; container: string; text: string }[] = [];
  for (const line of lines) {
    const [, time = "", words = line] = /^(\d{4}-\d\d-\d\dT\S+Z) ?(.*)$/.exec(line) ?? [];
    const last = entries.at(-1);
    if (last !== undefined && CONTINUED.test(words)) last.text += `\n${words}`;
    else entries.push({ at: toNanoseconds(time), pod, container, text: words });
  }
  return entries;
}

/** A time whose text is in the order of time: the kubelet leaves out zeros at the end. */
function toNanoseconds(time: string): string {
  const [, whole = "", fraction = ""] = /^([^.Z]*)\.?(\d*)Z$/.exec(time) ?? [];
  return `${whole}.${fraction.padEnd(9, "0")}Z`;
}

export interface Following {
  readonly grep?: string;
  readonly signal: AbortSignal;
  readonly print: (entry: LogEntry) => void;
  /** What was logged before is known. */
  readonly from: Date;
  /** Time between two looks for new pods, in ms. @default 3000 */
  readonly lookMs?: number;
}

/** Prints what is logged from a time on, also by pods that come later. It ends when the signal aborts, and throws nothing. */
export async function followLogs(
  kube: Pick<Kube, "follow">,
  find: () => Promise<readonly Source[]>,
  { grep, signal, print, from, lookMs = LOOK_MS }: Following,
): Promise<void> {
  const followed = new Set<string>();
  /** Time of the last line by source. */
  const seen = new Map<string, string>();
  const running: Promise<void>[] = [];
  while (!signal.aborted) {
    const sources = await find().catch((): Source[] => []);
    for (const source of sources) {
      const key = [source.namespace, source.pod, source.container, source.restarts].join("/");
      if (followed.has(key)) continue;
      followed.add(key);
      const path = pathOf(source, { follow: "true", sinceTime: seen.get(key) ?? from.toISOString() });
      // A connection that was cut off begins again with the second in which it ended.
      const before = seen.get(key) ?? "";
      const show = (line: string): void => {
        for (const entry of entriesOf(source, [line])) {
          if (entry.at <= before) continue;
          seen.set(key, entry.at);
          if (matches(entry, grep)) print(entry);
        }
      };
      running.push(
        kube.follow(path, show, signal).catch(() => {
          // Not begun yet, or gone: it is asked again as long as it is there.
          followed.delete(key);
        }),
      );
    }
    await sleep(lookMs, undefined, { signal }).catch(() => undefined);
  }
  await Promise.allSettled(running);
}

export function renderEntry({ at, pod, text: words }: LogEntry): string {
  return `${at.slice(0, 23)}Z ${pod} | ${words.replaceAll("\n", `\n${" ".repeat(24)} ${pod} | `)}`;
}
