/** `npm run status`: shows what is running, how much it uses and what is wrong. */
import type { PlatformConfig } from "../config/index.ts";
import { rooms, viewOf } from "../config/rooms.ts";
import { objectName } from "../platform/names.ts";
import { type Edge, edgeRows } from "../platform/network.ts";
import type { Running, StatusAnswer, StatusTable } from "../platform/operating.ts";
import { type Address, readAddresses, renderAddresses } from "./addresses.ts";
import { clusterLogs, clusterState, type ClusterState, enforcesPolicies } from "./cluster.ts";
import type { Command } from "./command.ts";
import { chooseEngine } from "./choose-engine.ts";
import { makesPolicies } from "../config/network.ts";
import { type EdgesReport, policyNote, renderEdges, stackEdges, writePicture } from "./edges.ts";
import { messageOf, UserError } from "./errors.ts";
import { connect } from "./kube.ts";
import { type Login, readLogins, renderLogins } from "./logins.ts";
import { engineOption, type EngineName, stackArgs, stackOptions, text } from "./options.ts";
import { type PlatformState, readPlatform, readPods } from "./platform.ts";
import { runningPlatform } from "./running.ts";
import { podsOfService, type ServiceStatus } from "./services.ts";
import { engineOptions, readStackAsItRuns, type Stack } from "./stack.ts";
import { bytes, table } from "./table.ts";
import { namespacesOf } from "../config/namespaces.ts";

export interface StatusReport {
  readonly ok: boolean;
  readonly target: string;
  readonly cluster: ClusterState;
  readonly services: readonly ServiceStatus[];
  /** Bytes that everything uses now: the cluster's container where there is one, else all pods. */
  readonly totalMemory: number | null;
  readonly addresses: readonly Address[];
  readonly logins: readonly Login[];
  /** What the services themselves have answered, by the rooms' keys; `null` where nothing is known. */
  readonly answers: RoomAnswers;
  readonly notes: readonly string[];
}

export type RoomAnswers = Readonly<Record<string, StatusAnswer | null>>;

/** What `status --json` prints: the answers are under keys of their own. */
export function statusDocument({ answers, notes, ...report }: StatusReport): Omit<StatusReport, "answers"> {
  const json = Object.entries(answers).map(([key, answer]) => [key, answer?.json ?? null]);
  return { ...report, ...(Object.fromEntries(json) as object), notes };
}

/** What is asked of running services, in the order in which people see it. */
const questions = rooms
  .flatMap((room) => (room.status ?? []).map((part) => ({ room, part })))
  .sort((a, b) => a.part.rank - b.part.rank);
const unanswered: RoomAnswers = Object.fromEntries(questions.map(({ part }) => [part.key, null]));

export const status: Command = {
  summary: "shows what is running, how much it uses and what is wrong",
  options: {
    ...stackOptions,
    ...engineOption,
    edges: { type: "boolean", help: "print who connects to whom, on which port and why" },
    svg: { type: "string", value: "file", help: "with --edges: write them into this file as a picture, too" },
    logs: {
      type: "string",
      value: "part",
      help: "print the log of a service in the table, or of a part of the embedded cluster: apiserver, kubelet, …",
    },
  },
  async run(values) {
    if (values["svg"] !== undefined && values["edges"] !== true) {
      throw new UserError("status --svg: is the picture of --edges; give both");
    }
    const args = stackArgs(values);
    const { stack, trouble } = await readStackAsItRuns(args, await chooseEngine(args.engine));
    if (values["edges"] === true) {
      const edges = await knownEdges(stack, args.engine);
      const picture = text(values, "svg");
      if (picture !== undefined) writePicture(picture, edges);
      const report = await edgesReport(stack, edges);
      process.stdout.write(`${args.json ? JSON.stringify(report, null, 2) : renderEdges(report)}\n`);
      return 0;
    }
    const part = text(values, "logs");
    if (part !== undefined) return await showLogs(stack, part);
    const seen = await readStatus(stack, args.engine);
    const report = trouble === undefined ? seen : { ...seen, notes: [...seen.notes, trouble] };
    process.stdout.write(`${args.json ? JSON.stringify(statusDocument(report), null, 2) : renderStatus(report)}\n`);
    return report.ok ? 0 : 1;
  },
};

/** Everything that `status` shows; a platform that is not there is a report, not an error. */
export async function readStatus(stack: Stack, engineName?: EngineName): Promise<StatusReport> {
  const cluster = await clusterState(stack);
  const notes: string[] = [];
  let platform: PlatformState = { nodes: [], services: [], podMemory: null };
  let outputs: Readonly<Record<string, unknown>> = {};
  let answers = unanswered;
  if (cluster.running) {
    try {
      platform = await readPlatform(connect(stack.profile), namespacesOf(stack.config.cluster));
    } catch (error) {
      notes.push(`the API server did not answer: ${messageOf(error)}`);
    }
    const engine = await chooseEngine(engineName);
    outputs = await engine.outputs(engineOptions(stack, false)).catch(() => ({}));
    if (platform.services.length > 0) {
      answers = await askRooms(stack.config, runningOf(stack, readAddresses(outputs)), notes);
    }
  }
  if (cluster.running && platform.services.length === 0 && notes.length === 0) {
    notes.push(`nothing runs in namespace ${stack.config.cluster.namespace}; npm run up starts the platform`);
  }
  notes.push(...roomNotes(stack, platform.services));
  const open = policyNote(makesPolicies(stack.config), cluster.running ? await enforcesPolicies(stack) : "unknown");
  if (open !== undefined) notes.push(open);
  return {
    ok: cluster.running && platform.services.length > 0 && platform.services.every((service) => service.ready),
    target: stack.profile.target,
    cluster,
    services: platform.services,
    totalMemory: cluster.memory ?? platform.podMemory,
    addresses: readAddresses(outputs),
    logins: readLogins(outputs),
    answers,
    notes,
  };
}

