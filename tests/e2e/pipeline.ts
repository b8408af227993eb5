/** The pipeline's services as people and programs reach them from outside, with the passwords of the platform's Secrets. */
import { auth, Client, policies, types } from "cassandra-driver";

import { type NumberRecord, numbersMetric } from "../../components/random-numbers/hops/marked-numbers.ts";
import { PumpClient, type PumpOrder } from "../../components/random-numbers/hops/pump-client.ts";
import { sparkDriverName } from "../../components/spark/names.ts";
import { roleSecretName, ROBOT } from "../../platform/names.ts";
import { serviceNames } from "../support/service-names.ts";
import { type Sink, type Stream, streams, type WindowsAnswer } from "../../display/protocol.ts";
import { makeRecord, type TelemetryRecord, toMessage } from "../../components/telemetry/programs/record.ts";
import { addressOf, environment, kafka, loginHeaders, secret, sql } from "./platform.ts";
import { withTunnel } from "./tunnel.ts";

export const PUMP = serviceNames.randomNumbers;
export const CASSANDRA = serviceNames.cassandra;
export const DISPLAY = serviceNames.display;
/** The driver of all streams. */
export const STREAMS_DRIVER = sparkDriverName("telemetry");
export const RANDOM_NUMBERS = "random-numbers";
export const MONITORING = "telemetry";
/** The metric of marked numbers. */
export const METRIC = numbersMetric;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Sends marked numbers of a run, and texts beside them that are no records; settles when Kafka has acknowledged all. */
export type Pump = (order: Omit<PumpOrder, "metric">) => Promise<readonly NumberRecord[]>;

/** The pump's door for marked numbers, which is open only to those who hold its token. */
export async function withPump<T>(body: (pump: Pump) => Promise<T>): Promise<T> {
  const token = await environment(PUMP, "PUMP_TOKEN");
  return await withTunnel(PUMP, 8080, (port) => {
    const client = new PumpClient({ url: `http://127.0.0.1:${port}`, token });
    return body((order) => client.send({ ...order, metric: METRIC }, AbortSignal.timeout(30 * SECOND)));
  });
}

/** Sends records to a topic as any program outside of the cluster does, acknowledged by all replicas. */
export async function send(topic: string, records: readonly TelemetryRecord[]): Promise<void> {
  await sendMessages(topic, records.map(toMessage));
}

export interface Message {
  readonly key: string;
  readonly value: string | null;
  readonly headers: Record<string, string>;
}

export async function sendMessages(topic: string, messages: readonly Message[]): Promise<void> {
  const producer = kafka().producer({ allowAutoTopicCreation: false });
  await producer.connect();
  try {
    await producer.send({ topic, acks: -1, messages: [...messages] });
  } finally {
    await producer.disconnect();
  }
}

/** Marked records of monitoring, one for each value. */
export function measured(run: string, metric: string, values: readonly number[], node = "e2e"): TelemetryRecord[] {
  return values.map((value) => makeRecord({ source: "proof", node, at: new Date(), run }, { metric, value }));
}

/**
 * Cassandra with the rights of a role; the client finds a pod that comes after a killed one.
 * @param role - @default "proof"
 */
export async function withCassandra<T>(body: (client: Client) => Promise<T>, role: string = ROBOT): Promise<T> {
  const password = await secret(roleSecretName("cassandra", role), "password");
  const localDataCenter = await environment(DISPLAY, "CASSANDRA_DATACENTER");
  return await withTunnel(CASSANDRA, 9042, async (port) => {
    const client = new Client({
      contactPoints: [`127.0.0.1:${port}`],
      localDataCenter,
      authProvider: new auth.PlainTextAuthProvider(role, password),
      policies: { reconnection: new policies.reconnection.ConstantReconnectionPolicy(SECOND) },
      pooling: { coreConnectionsPerHost: { [types.distance.local]: 1 } },
      socketOptions: { connectTimeout: 5 * SECOND, readTimeout: 10 * SECOND },
      queryOptions: { prepare: true, consistency: types.consistencies.localQuorum },
    });
    await client.connect();
    try {
      return await body(client);
    } finally {
      await client.shutdown();
    }
  });
}

