/** How the platform is, as the page shows it: asked of the metrics' store and of the logs. */
import { z } from "zod";
import { askJson } from "../../../platform/ask-json.ts";
import { describeError } from "../../../platform/describe-error.ts";
import { alertsSchema, firingAlerts, type FiringAlert } from "../../metrics/programs/alerts.ts";

export interface ServiceState {
  readonly name: string;
  /** Pods that there are, and those that are ready. */
  readonly wanted: number;
  readonly ready: number;
  readonly restarts: number;
  /** In cores, and in bytes. @default - nobody asks the nodes */
  readonly cpu?: number;
  readonly memory?: number;
}

/** Records that come to a topic. */
export interface TopicState {
  readonly topic: string;
  readonly perSecond: number;
}

/** A reader of a topic. */
export interface ReaderState {
  readonly group: string;
  readonly topic: string;
  readonly perSecond: number;
  /** Records that it has not read. */
  readonly lag: number;
}

export interface State {
  /** In ISO 8601. */
  readonly at: string;
  /** What could not be asked, a sentence each. */
  readonly problems: readonly string[];
  readonly services: readonly ServiceState[];
  readonly topics: readonly TopicState[];
  readonly readers: readonly ReaderState[];
  readonly alerts: readonly FiringAlert[];
  /** The last proof, in its own words. @default - none is known */
  readonly proof?: { readonly at: string; readonly ok: boolean; readonly words: string };
  /** Scheduled Jobs, with the time of the last run that ended well; `null`: none yet. */
  readonly scheduled: readonly {
    readonly name: string;
    readonly lastSuccess: string | null;
    readonly hasFailed: boolean;
  }[];
}

export interface StateOptions {
  /** `http://host:port` each. */
  readonly metricsUrl: string;
  /** @default - nothing is known of proofs */
  readonly logsUrl?: string | undefined;
  /** Time that an answer has, in ms. @default 8000 */
  readonly limitMs?: number;
}

const vectorSchema = z.looseObject({
  data: z.looseObject({
    result: z.array(
      z.looseObject({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) }),
    ),
  }),
});
const lineSchema = z.looseObject({ _time: z.string(), _msg: z.string() });

/** By what their pods are called, figures of nodes know them; a service's name they do not. */
const ofService = (expr: string): string =>
  `sum by (service) (${expr} * on (namespace, pod) group_left(service) (millrace_pod_ready * 0 + 1))`;
/** Topics that a proof makes for itself. */
const PASSING = "connect-proof-.*";

const queries = {
  wanted: "count by (service) (millrace_pod_ready)",
  ready: "sum by (service) (millrace_pod_ready)",
  restarts: "sum by (service) (millrace_container_restarts_total)",
  cpu: ofService('sum by (namespace, pod) (rate(container_cpu_usage_seconds_total{container!=""}[5m]))'),
  memory: ofService('sum by (namespace, pod) (container_memory_working_set_bytes{container!=""})'),
  topics: `sum by (topic) (rate(kafka_topic_partition_current_offset{topic!~"${PASSING}"}[1m]))`,
  readers: `sum by (consumergroup, topic) (rate(kafka_consumergroup_current_offset{topic!~"${PASSING}"}[1m]))`,
  lags: `sum by (consumergroup, topic) (kafka_consumergroup_lag{topic!~"${PASSING}"})`,
  lastSuccess: "millrace_cronjob_last_success_seconds",
  lastFailed: "millrace_cronjob_last_failed",
} as const;
type Name = keyof typeof queries;