function runningOf({ config, profile }: Stack, addresses: readonly Address[]): Running {
  const { namespace } = config.cluster;
  return runningPlatform(connect(profile), { namespace, exposure: profile.exposure, addresses });
}

/** Asks the services all at once; where one can't be asked, a note says why. */
export async function askRooms(config: PlatformConfig, running: Running, notes: string[]): Promise<RoomAnswers> {
  const asked = await Promise.all(
    questions.map(async ({ room, part }) => {
      const own = viewOf(room, config).own;
      return await part.ask(own, running).then(
        (answer) => ({ key: part.key, answer: answer ?? null, trouble: [] }),
        (error: unknown) => ({ key: part.key, answer: null, trouble: [messageOf(error)] }),
      );
    }),
  );
  notes.push(...asked.flatMap(({ trouble }) => trouble));
  return Object.fromEntries(asked.map(({ key, answer }) => [key, answer]));
}

/** What people should know of the services that run. */
export function roomNotes(
  { config }: Pick<Stack, "config">,
  services: readonly Pick<ServiceStatus, "name">[],
): string[] {
  const runs = (name: string): boolean => services.some((service) => service.name.startsWith(objectName(name)));
  return rooms.flatMap((room) => (runs(room.name) ? (room.notes?.(viewOf(room, config)) ?? []) : []));
}

async function knownEdges(stack: Stack, engineName?: EngineName): Promise<readonly Edge[]> {
  const engine = await chooseEngine(engineName);
  return stackEdges(await engine.outputs(engineOptions(stack, false)));
}

async function edgesReport(stack: Stack, edges: readonly Edge[]): Promise<EdgesReport> {
  const { config, profile } = stack;
  const { apiServerPorts = profile.network.apiServerPorts } = config.network;
  const policies = makesPolicies(config);
  return { edges: edgeRows(edges, apiServerPorts), policies, enforced: await enforcesPolicies(stack) };
}

export function renderStatus(report: StatusReport): string {
  const rows = report.services.map((service) => [
    service.name,
    service.ready ? "ready" : "NOT READY",
    `${service.pods}/${service.wanted}`,
    String(service.restarts),
    service.memory === null ? "-" : bytes(service.memory),
    bytes(service.memoryRequest),
    bytes(service.memoryLimit),
  ]);
  const header = ["service", "state", "pods", "restarts", "memory", "request", "limit"];
  const faults = report.services.filter((service) => service.reason !== null);
  const answers = Object.values(report.answers);
  return [
    `cluster: ${report.target}, ${report.cluster.detail}`,
    ...(rows.length === 0 ? [] : ["", table(header, rows)]),
    ...(report.totalMemory === null ? [] : [`memory in total: ${bytes(report.totalMemory)}`]),
    ...faults.map((service) => `${service.name}: ${service.reason ?? ""}`),
    ...answers.flatMap((answer) => answer?.faults ?? []),
    ...answers.flatMap((answer) => renderTable(answer?.table)),
    ...(report.addresses.length === 0 ? [] : ["", renderAddresses(report.addresses)]),
    ...(report.logins.length === 0 ? [] : ["", renderLogins(report.logins)]),
    ...(report.notes.length === 0 ? [] : ["", ...report.notes.map((note) => `note: ${note}`)]),
  ].join("\n");
}

function renderTable(shown: StatusTable | undefined): string[] {
  return shown === undefined ? [] : ["", table(shown.header, shown.rows), ...shown.below];
}

async function showLogs(stack: Stack, part: string): Promise<number> {
  const namespaces = namespacesOf(stack.config.cluster);
  const cluster = await clusterState(stack);
  if (cluster.running) {
    const kube = connect(stack.profile);
    const [{ services }, { pods, owners }] = await Promise.all([
      readPlatform(kube, namespaces),
      readPods(kube, namespaces),
    ]);
    if (services.some((service) => service.name === part)) {
      for (const pod of podsOfService(part, pods, owners)) {
        const { name, namespace = stack.config.cluster.namespace } = pod.metadata;
        const path = `/api/v1/namespaces/${namespace}/pods/${name}/log?tailLines=1000`;
        process.stdout.write(`==> ${name}\n${await kube.text(path)}`);
      }
      return 0;
    }
    if (stack.profile.target !== "embedded") {
      throw new UserError(
        `--logs ${part}: no such service; the services are ${services.map(({ name }) => name).join(", ")}`,
      );
    }
  }
  await clusterLogs(stack, part);
  return 0;
}