/** Begins of the minutes or hours from `from` to now, as the partitions of the tables name them. */
export function partitions(from: Date, size: "minute" | "hour", to = new Date()): Date[] {
  const step = size === "minute" ? MINUTE : HOUR;
  const begins: Date[] = [];
  for (let at = Math.floor(from.getTime() / step) * step; at <= to.getTime(); at += step) begins.push(new Date(at));
  return begins;
}

/** Ids of a run's raw records in Cassandra, one for each row. */
export async function idsInCassandra(client: Client, stream: Stream, run: string, from: Date): Promise<string[]> {
  const ids: string[] = [];
  for (const minute of partitions(from, "minute")) {
    const query = "SELECT id FROM streaming.records WHERE stream = ? AND series = ? AND minute = ?";
    for await (const row of await client.execute(query, [stream, run, minute])) ids.push(String(row.get("id")));
  }
  return ids;
}

/** Figures of some records, of one window or part of it. */
export interface Part {
  readonly count: number;
  readonly mean: number;
  /** Of the sample; `null` for one record. */
  readonly deviation: number | null;
}

/** Parts of a run's windows in Cassandra. */
export async function partsInCassandra(client: Client, stream: Stream, run: string, from: Date): Promise<Part[]> {
  const parts: Part[] = [];
  for (const hour of partitions(from, "hour")) {
    const query =
      "SELECT count, mean, deviation FROM streaming.windows WHERE stream = ? AND series = ? AND metric = ? AND hour = ?";
    for await (const row of await client.execute(query, [stream, run, METRIC, hour])) {
      const deviation = row.get("deviation") as number | null;
      parts.push({ count: Number(row.get("count")), mean: Number(row.get("mean")), deviation });
    }
  }
  return parts;
}

/** What the display's page of a sink and a stream is given. */
export async function windowsOf(
  sink: Sink,
  stream: Stream,
  query: Readonly<Record<string, string>>,
): Promise<WindowsAnswer> {
  const path = `/api/spark-streaming/${sink}/${stream}?${new URLSearchParams(query).toString()}`;
  const answer = await askDisplay(path, { signal: AbortSignal.timeout(30 * SECOND) });
  if (!answer.ok) throw new Error(`${answer.url} answers ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as WindowsAnswer;
}

export const displayUrl = (): string => `http://${addressOf("display")}`;

/** What the display answers to a request, with the login where its address asks for one. */
export async function askDisplay(path: string, init: RequestInit = {}): Promise<Response> {
  return await fetch(`${displayUrl()}${path}`, { ...init, headers: await loginHeaders("display") });
}

/** Removes what runs have left in the lake and in Cassandra; what is missed there goes with its time to live. */
export async function forget(runs: readonly string[], from: Date): Promise<void> {
  const tables = ["random_numbers.samples", "random_numbers.dead_letter", "streaming.windows", "telemetry.samples"];
  const list = runs.map((run) => `'${run}'`).join(", ");
  for (const table of tables) await sql(`DELETE FROM lake.${table} WHERE run IN (${list})`).catch(() => undefined);
  await withCassandra(async (client) => {
    for (const stream of streams) for (const run of runs) await forgetSeries(client, stream, run, from);
  }).catch(() => undefined);
}

async function forgetSeries(client: Client, stream: Stream, run: string, from: Date): Promise<void> {
  for (const minute of partitions(from, "minute")) {
    const query = "DELETE FROM streaming.records WHERE stream = ? AND series = ? AND minute = ?";
    await client.execute(query, [stream, run, minute]);
  }
  const metrics = "SELECT metric FROM streaming.series WHERE stream = ? AND series = ?";
  for (const row of (await client.execute(metrics, [stream, run])).rows) {
    for (const hour of partitions(from, "hour")) {
      const query = "DELETE FROM streaming.windows WHERE stream = ? AND series = ? AND metric = ? AND hour = ?";
      await client.execute(query, [stream, run, row.get("metric"), hour]);
    }
  }
  await client.execute("DELETE FROM streaming.series WHERE stream = ? AND series = ?", [stream, run]);
}