interface Row {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Asks all at once; what does not answer is said, and the rest is there. */
export async function readState(options: StateOptions): Promise<State> {
  const { metricsUrl, logsUrl, limitMs = 8000 } = options;
  const signal = AbortSignal.timeout(limitMs);
  const problems: string[] = [];
  const orNothing = async <T>(what: string, asked: Promise<T>, nothing: T): Promise<T> => {
    try {
      return await asked;
    } catch (error) {
      problems.push(`${what}: ${describeError(error)}`);
      return nothing;
    }
  };
  const ask = async (query: string): Promise<Row[]> => {
    const url = `${metricsUrl}/api/v1/query?${new URLSearchParams({ query }).toString()}`;
    const { data } = await askJson(url, vectorSchema, signal);
    return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  };
  const names = Object.keys(queries) as Name[];
  const [answers, alerts, proof] = await Promise.all([
    orNothing("figures", Promise.all(names.map((name) => ask(queries[name]))), []),
    orNothing("alerts", readAlerts(metricsUrl, signal), []),
    logsUrl === undefined ? undefined : orNothing("the last proof", lastProof(logsUrl, signal), undefined),
  ]);
  const rows = (name: Name): readonly Row[] => answers[names.indexOf(name)] ?? [];
  return {
    at: new Date().toISOString(),
    problems,
    services: servicesOf(rows),
    topics: rows("topics")
      .map(({ labels, value }) => ({ topic: labels["topic"] ?? "", perSecond: value }))
      .sort((a, b) => b.perSecond - a.perSecond || a.topic.localeCompare(b.topic)),
    readers: readersOf(rows),
    alerts,
    ...(proof && { proof }),
    scheduled: scheduledOf(rows),
  };
}

type Rows = (name: Name) => readonly Row[];

function servicesOf(rows: Rows): ServiceState[] {
  const of = (name: Name, service: string): number | undefined =>
    rows(name).find(({ labels }) => labels["service"] === service)?.value;
  return rows("wanted")
    .map(({ labels, value }) => {
      const name = labels["service"] ?? "";
      const [cpu, memory] = [of("cpu", name), of("memory", name)];
      return {
        name,
        wanted: value,
        ready: of("ready", name) ?? 0,
        restarts: of("restarts", name) ?? 0,
        ...(cpu !== undefined && { cpu }),
        ...(memory !== undefined && { memory }),
      };
    })
    .sort((a, b) => a.name.localeCompare(b.name));
}

function readersOf(rows: Rows): ReaderState[] {
  return rows("lags")
    .map(({ labels, value }) => {
      const [group, topic] = [labels["consumergroup"] ?? "", labels["topic"] ?? ""];
      const rate = rows("readers").find(
        ({ labels: of }) => of["consumergroup"] === group && of["topic"] === topic,
      )?.value;
      return { group, topic, perSecond: rate ?? 0, lag: value };
    })
    .sort((a, b) => a.topic.localeCompare(b.topic) || a.group.localeCompare(b.group));
}

function scheduledOf(rows: Rows): State["scheduled"] {
  return rows("lastFailed")
    .map(({ labels, value }) => {
      const name = labels["cronjob"] ?? "";
      const last = rows("lastSuccess").find(({ labels: of }) => of["cronjob"] === name)?.value;
      return {
        name,
        lastSuccess: last === undefined ? null : new Date(last * 1000).toISOString(),
        hasFailed: value === 1,
      };
    })
    .sort((a, b) => a.name.localeCompare(b.name));
}

async function readAlerts(url: string, signal: AbortSignal): Promise<FiringAlert[]> {
  return firingAlerts(await askJson(`${url}/api/v1/alerts`, alertsSchema, signal));
}

/** The verdict that a proof has written to its log. */
async function lastProof(url: string, signal: AbortSignal): Promise<State["proof"]> {
  const query = 'service:=proof ("proof ok:" or "proof FAILED") | sort by (_time) desc limit 1';
  const answer = await fetch(`${url}/select/logsql/query`, {
    method: "POST",
    body: new URLSearchParams({ query }),
    signal,
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`the logs answer ${answer.status}: ${text.slice(0, 200)}`);
  if (text.trim() === "") return undefined;
  const { _time, _msg } = lineSchema.parse(JSON.parse(text.split("\n")[0] ?? ""));
  return { at: _time, ok: _msg.startsWith("proof ok"), words: _msg };
}
